//! The actor's instances, functions, services and buckets, looked at before any of them is deleted.

use super::Prepared;
use crate::domain::action::{Action, Change};
use crate::domain::by_hand::commands;
use crate::domain::case::Case;
use crate::domain::eradicating::resources::step;
use crate::domain::made_resources::MadeResource;
use crate::domain::plan::{STEPS_MAX, Step};
use crate::domain::principal::Principal;
use crate::domain::resources_left::{Stands, standing};
use crate::domain::snapshot::Photograph;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::photograph::photograph_if_there;

/// So many are looked at for one plan; the others wait for the next.
const LOOKED_AT_MAX: usize = 40;

/// Adds the steps for the resources that the actor made, after all that can act in the account.
/// What is left alone is said, with why and the commands; it holds up nothing.
pub(super) async fn add(
    desk: &Desk,
    case: &Case,
    prepared: &mut Prepared,
) -> Result<(), StepError> {
    let there = standing(case).into_iter();
    let there = there.filter(|(one, stands)| one.made && *stands != Stands::Deleted);
    for (at, (made, _)) in there.enumerate() {
        if at >= LOOKED_AT_MAX || prepared.steps.len() >= STEPS_MAX {
            prepared.left_out.push(format!("{} waits for the next plan", made.words()));
            continue;
        }
        match judged(desk, case, made).await? {
            Ok(Some((step, photograph))) => {
                prepared.steps.push(step);
                prepared.photographs.push(photograph);
                if made.asked_for.is_some() {
                    let more = "the record of that launch names one alone; look for the others";
                    prepared.left_out.push(format!("{}: {more}", made.words()));
                }
            }
            Ok(None) => {}
            Err(why) => prepared.left_out.push(told(desk, made, &why)),
        }
    }
    Ok(())
}

/// What is to be deleted, as it stands; none where it is gone, and why where it is left alone.
type Judged = Result<Option<(Step, Photograph)>, String>;

async fn judged(desk: &Desk, case: &Case, made: &MadeResource) -> Result<Judged, StepError> {
    let Some(name) = made.containable() else {
        return Ok(Err("keyleak has no call that deletes it".to_owned()));
    };
    let lookup = desk.lookup(case).await?;
    Ok(match photograph_if_there(lookup.as_ref(), &name.key()).await {
        Ok(Some(now)) => step(case, made, &now, &desk.rules.plans).map(|step| Some((step, now))),
        Ok(None) => Ok(None),
        Err(error) => Err(format!("it cannot be looked at, so there is no snapshot: {error}")),
    })
}

fn told(desk: &Desk, made: &MadeResource, why: &str) -> String {
    let by_hand = made.containable().map(|name| {
        let (key, arn) = (name.key(), name.arn());
        let on = Principal { kind: key.kind, name: key.name, id: arn.clone(), arn };
        commands(&Action { on, change: Change::DeleteResource }, desk.clock.now()).join("; ")
    });
    let by_hand = by_hand.map_or_else(|| "by hand".to_owned(), |how| format!("by hand: {how}"));
    format!("{}: {why}; once nobody needs it, {by_hand}", made.words())
}
