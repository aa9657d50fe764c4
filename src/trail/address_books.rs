//! What the people's own databases know of an address: `MaxMind` DB files, and lists of networks.

use crate::domain::address::{ADDRESSES_MAX, AddressNote, public};
use crate::domain::plain_text::visible;
use crate::ports::trail::Answer;
use csv::{ReaderBuilder, StringRecord, Trim};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maxminddb::Reader;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Databases that are held in memory.
const BOOKS_MAX: usize = 8;
/// The whole of a large city database has some 150 MB.
const BOOK_BYTES_MAX: u64 = 1 << 30;
/// Networks of one list.
const NETWORKS_MAX: usize = 200_000;
/// Cells of one answer that are looked at.
const CELLS_MAX: usize = 20_000;
/// Characters of a line about an address.
const LINE_LENGTH_MAX: usize = 200;
/// Values of a record without any name that we know.
const UNKNOWN_VALUES_MAX: usize = 4;
/// How deep a record is gone through.
const DEPTH_MAX: usize = 3;

/// Where the usual databases keep what a responder wants: of `GeoLite2` and `GeoIP2`, of `IPinfo`
/// and of those that are made like them. Of several that say the same the first counts.
const NAMED: [&[&str]; 5] = [
    &["autonomous_system_organization", "as_name", "organization", "isp", "name"],
    &["country.iso_code", "country_code", "country", "registered_country.iso_code"],
    &["city.names.en", "city"],
    &["user_type", "type", "usage_type"],
    &["domain", "as_domain"],
];
/// The number of the network's operator.
const SYSTEM: [&str; 2] = ["autonomous_system_number", "asn"];
/// What a flag's name begins with.
const FLAG: &str = "is_";

/// All databases, opened once.
#[derive(Debug, Default)]
pub struct AddressBooks {
    books: Vec<Book>,
}

#[derive(Debug)]
struct Book {
    /// The file's name, and when the database was built, where it says so.
    name: String,
    pages: Pages,
}

enum Pages {
    Database(Box<Reader<Vec<u8>>>),
    /// Each network and what it is called, the narrowest first.
    Networks(Vec<(IpNet, String)>),
}

/// Everything that is wrong with the databases, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct AddressBookErrors(pub Vec<String>);

impl fmt::Display for AddressBookErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the databases of addresses cannot be used:")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(_) => f.write_str("a MaxMind DB"),
            Self::Networks(networks) => write!(f, "{} networks", networks.len()),
        }
    }
}

impl AddressBooks {
    /// Opens every file, or says everything that is wrong with them. A name that ends in `.mmdb` is
    /// a `MaxMind` DB; any other is a list, a network and what it is called in each line.
    pub fn open(paths: &[PathBuf]) -> Result<Self, AddressBookErrors> {
        if paths.len() > BOOKS_MAX {
            let many = format!("{} are named; keyleak takes {BOOKS_MAX}", paths.len());
            return Err(AddressBookErrors(vec![many]));
        }
        let (mut books, mut errors) = (Vec::new(), Vec::new());
        for path in paths {
            match Book::open(path) {
                Ok(book) => books.push(book),
                Err(why) => errors.push(format!("{}: {why}", visible(&path.display().to_string()))),
            }
        }
        if errors.is_empty() { Ok(Self { books }) } else { Err(AddressBookErrors(errors)) }
    }

    /// What is known of the addresses that an answer names.
    pub fn notes(&self, answer: &Answer) -> Vec<AddressNote> {
        if self.books.is_empty() {
            return Vec::new();
        }
        let cells = answer.rows.iter().flatten().take(CELLS_MAX);
        let mut seen = BTreeSet::new();
        let named = cells.filter_map(|cell| public(cell.text()?)).filter(|one| seen.insert(*one));
        let noted = named.filter_map(|address| {
            let known = self.known(address);
            (!known.is_empty()).then_some(AddressNote { address, known })
        });
        noted.take(ADDRESSES_MAX).collect()
    }

    /// One line for each database that knows the address.
    pub fn known(&self, address: IpAddr) -> Vec<String> {
        let said = |book: &Book| {
            let said = book.pages.said(address)?;
            let said: String = visible(&said).chars().take(LINE_LENGTH_MAX).collect();
            Some(format!("{said} ({})", book.name))
        };
        self.books.iter().filter_map(said).collect()
    }
}

impl Book {
    fn open(path: &Path) -> Result<Self, String> {
        let unreadable = |error: std::io::Error| format!("it cannot be read ({error})");
        let about = std::fs::metadata(path).map_err(unreadable)?;
        // A pipe would be waited for.
        if !about.is_file() {
            return Err("it is not a file".to_owned());
        }
        if about.len() > BOOK_BYTES_MAX {
            return Err(format!("it has more than {} MiB", BOOK_BYTES_MAX >> 20));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name: String = visible(&name).chars().take(LINE_LENGTH_MAX).collect();
        if !path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("mmdb")) {
            return Ok(Self { name, pages: Pages::Networks(networks(&bytes)?) });
        }
        let reader = Reader::from_source(bytes).map_err(|error| {
            format!("it is no MaxMind DB, as its ending says ({error}); download it again")
        })?;
        let built = i64::try_from(reader.metadata().build_epoch).unwrap_or_default();
        let built = Timestamp::from_second(built).unwrap_or_default().to_zoned(TimeZone::UTC);
        let name = format!("{name}, built {}", built.date());
        Ok(Self { name, pages: Pages::Database(Box::new(reader)) })
    }
}

impl Pages {
    fn said(&self, address: IpAddr) -> Option<String> {
        match self {
            Self::Networks(networks) => {
                let of = networks.iter().find(|(network, _)| network.contains(&address));
                of.map(|(network, name)| format!("{name}, {network}"))
            }
            Self::Database(reader) => {
                // A database may be damaged in one place; the other addresses are right.
                let found = reader.lookup(address.to_canonical()).ok()?;
                words(&found.decode::<Value>().ok()??)
            }
        }
    }
}

/// A record in words: who runs the network, where, and what it is flagged as.
fn words(record: &Value) -> Option<String> {
    let Value::Object(fields) = record else { return scalar(record) };
    let mut said = Vec::new();
    let system = SYSTEM.iter().find_map(|name| scalar(at(record, name)?));
    said.extend(system.map(|number| format!("AS{}", number.trim_start_matches("AS"))));
    said.extend(NAMED.iter().filter_map(|names| {
        names.iter().find_map(|name| scalar(at(record, name)?)).filter(|word| !word.is_empty())
    }));
    flags(fields, DEPTH_MAX, &mut said);
    if said.is_empty() {
        let all = fields.iter().filter_map(|(name, value)| Some((name, scalar(value)?)));
        said.extend(all.take(UNKNOWN_VALUES_MAX).map(|(name, value)| format!("{name} {value}")));
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// What is flagged, such as `is_tor_exit_node`, however deep.
fn flags(fields: &Map<String, Value>, depth: usize, said: &mut Vec<String>) {
    for (name, value) in fields {
        match value {
            Value::Bool(true) if name.starts_with(FLAG) => {
                said.push(name.trim_start_matches(FLAG).replace('_', " "));
            }
            Value::Object(inner) if depth > 0 => flags(inner, depth - 1, said),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => {}
        }
    }
}

fn at<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(record, |value, name| value.get(name))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The lines of a list: a network or an address, and what it is called.
fn networks(bytes: &[u8]) -> Result<Vec<(IpNet, String)>, String> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(Trim::All)
        .from_reader(bytes);
    let mut networks = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("it is no list of networks ({error})"))?;
        let line = record.position().map_or(0, csv::Position::line);
        networks.push(network(&record).ok_or_else(|| {
            format!(
                "line {line} is no network; write 203.0.113.0/24,what it is called, or one address \
                 in place of the network"
            )
        })?);
        if networks.len() > NETWORKS_MAX {
            return Err(format!("it has more than {NETWORKS_MAX} networks"));
        }
    }
    networks.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix_len()));
    Ok(networks)
}

fn network(record: &StringRecord) -> Option<(IpNet, String)> {
    let first = record.get(0)?;
    let network = first.parse().ok().or_else(|| Some(IpNet::from(first.parse::<IpAddr>().ok()?)));
    let name = record.get(1).filter(|name| !name.is_empty()).unwrap_or("listed");
    Some((network?, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::trail::Cell;
    use serde_json::json;

    fn listed(text: &str) -> Result<AddressBooks, AddressBookErrors> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("egress.csv");
        std::fs::write(&path, text).unwrap();
        AddressBooks::open(&[path])
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_list_says_what_the_narrowest_network_is_called() {
        let text = "# ours\n198.51.100.0/24, the office\n198.51.100.7,\"the VPN, Berlin\"\n\
                    2001:db8::/32,v6\n";
        let books = listed(text).unwrap();
        let known = |text| books.known(address(text)).join("|");
        assert_eq!(known("198.51.100.7"), "the VPN, Berlin, 198.51.100.7/32 (egress.csv)");
        assert_eq!(known("198.51.100.8"), "the office, 198.51.100.0/24 (egress.csv)");
        assert_eq!(known("2001:db8::1"), "v6, 2001:db8::/32 (egress.csv)");
        assert_eq!(known("203.0.113.1"), "");
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_line_and_what_is_no_database_too() {
        let wrong = listed("198.51.100.0/24,office\n198.51.100.0/240,x\n").unwrap_err().to_string();
        assert!(wrong.contains("line 2 is no network; write 203.0.113.0/24"), "{wrong}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("geo.mmdb");
        std::fs::write(&path, "not one").unwrap();
        let missing = folder.path().join("none.mmdb");
        let wrong = AddressBooks::open(&[path, missing, folder.path().to_owned()]).unwrap_err();
        assert_eq!(wrong.0.len(), 3, "{wrong}");
        assert!(wrong.0[0].contains("it is no MaxMind DB"), "{wrong}");
        assert!(wrong.0[2].ends_with("it is not a file"), "{wrong}");
    }

    #[test]
    fn records_of_the_usual_databases_are_told_in_words() {
        for (record, said) in [
            (
                json!({ "autonomous_system_number": 64500,
                        "autonomous_system_organization": "Example Hosting" }),
                "AS64500, Example Hosting",
            ),
            (
                json!({ "asn": "AS64500", "as_name": "Example", "country": "DE" }),
                "AS64500, Example, DE",
            ),
            (
                json!({ "country": { "iso_code": "NL", "names": { "en": "Netherlands" } },
                     "city": { "names": { "en": "Utrecht" } } }),
                "NL, Utrecht",
            ),
            (
                json!({ "is_anonymous": true, "is_tor_exit_node": true, "is_public_proxy": false }),
                "anonymous, tor exit node",
            ),
            (json!({ "traits": { "is_anonymous_vpn": true } }), "anonymous vpn"),
            (json!({ "score": 97, "list": [1] }), "score 97"),
            (json!("known scanner"), "known scanner"),
        ] {
            assert_eq!(words(&record).as_deref(), Some(said));
        }
        assert_eq!(words(&json!({ "list": [] })), None);
    }

    #[test]
    fn addresses_of_an_answer_are_noted_once_each_and_services_are_none() {
        let books = listed("198.51.100.0/24,office\n10.0.0.0/8,inside\n").unwrap();
        let row = |text: &str| vec![Cell::Text(text.to_owned()), Cell::Integer(1)];
        let rows = ["ec2.amazonaws.com", "198.51.100.7", "198.51.100.7", "10.0.0.1", "8.8.8.8"];
        let answer = Answer { rows: rows.map(row).to_vec(), ..Answer::default() };
        let notes = books.notes(&answer);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert_eq!(notes[0].address, address("198.51.100.7"));
        assert_eq!(AddressBooks::default().notes(&answer), []);
    }
}
