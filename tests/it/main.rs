//! Tests of the whole library from outside, against nothing but files and this machine.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod acknowledge;
mod bad_input;
mod crash;
mod freeze;
#[path = "../support/journal_contract.rs"]
mod journal_contract;
mod layers;
mod manifests;
mod printed_manifests;
mod slack_app;
mod stage;
mod stores;
mod verify;
