//! The use cases: what the domain decides, carried out through the ports and nothing else.

pub mod act;
pub mod ask;
pub mod brakes;
pub mod decide;
pub mod desk;
pub mod hold;
pub mod intake;
pub mod lane;
pub mod ledger;
pub mod operator;
pub mod propose;
pub mod readback;
pub mod reconcile;
pub mod seen;
pub mod sweep;
pub mod tell;
pub mod validate;
