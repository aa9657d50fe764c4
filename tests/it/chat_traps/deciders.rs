//! Who decides: listed people, each once, by an id that is theirs; never a name, a list that is
//! empty, or whoever happens to be there.

use crate::bureau::caller;
use crate::chat_traps::house::{House, MEMBER, approvals, channel, is, member, told};
use crate::freeze::move_brake;
use crate::people::heard;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::policy::Policy;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::wait;
use keyleak::sim::slack::deliver::Twist;
use keyleak::sim::slack::people::Person;
use std::collections::BTreeSet;

/// With an empty list of approvers everybody in the channel could approve.
#[tokio::test(flavor = "multi_thread")]
async fn hermes_agent_36848_an_empty_list_of_approvers_is_nobody() {
    let mut house = House::with(1, &|desk| desk.rules.policy.approvers.clear()).await;
    let case = house.planned().await;
    house.press(&case, REPORTER, "plan.approve").await;
    heard(&house.world, REPORTER, "nobody is configured as an approver").await;
    let place = channel(&house.load(&case).await);
    let said = house.say(REPORTER, &place, "break-glass 1 it burns tonight").await;
    assert!(said.contains("nobody is configured as an approver"), "{said}");
    assert!(is(1, PlanStatus::Proposed)(&house.load(&case).await));
    house.stop().await;
    house.start(&|_| ()).await;
    let invited = |case: &Case| case.room().invited.iter().any(|one| one.user == APPROVER);
    house.until(&case, "the listed people being let in", invited).await;
    house.approve(&case).await;
    house.strike().await;
}

/// Lists and roles that were empty let everybody in.
#[test]
fn hubot_no_empty_list_lets_anybody_do_anything() {
    let team = caller(APPROVER).person().team.clone();
    let empty = Policy { team, openers: Some(BTreeSet::new()), ..Policy::default() };
    let approver = caller(APPROVER);
    assert!(empty.may_act(&approver).is_err());
    assert!(empty.may_freeze(&approver).is_err());
    assert!(empty.may_thaw(&approver).is_err());
    let listed = Policy { approvers: BTreeSet::from([APPROVER.to_owned()]), ..empty };
    assert!(listed.may_act(&approver).is_ok(), "the control");
    assert!(listed.may_freeze(&approver).is_ok() && listed.may_thaw(&approver).is_ok());
}

/// Whoever was in the channel had access, and nobody said so.
#[tokio::test(flavor = "multi_thread")]
async fn forge_311_to_be_in_the_channel_is_no_right_and_the_card_says_who_may() {
    let house = House::open().await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    let card = house.plan_card(&now, 1);
    assert!(card.contains("May approve") && card.contains(APPROVER), "{card}");
    assert!(card.contains(SECOND_APPROVER) && !card.contains(MEMBER), "{card}");
    house.welcome(&now, member());
    for button in ["plan.approve", "plan.deny"] {
        house.press(&case, MEMBER, button).await;
        heard(&house.world, MEMBER, "you are not an approver").await;
        house.world.slack.reload(MEMBER);
    }
    assert!(is(1, PlanStatus::Proposed)(&house.load(&case).await));
    house.approve(&case).await;
    house.strike().await;
}

/// A no was taken from anybody, and kept nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn sso_elevator_a_no_is_judged_and_kept_like_a_yes() {
    let house = House::open().await;
    let case = house.planned().await;
    house.welcome(&house.load(&case).await, member());
    for (who, why) in [(MEMBER, "you are not an approver"), (KEY_OWNER, "the key belongs to you")] {
        house.press(&case, who, "plan.deny").await;
        heard(&house.world, who, why).await;
    }
    let now = house.load(&case).await;
    assert!(is(1, PlanStatus::Proposed)(&now));
    assert_eq!(told(&now, |event| matches!(event, Event::Refused { .. })), 2);
    house.press(&case, APPROVER, "plan.deny").await;
    let now = house.until(&case, "the no", is(1, PlanStatus::Denied)).await;
    let denied = now.records().iter().find(|one| matches!(one.event, Event::Denied { .. }));
    assert_eq!(denied.unwrap().person().unwrap().user, APPROVER);
    house.strike().await;
}

/// Two approved in one moment, and it was done twice.
#[tokio::test(flavor = "multi_thread")]
async fn sso_elevator_47_two_approvals_in_one_moment_carry_the_plan_out_once() {
    let house = House::open().await;
    let case = house.planned().await;
    let (one, other) = tokio::join!(
        house.press(&case, APPROVER, "plan.approve"),
        house.press(&case, SECOND_APPROVER, "plan.approve")
    );
    assert!(one.accepted() && other.accepted());
    house.until(&case, "done", is(1, PlanStatus::Done)).await;
    let calls = house.world.cloud.calls().into_iter();
    let changes = calls.filter(|call| call.is_change && call.refused.is_none());
    let denies = changes.filter(|call| call.name == "AttachUserPolicy").count();
    assert_eq!(denies, 1, "the deny was attached once");
    house.strike().await;
}

/// One person was enough; nobody saw who, and the requester was not told.
#[tokio::test(flavor = "multi_thread")]
async fn team_38_where_two_are_needed_two_others_decide_and_all_see_who() {
    let house = House::of_two().await;
    let case = house.planned().await;
    house.press(&case, REPORTER, "plan.approve").await;
    heard(&house.world, REPORTER, "you asked for this plan").await;
    house.press(&case, APPROVER, "plan.approve").await;
    house.until(&case, "one approval", |case| approvals(case, 1) == 1).await;
    house.press(&case, APPROVER, "plan.approve").await;
    heard(&house.world, APPROVER, "you have already approved this plan").await;
    let now = house.load(&case).await;
    assert!(is(1, PlanStatus::Proposed)(&now), "one person is one person");
    assert_eq!(house.world.cloud.bot_changes(), 0);
    house.press(&case, SECOND_APPROVER, "plan.approve").await;
    let now = house.until(&case, "done", is(1, PlanStatus::Done)).await;
    let named = async || {
        let card = house.plan_card(&now, 1);
        let names = ["Approved by", "bob", "cyn"];
        Ok(names.iter().all(|name| card.contains(name)).then_some(()))
    };
    wait("the card naming both", named).await.unwrap();
    let inside = house.world.slack.channel(&channel(&now)).unwrap().members;
    assert!(inside.iter().any(|member| member == REPORTER), "who asked sees it");
    house.strike().await;
}

/// With one approval more than were needed nothing was ever carried out.
#[tokio::test(flavor = "multi_thread")]
async fn hoop_one_approval_more_than_needed_is_enough() {
    let house = House::with(1, &|desk| {
        desk.rules.plans.approvals_reversible = 2;
        desk.rules.policy.approvers.insert(MEMBER.to_owned());
    })
    .await;
    house.world.slack.welcome(member(), &house.world.lobby);
    let case = house.planned().await;
    // While all is frozen, approvals are taken and nothing is carried out.
    move_brake(&house.world, true).await;
    house.until(&case, "the freeze", Case::is_frozen).await;
    let presses =
        [APPROVER, SECOND_APPROVER, MEMBER].map(|who| house.press(&case, who, "plan.approve"));
    futures_util::future::join_all(presses).await;
    house.until(&case, "three approvals", |case| approvals(case, 1) == 3).await;
    move_brake(&house.world, false).await;
    house.until(&case, "done", is(1, PlanStatus::Done)).await;
    house.strike().await;
}

/// Approvers went on being asked for what others had decided.
#[tokio::test(flavor = "multi_thread")]
async fn team_263_once_it_is_decided_nobody_is_asked_any_more() {
    let house = House::open().await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    assert!(house.plan_card(&now, 1).contains("\"plan.approve\""), "the control");
    house.approve(&case).await;
    let gone = async || {
        let card = house.plan_card(&now, 1);
        let shown = card.contains("\"plan.approve\"") || card.contains("May approve");
        Ok((!shown && card.contains("bob")).then_some(()))
    };
    wait("the card without the question", gone).await.unwrap();
    house.strike().await;
}

/// Whoever had an approver's name or address was taken for the approver.
#[tokio::test(flavor = "multi_thread")]
async fn teleport_68069_an_approvers_name_and_address_on_another_account_are_nobodys() {
    let house = House::open().await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    let double = "U0FAK00009";
    house.welcome(&now, Person::member(double, "bob", "Bob Okafor"));
    house.press(&case, double, "plan.approve").await;
    heard(&house.world, double, "you are not an approver").await;
    let elsewhere = Twist { foreign_team: Some("T0EVIL0001".to_owned()), ..Twist::default() };
    let (place, _) = house.seen(&now, &keyleak::domain::announce::plan_key(PlanNumber(1)));
    let press = keyleak::sim::slack::acts::Press::new(APPROVER, place, "plan.approve");
    house.world.slack.twisted(elsewhere).press(press).await.unwrap();
    heard(&house.world, APPROVER, "not in the workspace").await;
    assert_eq!(approvals(&house.load(&case).await, 1), 0);
    house.approve(&case).await;
    house.strike().await;
}

/// A name that contained another was taken for it.
#[tokio::test(flavor = "multi_thread")]
async fn opsknight_a_name_that_contains_another_is_somebody_else() {
    let house = House::open().await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    // More of an approver's id and name, and of the key owner's, who may not decide.
    let longer = format!("{APPROVER}9");
    house.welcome(&now, Person::member(&longer, "bobby", "Bob Okafor the second"));
    house.press(&case, &longer, "plan.approve").await;
    heard(&house.world, &longer, "you are not an approver").await;
    house.press(&case, KEY_OWNER, "plan.approve").await;
    heard(&house.world, KEY_OWNER, "the key belongs to you").await;
    house.approve(&case).await;
    house.strike().await;
}

/// The bot did for everybody what it could do itself.
#[tokio::test(flavor = "multi_thread")]
async fn st2_2414_every_command_is_judged_by_who_types_it() {
    let nobody = Some(BTreeSet::new());
    let house = House::with(1, &|desk| desk.rules.policy.openers = nobody.clone()).await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    house.welcome(&now, member());
    let help = house.say(REPORTER, &channel(&now), "help").await;
    assert!(help.contains("responds to exposed AWS access keys"), "the control: {help}");
    let whole = ["help", "list", "status", "summary", "ask", "ask Q10", "impact", "undo all"];
    let told = [
        "exposed unknown",
        "break-glass 1 nobody else is awake",
        "review 1 it was right so",
        "leave-out user/ci-deployer",
        "take-in user/ci-deployer",
        "contain-by key",
        "replace role it runs on Lambda",
        "rotate-owner 1 the payments team",
        "impact exfiltration unknown nobody has looked yet",
        "allow 3",
    ];
    let key = house.world.leaked.access_key_id.as_str();
    for typed in whole.iter().chain(&told).chain([&key, &""]) {
        let said = house.say(MEMBER, &channel(&now), typed).await;
        assert!(said.contains("not on the list"), "{typed}: {said}");
    }
    // Whatever else the help names comes to nothing either.
    let usages = help.split("`/keyleak ").skip(1).filter_map(|rest| rest.split('`').next());
    let usages: Vec<&str> = usages.collect();
    assert!(usages.len() > 12, "{usages:?}");
    for usage in usages {
        house.say(MEMBER, &channel(&now), &usage.replace("[key or case] ", "")).await;
    }
    let now = house.load(&case).await;
    let own = now.records().iter().filter(|record| {
        let is_theirs = record.person().is_some_and(|person| person.user == MEMBER);
        is_theirs && !matches!(record.event, Event::Refused { .. })
    });
    assert_eq!(own.count(), 0, "nothing of theirs was taken in");
    house.strike().await;
}
