//! The report of a case as one structure, which Markdown, JSON and HTML draw alike.
//!
//! Names of fields stay: programs read the JSON. Times are RFC 3339 in UTC, spans are whole
//! seconds, hashes are SHA-256 in lower-case hex, and key ids are masked. What is not known is an
//! absent value with a sentence beside it that says why.

use crate::domain::report::shape_parts::{
    Alerts, AttackTechnique, Chain, DetectionGap, Impact, Indicator, Inventory, LineageNode,
    OpenItem, PhaseFindings, PlanStory, Review, RotationItem, TrailRead,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The form of the JSON; it grows when a field changes its meaning.
pub const FORMAT: u32 = 1;

/// Everything that a report says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub format: u32,
    /// Practice, and to be kept out of every statistic.
    pub drill: bool,
    pub case: String,
    /// The exposed key, masked.
    pub key: String,
    pub header: Header,
    pub summary: Vec<String>,
    pub root_cause: RootCause,
    pub exposure: ExposureWindow,
    pub findings: Vec<Finding>,
    pub metrics: Vec<Metric>,
    pub figures: Vec<Figure>,
    pub charts: Vec<Drawing>,
    pub severity_over_time: Vec<String>,
    pub owner: Vec<String>,
    pub reporting_duties: Vec<String>,
    pub tasks: Vec<String>,
    pub timeline: Vec<TimelineEntry>,
    pub phases: Vec<PhaseFindings>,
    pub trail: Option<TrailRead>,
    /// Everything that grew from the key, nearest first.
    pub lineage: Vec<LineageNode>,
    pub indicators: Vec<Indicator>,
    pub attack: Vec<AttackTechnique>,
    pub plans: Vec<PlanStory>,
    pub impact: Impact,
    pub rotation: Vec<RotationItem>,
    pub recovery: Vec<String>,
    pub hardening: Vec<DetectionGap>,
    pub in_force: Vec<String>,
    pub not_known: Vec<String>,
    pub second_witness: Vec<String>,
    pub open_items: Vec<OpenItem>,
    /// Questions that people answer in the review.
    pub lessons: Vec<String>,
    pub inventory: Inventory,
    pub alerts: Alerts,
    pub review: Review,
    pub journal: Chain,
}

/// Which case it is, and who worked on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub status: String,
    pub severity: String,
    /// Which key, whose, in which account.
    pub subject: String,
    pub opened: String,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub roles: Vec<String>,
    pub handlers: Vec<String>,
    pub approvers: Vec<String>,
    pub account: Option<String>,
    pub time_to_contain: Option<String>,
    pub found_where: Option<String>,
    pub note: Option<String>,
    /// Endpoints other than AWS's and Slack's own.
    pub endpoints: Vec<String>,
}

/// What let the key out, in the playbook's words; people say it, nothing derives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootCause {
    /// The word; absent until somebody determined it.
    pub word: Option<String>,
    /// Who said it and when, or that it is not determined.
    pub said: String,
    pub choices: Vec<String>,
}

/// From the exposure to the proven containment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureWindow {
    pub exposed_since: Option<Timestamp>,
    pub how_known: String,
    pub detected_at: Timestamp,
    /// When the last change of the first containment was made.
    pub contained_at: Option<Timestamp>,
    /// As of when the trail proves it.
    pub proven_at: Option<Timestamp>,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Nobody looked, or what was looked at cannot tell.
    None,
    Low,
    Medium,
    High,
}

impl Confidence {
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One of the five findings of an investigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `vulnerability`, `exploits_and_tools`, `intent`, `attribution` or `damage`.
    pub id: String,
    pub title: String,
    pub confidence: Confidence,
    pub why: String,
    /// What is known, each with what it rests on.
    pub known: Vec<String>,
    pub not_known: Vec<String>,
}

/// A span of time that responders are measured by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    pub id: String,
    pub title: String,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Absent where an end is not known; `words` says why.
    pub seconds: Option<i64>,
    pub words: String,
}

/// A number that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    pub id: String,
    pub title: String,
    pub value: u64,
}

/// A chart, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    pub id: String,
    pub title: String,
    /// The figures; absent where there are none, and `words` says why.
    pub figures: Option<Figures>,
    pub words: String,
}

/// What is drawn: each series has one value for each category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// What a category is.
    pub x: String,
    pub y: String,
    pub categories: Vec<String>,
    pub series: Vec<Series>,
    /// Moments on the axis of time.
    pub marks: Vec<Mark>,
}

/// One colour of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub name: String,
    pub values: Vec<f64>,
}

/// A moment in a chart over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub label: String,
    pub at: Timestamp,
    /// Where it stands: 1.5 is the middle of the second category.
    pub position: f64,
}

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub at: Timestamp,
    pub actor: String,
    pub event: String,
    pub why: Option<String>,
    /// Words that a person added, or what became of them.
    pub said: Option<String>,
    pub record: u64,
    pub major: bool,
}
