//! Simulated parts for drills and tests; only `main` and tests name them.

pub mod slack;
