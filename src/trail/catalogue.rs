//! The questions that come with the program, each one file in `queries/`.

use crate::domain::question::{Question, QuestionError, parse};

/// The question files, in the order of their ids.
const FILES: &[&str] = &[
    include_str!("../../queries/Q01_first_and_last_use.sql"),
    include_str!("../../queries/Q10_timeline.sql"),
    include_str!("../../queries/Q11_activity_summary.sql"),
    include_str!("../../queries/Q12_sources_and_agents.sql"),
    include_str!("../../queries/Q14_denied_calls.sql"),
    include_str!("../../queries/Q15_minted_credentials.sql"),
    include_str!("../../queries/Q21_new_principals_and_keys.sql"),
    include_str!("../../queries/Q24_changed_resources.sql"),
];

/// Pass one over Athena: returns the columns of `Sighting`. Placeholders: `{table}`, `{partitions}`
/// (a predicate on the partition columns), `{from}` and `{to}` (one event time each).
pub const ATHENA_SIGHTINGS: &str = include_str!("../../queries/athena/mint_edges.sql");

/// Pass two over Athena: returns the columns of `TrailRow`. Placeholders as in pass one, and the
/// lists `{key}`, `{keys}`, `{principals}`, `{sessions}`, `{addresses}`, `{targets}` and
/// `{accounts}` of a `Subject`.
pub const ATHENA_CUT: &str = include_str!("../../queries/athena/cut.sql");

/// All questions, in the order of their ids.
pub fn questions() -> Result<Vec<Question>, QuestionError> {
    FILES.iter().map(|text| parse(text)).collect()
}

/// The question with this id or name, whatever the case of its letters.
pub fn find(wanted: &str) -> Option<Question> {
    let is_wanted =
        |q: &Question| q.id.eq_ignore_ascii_case(wanted) || q.name.eq_ignore_ascii_case(wanted);
    questions().ok()?.into_iter().find(is_wanted)
}
