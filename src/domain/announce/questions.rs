//! What is told of the questions of the trail beside their answers: who asked, what is not there.

use super::{Announcement, What, answer_key, asked_key};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::inquiry::ASKING;
use crate::domain::record::Record;

/// What a record that asks, or that ends what was asked, owes the channel.
#[expect(clippy::wildcard_enum_match_arm, reason = "few kinds of record are about questions")]
pub(super) fn about(case: &Case, record: &Record) -> Option<Announcement> {
    match &record.event {
        Event::QuestionsAsked { .. } => Some(asked(record)),
        Event::PhasePressed { phase } if ASKING.contains(phase) => {
            is_newer(case, record).then(|| asked(record))
        }
        Event::Answered { answer } if answer.rows > 0 => rows(case, record),
        Event::QuestionsDone { asked } => found_nothing(case, record, *asked),
        _ => None,
    }
}

/// The whole answer. An older keyleak put the file into the channel before the table, which then
/// is not owed again.
fn rows(case: &Case, record: &Record) -> Option<Announcement> {
    let is_there = case.room().uploads_tried.contains_key(&answer_key(record.seq));
    let key = PostKey(format!("rows-{}", record.seq));
    (!is_there).then_some(Announcement { key, what: What::Rows(record.seq) })
}

/// Who asks what, and how far it is: words that one person typed show nowhere else.
fn asked(record: &Record) -> Announcement {
    Announcement { key: asked_key(record.seq), what: What::Progress(record.seq) }
}

/// Whether a phase was pressed for this keyleak: an older one told no progress, and a message about
/// what is long over would help nobody.
fn is_newer(case: &Case, record: &Record) -> bool {
    let mut of_press = case.answers().iter().filter(|(_, answer)| answer.asked == record.seq);
    !of_press.any(|(seq, _)| case.room().uploads_tried.contains_key(&answer_key(*seq)))
}

/// What the questions of a press did not find, in one message: one each would bury the answers.
fn found_nothing(case: &Case, record: &Record, asked: u64) -> Option<Announcement> {
    let answers = case.records().iter().filter_map(|record| {
        let Event::Answered { answer } = &record.event else { return None };
        Some(answer)
    });
    let empty = answers.filter(|answer| answer.asked == asked && answer.rows == 0);
    let empty: Vec<_> = empty.map(|answer| (&answer.question, answer.told())).collect();
    let (_, (_, looked_at)) = empty.last()?;
    let mut lines = vec![format!("{} of the questions found nothing.", empty.len())];
    lines.extend(empty.iter().map(|(question, (told, _))| format!("{question}: {told}")));
    lines.push(looked_at.to_string());
    let key = PostKey(format!("nothing-{}", record.seq));
    Some(Announcement { key, what: What::Notice(lines.join("\n")) })
}
