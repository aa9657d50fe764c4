//! The questions that come with the program, each one file in `queries/`.

use crate::domain::question::{Question, QuestionError, parse};

/// The question files, in the order of their ids.
const FILES: &[&str] = &[
    include_str!("../../queries/Q01_first_and_last_use.sql"),
    include_str!("../../queries/Q02_owner_from_trail.sql"),
    include_str!("../../queries/Q03_key_lifecycle.sql"),
    include_str!("../../queries/Q04_quarantine.sql"),
    include_str!("../../queries/Q10_timeline.sql"),
    include_str!("../../queries/Q11_activity_summary.sql"),
    include_str!("../../queries/Q12_sources_and_agents.sql"),
    include_str!("../../queries/Q13_others_from_these_addresses.sql"),
    include_str!("../../queries/Q14_denied_calls.sql"),
    include_str!("../../queries/Q15_minted_credentials.sql"),
    include_str!("../../queries/Q16_activity_by_credential.sql"),
    include_str!("../../queries/Q17_console_sign_ins.sql"),
    include_str!("../../queries/Q18_regions.sql"),
    include_str!("../../queries/Q19_services.sql"),
    include_str!("../../queries/Q20_activity_by_hour.sql"),
    include_str!("../../queries/Q21_new_principals_and_keys.sql"),
    include_str!("../../queries/Q22_footholds_outside_iam.sql"),
    include_str!("../../queries/Q23_privilege_escalation.sql"),
    include_str!("../../queries/Q24_changed_resources.sql"),
    include_str!("../../queries/Q30_objects_touched.sql"),
    include_str!("../../queries/Q31_bytes_out.sql"),
    include_str!("../../queries/Q32_storage_destroyed.sql"),
    include_str!("../../queries/Q33_secrets_read.sql"),
    include_str!("../../queries/Q34_keys_of_kms.sql"),
    include_str!("../../queries/Q35_shared_out.sql"),
    include_str!("../../queries/Q36_databases.sql"),
    include_str!("../../queries/Q37_compute_abuse.sql"),
    include_str!("../../queries/Q38_model_abuse.sql"),
    include_str!("../../queries/Q39_mail_and_messages.sql"),
    include_str!("../../queries/Q40_guardrails.sql"),
    include_str!("../../queries/Q41_account_moves.sql"),
    include_str!("../../queries/Q50_after_containment.sql"),
    include_str!("../../queries/Q51_containment_reverted.sql"),
    include_str!("../../queries/Q52_broken_by_containment.sql"),
    include_str!("../../queries/Q70_sources_before_and_since.sql"),
    include_str!("../../queries/Q71_new_since_exposure.sql"),
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
