//! Where CloudTrail's records lie, and how the table of them is laid out.

use crate::aws::athena_days::{DayColumns, ValueColumn};
use crate::aws::athena_table::{AthenaSettings, ROWS_MAX};
use crate::config::accounts;
use crate::config::reader::Reader;
use crate::domain::other_log::OtherLog;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// As Athena bills them.
const BYTES_OF_GB: u64 = 1_000_000_000;

/// Where CloudTrail's records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrailConfig {
    None,
    Paths(Vec<PathBuf>),
    /// The table; and the regions whose event history is looked in first, while a plan waits.
    Athena(Box<AthenaSettings>, Option<Vec<String>>),
    /// The regions whose event history is looked in; none for every enabled one.
    EventHistory(Vec<String>),
}

/// What stands for every region that the account has enabled.
const ALL: &str = "all";

/// Reads the section `trail`.
pub fn trail(r: &mut Reader) -> TrailConfig {
    let paths = r.texts("trail.paths");
    let database = r.text("trail.athena.database");
    let settings = athena(r, database.clone().unwrap_or_default());
    let history = r.texts("trail.event_history.regions");
    let history = history.map(|regions| regions_of(r, regions));
    match (paths, database, history) {
        (None, None, None) => TrailConfig::None,
        (None, None, Some(regions)) => TrailConfig::EventHistory(regions),
        (None, Some(_), history) => TrailConfig::Athena(Box::new(settings), history),
        (Some(paths), None, None) => {
            TrailConfig::Paths(paths.into_iter().map(PathBuf::from).collect())
        }
        (Some(_), _, _) => {
            r.reject("trail.paths", "excludes trail.athena and trail.event_history");
            TrailConfig::None
        }
    }
}

fn regions_of(r: &mut Reader, named: Vec<String>) -> Vec<String> {
    if named == [ALL] {
        return Vec::new();
    }
    let is_region = |name: &String| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        name.contains('-') && name.bytes().all(plain)
    };
    if named.is_empty() || !named.iter().all(is_region) {
        let what = "is a list of regions such as \"eu-west-1\", or of \"all\" and nothing else";
        r.reject("trail.event_history.regions", what);
    }
    named
}

/// The folder with questions of people's own; they are checked when it is opened.
pub fn questions(r: &mut Reader, trail: &TrailConfig) -> Option<PathBuf> {
    let folder = r.text("trail.questions")?;
    if *trail == TrailConfig::None {
        r.reject(
            "trail.questions",
            "needs a trail to ask: set trail.paths, trail.athena or trail.event_history too",
        );
    }
    Some(PathBuf::from(folder))
}

/// The databases of addresses; they are checked when they are opened.
pub fn addresses(r: &mut Reader, trail: &TrailConfig) -> Vec<PathBuf> {
    let files = r.texts("trail.addresses").unwrap_or_default();
    if *trail == TrailConfig::None && !files.is_empty() {
        r.reject(
            "trail.addresses",
            "needs a trail in which addresses stand: set trail.paths, trail.athena or \
             trail.event_history too",
        );
    }
    files.into_iter().map(PathBuf::from).collect()
}

/// The tables of other logs, read as the trail's is: its workgroup and its output are theirs too.
pub fn logs(r: &mut Reader, trail: &TrailConfig) -> BTreeMap<OtherLog, AthenaSettings> {
    let mut tables = BTreeMap::new();
    for log in OtherLog::ALL {
        let setting = log.setting();
        let days = days(r, &format!("trail.logs.{}", log.slug()));
        let Some(name) = r.text(&setting) else {
            continue;
        };
        let TrailConfig::Athena(athena, _) = trail else {
            r.reject(&setting, "needs Athena: set trail.athena too");
            continue;
        };
        let Some((database, table)) = name.split_once('.') else {
            r.reject(&setting, "is a database and a table, such as \"security.vpc_flow\"");
            continue;
        };
        let (database, table) = (database.to_owned(), table.to_owned());
        let (region, account) = (None, None);
        let common = athena.as_ref().clone();
        tables.insert(log, AthenaSettings { database, table, days, region, account, ..common });
    }
    tables
}

fn athena(r: &mut Reader, database: String) -> AthenaSettings {
    let column = |r: &mut Reader, column: &str, values: &str| {
        let values = r.texts(values).unwrap_or_default();
        r.text(column).map(|column| ValueColumn { column, values })
    };
    let account = column(r, "trail.athena.account_column", "trail.athena.accounts");
    if let Some(account) = &account {
        accounts::check_trail(r, "trail.athena.accounts", &account.values);
    }
    let catalog = r.text("trail.athena.catalog");
    AthenaSettings {
        case_tables: case_tables(r, catalog.as_deref()),
        catalog,
        database,
        table: r.text_or("trail.athena.table", "cloudtrail_logs"),
        workgroup: r.text("trail.athena.workgroup"),
        output: r.text("trail.athena.output"),
        days: days(r, "trail.athena"),
        region: column(r, "trail.athena.region_column", "trail.athena.regions"),
        account,
        lookback_days: r.number("trail.athena.lookback_days", 15, 1),
        ask_above: u64::from(r.number("trail.athena.ask_above_gb", 1_000, 1)) * BYTES_OF_GB,
        rows_max: ROWS_MAX,
    }
}

/// A table is made in the account's own catalog, and its name is written without quotes.
fn case_tables(r: &mut Reader, catalog: Option<&str>) -> Option<String> {
    const NAME: &str = "trail.athena.case_tables";
    let database = r.text(NAME)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !database.bytes().all(plain)
        || !database.starts_with(|first: char| first.is_ascii_lowercase())
    {
        r.reject(NAME, "is a database, in lower-case letters, digits and underscores");
    }
    if catalog.is_some_and(|catalog| !catalog.eq_ignore_ascii_case("AwsDataCatalog")) {
        r.reject(NAME, "needs the account's own catalog: leave trail.athena.catalog out");
    }
    Some(database)
}

/// `2026/08/31` in one column is `slashed`, `2026-08-31` `dashed`, `20260831` `compact`, a DATE
/// `date`; three columns are `split`. Where nothing is said the table's own definition tells.
fn days(r: &mut Reader, section: &str) -> DayColumns {
    let columns = r.texts(&format!("{section}.day_columns")).unwrap_or_default();
    let name = format!("{section}.day_format");
    let format = r.text_or(&name, "slashed");
    match (columns.as_slice(), format.as_str()) {
        ([], _) => DayColumns::None,
        ([column], "slashed") => DayColumns::Slashed { column: column.clone() },
        ([column], "dashed") => DayColumns::Dashed { column: column.clone() },
        ([column], "date") => DayColumns::Typed { column: column.clone() },
        ([column], "compact") => DayColumns::Compact { column: column.clone() },
        ([year, month, day], "split") => {
            DayColumns::Split { year: year.clone(), month: month.clone(), day: day.clone() }
        }
        _ => {
            r.reject(
                &name,
                "is \"slashed\", \"dashed\", \"compact\" or \"date\" for one column, or \"split\" for \
                 three",
            );
            DayColumns::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type ReadTrail = (TrailConfig, BTreeMap<OtherLog, AthenaSettings>);

    fn read(text: &str) -> Result<ReadTrail, Vec<String>> {
        let mut reader = Reader::new("keyleak.toml", text, &[]);
        let trail = trail(&mut reader);
        let logs = logs(&mut reader, &trail);
        reader.finish().map(|()| (trail, logs)).map_err(|errors| errors.0)
    }

    const ATHENA: &str = "[trail.athena]\ndatabase = \"logs\"\nworkgroup = \"hunters\"\n";
    const FLOWS: &str = "[trail.logs.vpc_flow]\ntable = \"net.flows\"\nday_columns = [\"d\"]\n\
                         day_format = \"date\"\n";

    #[test]
    fn all_regions_are_no_list_and_a_list_holds_nothing_but_regions() {
        let history = |regions: &str| {
            read(&format!("[trail.event_history]\nregions = {regions}\n")).map(|(trail, _)| trail)
        };
        assert_eq!(history("[\"all\"]"), Ok(TrailConfig::EventHistory(Vec::new())));
        let two = vec!["eu-west-1".to_owned(), "us-gov-east-1".to_owned()];
        assert_eq!(
            history("[\"eu-west-1\", \"us-gov-east-1\"]"),
            Ok(TrailConfig::EventHistory(two))
        );
        for wrong in ["[]", "[\"all\", \"eu-west-1\"]", "[\"Ireland\"]", "[\"eu-west-1/x\"]"] {
            let errors = history(wrong).unwrap_err();
            assert!(errors[0].contains("is a list of regions such as"), "{wrong}: {errors:?}");
        }
    }

    #[test]
    fn the_event_history_may_stand_beside_athena_and_delivered_objects_stand_alone() {
        let history = "[trail.event_history]\nregions = [\"eu-west-1\"]\n";
        let (trail, _) = read(&format!("{ATHENA}{history}")).unwrap();
        let TrailConfig::Athena(_, first) = trail else { panic!("{trail:?}") };
        assert_eq!(first, Some(vec!["eu-west-1".to_owned()]));
        let paths = "[trail]\npaths = [\"/trail\"]\n";
        for other in [history, ATHENA] {
            let errors = read(&format!("{paths}{other}")).unwrap_err();
            assert!(errors[0].contains("trail.paths excludes trail.athena and"), "{errors:?}");
        }
    }

    #[test]
    fn tables_are_made_in_a_database_of_the_accounts_own_catalog_by_a_name_without_quotes() {
        let made_in = |text: &str| -> Result<Option<String>, Vec<String>> {
            let (trail, _) = read(&format!("{ATHENA}{text}\n"))?;
            let TrailConfig::Athena(settings, _) = trail else { panic!("{trail:?}") };
            Ok(settings.case_tables)
        };
        assert_eq!(made_in(""), Ok(None));
        assert_eq!(made_in("case_tables = \"hunting_2\""), Ok(Some("hunting_2".to_owned())));
        for wrong in ["2nd", "Hunting", "a-b", "a.b", "a\\\"b", ""] {
            let errors = made_in(&format!("case_tables = \"{wrong}\"")).unwrap_err();
            assert!(errors[0].contains("lower-case letters"), "{wrong}: {errors:?}");
        }
        let errors = made_in("case_tables = \"a\"\ncatalog = \"other\"").unwrap_err();
        assert!(errors[0].contains("the account's own catalog"), "{errors:?}");
    }

    #[test]
    fn a_log_has_a_table_and_days_of_its_own_and_the_workgroup_of_the_trail() {
        let (_, logs) = read(&format!("{ATHENA}{FLOWS}")).unwrap();
        let flows = &logs[&OtherLog::VpcFlow];
        assert_eq!((flows.database.as_str(), flows.table.as_str()), ("net", "flows"));
        assert_eq!(flows.days, DayColumns::Typed { column: "d".to_owned() });
        assert_eq!(flows.workgroup.as_deref(), Some("hunters"));
        assert_eq!(logs.len(), 1);
        let errors = read(FLOWS).unwrap_err();
        assert!(errors[0].contains("trail.logs.vpc_flow.table needs Athena"), "{errors:?}");
        let errors = read(&format!("{ATHENA}{}", FLOWS.replace("net.", ""))).unwrap_err();
        assert!(errors[0].contains("such as \"security.vpc_flow\""), "{errors:?}");
    }
}
