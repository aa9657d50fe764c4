//! Slack: what it sends us, what we draw for it, and the calls that put it there.

mod answer;
pub mod blocks;
mod card;
pub mod cards;
pub mod chat;
mod checklist;
mod fact_lines;
mod failure;
pub mod guarded;
pub mod happening;
mod history;
pub mod inbound;
pub mod intake_modal;
pub mod manifest;
mod pacing;
mod plan_card;
pub mod sketch;
mod telling;
pub mod web;
mod wire;
