//! The accounts that keyleak serves: each is looked at and changed by its own roles alone.

use crate::domain::facts::Fact;
use crate::domain::ids::AccountId;
use crate::domain::membership::Membership;
use crate::ports::cloud::{CallClass, CallError, Contain, Lookup};
use async_trait::async_trait;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::timeout;

/// The ways into one account.
#[derive(Clone)]
pub struct Access {
    pub lookup: Arc<dyn Lookup>,
    /// `None` where no contain role is configured: there nothing is ever changed.
    pub contain: Option<Arc<dyn Contain>>,
}

/// An account beside the bot's own.
#[derive(Clone)]
pub struct Other {
    pub name: Option<String>,
    pub access: Access,
}

/// An organization, every account of which is served, by roles that have the same names in all.
#[async_trait]
pub trait Organization: Send + Sync {
    /// What the organization says of an account; unknown with the reason where it does not tell.
    async fn membership(&self, account: &AccountId) -> Fact<Membership>;

    /// The way into an account. Nothing is asked of AWS until it is used.
    async fn access(&self, account: &AccountId) -> Access;

    /// Whether anything is ever changed in its accounts.
    fn may_change(&self) -> bool;
}

/// Whether an account is one of ours, and what its organization says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub ours: bool,
    /// Nothing where no organization is configured.
    pub organization: Option<Fact<Membership>>,
}

/// So many other accounts of one lineage are looked up with the organization.
const LOOKED_UP_MAX: usize = 20;
/// What the actor is stopped with waits for this: names of accounts are not worth more.
const LOOKED_UP_WITHIN: Duration = Duration::from_secs(5);

/// The bot's own account, and the others that it serves.
pub struct Accounts {
    own: Access,
    /// Which one its own is, as soon as settings or AWS have told.
    own_id: OnceLock<AccountId>,
    others: BTreeMap<AccountId, Other>,
    /// Serves what has no section of its own.
    organization: Option<Arc<dyn Organization>>,
}

impl Accounts {
    /// The bot's own account and no other.
    pub fn only(own: Access) -> Self {
        Self::new(own, None, BTreeMap::new())
    }

    /// The bot's own account, with its number where that is known before AWS is asked, and others.
    pub fn new(own: Access, own_id: Option<AccountId>, others: BTreeMap<AccountId, Other>) -> Self {
        let own_id = own_id.map_or_else(OnceLock::new, OnceLock::from);
        Self { own, own_id, others, organization: None }
    }

    /// The same, and every account of an organization.
    #[must_use]
    pub fn of(self, organization: Arc<dyn Organization>) -> Self {
        Self { organization: Some(organization), ..self }
    }

    pub fn own(&self) -> &Access {
        &self.own
    }

    /// Remembers what AWS said of the bot's own account; it does not change while a process lives.
    pub fn learn_own(&self, id: &AccountId) {
        self.own_id.get_or_init(|| id.clone());
    }

    /// An account beside the bot's own, if it is served.
    pub fn other(&self, id: &AccountId) -> Option<&Other> {
        self.others.get(id)
    }

    /// The way into an account, and into no other. What is not known to be elsewhere is looked for
    /// in the bot's own; a change there is refused by the plan's account all the same.
    pub async fn reach(&self, account: Option<&AccountId>) -> Result<Access, CallError> {
        let Some(account) = account else {
            return Ok(self.own.clone());
        };
        if let Some(other) = self.others.get(account) {
            return Ok(other.access.clone());
        }
        if !self.is_elsewhere(account).await? {
            return Ok(self.own.clone());
        }
        let Some(organization) = &self.organization else {
            return Err(no_way_into(account, "add"));
        };
        match organization.membership(account).await {
            // Where it is not told, the role itself says whether keyleak is let in.
            Fact::Known(Membership::Member(_)) | Fact::Unknown(_) => {
                Ok(organization.access(account).await)
            }
            Fact::Known(Membership::Outside) => {
                Err(no_way_into(account, "it is not of the organization; if it is ours, add"))
            }
        }
    }

    /// Whether an account is one of ours, where the bot's own is this one.
    pub async fn standing(&self, account: &AccountId, own: Option<&AccountId>) -> Standing {
        let told = match &self.organization {
            Some(organization) => Some(organization.membership(account).await),
            None => None,
        };
        let listed = own == Some(account) || self.others.contains_key(account);
        let (Some(organization), false) = (&self.organization, listed) else {
            return Standing { ours: listed, organization: told };
        };
        match told {
            Some(Fact::Unknown(why)) => {
                let let_in = organization.access(account).await.lookup.own_account().await;
                let refused = match let_in {
                    Ok(entered) if entered == *account => None,
                    Ok(entered) => Some(format!("its role leads to account {entered}")),
                    Err(error) => Some(error.to_string()),
                };
                let ours = refused.is_none();
                let more = refused.map_or_else(String::new, |error| format!("; {error}"));
                Standing { ours, organization: Some(Fact::Unknown(format!("{why}{more}"))) }
            }
            known => {
                let ours = matches!(known, Some(Fact::Known(Membership::Member(_))));
                Standing { ours, organization: known }
            }
        }
    }

    /// Whether this is surely another account than the bot's own. Of an organization that must be
    /// told: any of its accounts can be meant, and not to know would lead into the wrong one.
    async fn is_elsewhere(&self, account: &AccountId) -> Result<bool, CallError> {
        if self.own_id.get().is_none() && self.organization.is_some() {
            self.learn_own(&self.own.lookup.own_account().await?);
        }
        Ok(self.own_id.get().is_some_and(|own| own != account))
    }

    /// What the setting of this name is called for an account.
    pub fn setting(&self, account: &AccountId, name: &str) -> String {
        let is_own = self.own_id.get().is_none_or(|own| own == account);
        match (self.others.contains_key(account), &self.organization) {
            (true, _) => format!("aws.accounts.{account}.{name}"),
            (false, Some(_)) if !is_own => format!("aws.organization.{name}"),
            (false, _) => format!("aws.{name}"),
        }
    }

    /// Whether there is an account in which anything may be changed.
    pub fn may_change(&self) -> bool {
        let mut others = self.others.values().map(|other| &other.access);
        let organization = self.organization.as_ref();
        self.own.contain.is_some()
            || others.any(|access| access.contain.is_some())
            || organization.is_some_and(|organization| organization.may_change())
    }

    /// Every account that is known to be served, with its name where it has one.
    pub fn served(&self) -> BTreeMap<AccountId, Option<String>> {
        let own = self.own_id.get().map(|id| (id.clone(), None));
        let others = self.others.iter().map(|(id, other)| (id.clone(), other.name.clone()));
        own.into_iter().chain(others).collect()
    }

    /// The same, with those of these accounts that the organization says are its own.
    pub async fn served_among(
        &self,
        places: BTreeSet<AccountId>,
    ) -> BTreeMap<AccountId, Option<String>> {
        let mut served = self.served();
        let Some(organization) = &self.organization else {
            return served;
        };
        let unknown: Vec<_> =
            places.into_iter().filter(|place| !served.contains_key(place)).collect();
        let asked = unknown.into_iter().take(LOOKED_UP_MAX).map(|place| async move {
            // Each has the time that all have, as they are asked side by side.
            let told = timeout(LOOKED_UP_WITHIN, organization.membership(&place)).await;
            match told {
                Ok(Fact::Known(Membership::Member(member))) => Some((place, member.name)),
                Ok(Fact::Known(Membership::Outside) | Fact::Unknown(_)) | Err(_) => None,
            }
        });
        served.extend(join_all(asked).await.into_iter().flatten());
        served
    }
}

fn no_way_into(account: &AccountId, what: &str) -> CallError {
    let message = format!(
        "keyleak has no way into account {account}; {what} [aws.accounts.{account}] to its settings"
    );
    CallError::new(CallClass::Denied, "sts:AssumeRole", message)
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("served", &self.served()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Access(changes: {})", self.contain.is_some())
    }
}

impl std::fmt::Debug for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Other").field("name", &self.name).finish_non_exhaustive()
    }
}
