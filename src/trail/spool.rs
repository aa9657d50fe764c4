//! Puts any number of rows into their total order, in memory that does not grow with them.
//!
//! Rows that one thread finds are held packed. When they take too much room they are sorted and put
//! into a temporary file; at the end all runs are merged, and a row is a row again only when it is
//! taken. The files have no name, so that the system takes them away however the process ends.

use crate::domain::trail_row::TrailRow;
use crate::ports::trail::TrailError;
use crate::ports::trail::rows::Rows;
use crate::trail::packed::{pack, unpack};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Arc;

/// Packed rows of one thread in memory: some ten thousand.
const HELD_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What is read ahead of each run. Two million rows of a kilobyte are 250 runs.
const AHEAD_BYTES: usize = 32 * 1024;
const LENGTH_BYTES: usize = size_of::<u32>();

/// The rows that one thread found.
#[derive(Debug)]
pub(super) struct Spool {
    held_bytes_max: usize,
    bytes: Vec<u8>,
    rows: Vec<Range<usize>>,
    count: usize,
    file: Option<File>,
    written: u64,
    runs: Vec<Range<u64>>,
    /// Whatever could not be written; told at the end.
    failure: Option<io::Error>,
}

impl Default for Spool {
    fn default() -> Self {
        Self::within(HELD_BYTES_MAX)
    }
}

impl Spool {
    pub(super) fn within(held_bytes_max: usize) -> Self {
        Self {
            held_bytes_max,
            bytes: Vec::new(),
            rows: Vec::new(),
            count: 0,
            file: None,
            written: 0,
            runs: Vec::new(),
            failure: None,
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn push(&mut self, row: &TrailRow) {
        self.count += 1;
        // Without a disk to write to, no more are held, and the end says so.
        if self.failure.is_some() {
            return;
        }
        let begin = self.bytes.len();
        pack(row, &mut self.bytes);
        self.rows.push(begin..self.bytes.len());
        if self.bytes.len() >= self.held_bytes_max {
            self.failure = self.spill().err();
            self.rows.clear();
            self.bytes.clear();
        }
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.rows.sort_unstable_by(|one, other| bytes[one.clone()].cmp(&bytes[other.clone()]));
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none @ None => none.insert(tempfile::tempfile()?),
        };
        let begin = self.written;
        let mut writer = BufWriter::new(file);
        for row in &self.rows {
            let row = &self.bytes[row.clone()];
            writer.write_all(&u32::try_from(row.len()).map_err(io::Error::other)?.to_le_bytes())?;
            writer.write_all(row)?;
            self.written += (LENGTH_BYTES + row.len()) as u64;
        }
        writer.flush()?;
        self.runs.push(begin..self.written);
        Ok(())
    }

    fn into_runs(mut self) -> io::Result<Vec<Run>> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.sort();
        let file = self.file.map(Arc::new);
        let part = |place: Range<u64>| Some(Part { file: Arc::clone(file.as_ref()?), place });
        let written = self.runs.into_iter().filter_map(part);
        let written = written.map(|part| BufReader::with_capacity(AHEAD_BYTES, part));
        let mut runs: Vec<Run> = written.map(Run::Written).collect();
        runs.push(Run::Held(self.bytes, self.rows.into_iter()));
        Ok(runs)
    }
}

/// A part of a file that several read in turns.
struct Part {
    file: Arc<File>,
    place: Range<u64>,
}

impl Read for Part {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.place.end - self.place.start;
        let wanted = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.place.start))?;
        let count = file.read(&mut bytes[..wanted])?;
        self.place.start += count as u64;
        Ok(count)
    }
}

/// Sorted rows, in memory or in a file.
enum Run {
    Held(Vec<u8>, std::vec::IntoIter<Range<usize>>),
    Written(BufReader<Part>),
}

impl Run {
    /// Puts the next row in the place of another, and says whether there was one.
    fn next(&mut self, row: &mut Vec<u8>) -> io::Result<bool> {
        row.clear();
        let file = match self {
            Self::Held(bytes, rows) => {
                let Some(place) = rows.next() else { return Ok(false) };
                row.extend_from_slice(&bytes[place]);
                return Ok(true);
            }
            Self::Written(file) => file,
        };
        if file.buffer().is_empty() && file.get_ref().place.is_empty() {
            return Ok(false);
        }
        let mut length = [0; LENGTH_BYTES];
        file.read_exact(&mut length)?;
        row.resize(u32::from_le_bytes(length) as usize, 0);
        file.read_exact(row)?;
        Ok(true)
    }
}

/// The rows of all threads in their order.
pub(super) fn rows(spools: Vec<Spool>) -> Result<Rows, TrailError> {
    let merged = Merged::of(spools).map_err(TrailError::no_room)?;
    Ok(Rows::new(merged.map(|row| row.map_err(TrailError::no_room))))
}

struct Merged {
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl Merged {
    /// Begins with the first row of all.
    fn of(spools: impl IntoIterator<Item = Spool>) -> io::Result<Self> {
        let mut runs = Vec::new();
        for spool in spools {
            runs.extend(spool.into_runs()?);
        }
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (at, run) in runs.iter_mut().enumerate() {
            let mut row = Vec::new();
            if run.next(&mut row)? {
                heads.push(Reverse((row, at)));
            }
        }
        Ok(Self { runs, heads })
    }

    fn take(&mut self) -> io::Result<Option<TrailRow>> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        let Reverse((bytes, at)) = &mut *head;
        let row = unpack(bytes)?;
        let run = self.runs.get_mut(*at);
        if !run.map_or(Ok(false), |run| run.next(bytes))? {
            PeekMut::pop(head);
        }
        Ok(Some(row))
    }
}

impl Iterator for Merged {
    type Item = io::Result<TrailRow>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::packed::tests::row;
    use proptest::prelude::*;

    fn merged(spools: Vec<Spool>) -> Vec<TrailRow> {
        Merged::of(spools).unwrap().map(Result::unwrap).collect()
    }

    proptest! {
        #[test]
        fn rows_come_in_their_order_each_as_often_as_it_was_found_however_the_runs_fall(
            rows in proptest::collection::vec((row(), 0_usize..3), 0..80),
            held_bytes_max in 1_usize..3_000,
        ) {
            let mut spools: Vec<_> = (0..3).map(|_| Spool::within(held_bytes_max)).collect();
            rows.iter().for_each(|(row, thread)| spools[*thread].push(row));
            prop_assert_eq!(spools.iter().map(Spool::len).sum::<usize>(), rows.len());
            let mut sorted: Vec<TrailRow> = rows.into_iter().map(|(row, _)| row).collect();
            sorted.sort();
            prop_assert_eq!(merged(spools), sorted);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_could_not_be_written_is_told_and_not_taken_for_no_rows() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut spool = Spool { file: Some(full), ..Spool::within(1) };
        spool.push(&TrailRow::default());
        spool.push(&TrailRow::default());
        assert!(spool.bytes.is_empty() && Merged::of([spool]).is_err());
    }

    #[test]
    fn memory_does_not_grow_with_the_rows() {
        let mut spool = Spool::default();
        let row = |number: usize| TrailRow {
            event_id: Some(format!("{number:01000}")),
            ..TrailRow::default()
        };
        for number in (0..3 * HELD_BYTES_MAX / 1_000).rev() {
            spool.push(&row(number));
            assert!(spool.bytes.len() < HELD_BYTES_MAX);
        }
        assert_eq!(spool.runs.len(), 3);
        assert!(spool.bytes.capacity() <= 2 * HELD_BYTES_MAX);
        let rows = Merged::of([spool]).unwrap().map(Result::unwrap).enumerate();
        let mut wrong = rows.filter(|(number, found)| *found != row(*number));
        assert_eq!(wrong.next(), None);
    }
}
