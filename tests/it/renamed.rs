//! An actor who gives users other names: each is the same user, whatever it is called, and who has
//! its old name is another.

use crate::bureau::{Bureau, honest, is_contained, journal};
use crate::ground::{BACKDOOR, Ground, USER};
use crate::roles::{does, minted};
use crate::sim_account::{OFFICE, SimAccount};
use crate::simulated::{QUICK, leaked};
use crate::story;
use async_trait::async_trait;
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::snapshot::Photograph;
use keyleak::flow::photograph::photograph;
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::cloud::{LAG, SimCloud};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// When the actor renames its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    BeforeTheReport,
    /// The plan waits for an approval.
    WhilePeopleDecide,
    /// Nothing of the plan has been carried out.
    BeforeTheDeny,
    /// The deny is made, and IAM does not enforce it yet.
    BeforeItCounts,
}

/// What the leaked key's user and the one that the actor made are called from then on.
const NEW: [(&str, &str); 2] = [(USER, "audit-reader"), (BACKDOOR, "metrics")];

/// Somebody who may make users; none where the old name stays free.
type Lawful<'a> = Option<(&'a Visitor, &'a Credential)>;

/// The users get their new names, and somebody lawful takes the old one of the leaked key's user.
async fn rename(attacker: &dyn Attacker, key: &Credential, lawful: Lawful<'_>) {
    for (user, to) in NEW {
        let call = Operation::RenameUser { user: user.to_owned(), to: to.to_owned() };
        does(attacker, key, &call).await;
    }
    let Some((office, ops)) = lawful else { return };
    does(office, ops, &Operation::CreateUser { user: USER.to_owned() }).await;
    let policy_arn = ADMINISTRATOR.to_owned();
    let rights = Operation::AttachPolicy { to: PrincipalName::user(USER), policy_arn };
    does(office, ops, &rights).await;
}

/// Lets the actor rename just before or after the first deny.
struct Renames {
    inner: Arc<dyn Contain>,
    when: When,
    done: AtomicBool,
    attacker: Arc<dyn Attacker>,
    key: Credential,
    lawful: (Visitor, Credential),
}

impl Renames {
    async fn at(&self, ticket: &Ticket, when: When) {
        let denies = matches!(ticket.action().change, Change::Deny { .. });
        if self.when == when && denies && !self.done.swap(true, Ordering::SeqCst) {
            let (office, ops) = &self.lawful;
            // Between the look at the user and the deny no time is left to anybody lawful.
            let lawful = (when != When::BeforeTheDeny).then_some((office, ops));
            rename(self.attacker.as_ref(), &self.key, lawful).await;
        }
    }
}

#[async_trait]
impl Contain for Renames {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        self.at(ticket, When::BeforeTheDeny).await;
        let applied = self.inner.apply(ticket).await;
        self.at(ticket, When::BeforeItCounts).await;
        applied
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        self.inner.eradicate_role()
    }

    fn recover_role(&self) -> Option<String> {
        self.inner.recover_role()
    }
}

struct Town {
    ground: Ground,
    office: Visitor,
    ops: Credential,
}

async fn town(seed: u64) -> Town {
    let mut kept = None;
    let account = SimAccount::new((seed, QUICK), LAG);
    let ground = leaked(account, |cloud: &Arc<SimCloud>, _| {
        let long_ago = "2024-01-01T00:00:00Z".parse().unwrap();
        let ops = NewUser::named("ops", long_ago).attached(ADMINISTRATOR);
        let (_, ops) = cloud.add_user(ops).unwrap();
        kept = Some((Visitor::new(cloud, OFFICE.0, OFFICE.1), ops));
    })
    .await;
    let (office, ops) = kept.unwrap();
    Town { ground, office, ops }
}

async fn state(ground: &Ground, user: &str) -> Photograph {
    photograph(ground.lookup.as_ref(), &PrincipalName::user(user)).await.unwrap()
}

/// The actor loses everything, who has the old name now keeps everything, and the undo gives the
/// user back what it had, under its new name.
async fn contained_whenever(seed: u64, when: When) {
    let Town { ground, office, ops } = town(seed).await;
    let before = state(&ground, USER).await;
    let thief = Arc::clone(&ground.attacker);
    let bureau = Bureau::open_with(
        &ground,
        |inner| {
            let (key, lawful) = (ground.key().clone(), (office.clone(), ops.clone()));
            let (attacker, done) = (Arc::clone(&thief), AtomicBool::new(false));
            Arc::new(Renames { inner, when, done, attacker, key, lawful }) as Arc<dyn Contain>
        },
        honest,
    )
    .await;
    if when == When::BeforeTheReport {
        rename(thief.as_ref(), ground.key(), Some((&office, &ops))).await;
    }
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let waits = |case: &Case| case.pending_plan().map(drop);
    bureau.wait(&case, "a plan waits", waits).await;
    if when == When::WhilePeopleDecide {
        rename(thief.as_ref(), ground.key(), Some((&office, &ops))).await;
    }
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    story::all_refused(&ground).await.unwrap_or_else(|why| panic!("{why}\n{}", journal(&now)));
    for (_, name) in NEW {
        let left = state(&ground, name).await;
        assert!(left.has_policy(&ground.deny_policy_arn), "{name} goes on\n{}", journal(&now));
        assert_eq!(left.active_keys().count(), 0, "{name} has a key\n{}", journal(&now));
    }
    let has_namesake = when != When::BeforeTheDeny;
    if has_namesake {
        let lawful = state(&ground, USER).await;
        assert!(lawful.has_policy(ADMINISTRATOR));
        assert!(
            !lawful.has_policy(&ground.deny_policy_arn),
            "a namesake is hit\n{}",
            journal(&now)
        );
        let key = Operation::CreateAccessKey { user: USER.to_owned() };
        let key = minted(&office, &ops, &key).await;
        ground.clock.sleep(2 * *LAG.end()).await;
        does(&office, &key, &Operation::ListBuckets).await;
    }
    assert!(story::step_failed(&now).is_none(), "nothing fails\n{}", journal(&now));
    if when != When::BeforeTheReport {
        let text = journal(&now);
        assert!(text.contains(NEW[0].1) && text.contains("renamed"), "people are told\n{text}");
    }

    story::undo(&bureau, &case).await;
    let after = state(&ground, NEW[0].1).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(differences(&before, &after), Vec::<String>::new(), "{}", journal(&now));
    if has_namesake {
        let lawful = state(&ground, USER).await;
        assert_eq!(lawful.active_keys().count(), 1, "a namesake is hit\n{}", journal(&now));
    }
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_renamed_before_anybody_knows() {
    contained_whenever(71, When::BeforeTheReport).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_renamed_while_people_decide() {
    contained_whenever(72, When::WhilePeopleDecide).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_renamed_between_approval_and_deny() {
    contained_whenever(73, When::BeforeTheDeny).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_renamed_before_the_deny_is_enforced() {
    contained_whenever(74, When::BeforeItCounts).await;
}
