//! A colleague's Terraform: a lawful administrator that puts things back as its files have them.

use crate::drill::rules::DENY_ALL;
use crate::sim::attacker::{Attacker, Credential, Operation};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::setup::{NewUser, SetupError};
use jiff::Timestamp;
use std::sync::Arc;

const USER: &str = "terraform";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
/// From where it calls (an address for documentation), and as what.
const ADDRESS: &str = "192.0.2.80";
const AGENT: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 terraform-provider-aws/5.80.0";

/// Somebody with rights of their own, who does not know of the case.
#[derive(Debug)]
pub struct Colleague {
    visitor: Visitor,
    credential: Credential,
}

impl Colleague {
    /// Gives the account a further administrator.
    pub fn join(cloud: &Arc<SimCloud>, since: Timestamp) -> Result<Self, SetupError> {
        let new = NewUser::named(USER, since).attached(ADMINISTRATOR);
        let (_, credential) = cloud.add_user(new)?;
        Ok(Self { visitor: Visitor::new(cloud, ADDRESS, AGENT), credential })
    }

    /// Takes the deny off a user, as no file of theirs has it; false where there was none.
    pub async fn take_deny_off(&self, user: &str) -> bool {
        let detach =
            Operation::DetachUserPolicy { user: user.to_owned(), policy_arn: DENY_ALL.to_owned() };
        self.visitor.call(&self.credential, &detach).await.worked()
    }
}
