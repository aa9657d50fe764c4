//! Updates over any order of events: few lines, the same words for the same journal.

use super::*;
use crate::domain::event::{Event, Phase, PostKey};
use crate::domain::facts::{Fact, Finding, LastUse};
use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::lineage::NodeKind;
use crate::domain::milestones::clock_key;
use crate::domain::plan::PlanKind;
use crate::domain::record::{Actor, Entry, Record};
use crate::domain::sample::{at, minted, opened, person, plan, survey};
use crate::domain::severity::Severity;
use crate::domain::step_result::StepResult;
use crate::domain::team_step::TeamStep;
use jiff::Timestamp;
use proptest::prelude::*;

const HOSTILE: &str = "<!channel>\n*all clear*\n<https://evil.example|here>";

fn write(case: &mut Case, when: Timestamp, event: Event) {
    let ana = Actor::Person { person: person("bob"), name: Some("Bob".to_owned()) };
    let entry = Entry { at: when, actor: ana, place: None, delivery: None, event };
    // What may not follow is left out: any order of events makes a journal.
    let _ = case.apply(&entry.chained(case.id().clone(), case.last_record()));
}

/// One of the things that happen in a case, by number.
fn happening(case: &Case, which: u8) -> Event {
    let number = case.plans().next_back().map(|state| state.plan.number);
    let hash = case.plans().next_back().map(|state| state.hash.clone()).unwrap_or_default();
    let plan_number = number.unwrap_or(crate::domain::plan::PlanNumber(1));
    let text = HOSTILE.repeat(9);
    match which % 14 {
        0 => Event::PhasePressed { phase: Phase::Containment },
        1 => Event::PhasePressed { phase: Phase::Scope },
        2 => Event::Validated,
        3 => {
            let plan = plan(case, PlanKind::Containment);
            Event::Proposed { hash: plan.hash(), plan: Box::new(plan) }
        }
        4 => Event::Approved { plan: plan_number, hash },
        5 => Event::Intent { plan: plan_number, step: 0, attempt: 1, plan_hash: hash },
        6 => Event::Outcome {
            plan: plan_number,
            step: 0,
            attempt: 1,
            result: StepResult::Failed { why: text, retryable: false, request_id: None },
        },
        7 => Event::Surveyed {
            survey: Box::new(survey(vec![minted(NodeKind::RoleSession, &format!("{which}"))])),
        },
        8 => Event::Note { text },
        9 => Event::NotProposed { why: text, eradication: false },
        10 => Event::Refused { what: "approve".to_owned(), why: text },
        11 => Event::Team {
            step: Box::new(TeamStep::Graded { severity: Some(Severity::P2), reason: text }),
        },
        12 => Event::Found {
            finding: Finding::LastUse(Fact::Known(LastUse {
                at: None,
                service: None,
                region: None,
            })),
        },
        _ => Event::SurveyFailed { why: text },
    }
}

fn posted(case: &mut Case, when: Timestamp, post: PostKey) {
    let (channel, message) = (ChannelId("C1".to_owned()), MessageTs("1.0".to_owned()));
    write(case, when, Event::Posted { post, channel, message, repeat_possible: false });
}

/// The case as another process reads it.
fn read_again(case: &Case) -> Case {
    let lines = case.records().iter().map(|record| serde_json::to_string(&**record).unwrap());
    let records: Vec<Record> = lines.map(|line| serde_json::from_str(&line).unwrap()).collect();
    Case::fold(records).unwrap()
}

proptest! {
    #[test]
    fn an_update_has_at_most_fifteen_lines_and_equal_journals_give_equal_words(
        story in proptest::collection::vec((any::<u8>(), 0i64..900), 0..60),
        told in proptest::collection::vec(0i64..9, 0..4),
    ) {
        let (mut case, mut now) = (opened(), 1);
        for (which, wait) in story {
            now += wait;
            let event = happening(&case, which);
            write(&mut case, at(now), event);
        }
        for mark in told {
            posted(&mut case, at(now + 1), clock_key(at(mark * 1_800)));
        }
        let again = read_again(&case);
        for record in case.records() {
            let upto = Point { at: record.at, seq: record.seq };
            let said = lines(&case, upto);
            prop_assert!(said.len() <= SUMMARY_LINES_MAX, "{said:#?}");
            prop_assert!(said.iter().all(|line| !line.contains('\n')), "{said:#?}");
            prop_assert!(said.iter().all(|line| line.chars().count() <= LINE_LENGTH_MAX));
            prop_assert_eq!(&lines(&again, upto), &said);
        }
    }
}

#[test]
fn what_was_told_before_is_not_told_again_and_nothing_is_left_out_between() {
    let mut case = opened();
    let note = |text: &str| Event::Note { text: text.to_owned() };
    write(&mut case, at(10), note("first"));
    let first = lines(&case, Point { at: at(1_800), seq: case.seq() });
    assert!(first[3].starts_with("New since the opening at 2026-09-21"), "{first:#?}");
    assert!(first[4].contains("noted: first"), "{first:#?}");
    posted(&mut case, at(1_801), clock_key(at(1_800)));
    write(&mut case, at(1_900), note("second"));
    let second = lines(&case, Point { at: at(3_600), seq: case.seq() });
    let said = second.join("\n");
    assert!(said.contains("noted: second") && !said.contains("noted: first"), "{said}");
    posted(&mut case, at(3_601), clock_key(at(3_600)));
    let third = lines(&case, Point { at: at(5_400), seq: case.seq() });
    assert!(third[3].starts_with("Nothing new since the update of"), "{third:#?}");
    let again = lines(&case, Point { at: at(3_600), seq: case.seq() - 1 });
    assert_eq!(again, second, "what was said at a time is said alike however much came since");
}
