//! What the program needs from the outside world, in its own words; adapters implement it.

pub mod accounts;
pub mod activity;
pub mod anchors;
mod answer_csv;
pub mod chat;
pub mod clock;
pub mod cloud;
pub mod coverage;
pub mod directory;
pub mod event_history;
pub mod evidence;
mod exhibits;
pub mod journal;
pub mod key_making;
pub mod missing_column;
pub mod other_logs;
pub mod pager;
pub mod ticket;
pub mod trail;
pub mod whole_cut;
pub mod witness;
