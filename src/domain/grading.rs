//! What the facts of a case make of its severity, by the rules of AWS's playbook for credentials.
//!
//! Needs: nobody who can write names in the trail, or words in chat, may move it, and the reason
//! must fit for people outside the case. So it rests on counts and on what AWS or a person's
//! recorded answer says, and no reason repeats a name.

use crate::domain::case::Case;
use crate::domain::facts::Fact;
use crate::domain::impact::{ImpactQuestion, ImpactVerdict};
use crate::domain::lineage::{Certainty, Node, NodeKind};
use crate::domain::losses::LossKind;
use crate::domain::severity::Severity;
use crate::domain::signer::SignerKind;
use crate::domain::team_step::OwnerAnswer;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A key that nobody used for so long is stale.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24 * 90);
/// AWS's own policy that allows everything.
const ADMINISTRATOR: &str = "AdministratorAccess";

/// What the facts make of it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    pub severity: Severity,
    pub why: String,
}

/// The severity by the facts alone, the worst rule first.
pub fn assess(case: &Case) -> Assessed {
    let seen = Seen::of(case);
    let rules = [
        (Severity::P1, seen.root()),
        (Severity::P1, seen.accounts()),
        (Severity::P1, seen.exfiltration()),
        (Severity::P1, seen.data()),
        (Severity::P1, seen.destroyed()),
        (Severity::P1, seen.resources()),
        (Severity::P1, seen.moved()),
        (Severity::P1, seen.administrator()),
        (Severity::P2, seen.grown()),
        (Severity::P2, seen.alerts()),
        (Severity::P2, seen.public()),
        (Severity::P2, seen.disowned()),
        (Severity::P4, seen.stale()),
    ];
    let mut held = rules.into_iter().filter_map(|(severity, why)| Some((severity, why?)));
    let (severity, why) = held.next().unwrap_or_else(|| (Severity::P3, seen.unconfirmed()));
    Assessed { severity, why }
}

/// The facts that the rules look at.
struct Seen<'a> {
    case: &'a Case,
    /// What surely grew from the key since it was exposed.
    nodes: Vec<&'a Node>,
    /// Resources that it surely made or changed.
    resources: usize,
}

impl<'a> Seen<'a> {
    fn of(case: &'a Case) -> Self {
        let survey = case.survey().map(|(_, survey)| survey);
        let nodes = survey.map_or(&[][..], |survey| survey.nodes.as_slice());
        let is_new =
            |node: &&Node| node.depth > 0 && !node.older && node.certainty == Certainty::Certain;
        let made = survey.map_or(&[][..], |survey| survey.resources.all.as_slice());
        Self {
            case,
            nodes: nodes.iter().filter(is_new).collect(),
            resources: made.iter().filter(|made| made.sure).count(),
        }
    }

    fn root(&self) -> Option<String> {
        let facts = self.case.facts();
        let is_root = facts.signer_known().is_some_and(|s| s.kind == SignerKind::Root);
        let may_be = facts.root_keys.as_ref().and_then(Fact::known) == Some(&true);
        if is_root {
            Some("it is a key of the root user".to_owned())
        } else {
            may_be.then(|| "it may be a key of the root user, who has one".to_owned())
        }
    }

    fn accounts(&self) -> Option<String> {
        let own = self.case.account().map(|account| account.0.as_str())?;
        let all = self.nodes.iter().filter_map(|node| account_of(node));
        let others: BTreeSet<&str> = all.filter(|account| *account != own).collect();
        counted(others.len(), "the actor reached", "other account")
    }

    fn exfiltration(&self) -> Option<String> {
        let asked = self.case.impact_answers().iter().rev();
        let mut of = asked.filter(|(_, said)| said.question == ImpactQuestion::Exfiltration);
        let yes = of.next().is_some_and(|(_, said)| said.verdict == ImpactVerdict::Yes);
        yes.then(|| "a person answered that data was exfiltrated".to_owned())
    }

    fn data(&self) -> Option<String> {
        let is_read = |kind: LossKind| match kind {
            LossKind::Secret
            | LossKind::Parameter
            | LossKind::ParameterPath
            | LossKind::InstancePassword => true,
            LossKind::Decryption
            | LossKind::FunctionSettings
            | LossKind::InstanceSettings
            | LossKind::Destroyed => false,
        };
        counted(self.losses(is_read), "the actor read", "secret")
    }

    fn destroyed(&self) -> Option<String> {
        let destroyed = self.losses(|kind| kind == LossKind::Destroyed);
        counted(destroyed, "the actor deleted or switched off", "resource")
    }

    fn losses(&self, of: impl Fn(LossKind) -> bool) -> usize {
        let items = self.case.recovery().items(self.case.exposed_since());
        items.filter(|item| of(item.loss.kind)).count()
    }

    fn resources(&self) -> Option<String> {
        counted(self.resources, "the actor made or changed", "resource")
    }

    fn moved(&self) -> Option<String> {
        let moved = self.nodes.iter().filter(|node| node.kind == NodeKind::RoleSession).count();
        counted(moved, "the actor moved on: the key opened", "session")
            .map(|said| format!("{said} of roles"))
    }

    fn administrator(&self) -> Option<String> {
        let permissions = self.case.facts().permissions.as_ref().and_then(Fact::known)?;
        let all = permissions.attached.iter().any(|policy| policy.ends_with(ADMINISTRATOR));
        (all && (self.grown().is_some() || self.alerts().is_some()))
            .then(|| "its user administers the account, and somebody else uses it".to_owned())
    }

    fn grown(&self) -> Option<String> {
        let lasting = |node: &&&Node| match node.kind {
            NodeKind::LongTermKey
            | NodeKind::UserSession
            | NodeKind::FederatedUser
            | NodeKind::ConsoleSession
            | NodeKind::ServiceCredential
            | NodeKind::User
            | NodeKind::Role => true,
            // Services make these by themselves for whoever calls them.
            NodeKind::RoleSession | NodeKind::ServiceSession | NodeKind::ForwardedSession => false,
        };
        let grown = self.nodes.iter().filter(lasting).count();
        counted(grown, "the key made or opened", "credential or principal")
    }

    fn alerts(&self) -> Option<String> {
        let alerts = self.case.facts().guard_duty.as_ref().and_then(Fact::known)?;
        counted(alerts.len(), "GuardDuty has", "alert").map(|said| format!("{said} about it"))
    }

    fn public(&self) -> Option<String> {
        let facts = self.case.facts();
        let quarantined = facts.quarantine.as_ref().and_then(Fact::known);
        let health = facts.health.as_ref().and_then(Fact::known);
        if quarantined.is_some_and(Option::is_some) {
            Some("AWS found it in public and quarantined its user".to_owned())
        } else {
            let told = health.is_some_and(|alerts| !alerts.is_empty());
            told.then(|| "AWS Health tells that it is exposed".to_owned())
        }
    }

    /// A yes lowers nothing: whoever has the owner's credentials may have their Slack too.
    fn disowned(&self) -> Option<String> {
        let (_, first) = self.case.team().owner_said().first()?;
        (*first == OwnerAnswer::No)
            .then(|| "the key's owner says that the last use was not theirs".to_owned())
    }

    fn stale(&self) -> Option<String> {
        let facts = self.case.facts();
        let keys = facts.keys.as_ref().and_then(Fact::known);
        let own = |key: &&crate::domain::facts::KeyState| key.id == self.case.opening().key;
        let off = keys.and_then(|keys| keys.iter().find(own)).is_some_and(|key| !key.active);
        let last = facts.last_use.as_ref().and_then(Fact::known)?;
        let told = self.case.survey().and_then(|(_, survey)| survey.last_success);
        let last = last.at.max(told);
        match last {
            _ if off && self.is_old(last) => {
                Some("the key is inactive, and was not used for 90 days".to_owned())
            }
            None => Some("AWS knows no use of the key".to_owned()),
            Some(_) if self.is_old(last) => Some("the key was not used for 90 days".to_owned()),
            Some(_) => None,
        }
    }

    fn is_old(&self, last: Option<Timestamp>) -> bool {
        last.is_none_or(|last| last < self.case.opened_at() - STALE_AFTER)
    }

    fn unconfirmed(&self) -> String {
        let words = if self.case.validated() {
            "it is reported as exposed, and neither AWS nor the trail confirms a public place or a \
             use by others"
        } else {
            "it is reported as exposed, and not validated yet"
        };
        words.to_owned()
    }
}

/// The account in the ARN that a node acts as.
fn account_of(node: &Node) -> Option<&str> {
    let account = node.arn.as_deref()?.split(':').nth(4)?;
    (account.len() == 12).then_some(account)
}

fn counted(number: usize, before: &str, noun: &str) -> Option<String> {
    let plural = if number == 1 { "" } else { "s" };
    let noun = match noun.split_once(" or ") {
        Some((one, other)) if number != 1 => format!("{one}s and {other}s"),
        Some(_) | None => format!("{noun}{plural}"),
    };
    (number > 0).then(|| format!("{before} {number} {noun}"))
}

#[cfg(test)]
mod tests;
