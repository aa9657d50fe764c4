//! People who may not do what they press: each is told why, alone, and who may can still decide.

use crate::stage::Stage;
use keyleak::domain::announce::plan_key;
use keyleak::domain::case::Case;
use keyleak::domain::plan::PlanNumber;
use keyleak::drill::people::{APPROVER, OUTSIDER};
use keyleak::drill::players::{load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::sim::slack::people::{Person, Standing};

const MEMBER: &str = "U0FIN00006";
const GUEST: &str = "U0GIL00007";
/// A guest of one channel, whom Slack lets into no other.
const SINGLE: &str = "U0SOL00008";

/// Waits until the bot has told somebody something privately.
pub(crate) async fn heard(world: &World, user: &str, words: &str) {
    let told = async || {
        let told = world.slack.ephemerals(user).into_iter();
        let told: String = told.map(|whisper| whisper.message.to_string()).collect();
        Ok(told.contains(words).then_some(()))
    };
    wait(&format!("{user} being told {words:?}"), told).await.unwrap();
}

fn newcomers(world: &World) {
    let people = [
        (MEMBER, "fin", Standing::Member),
        (GUEST, "gil", Standing::Guest),
        (SINGLE, "sol", Standing::SingleChannelGuest),
    ];
    for (id, name, standing) in people {
        let person = Person { standing, ..Person::member(id, name, name) };
        world.slack.welcome(person, &world.lobby);
    }
}

fn inside(world: &World, case: &Case, user: &str) -> bool {
    let channel = case.room().channel.as_ref().and_then(|id| world.slack.channel(&id.0));
    channel.is_some_and(|channel| channel.members.iter().any(|member| member == user))
}

/// The check of permissions in AWS's own Slack sample says yes to everybody.
#[tokio::test(flavor = "multi_thread")]
async fn aws_slack_sample_who_is_not_on_the_list_may_report_and_look_on_and_not_decide() {
    let stage = Stage::set().await;
    let world = &stage.world;
    newcomers(world);
    let case = open(world).await.unwrap();
    let posted = |case: &Case| case.room().posted.contains_key(&plan_key(PlanNumber(1)));
    until(world, &case, "the plan", posted).await.unwrap();
    let key = &world.leaked.access_key_id;
    for who in [GUEST, SINGLE] {
        let said = world.slack.slash(who, &world.lobby, "/keyleak", key).await.unwrap();
        assert!(said.body.contains("Slack says that you are a"), "{who}: {}", said.body);
        assert!(!said.body.contains(&case.0), "{who} is told of the case: {}", said.body);
    }
    let said = world.slack.slash(MEMBER, &world.lobby, "/keyleak", key).await.unwrap();
    assert!(said.body.contains(&case.0), "{MEMBER} is told of the open case: {}", said.body);
    until(world, &case, "they are in", |case| inside(world, case, MEMBER)).await.unwrap();
    press(world, &case, (MEMBER, "plan.approve")).await.unwrap();
    heard(world, MEMBER, "you are not an approver").await;
    let now = load(world, &case).await.unwrap();
    assert!(!inside(world, &now, GUEST) && !inside(world, &now, SINGLE));
    assert_eq!(now.plan(PlanNumber(1)).unwrap().approvals.len(), 0);
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    until(world, &case, "the approval", |case| case.plans().any(|plan| plan.is_approved()))
        .await
        .unwrap();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_another_company_in_a_shared_channel_opens_and_joins_nothing() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "the channel", |case| case.room().channel.is_some()).await.unwrap();
    for text in [world.leaked.access_key_id.as_str(), "list", "status"] {
        let said = world.slack.slash(OUTSIDER, "shared-northwind", "/keyleak", text).await;
        let said = said.unwrap();
        assert!(said.body.contains("not in the workspace"), "{text}: {}", said.body);
        assert!(!said.body.contains(&case.0), "{text}: {}", said.body);
    }
    let now = load(world, &case).await.unwrap();
    assert!(now.room().wanted.iter().all(|person| person.user != OUTSIDER));
    stage.strike().await;
}
