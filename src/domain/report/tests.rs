//! The story as people read it: the same journal, the same words, and nothing foreign live in them.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::facts::{Fact, Finding};
use crate::domain::ids::AccessKeyId;
use crate::domain::lineage::{Node, NodeKind};
use crate::domain::plan::PlanKind;
use crate::domain::reading::SurveyNote;
use crate::domain::record::{Actor, Entry};
use crate::domain::report::{
    SUMMARY_LINES_MAX, markdown, plan_words, status_words, summary, timeline,
};
use crate::domain::sample::{self, at, minted, opened, person, plan};
use crate::domain::signer::{Behind, Signer};
use crate::domain::step_result::StepResult;

fn then(case: &mut Case, who: Actor, seconds: i64, event: Event) {
    let entry = Entry { at: at(seconds), actor: who, place: None, delivery: None, event };
    let record = entry.chained(case.id().clone(), case.last_record());
    case.apply(&record).unwrap();
}

fn own(case: &mut Case, seconds: i64, event: Event) {
    then(case, Actor::Keyleak, seconds, event);
}

fn by(user: &str) -> Actor {
    Actor::Person { person: person(user), name: Some(user.to_owned()) }
}

fn node(id: &str) -> Node {
    minted(NodeKind::UserSession, id)
}

fn reading(records_read: u64, ids: &[&str]) -> Event {
    let survey = SurveyNote {
        exposed_since: None,
        cut_sha256: "00".to_owned(),
        rows: records_read,
        records_read,
        from: at(-900),
        to: at(900),
        watermark: Some(at(900)),
        ..sample::survey(ids.iter().map(|id| node(id)).collect())
    };
    Event::Surveyed { survey: Box::new(survey) }
}

/// Opened, approved by bob, both steps done, held and contained after 331 seconds.
fn contained() -> Case {
    let mut case = opened();
    own(&mut case, 2, Event::Validated);
    let proposed = plan(&case, PlanKind::Containment);
    let (number, hash) = (proposed.number, proposed.hash());
    own(&mut case, 3, Event::Proposed { plan: Box::new(proposed), hash: hash.clone() });
    then(&mut case, by("bob"), 20, Event::Approved { plan: number, hash: hash.clone() });
    for step in [0, 1] {
        let seconds = 21 + i64::from(step);
        let intent = Event::Intent { plan: number, step, attempt: 1, plan_hash: hash.clone() };
        own(&mut case, seconds, intent);
        let result = StepResult::Done { changed: true, how: None, request_id: None };
        own(&mut case, seconds, Event::Outcome { plan: number, step, attempt: 1, result });
    }
    own(&mut case, 30, reading(1, &[]));
    own(&mut case, 60, reading(12, &["ASIAQNZGKIQY56JQ0189"]));
    own(&mut case, 90, reading(40, &["ASIAQNZGKIQY56JQ0189"]));
    for check in 0..4 {
        own(&mut case, 322, Event::ReadBack { plan: number, check, drifts: Vec::new() });
    }
    own(&mut case, 322, Event::Held { plan: number });
    own(&mut case, 332, Event::Contained { plan: number, as_of: at(300) });
    case
}

#[test]
fn the_summary_of_a_contained_case_reads_like_this() {
    let case = contained();
    let hash = &case.plans().next().unwrap().hash[..12];
    let told = summary(&case, case.seq()).join("\n").replace(hash, "[hash]");
    insta::assert_snapshot!(told, @"
        Status: P2, contained as of 2026-09-21 14:18:20 UTC
        Key AKIA…7WML, owner not known, account not known
        Opened by ana at 2026-09-21 14:13:21 UTC; exposed since an unknown time
        Time to contain: 21 s to the last change, 5 min 21 s to read back and held, 5 min 31 s to proven by the trail
        14:13:22  keyleak finished the validation
        14:13:23  keyleak proposed plan 1 (containment, 2 steps, hash [hash]) (asked for by ana, needs 1 approval)
        14:13:40  bob approved plan 1 (hash [hash])
        14:13:41  keyleak did: Deny everything to user ci
        14:13:42  keyleak did: Make key AKIA…7WML of ci inactive
        14:13:50  keyleak read 1 record of the trail: 0 credentials and principals grew from the key
        14:14:20  keyleak read 12 records of the trail: 1 more credential or principal grew from the key (1 in all)
        14:18:42  keyleak says plan 1 is held
        14:18:52  keyleak says plan 1 is contained as of 2026-09-21 14:18:20 UTC
        Waiting: responders: walk the open phases, then close the case to have its report
        Waiting: recovery: not confirmed by the key's owner or an approver
        ");
}

#[test]
fn equal_journals_give_equal_words() {
    let (one, other) = (contained(), contained());
    assert_eq!(markdown(&one), markdown(&other));
    assert_eq!(summary(&one, one.seq()), summary(&other, other.seq()));
    let earlier = summary(&one, 4);
    assert!(!earlier.join("\n").contains("contained as of"), "it tells no more than it knew");
}

#[test]
fn a_reading_that_found_nothing_more_does_not_fill_the_summary() {
    let mut case = contained();
    for more in 0..40 {
        own(&mut case, 400 + more, reading(41, &["ASIAQNZGKIQY56JQ0189"]));
    }
    let lines = summary(&case, case.seq());
    assert!(lines.len() <= SUMMARY_LINES_MAX);
    assert_eq!(lines.iter().filter(|line| line.contains("of the trail")).count(), 2);
    assert!(lines.iter().any(|line| line.contains("bob approved")), "{lines:#?}");
    own(&mut case, 500, reading(50, &["ASIAQNZGKIQY56JQ0189", "ASIAQNZGKIQY56JQ0190"]));
    let told = timeline(&case, case.seq() - 1);
    assert!(told[0].what.contains("1 more credential or principal"), "{}", told[0].what);
}

#[test]
fn a_busy_case_still_fits_on_a_phone_and_says_what_it_left_out() {
    let mut case = contained();
    for minute in 0..50 {
        then(&mut case, by("cyn"), 400 + minute, Event::Note { text: format!("look {minute}") });
    }
    let lines = summary(&case, case.seq());
    assert_eq!(lines.len(), SUMMARY_LINES_MAX);
    assert!(lines.iter().any(|line| line.contains("earlier steps are in the report")));
    assert!(lines.iter().any(|line| line.contains("look 49")), "the newest are kept");
}

#[test]
fn foreign_words_are_shown_in_the_report_and_do_nothing() {
    let mut case = contained();
    let text = "<!channel> [pay](https://evil.example) `x` <script>alert(1)</script>\n# head";
    then(&mut case, by("mallory*"), 400, Event::Note { text: text.to_owned() });
    let report = markdown(&case);
    for live in ["[pay](", "<script>", "<!channel>", "\n# head", "`x`"] {
        assert!(!report.contains(live), "{live:?} is live in the report");
    }
    assert!(report.contains("alert"), "and nothing is hidden");
}

#[test]
fn a_plan_that_did_not_come_about_says_what_is_not_so_and_nothing_of_the_containment() {
    let mut case = contained();
    let expired = |case: &mut Case, kind| {
        let proposed = plan(case, kind);
        let (number, hash) = (proposed.number, proposed.hash());
        own(case, 2_000, Event::Proposed { plan: Box::new(proposed), hash });
        own(case, 2_001, Event::Expired { plan: number });
        plan_words(case.plan(number).unwrap())
    };
    let undo = expired(&mut case, PlanKind::Undo);
    assert!(undo.contains("press Undo") && undo.ends_with("; nothing was undone"), "{undo}");
    let eradication = expired(&mut case, PlanKind::Eradication);
    assert!(eradication.ends_with("; nothing was deleted"), "{eradication}");
    let containment = expired(&mut case, PlanKind::Containment);
    assert!(containment.ends_with("for a new one; not contained"), "{containment}");
}

#[test]
fn contained_does_not_hide_what_people_decided_to_leave() {
    let mut case = contained();
    let mut asked = plan(&case, PlanKind::FollowUp);
    asked.steps.iter_mut().for_each(|step| step.action.on = sample::user("ops", "AIDA2"));
    let (number, hash) = (asked.number, asked.hash());
    own(&mut case, 340, Event::Proposed { plan: Box::new(asked), hash });
    let denied = Event::Denied { plan: number, reason: None };
    then(&mut case, by("bob"), 350, denied);
    let status = status_words(&case);
    assert!(status.starts_with("contained as of"), "{status}");
    assert!(status.ends_with("left alone by decision of people: user ops"), "{status}");
}

#[test]
fn a_session_is_told_by_whose_it_is_and_by_the_key_behind_it() {
    let mut case = sample::opened_for(sample::SESSION_KEY);
    let line = |case: &Case| summary(case, case.seq()).join("\n");
    assert!(line(&case).contains("owner not known"), "{}", line(&case));
    let key = AccessKeyId::parse(sample::KEY).unwrap();
    let behind = Behind::Key { key, arn: None, likely: true };
    let finding = Finding::Signer(Fact::Known(Signer { behind, ..sample::signer() }));
    own(&mut case, 9, Event::Found { finding });
    let told = line(&case);
    assert!(told.contains("a session of an assumed role (arn:aws:sts::"), "{told}");
    assert!(told.contains("behind it: long-term key AKIA…7WML, as it seems"), "{told}");
}
