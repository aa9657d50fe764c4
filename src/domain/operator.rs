//! What an operator orders from the command line, and the proof that the order is the operator's.
//!
//! Needs: Slack is down, and a decision must still come from a known person. The operator signs a
//! request for `sts:GetCallerIdentity` with the AWS credentials they have anyway; the order is one
//! of the signed headers. Whoever judges it puts the request together again, header by header,
//! from the order and the few fields below, so that nothing in a proof can name another address,
//! action or header, and asks AWS who signed it. A request whose order was changed has another
//! signature, and AWS refuses it.

use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::digest::sha256_hex;
use crate::domain::identity::AwsIdentity;
use crate::domain::ids::CaseId;
use crate::domain::plan::StepAddress;
use crate::domain::wanted::Wanted;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The signed header that carries the order.
pub const ORDER_HEADER: &str = "x-keyleak-order";
/// How old a proof may be; AWS itself would take fifteen minutes.
pub const PROOF_AGE_MAX: SignedDuration = SignedDuration::from_mins(5);
/// Clocks differ by seconds; more is a proof made in advance.
const PROOF_AHEAD_MAX: SignedDuration = SignedDuration::from_mins(1);
/// A SHA-256 in hex.
const SIGNATURE_LENGTH: usize = 64;
/// AWS's ids have 20; it reserves up to 128.
const KEY_ID_LENGTH_MAX: usize = 128;
/// Session tokens have about a thousand characters, and AWS promises no limit.
const TOKEN_LENGTH_MAX: usize = 8_192;

/// What an operator can decide about a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Approve,
    Deny,
    Withdraw,
    Undo,
}

/// What is ordered; all of it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    Decide {
        verb: Verb,
        at: PlanAddress,
        reason: Option<String>,
    },
    /// Changes what the plans hold.
    Adjust {
        at: PlanAddress,
        wanted: Vec<Wanted>,
    },
    /// Takes single steps back.
    UndoSteps {
        at: PlanAddress,
        steps: Vec<StepAddress>,
    },
    /// Lets a reading scan more than it may by itself.
    Allow {
        case: CaseId,
        reading: u64,
        sql_sha256: String,
    },
    /// Puts the brake on or takes it off; the number makes the proof good for one move.
    MoveBrake {
        number: u64,
        frozen: bool,
        why: String,
    },
}

/// What a signature leaves to be known beside the order; it is worth minutes, and still no log's.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// `20260801T100000Z`, as the request carries it.
    pub date: String,
    pub key_id: String,
    pub session_token: Option<String>,
    /// The signature in hex.
    pub hex: String,
}

/// Why a signature is not even shown to AWS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    #[error("the proof is not one that keyleak makes; sign the order again")]
    Malformed,
    #[error("the proof is older than five minutes; sign the order again")]
    TooOld,
    #[error("the proof is from the future; set the clock of the machine that signed it")]
    TooEarly,
}

/// An order that AWS confirmed to come from an identity; only [`Signature::confirmed`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    order: Order,
    identity: AwsIdentity,
    delivery: String,
}

impl Verb {
    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Withdraw => "withdraw",
            Self::Undo => "undo",
        }
    }

    /// The button that means the same.
    pub fn button(self, at: PlanAddress) -> ButtonAction {
        match self {
            Self::Approve => ButtonAction::Approve(at),
            Self::Deny => ButtonAction::Deny(at),
            Self::Withdraw => ButtonAction::Withdraw(at),
            Self::Undo => ButtonAction::Undo(at),
        }
    }
}

impl Order {
    /// The order as the signed header carries it: one line, with nothing of it left out.
    pub fn header(&self) -> String {
        match self {
            Self::Decide { verb, at, reason } => format!(
                "keyleak-1 {} case={} plan={} hash={} reason={}",
                verb.word(),
                at.case,
                at.plan.0,
                at.hash,
                digest(reason.as_deref())
            ),
            Self::Adjust { at, wanted } => {
                let words: Vec<String> = wanted.iter().map(Wanted::words).collect();
                about(at, "adjust", &words)
            }
            Self::UndoSteps { at, steps } => {
                let words: Vec<String> = steps.iter().map(|step| step.words()).collect();
                about(at, "undo-steps", &words)
            }
            Self::Allow { case, reading, sql_sha256 } => {
                format!("keyleak-1 allow case={case} reading={reading} sql={sql_sha256}")
            }
            Self::MoveBrake { number, frozen, why } => {
                let verb = if *frozen { "freeze" } else { "thaw" };
                format!("keyleak-1 {verb} number={number} reason={}", digest(Some(why)))
            }
        }
    }
}

impl Signature {
    /// Checks form and age, before anything of it is sent anywhere.
    pub fn check(&self, now: Timestamp) -> Result<(), BadProof> {
        let graphic = |text: &str, length_max: usize| {
            !text.is_empty()
                && text.len() <= length_max
                && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let plain_id = self.key_id.bytes().all(|b| b.is_ascii_alphanumeric());
        let token = self.session_token.as_deref();
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        let whole = plain_id
            && graphic(&self.key_id, KEY_ID_LENGTH_MAX)
            && token.is_none_or(|token| graphic(token, TOKEN_LENGTH_MAX))
            && self.hex.len() == SIGNATURE_LENGTH
            && self.hex.bytes().all(hex);
        if !whole {
            return Err(BadProof::Malformed);
        }
        let age = now.duration_since(self.signed_at()?);
        if age > PROOF_AGE_MAX {
            return Err(BadProof::TooOld);
        }
        if age < -PROOF_AHEAD_MAX {
            return Err(BadProof::TooEarly);
        }
        Ok(())
    }

    /// The proof, once AWS has said whose signature over this order it is.
    pub fn confirmed(&self, order: Order, identity: AwsIdentity) -> Proven {
        // The signature itself stays out of the journal; its hash makes the order count once.
        let delivery = format!("order:{}", sha256_hex(self.hex.as_bytes()));
        Proven { order, identity, delivery }
    }

    fn signed_at(&self) -> Result<Timestamp, BadProof> {
        let at = DateTime::strptime("%Y%m%dT%H%M%SZ", &self.date);
        let at = at.and_then(|at| at.to_zoned(TimeZone::UTC));
        at.map(|at| at.timestamp()).map_err(|_| BadProof::Malformed)
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature(of {})", self.date)
    }
}

impl Proven {
    pub fn order(&self) -> &Order {
        &self.order
    }

    pub fn identity(&self) -> &AwsIdentity {
        &self.identity
    }

    /// The key under which the order counts once, like a delivery of Slack's.
    pub fn delivery(&self) -> &str {
        &self.delivery
    }
}

/// What is wanted of a plan, by its digest: names are not all fit for a header.
fn about(at: &PlanAddress, verb: &str, words: &[String]) -> String {
    let what = digest(Some(&words.join("\n")));
    format!("keyleak-1 {verb} case={} plan={} hash={} what={what}", at.case, at.plan.0, at.hash)
}

fn digest(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| sha256_hex(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::PlanNumber;

    fn signature() -> Signature {
        Signature {
            date: "20260801T100000Z".to_owned(),
            key_id: "ASIAQNZGKIQY56JQ7WML".to_owned(),
            session_token: Some("FwoGZXIvYXdzE+/=".to_owned()),
            hex: "0f".repeat(32),
        }
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn order(verb: Verb, case: &str, plan: u32, reason: Option<&str>) -> Order {
        let (case, hash) = (CaseId(case.to_owned()), "ab".repeat(32));
        let at = PlanAddress { case, plan: PlanNumber(plan), hash };
        Order::Decide { verb, at, reason: reason.map(str::to_owned) }
    }

    fn adjust(who: &str, wanted: fn(String) -> Wanted) -> Order {
        let Order::Decide { at, .. } = order(Verb::Undo, "kl-1", 1, None) else { unreachable!() };
        Order::Adjust { at, wanted: vec![wanted(who.to_owned())] }
    }

    fn allow(reading: u64, sql: &str) -> Order {
        Order::Allow { case: CaseId("kl-1".to_owned()), reading, sql_sha256: sql.repeat(32) }
    }

    fn undo_steps(step: u32) -> Order {
        let Order::Decide { at, .. } = order(Verb::Undo, "kl-1", 1, None) else { unreachable!() };
        Order::UndoSteps { steps: vec![StepAddress { plan: PlanNumber(1), step }], at }
    }

    #[test]
    fn a_proof_is_good_for_five_minutes() {
        assert_eq!(signature().check(at("2026-08-01T10:00:00Z")), Ok(()));
        assert_eq!(signature().check(at("2026-08-01T10:05:00Z")), Ok(()));
        assert_eq!(signature().check(at("2026-08-01T10:05:01Z")), Err(BadProof::TooOld));
        assert_eq!(signature().check(at("2026-08-01T09:59:00Z")), Ok(()));
        assert_eq!(signature().check(at("2026-08-01T09:58:59Z")), Err(BadProof::TooEarly));
    }

    #[test]
    fn nothing_that_could_end_a_header_is_ever_sent() {
        let now = at("2026-08-01T10:00:00Z");
        let with = |change: fn(&mut Signature)| {
            let mut signature = signature();
            change(&mut signature);
            signature.check(now)
        };
        let bad: [fn(&mut Signature); 8] = [
            |s| s.key_id = "AKIA/20260801/x".to_owned(),
            |s| s.key_id = String::new(),
            |s| s.key_id = "A".repeat(200),
            |s| s.session_token = Some("a\r\nx: y".to_owned()),
            |s| s.session_token = Some(String::new()),
            |s| s.hex = "0F".repeat(32),
            |s| s.hex = "0f".repeat(31),
            |s| s.date = "2026-08-01T10:00:00Z".to_owned(),
        ];
        for change in bad {
            assert_eq!(with(change), Err(BadProof::Malformed));
        }
    }

    #[test]
    fn orders_that_differ_in_anything_have_other_headers() {
        let orders = [
            order(Verb::Approve, "kl-1", 1, None),
            order(Verb::Deny, "kl-1", 1, None),
            order(Verb::Deny, "kl-1", 1, Some("a test key")),
            order(Verb::Withdraw, "kl-1", 1, None),
            order(Verb::Undo, "kl-1", 1, None),
            order(Verb::Approve, "kl-1", 2, None),
            order(Verb::Approve, "kl-2", 1, None),
            adjust("role/deploy", Wanted::LeaveOut),
            adjust("role/deploy", Wanted::TakeIn),
            adjust("user/deploy", Wanted::TakeIn),
            undo_steps(0),
            undo_steps(1),
            allow(18, "ab"),
            allow(19, "ab"),
            allow(18, "cd"),
            Order::MoveBrake { number: 1, frozen: true, why: "x".to_owned() },
            Order::MoveBrake { number: 1, frozen: false, why: "x".to_owned() },
            Order::MoveBrake { number: 2, frozen: true, why: "x".to_owned() },
            Order::MoveBrake { number: 1, frozen: true, why: "y".to_owned() },
        ];
        let headers: std::collections::BTreeSet<_> = orders.iter().map(Order::header).collect();
        assert_eq!(headers.len(), orders.len());
        assert!(headers.iter().all(|header| header.bytes().all(|b| (b' '..=b'~').contains(&b))));
    }

    #[test]
    fn no_signature_is_printed_or_kept() {
        let signature = signature();
        assert!(!format!("{signature:?}").contains("0f0f"));
        let identity =
            AwsIdentity { arn: "a".to_owned(), account: "1".to_owned(), request_id: None };
        let proven = signature.confirmed(order(Verb::Approve, "kl-1", 1, None), identity);
        let printed = format!("{proven:?}");
        assert!(!printed.contains("0f0f") && !printed.contains("FwoGZ"), "{printed}");
    }
}
