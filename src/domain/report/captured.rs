//! What people added to the timeline, as lines: at the time at which it was written.

use crate::domain::capture::{AllWords, Capture, CaptureChange, Words, written_at};
use crate::domain::captures::changes_of;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::PersonId;
use crate::domain::names::name_of;
use crate::domain::record::Record;
use crate::domain::report::words::count;
use crate::domain::report::{Line, Weight};
use crate::domain::time_words::utc;

/// So much of a text stands in the report; the export has all of it.
const SHOWN_LENGTH_MAX: usize = 1_000;

/// The line of a record about it; `None` for every other record.
#[expect(clippy::wildcard_enum_match_arm, reason = "two kinds of records are about it")]
pub(super) fn line(case: &Case, record: &Record) -> Option<Line> {
    match &record.event {
        Event::Captured { capture } => Some(captured(case, record, capture)),
        Event::CaptureChanged { change } => Some(changed(record, change)),
        _ => None,
    }
}

fn captured(case: &Case, record: &Record, capture: &Capture) -> Line {
    // An event of Slack's names a person by their id alone.
    let by = record.person().map_or_else(|| record.actor_shown(), |by| name_of(case, by));
    let Some(message) = &capture.message else {
        let what = "made a note".to_owned();
        let weight = Weight::Major;
        let words = Some(capture.sha256.clone());
        return Line { seq: record.seq, at: record.at, who: by, what, why: None, weight, words };
    };
    let team = record.person().map(|person| person.team.clone()).unwrap_or_default();
    let author = PersonId { team, user: message.author.clone() };
    let files = match message.files {
        0 => String::new(),
        files => format!(" with {}", count(files as usize, "file")),
    };
    let mut why = format!("added to the timeline by {by} at {}", utc(record.at));
    why.extend(message.edited_at.map(|at| format!("; edited before, at {}", utc(at))));
    for change in changes_of(case, (&message.channel, &message.ts)) {
        let what = if change.sha256.is_some() { "edited" } else { "deleted in Slack" };
        why.push_str(&format!("; {what} at {}", utc(change.at)));
    }
    Line {
        seq: record.seq,
        at: message.at,
        who: name_of(case, &author),
        what: format!("wrote a message in the channel{files}"),
        why: Some(why),
        weight: Weight::Major,
        words: Some(capture.sha256.clone()),
    }
}

fn changed(record: &Record, change: &CaptureChange) -> Line {
    let written = written_at(&change.ts).map(utc).unwrap_or_default();
    let what = match &change.sha256 {
        Some(_) => format!("saw that the message of {written} was edited; both are kept"),
        None => format!("saw that the message of {written} was deleted; its words are kept"),
    };
    Line {
        seq: record.seq,
        at: change.at,
        who: record.actor_shown(),
        what,
        why: None,
        weight: Weight::Minor,
        words: change.sha256.clone(),
    }
}

/// Puts what was written earlier than it was recorded where it belongs; the rest stays in the
/// order of the journal, whatever the clocks of replicas say.
pub(super) fn in_order(lines: Vec<Line>) -> Vec<Line> {
    let (mut moved, mut placed): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| line.words.is_some());
    moved.sort_by_key(|line| (line.at, line.seq));
    for line in moved {
        let later = |other: &Line| other.at > line.at && other.words.is_none();
        let at = placed.iter().position(later).unwrap_or(placed.len());
        placed.insert(at, line);
    }
    placed
}

/// What stands after a line in the report: the words, or what became of them.
pub(super) fn said(line: &Line, all: Option<&AllWords>) -> Option<String> {
    let sha256 = line.words.as_ref()?;
    Some(match all.and_then(|all| all.get(sha256)) {
        None => format!("its words are kept beside the journal, SHA-256 {sha256}"),
        Some(Words::Erased) => format!("its words were erased, SHA-256 {sha256}"),
        Some(Words::NotRead(why)) => format!("its words could not be read ({why}): {sha256}"),
        Some(Words::Kept(words)) => {
            let shown: String = words.text.chars().take(SHOWN_LENGTH_MAX).collect();
            let more = if shown.len() < words.text.len() { " […]" } else { "" };
            let files = match words.files.is_empty() {
                true => String::new(),
                false => format!("; files: {}", words.files.join(", ")),
            };
            format!("“{shown}{more}”{files}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::capture::{CapturedMessage, CapturedWords};
    use crate::domain::fold::IllegalRecord;
    use crate::domain::ids::{ChannelId, MessageTs};
    use crate::domain::record::{Actor, Entry};
    use crate::domain::report::exhibit::Exhibits;
    use crate::domain::report::{markdown, timeline, to_markdown, whole};
    use crate::domain::sample::{at, opened, person};

    const SHA: &str = "ab";

    fn then(case: &mut Case, who: Actor, seconds: i64, event: Event) -> Result<(), IllegalRecord> {
        let entry = Entry { at: at(seconds), actor: who, place: None, delivery: None, event };
        case.apply(&entry.chained(case.id().clone(), case.last_record()))
    }

    fn bob() -> Actor {
        Actor::Person { person: person("bob"), name: Some("bob".to_owned()) }
    }

    fn message(seconds: i64) -> Event {
        let message = CapturedMessage {
            channel: ChannelId("C1".to_owned()),
            ts: MessageTs(format!("{}.000001", at(seconds).as_second())),
            author: "ana".to_owned(),
            at: at(seconds),
            edited_at: None,
            files: 1,
        };
        let (sha256, message) = (SHA.to_owned(), Some(message));
        Event::Captured { capture: Box::new(Capture { sha256, message }) }
    }

    fn change(seconds: i64, sha256: Option<&str>) -> Event {
        let change = CaptureChange {
            channel: ChannelId("C1".to_owned()),
            ts: MessageTs(format!("{}.000001", at(10).as_second())),
            at: at(seconds),
            sha256: sha256.map(str::to_owned),
        };
        Event::CaptureChanged { change: Box::new(change) }
    }

    /// Two steps of the bot's own, and then the message that was written between them.
    fn told() -> Case {
        let mut case = opened();
        then(&mut case, Actor::Keyleak, 5, Event::Validated).unwrap();
        then(&mut case, Actor::Keyleak, 20, Event::Validated).unwrap();
        then(&mut case, bob(), 30, message(10)).unwrap();
        then(&mut case, bob(), 31, message(7)).unwrap();
        case
    }

    #[test]
    fn what_people_add_stands_where_it_was_written_with_who_added_it() {
        let case = told();
        let order: Vec<u64> = timeline(&case, 0).iter().map(|line| line.seq).collect();
        assert_eq!(order, [1, 2, 5, 4, 3]);
        let line = timeline(&case, 0).remove(3);
        assert_eq!((line.who.as_str(), line.at), ("ana", at(10)));
        assert_eq!(line.what, "wrote a message in the channel with 1 file");
        assert!(line.why.unwrap().starts_with("added to the timeline by bob at "));
    }

    #[test]
    fn edits_and_a_deletion_are_told_beside_it_and_on_their_own() {
        let mut case = told();
        then(&mut case, Actor::Keyleak, 41, change(40, Some("cd"))).unwrap();
        then(&mut case, Actor::Keyleak, 51, change(50, None)).unwrap();
        let lines = timeline(&case, 0);
        let why = lines[3].why.clone().unwrap();
        assert!(why.contains("; edited at ") && why.contains("; deleted in Slack at "), "{why}");
        assert_eq!(lines[5].words.as_deref(), Some("cd"));
        assert!(lines[6].what.contains("was deleted; its words are kept"), "{}", lines[6].what);
    }

    #[test]
    fn the_report_has_the_words_only_where_it_is_given_them_and_says_what_became_of_them() {
        let case = told();
        let bare = markdown(&case);
        assert!(bare.contains("its words are kept beside the journal, SHA-256 ab"), "{bare}");
        let with = |words| {
            let words = AllWords::from([(SHA.to_owned(), words)]);
            to_markdown(&whole(&case, &Exhibits::new(), Some(&words)))
        };
        let hostile = CapturedWords::new("*x* <@U1>\n# y", &["a|b".to_owned()], String::new());
        let told = with(Words::Kept(hostile));
        assert!(told.contains("“\\*x\\* \\<@U1\\> \\# y”; files: a\\|b"), "{told}");
        assert!(with(Words::Erased).contains("its words were erased, SHA-256 ab"));
        let away = with(Words::NotRead("away".to_owned()));
        assert!(away.contains("could not be read (away)"), "{away}");
    }

    #[test]
    fn only_a_person_adds_something() {
        let mut case = opened();
        let added = then(&mut case, Actor::Keyleak, 30, message(10));
        assert_eq!(added, Err(IllegalRecord::NotAPerson));
    }
}
