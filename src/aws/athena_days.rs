//! The partitions of the trail's table: how it is cut into days, and the predicates that name them.

use jiff::ToSpan;
use jiff::civil::Date;

/// Athena's limit for the name of a database, table or column.
const NAME_CHARS_MAX: usize = 255;

/// How the table is cut into days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DayColumns {
    /// Not at all, or nobody said so: every query reads the whole table.
    #[default]
    None,
    /// One column that holds `2026/08/31`.
    Slashed { column: String },
    /// One column that holds `2026-08-31`.
    Dashed { column: String },
    /// One column that holds `20260831`.
    Compact { column: String },
    /// One column of texts that begin in one of these ways; nobody said in which.
    Any { column: String },
    /// One column of the type `date`.
    Typed { column: String },
    /// Three columns that hold `2026`, `08` and `31`, or `8`.
    Split { year: String, month: String, day: String },
    /// The same in whole numbers.
    SplitNumbers { year: String, month: String, day: String },
}

impl DayColumns {
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::Slashed { column }
            | Self::Dashed { column }
            | Self::Compact { column }
            | Self::Any { column }
            | Self::Typed { column } => vec![column],
            Self::Split { year, month, day } | Self::SplitNumbers { year, month, day } => {
                vec![year, month, day]
            }
        }
    }
}

/// A partition column and the values that queries name; an injected column needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueColumn {
    pub column: String,
    pub values: Vec<String>,
}

/// The predicates for these days in a table that is cut into days like this.
pub(super) fn days(columns: &DayColumns, (first, last): (Date, Date)) -> Vec<String> {
    match columns {
        DayColumns::None => Vec::new(),
        DayColumns::Slashed { column } => {
            vec![between(&quoted(column), first, last, "'%Y/%m/%d'")]
        }
        DayColumns::Dashed { column } => {
            vec![between(&quoted(column), first, last, "'%Y-%m-%d'")]
        }
        DayColumns::Compact { column } => vec![between(&quoted(column), first, last, "'%Y%m%d'")],
        DayColumns::Typed { column } => {
            vec![between(&quoted(column), first, last, "DATE '%Y-%m-%d'")]
        }
        // Whichever it is, the others select at most more of it; an hour may follow the day.
        DayColumns::Any { column } => {
            let (column, until) = (quoted(column), day_beside(last, 1));
            let one = |format| {
                let [first, until] = [first, until].map(|day| day.strftime(format));
                format!("{column} >= {first} AND {column} < {until}")
            };
            let all = ["'%Y/%m/%d'", "'%Y-%m-%d'", "'%Y%m%d'"].map(one);
            vec![format!("({})", all.join(" OR "))]
        }
        DayColumns::Split { year, month, day } => {
            let [year, month, day] = [year, month, day].map(|name| quoted(name));
            let whole = format!(
                "concat({year}, '/', lpad({month}, 2, '0'), '/', \
                                 lpad({day}, 2, '0'))"
            );
            vec![between(&year, first, last, "'%Y'"), between(&whole, first, last, "'%Y/%m/%d'")]
        }
        DayColumns::SplitNumbers { year, month, day } => {
            let [year, month, day] = [year, month, day].map(|name| quoted(name));
            let whole = format!("{year} * 10000 + {month} * 100 + {day}");
            vec![between(&year, first, last, "%Y"), between(&whole, first, last, "%Y%m%d")]
        }
    }
}

/// A name as SQL that cannot be mistaken for a keyword.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The day after or before; the end of time has none.
pub(super) fn day_beside(day: Date, days: i32) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

/// Whether it can be the name of a column and nothing else.
pub(super) fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    let first = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let rest = letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    first && rest && name.len() <= NAME_CHARS_MAX
}

fn between(column: &str, first: Date, last: Date, format: &str) -> String {
    format!("{column} BETWEEN {} AND {}", first.strftime(format), last.strftime(format))
}

/// The predicate that names the values of a column.
pub(super) fn one_of(named: &ValueColumn) -> String {
    let values: Vec<String> = named.values.iter().map(|value| format!("'{value}'")).collect();
    format!("{} IN ({})", quoted(&named.column), values.join(", "))
}
