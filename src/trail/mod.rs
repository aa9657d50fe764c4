//! Reads CloudTrail where it lies: delivered objects, cut down to a case and asked in SQL.

pub mod address_books;
mod addresses;
pub mod asking;
mod callers;
pub mod canon;
pub mod catalogue;
pub mod columns;
pub mod command_line;
mod dialect;
mod digests;
pub mod envelopes;
pub mod event_history;
mod evidence_file;
pub mod flatten;
pub mod glance;
mod in_sql;
pub mod investigator;
pub mod json;
mod kept;
mod known;
pub mod listed;
mod loaded;
pub mod local;
mod log_answers;
mod looked_up;
mod marks;
mod memo;
mod notes;
pub mod objects;
pub mod output;
pub mod own_questions;
mod packed;
mod passes;
pub mod paths;
pub mod quick;
mod quiet_json;
pub mod record;
pub mod scan;
mod searches;
mod seen;
mod skim;
mod spill;
mod spool;
pub mod stamp;
pub mod table;
mod texts;
mod told;
mod unpacking;
pub mod walk;
mod whole_cuts;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod rows_asked;
#[cfg(test)]
mod traps;
