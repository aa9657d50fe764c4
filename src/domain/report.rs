//! report

use crate::domain::case::Case;

/// The closing report as Markdown.
pub fn markdown(case: &Case) -> String {
    format!("# Case {}\n", case.id())
}

/// Where the case stands, in words.
pub fn status_words(_case: &Case) -> String {
    "open".to_owned()
}
