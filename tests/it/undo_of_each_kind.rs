//! Every kind of step is taken back field by field, and a state that moved on is told in full.

use crate::crowded::{ATTACHED_MAX, crowded};
use crate::roles::{ACCOUNT, trust};
use crate::sim_account::SimAccount;
use crate::simulated::QUICK;
use keyleak::domain::action::{Action, Change, SideCredential, SideKind};
use keyleak::domain::differences::{differences, three_way};
use keyleak::domain::force::as_left;
use keyleak::domain::ids::AccessKeyId;
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::revocation::Sessions;
use keyleak::domain::snapshot::{Photograph, Snapshot};
use keyleak::domain::undoing::{Undoing, undoing_steps};
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::{ADMINISTRATOR, DENY_ALL};
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use keyleak::sim::cloud::{LAG, SimCloud};
use std::collections::BTreeSet;
use std::sync::Arc;

const SESSION: (&str, &str) = ("trial", "of no plan");
/// Whom a session is open for while somebody else moves the account on.
const COLLEAGUE: &str = "ops";

/// An account with somebody in whom there is room for a deny, in whom there is only inline, in whom
/// there is none, and with a role.
struct Town {
    account: SimAccount,
    colleague: (Visitor, Credential),
    steps: Vec<(&'static str, Action)>,
}

impl Town {
    fn new(seed: u64) -> Self {
        let account = SimAccount::new((seed, QUICK), LAG);
        let cloud = Arc::clone(&account.cloud);
        let named = |name: &str| NewUser::named(name, account.long_ago());
        let user = |new: NewUser| cloud.add_user(new).unwrap();
        let (_, held) = user(named(COLLEAGUE).attached(ADMINISTRATOR));
        let mut plain = named("plain").attached(ADMINISTRATOR);
        plain.side.extend(SideKind::ALL.map(|kind| (kind, format!("{kind:?}-plain"), "x".into())));
        let (plain, key) = user(plain);
        let mut ten = named("ten");
        for number in 0..ATTACHED_MAX {
            let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
            ten.attached.push(cloud.add_policy(&format!("ten-{number}"), document).unwrap());
        }
        let (ten, _) = user(ten);
        let (full, _) = user(crowded(&cloud, named("full")));
        let long_ago = account.long_ago();
        let role = NewRole::trusting("deploy", &trust(ACCOUNT), long_ago).attached(ADMINISTRATOR);
        cloud.add_role(role).unwrap();
        let role = cloud.role_state("deploy").unwrap().principal();
        let steps = steps(&cloud, [plain, ten, full, role], &key);
        let colleague = (account.office(), held);
        Self { account, colleague, steps }
    }

    fn state(&self, on: &Principal) -> Photograph {
        let cloud = &self.account.cloud;
        let found = match on.kind {
            PrincipalKind::User => cloud.user_state(&on.name),
            PrincipalKind::Role => cloud.role_state(&on.name),
            PrincipalKind::Resource => None,
        };
        found.unwrap()
    }

    async fn carry_out(&self, action: &Action) {
        let now = self.account.clock.now();
        self.account.cloud.carry_out(SESSION, action, now).await.unwrap();
    }
}

/// Each step with the field that it changes.
fn steps(
    cloud: &SimCloud,
    [plain, ten, full, role]: [Principal; 4],
    key: &Credential,
) -> Vec<(&'static str, Action)> {
    let (policy_arn, inline_name) = (DENY_ALL.to_owned(), "KeyleakDeny-1".to_owned());
    let deny = || Change::Deny { policy_arn: policy_arn.clone(), inline_name: inline_name.clone() };
    let revoke = || Change::RevokeSessions {
        sessions: Sessions::Everyone,
        until: "2026-01-01T00:00:00Z".parse().unwrap(),
        inline_name: "KeyleakRevoke-1".to_owned(),
    };
    let side = |kind: SideKind| {
        let credential = SideCredential { kind, id: format!("{kind:?}-plain") };
        Change::DeactivateCredential { credential }
    };
    let tag =
        || Change::Quarantine { tag: "keyleak-quarantine".to_owned(), value: "kl-1".to_owned() };
    let key = AccessKeyId::parse(&key.access_key_id).unwrap();
    assert!(cloud.user_state("full").is_some());
    [
        ("attached policies", &plain, deny()),
        ("inline policies", &ten, deny()),
        ("permissions boundary", &full, deny()),
        ("attached policies", &role, deny()),
        ("access keys", &plain, Change::DeactivateKey { key }),
        ("service-specific credentials", &plain, side(SideKind::ServiceSpecific)),
        ("SSH keys", &plain, side(SideKind::SshKey)),
        ("signing certificates", &plain, side(SideKind::SigningCertificate)),
        ("inline policies", &plain, revoke()),
        ("inline policies", &role, revoke()),
        ("tags", &plain, tag()),
        ("tags", &role, tag()),
        ("trust policy", &role, Change::PutTrust { document: trust("210987654321") }),
    ]
    .map(|(field, on, change)| (field, Action { on: on.clone(), change }))
    .into()
}

/// What a containment does to an account; a new kind of change has to be thought of here.
fn kind(change: &Change) -> Option<&'static str> {
    match change {
        Change::Deny { .. } => Some("deny"),
        Change::DeactivateKey { .. } => Some("key"),
        Change::DeactivateCredential { .. } => Some("credential"),
        Change::RevokeSessions { .. } => Some("revocation"),
        Change::PutTrust { .. } => Some("trust"),
        Change::Quarantine { .. } => Some("tag"),
        // What is done to resources, and a key made, have stories of their own (`resources.rs`,
        // `replacement.rs`); what takes the others back; and what cannot be taken back.
        Change::Resource { .. }
        | Change::LiftDeny { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::LiftQuarantine { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => None,
    }
}

/// The names of the fields that differ.
fn fields(before: &Photograph, after: &Photograph) -> Vec<String> {
    let said = differences(before, after);
    said.iter().map(|said| said.split(": ").next().unwrap().to_owned()).collect()
}

fn undo(done: &Action, before: &Photograph, now: Photograph, town: &Town) -> Vec<Action> {
    let account = town.account.cloud.account();
    let snapshot = Snapshot { account, principals: vec![before.clone()] };
    let leaked = AccessKeyId::parse(&town.colleague.1.access_key_id).unwrap();
    let at = town.account.clock.now();
    let (handed_over, made, leaked) = (&[], &[], &leaked);
    let undoing = Undoing { before: &snapshot, now: &[now], handed_over, leaked, made, at };
    undoing_steps(&[(done, at)], undoing).into_iter().map(|step| step.action).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_gives_every_field_back_for_every_kind_of_step() {
    let town = Town::new(31);
    let kinds: BTreeSet<_> = town.steps.iter().filter_map(|(_, step)| kind(&step.change)).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    for (field, step) in &town.steps {
        let said = step.sentence();
        let before = town.state(&step.on);
        town.carry_out(step).await;
        let left = town.state(&step.on);
        assert_eq!(fields(&before, &left), [*field], "{said}: it changes this and nothing else");
        assert_eq!(differences(&as_left(&before, &left, &[step]), &left), [""; 0], "{said}");
        let back = undo(step, &before, left, &town);
        assert!(!back.is_empty(), "{said}");
        for action in &back {
            town.carry_out(action).await;
        }
        assert_eq!(differences(&before, &town.state(&step.on)), [""; 0], "{said}: all is back");
    }
}

/// Before each undo a colleague takes a policy away. That is told with all three states, and where
/// nobody did nothing is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_moved_on_is_told_in_three_ways_after_every_kind_of_step() {
    let town = Town::new(32);
    let (office, held) = &town.colleague;
    for (_, step) in &town.steps {
        let said = step.sentence();
        let before = town.state(&step.on);
        town.carry_out(step).await;
        let left = town.state(&step.on);
        assert_eq!(three_way(&before, &as_left(&before, &left, &[step]), &left), [""; 0], "{said}");
        let taken = before.attached.first().unwrap().arn.clone();
        let change = |from| Operation::DetachPolicy { from, policy_arn: taken.clone() };
        assert!(office.call(held, &change(step.on.key())).await.worked(), "{said}");
        let now = town.state(&step.on);
        let moved = three_way(&before, &as_left(&before, &now, &[step]), &now);
        let [told] = moved.as_slice() else { panic!("{said}: {moved:?}") };
        for part in ["attached policies: before the plan ", "; as the plan left it ", "; now "] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(told.split("; now ").next().unwrap().contains(&taken), "{told}");
        assert!(!told.split("; now ").nth(1).unwrap().contains(&taken), "{told}");
        for action in undo(step, &before, now, &town) {
            town.carry_out(&action).await;
        }
        let put = Operation::AttachPolicy { to: step.on.key(), policy_arn: taken };
        assert!(office.call(held, &put).await.worked(), "{said}");
    }
}
