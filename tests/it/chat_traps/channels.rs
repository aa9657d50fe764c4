//! Channels: made once and by us, whatever is in the way, seen by ours alone, and left at the end.

use crate::chat_traps::house::{
    BOT, House, MEMBER, approvals, channel, is, member, minutes, posted, told,
};
use crate::no_channel::told_directly;
use crate::people::heard;
use crate::slack_away::{keys, told_all, wrong};
use keyleak::domain::announce::beside::details_key;
use keyleak::domain::announce::{card_key, plan_key};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::{APPROVER, OUTSIDER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::wait;
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::deliver::Twist;
use keyleak::sim::slack::faults::Fault;
use serde_json::Value;
use std::collections::BTreeSet;

/// The workspace that the outsider is from.
const ELSEWHERE: &str = "T0NWIND001";
/// The channel that is shared with it.
const SHARED: &str = "shared-northwind";
/// Keys that end alike.
const ALIKE: [&str; 4] = [
    "AKIAQNZGKIQY56JA7WML",
    "AKIAQNZGKIQY56JB7WML",
    "AKIAQNZGKIQY56JC7WML",
    "AKIAQNZGKIQY56JD7WML",
];

/// The name that the channel of the leaked key has when nobody took it.
fn first_name(house: &House) -> String {
    let four = house.world.leaked.access_key_id[16..].to_lowercase();
    format!("drill-keyleak-{four}-{}", house.world.clock.now().strftime("%Y%m%d"))
}

/// Whether the bot has said anything in a channel.
fn has_spoken(house: &House, channel: &str) -> bool {
    let messages = house.world.slack.messages(channel);
    messages.iter().any(|message| message["metadata"].is_object())
}

/// A taken name is refused without a word of who has it: a hidden or an archived channel.
#[tokio::test(flavor = "multi_thread")]
async fn node_slack_sdk_1543_a_taken_name_gets_the_next_number() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let name = first_name(&house);
    let hidden = slack.make_channel(&name, Reach::Private, &[SECOND_APPROVER]);
    let old = slack.make_channel(&format!("{name}-2"), Reach::Private, &[APPROVER, BOT]);
    slack.archive(&old, APPROVER);
    let case = house.planned().await;
    let now = house.load(&case).await;
    assert_eq!(now.room().name.as_deref(), Some(format!("{name}-3").as_str()));
    assert!(!has_spoken(&house, &hidden) && !has_spoken(&house, &old));
    assert!(has_spoken(&house, &channel(&now)), "the control");
    house.strike().await;
}

/// A channel of the wanted name was taken over, whoever was in it, though it was public.
#[tokio::test(flavor = "multi_thread")]
async fn incidentbot_no_channel_is_taken_over_for_its_name() {
    let house = House::open().await;
    let name = first_name(&house);
    let found = house.world.slack.make_channel(&name, Reach::Public, &[APPROVER, BOT]);
    let case = house.planned().await;
    let now = house.load(&case).await;
    assert_ne!(channel(&now), found);
    assert!(!has_spoken(&house, &found));
    let own = house.world.slack.channel(&channel(&now)).unwrap();
    assert_eq!((own.reach, own.creator.as_str()), (Reach::Private, BOT));
    house.strike().await;
}

/// Numbers by counting, and names by the second, were given twice.
#[tokio::test(flavor = "multi_thread")]
async fn incidental_cases_of_one_moment_have_names_of_their_own() {
    let house = House::with(2, &|_| ()).await;
    let lobby = house.world.lobby.as_str();
    let both = [house.slack_to(0), house.slack_to(1)];
    let open = ALIKE.iter().zip(both.iter().cycle());
    let open = open.map(|(key, slack)| slack.slash(REPORTER, lobby, "/keyleak", key));
    for opened in futures_util::future::join_all(open).await {
        assert!(opened.unwrap().body.contains("Opened case"));
    }
    let cases = house.desk().work.all_cases().await.unwrap();
    let ids: BTreeSet<&CaseId> = cases.iter().collect();
    let mut names = BTreeSet::new();
    for case in &cases {
        let now = house.until(case, "the card", posted(&card_key())).await;
        names.insert((now.room().name.clone(), channel(&now)));
    }
    assert_eq!((ids.len(), names.len()), (ALIKE.len(), ALIKE.len()), "{names:?}");
    house.strike().await;
}

/// One step of making the room failed, and everything after it with it.
#[tokio::test(flavor = "multi_thread")]
async fn dispatch_1275_a_room_is_finished_though_its_topic_pin_and_guests_are_refused() {
    let mut house = House::open().await;
    let slack = house.world.slack.clone();
    let refused = Fault::Error("restricted_action".to_owned());
    for method in ["conversations.setTopic", "conversations.setPurpose", "pins.add"] {
        slack.script(method, &refused, 1);
    }
    slack.script("conversations.invite", &Fault::Error("no_permission".to_owned()), 1);
    let case = house.report().await;
    house.until(&case, "the channel", |case| case.room().channel.is_some()).await;
    house.stop().await;
    house.start(&|_| ()).await;
    let now = house.until(&case, "the plan", posted(&plan_key(PlanNumber(1)))).await;
    assert!(now.room().posted.contains_key(&card_key()) && now.room().given_up.is_empty());
    let noted = now.records().iter().any(|record| {
        let Event::Invited { failed, .. } = &record.event else { return false };
        failed.iter().any(|why| why.contains("no_permission"))
    });
    assert!(noted, "who could not be let in is on record");
    let seen = slack.calls().into_iter().filter(|call| call.outcome.contains("Error(")).count();
    assert_eq!(seen, 4, "the control: four calls were refused");
    let rooms = slack.channels().into_iter().filter(|one| one.name.contains("keyleak-")).count();
    assert_eq!(rooms, 1, "the start did not make another");
    house.strike().await;
}

/// The bot was not in the channel that it wrote to.
#[tokio::test(flavor = "multi_thread")]
async fn dispatch_2539_the_bot_writes_only_into_channels_of_its_own_making() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let case = house.planned().await;
    house.approve(&case).await;
    house.until(&case, "done", is(1, PlanStatus::Done)).await;
    let calls = slack.calls().into_iter().filter(|call| call.args["channel"].is_string());
    let mut written = 0;
    for call in calls.filter(|call| call.method.starts_with("chat.")) {
        let place = call.args["channel"].as_str().unwrap();
        let Some(into) = slack.channel(place) else {
            assert!(place.starts_with(['U', 'D']), "{call:?}");
            continue;
        };
        assert_eq!((into.creator.as_str(), call.outcome.as_str()), (BOT, "ok"), "{call:?}");
        written += 1;
    }
    assert!(written > 3, "the control: {written}");
    let unknown = |word: &str| slack.calls().iter().any(|call| call.outcome.contains(word));
    assert!(!unknown("not_in_channel") && !unknown("not_allowed_token_type"));
    // Somebody takes the bot out: whoever reported the key hears of it, and nothing is lost.
    let room = channel(&house.load(&case).await);
    slack.change_channel(&room, |room| room.members.retain(|member| member != BOT));
    house.press(&case, REPORTER, "case.summary").await;
    let asked = async || {
        let told = told_directly(&house.world, REPORTER);
        Ok(told.iter().any(|said| said.contains("taken me out")).then_some(()))
    };
    wait("the requester being asked", asked).await.unwrap();
    assert!(!told_all(&house.load(&case).await), "the control: it waits");
    slack.change_channel(&room, |room| room.members.push(BOT.to_owned()));
    let now = house.until(&case, "all messages", told_all).await;
    assert_eq!(wrong(&now, &keys(&house.world, &now)), None);
    assert_eq!(told_directly(&house.world, REPORTER).len(), 1, "asked once");
    assert_eq!(slack.violations(), Vec::<String>::new());
    house.strike().await;
}

/// Errors in archived channels; and no bot opens one again.
#[tokio::test(flavor = "multi_thread")]
async fn dispatch_4580_the_channel_is_archived_last_and_the_next_case_gets_another() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let first = house.planned().await;
    house.press(&first, APPROVER, "plan.deny").await;
    house.until(&first, "the no", is(1, PlanStatus::Denied)).await;
    house.press(&first, REPORTER, "case.close").await;
    let now = house.until(&first, "its end", Case::is_archived).await;
    let old = channel(&now);
    let into: Vec<String> = slack
        .calls()
        .into_iter()
        .filter(|call| call.args["channel"] == *old || call.args["channel_id"] == *old)
        .map(|call| call.method)
        .collect();
    assert_eq!(into.last().map(String::as_str), Some("conversations.archive"), "{into:?}");
    let exported = into.iter().position(|method| method.starts_with("files."));
    assert!(exported.is_some(), "the report is there before that: {into:?}");

    house.say(REPORTER, &house.world.lobby, &house.world.leaked.access_key_id).await;
    let next = async || {
        let open = house.desk().work.open_cases().await.unwrap();
        Ok(open.into_iter().find(|case| *case != first))
    };
    let second = wait("the next case", next).await.unwrap();
    // The button for the summary stands in the card's thread.
    let now = house.until(&second, "its details", posted(&details_key())).await;
    assert_ne!(channel(&now), old);
    let calls = slack.calls().len();
    slack.archive(&channel(&now), REPORTER);
    house.press(&second, REPORTER, "case.summary").await;
    let lost = |case: &Case| case.room().failed.is_some();
    house.until(&second, "the archived channel noticed", lost).await;
    let heard = async || Ok((!told_directly(&house.world, REPORTER).is_empty()).then_some(()));
    wait("the requester being told", heard).await.unwrap();
    let tried = slack
        .calls()
        .split_off(calls)
        .into_iter()
        .filter(|call| call.args["channel"] == *channel(&now) && call.outcome == "is_archived");
    assert!(tried.count() <= 2, "nobody hammers on a closed door");
    house.strike().await;
}

/// An organisation's interactions name no workspace.
#[tokio::test(flavor = "multi_thread")]
async fn deno_incident_management_10_a_press_in_an_org_wide_install_counts() {
    let house = House::open().await;
    let case = house.planned().await;
    let org = |foreign_team: Option<&str>| {
        let foreign_team = foreign_team.map(str::to_owned);
        let twist = Twist { org_install: true, foreign_team, ..Twist::default() };
        house.world.slack.twisted(twist)
    };
    let (place, _) = house.seen(&house.load(&case).await, &plan_key(PlanNumber(1)));
    let press = keyleak::sim::slack::acts::Press::new(APPROVER, place, "plan.approve");
    assert!(org(Some(ELSEWHERE)).press(press.clone()).await.unwrap().accepted());
    heard(&house.world, APPROVER, "not in the workspace").await;
    assert_eq!(approvals(&house.load(&case).await, 1), 0, "the control: another workspace");
    assert!(org(None).press(press).await.unwrap().accepted());
    house.until(&case, "the approval", |case| approvals(case, 1) == 1).await;
    house.strike().await;
}

/// Outsiders in shared channels saw and set off things.
#[tokio::test(flavor = "multi_thread")]
async fn accessbot_260_an_outsider_sets_nothing_off_by_words_buttons_or_forms() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    let now = house.load(&case).await;
    let outside =
        world.slack.twisted(Twist { foreign_team: Some(ELSEWHERE.to_owned()), ..Twist::default() });
    for words in [world.leaked.access_key_id.as_str(), "list", "status", "", "help"] {
        let said = outside.slash(OUTSIDER, SHARED, "/keyleak", words).await.unwrap().body;
        assert!(said.contains("not in the workspace") && !said.contains(&case.0), "{said}");
    }
    // The right person's id, and another company's workspace.
    for (key, button) in [(card_key(), "case.close"), (plan_key(PlanNumber(1)), "plan.approve")] {
        let (place, _) = house.seen(&now, &key);
        let press = keyleak::sim::slack::acts::Press::new(APPROVER, place, button);
        assert!(outside.press(press).await.unwrap().accepted());
    }
    heard(world, APPROVER, "not in the workspace").await;
    house.say(REPORTER, &world.lobby, "").await;
    let shown = async || Ok(world.slack.views_open(REPORTER).pop());
    wait("the form", shown).await.unwrap();
    let fields = serde_json::json!({ "intake.keys": ALIKE[0] });
    let sent = outside.submit_view(REPORTER, &fields).await.unwrap();
    assert!(sent.body.contains("not in the workspace"), "{}", sent.body);
    let now = house.load(&case).await;
    assert_eq!((approvals(&now, 1), now.closed_at()), (0, None));
    assert_eq!(house.desk().work.all_cases().await.unwrap().len(), 1);
    house.approve(&case).await;
    house.strike().await;
}

/// What is typed in a channel that is shared with another organisation.
#[tokio::test(flavor = "multi_thread")]
async fn simple_report_2816_what_is_typed_in_a_shared_channel_stays_with_ours() {
    let house = House::open().await;
    let world = &house.world;
    let key = world.leaked.access_key_id.as_str();
    let said = house.say(REPORTER, SHARED, key).await;
    assert!(said.contains("this channel is shared with another") && said.contains("ephemeral"));
    assert!(house.desk().work.all_cases().await.unwrap().is_empty(), "{said}");
    let said = house.say(REPORTER, SHARED, "help").await;
    assert!(said.contains("responds to exposed"), "{said}");
    let said = house.say(REPORTER, &world.lobby, key).await;
    assert!(said.contains("Opened case") && said.contains("ephemeral"), "the control: {said}");
    let case = house.desk().work.all_cases().await.unwrap().remove(0);
    let now = house.until(&case, "the plan", posted(&plan_key(PlanNumber(1)))).await;
    let room = world.slack.channel(&channel(&now)).unwrap();
    assert!(room.reach == Reach::Private && !room.shared_externally);
    assert!(room.members.iter().all(|member| member != OUTSIDER), "{:?}", room.members);
    let shared = world.slack.channel(SHARED).unwrap();
    assert!(!has_spoken(&house, &shared.id));
    assert!(shared.members.iter().any(|member| member == OUTSIDER), "the control");
    assert!(world.slack.ephemerals(OUTSIDER).is_empty());
    house.strike().await;
}

/// Anybody could open an incident.
#[tokio::test(flavor = "multi_thread")]
async fn response_236_only_who_is_listed_opens_a_case() {
    let nobody = Some(BTreeSet::new());
    let house = House::with(1, &|desk| desk.rules.policy.openers = nobody.clone()).await;
    let world = &house.world;
    world.slack.welcome(member(), &world.lobby);
    let key = world.leaked.access_key_id.as_str();
    let said = house.say(MEMBER, &world.lobby, key).await;
    assert!(said.contains("not on the list"), "{said}");
    assert!(house.desk().work.all_cases().await.unwrap().is_empty());
    let said = house.say(REPORTER, &world.lobby, key).await;
    assert!(said.contains("Opened case"), "the control: {said}");
    house.strike().await;
}

/// The link to what is known was lost in the talk.
#[tokio::test(flavor = "multi_thread")]
async fn response_18_topic_and_pin_lead_to_the_case() {
    let house = House::open().await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    let room = house.world.slack.channel(&channel(&now)).unwrap();
    assert!(room.topic.value.contains(&case.0), "{}", room.topic.value);
    assert!(!room.topic.value.contains(&house.world.leaked.access_key_id), "masked");
    assert_eq!(room.pins, [now.room().posted[&card_key()].1.0.clone()]);
    house.strike().await;
}

/// A drill was taken for the real thing, and the real thing for a drill.
#[tokio::test(flavor = "multi_thread")]
async fn grafana_agent_6773_a_drill_says_so_everywhere_and_a_real_case_nowhere() {
    for drill in [true, false] {
        let house = House::with(1, &|desk| desk.rules.drill = drill).await;
        let case = house.planned().await;
        house.press(&case, REPORTER, "case.summary").await;
        let summed_up = |case: &Case| {
            let summed = told(case, |event| matches!(event, Event::SummaryAsked)) == 1;
            summed && told_all(case)
        };
        let now = house.until(&case, "all messages", summed_up).await;
        let room = house.world.slack.channel(&channel(&now)).unwrap();
        assert_eq!(now.opening().drill, drill);
        assert_eq!(room.name.starts_with("drill-"), drill, "{}", room.name);
        assert_eq!(room.topic.value.starts_with("DRILL"), drill, "{}", room.topic.value);
        let ours = |message: &&Value| message["metadata"].is_object();
        let messages = house.world.slack.messages(&channel(&now));
        let messages: Vec<_> = messages.iter().filter(ours).collect();
        assert!(messages.len() > 2);
        for message in messages {
            assert_eq!(message.to_string().contains("DRILL"), drill, "{message}");
        }
        house.strike().await;
    }
}

/// An address for answers lives half an hour, and an incident longer.
#[tokio::test(flavor = "multi_thread")]
async fn bolt_js_1548_a_card_is_kept_current_after_every_response_url_has_expired() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    let seen = house.press(&case, REPORTER, "phase.scope").await;
    let url = response_url(&seen.sent.body);
    world.clock.sleep(minutes(31).unsigned_abs()).await;
    let before = house.card(&house.load(&case).await);
    house.press(&case, APPROVER, "plan.deny").await;
    house.until(&case, "the no", is(1, PlanStatus::Denied)).await;
    let redrawn = async || {
        let now = house.card(&house.load(&case).await);
        Ok((now != before && now.contains("denied")).then_some(()))
    };
    wait("the card saying so", redrawn).await.unwrap();
    assert_eq!(world.slack.said_by(&url), Vec::<String>::new(), "cards need no such address");
    house.strike().await;
}

/// The address for answers in a sent interaction.
fn response_url(body: &str) -> String {
    let form = form_urlencoded::parse(body.as_bytes());
    let payload = form.into_owned().find(|(name, _)| name == "payload").unwrap().1;
    let payload: Value = serde_json::from_str(&payload).unwrap();
    payload["response_url"].as_str().unwrap().to_owned()
}
