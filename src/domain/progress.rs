//! How far the questions of one press are: a function of the journal, so that whoever takes a case
//! over says the same of it.

use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::free_sql;
use crate::domain::inquiry::{ASKING, Inquiry, waiting};
use crate::domain::record::Record;
use crate::domain::time_words::{span, utc};
use jiff::Timestamp;

/// Messages about questions that are still kept current; older ones have come to their end.
const KEPT_MAX: usize = 5;
/// The id under which it is written down that the trail itself was not read.
const TRAIL: &str = "trail";
/// Questions that one line names.
const NAMED_MAX: usize = 12;

/// How questions come to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Not yet.
    Open,
    Done(Timestamp),
    Cancelled,
    /// The same phase was pressed again, and that press has the answers.
    AskedAgain(Timestamp),
    /// The case was closed before.
    Closed,
}

/// What became of the questions of one press so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'a> {
    pub asked: u64,
    /// Who asks, and what, as a sentence.
    pub who: String,
    began: Timestamp,
    /// The newest record about it.
    pub last: Timestamp,
    with_rows: Vec<&'a str>,
    without: Vec<&'a str>,
    failed: Vec<&'a str>,
    end: End,
}

/// Every record that asks the trail, oldest first.
pub fn all(case: &Case) -> Vec<u64> {
    let presses = ASKING.into_iter().flat_map(|phase| case.presses(phase));
    let named = case.inquiries().iter().map(|(press, _)| press);
    let mut all: Vec<u64> = presses.chain(named).map(|press| press.seq).collect();
    all.sort_unstable();
    all
}

/// Those whose messages may still change.
pub fn kept(case: &Case) -> Vec<u64> {
    let waiting = waiting(case);
    let all = all(case);
    let newest = all.len().saturating_sub(KEPT_MAX);
    let is_kept = |(index, asked): &(usize, u64)| {
        *index >= newest || waiting.iter().any(|(waits, _)| waits == asked)
    };
    all.into_iter().enumerate().filter(is_kept).map(|(_, asked)| asked).collect()
}

/// What the press of this record asks, as long as it waits.
pub fn waits(case: &Case, asked: u64) -> Option<Inquiry> {
    let found = waiting(case).into_iter().find(|(waits, _)| *waits == asked);
    found.map(|(_, inquiry)| inquiry).filter(|_| case.closed_at().is_none())
}

/// The progress of the questions that this record asks; none where it asks nothing.
#[expect(clippy::wildcard_enum_match_arm, reason = "few kinds of record are about questions")]
pub fn progress(case: &Case, asked: u64) -> Option<Progress<'_>> {
    let mut records = case.records().iter().skip_while(|record| record.seq < asked);
    let first = records.next().filter(|record| record.seq == asked)?;
    let who = asks(first)?;
    let mut progress = Progress {
        asked,
        who,
        began: first.at,
        last: first.at,
        with_rows: Vec::new(),
        without: Vec::new(),
        failed: Vec::new(),
        end: End::Open,
    };
    for record in records {
        match &record.event {
            Event::Answered { answer } if answer.asked == asked => {
                let told = match answer.rows {
                    0 => &mut progress.without,
                    _ => &mut progress.with_rows,
                };
                told.push(&answer.question);
            }
            Event::QuestionFailed { asked: of, question, .. } if *of == asked => {
                progress.failed.push(question);
            }
            Event::QuestionsDone { asked: of } if *of == asked => {
                // Cancelled questions are done, too, once nobody asks them any more.
                if progress.end == End::Open {
                    progress.end = End::Done(record.at);
                }
            }
            Event::Cancelled { asked: of } if *of == asked => progress.end = End::Cancelled,
            _ => continue,
        }
        progress.last = record.at;
    }
    if progress.end == End::Open {
        progress.end = open_end(case, first);
    }
    Some(progress)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "two kinds of record ask")]
fn asks(record: &Record) -> Option<String> {
    let who = record.actor_shown();
    match &record.event {
        Event::PhasePressed { phase } if ASKING.contains(phase) => {
            Some(format!("{who} asks the trail all questions of {}.", title(*phase)))
        }
        Event::QuestionsAsked { questions, sql } => {
            Some(format!("{who} asks the trail: {}.", free_sql::shown(questions, sql.as_deref())))
        }
        _ => None,
    }
}

/// What validation wants to know of the trail is asked with the scope.
fn title(phase: Phase) -> String {
    if phase == Phase::Scope {
        return format!("{} and {}", Phase::Validation.title(), Phase::Scope.title());
    }
    phase.title().to_owned()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a press of a phase alone is taken over")]
fn open_end(case: &Case, first: &Record) -> End {
    let again = match &first.event {
        Event::PhasePressed { phase } => case.presses(*phase).last(),
        _ => None,
    };
    match again.filter(|press| press.seq > first.seq) {
        Some(press) => End::AskedAgain(press.at),
        None if case.closed_at().is_some() => End::Closed,
        None => End::Open,
    }
}

impl Progress<'_> {
    /// Whether somebody could still cancel it.
    pub fn is_open(&self) -> bool {
        self.end == End::Open
    }

    /// What it has come to, in lines; `wanted` are all questions that it asks, as far as is known.
    pub fn lines(&self, wanted: &[String]) -> Vec<String> {
        let told = self.with_rows.len() + self.without.len() + self.failed.len();
        let mut lines = vec![match self.end {
            End::Open if told == 0 && wanted.is_empty() => "The trail is being read.".to_owned(),
            End::Open if told == 0 => {
                format!("The trail is being read; {} wait.", counted(wanted.len()))
            }
            End::Open => self.under_way(told, wanted),
            End::Done(at) => format!(
                "Done after {}: {} asked.",
                span(at.duration_since(self.began)),
                counted(told)
            ),
            End::Cancelled => format!("Cancelled: {} asked before.", counted(told)),
            End::AskedAgain(at) => format!(
                "Asked again at {}: the answers are those of that press. {} asked before.",
                utc(at),
                counted(told)
            ),
            End::Closed => {
                format!("The case was closed meanwhile: {} asked before.", counted(told))
            }
        }];
        for (words, ids) in [
            ("With rows", &self.with_rows),
            ("Found nothing", &self.without),
            ("No answer, and why is said below", &self.failed),
        ] {
            if !ids.is_empty() {
                lines.push(format!("{words}: {}", named(ids)));
            }
        }
        lines
    }

    fn under_way(&self, told: usize, wanted: &[String]) -> String {
        let is_told = |id: &&String| {
            let mut all = self.with_rows.iter().chain(&self.without).chain(&self.failed);
            all.any(|told| *told == id.as_str())
        };
        let next = wanted.iter().find(|id| !is_told(id));
        let next = next.map_or_else(String::new, |id| format!(" Next: {id}."));
        match wanted.len() {
            0 => format!("{} asked so far.{next}", counted(told)),
            all => format!("{told} of {} asked.{next}", counted(all.max(told))),
        }
    }
}

fn counted(questions: usize) -> String {
    match questions {
        1 => "1 question".to_owned(),
        more => format!("{more} questions"),
    }
}

fn named(ids: &[&str]) -> String {
    let words = ids.iter().map(|id| if *id == TRAIL { "the trail itself" } else { *id });
    let shown = words.take(NAMED_MAX).collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reading::AnswerNote;
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, opened, person, press};

    fn by(user: &str) -> Actor {
        Actor::Person { person: person(user), name: Some(user.to_owned()) }
    }

    fn ask(case: &mut Case, ids: &[&str]) -> u64 {
        let questions = ids.iter().map(|id| (*id).to_owned()).collect();
        add(case, by("ana"), Event::QuestionsAsked { questions, sql: None });
        case.seq()
    }

    fn answer(case: &mut Case, asked: u64, (question, rows): (&str, u64)) {
        let answer = AnswerNote {
            asked,
            question: question.to_owned(),
            sentence: String::new(),
            rows,
            cut_sha256: String::new(),
            answer_sha256: String::new(),
            sql_sha256: String::new(),
            watermark: None,
            attack: Vec::new(),
            view: None,
        };
        add(case, Actor::Keyleak, Event::Answered { answer: Box::new(answer) });
    }

    fn said(case: &Case, asked: u64, wanted: &[&str]) -> String {
        let wanted: Vec<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
        progress(case, asked).unwrap().lines(&wanted).join("|")
    }

    #[test]
    fn what_is_told_so_far_is_counted_and_the_next_is_named() {
        let mut case = opened();
        let ids = ["Q10", "Q12", "Q14"];
        let asked = ask(&mut case, &ids);
        let other = ask(&mut case, &["Q20"]);
        assert_eq!(progress(&case, asked).unwrap().who, "ana asks the trail: Q10, Q12, Q14.");
        assert_eq!(said(&case, asked, &ids), "The trail is being read; 3 questions wait.");
        answer(&mut case, asked, ("Q10", 3));
        answer(&mut case, asked, ("Q12", 0));
        answer(&mut case, other, ("Q20", 1));
        let under_way = "2 of 3 questions asked. Next: Q14.|With rows: Q10|Found nothing: Q12";
        assert_eq!(said(&case, asked, &ids), under_way, "the other's answer is not counted");
        assert!(progress(&case, asked).unwrap().is_open());
        let why = "it was too slow".to_owned();
        let failed = Event::QuestionFailed { asked, question: "Q14".to_owned(), why };
        add(&mut case, Actor::Keyleak, failed);
        add(&mut case, Actor::Keyleak, Event::QuestionsDone { asked });
        let done = said(&case, asked, &[]);
        assert!(done.starts_with("Done after ") && done.contains("3 questions asked."), "{done}");
        assert!(done.ends_with("No answer, and why is said below: Q14"), "{done}");
        assert!(!progress(&case, asked).unwrap().is_open());
        assert!(progress(&case, other).unwrap().is_open());
    }

    #[test]
    fn what_was_cancelled_asked_again_or_closed_is_not_said_to_go_on() {
        let mut case = opened();
        let cancelled = ask(&mut case, &["Q10"]);
        add(&mut case, by("bob"), Event::Cancelled { asked: cancelled });
        add(&mut case, Actor::Keyleak, Event::QuestionsDone { asked: cancelled });
        assert_eq!(said(&case, cancelled, &[]), "Cancelled: 0 questions asked before.");
        press(&mut case, Phase::Impact);
        let first = case.seq();
        assert!(progress(&case, first).unwrap().is_open());
        press(&mut case, Phase::Impact);
        let second = case.seq();
        assert!(said(&case, first, &[]).starts_with("Asked again at "));
        assert_eq!(waits(&case, second), Some(Inquiry::Phase(Phase::Impact)));
        add(&mut case, by("bob"), Event::Closed { reason: None });
        assert!(said(&case, second, &["Q30"]).starts_with("The case was closed meanwhile"));
        assert_eq!(waits(&case, second), None);
    }

    #[test]
    fn only_what_asks_has_a_progress_and_old_messages_are_left_alone() {
        let mut case = opened();
        assert_eq!(progress(&case, 1), None, "the opening asks nothing");
        press(&mut case, Phase::Recovery);
        assert_eq!(progress(&case, case.seq()), None, "nor does a phase without questions");
        assert_eq!(progress(&case, 99), None);
        let asked: Vec<u64> = (0..8).map(|_| ask(&mut case, &["Q10"])).collect();
        for done in &asked[1..] {
            add(&mut case, Actor::Keyleak, Event::QuestionsDone { asked: *done });
        }
        assert_eq!(all(&case), asked);
        let newest = asked[3..].iter();
        let wanted: Vec<u64> = asked[..1].iter().chain(newest).copied().collect();
        assert_eq!(kept(&case), wanted, "the one that waits, and the newest");
    }
}
