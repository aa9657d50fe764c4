//! Takes the records of a delivered object at a glance, in one go through its bytes.
//!
//! Nearly every object is `{"Records":[…]}` in JSON as CloudTrail writes it, and of nearly every
//! record a few texts are wanted. They are taken while the strings are gone through, eight bytes at
//! a time, for the digest. Whatever is out of the ordinary (an escape in a name or a wanted text, a
//! number that is not plain, a field twice, deep nesting) is left to the parser, record by record,
//! and an object of any other form as a whole: nothing is decided here that the parser would not.

mod expected;
mod identities;
mod members;
mod scalars;

use crate::trail::canon::Canon;
use crate::trail::glance::{Field, Glance};
use crate::trail::skim::expected::{Link, Name, Names};
use crate::trail::skim::identities::Identities;
use crate::trail::skim::members::{Members, Place, Wanted};
use serde_json::value::RawValue;

/// The parser has no limit of its own for what it passes over; here each level is a call.
const DEPTH_MAX: u32 = 64;
/// Glances held at once; one is some 400 bytes. A larger object is left to the parser.
const RECORDS_MAX: usize = 40_000;
/// Of these, room is kept from one object to the next.
const ROOM_RECORDS_MAX: usize = 1_000;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// A record of a list: at a glance, or as it stands where it is out of the ordinary.
#[derive(Debug)]
pub(super) struct Skimmed<'t> {
    pub(super) json: &'t str,
    pub(super) glance: Option<Glance<'t>>,
}

/// Skims one object after another, in the same room.
pub(super) struct Skimmer<'c> {
    pub(super) canon: &'c Canon,
    members: Members,
    identities: Identities,
    names: Names,
    room: Vec<Skimmed<'static>>,
}

impl<'c> Skimmer<'c> {
    pub(super) fn new(canon: &'c Canon) -> Self {
        let members = Members::new(canon);
        let (identities, names) = (Identities::new(), Names::new());
        Self { canon, members, identities, names, room: Vec::new() }
    }

    /// The records of an object that is one list of records and nothing else.
    pub(super) fn records<'t>(&mut self, text: &'t str) -> Option<Vec<Skimmed<'t>>> {
        let mut found = emptied(std::mem::take(&mut self.room));
        let Self { canon, members, identities, names, .. } = self;
        Skim { text, bytes: text.as_bytes(), canon, members, identities, names }
            .records(&mut found)?;
        Some(found)
    }

    /// Takes the room of records back that nobody needs any more.
    pub(super) fn done_with(&mut self, records: Vec<Skimmed<'_>>) {
        if records.capacity() <= ROOM_RECORDS_MAX {
            self.room = emptied(records);
        }
    }
}

/// The room of these for others.
fn emptied<'to>(mut records: Vec<Skimmed<'_>>) -> Vec<Skimmed<'to>> {
    records.clear();
    records.into_iter().map_while(|_| None).collect()
}

/// A string: where it ends, behind its closing quote, and its hash.
#[derive(Debug, Clone, Copy)]
struct Token {
    end: usize,
    hash: u64,
    /// Without escapes.
    plain: bool,
}

/// The bytes, of eight, that end a run of plain text: a quote, a backslash, a control character.
/// The lowest bit that is set is right; those above may not be.
#[inline]
fn stops(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * 0x22));
    let backslash = zero(word ^ (ONES * 0x5c));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}

struct Skim<'t, 'c> {
    text: &'t str,
    bytes: &'t [u8],
    canon: &'c Canon,
    members: &'c Members,
    identities: &'c mut Identities,
    names: &'c mut Names,
}

impl<'t> Skim<'t, '_> {
    fn records(&mut self, found: &mut Vec<Skimmed<'t>>) -> Option<()> {
        let key_at = self.past(0, b'{')?;
        let key = self.string(key_at)?;
        if self.text.get(key_at..key.end)? != "\"Records\"" {
            return None;
        }
        let mut at = self.past(self.blank(key.end), b':')?;
        at = self.past(at, b'[')?;
        let mut more = *self.bytes.get(at)? != b']';
        while more {
            if found.len() >= RECORDS_MAX {
                return None;
            }
            // Filled where it lies: it is too large to be handed about.
            found.push(Skimmed { json: "", glance: Some(Glance::default()) });
            at = self.element(at, found.last_mut()?)?;
            at = self.blank(at);
            more = *self.bytes.get(at)? == b',';
            at = if more { self.blank(at + 1) } else { at };
        }
        at = self.past(at, b']')?;
        at = self.past(at, b'}')?;
        (at == self.bytes.len()).then_some(())
    }

    /// Behind white space.
    #[inline]
    fn blank(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(at) {
            at += 1;
        }
        at
    }

    /// Behind this byte, which must be here, and the white space after it.
    #[inline]
    fn past(&self, at: usize, byte: u8) -> Option<usize> {
        (*self.bytes.get(at)? == byte).then(|| self.blank(at + 1))
    }

    fn element(&mut self, at: usize, into: &mut Skimmed<'t>) -> Option<usize> {
        if let Some(glance) = &mut into.glance
            && let Some(end) = self.record(at, glance)
        {
            into.json = glance.json;
            return Some(end);
        }
        let rest = self.text.get(at..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let value = values.next()?.ok()?;
        *into = Skimmed { json: value.get(), glance: None };
        Some(at + values.byte_offset())
    }

    fn record(&mut self, at: usize, glance: &mut Glance<'t>) -> Option<usize> {
        self.names.are_of(0);
        let (end, members) = self.part(at, (Place::Record, Link::START), glance)?;
        glance.json = self.text.get(at..end)?;
        glance.digest = self.canon.digest_of(members);
        // Without a name it is no record, and may be an envelope.
        glance.get(Field::EventName)?;
        Some(end)
    }

    /// The caller of a record, gone through only where it was not met lately.
    fn identity(
        &mut self,
        at: usize,
        within: Link,
        glance: &mut Glance<'t>,
    ) -> Option<(usize, u128)> {
        let text = self.text.get(at..)?;
        if let Some((length, members)) = self.identities.recall(text, self.canon, glance) {
            return Some((at + length, members));
        }
        let (end, members) = self.part(at, (Place::Identity, within), glance)?;
        self.identities.keep((text, end - at), self.canon, (glance, members));
        Some((end, members))
    }

    /// An object of which members are wanted.
    fn part(
        &mut self,
        at: usize,
        (place, mut link): (Place, Link),
        glance: &mut Glance<'t>,
    ) -> Option<(usize, u128)> {
        let mut at = self.past(at, b'{')?;
        let (mut sum, mut met) = (0_u128, 0_u32);
        let mut more = *self.bytes.get(at)? != b'}';
        while more {
            let (slot, value_at) = self.name(at, (Some(place), link))?;
            let name = self.names.get(slot);
            if !name.plain {
                return None;
            }
            let within = Link::within(slot);
            let (end, hash) = match name.member {
                None => self.value(value_at, 0, within)?,
                Some((number, wanted)) => {
                    if met & (1 << number) != 0 {
                        return None;
                    }
                    met |= 1 << number;
                    self.wanted(value_at, (wanted, within), glance)?
                }
            };
            link = Link::behind(slot);
            sum = sum.wrapping_add(self.canon.member(name.hash, hash));
            at = self.blank(end);
            more = *self.bytes.get(at)? == b',';
            at = if more { self.blank(at + 1) } else { at };
        }
        (*self.bytes.get(at)? == b'}').then_some((at + 1, sum))
    }

    #[inline]
    fn wanted(
        &mut self,
        at: usize,
        (wanted, within): (Wanted, Link),
        glance: &mut Glance<'t>,
    ) -> Option<(usize, u64)> {
        match (wanted, *self.bytes.get(at)?) {
            (Wanted::Text(field), b'"') => {
                let token = self.text_of(at, within)?;
                if !token.plain {
                    return None;
                }
                glance.set(field, self.text.get(at + 1..token.end - 1)?);
                if field == Field::SourceIp {
                    glance.source_ip = token.hash;
                } else if field == Field::EventName {
                    self.names.are_of(token.hash);
                }
                Some((token.end, token.hash))
            }
            (Wanted::Text(field), b't' | b'f') => {
                let (end, hash) = self.value(at, 0, within)?;
                glance.set(field, self.text.get(at..end)?);
                Some((end, hash))
            }
            (Wanted::Part(Place::Identity), b'{') => {
                let (end, members) = self.identity(at, within, glance)?;
                glance.identity = self.canon.digest_of(members);
                Some((end, self.canon.object(members)))
            }
            (Wanted::Part(place), b'{') => {
                let (end, members) = self.part(at, (place, within), glance)?;
                Some((end, self.canon.object(members)))
            }
            (Wanted::Once, _) | (Wanted::Text(_) | Wanted::Part(_), b'n') => {
                self.value(at, 0, within)
            }
            (Wanted::Text(_) | Wanted::Part(_), _) => None,
        }
    }

    /// The slot of a member's name, and where its value is.
    #[inline]
    fn name(&mut self, at: usize, from: (Option<Place>, Link)) -> Option<(usize, usize)> {
        let rest = self.bytes.get(at..)?;
        if let Some((slot, length)) = self.names.expected(rest, from) {
            return Some((slot, self.blank(at + length)));
        }
        self.new_name(at, from)
    }

    #[inline(never)]
    fn new_name(&mut self, at: usize, from: (Option<Place>, Link)) -> Option<(usize, usize)> {
        let key = self.string(at)?;
        let value_at = self.past(self.blank(key.end), b':')?;
        let member = from.0.and_then(|place| self.members.get(place, key.hash));
        let text = self.text.get(at..key.end).filter(|_| key.plain);
        let name = Name { hash: key.hash, member, plain: key.plain };
        Some((self.names.learn((text, name), from), value_at))
    }

    /// A text that is the value of a member: often the same as in the record before.
    #[inline]
    fn text_of(&mut self, at: usize, within: Link) -> Option<Token> {
        if let Some((length, hash)) = self.names.again(self.bytes.get(at..)?, within) {
            return Some(Token { end: at + length, hash, plain: true });
        }
        let token = self.string(at)?;
        let text = self.text.get(at..token.end).filter(|_| token.plain);
        self.names.met((text, token.hash), within);
        Some(token)
    }

    /// Eight bytes, those behind the end being zero.
    #[inline]
    fn word(&self, at: usize) -> u64 {
        let rest = self.bytes.get(at..).unwrap_or_default();
        if let Some(word) = rest.first_chunk::<8>() {
            return u64::from_le_bytes(*word);
        }
        let mut word = [0; 8];
        word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(word)
    }

    #[inline]
    fn string(&self, open: usize) -> Option<Token> {
        if *self.bytes.get(open)? != b'"' {
            return None;
        }
        let mut at = open + 1;
        let mut hash = self.canon.begin();
        loop {
            let word = self.word(at);
            let stops = stops(word);
            if stops == 0 {
                hash = self.canon.step(hash, word);
                at += 8;
                continue;
            }
            let plain = stops.trailing_zeros() & !7;
            let kept = word & !(u64::MAX << plain);
            at += plain as usize / 8;
            return match *self.bytes.get(at)? {
                b'"' => {
                    let hash = self.canon.finish(hash, kept, at - open - 1);
                    Some(Token { end: at + 1, hash, plain: true })
                }
                b'\\' => self.escaped(open, at),
                _ => None,
            };
        }
    }

    /// A string with escapes, of which the first is here.
    #[cold]
    fn escaped(&self, open: usize, mut at: usize) -> Option<Token> {
        loop {
            match *self.bytes.get(at)? {
                b'\\' => at += 2,
                b'"' => break,
                _ => at += 1,
            }
        }
        let text: String = serde_json::from_str(self.text.get(open..=at)?).ok()?;
        Some(Token { end: at + 1, hash: self.canon.text(&text), plain: false })
    }

    fn value(&mut self, at: usize, depth: u32, within: Link) -> Option<(usize, u64)> {
        match *self.bytes.get(at)? {
            b'"' => self.text_of(at, within).map(|token| (token.end, token.hash)),
            b'{' => self.object(at, depth, within),
            b'[' => self.list(at, depth, within),
            b'n' => self.literal(at, b"null", self.canon.null()),
            b't' => self.literal(at, b"true", self.canon.truth(true)),
            b'f' => self.literal(at, b"false", self.canon.truth(false)),
            b'0'..=b'9' => self.number(at),
            _ => None,
        }
    }

    fn object(&mut self, at: usize, depth: u32, mut link: Link) -> Option<(usize, u64)> {
        let mut at = self.past(at, b'{').filter(|_| depth < DEPTH_MAX)?;
        let mut sum = 0_u128;
        let mut more = *self.bytes.get(at)? != b'}';
        while more {
            let (slot, value_at) = self.name(at, (None, link))?;
            let key = self.names.get(slot).hash;
            let (end, hash) = self.value(value_at, depth + 1, Link::within(slot))?;
            link = Link::behind(slot);
            sum = sum.wrapping_add(self.canon.member(key, hash));
            at = self.blank(end);
            more = *self.bytes.get(at)? == b',';
            at = if more { self.blank(at + 1) } else { at };
        }
        (*self.bytes.get(at)? == b'}').then(|| (at + 1, self.canon.object(sum)))
    }

    fn list(&mut self, at: usize, depth: u32, within: Link) -> Option<(usize, u64)> {
        let mut at = self.past(at, b'[').filter(|_| depth < DEPTH_MAX)?;
        let mut list = self.canon.list();
        let mut more = *self.bytes.get(at)? != b']';
        while more {
            let (end, hash) = self.value(at, depth + 1, within)?;
            list = self.canon.item(list, hash);
            at = self.blank(end);
            more = *self.bytes.get(at)? == b',';
            at = if more { self.blank(at + 1) } else { at };
        }
        (*self.bytes.get(at)? == b']').then_some((at + 1, list))
    }
}

#[cfg(test)]
mod tests;
