//! People, a journal and a simulated workspace, without an account: where decisions are judged.

use crate::bureau::caller_of;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::action::{Action, Change};
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Opening};
use keyleak::domain::ids::{AccessKeyId, AccountId, CaseId, ChannelId, PersonId};
use keyleak::domain::plan::{Plan, PlanKind, PlanNumber, PlanRules, Step};
use keyleak::domain::policy::Policy;
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::record::{Actor, Entry};
use keyleak::domain::snapshot::SnapshotRef;
use keyleak::flow::decide::{Pressed, press};
use keyleak::flow::desk::Bench;
use keyleak::flow::ledger::Ledger;
use keyleak::flow::people::People;
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::people::Person;
use keyleak::sim::slack::server::SimSlack;
use keyleak::slack::chat::SlackChat;
use keyleak::slack::web::SlackSettings;
use keyleak::store::sqlite::Sqlite;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

pub(crate) const TEAM: &str = "T0SIM00001";
/// Asks for every plan here.
pub(crate) const ANA: &str = "U0ANA00001";
pub(crate) const BOB: &str = "U0BOB00002";
pub(crate) const CYN: &str = "U0CYN00003";
const BOT: &str = "U0BOT00000";
const TOKEN: &str = "xoxb-council";
pub(crate) const KEY: &str = "AKIAQNZGKIQY56JQ7WML";

pub(crate) struct Council {
    pub(crate) slack: SimSlack,
    pub(crate) policy: Policy,
    pub(crate) people: People,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
    pub(crate) plans: PlanRules,
    pub(crate) store: Arc<Sqlite>,
    folder: TempDir,
}

impl Council {
    /// A workspace of these people besides ana, bob and cyn, and what is known of them counts for
    /// so long.
    pub(crate) async fn sit(policy: Policy, more: Vec<Person>, valid_for: SignedDuration) -> Self {
        let clock = Clock::real();
        let mut config = SimSlackConfig::new(clock, "secret", TOKEN);
        config.people.extend(more);
        let slack = SimSlack::start(config, &TaskTracker::new()).await.unwrap();
        let settings = SlackSettings {
            api_url: slack.api_url(),
            bot_token: SecretString::from(TOKEN),
            team_id: TEAM.to_owned(),
            app_id: None,
        };
        let chat = Arc::new(SlackChat::new(&settings, clock).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let journal = Arc::new(Sqlite::open(&folder.path().join("journal.db")).unwrap());
        Self {
            slack,
            policy: Policy { team: TEAM.to_owned(), ..policy },
            people: People::asking(chat, valid_for),
            ledger: Ledger::new(journal.clone()),
            store: journal,
            clock,
            plans: rules(),
            folder,
        }
    }

    /// Where the journal and the work tables lie.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("journal.db")
    }

    pub(crate) fn bench(&self) -> Bench<'_> {
        let Self { ledger, policy, people, plans, clock, .. } = self;
        Bench { ledger, written: policy, people, plans, clock: *clock }
    }

    /// A case with a channel of the workspace, in which ana asked for this plan.
    pub(crate) async fn case(&self, name: &str, plan: Plan) -> (Case, PlanAddress) {
        let id = CaseId(name.to_owned());
        let opened = self.own_by(ANA, Event::Opened(opening()));
        self.ledger.open(&id, opened).await.unwrap();
        let room = self.slack.make_channel(&format!("kl-{name}"), Reach::Private, &[BOT, ANA, BOB]);
        let (channel, name) = (ChannelId(room), name.to_owned());
        self.note(&id, Event::ChannelMade { channel, name }).await;
        let plan = Plan { case: id.clone(), ..plan };
        let at = PlanAddress { case: id.clone(), plan: plan.number, hash: plan.hash() };
        let hash = at.hash.clone();
        let case = self.note(&id, Event::Proposed { plan: Box::new(plan), hash }).await;
        (case, at)
    }

    /// As the worker does it beforehand.
    pub(crate) async fn settle(&self, case: &Case) {
        let channel = case.room().channel.as_ref().unwrap();
        self.people.settle(&self.policy, &self.clock, channel).await;
    }

    pub(crate) async fn note(&self, id: &CaseId, event: Event) -> Case {
        self.ledger.note(id, Entry::own(self.clock.now(), event)).await.unwrap()
    }

    /// What this person does, without being judged.
    pub(crate) fn own_by(&self, user: &str, event: Event) -> Entry {
        let person = PersonId { team: TEAM.to_owned(), user: user.to_owned() };
        let actor = Actor::Person { person, name: None };
        Entry { actor, ..Entry::own(self.clock.now(), event) }
    }

    pub(crate) async fn press(&self, user: &str, button: ButtonAction) -> Option<String> {
        self.press_from(TEAM, user, button).await
    }

    pub(crate) async fn press_from(
        &self,
        team: &str,
        user: &str,
        button: ButtonAction,
    ) -> Option<String> {
        let caller = caller_of(team, user);
        let pressed = Pressed { caller, button, place: None, delivery: None, reason: None };
        press(&self.bench(), &pressed).await.unwrap()
    }

    pub(crate) async fn load(&self, id: &CaseId) -> Case {
        self.ledger.load(id).await.unwrap()
    }
}

/// A plan of one step, that ana asked for and one more person has to approve.
pub(crate) fn plan(now: Timestamp) -> Plan {
    let key = AccessKeyId::parse(KEY).unwrap();
    let on = Principal {
        kind: PrincipalKind::User,
        name: "ci".to_owned(),
        id: "AIDA1".to_owned(),
        arn: "arn:aws:iam::029608264753:user/ci".to_owned(),
    };
    let step = Step {
        action: Action { on, change: Change::DeactivateKey { key } },
        blast_radius: Vec::new(),
        because: "a trial".to_owned(),
        provisional: false,
    };
    Plan {
        case: CaseId("none".to_owned()),
        number: PlanNumber(1),
        kind: PlanKind::Containment,
        account: AccountId("029608264753".to_owned()),
        exposed_since: None,
        snapshot: SnapshotRef { sha256: "0".repeat(64), taken_at: now },
        steps: vec![step],
        about: None,
        adjusted: Vec::new(),
        lifts: Vec::new(),
        owners: Vec::new(),
        dry_run: false,
        covers: Vec::new(),
        notes: Vec::new(),
        requested_by: PersonId { team: TEAM.to_owned(), user: ANA.to_owned() },
        approvals_needed: 1,
        expires_at: now + SignedDuration::from_hours(1),
    }
}

fn opening() -> Opening {
    Opening {
        key: AccessKeyId::parse(KEY).unwrap(),
        found_where: None,
        exposed_since: None,
        note: None,
        drill: false,
        endpoints: Vec::new(),
        shares_channel_of: None,
    }
}

fn rules() -> PlanRules {
    PlanRules {
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: Vec::new(),
        protected_roles: Vec::new(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
        isolation_groups: BTreeMap::new(),
    }
}
