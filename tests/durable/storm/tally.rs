//! What came of a storm, in figures.

use crate::storm::books::{Answer, Deed};
use crate::storm::{Sky, Storm, all_cases};
use keyleak::domain::event::Event;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// The figures of one storm, and everything that is wrong after it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    title: String,
    deeds: usize,
    deliveries: usize,
    answers: BTreeMap<&'static str, usize>,
    cases: usize,
    records: usize,
    decisions: BTreeMap<&'static str, usize>,
    changes: usize,
    conflicts: usize,
    kills: usize,
    taken_back: usize,
    pub(crate) problems: Vec<String>,
    /// The bots' last lines, where something is wrong.
    pub(crate) log: String,
    pub(crate) stormed: Duration,
    pub(crate) took: Duration,
}

impl Tally {
    pub(crate) async fn of(storm: &Storm, sky: &Sky<'_>) -> Self {
        let kills = if storm.killed_every.is_some() { "kills" } else { "no kills" };
        let (few, many) = (storm.replicas, storm.replicas + 1);
        let title = format!("{few} and then {many} replicas, {kills}, seed {}", storm.seed);
        let deeds = sky.books.all();
        let mut tally = Self { title, deeds: deeds.len(), ..Self::default() };
        for deed in deeds.values() {
            tally.deliveries += deed.answers.len();
            for answer in &deed.answers {
                *tally.answers.entry(kind(answer)).or_default() += 1;
            }
            for told in told(sky, deed) {
                *tally.answers.entry(told).or_default() += 1;
            }
        }
        for case in all_cases(sky.town).await.iter().flatten() {
            tally.cases += 1;
            tally.records += case.records().len();
            for record in case.records() {
                if let Some(decision) = decision(&record.event) {
                    *tally.decisions.entry(decision).or_default() += 1;
                }
            }
        }
        tally.changes = sky.town.account.changes().len();
        (tally.conflicts, tally.kills) = (sky.fleet.conflicts(), sky.fleet.kills());
        let calls = sky.town.world.slack.calls();
        tally.taken_back = calls.iter().filter(|call| call.method == "chat.delete").count();
        tally
    }

    pub(crate) fn table(&self) -> String {
        let listed = |of: &BTreeMap<&str, usize>| -> String {
            of.iter().map(|(what, times)| format!("{times} {what}, ")).collect()
        };
        let mut text = format!("{}\n", self.title);
        let Self { deliveries, deeds, cases, records, .. } = self;
        let _ = writeln!(text, "  {deliveries} deliveries of {deeds} things that people did");
        let _ = writeln!(text, "  answers: {}", listed(&self.answers).trim_end_matches(", "));
        let decisions = listed(&self.decisions);
        let _ = writeln!(text, "  {cases} cases, {records} records: {decisions}");
        let Self { changes, conflicts, kills, taken_back, .. } = self;
        let _ = writeln!(
            text,
            "  {changes} changes of the account, {conflicts} conflicts, {kills} kills, {taken_back} \
             messages taken back; {:.1} s of storm, {:.1} s in all",
            self.stormed.as_secs_f64(),
            self.took.as_secs_f64()
        );
        let _ = writeln!(text, "  {} problems", self.problems.len());
        for problem in self.problems.iter().take(40) {
            let _ = writeln!(text, "    {problem}");
        }
        if !self.problems.is_empty() {
            let _ = writeln!(text, "{}", self.log);
        }
        text
    }
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Taken(_) => "200",
        Answer::Status(401) => "401 (too late)",
        Answer::Status(_) => "other status",
        Answer::TimedOut => "timed out",
        Answer::Unreachable => "unreachable",
    }
}

/// What the person heard beside the channel.
pub(crate) fn told(sky: &Sky<'_>, deed: &Deed) -> Vec<&'static str> {
    let said = deed.response_url.as_ref().map(|url| sky.town.world.slack.said_by(url));
    let said = said.unwrap_or_default();
    let words = said.iter().map(String::as_str).chain(deed.words());
    words
        .map(|words| match words {
            _ if words.contains("Not recorded") => "told: not recorded",
            _ if words.contains("recorded after all") => "told: recorded after all",
            _ if words.contains("was not recorded") => "told: was not recorded",
            _ if words.contains("Nothing was done") => "told: nothing was done",
            _ if words.contains("Not done") => "told: refused",
            _ => "told: words",
        })
        .collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the other records are the bot's")]
fn decision(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Opened(_) => "opened",
        Event::Joined => "joined",
        Event::Approved { .. } => "approved",
        Event::OwnerAgreed { .. } => "owner agreed",
        Event::Denied { .. } => "denied",
        Event::Withdrawn { .. } => "withdrawn",
        Event::UndoWanted { .. } => "undo wanted",
        Event::Adjusted { .. } => "adjusted",
        Event::PhasePressed { .. } => "phase pressed",
        Event::SummaryAsked | Event::ReportAsked => "asked",
        Event::Exposed { .. } => "exposure said",
        Event::Refused { .. } => "refused",
        Event::Closed { .. } => "closed",
        Event::Proposed { .. } => "proposed",
        Event::Intent { .. } => "intents",
        _ => return None,
    })
}
