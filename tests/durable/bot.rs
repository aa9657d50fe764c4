//! A bot in a process of its own: production's router, worker and journal, with mishaps on order.

use crate::mishaps::{Careless, Generous, Hasty, Mortal};
use crate::orders::{LISTENING, Orders, Sabotage};
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
    let desk = made(&orders);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let _bot = Bot::start(desk, gate(), listener, orders.holder.clone());
    end_with_the_parent();
    say(&format!("{LISTENING}{address}"));
    std::future::pending().await
}

fn made(orders: &Orders) -> Desk {
    let sabotage = orders.sabotage;
    let through = |inner: Arc<dyn Journal>| -> Arc<dyn Journal> {
        Arc::new(Mortal::new(inner, orders.mishap.clone(), sabotage))
    };
    let wire = || Arc::new(Wire::new(orders.account_url.clone(), orders.holder.clone()));
    let outside = Outside {
        plans_expire_after: EXPIRES_AFTER,
        folder: &orders.folder,
        slack_api_url: orders.slack_api_url.clone(),
        clock: orders.time.clock(),
        timing: Timing { survey_every: SURVEY_EVERY, ..production_timing() },
        lookup: wire(),
        contain: Arc::new(Hasty { inner: wire(), sabotage }),
    };
    let mut desk = desk(outside, &through).expect("a desk");
    if sabotage == Some(Sabotage::LeaseIgnored) {
        desk.work = Arc::new(Generous(Arc::clone(&desk.work)));
    }
    if sabotage == Some(Sabotage::OtherPlan) {
        desk.rules.plans.deny_policy_arn.push_str("Other");
    }
    desk.chat = Arc::new(Careless::new(desk.chat, sabotage));
    desk
}

/// The process ends where the parent's lines do.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        std::io::stdin().lock().lines().map_while(Result::ok).for_each(drop);
        std::process::exit(0);
    });
}

/// A line to the parent.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
}
