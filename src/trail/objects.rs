//! Finds delivered objects, opens them within bounds, and takes the records out of their envelopes.

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// CloudTrail delivers objects of a few megabytes; one this large is no delivery, and held in
/// memory by every thread it would break the memory bound. JSON lines may be larger: they stream.
const OBJECT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// CloudTrail keeps an event under 256 KB; with every envelope around it this is ample.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Where a stream of lines ends for good, so that a gzip bomb costs minutes and not days.
const STREAM_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
/// CloudTrail's own layout is ten folders deep.
const DEPTH_MAX: usize = 64;
/// A year of a large organisation; beyond it the answer belongs to Athena.
const OBJECTS_MAX: usize = 5_000_000;
/// Envelopes in envelopes: EventBridge in Logstash in a message is three.
const ENVELOPES_MAX: u32 = 4;

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

/// What becomes of the pieces of an object.
pub trait RecordSink {
    /// One record's JSON text.
    fn record(&mut self, json: &str);
    /// Something in the object that is no record.
    fn refuse(&mut self, reason: &'static str);
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
pub fn read(path: &Path, sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    let mut stream = open(path)?;
    let mut bytes = Vec::new();
    let limit = OBJECT_BYTES_MAX + 1;
    let whole = stream.by_ref().take(limit).read_to_end(&mut bytes);
    let cut_short = whole.is_err();
    if bytes.len() as u64 > OBJECT_BYTES_MAX {
        drop(bytes);
        return read_lines(path, sink);
    }
    if cut_short {
        return salvage_lines(&bytes, sink);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => read_text(text, sink),
        Err(_) => read_text(&String::from_utf8_lossy(&bytes), sink),
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
                found.refused.push(Refusal {
                    place: folder,
                    reason: "folder cannot be read",
                });
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
    let name = place
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let json = [".json", ".jsonl", ".ndjson", ".gz"]
        .iter()
        .any(|ending| name.ends_with(ending));
    if kind.is_dir() {
        Some("folder is nested too deep")
    } else if kind.is_symlink() && place.is_dir() {
        Some("link to a folder; give the folder itself")
    } else if !json {
        Some("not named like a CloudTrail object")
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
    path.components()
        .find_map(|part| match part.as_os_str().to_str()? {
            "CloudTrail-Digest" => Some("digest object"),
            "CloudTrail-Insight" => Some("insight object"),
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
        return Ok(Box::new(BufReader::with_capacity(
            64 * 1024,
            MultiGzDecoder::new(reader),
        )));
    }
    Ok(Box::new(reader))
}

/// The parts by which envelopes are told apart; everything else in them is skipped unparsed.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, rename = "Records")]
    records: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, rename = "Events")]
    events: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, rename = "CloudTrailEvent")]
    cloud_trail_event: Option<&'a RawValue>,
    #[serde(borrow, default)]
    detail: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_source")]
    source: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "eventName")]
    event_name: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "digestStartTime")]
    digest: Option<&'a RawValue>,
}

fn read_text(text: &str, sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("empty object");
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let first = match values.next() {
        Some(Ok(first)) => first,
        Some(Err(_)) | None => return salvage_lines(text.as_bytes(), sink),
    };
    let whole = values.byte_offset() >= text.len();
    if whole && first.get().contains("\"digestStartTime\"") && is_digest(first.get()) {
        return Err("digest object");
    }
    unwrap(first.get(), ENVELOPES_MAX, sink);
    let mut at = values.byte_offset();
    loop {
        match values.next() {
            None => return Ok(()),
            Some(Ok(value)) => {
                unwrap(value.get(), ENVELOPES_MAX, sink);
                at = values.byte_offset();
            }
            Some(Err(_)) => {
                read_each_line(text[at..].as_bytes(), sink);
                return Ok(());
            }
        }
    }
}

fn is_digest(json: &str) -> bool {
    serde_json::from_str::<Envelope<'_>>(json).is_ok_and(|envelope| envelope.digest.is_some())
}

fn unwrap(json: &str, depth: u32, sink: &mut dyn RecordSink) {
    if depth == 0 {
        return sink.refuse("envelopes nested too deep");
    }
    if json.starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(values) => values
                .iter()
                .for_each(|value| unwrap(value.get(), depth - 1, sink)),
            Err(_) => sink.refuse("not a list of records"),
        }
        return;
    }
    match serde_json::from_str::<Envelope<'_>>(json) {
        Ok(envelope) => open_envelope(json, &envelope, depth, sink),
        Err(_) => sink.refuse("not a record"),
    }
}

fn open_envelope(json: &str, envelope: &Envelope<'_>, depth: u32, sink: &mut dyn RecordSink) {
    if envelope.event_name.is_some() {
        return sink.record(json);
    }
    if let Some(records) = &envelope.records {
        return records
            .iter()
            .for_each(|record| record_or_envelope(record.get(), depth, sink));
    }
    if let Some(events) = &envelope.events {
        return events
            .iter()
            .for_each(|event| unwrap(event.get(), depth - 1, sink));
    }
    let inner = [
        envelope.cloud_trail_event,
        envelope.detail,
        envelope.source,
        envelope.message,
    ];
    match inner.into_iter().flatten().next() {
        Some(inner) if inner.get().starts_with('"') => {
            match serde_json::from_str::<String>(inner.get()) {
                Ok(text) if text.trim_start().starts_with('{') => unwrap(&text, depth - 1, sink),
                _ => sink.refuse("no event name"),
            }
        }
        Some(inner) if inner.get().starts_with('{') => unwrap(inner.get(), depth - 1, sink),
        _ => sink.refuse("no event name"),
    }
}

/// In a `Records` list an element is a record but for rare shippers; the sink sees whether it is.
fn record_or_envelope(json: &str, depth: u32, sink: &mut dyn RecordSink) {
    if json.contains("\"eventName\"") && !json.contains("\"CloudTrailEvent\"") {
        return sink.record(json);
    }
    unwrap(json, depth - 1, sink);
}

/// Takes what can be taken from JSON lines of which some are broken.
fn salvage_lines(bytes: &[u8], sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    if serde_json::from_str::<Envelope<'_>>(first.trim()).is_err() {
        return Err("truncated, or not JSON");
    }
    read_each_line(bytes, sink);
    Ok(())
}

fn read_each_line(bytes: &[u8], sink: &mut dyn RecordSink) {
    for line in bytes.split(|byte| *byte == b'\n') {
        one_line(line, sink);
    }
}

fn one_line(line: &[u8], sink: &mut dyn RecordSink) {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    if serde_json::from_str::<&RawValue>(line).is_err() {
        return sink.refuse("line is truncated, or not JSON");
    }
    unwrap(line, ENVELOPES_MAX, sink);
}

/// Streams an object too large to hold: only JSON lines can be.
fn read_lines(path: &Path, sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    let mut stream = open(path)?.take(STREAM_BYTES_MAX);
    let mut line = Vec::new();
    let mut first = true;
    loop {
        line.clear();
        let read = stream
            .by_ref()
            .take(LINE_BYTES_MAX as u64)
            .read_until(b'\n', &mut line);
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
