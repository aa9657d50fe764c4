//! From what somebody asks to change of a plan to the changes that count, or why it is not done.

use crate::domain::adjustment::Adjustment;
use crate::domain::button::PlanAddress;
use crate::domain::candidates::{Candidate, Extent, candidates, is_in_force, meant};
use crate::domain::case::Case;
use crate::domain::digest::sha256_hex;
use crate::domain::first_target::first_target;
use crate::domain::plan::{PlanKind, PlanRules, StepAddress};
use crate::domain::plan_state::PlanState;
use crate::domain::policy::Policy;
use crate::domain::principal::PrincipalName;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::domain::remains::asked_for::{is_lifted, is_taken_up, is_way_taken_up, whole};
use crate::domain::wanted::Wanted;
use crate::domain::way::Way;
use crate::domain::ways;
use std::collections::BTreeSet;

/// A form lists so many, which is what Slack shows in one; the others are named in a command.
pub const LISTED_MAX: usize = 100;
/// Slack refuses a whole form for one longer choice; IAM's names are far shorter.
const SLUG_LENGTH_MAX: usize = 150;

/// A form about a plan, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanForm {
    Change(Picked),
    UndoSteps { at: PlanAddress, steps: Vec<StepAddress> },
}

/// A form as it was sent: everything that was ticked in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    pub at: PlanAddress,
    /// What the form listed, by [`shown`]: what is not ticked counts only if it was there to see.
    pub shown: String,
    pub contained: BTreeSet<String>,
    pub whole: BTreeSet<String>,
    pub way: Option<Way>,
}

impl PlanForm {
    pub fn at(&self) -> &PlanAddress {
        match self {
            Self::Change(picked) => &picked.at,
            Self::UndoSteps { at, .. } => at,
        }
    }
}

impl Policy {
    /// Whether this person may change what the plans hold. Whoever does is the requester of the
    /// next one, and does not approve it.
    pub fn may_adjust(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_disinterested_staff(caller, case)?;
        if let Some(state) = case.plans().find(|state| state.is_under_way()) {
            return no(format!(
                "plan {} is approved and under way: deny it or take the approval back, or wait for \
                 its end",
                state.plan.number.0
            ));
        }
        let other = case.pending_plan().filter(|state| !state.plan.kind.contains());
        if let Some(state) = other {
            return no(format!(
                "plan {} ({}) waits for a decision: have it approved or denied first, then change \
                 what is contained",
                state.plan.number.0,
                kind_words(state.plan.kind)
            ));
        }
        match adjustable(case) {
            Some(_) => Ok(()),
            None => no("there is no plan yet; press Containment for one".to_owned()),
        }
    }
}

/// The plan that a change is about: the one that waits, else the newest that stands.
pub fn adjustable(case: &Case) -> Option<&PlanState> {
    let waiting = case.pending_plan().filter(|state| state.plan.kind.contains());
    waiting.or_else(|| case.standing_containment())
}

/// What a form lists; a digest of it tells whether it is still the same.
pub fn shown(listed: &[Candidate]) -> String {
    let lines: Vec<String> = listed
        .iter()
        .map(|one| format!("{} {:?} {:?}", one.slug(), one.now, one.proposed))
        .collect();
    let digest = sha256_hex(lines.join("\n").as_bytes());
    digest.get(..16).unwrap_or_default().to_owned()
}

/// What a form lists.
pub fn listed(case: &Case) -> Vec<Candidate> {
    let mut all = candidates(case);
    all.retain(|one| one.slug().chars().count() <= SLUG_LENGTH_MAX);
    all.truncate(LISTED_MAX);
    all
}

/// The changes that somebody asks for in words.
pub fn asked(
    case: &Case,
    rules: &PlanRules,
    wanted: &[Wanted],
) -> Result<Vec<Adjustment>, Refusal> {
    let all = candidates(case);
    let find = |who: &String| {
        meant(&all, who).ok_or_else(|| {
            Refusal::NotAdjusted(
                "the case lists nobody by that name, or more than one: write role/NAME or \
                 user/NAME as `keyleak status` and the button Change this plan list them"
                    .to_owned(),
            )
        })
    };
    let mut changes = Vec::new();
    for one in wanted {
        match one {
            Wanted::LeaveOut(who) if find(who)?.is_own => {
                return no(format!(
                    "{} is the key's own: choose a milder way for it (contain-by), or deny the \
                     plan",
                    find(who)?.on
                ));
            }
            Wanted::LeaveOut(who) => {
                changes.extend(to_extent(case, rules, (find(who)?, Extent::Nothing))?);
            }
            Wanted::TakeIn(who) => {
                let found = find(who)?;
                let back = found.now < found.proposed;
                let wanted = if back { found.proposed } else { Extent::Whole };
                changes.extend(to_extent(case, rules, (found, wanted))?);
            }
            Wanted::Choose(way) => changes.extend(choose(case, *way)?),
        }
    }
    judged(case, changes)
}

/// The changes that a form makes.
pub fn picked(case: &Case, rules: &PlanRules, form: &Picked) -> Result<Vec<Adjustment>, Refusal> {
    let is_current = adjustable(case)
        .is_some_and(|state| state.plan.number == form.at.plan && state.hash == form.at.hash);
    let listed = listed(case);
    if !is_current || shown(&listed) != form.shown {
        return Err(Refusal::OldCard);
    }
    let mut changes = Vec::new();
    for one in listed.iter().filter(|one| !one.is_own) {
        let slug = one.slug();
        let wanted = if form.whole.contains(&slug) {
            Extent::Whole
        } else if !form.contained.contains(&slug) {
            Extent::Nothing
        } else {
            // Ticked among those that are contained: as far as was proposed, were it taken in.
            one.proposed.max(Extent::AsProposed)
        };
        // A form says again what was said before; that alone does not undo what was lifted since.
        if wanted == one.now && is_lifted(case, &whole(&one.on)) {
            continue;
        }
        changes.extend(to_extent(case, rules, (one, wanted))?);
    }
    if let Some(way) = form.way.filter(|way| !is_way_lifted(case, *way)) {
        changes.extend(choose(case, way)?);
    }
    judged(case, changes)
}

fn kind_words(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Containment | PlanKind::FollowUp => "a containment",
        PlanKind::Undo => "an undo",
        PlanKind::Eradication => "an eradication",
        PlanKind::Replacement => "a new key",
    }
}

fn no<T>(why: String) -> Result<T, Refusal> {
    Err(Refusal::NotAdjusted(why))
}

fn to_extent(
    case: &Case,
    rules: &PlanRules,
    (one, wanted): (&Candidate, Extent),
) -> Result<Option<Adjustment>, Refusal> {
    let on = one.on.clone();
    if wanted == Extent::Whole && one.is_resource() {
        return no(format!(
            "{on} is a resource: it is stopped as the plan proposes, or left out; only a user or \
             a role is contained whole"
        ));
    }
    if wanted == one.now && !is_lost(case, one) {
        return Ok(None);
    }
    if wanted < one.now && is_in_force(case, &on) {
        return no(format!("{on} is contained already: undo its steps instead"));
    }
    if wanted == one.proposed && wanted != one.now {
        return Ok(Some(Adjustment::AsProposed { on }));
    }
    match wanted {
        Extent::Nothing => Ok(Some(Adjustment::LeaveOut { on })),
        Extent::AsProposed => Ok(Some(Adjustment::AsProposed { on })),
        Extent::Whole => match one.protection(case, rules) {
            Some(why) => no(format!("{on} is not touched: {why}")),
            None => Ok(Some(Adjustment::TakeIn { on })),
        },
    }
}

/// Whether somebody took it in and nothing came of it: the plan expired or was denied, or people
/// took the steps back. Then saying it again asks again.
fn is_lost(case: &Case, one: &Candidate) -> bool {
    let said = case.adjustments().is_taken_in(&one.on) && !one.is_resource();
    said && !case.is_being_remade() && !is_taken_up(case, &whole(&one.on))
}

fn choose(case: &Case, way: Way) -> Result<Option<Adjustment>, Refusal> {
    let first = first_target(case).map_err(|_| {
        Refusal::NotAdjusted("the key's own principal is not one that a plan contains".to_owned())
    })?;
    let offered = ways::offered(case, &first);
    if !offered.contains(&way) {
        let words: Vec<&str> = offered.into_iter().map(Way::slug).collect();
        return no(format!(
            "this key is not contained in that way; it can be {}",
            words.join(", ")
        ));
    }
    let said = case.adjustments().way().map(|(way, _)| way);
    let is_so = said.or_else(|| ways::proposed(&first)) == Some(way);
    let is_lost = said.is_some() && !case.is_being_remade() && !is_way_taken_up(case, first);
    Ok((!is_so || is_lost).then_some(Adjustment::Choose { way }))
}

/// Whether it is the way that was chosen before, and people took some of it back.
fn is_way_lifted(case: &Case, way: Way) -> bool {
    let is_same = case.adjustments().way().is_some_and(|(said, _)| said == way);
    let targets = first_target(case).map(|first| ways::targets(case, first)).unwrap_or_default();
    is_same && targets.iter().any(|target| is_lifted(case, target))
}

/// Nothing is written that changes nothing, or that leaves nothing to approve.
fn judged(case: &Case, changes: Vec<Adjustment>) -> Result<Vec<Adjustment>, Refusal> {
    if changes.is_empty() {
        return no("that is how it is already".to_owned());
    }
    let waiting = case.pending_plan().filter(|state| state.plan.kind.contains());
    let Some(state) = waiting else {
        return Ok(changes);
    };
    let mut left: BTreeSet<PrincipalName> =
        state.plan.steps.iter().map(|step| step.action.on.key()).collect();
    for change in &changes {
        match change {
            Adjustment::LeaveOut { on } => {
                left.remove(on);
            }
            Adjustment::TakeIn { on } => {
                left.insert(on.clone());
            }
            Adjustment::AsProposed { on } => {
                let all = candidates(case);
                let one = all.iter().find(|one| one.on == *on);
                match one.is_some_and(|one| one.proposed == Extent::Nothing) {
                    true => left.remove(on),
                    false => left.insert(on.clone()),
                };
            }
            Adjustment::Choose { .. } => {}
        }
    }
    match left.is_empty() {
        true => no("nothing would be left of the plan: deny it instead".to_owned()),
        false => Ok(changes),
    }
}

#[cfg(test)]
mod tests;
