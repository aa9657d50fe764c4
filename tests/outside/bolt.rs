//! Which requests are Slack's? Bolt for Python and the service answer the same five hundred.
//!
//! Both get the same bytes over HTTP. Each must be accepted by both or refused by both, but for the
//! classes of docs/requests.md, of which each must be seen.

mod content;
mod difference;
mod request;

use crate::chance::Chance;
use crate::frame::{Missing, trial, trial_async};
use crate::parts::Parts;
use crate::python::Judge;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use content::APP;
use difference::{Difference, Taker};
use keyleak::domain::ids::AccountId;
use keyleak::drill::bot::{Outside, desk};
use keyleak::drill::world::{PLANS_EXPIRE_AFTER, production_timing};
use keyleak::ports::clock::Clock;
use keyleak::running::{Bot, Gate};
use keyleak::sim::cloud::{DELIVERY_DELAY, SimCloud, SimCloudConfig};
use libtest_mimic::Trial;
use request::{Signing, Stamp, Wanted};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const PREVIOUS: &str = "00000000b10e8888abcd99yyyzzz85a5";
const SEED: u64 = 20_261_201;
const REQUESTS: usize = 500;
/// Of so many at least both sides must say yes, and of so many no.
const OF_EACH_MIN: usize = 80;
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);
const TABLE: &str = include_str!("../../docs/requests.md");

/// What one side said: a status, or nothing.
type Said = Option<u16>;

/// One request and what both said to it.
#[derive(Debug)]
struct Seen {
    what: String,
    odd: Vec<Difference>,
    is_only_too_old: bool,
    keyleak: Said,
    bolt: Said,
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [same, ageless] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "bolt_and_keyleak_accept_the_same_requests_but_for_the_table",
            move || async move { agree(&same).await },
        ),
        trial_async("a_bolt_that_checks_no_age_is_seen_to_differ", move || async move {
            differs_without_an_age(&ageless).await
        }),
        trial("the_table_beside_bolt_is_the_one_that_is_tested", || {
            let names: BTreeSet<&str> = Difference::ALL.iter().map(|one| one.name()).collect();
            assert_eq!(table(), names);
            Ok(())
        }),
    ]
}

async fn agree(parts: &Parts) -> Result<(), Missing> {
    let seen = compare(parts, true).await?;
    assert!(seen.len() >= REQUESTS, "{} requests", seen.len());
    assert_eq!(complaints(&seen, &Difference::ALL), [""; 0]);
    let both = |said: fn(Said) -> bool| {
        seen.iter().filter(|one| said(one.keyleak) && said(one.bolt)).count()
    };
    let (yes, no) = (both(accepted), both(|said| !accepted(said)));
    assert!(yes >= OF_EACH_MIN && no >= OF_EACH_MIN, "{yes} accepted and {no} refused by both");
    eprintln!("{} requests: {yes} accepted and {no} refused by both", seen.len());
    for left_out in Difference::ALL {
        let listed: Vec<_> = Difference::ALL.into_iter().filter(|one| *one != left_out).collect();
        assert!(!complaints(&seen, &listed).is_empty(), "{} is needed", left_out.name());
        let others = || seen.iter().filter(|one| !one.odd.contains(&left_out));
        let stale = format!("{}: no request differs so", left_out.name());
        assert!(unseen(others(), &Difference::ALL).contains(&stale), "{stale} would be told");
    }
    Ok(())
}

async fn differs_without_an_age(parts: &Parts) -> Result<(), Missing> {
    let seen = compare(parts, false).await?;
    let unlisted: Vec<_> = seen.iter().filter(|one| !is_explained(one, &Difference::ALL)).collect();
    assert!(unlisted.len() >= 5, "{unlisted:#?}");
    let young = unlisted.iter().filter(|one| one.what.contains("Age(0)"));
    assert_eq!(young.count(), 0, "for their age alone: {unlisted:#?}");
    assert!(unlisted.iter().any(|one| one.is_only_too_old));
    Ok(())
}

/// What the table does not explain, and what of it nothing shows.
fn complaints(seen: &[Seen], listed: &[Difference]) -> Vec<String> {
    let unlisted = seen.iter().filter(|one| !is_explained(one, listed));
    let mut all: Vec<_> = unlisted
        .map(|one| format!("{}: keyleak {:?}, Bolt {:?}", one.what, one.keyleak, one.bolt))
        .collect();
    all.extend(unseen(seen.iter(), listed));
    all
}

fn unseen<'a>(seen: impl Iterator<Item = &'a Seen> + Clone, listed: &[Difference]) -> Vec<String> {
    let shows =
        |class: Difference, one: &Seen| one.odd == [class] && differ(one) == Some(class.taker());
    let stale = listed.iter().filter(|class| !seen.clone().any(|one| shows(**class, one)));
    stale.map(|class| format!("{}: no request differs so", class.name())).collect()
}

fn is_explained(one: &Seen, listed: &[Difference]) -> bool {
    differ(one).is_none_or(|taker| {
        one.odd.iter().any(|class| class.taker() == taker && listed.contains(class))
    })
}

fn differ(one: &Seen) -> Option<Taker> {
    match (accepted(one.keyleak), accepted(one.bolt)) {
        (true, false) => Some(Taker::Keyleak),
        (false, true) => Some(Taker::Bolt),
        (true, true) | (false, false) => None,
    }
}

fn accepted(said: Said) -> bool {
    said.is_some_and(|status| (200..300).contains(&status))
}

fn table() -> BTreeSet<&'static str> {
    let rows = TABLE.lines().skip_while(|line| !line.starts_with("| class |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.trim_matches('|').split('|').next()).map(str::trim).collect()
}

/// Sends the same requests to both, one after another.
async fn compare(parts: &Parts, checks_age: bool) -> Result<Vec<Seen>, Missing> {
    let mut judge = parts.python()?.judge("bolt_judge.py", &[]);
    let asked = json!({
        "op": "listen", "secret": SECRET, "checks_age": checks_age,
        "events": keyleak::slack::happening::EVENTS,
        "forms": ["intake", "plan.change", "plan.undo_steps"],
    });
    let port = judge.ask(&asked)["port"].as_u64().expect("a port");
    let bolt = SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(port).expect("a port")));
    let (keyleak, bot, _folder) = service().await;
    let mut chance = Chance::of(SEED);
    let mut seen = Vec::new();
    for _ in 0..REQUESTS {
        let wanted = Wanted::by(&mut chance);
        seen.extend(both(&mut judge, &wanted, (keyleak, bolt)).await);
    }
    bot.shut_down().await;
    Ok(seen)
}

/// Asks both within the same second, so that an age on the edge is the same for both.
async fn both(judge: &mut Judge, wanted: &Wanted, at: (SocketAddr, SocketAddr)) -> Vec<Seen> {
    loop {
        let now = Clock::real().now().as_second();
        judge.ask(&json!({ "op": "time", "now": now }));
        let bytes = wanted.bytes(&signed(judge, wanted, now));
        let mut seen = Vec::new();
        for time in 0..=usize::from(wanted.again) {
            let (keyleak, bolt) = (send(at.0, &bytes).await, send(at.1, &bytes).await);
            seen.push(Seen {
                what: told(wanted, time),
                odd: wanted.odd().to_vec(),
                is_only_too_old: wanted.is_only_too_old(),
                keyleak,
                bolt,
            });
        }
        if Clock::real().now().as_second() == now {
            return seen;
        }
    }
}

fn told(wanted: &Wanted, time: usize) -> String {
    let Wanted { content, address, kind, signing, stamp, spelling, .. } = wanted;
    let stamp = match stamp {
        Stamp::Age(age) => format!("Age({age})"),
        Stamp::Text(made, _) => format!("stamp {:?}", made(1_800_000_000)),
        Stamp::Missing => "no stamp".to_owned(),
    };
    let start: String = String::from_utf8_lossy(&content.body).chars().take(60).collect();
    format!(
        "{} to {address} as {kind:?}, {signing:?}, {stamp}, {spelling:?}, time {}: {start}",
        content.name,
        time + 1
    )
}

/// The headers of the signature, made by Slack's own library.
fn signed(judge: &mut Judge, wanted: &Wanted, now: i64) -> Vec<(&'static str, Vec<u8>)> {
    const TIMESTAMP: &str = "X-Slack-Request-Timestamp";
    const SIGNATURE: &str = "X-Slack-Signature";
    let timestamp = match wanted.stamp {
        Stamp::Age(age) => (now - age).to_string(),
        Stamp::Text(made, _) => made(now),
        Stamp::Missing => now.to_string(),
    };
    let body = &wanted.content.body;
    let mut sign = |secret: &str, body: &[u8]| by_slack_sdk(judge, secret, &timestamp, body);
    let right = sign(SECRET, body);
    let signatures = match wanted.signing {
        Signing::Right => vec![right],
        Signing::Previous => vec![sign(PREVIOUS, body)],
        Signing::OtherSecret => vec![sign("another secret", body)],
        Signing::OtherBody => vec![sign(SECRET, b"another body")],
        Signing::Cut => vec![right[..60].to_owned()],
        Signing::Capitals => vec![right.to_ascii_uppercase()],
        Signing::NoVersion => vec![right[3..].to_owned()],
        Signing::OtherVersion => vec![right.replace("v0", "v1")],
        Signing::Empty => vec![String::new()],
        Signing::NotAscii => vec![right.replace("v0=", "v0=ü")],
        Signing::Missing | Signing::NoHeaders => vec![],
        Signing::RightThenWrong => vec![right, sign("another secret", body)],
        Signing::WrongThenRight => vec![sign("another secret", body), right],
        Signing::TwiceTheSame => vec![right.clone(), right],
    };
    let mut headers: Vec<_> =
        signatures.into_iter().map(|signature| (SIGNATURE, signature.into_bytes())).collect();
    if !matches!(wanted.stamp, Stamp::Missing) && wanted.signing != Signing::NoHeaders {
        headers.push((TIMESTAMP, timestamp.into_bytes()));
    }
    headers
}

/// `slack_sdk` signs text only; what is no text is signed by the same rule over its bytes.
fn by_slack_sdk(judge: &mut Judge, secret: &str, timestamp: &str, body: &[u8]) -> String {
    if std::str::from_utf8(body).is_err() {
        return keyleak::domain::proof::sign(secret.as_bytes(), timestamp, body);
    }
    let body = STANDARD.encode(body);
    let asked = json!({ "op": "sign", "secret": secret, "timestamp": timestamp, "body": body });
    judge.ask(&asked)["signature"].as_str().expect("a signature").to_owned()
}

async fn send(to: SocketAddr, bytes: &[u8]) -> Said {
    let exchanged = tokio::time::timeout(ANSWER_TIME_MAX, exchange(to, bytes)).await;
    exchanged.unwrap_or_else(|_| panic!("{to} gives no answer"))
}

/// The status, or nothing where the connection ends without one.
async fn exchange(to: SocketAddr, bytes: &[u8]) -> Said {
    let stream = TcpStream::connect(to).await.expect("it listens");
    let (mut reading, mut writing) = stream.into_split();
    // Who refuses a long body answers before it is sent to its end.
    let write = async { writing.write_all(bytes).await.is_ok() };
    let read = async {
        let mut answer = Vec::new();
        let _ended = reading.read_to_end(&mut answer).await;
        answer
    };
    let (_, answer) = tokio::join!(write, read);
    let line = answer.split(|byte| *byte == b'\r').next()?;
    let status = std::str::from_utf8(line).ok()?.split(' ').nth(1)?;
    status.parse().ok()
}

/// The service as it runs in production, with nobody behind it.
async fn service() -> (SocketAddr, Bot, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::real();
    let trail_folder = folder.path().join("trail");
    std::fs::create_dir_all(&trail_folder).expect("a folder");
    let cloud = SimCloud::new(SimCloudConfig {
        account: AccountId("029608264753".to_owned()),
        clock,
        seed: SEED,
        lag: Duration::ZERO..=Duration::ZERO,
        delivery_delay: DELIVERY_DELAY,
        trail_folder,
    });
    let cloud = cloud.expect("an account");
    let outside = Outside {
        records: None,
        folder: folder.path().to_owned(),
        slack_api_url: "http://127.0.0.1:1/api".to_owned(),
        clock,
        timing: production_timing(),
        plans_expire_after: PLANS_EXPIRE_AFTER,
        lookup: Arc::clone(&cloud) as Arc<_>,
        contain: cloud,
    };
    let desk = desk(outside, &|journal| journal).expect("a desk");
    let gate = Gate {
        signing_secrets: [SECRET, PREVIOUS].map(SecretString::from).to_vec(),
        app_id: Some(APP.to_owned()),
        socket: None,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (address, Bot::start(desk, gate, listener, "judged".to_owned()), folder)
}
