//! A flat row as bytes, which compare as the rows do.
//!
//! A value that is not there is one byte, less than what any value begins with. No byte of a UTF-8
//! text is 0xFF, so each is written as the next, and a zero ends the text: a text comes before
//! whatever it begins. A number is written with its sign turned, the highest byte first.

use crate::domain::trail_row::{Field, TrailRow};
use std::io;

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;
const END_OF_TEXT: u8 = 0;
const SIGN: i64 = i64::MIN;

/// Writes a row behind what is there.
pub(super) fn pack(row: &TrailRow, bytes: &mut Vec<u8>) {
    for field in row.fields() {
        match field {
            Field::Null => bytes.push(ABSENT),
            Field::Text(text) => {
                bytes.push(PRESENT);
                bytes.extend(text.bytes().map(|byte| byte.wrapping_add(1)));
                bytes.push(END_OF_TEXT);
            }
            Field::Integer(number) => {
                bytes.push(PRESENT);
                bytes.extend((number ^ SIGN).to_be_bytes());
            }
        }
    }
}

/// Reads a row that was written so.
pub(super) fn unpack(bytes: &[u8]) -> io::Result<TrailRow> {
    let mut texts = Vec::with_capacity(bytes.len());
    texts.extend(bytes.iter().map(|byte| byte.wrapping_sub(1)));
    let mut at = 0;
    let mut fields = Vec::with_capacity(TrailRow::COLUMNS.len());
    for is_number in TrailRow::INTEGERS {
        let (field, length) = next((&bytes[at..], &texts[at..]), *is_number).ok_or_else(damaged)?;
        fields.push(field);
        at += length;
    }
    TrailRow::from_fields(fields.into_iter()).map_err(io::Error::other)
}

/// The value at the beginning, and how long it is.
fn next<'a>((bytes, texts): (&[u8], &'a [u8]), is_number: bool) -> Option<(Field<'a>, usize)> {
    match (bytes.split_first()?, is_number) {
        ((&ABSENT, _), _) => Some((Field::Null, 1)),
        ((_, rest), true) => {
            let number = i64::from_be_bytes(*rest.first_chunk()?) ^ SIGN;
            Some((Field::Integer(number), 1 + size_of::<i64>()))
        }
        ((_, rest), false) => {
            let length = memchr::memchr(END_OF_TEXT, rest)?;
            let text = std::str::from_utf8(texts.get(1..=length)?).ok()?;
            Some((Field::Text(text), length + 2))
        }
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a temporary file is not as it was written")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values that a naive order or form gets wrong.
    const TEXTS: &[&str] = &[
        "",
        "\0",
        "\0\0",
        "a",
        "a\0",
        "a\0b",
        "ab",
        "\u{1}",
        "\u{7f}",
        "\u{80}",
        "é",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
        "null",
    ];
    const NUMBERS: &[i64] = &[i64::MIN, -256, -1, 0, 1, 255, 256, i64::MAX];

    fn text() -> impl Strategy<Value = Option<String>> {
        let hostile = proptest::sample::select(TEXTS).prop_map(|text| Some(text.to_owned()));
        prop_oneof![Just(None), hostile, any::<Option<String>>()]
    }

    fn number() -> impl Strategy<Value = Option<i64>> {
        proptest::option::of(prop_oneof![proptest::sample::select(NUMBERS), any::<i64>()])
    }

    prop_compose! {
        /// Rows that often are alike up to some column.
        pub(in crate::trail) fn row()(
            event_time in proptest::sample::select(&["", "2026-08-01T10:00:00Z", "2026\0"][..]),
            (event_id, request_id, event_name, reach) in (text(), text(), text(), text()),
            (read_only, quantity, bytes_in) in (number(), number(), number()),
        ) -> TrailRow {
            let event_time = event_time.to_owned();
            TrailRow {
                event_time, event_id, request_id, event_name, read_only, quantity, bytes_in, reach,
                ..TrailRow::default()
            }
        }
    }

    fn packed(row: &TrailRow) -> Vec<u8> {
        let mut bytes = Vec::new();
        pack(row, &mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn bytes_are_in_the_order_of_the_rows_and_give_them_back(one in row(), other in row()) {
            let bytes = packed(&one);
            prop_assert_eq!(bytes.cmp(&packed(&other)), one.cmp(&other));
            prop_assert_eq!(unpack(&bytes).unwrap(), one);
        }
    }

    #[test]
    fn bytes_that_are_no_row_are_told() {
        let mut bytes = packed(&TrailRow::default());
        bytes.pop();
        assert!(unpack(&bytes).is_err() && unpack(&[]).is_err());
    }
}
