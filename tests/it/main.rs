//! Tests of the whole library from outside, against nothing but files and this machine.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod accounts;
mod acknowledge;
mod allow_orders;
mod answer_files;
mod answers_drawn;
mod asked;
mod asked_in_sql;
mod asked_progress;
mod athena_allowance;
mod athena_beside;
mod athena_cost;
mod athena_stops;
mod athena_tables;
mod athena_whole_case;
mod athena_whole_cut;
mod attack;
mod bad_input;
mod bedrock_key;
mod binary;
mod break_glass;
#[path = "../support/bureau.rs"]
mod bureau;
mod call_faults;
mod cancel;
mod caps;
mod case_table_rights;
mod changing_trail;
mod chat_traps;
mod council;
#[path = "../support/counting_athena.rs"]
mod counting_athena;
mod crowded;
mod decisions;
mod delivered_again;
mod doctor;
mod doctor_rights;
mod drill_command;
mod drill_control;
mod drill_faults;
mod drill_marks;
#[path = "../support/eradicated.rs"]
mod eradicated;
mod eradication;
mod eradication_of_resources;
mod escalation;
mod every_message;
mod exposure;
mod file_intake;
mod findings;
mod freeze;
#[path = "../support/gallery.rs"]
mod gallery;
#[path = "../support/ground.rs"]
mod ground;
mod heartbeat;
mod history_rights;
mod home;
#[path = "../support/hostile_answer.rs"]
mod hostile_answer;
#[path = "../support/hostile_case.rs"]
mod hostile_case;
#[path = "../support/hostile_stages.rs"]
mod hostile_stages;
mod impact;
mod investigate_command;
#[path = "../support/journal_contract.rs"]
mod journal_contract;
mod journal_cost;
#[path = "../support/kept_queries.rs"]
mod kept_queries;
mod layers;
mod made_besides;
#[path = "../support/made_tables.rs"]
mod made_tables;
mod manifests;
mod named_queries;
mod new_keys;
mod no_channel;
mod not_ours;
mod opened;
mod orders;
mod own_questions;
mod owner_asked;
#[path = "../support/partial_trail.rs"]
mod partial_trail;
mod peer_defects;
mod people;
mod plan_changes;
mod plan_forms;
mod policy_table;
mod printed_manifests;
mod quarantine;
mod readme;
mod reconcile;
mod recovery;
mod renamed;
mod reopened;
mod replacement;
mod reports;
mod resources;
mod restoring;
mod roles;
mod root_key;
#[path = "../support/scanned_answers.rs"]
mod scanned_answers;
mod second_witness;
mod serve_command;
mod session_keys;
mod shortcuts;
#[path = "../support/silent_chat.rs"]
mod silent_chat;
#[path = "../support/sim_account.rs"]
mod sim_account;
mod simulated;
mod single_steps;
#[path = "../support/skips_the_deny.rs"]
mod skips_the_deny;
mod slack_app;
mod slack_away;
mod slack_calls;
mod socket_mode;
#[path = "../support/spoiled.rs"]
mod spoiled;
mod stage;
mod step_up;
mod step_up_served;
mod stores;
#[path = "../support/story.rs"]
mod story;
mod tampering;
mod tasks;
mod teamwork;
mod text;
mod timeline;
#[path = "../support/trail_table.rs"]
#[expect(dead_code, reason = "the whole of it is asked of other engines only")]
mod trail_table;
mod two_cases;
mod undo_left;
mod undo_of_each_kind;
mod undone_cases;
mod user_groups;
mod verify;
mod way_back_in;
#[path = "../support/work_contract.rs"]
mod work_contract;
