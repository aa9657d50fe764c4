//! What must be so at the end of a story, wherever a bot died in it.

use crate::labels::label;
use crate::story::{Late, Told, USER, count};
use crate::wire::Made;
use keyleak::domain::action::{Action, Change};
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::record::check_chain;
use keyleak::domain::step_result::StepResult;
use keyleak::ports::journal::Journal;
use keyleak::sim::slack::server::SimSlack;
use keyleak::sim::slack::state::CallRecord;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong, in words; nothing when all is well.
pub(crate) async fn problems(told: &Told) -> Vec<String> {
    let mut found = Vec::new();
    let lines = told.town.store.read(told.case.id(), 0).await.unwrap();
    if let Err(problem) = check_chain(told.case.id(), &lines) {
        found.push(format!("the chain: {problem}"));
    }
    found.extend(decisions(told));
    found.extend(steps(&told.case));
    found.extend(changes(&in_time(told)));
    found.extend(effects(told));
    found.extend(account(told));
    found.extend(channel(told));
    found.extend(answers(&told.case));
    found
}

/// Every press that was acknowledged is in the journal, and each decision is there once.
fn decisions(told: &Told) -> Vec<String> {
    let case = &told.case;
    let mut found: Vec<String> = told
        .acknowledged
        .iter()
        .filter(|press| !case.has_seen(&press.key))
        .map(|press| format!("LOST: {} was acknowledged and is not in the journal", press.what))
        .collect();
    let mut approved: BTreeMap<u32, usize> = BTreeMap::new();
    for record in case.records() {
        if let Event::Approved { plan, .. } = &record.event {
            *approved.entry(plan.0).or_default() += 1;
        }
    }
    let numbers: Vec<u32> = case.plans().map(|state| state.plan.number.0).collect();
    if approved.len() != numbers.len() || approved.values().any(|times| *times != 1) {
        found.push(format!("approvals {approved:?} of plans {numbers:?}"));
    }
    let once: [(&str, usize); 6] = [
        ("scope", case.presses(Phase::Scope).len()),
        ("undo wanted", count(case, |event| matches!(event, Event::UndoWanted { .. }))),
        ("closed", count(case, |event| matches!(event, Event::Closed { .. }))),
        ("reconciled", count(case, |event| matches!(event, Event::Reconciled { .. }))),
        ("reported", count(case, |event| matches!(event, Event::Reported { .. }))),
        ("archived", count(case, |event| matches!(event, Event::Archived))),
    ];
    let wrong = once.iter().filter(|(_, times)| *times != 1);
    found.extend(wrong.map(|(what, times)| format!("{what} {times} times")));
    found
}

/// Every step is done, and said to be done once.
fn steps(case: &Case) -> Vec<String> {
    let mut done: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for record in case.records() {
        if let Event::Outcome { plan, step, result: StepResult::Done { .. }, .. } = &record.event {
            *done.entry((plan.0, *step)).or_default() += 1;
        }
    }
    let mut found: Vec<String> = done
        .iter()
        .filter(|(_, times)| **times != 1)
        .map(|((plan, step), times)| format!("step {plan}.{step} was done {times} times"))
        .collect();
    for state in case.plans().filter(|state| state.status() != PlanStatus::Done) {
        found.push(format!("plan {} is {:?}", state.plan.number.0, state.status()));
    }
    found
}

/// The changes without a late one, if the last change of its target before it was the same.
fn in_time(told: &Told) -> Vec<Made> {
    let mut changes = told.town.account.changes();
    let again = |at: &usize| {
        let late: &Made = &changes[*at];
        let (target, _) = meaning(&late.action);
        let mut before = changes[..*at].iter().rev();
        let last = before.find(|change| meaning(&change.action).0 == target);
        last.is_some_and(|last| last.action == late.action && last.by != late.by)
    };
    let late = (0..changes.len()).find(again).filter(|_| told.late == Some(Late::Call));
    if let Some(late) = late {
        changes.remove(late);
    }
    changes
}

/// Each target is contained once and released once, in this order, and never before the journal
/// said so.
pub(crate) fn changes(changes: &[Made]) -> Vec<String> {
    let mut turns: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.done) {
        let (target, contains) = meaning(&change.action);
        turns.entry(target).or_default().push(contains);
    }
    let unintended = changes.iter().filter(|change| change.intent.is_none());
    let unintended = unintended.map(|change| format!("UNINTENDED: {}", meaning(&change.action).0));
    let wrong = turns.iter().filter(|(_, turns)| turns.as_slice() != [true, false]);
    let wrong = wrong.map(|(target, turns)| format!("changes of {target}: contained {turns:?}"));
    unintended.chain(wrong).collect()
}

pub(crate) fn meaning(action: &Action) -> (String, bool) {
    let on = &action.on;
    match &action.change {
        Change::Deny { .. } | Change::LiftDeny { .. } => (on.to_string(), action.contains()),
        Change::DeactivateKey { key } | Change::ActivateKey { key } => {
            (format!("key {key}"), action.contains())
        }
        Change::DeactivateCredential { credential } | Change::ActivateCredential { credential } => {
            (format!("credential {}", credential.id), action.contains())
        }
        Change::RevokeSessions { .. } | Change::LiftRevocation { .. } => {
            (format!("sessions of {on}"), action.contains())
        }
        Change::Quarantine { tag, .. } | Change::LiftQuarantine { tag } => {
            (format!("tag {tag} of {on}"), action.contains())
        }
        Change::Delete { .. } | Change::DeleteResource => (on.to_string(), true),
        Change::Resource { .. } => (on.to_string(), action.contains()),
        Change::MakeKey { secret, .. } => (format!("key in {secret}"), true),
        Change::PutTrust { document } => (format!("trust of {on}: {document}"), true),
        Change::SetBoundary { boundary } => (format!("boundary of {on}: {boundary:?}"), true),
    }
}

/// Each step changed the account once, as the account itself counts.
fn effects(told: &Told) -> Option<String> {
    let steps = told.case.plans().map(|state| state.all_steps().count() as u64).sum::<u64>();
    let steps = steps + u64::from(told.late == Some(Late::Call));
    let effects = told.town.world.cloud.bot_changes();
    let words = format!("REPEATED: {steps} steps changed the account {effects} times");
    (effects != steps).then_some(words)
}

/// How the case ended: what was decided, done, said and answered. How often the account and the
/// trail were looked at on the way there depends on the time, and is left out.
pub(crate) fn end(case: &Case) -> BTreeSet<String> {
    let is_part = |event: &Event| {
        matches!(
            event,
            Event::Opened { .. }
                | Event::Proposed { .. }
                | Event::Approved { .. }
                | Event::OwnerAgreed { .. }
                | Event::Outcome { .. }
                | Event::Held { .. }
                | Event::Contained { .. }
                | Event::PhasePressed { .. }
                | Event::UndoWanted { .. }
                | Event::Closed { .. }
                | Event::Reconciled { .. }
                | Event::Reported { .. }
                | Event::Posted { .. }
                | Event::Archived
        )
    };
    let parts = case.records().iter().filter(|record| is_part(&record.event));
    let mut end: BTreeSet<String> = parts.map(|record| label(&record.event)).collect();
    for state in case.plans() {
        let number = state.plan.number.0;
        end.insert(format!("plan {number} is {:?}", state.status()));
        end.extend(state.all_steps().map(|(index, step, state)| {
            // Every case has an id of its own, and what it leaves in the account is named by it.
            let action = format!("{:?}", step.action).replace(&case.id().0, "this case");
            format!("{number}.{} {action} {}", index + 1, done(state.result.as_ref()))
        }));
    }
    end
}

fn done(result: Option<&StepResult>) -> &'static str {
    match result {
        Some(StepResult::Done { .. }) => "done",
        Some(_) => "not done",
        None => "never tried",
    }
}

/// What differs between the end of the story without a mishap and this one.
pub(crate) fn unlike(unbroken: &BTreeSet<String>, ended: &BTreeSet<String>) -> Vec<String> {
    let missing = unbroken.difference(ended).map(|part| format!("UNLIKE: missing {part}"));
    let more = ended.difference(unbroken).map(|part| format!("UNLIKE: more {part}"));
    missing.chain(more).collect()
}

/// The account is as it was before the case.
fn account(told: &Told) -> Vec<String> {
    let now = told.town.world.cloud.user_state(USER).unwrap();
    differences(&told.before, &now)
}

/// One channel, put away; every message and file in it once, and no other.
fn channel(told: &Told) -> Vec<String> {
    let slack = &told.town.world.slack;
    let mut found = slack.violations();
    let rooms = slack.channels().into_iter().filter(|room| room.name.contains("keyleak-"));
    let rooms: Vec<_> = rooms.collect();
    let [room] = rooms.as_slice() else {
        found.push(format!("{} channels", rooms.len()));
        return found;
    };
    if !room.archived {
        found.push("the channel is not archived".to_owned());
    }
    let posted = told.case.room().posted.len();
    let ours = slack.messages(&room.id);
    let ours = ours.iter().filter(|message| message["user"] == "U0BOT00000");
    let (files, words): (Vec<_>, Vec<_>) = ours
        .filter(|message| message["subtype"].is_null() || message["subtype"] == "file_share")
        .partition(|message| message["subtype"] == "file_share");
    if words.len() != posted {
        found.push(format!("TWICE: {} messages for {posted} records", words.len()));
    }
    let calls = slack.calls();
    let sent = calls.iter().filter(|call| is_sent(call, &room.id)).count();
    // Any lane may have been stopped on its way to Slack: what it sent late was taken back.
    let late = if told.late.is_some() { taken_back(slack) } else { 0 };
    if sent != posted + late {
        found.push(format!("TWICE: {sent} messages were sent for {posted} records"));
    }
    found.extend(keyed_once(&words));
    found.extend(files_once(told, &files));
    found
}

/// How many messages a bot has taken back.
pub(crate) fn taken_back(slack: &SimSlack) -> usize {
    let calls = slack.calls();
    calls.iter().filter(|call| call.method == "chat.delete" && call.outcome == "ok").count()
}

fn is_sent(call: &CallRecord, channel: &str) -> bool {
    call.method == "chat.postMessage" && call.outcome == "ok" && call.args["channel"] == channel
}

fn keyed_once(messages: &[&Value]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let key = |message: &Value| message["metadata"]["event_payload"]["key"].to_string();
    let twice = messages.iter().map(|message| key(message)).filter(|key| !seen.insert(key.clone()));
    twice.map(|key| format!("TWICE: message {key}")).collect()
}

/// Each answer with rows came as one file, and the report in its three forms; and as a picture
/// where the journal says that there is one.
fn files_once(told: &Told, shared: &[&Value]) -> Vec<String> {
    let names = |message: &&Value| message["files"][0]["name"].as_str().map(str::to_owned);
    let shared: Vec<String> = shared.iter().filter_map(names).collect();
    let distinct: BTreeSet<&String> = shared.iter().collect();
    let mut found = Vec::new();
    if distinct.len() != shared.len() {
        found.push(format!("TWICE: files {shared:?}"));
    }
    let report = told.case.records().iter().rev().find_map(|record| {
        let Event::Reported { others, .. } = &record.event else { return None };
        Some(1 + others.len())
    });
    let report = report.unwrap_or_default().max(3);
    let owed = told.case.answers().iter().filter(|(_, answer)| answer.rows > 0).count() + report;
    if distinct.len() != owed {
        found.push(format!(
            "{} files for {owed}: each answer, and those of the report",
            distinct.len()
        ));
    }
    found
}

/// Every question of the press is answered once.
fn answers(case: &Case) -> Vec<String> {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, answer) in case.answers() {
        *times.entry(answer.question.as_str()).or_default() += 1;
    }
    let mut found: Vec<String> = times
        .iter()
        .filter(|(_, times)| **times != 1)
        .map(|(question, times)| format!("question {question} was answered {times} times"))
        .collect();
    if times.is_empty() {
        found.push("no question was answered".to_owned());
    }
    found.extend(
        case.questions_failed().iter().map(|(_, question, why)| format!("{question}: {why}")),
    );
    found.extend(case.survey_failed().map(|(_, why)| why.to_owned()));
    found
}
