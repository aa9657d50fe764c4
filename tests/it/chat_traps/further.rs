//! What is said and made once though answers are lost; who is counted, and who is called; that
//! nothing passes without its approvals, whatever comes in which order; and where drills stay.

use crate::chat_traps::house::{BOT, House, MEMBER, approvals, channel, is, member, posted};
use crate::hostile_case::{ANA, BOB, CYN, Story};
use crate::people::heard;
use crate::slack_away::{keys, told_all, wrong};
use keyleak::config;
use keyleak::domain::agenda::{Act, Due, Lookout, next_act};
use keyleak::domain::announce::plan_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::policy::recorded;
use keyleak::domain::severity::Severity;
use keyleak::drill::people::{APPROVER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::wait;
use keyleak::drill::world::production_timing;
use keyleak::sim::slack::channels::{Channel, Reach};
use keyleak::sim::slack::faults::Fault;
use keyleak::sim::slack::people::Group;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Answers that are lost after Slack took the message.
const LOST: usize = 6;
/// Two groups of the workspace, in both of which one approver is.
const GROUPS: [&str; 2] = ["S0ONCALL001", "S0SECURE001"];
/// How long a call to AWS hangs, in the time of the case, and how often somebody looks, in ours.
const HANGS: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Decisions in a row; more of them repeat what fewer show.
const ORDER_MAX: usize = 6;

/// Retries posted a message twice.
#[tokio::test(flavor = "multi_thread")]
async fn response_50_a_message_whose_answer_was_lost_is_not_sent_again() {
    let mut house = House::open().await;
    let slack = house.world.slack.clone();
    slack.script("chat.postMessage", &Fault::ResetAfter, LOST / 2);
    slack.script("chat.postMessage", &Fault::Truncated, LOST / 2);
    let case = house.planned().await;
    house.press(&case, REPORTER, "case.summary").await;
    // A process that dies before it could write down what it sent.
    slack.script("chat.postMessage", &Fault::ResetAfter, 1);
    house.stop().await;
    house.start(&|_| ()).await;
    let now = house.until(&case, "all messages", told_all).await;
    assert_eq!(wrong(&now, &keys(&house.world, &now)), None);
    let looks = slack.calls().into_iter().filter(|call| call.method == "conversations.history");
    let (lost, looks) = (keys(&house.world, &now).len().min(LOST), looks.count());
    assert!(lost > 2 && looks >= lost, "after each of {lost} lost answers: {looks} looks");
    house.strike().await;
}

/// Two calls at once made two channels of one name.
#[tokio::test(flavor = "multi_thread")]
async fn node_slack_sdk_1589_a_lost_answer_and_a_second_replica_make_no_second_channel() {
    let house = House::with(2, &|_| ()).await;
    let slack = house.world.slack.clone();
    slack.script("conversations.create", &Fault::ResetAfter, 2);
    let (first, second) = (house.slack_to(0), house.slack_to(1));
    let (key, lobby) = (house.world.leaked.access_key_id.clone(), house.world.lobby.clone());
    let (one, other) = tokio::join!(
        first.slash(REPORTER, &lobby, "/keyleak", &key),
        second.slash(APPROVER, &lobby, "/keyleak", &key),
    );
    let said = [one.unwrap().body, other.unwrap().body];
    assert!(said.iter().any(|said| said.contains("Opened case")), "{said:?}");
    let case = house.report().await;
    let now = house.until(&case, "the plan", posted(&plan_key(PlanNumber(1)))).await;
    let is_room = |one: &Channel| one.creator == BOT && one.reach == Reach::Private;
    let made = slack.channels().into_iter().filter(is_room);
    let made: Vec<String> = made.filter(|one| !one.archived).map(|one| one.id).collect();
    assert_eq!(made, [channel(&now)], "one channel, and it is the case's");
    let tries = slack.calls().into_iter().filter(|call| call.method == "conversations.create");
    assert!(tries.count() >= 1, "the control");
    house.strike().await;
}

/// Success was said before anything was done.
#[tokio::test(flavor = "multi_thread")]
async fn sso_elevator_nothing_is_called_done_while_the_call_is_under_way() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    let room = channel(&house.load(&case).await);
    let planned = house.load(&case).await;
    // What says of a step, of a plan and of the case that it worked.
    let said = || {
        let all: String = world.slack.messages(&room).iter().map(Value::to_string).collect();
        let step = house.plan_card(&planned, 1).contains(" – done");
        [step, all.contains("holds: what was done"), all.contains("Contained as of")]
    };
    world.cloud.slow_down(Some("AttachUserPolicy"), HANGS);
    house.approve(&case).await;
    let mut looks = 0;
    loop {
        let told = said();
        let now = house.load(&case).await;
        let done = |event: &Event| matches!(event, Event::Outcome { .. });
        if now.records().iter().any(|one| done(&one.event)) {
            break;
        }
        assert_eq!(told, [false; 3], "the call is still under way");
        looks += u32::from(now.plan(PlanNumber(1)).unwrap().has_begun());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert!(looks > 2, "the control: somebody looked while it was under way, {looks} times");
    house.until(&case, "done", is(1, PlanStatus::Done)).await;
    let shown = async || Ok(said()[0].then_some(()));
    wait("the control: then it is said", shown).await.unwrap();
    house.strike().await;
}

/// Groups were counted where people should have been: one person in two of them was two.
#[tokio::test(flavor = "multi_thread")]
async fn hoop_892_a_person_in_two_groups_is_one_and_a_group_is_nobody() {
    let mut house = House::with(0, &|_| ()).await;
    let slack = house.world.slack.clone();
    let of = |id: &str, people: &[&str]| {
        Group::new(id, "a-group", people.iter().map(|one| (*one).to_owned()).collect())
    };
    slack.set_group(of(GROUPS[0], &[APPROVER, REPORTER]));
    slack.set_group(of(GROUPS[1], &[APPROVER, SECOND_APPROVER]));
    let groups: BTreeSet<String> = GROUPS.map(str::to_owned).into();
    house
        .start(&|desk| {
            desk.rules.plans.approvals_reversible = 2;
            desk.rules.policy.approvers = groups.clone();
        })
        .await;
    slack.welcome(member(), &house.world.lobby);
    let case = house.planned().await;
    house.welcome(&house.load(&case).await, member());
    house.press(&case, APPROVER, "plan.approve").await;
    house.until(&case, "one approval", |case| approvals(case, 1) == 1).await;
    house.press(&case, APPROVER, "plan.approve").await;
    heard(&house.world, APPROVER, "you have already approved this plan").await;
    // Whoever asked is in a group, too, and so is nobody's second.
    house.press(&case, REPORTER, "plan.approve").await;
    heard(&house.world, REPORTER, "you asked for this plan").await;
    house.press(&case, MEMBER, "plan.approve").await;
    heard(&house.world, MEMBER, "you are not an approver").await;
    let now = house.load(&case).await;
    assert!(is(1, PlanStatus::Proposed)(&now), "two groups have said yes, and one person");
    assert_eq!(house.world.cloud.bot_changes(), 0);
    house.press(&case, SECOND_APPROVER, "plan.approve").await;
    let now = house.until(&case, "done", is(1, PlanStatus::Done)).await;
    let state = now.plan(PlanNumber(1)).unwrap();
    let people: BTreeSet<&str> = state.approvals.iter().map(|one| one.by.user.as_str()).collect();
    assert_eq!(people, [APPROVER, SECOND_APPROVER].into());
    house.strike().await;
}

/// Severity should bring people in.
#[tokio::test(flavor = "multi_thread")]
async fn sre_bot_1198_severity_brings_the_people_of_the_table_in_and_nobody_else() {
    let mut house = House::with(0, &|_| ()).await;
    house.world.slack.welcome(member(), &house.world.lobby);
    let table = |severity| [(severity, [MEMBER.to_owned()].into())].into();
    house.start(&|desk| desk.rules.policy.conduct.summons = table(Severity::P1)).await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    let is_in = |now: &Case| {
        let room = house.world.slack.channel(&channel(now)).unwrap();
        room.members.iter().any(|member| member == MEMBER)
    };
    house.say(APPROVER, &channel(&now), "severity P2 it reads one bucket").await;
    house.press(&case, REPORTER, "case.summary").await;
    house.until(&case, "all messages", told_all).await;
    assert!(!is_in(&now), "the control: P2 does not call whom P1 calls");
    house.say(APPROVER, &channel(&now), "severity P1 it reads the payroll").await;
    let there = async || Ok(is_in(&now).then_some(()));
    wait("whom P1 calls", there).await.unwrap();
    // To be called in gives no right.
    house.press(&case, MEMBER, "plan.approve").await;
    heard(&house.world, MEMBER, "you are not an approver").await;
    house.strike().await;
}

/// One decision about a plan, or its first step.
fn decision(story: &Story, which: usize) -> (Option<&'static str>, Value) {
    let (plan, hash) = (1, &story.case.plan(PlanNumber(1)).unwrap().hash);
    let approved = || json!({ "kind": "approved", "plan": plan, "hash": hash });
    match which {
        0 => (Some(BOB), approved()),
        1 => (Some(CYN), approved()),
        2 => (Some(ANA), approved()),
        3 => (Some(BOB), json!({ "kind": "withdrawn", "plan": plan })),
        4 => (Some(BOB), json!({ "kind": "denied", "plan": plan })),
        5 => (None, json!({ "kind": "expired", "plan": plan })),
        6 => (None, json!({ "kind": "voided", "plan": plan, "why": "x" })),
        _ => {
            let intent = json!({ "kind": "intent", "plan": plan, "step": 0, "attempt": 1,
                "plan_hash": hash });
            (None, intent)
        }
    }
}

/// Follows every order of decisions from here; how often a step began, and how often it did not.
fn every_order(story: &Story, left: usize, seen: &mut (u32, u32)) {
    for which in 0..8 {
        let (who, event) = decision(story, which);
        let mut next = story.clone();
        let taken = next.try_to_add(who, event).is_some();
        let state = story.case.plan(PlanNumber(1)).unwrap();
        let people: BTreeSet<&str> =
            state.approvals.iter().map(|press| press.by.user.as_str()).collect();
        let is_dead = state.denied.is_some() || state.expired || state.voided.is_some();
        let may = people.len() >= 2 && !people.contains(ANA) && !is_dead;
        if which == 7 {
            assert_eq!(taken, may, "{people:?}, dead: {is_dead}");
            assert_eq!(recorded(&story.case, PlanNumber(1)).is_some(), may);
            let now = crate::hostile_case::at(story.case.seq());
            let due = next_act(&story.case, &production_timing(), Lookout::default(), now);
            let steps = matches!(due, Due::Now(Act::Step { .. }));
            assert_eq!(steps, may, "{due:?}");
            *(if taken { &mut seen.0 } else { &mut seen.1 }) += 1;
        } else if taken && left > 1 {
            every_order(&next, left - 1, seen);
        }
    }
}

/// With one step between, a wait for approval let everything pass.
#[test]
fn activepieces_3798_no_order_of_decisions_lets_a_step_begin_without_two_people() {
    let mut story = Story::open("x", false);
    story.own(json!({ "kind": "validated" }));
    story.propose(&json!({ "approvals_needed": 2, "expires_at": "2027-08-02T10:00:00Z" }));
    let mut seen = (0, 0);
    every_order(&story, ORDER_MAX, &mut seen);
    assert!(seen.0 > 4 && seen.1 > 100, "began and did not: {seen:?}");
}

/// Drills stayed among the incidents, and nobody archived what was over.
#[tokio::test(flavor = "multi_thread")]
async fn incident_community_17_a_drill_lies_in_a_folder_of_its_own_and_is_put_away_by_itself() {
    let house = House::open().await;
    let case = house.planned().await;
    house.press(&case, APPROVER, "plan.deny").await;
    house.until(&case, "the no", is(1, PlanStatus::Denied)).await;
    house.press(&case, REPORTER, "case.close").await;
    let now = house.until(&case, "its end", Case::is_archived).await;
    assert!(now.opening().drill && now.room().name.as_ref().unwrap().starts_with("drill-"));
    assert!(house.world.slack.channel(&channel(&now)).unwrap().archived, "nobody had to do it");
    let journal = house.world.journal.clone();
    assert!(journal.is_file(), "{}", journal.display());
    house.strike().await;
    assert!(!journal.exists(), "who throws the drill's folder away has thrown the drill away");
    // The control: what the settings make is no drill, and nothing of it can be deleted.
    let settings = "[slack]\nsigning_secret = \"s\"\nbot_token = \"xoxb-1\"\nteam_id = \"T1\"\n";
    assert!(!config::read("keyleak.toml", settings, &[]).unwrap().rules.drill);
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_keyleak")).arg("--help").output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap().to_lowercase();
    let commands: Vec<&str> =
        help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.contains(&"reconcile"), "{help}");
    assert!(!["delete", "remove", "purge", "forget"].iter().any(|one| commands.contains(one)));
}
