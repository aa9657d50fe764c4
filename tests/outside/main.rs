//! Tests against parts we did not write: an AWS emulator, Slack's own library, another SQL engine.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise, and says so"
)]

mod account;
mod accounts;
mod address_books;
mod answers;
#[path = "../support/approving.rs"]
mod approving;
mod athena;
mod attacker;
mod aws_contract;
mod block_judges;
mod bolt;
mod bot_rights;
#[path = "../support/bureau.rs"]
mod bureau;
mod calibration;
#[path = "../support/chance.rs"]
#[expect(dead_code, reason = "a siege chooses in fewer ways than a storm")]
mod chance;
mod closed_bucket;
mod cloud_formation;
mod conditions;
mod containment;
#[path = "../support/counting_athena.rs"]
#[expect(dead_code, reason = "only the definition of a table is asked for here")]
mod counting_athena;
mod doctor;
#[path = "../support/dynalite.rs"]
mod dynalite;
mod dynamodb_local;
mod each_right;
mod emulated;
#[path = "../support/eradicated.rs"]
mod eradicated;
mod erased;
mod erased_things;
mod every_message;
mod faulty;
#[path = "../support/frame.rs"]
mod frame;
#[path = "../support/gallery.rs"]
#[expect(dead_code, reason = "what is live in a message is looked for without others")]
mod gallery;
#[path = "../support/ground.rs"]
mod ground;
mod history_of_real_trails;
#[path = "../support/hostile_answer.rs"]
mod hostile_answer;
#[path = "../support/hostile_case.rs"]
#[expect(dead_code, reason = "what may follow is tried without others")]
mod hostile_case;
#[path = "../support/hostile_stages.rs"]
mod hostile_stages;
mod iam_things;
#[path = "../support/journal_contract.rs"]
mod journal_contract;
mod journal_document;
#[path = "../support/kept_queries.rs"]
#[expect(dead_code, reason = "an emulator keeps them here")]
mod kept_queries;
mod key_made;
mod lawful;
mod leak;
mod least_rights;
mod made_again;
#[path = "../support/made_tables.rs"]
mod made_tables;
mod maven;
mod ministack;
#[path = "../support/moves.rs"]
mod moves;
#[path = "../support/named.rs"]
mod named;
mod named_queries;
#[path = "../support/npm.rs"]
mod npm;
mod object_lock;
mod operators;
mod organization;
mod other_logs;
#[path = "../support/partial_trail.rs"]
mod partial_trail;
mod parts;
mod plan_forms;
#[path = "../support/python.rs"]
mod python;
mod questions;
#[path = "../support/raider.rs"]
mod raider;
mod real_scenarios;
mod real_trails;
mod reconciled;
mod recorded;
mod recorder;
mod resource_ends;
mod resource_rights;
#[path = "../support/restless.rs"]
mod restless;
#[path = "../support/scanned_answers.rs"]
mod scanned_answers;
mod served;
mod service;
mod siege;
mod signatures;
#[path = "../support/silent_chat.rs"]
mod silent_chat;
#[path = "../support/skips_the_deny.rs"]
mod skips_the_deny;
mod slack_app;
mod slack_client;
mod slack_judge;
mod slack_reference;
mod socket_judge;
mod sql_judge;
#[path = "../support/store_tables.rs"]
mod store_tables;
#[path = "../support/story.rs"]
mod story;
mod table_shapes;
mod tableless;
mod techniques;
#[path = "../support/thief.rs"]
mod thief;
#[path = "../support/tickets.rs"]
mod tickets;
mod trail_in_s3;
#[path = "../support/trail_table.rs"]
mod trail_table;
mod trino;
mod trino_athena;
mod troubled;
mod troubled_case;
mod troubled_watch;
mod whole_cuts;
mod witness;
#[path = "../support/work_contract.rs"]
mod work_contract;

use libtest_mimic::Arguments;
use std::process::ExitCode;
use std::sync::Arc;

/// Trials at a time: most of what they do is to wait for the parts.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(AT_ONCE));
    let parts = Arc::new(parts::Parts::default());
    let mut trials = Vec::new();
    trials.extend(parts::trials(&parts));
    trials.extend(ministack::trials(&parts));
    trials.extend(calibration::trials(&parts));
    trials.extend(containment::trials(&parts));
    trials.extend(served::trials(&parts));
    trials.extend(least_rights::trials(&parts));
    trials.extend(each_right::trials(&parts));
    trials.extend(bot_rights::trials(&parts));
    trials.extend(whole_cuts::trials(&parts));
    trials.extend(conditions::trials(&parts));
    trials.extend(resource_rights::trials(&parts));
    trials.extend(resource_ends::trials(&parts));
    trials.extend(accounts::trials(&parts));
    trials.extend(address_books::trials(&parts));
    trials.extend(tableless::trials(&parts));
    trials.extend(troubled::trials(&parts));
    trials.extend(emulated::trials(&parts));
    trials.extend(erased::trials(&parts));
    trials.extend(erased_things::trials(&parts));
    trials.extend(key_made::trials(&parts));
    trials.extend(real_trails::trials(&parts));
    trials.extend(real_scenarios::trials());
    trials.extend(techniques::trials());
    trials.extend(attacker::trials(&parts));
    trials.extend(recorded::trials(&parts));
    trials.extend(reconciled::trials(&parts));
    trials.extend(siege::trials(&parts));
    trials.extend(signatures::trials(&parts));
    trials.extend(block_judges::trials(&parts));
    trials.extend(cloud_formation::trials(&parts));
    trials.extend(bolt::trials(&parts));
    trials.extend(slack_judge::trials(&parts));
    trials.extend(plan_forms::trials(&parts));
    trials.extend(answers::trials(&parts));
    trials.extend(every_message::trials(&parts));
    trials.extend(slack_client::trials());
    trials.extend(slack_reference::trials());
    trials.extend(slack_app::trials(&parts));
    trials.extend(doctor::trials(&parts));
    trials.extend(history_of_real_trails::trials());
    trials.extend(other_logs::trials(&parts));
    trials.extend(questions::trials(&parts));
    trials.extend(table_shapes::trials(&parts));
    trials.extend(trail_in_s3::trials(&parts));
    trials.extend(named_queries::trials(&parts));
    trials.extend(athena::trials(&parts));
    trials.extend(trino::trials(&parts));
    trials.extend(aws_contract::trials(&parts));
    trials.extend(object_lock::trials(&parts));
    trials.extend(closed_bucket::trials(&parts));
    trials.extend(socket_judge::trials(&parts));
    trials.extend(sql_judge::trials(&parts));
    trials.extend(journal_document::trials(&parts));
    trials.extend(operators::trials(&parts));
    trials.extend(organization::trials(&parts));
    trials.extend(witness::trials(&parts));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Trials are gone here, so this is the last owner: the parts stop before the process does.
    drop(parts);
    frame::judge(&conclusion)
}
