//! A bot in a process of its own: production's router, worker and journal, with mishaps on order.

use crate::mishaps::{Careless, Generous, Mortal, Slow};
use crate::orders::{DRAIN, GO, LISTENING, Orders, Sabotage};
use crate::wire::Wire;
use jiff::SignedDuration;
use keyleak::domain::agenda::Timing;
use keyleak::drill::bot::{Outside, desk, gate};
use keyleak::drill::world::production_timing;
use keyleak::flow::desk::Desk;
use keyleak::ports::journal::Journal;
use keyleak::running::Bot;
use keyleak::telemetry::{Style, start};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Approvals run out in an hour; in a compressed clock that is soon, and these tests take breaks.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Reading the trail costs a debug build much, and a compressed clock asks for it all the time.
const SURVEY_EVERY: SignedDuration = SignedDuration::from_secs(100);

/// Runs a bot until its standard input ends, as it does when the parent is gone.
pub(crate) fn run(orders: &str) -> ExitCode {
    let orders: Orders = serde_json::from_str(orders).expect("orders");
    start(Style::Plain, Some("warn"));
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(serve(orders))
}

async fn serve(orders: Orders) -> ExitCode {
    let heard = listen_to_the_parent();
    let desk = made(&orders, &heard);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let bot = Bot::start(desk, gate(), listener, orders.holder.clone());
    say(&format!("{LISTENING}{address}"));
    let mut heard = heard;
    // The parent's end is ours; the thread that listens ends the process.
    let told = heard.wait_for(|line| line == DRAIN).await;
    drop(told);
    bot.shut_down().await;
    ExitCode::SUCCESS
}

fn made(orders: &Orders, heard: &watch::Receiver<String>) -> Desk {
    let clock = orders.time.clock();
    let (sabotage, mishap) = (orders.sabotage, orders.mishap.clone());
    let through = |inner: Arc<dyn Journal>| -> Arc<dyn Journal> {
        let early = sabotage == Some(Sabotage::AckBeforeAppend);
        Arc::new(Mortal::new(inner, mishap.clone(), (early, heard.clone())))
    };
    let wire = || Wire::new(orders.account_url.clone(), orders.holder.clone());
    let outside = Outside {
        folder: &orders.folder,
        slack_api_url: orders.slack_api_url.clone(),
        clock,
        timing: Timing { survey_every: SURVEY_EVERY, ..production_timing() },
        lookup: Arc::new(wire()),
        contain: Arc::new(Slow::new(wire(), &mishap, heard.clone())),
    };
    let mut desk = desk(outside, &through).expect("a desk");
    desk.rules.plans.expires_after = EXPIRES_AFTER;
    if !orders.trail {
        desk.trail = None;
    }
    if sabotage == Some(Sabotage::LeaseIgnored) {
        desk.work = Arc::new(Generous(Arc::clone(&desk.work)));
    }
    desk.chat = Arc::new(Careless::new(desk.chat, (sabotage, mishap), heard.clone()));
    desk
}

/// The newest line of the parent; the process ends where the parent's lines do.
fn listen_to_the_parent() -> watch::Receiver<String> {
    let (said, heard) = watch::channel(String::new());
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            said.send_replace(line);
        }
        std::process::exit(0);
    });
    heard
}

/// Stands still until the parent says to go on.
pub(crate) async fn stand_still(said: &str, heard: &watch::Receiver<String>) {
    say(said);
    let gone_on = heard.clone().wait_for(|line| line == GO).await.map(drop);
    gone_on.expect("the parent is there");
}

/// A line to the parent.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
}
