//! What an investigation says beside its answers: what it could not take in, and what to do.

use crate::domain::unsettled::Unsettled;
use crate::ports::trail::Survey;

/// What the survey could not take in, whatever is asked of it.
pub(super) fn of_survey(survey: &Survey) -> Vec<String> {
    let cut = "the trail has more callers, or more grew out of the key, than one run keeps: all of \
               this is a part of the truth, and may be another part the next time. Name a shorter \
               time with --from and --to, or ask Athena";
    let mut notes: Vec<String> = survey.truncated.then(|| cut.to_owned()).into_iter().collect();
    let unread = survey.coverage.unread();
    if unread > 0 {
        notes.push(format!("{unread} objects or records were not used; the answers say why"));
    }
    notes
}

/// What became of the trail meanwhile, and what to do about it.
pub(super) fn changed(unsettled: &Unsettled) -> String {
    format!(
        "{}; it was read twice, and changed both times. Copy it, or wait until nothing writes to \
         it, and ask again",
        unsettled.words()
    )
}

/// Why nothing could be looked at, and what to look at.
pub(super) fn no_records(survey: &Survey, of_history: bool) -> String {
    let coverage = &survey.coverage;
    let what = "no CloudTrail record was looked at, so nothing is known of the key";
    let why = if of_history {
        "the event history has none of it in this time; it goes back 90 days"
    } else if coverage.records_read > 0 {
        "no record that was read lies between --from and --to, or can be used"
    } else if coverage.objects_read > 0 {
        "no file that was found holds records; their names end in .json, .jsonl, .ndjson or .gz"
    } else {
        "the folder is empty, or holds no object of this time; give the one that CloudTrail's \
         objects were copied or are delivered to"
    };
    format!("{what}: {why}")
}
