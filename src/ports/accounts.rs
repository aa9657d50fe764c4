//! The accounts that keyleak serves: each is looked at and changed by its own roles alone.

use crate::domain::ids::AccountId;
use crate::ports::cloud::{CallClass, CallError, Contain, Lookup};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

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

/// The bot's own account, and the others that it serves.
pub struct Accounts {
    own: Access,
    /// Which one its own is, as soon as settings or AWS have told.
    own_id: OnceLock<AccountId>,
    others: BTreeMap<AccountId, Other>,
}

impl Accounts {
    /// The bot's own account and no other.
    pub fn only(own: Access) -> Self {
        Self::new(own, None, BTreeMap::new())
    }

    /// The bot's own account, with its number where that is known before AWS is asked, and others.
    pub fn new(own: Access, own_id: Option<AccountId>, others: BTreeMap<AccountId, Other>) -> Self {
        Self { own, own_id: own_id.map_or_else(OnceLock::new, OnceLock::from), others }
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
    pub fn reach(&self, account: Option<&AccountId>) -> Result<&Access, CallError> {
        let Some(account) = account else {
            return Ok(&self.own);
        };
        if let Some(other) = self.others.get(account) {
            return Ok(&other.access);
        }
        if self.own_id.get().is_some_and(|own| own != account) {
            let message = format!(
                "keyleak has no way into account {account}; add [aws.accounts.{account}] to its \
                 settings"
            );
            return Err(CallError::new(CallClass::Denied, "sts:AssumeRole", message));
        }
        Ok(&self.own)
    }

    /// What the setting of this name is called for an account.
    pub fn setting(&self, account: &AccountId, name: &str) -> String {
        match self.others.contains_key(account) {
            true => format!("aws.accounts.{account}.{name}"),
            false => format!("aws.{name}"),
        }
    }

    /// Whether there is an account in which anything may be changed.
    pub fn may_change(&self) -> bool {
        let mut others = self.others.values().map(|other| &other.access);
        self.own.contain.is_some() || others.any(|access| access.contain.is_some())
    }

    /// Every account that is known to be served, with its name where it has one.
    pub fn served(&self) -> BTreeMap<AccountId, Option<String>> {
        let own = self.own_id.get().map(|id| (id.clone(), None));
        let others = self.others.iter().map(|(id, other)| (id.clone(), other.name.clone()));
        own.into_iter().chain(others).collect()
    }
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
