//! Slack: what it sends us, what we draw for it, and the calls that put it there.

mod answer;
pub mod blocks;
mod card;
pub mod cards;
mod checklist;
mod fact_lines;
pub mod guarded;
pub mod happening;
pub mod inbound;
pub mod intake_modal;
mod plan_card;
mod telling;
mod wire;
