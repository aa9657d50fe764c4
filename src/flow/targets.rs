//! From what is to be contained to exact steps: each principal is looked at first.

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::containing::Containing;
use crate::domain::force::holds;
use crate::domain::guard::Guard;
use crate::domain::joining::united;
use crate::domain::plan::{Step, protection};
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::domain::regular::RegularUse;
use crate::domain::remains::contained;
use crate::domain::remains::nodes::principal_of;
use crate::domain::revocation::Sessions;
use crate::domain::signer::Signer;
use crate::domain::snapshot::Photograph;
use crate::domain::target::{Part, Target};
use crate::domain::trust::{Insiders, let_in, of_nobody, without_outsiders};
use crate::flow::desk::Desk;
use crate::flow::photograph::{Photographs, account_of, photograph_all, photograph_if_there};
use crate::flow::renamed;
use crate::ports::cloud::{CallError, Lookup};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The prefix of the ids of users.
const OF_USERS: &str = "AIDA";

/// So many of those whom a trust policy lets in are named.
const NAMES_SHOWN_MAX: usize = 5;

/// Steps that are ready to be approved, and what they rest on.
#[derive(Debug, Default)]
pub struct Prepared {
    pub steps: Vec<Step>,
    pub photographs: Photographs,
    /// What keyleak does not touch, and why.
    pub left_out: Vec<String>,
    /// What no step is an answer to, and what people can do.
    pub stepless: Vec<(PrincipalName, String)>,
}

/// The steps for these targets, denies first; what is in force already is left out, and so is what
/// is gone. A deny that somebody else put there is made ours, so that it is read back.
pub(super) async fn prepare(
    desk: &Desk,
    case: &Case,
    (targets, made_by_actor): (&[Target], &BTreeSet<PrincipalName>),
) -> Result<Prepared, CallError> {
    let principals = targets.iter().map(|target| target.on.clone()).collect();
    let lookup = desk.lookup(case).await?;
    let mut photographs = photograph_all(lookup.as_ref(), principals).await?;
    let targets = under_names_now(lookup.as_ref(), case, (targets, &mut photographs)).await?;
    let targets = targets.as_slice();
    let mut prepared = Prepared::default();
    let guard = guard(lookup.as_ref(), targets).await;
    let ours = contained(case);
    for target in targets {
        let Some(photograph) = photographs.get(&target.on).and_then(Option::as_ref) else {
            continue;
        };
        let account = account_of(case, std::slice::from_ref(photograph));
        if let Some(why) = protection(&photograph.arn, &account, &desk.rules.plans) {
            prepared.left_out.push(format!("{} is not touched: {why}", target.on));
            let end = format!("{}: {why}; contain it by hand", target.words());
            prepared.stepless.push((target.on.clone(), end));
            continue;
        }
        if let Some(other) = target.id.as_ref().filter(|id| **id != photograph.id) {
            prepared.left_out.push(format!(
                "{} is another one by now (its id is {}, and the session is of {other}); the \
                 session died with the old one",
                target.on, photograph.id
            ));
            continue;
        }
        let mut steps = steps(desk, case, (target, photograph, made_by_actor), &guard);
        if steps.is_empty()
            && let Some(end) = by_comparing(target, photograph)
        {
            prepared.stepless.push((target.on.clone(), end));
        }
        if let Some(first) = steps.first_mut() {
            first.blast_radius.extend(target.besides.iter().cloned());
        }
        let missing = |step: &Step| {
            let foreign = matches!(step.action.change, Change::Deny { .. })
                && !ours.contains(&photograph.key());
            let known = prepared.steps.iter().any(|known| known.action == step.action);
            !known && (foreign || !holds(&step.action, photograph, Timestamp::MIN))
        };
        let steps: Vec<Step> = steps.into_iter().filter(missing).collect();
        prepared.steps.extend(steps);
    }
    prepared.steps = united(case, prepared.steps);
    // Denies first: each of them ends more than the deactivation of a key.
    prepared.steps.sort_by_key(|step| !step.action.runs_unchecked());
    prepared.photographs = photographs;
    Ok(prepared)
}

/// These targets under the names that they have now, and their photographs.
async fn under_names_now(
    lookup: &dyn Lookup,
    case: &Case,
    (targets, found): (&[Target], &mut Photographs),
) -> Result<Vec<Target>, CallError> {
    let mut users = None;
    let mut all = Vec::new();
    for target in targets {
        let expected = ids_of(case, target);
        let there = found.get(&target.on).and_then(Option::as_ref).map(|there| there.id.clone());
        let is_it = there.is_some_and(|there| expected.contains(&there));
        if is_it || expected.is_empty() {
            all.push(target.clone());
            continue;
        }
        let users = match &users {
            Some(users) => users,
            None => users.insert(renamed::users_now(lookup).await?),
        };
        let now = expected.iter().find_map(|id| users.get(id));
        let Some(now) = now.filter(|now| now.name != target.on.name) else {
            all.push(target.clone());
            continue;
        };
        let on = PrincipalName::user(&now.name);
        if !found.contains_key(&on) {
            let photograph = photograph_if_there(lookup, &on).await?;
            found.insert(on.clone(), photograph);
        }
        if !targets.iter().any(|other| other.on == target.on && other != target) {
            found.remove(&target.on);
        }
        let because = format!("{}; renamed: it was {} before", target.because, target.on);
        all.push(Target { on, because, ..target.clone() });
    }
    Ok(all)
}

/// The ids that the user of a target may have, as far as the case tells.
fn ids_of(case: &Case, target: &Target) -> BTreeSet<String> {
    if target.on.kind != PrincipalKind::User {
        return BTreeSet::new();
    }
    if let Some(id) = &target.id {
        return BTreeSet::from([id.clone()]);
    }
    let owner = case.facts().owner_known().filter(|owner| owner.user.0 == target.on.name);
    let nodes = case.survey().map_or(&[][..], |(_, survey)| survey.nodes.as_slice());
    let nodes = nodes.iter().filter(|node| principal_of(node).as_ref() == Some(&target.on));
    let ids = nodes.filter_map(|node| node.principal_id.clone());
    let ids = ids.filter(|id| id.starts_with(OF_USERS));
    ids.chain(owner.map(|owner| owner.user_id.clone())).collect()
}

/// Only what is denied as a whole bears the tag; nothing is tried for less.
async fn guard(lookup: &dyn Lookup, targets: &[Target]) -> Guard {
    match targets.iter().any(|target| target.part == Part::Whole) {
        true => lookup.guard().await,
        false => Guard::None,
    }
}

fn steps(
    desk: &Desk,
    case: &Case,
    (target, photograph, made_by_actor): (&Target, &Photograph, &BTreeSet<PrincipalName>),
    guard: &Guard,
) -> Vec<Step> {
    let containing = Containing {
        case: case.id(),
        leaked: &case.opening().key,
        behind: case.facts().signer_known().and_then(Signer::key_behind),
        rules: &desk.rules.plans,
        regular: &regular_use(case),
        guard,
    };
    let because = target.because.as_str();
    match &target.part {
        Part::Whole => {
            let steps = containing.whole(photograph, because).into_iter();
            // A suspicion does what can be taken back whatever else is there by then.
            let steps = steps
                .filter(|step| !target.suspected || step.action.taken_back().is_some())
                .map(|step| Step { provisional: target.suspected, ..step });
            steps.collect()
        }
        Part::Key(key) => {
            let mut step = one(photograph, Change::DeactivateKey { key: key.clone() }, because);
            if *key == case.opening().key {
                step.blast_radius.extend(regular_use(case));
            }
            step.provisional = target.suspected;
            vec![step]
        }
        Part::Side(credential) => {
            let change = Change::DeactivateCredential { credential: credential.clone() };
            vec![one(photograph, change, because)]
        }
        Part::Sessions { sessions, until } => {
            vec![containing.sessions(photograph, (sessions.clone(), *until), because)]
        }
        Part::Closed => {
            let close = one(photograph, Change::PutTrust { document: of_nobody() }, because);
            let radius = format!("whoever opens sessions of {}", photograph.key());
            vec![Step { blast_radius: vec![radius], ..close }]
        }
        Part::Trust => {
            let account = account_of(case, std::slice::from_ref(photograph));
            let insiders = Insiders { account: &account.0, made_by_actor };
            trust_steps(&containing, photograph, (insiders, desk.clock.now(), because))
        }
    }
}

/// Who uses the key day after day, as far as the trail was read.
fn regular_use(case: &Case) -> Vec<String> {
    let told = case.survey().and_then(|(_, survey)| survey.regular.as_ref());
    let unread = "and whoever else uses the key: the trail was not read, so it does not tell";
    told.map_or_else(|| vec![unread.to_owned()], RegularUse::words)
}

/// What is left to people where an edit names nobody who is surely from outside: a provider, a
/// service or somebody of the account may have been there before. None where it lets nobody in.
fn by_comparing(target: &Target, photograph: &Photograph) -> Option<String> {
    let document = photograph.role().map(|role| role.trust.as_str()).unwrap_or_default();
    let (on, because) = (&target.on, &target.because);
    match let_in(document) {
        Some(names) if names.is_empty() => None,
        Some(names) => Some(format!(
            "{on}: {because}. It lets in {}: compare that by hand, or take it in, whole",
            shown(&names)
        )),
        None => Some(format!("{on}: {because}. Its trust policy cannot be read: look at it")),
    }
}

fn shown(names: &[String]) -> String {
    let more = match names.len().saturating_sub(NAMES_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first: Vec<&str> = names.iter().take(NAMES_SHOWN_MAX).map(String::as_str).collect();
    format!("{}{more}", first.join(", "))
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
    // What the edit added beside them cannot be told from what was there.
    let stay = let_in(&cleaned.document).filter(|stay| !stay.is_empty());
    let stay = stay.map(|stay| format!("; it goes on letting in {}: compare that", shown(&stay)));
    let removed: Vec<String> =
        cleaned.removed.iter().map(|who| format!("{who}, who can no longer assume it")).collect();
    let put = Step {
        action: Action {
            on: photograph.principal(),
            change: Change::PutTrust { document: cleaned.document },
        },
        blast_radius: removed,
        because: format!("{because}{}", stay.unwrap_or_default()),
        provisional: false,
    };
    let why = "sessions that outsiders opened outlive the edit";
    vec![put, containing.sessions(photograph, (Sessions::Everyone, now), why)]
}

fn one(photograph: &Photograph, change: Change, because: &str) -> Step {
    Step {
        action: Action { on: photograph.principal(), change },
        blast_radius: vec![format!("whoever holds it; {} goes on", photograph.key())],
        because: because.to_owned(),
        provisional: false,
    }
}
