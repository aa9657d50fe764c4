//! What each of the nine needs before an answer counts, and what a "no" may never rest on.

use super::*;
use crate::domain::event::Event;
use crate::domain::facts::{Alert, Fact, Finding};
use crate::domain::fold::IllegalRecord;
use crate::domain::impact_evidence::needed;
use crate::domain::policy::Policy;
use crate::domain::reading::{AnswerNote, TrailView};
use crate::domain::record::{Actor, Entry};
use crate::domain::refusal::Refusal;
use crate::domain::report::markdown;
use crate::domain::sample::{add, at as second, caller, opened, person};
use jiff::SignedDuration;

const EXFILTRATION: ImpactQuestion = ImpactQuestion::Exfiltration;

/// A reading that began before everything, with data events from its first day on.
fn view() -> TrailView {
    let first = Some(second(0) - SignedDuration::from_hours(48));
    let lacking = Vec::new();
    TrailView { bytes_scanned: 4_096, first, data_events_from: first, truncated: false, lacking }
}

fn answer(case: &mut Case, question: &str, (rows, view): (u64, Option<TrailView>)) -> u64 {
    let answer = AnswerNote {
        asked: 1,
        question: question.to_owned(),
        sentence: "what it says".to_owned(),
        rows,
        cut_sha256: "c".repeat(64),
        answer_sha256: "a".repeat(64),
        sql_sha256: "b".repeat(64),
        watermark: Some(second(40)),
        attack: vec!["T1530".to_owned()],
        view,
    };
    add(case, Actor::Keyleak, Event::Answered { answer: Box::new(answer) });
    case.seq()
}

/// Everything that the question needs, answered with no rows.
fn nothing_found(case: &mut Case, question: ImpactQuestion) {
    if question == ImpactQuestion::Alerts {
        let finding = Finding::GuardDuty(Fact::Known(Vec::new()));
        add(case, Actor::Keyleak, Event::Found { finding });
    }
    for needed in needed(question) {
        answer(case, needed.id, (0, Some(view())));
    }
}

fn word(question: ImpactQuestion, verdict: ImpactVerdict, why: Option<&str>) -> ImpactWord {
    ImpactWord { question, verdict, why: why.map(str::to_owned) }
}

fn no(question: ImpactQuestion) -> ImpactWord {
    word(question, ImpactVerdict::No, None)
}

/// Bob says it, and it is written down.
fn said(case: &mut Case, word: &ImpactWord) {
    let answer = Box::new(answered(case, word).unwrap());
    let bob = Actor::Person { person: person("bob"), name: Some("bob".to_owned()) };
    add(case, bob, Event::Impact { answer });
}

#[test]
fn a_no_counts_only_once_each_question_that_would_have_shown_a_yes_has_its_answer() {
    for question in ImpactQuestion::ALL {
        let mut case = opened();
        let refused = answered(&case, &no(question)).unwrap_err();
        let NoAnswer::NotAsked { what, .. } = &refused else { panic!("{refused}") };
        for needed in needed(question) {
            assert!(what.contains(needed.id), "{what}");
            assert!(refused.to_string().contains(needed.phase.title()), "{refused}");
        }
        // Words do not take the place of evidence.
        let with_words = word(question, ImpactVerdict::No, Some("I am quite sure of it"));
        assert!(matches!(answered(&case, &with_words), Err(NoAnswer::NotAsked { .. })));
        assert_eq!(proposal(&case, question).verdict, ImpactVerdict::NotKnown);

        nothing_found(&mut case, question);
        let counted = answered(&case, &with_words).unwrap();
        assert_eq!(counted.rests_on.len(), evidence(&case, question).len());
        match is_judged(question) {
            true => {
                let refused = answered(&case, &no(question)).unwrap_err();
                assert_eq!(refused, NoAnswer::Judged(question, ImpactVerdict::No));
                assert_eq!(proposal(&case, question).verdict, ImpactVerdict::NotKnown);
            }
            false => {
                assert!(answered(&case, &no(question)).is_ok(), "{question:?}");
                assert_eq!(proposal(&case, question).verdict, ImpactVerdict::No);
            }
        }
    }
}

#[test]
fn where_the_trail_could_not_have_shown_it_a_no_is_refused_and_not_known_says_why() {
    let late = second(0) + SignedDuration::from_hours(1);
    let none = TrailView { data_events_from: None, ..view() };
    let late = TrailView { data_events_from: Some(late), ..view() };
    let cut = TrailView { truncated: true, ..view() };
    let empty = TrailView { first: None, ..view() };
    let old = TrailView { lacking: vec!["additionaleventdata".to_owned()], ..view() };
    let began = Some(second(0) + SignedDuration::from_hours(72));
    let began = TrailView { first: began, ..view() };
    for (view, why) in [
        (Some(none), "no data events were recorded, which Q31 rests on"),
        (Some(late), "no data events were recorded before"),
        (Some(cut), "a limit cut the trail off, so Q31"),
        (Some(empty), "the trail held no record at all"),
        (Some(old), "the trail's table has no additionaleventdata, which Q31 rests on"),
        (Some(began), "the trail begins at"),
        (None, "an earlier version answered Q31"),
    ] {
        let mut case = opened();
        let bob = Actor::Person { person: person("bob"), name: None };
        let since = Some(second(0));
        add(&mut case, bob, Event::Exposed { since, why: None, event_id: None });
        nothing_found(&mut case, EXFILTRATION);
        assert!(answered(&case, &no(EXFILTRATION)).is_ok(), "with all of it there");
        answer(&mut case, "Q31", (0, view));
        for why_not in [None, Some("the bucket holds nothing")] {
            let refused = answered(&case, &word(EXFILTRATION, ImpactVerdict::No, why_not));
            let refused = refused.unwrap_err();
            assert!(matches!(refused, NoAnswer::CouldNotShow(_)), "{refused}");
            assert!(refused.to_string().contains(why), "{refused}");
        }
        let unknown = answered(&case, &word(EXFILTRATION, ImpactVerdict::NotKnown, None)).unwrap();
        assert!(unknown.because.contains(why), "{}", unknown.because);
    }
    // What needs no data events is told by a trail without them.
    let mut case = opened();
    let none = TrailView { data_events_from: None, ..view() };
    answer(&mut case, "Q40", (0, Some(none)));
    assert!(answered(&case, &no(ImpactQuestion::Guardrails)).is_ok());
}

#[test]
fn rows_speak_for_yes_and_words_alone_explain_them_away() {
    let mut case = opened();
    nothing_found(&mut case, EXFILTRATION);
    let yes = word(EXFILTRATION, ImpactVerdict::Yes, None);
    assert_eq!(answered(&case, &yes), Err(NoAnswer::Unfounded("exfiltration")));
    let seq = answer(&mut case, "Q31", (3, Some(view())));
    let counted = answered(&case, &yes).unwrap();
    assert_eq!((counted.proposed, counted.rests_on.contains(&seq)), (ImpactVerdict::Yes, true));
    let refused = answered(&case, &no(EXFILTRATION)).unwrap_err();
    assert!(refused.to_string().contains("Q31: 3 rows, so a \"no\" needs your words"), "{refused}");
    let why = Some("all three are the owner's own backup");
    assert!(answered(&case, &word(EXFILTRATION, ImpactVerdict::No, why)).is_ok());
}

#[test]
fn an_alert_is_a_yes_and_guard_duty_unread_is_no_no() {
    let question = ImpactQuestion::Alerts;
    let mut case = opened();
    nothing_found(&mut case, question);
    let unread = Finding::GuardDuty(Fact::Unknown("<!channel> denied".to_owned()));
    add(&mut case, Actor::Keyleak, Event::Found { finding: unread });
    let refused = answered(&case, &no(question)).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("GuardDuty could not be read"), "{refused}");
    assert!(!refused.contains("<!"), "what others say is not live in an answer: {refused}");
    let (source, title) = ("GuardDuty".to_owned(), "UnauthorizedAccess".to_owned());
    let alert = Alert { source, title, severity: None, at: None };
    let finding = Finding::GuardDuty(Fact::Known(vec![alert]));
    add(&mut case, Actor::Keyleak, Event::Found { finding });
    let proposal = proposal(&case, question);
    assert_eq!(proposal.verdict, ImpactVerdict::Yes);
    assert!(proposal.because.contains("GuardDuty: 1 alert"), "{}", proposal.because);
}

#[test]
fn a_later_answer_takes_the_place_of_the_first_and_both_stay_in_the_report() {
    let mut case = opened();
    nothing_found(&mut case, EXFILTRATION);
    assert_eq!(open(&case).len(), 9);
    said(&mut case, &no(EXFILTRATION));
    assert!(!open(&case).contains(&EXFILTRATION));
    let before = state(&case, EXFILTRATION).seq;

    answer(&mut case, "Q31", (2, Some(view())));
    let now = state(&case, EXFILTRATION);
    assert_eq!(now.news, ["Q31: 2 rows"]);
    assert!(now.seq > before && open(&case).contains(&EXFILTRATION), "it is open again");
    let report = markdown(&case);
    assert!(report.contains("LOOK AGAIN, since then: Q31: 2 rows"), "{report}");

    let why = Some("two objects went to an address abroad");
    said(&mut case, &word(EXFILTRATION, ImpactVerdict::Yes, why));
    let now = state(&case, EXFILTRATION);
    assert_eq!((now.earlier, now.news.len()), (1, 0));
    assert_eq!(now.answer.map(|(_, answer)| answer.verdict), Some(ImpactVerdict::Yes));
    let report = markdown(&case);
    let hashes = format!("answer SHA-256 {}, SQL SHA-256 {}", "a".repeat(64), "b".repeat(64));
    for said in [
        "YES, said bob (bob) at",
        "two objects went to an address abroad",
        "Before: exfiltration: NO, said bob",
        "keyleak proposed no (Q31, Q35, Q36 found nothing, and would have)",
        "4096 bytes scanned",
        &hashes,
        "services: Were services used that are not on the list of approved ones? OPEN",
        "Open: alerts, classification, services, configuration",
        "ATT&amp;CK v18: T1530 Data from Cloud Storage",
    ] {
        let said = said.replace("&amp;", "\\&");
        assert!(report.contains(&said), "{said}: {report}");
    }
}

#[test]
fn who_owns_the_key_or_saw_an_old_card_answers_nothing() {
    let mut case = opened();
    let responders = ["bob", "dan"].map(str::to_owned).into();
    let key_owners = [("ci".to_owned(), "dan".to_owned())].into();
    let team = "T1".to_owned();
    let policy = Policy { team, responders, key_owners, ..Policy::default() };
    add(&mut case, Actor::Keyleak, Event::Found { finding: crate::domain::sample::own("ci") });
    nothing_found(&mut case, EXFILTRATION);
    let word = no(EXFILTRATION);
    let judged =
        |case: &Case, who: &str, seen| policy.may_answer(&caller(who), case, (&word, seen));
    let seq = state(&case, EXFILTRATION).seq;
    assert_eq!(judged(&case, "dan", None), Err(Refusal::KeyOwner));
    assert_eq!(judged(&case, "eve", None), Err(Refusal::NotListed));
    assert!(judged(&case, "bob", Some(seq)).is_ok());
    answer(&mut case, "Q35", (0, Some(view())));
    assert_eq!(judged(&case, "bob", Some(seq)), Err(Refusal::OldCard));
    let mut fresh = opened();
    add(&mut fresh, Actor::Keyleak, Event::Validated);
    let none = judged(&fresh, "bob", None).unwrap_err();
    assert!(none.to_string().contains("Press Impact first"), "{none}");
}

#[test]
fn the_journal_takes_no_answer_that_rests_on_nothing_or_on_what_is_no_evidence() {
    let mut case = opened();
    nothing_found(&mut case, EXFILTRATION);
    let right = answered(&case, &no(EXFILTRATION)).unwrap();
    let taken = |answer: ImpactAnswer, actor: Actor| {
        let event = Event::Impact { answer: Box::new(answer) };
        let entry = Entry { at: second(60), actor, place: None, delivery: None, event };
        let record = entry.chained(case.id().clone(), case.last_record());
        let mut case = case.clone();
        case.apply(&record)
    };
    let bob = || Actor::Person { person: person("bob"), name: None };
    assert_eq!(taken(right.clone(), bob()), Ok(()));
    assert_eq!(taken(right.clone(), Actor::Keyleak), Err(IllegalRecord::NotAPerson));
    for rests_on in [vec![], vec![1], vec![99], vec![0]] {
        let wrong = ImpactAnswer { rests_on, ..right.clone() };
        assert_eq!(taken(wrong, bob()), Err(IllegalRecord::NoEvidence));
    }
}
