//! The parts of a report that are lists: findings, plans, losses, and what is left to do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a phase found, with what anybody needs to look it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseFindings {
    pub phase: String,
    pub title: String,
    pub progress: String,
    pub found: String,
    /// Who pressed its button, and when.
    pub pressed: Vec<String>,
    pub answers: Vec<AnswerRow>,
    /// Questions that could not be answered, and why.
    pub failed: Vec<String>,
}

/// An answer of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRow {
    pub record: u64,
    pub question: String,
    pub sentence: String,
    pub rows: u64,
    pub answer_sha256: String,
    pub sql_sha256: String,
    /// Techniques that rows may be signs of; empty where there are no rows.
    pub attack: Option<String>,
}

/// What was read of the trail, and by which queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailRead {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Up to when it is complete.
    pub watermark: Option<Timestamp>,
    pub records_read: u64,
    pub rows: u64,
    pub cut_sha256: String,
    /// What it cost; empty where nothing is charged.
    pub cost: String,
    pub spent: Option<String>,
    pub queries: Vec<QueryRow>,
}

/// One query, so that anybody finds it in Athena's own history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryRow {
    pub id: String,
    pub days: Option<String>,
    pub read_for: String,
    pub bytes_scanned: Option<u64>,
    pub sql_sha256: String,
}

/// One credential or principal that grew from the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageNode {
    pub kind: String,
    /// Masked where it is a key id.
    pub id: String,
    pub minted_by: Option<String>,
    /// Which node of this list that is.
    pub parent: Option<usize>,
    pub depth: u32,
    pub via: String,
    pub made: Option<Timestamp>,
    pub standing: String,
    pub certain: bool,
    /// It was there before the exposure.
    pub older: bool,
    pub events: u64,
    pub why: String,
}

/// Something to look for elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Indicator {
    pub kind: String,
    pub value: String,
    pub source: String,
}

/// A technique of MITRE ATT&CK that rows may be signs of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttackTechnique {
    pub id: String,
    /// With v19's id and name where they differ.
    pub words: String,
    pub questions: Vec<String>,
}

/// A plan, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStory {
    pub number: u32,
    pub kind: String,
    pub hash: String,
    pub account: String,
    pub snapshot_sha256: String,
    pub asked_for_by: String,
    pub became: String,
    /// Changes, owners, approvals, break-glass, denial: one sentence each.
    pub decisions: Vec<String>,
    pub steps: Vec<StepStory>,
}

/// A step: planned, approved, carried out, read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepStory {
    pub number: u32,
    pub action: String,
    pub result: String,
    pub done_at: Option<Timestamp>,
    /// AWS's id of the call that made it.
    pub request_id: Option<String>,
    pub undo: String,
    pub reversible: bool,
    pub in_force: bool,
}

/// The nine impact questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    pub answers: Vec<ImpactRow>,
    /// The same in full, and every answer that a later one took the place of.
    pub lines: Vec<String>,
}

/// One of the nine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactRow {
    pub question: String,
    pub asked: String,
    /// `yes`, `no` or `not known`; absent while nobody answered.
    pub answer: Option<String>,
    pub by: Option<String>,
    /// The records that it rests on.
    pub rests_on: Vec<u64>,
    pub proposed: String,
    pub look_again: bool,
}

/// Something that the actor read or destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationItem {
    pub number: u32,
    pub what: String,
    /// Whether it was read, and so has to be changed; else it was destroyed.
    pub read: bool,
    pub owner: Option<String>,
    pub became: String,
    pub open: bool,
}

/// A gap that let this happen or grow, and what closes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionGap {
    pub id: String,
    pub fix: String,
    pub gap: String,
    /// Who said that it is in place; absent while it is open.
    pub done: Option<String>,
}

/// Something that somebody still has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenItem {
    pub area: String,
    pub what: String,
}

/// The long-term keys that are known beside the exposed one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    pub keys: Vec<KeyRow>,
    pub not_looked_at: Vec<String>,
}

/// A long-term key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// Masked.
    pub key: String,
    pub whose: String,
    pub state: String,
    pub created: Option<Timestamp>,
    /// When the case was opened.
    pub age_days: Option<i64>,
    pub replace_with: String,
}

/// Alarms to install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    pub covers: Vec<String>,
    /// One `CloudFormation` template, as JSON.
    pub cloud_formation: String,
}

/// When people look back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The last day, in UTC; absent while the case is open.
    pub by: Option<String>,
    pub business_days: u32,
    pub words: String,
}

/// What the report was drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    pub records: u64,
    /// The hash of the last record that the report is drawn from.
    pub head: String,
    pub verify: String,
}
