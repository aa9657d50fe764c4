//! The actor's policies, providers, profiles and groups, looked at before any of them is deleted.

use super::Prepared;
use crate::domain::case::Case;
use crate::domain::eradicating::things::{in_turn, never, step};
use crate::domain::losses::Bounds;
use crate::domain::made_besides::{MadeBesides, line, made_besides};
use crate::domain::plan::{STEPS_MAX, Step};
use crate::domain::principal::PrincipalName;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::snapshot::Photograph;
use crate::domain::trail_row::TrailRow;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::photograph::photograph_if_there;
use std::collections::BTreeSet;

/// So many are told with the commands that delete them; the others go the same way.
const TOLD_MAX: usize = 4;
/// So many are looked at, a few calls each: what others use stays, and keeps its place from none.
const LOOKED_AT_MAX: usize = 1000;

/// Adds the steps for what the actor made besides users and roles: what lets somebody in before
/// these, what they use after them. What is left alone is said, with why and the commands.
pub(super) async fn add(
    desk: &Desk,
    case: &Case,
    prepared: &mut Prepared,
) -> Result<(), StepError> {
    let made = match found(desk, case).await {
        Ok(made) => made,
        Err(why) => {
            let why = format!("which policies and providers the actor made is not known: {why}");
            prepared.left_out.push(why);
            return Ok(());
        }
    };
    let mut going: BTreeSet<_> = prepared.steps.iter().map(|step| step.action.on.key()).collect();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    let mut left: Vec<(&MadeBesides, String)> = Vec::new();
    let mut looked_at = 0;
    for one in in_turn(case, &made) {
        let can_go = never(case, one).is_none();
        if can_go && (going.len() >= STEPS_MAX || looked_at >= LOOKED_AT_MAX) {
            left.push((
                one,
                format!("one plan deletes no more than {STEPS_MAX}; press again then"),
            ));
            continue;
        }
        looked_at += usize::from(can_go);
        match judged(desk, case, one, &going).await? {
            Ok(None) => {}
            Ok(Some((name, step, photograph))) => {
                going.insert(name.key());
                prepared.photographs.push(photograph);
                if lets_in(&name) { first.push(step) } else { last.push(step) }
            }
            Err(why) => left.push((one, why)),
        }
    }
    prepared.steps.splice(0..0, first);
    prepared.steps.extend(last);
    prepared.left_out.extend(told(&left));
    Ok(())
}

/// What is to be deleted, as it stands; none where it is gone, and why where it is left alone.
type Judged = Result<Option<(ResourceName, Step, Photograph)>, String>;

async fn judged(
    desk: &Desk,
    case: &Case,
    made: &MadeBesides,
    going: &BTreeSet<PrincipalName>,
) -> Result<Judged, StepError> {
    let name = match (never(case, made), made.resource()) {
        (None, Some(name)) => name,
        (why, _) => return Ok(Err(why.unwrap_or_default())),
    };
    Ok(match photograph_if_there(desk.lookup(case).await?.as_ref(), &name.key()).await {
        Ok(Some(now)) => {
            step(case, made, &now, (going, &desk.rules.plans)).map(|step| Some((name, step, now)))
        }
        Ok(None) => Ok(None),
        Err(error) if error.class.retryable() => return Err(error.into()),
        Err(error) => Err(format!("it cannot be looked at: {error}")),
    })
}

/// What the actor made, from the cut that the case last read.
async fn found(desk: &Desk, case: &Case) -> Result<Vec<MadeBesides>, String> {
    let Some((_, survey)) = case.survey() else { return Ok(Vec::new()) };
    let content = desk.evidence.get(&survey.cut_sha256).await.map_err(|error| error.to_string())?;
    let bounds = Bounds::of(&survey.nodes, case.opening().key.reveal(), case.exposed_since());
    let mut failure = None;
    let rows = serde_json::Deserializer::from_slice(&content).into_iter::<TrailRow>();
    let rows = rows.map_while(|row| row.map_err(|error| failure = Some(error)).ok());
    let made = made_besides(rows, &bounds);
    failure.map_or(Ok(made), |error| Err(error.to_string()))
}

/// Whether others come in by it: it goes before those who are let in.
fn lets_in(name: &ResourceName) -> bool {
    matches!(name.of, ResourceType::SamlProvider | ResourceType::OidcProvider)
}

fn told(left: &[(&MadeBesides, String)]) -> Vec<String> {
    let whole = left.iter().take(TOLD_MAX).map(|(one, why)| line(one, why));
    let others = left.iter().skip(TOLD_MAX);
    let others = others.map(|(one, why)| format!("and {} {}: {why}", one.kind.words(), one.name));
    whole.chain(others).collect()
}
