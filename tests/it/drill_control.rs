//! The headless drill must be able to fail: here somebody lets the actor in again.

use crate::journal_cost::is_as_documented;
use crate::reconcile::misuse;
use crate::stage::Stage;
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::ids::CaseId;
use keyleak::drill::headless::play;
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
    let told = play(&stage.world, stage.world.scenario()).await.unwrap();
    assert!(told.contains("after \"contained\"") && told.contains("anchored to its end"), "{told}");
    is_as_documented(&stage.world).await;
    assert!(told.contains("AWS's own log agrees with the journal"), "{told}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_actor_built_is_stopped_in_the_drill_and_it_fails_where_something_is_not() {
    let stage = Stage::set_for("cryptomining").await;
    let told = play(&stage.world, stage.world.scenario()).await.unwrap();
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
