//! The tables of a whole cut in Athena: their names, what makes them, what asks and drops them.

use crate::aws::athena_alone::{bare, whole_cut};
use crate::aws::athena_memory::open_days;
use crate::aws::athena_passes::Passes;
use crate::aws::athena_table::Span;
use crate::domain::digest::sha256_hex;
use crate::domain::lineage::Subject;
use crate::domain::trail_row::TrailRow;
use crate::ports::whole_cut::WholeCut;
use jiff::civil::Date;

/// How the names of all tables begin that are made here.
const PREFIX: &str = "keyleak_";
/// So much of a SHA-256 tells the keys of open cases apart; a stranger's table is only made again.
const KEY_CHARS: usize = 12;
/// So much of a SHA-256 tells the SQL of two tables apart.
const SQL_CHARS: usize = 32;
/// Athena's limit for the text of a query.
const TEXT_BYTES_MAX: usize = 262_144;

/// A table of some days of a cut.
#[derive(Debug, Clone)]
pub(super) struct CaseTable {
    /// Without its database.
    pub(super) name: String,
    pub(super) span: Span,
    select: String,
}

impl CaseTable {
    /// Neither database nor name needs quotes, which Athena does not take here.
    pub(super) fn create(&self, database: &str) -> String {
        let Self { name, select, .. } = self;
        format!("CREATE TABLE {database}.{name}\nWITH (format = 'PARQUET')\nAS {select}")
    }
}

/// What makes up a whole cut: days that are over, whose table is of whom these days tell, and those
/// that may still grow, which are taken anew once rows have come.
pub(super) fn case_tables(
    passes: &Passes,
    cut: WholeCut<'_>,
    of_old_days: impl FnOnce(Span, Date) -> Subject,
) -> Result<Vec<CaseTable>, String> {
    let span = passes.span(cut.window);
    let now = || cut.subject.clone();
    let parts = match passes.settled(cut.window) {
        None => vec![(Some(span), cut.state, now())],
        Some(settled) => vec![
            (span.on(span.first, settled), "", of_old_days(span, settled)),
            (open_days(span, settled), cut.state, now()),
        ],
    };
    let parts = parts.into_iter().filter_map(|(span, state, whom)| Some((span?, state, whom)));
    let table = |(span, state, whom): (Span, &str, Subject)| {
        let select = whole_cut(passes, span, &whom).ok_or("the cut's SQL has changed")?;
        let bytes = select.len();
        if bytes > TEXT_BYTES_MAX - 1_000 {
            return Err(format!(
                "its query would have {bytes} bytes, and Athena takes {TEXT_BYTES_MAX}: too much \
                 grew out of the key to be named in one text"
            ));
        }
        let hash = shortened(&format!("{state}\u{1e}{select}"), SQL_CHARS);
        let name = format!("{}{hash}", prefix_of(&cut.subject.key_id));
        Ok(CaseTable { name, span, select })
    };
    parts.map(table).collect()
}

/// A question of these tables, in Athena's SQL: a record may be filed under days of both.
pub(super) fn asked_of(tables: &[CaseTable], database: &str, question: &str) -> String {
    let columns = TrailRow::COLUMNS.join(", ");
    let part = |table: &CaseTable| format!("  SELECT {columns} FROM {database}.{}", table.name);
    let parts: Vec<String> = tables.iter().map(part).collect();
    format!("WITH case_table AS (\n{}\n)\n{}", parts.join("\n  UNION\n"), bare(question))
}

pub(super) fn dropping(database: &str, name: &str) -> String {
    format!("DROP TABLE IF EXISTS {database}.{name}")
}

/// How the names of a key's tables begin; its id is in none.
pub(super) fn prefix_of(key_id: &str) -> String {
    format!("{PREFIX}{}_", shortened(key_id, KEY_CHARS))
}

/// Whether a table can have been made here, by its name.
pub(super) fn is_ours(name: &str) -> bool {
    let is_hash = |text: &str, chars: usize| {
        text.len() == chars
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let hashes = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_'));
    hashes.is_some_and(|(key, sql)| is_hash(key, KEY_CHARS) && is_hash(sql, SQL_CHARS))
}

fn shortened(text: &str, chars: usize) -> String {
    sha256_hex(text.as_bytes()).chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_name_of_ours_can_be_ours() {
        let key = "AKIAQNZGKIQY56JQ7WML";
        let name = format!("{}{}", prefix_of(key), "0a".repeat(16));
        assert!(is_ours(&name), "{name}");
        assert!(!name.contains("7wml") && !name.contains("7WML"));
        for other in ["keyleak_findings", "keyleak_logs_2026", "cloudtrail_logs", &name[..30]] {
            assert!(!is_ours(other), "{other}");
        }
        assert!(!is_ours(&name.to_ascii_uppercase()));
    }
}
