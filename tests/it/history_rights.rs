//! What reading the event history calls is what its lists say that it calls.

use crate::manifests::{calls_in, set};
use keyleak::aws::{event_history, history_regions};
use std::collections::BTreeSet;

const HISTORY: &str = include_str!("../../src/aws/event_history.rs");
const REGIONS: &str = include_str!("../../src/aws/history_regions.rs");

#[test]
fn the_event_history_is_read_by_the_calls_of_its_lists() {
    for (source, calls) in [(HISTORY, event_history::CALLS), (REGIONS, history_regions::CALLS)] {
        let code = source.split("#[cfg(test)]").next().unwrap();
        let name = |call: &String| call.split(':').nth(1).unwrap().to_ascii_lowercase();
        let listed: BTreeSet<String> = set(&[calls]).iter().map(name).collect();
        assert_eq!(calls_in(code), listed);
    }
    let with_one_more = format!("{HISTORY}.describe_trails()");
    assert!(calls_in(&with_one_more).contains("describetrails"), "one more would be noticed");
}
