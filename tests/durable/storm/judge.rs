//! What must be so after a storm.

use crate::bot::digest;
use crate::check::meaning;
use crate::labels::label;
use crate::storm::Sky;
use crate::storm::books::Deed;
use crate::storm::tally::told;
use crate::wire::Made;
use jiff::Timestamp;
use keyleak::domain::action::Action;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::force::holds;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::record::{Record, check_chain};
use keyleak::domain::step_result::StepResult;
use keyleak::ports::journal::{Journal, Work};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong, in words; nothing when all is well.
pub(crate) async fn problems(sky: &Sky<'_>, leaked: &[String], folds: Vec<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut cases = Vec::new();
    for id in sky.town.store.all_cases().await.unwrap() {
        let lines = sky.town.store.read(&id, 0).await.unwrap();
        if lines.is_empty() {
            continue;
        }
        let whole = check_chain(&id, &lines).map_err(|problem| problem.to_string());
        let whole = whole.and_then(|records| Case::fold(records).map_err(|e| e.to_string()));
        match whole {
            Ok(case) => cases.push(case),
            Err(problem) => found.push(format!("CHAIN: {id}: {problem}")),
        }
    }
    found.extend(decisions(sky, &cases));
    found.extend(one_open_case(leaked, &cases));
    found.extend(cases.iter().flat_map(plans));
    found.extend(account(sky, &cases));
    found.extend(channels(sky, &cases));
    found.extend(agreed(&cases, &folds));
    found
}

/// What people were told is recorded is there, once; and nothing that nobody did.
fn decisions(sky: &Sky<'_>, cases: &[Case]) -> Vec<String> {
    let mut found = Vec::new();
    let books = sky.books.all();
    let mut by_key: BTreeMap<&str, Vec<(&Case, &Record)>> = BTreeMap::new();
    for case in cases {
        for record in case.records().iter().filter(|record| record.person().is_some()) {
            match record.delivery.as_deref() {
                Some(key) => by_key.entry(key).or_default().push((case, record)),
                None => found.push(format!("KEYLESS: {} {}", case.id(), record.seq)),
            }
        }
    }
    for (key, records) in &by_key {
        match books.get(*key) {
            None => found.push(format!("NOBODY'S: {key} is in the journal")),
            Some(deed) => found.extend(unlike(deed, records)),
        }
        if records.len() > 1 {
            let at = |(case, record): &(&Case, &Record)| {
                format!("{} {} {} at {}", case.id(), record.seq, label(&record.event), record.at)
            };
            let at: Vec<String> = records.iter().map(at).collect();
            found.push(format!("TWICE: {key} is in the journal: {}", at.join("; ")));
        }
    }
    let missing = books.iter().filter(|(key, _)| !by_key.contains_key(key.as_str()));
    found.extend(missing.filter_map(|(key, deed)| lost(sky, cases, (key, deed))));
    found.extend(counted(&books, cases));
    found
}

/// A record says what was done, and by whom.
fn unlike(deed: &Deed, records: &[(&Case, &Record)]) -> Vec<String> {
    let is_it = |(case, record): &&(&Case, &Record)| {
        let same = record.person().is_some_and(|person| person.user == deed.who);
        same && case.opening().key.reveal() == deed.leaked && means(deed, &record.event)
    };
    let wrong = records.iter().filter(|record| !is_it(record));
    wrong
        .map(|(case, record)| format!("UNLIKE: {} {} is {deed:?}", case.id(), record.seq))
        .collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "people do nothing else in a storm")]
fn means(deed: &Deed, event: &Event) -> bool {
    let what = deed.what.as_str();
    match event {
        Event::Opened(_) | Event::Joined => what.starts_with("/keyleak AKIA"),
        Event::Exposed { .. } => what.starts_with("/keyleak exposed"),
        Event::SummaryAsked => what == "case.summary" || what.starts_with("/keyleak summary"),
        Event::ReportAsked => what == "case.report",
        Event::Approved { .. } | Event::OwnerAgreed { .. } => what == "plan.approve",
        Event::Denied { .. } => what == "plan.deny",
        Event::Withdrawn { .. } => what == "plan.withdraw",
        Event::UndoWanted { .. } => what == "plan.undo",
        Event::Closed { .. } => what == "case.close",
        Event::PhasePressed { phase } => what == format!("phase.{}", phase.slug()),
        Event::Refused { .. } => true,
        _ => false,
    }
}

/// Something that was answered 200, is not in the journal, and whose person was not told so.
fn lost(sky: &Sky<'_>, cases: &[Case], (key, deed): (&str, &Deed)) -> Option<String> {
    if !deed.was_taken() {
        return None;
    }
    let about = || cases.iter().filter(|case| case.opening().key.reveal() == deed.leaked);
    let told = told(sky, deed);
    let excused = if deed.is_press() {
        // A refusal is written down as well, unless the case was closed: then only words tell.
        let closed = about().any(|case| case.closed_at().is_some());
        let unsure = told.contains(&"told: not recorded");
        closed || unsure
    } else {
        let read_only = deed.what.starts_with("/keyleak status");
        // Whoever is in the case already joins it without a word in the journal.
        let inside =
            || about().any(|case| case.room().wanted.iter().any(|person| person.user == deed.who));
        let opens = deed.what.starts_with("/keyleak AKIA");
        let joined = opens && !deed.words().any(|words| words.contains("Opened case")) && inside();
        let not_so = ["There is no such", "Not recorded", "Nothing was done"];
        let no = |words: &str| not_so.iter().any(|no| words.contains(no));
        read_only || joined || deed.words().all(no)
    };
    (!excused).then(|| format!("LOST: {key}: {} by {} ({told:?})", deed.what, deed.who))
}

/// Nobody is in the journal with more than they did: by what it is, whatever its key.
fn counted(books: &BTreeMap<String, Deed>, cases: &[Case]) -> Vec<String> {
    let mut done: BTreeMap<(String, String, String), (usize, usize)> = BTreeMap::new();
    for deed in books.values().filter(|deed| deed.is_press()) {
        let which = (deed.leaked.clone(), deed.who.clone(), deed.what.clone());
        done.entry(which).or_default().0 += 1;
    }
    for case in cases {
        for record in case.records() {
            let Some((person, what)) = record.person().zip(pressed(&record.event)) else {
                continue;
            };
            let leaked = case.opening().key.reveal().to_owned();
            done.entry((leaked, person.user.clone(), what)).or_default().1 += 1;
        }
    }
    let more = done.iter().filter(|(_, (done, recorded))| recorded > done);
    more.map(|((leaked, who, what), (done, recorded))| {
        let four = &leaked[leaked.len() - 4..];
        format!("COUNTED TWICE: {who} pressed {what} of …{four} {done} times, {recorded} recorded")
    })
    .collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only what can be done by a button alone")]
fn pressed(event: &Event) -> Option<String> {
    Some(match event {
        Event::PhasePressed { phase } => format!("phase.{}", phase.slug()),
        Event::ReportAsked => "case.report".to_owned(),
        Event::Withdrawn { .. } => "plan.withdraw".to_owned(),
        Event::UndoWanted { .. } => "plan.undo".to_owned(),
        Event::Refused { what, .. } if what.contains('.') => what.clone(),
        _ => return None,
    })
}

fn one_open_case(leaked: &[String], cases: &[Case]) -> Vec<String> {
    let of = |key: &String| -> Vec<&Case> {
        cases.iter().filter(|case| case.opening().key.reveal() == key).collect()
    };
    let all = leaked.iter().map(|key| (key, of(key)));
    all.filter_map(|(key, cases)| {
        let open = cases.iter().filter(|case| case.closed_at().is_none()).count();
        let wrong = cases.is_empty() || open > 1;
        wrong.then(|| format!("CASES: {key} has {} cases, {open} of them open", cases.len()))
    })
    .collect()
}

/// No approval is lost: what enough people approved was carried out, or stopped by somebody.
fn plans(case: &Case) -> Vec<String> {
    let unfinished = case.plans().filter(|state| match state.status() {
        PlanStatus::Approved | PlanStatus::Executing => case.closed_at().is_none(),
        PlanStatus::Partly => true,
        PlanStatus::Proposed
        | PlanStatus::Done
        | PlanStatus::Denied
        | PlanStatus::Expired
        | PlanStatus::Voided => false,
    });
    unfinished
        .map(|state| {
            let number = state.plan.number.0;
            format!("PLAN: {} plan {number} is {:?}", case.id(), state.status())
        })
        .collect()
}

/// Every change has an intent of its own, and every step that is done was done once.
fn account(sky: &Sky<'_>, cases: &[Case]) -> Vec<String> {
    let mut found = Vec::new();
    let changes = sky.town.account.changes();
    let mut intents = BTreeSet::new();
    let mut steps: BTreeMap<(&str, u32, u32), usize> = BTreeMap::new();
    for change in &changes {
        let Some(intent) = &change.intent else {
            found.push(format!("UNINTENDED: {:?} by {}", change.action, change.by));
            continue;
        };
        if !intents.insert(intent) {
            found.push(format!("REPEATED: {intent:?} was carried out twice"));
        }
        if change.done {
            *steps.entry((&intent.case.0, intent.plan, intent.step)).or_default() += 1;
        }
    }
    for case in cases {
        for record in case.records() {
            let Event::Outcome {
                plan, step, result: StepResult::Done { changed, how, .. }, ..
            } = &record.event
            else {
                continue;
            };
            let times = steps.remove(&(case.id().0.as_str(), plan.0, *step)).unwrap_or_default();
            // Who was killed before the call leaves nothing to do where it was in force before.
            let found_so = how.as_deref().is_some_and(|how| how.starts_with("found in force"));
            if *changed && times != 1 && !(times == 0 && found_so) {
                let at = format!("{} {}.{step}", case.id(), plan.0);
                found.push(format!("STEP: {at} is done, and was carried out {times} times"));
            }
        }
    }
    found
        .extend(steps.keys().map(|step| format!("STEP: {step:?} was carried out and is not said")));
    found.extend(as_it_stands(sky, &changes));
    found
}

/// The account is as the last change of each target left it.
fn as_it_stands(sky: &Sky<'_>, changes: &[Made]) -> Vec<String> {
    let cloud = &sky.town.world.cloud;
    let done = changes.iter().filter(|change| change.done);
    let last: BTreeMap<String, &Action> =
        done.map(|change| (meaning(&change.action).0, &change.action)).collect();
    let wrong = last.into_iter().filter(|(_, action)| {
        let user = cloud.user_state(&action.on.name).unwrap();
        !holds(action, &user, Timestamp::MIN)
    });
    wrong.map(|(target, action)| format!("ACCOUNT: {target} is not as after {action:?}")).collect()
}

/// One channel for each case, and each message in it once.
fn channels(sky: &Sky<'_>, cases: &[Case]) -> Vec<String> {
    let slack = &sky.town.world.slack;
    let mut found = slack.violations();
    let rooms = slack.channels();
    let rooms: BTreeMap<&str, bool> = rooms
        .iter()
        .filter(|room| room.name.contains("keyleak-"))
        .map(|room| (room.id.as_str(), room.archived))
        .collect();
    let mut ours = BTreeSet::new();
    for case in cases {
        let Some(channel) = &case.room().channel else {
            found.push(format!("CHANNEL: {} has none", case.id()));
            continue;
        };
        if !ours.insert(channel.0.as_str()) {
            found.push(format!("CHANNEL: {} is of two cases", channel.0));
        }
        found.extend(messages(sky, case, &channel.0));
    }
    let stray = rooms.iter().filter(|(id, archived)| !**archived && !ours.contains(*id));
    found.extend(stray.map(|(id, _)| format!("CHANNEL: {id} is of no case")));
    found
}

fn messages(sky: &Sky<'_>, case: &Case, channel: &str) -> Vec<String> {
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for message in sky.town.world.slack.messages(channel) {
        if let Some(key) = message["metadata"]["event_payload"]["key"].as_str() {
            *keys.entry(key.to_owned()).or_default() += 1;
        }
    }
    let owed: BTreeSet<String> =
        case.room().posted.keys().map(|key| format!("{}/{}", case.id(), key.0)).collect();
    let twice = keys.iter().filter(|(_, times)| **times > 1);
    let twice = twice.map(|(key, times)| format!("TWICE: message {key} is there {times} times"));
    let there: BTreeSet<String> = keys.keys().cloned().collect();
    let missing = owed.difference(&there).map(|key| format!("MESSAGE: {key} is not there"));
    let more = there.difference(&owed).map(|key| format!("MESSAGE: {key} is not recorded"));
    twice.chain(missing).chain(more).collect()
}

/// Each replica, which grew its folds record by record, makes the same of every case as a fold of
/// the whole.
fn agreed(cases: &[Case], folds: &[String]) -> Vec<String> {
    let whole: BTreeMap<String, String> =
        cases.iter().map(|case| (case.id().0.clone(), digest(case))).collect();
    let mut found = Vec::new();
    for (replica, folds) in folds.iter().enumerate() {
        let theirs: BTreeMap<String, String> = serde_json::from_str(folds).unwrap();
        let unlike = whole.iter().filter(|(id, fold)| theirs.get(*id) != Some(fold));
        found.extend(unlike.map(|(id, _)| format!("FOLD: {id} is another at replica {replica}")));
    }
    found
}
