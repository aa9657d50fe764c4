//! Cursor pages, the way every listing method hands them out.

use crate::sim::slack::call::{Call, Refusal, refuse};

/// What Slack gives when the caller names no limit.
const PAGE_DEFAULT: usize = 100;
/// What Slack gives at most.
const PAGE_MAX: i64 = 1000;

/// The page of `items` that the call asks for, and the cursor of the next one.
pub(super) fn page<T>(items: Vec<T>, call: &Call) -> Result<(Vec<T>, String), Refusal> {
    let from = match call.text("cursor") {
        None => 0,
        Some(cursor) => {
            let place = cursor.strip_prefix("next:").and_then(|place| place.parse().ok());
            place.ok_or_else(|| refuse("invalid_cursor"))?
        }
    };
    let limit = match call.number("limit") {
        None | Some(0) => PAGE_DEFAULT,
        Some(limit) if (1..=PAGE_MAX).contains(&limit) => {
            usize::try_from(limit).unwrap_or(PAGE_DEFAULT)
        }
        Some(_) => return Err(refuse("invalid_limit")),
    };
    let total = items.len();
    let page: Vec<T> = items.into_iter().skip(from).take(limit).collect();
    let end = from + page.len();
    let next = if end < total { format!("next:{end}") } else { String::new() };
    Ok((page, next))
}
