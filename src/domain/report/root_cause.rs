//! What let the key out, as people said it, or that nobody has.

use crate::domain::case::Case;
use crate::domain::cause::Cause;
use crate::domain::report::shape::RootCause;
use crate::domain::time_words::utc;

/// The root cause of a case, as far as it is determined; what was said before it is in the story.
pub(super) fn of(case: &Case) -> RootCause {
    let choices = Cause::ALL.iter().map(|cause| format!("{}: {}", cause.word(), cause.means()));
    if let Some(named) = case.team().cause() {
        let (by, at) = (&named.press.name, utc(named.press.at));
        let means = named.cause.means();
        return RootCause {
            word: Some(named.cause.word().to_owned()),
            said: format!("{means}, says {by} at {at}: {}", named.reason),
            choices: choices.collect(),
        };
    }
    let hint = match &case.opening().found_where {
        Some(_) => "where it was found says how it was seen, and not how it got there",
        None => "nobody said where it was found",
    };
    RootCause {
        word: None,
        said: format!("not determined; {hint}. Whoever leads the review says it by /keyleak cause"),
        choices: choices.collect(),
    }
}
