//! Reads CloudTrail where it lies: delivered objects, cut down to a case and asked in SQL.

pub mod asking;
mod callers;
pub mod catalogue;
pub mod columns;
pub mod command_line;
mod dialect;
pub mod envelopes;
pub mod event_history;
pub mod flatten;
pub mod investigator;
pub mod json;
pub mod local;
mod log_answers;
mod looked_up;
mod marks;
mod memo;
pub mod objects;
pub mod output;
pub mod own_questions;
mod passes;
pub mod paths;
pub mod quick;
pub mod record;
pub mod scan;
mod spill;
mod searches;
pub mod table;

#[cfg(test)]
mod rows_asked;
#[cfg(test)]
mod traps;
