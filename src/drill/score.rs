//! How a drill went: what people are practising, measured, against the times of AWS's playbook.
//!
//! Needs: the figures come from the journal and from what the actor itself tried, never from what
//! the bot claims; what did not happen is said, and counts as nothing reached.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::impact_state;
use crate::domain::time_words::span;
use crate::sim::actor::Attempt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The one call that no policy can deny, and that gives nothing away.
pub const UNDENIABLE: &str = "GetCallerIdentity";
/// The shape of what is exported; another number means other fields.
const FORMAT: u32 = 1;

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    pub scenario: &'a str,
    /// When somebody in the workspace heard of the leak.
    pub heard_at: Timestamp,
    /// None while nobody has opened a case.
    pub case: Option<&'a Case>,
    /// What the actor tried, the oldest first.
    pub attempts: &'a [Attempt],
}

/// How a drill went; exported as one JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Score {
    pub format: u32,
    pub scenario: String,
    pub case: Option<String>,
    pub severity: Option<&'static str>,
    pub heard_at: Timestamp,
    pub is_over: bool,
    pub marks: Vec<Mark>,
    /// Of those that are held against a target.
    pub reached: usize,
    pub held_against: usize,
}

/// One thing that is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    pub id: &'static str,
    pub title: &'static str,
    /// Seconds, or a count; none where it did not happen.
    pub value: Option<i64>,
    /// The value in words, or why there is none.
    pub words: String,
    /// The most that reaches it, in the unit of the value.
    pub target: Option<i64>,
    pub reached: Option<bool>,
}

/// Measures it as it stands.
pub fn score(watched: &Watched<'_>) -> Score {
    let severity = watched.case.map(|case| case.team().severity());
    let within = severity.map(|severity| severity.respond_within());
    let acknowledged = watched.case.map(Case::opened_at);
    let changed = watched.case.and_then(last_change);
    // A key of nobody's account has nothing that could be contained.
    let nothing = watched
        .case
        .is_some_and(|case| case.plans().next().is_none() && case.not_proposed().is_some());
    let contain_within = within.filter(|_| !nothing);
    let never = if nothing { "nothing to contain" } else { "not contained" };
    let mut marks = vec![
        time(
            "acknowledged",
            "Heard of to case opened",
            (watched, acknowledged, "nobody has"),
            within,
        ),
        time(
            "contained",
            "Heard of to contained (action)",
            (watched, changed, never),
            contain_within,
        ),
        effect((watched, changed), contain_within, nothing),
        got(watched),
        minted(watched),
    ];
    marks.extend(watched.case.map(refused));
    marks.extend(watched.case.map(unanswered));
    let held: Vec<bool> = marks.iter().filter_map(|mark| mark.reached).collect();
    Score {
        format: FORMAT,
        scenario: watched.scenario.to_owned(),
        case: watched.case.map(|case| case.id().to_string()),
        severity: severity.map(|severity| severity.word()),
        heard_at: watched.heard_at,
        is_over: watched.case.is_some_and(|case| case.closed_at().is_some()),
        reached: held.iter().filter(|reached| **reached).count(),
        held_against: held.len(),
        marks,
    }
}

/// The last change of the first containment, where it has been made whole.
fn last_change(case: &Case) -> Option<Timestamp> {
    let first = case.plans().find(|state| state.plan.kind.contains() && state.has_begun())?;
    first.ended_at()
}

fn time(
    id: &'static str,
    title: &'static str,
    (watched, at, never): (&Watched<'_>, Option<Timestamp>, &str),
    within: Option<SignedDuration>,
) -> Mark {
    let took = at.map(|at| at.duration_since(watched.heard_at).max(SignedDuration::ZERO));
    Mark {
        id,
        title,
        value: took.map(|took| took.as_secs()),
        words: took.map_or_else(|| never.to_owned(), span),
        target: within.map(|within| within.as_secs()),
        reached: within.map(|within| took.is_some_and(|took| took <= within)),
    }
}

/// To the actor's last call that worked, once something was changed and nothing works any more:
/// what containment is for.
fn effect(
    (watched, changed): (&Watched<'_>, Option<Timestamp>),
    within: Option<SignedDuration>,
    nothing: bool,
) -> Mark {
    let last = worked(watched).last().map(|attempt| attempt.at);
    // Somebody who was beaten before anybody heard of it was beaten at once.
    let at = changed.filter(|_| !goes_on(watched)).map(|_| last.unwrap_or(watched.heard_at));
    let words = if nothing { "nothing to contain" } else { "the actor goes on" };
    time("beaten", "Heard of to the actor's last call that worked", (watched, at, words), within)
}

/// Whether the last that the actor tried with any credential worked.
fn goes_on(watched: &Watched<'_>) -> bool {
    let mut last: BTreeMap<&str, bool> = BTreeMap::new();
    for attempt in watched.attempts.iter().filter(|attempt| attempt.operation != UNDENIABLE) {
        last.insert(&attempt.access_key_id, attempt.allowed);
    }
    last.values().any(|worked| *worked)
}

/// The calls that worked, but for the one that nothing denies.
fn worked<'a>(watched: &Watched<'a>) -> impl Iterator<Item = &'a Attempt> + use<'a> {
    watched.attempts.iter().filter(|attempt| attempt.allowed && attempt.operation != UNDENIABLE)
}

/// What the actor got after somebody had heard of it.
fn got(watched: &Watched<'_>) -> Mark {
    let mut by_call: BTreeMap<&str, i64> = BTreeMap::new();
    for attempt in worked(watched).filter(|attempt| attempt.at > watched.heard_at) {
        *by_call.entry(attempt.operation).or_default() += 1;
    }
    let told = by_call.iter().map(|(call, times)| format!("{times} {call}"));
    let told: Vec<String> = told.collect();
    let words = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
    count("got_after", "Calls of the actor that worked after that", by_call.values().sum(), words)
}

/// The credentials that the actor made itself after somebody had heard of it.
fn minted(watched: &Watched<'_>) -> Mark {
    let after = worked(watched).filter(|attempt| attempt.at > watched.heard_at);
    let mints = after.filter(|attempt| MINTS.contains(&attempt.operation)).count();
    let mints = i64::try_from(mints).unwrap_or(i64::MAX);
    let mark = count("minted_after", "Credentials it made after that", mints, mints.to_string());
    Mark { target: Some(0), reached: Some(mints == 0), ..mark }
}

/// The calls by which a credential comes into being.
const MINTS: [&str; 6] = [
    "AssumeRole",
    "CreateAccessKey",
    "CreateLoginProfile",
    "CreateServiceSpecificCredential",
    "GetFederationToken",
    "GetSessionToken",
];

/// What people tried and the bot refused: presses and commands of the wrong person, or too late.
fn refused(case: &Case) -> Mark {
    let is_refused = |event: &Event| matches!(event, Event::Refused { .. });
    let times = case.records().iter().filter(|record| is_refused(&record.event)).count();
    let times = i64::try_from(times).unwrap_or(i64::MAX);
    count(
        "wrong_clicks",
        "Decisions that the bot refused, as the journal has them",
        times,
        times.to_string(),
    )
}

fn unanswered(case: &Case) -> Mark {
    let open = impact_state::open(case);
    let names: Vec<&str> = open.iter().map(|question| question.slug()).collect();
    let words = match names.is_empty() {
        true => "none".to_owned(),
        false => format!("{}: {}", names.len(), names.join(", ")),
    };
    let value = i64::try_from(open.len()).unwrap_or(i64::MAX);
    let mark = count("unanswered", "Impact questions that nobody answered", value, words);
    Mark { target: Some(0), reached: Some(open.is_empty()), ..mark }
}

fn count(id: &'static str, title: &'static str, value: i64, words: String) -> Mark {
    Mark { id, title, value: Some(value), words, target: None, reached: None }
}

impl Score {
    /// The score as one line of JSON, for a file to which every drill adds its own.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The score as a terminal shows it.
    pub fn words(&self) -> String {
        let severity = self.severity.unwrap_or("no case");
        let mut text = format!(
            "Score ({severity}): {} of {} targets reached\n",
            self.reached, self.held_against
        );
        for mark in &self.marks {
            let target = match (mark.reached, mark.target) {
                (Some(true), _) => "  reached",
                (Some(false), _) => "  MISSED",
                (None, _) => "",
            };
            let _ = writeln!(text, "  {:<46} {}{target}", mark.title, mark.words);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn attempt(second: i64, operation: &'static str, allowed: bool) -> Attempt {
        Attempt {
            at: at(second),
            credential: "leaked key".to_owned(),
            access_key_id: "AKIAQNZGKIQY56JQ7WML".to_owned(),
            operation,
            allowed,
            code: (!allowed).then(|| "AccessDenied".to_owned()),
        }
    }

    fn mark<'a>(score: &'a Score, id: &str) -> &'a Mark {
        score.marks.iter().find(|mark| mark.id == id).expect("this is measured")
    }

    #[test]
    fn what_the_actor_got_counts_from_when_somebody_heard_of_it() {
        let attempts = [
            attempt(0, "CreateAccessKey", true),
            attempt(20, "ListBuckets", true),
            attempt(30, "GetSessionToken", true),
            attempt(40, "CreateUser", false),
            attempt(50, UNDENIABLE, true),
        ];
        let watched = Watched { scenario: "x", heard_at: at(10), case: None, attempts: &attempts };
        let told = score(&watched);
        assert_eq!(mark(&told, "got_after").words, "1 GetSessionToken, 1 ListBuckets");
        assert_eq!(mark(&told, "minted_after").value, Some(1));
        assert_eq!(mark(&told, "minted_after").reached, Some(false));
        assert_eq!(mark(&told, "beaten").value, None);
        let late = score(&Watched { heard_at: at(60), ..watched });
        assert_eq!(mark(&late, "got_after").words, "nothing");
        assert_eq!(mark(&late, "minted_after").reached, Some(true));
    }

    #[test]
    fn a_drill_in_which_nobody_did_anything_reaches_nothing_by_it() {
        let watched = Watched { scenario: "x", heard_at: at(0), case: None, attempts: &[] };
        let told = score(&watched);
        assert_eq!(mark(&told, "acknowledged").value, None);
        assert_eq!(mark(&told, "contained").words, "not contained");
        assert_eq!((told.severity, told.is_over), (None, false));
    }

    #[test]
    fn a_case_is_held_against_the_time_of_its_severity() {
        let case = sample::opened();
        let heard_at = case.opened_at() - SignedDuration::from_secs(30);
        let watched = Watched { scenario: "x", heard_at, case: Some(&case), attempts: &[] };
        let told = score(&watched);
        assert_eq!(mark(&told, "acknowledged").value, Some(30));
        assert_eq!(mark(&told, "acknowledged").reached, Some(true));
        assert_eq!(mark(&told, "contained").reached, Some(false));
        assert_eq!(mark(&told, "unanswered").value, Some(9));
        let early = heard_at - SignedDuration::from_hours(48);
        let told = score(&Watched { heard_at: early, ..watched });
        assert_eq!(mark(&told, "acknowledged").reached, Some(false));
    }
}
