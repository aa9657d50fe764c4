//! Callers that were met lately: the same text is not gone through twice.

use crate::trail::canon::Canon;
use crate::trail::glance::{Field, Glance};

/// One is some 700 bytes; where several have one place, only the last is kept, so there are many
/// more places than callers at one time.
const KEPT: usize = 2_048;
/// The longest identity that is kept; CloudTrail's are half of it.
const TEXT_BYTES_MAX: usize = 1_536;
/// The words that tell most callers apart: the principal's id and ARN.
const TELLING_WORDS: usize = 10;

/// The fields that an identity fills.
const FIELDS: [Field; 10] = [
    Field::IdentityType,
    Field::PrincipalId,
    Field::IdentityArn,
    Field::IdentityAccount,
    Field::InvokedBy,
    Field::AccessKeyId,
    Field::UserName,
    Field::SessionStart,
    Field::IssuerArn,
    Field::IssuerPrincipalId,
];

/// An identity as it stands in a record, where its fields are in it, and the sum of its members.
#[derive(Debug, Default, Clone)]
struct Met {
    text: String,
    fields: [(u16, u16); FIELDS.len()],
    members: u128,
}

/// The identities that were met last, by what most of them differ in.
#[derive(Debug)]
pub(super) struct Identities(Vec<Met>);

impl Identities {
    pub(super) fn new() -> Self {
        Self(vec![Met::default(); KEPT])
    }

    /// Fills in what is known of the identity that the text begins with: how long it is, and the
    /// sum of its members.
    #[inline]
    pub(super) fn recall<'t>(
        &self,
        text: &'t str,
        canon: &Canon,
        glance: &mut Glance<'t>,
    ) -> Option<(usize, u128)> {
        let met = self.0.get(slot(text, canon)).filter(|met| !met.text.is_empty())?;
        let own = text.strip_prefix(met.text.as_str()).is_some().then_some(text)?;
        for (field, (from, to)) in FIELDS.into_iter().zip(met.fields) {
            if to > 0 {
                glance.set(field, own.get(usize::from(from)..usize::from(to))?);
            }
        }
        Some((met.text.len(), met.members))
    }

    /// Keeps an identity that was gone through, the fields of which are parts of its text.
    pub(super) fn keep(
        &mut self,
        (text, length): (&str, usize),
        canon: &Canon,
        (glance, members): (&Glance<'_>, u128),
    ) {
        let slot = slot(text, canon);
        let Some(own) = text.get(..length).filter(|_| length <= TEXT_BYTES_MAX) else { return };
        let Some(met) = self.0.get_mut(slot) else { return };
        met.text.clear();
        met.text.push_str(own);
        met.members = members;
        for (kept, field) in met.fields.iter_mut().zip(FIELDS) {
            *kept = glance.get(field).map_or((0, 0), |field| place(own, field));
        }
    }
}

/// Where a part of a text begins and ends in it.
fn place(text: &str, part: &str) -> (u16, u16) {
    let from = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    let end = |at: usize| u16::try_from(at).unwrap_or_default();
    (end(from), end(from.wrapping_add(part.len())))
}

/// Where an identity is kept. Who makes many that are kept in one place only makes work.
#[inline]
fn slot(text: &str, canon: &Canon) -> usize {
    let (words, _) = text.as_bytes().as_chunks::<8>();
    let mix = |mixed: u64, word: &[u8; 8]| (mixed ^ u64::from_le_bytes(*word)).rotate_left(23);
    let mixed = words.iter().take(TELLING_WORDS).fold(0, mix);
    canon.step(canon.begin(), mixed) as usize % KEPT
}
