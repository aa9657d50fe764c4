//! The rules of the simulated account, one test each.

mod containment;
mod stage;
