//! Opening cases: one open case per key, decided and journaled before Slack hears 200.

use crate::domain::case::Case;
use crate::domain::digest::sha256_hex;
use crate::domain::event::{Event, Opening};
use crate::domain::fold::IllegalRecord;
use crate::domain::ids::{AccessKeyId, AccountId, CaseId};
use crate::domain::proof::Caller;
use crate::domain::record::{Actor, Entry, Place};
use crate::domain::refusal::Refusal;
use crate::flow::desk::Desk;
use crate::flow::ledger::{LedgerError, NotAppended};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A claim can be found to belong to a closed case, released, and lost to somebody else again.
const CLAIMS_MAX: u32 = 5;

/// A delivery is good for five minutes by Slack's clock and ours, which may be ahead or behind.
const REPEATED_WITHIN: SignedDuration = SignedDuration::from_mins(10);

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
    desk.bench().meet(caller, None).await?;
    desk.policy().may_act(caller)?;
    Ok(open_for(desk, (&Actor::of(caller), request), &mut Leaders::new()).await?)
}

/// The case whose channel the keys of an account share, as far as one is known.
pub type Leaders = BTreeMap<Option<AccountId>, CaseId>;

/// The same for somebody who was found to be allowed to when they asked.
pub async fn open_for(
    desk: &Desk,
    (actor, request): (&Actor, &OpenRequest),
    leaders: &mut Leaders,
) -> Result<Vec<Opened>, LedgerError> {
    // Keys of one account that come together share a room; the account may be unreadable.
    let mut rooms: BTreeMap<Option<AccountId>, Vec<(usize, &AccessKeyId)>> = BTreeMap::new();
    for (place, key) in request.keys.iter().enumerate() {
        rooms.entry(key.account()).or_default().push((place, key));
    }
    let rooms = rooms.into_iter().map(|(account, keys)| {
        let leader = leaders.get(&account).cloned();
        async move { (account, open_room(desk, (actor, request), (leader, keys)).await) }
    });
    let mut opened = Vec::new();
    for (account, room) in join_all(rooms).await {
        let (leader, cases) = room?;
        leaders.extend(leader.map(|leader| (account, leader)));
        opened.extend(cases);
    }
    opened.sort_by_key(|(place, _)| *place);
    Ok(opened.into_iter().map(|(_, opened)| opened).collect())
}

/// Opens what shares one channel, that of the leader. Where there is none the first key leads, by
/// a case that may have been open before; one without a channel to share leads nobody.
async fn open_room(
    desk: &Desk,
    asked: (&Actor, &OpenRequest),
    (mut leader, keys): (Option<CaseId>, Vec<(usize, &AccessKeyId)>),
) -> Result<(Option<CaseId>, Vec<(usize, Opened)>), LedgerError> {
    let mut opened = Vec::new();
    let mut keys = keys.into_iter();
    while leader.is_none()
        && let Some((place, key)) = keys.next()
    {
        let one = open_one(desk, asked, (key, None)).await?;
        leader = one.case.room().failed.is_none().then(|| one.case.id().clone());
        opened.push((place, one));
    }
    let others = keys.map(|(place, key)| {
        let leader = leader.clone();
        async move { open_one(desk, asked, (key, leader)).await.map(|one| (place, one)) }
    });
    for other in join_all(others).await {
        opened.push(other?);
    }
    Ok((leader, opened))
}

/// The digest under which a key's one open case is claimed.
pub fn key_digest(key: &AccessKeyId) -> String {
    sha256_hex(key.reveal().as_bytes())
}

async fn open_one(
    desk: &Desk,
    asked: (&Actor, &OpenRequest),
    (key, leader): (&AccessKeyId, Option<CaseId>),
) -> Result<Opened, LedgerError> {
    let id = case_id(key, desk.clock.now(), asked.1.delivery.as_deref());
    open_as(desk, asked, (key, id, leader)).await
}

#[tracing::instrument(skip_all, fields(case.id = %id))]
async fn open_as(
    desk: &Desk,
    (actor, request): (&Actor, &OpenRequest),
    (key, id, leader): (&AccessKeyId, CaseId, Option<CaseId>),
) -> Result<Opened, LedgerError> {
    let digest = key_digest(key);
    let now = desk.clock.now();
    // Once the key is claimed for this case anybody who asks for the key may begin it, so what
    // fails from then on proves nothing but this: whether it stands is not known here.
    let mut claimed = false;
    let opening = entry(desk, actor, request, Event::Opened(opening(desk, key, request, leader)));
    for _ in 0..CLAIMS_MAX {
        let seen = seen_before(desk, key, request.delivery.as_deref()).await;
        if let Some(case) = seen.map_err(|error| doubted(error, claimed))? {
            return Ok(Opened { key: key.clone(), case, new: false });
        }
        let holder = desk.work.claim_key(&digest, &id).await;
        let holder = holder.map_err(|error| doubted(unreachable(error), claimed))?;
        claimed |= holder == id;
        if holder == id {
            // Listed first or at once: a case that nobody would find is worse than an empty entry.
            let (listed, begun) =
                tokio::join!(desk.work.list_open(&id, now), desk.ledger.open(&id, opening.clone()));
            match begun? {
                Some(case) => {
                    // It stands, so nobody may hear that it does not; asked again, it is listed.
                    listed.map_err(|error| LedgerError::Unsure(error.0))?;
                    return Ok(Opened { key: key.clone(), case, new: true });
                }
                None => listed.map_err(|error| LedgerError::Unsure(error.0))?,
            }
        }
        let repeated =
            |case: &Case| request.delivery.as_ref().is_some_and(|known| case.has_seen(known));
        match desk.ledger.find(&holder).await? {
            // The same delivery again, however late: what it began is not begun a second time.
            Some(case) if case.closed_at().is_some() && repeated(&case) => {
                return Ok(Opened { key: key.clone(), case, new: false });
            }
            Some(case) if case.closed_at().is_some() => {
                desk.work.release_key(&digest, &holder).await.map_err(unreachable)?;
            }
            Some(case) => {
                // Listed again: whoever began it may have come no further than the journal.
                let joining = async {
                    match repeated(&case) {
                        true => Ok(Opened { key: key.clone(), case: case.clone(), new: false }),
                        false => join(desk, (actor, request), case.clone()).await,
                    }
                };
                let (listed, joined) = tokio::join!(desk.work.list_open(&holder, now), joining);
                listed.map_err(|error| LedgerError::Unsure(error.0))?;
                return joined;
            }
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

/// The case of the key that took this very delivery in, though it may be closed by now: what was
/// said for it counts for no other case because Slack delivers it again.
pub async fn seen_before(
    desk: &Desk,
    key: &AccessKeyId,
    delivery: Option<&str>,
) -> Result<Option<Case>, LedgerError> {
    let Some(delivery) = delivery else {
        return Ok(None);
    };
    let since = desk.clock.now() - REPEATED_WITHIN;
    let listed = desk.work.cases_since(since).await.map_err(unreachable)?;
    // One delivery can name many keys, and a case's name tells only the end of its key.
    let is_it = |case: &Case| case.opening().key == *key && case.has_seen(delivery);
    for listed in listed.iter().filter(|listed| may_be_about(&listed.case, key)) {
        if let Some(case) = desk.ledger.find(&listed.case).await?.filter(is_it) {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

/// Adds the caller to the people of an open case, or has them ask again for its channel.
async fn join(
    desk: &Desk,
    (actor, request): (&Actor, &OpenRequest),
    case: Case,
) -> Result<Opened, LedgerError> {
    let key = case.opening().key.clone();
    let joined = entry(desk, actor, request, Event::Joined);
    let outcome = desk
        .ledger
        .append(case.id(), |case| {
            // Whoever asks again while there is no channel wants it tried again.
            let roomless = case.room().unmade.is_some();
            let inside = actor.person().is_none_or(|person| case.room().wanted.contains(person));
            let inside = inside && !roomless;
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

fn entry(desk: &Desk, actor: &Actor, request: &OpenRequest, event: Event) -> Entry {
    Entry {
        at: desk.clock.now(),
        actor: actor.clone(),
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
    CaseId(format!("kl-{date}{}{digest}", told_apart_by(key)))
}

/// Whether the case can be one of this key, by what its name tells; saves reading all the others.
pub fn may_be_about(case: &CaseId, key: &AccessKeyId) -> bool {
    case.0.contains(&told_apart_by(key))
}

/// What the name of a case tells of its key.
fn told_apart_by(key: &AccessKeyId) -> String {
    format!("-{}-", key.last_four().to_lowercase())
}

/// What is only known to have failed, where somebody else may have done it meanwhile.
fn doubted(error: LedgerError, claimed: bool) -> LedgerError {
    match error {
        LedgerError::Unreachable(why) if claimed => LedgerError::Unsure(why),
        error @ (LedgerError::Unreachable(_)
        | LedgerError::Unsure(_)
        | LedgerError::NoSuchCase(_)
        | LedgerError::Tampered { .. }
        | LedgerError::Contended) => error,
    }
}

fn unreachable(error: crate::ports::journal::StoreError) -> LedgerError {
    LedgerError::Unreachable(error.0)
}
