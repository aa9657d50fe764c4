//! One-time codes by time (RFC 6238), by which a person proves in Slack once more who they are.
//!
//! Needs: whoever holds an approver's Slack session must not be able to approve what cannot be
//! undone, nor to lift a cap. A code counts once over all replicas and cases, and guessing ends
//! after a few tries: both stand in the [`CodeBook`] of the person, which is kept before any
//! answer is given. A [`StepUp`] is what is left of a code that was right: the time step that it
//! was for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// What the authenticator apps know; another algorithm, length or step is ignored by many.
const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// Clocks differ: the step before and the one after count too.
const SKEW: u16 = 1;
/// Of a secret in base 32: RFC 4226 wants 128 bits, and no app makes more than 512.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// Whoever typed so many wrong codes waits until the first of them is so old.
pub const WRONG_MAX: usize = 5;
pub const WRONG_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// What the app calls the account.
const ISSUER: &str = "keyleak";

/// A secret that codes are made of; it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeSecret(Totp);

/// Why a text is no such secret; it says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no secret in base 32 (A to Z and 2 to 7) of 16 to 64 bytes; make one with \
     `keyleak one-time-code`"
)]
pub struct BadSecret;

/// The secrets of those who have enrolled, by Slack user.
#[derive(Clone, Default)]
pub struct OneTimeCodes {
    secrets: BTreeMap<String, CodeSecret>,
}

/// What a person's codes came to of late; of two replicas that write at once one looks again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeBook {
    /// From 1, without gaps.
    pub number: u64,
    /// The time step of the last code that was right: no code up to it counts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// When wrong codes were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<Timestamp>,
}

/// Proof that somebody gave a code that was right, and that it is spent; only [`Verdict::kept`]
/// makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUp(u64);

/// What becomes of whoever goes on guessing.
fn tries(left: usize) -> String {
    match left {
        0 => "that was the last try: no code of yours counts for ten minutes".to_owned(),
        1 => "after one more wrong code none of yours counts for ten minutes".to_owned(),
        more => format!("after {more} more wrong codes none of yours counts for ten minutes"),
    }
}

/// Why a code does not count, for whoever gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    #[error(
        "that is not your code of now; {}", tries(*left)
    )]
    Wrong { left: usize },
    #[error(
        "that code, or a later one, was used already; wait for the next one, half a minute at most"
    )]
    Used,
    #[error(
        "too many wrong codes: none of yours counts before {until}. Decide with `keyleak approve` \
         at the command line, or ask another approver"
    )]
    Locked { until: String },
}

/// What is to be kept before the answer is given, and the answer.
#[derive(Debug)]
pub struct Verdict {
    book: CodeBook,
    answer: Result<u64, BadCode>,
}

/// Whether this is what an authenticator shows; anything else is a slip and no guess.
pub fn is_code(text: &str) -> bool {
    text.len() == usize::from(DIGITS) && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl CodeSecret {
    /// Reads base 32, however it is spaced and padded.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')).collect();
        let secret = Secret::try_from_base32(plain.to_ascii_uppercase()).map_err(|_| BadSecret)?;
        Self::of(secret, DIGITS)
    }

    /// The secret of these random bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, BadSecret> {
        Self::of(Secret::from(bytes.to_vec()), DIGITS)
    }

    fn of(secret: Secret, digits: u8) -> Result<Self, BadSecret> {
        if !SECRET_BYTES.contains(&secret.as_bytes().len()) {
            return Err(BadSecret);
        }
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(digits);
        let builder = builder.with_step_duration(STEP_SECONDS).with_skew(SKEW).with_secret(secret);
        builder.build().map(Self).map_err(|_| BadSecret)
    }

    /// For the configuration, once.
    pub fn base32(&self) -> String {
        self.0.secret().to_base32()
    }

    /// For the app that makes the codes, once.
    pub fn uri(&self, account: &str) -> String {
        let account: String = account.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        format!(
            "otpauth://totp/{ISSUER}:{account}?secret={}&issuer={ISSUER}&algorithm=SHA1\
             &digits={DIGITS}&period={STEP_SECONDS}",
            self.base32()
        )
    }

    /// The code at a time.
    pub fn code(&self, now: Timestamp) -> String {
        self.0.generate(seconds(now)).to_string()
    }

    /// The time step that the code is for, if it is one of now.
    fn step(&self, code: &str, now: Timestamp) -> Option<u64> {
        let plain = code.trim();
        let is_code = plain.len() == usize::from(self.0.digits())
            && plain.bytes().all(|byte| byte.is_ascii_digit());
        if is_code { self.0.check(plain, seconds(now)) } else { None }
    }
}

/// Nobody gives a code before 1970.
fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or(0)
}

impl OneTimeCodes {
    /// These secrets, by Slack user.
    pub fn of(secrets: BTreeMap<String, CodeSecret>) -> Self {
        Self { secrets }
    }

    pub fn secret(&self, user: &str) -> Option<&CodeSecret> {
        self.secrets.get(user)
    }

    /// Who has enrolled.
    pub fn enrolled(&self) -> BTreeSet<String> {
        self.secrets.keys().cloned().collect()
    }

    /// Two people of one secret, which then proves neither.
    pub fn shared(&self) -> Option<(&str, &str)> {
        let mut pairs = self.secrets.iter().flat_map(|one| {
            self.secrets.iter().filter(move |other| other.0 > one.0).map(move |other| (one, other))
        });
        let alike = pairs.find(|((_, one), (_, other))| one == other);
        alike.map(|((one, _), (other, _))| (one.as_str(), other.as_str()))
    }
}

impl CodeBook {
    /// What this code is worth now.
    pub fn judge(&self, secret: &CodeSecret, code: &str, now: Timestamp) -> Verdict {
        let recent = self.wrong.iter().filter(|at| **at + WRONG_WITHIN > now);
        let mut wrong: Vec<Timestamp> = recent.copied().collect();
        if let Some(first) = wrong.first().filter(|_| wrong.len() >= WRONG_MAX) {
            let until = (*first + WRONG_WITHIN).strftime("%H:%M:%S UTC").to_string();
            return Verdict { book: self.clone(), answer: Err(BadCode::Locked { until }) };
        }
        let step = secret.step(code, now);
        let answer = match step {
            Some(step) if self.used.is_some_and(|used| step <= used) => Err(BadCode::Used),
            Some(step) => Ok(step),
            None => Err(BadCode::Wrong { left: WRONG_MAX - wrong.len() - 1 }),
        };
        if answer.is_err() {
            wrong.push(now);
        }
        let used = answer.as_ref().ok().copied().or(self.used);
        Verdict { book: Self { number: self.number.saturating_add(1), used, wrong }, answer }
    }
}

impl Verdict {
    /// What has to be kept in the place of the book before; none where nothing changed.
    pub fn to_keep(&self) -> Option<&CodeBook> {
        match &self.answer {
            Err(BadCode::Locked { .. }) => None,
            Ok(_) | Err(BadCode::Wrong { .. } | BadCode::Used) => Some(&self.book),
        }
    }

    /// The answer, once that is kept.
    pub fn kept(self) -> Result<StepUp, BadCode> {
        self.answer.map(StepUp)
    }
}

impl StepUp {
    /// The time step of the code, in half minutes since 1970; it tells nothing of the secret.
    pub fn step(self) -> u64 {
        self.0
    }
}

impl std::fmt::Debug for CodeSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeSecret(…)")
    }
}

impl std::fmt::Debug for OneTimeCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OneTimeCodes(of {} people)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn secret() -> CodeSecret {
        CodeSecret::new(SECRET).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn given(book: &mut CodeBook, code: &str, now: Timestamp) -> Result<StepUp, BadCode> {
        let verdict = book.judge(&secret(), code, now);
        if let Some(next) = verdict.to_keep() {
            assert_eq!(next.number, book.number + 1);
            *book = next.clone();
        }
        verdict.kept()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let of_eight = CodeSecret::of(Secret::from(SECRET.to_vec()), 8).unwrap();
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(of_eight.code(at(seconds)), code);
            assert_eq!(secret().code(at(seconds)), code[2..], "an app shows the last six");
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(secret().step(&code[2..], at(seconds)), Some(step));
        }
    }

    #[test]
    fn one_step_either_side_counts_and_two_do_not() {
        let now = at(1_800_000_010);
        let of = |offset: i64| secret().code(now + SignedDuration::from_secs(30 * offset));
        for (offset, counts) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let judged = given(&mut CodeBook::default(), &of(offset), now);
            assert_eq!(judged.is_ok(), counts, "{offset}: {judged:?}");
        }
    }

    #[test]
    fn a_code_counts_once_and_none_before_it_counts_any_more() {
        let (mut book, now) = (CodeBook::default(), at(1_800_000_010));
        let code = secret().code(now);
        let before = secret().code(now - SignedDuration::from_secs(30));
        assert_eq!(given(&mut book, &code, now).unwrap().step(), 60_000_000);
        assert_eq!(given(&mut book, &code, now), Err(BadCode::Used));
        assert_eq!(given(&mut book, &before, now), Err(BadCode::Used));
        let next = now + SignedDuration::from_secs(30);
        assert!(given(&mut book, &secret().code(next), next).is_ok());
    }

    #[test]
    fn after_five_wrong_codes_not_even_the_right_one_counts_until_ten_minutes_are_over() {
        let (mut book, now) = (CodeBook::default(), at(1_800_000_010));
        let wrong = ["000000", "12345", "abcdef", "", "1234567"];
        for (tries, code) in wrong.iter().enumerate() {
            let left = WRONG_MAX - tries - 1;
            assert_eq!(given(&mut book, code, now), Err(BadCode::Wrong { left }), "{code}");
        }
        let locked = given(&mut book, &secret().code(now), now);
        assert!(matches!(locked, Err(BadCode::Locked { .. })), "{locked:?}");
        assert_eq!(book.number, 5, "what changes nothing is not written");
        let later = now + WRONG_WITHIN;
        assert!(given(&mut book, &secret().code(later), later).is_ok());
        assert_eq!(book.wrong, [], "what is old is forgotten");
    }

    #[test]
    fn a_secret_is_read_as_apps_write_it_and_never_printed() {
        let written = secret().base32();
        let spaced = written.to_lowercase().replace("gezd", "gezd ") + "==";
        assert_eq!(CodeSecret::parse(&spaced), Ok(secret()));
        for bad in ["", "GEZDGNBV", "0189", "not base 32!", &"A".repeat(200)] {
            assert_eq!(CodeSecret::parse(bad), Err(BadSecret), "{bad}");
        }
        let codes = OneTimeCodes::of([("U1".to_owned(), secret())].into());
        let printed = format!("{:?} {codes:?} {BadSecret}", secret());
        assert!(!printed.contains(&written) && !printed.contains("12345"), "{printed}");
        let uri = secret().uri("U1");
        let wanted = format!("otpauth://totp/keyleak:U1?secret={written}&issuer=keyleak");
        assert!(uri.starts_with(&wanted), "{uri}");
    }

    #[test]
    fn one_secret_of_two_people_is_noticed() {
        let of = |users: &[&str]| {
            OneTimeCodes::of(users.iter().map(|user| ((*user).to_owned(), secret())).collect())
        };
        assert_eq!(of(&["U1", "U2"]).shared(), Some(("U1", "U2")));
        assert_eq!(of(&["U1"]).shared(), None);
    }
}
