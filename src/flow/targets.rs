//! From what is to be contained to exact steps: each principal is looked at first.

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::containing::Containing;
use crate::domain::force::holds;
use crate::domain::plan::{Step, protection};
use crate::domain::principal::PrincipalName;
use crate::domain::revocation::Sessions;
use crate::domain::snapshot::Photograph;
use crate::domain::target::{Part, Target};
use crate::domain::trust::{Insiders, without_outsiders};
use crate::flow::desk::Desk;
use crate::flow::photograph::{Photographs, account_of, photograph_if_there};
use crate::ports::cloud::CallError;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Steps that are ready to be approved, and what they rest on.
#[derive(Debug, Default)]
pub struct Prepared {
    pub steps: Vec<Step>,
    pub photographs: Photographs,
    /// What keyleak does not touch, and why.
    pub left_out: Vec<String>,
}

/// The steps for these targets; what is in force already is left out, and so is what is gone.
pub async fn prepare(
    desk: &Desk,
    case: &Case,
    (targets, made_by_actor): (&[Target], &BTreeSet<PrincipalName>),
) -> Result<Prepared, CallError> {
    let mut prepared = Prepared::default();
    for target in targets {
        if !prepared.photographs.contains_key(&target.on) {
            let found = photograph_if_there(desk.lookup.as_ref(), &target.on).await?;
            prepared.photographs.insert(target.on.clone(), found);
        }
        let Some(Some(photograph)) = prepared.photographs.get(&target.on) else {
            continue;
        };
        let account = account_of(case, std::slice::from_ref(photograph));
        if let Some(why) = protection(&photograph.arn, &account, &desk.rules.plans) {
            prepared.left_out.push(format!("{} is not touched: {why}", target.on));
            continue;
        }
        let steps = steps(desk, case, (target, photograph, made_by_actor));
        let missing = |step: &Step| {
            !holds(&step.action, photograph, Timestamp::MIN)
                && !prepared.steps.iter().any(|known| known.action == step.action)
        };
        let steps: Vec<Step> = steps.into_iter().filter(missing).collect();
        prepared.steps.extend(steps);
    }
    Ok(prepared)
}

fn steps(
    desk: &Desk,
    case: &Case,
    (target, photograph, made_by_actor): (&Target, &Photograph, &BTreeSet<PrincipalName>),
) -> Vec<Step> {
    let containing =
        Containing { case: case.id(), leaked: &case.opening().key, rules: &desk.rules.plans };
    let because = target.because.as_str();
    match &target.part {
        Part::Whole => containing.whole(photograph, because),
        Part::Key(key) => {
            let change = Change::DeactivateKey { key: key.clone() };
            vec![one(photograph, change, because)]
        }
        Part::Side(credential) => {
            let change = Change::DeactivateCredential { credential: credential.clone() };
            vec![one(photograph, change, because)]
        }
        Part::Sessions { sessions, until } => {
            vec![containing.sessions(photograph, (sessions.clone(), *until), because)]
        }
        Part::Trust => {
            let account = account_of(case, std::slice::from_ref(photograph));
            let insiders =
                Insiders { account: &account.0, made_by_actor, known_accounts: &BTreeSet::new() };
            trust_steps(&containing, photograph, (insiders, desk.clock.now(), because))
        }
    }
}

/// Whoever came in by the edited trust loses it, and so do the sessions they opened.
fn trust_steps(
    containing: &Containing<'_>,
    photograph: &Photograph,
    (insiders, now, because): (Insiders<'_>, Timestamp, &str),
) -> Vec<Step> {
    let cleaned = photograph.role().and_then(|role| without_outsiders(&role.trust, insiders));
    let Some(cleaned) = cleaned else {
        return Vec::new();
    };
    let removed: Vec<String> =
        cleaned.removed.iter().map(|who| format!("{who}, who can no longer assume it")).collect();
    let put = Step {
        action: Action {
            on: photograph.principal(),
            change: Change::PutTrust { document: cleaned.document },
        },
        blast_radius: removed,
        because: because.to_owned(),
    };
    let why = "sessions that outsiders opened outlive the edit";
    vec![put, containing.sessions(photograph, (Sessions::Everyone, now), why)]
}

fn one(photograph: &Photograph, change: Change, because: &str) -> Step {
    Step {
        action: Action { on: photograph.principal(), change },
        blast_radius: vec![format!("whoever holds it; {} goes on", photograph.key())],
        because: because.to_owned(),
    }
}
