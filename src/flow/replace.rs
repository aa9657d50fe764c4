//! A new key in the place of the leaked one: the plan that makes it, and looking that it is there.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::drift::Drift;
use crate::domain::event::Event;
use crate::domain::key_making::{not_now, refusal, step, user, wanted};
use crate::domain::made_key::amiss;
use crate::domain::plan::{PlanKind, assemble};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::PrincipalName;
use crate::domain::recovery_step::RecoveryStep;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, conclude};
use crate::flow::photograph::{account_of, keep, photograph_if_there, photograph_plans};
use crate::flow::propose::frame;
use crate::ports::cloud::{CallClass, CallError};

/// Proposes the one step that makes the key, or says why keyleak makes none.
pub async fn propose(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let Some(asked) = wanted(case) else { return Ok(()) };
    let Some(user) = user(case) else {
        let why = "whose key it was is not known, so name a user: /keyleak replace key for user, \
                   its name, and why";
        return not_made(desk, case, why.to_owned()).await;
    };
    let contain = desk.contain(case).await?.filter(|contain| contain.recover_role().is_some());
    let Some(contain) = contain else {
        let setting = desk.accounts.setting(&account_of(case, &[]), "recover_role");
        let why = format!(
            "no role that makes keys is configured ({setting}, with the policy `recover` of \
             `keyleak manifest iam`)"
        );
        return not_made(desk, case, why).await;
    };
    let on = PrincipalName::user(&user.0);
    let found = photograph_if_there(desk.lookup(case).await?.as_ref(), &on).await;
    let (now, leaked_is_active) = match (found, leaked_is_active(desk, case).await) {
        (Ok(Some(now)), Ok(active)) => (now, active),
        (Ok(None), Ok(_)) => {
            return not_made(desk, case, format!("there is no {on}; name another")).await;
        }
        (Err(error), _) | (_, Err(error)) if error.class.retryable() => return Err(error.into()),
        (Err(error), _) | (_, Err(error)) => {
            return not_made(desk, case, format!("no snapshot, no plan: {error}")).await;
        }
    };
    if let Some(why) = refusal(case, (&now, leaked_is_active), &desk.rules.plans) {
        return not_made(desk, case, why).await;
    }
    let region = contain.region();
    let step = step(case, case.next_plan_number(), (&now, region));
    let account = account_of(case, std::slice::from_ref(&now));
    let snapshot = keep(desk, case, vec![now]).await?;
    let frame = frame(desk, case, (PlanKind::Replacement, asked.by.clone()), snapshot);
    match assemble(frame, account, vec![step], &desk.rules.plans) {
        Ok(plan) => {
            let hash = plan.hash();
            conclude(desk, case, Event::Proposed { plan: Box::new(plan), hash }).await.map(drop)
        }
        Err(why) => not_made(desk, case, why.to_string()).await,
    }
}

/// Whether the leaked key itself is active, whoever the new one is for.
async fn leaked_is_active(desk: &Desk, case: &Case) -> Result<bool, CallError> {
    let Some(owner) = case.facts().owner_known() else { return Ok(false) };
    match desk.lookup(case).await?.access_keys(&owner.user).await {
        Ok(keys) => Ok(keys.iter().any(|key| key.active && key.id == case.opening().key)),
        Err(error) if error.class == CallClass::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Why a key that was approved may not be made any more: what it rests on is gone.
pub(super) async fn no_longer_safe(
    desk: &Desk,
    case: &Case,
    (state, action): (&PlanState, &Action),
) -> Result<Option<String>, StepError> {
    if state.plan.kind != PlanKind::Replacement {
        return Ok(None);
    }
    match leaked_is_active(desk, case).await {
        Ok(active) => Ok(not_now(case, &action.on.key(), active)),
        Err(error) if error.class.retryable() => Err(error.into()),
        Err(error) => {
            Ok(Some(format!("it cannot be seen whether the leaked key is active: {error}")))
        }
    }
}

/// The new key is there, active and alone; where it could not be made, none is left behind.
pub(super) async fn read_back(
    desk: &Desk,
    case: &Case,
    state: &PlanState,
    check: u32,
) -> Result<(), StepError> {
    let plan = state.plan.number;
    let now = photograph_plans(desk, case, &[state]).await?;
    let drifts = state.all_steps().filter_map(|(index, step, done)| {
        let found = now.get(&step.action.on.key()).and_then(Option::as_ref);
        let what = amiss(&step.action, done.is_in_force(), found)?;
        Some(Drift { plan, step: Some(index), what, by: None })
    });
    let drifts = drifts.collect();
    conclude(desk, case, Event::ReadBack { plan, check, drifts }).await.map(drop)
}

async fn not_made(desk: &Desk, case: &Case, why: String) -> Result<(), StepError> {
    let step = Box::new(RecoveryStep::NotMade { why });
    conclude(desk, case, Event::Recovery { step }).await.map(drop)
}
