//! Slack: what it sends us, what we draw for it, and the calls that put it there.

pub mod blocks;
pub mod guarded;
pub mod happening;
pub mod inbound;
pub mod intake_modal;
mod wire;
