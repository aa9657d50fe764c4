//! What a reading of the trail told, as far as a case remembers it.

use crate::domain::lineage::{MadeKey, MadePrincipal, Node};
use crate::domain::made_resources::MadeResources;
use crate::domain::query_cost::QueryCost;
use crate::domain::regular::RegularUse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many sessions of others are remembered of a role.
pub const OTHERS_MAX: usize = 20;

/// What a reading of the trail found, as far as the case must remember it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyNote {
    /// The cut of the trail in the evidence store.
    pub cut_sha256: String,
    pub rows: u64,
    pub records_read: u64,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Up to when the trail is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<Timestamp>,
    pub nodes: Vec<Node>,
    /// More was found than is kept here; all of it is in the cut.
    pub truncated: bool,
    pub cost: QueryCost,
    /// What was not looked at.
    pub gaps: Vec<String>,
    /// What was made before it counts as older in `nodes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed_since: Option<Timestamp>,
    /// From where the key was used regularly before; older notes do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regular: Option<RegularUse>,
    /// The last call of the key that succeeded; older notes do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Timestamp>,
    /// The first use unlike the key's regular ones that the trail tells, whether or not the case
    /// takes it for the exposure: after an approval it does not move what was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlike_use: Option<Timestamp>,
    /// Users that others than the actor made meanwhile, so that nobody suspects them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made_by_others: Vec<MadePrincipal>,
    /// Access keys that others than the actor made meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys_by_others: Vec<MadeKey>,
    /// Resources that the actor made or changed; older notes do not say.
    #[serde(default, skip_serializing_if = "MadeResources::is_empty")]
    pub resources: MadeResources,
    /// Sessions that others opened of the roles in `nodes`, by the role's immutable id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used_by_others: BTreeMap<String, Vec<String>>,
}

impl SurveyNote {
    /// What others than the actor made.
    pub fn of_others(&self) -> (&[MadePrincipal], &[MadeKey]) {
        (&self.made_by_others, &self.keys_by_others)
    }

    /// The sessions of others that it remembers, as `aws:userid`.
    pub fn sessions_of_others(&self) -> BTreeSet<String> {
        let of_role = |(role, names): (&String, &Vec<String>)| {
            names.iter().map(|name| format!("{role}:{name}")).collect::<Vec<_>>()
        };
        self.used_by_others.iter().flat_map(of_role).collect()
    }

    /// Whether it may remember only some of the sessions that others opened of the role of this
    /// one, so that nobody can say that none has the same name.
    pub fn may_be_shared(&self, user_id: &str) -> bool {
        let role = user_id.split(':').next().unwrap_or(user_id);
        self.used_by_others.get(role).is_some_and(|names| names.len() >= OTHERS_MAX)
    }
}

/// Where an answer's sentence goes on to say what was looked at.
pub const LOOKED_AT: &str = "Looked at ";

/// The answer to one question, as far as the case must remember it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerNote {
    /// The press that asked it.
    pub asked: u64,
    pub question: String,
    pub sentence: String,
    pub rows: u64,
    pub cut_sha256: String,
    /// The whole answer, as JSON, in the evidence store.
    pub answer_sha256: String,
    pub sql_sha256: String,
    pub watermark: Option<Timestamp>,
    /// The ATT&CK techniques that its rows may be signs of, by their ids in v18.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attack: Vec<String>,
    /// What was read for it; older notes do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<TrailView>,
}

/// What the reading of the trail could show that an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailView {
    /// For all questions of this reading together.
    pub bytes_scanned: u64,
    /// The first record of the trail, whoever it is about.
    pub first: Option<Timestamp>,
    /// The first data event; none means that reads of objects would not show.
    pub data_events_from: Option<Timestamp>,
    /// More was there than a limit let in.
    pub truncated: bool,
    /// Columns that the trail's table lacks and the question names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<String>,
}

impl AnswerNote {
    /// What the answer says, and what was looked at for it.
    pub fn told(&self) -> (&str, &str) {
        let at = self.sentence.find(LOOKED_AT).unwrap_or(self.sentence.len());
        let (told, looked_at) = self.sentence.split_at(at);
        (told.trim_end(), looked_at)
    }
}
