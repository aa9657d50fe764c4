//! What `keyleak doctor` may call: looks alone, and what could change something only in vain.

use crate::manifests::{actions, calls_in, set};
use keyleak::aws::checkup;
use std::collections::BTreeSet;

const DOCTOR: &str = include_str!("../../manifests/iam/doctor.json");

#[test]
fn the_doctor_may_look_at_what_the_bot_lives_by_and_change_nothing() {
    let looks = actions(DOCTOR, "Allow", |_| true);
    assert_eq!(looks, set(&[checkup::CALLS]));
    for call in looks {
        let name = call.split(':').nth(1).unwrap();
        let reads = ["Get", "List", "Describe"].iter().any(|verb| name.starts_with(verb));
        assert!(reads, "{call} reads nothing");
    }
}

/// What could change something is asked under a condition that cannot hold, and nothing else is.
#[test]
fn whatever_a_check_up_calls_reads_or_cannot_come_to_pass() {
    let tables = include_str!("../../src/aws/checkup/tables.rs");
    let buckets = include_str!("../../src/aws/checkup/buckets.rs");
    let changing = |calls: BTreeSet<String>| {
        let reads = |call: &String| {
            ["get", "list", "describe", "query", "lookup"].iter().any(|verb| call.starts_with(verb))
        };
        calls.into_iter().filter(|call| !reads(call)).collect::<Vec<_>>()
    };
    assert_eq!(changing(calls_in(tables)), ["deleteitem", "putitem", "updateitem"]);
    assert_eq!(tables.matches(".condition_expression(NEVER)").count(), 3);
    assert_eq!(changing(calls_in(buckets)), ["putobject"]);
    assert_eq!(buckets.matches(".if_match(NO_CONTENT)").count(), 1);
    for (source, called) in [
        (include_str!("../../src/aws/checkup.rs"), &[][..]),
        (include_str!("../../src/aws/checkup/athena.rs"), &[][..]),
        (include_str!("../../src/aws/checkup/history.rs"), &[][..]),
        // A session that may do nothing, where the role could change something.
        (include_str!("../../src/aws/checkup/roles.rs"), &["assumerole"][..]),
    ] {
        assert_eq!(changing(calls_in(source)), called);
    }
}
