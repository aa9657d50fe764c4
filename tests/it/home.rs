//! The app's home: what waits for whom, and no word of a case to those whom it does not concern.

use crate::stage::Stage;
use keyleak::domain::announce::{card_key, plan_key};
use keyleak::domain::case::Case;
use keyleak::domain::ids::{ChannelId, MessageTs};
use keyleak::domain::plan::PlanNumber;
use keyleak::drill::people::{APPROVER, KEY_OWNER, OUTSIDER, REPORTER};
use keyleak::drill::players::{approve, load, open, until, wait};
use keyleak::drill::world::World;
use keyleak::sim::slack::acts::{Impossible, Place, Press};
use keyleak::sim::slack::people::Person;
use keyleak::slack::shortcut::RESPOND;
use serde_json::{Value, json};

const NEWCOMER: &str = "U0FIN00006";

/// Opens the home, and waits until it says this.
async fn home(world: &World, user: &str, words: &str) -> String {
    let told = world.slack.open_home(user).await.unwrap();
    assert!(told.last().is_some_and(|told| told.accepted()), "the bot hears of it: {told:?}");
    let shown = async || {
        let shown = world.slack.home(user).map(|view| view.object["blocks"].to_string());
        Ok(shown.filter(|shown| shown.contains(words)))
    };
    wait(&format!("{user}'s home with {words:?}"), shown).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_shows_what_waits_for_its_person_and_leads_there() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let empty = home(world, REPORTER, "None that you belong to").await;
    assert!(empty.contains("Changes are not frozen") && empty.contains("keyleak 0."), "{empty}");
    let case = open(world).await.unwrap();
    let posted = |case: &Case| case.room().posted.contains_key(&plan_key(PlanNumber(1)));
    let now = until(world, &case, "the plan", posted).await.unwrap();

    let shown = home(world, APPROVER, "Approve or deny plan 1").await;
    let link = |(room, ts): &(ChannelId, MessageTs)| {
        format!("https://simulated.slack.com/archives/{}/p{}", room.0, ts.0.replace('.', ""))
    };
    for key in [plan_key(PlanNumber(1)), card_key()] {
        let place = now.room().posted[&key].clone();
        assert!(shown.contains(&link(&place)), "{shown}");
    }
    assert!(!shown.contains(&world.leaked.access_key_id), "the key is masked");
    let requester = home(world, REPORTER, &case.0).await;
    assert!(!requester.contains("Approve or deny"), "{requester}");
    let owner = home(world, KEY_OWNER, &case.0).await;
    assert!(!owner.contains("Approve or deny"), "the key is theirs: {owner}");

    approve(world, &case).await.unwrap();
    let done = home(world, APPROVER, "Nothing.").await;
    assert!(!done.contains("Approve or deny"), "{done}");
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_belong_to_a_case_learns_nothing_of_it() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    // Once something waits to be decided, Slack is asked who somebody is.
    until(world, &case, "the plan", |case| case.pending_plan().is_some()).await.unwrap();
    world.slack.welcome(Person::member(NEWCOMER, "fin", "fin"), &world.lobby);
    let not_ours = "You do not use keyleak here";
    for (who, words) in [(NEWCOMER, "None that you belong to"), (OUTSIDER, not_ours)] {
        let shown = home(world, who, words).await;
        let key = load(world, &case).await.unwrap().opening().key.to_string();
        assert!(!shown.contains(&case.0) && !shown.contains(&key), "{who}: {shown}");
    }
    let key = &world.leaked.access_key_id;
    world.slack.slash(NEWCOMER, &world.lobby, "/keyleak", key).await.unwrap();
    home(world, NEWCOMER, &case.0).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_of_a_home_opens_the_form_for_those_who_use_keyleak() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let press = |user: &str| {
        let view_id = world.slack.home(user).unwrap().id().to_owned();
        Press::new(user, Place::View { view_id }, RESPOND)
    };
    home(world, REPORTER, RESPOND).await;
    assert!(world.slack.press(press(REPORTER)).await.unwrap().accepted());
    let shown = async || Ok(world.slack.views_open(REPORTER).pop());
    let form = wait("the form", shown).await.unwrap();
    assert_eq!(form.object["title"]["text"], "Exposed AWS key");

    // Once something waits to be decided, Slack is asked who somebody is.
    let case = open(world).await.unwrap();
    until(world, &case, "the plan", |case| case.pending_plan().is_some()).await.unwrap();
    home(world, OUTSIDER, "You do not use keyleak here").await;
    let none = world.slack.press(press(OUTSIDER)).await.unwrap_err();
    assert_eq!(none, Impossible::NoSuchAction(RESPOND.to_owned()), "it has no button");
    let action = json!({ "type": "button", "action_id": RESPOND, "value": "new" });
    let forged = json!({ "actions": [action], "container": { "type": "view", "view_id": "V1" } });
    assert!(world.slack.interaction(OUTSIDER, "block_actions", &forged).await.accepted());
    home(world, OUTSIDER, "You do not use keyleak here").await;
    assert!(world.slack.views_open(OUTSIDER).is_empty(), "nor does it do anything");
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_tab_and_nobody_draw_no_home() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let opened = |user: Value, tab: &str| {
        let kind = "app_home_opened";
        json!({ "type": kind, "user": user, "channel": "D1", "tab": tab })
    };
    for event in [
        opened(json!(REPORTER), "messages"),
        opened(Value::Null, "home"),
        opened(json!(""), "home"),
        opened(json!({ "id": REPORTER }), "home"),
    ] {
        let told = world.slack.event(&event).await;
        assert!(told.len() == 1 && told[0].accepted(), "{told:?}");
    }
    home(world, APPROVER, "Nothing.").await;
    let published = world.slack.calls();
    let published = published.iter().filter(|call| call.method == "views.publish");
    assert_eq!(published.count(), 1, "only for the one who opened it");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_lead_back_to_the_card_and_the_card_does_not() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let posted = |case: &Case| case.room().posted.contains_key(&plan_key(PlanNumber(1)));
    let now = until(world, &case, "the plan", posted).await.unwrap();
    let (room, card) = now.room().posted[&card_key()].clone();
    let link = format!("archives/{}/p{}", room.0, card.0.replace('.', ""));
    let message = |ts: &str| world.slack.message(&room.0, ts).unwrap().to_string();
    let (_, plan) = &now.room().posted[&plan_key(PlanNumber(1))];
    assert!(message(&plan.0).contains(&link));
    assert!(!message(&card.0).contains(&link));
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}
