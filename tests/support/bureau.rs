//! The product without its outermost shell: journal, worker and the ports of an account.

use crate::ground::Ground;
use crate::silent_chat::{AllMembers, SilentChat};
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::caps::Caps;
use keyleak::domain::case::Case;
use keyleak::domain::conduct::Conduct;
use keyleak::domain::event::Event;
use keyleak::domain::ids::{AccessKeyId, CaseId, PersonId};
use keyleak::domain::one_time_code::OneTimeCodes;
use keyleak::domain::plan::PlanRules;
use keyleak::domain::policy::Policy;
use keyleak::domain::proof::{Caller, SignedHeaders, Verified, sign};
use keyleak::domain::record::{Record, check_chain};
use keyleak::domain::step_up::StepUpRules;
use keyleak::flow::decide::{Pressed, press};
use keyleak::flow::desk::{Desk, Rules};
use keyleak::flow::intake::{OpenRequest, open};
use keyleak::flow::ledger::Ledger;
use keyleak::flow::people::People;
use keyleak::flow::purse::Purse;
use keyleak::flow::seen::Seen;
use keyleak::ports::accounts::{Access, Accounts};
use keyleak::ports::clock::Clock;
use keyleak::ports::cloud::Contain;
use keyleak::ports::trail::Trail;
use keyleak::store::folder::Folder;
use keyleak::store::sqlite::Sqlite;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use keyleak::worker::Worker;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

/// Who asks.
pub(crate) const ASKER: &str = "U0ANA00001";
/// Who approves.
pub(crate) const APPROVER: &str = "U0BOB00002";
/// Approves too, where one person is not enough.
pub(crate) const SECOND_APPROVER: &str = "U0CYN00003";
const TEAM: &str = "T0SIM00001";
const SECRET: &[u8] = b"a signing secret";
/// The slowest of these waits takes half a minute; a machine under load takes several times that.
const PATIENCE: Duration = Duration::from_secs(120);

/// The service at work in one account.
pub(crate) struct Bureau {
    pub(crate) desk: Arc<Desk>,
    worker: Arc<Worker>,
    _folder: TempDir,
}

impl Bureau {
    /// Opens for business in an account.
    pub(crate) async fn open(ground: &Ground) -> Self {
        Self::open_with(ground, |rights| rights, honest).await
    }

    /// The same, with something before the port that changes the account, or before the trail.
    pub(crate) async fn open_with(
        ground: &Ground,
        rights: impl FnOnce(Arc<dyn Contain>) -> Arc<dyn Contain>,
        trail: impl FnOnce(LocalTrail) -> Arc<dyn Trail>,
    ) -> Self {
        Self::open_beside(ground, rights, |local| Some(trail(local))).await
    }

    /// The same, where there may be no trail at all.
    pub(crate) async fn open_beside(
        ground: &Ground,
        rights: impl FnOnce(Arc<dyn Contain>) -> Arc<dyn Contain>,
        trail: impl FnOnce(LocalTrail) -> Option<Arc<dyn Trail>>,
    ) -> Self {
        Self::open_for(ground, |contain| Some(rights(contain)), trail).await
    }

    /// The same, where there may be no right to change anything either.
    pub(crate) async fn open_for(
        ground: &Ground,
        rights: impl FnOnce(Arc<dyn Contain>) -> Option<Arc<dyn Contain>>,
        trail: impl FnOnce(LocalTrail) -> Option<Arc<dyn Trail>>,
    ) -> Self {
        let accounts = Accounts::only(Access {
            lookup: Arc::clone(&ground.lookup),
            contain: rights(Arc::clone(&ground.contain)),
        });
        let trail = trail(LocalTrail::new(vec![ground.trail.clone()]));
        Self::open_in(ground, accounts, trail).await
    }

    /// The same, in accounts of which the ground is one.
    pub(crate) async fn open_in(
        ground: &Ground,
        accounts: Accounts,
        trail: Option<Arc<dyn Trail>>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Arc::new(Sqlite::open(&folder.path().join("journal.db")).expect("a journal"));
        let desk = Arc::new(Desk {
            ledger: Ledger::new(journal.clone()),
            work: journal,
            brake: Seen::default(),
            purse: Purse::default(),
            evidence: Arc::new(Folder::open(&folder.path().join("evidence")).expect("a store")),
            notary: None,
            accounts,
            trail,
            chat: Arc::new(SilentChat::default()),
            people: People::asking(Arc::new(AllMembers), SignedDuration::from_mins(15)),
            clock: ground.clock,
            pager: None,
            rules: rules(ground),
        });
        let worker = Worker::new(Arc::clone(&desk), "trial".to_owned(), TaskTracker::new());
        worker.start();
        Self { desk, worker, _folder: folder }
    }

    /// `/keyleak AKIA…`: opens the case of a key, exposed since a time that is known or not.
    pub(crate) async fn report(
        &self,
        key: &str,
        exposed_since: impl Into<Option<Timestamp>>,
    ) -> CaseId {
        let request = OpenRequest {
            keys: vec![AccessKeyId::parse(key).expect("a key id")],
            found_where: Some("a public repository".to_owned()),
            exposed_since: exposed_since.into(),
            note: None,
            delivery: None,
            place: None,
        };
        let opened = open(&self.desk, &caller(ASKER), &request).await.expect("a case");
        opened[0].case.id().clone()
    }

    /// Presses a button; panics when the press is refused.
    pub(crate) async fn press(&self, user: &str, button: ButtonAction) {
        assert_eq!(self.answered(user, button).await, None, "taken without objection");
    }

    /// What a person is told who presses a button.
    pub(crate) async fn answered(&self, user: &str, button: ButtonAction) -> Option<String> {
        let pressed =
            Pressed { caller: caller(user), button, place: None, delivery: None, reason: None };
        press(&self.desk.bench(), &pressed).await.expect("it is recorded")
    }

    /// Waits until the case is as wanted; panics with the journal when it takes too long.
    pub(crate) async fn wait<T>(
        &self,
        case: &CaseId,
        what: &str,
        wanted: impl Fn(&Case) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.desk.ledger.load(case).await.expect("the case is readable");
            if let Some(found) = wanted(&now) {
                return found;
            }
            if Instant::now() > deadline {
                panic!("{what}: not after {PATIENCE:?}\n{}", journal(&now));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The records of a case as the journal holds them, their chain checked.
    pub(crate) async fn checked_chain(&self, case: &CaseId) -> Vec<Record> {
        let lines = self.desk.ledger.journal().read(case, 0).await.expect("the journal");
        check_chain(case, &lines).expect("nothing was tampered with")
    }

    /// Stops the worker; a trial that forgets would leave it to the end of its runtime.
    pub(crate) async fn close(self) {
        self.worker.shut_down().await;
    }
}

/// The events of a case in a few words each, for a trial that failed.
pub(crate) fn journal(case: &Case) -> String {
    let line = |record: &Arc<Record>| {
        let text = serde_json::to_string(&record.event).unwrap_or_default();
        let text: String = text.chars().take(400).collect();
        format!("{:3} {} {text}", record.seq, record.at)
    };
    case.records().iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Whether the case says that it is contained.
pub(crate) fn is_contained(case: &Case) -> Option<()> {
    let said = |record: &Arc<Record>| matches!(record.event, Event::Contained { .. });
    case.records().iter().any(said).then_some(())
}

/// The trail as it is.
pub(crate) fn honest(trail: LocalTrail) -> Arc<dyn Trail> {
    Arc::new(Investigator::new(trail))
}

fn rules(ground: &Ground) -> Rules {
    let set = |users: &[&str]| -> BTreeSet<String> {
        users.iter().map(|user| (*user).to_owned()).collect()
    };
    Rules {
        policy: Policy {
            team: TEAM.to_owned(),
            openers: None,
            responders: set(&[ASKER, APPROVER]),
            approvers: set(&[APPROVER, SECOND_APPROVER]),
            approvers_of: BTreeMap::new(),
            same_person: BTreeMap::new(),
            step_up: StepUpRules::default(),
            key_owners: ground.key_owners.clone(),
            suspects: BTreeSet::new(),
            sql_askers: set(&[APPROVER]),
            conduct: Conduct::default(),
            known: None,
        },
        plans: PlanRules {
            deny_policy_arn: ground.deny_policy_arn.clone(),
            protected_arns: ground.protected_arns.clone(),
            protected_roles: Vec::new(),
            approvals_reversible: 1,
            approvals_resources: 1,
            approvals_irreversible: 2,
            expires_after: SignedDuration::from_hours(1),
            isolation_groups: ground.isolation_groups.clone(),
        },
        codes: OneTimeCodes::default(),
        caps: Caps::default(),
        timing: ground.timing.clone(),
        owner_tag: "owner".to_owned(),
        trail_window: SignedDuration::from_hours(24 * 15),
        timeline_emoji: "pushpin".to_owned(),
        drill: false,
        endpoints: vec!["every AWS service: not AWS's own".to_owned()],
    }
}

/// A person of the workspace, proven by the signature of a request.
pub(crate) fn caller(user: &str) -> Caller {
    caller_of(TEAM, user)
}

/// A person of any workspace, proven likewise.
pub(crate) fn caller_of(team: &str, user: &str) -> Caller {
    let person = PersonId { team: team.to_owned(), user: user.to_owned() };
    Caller::of(&verified(), person, None)
}

fn verified() -> Verified {
    let now = Clock::real().now();
    let timestamp = now.as_second().to_string();
    let signature = sign(SECRET, &timestamp, b"");
    let headers = SignedHeaders::read(Some(timestamp.as_bytes()), Some(signature.as_bytes()), now);
    headers.and_then(|headers| headers.verify(&[SECRET], Vec::new())).expect("our own signature")
}
