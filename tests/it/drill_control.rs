//! The headless drill must be able to fail: here somebody lets the actor in again.

use crate::journal_cost::is_as_documented;
use crate::reconcile::misuse;
use crate::stage::Stage;
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::ids::CaseId;
use keyleak::drill::expected::Expected;
use keyleak::drill::findings::{Found, compare};
use keyleak::drill::headless::{Performance, perform, play};
use keyleak::drill::players::{DrillFailure, load};
use keyleak::drill::world::World;
use keyleak::sim::attacker::Operation;
use std::time::Duration;

/// Waits until the case says "contained".
async fn contained(world: &World) -> Case {
    let look = async || {
        let desk = world.desk()?;
        let case: CaseId = desk.work.open_cases().await.ok()?.into_iter().next()?;
        let case: Case = load(world, &case).await.ok()?;
        let said = case.standing_plans().any(|state| state.contained.is_some());
        said.then_some(case)
    };
    loop {
        if let Some(case) = look().await {
            return case;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Takes every deny off behind the bot's back.
async fn let_the_actor_in(world: &World) {
    let case = contained(world).await;
    for (_, step, _) in case.standing_plans().flat_map(|state| state.holding_steps()) {
        if let Change::Deny { .. } = &step.action.change {
            let lift = step.action.taken_back().unwrap();
            let somebody = ("somebody", "no plan");
            world.cloud.carry_out(somebody, &lift, world.clock.now()).await.unwrap();
        }
    }
    // The drill ends by itself.
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sabotage_an_actor_who_gets_in_after_contained_fails_the_drill() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let ended = tokio::select! {
        ended = play(world, world.scenario()) => ended,
        () = let_the_actor_in(world) => unreachable!("it waits for ever"),
    };
    let why = ended.expect_err("the actor's sessions worked after \"contained\"");
    assert!(matches!(why, DrillFailure::NotContained(_)), "{why}");
    stage.strike().await;
}

/// Somebody who holds a session of the bot's role makes a user with it.
async fn misuse_the_role(world: &World) {
    contained(world).await;
    let unasked = Operation::CreateUser { user: "helper".to_owned() };
    misuse(world, ("botocore-session-1", "no plan"), &unasked).await;
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sabotage_a_call_of_the_role_for_no_case_fails_the_drill() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let ended = tokio::select! {
        ended = play(world, world.scenario()) => ended,
        () = misuse_the_role(world) => unreachable!("it waits for ever"),
    };
    let why = ended.expect_err("AWS's own log does not agree").to_string();
    assert!(why.contains("Session of no case: CreateUser about user helper"), "{why}");
    stage.strike().await;
}

/// The same story without anybody who does so.
#[tokio::test(flavor = "multi_thread")]
async fn left_alone_the_drill_ends_well_and_says_so() {
    let stage = Stage::set().await;
    let told = play(&stage.world, stage.world.scenario()).await.unwrap().told;
    assert!(told.contains("after \"contained\"") && told.contains("anchored to its end"), "{told}");
    is_as_documented(&stage.world).await;
    assert!(told.contains("AWS's own log agrees with the journal"), "{told}");
    assert!(told.contains("Score (P1): ") && told.contains("Heard of to contained"), "{told}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_actor_built_is_stopped_in_the_drill_and_it_fails_where_something_is_not() {
    let stage = Stage::set_for("cryptomining").await;
    let told = play(&stage.world, stage.world.scenario()).await.unwrap().told;
    let (_, built) = told.split_once("What the actor built\n").unwrap();
    let built: Vec<&str> = built.lines().take_while(|line| line.starts_with("  ")).collect();
    assert_eq!(built.len(), 5, "{told}");
    assert!(built.iter().all(|line| line.starts_with("  stopped ")), "{built:#?}");
    assert!(told.contains("AWS's own log agrees with the journal"), "{told}");
    stage.strike().await;

    let stage = Stage::set_for("cryptomining").await;
    let mut wants_more = stage.world.scenario().clone();
    wants_more.expected.stopped.push("AWS::SQS::Queue".to_owned());
    let why = play(&stage.world, &wants_more).await.unwrap_err();
    assert_eq!(
        why.to_string(),
        "the findings are not what the scenario expects: no AWS::SQS::Queue was stopped"
    );
    stage.strike().await;
}

/// An expectation of each kind that is not so, and what the drill says of it.
const WRONG: [(&str, &str); 19] = [
    ("outcome = \"not-ours\"", "the outcome is not NotOurs: the account is ours"),
    ("outcome = \"unknown\"", "the outcome is not Unknown: the account is ours, an owner is known"),
    ("outcome = \"no-use-seen\"", "a use by somebody else was seen, and it was contained"),
    ("contained = [\"payroll-batch\"]", "user payroll-batch was not contained"),
    ("contained = [\"role/backup\"]", "role backup was not contained"),
    ("untouched = [\"ines-admin\"]", "ines-admin was changed by AttachUserPolicy"),
    ("credentials = [\"her diary\"]", "the actor never got its her diary"),
    ("credentials = [\"AKIAQNZGKIQYQ4TKNOWN\"]", "does not hold the AKIAQNZGKIQYQ4TKNOWN"),
    ("created = [\"ines-admin\"]", "it was not found that the actor made ines-admin"),
    ("stopped = [\"AWS::EC2::Instance\"]", "no AWS::EC2::Instance was stopped"),
    ("says = [\"bananas\"]", "nothing in the channel says \"bananas\""),
    (
        "uses = { calls = 13, first = { hours_before = 288 }, last = { hours_before = 24 } }",
        "12 calls of the key before the drill, 0 of them failed, and not 13 and 0",
    ),
    (
        "uses = { calls = 12, failed = 1, first = { hours_before = 288 }, \
        last = { hours_before = 24 } }",
        "0 of them failed, and not 12 and 1",
    ),
    (
        "uses = { calls = 12, first = { hours_before = 264 }, last = { hours_before = 24 } }",
        "the key's first use was at",
    ),
    (
        "uses = { calls = 12, first = { hours_before = 288 }, last = \"2023-07-10T12:29:09Z\" }",
        "the key's last use was at",
    ),
    ("answers = [{ question = \"Q21\", rows = 99 }]", "rows and not 99"),
    (
        "answers = [{ question = \"Q21\", holds = [[\"CreateUser\", \"payroll-batch\"]] }]",
        "no row of Q21 holds CreateUser, payroll-batch; the nearest: ",
    ),
    (
        "answers = [{ question = \"Q21\", lacks = [[\"CreateUser\", \"helpdesk-7f3a\"]] }]",
        "a row of Q21 holds CreateUser, helpdesk-7f3a",
    ),
    ("answers = [{ question = \"Q99\" }]", "Q99 has no answer"),
];

/// Compares what was played with another expectation than the scenario's own.
async fn fails(world: &World, played: Found<'_>, (expected, why): (&str, &str)) {
    let mut wrong = world.scenario().clone();
    wrong.expected = toml::from_str::<Expected>(expected).unwrap();
    let told = compare(world, &wrong, played).await.expect_err(expected).to_string();
    assert!(told.contains(why), "{expected}: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_expectation_of_each_kind_fails_with_a_sentence_that_names_it() {
    let stage = Stage::set_for("administrator").await;
    let world = &stage.world;
    let Performance { contained, closed, .. } = perform(world, world.scenario()).await.unwrap();
    let played = Found { contained: contained.as_ref(), closed: &closed };
    compare(world, world.scenario(), played).await.unwrap();
    for wrong in WRONG {
        fails(world, played, wrong).await;
    }
    stage.strike().await;

    let stage = Stage::set_for("unknown-key").await;
    let world = &stage.world;
    let Performance { contained, closed, .. } = perform(world, world.scenario()).await.unwrap();
    let played = Found { contained: contained.as_ref(), closed: &closed };
    compare(world, world.scenario(), played).await.unwrap();
    for outcome in ["contained", "no-use-seen", "not-ours"] {
        let expected = format!("outcome = {outcome:?}");
        fails(world, played, (&expected, "an owner is not known")).await;
    }
    stage.strike().await;
}
