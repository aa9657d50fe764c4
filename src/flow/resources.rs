//! Stopping what the actor made or changed: after the principals, and before "contained" is said.

use crate::domain::action::{Action, Change};
use crate::domain::bucket_policy::{BucketDeny, takes_a_trail};
use crate::domain::by_hand::commands;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::made_resources::MadeResource;
use crate::domain::plan::{PlanKind, PlanNumber, Step, protection};
use crate::domain::resource::{OfResource, ResourceName};
use crate::domain::resource_change::ResourceChange;
use crate::domain::resources_left::{doubt, due, needless};
use crate::domain::snapshot::Photograph;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, conclude};
use crate::flow::photograph::{account_of, photograph_if_there};
use crate::flow::targets::Prepared;
use crate::flow::{propose, readback};
use crate::ports::cloud::CallError;

/// So many steps are made for one record; more come with the next reading of the trail.
const AT_ONCE_MAX: usize = 20;
/// What closing a bucket means that a trail is delivered to.
const DELIVERED: &str = "whoever reads a trail there: its policy lets CloudTrail deliver, and that \
    goes on; to let the bucket be, leave it out or name it in aws.protected_arns";

/// What is to be done about resources before the case can be contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Steps were added or proposed just now.
    Taken,
    /// People have to be asked first, and another question is open.
    Waiting,
    /// Nothing that keyleak can do is left.
    Settled,
}

/// Adds steps for what the actor made, and asks about what it changed. What cannot be looked at, or
/// has no change, is said in words; it never holds up what is about principals.
pub async fn take(desk: &Desk, case: &Case, plan: PlanNumber) -> Result<Outlook, StepError> {
    if let Some(asked) = needless(case) {
        let why =
            "the trail shows by now that the actor made it, so the standing approval covers it";
        let event = Event::Voided { plan: asked.plan.number, why: why.to_owned() };
        conclude(desk, case, event).await?;
        return Ok(Outlook::Taken);
    }
    let due = due(case);
    let covered = prepare(desk, case, &due.covered).await?;
    let asked = prepare(desk, case, &due.asked).await?;
    for why in covered.left_out.iter().chain(&asked.left_out) {
        // The card says that it is not stopped; this is for whoever sets keyleak up.
        tracing::warn!(case.id = %case.id(), %why, "a resource of the actor's has no step");
    }
    if !covered.steps.is_empty() {
        match case.covering_plan() {
            Some(plan) => {
                readback::cover(desk, case, plan, (covered.steps, &covered.photographs)).await?;
                return Ok(Outlook::Taken);
            }
            None => return ask(desk, case, (plan, covered)).await,
        }
    }
    match asked.steps.is_empty() {
        true => Ok(Outlook::Settled),
        false => ask(desk, case, (plan, asked)).await,
    }
}

async fn ask(
    desk: &Desk,
    case: &Case,
    (plan, prepared): (PlanNumber, Prepared),
) -> Result<Outlook, StepError> {
    if !case.may_ask() {
        return Ok(Outlook::Waiting);
    }
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    let who = (PlanKind::FollowUp, state.plan.requested_by.clone());
    propose::propose_prepared(desk, case, prepared, who).await?;
    Ok(Outlook::Taken)
}

/// Looks at each as it stands: the step that stops it, or why there is none.
async fn prepare(
    desk: &Desk,
    case: &Case,
    due: &[(ResourceName, MadeResource)],
) -> Result<Prepared, StepError> {
    let mut prepared = Prepared::default();
    for (name, made) in due {
        if prepared.steps.len() == AT_ONCE_MAX {
            break;
        }
        let lookup = desk.lookup(case).await?;
        let photograph = match photograph_if_there(lookup.as_ref(), &name.key()).await {
            Ok(Some(photograph)) => photograph,
            // What is gone runs no more.
            Ok(None) => continue,
            // The next reading of the trail looks again; until then it is said to be not stopped.
            Err(error) => {
                prepared.left_out.push(by_hand_unread(name, &error));
                continue;
            }
        };
        match step(desk, case, (made, &photograph)).await {
            Ok(Some(step)) => {
                prepared.steps.push(step);
                prepared.photographs.insert(name.key(), Some(photograph));
            }
            Ok(None) => {}
            Err(why) => prepared.left_out.push(format!("{name}: {why}")),
        }
    }
    Ok(prepared)
}

fn by_hand_unread(name: &ResourceName, error: &CallError) -> String {
    format!("{name} cannot be looked at, so there is no snapshot and no step: {error}")
}

/// The step that stops the resource; none where people would be asked for what is so already. Of
/// the actor's own it is made ours, so that it is read back, and so that another case that stopped
/// it before leaves it to this one.
async fn step(
    desk: &Desk,
    case: &Case,
    (made, photograph): (&MadeResource, &Photograph),
) -> Result<Option<Step>, String> {
    let on = photograph.principal();
    let account = account_of(case, std::slice::from_ref(photograph));
    if let Some(why) = protection(&on.arn, &account, &desk.rules.plans) {
        return Err(format!("not touched: {why}"));
    }
    let Some(state) = photograph.resource() else { return Ok(None) };
    let change = match state {
        OfResource::Bucket { policy } => {
            let except = responders(desk, case).await?;
            let deny = BucketDeny::new(case.id(), &on.arn, except);
            let closed = ResourceChange::CloseBucket { deny: deny.clone() };
            if deny.added_to(policy.as_deref()).is_none() {
                let action = Action { on, change: Change::Resource { change: closed } };
                return Err(format!("its policy cannot be read; {}", by_hand(desk, &action)));
            }
            closed
        }
        OfResource::Instance { vpc, .. } => {
            let vpc = vpc.as_deref().unwrap_or("no VPC that is told");
            let Some(group) = desk.rules.plans.isolation_groups.get(vpc) else {
                let group = format!("<a group of {vpc} without rules>");
                let change = Change::Resource { change: ResourceChange::Isolate { group } };
                return Err(format!(
                    "still running; no isolation group for {vpc} is in [aws.isolation_groups]; by \
                     hand: {}",
                    by_hand(desk, &Action { on, change })
                ));
            };
            ResourceChange::Isolate { group: group.clone() }
        }
        OfResource::Function { .. } => ResourceChange::StopFunction,
        OfResource::Switch { .. } => {
            let Some(name) = ResourceName::about(&on) else { return Ok(None) };
            ResourceChange::SwitchOff { of: name.of }
        }
        OfResource::Iam { .. } => return Ok(None),
    };
    let doubt = doubt(case, made);
    if change.holds(state) && doubt.is_some() {
        return Ok(None);
    }
    let mut radius = vec![format!("whoever uses {}", on.name)];
    if let OfResource::Bucket { policy: Some(policy) } = state
        && takes_a_trail(policy)
    {
        // An actor can write such a statement too, so that it protects nothing by itself.
        radius.push(DELIVERED.to_owned());
    }
    let owner = photograph.tags.get(&desk.rules.owner_tag);
    if let Some(why) = doubt {
        let owner = owner.map_or("its owner (no owner tag tells who)", String::as_str);
        radius.push(format!("{owner}: {why}, and they should agree to this"));
    }
    let because = match (made.made, doubt) {
        (true, None) => "the trail shows that the actor made it",
        (true, Some(_)) => "by the trail it was made with the key or what grew from it",
        (false, _) => "the trail shows that the actor changed it",
    };
    Ok(Some(Step {
        action: Action { on, change: Change::Resource { change } },
        blast_radius: radius,
        because: format!("{because}, by {}", made.call),
        provisional: false,
    }))
}

/// The roles that a closed bucket lets through. Whoever gives back has to be among them, or the
/// bucket would be lost to us too.
async fn responders(desk: &Desk, case: &Case) -> Result<Vec<String>, String> {
    let contain = desk.contain(case).await.map_err(|error| error.to_string())?;
    let Some(role) = contain.as_ref().and_then(|contain| contain.role()) else {
        return Err("a bucket is closed only by a contain role, which it then lets through; none \
                    is configured"
            .to_owned());
    };
    let eradicate = contain.and_then(|contain| contain.eradicate_role());
    // Our own buckets are among what is protected, and let nobody through.
    let protected = desk.rules.plans.protected_arns.iter().filter(|arn| is_of_iam(arn)).cloned();
    Ok([role].into_iter().chain(eradicate).chain(protected).collect())
}

fn is_of_iam(arn: &str) -> bool {
    arn.split(':').nth(2) == Some("iam")
}

fn by_hand(desk: &Desk, action: &Action) -> String {
    commands(action, desk.clock.now()).join("; ")
}
