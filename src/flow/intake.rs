//! Opening cases: one open case per key, decided and journaled before Slack hears 200.

use crate::domain::case::Case;
use crate::domain::digest::sha256_hex;
use crate::domain::event::{Event, Opening};
use crate::domain::fold::IllegalRecord;
use crate::domain::ids::{AccessKeyId, AccountId, CaseId};
use crate::domain::policy::Refusal;
use crate::domain::proof::Caller;
use crate::domain::record::{Actor, Entry, Place};
use crate::flow::desk::Desk;
use crate::flow::ledger::{LedgerError, NotAppended};
use futures_util::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A claim can be found to belong to a closed case, released, and lost to somebody else again.
const CLAIMS_MAX: u32 = 5;

/// What somebody wants opened.
#[derive(Debug, Clone)]
pub struct OpenRequest {
    pub keys: Vec<AccessKeyId>,
    pub found_where: Option<String>,
    pub exposed_since: Option<Timestamp>,
    pub note: Option<String>,
    pub delivery: Option<String>,
    pub place: Option<Place>,
}

/// What became of one key.
#[derive(Debug, Clone)]
pub struct Opened {
    pub key: AccessKeyId,
    pub case: Case,
    /// Whether this request began the case; otherwise the caller joins it.
    pub new: bool,
}

/// Why nothing was opened.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Ledger(#[from] LedgerError),
}

/// Opens a case for each key, or joins the one that is open.
pub async fn open(
    desk: &Desk,
    caller: &Caller,
    request: &OpenRequest,
) -> Result<Vec<Opened>, NotOpened> {
    desk.rules.policy.may_act(caller)?;
    let now = desk.clock.now();
    let mut leaders: BTreeMap<Option<AccountId>, CaseId> = BTreeMap::new();
    let mut wanted = Vec::new();
    for key in &request.keys {
        let id = case_id(key, now, request.delivery.as_deref());
        // Keys of one account that come together share a room; the account may be unreadable.
        let leader = leaders.entry(key.account()).or_insert_with(|| id.clone()).clone();
        wanted.push((key, id.clone(), (leader != id).then_some(leader)));
    }
    let opened = join_all(
        wanted
            .into_iter()
            .map(|(key, id, leader)| open_one(desk, caller, request, (key, id, leader))),
    )
    .await;
    opened.into_iter().map(|one| one.map_err(NotOpened::from)).collect()
}

/// The digest under which a key's one open case is claimed.
pub fn key_digest(key: &AccessKeyId) -> String {
    sha256_hex(key.reveal().as_bytes())
}

#[tracing::instrument(skip_all, fields(case.id = %id))]
async fn open_one(
    desk: &Desk,
    caller: &Caller,
    request: &OpenRequest,
    (key, id, leader): (&AccessKeyId, CaseId, Option<CaseId>),
) -> Result<Opened, LedgerError> {
    let digest = key_digest(key);
    let now = desk.clock.now();
    let opening = entry(desk, caller, request, Event::Opened(opening(desk, key, request, leader)));
    for _ in 0..CLAIMS_MAX {
        let holder = desk.work.claim_key(&digest, &id).await.map_err(unreachable)?;
        if holder == id {
            // Listed first or at once: a case that nobody would find is worse than an empty entry.
            let (listed, begun) =
                tokio::join!(desk.work.list_open(&id, now), desk.ledger.open(&id, opening.clone()));
            listed.map_err(unreachable)?;
            if let Some(case) = begun? {
                return Ok(Opened { key: key.clone(), case, new: true });
            }
        }
        let repeated =
            |case: &Case| request.delivery.as_ref().is_some_and(|known| case.has_seen(known));
        match desk.ledger.find(&holder).await? {
            // The same delivery again, however late: what it began is not begun a second time.
            Some(case) if repeated(&case) => {
                return Ok(Opened { key: key.clone(), case, new: false });
            }
            Some(case) if case.closed_at().is_some() => {
                desk.work.release_key(&digest, &holder).await.map_err(unreachable)?;
            }
            Some(case) => return join(desk, caller, request, case).await,
            // Claimed by a process that died before it could write: its case begins now.
            None => {
                desk.work.list_open(&holder, now).await.map_err(unreachable)?;
                if let Some(case) = desk.ledger.open(&holder, opening.clone()).await? {
                    return Ok(Opened { key: key.clone(), case, new: true });
                }
            }
        }
    }
    Err(LedgerError::Contended)
}

/// Adds the caller to the people of an open case, or has them ask again for its channel.
async fn join(
    desk: &Desk,
    caller: &Caller,
    request: &OpenRequest,
    case: Case,
) -> Result<Opened, LedgerError> {
    let key = case.opening().key.clone();
    let joined = entry(desk, caller, request, Event::Joined);
    let person = caller.person().clone();
    let outcome = desk
        .ledger
        .append(case.id(), |case| {
            // Whoever asks again while there is no channel wants it tried again.
            let roomless = case.room().unmade.is_some();
            let inside = case.room().wanted.contains(&person) && !roomless;
            let repeated = joined.delivery.as_ref().is_some_and(|d| case.has_seen(d));
            Ok::<_, LedgerError>((!inside && !repeated).then(|| joined.clone()))
        })
        .await;
    match outcome {
        Ok(case) => Ok(Opened { key, case, new: false }),
        Err(NotAppended::Illegal(IllegalRecord::Repeated | IllegalRecord::Closed)) => {
            Ok(Opened { key, case, new: false })
        }
        Err(NotAppended::Illegal(error)) => Err(LedgerError::Unreachable(error.to_string())),
        Err(NotAppended::Judged(error) | NotAppended::Ledger(error)) => Err(error),
    }
}

fn opening(
    desk: &Desk,
    key: &AccessKeyId,
    request: &OpenRequest,
    leader: Option<CaseId>,
) -> Opening {
    Opening {
        key: key.clone(),
        found_where: request.found_where.clone(),
        exposed_since: request.exposed_since,
        note: request.note.clone(),
        drill: desk.rules.drill,
        endpoints: desk.rules.endpoints.clone(),
        shares_channel_of: leader,
    }
}

fn entry(desk: &Desk, caller: &Caller, request: &OpenRequest, event: Event) -> Entry {
    Entry {
        at: desk.clock.now(),
        actor: Actor::of(caller),
        place: request.place.clone(),
        delivery: request.delivery.clone(),
        event,
    }
}

/// Date, last four and a digest: readable, unique, and without the key id in it. A delivery that
/// comes twice, to whichever replica, means the same case both times.
fn case_id(key: &AccessKeyId, now: Timestamp, delivery: Option<&str>) -> CaseId {
    let date = now.strftime("%Y%m%d");
    let occasion = delivery.map_or_else(|| now.as_nanosecond().to_string(), str::to_owned);
    let digest = sha256_hex(format!("{} {occasion}", key.reveal()).as_bytes());
    let digest = digest.get(..8).unwrap_or_default();
    CaseId(format!("kl-{date}-{}-{digest}", key.last_four().to_lowercase()))
}

fn unreachable(error: crate::ports::journal::StoreError) -> LedgerError {
    LedgerError::Unreachable(error.0)
}
