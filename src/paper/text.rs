//! Foreign text as a page can bear it: nothing hides in it, and none is longer than people read.

use crate::domain::plain_text::visible_lines;

/// The longest text that is shown whole; the JSON has all of it.
const SHOWN_LENGTH_MAX: usize = 2_000;

/// The text with everything that hides or turns it written out; the template escapes it.
pub(super) fn shown(text: &str) -> String {
    let Some((at, _)) = text.char_indices().nth(SHOWN_LENGTH_MAX) else {
        return visible_lines(text);
    };
    let (kept, rest) = text.split_at(at);
    let more = rest.chars().count();
    format!("{} … ({more} more characters are in the JSON)", visible_lines(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_and_says_by_how_much() {
        assert_eq!(shown("né\u{202e}"), "né\\u{202e}");
        assert_eq!(shown(&"é".repeat(2_000)), "é".repeat(2_000));
        let cut = shown(&"é".repeat(2_003));
        assert!(cut.ends_with("é … (3 more characters are in the JSON)"), "{}", cut.len());
    }
}
