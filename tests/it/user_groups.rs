//! Lists that name user groups, and who the people are that press: looked up, or they do not count.

use crate::council::{ANA, BOB, CYN, Council, plan};
use jiff::SignedDuration;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::event::Event;
use keyleak::domain::policy::Policy;
use keyleak::domain::record::Actor;
use keyleak::sim::slack::faults::Fault;
use keyleak::sim::slack::people::{Group, Person, Standing};
use std::time::Duration;

const GROUP: &str = "S0APPROVERS";
const GUEST: &str = "U0GIL00007";
const GONE: &str = "U0HAL00008";
const ROBOT: &str = "U0ROB00009";
const FOREIGN: &str = "U0EVE00010";
const LONG: SignedDuration = SignedDuration::from_mins(15);

fn policy() -> Policy {
    Policy { approvers: [GROUP.to_owned()].into(), ..Policy::default() }
}

fn others() -> Vec<Person> {
    let person = |id: &str, standing| Person { standing, ..Person::member(id, id, id) };
    vec![
        person(GUEST, Standing::Guest),
        Person { deleted: true, ..Person::member(GONE, "hal", "Hal") },
        person(ROBOT, Standing::Bot),
        Person::stranger(FOREIGN, "eve", "T0OTHER0001"),
    ]
}

async fn council(valid_for: SignedDuration) -> Council {
    let council = Council::sit(policy(), others(), valid_for).await;
    let members = [ANA, BOB, GUEST, GONE, ROBOT, FOREIGN].map(str::to_owned);
    council.slack.set_group(Group::new(GROUP, "approvers", members.into()));
    council
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_its_full_members_and_whoever_is_skipped_is_told() {
    let council = council(LONG).await;
    let (case, at) = council.case("kl-group", plan(council.clock.now())).await;
    council.settle(&case).await;
    let now = council.bench().policy();
    assert_eq!(now.approvers, [ANA, BOB].map(str::to_owned).into());
    let told = now.known.unwrap().told().join("\n");
    for (user, why) in [
        (GUEST, "a guest"),
        (GONE, "deactivated"),
        (ROBOT, "a bot"),
        (FOREIGN, "of another workspace"),
    ] {
        assert!(told.contains(&format!("{user} is skipped ({why})")), "{told}");
        let said = council.press(user, ButtonAction::Approve(at.clone())).await.unwrap();
        assert!(said.contains(&format!("Slack says that you are {why}")), "{user}: {said}");
    }
    let said = council.press(CYN, ButtonAction::Approve(at.clone())).await.unwrap();
    assert!(said.contains("you are not an approver"), "{said}");
    assert_eq!(council.press(BOB, ButtonAction::Approve(at)).await, None);
    let after = council.load(case.id()).await;
    let approved = after.records().iter().find(|r| matches!(r.event, Event::Approved { .. }));
    let Actor::Member { vouched, .. } = &approved.unwrap().actor else {
        panic!("what Slack said of bob stands beside what he decided");
    };
    assert_eq!(vouched.groups, [GROUP]);
    assert!(vouched.as_of <= council.clock.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_slack_does_not_name_is_nobody_and_each_is_told_what_to_do() {
    let council = council(LONG).await;
    let (_, at) = council.case("kl-closed", plan(council.clock.now())).await;
    let approve = || council.press(BOB, ButtonAction::Approve(at.clone()));
    council.slack.set_group(Group { enabled: false, ..Group::new(GROUP, "approvers", Vec::new()) });
    let said = approve().await.unwrap();
    assert!(said.contains(GROUP) && said.contains("enable the group in Slack"), "{said}");
    council.slack.revoke("usergroups:read");
    let said = approve().await.unwrap();
    assert!(said.contains("lacks the scope usergroups:read"), "{said}");
    council.slack.grant("usergroups:read");
    council.slack.set_group(Group::new(GROUP, "approvers", vec![BOB.to_owned()]));
    assert_eq!(approve().await, None, "nothing else was in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_slack_does_not_describe_decides_nothing() {
    let council = council(LONG).await;
    let (_, at) = council.case("kl-unseen", plan(council.clock.now())).await;
    let approve = || council.press(BOB, ButtonAction::Approve(at.clone()));
    council.slack.revoke("users:read");
    let said = approve().await.unwrap();
    assert!(said.contains("could not look up who you are"), "{said}");
    assert!(said.contains("users:read") && said.contains("`keyleak approve`"), "{said}");
    council.slack.grant("users:read");
    assert_eq!(approve().await, None, "nothing else was in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_counts_no_longer_and_what_is_not_does_while_slack_is_away() {
    for (valid_for, stale) in [(SignedDuration::from_secs(2), true), (LONG, false)] {
        let council = council(valid_for).await;
        let (case, at) = council.case("kl-stale", plan(council.clock.now())).await;
        council.settle(&case).await;
        council.press(BOB, ButtonAction::Summary { case: at.case.clone() }).await;
        council.slack.set_down(true);
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        let said = council.press(BOB, ButtonAction::Approve(at.clone())).await;
        match stale {
            true => assert!(said.unwrap().contains("could not look up who you are")),
            false => assert_eq!(said, None),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_in_a_channel_that_is_shared_with_others() {
    let council = council(LONG).await;
    let (case, at) = council.case("kl-shared", plan(council.clock.now())).await;
    let channel = case.room().channel.clone().unwrap();
    council.slack.change_channel(&channel.0, |channel| channel.shared_externally = true);
    for button in [ButtonAction::Approve(at.clone()), ButtonAction::Deny(at.clone())] {
        let said = council.press(BOB, button).await.unwrap();
        assert!(said.contains("shared with another organisation"), "{said}");
    }
    let other = council.case("kl-ours", plan(council.clock.now())).await;
    assert_eq!(council.press(BOB, ButtonAction::Deny(other.1)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_slack_does_not_keep_a_press_from_its_answer() {
    let council = council(LONG).await;
    let (_, at) = council.case("kl-slow", plan(council.clock.now())).await;
    council.slack.delay("users.info", Duration::from_secs(5));
    let began = std::time::Instant::now();
    let said = council.press(BOB, ButtonAction::Approve(at.clone())).await.unwrap();
    assert!(said.contains("could not look up who you are"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let limited = Fault::RateLimited(30);
    let second = self::council(LONG).await;
    let (_, at) = second.case("kl-busy", plan(second.clock.now())).await;
    second.slack.script("usergroups.users.list", &limited, 1);
    let said = second.press(BOB, ButtonAction::Approve(at.clone())).await.unwrap();
    assert!(said.contains("asks for patience"), "{said}");
    let calls = || {
        let calls = second.slack.calls().into_iter();
        calls.filter(|call| call.method == "usergroups.users.list").count()
    };
    let before = calls();
    second.press(BOB, ButtonAction::Approve(at)).await.unwrap();
    assert_eq!(calls(), before, "Slack is left in peace for as long as it asked");
}
