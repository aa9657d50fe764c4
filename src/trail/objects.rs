//! Finds delivered objects, opens them within bounds, and takes the records out of their envelopes.

use crate::ports::trail::harmless;
use crate::trail::envelopes::{RecordSink, one_line, read_text, salvage_lines};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// CloudTrail delivers objects of a few megabytes; one this large is no delivery, and held in
/// memory by every thread it would break the memory bound. JSON lines may be larger: they stream.
const OBJECT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Room that is kept from one object to the next.
const ROOM_KEPT_MAX: usize = 8 * 1024 * 1024;
/// CloudTrail keeps an event under 256 KB; with every envelope around it this is ample.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Where a stream of lines ends for good, so that a gzip bomb costs minutes and not days.
const STREAM_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
/// CloudTrail's own layout is ten folders deep.
const DEPTH_MAX: usize = 64;
/// A year of a large organisation; beyond it the answer belongs to Athena.
const OBJECTS_MAX: usize = 5_000_000;

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
    for path in paths {
        let path = path.canonicalize().map_err(|error| named(path, &error))?;
        if path.is_dir() {
            walk(&path, &mut found)?;
        } else {
            found.objects.push(path);
        }
    }
    found.objects.sort();
    found.objects.dedup();
    Ok(found)
}

/// Reads one object and hands every record in it to the sink; an error is the object's refusal.
/// The room is for the unpacked object, and may be that of the one before.
pub fn read(
    path: &Path,
    room: &mut Vec<u8>,
    sink: &mut dyn RecordSink,
) -> Result<(), &'static str> {
    room.clear();
    room.shrink_to(ROOM_KEPT_MAX);
    let whole = open(path)?.take(OBJECT_BYTES_MAX + 1).read_to_end(room);
    if room.len() as u64 > OBJECT_BYTES_MAX {
        *room = Vec::new();
        return read_lines(path, sink);
    }
    if whole.is_err() {
        return salvage_lines(room, sink);
    }
    match std::str::from_utf8(room) {
        Ok(text) => read_text(text, sink),
        Err(_) => read_text(&String::from_utf8_lossy(room), sink),
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn walk(root: &Path, found: &mut Found) -> io::Result<()> {
    let mut folders = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => return Err(named(&folder, &error)),
            Err(_) => {
                found.refused.push(Refusal { place: folder, reason: "folder cannot be read" });
                continue;
            }
        };
        for entry in entries.flatten() {
            let (place, Ok(kind)) = (entry.path(), entry.file_type()) else {
                continue;
            };
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((place, depth + 1));
            } else if let Some(reason) = passed_over(&place, kind, found.objects.len()) {
                found.refused.push(Refusal { place, reason });
            } else {
                found.objects.push(place);
            }
        }
    }
    Ok(())
}

fn passed_over(place: &Path, kind: std::fs::FileType, count: usize) -> Option<&'static str> {
    let name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let json = [".json", ".jsonl", ".ndjson", ".gz"].iter().any(|ending| name.ends_with(ending));
    if kind.is_dir() {
        Some("folder is nested too deep")
    } else if kind.is_symlink() && place.is_dir() {
        Some("link to a folder; give the folder itself")
    } else if !json {
        Some(harmless::OTHER_FILE)
    } else if !place.is_file() {
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
    if let Some(reason) = side_folder(path) {
        return Err(reason);
    }
    let file = File::open(path).map_err(|_| "cannot be opened")?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let start = reader.fill_buf().map_err(|_| "cannot be read")?;
    if start.is_empty() {
        return Err("empty object");
    }
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
                sink.refuse("rest of the object is truncated");
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
