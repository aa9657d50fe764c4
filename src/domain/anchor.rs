//! Anchors: what the journal held, signed and kept in a second place, so that rewriting shows.
//!
//! Needs: whoever can write the journal's table can also replace records and recompute the chain.
//! So every few records, and at every decision, the hashes of all records since the last anchor are
//! signed and put where the journal's writer cannot change them. Each record's hash is in some
//! anchor, so a check names the very record that is not the one that was written.

use crate::domain::case::Case;
use crate::domain::digest::canonical;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::recovery_step::RecoveryStep;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A case that grows in one go is anchored in pieces; an anchor stays below 20 KB.
pub const HASHES_MAX: usize = 250;
/// An anchor is due after this many records even where none of them matters by itself.
pub const EVERY_DEFAULT: u32 = 20;

/// The hashes of some records of a case, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    pub case: CaseId,
    /// The first record that it speaks of; the others follow without gaps.
    pub from: u64,
    /// The hashes of the records, as the journal held them.
    pub hashes: Vec<String>,
    pub at: Timestamp,
    /// HMAC-SHA256 in hex over the canonical JSON of the fields above.
    pub signature: String,
}

impl Anchor {
    /// Signs the hashes of consecutive records.
    pub fn sign(case: CaseId, from: u64, hashes: Vec<String>, at: Timestamp, key: &[u8]) -> Self {
        let mut anchor = Self { case, from, hashes, at, signature: String::new() };
        anchor.signature = anchor.signature_by(key);
        anchor
    }

    /// Whether it was signed with this key and not changed since.
    pub fn is_genuine(&self, key: &[u8]) -> bool {
        self.signature_by(key).as_bytes().ct_eq(self.signature.as_bytes()).into()
    }

    /// The last record that it speaks of.
    pub fn upto(&self) -> u64 {
        self.from.saturating_sub(1).saturating_add(self.hashes.len() as u64)
    }

    fn signature_by(&self, key: &[u8]) -> String {
        let unsigned = Self { signature: String::new(), ..self.clone() };
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        mac.update(&canonical(&unsigned));
        hex::encode(mac.finalize().into_bytes())
    }
}

/// The records that the next anchor speaks of, if one is due after those up to `anchored`.
pub fn due(case: &Case, anchored: u64, every: u32) -> Option<(u64, Vec<String>)> {
    let newer = || case.records().iter().filter(|record| record.seq > anchored);
    let enough = anchored + u64::from(every.max(1));
    let upto = newer()
        .filter(|record| matters(&record.event) || record.seq >= enough)
        .map(|record| record.seq)
        .max()?;
    let pieces = newer().take_while(|record| record.seq <= upto).take(HASHES_MAX);
    Some((anchored + 1, pieces.map(|record| record.hash.clone()).collect()))
}

/// What is anchored at once: where the case changes, and whatever somebody may be held to.
fn matters(event: &Event) -> bool {
    match event {
        Event::Opened(_)
        | Event::Validated
        | Event::Proposed { .. }
        | Event::Approved { .. }
        | Event::OwnerAgreed { .. }
        | Event::Denied { .. }
        | Event::Withdrawn { .. }
        | Event::GlassBroken { .. }
        | Event::GlassReviewed { .. }
        | Event::Voided { .. }
        | Event::Covered { .. }
        | Event::Capped { .. }
        | Event::Outcome { .. }
        | Event::Reapply { .. }
        | Event::Held { .. }
        | Event::Contained { .. }
        | Event::WatchEnded { .. }
        | Event::UndoWanted { .. }
        | Event::Adjusted { .. }
        | Event::Closed { .. }
        | Event::Reopened { .. }
        | Event::Impact { .. }
        | Event::Team { .. }
        | Event::Reconciled { .. }
        | Event::NotReconciled { .. }
        | Event::Reported { .. }
        | Event::Braked { .. }
        | Event::Archived => true,
        Event::Recovery { step } => !matches!(**step, RecoveryStep::Found { .. }),
        Event::Joined
        | Event::ChannelTried { .. }
        | Event::ChannelMade { .. }
        | Event::ChannelFailed { .. }
        | Event::Invited { .. }
        | Event::Dressed
        | Event::UploadTried { .. }
        | Event::Posted { .. }
        | Event::PostFailed { .. }
        | Event::PhasePressed { .. }
        | Event::SummaryAsked
        | Event::ReportAsked
        | Event::Found { .. }
        | Event::Exposed { .. }
        | Event::NotProposed { .. }
        | Event::Refused { .. }
        | Event::Expired { .. }
        | Event::Intent { .. }
        | Event::ReadBack { .. }
        | Event::OpenEnds { .. }
        | Event::HandedOver { .. }
        | Event::Surveyed { .. }
        | Event::SurveyFailed { .. }
        | Event::Spending { .. }
        | Event::Answered { .. }
        | Event::QuestionFailed { .. }
        | Event::QuestionsAsked { .. }
        | Event::QuestionsDone { .. }
        | Event::Cancelled { .. }
        | Event::Note { .. }
        | Event::Captured { .. }
        | Event::CaptureChanged { .. } => false,
    }
}
