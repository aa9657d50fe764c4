//! How many requests of Slack's are acknowledged a second, beside Bolt for JavaScript and Python.
//!
//! `cargo bench --bench beside_bolt` sends the same signed commands to each, over 32 connections
//! that stay open: `/keyleak help`, which changes nothing. Then it presses a button of a case,
//! which is written to the journal before it is answered, on SQLite and on DynamoDB (dynalite, an
//! emulator in memory, so its figure says nothing of AWS). Each server is a process of its own
//! and is asked for some seconds after a warm-up, three times; the best counts. Whoever asks
//! takes a share of the same processor, which is printed. It gives figures and no verdict.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark says what it finds"
)]

#[path = "../../tests/support/dynalite.rs"]
mod dynalite;
#[path = "../../tests/support/frame.rs"]
#[expect(dead_code, reason = "a benchmark is no trial")]
mod frame;
mod load;
#[path = "../../tests/support/npm.rs"]
mod npm;
#[path = "../../tests/support/python.rs"]
#[expect(dead_code, reason = "what is pinned is checked by the tests")]
mod python;
mod servers;
#[path = "../../tests/support/store_tables.rs"]
mod store_tables;

use crate::dynalite::Dynalite;
use crate::load::{Measured, load, wire};
use crate::servers::{ASKER, PUBLIC, Server};
use crate::store_tables::make_tables;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use bytes::Bytes;
use keyleak::sim::slack::acts::{Place, Press};
use keyleak::sim::slack::server::SimSlack;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_secs(1);
const LASTING: Duration = Duration::from_secs(5);
const RUNS: usize = 3;
/// Commands that are signed beforehand and sent in turn.
const COMMANDS: usize = 5_000;
/// Bolt answers with as long a text as keyleak does.
const HELP: &str = "help ";
const HELP_BYTES: usize = 3_000;
const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const BUTTON: &str = "phase.scope";
const CARD_PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (bot, slack) = Server::keyleak(None).await;
    let commands = commands(&slack);
    let text = HELP.repeat(HELP_BYTES / HELP.len());
    println!("(a) /keyleak help");
    let ours = best(bot.process(), |number| commands[number % COMMANDS].clone()).await;
    row("keyleak", &ours, None);
    for (name, server) in [
        ("Bolt for JavaScript", Server::bolt_js(&text)),
        ("Bolt for Python", Server::bolt_py(&text)),
    ] {
        match server {
            Ok(server) => {
                let theirs = best(server.process(), |at| commands[at % COMMANDS].clone()).await;
                row(name, &theirs, Some(&ours));
            }
            Err(missing) => println!("{name}: not measured, {missing}"),
        }
    }
    println!("(b) a press that is written to the journal");
    row("on SQLite", &presses((bot, slack)).await, None);
    match Dynalite::start() {
        Ok(dynalite) => row("on DynamoDB", &on_dynamodb(dynalite.address()).await, None),
        Err(missing) => println!("on DynamoDB: not measured, {missing}"),
    }
}

async fn on_dynamodb(address: SocketAddr) -> Measured {
    make_tables(&client(address)).await;
    presses(Server::keyleak(Some(address)).await).await
}

fn client(address: SocketAddr) -> Client {
    let nobody = Credentials::new("AKIAQNZGKIQY5EXAMPLE", "none", None, None, "a benchmark");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(nobody)
        .endpoint_url(format!("http://{address}"));
    Client::from_conf(config.build())
}

/// The commands as Slack would send them now: a signature counts for five minutes.
fn commands(slack: &SimSlack) -> Vec<Bytes> {
    let typed = |_| slack.compose_command((ASKER, PUBLIC), ("/keyleak", "help"));
    (0..COMMANDS).map(|number| wire(&typed(number).expect("she may"))).collect()
}

/// Opens a case and presses the same button of its card again and again.
async fn presses((bot, slack): (Server, SimSlack)) -> Measured {
    let opened = slack.slash(ASKER, PUBLIC, "/keyleak", KEY).await.expect("she may");
    assert!(opened.body.contains("Opened case"), "{}", opened.body);
    let (channel, ts) = card(&slack).await;
    let place = Place::Message { channel, ts };
    let press = Press::new(ASKER, place, BUTTON);
    best(bot.process(), |_| wire(&slack.compose_press(&press).expect("the button is there"))).await
}

/// The channel of the case and the message that holds the button.
async fn card(slack: &SimSlack) -> (String, String) {
    let begun = Instant::now();
    loop {
        for channel in slack.channels() {
            for message in slack.messages(&channel.id) {
                if message["blocks"].to_string().contains(BUTTON) {
                    return (channel.id, message["ts"].as_str().unwrap().to_owned());
                }
            }
        }
        assert!(begun.elapsed() < CARD_PATIENCE, "there is no card");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The best of some runs, behind a warm-up.
async fn best(server: (SocketAddr, u32), next: impl Fn(usize) -> Bytes) -> Measured {
    load(server, WARM_UP, &next).await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(load(server, LASTING, &next).await);
    }
    runs.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    runs.pop().expect("there were some")
}

fn row(name: &str, measured: &Measured, ours: Option<&Measured>) {
    let ratio = ours.map(|ours| {
        format!(
            "; keyleak {:.1} times as many, its p99 {:.2} of this, its memory {:.2}",
            ours.per_second / measured.per_second,
            ours.p99.as_secs_f64() / measured.p99.as_secs_f64(),
            ours.resident_mb / measured.resident_mb
        )
    });
    println!(
        "  {name:<20} {:>7.0} a second, p50 {:.2} ms, p99 {:.2} ms, {:.0} MB ({:.0} its own); asking took {:.0} % of \
         the processor; {} not 200{}",
        measured.per_second,
        measured.p50.as_secs_f64() * 1_000.0,
        measured.p99.as_secs_f64() * 1_000.0,
        measured.resident_mb,
        measured.own_mb,
        measured.asking_share * 100.0,
        measured.refused,
        ratio.unwrap_or_default()
    );
}
