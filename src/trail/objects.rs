//! Reads a delivered object, and hands on every record that it holds.

use crate::ports::coverage::harmless;
use crate::trail::envelopes::{RecordSink, one_line, read_bytes, salvage_lines};
use crate::trail::skim::Skimmer;
use crate::trail::stamp::ObjectState;
use crate::trail::unpacking::{Unpacked, Unpacker};
use flate2::bufread::MultiGzDecoder;
use serde::de::IgnoredAny;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// CloudTrail keeps an event under 256 KB; with every envelope around it this is ample.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Where a stream of lines ends for good, so that a gzip bomb costs minutes and not days.
const STREAM_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
const CUT_SHORT: &str = "rest of the object is truncated or damaged";

/// Reads one object and hands every record in it to the sink; an error is the object's refusal.
pub(super) fn read(
    path: &Path,
    unpacker: &mut Unpacker,
    (skimmer, sink): (&mut Skimmer<'_>, &mut dyn RecordSink),
) -> (ObjectState, Result<(), &'static str>) {
    if let Some(reason) = side_folder(path) {
        return (ObjectState::default(), Err(reason));
    }
    let (state, unpacked) = unpacker.open(path, skimmer.canon);
    let outcome = match unpacked {
        Err(reason) => Err(reason),
        Ok(Unpacked::Whole(bytes)) => read_bytes(bytes, skimmer, sink),
        Ok(Unpacked::Damaged([], reason)) => Err(reason),
        Ok(Unpacked::Damaged(bytes, reason)) => {
            read_bytes(bytes, skimmer, sink).map(|()| sink.refuse(reason))
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
