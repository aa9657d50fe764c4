//! How long the steps for a lineage of thirty principals take where every call to AWS takes a tenth
//! of a second: side by side as keyleak does it, and one call after the other.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise, and says so"
)]

#[path = "../tests/support/bureau.rs"]
#[expect(dead_code, reason = "it needs less of it than a story does")]
mod bureau;
#[path = "../tests/support/ground.rs"]
#[expect(dead_code, reason = "nothing of the loot is tried")]
mod ground;
#[path = "../tests/support/silent_chat.rs"]
mod silent_chat;
#[path = "../tests/support/sim_account.rs"]
mod sim_account;

use async_trait::async_trait;
use bureau::{APPROVER, Bureau, honest};
use ground::USER;
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use keyleak::sim::attacker::Operation;
use keyleak::sim::cloud::LAG;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::NewUser;
use sim_account::SimAccount;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Users that the actor makes besides the first.
const MADE: usize = 29;
/// What a change at IAM takes.
const CALL: Duration = Duration::from_millis(100);
/// The trail comes within ten seconds instead of a minute and a half.
const SPEED: u32 = 10;

/// Every call takes its time; so many may be under way.
struct Distant {
    inner: Arc<dyn Contain>,
    at_once: Semaphore,
}

#[async_trait]
impl Contain for Distant {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        let _turn = self.at_once.acquire().await.expect("it is never closed");
        tokio::time::sleep(CALL).await;
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        self.inner.eradicate_role()
    }

    fn recover_role(&self) -> Option<String> {
        self.inner.recover_role()
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (steps, abreast) = runtime.block_on(contain(Semaphore::MAX_PERMITS));
    let (_, in_a_row) = runtime.block_on(contain(1));
    let ratio = in_a_row.as_secs_f64() / abreast.as_secs_f64();
    println!("{steps} steps for {} principals, each call {CALL:?}:", MADE + 1);
    println!("  as keyleak carries them out   {abreast:>8.2?}");
    println!("  one call after the other      {in_a_row:>8.2?}   {ratio:.1} times as long");
}

/// How many steps what the actor made needs, and how long they take.
async fn contain(at_once: usize) -> (usize, Duration) {
    let account = SimAccount::new((7, SPEED), LAG);
    let user = NewUser::named(USER, account.long_ago()).attached(ADMINISTRATOR);
    let (_, key) = account.cloud.add_user(user).unwrap();
    let ground = account.leak(&key).await;
    for number in 1..=MADE {
        let user = || format!("svc-{number}");
        for made in
            [Operation::CreateUser { user: user() }, Operation::CreateAccessKey { user: user() }]
        {
            assert!(ground.attacker.call(ground.key(), &made).await.worked());
        }
    }
    ground.clock.sleep(Duration::from_mins(4)).await;
    let rights = |inner| Arc::new(Distant { inner, at_once: Semaphore::new(at_once) }) as Arc<_>;
    let bureau = Bureau::open_with(&ground, rights, honest).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let proposed = |case: &Case| {
        let state = case.pending_plan()?;
        Some((state.plan.number, state.hash.clone()))
    };
    let (plan, hash) = bureau.wait(&case, "a plan", proposed).await;
    let at = PlanAddress { case: case.clone(), plan, hash };
    bureau.press(APPROVER, ButtonAction::Approve(at)).await;
    let taken = bureau.wait(&case, "all that was made is stopped", |case| taken(case, plan)).await;
    bureau.close().await;
    taken
}

/// From the record that adds the steps for what the actor made to the end of the last of them.
fn taken(case: &Case, plan: PlanNumber) -> Option<(usize, Duration)> {
    let added = case.records().iter().find_map(|record| {
        let Event::Covered { steps, .. } = &record.event else { return None };
        (steps.len() >= MADE).then_some((record.at, steps.len()))
    });
    let ((began, steps), state) = (added?, case.plan(plan)?);
    let ends: Option<Vec<_>> = state.steps.iter().map(|step| step.ended_at).collect();
    let span = ends?.into_iter().max()?.duration_since(began);
    Some((steps, span.unsigned_abs() / SPEED))
}
