//! What somebody means to read of a trail or a log, before it is known what that costs.

use crate::domain::question::Times;
use crate::ports::trail::{CutReference, Deeds, Window};

/// What is to be read, as far as that may cost something.
#[derive(Debug, Clone, Copy)]
pub enum Planned<'a> {
    /// Both passes over the window of a key.
    Survey {
        window: Window,
        key_id: &'a str,
    },
    Deeds(&'a Deeds),
    RoleCalls {
        role: &'a str,
        window: Window,
    },
    /// A question, which costs something where it is about another log, or where the cut has more
    /// rows than are here.
    Question {
        cut: &'a CutReference,
        question: &'a str,
        times: &'a Times,
    },
}
