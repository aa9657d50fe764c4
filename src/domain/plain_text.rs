//! Text that somebody else chose, made visible: nothing in it drives a terminal or hides.

/// Whether a character drives a terminal, turns the direction of a line, or is not seen at all.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text with every hidden character written out, so that a name can still be told and found.
pub fn visible(text: &str) -> String {
    shown(text, |_| false)
}

/// As [`visible`], for text of several lines that a terminal gets.
pub fn visible_lines(text: &str) -> String {
    shown(text, |character| matches!(character, '\n' | '\t'))
}

fn shown(text: &str, kept: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !kept(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_or_hides_is_written_out_and_all_else_stays() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}b\u{9b}"), "a\\u{1b}[2J\\u{202e}b\\u{9b}");
        assert_eq!(visible("one\ntwo"), "one\\u{a}two");
        assert_eq!(visible_lines("one\n\ttwo\r"), "one\n\ttwo\\u{d}");
        for plain in ["né ü 日本 …", "a b/c.json.gz", ""] {
            assert_eq!(visible(plain), plain);
        }
    }
}
