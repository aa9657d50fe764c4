//! Prints the addresses of the key: what is known of each here, and where a person can look it up.

use crate::domain::address::{ADDRESSES_MAX, look_ups, public};
use crate::domain::plain_text::visible;
use crate::ports::trail::Survey;
use crate::trail::address_books::AddressBooks;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::net::IpAddr;

/// Addresses in the JSON; the answers have all of them.
const JSON_MAX: usize = 1_000;

/// For people: each address, then one set of links, in which any other can be put.
pub(super) fn table(text: &mut String, survey: &Survey, books: &AddressBooks) {
    let all: Vec<IpAddr> = of_key(survey).collect();
    let Some(first) = all.first() else {
        return;
    };
    let _ = writeln!(text, "\nAddresses of the key that can be looked up: {}", all.len());
    for address in all.iter().take(ADDRESSES_MAX) {
        let known = books.known(*address).join("; ");
        let line = format!("  {address}  {}", visible(&known));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if all.len() > ADDRESSES_MAX {
        let _ = writeln!(text, "  … and {} more; use --format json", all.len() - ADDRESSES_MAX);
    }
    let _ = writeln!(text, "  Nothing was asked about them. Where a person can, for the first:");
    for page in look_ups(*first, survey.activity.last) {
        let _ = writeln!(text, "    {}", page.url);
    }
}

/// For machines: each address with what is known and the links.
pub(super) fn json(survey: &Survey, books: &AddressBooks) -> Value {
    let one = |address: IpAddr| {
        let pages = look_ups(address, survey.activity.last);
        let pages: Map<String, Value> =
            pages.into_iter().map(|page| (page.name.to_owned(), json!(page.url))).collect();
        (address.to_string(), json!({ "known": books.known(address), "look_up": pages }))
    };
    Value::Object(of_key(survey).take(JSON_MAX).map(one).collect())
}

fn of_key(survey: &Survey) -> impl Iterator<Item = IpAddr> {
    survey.activity.source_ips.iter().filter_map(|text| public(text))
}
