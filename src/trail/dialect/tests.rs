//! That the questions are in the dialect that every engine reads alike, and say what they return.

use super::Order;
use super::{Fault, faults};
use crate::domain::question::Times;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::Cell;
use crate::trail::catalogue::questions;
use crate::trail::table::{CaseTable, NAME};
use std::collections::BTreeSet;
use std::path::Path;

/// Times for the questions that need some.
fn times() -> Times {
    let at = Some("2026-08-01T10:03:00Z".parse().unwrap());
    Times { exposed_since: at, contained_at: at }
}

#[test]
fn questions_return_the_columns_their_headers_name() {
    let table = CaseTable::load(&[]).unwrap();
    for question in questions().unwrap() {
        let found = table.ask(&question.at(&times()).unwrap()).unwrap();
        assert_eq!(found.columns, question.columns, "{}", question.id);
    }
    assert!(table.ask("DELETE FROM case_table").is_err());
}

#[test]
fn like_tells_capitals_from_small_letters() {
    let row = TrailRow { event_name: Some("ABC".to_owned()), ..TrailRow::default() };
    let table = CaseTable::load(&[row]).unwrap();
    let found = table.ask("SELECT count(*) FROM case_table WHERE event_name LIKE 'abc'").unwrap();
    assert_eq!(found.rows, [[Cell::Integer(0)]]);
}

#[test]
fn every_file_in_the_folder_is_a_question_of_the_catalogue() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        files.extend(name.strip_suffix(".sql").map(str::to_owned));
    }
    let known = questions().unwrap().into_iter().map(|q| format!("{}_{}", q.id, q.name));
    assert_eq!(files, known.collect());
}

#[test]
fn questions_keep_to_the_dialect_that_every_engine_reads_alike() {
    for question in questions().unwrap() {
        let sql = question.at(&times()).unwrap();
        assert_eq!(faults(&sql, Order::Said), [], "{}", question.id);
        assert_eq!(question.source, NAME);
    }
}

const ORDER: &str = "ORDER BY bucket ASC NULLS LAST";

/// What is said of a SELECT that ends with an order by the bucket.
fn said(select: &str) -> Vec<Fault> {
    faults(&format!("{select} {ORDER}"), Order::Said)
}

fn complains(select: &str, what: &str) {
    let said = said(select);
    assert!(said.iter().any(|fault| fault.what.contains(what)), "{select}: {said:?}");
}

#[test]
fn what_engines_read_unlike_is_refused() {
    for (wrong, what) in [
        ("SELECT strftime(bucket) AS bucket FROM case_table", "strftime is not one of"),
        ("SELECT \"bucket\" FROM case_table", "is a quoted name"),
        ("SELECT bucket AS \"bucket\" FROM case_table", "is a quoted name"),
        ("SELECT bytes_in / 2 AS bucket FROM case_table", "no division"),
        ("SELECT bytes_in % 2 AS bucket FROM case_table", "not every engine reads"),
        ("SELECT bucket FROM case_table WHERE bucket ILIKE 'x'", "not every engine reads"),
        ("SELECT CAST(bucket AS INTEGER) AS bucket FROM case_table", "not every engine reads"),
        ("SELECT max(bucket) OVER () AS bucket FROM case_table", "without OVER"),
        ("SELECT bucket FROM case_table WHERE bucket = {never}", "{ begins the name of a time"),
        ("SELECT bucket FROM case_table WHERE bucket = ?", "is no plain text or number"),
        ("SELECT bucket FROM case_table WHERE bucket == 'a'", "== is written ="),
        ("SELECT bucket FROM case_table UNION SELECT bucket FROM case_table", "no WITH, UNION"),
        ("SELECT bucket FROM case_table WHERE bytes_in = 1.5", "no whole number"),
        ("SELECT bucket FROM case_table WHERE bytes_in = 1234567890123456789", "no whole number"),
        ("SELECT bucket FROM case_table WHERE substr(bucket, 0, 2) = 'a'", "substr takes"),
        ("SELECT bucket FROM case_table WHERE substr(bucket, -2) = 'a'", "substr takes"),
        ("SELECT bucket FROM case_table WHERE bucket LIKE 'a' ESCAPE 'no'", "one character"),
        ("SELECT bucket FROM case_table NATURAL JOIN case_table b", "a join is JOIN"),
        ("SELECT a.bucket FROM case_table a JOIN case_table b USING (bucket)", "a join is JOIN"),
        ("SELECT a.bucket FROM case_table a JOIN case_table b", "a join is JOIN"),
    ] {
        complains(wrong, what);
    }
    let limited = faults(&format!("SELECT bucket FROM case_table {ORDER} LIMIT 1"), Order::Said);
    assert!(limited[0].what.contains("LIMIT"), "{limited:?}");
    let plain = "SELECT bucket FROM case_table";
    for (sql, what) in [
        (format!("{plain} ORDER BY bucket"), "must say ASC or DESC"),
        (plain.to_owned(), "lacks an ORDER BY"),
        (format!("{plain} {ORDER}; {plain} {ORDER}"), "one SELECT and nothing else"),
        (format!("{plain} {ORDER} END anything"), "ends what did not begin"),
        ("DELETE FROM case_table".to_owned(), "one SELECT and nothing else"),
        ("ATTACH DATABASE 'x' AS x".to_owned(), "one SELECT and nothing else"),
        (String::new(), "one SELECT and nothing else"),
        ("-- only a comment".to_owned(), "one SELECT and nothing else"),
    ] {
        let said = faults(&sql, Order::Said);
        assert!(said.iter().any(|fault| fault.what.contains(what)), "{sql}: {said:?}");
    }
}

#[test]
fn a_name_is_a_column_and_means_one_thing() {
    for (wrong, what) in [
        ("SELECT rowid AS bucket FROM case_table", "there is no column rowid"),
        ("SELECT BUCKET FROM case_table", "there is no column BUCKET"),
        ("SELECT 1 AS bucket", "without FROM"),
        ("SELECT * FROM case_table", "* stands for other columns"),
        ("SELECT max(bucket) FROM case_table", "it has no name of its own"),
        ("SELECT bucket, event_name AS bucket FROM case_table", "two columns are called bucket"),
        ("SELECT bucket AS Bucket FROM case_table", "a name of small letters"),
        ("SELECT bucket, model AS unnest FROM case_table", "no name in every engine"),
        (
            "SELECT bucket, model AS m FROM case_table WHERE m = 'a'",
            "m is given a value by AS, which only ORDER BY knows",
        ),
        (
            "SELECT bucket, substr(event_time, 1, 10) AS day FROM case_table GROUP BY bucket, day",
            "day is given a value by AS",
        ),
        ("SELECT bucket FROM case_table a JOIN case_table b ON a.bucket = b.bucket", "two tables"),
        ("SELECT a.bucket FROM case_table a CROSS JOIN case_table a", "two tables are called"),
        ("SELECT b.bucket FROM case_table a", "there is no column b.bucket"),
        ("SELECT bucket FROM (SELECT bucket AS a FROM case_table) b", "no column bucket"),
        (
            "SELECT bucket FROM case_table a CROSS JOIN (SELECT a.model AS m FROM case_table) b",
            "there is no column a.model",
        ),
    ] {
        complains(wrong, what);
    }
    let plain = "SELECT bucket, count(*) AS calls FROM case_table GROUP BY bucket";
    for order in ["1", "'bucket'", "count(*)", "bucket || 'a'", "model"] {
        let said = faults(&format!("{plain} ORDER BY {order} ASC NULLS LAST"), Order::Said);
        assert!(said[0].what.contains("ORDER BY must name columns that are returned"), "{said:?}");
    }
}

#[test]
fn what_differs_within_a_group_is_not_one_value() {
    for (wrong, what) in [
        ("SELECT bucket, count(*) AS calls FROM case_table", "bucket is neither in GROUP BY"),
        (
            "SELECT bucket, model || 'a' AS m FROM case_table GROUP BY bucket",
            "model is neither in GROUP BY",
        ),
        (
            "SELECT bucket FROM case_table GROUP BY bucket HAVING model = 'a'",
            "model is neither in GROUP BY",
        ),
        ("SELECT max(bucket, model) AS bucket FROM case_table", "max takes one value"),
        ("SELECT min('a', 'b') AS bucket FROM case_table", "min takes one value"),
        ("SELECT bucket FROM case_table GROUP BY 1", "GROUP BY must name columns"),
        ("SELECT bucket FROM case_table GROUP BY ALL", "GROUP BY must name columns"),
        ("SELECT bucket FROM case_table WHERE count(*) > 1", "cannot stand in WHERE"),
        ("SELECT max(min(bucket)) AS bucket FROM case_table", "cannot stand around"),
        ("SELECT bucket FROM case_table HAVING bucket = 'a'", "HAVING needs a GROUP BY"),
        (
            "SELECT bucket FROM case_table WHERE bucket = (SELECT model FROM case_table)",
            "must be one row",
        ),
        ("SELECT coalesce(bucket) AS bucket FROM case_table", "coalesce takes two"),
        ("SELECT count(DISTINCT bucket, model) AS bucket FROM case_table", "count takes *, one"),
    ] {
        complains(wrong, what);
    }
}

#[test]
fn texts_numbers_and_conditions_do_not_mix() {
    for (wrong, what) in [
        ("SELECT bucket FROM case_table WHERE read_only = '1'", "a text and a number"),
        ("SELECT bucket FROM case_table WHERE read_only", "read_only is no condition"),
        ("SELECT bucket = 'a' AS bucket FROM case_table", "a condition is no value"),
        ("SELECT sum(model) AS bucket FROM case_table", "model is not a number"),
        ("SELECT bucket || bytes_in AS bucket FROM case_table", "bytes_in is not a text"),
        ("SELECT coalesce(bytes_in, bucket) AS bucket FROM case_table", "a text and a number"),
        ("SELECT bucket FROM case_table WHERE bytes_in LIKE '1%'", "bytes_in is not a text"),
        (
            "SELECT CASE WHEN bucket IS NULL THEN 1 ELSE 'a' END AS bucket FROM case_table",
            "a text and a number",
        ),
        (
            "SELECT bucket FROM case_table WHERE bytes_in IN (SELECT model FROM case_table)",
            "a text and a number",
        ),
    ] {
        complains(wrong, what);
    }
}

#[test]
fn a_question_reads_the_case_table_and_nothing_else() {
    for right in [
        "SELECT bucket FROM case_table",
        "SELECT DISTINCT bucket FROM case_table WHERE NOT (bytes_in BETWEEN 1 AND -2)",
        "SELECT one.bucket FROM case_table one JOIN case_table other ON one.bucket = other.bucket",
        "SELECT one.bucket FROM case_table one LEFT JOIN case_table two ON one.model = two.model",
        "SELECT bucket FROM (SELECT max(bucket) AS bucket FROM case_table) newest",
        "SELECT bucket FROM case_table WHERE bucket IN \
         (SELECT model FROM case_table WHERE NOT model LIKE 'x%')",
        "SELECT bucket FROM case_table a WHERE EXISTS \
         (SELECT b.model FROM case_table b WHERE b.model = a.bucket)",
        "SELECT bucket FROM case_table WHERE event_time = (SELECT max(event_time) AS t \
         FROM case_table)",
        "SELECT coalesce(bucket, 'a' || model) AS bucket, count(DISTINCT model) AS m \
         FROM case_table GROUP BY coalesce(bucket, 'a' || model) HAVING count(*) > 1",
        "SELECT CASE bucket WHEN 'a' THEN CASE WHEN model = 'b' THEN 'c' END ELSE NULL END \
         AS bucket FROM case_table",
        "SELECT substr(bucket, 2) AS bucket FROM case_table WHERE bucket LIKE 'a!_%' ESCAPE '!'",
    ] {
        assert_eq!(said(right), [], "{right}");
    }
    for (line, wrong) in [
        (1, "SELECT bucket FROM sqlite_master"),
        (1, "SELECT bucket FROM main.case_table"),
        (2, "SELECT bucket FROM case_table\nCROSS JOIN sqlite_schema"),
        (3, "SELECT bucket FROM case_table WHERE bucket IN (\n\nSELECT model FROM other_table)"),
        (1, "SELECT bucket FROM pragma_table_info('case_table')"),
        (1, "SELECT bucket FROM case_table(1)"),
        (1, "SELECT bucket FROM LATERAL (SELECT bucket FROM case_table) b"),
    ] {
        let said = said(wrong);
        let fault = said.iter().find(|fault| fault.what.contains("reads case_table and no"));
        assert_eq!(fault.and_then(|fault| fault.line), Some(line), "{wrong}: {said:?}");
    }
    let hidden = "WITH sqlite_master AS (SELECT bucket FROM case_table) SELECT bucket \
                  FROM sqlite_master";
    assert!(!said(hidden).is_empty(), "a name that is given to another table");
}

#[test]
fn every_mistake_is_told_at_once_and_in_its_line() {
    let wrong = "SELECT\n  rowid AS bucket,\n  lower(model) AS m\nFROM case_table\n\
                 WHERE read_only";
    let lines: Vec<_> = said(wrong).iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [Some(2), Some(3), Some(5)]);
    for (line, broken) in [
        (3, "SELECT bucket\nFROM case_table\nWHERE ,"),
        (2, "SELECT\n  CASE WHEN model = 'a' THEN 'b' AS bucket\nFROM case_table"),
        (2, "SELECT bucket\nFROM case_table)\n"),
        (1, "SELECT (bucket\nFROM case_table\n"),
        (3, "SELECT bucket\nFROM case_table\nWHERE bucket = 'never ends"),
    ] {
        let said = said(broken);
        assert_eq!(said[0].line, Some(line), "{said:?}");
    }
}

#[test]
fn a_text_that_is_long_or_deep_is_refused_before_anything_calls_itself() {
    let joined = |word: &str, times: usize| {
        let term = format!(" {word} bucket = 'a'");
        said(&format!("SELECT bucket FROM case_table WHERE bucket = 'b'{}", term.repeat(times)))
    };
    for word in ["AND", "OR"] {
        assert_eq!(joined(word, 330), [], "as many as once ended the process");
        for times in [500, 5_000, 50_000] {
            let told = joined(word, times);
            assert!(told[0].what.contains("more than 800 words and signs"), "{told:?}");
        }
    }
    let not = said(&format!("SELECT bucket FROM case_table WHERE {} true", "NOT ".repeat(20_000)));
    assert!(not[0].what.contains("more than 800"), "{not:?}");
    let tail = " IS NULL".repeat(20_000);
    let told = said(&format!("SELECT bucket FROM case_table WHERE bucket{tail}"));
    assert!(told[0].what.contains("more than 800"), "{told:?}");
    let nested = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        said(&format!("SELECT {open}bucket{close} AS bucket FROM case_table"))
    };
    assert_eq!(nested(12), []);
    for depth in [13, 100, 20_000] {
        assert!(nested(depth)[0].what.contains("more than 12 deep"), "{depth}");
    }
    let cases = "CASE WHEN bucket = 'a' THEN ".repeat(60) + "'b'" + &" END".repeat(60);
    let told = said(&format!("SELECT {cases} AS bucket FROM case_table"));
    assert!(told[0].what.contains("more than 12 deep"), "and not that an ORDER BY lacks: {told:?}");
    let list = vec!["'a'"; 4_000].join(", ");
    assert_eq!(said(&format!("SELECT bucket FROM case_table WHERE bucket IN ({list})")), []);
}

#[test]
fn what_grows_without_bound_once_subqueries_are_put_in_is_refused() {
    let doubled = |times: usize| {
        (0..times).fold("case_table".to_owned(), |within, depth| match depth {
            0 => format!("(SELECT bucket || bucket AS bucket FROM {within}) a0"),
            _ => format!("(SELECT bucket || bucket AS bucket FROM {within}) a{depth}"),
        })
    };
    assert_eq!(said(&format!("SELECT bucket FROM {}", doubled(10))), []);
    let wide = format!("SELECT {} AS bucket FROM {}", ["bucket"; 40].join(" || "), doubled(10));
    let told = said(&wide);
    assert!(told.iter().any(|fault| fault.what.contains("more than 5000 parts")), "{told:?}");
}
