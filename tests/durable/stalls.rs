//! A holder that stalls for longer than its lease, and one that is told to end.
//!
//! The process is stopped as a suspended machine is (SIGSTOP), at the place where its next
//! instruction would do harm; another one takes the case over; then the first one goes on.

use crate::check::{meaning, problems, taken_back};
use crate::labels::label;
use crate::orders::{Mishap, Moment, Sabotage, Weather};
use crate::runtime;
use crate::story::{GLANCE, Late, PATIENCE, QUIET, SPEED, Told, USER, next_move, told};
use crate::town::{Replica, State, Town};
use keyleak::domain::case::Case;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::ports::journal::{Claim, Work};
use libtest_mimic::{Failed, Trial};
use std::time::Instant;

/// A lease is six seconds long, so that none runs out by itself while a process ends.
const DRAIN_SPEED: u32 = 5;

/// Where a process stands still, and what of it comes late.
struct Stall {
    mishap: Mishap,
    /// The record that another replica writes before the first one goes on.
    until: &'static str,
    late: Late,
}

pub(crate) fn trials() -> Vec<Trial> {
    let at = |label: &str| Moment { label: label.to_owned(), nth: 1 };
    let stalls = [
        ("before_its_intent", Mishap::StallsBefore(at("intent 1.1")), "outcome 1.1", Late::Nothing),
        ("after_its_intent", Mishap::StallsAfter(at("intent 1.1")), "outcome 1.1", Late::Nothing),
        // Nothing outside can be asked to refuse it: it must mean the same.
        ("before_its_call", Mishap::StallsBeforeTheCall, "outcome 1.1", Late::Call),
        // The same: it is found by its key and taken back.
        ("before_the_card", Mishap::StallsBeforeThePost("/card".into()), "posted card", Late::Post),
        (
            "before_the_plan",
            Mishap::StallsBeforeThePost("/plan-1".into()),
            "posted plan 1",
            Late::Post,
        ),
    ];
    let stalls = stalls.map(|(place, mishap, until, late)| {
        let name = format!("a_holder_that_stalls_{place}_does_no_harm_when_it_wakes");
        Trial::test(name, move || {
            let stall = Stall { mishap, until, late };
            none(runtime().block_on(wrong_after(&stall, None)))
        })
    });
    let moment = at("intent 1.1");
    let sabotage = "sabotage_a_hold_that_always_covers_an_effect_turns_the_check_red";
    let sabotage = Trial::test(sabotage, move || {
        let (mishap, until) = (Mishap::StallsAfter(moment), "outcome 1.1");
        let stall = Stall { mishap, until, late: Late::Nothing };
        let wrong = runtime().block_on(wrong_after(&stall, Some(Sabotage::LeaseIgnored)));
        some(&wrong, &["UNINTENDED", "changes of", "REPEATED"])
    });
    let drains = Trial::test("a_bot_that_is_told_to_end_finishes_and_gives_its_cases_back", || {
        none(runtime().block_on(wrong_after_the_end_of_one(true)))
    });
    let killed = "sabotage_an_end_without_a_drain_turns_the_check_red";
    let killed = Trial::test(killed, || {
        let wrong = runtime().block_on(wrong_after_the_end_of_one(false));
        some(&wrong, &["not given back"])?;
        some(&wrong, &["without an outcome"])
    });
    stalls.into_iter().chain([sabotage, drains, killed]).collect()
}

fn none(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn some(wrong: &[String], expected: &[&str]) -> Result<(), Failed> {
    let is_expected = |wrong: &String| expected.iter().any(|word| wrong.contains(word));
    if wrong.iter().any(is_expected) {
        return Ok(());
    }
    Err(Failed::from(format!("none of {expected:?} was noticed: {wrong:?}")))
}

/// What is wrong at the end of the story whose first bot stalled on its way.
async fn wrong_after(stall: &Stall, sabotage: Option<Sabotage>) -> Vec<String> {
    let town = Town::found(SPEED, Weather::Story).await;
    let before = town.world.cloud.user_state(USER).unwrap();
    town.let_the_actor_strike().await;
    let mut first = town.start(stall.mishap.clone(), sabotage).await;
    let mut acknowledged = Vec::new();
    let stalled = play(&town, &mut acknowledged, |_| first.state() == State::Stalled).await;
    if let Err(why) = stalled {
        return vec![format!("it never stood still: {why}")];
    }
    if let Err(why) = stop_between_writes(&town, &first).await {
        return vec![why];
    }
    let _second = town.start(Mishap::Nothing, None).await;
    let has = |case: &Case| case.records().iter().any(|record| label(&record.event) == stall.until);
    if let Err(why) = play(&town, &mut acknowledged, has).await {
        return vec![format!("nobody took over: {why}")];
    }
    first.signal("CONT");
    wake(&town, &mut first, (stall.late, sabotage)).await;
    let ended = play(&town, &mut acknowledged, Case::is_archived).await;
    let case = match ended {
        Ok(case) => case,
        Err(why) => return vec![format!("the story has no end: {why}")],
    };
    tokio::time::sleep(QUIET).await;
    let late = Some(stall.late);
    let told = Told { town, case, acknowledged, before, happened: true, late };
    let mut wrong = problems(&told).await;
    if !wrong.is_empty() {
        wrong.push(told.town.log());
    }
    told.town.close().await;
    wrong
}

/// Stops a process while it does not write: SQLite's lock on the file outlives a stop, so that
/// nobody on this host could write before it goes on. A table has no such lock.
async fn stop_between_writes(town: &Town, replica: &Replica) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let writable = || {
        let file = rusqlite::Connection::open(&town.world.journal)?;
        file.busy_timeout(GLANCE)?;
        file.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
    };
    loop {
        replica.signal("STOP");
        match writable() {
            Ok(()) => return Ok(()),
            Err(why) if Instant::now() > deadline => return Err(why.to_string()),
            Err(_) => replica.signal("CONT"),
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Lets the first bot go on, and waits until what it was about to do has come.
async fn wake(town: &Town, first: &mut Replica, (late, sabotage): (Late, Option<Sabotage>)) {
    if sabotage.is_some() {
        // It takes its lease to be renewed before it looks at it.
        let renewed = first.renewals();
        until(|| first.renewals() > renewed + 1).await;
    }
    first.go_on();
    match late {
        Late::Nothing => {}
        Late::Call => {
            let holder = first.holder.clone();
            until(|| town.account.changes().iter().any(|change| change.by == holder)).await;
        }
        Late::Post => until(|| taken_back(&town.world.slack) > 0).await,
    }
}

/// Waits for something that must come; the test that waits in vain fails by what it sees then.
async fn until(come: impl Fn() -> bool) {
    let begun = Instant::now();
    while !come() && begun.elapsed() < PATIENCE {
        tokio::time::sleep(GLANCE).await;
    }
}

/// People do what the story wants until the case is such.
async fn play(
    town: &Town,
    acknowledged: &mut Vec<crate::people::Acknowledged>,
    is_such: impl Fn(&Case) -> bool,
) -> Result<Case, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let case = town.case().await.map_err(|error| error.to_string())?;
        if let Some(case) = case.as_ref().filter(|case| is_such(case)) {
            return Ok(case.clone());
        }
        if Instant::now() > deadline {
            return Err(case.map(|case| told(&case)).unwrap_or_default());
        }
        acknowledged.extend(next_move(town, case.as_ref()).await);
        tokio::time::sleep(GLANCE).await;
    }
}

/// What is wrong when a bot is told to end, or killed, in the middle of a change.
async fn wrong_after_the_end_of_one(is_told: bool) -> Vec<String> {
    let town = Town::found(DRAIN_SPEED, Weather::Story).await;
    town.let_the_actor_strike().await;
    let mut first = town.start(Mishap::StallsBeforeTheCall, None).await;
    let second = town.start_unknown(Mishap::Nothing, None).await;
    let mut acknowledged = Vec::new();
    let begun = play(&town, &mut acknowledged, |_| first.state() == State::Stalled).await;
    let case = match begun {
        Ok(case) => case,
        Err(why) => return vec![format!("no change was begun: {why}")],
    };
    if is_told {
        first.signal("TERM");
        first.go_on();
        first.wait_until_ended().await;
    } else {
        first.kill();
    }
    let mut wrong = Vec::new();
    let now = town.world.clock.now();
    let lease = town.store.lease(case.id(), "nobody", now, now).await.unwrap();
    if matches!(&lease, Claim::Theirs(theirs) if theirs.holder == first.holder) {
        wrong.push(format!("the lease was not given back: {lease:?}"));
    }
    let case = town.case().await.unwrap().unwrap();
    let outcome = case.records().iter().any(|record| label(&record.event) == "outcome 1.1");
    if !outcome {
        wrong.push("the intent is without an outcome".to_owned());
    }
    if wrong.is_empty() {
        // The other one goes on where this one ended.
        town.world.slack.set_bot_url(&format!("http://{}", second.address()));
        let done = |case: &Case| case.plans().any(|state| state.status() == PlanStatus::Done);
        wrong.extend(play(&town, &mut acknowledged, done).await.err());
        let done = town.account.changes();
        let by_first = done.iter().filter(|change| change.by == first.holder);
        let mut twice: Vec<_> = done.iter().map(|change| meaning(&change.action)).collect();
        twice.sort();
        let all = twice.len();
        twice.dedup();
        if by_first.count() != 1 || twice.len() != all {
            wrong.push(format!("changes: {done:?}"));
        }
    }
    town.close().await;
    wrong
}
