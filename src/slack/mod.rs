//! Slack: what it sends us, what we draw for it, and the calls that put it there.

mod answer;
pub mod blocks;
mod card;
pub mod cards;
pub mod chat;
mod checklist;
mod download;
mod fact_lines;
mod failure;
mod given_file;
pub mod guarded;
pub mod happening;
mod history;
pub mod inbound;
pub mod intake_modal;
pub mod manifest;
mod pacing;
mod personal;
mod plan_card;
mod plan_choices;
pub mod plan_form;
mod recovery_card;
pub mod sketch;
mod telling;
mod upload;
pub mod web;
mod wire;
