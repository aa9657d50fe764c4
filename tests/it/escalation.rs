//! A plan that waits calls people, then pages somebody, then expires; a decision ends that.

use crate::stage::Stage;
use jiff::SignedDuration;
use keyleak::domain::announce::plan_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, PostKey};
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::team_step::{PageOutcome, TeamStep};
use keyleak::drill::people::{APPROVER, KEY_OWNER, SECOND_APPROVER};
use keyleak::drill::players::{approve, open, until};
use keyleak::flow::desk::Desk;
use keyleak::pager::webhook::Webhook;
use secrecy::SecretString;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// On nobody's list but that of the people who come next.
const NEXT: &str = "U0NIK00011";
/// Part of the webhook's address, which nobody may read anywhere.
const SECRET: &str = "hidden-in-the-address";

/// A receiver of pages on this machine: what it got, and what it answers in turn.
struct Receiver {
    address: String,
    got: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start(answers: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/{SECRET}", listener.local_addr().unwrap());
        let got: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&got);
        let serve = async move {
            for answer in answers.iter().chain(std::iter::repeat(&200)) {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let mut request = String::new();
                let mut buffer = [0; 4_096];
                // Headers and a body of a known length, in as many pieces as they come.
                while !is_whole(&request) {
                    match stream.read(&mut buffer).await {
                        Ok(0) | Err(_) => break,
                        Ok(n) => request.push_str(&String::from_utf8_lossy(&buffer[..n])),
                    }
                }
                heard.lock().unwrap().push(request);
                let answer = format!(
                    "HTTP/1.1 {answer} Told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        };
        tokio_util::task::TaskTracker::new().spawn(serve);
        Self { address, got }
    }

    fn requests(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

fn called(desk: &mut Desk, receiver: &Receiver) {
    let ladder = &mut desk.rules.policy.conduct.ladder;
    ladder.next = [NEXT.to_owned()].into();
    ladder.page_after = Some(SignedDuration::from_mins(30));
    let address = SecretString::from(receiver.address.clone());
    desk.pager = Some(Arc::new(Webhook::new(&address).unwrap()));
}

async fn stage(receiver: &Receiver) -> Stage {
    let mut stage = Stage::set().await;
    let person = keyleak::sim::slack::people::Person::member(NEXT, "nik", "Nik");
    let lobby = stage.world.lobby.clone();
    stage.world.slack.welcome(person, &lobby);
    stage.world.restart_bot_with(|desk| called(desk, receiver)).await.unwrap();
    stage
}

fn steps(case: &Case) -> Vec<TeamStep> {
    let records = case.records().iter();
    let step = |event: &Event| {
        let Event::Team { step } = event else { return None };
        Some(step.as_ref().clone())
    };
    records.filter_map(|record| step(&record.event)).collect()
}

fn users(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("user_id").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|below| users(below, found));
        }
        Value::Array(items) => items.iter().for_each(|below| users(below, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_nobody_decides_calls_people_pages_somebody_and_expires() {
    let receiver = Receiver::start(&[503]).await;
    let stage = stage(&receiver).await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let expired = |case: &Case| {
        case.plan(PlanNumber(1)).is_some_and(|state| state.status() == PlanStatus::Expired)
    };
    let now = until(world, &id, "the plan's end", expired).await.unwrap();

    let sent = PageOutcome::Sent { status: 200 };
    let failed = PageOutcome::Failed { why: "HTTP 503".to_owned(), last: false };
    let plan = PlanNumber(1);
    let wanted = [
        TeamStep::PageTried { plan, attempt: 1 },
        TeamStep::Paged { plan, outcome: failed },
        TeamStep::PageTried { plan, attempt: 2 },
        TeamStep::Paged { plan, outcome: sent },
    ];
    assert_eq!(steps(&now), wanted);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2, "{requests:#?}");
    for request in &requests {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("POST /{SECRET} ")), "{head}");
        let key = format!("{id}/plan-1");
        assert!(head.to_lowercase().contains(&format!("idempotency-key: {key}")), "{head}");
        let page: Value = serde_json::from_str(body).unwrap();
        assert_eq!(page["dedup_key"], key.as_str());
        assert_eq!((&page["event"], &page["plan"]), (&"approval_waits".into(), &1.into()));
        let channel = now.room().channel.clone().unwrap().0;
        assert!(page["link"].as_str().unwrap().ends_with(&channel), "{page}");
        assert!(!body.contains(&world.leaked.access_key_id), "{body}");
        assert!(page["waits"].as_str().unwrap().contains("0 of 1 approval"), "{page}");
    }

    let said = |key: &str| {
        let (channel, ts) = now.room().posted[&PostKey(key.to_owned())].clone();
        let message = world.slack.message(&channel.0, &ts.0).unwrap();
        let mut found = Vec::new();
        users(&message["blocks"], &mut found);
        found
    };
    assert_eq!(said("rung-1-again"), [APPROVER, SECOND_APPROVER], "not the owner, not who asked");
    assert_eq!(said("rung-1-next"), [APPROVER, SECOND_APPROVER, NEXT]);
    let channel = now.room().channel.clone().unwrap().0;
    let members = world.slack.channel(&channel).unwrap().members;
    assert!(members.contains(&NEXT.to_owned()), "only members are rung: {members:?}");
    let everything = format!("{:?}{:?}", now.records(), world.slack.messages(&channel));
    assert!(!everything.contains(SECRET), "the address is nowhere");
    assert!(!said("rung-1-again").contains(&KEY_OWNER.to_owned()));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_decided_in_time_calls_nobody() {
    let receiver = Receiver::start(&[]).await;
    let stage = stage(&receiver).await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let posted = |case: &Case| case.room().posted.contains_key(&plan_key(PlanNumber(1)));
    until(world, &id, "the plan", posted).await.unwrap();
    approve(world, &id).await.unwrap();
    world.clock.sleep(std::time::Duration::from_secs(2_400)).await;
    let now = keyleak::drill::players::load(world, &id).await.unwrap();
    let of_plan_1 = |key: &PostKey| key.0.starts_with("rung-1-");
    assert_eq!(now.room().posted.keys().find(|key| of_plan_1(key)), None);
    let pages = steps(&now)
        .into_iter()
        .filter(|step| matches!(step, TeamStep::PageTried { plan, .. } if *plan == PlanNumber(1)));
    assert_eq!(pages.count(), 0);
    stage.strike().await;
}
