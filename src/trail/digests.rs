//! Tells which records are there twice, among any number of them, in memory that does not grow.
//!
//! Each record leaves its digest and a tag. When so many have come that they would take too much
//! room they are sorted and put into a temporary file; at the end all runs are merged, and equal
//! digests lie beside one another. So a duplicate is counted first and taken back at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};

/// Digests of one thread in memory: 16 MB of them. Ten million records leave some twenty runs.
const RUN_MAX: usize = 512 * 1024;
const ENTRY_BYTES: usize = 20;
/// What is read ahead of each run.
const AHEAD_BYTES: usize = 32 * 1024;

/// A record's digest, and what its pass calls it.
type Entry = (u128, u32);

/// The digests that one thread saw.
#[derive(Debug, Default)]
pub(super) struct Digests {
    fresh: Vec<Entry>,
    files: Vec<File>,
    /// Whatever could not be written; told at the end.
    failure: Option<io::Error>,
}

impl Digests {
    pub(super) fn push(&mut self, digest: u128, tag: u32) {
        self.push_within(digest, tag, RUN_MAX);
    }

    fn push_within(&mut self, digest: u128, tag: u32, run_max: usize) {
        if self.fresh.len() >= run_max && self.failure.is_none() {
            self.failure = self.spill().err();
        }
        // Without a disk to write to, no more are remembered, and the end says so.
        if self.failure.is_none() {
            self.fresh.push((digest, tag));
        }
    }

    /// Is called by the thread that saw them, so that all sort at once.
    pub(super) fn sort(&mut self) {
        self.fresh.sort_unstable();
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for (digest, tag) in &self.fresh {
            let mut bytes = [0; ENTRY_BYTES];
            let parts = digest.to_le_bytes().into_iter().chain(tag.to_le_bytes());
            bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
            file.write_all(&bytes)?;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.files.push(file);
        self.fresh.clear();
        Ok(())
    }
}

/// Tells of each record but the first of those that are the same: whose it is, and its tag.
pub(super) fn duplicates(
    threads: Vec<Digests>,
    mut told: impl FnMut(usize, u32),
) -> io::Result<u64> {
    let mut runs = Vec::new();
    for (thread, digests) in threads.into_iter().enumerate() {
        if let Some(failure) = digests.failure {
            return Err(failure);
        }
        runs.push((thread, Run::Held(digests.fresh.into_iter())));
        let written = |file| (thread, Run::Written(BufReader::with_capacity(AHEAD_BYTES, file)));
        runs.extend(digests.files.into_iter().map(written));
    }
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (at, (_, run)) in runs.iter_mut().enumerate() {
        heads.extend(run.next()?.map(|entry| Reverse((entry, at))));
    }
    let (mut before, mut count) = (None, 0);
    while let Some(mut head) = heads.peek_mut() {
        let Reverse(((digest, tag), at)) = *head;
        let Some((thread, run)) = runs.get_mut(at) else { break };
        if before == Some(digest) {
            told(*thread, tag);
            count += 1;
        }
        before = Some(digest);
        match run.next()? {
            Some(entry) => *head = Reverse((entry, at)),
            None => drop(std::collections::binary_heap::PeekMut::pop(head)),
        }
    }
    Ok(count)
}

/// Sorted entries, in memory or in a file.
enum Run {
    Held(std::vec::IntoIter<Entry>),
    Written(BufReader<File>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        let file = match self {
            Self::Held(entries) => return Ok(entries.next()),
            Self::Written(file) => file,
        };
        let (mut digest, mut tag) = ([0; 16], [0; 4]);
        match file.read_exact(&mut digest) {
            Ok(()) => file.read_exact(&mut tag)?,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(Some((u128::from_le_bytes(digest), u32::from_le_bytes(tag))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn each_copy_but_one_is_told_however_the_runs_fall(
            records in proptest::collection::vec((0_u128..40, 0_usize..3), 0..200),
            run_max in 1_usize..60,
        ) {
            let mut threads: Vec<Digests> = (0..3).map(|_| Digests::default()).collect();
            let mut left: HashMap<u128, i32> = HashMap::new();
            for (tag, (digest, thread)) in (0..).zip(&records) {
                threads[*thread].push_within((digest << 64) | digest, tag, run_max);
                *left.entry(*digest).or_default() += 1;
            }
            threads.iter_mut().for_each(Digests::sort);
            let mut told = Vec::new();
            let count = duplicates(threads, |thread, tag| told.push((thread, tag))).unwrap();
            prop_assert_eq!(count as usize, told.len());
            for (thread, tag) in told {
                let (digest, whose) = records[tag as usize];
                prop_assert_eq!(whose, thread);
                *left.get_mut(&digest).unwrap() -= 1;
            }
            prop_assert!(left.values().all(|left| *left == 1), "{:?}", left);
        }
    }

    #[test]
    fn what_could_not_be_written_is_told_and_not_taken_for_no_duplicates() {
        let failure = Some(io::Error::other("no space left"));
        let broken = Digests { failure, ..Digests::default() };
        assert!(duplicates(vec![broken], |_, _| {}).is_err());
    }

    #[test]
    fn memory_does_not_grow_with_the_records() {
        let mut digests = Digests::default();
        for number in 0..(2 * RUN_MAX as u128 + 1) {
            digests.push(number, 0);
        }
        assert_eq!((digests.fresh.len(), digests.files.len()), (1, 2));
    }
}
