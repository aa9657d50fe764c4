//! All that knows AWS: lookups, the only changes, the journal's tables, evidence and Athena.

// Before all that reads lists with its macro.
#[macro_use]
mod listing;

mod access;
pub mod accounts;
pub mod anchors;
pub mod athena;
mod athena_alone;
mod athena_columns;
pub mod athena_days;
mod athena_forecast;
mod athena_layout;
mod athena_memory;
mod athena_pages;
mod athena_passes;
mod athena_reading;
mod athena_run;
mod athena_shape;
mod athena_stopper;
pub mod athena_table;
mod athena_tables;
pub mod athena_whole_cut;
mod athena_whole_sql;
pub mod brakes;
pub mod changes;
pub mod checkup;
pub mod clients;
pub mod contain;
pub mod delivered;
mod delivered_days;
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
pub mod iam_things;
mod inbox;
pub mod journal;
pub mod key_making;
pub mod lookup;
pub mod manifests;
pub mod named_queries;
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
