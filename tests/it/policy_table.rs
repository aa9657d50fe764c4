//! The policy as a table: every role, tier and situation, each with the answer written by hand.

mod story;

use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::policy::{Choice, Wish, recorded};
use keyleak::domain::refusal::Refusal;
use keyleak::domain::tier::Tier;
use std::collections::BTreeMap;
use story::{ROLES, Seam, Story, at, by, caller, policy};

const EXPECTED: &str = include_str!("policy_table/expected.txt");

const SITUATIONS: [&str; 11] = [
    "fresh",
    "approved",
    "withdrawn",
    "expired",
    "voided",
    "begun",
    "overshoot",
    "groups",
    "shared",
    "dry",
    "glass",
];
const ACTIONS: [&str; 9] =
    ["act", "undo", "approve", "deny", "withdraw", "glass", "review", "close", "freeze"];
/// Names for several at once.
const SETS: [(&str, &[&str]); 6] = [
    ("plans", &["contain", "resources", "irreversible"]),
    ("pending", &["fresh", "approved", "withdrawn", "expired", "groups", "dry"]),
    ("later", &["voided", "begun", "overshoot"]),
    ("reading", &["fresh", "approved", "expired", "overshoot", "groups", "shared", "dry"]),
    (
        "any-plan",
        &[
            "fresh",
            "approved",
            "withdrawn",
            "expired",
            "groups",
            "dry",
            "shared",
            "voided",
            "begun",
            "overshoot",
        ],
    ),
    ("any", &ROLES),
];

type Answers = BTreeMap<(&'static str, Tier, &'static str, &'static str), String>;

/// What the rules say to one role, for each action.
fn judged(role: &str, (tier, situation): (Tier, &str), seam: Seam) -> [String; 9] {
    let nothing = || ACTIONS.map(|_| "-".to_owned());
    let is_nothing = match tier {
        Tier::Read => matches!(situation, "withdrawn" | "voided" | "begun" | "glass"),
        Tier::Contain | Tier::Resources => role == "requester" && situation == "approved",
        Tier::Irreversible => {
            role == "requester" && situation == "approved" || situation == "glass"
        }
    };
    if is_nothing {
        return nothing();
    }
    let (policy, caller) = (policy(role, (tier, situation), seam), caller(role));
    let mut story = Story::begin();
    let code =
        |answer: Result<(), Refusal>| answer.map_or_else(|why| code(&why), |()| "ok".to_owned());
    let simple = |case: &Case| {
        let close = policy.may_close(&caller, case);
        [policy.may_act(&caller), close, policy.may_freeze(&caller)].map(code)
    };
    if tier == Tier::Read {
        story.reading(situation);
        let seq = story.0.spending().not_allowed().next().map_or(0, |one| one.seq);
        let approve = code(policy.may_allow_reading(&caller, &story.0, seq).map(drop));
        let [act, close, freeze] = simple(&story.0);
        let [_, undo, _, deny, withdraw, glass, review, ..] = nothing();
        return [act, undo, approve, deny, withdraw, glass, review, close, freeze];
    }
    story.planned((tier, situation), role);
    let case = &story.0;
    let state = case.plan(PlanNumber(1)).unwrap();
    assert_eq!(state.plan.tier(), tier);
    let now = if situation == "expired" { at(3_600) } else { at(200) };
    let decide =
        |choice| code(policy.may_decide(&Wish { caller: &caller, choice, now }, case, state));
    let [act, close, freeze] = simple(case);
    [
        act,
        code(policy.may_undo(&caller, case)),
        decide(Choice::Approve),
        decide(Choice::Deny),
        decide(Choice::Withdraw),
        code(policy.may_break_glass((&caller, now), case, state)),
        code(policy.may_review(&caller, case, state)),
        close,
        freeze,
    ]
}

/// The answer's word in the table, by what the person reads.
fn code(why: &Refusal) -> String {
    let said = why.to_string();
    let words = [
        ("team", "not in the workspace that this bot serves"),
        ("member", "I work with full members of this workspace only"),
        ("unseen", "could not look up"),
        ("lapsed", "could not be looked up"),
        ("nobody", "nobody is configured as an approver"),
        ("list", "you are not an approver"),
        ("list", "you are not on the list"),
        ("shared", "shared with another organisation"),
        ("marked", "marked as a suspect"),
        ("owner", "the key belongs to you"),
        ("asked", "you asked for this plan"),
        ("again", "you have already approved"),
        ("none", "you have not approved this plan"),
        ("dead", "can no longer be decided"),
        ("begun", "execution has already begun"),
        ("dry", "this is a dry run"),
        ("noglass", "only a containment that can be undone may run on one person's word"),
        ("norev", "no break-glass of this plan that waits"),
        ("unrev", "waits for a review by another approver"),
        ("waits", "waits for a decision, and an undo would take its place"),
        ("way", "closing the case would stop it"),
        ("own", "would be read for what you asked"),
        ("noread", "no reading of the trail waits"),
    ];
    let found = words.iter().find(|(_, words)| said.contains(words));
    found.map_or_else(|| format!("? {said}"), |(code, _)| (*code).to_owned())
}

/// The table, and what is wrong with it by itself: a name that nobody has, a contradiction.
fn table(text: &str) -> (Answers, Vec<String>) {
    let (mut answers, mut complaints) = (Answers::new(), Vec::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('|').collect();
        let [roles, tiers, situations, said] = cells[..] else {
            complaints.push(format!("no row: {line}"));
            continue;
        };
        let said: Vec<&str> = said.split_whitespace().collect();
        if said.len() != ACTIONS.len() {
            complaints.push(format!("{} answers: {line}", said.len()));
            continue;
        }
        let tier = |name: &str| Tier::from_slug(name);
        for role in names(roles, &ROLES) {
            for tier in names(tiers, &Tier::ALL.map(Tier::slug)).into_iter().filter_map(tier) {
                for situation in names(situations, &SITUATIONS) {
                    for (action, said) in ACTIONS.into_iter().zip(&said) {
                        let key = (role, tier, situation, action);
                        let before = answers.insert(key, (*said).to_owned());
                        if before.is_some_and(|before| before != *said) {
                            complaints.push(format!("two answers: {key:?}"));
                        }
                    }
                }
            }
        }
    }
    (answers, complaints)
}

/// The names in a cell, sets spelt out; panics at one that is none.
fn names(cell: &str, all: &[&'static str]) -> Vec<&'static str> {
    let one = |name: &str| {
        let set = SETS.iter().find(|(set, _)| *set == name).map(|(_, names)| names.to_vec());
        let single = all.iter().find(|known| **known == name).map(|known| vec![*known]);
        set.or(single).unwrap_or_else(|| panic!("{name:?} is no name of {all:?}"))
    };
    cell.split(',').map(str::trim).flat_map(one).collect()
}

/// Every combination: that it has a row, and that the rules say what the row says.
fn differences(text: &str, seam: Seam) -> (usize, Vec<String>) {
    let (answers, mut complaints) = table(text);
    let mut combinations = 0;
    for role in ROLES {
        for tier in Tier::ALL {
            for situation in SITUATIONS {
                combinations += 1;
                let judged = judged(role, (tier, situation), seam);
                for (action, judged) in ACTIONS.into_iter().zip(judged) {
                    let at = (role, tier, situation, action);
                    match answers.get(&at) {
                        None => complaints.push(format!("no row for {at:?}")),
                        Some(said) if *said == judged => {}
                        Some(said) => complaints.push(format!("{at:?}: {judged}, not {said}")),
                    }
                }
            }
        }
    }
    (combinations, complaints)
}

#[test]
fn every_role_tier_and_situation_has_the_answer_that_was_written_down() {
    let (combinations, complaints) = differences(EXPECTED, Seam::AsItIs);
    assert_eq!(complaints, [""; 0]);
    assert_eq!(combinations, ROLES.len() * Tier::ALL.len() * SITUATIONS.len());
    println!(
        "{combinations} combinations of role, tier and situation, {} answers",
        9 * combinations
    );
}

#[test]
fn a_combination_without_a_row_and_two_rows_that_disagree_are_noticed() {
    let row = |begins: &str| EXPECTED.lines().find(|line| line.starts_with(begins)).unwrap();
    let gone = EXPECTED.replacen(row("bot                    | plans"), "# gone", 1);
    let (_, complaints) = differences(&gone, Seam::AsItIs);
    assert_eq!(complaints.len(), 3 * 10 * ACTIONS.len());
    assert!(complaints[0].starts_with("no row for (\"bot\""), "{complaints:?}");
    let second = "bot | contain | fresh | ok member member member member member member member ok";
    let (_, complaints) = differences(&format!("{EXPECTED}{second}\n"), Seam::AsItIs);
    let both = complaints.iter().filter(|one| one.starts_with("two answers")).count();
    assert_eq!(both, 2, "{complaints:?}");
}

#[test]
fn a_rule_that_is_broken_makes_the_table_fail() {
    for (seam, who) in [
        (Seam::AllMembers, &["guest", "bot"][..]),
        (Seam::Described, &["unknown"]),
        (Seam::NoSuspects, &["suspect"]),
        (Seam::NoKeyOwner, &["owner"]),
        (Seam::OneAccountEach, &["second"]),
        (Seam::NeverStale, &["stale"]),
        (Seam::AllListed, &["stranger"]),
        (Seam::OneList, &["other"]),
        (Seam::EmptyIsAll, &["empty"]),
        (Seam::AnyTeam, &["external"]),
        (Seam::NothingIsShared, &["approver", "requester", "second", "owner", "suspect"]),
    ] {
        let (_, complaints) = differences(EXPECTED, seam);
        for role in who {
            let of = |one: &&String| one.starts_with(&format!("({role:?}"));
            assert!(complaints.iter().any(|one| of(&one)), "{seam:?} hurts {role}: {complaints:?}");
        }
    }
}

#[test]
fn two_groups_of_one_person_are_one_approval_and_one_too_many_does_no_harm() {
    for (situation, role) in [("groups", "approver"), ("approved", "approver")] {
        let mut story = Story::begin();
        story.planned((Tier::Contain, situation), role);
        if situation == "groups" {
            let hash = story.0.plan(PlanNumber(1)).unwrap().hash.clone();
            story.add(by(role, Event::Approved { plan: PlanNumber(1), hash }));
        }
        assert!(
            recorded(&story.0, PlanNumber(1)).is_none(),
            "{situation}: one of two is not enough"
        );
        assert!(!story.0.plan(PlanNumber(1)).unwrap().is_approved());
    }
    let mut story = Story::begin();
    story.planned((Tier::Contain, "overshoot"), "approver");
    let hash = story.0.plan(PlanNumber(1)).unwrap().hash.clone();
    story.add(by("approver", Event::Approved { plan: PlanNumber(1), hash }));
    assert!(recorded(&story.0, PlanNumber(1)).is_some(), "three of two");
}
