//! Puts sightings in the order of their times.

use crate::domain::trail_row::Sighting;

/// Characters by which most times are told apart: all of one as CloudTrail writes it, and more.
const CHARACTERS: usize = 24;

/// The sightings by their first time, and those of one time by all else.
pub(super) fn in_time_order(sightings: &[Sighting]) -> Vec<&Sighting> {
    // Each with its time beside it, so that the sort need not look it up wherever it lies.
    let timed = sightings.iter().map(|seen| (beginning(&seen.first_time), seen));
    let mut timed: Vec<([u8; CHARACTERS], &Sighting)> = timed.collect();
    timed.sort_unstable_by(|(one, a), (other, b)| {
        one.cmp(other).then_with(|| (&a.first_time, a).cmp(&(&b.first_time, b)))
    });
    timed.into_iter().map(|(_, seen)| seen).collect()
}

/// The first characters of a time, with zeros behind where it is short.
fn beginning(time: &str) -> [u8; CHARACTERS] {
    let mut beginning = [0; CHARACTERS];
    beginning.iter_mut().zip(time.bytes()).for_each(|(to, from)| *to = from);
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time() -> impl Strategy<Value = String> {
        prop_oneof!["[2Z:\u{0}é]{0,2}", "2026-08-01T10:00:00\\.000000[0-3]{0,2}"]
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_times_whatever_they_look_like(
            times in proptest::collection::vec((time(), 0..3), 0..40),
        ) {
            let seen = |(first_time, number): &(String, i32)| Sighting {
                first_time: first_time.clone(),
                user_name: Some(number.to_string()),
                ..Sighting::default()
            };
            let sightings: Vec<Sighting> = times.iter().map(seen).collect();
            let mut expected: Vec<&Sighting> = sightings.iter().collect();
            expected.sort_by(|a, b| (&a.first_time, a).cmp(&(&b.first_time, b)));
            prop_assert_eq!(in_time_order(&sightings), expected);
        }
    }
}
