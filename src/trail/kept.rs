//! Keeps what pass one saw of each object, on the disk where it is much.
//!
//! Each thread writes its objects one behind the other; pass two reads them in that order. So
//! neither holds more than one object in memory, however long the trail is.

use crate::trail::known::{Known, Mark, Marks};
use crate::trail::listed::{Object, Objects, Refusal};
use crate::trail::stamp::Stamp;
use std::ffi::OsString;
use std::io::{self, BufReader, BufWriter, ErrorKind, IntoInnerError, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::SpooledTempFile;

/// Of each thread in memory: some twenty thousand objects.
const HELD_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bits that say what was seen of an object.
const HAS_STAMP: u8 = 1;
const HAS_CHECKSUM: u8 = 2;
const HAS_CHANGES: u8 = 4;
const MARK_BYTES: usize = 4;

/// The objects of one thread while it reads them.
#[derive(Debug)]
pub(super) struct Keeping {
    file: BufWriter<SpooledTempFile>,
    /// Whatever could not be written; told at the end.
    failure: Option<io::Error>,
}

impl Default for Keeping {
    fn default() -> Self {
        Self::within(HELD_BYTES_MAX)
    }
}

impl Keeping {
    fn within(held_bytes_max: usize) -> Self {
        Self { file: BufWriter::new(SpooledTempFile::new(held_bytes_max)), failure: None }
    }

    pub(super) fn keep(&mut self, path: &Path, known: &Known) {
        if self.failure.is_none() {
            self.failure = self.write(path, known).err();
        }
    }

    fn write(&mut self, path: &Path, known: &Known) -> io::Result<()> {
        let Known { stamp, checksum, marks } = known;
        let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        let bits = bit(stamp.is_some(), HAS_STAMP)
            | bit(checksum.is_some(), HAS_CHECKSUM)
            | bit(marks.has_changes, HAS_CHANGES);
        let path = path.as_os_str().as_encoded_bytes();
        let length = |length: usize| u32::try_from(length).map_err(io::Error::other);
        self.file.write_all(&[bits])?;
        self.file.write_all(&stamp.map_or(0, |stamp| stamp.0).to_le_bytes())?;
        self.file.write_all(&checksum.unwrap_or_default().to_le_bytes())?;
        self.file.write_all(&length(path.len())?.to_le_bytes())?;
        self.file.write_all(&length(marks.all.len())?.to_le_bytes())?;
        self.file.write_all(path)?;
        marks.all.iter().try_for_each(|mark| self.file.write_all(&mark.0.to_le_bytes()))
    }

    /// What was written, to be read as often as anybody wants.
    pub(super) fn finish(self) -> io::Result<SpooledTempFile> {
        match self.failure {
            Some(failure) => Err(failure),
            None => self.file.into_inner().map_err(IntoInnerError::into_error),
        }
    }
}

/// The objects of all threads, one after another.
pub(super) struct Kept<'a> {
    left: Mutex<Vec<BufReader<&'a mut SpooledTempFile>>>,
}

impl<'a> Kept<'a> {
    /// Begins with the first object of each.
    pub(super) fn of(files: &'a mut [SpooledTempFile]) -> io::Result<Self> {
        files.iter_mut().try_for_each(Seek::rewind)?;
        Ok(Self { left: Mutex::new(files.iter_mut().map(BufReader::new).collect()) })
    }
}

impl Objects for Kept<'_> {
    fn next(&self) -> io::Result<Option<Result<Object, Refusal>>> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(file) = left.last_mut() {
            if let Some(object) = read(file)? {
                return Ok(Some(Ok(object)));
            }
            left.pop();
        }
        Ok(None)
    }
}

/// The next object; none at the end of the file.
fn read(file: &mut impl Read) -> io::Result<Option<Object>> {
    let mut bits = [0];
    match file.read_exact(&mut bits) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let has = |bit: u8| bits[0] & bit != 0;
    let (stamp, checksum) = (u64::from_le_bytes(take(file)?), u64::from_le_bytes(take(file)?));
    let length = u32::from_le_bytes(take(file)?) as usize;
    let marks = u32::from_le_bytes(take(file)?) as usize;
    let mut path = vec![0; length];
    file.read_exact(&mut path)?;
    let mut all = vec![0; marks * MARK_BYTES];
    file.read_exact(&mut all)?;
    let (all, _) = all.as_chunks();
    let known = Known {
        stamp: has(HAS_STAMP).then_some(Stamp(stamp)),
        checksum: has(HAS_CHECKSUM).then_some(checksum),
        marks: Marks {
            all: all.iter().map(|mark| Mark(u32::from_le_bytes(*mark))).collect(),
            has_changes: has(HAS_CHANGES),
        },
    };
    Ok(Some(Object { path: PathBuf::from(name(path)), known: Some(known) }))
}

fn take<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn name(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

/// Where names are not bytes, only those that are no text at all come out otherwise.
#[cfg(not(unix))]
fn name(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known() -> impl Strategy<Value = Known> {
        let marks = proptest::collection::vec(any::<u32>(), 0..40);
        (any::<Option<u64>>(), any::<Option<u64>>(), marks, any::<bool>()).prop_map(
            |(stamp, checksum, marks, has_changes)| Known {
                stamp: stamp.map(Stamp),
                checksum,
                marks: Marks { all: marks.into_iter().map(Mark).collect(), has_changes },
            },
        )
    }

    proptest! {
        #[test]
        fn each_object_comes_back_as_it_was_as_often_as_it_is_read(
            objects in proptest::collection::vec(("[a-zü/]{1,30}", known(), 0_usize..2), 0..60),
            held_bytes_max in 0_usize..4_000,
        ) {
            let mut threads = [Keeping::within(held_bytes_max), Keeping::within(held_bytes_max)];
            for (path, known, thread) in &objects {
                threads[*thread].keep(Path::new(path), known);
            }
            let mut files: Vec<_> = threads.map(|one| one.finish().unwrap()).into();
            for _ in 0..2 {
                let kept = Kept::of(&mut files).unwrap();
                let mut met = Vec::new();
                while let Some(object) = kept.next().unwrap() {
                    met.push(object.unwrap());
                }
                for wanted in [1, 0] {
                    for (path, known, _) in objects.iter().filter(|(.., one)| *one == wanted) {
                        let object = met.remove(0);
                        prop_assert_eq!(object.path, PathBuf::from(path));
                        prop_assert_eq!(object.known.as_ref(), Some(known));
                    }
                }
                prop_assert!(met.is_empty());
            }
        }
    }

    #[test]
    fn what_could_not_be_written_is_told() {
        let failure = Some(io::Error::other("no space left"));
        assert!(Keeping { failure, ..Keeping::default() }.finish().is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_name_that_is_no_text_comes_back_as_it_was() {
        let path = PathBuf::from(name(vec![b'a', 0xff, b'.']));
        let mut keeping = Keeping::default();
        keeping.keep(&path, &Known::default());
        let mut files = [keeping.finish().unwrap()];
        let met = Kept::of(&mut files).unwrap().next().unwrap().unwrap().unwrap();
        assert_eq!(met.path, path);
    }
}
