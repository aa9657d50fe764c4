//! Where the trail's table is in Athena, and the predicates that keep a query to its partitions.

use crate::aws::athena_columns::Columns;
use crate::aws::athena_days::{DayColumns, ValueColumn, day_beside, days, is_name, one_of, quoted};
use crate::aws::athena_layout::{Definition, Found};
use crate::aws::athena_shape::Shape;
use crate::ports::missing_column::MissingColumn;
use crate::ports::trail::Window;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// Objects are filed under the day they were delivered, up to some hours after the event.
const DELIVERY_LAG: SignedDuration = SignedDuration::from_hours(24);
/// Objects are filed under a day up to so long after its end: S3 may take a moment too.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Results are read a thousand rows at a time: two hundred pages take a minute.
pub const ROWS_MAX: usize = 200_000;

/// What configuration says about Athena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AthenaSettings {
    /// `AwsDataCatalog` unless the table lies elsewhere.
    pub catalog: Option<String>,
    pub database: String,
    pub table: String,
    /// Its byte cutoff bounds what a query may cost.
    pub workgroup: Option<String>,
    /// `s3://…` for results, where the workgroup does not enforce its own.
    pub output: Option<String>,
    pub days: DayColumns,
    pub region: Option<ValueColumn>,
    pub account: Option<ValueColumn>,
    /// How far back a window without a beginning reaches.
    pub lookback_days: u32,
    /// A reading that would scan more bytes waits until somebody allows it.
    pub ask_above: u64,
    /// The database in which tables of whole cuts may be made.
    pub case_tables: Option<String>,
    /// A pass is read up to so many rows.
    pub rows_max: usize,
}

/// A setting that cannot be put into SQL safely.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is {value:?}: {wanted}")]
pub struct AthenaSettingError {
    pub setting: &'static str,
    pub value: String,
    pub wanted: &'static str,
}

/// Settings that were checked, and what the table's definition tells, ready to be written into SQL.
#[derive(Debug, Clone)]
pub(super) struct Table {
    settings: AthenaSettings,
    layout: Found,
    columns: Columns,
}

/// A table's definition as the catalog has it.
#[derive(Debug, Clone, Default)]
pub(super) struct TableDefinition {
    pub(super) columns: Vec<(String, Shape)>,
    pub(super) keys: Vec<(String, Shape)>,
    pub(super) parameters: HashMap<String, String>,
}

/// A span of event times, and the days of the table that are read for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    /// None for no end: later records do not exist yet.
    pub(super) to: Option<Timestamp>,
    pub(super) first: Date,
    pub(super) last: Date,
}

impl Span {
    /// The same event times on other days; none where there is no such day.
    pub(super) fn on(self, first: Date, last: Date) -> Option<Self> {
        (first <= last).then_some(Self { first, last, ..self })
    }

    /// How many days are named, of those that have come.
    pub(super) fn days_until(self, today: Date) -> u64 {
        let last = self.last.min(today);
        let days = self.first.until(last).map_or(0, |span| i64::from(span.get_days()) + 1);
        u64::try_from(days).unwrap_or_default()
    }

    pub(super) fn words(self) -> String {
        format!("{} to {}", self.first, self.last)
    }
}

impl Table {
    /// Refuses every name and value that could be anything but a name or a value.
    pub(super) fn new(settings: AthenaSettings) -> Result<Self, AthenaSettingError> {
        check_name("athena.database", &settings.database)?;
        check_name("athena.table", &settings.table)?;
        if let Some(catalog) = &settings.catalog {
            check_name("athena.catalog", catalog)?;
        }
        if let Some(database) = &settings.case_tables {
            check_name("athena.case_tables", database)?;
        }
        for column in settings.days.names() {
            check_name("athena.partition.day", column)?;
        }
        check_values("athena.partition.region", settings.region.as_ref())?;
        check_values("athena.partition.account", settings.account.as_ref())?;
        let layout = Found { days: settings.days.clone(), ..Found::default() };
        Ok(Self { settings, layout, columns: Columns::default() })
    }

    /// The same table as its definition has it; refused with what it lacks.
    pub(super) fn defined(&self, definition: &TableDefinition) -> Result<Self, String> {
        let TableDefinition { columns, keys, parameters } = definition;
        let settings = self.settings.clone();
        let columns = Columns::of(columns)?;
        let named = [settings.region.as_ref(), settings.account.as_ref()];
        let layout = Definition { keys, parameters }.read(&settings.days, named)?;
        Ok(Self { layout, columns, settings })
    }

    /// Whether a query can name days at all.
    pub(super) fn is_divided(&self) -> bool {
        self.layout.days != DayColumns::None
    }

    /// The columns that every record lacks.
    pub(super) fn missing(&self) -> &[MissingColumn] {
        &self.columns.missing
    }

    /// What no reading of this span can find, in words.
    pub(super) fn limits(&self, span: Span) -> Vec<String> {
        let mut limits = self.layout.limits.clone();
        if let Some(earliest) = self.layout.earliest.filter(|earliest| *earliest > span.first) {
            limits.push(format!("the table has no days before {earliest}"));
        }
        limits
    }

    /// The table and the predicate that names its partitions, as SQL.
    pub(super) fn relation(&self, span: Span) -> (String, String) {
        self.columns.relation(&quoted(&self.settings.table), &self.partitions(span))
    }

    pub(super) fn settings(&self) -> &AthenaSettings {
        &self.settings
    }

    /// Both ends of a window; one without a beginning reaches back as far as configured.
    pub(super) fn span(&self, window: Window, now: Timestamp) -> Span {
        let back = SignedDuration::from_hours(24 * i64::from(self.settings.lookback_days));
        let end = window.to.unwrap_or(now).min(now);
        let earliest = end.checked_sub(back).unwrap_or(Timestamp::UNIX_EPOCH);
        let from = window.from.unwrap_or(earliest);
        Span { from, to: window.to, first: day_of(from), last: delivered_by(end) }
    }

    /// The last day that is over, objects and all; none where the table is not cut into days.
    pub(super) fn settled(&self, now: Timestamp) -> Option<Date> {
        if !self.is_divided() {
            return None;
        }
        day_of(now.checked_sub(SETTLED_AFTER).ok()?).yesterday().ok()
    }

    /// The predicate that names the partitions of a span, and nothing but checked text.
    fn partitions(&self, span: Span) -> String {
        let mut parts = days(&self.layout.days, (span.first, span.last));
        if self.columns.has_times {
            // Such a table finds its files by the times of the records in them.
            let from = span.from.strftime("TIMESTAMP '%Y-%m-%d %H:%M:%S'");
            let until = day_beside(span.last, 1).strftime("TIMESTAMP '%Y-%m-%d 00:00:00'");
            parts.push(format!("eventtime >= {from}"));
            parts.push(format!("eventtime < {until}"));
        }
        for named in [&self.settings.region, &self.settings.account] {
            parts.extend(named.as_ref().map(one_of));
        }
        if parts.is_empty() {
            return "1 = 1".to_owned();
        }
        parts.join("\n    AND ")
    }
}

/// The day that a time is on.
pub(super) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The last day under which something may be filed that happened up to then.
pub(super) fn delivered_by(at: Timestamp) -> Date {
    day_of(at.checked_add(DELIVERY_LAG).unwrap_or(at))
}

fn check_name(setting: &'static str, name: &str) -> Result<(), AthenaSettingError> {
    if is_name(name) {
        return Ok(());
    }
    Err(AthenaSettingError {
        setting,
        value: name.to_owned(),
        wanted: "it must be letters, digits and underscores, and not begin with a digit",
    })
}

fn check_values(
    setting: &'static str,
    named: Option<&ValueColumn>,
) -> Result<(), AthenaSettingError> {
    let Some(named) = named else {
        return Ok(());
    };
    check_name(setting, &named.column)?;
    let refused =
        |value: &str, wanted| AthenaSettingError { setting, value: value.to_owned(), wanted };
    if named.values.is_empty() {
        return Err(refused("", "name at least one value, or leave the column out"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    for value in &named.values {
        if value.is_empty() || !value.bytes().all(plain) {
            return Err(refused(value, "values are letters, digits, hyphens and underscores"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(days: DayColumns) -> AthenaSettings {
        AthenaSettings {
            catalog: None,
            database: "logs".to_owned(),
            table: "cloudtrail".to_owned(),
            workgroup: None,
            output: None,
            days,
            region: None,
            account: None,
            lookback_days: 90,
            ask_above: u64::MAX,
            case_tables: None,
            rows_max: ROWS_MAX,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn predicate(settings: AthenaSettings, from: &str, to: Option<&str>) -> String {
        let table = Table::new(settings).unwrap();
        let now = at("2026-08-20T10:00:00Z");
        let window = Window { from: Some(at(from)), to: to.map(at) };
        table.partitions(table.span(window, now))
    }

    #[test]
    fn a_window_names_its_days_and_the_day_of_late_delivery() {
        let days = DayColumns::Slashed { column: "timestamp".to_owned() };
        assert_eq!(
            predicate(settings(days), "2026-08-01T23:59:59Z", Some("2026-08-03T00:00:00Z")),
            "\"timestamp\" BETWEEN '2026/08/01' AND '2026/08/04'"
        );
    }

    #[test]
    fn a_window_without_an_end_ends_tomorrow() {
        let days = DayColumns::Dashed { column: "dt".to_owned() };
        assert_eq!(
            predicate(settings(days), "2026-08-01T00:00:00Z", None),
            "\"dt\" BETWEEN '2026-08-01' AND '2026-08-21'"
        );
    }

    #[test]
    fn a_column_of_days_is_compared_with_days() {
        let days = DayColumns::Typed { column: "date".to_owned() };
        assert_eq!(
            predicate(settings(days), "2026-08-01T00:00:00Z", Some("2026-08-02T00:00:00Z")),
            "\"date\" BETWEEN DATE '2026-08-01' AND DATE '2026-08-03'"
        );
    }

    #[test]
    fn three_columns_are_compared_as_one_day() {
        let days =
            DayColumns::Split { year: "y".to_owned(), month: "m".to_owned(), day: "d".to_owned() };
        assert_eq!(
            predicate(settings(days), "2025-12-31T00:00:00Z", Some("2026-01-01T00:00:00Z")),
            "\"y\" BETWEEN '2025' AND '2026'\n    AND concat(\"y\", '/', lpad(\"m\", 2, '0'), \
             '/', lpad(\"d\", 2, '0')) BETWEEN '2025/12/31' AND '2026/01/02'"
        );
    }

    #[test]
    fn days_are_named_in_the_type_and_format_of_their_column() {
        let column = || "dt".to_owned();
        let (year, month, day) = ("y".to_owned(), "m".to_owned(), "d".to_owned());
        for (days, wanted) in [
            (DayColumns::Compact { column: column() }, "\"dt\" BETWEEN '20260801' AND '20260803'"),
            (
                DayColumns::Typed { column: column() },
                "\"dt\" BETWEEN DATE '2026-08-01' AND DATE '2026-08-03'",
            ),
            (
                DayColumns::Any { column: column() },
                "(\"dt\" >= '2026/08/01' AND \"dt\" < '2026/08/04' \
                 OR \"dt\" >= '2026-08-01' AND \"dt\" < '2026-08-04' \
                 OR \"dt\" >= '20260801' AND \"dt\" < '20260804')",
            ),
            (
                DayColumns::SplitNumbers { year, month, day },
                "\"y\" BETWEEN 2026 AND 2026\n    AND \"y\" * 10000 + \"m\" * 100 + \"d\" \
                 BETWEEN 20260801 AND 20260803",
            ),
        ] {
            let named =
                predicate(settings(days), "2026-08-01T10:00:00Z", Some("2026-08-02T00:00:00Z"));
            assert_eq!(named, wanted);
        }
    }

    #[test]
    fn account_numbers_keep_their_leading_zeros() {
        let account =
            ValueColumn { column: "account".to_owned(), values: vec!["001234567890".to_owned()] };
        let settings = AthenaSettings { account: Some(account), ..settings(DayColumns::None) };
        assert_eq!(
            predicate(settings, "2026-08-01T00:00:00Z", None),
            "\"account\" IN ('001234567890')"
        );
    }

    #[test]
    fn a_day_is_settled_some_time_after_it_is_over() {
        let days = DayColumns::Dashed { column: "dt".to_owned() };
        let table = Table::new(settings(days)).unwrap();
        let settled = |now| table.settled(at(now)).map(|day| day.to_string());
        assert_eq!(settled("2026-08-20T00:59:59Z").as_deref(), Some("2026-08-18"));
        assert_eq!(settled("2026-08-20T01:00:00Z").as_deref(), Some("2026-08-19"));
        let whole = Table::new(settings(DayColumns::None)).unwrap();
        assert_eq!(whole.settled(at("2026-08-20T01:00:00Z")), None);
    }

    #[test]
    fn a_window_without_a_beginning_reaches_back_as_configured() {
        let table = Table::new(settings(DayColumns::None)).unwrap();
        let span = table.span(Window::default(), at("2026-08-20T10:00:00Z"));
        assert_eq!(span.from, at("2026-05-22T10:00:00Z"));
    }

    #[test]
    fn a_name_or_value_that_could_be_sql_is_refused() {
        for bad in ["", "a\"b", "a;b", "1a", "a b", "a'--", "é"] {
            let table = AthenaSettings { table: bad.to_owned(), ..settings(DayColumns::None) };
            assert!(Table::new(table).is_err(), "{bad}");
            let region = AthenaSettings {
                region: Some(ValueColumn {
                    column: "region".to_owned(),
                    values: vec![format!("{bad}'")],
                }),
                ..settings(DayColumns::None)
            };
            assert!(Table::new(region).is_err(), "{bad}");
        }
    }
}
