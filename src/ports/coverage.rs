//! What a reading of the trail could not show, in words.

use crate::domain::reading::LOOKED_AT;
use crate::domain::trail_row::Sighting;
use crate::ports::missing_column::MissingColumn;
use crate::ports::trail::{Coverage, Window};

/// The column of the case table by which data events are told from management events.
const CATEGORY: &str = "event_category";

/// Why something of a trail is passed over that holds no record of a call in the window.
pub mod harmless {
    pub const DIGEST_OBJECT: &str = "digest object";
    pub const INSIGHT_OBJECT: &str = "insight object";
    pub const INSIGHT_RECORD: &str = "insight record";
    pub const OTHER_FILE: &str = "not named like a CloudTrail object";
    pub const OUTSIDE: &str = "outside the window";
    /// All of them.
    pub const ALL: [&str; 5] = [DIGEST_OBJECT, INSIGHT_OBJECT, INSIGHT_RECORD, OTHER_FILE, OUTSIDE];
}

/// Whether a file or object is named as those are that hold records; the rest of a name may be no
/// text.
pub fn is_named_like_an_object(name: &[u8]) -> bool {
    let endings: [&[u8]; 4] = [b".json", b".jsonl", b".ndjson", b".gz"];
    endings.iter().any(|ending| name.ends_with(ending))
}

impl Coverage {
    /// How many objects and records were passed over that may tell of calls in the window, and how
    /// many objects may have told of others.
    pub fn unread(&self) -> u64 {
        let passed_over = self.skipped.iter().chain(&self.skipped_objects);
        let unread =
            passed_over.filter(|skipped| !harmless::ALL.contains(&skipped.reason.as_str()));
        unread.map(|skipped| skipped.count).sum::<u64>() + self.unsettled.objects
    }

    /// The column without which one of the case table is empty.
    pub fn lack_of(&self, column: &str) -> Option<&MissingColumn> {
        let leaves_empty =
            |missing: &&MissingColumn| missing.leaves_empty.iter().any(|empty| empty == column);
        self.missing_columns.iter().find(leaves_empty)
    }

    /// Since when data events are recorded, or why an absence of them would say nothing.
    pub fn data_events(&self) -> String {
        match (self.data_events_from, self.lack_of(CATEGORY)) {
            (Some(time), _) => format!("data events are recorded from {time}"),
            (None, None) => {
                "no data events were recorded, so reads of objects would not show".to_owned()
            }
            (None, Some(lack)) => format!(
                "whether data events are recorded cannot be told: the table has no {}",
                lack.name
            ),
        }
    }

    /// What was not looked at, and what the lineage had to do without.
    pub fn gaps(&self) -> Vec<String> {
        let skipped = self.skipped.iter().chain(&self.skipped_objects);
        let mut gaps: Vec<String> =
            skipped.map(|skipped| format!("{} × {}", skipped.count, skipped.reason)).collect();
        if self.data_events_from.is_none() {
            gaps.push(match self.lack_of(CATEGORY) {
                None => "no data events were recorded: reads of objects would not show".to_owned(),
                Some(_) => self.data_events(),
            });
        }
        gaps.extend(self.limits.iter().cloned());
        let of_lineage = |missing: &&MissingColumn| {
            let empty = &missing.leaves_empty;
            empty.iter().any(|column| Sighting::COLUMNS.contains(&column.as_str()))
        };
        let lacking = self.missing_columns.iter().filter(of_lineage);
        gaps.extend(lacking.map(|missing| format!("the table has no {}", missing.name)));
        gaps
    }
}

/// What was looked at, in words: what makes an absence worth something.
pub fn looked_at(coverage: &Coverage, window: Window) -> String {
    let span = match (coverage.first, coverage.last) {
        (Some(first), Some(last)) => format!("from {first} to {last}"),
        _ => "none with a time".to_owned(),
    };
    let regions = match coverage.regions.as_slice() {
        [] => "no region".to_owned(),
        regions => regions.join(", "),
    };
    let from = window.from.map_or(String::new(), |from| format!(", from {from}"));
    let to = window.to.map_or(String::new(), |to| format!(", to {to}"));
    let unread: u64 = coverage.skipped_objects.iter().map(|skip| skip.count).sum();
    let data = coverage.data_events();
    let limits: String = coverage.limits.iter().map(|limit| format!("; {limit}")).collect();
    let mixed = match coverage.unsettled.mixes() {
        true => format!(" {}, so this may be of two states of it.", coverage.unsettled.words()),
        false => String::new(),
    };
    format!(
        "{LOOKED_AT}{} records ({span}{from}{to}) in {regions}; {unread} objects were not used; \
         {data}{limits}.{mixed}",
        coverage.records_unique
    )
}

/// What some SQL names of what the table lacks.
pub fn lacking_for(missing: &[MissingColumn], sql: &str) -> Vec<MissingColumn> {
    let words = |text: &str| -> Vec<String> {
        let is_other = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        text.split(is_other).map(str::to_owned).collect()
    };
    // What a header says of its columns is no use of them.
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let named: Vec<String> = lines.flat_map(words).collect();
    let uses =
        |missing: &&MissingColumn| missing.leaves_empty.iter().any(|column| named.contains(column));
    missing.iter().filter(uses).cloned().collect()
}

/// What is not known of any record, as the end of a sentence; empty where nothing lacks.
pub fn lacking_words(missing: &[MissingColumn]) -> String {
    if missing.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = missing.iter().map(|missing| missing.name.as_str()).collect();
    let empty: Vec<&str> =
        missing.iter().flat_map(|missing| &missing.leaves_empty).map(String::as_str).collect();
    format!(
        " The table has no {}, so that {} is not known of any record.",
        names.join(", "),
        empty.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacking(name: &str, column: &str) -> Coverage {
        let missing = MissingColumn { name: name.into(), leaves_empty: vec![column.into()] };
        Coverage { missing_columns: vec![missing], ..Coverage::default() }
    }

    #[test]
    fn a_table_without_categories_does_not_say_that_no_data_was_read() {
        let (known, unknown) = (Coverage::default(), lacking("eventcategory", "event_category"));
        assert!(known.data_events().contains("no data events were recorded"));
        assert!(unknown.data_events().contains("cannot be told"), "{}", unknown.data_events());
        assert_eq!(unknown.gaps(), [unknown.data_events()]);
        let from = "2026-08-01T00:00:00Z".parse().ok();
        let told = Coverage { data_events_from: from, ..unknown };
        assert!(told.data_events().contains("from 2026-08-01"));
    }

    #[test]
    fn what_lacks_is_told_with_the_questions_that_use_it_and_no_others() {
        let coverage = lacking("tlsdetails.tlsversion", "tls_version");
        let missing = &coverage.missing_columns;
        let uses = lacking_for(missing, "-- columns: a\nSELECT a FROM t WHERE tls_version = 'x'");
        assert!(lacking_words(&uses).contains("tls_version is not known"));
        for other in ["SELECT my_tls_version FROM t", "-- columns: tls_version\nSELECT a FROM t"] {
            assert_eq!(lacking_for(missing, other), [], "{other}");
        }
        assert_eq!(lacking_words(&[]), "");
        // The lineage does without a version of TLS, and not without whose console it was.
        let data = |coverage: Coverage| coverage.gaps().into_iter().skip(1).collect::<Vec<_>>();
        assert_eq!(data(coverage), Vec::<String>::new());
        let console = lacking("sessioncredentialfromconsole", "from_console");
        assert_eq!(data(console), ["the table has no sessioncredentialfromconsole"]);
    }
}
