//! Seeded chance: ids, secrets and delays that come out the same for the same seed.

use crate::domain::ids::AccountId;
use jiff::Timestamp;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The alphabet of AWS's ids.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The alphabet of secret keys and session tokens.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Length of a secret access key.
const SECRET_LENGTH: usize = 40;
/// How session tokens begin, and how many characters follow.
const TOKEN_START: &str = "IQoJb3JpZ2luX2Vj";
const TOKEN_LENGTH: usize = 340;
/// Characters of an id after its prefix.
const ID_LENGTH: usize = 16;

/// A small generator (`SplitMix64`); nothing here needs to be hard to guess.
#[derive(Debug)]
pub(super) struct Chance {
    state: u64,
    account: u64,
}

impl Chance {
    pub(super) fn new(seed: u64, account: &AccountId) -> Self {
        Self { state: seed, account: account.0.parse().unwrap_or_default() }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A moment after `from` by a span within the range.
    pub(super) fn after(&mut self, from: Timestamp, range: &RangeInclusive<Duration>) -> Timestamp {
        let width = range.end().saturating_sub(*range.start()).as_millis();
        let width = u64::try_from(width).unwrap_or(u64::MAX - 1);
        let extra = self.number() % (width + 1);
        let span = *range.start() + Duration::from_millis(extra);
        from.checked_add(span).unwrap_or(Timestamp::MAX)
    }

    /// An id of the newer generation, which carries the account.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        let tail = u128::from(self.number() >> (64 - 39));
        let bits = (1_u128 << 79) | (u128::from(self.account) << 39) | tail;
        let letters = (0..ID_LENGTH).map(|at| {
            let five = (bits >> (5 * (ID_LENGTH - 1 - at))) & 31;
            char::from(BASE32[usize::try_from(five).unwrap_or_default()])
        });
        format!("{prefix}{}", letters.collect::<String>())
    }

    pub(super) fn secret(&mut self) -> String {
        self.base64(SECRET_LENGTH)
    }

    pub(super) fn token(&mut self) -> String {
        format!("{TOKEN_START}{}==", self.base64(TOKEN_LENGTH))
    }

    /// An id in the form of event and request ids.
    pub(super) fn uuid(&mut self) -> String {
        let hex = format!("{:016x}{:016x}", self.number(), self.number());
        let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32]);
        format!("{a}-{b}-4{c}-a{d}-{e}")
    }

    fn base64(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(BASE64[usize::try_from(self.number() % 64).unwrap_or_default()]))
            .collect()
    }
}
