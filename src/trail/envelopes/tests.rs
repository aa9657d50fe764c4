//! What is taken out of objects of which a part is not text, and out of long lists.

use crate::trail::canon::Canon;
use crate::trail::envelopes::{RecordSink, read_bytes};
use crate::trail::glance::{Field, Glance};
use crate::trail::record::Record;
use crate::trail::skim::Skimmer;

/// What came out, in words.
#[derive(Default)]
struct Words(Vec<String>);

impl RecordSink for Words {
    fn glance(&mut self, glance: &Glance<'_>) {
        self.0.push(glance.get(Field::EventName).unwrap_or("nameless").to_owned());
    }

    fn record(&mut self, json: &str) -> bool {
        let Ok(record) = serde_json::from_str::<Record<'_>>(json) else {
            self.refuse("not a record");
            return true;
        };
        let name = record.event_name.owned();
        self.0.extend(name.clone());
        name.is_some()
    }

    fn refuse(&mut self, reason: &'static str) {
        self.0.push(format!("- {reason}"));
    }
}

fn words(bytes: &[u8]) -> Vec<String> {
    let mut sink = Words::default();
    if let Err(refusal) = read_bytes(bytes, &mut Skimmer::new(&Canon::default()), &mut sink) {
        sink.0.push(format!("= {refusal}"));
    }
    sink.0
}

fn named(name: &[u8]) -> Vec<u8> {
    [b"{\"eventName\":\"", name, b"\"}"].concat()
}

#[test]
fn a_record_that_is_no_text_is_refused_and_its_neighbours_are_not() {
    let (one, two, three) = (named(b"A"), named(b"B\xff"), named(b"C"));
    let list = [&b"{\"Records\":["[..], &one, b",", &two, b",", &three, b"]}"].concat();
    assert_eq!(words(&list), ["A", "- not UTF-8", "C"]);
    let lines = [&one[..], &named(b"\xc3\x28"), &three].join(&b'\n');
    assert_eq!(words(&lines), ["A", "- not UTF-8", "C"]);
    let array = [b"[", &one[..], b",\n", &named(b"\xe2\x82"), b"]"].concat();
    assert_eq!(words(&array), ["A", "- not UTF-8"]);
    let written = [&b"{\"Records\":["[..], &named("\u{fffd}".as_bytes()), b"]}"].concat();
    assert_eq!(words(&written), ["\u{fffd}"], "the control: a replacement that was written");
}

#[test]
fn what_is_no_text_outside_of_every_record_is_told_too() {
    let shipped = b"{\"Records\":[{\"eventName\":\"A\"}],\"host\":\"\xff\"}";
    assert_eq!(words(shipped), ["A", "- not UTF-8 between the records"]);
}

#[test]
fn what_looks_like_the_mark_for_no_text_is_told_from_it() {
    let list = "{\"Records\":[{\"eventName\":\"\u{fdd0}\"},{\"eventName\":\"\\ufdd1\"},";
    let bytes = [list.as_bytes(), b"{\"eventName\":\"B\xff\"}]}"].concat();
    assert_eq!(words(&bytes), ["\u{fdd0}", "\u{fdd1}", "- not UTF-8"]);
}

#[test]
fn what_is_in_place_of_a_list_is_refused() {
    assert_eq!(words(br#"{"Records":7}"#), ["- not a list of records"]);
    assert_eq!(words(br#"{"Records":null,"detail":{"eventName":"A"}}"#), ["A"]);
    let mixed = br#"{"Records":[{"eventName":"A"},7,{"detail":{"eventName":"B"}}]}"#;
    assert_eq!(words(mixed), ["A", "- not a record", "B"]);
}

#[test]
fn a_list_that_breaks_off_gives_nothing() {
    assert_eq!(
        words(br#"{"Records":[{"eventName":"A"},{"eventName":"B""#),
        ["= truncated, or not JSON"]
    );
}
