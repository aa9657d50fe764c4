//! The recovery as people would say it: numbers that stay, words that count once, and silence.

use crate::domain::case::Case;
use crate::domain::digest::canonical;
use crate::domain::event::Event;
use crate::domain::facts::{Fact, Finding, OwnerFinding};
use crate::domain::fold::IllegalRecord;
use crate::domain::ids::UserName;
use crate::domain::leaked_key::fate;
use crate::domain::losses::{Loss, LossKind, Losses};
use crate::domain::plan::{Plan, PlanKind};
use crate::domain::policy::Policy;
use crate::domain::reading::SurveyNote;
use crate::domain::record::{Actor, Entry};
use crate::domain::recovering::{is_confirmed, open, silence, tally};
use crate::domain::recovery_step::{Again, RecoveryStep, Remedy, Replacement};
use crate::domain::refusal::Refusal;
use crate::domain::replacing;
use crate::domain::report::{markdown, recovery_lines, status_words};
use crate::domain::sample::{self, KEY, at, caller, opened, person, plan, propose, run};
use crate::domain::step_result::StepResult;
use jiff::Timestamp;
use std::collections::BTreeSet;

fn then(case: &mut Case, who: Actor, seconds: i64, event: Event) -> Result<(), IllegalRecord> {
    let entry = Entry { at: at(seconds), actor: who, place: None, delivery: None, event };
    case.apply(&entry.chained(case.id().clone(), case.last_record()))
}

fn own(case: &mut Case, seconds: i64, event: Event) {
    then(case, Actor::Keyleak, seconds, event).unwrap();
}

fn says(case: &mut Case, seconds: i64, step: RecoveryStep) -> Result<(), IllegalRecord> {
    let who = Actor::Person { person: person("bob"), name: Some("bob".to_owned()) };
    then(case, who, seconds, Event::Recovery { step: Box::new(step) })
}

fn loss(kind: LossKind, name: &str, seconds: i64) -> Loss {
    Loss {
        kind,
        name: name.to_owned(),
        service: "secretsmanager.amazonaws.com".to_owned(),
        call: "GetSecretValue".to_owned(),
        region: Some("us-east-1".to_owned()),
        account: None,
        by: "arn:aws:iam::029608264753:user/ci".to_owned(),
        from: None,
        first: at(seconds),
        last: at(seconds),
        event_id: None,
    }
}

fn losses(all: Vec<Loss>) -> Losses {
    Losses { all, more: false }
}

/// Writes down all that a reading found, and says in how many records.
fn found(case: &mut Case, seconds: i64, found: &Losses) -> usize {
    let mut records = 0;
    while let Some(step) = case.recovery().news(found, (case.exposed_since(), "00")) {
        own(case, seconds, Event::Recovery { step: Box::new(step) });
        records += 1;
        assert!(records < 100, "it comes to an end");
    }
    records
}

fn read(last_success: Option<Timestamp>) -> Event {
    let survey = SurveyNote {
        cut_sha256: "00".to_owned(),
        from: at(-900),
        to: at(900),
        watermark: Some(at(900)),
        exposed_since: None,
        last_success,
        ..sample::survey(Vec::new())
    };
    Event::Surveyed { survey: Box::new(survey) }
}

/// Contained 22 seconds after the sample's beginning.
fn contained() -> Case {
    let mut case = opened();
    own(&mut case, 2, Event::Validated);
    let proposed = plan(&case, PlanKind::Containment);
    let (number, hash) = (proposed.number, proposed.hash());
    own(&mut case, 3, Event::Proposed { plan: Box::new(proposed), hash: hash.clone() });
    let approved = Event::Approved { plan: number, hash: hash.clone() };
    let bob = Actor::Person { person: person("bob"), name: None };
    then(&mut case, bob, 20, approved).unwrap();
    for step in [0, 1] {
        let intent = Event::Intent { plan: number, step, attempt: 1, plan_hash: hash.clone() };
        own(&mut case, 21 + i64::from(step), intent);
        let result = StepResult::Done { changed: true, how: None, request_id: None };
        let outcome = Event::Outcome { plan: number, step, attempt: 1, result };
        own(&mut case, 21 + i64::from(step), outcome);
    }
    case
}

fn policy() -> Policy {
    let set = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect::<BTreeSet<_>>();
    Policy {
        team: "T1".to_owned(),
        responders: set(&["ana", "sus"]),
        approvers: set(&["bob", "sal"]),
        suspects: set(&["sus", "sal"]),
        sql_askers: BTreeSet::new(),
        ..Policy::default()
    }
}

#[test]
fn losses_keep_their_numbers_and_come_in_records_of_a_size_that_tables_take() {
    let mut case = opened();
    let name = |n: usize| loss(LossKind::Secret, &format!("s{n:03}"), 10);
    let first = losses((0..100).map(name).collect());
    assert_eq!(found(&mut case, 20, &first), 3);
    assert_eq!(found(&mut case, 30, &first), 0, "what is known is not written again");
    let second = losses(
        [loss(LossKind::Secret, "earlier", 5)].into_iter().chain(first.all.clone()).collect(),
    );
    assert_eq!(found(&mut case, 40, &second), 1);
    let recovery = case.recovery();
    assert_eq!(recovery.item(1).unwrap().loss.name, "s000");
    assert_eq!(recovery.item(101).unwrap().loss.name, "earlier");
    assert!(recovery.item(0).is_none() && recovery.item(102).is_none());
    let lines = recovery_lines(&case).join("\n");
    assert!(lines.contains("0 of 101 rotated") && lines.contains("101. secret earlier"), "{lines}");
}

#[test]
fn a_loss_is_settled_once_by_what_fits_it_until_the_actor_comes_back_to_it() {
    let mut case = opened();
    let table = loss(LossKind::Destroyed, "orders", 11);
    let lost = |seconds| losses(vec![loss(LossKind::Secret, "db", seconds), table.clone()]);
    found(&mut case, 20, &lost(10));
    let settled = |loss, remedy| RecoveryStep::Settled { loss, remedy };
    let open_to_that = Err(IllegalRecord::WrongState("a loss that is open to that"));
    assert_eq!(says(&mut case, 21, settled(2, Remedy::Rotate)), open_to_that);
    assert_eq!(says(&mut case, 21, settled(1, Remedy::Drop)), open_to_that);
    assert_eq!(says(&mut case, 21, settled(3, Remedy::Drop)), Err(IllegalRecord::NoSuchLoss(3)));
    let by_the_bot = Event::Recovery { step: Box::new(settled(1, Remedy::Rotate)) };
    let by_the_bot = then(&mut case, Actor::Keyleak, 21, by_the_bot);
    assert_eq!(by_the_bot, Err(IllegalRecord::NotAPerson));
    says(&mut case, 30, settled(1, Remedy::Rotate)).unwrap();
    assert_eq!(says(&mut case, 31, settled(1, Remedy::Rotate)), open_to_that);
    says(&mut case, 32, settled(2, Remedy::Rebuild)).unwrap();
    assert_eq!(open(&case), [""; 0]);

    assert_eq!(found(&mut case, 40, &lost(29)), 0, "read before the check-off, told after it");
    assert_eq!(tally(&case).rotated, 1);
    assert_eq!(found(&mut case, 50, &lost(31)), 1);
    assert_eq!((tally(&case).rotated, tally(&case).chosen), (0, 1));
    assert_eq!(open(&case), ["1 of 1 that the actor read not rotated"]);
    says(&mut case, 60, settled(1, Remedy::Rotate)).unwrap();
    assert_eq!(found(&mut case, 70, &lost(31)), 0, "it was not read again since");
}

#[test]
fn what_was_read_before_the_exposure_does_not_count_until_it_is_read_after() {
    let mut case = opened();
    found(&mut case, 20, &losses(vec![loss(LossKind::Secret, "db", 10)]));
    assert_eq!(tally(&case).read, 1);
    let ana = Actor::Person { person: person("ana"), name: None };
    let since = Event::Exposed { since: Some(at(15)), why: None, event_id: None };
    then(&mut case, ana, 21, since).unwrap();
    assert_eq!(tally(&case).read, 0);
    assert_eq!(found(&mut case, 30, &losses(vec![loss(LossKind::Secret, "db", 16)])), 1);
    assert_eq!((tally(&case).read, case.recovery().item(1).unwrap().number), (1, 1));
}

#[test]
fn a_suspect_settles_and_confirms_nothing_and_an_old_button_neither() {
    let mut case = contained();
    found(&mut case, 30, &losses(vec![loss(LossKind::Secret, "db", 10)]));
    let seq = case.recovery().item(1).unwrap().seq;
    let settle =
        |user: &str, seq| policy().may_settle(&caller(user), &case, (1, seq, Remedy::Rotate));
    assert_eq!(settle("sus", seq), Err(Refusal::Suspect));
    assert_eq!(settle("eve", seq), Err(Refusal::NotListed));
    assert_eq!(settle("ana", seq - 1), Err(Refusal::OldCard));
    assert_eq!(settle("ana", seq), Ok(()));
    assert_eq!(policy().may_confirm(&caller("sal"), &case, None), Err(Refusal::Suspect));
    assert_eq!(policy().may_confirm(&caller("ana"), &case, None), Err(Refusal::NeitherOwner));
    assert_eq!(policy().may_confirm(&caller("bob"), &case, None), Ok(()));
    let owner = OwnerFinding {
        user: UserName("ci".to_owned()),
        user_id: "AIDA1".to_owned(),
        arn: "arn:aws:iam::029608264753:user/ci".to_owned(),
        created: None,
        owner_tag: None,
    };
    let mut owned = case.clone();
    own(&mut owned, 40, Event::Found { finding: Finding::Owner(Fact::Known(owner)) });
    let key_owners = [("ci".to_owned(), "olga".to_owned())].into();
    let known = Policy { key_owners, ..policy() };
    assert_eq!(known.may_confirm(&caller("olga"), &owned, None), Ok(()), "it is hers to say");
    let hers = known.may_settle(&caller("olga"), &owned, (1, seq, Remedy::Rotate));
    assert_eq!(hers, Err(Refusal::NotListed));
    let not_hers = policy().may_confirm(&caller("olga"), &owned, None);
    assert_eq!(not_hers, Err(Refusal::NeitherOwner), "the control: nobody says whose key it is");
    let early = policy().may_confirm(&caller("bob"), &opened(), None);
    assert_eq!(early, Err(Refusal::NeverContained));
}

#[test]
fn a_key_that_was_used_after_the_containment_is_never_confirmed_without_saying_so() {
    let mut case = contained();
    own(&mut case, 30, read(Some(at(19))));
    assert_eq!(silence(&case).unwrap().broken_at(), None, "its use before is no news");
    own(&mut case, 40, read(Some(at(25))));
    assert_eq!(silence(&case).unwrap().broken_at(), Some(at(25)));
    let confirm = |case: &Case, seen| policy().may_confirm(&caller("bob"), case, seen);
    assert_eq!(confirm(&case, None), Err(Refusal::OldCard), "a card that did not show it");
    assert_eq!(confirm(&case, Some(at(25))), Ok(()));
    let word = RecoveryStep::Confirmed { used_after: Some(at(25)), told_until: Some(at(900)) };
    says(&mut case, 50, word).unwrap();
    assert!(is_confirmed(&case));
    let report = markdown(&case);
    assert!(report.contains("ALTHOUGH the key was used at 2026-09-21 14:13:45 UTC"), "{report}");
    assert_eq!(confirm(&case, Some(at(25))), Err(Refusal::AlreadyConfirmed));
    own(&mut case, 60, read(Some(at(55))));
    assert!(!is_confirmed(&case), "used once more");
    assert_eq!(open(&case), ["the key was used again after the recovery was confirmed"]);
}

#[test]
fn an_undone_containment_vouches_for_nothing_and_stays_open() {
    let mut case = contained();
    own(&mut case, 30, read(Some(at(19))));
    let undo = plan(&case, PlanKind::Undo);
    let (number, _) = propose(&mut case, undo.clone());
    let status = status_words(&case);
    assert!(status.contains("(plan 1) done") && status.contains("undo (plan 2)"), "{status}");
    let bob = Actor::Person { person: person("bob"), name: None };
    then(&mut case, bob, 31, Event::Denied { plan: number, reason: None }).unwrap();
    let undo = Plan { number: case.next_plan_number(), ..undo };
    run(&mut case, undo);
    assert_eq!(silence(&case), None);
    assert_eq!(policy().may_confirm(&caller("bob"), &case, None), Err(Refusal::NeverContained));
    assert_eq!(open(&case), ["the containment was undone, so the leaked key may work again"]);
}

#[test]
fn the_commands_for_a_new_key_name_a_new_user_while_the_old_one_is_denied_and_show_no_secret() {
    let case = contained();
    let commands = replacing::commands(&case, Replacement::Key).join("\n");
    assert!(commands.contains("create-user") && commands.contains("set -o pipefail"), "{commands}");
    let first = commands.find("aws secretsmanager create-secret --name 'keyleak/<new user>' &&");
    let then = commands.find("| aws secretsmanager put-secret-value");
    assert!(first.is_some() && first < then, "no key without a secret for it: {commands}");
    assert!(replacing::limits(&case).join(" ").contains("a new key of it too"));
    let fresh = replacing::limits(&opened()).join(" ");
    assert!(!fresh.contains("denies"), "the control: nothing is denied yet: {fresh}");
}

#[test]
fn what_an_older_version_wrote_is_read_as_it_is() {
    let written = serde_json::to_value(read(None)).unwrap();
    assert!(written["survey"].get("last_success").is_none());
    let event: Event = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(canonical(&event), canonical(&written), "its hash stays the same");
    let bare = serde_json::json!({
        "kind": "recovery",
        "step": { "what": "found", "cut_sha256": "00", "in_all": 0, "losses": [] },
    });
    let event: Event = serde_json::from_value(bare.clone()).unwrap();
    assert_eq!(canonical(&event), canonical(&bare));
    let again = Again { loss: 1, at: at(1) };
    let text = serde_json::to_string(&again).unwrap();
    assert_eq!(serde_json::from_str::<Again>(&text).unwrap(), again);
}

#[test]
fn the_leaked_key_is_kept_until_the_case_is_closed_and_its_end_is_named_only_then() {
    let mut case = contained();
    let kept = fate(&case).unwrap();
    assert!(kept.contains("kept, inactive") && !kept.contains("delete-access-key"), "{kept}");
    let report = markdown(&case);
    assert!(report.contains("The leaked key is kept, inactive"), "{report}");
    let ana = Actor::Person { person: person("ana"), name: None };
    then(&mut case, ana, 60, Event::Closed { reason: None }).unwrap();
    let last = fate(&case).unwrap();
    assert!(last.contains("aws iam delete-access-key") && !last.contains(KEY), "{last}");
    assert_eq!(fate(&opened()), None, "the control: nobody made it inactive");
}
