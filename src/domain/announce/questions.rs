//! What is told of the questions of the trail beside their answers: who asked, what is not there.

use super::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::record::Record;

/// What a record that asks, or that ends what was asked, owes the channel.
#[expect(clippy::wildcard_enum_match_arm, reason = "two kinds of record begin and end questions")]
pub(super) fn about(case: &Case, record: &Record) -> Option<Announcement> {
    match &record.event {
        Event::QuestionsAsked { questions } => Some(asked(record, questions)),
        Event::QuestionsDone { asked } => found_nothing(case, record, *asked),
        _ => None,
    }
}

/// A button shows on the card who pressed it; words that one person typed show nowhere else.
fn asked(record: &Record, questions: &[String]) -> Announcement {
    let key = PostKey(format!("asked-{}", record.seq));
    let words = format!("{} asks the trail: {}.", record.actor_shown(), questions.join(", "));
    Announcement { key, what: What::Notice(words) }
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
