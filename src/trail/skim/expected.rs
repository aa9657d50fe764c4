//! What comes next in a record: those of one kind name the same members in the same order, and
//! many say the same of them, so that most is compared with what was met last, not gone through.

use crate::trail::seen::ByItself;
use crate::trail::skim::members::{Place, Wanted};
use std::collections::HashMap;

/// Different names that are kept; with one more, all are forgotten.
const NAMES_MAX: usize = 1_024;
/// Kinds of records that are told apart. Two that are taken for one only make work.
const KINDS: usize = 32;
/// Words of the longest name that is expected, with its quotes and the colon.
const WORDS: usize = 4;
const NAME_BYTES_MAX: usize = WORDS * 8;
/// The longest text that is compared with what was said last.
const TEXT_BYTES_MAX: usize = 512;

/// From what a name is expected: behind another one, or as the first within it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link(usize);

impl Link {
    /// At the beginning of a record, which is kept as if it were a name, the first of all.
    pub(super) const START: Self = Self::within(RECORD);

    pub(super) const fn behind(slot: usize) -> Self {
        Self(2 * slot)
    }

    pub(super) const fn within(slot: usize) -> Self {
        Self(2 * slot + 1)
    }

    fn slot(self) -> usize {
        self.0 / 2
    }
}

/// The slot of a record as such, and that of the last name that cannot be expected.
const RECORD: usize = 0;
const ODD: usize = 1;

/// What is known of a name by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Name {
    pub(super) hash: u64,
    /// What the parser knows of it in its place.
    pub(super) member: Option<(u32, Wanted)>,
    /// Without escapes.
    pub(super) plain: bool,
}

/// A name that was met, and what was said of it last.
#[derive(Debug, Default)]
struct Met {
    /// The name with its quotes and the colon, and which bits of the words are of it.
    words: [u64; WORDS],
    masks: [u64; WORDS],
    length: usize,
    name: Name,
    /// Where it was met; none where no member is wanted.
    place: Option<Place>,
    /// The last text and its hash; the text is kept once it was said twice in a row.
    text: String,
    text_hash: u64,
    is_said_again: bool,
}

/// The names that were met.
#[derive(Debug)]
pub(super) struct Names {
    all: Vec<Met>,
    slots: HashMap<u64, u16, ByItself>,
    /// By the kind of a record and a link in it, the slot of the name that came there last.
    next: Vec<u16>,
    /// Where those of this kind begin.
    kind: usize,
}

impl Names {
    pub(super) fn new() -> Self {
        let next = vec![0; KINDS * 2 * NAMES_MAX];
        let mut names = Self { all: Vec::new(), slots: HashMap::default(), next, kind: 0 };
        names.forget();
        names
    }

    fn forget(&mut self) {
        self.slots.clear();
        self.next.fill(0);
        self.all.clear();
        // No text has words like these.
        let none = || Met { words: [u64::MAX; WORDS], ..Met::default() };
        self.all.extend([none(), none()]);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Is told what kind of record this is, as soon as that is known: its call.
    #[inline]
    pub(super) fn are_of(&mut self, kind: u64) {
        self.kind = kind as usize % KINDS * 2 * NAMES_MAX;
    }

    /// The slot of the name that the text begins with, where it is the one that came here last,
    /// and how long it is with its quotes and the colon.
    #[inline]
    pub(super) fn expected(
        &self,
        text: &[u8],
        (place, link): (Option<Place>, Link),
    ) -> Option<(usize, usize)> {
        let slot = usize::from(*self.next.get(self.kind + link.0)?);
        let met = self.all.get(slot)?;
        let words = words(text.first_chunk()?);
        let differs =
            (0..WORDS).fold(0, |sum, at| sum | ((words[at] & met.masks[at]) ^ met.words[at]));
        (differs == 0 && met.place == place).then_some((slot, met.length))
    }

    #[inline]
    pub(super) fn get(&self, slot: usize) -> Name {
        self.all.get(slot).map(|met| met.name).unwrap_or_default()
    }

    /// Notes which name came here, and gives its slot. One with escapes, or a long one, has no
    /// text, and is not expected.
    pub(super) fn learn(
        &mut self,
        (text, name): (Option<&str>, Name),
        (place, link): (Option<Place>, Link),
    ) -> usize {
        let Some(text) = text.filter(|text| text.len() < NAME_BYTES_MAX) else {
            if let Some(odd) = self.all.get_mut(ODD) {
                odd.name = name;
            }
            return ODD;
        };
        let of_place = place.map_or(0, |place| place as u64 + 1);
        let key = name.hash ^ of_place;
        let known = self.slots.get(&key).map(|slot| usize::from(*slot));
        let is_it = |slot: &usize| {
            let met = self.all.get(*slot);
            met.is_some_and(|met| met.name.hash == name.hash && met.place == place)
        };
        let slot = known.filter(is_it).unwrap_or_else(|| self.add(text, (name, place), key));
        if let Some(next) = self.next.get_mut(self.kind + link.0) {
            *next = u16::try_from(slot).unwrap_or_default();
        }
        slot
    }

    fn add(&mut self, text: &str, (name, place): (Name, Option<Place>), key: u64) -> usize {
        if self.all.len() >= NAMES_MAX {
            self.forget();
        }
        let mut bytes = [0; NAME_BYTES_MAX];
        bytes.iter_mut().zip(text.bytes().chain([b':'])).for_each(|(to, from)| *to = from);
        let length = text.len() + 1;
        let mut mask = [0; NAME_BYTES_MAX];
        mask.iter_mut().take(length).for_each(|byte| *byte = u8::MAX);
        let (words, masks) = (words(&bytes), words(&mask));
        let slot = self.all.len();
        self.all.push(Met { words, masks, length, name, place, ..Met::default() });
        self.slots.insert(key, u16::try_from(slot).unwrap_or_default());
        slot
    }

    /// How long the text is that the value begins with, and its hash, where it is what was said of
    /// this member last.
    #[inline]
    pub(super) fn again(&mut self, value: &[u8], member: Link) -> Option<(usize, u64)> {
        let met = self.all.get_mut(member.slot()).filter(|met| met.is_said_again)?;
        met.is_said_again = value.starts_with(met.text.as_bytes());
        met.is_said_again.then_some((met.text.len(), met.text_hash))
    }

    /// Notes what was said of a member; a text with escapes is none.
    #[inline]
    pub(super) fn met(&mut self, (text, hash): (Option<&str>, u64), member: Link) {
        let Some(met) = self.all.get_mut(member.slot()) else { return };
        let is_last = met.text_hash == hash;
        met.text_hash = hash;
        if let Some(text) = text.filter(|text| is_last && text.len() <= TEXT_BYTES_MAX) {
            text.clone_into(&mut met.text);
            met.is_said_again = true;
        }
    }
}

#[inline]
fn words(bytes: &[u8; NAME_BYTES_MAX]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    let (eights, _) = bytes.as_chunks::<8>();
    words.iter_mut().zip(eights).for_each(|(word, eight)| *word = u64::from_le_bytes(*eight));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Were nothing expected, no answer would differ, but all would take longer.
    #[test]
    fn a_name_is_expected_where_it_came_before_and_a_text_where_it_was_said_twice() {
        let mut names = Names::new();
        let from = (Some(Place::Record), Link::START);
        let text = br#""eventName":"ListUsers","awsRegion":"eu-west-1"}"#;
        assert_eq!(names.expected(text, from), None);
        let name = Name { hash: 7, member: None, plain: true };
        let slot = names.learn((Some(r#""eventName""#), name), from);
        assert_eq!(names.expected(text, from), Some((slot, 12)));
        assert_eq!(names.expected(br#""eventNames":"ListUsers","awsRegion":"""#, from), None);
        assert_eq!(names.expected(text, (None, Link::START)), None, "another place");
        assert_eq!(names.expected(text, (from.0, Link::behind(slot))), None, "not behind itself");
        names.are_of(1);
        assert_eq!(names.expected(text, from), None, "nor in another kind of record");
        let member = Link::within(slot);
        for is_known in [false, false, true] {
            let again = names.again(br#""ListUsers","awsRegion""#, member);
            assert_eq!(again, is_known.then_some((11, 9)));
            names.met((Some(r#""ListUsers""#), 9), member);
        }
        assert_eq!(names.again(br#""ListUser","awsRegion""#, member), None);
        assert_eq!(names.again(br#""ListUsers","awsRegion""#, member), None, "no longer");
    }
}
