//! Identifiers, each parsed once and masked when shown.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Length of every access key id AWS issues: a four-letter prefix and sixteen characters.
pub const KEY_LENGTH: usize = 20;
/// The largest account number; a decoded value above it means that the id carries none.
const ACCOUNT_MAX: u64 = 999_999_999_999;
/// Accounts that public canary-token services use; a key of theirs is a tripwire.
const CANARY_ACCOUNTS: [&str; 3] = ["052310077262", "534261010715", "717712589309"];

/// What kind of credential an access key id names, by its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// `AKIA`: a long-term key of a user (or of root).
    LongTerm,
    /// `ASIA`: a temporary key of a session.
    Session,
}

/// An AWS access key id; shown masked everywhere but in AWS calls, the journal, and the letter to
/// AWS about a key that is somebody else's.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccessKeyId(String);

/// Why a text is no access key id that keyleak can work on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyIdError {
    #[error(
        "that is not an access key id: it is AKIA or ASIA followed by 16 capital letters or digits"
    )]
    Malformed,
    #[error("that is AWS's documentation example, not a real key; check where you copied it from")]
    Example,
}

/// A twelve-digit AWS account number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

/// The name of an IAM user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserName(pub String);

/// The name of a case; also the partition key of its journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub String);

/// A Slack channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(pub String);

/// A Slack message's timestamp, which is its id within a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageTs(pub String);

/// A person, by Slack workspace and user id; names are never used to decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonId {
    pub team: String,
    pub user: String,
}

impl AccessKeyId {
    /// Reads an id typed by a person: strict in form, and no documentation example.
    pub fn parse(text: &str) -> Result<Self, KeyIdError> {
        let id = Self::from_record(text).ok_or(KeyIdError::Malformed)?;
        if id.0.ends_with("EXAMPLE") {
            return Err(KeyIdError::Example);
        }
        Ok(id)
    }

    /// Reads an id out of a record, where examples and anonymised ids occur.
    pub fn from_record(text: &str) -> Option<Self> {
        let prefix = text.get(..4)?;
        let known = prefix == "AKIA" || prefix == "ASIA";
        let rest = text.bytes().skip(4).all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        (known && rest && text.len() == KEY_LENGTH).then(|| Self(text.to_owned()))
    }

    /// The whole id, for AWS calls, the journal and the letter to AWS only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four characters, which name the channel.
    pub fn last_four(&self) -> &str {
        &self.0[KEY_LENGTH - 4..]
    }

    pub fn kind(&self) -> KeyKind {
        if self.0.starts_with("ASIA") { KeyKind::Session } else { KeyKind::LongTerm }
    }

    /// The account that the id itself carries; `None` for ids of the older generation.
    ///
    /// The sixteen characters are base32 for 80 bits: the first bit is set in ids that carry an
    /// account, the next forty are its number. AWS does not document it, so it routes and warns
    /// but never decides.
    pub fn account(&self) -> Option<AccountId> {
        let mut bits: u64 = 0;
        for byte in self.0.bytes().skip(4).take(9) {
            bits = (bits << 5) | u64::from(base32_value(byte)?);
        }
        let carries_account = bits >> 44 == 1;
        let number = (bits >> 4) & ((1 << 40) - 1);
        (carries_account && number <= ACCOUNT_MAX).then(|| AccountId(format!("{number:012}")))
    }
}

impl AccountId {
    /// Reads twelve digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| Self(text.to_owned()))
    }

    /// Whether the account belongs to a public canary-token service.
    pub fn is_canary(&self) -> bool {
        CANARY_ACCOUNTS.contains(&self.0.as_str())
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…{}", &self.0[..4], self.last_four())
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<String> for AccessKeyId {
    type Error = KeyIdError;

    fn try_from(text: String) -> Result<Self, KeyIdError> {
        Self::from_record(&text).ok_or(KeyIdError::Malformed)
    }
}

impl From<AccessKeyId> for String {
    fn from(id: AccessKeyId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn base32_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account_of(id: &str) -> Option<String> {
        AccessKeyId::from_record(id).unwrap().account().map(|a| a.0)
    }

    #[test]
    fn newer_ids_carry_their_account() {
        assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        assert_eq!(account_of("ASIAY34FZKBOKMUTVV7A").as_deref(), Some("609629065308"));
    }

    #[test]
    fn older_and_anonymised_ids_carry_none() {
        assert_eq!(account_of("AKIAIOSFODNN7EXAMPLE"), None);
        assert_eq!(account_of("AKIA1111111111111111"), None);
    }

    #[test]
    fn only_malformed_ids_and_examples_are_refused() {
        assert_eq!(AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE"), Err(KeyIdError::Example));
        for bad in
            ["", "AKIA", "akiaiosfodnn7exampl0", "AKIAIOSFODNN7EXAMPLÉ", "ABIAQNZGKIQY56JQ7WML"]
        {
            assert_eq!(AccessKeyId::parse(bad), Err(KeyIdError::Malformed), "{bad}");
        }
        assert!(AccessKeyId::parse("AKIAQNZGKIQY56JQ0189").is_ok());
    }

    #[test]
    fn an_id_is_masked_however_it_is_printed() {
        let id = AccessKeyId::parse("AKIAQNZGKIQY56JQ7WML").unwrap();
        assert_eq!(format!("{id} {id:?}"), "AKIA…7WML AKIA…7WML");
    }
}
