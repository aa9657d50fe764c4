//! How a table is cut into partitions, as its definition tells it, and what that leaves out.

use crate::aws::athena_days::{DayColumns, ValueColumn, is_name};
use crate::aws::athena_shape::Shape;
use crate::aws::error::safe_text;
use jiff::civil::Date;
use std::collections::HashMap;

const DAYS: &[&str] = &[
    "date",
    "date_partition",
    "datestamp",
    "day",
    "ds",
    "dt",
    "event_date",
    "event_day",
    "eventdate",
    "log_date",
    "partition_date",
    "timestamp",
    "ymd",
];
const YEARS: &[&str] = &["year", "yyyy", "y"];
const MONTHS: &[&str] = &["month", "mm", "m"];
const DAYS_OF_MONTH: &[&str] = &["day", "dd", "d"];
/// Values of a partition column that are told; an organization has more.
const VALUES_TOLD_MAX: usize = 40;

/// A table's definition, as far as partitions go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition<'a> {
    pub(super) keys: &'a [(String, Shape)],
    pub(super) parameters: &'a HashMap<String, String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) days: DayColumns,
    /// No day before it has a partition.
    pub(super) earliest: Option<Date>,
    /// What no reading of this table can find, in words.
    pub(super) limits: Vec<String>,
}

impl<'a> Definition<'a> {
    /// Where the table keeps its days; `told` is what the settings say, which is not doubted.
    pub(super) fn read(
        self,
        told: &DayColumns,
        named: [Option<&ValueColumn>; 2],
    ) -> Result<Found, String> {
        for column in told.names().into_iter().chain(named.iter().flatten().map(|of| &*of.column)) {
            if !self.keys.is_empty() && self.key(column).is_none() {
                let keys: Vec<&str> = self.keys.iter().map(|(name, _)| name.as_str()).collect();
                return Err(format!(
                    "a partition column {column}, which the settings name, where it has {}",
                    keys.join(", ")
                ));
            }
        }
        let known = named.map(|of| of.map(|of| of.column.as_str()));
        let mut found = Found {
            days: if *told == DayColumns::None { self.days() } else { self.typed(told.clone()) },
            ..Found::default()
        };
        found.earliest = found.days.names().first().and_then(|column| self.earliest(column));
        for (name, _) in self.keys {
            let is_day = found.days.names().contains(&name.as_str());
            let is_named = known.contains(&Some(name.as_str()));
            match self.projected(name, "type") {
                Some("injected") if !is_day && !is_named => return Err(injected(name)),
                Some("enum") if !is_day => found.limits.extend(self.only(name)),
                Some("date") if !is_day => found.limits.push(self.unreadable(name)),
                Some(_) | None => {}
            }
        }
        if found.days == DayColumns::None && self.keys.is_empty() {
            found.limits.push("the table has no partitions: each reading takes all of it".into());
        } else if found.days == DayColumns::None {
            found.limits.push(
                "no partition column of a day was recognized, so each reading takes the whole \
                 table; set trail.athena.day_columns"
                    .to_owned(),
            );
        }
        Ok(found)
    }

    /// The days by the columns' names, formats and types.
    fn days(self) -> DayColumns {
        let names = || self.keys.iter().filter(|(name, _)| is_name(name));
        let of = |known: &[&str]| names().find(|(name, _)| known.contains(&name.as_str()));
        if let (Some((year, _)), Some((month, _)), Some((day, _))) =
            (of(YEARS), of(MONTHS), of(DAYS_OF_MONTH))
        {
            let split =
                DayColumns::Split { year: year.clone(), month: month.clone(), day: day.clone() };
            return self.typed(split);
        }
        let dated = names().find(|(name, _)| self.projected(name, "type") == Some("date"));
        if let Some((column, shape)) = dated {
            return self.formatted(column.clone(), shape);
        }
        match of(DAYS) {
            Some((column, Shape::Date)) => DayColumns::Typed { column: column.clone() },
            Some((column, Shape::Text)) => DayColumns::Any { column: column.clone() },
            Some(_) | None => DayColumns::None,
        }
    }

    /// A projected day names its format.
    fn formatted(self, column: String, shape: &Shape) -> DayColumns {
        if *shape == Shape::Date {
            return DayColumns::Typed { column };
        }
        match self.projected(&column, "format") {
            Some("yyyy/MM/dd") => DayColumns::Slashed { column },
            Some("yyyy-MM-dd") => DayColumns::Dashed { column },
            Some("yyyyMMdd") => DayColumns::Compact { column },
            Some(_) | None => DayColumns::None,
        }
    }

    /// Three columns may hold whole numbers, which are compared as such.
    fn typed(self, days: DayColumns) -> DayColumns {
        let is_number = |name: &str| matches!(self.key(name), Some(Shape::Number));
        if let DayColumns::Split { year, month, day } = &days
            && [year, month, day].into_iter().all(|name| is_number(name))
        {
            let [year, month, day] = [year, month, day].map(String::clone);
            return DayColumns::SplitNumbers { year, month, day };
        }
        days
    }

    fn key(self, name: &str) -> Option<&'a Shape> {
        let found = self.keys.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, shape)| shape)
    }

    /// A property of the projection of a column.
    fn projected(self, column: &str, property: &str) -> Option<&'a str> {
        let is_on = self.parameters.get("projection.enabled").map(|text| text.trim());
        if !is_on.is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return None;
        }
        let name = format!("projection.{column}.{property}");
        self.parameters.get(&name).map(|text| text.trim())
    }

    /// The first day of a projected range that names one.
    fn earliest(self, column: &str) -> Option<Date> {
        let (first, _) = self.projected(column, "range")?.split_once(',')?;
        let digits: String = first.trim().chars().filter(char::is_ascii_digit).collect();
        let whole = first.trim().starts_with(|c: char| c.is_ascii_digit());
        match digits.len() {
            8 if whole => Date::strptime("%Y%m%d", &digits).ok(),
            4 if whole => Date::strptime("%Y%m%d", format!("{digits}0101")).ok(),
            _ => None,
        }
    }

    /// What a column with a list of its values leaves out.
    fn only(self, column: &str) -> Option<String> {
        let values = self.projected(column, "values")?;
        let mut values: Vec<&str> = values.split(',').map(str::trim).collect();
        let more = values.len().saturating_sub(VALUES_TOLD_MAX);
        values.truncate(VALUES_TOLD_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let told = format!("{}{more}", values.join(", "));
        let column = safe_text(column);
        Some(format!("the table's {column} is only {}: others would not show", safe_text(&told)))
    }

    fn unreadable(self, column: &str) -> String {
        let format = self.projected(column, "format").unwrap_or("no format");
        format!(
            "days in the column {} are written as {}, which keyleak does not know",
            safe_text(column),
            safe_text(format)
        )
    }
}

fn injected(column: &str) -> String {
    let column = safe_text(column);
    format!(
        "values of its partition column {column}, without which it answers nothing (injected): \
         set trail.athena.account_column and trail.athena.accounts, or region_column and regions"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(all: &[(&str, &str)]) -> Vec<(String, Shape)> {
        all.iter().map(|(name, shape)| ((*name).to_owned(), Shape::parse(shape))).collect()
    }

    fn projection(all: &[(&str, &str)]) -> HashMap<String, String> {
        let on = ("projection.enabled".to_owned(), "true".to_owned());
        let named =
            all.iter().map(|(name, value)| (format!("projection.{name}"), (*value).to_owned()));
        named.chain([on]).collect()
    }

    fn read(of: &[(&str, &str)], projected: Option<&[(&str, &str)]>) -> Result<Found, String> {
        let (keys, parameters) = (keys(of), projected.map(projection).unwrap_or_default());
        Definition { keys: &keys, parameters: &parameters }.read(&DayColumns::None, [None; 2])
    }

    fn column(name: &str) -> String {
        name.to_owned()
    }

    #[test]
    fn a_projected_day_is_found_by_its_format_whatever_its_name() {
        for (format, days) in [
            ("yyyy/MM/dd", DayColumns::Slashed { column: column("tag") }),
            ("yyyy-MM-dd", DayColumns::Dashed { column: column("tag") }),
            ("yyyyMMdd", DayColumns::Compact { column: column("tag") }),
        ] {
            let of =
                [("tag.type", "date"), ("tag.format", format), ("tag.range", "2020/01/01,NOW")];
            let found = read(&[("region", "string"), ("tag", "string")], Some(&of)).unwrap();
            assert_eq!(found.days, days);
            assert_eq!(found.earliest, Some(jiff::civil::date(2020, 1, 1)));
            assert_eq!(found.limits, Vec::<String>::new());
        }
    }

    #[test]
    fn a_format_that_is_not_known_is_told_and_nothing_is_guessed() {
        let of = [("tag.type", "date"), ("tag.format", "dd.MM.yyyy")];
        let found = read(&[("tag", "string")], Some(&of)).unwrap();
        assert_eq!(found.days, DayColumns::None);
        let told = found.limits.join("\n");
        assert!(told.contains("dd.MM.yyyy") && told.contains("trail.athena.day_columns"), "{told}");
        // The same where projection is switched off is a column of a name that says nothing.
        let parameters = HashMap::from([("projection.tag.type".to_owned(), "date".to_owned())]);
        let keys = keys(&[("tag", "string")]);
        let of = Definition { keys: &keys, parameters: &parameters };
        assert_eq!(of.read(&DayColumns::None, [None; 2]).unwrap().days, DayColumns::None);
    }

    #[test]
    fn regions_and_accounts_that_are_listed_are_told_since_others_would_not_show() {
        let of = [
            ("timestamp.type", "date"),
            ("timestamp.format", "yyyy/MM/dd"),
            ("region.type", "enum"),
            ("region.values", "eu-west-1,us-east-1"),
        ];
        let found = read(&[("region", "string"), ("timestamp", "string")], Some(&of)).unwrap();
        let told = ["the table's region is only eu-west-1, us-east-1: others would not show"];
        assert_eq!(found.limits, told);
    }

    #[test]
    fn partitions_made_by_hand_are_found_by_their_names() {
        let split = |year: &str, month: &str, day: &str| (column(year), column(month), column(day));
        let (year, month, day) = split("year", "month", "day");
        let found = read(&[("year", "string"), ("month", "string"), ("day", "string")], None);
        assert_eq!(found.unwrap().days, DayColumns::Split { year, month, day });
        let (year, month, day) = split("y", "m", "d");
        let found = read(&[("y", "int"), ("m", "int"), ("d", "int")], None);
        assert_eq!(found.unwrap().days, DayColumns::SplitNumbers { year, month, day });
        let found = read(&[("account", "string"), ("dt", "string")], None);
        assert_eq!(found.unwrap().days, DayColumns::Any { column: column("dt") });
        let found = read(&[("day", "date")], None);
        assert_eq!(found.unwrap().days, DayColumns::Typed { column: column("day") });
        for (unknown, says) in [(&[("shard", "string")][..], "recognized"), (&[], "all of it")] {
            let found = read(unknown, None).unwrap();
            assert_eq!(found.days, DayColumns::None);
            assert!(found.limits[0].contains(says), "{:?}", found.limits);
        }
    }

    #[test]
    fn a_column_that_must_be_named_is_refused_until_the_settings_name_it() {
        let of = [("account.type", "injected"), ("dt.type", "date"), ("dt.format", "yyyy/MM/dd")];
        let keys = keys(&[("account", "string"), ("dt", "string")]);
        let parameters = projection(&of);
        let definition = Definition { keys: &keys, parameters: &parameters };
        let refused = definition.read(&DayColumns::None, [None; 2]).unwrap_err();
        assert!(refused.contains("trail.athena.accounts"), "{refused}");
        let named = ValueColumn { column: column("account"), values: vec![column("1")] };
        let found = definition.read(&DayColumns::None, [None, Some(&named)]).unwrap();
        assert_eq!(found.days, DayColumns::Slashed { column: column("dt") });
    }

    #[test]
    fn what_the_settings_say_wins_and_a_column_that_is_not_there_is_named() {
        let keys = keys(&[("dt", "string"), ("day", "string")]);
        let parameters = HashMap::new();
        let definition = Definition { keys: &keys, parameters: &parameters };
        let told = DayColumns::Dashed { column: column("day") };
        assert_eq!(definition.read(&told, [None; 2]).unwrap().days, told);
        let told = DayColumns::Dashed { column: column("date") };
        let refused = definition.read(&told, [None; 2]).unwrap_err();
        assert!(refused.contains("date") && refused.contains("dt, day"), "{refused}");
    }
}
