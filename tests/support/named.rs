//! Whom the plans of a case say that they touch.

use keyleak::domain::case::Case;

/// Whether a plan names this user or role, as the target of a step or among whom it stops. A name
/// is looked for whole: `deploy` is not named where `ci-deploy` is.
pub(crate) fn is_named(case: &Case, name: &str) -> bool {
    let mut steps = case.plans().flat_map(|state| state.all_steps());
    steps.any(|(_, step, _)| {
        let on = step.action.on.key().to_string();
        has_word(&on, name) || step.blast_radius.iter().any(|line| has_word(line, name))
    })
}

pub(crate) fn has_word(line: &str, name: &str) -> bool {
    let in_names = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    let mut words = line.split(|c: char| !in_names(c));
    words.any(|word| word.trim_end_matches(['.', ',']) == name)
}
