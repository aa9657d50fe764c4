//! Takes the records out of whatever they were shipped in.

use crate::ports::trail::harmless;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Envelopes in envelopes: EventBridge in Logstash in a message is three.
const ENVELOPES_MAX: u32 = 4;

/// What becomes of the pieces of an object.
pub trait RecordSink {
    /// One record's JSON text; whether it is one, that is, whether it names an event.
    fn record(&mut self, json: &str) -> bool;
    /// Something in the object that is no record.
    fn refuse(&mut self, reason: &'static str);
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

pub(super) fn read_text(text: &str, sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("empty object");
    }
    // Nearly every object is one envelope and nothing else: it is gone through once.
    if text.starts_with('{')
        && let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(text)
    {
        if envelope.digest.is_some() {
            return Err(harmless::DIGEST_OBJECT);
        }
        open_envelope(text, &envelope, ENVELOPES_MAX, sink);
        return Ok(());
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let first = match values.next() {
        Some(Ok(first)) => first,
        Some(Err(_)) | None => return salvage_lines(text.as_bytes(), sink),
    };
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
                read_each_line(&text.as_bytes()[at..], sink);
                return Ok(());
            }
        }
    }
}

fn unwrap(json: &str, depth: u32, sink: &mut dyn RecordSink) {
    if depth == 0 {
        return sink.refuse("envelopes nested too deep");
    }
    if json.starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(values) => values.iter().for_each(|value| unwrap(value.get(), depth - 1, sink)),
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
        if !sink.record(json) {
            sink.refuse("no event name");
        }
        return;
    }
    if let Some(records) = &envelope.records {
        return records.iter().for_each(|record| record_or_envelope(record.get(), depth, sink));
    }
    if let Some(events) = &envelope.events {
        return events.iter().for_each(|event| unwrap(event.get(), depth - 1, sink));
    }
    let inner = [envelope.cloud_trail_event, envelope.detail, envelope.source, envelope.message];
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

/// In a `Records` list an element is a record but for rare shippers.
fn record_or_envelope(json: &str, depth: u32, sink: &mut dyn RecordSink) {
    if !sink.record(json) {
        unwrap(json, depth - 1, sink);
    }
}

/// Takes what can be taken from JSON lines of which some are broken.
pub(super) fn salvage_lines(bytes: &[u8], sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
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

pub(super) fn one_line(line: &[u8], sink: &mut dyn RecordSink) {
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
