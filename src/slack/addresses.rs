//! The addresses of an answer: what is known of them here, and links that a person may open.

use crate::domain::address::{look_ups, public};
use crate::ports::trail::{Answer, Cell};
use crate::slack::blocks::{code, list, rich, text};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::IpAddr;

/// Addresses with links under one table; more would push the table off the screen.
const SHOWN_MAX: usize = 3;
/// Rows that are looked through for them.
const ROWS_MAX: usize = 100;
/// The column that holds an address, in every question that has one.
const COLUMN: &str = "source_ip";

/// A line for each of the first addresses; none where the answer shows none.
pub(super) fn drawn(found: &Answer, columns_shown: usize) -> Option<Value> {
    let shown = found.columns.iter().take(columns_shown);
    let at = shown.enumerate().find(|(_, name)| *name == COLUMN)?.0;
    let mut addresses: Vec<(IpAddr, Option<Timestamp>)> = Vec::new();
    for row in found.rows.iter().take(ROWS_MAX) {
        let address = row.get(at).and_then(Cell::text).and_then(public);
        let Some(address) = address.filter(|one| !addresses.iter().any(|(known, _)| known == one))
        else {
            continue;
        };
        let seen = row.iter().rev().find_map(|cell| cell.text()?.parse().ok());
        addresses.push((address, seen));
        if addresses.len() == SHOWN_MAX {
            break;
        }
    }
    let lines: Vec<Vec<Value>> =
        addresses.into_iter().map(|(address, seen)| line(found, address, seen)).collect();
    (!lines.is_empty()).then(|| rich("answer.addresses", vec![list(lines, false)]))
}

fn line(found: &Answer, address: IpAddr, seen: Option<Timestamp>) -> Vec<Value> {
    let mut parts = vec![code(&address.to_string())];
    let note = found.addresses.iter().find(|note| note.address == address);
    parts.extend(note.map(|note| text(&format!(" {}", note.known.join("; ")))));
    parts.push(text(". Look it up: "));
    for (index, page) in look_ups(address, seen).into_iter().enumerate() {
        if index > 0 {
            parts.push(text(" · "));
        }
        parts.push(json!({ "type": "link", "url": page.url, "text": page.name }));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::AddressNote;

    fn answer(columns: &[&str], rows: &[&[&str]]) -> Answer {
        let cells = |row: &&[&str]| row.iter().map(|cell| Cell::Text((*cell).to_owned())).collect();
        Answer {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows.iter().map(cells).collect(),
            ..Answer::default()
        }
    }

    #[test]
    fn each_of_the_first_addresses_has_its_links_and_what_is_known_of_it() {
        let mut found = answer(
            &["source_ip", "last_seen"],
            &[
                &["198.51.100.7", "2026-11-20T10:00:00Z"],
                &["ec2.amazonaws.com", "2026-11-20T10:00:00Z"],
                &["198.51.100.7", "2026-11-21T10:00:00Z"],
                &["10.0.0.1", ""],
                &["203.0.113.1", ""],
                &["203.0.113.2", ""],
                &["203.0.113.3", ""],
            ],
        );
        let address = "198.51.100.7".parse().unwrap();
        let known = vec!["<!channel> AS64500 (asn.mmdb)".to_owned()];
        found.addresses = vec![AddressNote { address, known }];
        let drawn = drawn(&found, 6).unwrap();
        let lines = drawn["elements"][0]["elements"].as_array().unwrap();
        assert_eq!(lines.len(), SHOWN_MAX);
        let first = lines[0]["elements"].as_array().unwrap();
        let links: Vec<&str> = first.iter().filter_map(|part| part["url"].as_str()).collect();
        assert_eq!(links.len(), 4);
        assert!(links.iter().all(|url| url.contains("198.51.100.7")), "{links:?}");
        assert!(links.iter().any(|url| url.contains("timestamp=2026-11-20")), "{links:?}");
        assert_eq!(first[1]["type"], "text", "what a database says is never live");
        assert!(first[1]["text"].as_str().unwrap().contains("AS64500"));
        assert!(!lines[1].to_string().contains("AS64500"));
    }

    #[test]
    fn an_answer_that_shows_no_address_has_no_links() {
        assert_eq!(drawn(&answer(&["call"], &[&["198.51.100.7"]]), 6), None);
        assert_eq!(drawn(&answer(&["source_ip"], &[&["AWS Internal"]]), 6), None);
        let far = answer(&["a", "b", "source_ip"], &[&["", "", "198.51.100.7"]]);
        assert_eq!(drawn(&far, 2), None, "the column is not on the screen");
        assert!(drawn(&far, 3).is_some());
    }
}
