//! Words of a command, through the marks that chat programs put around them.

/// Words between blanks, commas and semicolons, without quotes and code marks around them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', ';'])
        .map(|word| word.trim_matches(is_mark))
        .filter(|word| !word.is_empty())
}

pub(super) fn is_mark(character: char) -> bool {
    matches!(
        character,
        '"' | '\''
            | '`'
            | '*'
            | '_'
            | '~'
            | '('
            | ')'
            | '['
            | ']'
            | '<'
            | '>'
            | '.'
            | ':'
            | '='
            | '‘'
            | '’'
            | '‚'
            | '“'
            | '”'
            | '„'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '´'
    )
}

/// The first word, without marks around it, and what follows.
pub(super) fn next_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word.trim_matches(is_mark), rest)
}
