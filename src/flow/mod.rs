//! The use cases: what the domain decides, carried out through the ports and nothing else.

pub mod act;
pub mod ask;
pub mod brakes;
pub mod chase;
pub mod decide;
pub mod desk;
pub mod eradicate;
pub mod exposure;
pub mod file_intake;
pub mod gains;
pub mod hold;
pub mod intake;
pub mod lane;
pub mod ledger;
pub mod losses;
pub mod notary;
pub mod operator;
pub mod photograph;
pub mod propose;
pub mod readback;
pub mod reconcile;
pub mod seen;
pub mod spoken;
pub mod sweep;
mod targets;
pub mod tell;
pub mod validate;
