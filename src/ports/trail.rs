//! What the use cases ask of CloudTrail, and what a place that holds its records must offer.

use crate::domain::address::AddressNote;
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::exposure::ExposureFinding;
use crate::domain::lineage::{Lineage, MadeKey, MadePrincipal, Subject};
use crate::domain::losses::{Bounds, Losses};
use crate::domain::made_resources::MadeResources;
use crate::domain::makers::ByOther;
use crate::domain::query_cost::QueryCost;
use crate::domain::question::{Question, Times};
use crate::domain::regular::RegularUse;
use crate::domain::scan::Forecast;
use crate::domain::trail_row::{Sighting, TrailRow};
use crate::domain::unsettled::Unsettled;
use crate::ports::activity::Activity;
use crate::ports::missing_column::MissingColumn;
use crate::ports::trail::planned::Planned;
use crate::ports::trail::rows::Rows;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub mod planned;
pub mod rows;

/// What a trail without a case table says to SQL.
const NO_SQL: &str = "this trail has no table that could be asked in SQL";

/// Why a trail could not answer; the text says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    #[error("the trail at {place} cannot be read ({reason}); check the path and its permissions")]
    Unreadable { place: String, reason: String },
    #[error(
        "the folder for temporary files cannot be written to ({reason}); it needs some 40 bytes for \
         each record, 2 KB for each that belongs to the case, and the objects of a trail in S3. Make \
         room in it, or name another by TMPDIR"
    )]
    NoRoom { reason: String },
    #[error("{place} is no table of CloudTrail's records that keyleak can read: it lacks {lacks}")]
    NotATrail { place: String, lacks: String },
    #[error("reading the trail was refused ({action}); grant it to the lookup role")]
    Denied { action: String },
    #[error("there is no question {id}; `keyleak queries list` lists them")]
    NoSuchQuestion { id: String },
    #[error("question {id} is not available: {needs}")]
    NotAvailable { id: String, needs: String },
    #[error("question {id} needs {parameter}, which is not known")]
    NeedsTime { id: String, parameter: String },
    #[error("the case table is no longer loaded; survey the trail again")]
    CutGone,
    #[error("the query would scan more than the limit ({reason}); narrow the window")]
    TooCostly { reason: String },
    #[error(
        "it would scan {scan}, which is more than the {limit} that one reading may by itself; an \
         approver allows it on the card"
    )]
    NotAllowed { scan: String, limit: String },
    #[error("the query was cancelled")]
    Cancelled,
    #[error("the question {id} failed on the case table: {reason}")]
    Question { id: String, reason: String },
    #[error("the trail did not answer ({reason}); it is safe to try again")]
    Unavailable { reason: String },
    #[error("reading the trail failed inside keyleak ({reason}); please report it")]
    Internal { reason: String },
}

/// A span of event times: from inclusive, to exclusive; none means open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Window {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl Window {
    /// What is read for a case: so much before it was opened, and all since the key is exposed.
    pub fn of_case(case: &Case, back: SignedDuration) -> Self {
        let earliest = case.opened_at() - back;
        let from = case.exposed_since().map_or(earliest, |since| since.min(earliest));
        Self { from: Some(from), to: None }
    }
}

/// Records that were not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub reason: String,
    pub count: u64,
    /// One place where it happened.
    pub example: String,
}

/// What was looked at; an answer without it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Objects (files) opened; read = used + skipped-with-reason.
    pub objects_read: u64,
    pub objects_used: u64,
    /// Records found in them; read = unique + duplicates + skipped-with-reason.
    pub records_read: u64,
    pub records_unique: u64,
    pub duplicates: u64,
    /// The first and last event times among the unique records.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub regions: Vec<String>,
    pub accounts: Vec<String>,
    /// The first data event; none means that reads of objects would not show.
    pub data_events_from: Option<Timestamp>,
    /// Objects that were not used, and why.
    pub skipped_objects: Vec<Skipped>,
    /// Records that were not used, and why.
    pub skipped: Vec<Skipped>,
    /// What a place of this kind never shows, whatever happened, and what this one leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// What no record here tells, since the table has no column for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_columns: Vec<MissingColumn>,
    /// Objects that changed while the trail was read.
    #[serde(default, skip_serializing_if = "Unsettled::is_settled")]
    pub unsettled: Unsettled,
}

/// What pass one found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sightings {
    pub rows: Vec<Sighting>,
    pub coverage: Coverage,
    pub cost: QueryCost,
    /// More callers were seen than the limit allows; the lineage may miss some.
    pub truncated: bool,
}

/// What pass two, or a question about changes, found: rows in a total order, exact duplicates
/// removed. Those of pass two may be more than memory holds, and come as `Rows`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cut<R = Vec<TrailRow>> {
    pub rows: R,
    pub cost: QueryCost,
    /// More rows existed than the limit allows.
    pub truncated: bool,
    /// What is not as pass one saw it.
    pub unsettled: Unsettled,
}

/// A question to a place: who made these changes to IAM about this target?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deeds {
    /// Exact call names, such as `DetachUserPolicy`.
    pub event_names: Vec<String>,
    /// A user name, role name or ARN, policy, or key id the call must be about.
    pub target: String,
    pub window: Window,
}

/// What the sessions of a role changed, or tried to, in time order, exact duplicates removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleCalls {
    pub rows: Vec<TrailRow>,
    /// What was looked at to find them.
    pub coverage: Coverage,
    pub cost: QueryCost,
    /// The role made more calls than the limit allows.
    pub truncated: bool,
}

/// A place that holds CloudTrail records: delivered objects here, or Athena over them.
#[async_trait]
pub trait Source: Send + Sync {
    /// Pass one: every call that makes or ends a credential or principal, and how much each caller
    /// was seen.
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError>;

    /// The same for one key; a place that answers by name alone begins with this one.
    async fn sightings_of(&self, _key_id: &str, window: Window) -> Result<Sightings, TrailError> {
        self.sightings(window).await
    }

    /// Pass two: the rows of the subject and of its addresses.
    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError>;

    /// Successful calls about one target, by anyone, in time order.
    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError>;

    /// Every changing call of a role's sessions, refused ones included.
    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError>;

    /// What this would scan, of a table whose day is known to weigh so much; none where it is free.
    async fn forecast(
        &self,
        _planned: Planned<'_>,
        _bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        Ok(None)
    }
}

/// What to survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyRequest {
    /// The exposed key.
    pub key_id: String,
    pub window: Window,
    /// What was made before it is listed and flagged as older.
    pub exposed_since: Option<Timestamp>,
    /// Sessions that expire after it are live.
    pub as_of: Timestamp,
}

/// Names one cut: its rows are evidence, and the hash shows that they are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CutReference {
    /// SHA-256 over the canonical rows, in lower-case hex.
    pub sha256: String,
    pub rows: u64,
    pub truncated: bool,
}

/// The answer to "what did this key do, and what grew out of it?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    pub coverage: Coverage,
    pub activity: Activity,
    pub lineage: Lineage,
    pub cut: CutReference,
    /// The newest event time seen.
    pub watermark: Option<Timestamp>,
    /// Since when the key is exposed, as its uses tell.
    #[serde(default)]
    pub exposure: ExposureFinding,
    /// From where the key was used regularly before.
    #[serde(default)]
    pub regular: RegularUse,
    /// Users that somebody outside the lineage made in the window.
    #[serde(default)]
    pub made_by_others: Vec<ByOther<MadePrincipal>>,
    /// Access keys that somebody outside the lineage made in the window.
    #[serde(default)]
    pub keys_by_others: Vec<ByOther<MadeKey>>,
    /// Sessions of roles that somebody outside the lineage opened in the window, as `aws:userid`.
    #[serde(default)]
    pub sessions_of_others: BTreeSet<String>,
    pub cost: QueryCost,
    /// Some limit was met: the survey is a part of the truth.
    pub truncated: bool,
}

/// One value of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
}

/// The rows a question gave, and what they mean.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The question's id, such as `Q10`.
    pub question: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// Rows beyond those, which nobody is to be shown.
    #[serde(skip)]
    pub more: u64,
    /// One sentence that says what the rows mean, or what was looked at when there are none.
    pub sentence: String,
    /// More rows existed than are shown.
    pub truncated: bool,
    /// SHA-256 of the SQL that was run.
    pub sql_sha256: String,
    /// The ATT&CK techniques that the rows may be signs of, by their ids in v18.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attack: Vec<String>,
    /// Columns that the trail's table lacks and the question names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<String>,
    /// The SQL of a question of people's own: its file may be another one in a year, and only the
    /// program's are kept with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_sql: Option<String>,
    /// What the people's own databases know of addresses in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressNote>,
    /// The tables in Athena of the whole cut, where it was asked there and not of the rows here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_cut: Option<String>,
    /// What asking another log, or the whole cut, cost; the case table costs nothing to ask.
    #[serde(default, skip_serializing_if = "QueryCost::is_nothing")]
    pub cost: QueryCost,
}

impl Cell {
    /// The text that it holds, if it holds text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Integer(_) | Self::Real(_) => None,
        }
    }
}

/// What the use cases need of a trail.
#[async_trait]
pub trait Trail: Send + Sync {
    /// Every question that can be asked, in the order in which they are listed.
    fn catalogue(&self) -> &[Question];

    /// Why a question of the catalogue cannot be asked here at all, and what it needs.
    fn lacks(&self, question: &Question) -> Option<String>;

    /// The ids of the questions that serve a phase and can be asked with these times, in order.
    fn questions(&self, phase: Phase, times: &Times) -> Vec<String>;

    /// Reads the trail in two passes and keeps the cut ready for questions.
    async fn survey(&self, request: &SurveyRequest) -> Result<Survey, TrailError>;

    /// The same for whoever waits for a plan, from a faster place that costs nothing and shows
    /// less; none where there is no such place, or it has no call of the key.
    async fn first_look(&self, _request: &SurveyRequest) -> Option<Survey> {
        None
    }

    /// Asks one question of a cut that was surveyed before.
    async fn ask(
        &self,
        cut: &CutReference,
        question: &str,
        times: &Times,
    ) -> Result<Answer, TrailError>;

    /// The same of the rows that were read, however many more the cut has.
    async fn ask_rows(
        &self,
        cut: &CutReference,
        question: &str,
        times: &Times,
    ) -> Result<Answer, TrailError> {
        self.ask(cut, question, times).await
    }

    /// Whether this SQL can be asked of a case table, or what is wrong with it, in words.
    fn check_sql(&self, _sql: &str) -> Result<(), String> {
        Err(NO_SQL.to_owned())
    }

    /// Asks the rows that were read in a person's own SQL, within the limits of such questions;
    /// `id` names the answer.
    async fn ask_in_sql(
        &self,
        _cut: &CutReference,
        (id, _sql): (&str, &str),
    ) -> Result<Answer, TrailError> {
        Err(TrailError::NotAvailable { id: id.to_owned(), needs: NO_SQL.to_owned() })
    }

    /// Takes away what was made elsewhere for the questions about a key; its case is closed.
    async fn let_go(&self, _key_id: &str) -> Result<(), TrailError> {
        Ok(())
    }

    /// What the actor read and destroyed, from a cut that was surveyed before.
    async fn losses(&self, cut: &CutReference, bounds: Bounds) -> Result<Losses, TrailError>;

    /// The resources that the actor made or changed, from a cut that was surveyed before.
    async fn resources(
        &self,
        cut: &CutReference,
        bounds: Bounds,
    ) -> Result<MadeResources, TrailError>;

    /// The cut as one file (JSON lines), to keep as evidence; its SHA-256 is the cut's.
    async fn evidence(&self, cut: &CutReference) -> Result<Vec<u8>, TrailError>;

    /// Loads an evidence file again, after a restart; `looked_at` ends every answer's sentence.
    async fn restore(&self, file: Vec<u8>, looked_at: &str) -> Result<CutReference, TrailError>;

    /// Successful calls about one target, by anyone, in time order: who reverted a containment?
    async fn who_did(&self, deeds: &Deeds) -> Result<Cut, TrailError>;

    /// Every changing call of a role's sessions, refused ones included: what did the bot do?
    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError>;

    /// What this would scan; none where it costs nothing.
    async fn forecast(
        &self,
        _planned: Planned<'_>,
        _bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        Ok(None)
    }
}
