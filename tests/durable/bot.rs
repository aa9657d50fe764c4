//! A bot in a process of its own: production's router, worker and journal, with mishaps on order.

use crate::generous::Generous;
use crate::mishaps::{Careless, Hasty, Mortal};
use crate::orders::{FOLD, FOLDS, GO, LISTENING, Orders, STALLED, Sabotage, Weather};
use crate::wire::Wire;
use jiff::SignedDuration;
use keyleak::domain::agenda::Timing;
use keyleak::domain::caps::Caps;
use keyleak::domain::case::Case;
use keyleak::domain::conduct::Conduct;
use keyleak::domain::digest::sha256_hex;
use keyleak::drill::bot::{Outside, desk, gate};
use keyleak::drill::world::production_timing;
use keyleak::flow::desk::Desk;
use keyleak::ports::journal::Journal;
use keyleak::running::Bot;
use keyleak::telemetry::{Style, start};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Approvals run out in an hour; in a compressed clock that is soon, and these tests take breaks.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Reading the trail costs a debug build much, and a compressed clock asks for it all the time.
const SURVEY_EVERY: SignedDuration = SignedDuration::from_secs(100);

/// In a storm what was done is read back so often, so that it comes to an end soon.
const READ_BACK: [SignedDuration; 2] =
    [SignedDuration::from_secs(5), SignedDuration::from_secs(15)];

/// Runs a bot until its standard input ends, as it does when the parent is gone.
pub(crate) fn run(orders: &str) -> ExitCode {
    let orders: Orders = serde_json::from_str(orders).expect("orders");
    start(Style::Plain, Some("warn"));
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(serve(orders))
}

/// The newest line of the parent.
pub(crate) type Heard = watch::Receiver<String>;

async fn serve(orders: Orders) -> ExitCode {
    let mut heard = listen_to_the_parent();
    let mut term = signal(SignalKind::terminate()).expect("SIGTERM can be awaited");
    let desk = made(&orders, &heard);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let bot = Bot::start(desk, gate(), listener, orders.holder.clone());
    say(&format!("{LISTENING}{address}"));
    loop {
        tokio::select! {
            // As `commands::serve` ends.
            _ = term.recv() => {
                bot.shut_down().await;
                return ExitCode::SUCCESS;
            }
            line = heard.wait_for(|line| line == FOLD) => drop(line.expect("the parent is there")),
        }
        heard.mark_unchanged();
        say(&format!("{FOLDS}{}", folds(&bot.desk).await));
        heard.changed().await.expect("the parent is there");
    }
}

/// Every case as this process folds it, in one digest each.
async fn folds(desk: &Desk) -> String {
    let mut folds = BTreeMap::new();
    for id in desk.work.all_cases().await.expect("the cases are listed") {
        let case = desk.ledger.find(&id).await;
        let fold =
            case.map(|case| case.as_ref().map(digest)).unwrap_or_else(|e| Some(e.to_string()));
        folds.extend(fold.map(|fold| (id.0, fold)));
    }
    serde_json::to_string(&folds).expect("digests are JSON")
}

/// Everything that the fold knows, in one digest.
pub(crate) fn digest(case: &Case) -> String {
    sha256_hex(format!("{case:?}").as_bytes())
}

fn made(orders: &Orders, heard: &Heard) -> Desk {
    let sabotage = orders.sabotage;
    let through = |inner: Arc<dyn Journal>| -> Arc<dyn Journal> {
        Arc::new(Mortal::new(inner, orders, heard.clone()))
    };
    let wire = || Arc::new(Wire::new(orders.account_url.clone(), orders.holder.clone()));
    let outside = Outside {
        records: None,
        plans_expire_after: EXPIRES_AFTER,
        folder: orders.folder.clone(),
        slack_api_url: orders.slack_api_url.clone(),
        clock: orders.time.clock(),
        timing: Timing { survey_every: SURVEY_EVERY, ..production_timing() },
        lookup: wire(),
        contain: Arc::new(Hasty::new(wire(), orders, heard.clone())),
    };
    let mut desk = desk(outside, &through).expect("a desk");
    // What comes by the clock comes at no record, so that nobody can be asked to die at it.
    desk.rules.policy.conduct = Conduct::default();
    if orders.weather == Weather::Storm {
        desk.trail = None;
        desk.rules.plans.approvals_reversible = 2;
        desk.rules.timing.read_back = READ_BACK.to_vec();
        // More cases in an hour than any cap lets through alone.
        desk.rules.caps = Caps { cases_per_hour: u32::MAX, principals_per_hour: u32::MAX };
    }
    if sabotage == Some(Sabotage::LeaseIgnored) {
        desk.work = Arc::new(Generous(Arc::clone(&desk.work)));
    }
    if sabotage == Some(Sabotage::OtherPlan) {
        desk.rules.plans.deny_policy_arn.push_str("Other");
    }
    desk.chat = Arc::new(Careless::new(desk.chat, orders, heard.clone()));
    desk
}

/// The process ends where the parent's lines do.
fn listen_to_the_parent() -> Heard {
    let (said, heard) = watch::channel(String::new());
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            said.send_replace(line);
        }
        std::process::exit(0);
    });
    heard
}

/// Stands still until the parent says to go on; the parent may stop the whole process meanwhile.
pub(crate) async fn stand_still(heard: &Heard) {
    say(STALLED);
    heard.clone().wait_for(|line| line == GO).await.map(drop).expect("the parent is there");
}

/// A line to the parent.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
}
