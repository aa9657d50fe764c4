//! What must come out of a scenario, as its file says it.

use jiff::Timestamp;
use serde::Deserialize;

/// How a case of the scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Somebody used the key, and whatever grew out of it was contained.
    #[default]
    Contained,
    /// Nobody but its owner used the key, which the bot says; it was contained all the same.
    NoUseSeen,
    /// The key is of no account that the bot serves: nothing is offered and nothing is changed.
    NotOurs,
    /// The account does not know the key: nothing is offered and nothing is changed.
    Unknown,
}

/// What must come out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    #[serde(default)]
    pub outcome: Outcome,
    /// Credentials that the lineage must hold, by what the actor calls them or by their key ids.
    #[serde(default)]
    pub credentials: Vec<String>,
    /// Users, and roles as `role/NAME`, that the actor made.
    #[serde(default)]
    pub created: Vec<String>,
    /// Users, and roles as `role/NAME`, that must be contained.
    #[serde(default)]
    pub contained: Vec<String>,
    /// Users, and roles as `role/NAME`, that nobody may have changed.
    #[serde(default)]
    pub untouched: Vec<String>,
    /// The types of the resources that must be stopped.
    #[serde(default)]
    pub stopped: Vec<String>,
    /// Words that must stand in the channel of the case.
    #[serde(default)]
    pub says: Vec<String>,
    pub uses: Option<Uses>,
    #[serde(default)]
    pub answers: Vec<ExpectedAnswer>,
}

/// The calls that the key itself signed before the drill began.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uses {
    pub calls: u64,
    /// Those among them that failed.
    #[serde(default)]
    pub failed: u64,
    pub first: Moment,
    pub last: Moment,
}

/// A moment of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Moment {
    /// Hours before the drill began.
    HoursBefore {
        hours_before: u32,
    },
    At(Timestamp),
}

/// What the answer to one question of the catalogue must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedAnswer {
    /// Its id, such as `Q21`.
    pub question: String,
    /// Exactly so many rows.
    pub rows: Option<usize>,
    /// Of each of these some row must hold every value.
    #[serde(default)]
    pub holds: Vec<Vec<String>>,
    /// Of none of these may a row hold every value.
    #[serde(default)]
    pub lacks: Vec<Vec<String>>,
}

impl Outcome {
    /// Whether there is anything to contain.
    pub fn contains(self) -> bool {
        match self {
            Self::Contained | Self::NoUseSeen => true,
            Self::NotOurs | Self::Unknown => false,
        }
    }
}
