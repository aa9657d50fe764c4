//! In which forms a report is drawn, and what their files are called.

use crate::domain::report::shape::Report;
use crate::domain::report::{to_json, to_markdown};
use crate::paper::page::page;

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people, and for whatever keeps texts.
    Markdown,
    /// For a browser or a printer.
    Page,
    /// For programs.
    Json,
}

impl Form {
    pub const ALL: [Self; 3] = [Self::Markdown, Self::Page, Self::Json];

    /// The report in this form; equal reports give equal text.
    pub fn of(self, report: &Report) -> String {
        match self {
            Self::Markdown => to_markdown(report),
            Self::Page => page(report),
            Self::Json => to_json(report),
        }
    }

    /// How the name of such a file ends.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Page => "html",
            Self::Json => "json",
        }
    }

    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::Page => "one page, to open or to print",
            Self::Json => "JSON",
        }
    }
}
