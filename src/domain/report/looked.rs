//! What was looked at and found, with what anybody needs to look it up: hashes and query ids.

use crate::domain::attack::{self, technique};
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::ids::AccessKeyId;
use crate::domain::inquiry::ASKING;
use crate::domain::lineage::{Certainty, Node};
use crate::domain::query_cost::QueryRun;
use crate::domain::reading::AnswerNote;
use crate::domain::report::calls::{Calls, newest};
use crate::domain::report::exhibit::{Exhibits, SOURCES, told};
use crate::domain::report::shape_parts::{
    AnswerRow, AttackTechnique, Indicator, LineageNode, PhaseFindings, QueryRow, TrailRead,
};
use crate::domain::report::{cost, phases as by_phase};
use crate::domain::time_words::utc;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// More than that nobody pastes into a search; the evidence has all.
const INDICATORS_MAX: usize = 200;

/// Each phase with the answers that its button, or a question by its id, brought.
pub(super) fn phases(case: &Case) -> Vec<PhaseFindings> {
    let of_phase = |row: by_phase::PhaseRow<'_>| PhaseFindings {
        phase: row.phase.slug().to_owned(),
        title: row.phase.title().to_owned(),
        progress: row.progress.words().to_owned(),
        found: row.found.clone(),
        pressed: row
            .pressed
            .iter()
            .map(|press| format!("{} at {}", press.name, utc(press.at)))
            .collect(),
        answers: answers(case, row.phase),
        failed: case
            .questions_failed()
            .iter()
            .filter(|(_, question, _)| phase_of_failed(case, question) == row.phase)
            .map(|(_, question, why)| format!("{question}: {why}"))
            .collect(),
    };
    by_phase::rows(case).into_iter().map(of_phase).collect()
}

fn answers(case: &Case, phase: Phase) -> Vec<AnswerRow> {
    let of_phase = case.answers().iter().filter(|(_, note)| phase_of(case, note.asked) == phase);
    let row = |(record, note): &(u64, AnswerNote)| AnswerRow {
        record: *record,
        question: note.question.clone(),
        sentence: told(&note.sentence),
        rows: note.rows,
        answer_sha256: note.answer_sha256.clone(),
        sql_sha256: note.sql_sha256.clone(),
        attack: attack::line(&note.attack).filter(|_| note.rows > 0),
    };
    of_phase.map(row).collect()
}

/// The phase whose press asked it; what somebody asked by its id belongs to the scope.
fn phase_of(case: &Case, asked: u64) -> Phase {
    let pressed = |phase: &Phase| case.presses(*phase).iter().any(|press| press.seq == asked);
    ASKING.into_iter().find(pressed).unwrap_or(Phase::Scope)
}

/// A failure names the question alone: it belongs where that was answered, or to the scope.
fn phase_of_failed(case: &Case, question: &str) -> Phase {
    let asked = case.answers().iter().find(|(_, note)| note.question == question);
    asked.map_or(Phase::Scope, |(_, note)| phase_of(case, note.asked))
}

/// What was read of the trail.
pub(super) fn trail(case: &Case) -> Option<TrailRead> {
    let (_, survey) = case.survey()?;
    Some(TrailRead {
        from: survey.from,
        to: survey.to,
        watermark: survey.watermark,
        records_read: survey.records_read,
        rows: survey.rows,
        cut_sha256: survey.cut_sha256.clone(),
        cost: cost::words(&survey.cost),
        spent: cost::spent(case),
        queries: survey.cost.executions.iter().map(query).collect(),
    })
}

fn query(run: &QueryRun) -> QueryRow {
    QueryRow {
        id: run.id.clone(),
        days: run.days.clone(),
        read_for: run.reading.words().to_owned(),
        bytes_scanned: run.bytes_scanned,
        sql_sha256: run.sql_sha256.clone(),
    }
}

/// Everything that grew from the key, as the last reading of the trail tells.
pub(super) fn lineage(case: &Case) -> Vec<LineageNode> {
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, node) in nodes.iter().enumerate() {
        places.entry(node.id.as_str()).or_insert(place);
    }
    let of_node = |node: &Node| {
        let by = node.minted_by.as_deref();
        LineageNode {
            kind: node.kind.word().to_owned(),
            id: told(&masked(&node.id)),
            minted_by: by.map(|by| told(&masked(by))),
            parent: by.and_then(|by| places.get(by)).copied(),
            depth: node.depth,
            via: told(&node.via),
            made: node.made,
            standing: node.standing.word().to_owned(),
            certain: node.certainty == Certainty::Certain,
            older: node.older,
            events: node.events,
            why: told(&node.why),
        }
    };
    nodes.iter().map(of_node).collect()
}

/// Access key ids are masked in every text that leaves the journal.
pub(super) fn masked(id: &str) -> String {
    AccessKeyId::from_record(id).map_or_else(|| id.to_owned(), |key| key.to_string())
}

/// What others can look for: addresses, programs and principals of the actor.
pub(super) fn indicators(
    case: &Case,
    (exhibits, calls): (&Exhibits, Option<&Calls<'_>>),
) -> Vec<Indicator> {
    let survey = case.survey().map(|(_, survey)| survey);
    let regular = survey.and_then(|survey| survey.regular.as_ref());
    let own: BTreeSet<&str> = regular
        .map(|regular| regular.sources.iter().map(|source| source.address.as_str()).collect())
        .unwrap_or_default();
    let (record, used) = match (calls, newest(case, exhibits, SOURCES)) {
        (Some(calls), _) => {
            let used = calls.all.iter().map(|call| [call.address, call.agent]);
            (calls.record, used.collect())
        }
        (None, Some((record, rows))) => (record, rows.columns_of(["source_ip", "user_agent"])),
        (None, None) => (0, Vec::new()),
    };
    let source = format!("record {record}");
    let mut found = BTreeSet::new();
    for [address, agent] in used {
        // Where a service acts for somebody, its name stands in the place of an address.
        if address.parse::<IpAddr>().is_err() || own.contains(address) {
            continue;
        }
        let value = |kind: &str, value: &str| Indicator {
            kind: kind.to_owned(),
            value: told(value),
            source: source.clone(),
        };
        found.insert(value("address", address));
        if !agent.is_empty() {
            found.insert(value("user agent", agent));
        }
    }
    let made = survey.map(|survey| survey.nodes.as_slice()).unwrap_or_default().iter();
    let made = made.filter(|node| node.is_created() && !node.older);
    found.extend(made.filter(|node| node.certainty == Certainty::Certain).map(|node| {
        let value = told(&masked(node.arn.as_deref().unwrap_or(&node.id)));
        Indicator { kind: node.kind.word().to_owned(), value, source: "the lineage".to_owned() }
    }));
    found.into_iter().take(INDICATORS_MAX).collect()
}

/// The techniques that rows may be signs of, each with the questions that had rows.
pub(super) fn attack(case: &Case) -> Vec<AttackTechnique> {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (_, note) in case.answers().iter().filter(|(_, note)| note.rows > 0) {
        for id in &note.attack {
            found.entry(id).or_default().insert(note.question.clone());
        }
    }
    let row = |(id, questions): (&str, BTreeSet<String>)| AttackTechnique {
        id: id.to_owned(),
        words: technique(id).map_or_else(|| id.to_owned(), |technique| technique.words()),
        questions: questions.into_iter().collect(),
    };
    found.into_iter().map(row).collect()
}
