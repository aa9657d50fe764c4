//! Opens one object within bounds: plain or gzip, whole or damaged, and says which.
//!
//! What fails a check of gzip's is not used: nobody knows which record of it is wrong. What is only
//! cut short is used as far as it goes, and what stands before the damage, in members that were
//! checked, is used too. Either way the damage is told.

use crate::trail::canon::Canon;
use crate::trail::stamp::{ObjectState, Stamp};
use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;
use memchr::memmem;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// CloudTrail delivers objects of a few megabytes; one this large is no delivery, and held in
/// memory by every thread it would break the memory bound. JSON lines may be larger: they stream.
pub(super) const OBJECT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Room that is kept from one object to the next.
const ROOM_KEPT_MAX: usize = 8 * 1024 * 1024;
/// Deflate makes nothing smaller than this.
const RATIO_MAX: usize = 1_032;
/// The fixed part of gzip's header.
const HEADER_BYTES: usize = 10;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What an object holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unpacked<'r> {
    Whole(&'r [u8]),
    /// The members before the damage, which were checked, and what is wrong.
    Damaged(&'r [u8], &'static str),
    /// All that there is of an object that was cut short.
    CutShort(&'r [u8]),
    /// Too large to be held.
    Large,
}

/// Room for one object after another, and what unpacks them.
pub(super) struct Unpacker {
    inflater: Decompressor,
    packed: Vec<u8>,
    text: Vec<u8>,
}

impl Unpacker {
    pub(super) fn new() -> Self {
        Self { inflater: Decompressor::new(), packed: Vec::new(), text: Vec::new() }
    }

    /// Opens an object, and says how it was; an error is why it cannot be used.
    pub(super) fn open(
        &mut self,
        path: &Path,
        canon: &Canon,
    ) -> (ObjectState, Result<Unpacked<'_>, &'static str>) {
        for room in [&mut self.packed, &mut self.text] {
            room.truncate(ROOM_KEPT_MAX);
            room.shrink_to(ROOM_KEPT_MAX);
        }
        let mut state = ObjectState::default();
        let Ok(file) = File::open(path) else { return (state, Err("cannot be opened")) };
        let Ok(meta) = file.metadata() else { return (state, Err("cannot be read")) };
        state = ObjectState { stamp: Some(Stamp::from(&meta)), checksum: None, bytes: meta.len() };
        let expected = meta.is_file().then(|| usize::try_from(meta.len()).unwrap_or(usize::MAX));
        let length = match fill(file, expected, &mut self.packed) {
            Ok(Some(length)) => length,
            Ok(None) => return (state, Ok(Unpacked::Large)),
            Err(_) => return (state, Err("cannot be read")),
        };
        let packed = self.packed.get(..length).unwrap_or_default();
        state.checksum = Some(canon.bytes(packed));
        if packed.is_empty() {
            return (state, Err("empty object"));
        }
        if !packed.starts_with(&GZIP) {
            return (state, Ok(Unpacked::Whole(packed)));
        }
        let unpacked = match one_member(&mut self.inflater, packed, &mut self.text) {
            Some(length) => Unpacked::Whole(self.text.get(..length).unwrap_or_default()),
            None => members(packed, &mut self.text),
        };
        (state, Ok(unpacked))
    }
}

/// Reads a file into the room; none where it is too large to be held.
fn fill(mut file: File, expected: Option<usize>, room: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let mut have = 0;
    if expected.is_some_and(|expected| expected > OBJECT_BYTES_MAX) {
        return Ok(None);
    }
    loop {
        let wanted = expected.unwrap_or_default().max(have) + 4_096;
        if room.len() < wanted {
            room.resize(wanted, 0);
        }
        match file.read(room.get_mut(have..).unwrap_or_default()) {
            Ok(0) => return Ok(Some(have)),
            Ok(read) => have += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if have > OBJECT_BYTES_MAX {
            return Ok(None);
        }
        // All that there was: no need to ask whether there is more.
        if expected == Some(have) {
            return Ok(Some(have));
        }
    }
}

/// Unpacks what is exactly one whole member, as every delivery is; none leaves it to `members`.
///
/// libdeflate checks the member, and passes over whatever comes after it. A member ends with its
/// length: where these four bytes are nowhere but at the very end, nothing comes after.
fn one_member(inflater: &mut Decompressor, packed: &[u8], text: &mut Vec<u8>) -> Option<usize> {
    let length = usize::try_from(u32::from_le_bytes(*packed.last_chunk::<4>()?)).ok()?;
    if length > OBJECT_BYTES_MAX.min(packed.len().saturating_mul(RATIO_MAX)) {
        return None;
    }
    if text.len() < length {
        text.resize(length, 0);
    }
    let unpacked = inflater.gzip_decompress(packed, text.get_mut(..length)?).ok()?;
    let ending = u32::try_from(unpacked).ok()?.to_le_bytes();
    let behind = packed.get(HEADER_BYTES..)?;
    let first = memmem::find(behind, &ending)?;
    (first + ending.len() == behind.len()).then_some(unpacked)
}

/// Unpacks member by member, and finds out what is wrong.
fn members<'r>(packed: &[u8], text: &'r mut Vec<u8>) -> Unpacked<'r> {
    text.clear();
    let mut rest = packed;
    loop {
        let checked = text.len();
        let room = (OBJECT_BYTES_MAX - checked + 1) as u64;
        let mut member = GzDecoder::new(rest);
        let read = member.by_ref().take(room).read_to_end(text);
        if text.len() > OBJECT_BYTES_MAX {
            return Unpacked::Large;
        }
        match read {
            Ok(_) => rest = member.into_inner(),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Unpacked::CutShort(text);
            }
            Err(_) => {
                text.truncate(checked);
                return Unpacked::Damaged(text, "gzip is damaged, or its checksum is wrong");
            }
        }
        if rest.is_empty() {
            return Unpacked::Whole(text);
        }
        if !rest.starts_with(&GZIP) {
            return Unpacked::Damaged(text, "bytes after the end of the gzip");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    const TEXT: &str = r#"{"Records":[{"eventName":"ListUsers"},{"eventName":"ListRoles"}]}"#;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn fast(packed: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let length = one_member(&mut Decompressor::new(), packed, &mut text)?;
        text.truncate(length);
        Some(text)
    }

    fn changed(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
        let at = bytes.len() - from_end;
        bytes[at] ^= 0x10;
        bytes
    }

    #[test]
    fn one_whole_member_is_unpacked_in_one_go_and_nothing_else_is() {
        let one = gzip(TEXT.as_bytes());
        assert_eq!(fast(&one).as_deref(), Some(TEXT.as_bytes()), "the control");
        let twice = [one.clone(), one.clone()].concat();
        let padded = [one.clone(), vec![0; 4]].concat();
        // Rubbish that ends as the member does.
        let ending = one[one.len() - 8..].to_vec();
        let disguised = [one.clone(), ending].concat();
        let checksum = changed(one.clone(), 6);
        for other in [twice, padded, disguised, checksum, one[..one.len() - 1].to_vec()] {
            assert_eq!(fast(&other), None);
        }
    }

    #[test]
    fn each_kind_of_damage_is_told_and_what_was_checked_is_kept() {
        let one = gzip(TEXT.as_bytes());
        let bad = "gzip is damaged, or its checksum is wrong";
        let after = "bytes after the end of the gzip";
        let members_of = |packed: &[u8], want: Unpacked<'_>| {
            let mut room = vec![7; 100];
            assert_eq!(members(packed, &mut room), want);
        };
        let text = TEXT.as_bytes();
        let both = [text, text].concat();
        members_of(&one, Unpacked::Whole(text));
        members_of(&[one.clone(), one.clone()].concat(), Unpacked::Whole(&both));
        members_of(&changed(one.clone(), 6), Unpacked::Damaged(b"", bad));
        members_of(&changed(one.clone(), 2), Unpacked::Damaged(b"", bad));
        let second = [one.clone(), changed(one.clone(), 6)].concat();
        members_of(&second, Unpacked::Damaged(text, bad));
        members_of(&[one.clone(), b"more".to_vec()].concat(), Unpacked::Damaged(text, after));
        members_of(&[one.clone(), vec![0; 3]].concat(), Unpacked::Damaged(text, after));
        members_of(&one[..one.len() - 4], Unpacked::CutShort(text));
    }

    #[test]
    fn what_would_not_fit_is_not_unpacked() {
        let bomb = gzip(&vec![b' '; OBJECT_BYTES_MAX + 1]);
        assert_eq!(fast(&bomb), None);
        assert_eq!(members(&bomb, &mut Vec::new()), Unpacked::Large);
        // A length that promises more than deflate could hold.
        let mut liar = gzip(TEXT.as_bytes());
        let at = liar.len() - 4;
        liar[at..].copy_from_slice(&(OBJECT_BYTES_MAX as u32).to_le_bytes());
        assert_eq!(fast(&liar), None);
    }
}
