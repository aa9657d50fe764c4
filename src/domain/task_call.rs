//! A message that tells one person of a task, and its key.

use crate::domain::event::PostKey;
use crate::domain::task::Task;

const TASK: &str = "task-";
const GIVEN: &str = "given";

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// Somebody else gave it to them.
    Given,
    /// It is due, for the first time or again.
    Due(u32),
}

/// A call about the task that a record gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskCall {
    pub task: Task,
    /// The record that gave it.
    pub seq: u64,
    pub because: Because,
}

impl TaskCall {
    /// The key of its message: each call is made once.
    pub fn key(self) -> PostKey {
        let because = match self.because {
            Because::Given => GIVEN.to_owned(),
            Because::Due(time) => time.to_string(),
        };
        PostKey(format!("{TASK}{}-{}-{because}", self.seq, self.task.slug()))
    }

    /// Reads what [`Self::key`] writes.
    pub fn of_key(key: &PostKey) -> Option<Self> {
        let mut parts = key.0.strip_prefix(TASK)?.split('-');
        let (seq, task) = (parts.next()?.parse().ok()?, Task::from_slug(parts.next()?)?);
        let because = match parts.next()? {
            GIVEN => Because::Given,
            time => Because::Due(time.parse().ok()?),
        };
        Some(Self { task, seq, because })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_again_by_its_key() {
        for because in [Because::Given, Because::Due(1), Because::Due(3)] {
            let call = TaskCall { task: Task::DataRead, seq: 41, because };
            assert_eq!(TaskCall::of_key(&call.key()), Some(call));
        }
        for odd in ["task-", "task-x-data_read-1", "task-1-lunch-1", "tasks-impact", "card"] {
            assert_eq!(TaskCall::of_key(&PostKey(odd.to_owned())), None, "{odd}");
        }
    }
}
