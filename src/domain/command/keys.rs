//! Ids of keys among the words of a command, and what else looks like one.

use super::error::CommandError;
use super::{Command, KEYS_MAX};
use crate::domain::ids::{AccessKeyId, KeyIdError};

pub(super) fn open(words: &[&str], first_position: usize) -> Result<Command, CommandError> {
    let mut keys = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let key = read_key(word, first_position + index)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.len() > KEYS_MAX {
        return Err(CommandError::TooMany { given: keys.len() });
    }
    Ok(Command::Open { keys })
}

fn read_key(word: &str, position: usize) -> Result<AccessKeyId, CommandError> {
    let why = match AccessKeyId::parse(word) {
        Ok(key) => return Ok(key),
        Err(why) => why,
    };
    if why == KeyIdError::Example {
        return Err(CommandError::Key { position, why });
    }
    if AccessKeyId::from_record(&word.to_ascii_uppercase()).is_some() {
        return Err(CommandError::LowerCase { position });
    }
    if let Some(what) = other_kind(word) {
        return Err(CommandError::OtherId { position, what });
    }
    let upper = word.to_ascii_uppercase();
    if upper.starts_with("AKIA") || upper.starts_with("ASIA") {
        return Err(CommandError::Key { position, why });
    }
    Err(CommandError::UnknownWord { position })
}

/// What an id with another of AWS's prefixes names.
fn other_kind(word: &str) -> Option<&'static str> {
    let looks_like_id = word.len() >= 16 && word.bytes().all(|b| b.is_ascii_alphanumeric());
    match word.get(..4)? {
        _ if !looks_like_id => None,
        "AIDA" => Some("user"),
        "AROA" => Some("role"),
        "AGPA" => Some("group"),
        "ANPA" | "ANVA" => Some("policy"),
        "AIPA" => Some("instance profile"),
        "ASCA" => Some("certificate"),
        "APKA" => Some("public key"),
        "ABIA" => Some("service bearer token"),
        "ACCA" => Some("service-specific credential"),
        _ => None,
    }
}
