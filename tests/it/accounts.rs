//! Several accounts at once: each case is looked at and changed in its own, and in no other.

use crate::bureau::{APPROVER, ASKER, Bureau, honest, is_contained, journal};
use crate::ground::{Ground, USER};
use crate::sim_account::{ACCOUNT, SimAccount};
use crate::simulated::{QUICK, leaked, town};
use crate::story;
use async_trait::async_trait;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::elsewhere::letter;
use keyleak::domain::facts::Fact;
use keyleak::domain::ids::{AccountId, CaseId};
use keyleak::domain::membership::{Member, Membership};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::{PlanState, PlanStatus};
use keyleak::domain::principal::{PrincipalName, account_in};
use keyleak::domain::report;
use keyleak::flow::photograph::photograph;
use keyleak::ports::accounts::{Access, Accounts, Organization, Other};
use keyleak::ports::clock::Clock;
use keyleak::ports::cloud::{CallClass, Contain, Lookup};
use keyleak::sim::cloud::LAG;
use keyleak::sim::cloud::faults::Fault;
use keyleak::trail::local::LocalTrail;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The account beside the bot's own.
const OTHER: &str = "210987654321";

/// Two accounts that have users of the same names, each with a key that leaked.
async fn grounds(seed: u64) -> [Ground; 2] {
    let clock = Clock::accelerated(QUICK);
    let account = |number: &str, seed| SimAccount::numbered(number, (seed, clock), LAG);
    let own = leaked(account(ACCOUNT, seed), |_, _| {});
    let other = leaked(account(OTHER, seed + 1), |_, _| {});
    <[Ground; 2]>::from(tokio::join!(own, other))
}

fn access(lookup: &Arc<dyn Lookup>, contain: Option<&Arc<dyn Contain>>) -> Access {
    Access { lookup: Arc::clone(lookup), contain: contain.cloned() }
}

/// The bot at work in its own account, and with this way into the other.
async fn bureau([own, other]: &[Ground; 2], into_other: Access) -> Bureau {
    let name = Some("prod".to_owned());
    let others =
        BTreeMap::from([(AccountId(OTHER.to_owned()), Other { name, access: into_other })]);
    let accounts = Accounts::new(access(&own.lookup, Some(&own.contain)), None, others);
    let trail = honest(LocalTrail::new(vec![own.trail.clone(), other.trail.clone()]));
    Bureau::open_in(own, accounts, Some(trail)).await
}

/// What AWS Organizations would say of the other account, and the way into it by the pattern.
struct Pattern {
    told: Fact<Membership>,
    way: Access,
}

#[async_trait]
impl Organization for Pattern {
    async fn membership(&self, account: &AccountId) -> Fact<Membership> {
        match account.0 == OTHER {
            true => self.told.clone(),
            false => Fact::Known(Membership::Outside),
        }
    }

    async fn access(&self, _: &AccountId) -> Access {
        self.way.clone()
    }

    fn may_change(&self) -> bool {
        true
    }
}

fn member() -> Fact<Membership> {
    let text = |text: &str| Some(text.to_owned());
    let email = text("root@example.com");
    let state = text("ACTIVE");
    Fact::Known(Membership::Member(Member { name: text("prod"), email, state }))
}

fn denied() -> Fact<Membership> {
    Fact::Unknown("organizations:DescribeAccount: not permitted".to_owned())
}

/// The bot at work in its own account, with a pattern for all others and no section for any.
async fn by_pattern([own, other]: &[Ground; 2], told: Fact<Membership>, way: Access) -> Bureau {
    let accounts = Accounts::new(access(&own.lookup, Some(&own.contain)), None, BTreeMap::new());
    let accounts = accounts.of(Arc::new(Pattern { told, way }));
    let trail = honest(LocalTrail::new(vec![own.trail.clone(), other.trail.clone()]));
    Bureau::open_in(own, accounts, Some(trail)).await
}

async fn reported(bureau: &Bureau, ground: &Ground) -> CaseId {
    bureau.report(&ground.key().access_key_id, ground.since).await
}

/// Every step that was done is about a principal of this account, by its id.
async fn changed_only(case: &Case, ground: &Ground, account: &str) {
    let steps: Vec<_> = case.plans().flat_map(PlanState::done_steps).collect();
    assert!(!steps.is_empty(), "something was done");
    for (_, step, _) in steps {
        let on = &step.action.on;
        assert_eq!(account_in(&on.arn), Some(account), "{on:?}");
        let there = photograph(ground.lookup.as_ref(), &on.key()).await.unwrap();
        assert_eq!(there.id, on.id, "{on:?}");
    }
    assert!(case.plans().all(|state| state.plan.account.0 == account));
}

/// A sentence without the numbers by which its key and its account differ from another's.
fn without_ids(sentence: &str) -> String {
    let words = sentence.split_whitespace();
    let is_id = |word: &&str| word.contains('…') || word.contains(OTHER) || word.contains(ACCOUNT);
    words.filter(|word| !is_id(word)).collect::<Vec<_>>().join(" ")
}

async fn untouched(ground: &Ground) {
    let now = photograph(ground.lookup.as_ref(), &PrincipalName::user(USER)).await.unwrap();
    assert!(!now.has_policy(&ground.deny_policy_arn), "{:?}", now.attached);
    assert!(now.keys().iter().all(|key| key.active), "{:?}", now.keys());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_cases_of_two_accounts_are_contained_each_in_its_own() {
    let grounds = grounds(71).await;
    let [own, other] = &grounds;
    let bureau = bureau(&grounds, access(&other.lookup, Some(&other.contain))).await;
    let (first, second) = (reported(&bureau, own).await, reported(&bureau, other).await);
    story::approve(&bureau, &first, PlanKind::Containment).await;
    story::approve(&bureau, &second, PlanKind::Containment).await;
    for (case, ground, account) in [(&first, own, ACCOUNT), (&second, other, OTHER)] {
        bureau.wait(case, "contained", is_contained).await;
        story::all_refused(ground).await.unwrap_or_else(|why| panic!("{account}: {why}"));
        let now = bureau.desk.ledger.load(case).await.unwrap();
        changed_only(&now, ground, account).await;
    }
    let named = bureau.desk.ledger.load(&second).await.unwrap();
    let finding = named.facts().account_known().unwrap();
    assert_eq!((finding.ours, finding.name.as_deref()), (true, Some("prod")));
    // What is given back in one account is not given back in the other.
    let standing = story::standing(&bureau, &first).await;
    bureau.press(ASKER, ButtonAction::Undo(standing)).await;
    story::approve(&bureau, &first, PlanKind::Undo).await;
    let undone = |case: &Case| {
        let mut plans = case.plans();
        let is_done = |state: &PlanState| {
            state.plan.kind == PlanKind::Undo && state.status() == PlanStatus::Done
        };
        plans.any(is_done).then_some(())
    };
    bureau.wait(&first, "undone", undone).await;
    story::all_refused(other).await.unwrap_or_else(|why| panic!("{OTHER}: {why}"));
    bureau.close().await;
}

/// Sabotage: the role of the bot's own account stands under the number of the other one.
#[tokio::test(flavor = "multi_thread")]
async fn sabotage_with_the_roles_swapped_nothing_is_changed_and_the_case_says_so() {
    let grounds = grounds(73).await;
    let [own, other] = &grounds;
    let bureau = bureau(&grounds, access(&other.lookup, Some(&own.contain))).await;
    let case = reported(&bureau, other).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let why = bureau.wait(&case, "the step is refused", story::step_failed).await;
    assert!(why.contains(OTHER) && why.contains(ACCOUNT), "{why}");
    let over = |case: &Case| {
        let state = case.plans().next()?;
        matches!(state.status(), PlanStatus::Partly | PlanStatus::Done).then_some(())
    };
    bureau.wait(&case, "every step was tried", over).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(now.plans().flat_map(PlanState::done_steps).count(), 0, "{}", journal(&now));
    untouched(own).await;
    untouched(other).await;
    bureau.close().await;
}

/// Sabotage: the other account is looked at with the role of the bot's own.
#[tokio::test(flavor = "multi_thread")]
async fn sabotage_with_the_lookups_swapped_there_is_no_plan_for_the_namesake() {
    let grounds = grounds(75).await;
    let [own, other] = &grounds;
    let bureau = bureau(&grounds, access(&own.lookup, Some(&other.contain))).await;
    let case = reported(&bureau, other).await;
    let told = |case: &Case| case.not_proposed().map(|(_, why)| why.to_owned());
    let why = bureau.wait(&case, "there is no plan", told).await;
    assert!(why.contains("owner is unknown"), "{why}");
    untouched(own).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_contain_role_the_same_plan_is_a_dry_run_for_people_and_changes_nothing() {
    let grounds = grounds(77).await;
    let [own, other] = &grounds;
    let bureau = bureau(&grounds, access(&other.lookup, None)).await;
    let (first, second) = (reported(&bureau, own).await, reported(&bureau, other).await);
    let proposed = |case: &Case| case.pending_plan().map(story::address);
    let at = bureau.wait(&second, "a plan", proposed).await;
    let dry = bureau.wait(&second, "the dry run", |case| case.plan(at.plan).cloned()).await;
    assert!(dry.plan.dry_run && dry.plan.account.0 == OTHER, "{dry:?}");
    let said = bureau.answered(APPROVER, ButtonAction::Approve(at.clone())).await;
    assert!(said.as_deref().unwrap_or_default().contains("this is a dry run"), "{said:?}");
    let now = bureau.wait(&second, "the case", |case| Some(case.clone())).await;
    let said = report::whole_plan(&now, now.plan(at.plan).unwrap());
    for said_too in ["DRY RUN: nothing is changed", "aws iam attach-user-policy", "ci-deploy"] {
        assert!(said.contains(said_too), "{said_too}: {said}");
    }

    let plan = story::approve(&bureau, &first, PlanKind::Containment).await;
    bureau.wait(&first, "contained", is_contained).await;
    let real = bureau.wait(&first, "the plan", |case| case.plan(plan.plan).cloned()).await;
    let sentences = |state: &PlanState| -> Vec<String> {
        state.plan.steps.iter().map(|step| without_ids(&step.action.sentence())).collect()
    };
    assert!(!real.plan.dry_run, "in its own account it goes on changing");
    assert_eq!(sentences(&dry), sentences(&real), "the same plan");
    let after = bureau.wait(&second, "the case", |case| Some(case.clone())).await;
    assert!(after.plans().all(|state| !state.has_begun() && !state.is_approved()));
    untouched(other).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_only_the_pattern_reaches_is_contained_in_that_account() {
    for told in [member(), denied()] {
        let grounds = grounds(79).await;
        let [own, other] = &grounds;
        let way = access(&other.lookup, Some(&other.contain));
        let bureau = by_pattern(&grounds, told.clone(), way).await;
        let case = reported(&bureau, other).await;
        story::approve(&bureau, &case, PlanKind::Containment).await;
        bureau.wait(&case, "contained", is_contained).await;
        story::all_refused(other).await.unwrap_or_else(|why| panic!("{OTHER}: {why}"));
        let now = bureau.desk.ledger.load(&case).await.unwrap();
        changed_only(&now, other, OTHER).await;
        untouched(own).await;
        let found = now.facts().account_known().unwrap();
        // Where nobody tells, it counts that the account's own role lets keyleak in.
        assert_eq!((found.ours, found.organization.as_ref()), (true, Some(&told)));
        let name = told.known().map(|_| "prod");
        assert_eq!(found.called(), name);
        bureau.close().await;
    }
}

/// Sabotage: the pattern would lead into it, and its role would let keyleak in.
#[tokio::test(flavor = "multi_thread")]
async fn sabotage_an_account_outside_the_organization_is_not_ours_though_its_role_lets_us_in() {
    let grounds = grounds(81).await;
    let [own, other] = &grounds;
    let way = access(&other.lookup, Some(&other.contain));
    let bureau = by_pattern(&grounds, Fact::Known(Membership::Outside), way).await;
    let case = reported(&bureau, other).await;
    let told = |case: &Case| case.not_proposed().map(|(_, why)| why.to_owned());
    let why = bureau.wait(&case, "there is no plan", told).await;
    assert!(why.contains(OTHER) && why.contains("is not ours"), "{why}");
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(letter(&now).is_some(), "the letter to AWS is there");
    let way = bureau.desk.lookup(&now).await.map(drop).unwrap_err();
    assert!(way.message.contains("it is not of the organization"), "{way}");
    untouched(own).await;
    untouched(other).await;
    bureau.close().await;
}

/// The organization is not told, and the account has no role that lets keyleak in.
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_tells_and_no_role_lets_us_in_people_hear_both_and_what_to_do() {
    let grounds = grounds(83).await;
    let [own, other] = &grounds;
    // The role of the pattern leads elsewhere, which is no way into the other account.
    let way = access(&own.lookup, Some(&own.contain));
    let bureau = by_pattern(&grounds, denied(), way).await;
    let case = reported(&bureau, other).await;
    let told = |case: &Case| case.not_proposed().map(|(_, why)| why.to_owned());
    let why = bureau.wait(&case, "there is no plan", told).await;
    for words in [
        "which is not known to be ours: organizations:DescribeAccount: not permitted",
        &format!("its role leads to account {ACCOUNT}"),
        "install keyleak's roles there (keyleak manifest iam) and press Validation",
        "the letter to copy is in the channel",
    ] {
        assert!(why.contains(words), "{words}: {why}");
    }
    untouched(own).await;
    untouched(other).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_of_its_own_wins_over_the_pattern() {
    let [own, other] = grounds(85).await;
    let (wrong, right) = (access(&own.lookup, None), access(&other.lookup, None));
    let id = AccountId(OTHER.to_owned());
    let others = BTreeMap::from([(id.clone(), Other { name: None, access: right })]);
    let accounts = Accounts::new(access(&own.lookup, None), None, others);
    let told = Fact::Known(Membership::Outside);
    let accounts = accounts.of(Arc::new(Pattern { told: told.clone(), way: wrong }));
    let reached = accounts.reach(Some(&id)).await.unwrap().lookup.own_account().await.unwrap();
    assert_eq!(reached, id);
    let standing = accounts.standing(&id, None).await;
    assert_eq!((standing.ours, standing.organization), (true, Some(told)));
    assert_eq!(accounts.setting(&id, "contain_role"), format!("aws.accounts.{OTHER}.contain_role"));
    // The bot's own is never taken for one of the pattern.
    let own_id = AccountId(ACCOUNT.to_owned());
    let reached = accounts.reach(Some(&own_id)).await.unwrap().lookup.own_account().await;
    assert_eq!(reached.unwrap(), own_id);
    assert_eq!(accounts.setting(&own_id, "contain_role"), "aws.contain_role");
    let stranger = AccountId("333333333333".to_owned());
    let error = accounts.reach(Some(&stranger)).await.map(drop).unwrap_err();
    assert_eq!(error.class, CallClass::Denied);
    assert_eq!(accounts.setting(&stranger, "contain_role"), "aws.organization.contain_role");
}

#[tokio::test]
async fn only_what_the_organization_calls_its_own_is_served_beside_the_listed() {
    let [own, other] = grounds(87).await;
    let way = access(&other.lookup, None);
    let places = || BTreeSet::from([OTHER, "333333333333"].map(|id| AccountId(id.to_owned())));
    for (told, served) in [(member(), true), (denied(), false)] {
        let accounts = Accounts::only(access(&own.lookup, None));
        let accounts = accounts.of(Arc::new(Pattern { told, way: way.clone() }));
        let named = accounts.served_among(places()).await;
        let prod = named.get(&AccountId(OTHER.to_owned())).cloned().flatten();
        assert_eq!(prod.as_deref(), served.then_some("prod"));
        assert!(!named.contains_key(&AccountId("333333333333".to_owned())));
    }
}

#[tokio::test]
async fn while_the_bots_own_account_is_not_known_nothing_is_looked_for_in_it() {
    let (ground, cloud) = town(88, |_, user| user).await;
    let way = access(&ground.lookup, None);
    let accounts = Accounts::only(access(&ground.lookup, Some(&ground.contain)));
    let accounts = accounts.of(Arc::new(Pattern { told: member(), way }));
    cloud.inject("GetCallerIdentity", 1, Fault::Unavailable);
    let member = AccountId(OTHER.to_owned());
    let error = accounts.reach(Some(&member)).await.map(drop).unwrap_err();
    assert!(error.class.retryable(), "{error}");
    let reached = accounts.reach(Some(&member)).await.unwrap();
    assert!(reached.contain.is_none(), "by the pattern, and not with the bot's own rights");
}

/// AWS Organizations in an outage: it answers about one account, and about no other.
struct Outage(Pattern);

#[async_trait]
impl Organization for Outage {
    async fn membership(&self, account: &AccountId) -> Fact<Membership> {
        match account.0 == OTHER {
            true => self.0.membership(account).await,
            false => std::future::pending().await,
        }
    }

    async fn access(&self, account: &AccountId) -> Access {
        self.0.access(account).await
    }

    fn may_change(&self) -> bool {
        self.0.may_change()
    }
}

#[tokio::test]
async fn an_outage_of_the_organization_holds_up_for_one_limit_however_many_are_asked_about() {
    let (ground, _cloud) = town(89, |_, user| user).await;
    let way = access(&ground.lookup, None);
    let accounts = Accounts::only(way.clone());
    let accounts = accounts.of(Arc::new(Outage(Pattern { told: member(), way })));
    let silent = (0..19).map(|at| AccountId(format!("{at:012}")));
    let places: BTreeSet<_> = silent.chain([AccountId(OTHER.to_owned())]).collect();
    let began = Instant::now();
    let served = accounts.served_among(places).await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let asked: Vec<_> = served.keys().map(|id| id.0.as_str()).collect();
    assert_eq!(asked, [OTHER], "the one that was told of");
}
