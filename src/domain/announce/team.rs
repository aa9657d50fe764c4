//! What people are told of how they work together.

use super::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::duties::is_for_legal;
use crate::domain::event::{Event, PostKey};
use crate::domain::outside_key::is_digest;
use crate::domain::owner_asked;
use crate::domain::record::Record;
use crate::domain::regime::Stage;
use crate::domain::report::team_words;
use crate::domain::task_call::{Because, TaskCall};
use crate::domain::team_step::TeamStep;
use crate::domain::time_words::utc;

const ASK_LEGAL: &str = "Data of people or of the business may be affected: a reporting duty may \
    run\nAsk Legal. Where one runs, start its clock: /keyleak clock gdpr (or uk-gdpr, nis2, dora, \
    sec, hipaa), since when people knew, and why.";

/// Who said how severe it is, who took which role, which clock runs; and where Legal has to be
/// asked whether one does.
pub(super) fn about(case: &Case, record: &Record) -> Option<Announcement> {
    let keyed = |name: &str, what: What| {
        Some(Announcement { key: PostKey(format!("{name}-{}", record.seq)), what })
    };
    if is_for_legal(&record.event) {
        return keyed("legal", What::Legal(ASK_LEGAL.to_owned()));
    }
    let Event::Team { step } = &record.event else { return None };
    if let TeamStep::TaskGiven { task, person, .. } = step.as_ref() {
        let call = TaskCall { task: *task, seq: record.seq, because: Because::Given };
        let by_another = record.person().is_some_and(|by| by != person);
        return by_another.then(|| Announcement { key: call.key(), what: What::Task(call) });
    }
    let (what, why) = team_words(case, step)?;
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let words = format!("{} {what}{why}", record.actor_shown());
    match step.as_ref() {
        TeamStep::ClockStarted { regime, since, .. } => {
            let due =
                |stage: &Stage| format!("{} due at {}", stage.what, utc(stage.after.after(*since)));
            let due: Vec<String> = regime.stages().iter().map(due).collect();
            let words = format!("{words}\n{}\n{}", regime.title(), due.join("\n"));
            keyed("legal", What::Legal(words))
        }
        TeamStep::ClockStopped { .. } => keyed("legal", What::Legal(words)),
        // The message with the tasks of the phase shows it.
        TeamStep::TaskGiven { .. } | TeamStep::TaskDone { .. } => None,
        TeamStep::Graded { .. }
        | TeamStep::CauseNamed { .. }
        | TeamStep::Took { .. }
        | TeamStep::PageTried { .. }
        | TeamStep::Paged { .. }
        | TeamStep::OwnerSaid { .. } => keyed("notice", What::Notice(words)),
    }
}

/// That people elsewhere could not be told, once, with what helps: each has one key.
pub(super) fn unreached(record: &Record) -> Option<Announcement> {
    let Event::PostFailed { post, why } = &record.event else { return None };
    let (who, words) = if is_digest(post) {
        let words = format!(
            "The digest for people outside could not be posted: {why}. Invite this app into the \
             channel of slack.stakeholder_channel (type /invite and its name there); what comes \
             next is tried again."
        );
        ("digest", words)
    } else if *post == owner_asked::key() {
        ("owner", format!("The key's owner could not be asked whether that was them: {why}."))
    } else {
        return None;
    };
    let key = PostKey(format!("unreached-{who}"));
    Some(Announcement { key, what: What::Notice(words) })
}
