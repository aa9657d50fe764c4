//! Policy documents: whether two say the same, and by what one is told from others.

use crate::domain::digest::sha256_hex;
use serde_json::Value;

/// Whether two policy documents say the same; white space and the order of fields say nothing.
pub fn same_document(one: &str, other: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || parsed(one).is_some_and(|one| Some(one) == parsed(other))
}

/// A document by the first twelve digits of its hash; the whole of it is in the snapshot.
pub fn fingerprint(document: &str) -> String {
    let plain = serde_json::from_str::<Value>(document).map(|value| value.to_string());
    let hash = sha256_hex(plain.as_deref().unwrap_or(document).as_bytes());
    hash.get(..12).unwrap_or(&hash).to_owned()
}
