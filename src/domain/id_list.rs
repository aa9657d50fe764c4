//! The access key ids in a file that somebody gave: a list, a CSV, or the mail they came in.

use crate::domain::command::{KEYS_MAX, without_marks};
use crate::domain::ids::{AccessKeyId, KeyIdError};
use crate::domain::secret::holds_secret;
use std::collections::BTreeSet;

/// Fifty ids in a very talkative table; anything larger is another file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// An id has so many characters; a shorter word is one only if it looks cut off.
const ID_LENGTH: usize = 20;

/// What a file names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdList {
    /// Each id once, in the order of the file.
    pub keys: Vec<AccessKeyId>,
    /// What looks like an id and is none.
    pub refused: Vec<RefusedId>,
}

/// A word that was not taken; it is named by its line and never repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedId {
    pub line: usize,
    pub why: String,
}

/// Why nothing is taken from a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    #[error(
        "it is larger than {} KiB; send a file with the ids alone", FILE_BYTES_MAX / 1024
    )]
    TooLarge,
    #[error("it is no plain text; save it as CSV or as text in UTF-8 and send that")]
    NotText,
    #[error(
        "line {line} looks like a secret key or a session token. I kept nothing of the file, but \
         treat that secret as leaked twice: Slack has the file too, so delete it there. Send only \
         the access key ids (AKIA… or ASIA…)"
    )]
    Secret { line: usize },
    #[error("it names {given} keys; send {KEYS_MAX} at a time")]
    TooMany { given: usize },
    #[error("I found no access key id (AKIA… or ASIA…) in it")]
    Empty,
}

/// Reads the ids among whatever else stands in the file.
pub fn read(content: &[u8]) -> Result<IdList, ListError> {
    if content.len() > FILE_BYTES_MAX {
        return Err(ListError::TooLarge);
    }
    let text = std::str::from_utf8(content).map_err(|_| ListError::NotText)?;
    let odd = |c: char| c.is_control() && !c.is_whitespace();
    if text.contains(odd) {
        return Err(ListError::NotText);
    }
    let mut list = IdList::default();
    let mut seen = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        read_line(index + 1, &without_marks(line), (&mut list, &mut seen))?;
    }
    match seen.len() {
        0 if list.refused.is_empty() => Err(ListError::Empty),
        given if given > KEYS_MAX => Err(ListError::TooMany { given }),
        _ => Ok(list),
    }
}

fn read_line(
    line: usize,
    text: &str,
    (list, seen): (&mut IdList, &mut BTreeSet<AccessKeyId>),
) -> Result<(), ListError> {
    if holds_secret(text) {
        return Err(ListError::Secret { line });
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.filter(|word| looks_like_id(word)) {
        match AccessKeyId::parse(word) {
            // Only the first ones are kept: who has more has to send fewer, and is told how many.
            Ok(key) if seen.insert(key.clone()) && list.keys.len() < KEYS_MAX => {
                list.keys.push(key);
            }
            Ok(_) => {}
            Err(why) => list.refused.push(RefusedId { line, why: reason(word, &why) }),
        }
    }
    Ok(())
}

/// "Asia" is a continent, and stands in many a table.
pub(super) fn looks_like_id(word: &str) -> bool {
    let begins = |prefix: &str| {
        word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let cut_off = word.len() > 4 && word.bytes().any(|b| b.is_ascii_digit());
    (begins("AKIA") || begins("ASIA")) && (cut_off || word.len() >= ID_LENGTH)
}

fn reason(word: &str, why: &KeyIdError) -> String {
    if AccessKeyId::from_record(&word.to_ascii_uppercase()).is_some() && *why != KeyIdError::Example
    {
        return "AWS writes ids in capital letters; copy it again from where it was found".into();
    }
    why.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "AKIAQNZGKIQY56JQ7WML";
    const B: &str = "ASIAQNZGKIQY56JQ0189";
    const SECRET: &str = "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";

    fn ids(list: &IdList) -> Vec<&str> {
        list.keys.iter().map(AccessKeyId::reveal).collect()
    }

    #[test]
    fn ids_are_found_once_each_among_whatever_a_table_holds() {
        let table = format!(
            "\u{FEFF}User,Access key ID,Region\r\nci,\"{A}\",Asia Pacific\r\nold;{B}\tasia\n\n{A}\n"
        );
        let list = read(table.as_bytes()).unwrap();
        assert_eq!(ids(&list), [A, B]);
        assert_eq!(list.refused, []);
    }

    #[test]
    fn what_is_no_id_is_refused_by_its_line_and_not_repeated() {
        let text = format!("AKIA123\n{A}\nAKIAIOSFODNN7EXAMPLE\n{}\n", B.to_lowercase());
        let list = read(text.as_bytes()).unwrap();
        assert_eq!(ids(&list), [A]);
        let lines: Vec<_> = list.refused.iter().map(|refused| refused.line).collect();
        assert_eq!(lines, [1, 3, 4]);
        assert!(list.refused[1].why.contains("documentation example"));
        assert!(list.refused[2].why.contains("capital letters"));
        assert!(!format!("{:?}", list.refused).contains("AKIA123"));
    }

    #[test]
    fn a_file_that_is_not_a_list_of_ids_is_refused_whole() {
        assert_eq!(read(&vec![b'a'; FILE_BYTES_MAX + 1]), Err(ListError::TooLarge));
        assert_eq!(read(b"\x89PNG\r\n\x1a\n\0"), Err(ListError::NotText));
        assert_eq!(read(b"AKIA\0"), Err(ListError::NotText));
        assert_eq!(read(b"nothing of use\n"), Err(ListError::Empty));
        let many: Vec<_> = (0..51).map(|n| format!("AKIAQNZGKIQY56JQ{n:04}")).collect();
        let many = many.join("\n");
        assert_eq!(read(many.as_bytes()), Err(ListError::TooMany { given: 51 }));
        let error = read(format!("{A}\n{A},{SECRET}\n").as_bytes()).unwrap_err();
        assert_eq!(error, ListError::Secret { line: 2 });
        assert!(!format!("{error} {error:?}").contains("wJalr"));
    }
}
