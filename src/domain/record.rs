//! One record of the decision log: canonical JSON, chained by SHA-256; anyone can recompute it.

use crate::domain::digest::{canonical, sha256_hex};
use crate::domain::event::Event;
use crate::domain::identity::AwsIdentity;
use crate::domain::ids::{CaseId, ChannelId, MessageTs, PersonId};
use crate::domain::proof::Caller;
use crate::domain::vouching::Vouched;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

/// The format of records that this version writes.
pub const RECORD_VERSION: u32 = 1;
/// What the first record of a case names as the one before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Who did what a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    /// A person, as the signed request named them; the name is only for readers.
    Person {
        #[serde(flatten)]
        person: PersonId,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A person at the command line, with the AWS identity that proved it.
    Operator {
        #[serde(flatten)]
        person: PersonId,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        identity: AwsIdentity,
    },
    /// A person, with what Slack said of them when they decided.
    Member {
        #[serde(flatten)]
        person: PersonId,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(flatten)]
        vouched: Vouched,
    },
    /// A person who gave a one-time code, with what Slack said of them when they decided.
    Proven {
        #[serde(flatten)]
        person: PersonId,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The time step of the code, in half minutes since 1970; the code is kept nowhere.
        code_step: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vouched: Option<Vouched>,
    },
    /// The bot itself, on the strength of what is already in the journal.
    Keyleak,
}

/// Where in Slack it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub channel: ChannelId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageTs>,
}

/// What is written once the place in the chain is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub actor: Actor,
    pub place: Option<Place>,
    /// The key of the Slack delivery that caused it; a repeat of that delivery changes nothing.
    pub delivery: Option<String>,
    pub event: Event,
}

/// A record of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub case: CaseId,
    /// From 1, without gaps.
    pub seq: u64,
    /// UTC, to the millisecond.
    pub at: Timestamp,
    pub actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    pub event: Event,
    pub version: u32,
    /// The version of keyleak that wrote it.
    pub software: String,
    /// The hash of the record before this one.
    pub previous: String,
    /// SHA-256 of the canonical JSON of all the fields above.
    pub hash: String,
}

/// A reader's reason is no longer than this.
const REASON_LENGTH_MAX: usize = 200;

/// What is wrong with the first bad record of a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Tampering {
    #[error("record {seq} was altered: its content does not give the hash it carries")]
    Altered { seq: u64 },
    #[error("record {seq} cannot be read: {why}")]
    Unreadable { seq: u64, why: String },
    #[error("record {seq} is missing")]
    Missing { seq: u64 },
    #[error("record {seq} is out of its place: the records were reordered")]
    Reordered { seq: u64 },
    #[error("record {seq} does not follow the one before it: the chain was forked there")]
    Forked { seq: u64 },
    #[error("record {seq} was replaced: it is not the one that was anchored")]
    Replaced { seq: u64 },
    #[error("the chain was written anew from record {seq} on: it is not the one that was anchored")]
    Rewritten { seq: u64 },
    #[error("record {seq} was anchored and is gone: the end of the journal was cut off")]
    CutOff { seq: u64 },
    #[error(
        "the anchor of record {seq} is not signed with this key: it was forged or altered, or the \
         key is not the one that anchors are signed with"
    )]
    AnchorForged { seq: u64 },
    #[error("two anchors disagree about record {seq}: the journal was forked")]
    AnchorsDisagree { seq: u64 },
    #[error("record {seq} belongs to another case")]
    Foreign { seq: u64 },
    #[error("record {seq} could not have been written after the ones before it: {why}")]
    Illegal { seq: u64, why: String },
}

impl Tampering {
    /// A reader's reason may quote what somebody else wrote: it is cut, and made plain.
    pub fn unreadable(seq: u64, why: &dyn std::fmt::Display) -> Self {
        let plain = |shown: char| if shown.is_control() { '\u{fffd}' } else { shown };
        let why = why.to_string().chars().take(REASON_LENGTH_MAX).map(plain).collect();
        Self::Unreadable { seq, why }
    }

    /// The first bad record.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Altered { seq }
            | Self::Unreadable { seq, .. }
            | Self::Missing { seq }
            | Self::Reordered { seq }
            | Self::Forked { seq }
            | Self::Replaced { seq }
            | Self::Rewritten { seq }
            | Self::CutOff { seq }
            | Self::AnchorForged { seq }
            | Self::AnchorsDisagree { seq }
            | Self::Foreign { seq }
            | Self::Illegal { seq, .. } => *seq,
        }
    }
}

impl Actor {
    /// The person who called, with whatever proves it.
    pub fn of(caller: &Caller) -> Self {
        let (person, name) = (caller.person().clone(), caller.name().map(str::to_owned));
        match caller.identity().cloned() {
            None => Self::Person { person, name },
            Some(identity) => Self::Operator { person, name, identity },
        }
    }

    /// The person who called, with what Slack said of them; whoever AWS named needs no such word.
    pub fn vouched_for(caller: &Caller, vouched: Option<Vouched>) -> Self {
        if let Some(code) = caller.code() {
            let (person, name) = (caller.person().clone(), caller.name().map(str::to_owned));
            return Self::Proven { person, name, code_step: code.step(), vouched };
        }
        match (Self::of(caller), vouched) {
            (Self::Person { person, name }, Some(vouched)) => {
                Self::Member { person, name, vouched }
            }
            (other, _) => other,
        }
    }

    /// The person, unless it is the bot itself.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person { person, .. }
            | Self::Operator { person, .. }
            | Self::Member { person, .. }
            | Self::Proven { person, .. } => Some(person),
            Self::Keyleak => None,
        }
    }
}

impl Entry {
    /// An entry of the bot's own.
    pub fn own(at: Timestamp, event: Event) -> Self {
        Self { at, actor: Actor::Keyleak, place: None, delivery: None, event }
    }

    /// The record that this entry becomes after `previous`.
    pub fn chained(self, case: CaseId, previous: Option<&Record>) -> Record {
        let mut record = Record {
            case,
            seq: previous.map_or(1, |record| record.seq + 1),
            at: to_the_millisecond(self.at),
            actor: self.actor,
            place: self.place,
            delivery: self.delivery,
            event: self.event,
            version: RECORD_VERSION,
            software: env!("CARGO_PKG_VERSION").to_owned(),
            previous: previous.map_or_else(|| GENESIS.to_owned(), |record| record.hash.clone()),
            hash: String::new(),
        };
        record.hash = record.computed_hash();
        record
    }
}

/// Somebody pressed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    pub seq: u64,
    pub at: Timestamp,
    pub by: PersonId,
    pub name: String,
}

impl Record {
    /// The hash that the content gives, whatever the record says.
    pub fn computed_hash(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("hash");
        }
        sha256_hex(&canonical(&value))
    }

    /// The person who did it, if a person did.
    pub fn person(&self) -> Option<&PersonId> {
        self.actor.person()
    }

    /// The AWS identity behind it, if it was done from the command line.
    pub fn operator(&self) -> Option<&AwsIdentity> {
        match &self.actor {
            Actor::Operator { identity, .. } => Some(identity),
            Actor::Person { .. } | Actor::Member { .. } | Actor::Proven { .. } | Actor::Keyleak => {
                None
            }
        }
    }

    /// How whoever did it proved who they are, beyond what Slack says; none where they did not.
    pub fn proof(&self) -> Option<String> {
        match &self.actor {
            Actor::Operator { identity, .. } => {
                Some(format!("from the command line, proven by {}", identity.arn))
            }
            Actor::Proven { .. } => Some("proven by a one-time code".to_owned()),
            Actor::Person { .. } | Actor::Member { .. } | Actor::Keyleak => None,
        }
    }

    /// What to call the one who did it.
    pub fn actor_shown(&self) -> String {
        match &self.actor {
            Actor::Person { person, name }
            | Actor::Operator { person, name, .. }
            | Actor::Member { person, name, .. }
            | Actor::Proven { person, name, .. } => {
                name.clone().unwrap_or_else(|| person.user.clone())
            }
            Actor::Keyleak => "keyleak".to_owned(),
        }
    }
}

/// Checks a chain line by line: of what went before it keeps only what the next line needs.
#[derive(Debug, Clone)]
pub struct ChainCheck<'a> {
    case: &'a CaseId,
    seq: u64,
    previous: String,
}

impl<'a> ChainCheck<'a> {
    /// Begins before the first record.
    pub fn new(case: &'a CaseId) -> Self {
        Self { case, seq: 0, previous: GENESIS.to_owned() }
    }

    /// The next record, or what is wrong with it; after a wrong one nothing more can be said.
    pub fn take(&mut self, line: &str) -> Result<Record, Tampering> {
        let expected = self.seq + 1;
        if line.is_empty() {
            return Err(Tampering::Missing { seq: expected });
        }
        let record = read_exactly(line, expected)?;
        if record.computed_hash() != record.hash {
            return Err(Tampering::Altered { seq: expected });
        }
        if record.case != *self.case {
            return Err(Tampering::Foreign { seq: expected });
        }
        if record.seq != expected {
            return Err(Tampering::Missing { seq: expected });
        }
        if record.previous != self.previous {
            return Err(Tampering::Forked { seq: expected });
        }
        self.seq = expected;
        self.previous.clone_from(&record.hash);
        Ok(record)
    }
}

/// Checks a chain from its first record, and names the first bad one.
///
/// `lines` are the stored records as JSON texts: it is the bytes that are judged, not what a
/// lenient reader makes of them.
pub fn check_chain(case: &CaseId, lines: &[String]) -> Result<Vec<Record>, Tampering> {
    let mut check = ChainCheck::new(case);
    lines.iter().map(|line| check.take(line)).collect()
}

/// Cuts a time to the millisecond, which is what every store keeps.
pub fn to_the_millisecond(at: Timestamp) -> Timestamp {
    let options =
        jiff::TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Trunc);
    at.round(options).unwrap_or(at)
}

/// Reads a stored record, and refuses one whose text says more or other than the record.
fn read_exactly(line: &str, seq: u64) -> Result<Record, Tampering> {
    let record: Record =
        serde_json::from_str(line).map_err(|error| Tampering::unreadable(seq, &error))?;
    if canonical(&record) != line.as_bytes() {
        return Err(Tampering::Altered { seq });
    }
    Ok(record)
}
