//! SQL that a person types: held to the walls of one's own questions, and asked as one.

use crate::domain::plain_text::{is_hidden, visible};
use crate::domain::question::Question;
use crate::domain::secret::redact;
use crate::trail::dialect::{self, Order};
use crate::trail::table::{CaseTable, NAME, plainly};

/// Mistakes that are told at once; whoever mends them asks again.
const FAULTS_MAX: usize = 5;
/// Where the columns are listed.
const COLUMNS_ARE: &str = "docs/queries.md lists the columns of case_table";

/// What is wrong with the SQL, in words; it is not run.
pub(super) fn check(sql: &str) -> Result<(), String> {
    if let Some(odd) = sql.chars().find(|c| is_hidden(*c)) {
        return Err(format!("it holds U+{:04X}, which nobody sees; take it out", u32::from(odd)));
    }
    let faults = dialect::faults(sql, Order::Free).into_iter().take(FAULTS_MAX);
    let faults: Vec<String> = faults.map(|fault| fault.what).collect();
    if !faults.is_empty() {
        return Err(said(&faults.join("; ")));
    }
    let prepared = CaseTable::load(&[]).and_then(|table| table.columns(sql));
    match prepared {
        Ok(columns) if columns.is_empty() => Err(format!("it returns no column; {COLUMNS_ARE}")),
        Ok(_) => Ok(()),
        Err(error) => Err(said(&format!("{}; {COLUMNS_ARE}", plainly(&error)))),
    }
}

/// The question that this SQL is.
pub(super) fn question(id: &str, sql: &str) -> Question {
    Question {
        id: id.to_owned(),
        name: id.to_ascii_lowercase(),
        question: "What somebody asked in SQL".to_owned(),
        phase: String::new(),
        impact: Vec::new(),
        attack: Vec::new(),
        parameters: Vec::new(),
        columns: Vec::new(),
        contain: Vec::new(),
        chart: None,
        source: NAME.to_owned(),
        meaning: "What somebody's own SQL returned; what its rows mean is theirs to say."
            .to_owned(),
        none: "Somebody's own SQL returned no row.".to_owned(),
        sql: sql.to_owned(),
        own: true,
    }
}

/// A text may hold anything, a secret too.
fn said(what: &str) -> String {
    visible(&redact(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_the_case_table_alone_is_taken() {
        for sql in [
            "SELECT count(*) AS n FROM case_table",
            "select source_ip, count(*) AS calls from case_table where reach = 'key' \
             group by source_ip order by calls desc",
            "SELECT source_ip FROM case_table;",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn everything_else_is_refused_before_it_runs_and_says_why() {
        for (sql, why) in [
            ("DELETE FROM case_table", "one SELECT and nothing else"),
            ("SELECT 1 AS n; DROP TABLE case_table", "one SELECT and nothing else"),
            ("SELECT name FROM sqlite_master", "case_table"),
            ("SELECT nonsense FROM case_table", "there is no column nonsense"),
            ("SELECT load_extension('x') AS n FROM case_table", "load_extension"),
            ("SELECT readfile('/etc/passwd') AS n FROM case_table", "readfile"),
            (
                "WITH r AS (SELECT 1 AS n FROM case_table) SELECT n FROM r",
                "one SELECT and nothing else",
            ),
            ("SELECT \"source_ip\" FROM case_table", "is a quoted name"),
            ("SELECT source_ip FROM", "not SQL that every engine reads"),
            ("SELECT 1\u{202E} AS n FROM case_table", "U+202E"),
        ] {
            let refused = check(sql).expect_err(sql);
            assert!(refused.to_lowercase().contains(&why.to_lowercase()), "{sql}: {refused}");
        }
    }
}
