//! How anything is hashed here: SHA-256 over canonical JSON, so that anyone can recompute it.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// RFC 8785 canonical JSON; nothing we hash holds floats, so that any implementation agrees.
pub fn canonical(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
