//! The siege: an actor nobody scripted holds nothing that works once a case says "contained".
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says so"
)]

#[path = "../support/approving.rs"]
mod approving;
#[path = "../support/bureau.rs"]
#[expect(dead_code, reason = "a siege needs less of it than a story does")]
mod bureau;
mod bystanders;
mod campaign;
#[path = "../support/chance.rs"]
#[expect(dead_code, reason = "a siege chooses in fewer ways than a storm")]
mod chance;
#[path = "../support/ground.rs"]
mod ground;
mod guarded;
#[path = "../support/moves.rs"]
mod moves;
#[path = "../support/named.rs"]
mod named;
#[path = "../support/raider.rs"]
mod raider;
mod sabotage;
#[path = "../support/silent_chat.rs"]
mod silent_chat;
#[path = "../support/sim_account.rs"]
mod sim_account;
#[path = "../support/skips_the_deny.rs"]
mod skips_the_deny;
mod town;

use campaign::{Outcome, Terms, besiege};
use futures_util::StreamExt;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// Runs so many sieges, from the first seed on, and prints a line for each.
const SEEDS: &str = "--seeds";
/// The same with a raider who watches for the deny, where IAM takes up to ten seconds.
const WATCHING: &str = "--watching";
/// The same under the organization's service control policy.
const GUARDED: &str = "--guarded";
/// The seed that `cargo test` runs, besides a sabotage.
const SAMPLE: u64 = 2;
const QUARANTINE: &str = include_str!("../../manifests/organizations/quarantine.json");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize| arguments.get(at).map(|text| text.parse::<u64>().expect("a number"));
    let mode = arguments.get(1).map(String::as_str);
    if matches!(mode, Some(SEEDS | WATCHING | GUARDED)) {
        let (first, count) = (number(3).unwrap_or(1), number(2).unwrap_or(SAMPLE));
        return if many(first..first + count, mode.unwrap_or_default()) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(at_once()));
    libtest_mimic::run(&arguments, trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let siege = |seed| {
        let name = format!("seed_{seed}_holds_nothing_that_works_after_contained");
        Trial::test(name, move || well(seed, &runtime().block_on(in_peace(seed))))
    };
    let mut trials = vec![siege(SAMPLE)];
    trials.extend(sabotage::trials());
    trials
}

fn run(seed: u64, terms: &Terms) -> Outcome {
    runtime().block_on(besiege(seed, terms))
}

/// Sieges at a time: the account's clock goes on also while a machine leaves the bot no time.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// On a busy machine the raider may outrun a bot that gets no time; so what was never contained is
/// tried once more, in a town with less haste.
async fn in_peace(seed: u64) -> Outcome {
    let outcome = besiege(seed, &Terms::honest()).await;
    match outcome.contained_after {
        Some(_) => outcome,
        None => {
            // A hang that comes only at speed looks the same, so it is told.
            println!("seed {seed} was not contained at speed\n{}", outcome.journal);
            besiege(seed, &Terms::unhurried()).await
        }
    }
}

fn well(seed: u64, outcome: &Outcome) -> Result<(), Failed> {
    let faults = outcome.faults();
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("seed {seed}:\n{}\n{}", faults.join("\n"), outcome.journal).into())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

/// Runs all of these, several at a time; whether all ended as promised.
fn many(seeds: std::ops::Range<u64>, mode: &str) -> bool {
    if let Err(why) = sabotage::without_the_deny() {
        println!("sabotage: without the deny {}", why.message().unwrap_or_default());
        return false;
    }
    println!("sabotage: without the deny it is never contained");
    runtime().block_on(async {
        let sieges = futures_util::stream::iter(seeds).map(|seed| async move {
            match mode {
                WATCHING => (seed, besiege(seed, &watchful()).await),
                GUARDED => (seed, besiege(seed, &guarded_terms()).await),
                _ => (seed, in_peace(seed).await),
            }
        });
        let mut ended = sieges.buffer_unordered(at_once());
        let mut tally = Tally::default();
        while let Some((seed, outcome)) = ended.next().await {
            tally.add(seed, &outcome, mode != SEEDS);
        }
        println!("{}", tally.words());
        tally.wrong == 0
    })
}

/// A raider who takes the deny off, where IAM is slow.
fn watchful() -> Terms {
    Terms { lag_s: Some(10), takes_off: true, ..Terms::honest() }
}

/// The same under a policy that lets nobody take the tag off.
fn guarded_terms() -> Terms {
    Terms { policies: &[QUARANTINE], ..watchful() }
}

#[derive(Default)]
struct Tally {
    all: usize,
    contained: usize,
    wrong: usize,
    longest_s: i64,
    credentials: usize,
    tried: usize,
}

impl Tally {
    fn add(&mut self, seed: u64, outcome: &Outcome, watching: bool) {
        self.all += 1;
        self.credentials += outcome.credentials;
        self.tried += outcome.tried;
        let after = outcome.contained_after.map(|span| span.as_secs());
        self.contained += usize::from(after.is_some());
        self.longest_s = self.longest_s.max(after.unwrap_or(0));
        let mut faults = outcome.faults();
        if watching && outcome.alarmed {
            // It may hold out; then nothing is called contained, and everybody is told.
            if after.is_none() {
                faults.retain(|fault| fault.starts_with("refused") || fault.starts_with("free"));
            }
        }
        let said = after.map_or("not contained".to_owned(), |s| format!("contained after {s} s"));
        println!(
            "seed {seed}: {said}, {} credentials, {} calls tried, {} lawful calls, {} tagged, \
             alarm {}",
            outcome.credentials, outcome.tried, outcome.lawful, outcome.tagged, outcome.alarmed
        );
        if !faults.is_empty() {
            self.wrong += 1;
            println!("  {}\n{}", faults.join("\n  "), outcome.journal);
        }
    }

    fn words(&self) -> String {
        format!(
            "{} sieges: {} contained, the slowest after {} s; {} credentials held, {} calls tried; \
             {} not as promised",
            self.all, self.contained, self.longest_s, self.credentials, self.tried, self.wrong
        )
    }
}
