//! The crash matrix: what is decided is kept, nothing is done twice, and the end is the same.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says so"
)]

mod bot;
#[path = "../support/chance.rs"]
#[expect(dead_code, reason = "a storm gives each of many a chance of its own")]
mod chance;
mod check;
mod deaths;
mod generous;
mod labels;
mod matrix;
mod mishaps;
mod orders;
mod people;
mod stalls;
mod storm;
mod story;
mod town;
mod wire;

use keyleak::ports::clock::Clock;
use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// Runs everything whole and prints the tables; without it a sample runs as tests do.
const WHOLE: &str = "--whole";
/// Lets it storm, with the seed that follows.
const STORM: &str = "--storm";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some(orders::BOT) => bot::run(&arguments[2]),
        Some(STORM) => storms(&arguments[2..]),
        Some(WHOLE) => whole(arguments.get(2).map_or("", String::as_str)),
        Some(_) | None => {
            let arguments = Arguments::from_args();
            libtest_mimic::run(&arguments, trials()).exit_code()
        }
    }
}

fn trials() -> Vec<Trial> {
    deaths::trials().into_iter().chain(stalls::trials()).chain(storm::trials()).collect()
}

/// Runs the matrix at every moment whose label holds `only`.
fn whole(only: &str) -> ExitCode {
    let matrix = runtime().block_on(async {
        let mut unbroken = matrix::rehearse().await;
        unbroken.moments.retain(|moment| moment.label.contains(only));
        matrix::run(&unbroken).await
    });
    println!("{}", matrix.table());
    if matrix.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the whole storm, with the seed and as many deliveries as given, else with a seed that
/// nobody chose and all of them.
fn storms(given: &[String]) -> ExitCode {
    let number = |at: usize| given.get(at).map(|text| text.parse::<u64>().expect("a number"));
    let seed = number(0).unwrap_or_else(|| Clock::real().now().as_millisecond().unsigned_abs());
    if storm::whole(seed, number(1)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts")
}
