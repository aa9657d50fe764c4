//! What every reader of AWS's lists needs: an end to them, and AWS's times as ours.

use crate::ports::cloud::{CallClass, CallError};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// The SDK's time as ours; `None` for one that no calendar holds.
pub(super) fn time(at: &DateTime) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(at.subsec_nanos()).ok()?;
    Timestamp::new(at.secs(), nanoseconds).ok()
}

/// A listing that does not end is no listing.
pub(super) fn endless(call: &str, pages_max: usize) -> CallError {
    let why = format!("the listing did not end after {pages_max} pages");
    CallError::new(CallClass::Other, call, why)
}
