//! All that knows AWS: lookups, the only changes, the journal's tables, evidence and Athena.

mod access;
pub mod accounts;
pub mod anchors;
pub mod athena;
mod athena_memory;
mod athena_pages;
mod athena_passes;
mod athena_reading;
mod athena_run;
pub mod athena_table;
pub mod brakes;
pub mod changes;
pub mod clients;
pub mod contain;
pub mod eradicate;
pub mod eradicate_resources;
pub mod eradicate_things;
pub mod error;
pub mod event_history;
pub mod evidence;
pub mod guard;
pub mod guard_duty;
pub mod health;
pub mod history_regions;
mod inbox;
pub mod journal;
pub mod key_making;
#[macro_use]
mod listing;
pub mod iam_things;
pub mod lookup;
pub mod manifests;
pub mod operator;
pub mod organization;
pub mod other_logs;
pub mod resources;
pub mod roles;
pub mod session;
mod session_policy;
pub mod tables;
pub mod users;
#[cfg(test)]
mod wire_fake;
pub mod work;
