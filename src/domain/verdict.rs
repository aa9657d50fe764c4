//! Whether a journal is as it was written: its chain, its story, and its anchors.

use crate::domain::anchor::Anchor;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::record::{Record, Tampering, check_chain};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How far anchors vouch for a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Anchored {
    /// There is no anchor: whoever could write the journal could have rewritten all of it.
    Not,
    /// Anchors agree, but without their key nobody can tell whose they are.
    Unsigned { upto: u64 },
    /// Genuine anchors agree with every record up to this one.
    Upto { upto: u64 },
}

/// A journal in which nothing was found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intact {
    pub records: Vec<Record>,
    pub anchored: Anchored,
}

impl Anchored {
    /// What vouches for a journal of so many records, in words.
    pub fn words(self, records: u64) -> String {
        match self {
            Self::Not => "internally consistent, not anchored".to_owned(),
            Self::Unsigned { upto } => format!(
                "internally consistent; anchors agree up to record {upto}, but without their key \
                 (--anchor-key) nobody can tell whose they are"
            ),
            Self::Upto { upto } if upto >= records => "intact, and anchored to its end".to_owned(),
            Self::Upto { upto } => format!(
                "intact; anchored up to record {upto}, the {} after it are not anchored yet",
                records - upto
            ),
        }
    }
}

/// Judges the stored lines of a case's journal; an error names the first bad record.
///
/// `key` is what anchors are signed with; without it they are compared and not trusted.
pub fn judge(
    case: &CaseId,
    lines: &[String],
    anchors: &[Anchor],
    key: Option<&[u8]>,
) -> Result<Intact, Tampering> {
    let known = anchored_hashes(case, anchors, key)?;
    let chain = check_chain(case, lines);
    let stranger = first_stranger(lines, &known, chain.is_ok());
    let records = match (chain, stranger) {
        (Ok(records), None) => records,
        (Err(broken), None) => return Err(told_apart(broken, lines)),
        (Ok(_), Some(stranger)) => return Err(stranger),
        (Err(broken), Some(stranger)) => {
            let broken = told_apart(broken, lines);
            let earlier = stranger.seq() < broken.seq();
            return Err(if earlier { stranger } else { broken });
        }
    };
    tells_a_story(&records)?;
    let anchored = match (known.keys().last(), key) {
        (None, _) => Anchored::Not,
        (Some(upto), None) => Anchored::Unsigned { upto: *upto },
        (Some(upto), Some(_)) => Anchored::Upto { upto: *upto },
    };
    Ok(Intact { records, anchored })
}

/// The hash of each anchored record, when the anchors are genuine and agree with each other.
fn anchored_hashes<'a>(
    case: &CaseId,
    anchors: &'a [Anchor],
    key: Option<&[u8]>,
) -> Result<BTreeMap<u64, &'a str>, Tampering> {
    let mut known: BTreeMap<u64, &str> = BTreeMap::new();
    for anchor in anchors {
        let genuine = key.is_none_or(|key| anchor.is_genuine(key));
        // Records count from 1; an export by others may say anything.
        let numbered =
            anchor.from > 0 && anchor.from.checked_add(anchor.hashes.len() as u64).is_some();
        if anchor.case != *case || !genuine || !numbered {
            return Err(Tampering::AnchorForged { seq: anchor.from });
        }
        for (seq, hash) in (anchor.from..).zip(&anchor.hashes) {
            if *known.entry(seq).or_insert(hash) != hash {
                return Err(Tampering::AnchorsDisagree { seq });
            }
        }
    }
    Ok(known)
}

/// The first record that is not the one that was anchored under its number.
fn first_stranger(
    lines: &[String],
    known: &BTreeMap<u64, &str>,
    chain_is_whole: bool,
) -> Option<Tampering> {
    if known.is_empty() {
        return None;
    }
    let held: Vec<Held> = lines.iter().map(|line| held(line)).collect();
    let (seq, hash) = known.iter().find(|(seq, hash)| {
        let index = usize::try_from(**seq - 1).unwrap_or(usize::MAX);
        held.get(index).is_none_or(|held| held.hash != ***hash)
    })?;
    let seq = *seq;
    if seq > lines.len() as u64 {
        return Some(Tampering::CutOff { seq });
    }
    if held.iter().any(|held| held.hash == *hash) {
        return Some(Tampering::Reordered { seq });
    }
    let there = held.get(usize::try_from(seq - 1).unwrap_or(usize::MAX))?;
    Some(if there.seq != seq {
        Tampering::Missing { seq }
    } else if chain_is_whole {
        Tampering::Rewritten { seq }
    } else {
        Tampering::Replaced { seq }
    })
}

/// What a line says of itself, or nothing where it is no record.
#[derive(Debug, Default)]
struct Held {
    seq: u64,
    hash: String,
}

fn held(line: &str) -> Held {
    let read = serde_json::from_str::<Record>(line);
    read.map(|record| Held { seq: record.seq, hash: record.hash }).unwrap_or_default()
}

/// A record that is only elsewhere is not missing.
fn told_apart(broken: Tampering, lines: &[String]) -> Tampering {
    let Tampering::Missing { seq } = broken else { return broken };
    let elsewhere: BTreeSet<u64> = lines.iter().map(|line| held(line).seq).collect();
    if elsewhere.contains(&seq) { Tampering::Reordered { seq } } else { broken }
}

/// Whether each record could follow the ones before it.
fn tells_a_story(records: &[Record]) -> Result<(), Tampering> {
    let illegal = |seq: u64, why: String| Tampering::Illegal { seq, why };
    let mut records = records.iter();
    let Some(first) = records.next() else { return Ok(()) };
    let mut case =
        Case::open(first.clone()).map_err(|error| illegal(first.seq, error.to_string()))?;
    for record in records {
        case.apply(record).map_err(|error| illegal(record.seq, error.to_string()))?;
    }
    Ok(())
}
