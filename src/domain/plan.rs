//! A plan: ordered steps with full arguments, the state they were made from, one hash over all.

use crate::domain::action::{Action, UserRef};
use crate::domain::digest::{canonical, sha256_hex};
use crate::domain::ids::{AccessKeyId, AccountId, CaseId, PersonId};
use crate::domain::snapshot::{Snapshot, SnapshotRef, UserSnapshot};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A plan has at most this many steps; more would not be read by anyone who approves it.
pub const STEPS_MAX: usize = 200;

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    Containment,
    /// More of the same, for what the trail or the read-back found later.
    FollowUp,
    /// Back to the snapshot.
    Undo,
}

/// The number of a plan within its case, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanNumber(pub u32);

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    #[serde(flatten)]
    pub action: Action,
    /// Whom it hits, by name.
    pub blast_radius: Vec<String>,
    /// Why it is in the plan.
    pub because: String,
    /// Done on a suspicion that the trail cannot confirm yet; taken back when it tells of another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// What people approve: nothing outside it is done on the strength of their approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub case: CaseId,
    pub number: PlanNumber,
    pub kind: PlanKind,
    pub account: AccountId,
    pub exposed_since: Option<Timestamp>,
    pub snapshot: SnapshotRef,
    pub steps: Vec<Step>,
    /// The plan that this one takes back or goes on from.
    pub about: Option<PlanNumber>,
    /// Who asked for it, and therefore may not approve it.
    pub requested_by: PersonId,
    /// How many people besides the requester must approve.
    pub approvals_needed: u32,
    pub expires_at: Timestamp,
}

/// What a plan is made with, from configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRules {
    /// The deny that is attached; AWS's own, or a customer-managed twin.
    pub deny_policy_arn: String,
    /// ARNs that are never touched: the bot's own principals and break-glass.
    pub protected_arns: Vec<String>,
    pub approvals_reversible: u32,
    pub approvals_irreversible: u32,
    pub expires_after: jiff::SignedDuration,
}

/// Why no plan can be made; shown on the card in these words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    #[error("user {0} is protected by configuration; contain it by hand if you must")]
    Protected(String),
    #[error("the plan would have {0} steps, more than anyone can read; split it by hand")]
    TooLong(usize),
    #[error("there is nothing to do: {0}")]
    Nothing(String),
}

/// What a new plan continues.
#[derive(Debug, Clone)]
pub struct PlanFrame {
    pub case: CaseId,
    pub number: PlanNumber,
    pub kind: PlanKind,
    pub about: Option<PlanNumber>,
    pub requested_by: PersonId,
    pub exposed_since: Option<Timestamp>,
    pub snapshot: SnapshotRef,
    pub now: Timestamp,
}

impl Plan {
    /// SHA-256 over the canonical form of everything in the plan.
    pub fn hash(&self) -> String {
        sha256_hex(&canonical(self))
    }

    /// The first twelve characters, as the card shows it.
    pub fn short_hash(hash: &str) -> &str {
        hash.get(..12).unwrap_or(hash)
    }

    /// Whether one person may let it run in an emergency: it only takes from the actor, and all of
    /// it can be given back.
    pub fn may_break_glass(&self) -> bool {
        self.kind != PlanKind::Undo && self.reversible()
    }

    pub fn reversible(&self) -> bool {
        self.steps.iter().all(|step| step.action.reversible())
    }
}

/// Builds a plan from steps: refuses protected users and plans that nobody could read.
pub fn assemble(
    frame: PlanFrame,
    account: AccountId,
    steps: Vec<Step>,
    rules: &PlanRules,
) -> Result<Plan, NoPlan> {
    if steps.is_empty() {
        return Err(NoPlan::Nothing(
            "everything is already as this plan would leave it".to_owned(),
        ));
    }
    if steps.len() > STEPS_MAX {
        return Err(NoPlan::TooLong(steps.len()));
    }
    let reversible = steps.iter().all(|step| step.action.reversible());
    let needed = if reversible { rules.approvals_reversible } else { rules.approvals_irreversible };
    Ok(Plan {
        case: frame.case,
        number: frame.number,
        kind: frame.kind,
        account,
        exposed_since: frame.exposed_since,
        snapshot: frame.snapshot,
        steps,
        about: frame.about,
        requested_by: frame.requested_by,
        approvals_needed: needed.max(1),
        expires_at: frame.now + rules.expires_after,
    })
}

/// The steps that contain a user: the deny first, then every active key, the leaked one first.
pub fn containing_steps(
    user: &UserSnapshot,
    case: &CaseId,
    leaked: Option<&AccessKeyId>,
    rules: &PlanRules,
) -> Result<Vec<Step>, NoPlan> {
    if is_protected(&user.arn, rules) {
        return Err(NoPlan::Protected(user.name.to_string()));
    }
    let reference = UserRef { name: user.name.clone(), id: user.id.clone() };
    let radius = blast_radius(user);
    let mut steps = vec![Step {
        provisional: false,
        action: Action::DenyUser {
            user: reference.clone(),
            policy_arn: rules.deny_policy_arn.clone(),
            inline_name: inline_name(case),
        },
        blast_radius: radius.clone(),
        because: "a deny ends the key and every session minted from it; an inactive key does not"
            .to_owned(),
    }];
    let mut keys: Vec<_> = user.active_keys().collect();
    keys.sort_by_key(|key| (Some(&key.id) != leaked, key.id.clone()));
    steps.extend(keys.into_iter().map(|key| Step {
        provisional: false,
        because: if Some(&key.id) == leaked {
            "the leaked key".to_owned()
        } else {
            "another active key of the same user".to_owned()
        },
        action: Action::DeactivateKey { user: reference.clone(), key: key.id.clone() },
        blast_radius: radius.clone(),
    }));
    Ok(steps)
}

/// The steps that take a plan's done steps back to the snapshot, in reverse order; what was so
/// before the plan stays as it was.
pub fn undoing_steps(done: &[Action], snapshot: &Snapshot) -> Vec<Step> {
    let step = |action: Action, because: &str| Step {
        provisional: false,
        blast_radius: vec![format!("user {}", action.user().name)],
        action,
        because: because.to_owned(),
    };
    let mut steps = Vec::new();
    for action in done.iter().rev() {
        let Some(before) = snapshot.user(&action.user().name) else {
            continue;
        };
        match action {
            Action::DenyUser { user, policy_arn, inline_name } => {
                if before.has_policy(policy_arn) {
                    continue;
                }
                let lift = Action::LiftDeny {
                    user: user.clone(),
                    policy_arn: policy_arn.clone(),
                    inline_name: inline_name.clone(),
                };
                steps.push(step(lift, "the deny was not there before the plan"));
            }
            Action::DeactivateKey { user, key } => {
                if before.key(key).is_some_and(|key| key.active) {
                    let activate = Action::ActivateKey { user: user.clone(), key: key.clone() };
                    steps.push(step(activate, "the key was active before the plan"));
                }
            }
            Action::LiftDeny { .. } | Action::ActivateKey { .. } => {}
        }
    }
    steps
}

/// Whether an ARN is one that keyleak refuses to touch: listed, or AWS's own.
pub fn is_protected(arn: &str, rules: &PlanRules) -> bool {
    let listed = rules.protected_arns.iter().any(|protected| protected == arn);
    // Only for roles: a user's path is whatever its maker chose, an actor included.
    listed || arn.contains(":role/aws-service-role/") || arn.contains(":role/aws-reserved/")
}

/// The inline deny of a case; the name tells a reader of the account where it came from.
pub fn inline_name(case: &CaseId) -> String {
    format!("KeyleakDeny-{case}")
}

fn blast_radius(user: &UserSnapshot) -> Vec<String> {
    let keys = user.active_keys().count();
    let mut radius = vec![format!("everything that runs as user {}", user.name)];
    if keys > 1 {
        radius.push(format!("{keys} active keys, not only the leaked one"));
    }
    match user.login_profile.known() {
        Some(Some(_)) => radius.push("its console sign-in".to_owned()),
        Some(None) => {}
        None => radius.push("perhaps a console sign-in (could not be read)".to_owned()),
    }
    radius
}
