//! Keys that nobody here can contain: people hear why.

use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::ids::CaseId;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::until;
use keyleak::drill::world::World;

/// A public canary service's.
const CANARY: u64 = 534_261_010_715;
/// Somebody's, but not the one that the bot serves.
const FOREIGN: u64 = 111_122_223_333;

/// A key id that carries this account, as AWS has made them since 2019.
fn key_of(account: u64) -> String {
    let bits = (1 << 44) | (account << 4);
    let letter = |place: u32| {
        let value = (bits >> (5 * place)) & 31;
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value as usize])
    };
    let carried: String = (0..9).rev().map(letter).collect();
    format!("AKIA{carried}2345WXY")
}

async fn reported(world: &World, key: &str) -> CaseId {
    let said = world.slack.slash(REPORTER, &world.lobby, "/keyleak", key).await.unwrap();
    assert!(said.accepted(), "{said:?}");
    let work = &world.desk().unwrap().work;
    work.open_cases().await.unwrap().pop().unwrap()
}

fn everything_said(world: &World, case: &Case) -> String {
    let channel = case.room().channel.as_ref().map(|channel| channel.0.clone()).unwrap_or_default();
    world.slack.messages(&channel).iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_and_a_key_of_somebody_else_are_explained_and_recorded_and_get_no_plan() {
    for (account, words) in [(CANARY, "tripwire"), (FOREIGN, "is not ours")] {
        let stage = Stage::set().await;
        let world = &stage.world;
        let case = reported(world, &key_of(account)).await;
        let refused = |case: &Case| case.not_proposed().is_some();
        let now = until(world, &case, "the reason why there is no plan", refused).await.unwrap();
        assert_eq!(now.plans().count(), 0, "nothing is offered that cannot be done");
        let (_, why) = now.not_proposed().unwrap();
        assert!(why.contains(&format!("{account:012}")), "{why}");
        let shown = |case: &Case| everything_said(world, case).contains(words);
        until(world, &case, "the card explains it", shown).await.unwrap();
        stage.strike().await;
    }
}

/// Ready to be copied, with the whole id and where it was found, and with no secret.
#[tokio::test(flavor = "multi_thread")]
async fn for_a_key_of_somebody_else_the_letter_to_aws_is_in_the_channel_once() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let key = key_of(FOREIGN);
    let case = reported(world, &key).await;
    let shown = |case: &Case| everything_said(world, case).contains("Access key id: ");
    let now = until(world, &case, "the letter is there", shown).await.unwrap();
    let said = everything_said(world, &now);
    for wanted in [
        format!("Access key id: {key}"),
        format!("AWS account: {FOREIGN}, as AWS told us"),
        "Where it was found: <say where".to_owned(),
        "Reported to us: ".to_owned(),
    ] {
        assert!(said.contains(&wanted), "{wanted}: {said}");
    }
    assert_eq!(said.matches(&format!("Access key id: {key}")).count(), 1);
    assert_eq!(world.slack.violations(), [""; 0]);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_tripwire_there_is_no_letter() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = reported(world, &key_of(CANARY)).await;
    let shown = |case: &Case| everything_said(world, case).contains("tripwire");
    let now = until(world, &case, "the card explains it", shown).await.unwrap();
    assert!(!everything_said(world, &now).contains("Access key id: "));
    stage.strike().await;
}
