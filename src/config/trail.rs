//! Where CloudTrail's records lie, and how the table of them is laid out.

use crate::aws::athena_table::{AthenaSettings, DayColumns, ValueColumn};
use crate::config::accounts;
use crate::config::reader::Reader;
use std::path::PathBuf;

/// Where CloudTrail's records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrailConfig {
    None,
    Paths(Vec<PathBuf>),
    Athena(Box<AthenaSettings>),
}

/// Reads the section `trail`.
pub fn trail(r: &mut Reader) -> TrailConfig {
    let paths = r.texts("trail.paths");
    let database = r.text("trail.athena.database");
    let settings = athena(r, database.clone().unwrap_or_default());
    match (paths, database) {
        (None, None) => TrailConfig::None,
        (Some(paths), None) => TrailConfig::Paths(paths.into_iter().map(PathBuf::from).collect()),
        (None, Some(_)) => TrailConfig::Athena(Box::new(settings)),
        (Some(_), Some(_)) => {
            r.reject("trail.paths", "and trail.athena exclude each other");
            TrailConfig::None
        }
    }
}

/// The folder with questions of people's own; they are checked when it is opened.
pub fn questions(r: &mut Reader, trail: &TrailConfig) -> Option<PathBuf> {
    let folder = r.text("trail.questions")?;
    if *trail == TrailConfig::None {
        r.reject("trail.questions", "needs a trail to ask: set trail.paths or trail.athena too");
    }
    Some(PathBuf::from(folder))
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
    AthenaSettings {
        catalog: r.text("trail.athena.catalog"),
        database,
        table: r.text_or("trail.athena.table", "cloudtrail_logs"),
        workgroup: r.text("trail.athena.workgroup"),
        output: r.text("trail.athena.output"),
        days: days(r),
        region: column(r, "trail.athena.region_column", "trail.athena.regions"),
        account,
        lookback_days: r.number("trail.athena.lookback_days", 15, 1),
    }
}

/// `2026/08/31` in one column is `slashed`, `2026-08-31` is `dashed`, three columns are `split`.
fn days(r: &mut Reader) -> DayColumns {
    let columns = r.texts("trail.athena.day_columns").unwrap_or_default();
    let format = r.text_or("trail.athena.day_format", "slashed");
    match (columns.as_slice(), format.as_str()) {
        ([], _) => DayColumns::None,
        ([column], "slashed") => DayColumns::Slashed { column: column.clone() },
        ([column], "dashed") => DayColumns::Dashed { column: column.clone() },
        ([year, month, day], "split") => {
            DayColumns::Split { year: year.clone(), month: month.clone(), day: day.clone() }
        }
        _ => {
            r.reject(
                "trail.athena.day_format",
                "is \"slashed\" or \"dashed\" for one column, or \"split\" for three",
            );
            DayColumns::None
        }
    }
}
