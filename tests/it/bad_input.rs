//! Bad input and bad luck: each gets a clear message, none a panic, and no decision is lost.

use crate::people::heard;
use crate::stage::Stage;
use keyleak::domain::event::Event;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::{approve, load, open, press, until};
use keyleak::sim::cloud::faults::Fault as CloudFault;
use keyleak::sim::slack::deliver::{Delivery, Twist};
use keyleak::sim::slack::faults::Fault as SlackFault;

async fn says(stage: &Stage, text: &str) -> String {
    let world = &stage.world;
    let delivery = world.slack.slash(REPORTER, &world.lobby, "/keyleak", text).await.unwrap();
    assert!(delivery.accepted(), "{text}: {:?}", delivery.status);
    delivery.body
}

async fn no_case(stage: &Stage) -> bool {
    let work = &stage.world.desk().unwrap().work;
    work.all_cases().await.unwrap().is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_opens_nothing_and_says_what_to_do() {
    let stage = Stage::set().await;
    for (typed, answer) in [
        ("AKIAIOSFODNN7EXAMPLE", "documentation example"),
        ("AKIA123", "access key id"),
        ("akiaqnzgkiqy56jq7wml", "capital letters"),
        ("bananas", "do not know"),
        ("status kl-nothing", "no such open case"),
        ("list", "No case is open"),
        ("help", "opens a private channel"),
    ] {
        let said = says(&stage, typed).await;
        assert!(said.contains(answer), "{typed}: {said}");
        assert!(said.contains("ephemeral"), "{typed} is answered to the person alone");
    }
    assert!(no_case(&stage).await);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_secret_is_refused_without_an_echo_and_kept_nowhere() {
    let stage = Stage::set().await;
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY";
    let said = says(&stage, &format!("{} {secret}", stage.world.leaked.access_key_id)).await;
    assert!(said.contains("leaked twice"), "{said}");
    assert!(!said.contains(secret));
    assert!(no_case(&stage).await);
    let file = std::fs::read(&stage.world.journal).unwrap();
    let found = file.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(!found, "the secret is in the journal's file");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_slack_did_not_sign_now_get_401() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let twisted = async |twist: Twist| -> Delivery {
        let slack = world.slack.twisted(twist);
        slack.slash(REPORTER, &world.lobby, "/keyleak", &world.leaked.access_key_id).await.unwrap()
    };
    let twists = [
        Twist { signing_secret: Some("another".to_owned()), ..Twist::default() },
        Twist { age_s: 301, ..Twist::default() },
        // Time runs two hundred times as fast here, so a second ahead would have passed on the way.
        Twist { age_s: -6_000, ..Twist::default() },
        Twist { timestamp: Some("abc".to_owned()), ..Twist::default() },
        Twist { signature: Some("v0=ünsigned".to_owned()), ..Twist::default() },
        Twist { signature: Some("v0=".to_owned()), ..Twist::default() },
        Twist { unsigned: true, ..Twist::default() },
    ];
    for twist in twists {
        let status = twisted(twist.clone()).await.status;
        assert_eq!(status, Some(401), "{twist:?}");
    }
    assert!(no_case(&stage).await);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_gets_413() {
    let stage = Stage::set().await;
    let long = "A".repeat(70_000);
    let world = &stage.world;
    let delivery = world.slack.slash(REPORTER, &world.lobby, "/keyleak", &long).await.unwrap();
    assert_eq!(delivery.status, Some(413));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slacks_own_checks_are_answered_as_slack_expects() {
    let stage = Stage::set().await;
    let check = stage.world.slack.ssl_check().await;
    assert_eq!((check.status, check.body.as_str()), (Some(200), ""));
    let verification = stage.world.slack.url_verification("3eZbrw1aB").await;
    assert_eq!(verification.status, Some(200));
    assert!(verification.body.contains("3eZbrw1aB"));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_of_another_workspace_is_refused() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let foreign = Twist { foreign_team: Some("T0EVIL0001".to_owned()), ..Twist::default() };
    let slack = world.slack.twisted(foreign);
    let key = &world.leaked.access_key_id;
    let delivery = slack.slash(REPORTER, &world.lobby, "/keyleak", key).await.unwrap();
    assert!(delivery.body.contains("not in the workspace"), "{}", delivery.body);
    assert!(no_case(&stage).await);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_command_for_the_same_key_joins_the_open_case() {
    let stage = Stage::set().await;
    let case = open(&stage.world).await.unwrap();
    until(&stage.world, &case, "the channel", |case| case.room().channel.is_some()).await.unwrap();
    let world = &stage.world;
    let key = &world.leaked.access_key_id;
    let again = world.slack.slash(SECOND_APPROVER, &world.lobby, "/keyleak", key).await.unwrap();
    assert!(again.body.contains(&case.0), "{}", again.body);
    until(world, &case, "the invitation", |case| {
        case.room().invited.iter().any(|person| person.user == SECOND_APPROVER)
    })
    .await
    .unwrap();
    assert_eq!(world.desk().unwrap().work.all_cases().await.unwrap().len(), 1);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_people_are_refused_with_a_private_reason_and_a_record() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let proposed = |case: &keyleak::domain::case::Case| {
        case.room().posted.contains_key(&keyleak::domain::event::PostKey("plan-1".to_owned()))
    };
    until(world, &case, "the plan", proposed).await.unwrap();
    let key = &world.leaked.access_key_id;
    world.slack.slash(KEY_OWNER, &world.lobby, "/keyleak", key).await.unwrap();
    until(world, &case, "everybody inside", |case| {
        case.room().invited.iter().any(|person| person.user == KEY_OWNER)
    })
    .await
    .unwrap();
    for (who, why) in [(REPORTER, "somebody else has to approve"), (KEY_OWNER, "belongs to you")] {
        press(world, &case, (who, "plan.approve")).await.unwrap();
        heard(world, who, why).await;
    }
    let now = load(world, &case).await.unwrap();
    let refusals = now.records().iter().filter(|r| matches!(r.event, Event::Refused { .. }));
    assert_eq!(refusals.count(), 2);
    assert_eq!(now.pending_plan().map(|state| state.approvals.len()), Some(0));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_counts_once_and_two_approvers_at_once_both_count() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    let now = load(world, &case).await.unwrap();
    let channel = now.room().channel.clone().unwrap();
    let key = keyleak::domain::event::PostKey("plan-1".to_owned());
    let (_, message) = now.room().posted[&key].clone();
    let click = |who| world.slack.click(who, &channel.0, &message.0, "plan.approve");
    let _ = tokio::join!(click(APPROVER), click(APPROVER));
    let now = load(world, &case).await.unwrap();
    assert_eq!(now.plan(keyleak::domain::plan::PlanNumber(1)).unwrap().approvals.len(), 1);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_in_the_same_moment_both_count() {
    let stage = Stage::set().await;
    let world = &stage.world;
    // Nothing is carried out while AWS says no, so that both decisions stay in time.
    world.cloud.inject("AttachUserPolicy", 1, CloudFault::Denied);
    let case = open(world).await.unwrap();
    let posted = |case: &keyleak::domain::case::Case| {
        case.room().posted.contains_key(&keyleak::domain::event::PostKey("plan-1".to_owned()))
    };
    let now = until(world, &case, "the plan", posted).await.unwrap();
    let channel = now.room().channel.clone().unwrap();
    let (_, message) =
        now.room().posted[&keyleak::domain::event::PostKey("plan-1".to_owned())].clone();
    let slash = world.leaked.access_key_id.clone();
    world.slack.slash(SECOND_APPROVER, &world.lobby, "/keyleak", &slash).await.unwrap();
    until(world, &case, "both inside", |case| {
        case.room().invited.iter().any(|person| person.user == SECOND_APPROVER)
    })
    .await
    .unwrap();
    let click = |who| world.slack.click(who, &channel.0, &message.0, "plan.approve");
    let (one, other) = tokio::join!(click(APPROVER), click(SECOND_APPROVER));
    assert!(one.unwrap().accepted() && other.unwrap().accepted());
    let both = |case: &keyleak::domain::case::Case| {
        case.plans().next().is_some_and(|state| state.approvals.len() == 2)
    };
    until(world, &case, "two approvals", both).await.unwrap();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_read_costs_one_fact_and_never_the_card() {
    let stage = Stage::set().await;
    let world = &stage.world;
    for call in ["GetAccessKeyInfo", "ListGroupsForUser", "ListFindings"] {
        world.cloud.inject(call, 1, CloudFault::Denied);
    }
    let case = open(world).await.unwrap();
    let posted = |case: &keyleak::domain::case::Case| {
        case.room().posted.contains_key(&keyleak::domain::announce::card_key()) && case.validated()
    };
    until(world, &case, "the card", posted).await.unwrap();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_step_is_tried_again_and_a_denied_one_is_shown() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.cloud.inject("AttachUserPolicy", 1, CloudFault::Throttled);
    world.cloud.inject("UpdateAccessKey", 1, CloudFault::Denied);
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    let partly = |case: &keyleak::domain::case::Case| {
        case.plans().next().is_some_and(|state| state.status() == PlanStatus::Partly)
    };
    let now = until(world, &case, "the end of the plan", partly).await.unwrap();
    let state = now.plans().next().unwrap();
    assert_eq!(state.done_steps().count(), 1, "the deny was done at the second attempt");
    let shown = |case: &keyleak::domain::case::Case| {
        let channel = case.room().channel.as_ref().map(|channel| channel.0.clone());
        let messages = world.slack.messages(&channel.unwrap_or_default());
        messages.iter().any(|message| message.to_string().contains("UpdateAccessKey"))
    };
    until(world, &case, "the failure in the channel", shown).await.unwrap();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_being_limited_or_broken_loses_nothing() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.slack.script("conversations.create", &SlackFault::RateLimited(1), 1);
    world.slack.script("chat.postMessage", &SlackFault::Page(502), 2);
    world.slack.script("chat.postMessage", &SlackFault::ResetAfter, 1);
    world.slack.script("pins.add", &SlackFault::Error("missing_scope".to_owned()), 1);
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    let contained = |case: &keyleak::domain::case::Case| {
        case.standing_plans().any(|state| state.contained.is_some())
    };
    until(world, &case, "contained", contained).await.unwrap();
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_gets_a_suffix_and_a_foreign_channel_is_never_adopted() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let four = &world.leaked.access_key_id[16..].to_lowercase();
    let date = world.clock.now().strftime("%Y%m%d").to_string();
    let name = format!("drill-keyleak-{four}-{date}");
    let foreign = world.slack.make_channel(
        &name,
        keyleak::sim::slack::channels::Reach::Private,
        &[SECOND_APPROVER],
    );
    let case = open(world).await.unwrap();
    let now = until(world, &case, "a channel", |case| case.room().channel.is_some()).await.unwrap();
    assert_eq!(now.room().name.as_deref(), Some(format!("{name}-2").as_str()));
    assert_ne!(now.room().channel.as_ref().map(|c| c.0.as_str()), Some(foreign.as_str()));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_whose_channel_is_archived_is_contained_all_the_same() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    let channel = load(world, &case).await.unwrap().room().channel.clone().unwrap();
    world.slack.archive(&channel.0, REPORTER);
    let contained = |case: &keyleak::domain::case::Case| {
        case.standing_plans().any(|state| state.contained.is_some())
    };
    let now = until(world, &case, "contained", contained).await.unwrap();
    assert!(now.room().failed.as_deref().is_some_and(|why| why.contains("archived")));
    stage.strike().await;
}
