//! Texts that are met again and again, each kept once and known by a number.

use crate::trail::canon::Canon;
use crate::trail::seen::ByItself;
use std::collections::HashMap;

/// What one thread keeps of them; callers with texts beyond it are not counted one by one.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// What a text costs beside its bytes.
const BESIDE_BYTES: usize = 48;

/// The texts of one thread; number 0 is the empty one.
#[derive(Debug)]
pub(super) struct Texts {
    canon: Canon,
    all: Vec<Box<str>>,
    by_hash: HashMap<u64, u32, ByItself>,
    bytes: usize,
}

impl Texts {
    pub(super) fn new(canon: Canon) -> Self {
        Self { canon, all: vec![Box::default()], by_hash: HashMap::default(), bytes: 0 }
    }

    /// The text's number; none where there is no room for one more.
    pub(super) fn number(&mut self, text: &str) -> Option<u32> {
        if text.is_empty() {
            return Some(0);
        }
        self.number_of(text, self.canon.text(text))
    }

    /// The same of a text that is not empty, where its hash is at hand.
    pub(super) fn number_of(&mut self, text: &str, mut hash: u64) -> Option<u32> {
        while let Some(number) = self.by_hash.get(&hash) {
            if self.get(*number) == text {
                return Some(*number);
            }
            hash = hash.wrapping_add(1);
        }
        if self.bytes > BYTES_MAX {
            return None;
        }
        let number = u32::try_from(self.all.len()).ok()?;
        self.bytes += text.len() + BESIDE_BYTES;
        self.all.push(text.into());
        self.by_hash.insert(hash, number);
        Some(number)
    }

    pub(super) fn get(&self, number: u32) -> &str {
        self.all.get(number as usize).map_or("", |text| text)
    }
}

/// The numbers that the texts of one thread have with another: each is looked for once.
pub(super) struct Translation<'t> {
    theirs: &'t Texts,
    known: Vec<Option<u32>>,
}

impl<'t> Translation<'t> {
    pub(super) fn of(theirs: &'t Texts) -> Self {
        Self { theirs, known: vec![None; theirs.all.len()] }
    }

    /// The own number of a text of theirs; none where there is no room for one more.
    pub(super) fn number(&mut self, theirs: u32, own: &mut Texts) -> Option<u32> {
        let known = self.known.get_mut(theirs as usize)?;
        if known.is_none() {
            *known = own.number(self.theirs.get(theirs));
        }
        *known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_and_two_texts_have_two() {
        let mut texts = Texts::new(Canon::default());
        assert_eq!(
            (texts.number(""), texts.number("a"), texts.number("b")),
            (Some(0), Some(1), Some(2))
        );
        assert_eq!(texts.number("a"), Some(1));
        assert_eq!((texts.get(2), texts.get(0), texts.get(9)), ("b", "", ""));
        // Another text that has the hash of one that is known.
        let hash = texts.canon.text("c");
        texts.by_hash.insert(hash, 1);
        assert_eq!(texts.number("c"), Some(3));
        assert_eq!((texts.number("c"), texts.get(3)), (Some(3), "c"));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut texts = Texts::new(Canon::default());
        texts.number("known");
        texts.bytes = BYTES_MAX + 1;
        assert_eq!((texts.number("known"), texts.number("new")), (Some(1), None));
    }
}
