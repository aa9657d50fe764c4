//! Everything a use case works with, put together once by `main` and passed by reference.

use crate::domain::agenda::Timing;
use crate::domain::brake::Brake;
use crate::domain::caps::{Caps, Tally};
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, ChannelId};
use crate::domain::one_time_code::OneTimeCodes;
use crate::domain::plan::PlanRules;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::record::Actor;
use crate::flow::ledger::{Ledger, LedgerError};
use crate::flow::people::People;
use crate::flow::purse::Purse;
use crate::flow::seen::Seen;
use crate::ports::accounts::Accounts;
use crate::ports::anchors::Anchors;
use crate::ports::chat::Chat;
use crate::ports::clock::Clock;
use crate::ports::cloud::{CallError, Contain, Lookup};
use crate::ports::evidence::Evidence;
use crate::ports::journal::{StoreError, Work};
use crate::ports::pager::Pager;
use crate::ports::ticket::Books;
use crate::ports::trail::Trail;
use secrecy::SecretString;
use std::sync::Arc;

/// The outside world, and the rules by which the bot moves in it.
pub struct Desk {
    pub ledger: Ledger,
    pub work: Arc<dyn Work>,
    pub brake: Seen,
    pub evidence: Arc<dyn Evidence>,
    /// `None` when no place for anchors is configured: then a rewritten journal cannot be told.
    pub notary: Option<Notary>,
    /// The ways into the accounts that are served; a case uses those of its own account only.
    pub accounts: Accounts,
    /// `None` when no trail is configured: then "contained" is never claimed.
    pub trail: Option<Arc<dyn Trail>>,
    pub chat: Arc<dyn Chat>,
    pub people: People,
    /// `None` when no webhook is configured: then nobody is paged.
    pub pager: Option<Arc<dyn Pager>>,
    pub clock: Clock,
    pub rules: Rules,
    /// What was spent on the trail and is not in the journal yet.
    pub purse: Purse,
}

/// Where anchors go, what signs them, and how often they are due.
pub struct Notary {
    pub anchors: Arc<dyn Anchors>,
    pub key: SecretString,
    /// Records after which an anchor is due even where none of them matters by itself.
    pub every: u32,
}

/// The rules, from configuration.
#[derive(Debug, Clone)]
pub struct Rules {
    pub policy: Policy,
    pub plans: PlanRules,
    pub timing: Timing,
    pub caps: Caps,
    /// Who can prove themselves in Slack, and by which secret.
    pub codes: OneTimeCodes,
    /// The tag of an IAM user that names the person who owns it.
    pub owner_tag: String,
    /// How far back the trail is read when nothing says since when the key is exposed.
    pub trail_window: jiff::SignedDuration,
    /// The emoji that puts a message into the timeline, without colons.
    pub timeline_emoji: String,
    /// A drill is marked as one on every surface.
    pub drill: bool,
    /// Endpoints other than AWS's and Slack's own, written into each case.
    pub endpoints: Vec<String>,
}

/// What the work table knows.
#[derive(Debug, Clone)]
pub struct Found {
    pub open: Vec<CaseId>,
    pub brake: Option<Brake>,
    pub tally: Tally,
}

/// What a decision needs, in Slack's request as at the command line.
#[derive(Debug, Clone, Copy)]
pub struct Bench<'a> {
    pub ledger: &'a Ledger,
    /// As written; [`Bench::policy`] is what it comes to now.
    pub written: &'a Policy,
    pub people: &'a People,
    pub plans: &'a PlanRules,
    pub clock: Clock,
}

impl Bench<'_> {
    /// The rules about people as they stand now, groups expanded: the only ones to judge by.
    pub fn policy(&self) -> Policy {
        self.people.policy(self.written, self.clock.now())
    }

    /// Has Slack asked who this person is, before what they want is judged.
    pub async fn meet(&self, caller: &Caller, case: Option<&CaseId>) -> Result<(), LedgerError> {
        let case = match case {
            Some(case) => self.ledger.at_hand(case).await?,
            None => None,
        };
        let channel = case.and_then(|case| case.room().channel.clone());
        self.meet_in(caller, channel.as_ref()).await;
        Ok(())
    }

    /// The same of somebody who writes in this channel.
    pub async fn meet_in(&self, caller: &Caller, channel: Option<&ChannelId>) {
        self.people.ready((self.written, &self.clock), (caller, channel)).await;
    }

    /// Who decides, with what Slack said of them.
    pub fn actor(&self, caller: &Caller) -> Actor {
        Actor::vouched_for(caller, self.policy().vouch(caller))
    }
}

impl Desk {
    /// The part of the desk at which decisions are taken.
    pub fn bench(&self) -> Bench<'_> {
        let Rules { policy, plans, .. } = &self.rules;
        let (ledger, people, clock) = (&self.ledger, &self.people, self.clock);
        Bench { ledger, written: policy, people, plans, clock }
    }

    /// The rules about people as they stand now.
    pub fn policy(&self) -> Policy {
        self.bench().policy()
    }

    /// Looks at the case's account.
    pub async fn lookup(&self, case: &Case) -> Result<Arc<dyn Lookup>, CallError> {
        Ok(self.accounts.reach(case.account()).await?.lookup)
    }

    /// Changes the case's account; `None` where nothing there is ever changed. What may pass by
    /// itself is an error: else it would read as if no role were configured.
    pub async fn contain(&self, case: &Case) -> Result<Option<Arc<dyn Contain>>, CallError> {
        match self.accounts.reach(case.account()).await {
            Ok(access) => Ok(access.contain),
            Err(error) if error.class.retryable() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Whether decisions can be taken and kept: asks both tables, and finds what the work table
    /// knows. The error says what helps.
    pub async fn probe(&self) -> Result<Found, StoreError> {
        let nobody = CaseId("probe".to_owned());
        let (open, brake, tally, _) = tokio::try_join!(
            self.work.open_cases(),
            self.work.brake(),
            self.work.tally(),
            self.ledger.journal().read(&nobody, 0)
        )?;
        Ok(Found { open, brake, tally })
    }

    /// What a ticket needs: the journal for the intent, and the brake that may forbid it.
    pub fn books(&self) -> Books<'_> {
        let caps = self.rules.caps;
        Books { journal: self.ledger.journal(), brakes: self.work.as_ref(), caps }
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Notary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Notary(every {})", self.every)
    }
}
