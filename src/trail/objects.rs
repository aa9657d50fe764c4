//! Finds delivered objects, and hands on what each of them holds.

use crate::ports::trail::harmless;
use crate::trail::canon::Canon;
use crate::trail::envelopes::{RecordSink, one_line, read_bytes, salvage_lines};
use crate::trail::stamp::ObjectState;
use crate::trail::unpacking::{Unpacked, Unpacker};
use flate2::bufread::MultiGzDecoder;
use serde::de::IgnoredAny;
use std::fs::{File, FileType};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// CloudTrail keeps an event under 256 KB; with every envelope around it this is ample.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Where a stream of lines ends for good, so that a gzip bomb costs minutes and not days.
const STREAM_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
/// CloudTrail's own layout is ten folders deep.
const DEPTH_MAX: usize = 64;
/// A year of a large organisation; beyond it the answer belongs to Athena.
const OBJECTS_MAX: usize = 5_000_000;
const CUT_SHORT: &str = "rest of the object is truncated or damaged";

/// An object or folder that was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub place: PathBuf,
    pub reason: &'static str,
}

/// The objects found, in a stable order, and what was passed over.
#[derive(Debug, Default)]
pub struct Found {
    pub objects: Vec<PathBuf>,
    pub refused: Vec<Refusal>,
}

/// Lists the objects under the given files and folders; a path given twice counts once.
pub fn find(paths: &[PathBuf]) -> io::Result<Found> {
    let mut found = Found::default();
    each(paths, &mut |one| match one {
        Ok(object) => found.objects.push(object),
        Err(refusal) => found.refused.push(refusal),
    })?;
    // By bytes: comparing names part by part takes several times as long.
    found.objects.sort_unstable_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    found.objects.dedup_by(|one, other| one.as_os_str() == other.as_os_str());
    Ok(found)
}

/// Comes by each object under the given files and folders, and by what is passed over.
pub(super) fn each(
    paths: &[PathBuf],
    take: &mut dyn FnMut(Result<PathBuf, Refusal>),
) -> io::Result<()> {
    for path in paths {
        let path = path.canonicalize().map_err(|error| named(path, &error))?;
        if path.is_dir() {
            walk(&path, take)?;
        } else {
            take(Ok(path));
        }
    }
    Ok(())
}

/// Reads one object and hands every record in it to the sink; an error is the object's refusal.
pub(super) fn read(
    path: &Path,
    unpacker: &mut Unpacker,
    (canon, sink): (&Canon, &mut dyn RecordSink),
) -> (ObjectState, Result<(), &'static str>) {
    if let Some(reason) = side_folder(path) {
        return (ObjectState::default(), Err(reason));
    }
    let (state, unpacked) = unpacker.open(path, canon);
    let outcome = match unpacked {
        Err(reason) => Err(reason),
        Ok(Unpacked::Whole(bytes)) => read_bytes(bytes, canon, sink),
        Ok(Unpacked::Damaged([], reason)) => Err(reason),
        Ok(Unpacked::Damaged(bytes, reason)) => {
            read_bytes(bytes, canon, sink).map(|()| sink.refuse(reason))
        }
        Ok(Unpacked::CutShort(bytes)) => {
            salvage_lines(up_to_the_cut(bytes), sink).map(|()| sink.refuse(CUT_SHORT))
        }
        Ok(Unpacked::Large) => read_lines(path, sink),
    };
    (state, outcome)
}

/// The lines of a text that was cut short, without the last where that is where it was cut.
fn up_to_the_cut(bytes: &[u8]) -> &[u8] {
    let lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (lines, last) = bytes.split_at(lines);
    match serde_json::from_slice::<IgnoredAny>(last) {
        Ok(_) => bytes,
        Err(_) => lines,
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn walk(root: &Path, take: &mut dyn FnMut(Result<PathBuf, Refusal>)) -> io::Result<()> {
    let mut folders = vec![(root.to_path_buf(), 0)];
    let mut count = 0;
    while let Some((folder, depth)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => return Err(named(&folder, &error)),
            Err(_) => {
                take(Err(Refusal { place: folder, reason: "folder cannot be read" }));
                continue;
            }
        };
        for entry in entries.flatten() {
            let (place, Ok(kind)) = (entry.path(), entry.file_type()) else {
                continue;
            };
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((place, depth + 1));
            } else if let Some(reason) = passed_over(&place, kind, count) {
                take(Err(Refusal { place, reason }));
            } else {
                count += 1;
                take(Ok(place));
            }
        }
    }
    Ok(())
}

fn passed_over(place: &Path, kind: FileType, count: usize) -> Option<&'static str> {
    let name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let json = [".json", ".jsonl", ".ndjson", ".gz"].iter().any(|ending| name.ends_with(ending));
    if kind.is_dir() {
        Some("folder is nested too deep")
    } else if kind.is_symlink() && place.is_dir() {
        Some("link to a folder; give the folder itself")
    } else if !json {
        Some(harmless::OTHER_FILE)
    } else if !kind.is_file() && !place.is_file() {
        Some("not a plain file")
    } else if count >= OBJECTS_MAX {
        Some("more objects than one run reads")
    } else {
        None
    }
}

/// Digests and insights lie beside the records in the same bucket.
fn side_folder(path: &Path) -> Option<&'static str> {
    path.components().find_map(|part| match part.as_os_str().to_str()? {
        "CloudTrail-Digest" => Some(harmless::DIGEST_OBJECT),
        "CloudTrail-Insight" => Some(harmless::INSIGHT_OBJECT),
        _ => None,
    })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, &'static str> {
    let file = File::open(path).map_err(|_| "cannot be opened")?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let start = reader.fill_buf().map_err(|_| "cannot be read")?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(reader))));
    }
    Ok(Box::new(reader))
}

/// Streams an object too large to hold: only JSON lines can be.
fn read_lines(path: &Path, sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    let mut stream = open(path)?.take(STREAM_BYTES_MAX);
    let mut line = Vec::new();
    let mut first = true;
    loop {
        line.clear();
        let read = stream.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line);
        match read {
            Ok(0) if stream.limit() == 0 => return Err("larger than one run reads"),
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(_) => {
                sink.refuse(CUT_SHORT);
                return Ok(());
            }
        }
        if line.len() >= LINE_BYTES_MAX && !line.ends_with(b"\n") {
            if first {
                return Err("larger than 64 MiB, and not JSON lines");
            }
            sink.refuse("line larger than 4 MiB");
            skip_line(&mut stream);
            continue;
        }
        first = false;
        one_line(&line, sink);
    }
}

fn skip_line(stream: &mut impl BufRead) {
    loop {
        let Ok(chunk) = stream.fill_buf() else { return };
        if chunk.is_empty() {
            return;
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        stream.consume(used);
        if end.is_some() {
            return;
        }
    }
}
