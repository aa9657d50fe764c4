//! report

use crate::domain::case::Case;

/// The closing report as Markdown.
pub fn markdown(case: &Case) -> String {
    format!("# Case {}\n", case.id())
}
