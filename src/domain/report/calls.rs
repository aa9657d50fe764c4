//! The calls of the key and of what grew from it, as the evidence holds them one by one.

use crate::domain::case::Case;
use crate::domain::report::exhibit::{CALLS, Exhibit, Exhibits};
use crate::domain::trail_row::parse_time;
use jiff::Timestamp;

/// Nothing can deny this call, so that it says nothing of a containment.
const UNDENIABLE: &str = "GetCallerIdentity";

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) at: Timestamp,
    pub(super) worked: bool,
    pub(super) name: &'a str,
    pub(super) address: &'a str,
    pub(super) agent: &'a str,
}

/// All of them that the newest answer has, since the exposure where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calls<'a> {
    /// The record of the answer.
    pub(super) record: u64,
    pub(super) all: Vec<Call<'a>>,
    /// There are more than these.
    pub(super) truncated: bool,
}

impl<'a> Calls<'a> {
    /// The newest answer whose rows are here.
    pub(super) fn of(case: &Case, exhibits: &'a Exhibits) -> Option<Self> {
        let (record, exhibit) = newest(case, exhibits, CALLS)?;
        let since = case.exposed_since().map(Timestamp::as_second);
        let columns = ["event_time", "outcome", "call", "source_ip", "user_agent"];
        let rows = exhibit.columns_of(columns).into_iter();
        let calls = rows.filter_map(|[at, outcome, name, address, agent]| {
            let at = parse_time(at)?;
            Some(Call { at, worked: outcome == "ok", name, address, agent })
        });
        let all = calls.filter(|call| since.is_none_or(|since| call.at.as_second() >= since));
        Some(Self { record, all: all.collect(), truncated: exhibit.truncated })
    }

    /// The last call that worked and could have been denied.
    pub(super) fn last_success(&self) -> Option<Timestamp> {
        let worked = self.all.iter().filter(|call| call.worked && call.name != UNDENIABLE);
        worked.map(|call| call.at).max()
    }
}

/// The newest answer to a question whose rows are here, and its record.
pub(super) fn newest<'a>(
    case: &Case,
    exhibits: &'a Exhibits,
    question: &str,
) -> Option<(u64, &'a Exhibit)> {
    let asked = case.answers().iter().rev().filter(|(_, note)| note.question == question);
    let mut here = asked.filter_map(|(seq, _)| Some((*seq, exhibits.get(seq)?.as_ref().ok()?)));
    here.next()
}

/// Why there are no rows of a question, and what to do about it.
pub(super) fn why_none(case: &Case, exhibits: &Exhibits, question: &str) -> String {
    let asked = case.answers().iter().rev().find(|(_, note)| note.question == question);
    match asked.map(|(seq, _)| (seq, exhibits.get(seq))) {
        None => {
            format!("not known: nobody asked {question}; press Scope, or /keyleak ask {question}")
        }
        Some((seq, None)) => {
            format!("not drawn here: the rows of record {seq} ({question}) were not read")
        }
        Some((seq, Some(Err(why)))) => {
            format!("not known: the rows of record {seq} ({question}) could not be read: {why}")
        }
        Some((seq, Some(Ok(_)))) => {
            format!("nothing to draw: record {seq} ({question}) has no rows")
        }
    }
}
