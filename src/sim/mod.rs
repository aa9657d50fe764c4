//! The simulated world of drills and tests; nothing here can reach a real one.

pub mod actor;
pub mod attacker;
pub mod cloud;
pub mod slack;
