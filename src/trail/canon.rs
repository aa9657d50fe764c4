//! Hashes JSON by what it says: white space, the order of members and escapes do not matter.
//!
//! The same record comes twice from two shippers in two spellings. The hash is keyed anew in each
//! process, so that nobody can write two records that are taken for one. Members of an object are
//! added up, whatever their order; an object that names a member twice is the same in both orders.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// Whole numbers below this are the same as their floating point forms: `12` and `12.0`.
const EXACT_BELOW: u64 = 1 << 53;

/// The secret keys of this process's hashes.
#[derive(Debug, Clone)]
pub struct Canon {
    begin: u64,
    step: u64,
    end: [u64; 2],
    number: u64,
    integer: u64,
    literals: [u64; 3],
    member: [u64; 2],
    object: [u64; 2],
    list: u64,
    digest: [u64; 4],
}

impl Default for Canon {
    fn default() -> Self {
        let chance = RandomState::new();
        let key = |number: u64| chance.hash_one(number) | 1;
        Self {
            begin: key(0),
            step: key(1),
            end: [key(2), key(3)],
            number: key(4),
            integer: key(5),
            literals: [key(6), key(7), key(8)],
            member: [key(9), key(10)],
            object: [key(11), key(12)],
            list: key(13),
            digest: [key(14), key(15), key(16), key(17)],
        }
    }
}

/// The two halves of a product, folded.
#[inline]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

impl Canon {
    /// A text that is taken in eight bytes at a time: `step` for each eight, then `finish`.
    #[inline]
    pub(super) fn begin(&self) -> u64 {
        self.begin
    }

    #[inline]
    pub(super) fn step(&self, hash: u64, word: u64) -> u64 {
        fold(hash ^ word, self.step)
    }

    /// Takes in what is left, less than eight bytes with zeros behind, and the whole length.
    #[inline]
    pub(super) fn finish(&self, hash: u64, word: u64, length: usize) -> u64 {
        fold(hash ^ word ^ self.end[0], self.end[1] ^ ((length as u64) << 1))
    }

    /// A text, without its escapes.
    pub(super) fn text(&self, text: &str) -> u64 {
        self.bytes(text.as_bytes())
    }

    /// Any bytes; those of a text give the text's hash.
    pub(super) fn bytes(&self, bytes: &[u8]) -> u64 {
        let (words, rest) = bytes.as_chunks::<8>();
        let step = |hash, word: &[u8; 8]| self.step(hash, u64::from_le_bytes(*word));
        let hash = words.iter().fold(self.begin(), step);
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.finish(hash, u64::from_le_bytes(last), bytes.len())
    }

    pub(super) fn number(&self, number: f64) -> u64 {
        fold(number.to_bits() ^ self.number, self.step)
    }

    pub(super) fn null(&self) -> u64 {
        self.literals[0]
    }

    pub(super) fn truth(&self, truth: bool) -> u64 {
        if truth { self.literals[1] } else { self.literals[2] }
    }

    /// One member; those of an object are added up, wrapping.
    #[inline]
    pub(super) fn member(&self, key: u64, value: u64) -> u128 {
        u128::from(key ^ self.member[0]) * u128::from(value ^ self.member[1])
    }

    #[inline]
    pub(super) fn object(&self, members: u128) -> u64 {
        fold(members as u64 ^ self.object[0], (members >> 64) as u64 ^ self.object[1])
    }

    pub(super) fn list(&self) -> u64 {
        self.list
    }

    pub(super) fn item(&self, list: u64, item: u64) -> u64 {
        fold(list ^ item.rotate_left(17), self.step) ^ item
    }

    /// The digest of a whole object, from its members.
    pub(super) fn digest_of(&self, members: u128) -> u128 {
        let (low, high) = (members as u64, (members >> 64) as u64);
        let [one, two, three, four] = self.digest;
        let upper = u128::from(fold(low ^ one, high ^ two)) << 64;
        upper | u128::from(fold(low ^ three, high.rotate_left(32) ^ four))
    }

    /// The digest of a record's JSON. What our parser cannot follow (nested too deep, half of a
    /// surrogate pair) is told apart by its bytes.
    pub(super) fn digest(&self, json: &str) -> u128 {
        let mut parser = serde_json::Deserializer::from_str(json);
        match (Value { canon: self }).deserialize(&mut parser) {
            Ok(Hashed::Object(members)) => self.digest_of(members),
            Ok(Hashed::Other(_)) | Err(_) => {
                let hash = self.text(json);
                self.digest_of(self.member(hash, self.list ^ hash))
            }
        }
    }

    fn unsigned(&self, number: u64) -> u64 {
        if number < EXACT_BELOW {
            self.number(number as f64)
        } else {
            fold(number ^ self.integer, self.step)
        }
    }
}

/// The hash of a value; that of an object is kept wide until somebody needs it narrow.
enum Hashed {
    Object(u128),
    Other(u64),
}

#[derive(Clone, Copy)]
struct Value<'c> {
    canon: &'c Canon,
}

impl Value<'_> {
    fn narrow(self, hashed: Hashed) -> u64 {
        match hashed {
            Hashed::Object(members) => self.canon.object(members),
            Hashed::Other(hash) => hash,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Hashed;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Hashed, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Hashed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Hashed, E> {
        Ok(Hashed::Other(self.canon.text(text)))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Hashed, E> {
        Ok(Hashed::Other(self.canon.truth(truth)))
    }

    fn visit_unit<E>(self) -> Result<Hashed, E> {
        Ok(Hashed::Other(self.canon.null()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Hashed, E> {
        Ok(Hashed::Other(self.canon.unsigned(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Hashed, E> {
        let size = self.canon.unsigned(number.unsigned_abs());
        Ok(Hashed::Other(if number < 0 { !size } else { size }))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Hashed, E> {
        let size = self.canon.number(number.abs());
        Ok(Hashed::Other(if number < 0.0 { !size } else { size }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Hashed, A::Error> {
        let mut list = self.canon.list();
        while let Some(item) = items.next_element_seed(self)? {
            list = self.canon.item(list, self.narrow(item));
        }
        Ok(Hashed::Other(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Hashed, A::Error> {
        let mut sum = 0_u128;
        while let Some(key) = members.next_key_seed(self)? {
            let value = members.next_value_seed(self)?;
            let member = self.canon.member(self.narrow(key), self.narrow(value));
            sum = sum.wrapping_add(member);
        }
        Ok(Hashed::Object(sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_difference_and_meaning_does() {
        let canon = Canon::default();
        let one = canon.digest(r#"{"eventID":"1","parts":{"a":[1,2.5,-3],"b":"Kx"},"c":null}"#);
        for same in [
            r#"{ "c" : null, "parts":{"b":"\u004bx", "a":[1.0, 2.50,-3 ]} , "eventID":"1" }"#,
            "{\"eventID\":\"1\",\n\t\"parts\":{\"a\":[1,25e-1,-3],\"b\":\"Kx\"},\"c\":null}",
        ] {
            assert_eq!(canon.digest(same), one, "{same}");
        }
        for other in [
            r#"{"eventID":"2","parts":{"a":[1,2.5,-3],"b":"Kx"},"c":null}"#,
            r#"{"eventID":"1","parts":{"a":[2.5,1,-3],"b":"Kx"},"c":null}"#,
            r#"{"eventID":"1","parts":{"a":[1,2.5,3],"b":"Kx"},"c":null}"#,
            r#"{"eventID":"1","parts":{"a":[1,2.5,-3],"b":"Kx"},"c":"null"}"#,
            r#"{"eventID":1,"parts":{"a":[1,2.5,-3],"b":"Kx"},"c":null}"#,
            r#"{"eventID":"1","parts":{"a":[1,2.5,-3]},"b":"Kx","c":null}"#,
            r#"{"eventID":"1","parts":{"a":[1,[2.5,-3]],"b":"Kx"},"c":null}"#,
            r#"{"eventID":"1","parts":{"a":"Kx","b":[1,2.5,-3]},"c":null}"#,
            r#"{"eventID":"1","parts":{"a":[1,2.5,-3],"b":"Kx\u0000"},"c":null}"#,
            r#"{"eventID":"1","parts":{"a":[1,2.5,-3],"b":"Kx"}}"#,
        ] {
            assert_ne!(canon.digest(other), one, "{other}");
        }
    }

    #[test]
    fn large_whole_numbers_are_told_apart() {
        let canon = Canon::default();
        let one = canon.digest(r#"{"a":9007199254740993}"#);
        assert_ne!(one, canon.digest(r#"{"a":9007199254740992}"#));
        assert_eq!(one, canon.digest(r#"{ "a": 9007199254740993 }"#));
    }

    #[test]
    fn what_cannot_be_followed_is_told_apart_by_its_bytes() {
        let canon = Canon::default();
        let half = canon.digest(r#"{"a":"\ud800"}"#);
        assert_eq!(half, canon.digest(r#"{"a":"\ud800"}"#));
        assert_ne!(half, canon.digest(r#"{"a":"\ud801"}"#));
    }

    #[test]
    fn two_processes_hash_by_keys_of_their_own() {
        assert_ne!(Canon::default().digest("{}"), Canon::default().digest("{}"));
    }
}
