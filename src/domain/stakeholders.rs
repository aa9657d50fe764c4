//! What people outside a case are told of it: open, how bad it is, contained, closed, open again.
//!
//! Needs: the channel may be one that many read, the actor's friends among them. So nothing that
//! anybody typed or named stands in it: the last four of the key, times, counts, and words of ours.

use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::outside_key::DIGEST;
use crate::domain::report::times_to_contain;
use crate::domain::severity::Severity;
use crate::domain::team::Grade;
use crate::domain::time_words::{span, utc};

/// What is told of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    Opened,
    Severity,
    Contained,
    Closed,
    Reopened,
}

/// One piece of news, as of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    pub seq: u64,
    pub news: News,
}

impl Digest {
    /// The key of its message.
    pub fn key(self) -> PostKey {
        let word = match self.news {
            News::Opened => "opened",
            News::Severity => "severity",
            News::Contained => "contained",
            News::Closed => "closed",
            News::Reopened => "reopened",
        };
        PostKey(format!("{DIGEST}{}-{word}", self.seq))
    }
}

/// All the news of a case, oldest first.
pub fn digests(case: &Case) -> Vec<Digest> {
    let mut all = vec![Digest { seq: 1, news: News::Opened }];
    let grades = case.team().grades();
    for (before, now) in grades.iter().zip(grades.iter().skip(1)) {
        if before.severity != now.severity {
            all.push(Digest { seq: now.seq, news: News::Severity });
        }
    }
    for record in case.records() {
        let seq = record.seq;
        if matches!(record.event, Event::Contained { .. }) {
            all.push(Digest { seq, news: News::Contained });
        }
        if matches!(record.event, Event::Closed { .. }) {
            all.push(Digest { seq, news: News::Closed });
        }
        if matches!(record.event, Event::Reopened { .. }) {
            all.push(Digest { seq, news: News::Reopened });
        }
    }
    all.sort_by_key(|digest| digest.seq);
    all
}

/// The digest, line by line; the first is its title.
pub fn lines(case: &Case, digest: Digest) -> Vec<String> {
    let then = case.as_of(digest.seq);
    let then = then.as_ref().unwrap_or(case);
    let key = then.opening().key.last_four();
    let title = match digest.news {
        News::Opened => format!("Exposed AWS key …{key}: a case is open"),
        News::Severity => {
            format!("Exposed AWS key …{key}: severity {}", then.team().severity().word())
        }
        News::Contained => format!("Exposed AWS key …{key}: contained"),
        News::Closed => format!("Exposed AWS key …{key}: the case is closed"),
        News::Reopened => format!("Exposed AWS key …{key}: the case is open again"),
    };
    let mut lines = vec![title];
    lines.extend(then.team().grades().last().map(graded));
    lines.push(standing(then, digest.news));
    lines.push(format!("Opened at {}", utc(then.opened_at())));
    if let Some(held) = times_to_contain(then).held {
        lines.push(format!("Time to contain: {}", span(held)));
    }
    lines.push("More is known in the case's own channel, to the people in it.".to_owned());
    lines
}

/// What a person typed may name things; that a person said it is enough here.
fn graded(grade: &Grade) -> String {
    let word = grade.severity.word();
    let within = span(grade.severity.respond_within());
    let why = match &grade.by {
        None => grade.why.as_str(),
        Some(_) => "a responder set it",
    };
    match grade.severity {
        Severity::P1 | Severity::P2 => {
            format!("Severity {word}, because {why}; somebody is wanted at it within {within}")
        }
        Severity::P3 | Severity::P4 => format!("Severity {word}, because {why}"),
    }
}

fn standing(case: &Case, news: News) -> String {
    let contained = case.standing_containment().and_then(|state| state.contained);
    match (news, contained) {
        (News::Closed, Some((as_of, _))) => format!("It was contained as of {}", utc(as_of)),
        (News::Closed, None) => "It was closed without being contained".to_owned(),
        (News::Reopened, Some((as_of, _))) => {
            format!("It was contained as of {}; people look at it again", utc(as_of))
        }
        (News::Opened | News::Severity | News::Contained, Some((as_of, _))) => {
            format!("Contained as of {}; it is still watched", utc(as_of))
        }
        (News::Opened | News::Severity | News::Contained | News::Reopened, None) => {
            "Not contained yet; people are at work on it".to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
