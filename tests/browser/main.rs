//! The drill's page in a real browser: what a person does there, and what they see.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says so"
)]

mod browser;
mod card;
mod drawn;
mod drill;
mod faults;
#[expect(dead_code, reason = "only the tests against foreign parts wait on a network")]
#[path = "../support/frame.rs"]
mod frame;
#[expect(dead_code, reason = "what is live in a message is looked for without a browser")]
#[path = "../support/gallery.rs"]
mod gallery;
#[path = "../support/hostile_answer.rs"]
mod hostile_answer;
#[expect(dead_code, reason = "what may follow is tried without a browser")]
#[path = "../support/hostile_case.rs"]
mod hostile_case;
#[path = "../support/hostile_stages.rs"]
mod hostile_stages;
mod look;
mod parts;
#[path = "../support/python.rs"]
mod python;
mod reports;
mod scenarios;
#[path = "../support/spoiled.rs"]
mod spoiled;
mod stage;
mod steps;
mod story;

use libtest_mimic::Arguments;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let parts = Arc::new(parts::Parts::default());
    let mut trials = Vec::new();
    trials.extend(parts::trials(&parts));
    trials.extend(card::trials(&parts));
    trials.extend(story::trials(&parts));
    trials.extend(faults::trials(&parts));
    trials.extend(scenarios::trials(&parts));
    trials.extend(look::trials(&parts));
    trials.extend(stage::trials(&parts));
    trials.extend(drawn::trials(&parts));
    trials.extend(reports::trials(&parts));
    let conclusion = libtest_mimic::run(&arguments, trials);
    frame::judge(&conclusion)
}
