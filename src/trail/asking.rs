//! What became of the questions that a command asked: answered, failed, or left out.

use crate::domain::plain_text::visible;
use crate::domain::question::{Question, Times};
use crate::ports::trail::{Answer, CutReference, Trail, TrailError};

/// Questions that were asked, and what came of each.
#[derive(Debug, Default)]
pub struct Asked {
    pub answers: Vec<Answer>,
    pub failed: Vec<Failed>,
    pub left_out: Vec<LeftOut>,
}

/// A question that was asked and not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub question: String,
    pub reason: String,
}

/// A question that could not be asked without a time that nobody told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub question: String,
    pub parameter: String,
}

impl LeftOut {
    /// The option that tells the time.
    pub fn flag(&self) -> String {
        format!("--{}", self.parameter.replace('_', "-"))
    }
}

/// Whether questions that need a time that is not known are a failure, or nobody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// Each was named.
    Fails,
    /// All were asked for, by somebody who need not know which need a time.
    IsLeftOut,
}

/// Asks each question; one that fails keeps no other from being answered.
pub async fn ask(
    trail: &dyn Trail,
    cut: &CutReference,
    questions: &[(Question, Without)],
    times: &Times,
) -> Asked {
    let mut asked = Asked::default();
    for (question, without) in questions {
        let id = question.id.clone();
        match trail.ask(cut, &question.id, times).await {
            Ok(answer) => asked.answers.push(answer),
            Err(TrailError::NeedsTime { parameter, .. }) => {
                let left = LeftOut { question: id, parameter };
                match without {
                    Without::IsLeftOut => asked.left_out.push(left),
                    Without::Fails => {
                        let reason = format!("it needs a time; give it with {}", left.flag());
                        asked.failed.push(Failed { question: left.question, reason });
                    }
                }
            }
            Err(TrailError::Question { reason, .. }) => {
                asked.failed.push(Failed { question: id, reason });
            }
            Err(error) => {
                asked.failed.push(Failed { question: id, reason: error.to_string() });
            }
        }
    }
    asked
}

impl Asked {
    /// The answers that have fewer rows than there are.
    pub fn cut(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|answer| answer.truncated)
    }

    /// Whether each question that was to be asked has all of its rows.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty() && self.cut().next().is_none()
    }

    /// What is missing, a line each, for whoever reads the answers.
    pub fn missing(&self) -> Vec<String> {
        let failed = self.failed.iter().map(|failed| {
            format!("question {} was not answered: {}", failed.question, visible(&failed.reason))
        });
        let cut = self.cut().map(|answer| {
            let rows = answer.rows.len();
            format!("the answer to {} is cut: there is more than its {rows} rows", answer.question)
        });
        failed.chain(cut).chain(self.unasked()).collect()
    }

    /// The questions that were left out, a line for each time that they need.
    fn unasked(&self) -> Vec<String> {
        let mut flags: Vec<String> = self.left_out.iter().map(LeftOut::flag).collect();
        flags.sort();
        flags.dedup();
        let line = |flag: &String| {
            let of = self.left_out.iter().filter(|left| left.flag() == *flag);
            let ids: Vec<&str> = of.map(|left| left.question.as_str()).collect();
            format!("not asked: {}; to ask them too give {flag} TIME", ids.join(", "))
        };
        flags.iter().map(line).collect()
    }
}
