//! The four lanes of a case: what is due is done, and then it is looked again.

use crate::domain::agenda::{Act, Ask, Due, Lookout, TrailState, next_act, next_ask};
use crate::domain::case::Case;
use crate::flow::desk::Desk;
use crate::flow::intake::key_digest;
use crate::flow::lane::StepError;
use crate::flow::pages::{self, Paging};
use crate::flow::tell::memory::Memory;
use crate::flow::tell::speaker::Told;
use crate::flow::tell::tell;
use crate::flow::{act, ask, brakes, notary};
use crate::ports::chat::ChatError;
use crate::worker::lease::Holding;
use crate::worker::places::{Lane, Places};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::sync::watch;

/// Failing work is tried again after 1, 2, 4 … seconds, and at most this many.
const BACKOFF_SECONDS_MAX: u64 = 60;
/// Looks in a row that may find that somebody was quicker, before it counts as a failure.
const OVERTAKEN_MAX: u32 = 8;
/// A renewal of the lease is waited for in such steps.
const DOUBT: Duration = Duration::from_millis(500);

/// What a lane remembers between two looks; losing it costs some looks.
#[derive(Debug, Default)]
struct Round {
    memory: Memory,
    swept_at: Option<Timestamp>,
    anchored: Option<u64>,
    lookout: Lookout,
    failures: u32,
    overtaken: u32,
}

/// What came of one look at a lane.
enum Step {
    Again(View),
    /// Nothing is due before this; nothing at all when there is no time.
    Wait(Option<Timestamp>),
    /// The case needs no more work.
    Over,
}

/// What the next look goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// The case as this process knows it, which holds all that it wrote itself.
    AtHand,
    /// The journal, which holds what others wrote too.
    Journal,
}

/// Runs one lane of a case until its holding is over.
pub(super) async fn run((desk, places): (&Desk, &Places), holding: &Holding<'_>, lane: Lane) {
    let over = holding.over;
    let mut growth = desk.ledger.growth(holding.id);
    let mut round = Round::default();
    let mut by = View::Journal;
    let waits = holding.waits.of(holding.id, lane);
    while !over.is_cancelled() {
        if matches!(lane, Lane::Act | Lane::Tell) && !holding.hold.covers_an_effect() {
            pause(desk, DOUBT, holding).await;
            continue;
        }
        waits.begin(desk.clock.now());
        let outcome = tokio::select! {
            // Cancelling while asking is safe: what was not written will be asked again.
            () = over.cancelled(), if lane == Lane::Ask => return,
            outcome = look((desk, places), holding, (lane, by), &mut round) => outcome,
        };
        let wait = match outcome {
            Ok(Step::Over) => {
                over.cancel();
                return;
            }
            Ok(Step::Again(next)) => {
                (round.failures, round.overtaken) = (0, 0);
                by = next;
                // Between two pieces of work, whoever waits for an answer comes first.
                tokio::task::yield_now().await;
                continue;
            }
            Ok(Step::Wait(at)) => {
                (round.failures, round.overtaken) = (0, 0);
                waits.end();
                at
            }
            Err(StepError::MovedOn) if round.overtaken < OVERTAKEN_MAX => {
                round.overtaken += 1;
                by = View::Journal;
                continue;
            }
            Err(error) => {
                round.failures += 1;
                Some(desk.clock.now() + patience(&error, round.failures))
            }
        };
        let idle = (round.failures == 0).then(|| lane.idle());
        by = rest(desk, wait, idle, (&mut growth, holding)).await;
    }
}

/// One look at what is due in a lane.
async fn look(
    (desk, places): (&Desk, &Places),
    holding: &Holding<'_>,
    (lane, by): (Lane, View),
    round: &mut Round,
) -> Result<Step, StepError> {
    // The places are never closed.
    let _place = places.of(lane).acquire().await;
    if holding.over.is_cancelled() {
        return Ok(Step::Wait(None));
    }
    let found = match by {
        View::AtHand => desk.ledger.at_hand(holding.id).await?,
        View::Journal => desk.ledger.find(holding.id).await?,
    };
    let Some(case) = found else {
        return Ok(Step::Wait(None));
    };
    if is_over(&case) {
        put_away(desk, &case, &mut round.anchored).await?;
        return Ok(Step::Over);
    }
    match lane {
        Lane::Act => look_act(desk, holding, &case, &mut round.lookout).await,
        Lane::Ask => look_ask(desk, &case, &mut round.swept_at).await,
        Lane::Anchor => {
            let anchored = notary::anchor(desk, &case, &mut round.anchored).await?;
            let paging = pages::page(desk, &case).await?;
            Ok(match paging {
                Paging::Again => Step::Again(View::AtHand),
                Paging::Later(_) | Paging::Nothing if anchored => Step::Again(View::AtHand),
                Paging::Later(at) => Step::Wait(Some(at)),
                Paging::Nothing => Step::Wait(None),
            })
        }
        Lane::Tell => match tell(desk, &case, (&mut round.memory, holding.hold)).await? {
            Told::Something => Ok(Step::Again(View::AtHand)),
            Told::Nothing => Ok(Step::Wait(None)),
            Told::Later(at) => Ok(Step::Wait(Some(at))),
        },
    }
}

async fn look_act(
    desk: &Desk,
    holding: &Holding<'_>,
    case: &Case,
    lookout: &mut Lookout,
) -> Result<Step, StepError> {
    if let Some(brake) = desk.brake.news_for(case) {
        brakes::tell(desk, case, brake).await?;
        return Ok(Step::Again(View::AtHand));
    }
    let now = desk.clock.now();
    lookout.possible = desk.trail.is_some();
    match next_act(case, &desk.rules.timing, *lookout, now) {
        Due::Now(task @ Act::Warm(plan)) => {
            lookout.warmed = Some((plan, now));
            act::act(desk, case, &task, holding.hold).await?;
            Ok(Step::Again(View::AtHand))
        }
        Due::Now(task @ Act::LookAround { .. }) => {
            lookout.looked_at = Some(now);
            lookout.looks = lookout.looks.wrapping_add(1);
            match act::act(desk, case, &task, holding.hold).await {
                // Looking around must never hold up the steps that were approved.
                Err(StepError::Call(error)) => {
                    tracing::warn!(%error, "IAM's inventory cannot be read");
                }
                outcome => outcome?,
            }
            Ok(Step::Again(View::AtHand))
        }
        Due::Now(task) => {
            act::act(desk, case, &task, holding.hold).await?;
            Ok(Step::Again(View::AtHand))
        }
        Due::At(at) => Ok(Step::Wait(Some(at))),
        Due::Nothing => Ok(Step::Wait(None)),
    }
}

async fn look_ask(
    desk: &Desk,
    case: &Case,
    swept_at: &mut Option<Timestamp>,
) -> Result<Step, StepError> {
    let now = desk.clock.now();
    let trail = TrailState { configured: desk.trail.is_some(), swept_at: *swept_at };
    match next_ask(case, &desk.rules.timing, trail, now) {
        Due::Now(task) => {
            let reads_the_trail = matches!(
                task,
                Ask::FindSigner
                    | Ask::Allowed
                    | Ask::AllowedQuestion { .. }
                    | Ask::Sweep(_)
                    | Ask::Reconcile
            );
            if reads_the_trail {
                *swept_at = Some(now);
            }
            ask::ask(desk, case, &task).await?;
            Ok(Step::Again(View::AtHand))
        }
        Due::At(at) => Ok(Step::Wait(Some(at))),
        Due::Nothing => Ok(Step::Wait(None)),
    }
}

/// The last records are anchored before the case leaves the list: after that nobody comes back.
async fn put_away(desk: &Desk, case: &Case, anchored: &mut Option<u64>) -> Result<(), StepError> {
    while notary::anchor(desk, case, anchored).await? {}
    let digest = key_digest(&case.opening().key);
    desk.work.release_key(&digest, case.id()).await?;
    desk.work.unlist(case.id(), desk.clock.now()).await?;
    // Taken up again just now, it was listed and is not any more.
    if desk.ledger.load(case.id()).await?.closed_at().is_none() {
        desk.work.list_open(case.id(), desk.clock.now()).await?;
    }
    Ok(())
}

/// Waits until something is due, the journal has grown, or it is time to look anyway; after a
/// failure, which has no `idle` time, the journal's growth is no reason to try again at once.
async fn rest(
    desk: &Desk,
    at: Option<Timestamp>,
    idle: Option<Duration>,
    (growth, holding): (&mut watch::Receiver<u64>, &Holding<'_>),
) -> View {
    let clock = &desk.clock;
    let due = async {
        match at {
            Some(at) => clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = holding.over.cancelled() => View::Journal,
        () = due => View::Journal,
        _ = growth.changed(), if idle.is_some() => View::AtHand,
        () = clock.sleep(idle.unwrap_or_default()), if idle.is_some() => View::Journal,
    }
}

async fn pause(desk: &Desk, span: Duration, holding: &Holding<'_>) {
    tokio::select! {
        () = holding.over.cancelled() => {}
        () = desk.clock.sleep(span) => {}
    }
}

/// A case is over when it is archived, or closed and compared without a channel that could be.
fn is_over(case: &Case) -> bool {
    let room = case.room();
    let roomless = room.failed.is_some() || room.channel.is_none();
    let compared = case.closed_at().is_some() && !case.awaits_reconciliation();
    case.is_archived() || compared && roomless
}

/// How long to wait after a failure: as long as Slack asks, else longer each time.
fn patience(error: &StepError, failures: u32) -> SignedDuration {
    tracing::warn!(%error, failures, "work did not come to its end and will be tried again");
    let seconds = match error {
        StepError::Chat(ChatError::Limited { seconds }) => (*seconds).max(1),
        StepError::Ledger(_)
        | StepError::Call(_)
        | StepError::Evidence(_)
        | StepError::Trail(_)
        | StepError::Chat(_)
        | StepError::MovedOn
        | StepError::Broken(_) => 1 << failures.saturating_sub(1).min(6),
    };
    SignedDuration::from_secs(seconds.min(BACKOFF_SECONDS_MAX) as i64)
}
