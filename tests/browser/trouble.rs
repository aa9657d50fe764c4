//! Every kind of trouble that the page can make, and what people see the bot do about it.

use crate::browser::Browser;
use crate::drill::Drill;
use crate::frame::{Missing, Outcome, trial};
use crate::parts::Parts;
use crate::story::{ALIVE, BEATEN, SPEED, report_the_key};
use libtest_mimic::Trial;
use std::sync::Arc;

const DONE: &str = "main .kit:text-is('Undo this plan')";
const DENIED: &str = "#account .users li:has-text('ci-deployer') .denied";
const CHANGES: &str = "[data-part=changes] li";

type Body = fn(&Parts) -> Outcome;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let all: [(&str, Body); 9] = [
        ("a_press_delivered_again_counts_once", repeated),
        ("a_double_click_is_one_decision", double_clicked),
        ("with_too_many_requests_messages_come_late_and_none_is_lost", limited),
        ("with_slack_down_the_key_is_contained_and_the_channel_catches_up", slack_down),
        ("a_killed_bot_goes_on_and_does_no_step_twice", killed),
        ("a_throttled_change_is_made_at_the_next_attempt", throttled),
        ("while_iam_is_slow_the_actor_goes_on_and_nobody_says_contained", slow),
        ("a_deny_that_a_colleague_takes_off_is_told_and_asked_about", reverted),
        ("a_suspect_does_not_approve", suspected),
    ];
    let made = |(name, body): (&'static str, Body)| {
        let parts = Arc::clone(parts);
        trial(name, move || body(&parts))
    };
    all.into_iter().map(made).collect()
}

/// A case whose plan waits for Bob, who is at the keyboard.
fn at_the_plan(parts: &Parts, name: &'static str) -> Result<(Drill, Browser), Missing> {
    let (drill, mut person) = before_the_case(parts, name)?;
    report_the_key(&mut person);
    person.become_person("Bob Okafor");
    Ok((drill, person))
}

fn before_the_case(parts: &Parts, name: &'static str) -> Result<(Drill, Browser), Missing> {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, name, &drill.url)?;
    person.click("#intro button");
    person.click("#troubles summary");
    Ok((drill, person))
}

/// Presses the trouble's button, and waits until it is made.
fn make(person: &mut Browser, trouble: &str, expect: &str) {
    person.click(&format!("[data-trouble={trouble}]"));
    person.see(&format!(".toast:has-text('{expect}')"));
}

/// How often the newest story in the channel says that Bob approved.
fn approvals_told(person: &mut Browser) -> usize {
    let stories = "main article:has(.header:has-text('the story so far'))";
    let before = person.texts(stories).len();
    person.press_button("Tell the story so far", false);
    person.see(&format!("{stories} >> nth={before}"));
    let newest = person.texts(stories).pop().unwrap_or_default();
    newest.matches("bob approved plan 1").count()
}

fn changes_of(person: &mut Browser, operation: &str) -> Vec<String> {
    let changes = person.texts(CHANGES).into_iter();
    changes.filter(|change| change.contains(operation)).collect()
}

fn repeated(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "repeated")?;
    person.press_button("Approve the plan", true);
    person.see(DONE);
    make(&mut person, "repeat", "it counts once");
    assert_eq!(approvals_told(&mut person), 1);
    person.see(BEATEN);
    person.is_quiet();
    Ok(())
}

fn double_clicked(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "double")?;
    make(&mut person, "double-click", "one decision is recorded");
    person.press_button("Approve the plan", true);
    let second = person.see(".ephemeral");
    assert!(second.contains("Not done"), "{second}");
    person.see(DONE);
    assert_eq!(approvals_told(&mut person), 1);
    person.is_quiet();
    Ok(())
}

fn limited(parts: &Parts) -> Outcome {
    let (_drill, mut person) = before_the_case(parts, "limited")?;
    make(&mut person, "limited", "none is lost");
    report_the_key(&mut person);
    person.see("#troubles .met:has-text('refused 3 calls')");
    person.is_quiet();
    Ok(())
}

fn slack_down(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "down")?;
    make(&mut person, "slack-down", "the channel catches up");
    person.press_button("Approve the plan", true);
    person.see(BEATEN);
    assert_eq!(person.texts(DONE).len(), 0, "nothing can be written while Slack is down");
    make(&mut person, "slack-down", "no longer");
    person.see(DONE);
    person.is_quiet();
    Ok(())
}

fn killed(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "killed")?;
    person.press_button("Approve the plan", true);
    make(&mut person, "killed", "no step is done twice");
    person.see(BEATEN);
    person.see("main :text('Contained as of')");
    let denies = changes_of(&mut person, "AttachUserPolicy");
    let own = denies.iter().filter(|change| change.contains("ci-deployer"));
    assert_eq!(own.count(), 1, "{denies:?}");
    person.is_quiet();
    Ok(())
}

fn throttled(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "throttled")?;
    make(&mut person, "throttled", "it tries them again");
    person.press_button("Approve the plan", true);
    person.see(BEATEN);
    person.see(DONE);
    for operation in ["AttachUserPolicy", "UpdateAccessKey"] {
        let changes = changes_of(&mut person, operation);
        let refused = changes.iter().filter(|change| change.contains("Throttling")).count();
        assert!(refused == 1 && changes.len() > 1, "{changes:?}");
    }
    person.is_quiet();
    Ok(())
}

fn slow(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "slow")?;
    make(&mut person, "slow", "not called contained before");
    person.press_button("Approve the plan", true);
    person.see(DENIED);
    assert_eq!(person.texts(ALIVE).len(), 1, "the deny stands and does not bite yet");
    assert_eq!(person.texts("main :text('Contained as of')").len(), 0);
    person.see(BEATEN);
    person.see("main :text('Contained as of')");
    person.see(BEATEN);
    person.is_quiet();
    Ok(())
}

fn reverted(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "reverted")?;
    person.press_button("Approve the plan", true);
    person.see("main :text('Contained as of')");
    make(&mut person, "reverted", "a colleague is no actor");
    person.gone(DENIED);
    person.see("main article:has-text('the deny on user ci-deployer is gone')");
    // The bot proposes the deny again by itself; it was Ana's case, so Bob may approve.
    person.see("main .kit:text-is('Approve the plan')");
    person.press_button("Approve the plan", true);
    person.see(DENIED);
    person.is_quiet();
    Ok(())
}

fn suspected(parts: &Parts) -> Outcome {
    let (_drill, mut person) = at_the_plan(parts, "suspected")?;
    make(&mut person, "suspect", "his approval does not count");
    person.press_button("Approve the plan", true);
    person.see(".ephemeral:has-text('marked as a suspect')");
    person.see(ALIVE);
    person.become_person("Cyn Larsen");
    person.press_button("Approve the plan", true);
    person.see(BEATEN);
    person.is_quiet();
    Ok(())
}
