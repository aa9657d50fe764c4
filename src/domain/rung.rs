//! A rung of the ladder by which people are called to a plan that waits, and its message's key.

use crate::domain::event::PostKey;
use crate::domain::plan::PlanNumber;

const RUNG: &str = "rung-";

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Those who may still approve, once more.
    Again,
    /// The people who come next, too.
    Next,
}

/// A call for one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub plan: PlanNumber,
    pub rung: Rung,
}

impl Call {
    /// The key of its message: each call is made once.
    pub fn key(self) -> PostKey {
        let rung = match self.rung {
            Rung::Again => "again",
            Rung::Next => "next",
        };
        PostKey(format!("{RUNG}{}-{rung}", self.plan.0))
    }

    /// Reads what [`Self::key`] writes.
    pub fn of_key(key: &PostKey) -> Option<Self> {
        let (plan, rung) = key.0.strip_prefix(RUNG)?.split_once('-')?;
        let rung = match rung {
            "again" => Rung::Again,
            "next" => Rung::Next,
            _ => return None,
        };
        Some(Self { plan: PlanNumber(plan.parse().ok()?), rung })
    }
}
