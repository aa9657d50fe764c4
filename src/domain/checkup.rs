//! What `keyleak doctor` tells of the set-up: one line for each thing that was looked at.
//!
//! A check is three small things: what was seen (a plain type in a file below this one), a
//! function there that makes a [`Line`] of it, and a look in `slack`, `aws` or `commands` that
//! fills the type.

pub mod athena;
pub mod buckets;
pub mod people;
pub mod roles;
pub mod server;
pub mod slack;
pub mod tables;

use crate::domain::plain_text::visible;
use serde::Serialize;
use std::fmt::Write;

/// Where the words of a line begin.
const COLUMN: usize = 32;
/// What others say is quoted up to here.
const QUOTED_CHARS_MAX: usize = 300;

/// A part of the set-up, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Settings,
    ListenAddress,
    Endpoints,
    Clock,
    SlackToken,
    SlackScopes,
    SlackCommand,
    SlackChannels,
    Approvers,
    StepUp,
    People,
    Operators,
    AwsCredentials,
    Journal,
    WorkTable,
    Evidence,
    Anchors,
    Trail,
    EventHistory,
    Roles,
    Organization,
}

/// How a part of the set-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    /// It works, and something about it will hurt one day.
    Warning,
    Failed,
    /// It was not looked at, and the line says why.
    NotChecked,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub part: Part,
    /// Which of several: a role, a table, a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    pub state: State,
    pub seen: String,
    /// What to do, in words or as a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkup {
    pub failed: usize,
    pub warnings: usize,
    pub not_checked: usize,
    pub lines: Vec<Line>,
}

/// Why a look came to nothing, as far as that decides what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It is not there.
    Missing,
    /// Whoever asked may not.
    Denied { right: String, why: String },
    /// Nobody answered, or not what was asked.
    Silent(String),
}

impl Trouble {
    pub fn why(&self) -> &str {
        match self {
            Self::Missing => "it is not there",
            Self::Denied { why, .. } | Self::Silent(why) => why,
        }
    }
}

impl Part {
    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::ListenAddress => "address",
            Self::Endpoints => "endpoints",
            Self::SlackToken => "Slack token",
            Self::SlackScopes => "Slack scopes",
            Self::Clock => "clock",
            Self::SlackCommand => "Slack command",
            Self::SlackChannels => "Slack channels",
            Self::Approvers => "approvers",
            Self::StepUp => "second proof",
            Self::People => "people",
            Self::Operators => "operators",
            Self::AwsCredentials => "AWS credentials",
            Self::Journal => "journal",
            Self::WorkTable => "work table",
            Self::Evidence => "evidence",
            Self::Anchors => "anchors",
            Self::Trail => "trail",
            Self::EventHistory => "event history",
            Self::Roles => "role",
            Self::Organization => "organization",
        }
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "WARNING",
            Self::Failed => "FAILED",
            Self::NotChecked => "not checked",
        }
    }
}

impl Line {
    pub fn ok(part: Part, seen: impl Into<String>) -> Self {
        Self { part, about: None, state: State::Ok, seen: seen.into(), fix: None }
    }

    pub fn warning(part: Part, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        let fix = Some(fix.into());
        Self { part, about: None, state: State::Warning, seen: seen.into(), fix }
    }

    pub fn failed(part: Part, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        let fix = Some(fix.into());
        Self { part, about: None, state: State::Failed, seen: seen.into(), fix }
    }

    pub fn not_checked(part: Part, why: impl Into<String>) -> Self {
        Self { part, about: None, state: State::NotChecked, seen: why.into(), fix: None }
    }

    #[must_use]
    pub fn about(self, what: impl Into<String>) -> Self {
        Self { about: Some(what.into()), ..self }
    }

    #[must_use]
    pub fn with_fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    fn text(&self) -> String {
        let about = self.about.as_ref().map(|what| format!("{}: ", quoted(what)));
        let begin = format!("{:<13}{}", self.state.word(), self.part.title());
        let seen = quoted(&self.seen);
        let mut text = format!("{begin:<COLUMN$}{}{seen}\n", about.unwrap_or_default());
        if let Some(fix) = &self.fix {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{:COLUMN$}→ {}", "", quoted(fix));
        }
        text
    }
}

impl Checkup {
    /// The lines in the order of the parts; those of one part stay as they were found.
    pub fn of(mut lines: Vec<Line>) -> Self {
        lines.sort_by_key(|line| line.part);
        let count = |state| lines.iter().filter(|line| line.state == state).count();
        let failed = count(State::Failed);
        let (warnings, not_checked) = (count(State::Warning), count(State::NotChecked));
        Self { failed, warnings, not_checked, lines }
    }

    /// One line each with its fix, and the sum of it.
    pub fn text(&self) -> String {
        let mut text: String = self.lines.iter().map(Line::text).collect();
        let sum = format!(
            "{} failed, {} to be warned of, {} not checked, {} ok",
            self.failed,
            self.warnings,
            self.not_checked,
            self.lines.len() - self.failed - self.warnings - self.not_checked
        );
        let _ = writeln!(text, "\n{sum}");
        text
    }
}

/// What somebody else may have written, on one line and of a bounded length.
fn quoted(text: &str) -> String {
    let shown = visible(text);
    let length = shown.chars().count();
    if length <= QUOTED_CHARS_MAX * 4 {
        return shown;
    }
    shown.chars().take(QUOTED_CHARS_MAX * 4).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_in_the_order_of_the_set_up_each_with_its_fix() {
        let told = Checkup::of(vec![
            Line::failed(Part::Journal, "it is not there", "make it").about("keyleak-journal"),
            Line::ok(Part::SlackToken, "good"),
            Line::not_checked(Part::SlackCommand, "no address"),
        ]);
        assert_eq!((told.failed, told.warnings, told.not_checked), (1, 0, 1));
        assert_eq!(
            told.text(),
            "ok           Slack token        good\n\
             not checked  Slack command      no address\n\
             FAILED       journal            keyleak-journal: it is not there\n\
             \u{20}                               → make it\n\n\
             1 failed, 0 to be warned of, 1 not checked, 1 ok\n"
        );
    }

    #[test]
    fn what_others_wrote_drives_no_terminal_and_has_an_end() {
        let line = Line::ok(Part::SlackToken, format!("\u{1b}[2J{}", "x".repeat(9_000)));
        let text = Checkup::of(vec![line]).text();
        assert!(!text.contains('\u{1b}') && text.len() < 2_000, "{text}");
    }
}
