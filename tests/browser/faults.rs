//! Each fault that a person can switch on, what comes of it on the page, and that it is the fault.

use crate::frame::{Outcome, trial};
use crate::look::serious;
use crate::parts::Parts;
use crate::steps::{
    ALIVE, BEATEN, approve_as, contained_once, delivered, go_to_the_plan, newest_calls,
    report_the_key, run_at, says_approved_by, see_turned, send_the_key, turn, visit,
};
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Seven minutes from the last step to "contained" are seven seconds.
const QUICK: u32 = 60;
/// A speed of its own, beside those that every page has.
const EASY: u32 = 4;
/// Longer than a second delivery takes at [`QUICK`], on a busy machine too.
const A_WHILE: Duration = Duration::from_secs(2);
/// The actor makes more calls than this in [`A_WHILE`].
const CALLS: usize = 8;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    type Story = fn(&Parts) -> Outcome;
    let stories: [(&str, Story); 11] = [
        ("what_slack_delivers_twice_is_one_case_and_one_decision", repeated),
        ("a_double_click_is_one_approval", double_click),
        ("what_slack_limits_comes_late_and_once", limited),
        ("while_slack_is_down_what_was_approved_is_done_and_told_later", down),
        ("a_bot_that_is_killed_while_it_contains_finishes_as_the_next_one", killed),
        ("throttled_steps_are_told_and_tried_until_they_are_done", throttled),
        ("contained_is_not_said_while_iam_still_lets_the_actor_in", lagging),
        ("a_deny_that_is_reverted_is_found_told_and_put_back_by_people", reverted),
        ("an_approver_who_is_a_suspect_is_refused_and_another_one_is_not", suspect),
        ("the_clock_runs_at_another_speed_and_never_goes_back", clock),
        ("the_switches_are_for_everybody_and_fit_a_phone", switches),
    ];
    let trial = |(name, story): (&str, Story)| {
        let parts = Arc::clone(parts);
        trial(name, move || story(&parts))
    };
    stories.map(trial).into()
}

fn repeated(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "repeated", QUICK)?;
    // The control: without the switch a command is delivered once, however long one waits.
    person.fill("#composer-text", "/keyleak help");
    person.press("Enter");
    person.see(".ephemeral");
    std::thread::sleep(A_WHILE);
    assert_eq!(delivered(&mut person, "/keyleak"), ["Ana Ruiz: /keyleak → 200"]);

    turn(&mut person, "repeat-delivery");
    let waits = see_turned(&mut person, "repeat-delivery", true);
    assert!(waits.contains("waits for what somebody does next"), "{waits}");
    send_the_key(&mut person);
    person.see("#faults .delivered li[data-turn=again]");
    let twice = delivered(&mut person, "/keyleak again");
    assert_eq!(twice, ["Ana Ruiz: /keyleak again → 200"]);
    see_turned(&mut person, "repeat-delivery", false);
    go_to_the_plan(&mut person);

    turn(&mut person, "repeat-delivery");
    see_turned(&mut person, "repeat-delivery", true);
    approve_as(&mut person, "Bob Okafor");
    person.see("#faults .delivered li[data-turn=again]:has-text('plan.approve')");
    assert_eq!(delivered(&mut person, "plan.approve").len(), 2);
    contained_once(&mut person, "bob");
    person.is_quiet();
    Ok(())
}

fn double_click(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "double", QUICK)?;
    report_the_key(&mut person);
    // The control: Ana's press is one, and does not count.
    person.press_button("Approve the plan", true);
    person.see(".ephemeral:has-text('somebody else has to approve')");
    assert_eq!(delivered(&mut person, "Ana Ruiz: plan.approve").len(), 1);

    turn(&mut person, "double-click");
    see_turned(&mut person, "double-click", true);
    approve_as(&mut person, "Bob Okafor");
    person.see(BEATEN);
    let two = ["Bob Okafor: plan.approve → 200"; 2];
    assert_eq!(delivered(&mut person, "Bob Okafor: plan.approve"), two);
    contained_once(&mut person, "bob");
    assert_eq!(person.texts("main :text('Rate exceeded')").len(), 0, "nothing else is switched on");
    person.is_quiet();
    Ok(())
}

fn limited(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "limited", 10)?;
    assert!(see_turned(&mut person, "slack-429", false).contains("off"));
    turn(&mut person, "slack-429");
    send_the_key(&mut person);
    person.see(".ephemeral:has-text('Opened case')");
    person.see("[data-fault=slack-429] :text-matches('[1-9][0-9]* calls? turned away')");
    // The channel, the card and the plan are late, and there.
    go_to_the_plan(&mut person);
    turn(&mut person, "slack-429");
    see_turned(&mut person, "slack-429", true);
    approve_as(&mut person, "Bob Okafor");
    person.see("[data-fault=slack-429] :text-matches('[1-9][0-9]* calls? turned away')");
    person.see(BEATEN);
    // It ends by itself; only then the channel hears of what was done.
    see_turned(&mut person, "slack-429", false);
    run_at(&mut person, QUICK);
    contained_once(&mut person, "bob");
    person.is_quiet();
    Ok(())
}

fn down(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "down", QUICK)?;
    report_the_key(&mut person);
    turn(&mut person, "slack-down");
    see_turned(&mut person, "slack-down", true);
    approve_as(&mut person, "Bob Okafor");
    person.see(BEATEN);
    person.see("[data-fault=slack-down] :text-matches('[1-9][0-9]* calls? turned away')");
    assert!(!says_approved_by(&mut person, "bob"), "nobody can have told the channel");
    turn(&mut person, "slack-down");
    see_turned(&mut person, "slack-down", false);
    contained_once(&mut person, "bob");
    assert!(says_approved_by(&mut person, "bob"), "the control of the line above");
    person.is_quiet();
    Ok(())
}

/// The steps are throttled, and the clock is slow, so that the bot dies between two tries.
fn killed(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "killed", QUICK)?;
    report_the_key(&mut person);
    person.see("#faults .bot:has-text('The bot runs')");
    run_at(&mut person, 1);
    turn(&mut person, "iam-throttle");
    approve_as(&mut person, "Bob Okafor");
    person.see("main :text('I try again.')");
    assert_eq!(person.texts(".toast:has-text('trouble connecting')").len(), 0, "nobody is dead");
    turn(&mut person, "kill-bot");
    person.see("#faults .bot:has-text('The bot is dead')");
    person.press_button("Scope", false);
    person.see(".toast:has-text('We had some trouble connecting')");
    assert_eq!(person.texts("#account .denied").len(), 0, "it died before it was done");
    let nobody = delivered(&mut person, "phase.scope");
    assert_eq!(nobody, ["Bob Okafor: phase.scope → nobody there"]);
    person.see("#faults .bot:has-text('The bot runs')");
    run_at(&mut person, QUICK);
    contained_once(&mut person, "bob");
    person.is_quiet();
    Ok(())
}

fn throttled(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "throttled", QUICK)?;
    report_the_key(&mut person);
    assert_eq!(person.texts("main :text('Rate exceeded')").len(), 0);
    turn(&mut person, "iam-throttle");
    see_turned(&mut person, "iam-throttle", true);
    approve_as(&mut person, "Bob Okafor");
    let told = person.see("main :text('Throttling: Rate exceeded')");
    assert!(told.contains("I try again."), "{told}");
    contained_once(&mut person, "bob");
    see_turned(&mut person, "iam-throttle", false);
    person.is_quiet();
    Ok(())
}

fn lagging(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "lagging", QUICK)?;
    report_the_key(&mut person);
    turn(&mut person, "iam-lag");
    see_turned(&mut person, "iam-lag", true);
    run_at(&mut person, 10);
    approve_as(&mut person, "Bob Okafor");
    // The account shows the deny, and lets the actor in all the same.
    person.see("#account .users li:has-text('ci-deployer') .denied");
    person.see(ALIVE);
    let allowed = newest_calls(&mut person, CALLS);
    assert!(allowed.contains(&true), "the control: the actor gets in: {allowed:?}");
    assert_eq!(person.texts("main :text('the trail is complete past')").len(), 0);
    run_at(&mut person, QUICK);
    contained_once(&mut person, "bob");
    std::thread::sleep(A_WHILE);
    let allowed = newest_calls(&mut person, CALLS);
    assert_eq!(allowed, [false; CALLS], "after \"contained\" nothing works");
    person.is_quiet();
    Ok(())
}

fn reverted(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "reverted", QUICK)?;
    report_the_key(&mut person);
    // The control: where nothing is denied, nothing can be reverted, and nothing is logged.
    turn(&mut person, "deny-reverted");
    person.see(".toast:has-text('nothing is denied yet')");
    assert_eq!(person.texts("#faults .lines li:has-text('ops-admin')").len(), 0);
    let refused = person.problems();
    assert!(refused.iter().all(|said| said.contains("422")), "{refused:?}");

    approve_as(&mut person, "Bob Okafor");
    contained_once(&mut person, "bob");
    assert_eq!(person.texts("main :text('ALARM')").len(), 0);
    turn(&mut person, "deny-reverted");
    let line = person.see("#faults .lines li:has-text('ops-admin')");
    assert!(line.contains("detached AWSDenyAll") && line.contains("activated"), "{line}");
    person.see(ALIVE);
    let alarm = person.see("main :text('ALARM')");
    assert!(alarm.contains("the deny on user ci-deployer is gone"), "{alarm}");
    person.see("main .message:has-text('Plan 2: contain') .kit:text-is('Approve the plan')");
    approve_as(&mut person, "Cyn Larsen");
    person.see(BEATEN);
    person.see("#account .users li:has-text('ci-deployer') .denied");
    person.see("main .message:has-text('Plan 2 holds')");
    person.is_quiet();
    Ok(())
}

fn suspect(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "suspect", QUICK)?;
    report_the_key(&mut person);
    turn(&mut person, "approver-suspect");
    see_turned(&mut person, "approver-suspect", true);
    person.see("#faults .lines li:has-text('people.suspects')");
    person.see("#faults .bot:has-text('The bot runs')");
    approve_as(&mut person, "Bob Okafor");
    let reason = person.see(".ephemeral:has-text('suspect')");
    assert!(reason.contains("Only visible to you"), "{reason}");
    std::thread::sleep(A_WHILE);
    assert!(!says_approved_by(&mut person, "bob"));
    person.see(ALIVE);
    assert_eq!(person.texts("#account .denied").len(), 0);
    // The same press by somebody whom nobody marked is the control.
    approve_as(&mut person, "Cyn Larsen");
    assert_eq!(person.texts(".ephemeral:has-text('suspect')").len(), 0, "Bob alone is told");
    contained_once(&mut person, "cyn");
    person.is_quiet();
    Ok(())
}

fn clock(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "clock", EASY)?;
    let speeds = person.texts("#speeds button");
    assert_eq!(speeds, ["1×", "4×", "10×", "60×"], "its own is among them");
    let mut last = String::new();
    for speed in [60, 1, 10, 4, 60] {
        run_at(&mut person, speed);
        let words = if speed == 1 { "UTC".to_owned() } else { format!("UTC · {speed}× faster") };
        let shown = person.see(&format!("#clock:text-matches('{words}$')"));
        let shown = shown.split(" UTC").next().unwrap_or_default().to_owned();
        assert!(shown >= last, "{last} and then {shown}");
        last = shown;
    }
    std::thread::sleep(A_WHILE);
    let later = person.see("#clock");
    assert!(later > last && !later.starts_with(&last), "it runs: {last} and then {later}");
    person.is_quiet();
    Ok(())
}

fn switches(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "switches", QUICK)?;
    assert_eq!(person.texts("#faults .switches li").len(), 9);
    assert_eq!(person.texts("#faults .switches li p:has-text('A good bot')").len(), 9);
    // By the keyboard alone: the panel is shut and opened, and a switch turned and turned back.
    person.step(json!({"do": "focus", "at": "#faults summary"}));
    person.press("Enter");
    person.gone("#faults .switches");
    person.press("Enter");
    person.see("#faults .switches");
    person.press("Tab");
    person.press("Tab");
    person.press("Space");
    person.see("[data-fault=double-click] button[aria-pressed=true]");
    let now = person.see("#faults summary .now");
    assert_eq!(now, "on: Double click", "it is said in words");
    person.press("Space");
    person.see("[data-fault=double-click] button[aria-pressed=false]");
    person.see("#faults summary .now:has-text('nothing is on')");
    turn(&mut person, "slack-down");
    see_turned(&mut person, "slack-down", true);
    serious(&mut person, "the switches");
    person.step(json!({"do": "size", "width": 360, "height": 740}));
    person.click("#tabs button:text-is('Account')");
    person.see("#faults .switches");
    assert_eq!(person.step(json!({"do": "wide"})), false, "it is wider than a phone");
    person.is_quiet();
    Ok(())
}
