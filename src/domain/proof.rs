//! Proof that something came from Slack: the signature over its raw bytes, in constant time, or the
//! connection that Slack opened for our own app-level token.

use crate::domain::identity::AwsIdentity;
use crate::domain::ids::PersonId;
use crate::domain::one_time_code::StepUp;
use crate::domain::operator::Proven;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// How old, or how far ahead of our clock, a signed request may be, in seconds.
pub const SIGNATURE_AGE_SECONDS_MAX: i64 = 300;
/// Unix seconds have ten digits until the year 2286; anything longer is not a time.
const TIMESTAMP_DIGITS_MAX: usize = 12;
/// `v0=` and a SHA-256 in hex.
const SIGNATURE_LENGTH: usize = 3 + 64;

/// A request is not provably Slack's; every reason is answered alike, so that none can be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is not signed by Slack, or not now")]
pub struct Unsigned;

/// What the two headers say, after their form was checked and before the body is read.
#[derive(Debug, Clone)]
pub struct SignedHeaders {
    timestamp: String,
    signature: String,
}

/// A body that Slack sent; only [`SignedHeaders::verify`] and [`Line::envelope`] make one.
#[derive(Clone)]
pub struct Verified {
    body: Vec<u8>,
    delivery: String,
}

/// A connection of Socket Mode. Slack opens it with a ticket that it gives to whoever shows the
/// app-level token, and greets on it; only [`Line::greeted`] makes one.
#[derive(Debug)]
pub struct Line(());

/// A connection on which Slack did not greet as ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotGreeted {
    #[error("Slack did not say hello on the connection")]
    NoHello,
    #[error("the app-level token is of another app; check slack.app_id and slack.app_token")]
    OtherApp,
}

/// A person whom a verified request names, or whom AWS named for a signed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    person: PersonId,
    name: Option<String>,
    identity: Option<AwsIdentity>,
    code: Option<StepUp>,
}

impl SignedHeaders {
    /// Checks the form and the age of the two headers.
    pub fn read(
        timestamp: Option<&[u8]>,
        signature: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Self, Unsigned> {
        let timestamp = plain(timestamp, TIMESTAMP_DIGITS_MAX, |b| b.is_ascii_digit())?;
        let signature = plain(signature, SIGNATURE_LENGTH, |b| b.is_ascii_graphic())?;
        let hex = signature.strip_prefix("v0=").ok_or(Unsigned)?;
        let lower_hex = hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if signature.len() != SIGNATURE_LENGTH || !lower_hex {
            return Err(Unsigned);
        }
        let at: i64 = timestamp.parse().map_err(|_| Unsigned)?;
        if (now.as_second() - at).abs() > SIGNATURE_AGE_SECONDS_MAX {
            return Err(Unsigned);
        }
        Ok(Self { timestamp, signature })
    }

    /// Checks the signature over the raw body against each secret (two while one is rotated).
    pub fn verify(self, secrets: &[&[u8]], body: Vec<u8>) -> Result<Verified, Unsigned> {
        let mut valid = Choice::from(0);
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let expected = sign(secret, &self.timestamp, &body);
            valid |= expected.as_bytes().ct_eq(self.signature.as_bytes());
        }
        if bool::from(valid) {
            Ok(Verified { body, delivery: self.signature })
        } else {
            Err(Unsigned)
        }
    }
}

impl Verified {
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What names this delivery for the replay guard: the signature, or the envelope's id.
    pub fn delivery(&self) -> &str {
        &self.delivery
    }
}

impl Line {
    /// Reads the first frame of a connection; `app_id` is the configured one, when there is one.
    pub fn greeted(greeting: &str, app_id: Option<&str>) -> Result<Self, NotGreeted> {
        let said: serde_json::Value =
            serde_json::from_str(greeting).map_err(|_| NotGreeted::NoHello)?;
        if said["type"] != "hello" {
            return Err(NotGreeted::NoHello);
        }
        match (said["connection_info"]["app_id"].as_str(), app_id) {
            (Some(theirs), Some(ours)) if theirs != ours => Err(NotGreeted::OtherApp),
            _ => Ok(Self(())),
        }
    }

    /// What came over this connection, under the id that Slack gave it.
    pub fn envelope(&self, id: &str, body: Vec<u8>) -> Verified {
        Verified { body, delivery: format!("envelope:{id}") }
    }
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verified({} bytes)", self.body.len())
    }
}

impl Caller {
    /// The person that a verified request names; the request is the proof.
    pub fn of(_proof: &Verified, person: PersonId, name: Option<String>) -> Self {
        Self { person, name, identity: None, code: None }
    }

    /// The person whom configuration says the signer of a proven order is.
    pub fn operator(proof: &Proven, person: PersonId) -> Self {
        let identity = proof.identity().clone();
        let name = Some(identity.short_name().to_owned());
        Self { person, name, identity: Some(identity), code: None }
    }

    /// The same person, who has given a one-time code that was right.
    pub fn stepped_up(self, proof: StepUp) -> Self {
        Self { code: Some(proof), ..self }
    }

    /// The one-time code that they gave, if they did.
    pub fn code(&self) -> Option<StepUp> {
        self.code
    }

    /// Whether they proved who they are beyond what Slack says.
    pub fn is_proven(&self) -> bool {
        self.identity.is_some() || self.code.is_some()
    }

    pub fn person(&self) -> &PersonId {
        &self.person
    }

    /// Whom AWS named; none for a person who came through Slack.
    pub fn identity(&self) -> Option<&AwsIdentity> {
        self.identity.as_ref()
    }

    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// The signature that Slack gives a body: `v0=` and HMAC-SHA256 of `v0:timestamp:body`.
pub fn sign(secret: &[u8], timestamp: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return String::new();
    };
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

fn plain(
    header: Option<&[u8]>,
    length_max: usize,
    allowed: impl Fn(u8) -> bool,
) -> Result<String, Unsigned> {
    let bytes = header.ok_or(Unsigned)?;
    if bytes.is_empty() || bytes.len() > length_max || !bytes.iter().copied().all(allowed) {
        return Err(Unsigned);
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| Unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"8f742231b10e8888abcd99yyyzzz85a5";
    const AT: i64 = 1_531_420_618;
    const BODY: &[u8] = b"\
        token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=\
        G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebh\
        ook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%\
        2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0b\
        c887a14d10d2c447fce8b6703c";
    const SIGNATURE: &[u8] = b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn verify(at: &[u8], signature: &[u8], skew: i64) -> Result<Verified, Unsigned> {
        let now = Timestamp::from_second(AT + skew).unwrap();
        SignedHeaders::read(Some(at), Some(signature), now)?.verify(&[SECRET], BODY.to_vec())
    }

    #[test]
    fn slacks_own_example_is_accepted() {
        assert!(verify(b"1531420618", SIGNATURE, 0).is_ok());
    }

    #[test]
    fn five_minutes_either_way_are_accepted_and_no_more() {
        assert!(verify(b"1531420618", SIGNATURE, 300).is_ok());
        assert!(verify(b"1531420618", SIGNATURE, -300).is_ok());
        assert!(verify(b"1531420618", SIGNATURE, 301).is_err());
        assert!(verify(b"1531420618", SIGNATURE, -301).is_err());
    }

    #[test]
    fn a_line_is_one_on_which_slack_greets_as_our_app() {
        let hello = r#"{"type":"hello","connection_info":{"app_id":"A1"}}"#;
        let line = Line::greeted(hello, Some("A1")).unwrap();
        assert_eq!(line.envelope("e1", b"x".to_vec()).delivery(), "envelope:e1");
        assert!(Line::greeted(hello, None).is_ok(), "nobody said which app it must be");
        assert_eq!(Line::greeted(hello, Some("A2")).unwrap_err(), NotGreeted::OtherApp);
        for other in ["", "hello", r#"{"type":"disconnect"}"#, r#"["hello"]"#] {
            assert_eq!(Line::greeted(other, None).unwrap_err(), NotGreeted::NoHello, "{other}");
        }
    }

    #[test]
    fn odd_headers_are_refused_not_fatal() {
        for at in [&b"abc"[..], b"", b"-1531420618", b"1531420618.0", b"99999999999999999999"] {
            assert!(verify(at, SIGNATURE, 0).is_err());
        }
        let mut upper = SIGNATURE.to_ascii_uppercase();
        upper[0] = b'v';
        for signature in [&b"v0="[..], "v0=é".as_bytes(), &SIGNATURE[..66], &upper, b"v1=00"] {
            assert!(verify(b"1531420618", signature, 0).is_err());
        }
    }

    #[test]
    fn the_second_secret_counts_while_one_is_rotated_and_an_empty_one_never() {
        let read = || {
            let now = Timestamp::from_second(AT).unwrap();
            SignedHeaders::read(Some(b"1531420618"), Some(SIGNATURE), now).unwrap()
        };
        assert!(read().verify(&[b"other", SECRET], BODY.to_vec()).is_ok());
        assert!(read().verify(&[b"other"], BODY.to_vec()).is_err());
        assert!(read().verify(&[b""], BODY.to_vec()).is_err());
        assert!(read().verify(&[], BODY.to_vec()).is_err());
    }
}
