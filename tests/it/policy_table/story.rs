//! The people and the cases of the policy table: what Slack says, and what has happened so far.

use crate::bureau::caller_of;
use crate::council::{KEY, TEAM, plan};
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::action::{Action, Change};
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Opening};
use keyleak::domain::facts::{Fact, Finding, OwnerFinding};
use keyleak::domain::identity::AwsIdentity;
use keyleak::domain::ids::{AccessKeyId, CaseId, ChannelId, PersonId, UserName};
use keyleak::domain::operator::{Order, Signature};
use keyleak::domain::plan::{Plan, PlanKind, Step};
use keyleak::domain::policy::Policy;
use keyleak::domain::principal::PrincipalKind;
use keyleak::domain::proof::Caller;
use keyleak::domain::record::{Actor, Entry};
use keyleak::domain::resource_change::ResourceChange;
use keyleak::domain::roster::{NoAnswer, Roster, Standing};
use keyleak::domain::scan::Scan;
use keyleak::domain::spending_step::SpendingStep;
use keyleak::domain::step_result::StepResult;
use keyleak::domain::tier::Tier;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) const ROLES: [&str; 15] = [
    "requester",
    "approver",
    "other",
    "responder",
    "owner",
    "suspect",
    "guest",
    "external",
    "bot",
    "stranger",
    "stale",
    "empty",
    "unknown",
    "second",
    "operator",
];
const GROUPS: [&str; 2] = ["S0ONE", "S0TWO"];
const STALE: &str = "S0STALE";
const CHANNEL: &str = "C0CASE";

/// What is altered of the rules, to see that the table notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seam {
    AsItIs,
    /// Slack calls everybody a full member.
    AllMembers,
    /// Slack describes whom it does not know.
    Described,
    NoSuspects,
    NoKeyOwner,
    OneAccountEach,
    /// What is too old counts.
    NeverStale,
    NothingIsShared,
    /// The strangers are on every list.
    AllListed,
    /// An approver of one tier is one of all.
    OneList,
    /// An empty list is everybody.
    EmptyIsAll,
    AnyTeam,
}

pub(super) fn user(role: &str) -> String {
    format!("U0{}", role.to_uppercase())
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(super) fn person(user: &str) -> PersonId {
    PersonId { team: TEAM.to_owned(), user: user.to_owned() }
}

/// The policy and what Slack says of people.
pub(super) fn policy(role: &str, (tier, situation): (Tier, &str), seam: Seam) -> Policy {
    let mut listed: BTreeSet<String> =
        ["requester", "approver", "owner", "suspect", "guest", "external", "bot", "unknown"]
            .into_iter()
            .chain(["second", "operator", "first", "next"])
            .map(user)
            .collect();
    if seam == Seam::AllListed {
        listed.insert(user("stranger"));
    }
    let mut roster = Roster::new(SignedDuration::from_mins(15));
    let members: Vec<String> = listed.iter().cloned().collect();
    for group in GROUPS {
        roster.told_group(group, Ok(members.clone()), at(100));
    }
    let told = if seam == Seam::NeverStale { at(100) } else { at(-3_600) };
    roster.told_group(STALE, Ok(vec![user("stale")]), told);
    for role in ROLES.into_iter().chain(["first", "next"]) {
        let standing = match role {
            _ if seam == Seam::AllMembers => Standing::Member,
            "guest" => Standing::Guest,
            "bot" => Standing::Bot,
            "external" => Standing::Elsewhere,
            _ => Standing::Member,
        };
        let lost = NoAnswer { why: "users.info: timeout".to_owned(), for_now: true };
        let known = role != "unknown" || seam == Seam::Described;
        roster.told_person(&user(role), if known { Ok(standing) } else { Err(lost) }, at(100));
    }
    let shared = situation == "shared" && seam != Seam::NothingIsShared;
    roster.told_channel(&ChannelId(CHANNEL.to_owned()), Ok(shared), at(100));
    if situation == "groups" {
        listed = GROUPS.map(str::to_owned).into();
    }
    if role == "stale" {
        listed.insert(STALE.to_owned());
    }
    if role == "empty" {
        listed.clear();
    }
    if role == "empty" && seam == Seam::EmptyIsAll {
        listed.insert(user("empty"));
    }
    // Containments go by the list of all approvers, the other tiers by one each.
    let list = |of: Tier| {
        let other = role == "other" && (of != tier || seam == Seam::OneList);
        listed.iter().cloned().chain(other.then(|| user("other"))).collect::<BTreeSet<_>>()
    };
    let own = [Tier::Read, Tier::Resources, Tier::Irreversible];
    let second = (user("second"), user("requester"));
    let marked = if seam == Seam::NoSuspects { "nobody" } else { "suspect" };
    let owner = if seam == Seam::NoKeyOwner { "nobody" } else { "owner" };
    let accounts = if seam == Seam::OneAccountEach { BTreeMap::new() } else { [second].into() };
    Policy {
        team: if seam == Seam::AnyTeam && role == "external" { "T9" } else { TEAM }.to_owned(),
        responders: if role == "empty" { [].into() } else { [user("responder")].into() },
        approvers: list(Tier::Contain),
        approvers_of: own.map(|tier| (tier, list(tier))).into(),
        same_person: accounts,
        key_owners: [("ci".to_owned(), user(owner))].into(),
        suspects: [user(marked)].into(),
        ..Policy::default()
    }
    .as_of(&Arc::new(roster), at(200))
}

pub(super) fn caller(role: &str) -> Caller {
    if role == "external" {
        return caller_of("T9", &user(role));
    }
    if role != "operator" {
        return caller_of(TEAM, &user(role));
    }
    let arn = "arn:aws:iam::123456789012:user/ope".to_owned();
    let identity = AwsIdentity { arn, account: "123456789012".to_owned(), request_id: None };
    let signature = Signature {
        date: "20260801T100000Z".to_owned(),
        key_id: "ASIAQNZGKIQY56JQ7WML".to_owned(),
        session_token: None,
        hex: "0f".repeat(32),
    };
    let order = Order::MoveBrake { number: 1, frozen: true, why: "x".to_owned() };
    Caller::operator(&signature.confirmed(order, identity), person(&user(role)))
}

/// A case under way, record by record.
pub(super) struct Story(pub(super) Case);

impl Story {
    pub(super) fn begin() -> Self {
        let opening = Opening {
            key: AccessKeyId::parse(KEY).unwrap(),
            found_where: None,
            exposed_since: None,
            note: None,
            drill: false,
            endpoints: Vec::new(),
            shares_channel_of: None,
        };
        let entry = by("requester", Event::Opened(opening));
        let mut story = Self(Case::open(entry.chained(CaseId("kl-1".to_owned()), None)).unwrap());
        let (channel, name) = (ChannelId(CHANNEL.to_owned()), "kl-1".to_owned());
        story.add(Entry::own(at(1), Event::ChannelMade { channel, name }));
        let finding = Finding::Owner(Fact::Known(OwnerFinding {
            user: UserName("ci".to_owned()),
            user_id: "AIDA1".to_owned(),
            arn: "arn:aws:iam::029608264753:user/ci".to_owned(),
            created: None,
            owner_tag: None,
        }));
        story.add(Entry::own(at(1), Event::Found { finding }));
        story
    }

    pub(super) fn add(&mut self, entry: Entry) {
        let record = entry.chained(self.0.id().clone(), self.0.last_record());
        self.0.apply(&record).unwrap();
    }

    pub(super) fn reading(&mut self, situation: &str) {
        let scan = Scan {
            sql_sha256: "ab".repeat(32),
            from: at(-900),
            days: None,
            queries: 4,
            is_window: true,
            question: None,
            whole_cut: false,
            bytes: None,
            at_most: None,
            ask_above: 1,
        };
        let sql_sha256 = scan.sql_sha256.clone();
        let asked = SpendingStep::Asked { scan, requester: person(&user("requester")) };
        let spending = |step| Event::Spending { step: Box::new(step) };
        self.add(Entry::own(at(2), spending(asked)));
        match situation {
            "approved" | "overshoot" => {
                self.add(by("first", spending(SpendingStep::Allowed { sql_sha256 })));
            }
            "expired" => {
                self.add(Entry::own(at(3), spending(SpendingStep::Expired { sql_sha256 })))
            }
            _ => {}
        }
    }

    pub(super) fn planned(&mut self, (tier, situation): (Tier, &str), role: &str) {
        let plan = of_tier(tier, situation == "dry");
        let (number, hash, steps) = (plan.number, plan.hash(), plan.steps.len() as u32);
        self.add(Entry::own(at(2), Event::Proposed { plan: Box::new(plan), hash: hash.clone() }));
        let approved = |who: &str| by(who, Event::Approved { plan: number, hash: hash.clone() });
        let intent = |step| {
            let (attempt, plan_hash) = (1, hash.clone());
            Entry::own(at(4), Event::Intent { plan: number, step, attempt, plan_hash })
        };
        match situation {
            "approved" => self.add(approved(role)),
            "withdrawn" => {
                let who = if role == "requester" { "first" } else { role };
                self.add(approved(who));
                self.add(by(who, Event::Withdrawn { plan: number }));
            }
            "voided" => {
                let why = "the user was replaced".to_owned();
                self.add(Entry::own(at(3), Event::Voided { plan: number, why }));
            }
            "begun" | "overshoot" => {
                ["first", "next"].into_iter().for_each(|who| self.add(approved(who)));
                if situation == "begun" {
                    self.add(intent(0));
                }
            }
            "glass" => {
                let (hash, reason) = (hash.clone(), "nobody answers".to_owned());
                self.add(by("first", Event::GlassBroken { plan: number, hash, reason }));
                for step in 0..steps {
                    self.add(intent(step));
                    let result = StepResult::Done { changed: true, how: None, request_id: None };
                    let done = Event::Outcome { plan: number, step, attempt: 1, result };
                    self.add(Entry::own(at(5), done));
                }
            }
            _ => {}
        }
    }
}

pub(super) fn by(role: &str, event: Event) -> Entry {
    let actor = Actor::Person { person: person(&user(role)), name: None };
    Entry { actor, ..Entry::own(at(3), event) }
}

/// A plan that the requester asked for, and two others have to approve.
pub(super) fn of_tier(tier: Tier, dry_run: bool) -> Plan {
    let mut plan = Plan { case: CaseId("kl-1".to_owned()), dry_run, ..plan(at(0)) };
    plan.requested_by = person(&user("requester"));
    plan.approvals_needed = 2;
    plan.expires_at = at(3_600);
    let mut on = plan.steps[0].action.on.clone();
    on.kind = PrincipalKind::Resource;
    let change = match tier {
        Tier::Read | Tier::Contain => return plan,
        Tier::Resources => Change::Resource { change: ResourceChange::StopFunction },
        Tier::Irreversible => {
            plan.kind = PlanKind::Eradication;
            Change::DeleteResource
        }
    };
    plan.steps.push(Step { action: Action { on, change }, ..plan.steps[0].clone() });
    plan
}
