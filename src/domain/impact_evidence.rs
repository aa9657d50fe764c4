//! What a case knows that bears on an impact question, and what it could not have seen.

use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::facts::{Alert, Fact, Finding};
use crate::domain::impact::ImpactQuestion;
use crate::domain::plan::Plan;
use crate::domain::reading::AnswerNote;
use crate::domain::record::Record;
use crate::domain::time_words::utc;
use jiff::SignedDuration;

/// The first record of a trail comes some time after the trail itself begins.
const FIRST_RECORD_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// A question of the catalogue that a "no" needs an answer of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    pub id: &'static str,
    /// The phase whose button asks it.
    pub phase: Phase,
    /// Without data events it finds nothing, or not all, whatever was done.
    pub data_events: bool,
}

/// One thing that bears on an impact question, and the record that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    pub seq: u64,
    pub of: Of<'a>,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'a> {
    Answer(&'a AnswerNote),
    GuardDuty(&'a Fact<Vec<Alert>>),
    Health(&'a Fact<Vec<Alert>>),
}

/// What has to be answered first; the playbook's table of evidence, as far as the trail tells.
pub fn needed(question: ImpactQuestion) -> &'static [Needed] {
    const fn by(id: &'static str, phase: Phase) -> Needed {
        Needed { id, phase, data_events: false }
    }
    const fn with_data(id: &'static str) -> Needed {
        Needed { id, phase: Phase::Impact, data_events: true }
    }
    match question {
        // Validation's questions are asked with those of Scope.
        ImpactQuestion::Alerts => const { &[by("Q04", Phase::Scope)] },
        ImpactQuestion::Classification => {
            const { &[with_data("Q30"), by("Q33", Phase::Impact), with_data("Q36")] }
        }
        ImpactQuestion::Services => const { &[by("Q19", Phase::Scope)] },
        ImpactQuestion::Configuration => {
            const { &[by("Q24", Phase::Impact), by("Q41", Phase::Impact)] }
        }
        ImpactQuestion::Guardrails => const { &[by("Q40", Phase::Impact)] },
        ImpactQuestion::Insider => const { &[by("Q12", Phase::Scope)] },
        ImpactQuestion::Evidence => {
            const { &[by("Q10", Phase::Scope), by("Q14", Phase::Scope), by("Q23", Phase::Scope)] }
        }
        ImpactQuestion::Business => {
            const {
                &[
                    with_data("Q32"),
                    by("Q37", Phase::Impact),
                    by("Q38", Phase::Impact),
                    with_data("Q39"),
                ]
            }
        }
        ImpactQuestion::Exfiltration => {
            const { &[with_data("Q31"), by("Q35", Phase::Impact), with_data("Q36")] }
        }
    }
}

/// Whether only a person can tell, whatever is found: rows are something to read, and no answer.
pub fn is_judged(question: ImpactQuestion) -> bool {
    match question {
        ImpactQuestion::Services | ImpactQuestion::Insider | ImpactQuestion::Evidence => true,
        ImpactQuestion::Alerts
        | ImpactQuestion::Classification
        | ImpactQuestion::Configuration
        | ImpactQuestion::Guardrails
        | ImpactQuestion::Business
        | ImpactQuestion::Exfiltration => false,
    }
}

/// The newest evidence of each kind, in the order of [`needed`], alerts first.
pub fn evidence(case: &Case, question: ImpactQuestion) -> Vec<Evidence<'_>> {
    let alerts = if question == ImpactQuestion::Alerts { alerts(case) } else { Vec::new() };
    let answers = needed(question).iter().filter_map(|needed| {
        let (seq, note) =
            case.answers().iter().rev().find(|(_, note)| note.question == needed.id)?;
        Some(Evidence { seq: *seq, of: Of::Answer(note) })
    });
    alerts.into_iter().chain(answers).collect()
}

/// The evidence that a record holds; none where it holds something else.
pub fn at(case: &Case, seq: u64) -> Option<Evidence<'_>> {
    let index = usize::try_from(seq).ok()?.checked_sub(1)?;
    case.records().get(index).and_then(|record| of(record))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "few records are evidence of an impact")]
fn of(record: &Record) -> Option<Evidence<'_>> {
    let of = match &record.event {
        Event::Answered { answer } => Of::Answer(answer),
        Event::Found { finding: Finding::GuardDuty(fact) } => Of::GuardDuty(fact),
        Event::Found { finding: Finding::Health(fact) } => Of::Health(fact),
        _ => return None,
    };
    Some(Evidence { seq: record.seq, of })
}

/// The newest word of GuardDuty, and of AWS Health where it could be asked.
fn alerts(case: &Case) -> Vec<Evidence<'_>> {
    let newest = |wanted: fn(&Of<'_>) -> bool| {
        let mut newest_first = case.records().iter().rev().filter_map(|record| of(record));
        newest_first.find(|evidence| wanted(&evidence.of))
    };
    let guard_duty = newest(|of| matches!(of, Of::GuardDuty(_)));
    let health = newest(|of| matches!(of, Of::Health(Fact::Known(_))));
    guard_duty.into_iter().chain(health).collect()
}

/// What has no answer in this case yet, and whose button asks for it.
pub fn missing(case: &Case, question: ImpactQuestion) -> Vec<(&'static str, Phase)> {
    let answered = |id: &str| case.answers().iter().any(|(_, note)| note.question == id);
    let unasked = needed(question).iter().filter(|needed| !answered(needed.id));
    let mut missing: Vec<_> = unasked.map(|needed| (needed.id, needed.phase)).collect();
    if question == ImpactQuestion::Alerts && case.facts().guard_duty.is_none() {
        missing.insert(0, ("GuardDuty", Phase::Validation));
    }
    missing
}

/// Why finding nothing would not mean that there was nothing; none where it would.
pub fn blind(case: &Case, question: ImpactQuestion) -> Option<String> {
    evidence(case, question).iter().find_map(|evidence| match evidence.of {
        // The reason quotes what AWS said, and this is answered to a command, as mrkdwn.
        Of::GuardDuty(Fact::Unknown(_)) => {
            Some("GuardDuty could not be read (the case's card says why)".to_owned())
        }
        Of::GuardDuty(Fact::Known(_)) | Of::Health(_) => None,
        Of::Answer(note) => {
            let needed = needed(question).iter().find(|needed| needed.id == note.question)?;
            unseen(case, note, needed.data_events)
        }
    })
}

fn unseen(case: &Case, note: &AnswerNote, data_events: bool) -> Option<String> {
    let id = &note.question;
    let Some(view) = &note.view else {
        return Some(format!("an earlier version answered {id} and did not say what was read"));
    };
    if view.truncated {
        return Some(format!("a limit cut the trail off, so {id} may lack rows"));
    }
    if !view.lacking.is_empty() {
        let lacking = view.lacking.join(", ");
        return Some(format!("the trail's table has no {lacking}, which {id} rests on"));
    }
    let Some(first) = view.first else {
        return Some(format!("the trail held no record at all for {id}"));
    };
    let since = case.exposed_since();
    if since.is_some_and(|since| first > since + FIRST_RECORD_WITHIN) {
        return Some(format!("the trail begins at {} only, after the exposure", utc(first)));
    }
    match (data_events, view.data_events_from) {
        (false, _) => None,
        (true, None) => Some(format!("no data events were recorded, which {id} rests on")),
        (true, Some(from)) if from > since.unwrap_or(first + FIRST_RECORD_WITHIN) => {
            Some(format!("no data events were recorded before {}, which {id} rests on", utc(from)))
        }
        (true, Some(_)) => None,
    }
}

impl Evidence<'_> {
    /// What people know it by.
    pub fn name(&self) -> &str {
        match self.of {
            Of::Answer(note) => &note.question,
            Of::GuardDuty(_) => "GuardDuty",
            Of::Health(_) => "AWS Health",
        }
    }

    /// How many rows or alerts it has.
    pub fn finds(&self) -> u64 {
        match self.of {
            Of::Answer(note) => note.rows,
            Of::GuardDuty(Fact::Known(alerts)) | Of::Health(Fact::Known(alerts)) => {
                alerts.len() as u64
            }
            Of::GuardDuty(Fact::Unknown(_)) | Of::Health(Fact::Unknown(_)) => 0,
        }
    }

    /// What it found, without whatever others may have named.
    pub fn found(&self) -> String {
        let (name, finds) = (self.name(), self.finds());
        match (self.of, finds) {
            (Of::GuardDuty(Fact::Unknown(_)) | Of::Health(Fact::Unknown(_)), _) => {
                format!("{name}: not read")
            }
            (Of::Answer(_), 1) => format!("{name}: 1 row"),
            (Of::Answer(_), _) => format!("{name}: {finds} rows"),
            (_, 1) => format!("{name}: 1 alert"),
            (_, _) => format!("{name}: {finds} alerts"),
        }
    }

    /// The same, with what proves it: hashes by their beginning on a card, whole in a report.
    pub fn proof(&self, whole: bool) -> String {
        let Of::Answer(note) = self.of else {
            return format!("{}, record {}", self.found(), self.seq);
        };
        let hash = |hash: &str| {
            let short = Plan::short_hash(hash);
            if whole { format!("SHA-256 {hash}") } else { short.to_owned() }
        };
        let read = note.view.as_ref().map(|view| format!(", {} bytes scanned", view.bytes_scanned));
        let until = note.watermark.map(|until| format!(", trail up to {}", utc(until)));
        format!(
            "{} (answer {}, SQL {}{}{}, record {})",
            self.found(),
            hash(&note.answer_sha256),
            hash(&note.sql_sha256),
            read.unwrap_or_default(),
            until.unwrap_or_default(),
            self.seq
        )
    }
}
