//! What keyleak knows and decides; pure: no I/O, no clock, no chance, so nothing outside fails it.

pub mod action;
pub mod agenda;
pub mod anchor;
pub mod announce;
pub mod brake;
pub mod button;
pub mod case;
pub mod command;
pub mod digest;
pub mod event;
pub mod exposure;
pub mod facts;
pub mod fold;
mod fold_plans;
pub mod growth;
pub mod identity;
pub mod ids;
pub mod intake;
pub mod lineage;
pub mod operator;
pub mod plan;
pub mod policy;
pub mod proof;
pub mod query_cost;
pub mod question;
pub mod record;
pub mod remains;
pub mod report;
pub mod room;
#[cfg(test)]
pub(crate) mod sample;
pub mod secret;
pub mod sighting_index;
pub mod snapshot;
mod standing;
pub mod trail_row;
pub mod verdict;
