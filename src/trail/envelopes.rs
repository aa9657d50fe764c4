//! Takes the records out of whatever they were shipped in.

use crate::ports::coverage::harmless;
use crate::trail::glance::Glance;
use crate::trail::skim::Skimmer;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Envelopes in envelopes: EventBridge in Logstash in a message is three.
const ENVELOPES_MAX: u32 = 4;
/// Characters that no text has a use for; one of them stands for bytes that are not UTF-8.
const MARKS: std::ops::RangeInclusive<char> = '\u{fdd0}'..='\u{fdef}';
const NOT_UTF8: &str = "not UTF-8";

/// What becomes of the pieces of an object.
pub trait RecordSink {
    /// One record that was taken at a glance; it names an event.
    fn glance(&mut self, glance: &Glance<'_>);
    /// One record's JSON text; whether it is one, that is, whether it names an event.
    fn record(&mut self, json: &str) -> bool;
    /// Something in the object that is no record.
    fn refuse(&mut self, reason: &'static str);
}

/// The parts by which envelopes are told apart; everything else in them is skipped unparsed.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, rename = "Records")]
    records: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "Events")]
    events: Option<&'a RawValue>,
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

/// Takes the records out of an object. Where a part of it is not UTF-8, the records in that part
/// are refused, and the others are not.
pub(super) fn read_bytes(
    bytes: &[u8],
    skimmer: &mut Skimmer<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), &'static str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return read_text(text, skimmer, sink);
    }
    let (text, mark) = marked(bytes).ok_or(NOT_UTF8)?;
    let mut marked = Marked { mark, told: false, sink };
    read_text(&text, skimmer, &mut marked)?;
    if !marked.told {
        sink.refuse("not UTF-8 between the records");
    }
    Ok(())
}

/// The text with a mark wherever it is not UTF-8, and the mark, which is nowhere else in it: not
/// even as an escape.
fn marked(bytes: &[u8]) -> Option<(String, char)> {
    let valid: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    let lower = valid.to_ascii_lowercase();
    let is_new = |mark: &char| {
        !valid.contains(*mark) && !lower.contains(&format!("{:04x}", u32::from(*mark)))
    };
    let mark = { MARKS }.find(is_new)?;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(mark);
        }
    }
    Some((text, mark))
}

/// Refuses what has a mark in it.
struct Marked<'s> {
    mark: char,
    told: bool,
    sink: &'s mut dyn RecordSink,
}

impl RecordSink for Marked<'_> {
    fn glance(&mut self, glance: &Glance<'_>) {
        if glance.json.contains(self.mark) {
            self.refuse(NOT_UTF8);
        } else {
            self.sink.glance(glance);
        }
    }

    fn record(&mut self, json: &str) -> bool {
        if json.contains(self.mark) {
            self.refuse(NOT_UTF8);
            return true;
        }
        self.sink.record(json)
    }

    fn refuse(&mut self, reason: &'static str) {
        self.told |= reason == NOT_UTF8;
        self.sink.refuse(reason);
    }
}

fn read_text(
    text: &str,
    skimmer: &mut Skimmer<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), &'static str> {
    let text = text.trim_start_matches('\u{feff}').trim();
    // Nearly every object is one list of records and nothing else.
    let Some(records) = skimmer.records(text) else { return parse_text(text, sink) };
    for record in &records {
        match &record.glance {
            Some(glance) => sink.glance(glance),
            None => record_or_envelope(record.json, ENVELOPES_MAX, sink),
        }
    }
    skimmer.done_with(records);
    Ok(())
}

/// Takes the records out of a text of any form.
pub(super) fn parse_text(text: &str, sink: &mut dyn RecordSink) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("empty object");
    }
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
        return each(json, sink, &mut |value, sink| unwrap(value, depth - 1, sink));
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
    if let Some(records) = envelope.records {
        let records = records.get();
        return each(records, sink, &mut |one, sink| record_or_envelope(one, depth, sink));
    }
    if let Some(events) = envelope.events {
        return each(events.get(), sink, &mut |event, sink| unwrap(event, depth - 1, sink));
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

type Take<'t> = &'t mut dyn FnMut(&str, &mut dyn RecordSink);

/// Hands on the elements of a list one by one, so that none has to be remembered.
fn each(json: &str, sink: &mut dyn RecordSink, take: Take<'_>) {
    let mut parser = serde_json::Deserializer::from_str(json);
    if parser.deserialize_seq(Each { sink: &mut *sink, take }).is_err() {
        sink.refuse("not a list of records");
    }
}

struct Each<'s, 't> {
    sink: &'s mut dyn RecordSink,
    take: Take<'t>,
}

impl<'de> Visitor<'de> for Each<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { sink, take } = self;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            take(element.get(), &mut *sink);
        }
        Ok(())
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
    let Ok(line) = std::str::from_utf8(line) else { return sink.refuse(NOT_UTF8) };
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    if serde_json::from_str::<&RawValue>(line).is_err() {
        return sink.refuse("line is truncated, or not JSON");
    }
    unwrap(line, ENVELOPES_MAX, sink);
}

#[cfg(test)]
mod tests;
