//! What became of the questions that a command asked: answered, failed, or left out.

use crate::domain::plain_text::visible;
use crate::domain::question::{Question, Times};
use crate::ports::trail::{Answer, CutReference, Trail, TrailError};
use std::collections::BTreeSet;

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

/// A question that could not be asked, and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub question: String,
    pub needs: Needs,
}

/// What a question cannot be asked without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// A time that nobody told; the option that tells it.
    Time { option: String },
    /// The table of another log, in words.
    Log { words: String },
}

impl Needs {
    fn time(parameter: &str) -> Self {
        Self::Time { option: format!("--{}", parameter.replace('_', "-")) }
    }

    /// The option, or what to set.
    pub fn text(&self) -> &str {
        match self {
            Self::Time { option } => option,
            Self::Log { words } => words,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Time { option } => format!("needs a time; give it with {option} TIME"),
            Self::Log { words } => visible(words),
        }
    }
}

/// Whether a question that lacks something is a failure, or nobody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// Each was named.
    Fails,
    /// All were asked for, by somebody who need not know which need what.
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
                asked.lacks(id, Needs::time(&parameter), *without);
            }
            Err(TrailError::NotAvailable { needs, .. }) => {
                asked.lacks(id, Needs::Log { words: needs }, *without);
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
    fn lacks(&mut self, question: String, needs: Needs, without: Without) {
        match without {
            Without::IsLeftOut => self.left_out.push(LeftOut { question, needs }),
            Without::Fails => {
                let reason = format!("it {}", needs.words());
                self.failed.push(Failed { question, reason });
            }
        }
    }

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
            let rows = answer.count();
            format!("the answer to {} is cut: there is more than its {rows} rows", answer.question)
        });
        failed.chain(cut).chain(self.unasked()).collect()
    }

    /// The questions that were left out, a line for each thing that they need.
    fn unasked(&self) -> Vec<String> {
        let all: BTreeSet<&Needs> = self.left_out.iter().map(|left| &left.needs).collect();
        let line = |needs: &Needs| {
            let of = self.left_out.iter().filter(|left| left.needs == *needs);
            let ids: Vec<&str> = of.map(|left| left.question.as_str()).collect();
            match needs {
                Needs::Time { option } => {
                    format!("not asked: {}; to ask them too give {option} TIME", ids.join(", "))
                }
                Needs::Log { .. } => format!("not asked: {}; {}", ids.join(", "), needs.words()),
            }
        };
        all.into_iter().map(line).collect()
    }
}
