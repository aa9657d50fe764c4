//! The policies of users and roles: attached, inline and as the boundary, within AWS's limits.

use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::sim::cloud::account::{Grants, Inline, State};
use crate::sim::cloud::authorize::exists;
use crate::sim::cloud::calls::Done;
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::refusal::Refusal;
use jiff::Timestamp;
use std::sync::Arc;

/// AWS's quotas of managed policies attached to a user and to a role.
const ATTACHED_MAX: [usize; 2] = [10, 20];
/// The characters that inline policies of a user and of a role share; white space is not counted.
const INLINE_CHARACTERS_MAX: [usize; 2] = [2_048, 10_240];

impl State {
    pub(super) fn attach(
        &mut self,
        to: &PrincipalName,
        policy_arn: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.must_exist(policy_arn)?;
        let limit = limit(to, ATTACHED_MAX);
        self.change_grants(to, now, |grants| {
            if grants.attached.iter().any(|known| known == policy_arn) {
                return Ok(());
            }
            if grants.attached.len() >= limit {
                return Err(Refusal::limit("PoliciesPerPrincipal", limit));
            }
            grants.attached.push(policy_arn.to_owned());
            Ok(())
        })
    }

    pub(super) fn detach(
        &mut self,
        from: &PrincipalName,
        policy_arn: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_grants(from, now, |grants| {
            let at = grants.attached.iter().position(|known| known == policy_arn);
            let at = at.ok_or_else(|| {
                let message = format!("Policy {policy_arn} was not found.");
                Refusal::new("NoSuchEntity", message)
            })?;
            grants.attached.remove(at);
            Ok(())
        })
    }

    pub(super) fn put_inline(
        &mut self,
        on: &PrincipalName,
        (policy, text): (&str, &str),
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        let inline = inline(text)?;
        let limit = limit(on, INLINE_CHARACTERS_MAX);
        self.change_grants(on, now, |grants| {
            grants.inline.insert(policy.to_owned(), inline);
            let texts = grants.inline.values().flat_map(|inline| inline.text.chars());
            if texts.filter(|c| !c.is_whitespace()).count() > limit {
                let message = format!("Maximum policy size of {limit} bytes exceeded for {on}");
                return Err(Refusal::new("LimitExceeded", message));
            }
            Ok(())
        })
    }

    pub(super) fn delete_inline(
        &mut self,
        on: &PrincipalName,
        policy: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_grants(on, now, |grants| match grants.inline.remove(policy) {
            Some(_) => Ok(()),
            None => Err(Refusal::no_such("inline policy", policy)),
        })
    }

    pub(super) fn set_boundary(
        &mut self,
        on: &PrincipalName,
        policy_arn: Option<&str>,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        if let Some(policy_arn) = policy_arn {
            self.must_exist(policy_arn)?;
        }
        self.change_grants(on, now, |grants| {
            if policy_arn.is_none() && grants.boundary.is_none() {
                return Err(Refusal::no_such("permissions boundary of", &on.name));
            }
            grants.boundary = policy_arn.map(str::to_owned);
            Ok(())
        })
    }

    fn must_exist(&self, policy_arn: &str) -> Result<(), Refusal> {
        if exists(self.policies.get(policy_arn)) {
            return Ok(());
        }
        let message = format!("Policy {policy_arn} does not exist or is not attachable.");
        Err(Refusal::new("NoSuchEntity", message))
    }

    fn change_grants(
        &mut self,
        of: &PrincipalName,
        now: Timestamp,
        change: impl FnOnce(&mut Grants) -> Result<(), Refusal>,
    ) -> Result<Done<()>, Refusal> {
        match of.kind {
            PrincipalKind::User => {
                self.change_user(&of.name, now, |user| change(&mut user.grants))?;
            }
            PrincipalKind::Role | PrincipalKind::Resource => {
                self.change_role(&of.name, now, |role| change(&mut role.grants))?;
            }
        }
        Ok(Done::silently(()))
    }
}

/// An inline policy, read so that a document this account cannot judge is refused.
pub(super) fn inline(text: &str) -> Result<Inline, Refusal> {
    let document = Document::parse(text)
        .map_err(|error| Refusal::new("MalformedPolicyDocument", error.to_string()))?;
    Ok(Inline { text: text.to_owned(), document: Arc::new(document) })
}

fn limit(of: &PrincipalName, [of_user, of_role]: [usize; 2]) -> usize {
    match of.kind {
        PrincipalKind::User => of_user,
        PrincipalKind::Role | PrincipalKind::Resource => of_role,
    }
}
