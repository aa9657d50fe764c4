//! A plan: ordered steps with full arguments, the state they were made from, one hash over all.

use crate::domain::action::Action;
use crate::domain::adjustment::Adjusted;
use crate::domain::digest::{canonical, sha256_hex};
use crate::domain::ids::{AccountId, CaseId, PersonId};
use crate::domain::principal::account_in;
use crate::domain::resource_owner::{ResourceOwner, needs_another};
use crate::domain::snapshot::SnapshotRef;
use crate::domain::tier::Tier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// What the actor made is deleted for good.
    Eradication,
    /// A new key takes the place of the leaked one.
    Replacement,
}

impl PlanKind {
    /// Whether such a plan takes from the actor what can be given back: it is read back, watched,
    /// added to and undone, as long as it stands.
    pub fn contains(self) -> bool {
        matches!(self, Self::Containment | Self::FollowUp)
    }

    /// Why one that expired is over, and how to have another.
    pub fn expired(self) -> &'static str {
        match self {
            Self::Containment | Self::FollowUp => "it expired; press Containment for a new one",
            Self::Undo => "it expired; press Undo on the containment's card for a new one",
            Self::Eradication => "it expired; press Eradication for a new one",
            Self::Replacement => "it expired; say /keyleak replace key again for a new one",
        }
    }
}

/// The number of a plan within its case, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanNumber(pub u32);

/// A step of a plan of the case, by its place in that plan; it counts from 0, and people from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepAddress {
    pub plan: PlanNumber,
    pub step: u32,
}

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
    /// What people changed of what it would hold by itself, and who did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjusted: Vec<Adjusted>,
    /// The steps that it takes back, where it does not take back everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifts: Vec<StepAddress>,
    /// Whose word it needs besides, because a step takes something that was there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<ResourceOwner>,
    /// Nothing of it is carried out: in that account keyleak may change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What the trail has shown already and its approval covers at once, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<String>,
    /// What whoever decides is told beside the steps: what stays as it is, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a plan is made with, from configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRules {
    /// The deny that is attached; AWS's own, or a customer-managed twin.
    pub deny_policy_arn: String,
    /// ARNs that are never touched: the bot's own principals and break-glass.
    pub protected_arns: Vec<String>,
    /// Names, with their paths, of roles that no plan may touch in any account.
    pub protected_roles: Vec<String>,
    pub approvals_reversible: u32,
    /// For resources, and for what was there before and others use.
    pub approvals_resources: u32,
    pub approvals_irreversible: u32,
    pub expires_after: jiff::SignedDuration,
    /// The security group that lets nothing through, by the VPC that it is of.
    pub isolation_groups: BTreeMap<String, String>,
}

/// Why no plan can be made; shown on the card in these words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    #[error("{who} is not touched: {why}. Contain it by hand if you must")]
    Protected { who: String, why: &'static str },
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
    pub adjusted: Vec<Adjusted>,
    pub lifts: Vec<StepAddress>,
    pub owners: Vec<ResourceOwner>,
    pub dry_run: bool,
    pub covers: Vec<String>,
    pub notes: Vec<String>,
}

impl PlanRules {
    /// The deny for an account: AWS's own is the same everywhere, and a policy of our own is looked
    /// for under its name in each account.
    pub fn deny_in(&self, account: &str) -> String {
        let own = account_in(&self.deny_policy_arn).and_then(AccountId::parse);
        match own.filter(|own| own.0 != account && !account.is_empty()) {
            Some(own) => self.deny_policy_arn.replacen(&own.0, account, 1),
            None => self.deny_policy_arn.clone(),
        }
    }
}

impl StepAddress {
    /// As people write it: `1.2` is the second step of plan 1.
    pub fn words(self) -> String {
        format!("{}.{}", self.plan.0, u64::from(self.step) + 1)
    }

    /// Reads what [`Self::words`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (plan, step) = text.split_once('.')?;
        let step: u32 = step.parse().ok()?;
        Some(Self { plan: PlanNumber(plan.parse().ok()?), step: step.checked_sub(1)? })
    }
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
        self.kind.contains() && self.reversible()
    }

    /// The tier of its gravest step.
    pub fn tier(&self) -> Tier {
        tier(&self.steps, &self.adjusted)
    }

    pub fn reversible(&self) -> bool {
        self.steps.iter().all(|step| step.action.reversible())
    }
}

/// Builds a plan from steps: refuses protected principals and plans that nobody could read.
pub fn assemble(
    frame: PlanFrame,
    account: AccountId,
    steps: Vec<Step>,
    rules: &PlanRules,
) -> Result<Plan, NoPlan> {
    for step in &steps {
        let on = &step.action.on;
        if let Some(why) = protection(&on.arn, &account, rules) {
            return Err(NoPlan::Protected { who: on.to_string(), why });
        }
    }
    if steps.is_empty() {
        return Err(NoPlan::Nothing(
            "everything is already as this plan would leave it".to_owned(),
        ));
    }
    if steps.len() > STEPS_MAX {
        return Err(NoPlan::TooLong(steps.len()));
    }
    let needed = rules.approvals(tier(&steps, &frame.adjusted));
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
        approvals_needed: needed + u32::from(needs_another(&frame.owners)),
        expires_at: frame.now + rules.expires_after,
        adjusted: frame.adjusted,
        lifts: frame.lifts,
        owners: frame.owners,
        dry_run: frame.dry_run,
        covers: frame.covers,
        notes: frame.notes,
    })
}

fn tier(steps: &[Step], adjusted: &[Adjusted]) -> Tier {
    let tiers = steps.iter().map(|step| Tier::of(&step.action, adjusted));
    tiers.max().unwrap_or(Tier::Contain)
}

/// Why keyleak refuses to touch a principal; nothing where it may.
pub fn protection(arn: &str, account: &AccountId, rules: &PlanRules) -> Option<&'static str> {
    let role = arn.split_once(":role/").map(|(_, role)| role);
    let is_protected = rules.protected_arns.iter().any(|protected| protected == arn)
        || rules.protected_roles.iter().any(|protected| Some(protected.as_str()) == role);
    if is_protected {
        return Some("configuration protects it");
    }
    // Only for roles: a user's path is whatever its maker chose, an actor included.
    if arn.contains(":role/aws-service-role/") {
        return Some("it is linked to an AWS service, which alone may change it");
    }
    if arn.contains(":role/aws-reserved/") {
        return Some("AWS reserves it; go through Identity Center");
    }
    // A bucket's ARN names no account; each call about it names the owner that it must have.
    let is_bucket = arn.split(':').nth(2) == Some("s3");
    if !is_bucket && account_in(arn) != Some(account.0.as_str()) {
        return Some("it belongs to another account than the plan");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{at, opened, plan};

    /// Assembles the sample's steps again, for this account.
    fn assembled(account: &str) -> Result<Plan, NoPlan> {
        let sample = plan(&opened(), PlanKind::Containment);
        let frame = PlanFrame {
            case: sample.case,
            number: sample.number,
            kind: sample.kind,
            about: None,
            requested_by: sample.requested_by,
            exposed_since: None,
            snapshot: sample.snapshot,
            now: at(0),
            adjusted: Vec::new(),
            lifts: Vec::new(),
            owners: Vec::new(),
            dry_run: false,
            covers: Vec::new(),
            notes: Vec::new(),
        };
        let rules = PlanRules {
            deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
            protected_arns: Vec::new(),
            protected_roles: Vec::new(),
            approvals_reversible: 1,
            approvals_resources: 1,
            approvals_irreversible: 2,
            expires_after: jiff::SignedDuration::from_hours(1),
            isolation_groups: BTreeMap::new(),
        };
        assemble(frame, AccountId(account.to_owned()), sample.steps, &rules)
    }

    #[test]
    fn a_plan_has_no_step_on_another_account_than_its_own() {
        assert!(assembled("029608264753").is_ok());
        let why = assembled("210987654321").unwrap_err().to_string();
        assert!(why.contains("it belongs to another account than the plan"), "{why}");
    }
}
