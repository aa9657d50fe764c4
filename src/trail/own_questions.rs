//! Questions of people's own: every `*.sql` file of a folder, checked before anybody can ask it.

mod header;

use crate::domain::plain_text::{is_hidden, visible};
use crate::domain::question::{Question, Times, read};
use crate::domain::secret::redact;
use crate::trail::catalogue::Catalogue;
use crate::trail::dialect::{self, Fault, Order};
use crate::trail::table::{CaseTable, NAME, plainly};
use jiff::Timestamp;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files of one folder: more of them are a mistake, and nobody reads a list so long.
const FILES_MAX: usize = 50;
/// Entries of the folder that are looked at.
const ENTRIES_MAX: usize = 10_000;
/// The longest of ours has five kilobytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// The first line of a file, where a fault is about the whole of it.
const FIRST_LINE: u64 = 1;

/// Everything that is wrong with the questions of a folder, each with file and line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct OwnQuestionErrors(pub Vec<String>);

impl fmt::Display for OwnQuestionErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the questions of your own cannot be used:")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

/// The catalogue with the questions of a folder in it, where one is named.
pub fn catalogue(folder: Option<&Path>) -> Result<Catalogue, OwnQuestionErrors> {
    let built_in = Catalogue::built_in()
        .map_err(|error| OwnQuestionErrors(vec![format!("ours are damaged ({error})")]))?;
    let Some(folder) = folder else {
        return Ok(built_in);
    };
    let own = read_folder(folder, &built_in)?;
    Ok(built_in.with(own))
}

/// Reads the folder: all of it, or everything that is wrong.
fn read_folder(folder: &Path, built_in: &Catalogue) -> Result<Vec<Question>, OwnQuestionErrors> {
    let table = CaseTable::load(&[]).map_err(|error| {
        OwnQuestionErrors(vec![format!("an empty case table could not be made ({error})")])
    })?;
    let mut own: Vec<(PathBuf, Question)> = Vec::new();
    let mut errors = Vec::new();
    for path in files(folder).map_err(|error| OwnQuestionErrors(vec![error]))? {
        let mut faults = match text(&path) {
            Ok(text) => {
                let (question, mut faults) = check(&text, &table);
                faults.extend(alone(&question, built_in, &own));
                own.push((path.clone(), question));
                faults
            }
            Err(fault) => vec![fault],
        };
        faults.sort();
        errors.extend(faults.iter().map(|fault| told(&path, fault)));
    }
    if !errors.is_empty() {
        return Err(OwnQuestionErrors(errors));
    }
    own.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    Ok(own.into_iter().map(|(_, question)| question).collect())
}

/// One mistake, with the place to mend it. A file may hold anything, a secret too.
fn told(path: &Path, fault: &Fault) -> String {
    let line = fault.line.map_or(String::new(), |line| format!(", line {line}"));
    let what = visible(&redact(&fault.what));
    format!("{}{line}: {what}", shown(path))
}

/// A path as a terminal may have it.
fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

/// The question files of the folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| {
        format!("the folder {} cannot be read ({error}); check its path", shown(folder))
    };
    let mut files = Vec::new();
    for (looked_at, entry) in std::fs::read_dir(folder).map_err(unreadable)?.enumerate() {
        let path = entry.map_err(unreadable)?.path();
        if looked_at >= ENTRIES_MAX {
            return Err(format!(
                "the folder {} holds more than {ENTRIES_MAX} files; give the questions a folder \
                 of their own",
                shown(folder)
            ));
        }
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql")) {
            files.push(path);
        }
    }
    if files.len() > FILES_MAX {
        return Err(format!(
            "the folder {} holds {} questions; at most {FILES_MAX} can be listed, so take some out",
            shown(folder),
            files.len()
        ));
    }
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> Result<String, Fault> {
    let unreadable = |error: std::io::Error| whole(format!("it cannot be read ({error})"));
    // Editors and file systems leave such copies behind, and nobody sees them in a list.
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    if name.starts_with(b".") {
        let what = "its name begins with a dot, so that it is hidden; rename it or take it out";
        return Err(whole(what.to_owned()));
    }
    // A pipe would be waited for, and a folder may be called anything.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(whole("it is not a file; take it out of the folder".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(whole(format!("it has more than {FILE_BYTES_MAX} bytes; make it shorter")));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| whole("it is not UTF-8; save it again as UTF-8".to_owned()))?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned())
}

fn whole(what: String) -> Fault {
    Fault { what, line: None }
}

/// Reads one file as far as it can be read, so that two of one name are noticed whatever else is
/// wrong, and checks it as ours are checked before they are shipped.
fn check(text: &str, table: &CaseTable) -> (Question, Vec<Fault>) {
    let (mut question, errors) = read(text);
    question.own = true;
    let mut faults = hidden(text);
    faults.extend(header::faults(text, &question, &errors));
    // Each time stands in the SQL, be it named in the header or not: that is told there.
    let every = Times::NAMES.map(str::to_owned).to_vec();
    let some_time = Some(Timestamp::UNIX_EPOCH);
    let times = Times { exposed_since: some_time, contained_at: some_time };
    match (Question { parameters: every, ..question.clone() }).at(&times) {
        Ok(sql) if errors.iter().all(|error| !error.is_empty_file()) => {
            faults.extend(sql_faults(&sql, &question, table));
        }
        Ok(_) | Err(_) => {}
    }
    (question, faults)
}

fn sql_faults(sql: &str, question: &Question, table: &CaseTable) -> Vec<Fault> {
    let mut faults = dialect::faults(sql, Order::Said);
    if faults.is_empty() {
        match table.ask(sql) {
            Ok(found) if found.columns == question.columns => {}
            Ok(found) => {
                let returned = found.columns.join(", ");
                let what = format!("it returns other columns than the header says: {returned}");
                faults.push(header::at(sql, "columns", &what));
            }
            Err(error) => {
                let what = format!(
                    "SQLite does not run it ({}); docs/queries.md has the columns of {NAME}",
                    plainly(&error)
                );
                faults.push(Fault { line: line_of_error(&error), what });
            }
        }
    }
    let begins = sql.lines().position(|line| !line.starts_with("--") && !line.trim().is_empty());
    let begins = begins.and_then(|index| u64::try_from(index).ok());
    for fault in &mut faults {
        fault.line = fault.line.or(begins.map(|index| index + FIRST_LINE));
    }
    faults
}

fn line_of_error(error: &rusqlite::Error) -> Option<u64> {
    let rusqlite::Error::SqlInputError { sql, offset, .. } = error else { return None };
    let before = sql.as_bytes().get(..usize::try_from(*offset).ok()?)?;
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u64::try_from(breaks).ok().map(|breaks| breaks + FIRST_LINE)
}

/// What would be read otherwise than it is seen, wherever it stands.
fn hidden(text: &str) -> Vec<Fault> {
    let odd = |c: &char| is_hidden(*c) && !matches!(c, '\n' | '\r' | '\t');
    let in_line = |(line, text): (u64, &str)| {
        let odd = text.chars().find(odd)?;
        let what = format!("it holds U+{:04X}, which nobody sees; take it out", u32::from(odd));
        Some(Fault { line: Some(line), what })
    };
    (FIRST_LINE..).zip(text.split('\n')).filter_map(in_line).collect()
}

/// Whoever types a word means one question by it.
fn alone(question: &Question, built_in: &Catalogue, own: &[(PathBuf, Question)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (line, word) in [("id", &question.id), ("name", &question.name)] {
        if word.is_empty() {
            continue;
        }
        if let Some(ours) = built_in.find(word) {
            let what =
                format!("{word} is what keyleak's own {} is called; choose another", ours.id);
            faults.push(header::at(&question.sql, line, &what));
        } else if let Some((path, _)) = own.iter().find(|(_, other)| other.is_called(word)) {
            let what = format!("{word} is taken by {}; choose another", path.display());
            faults.push(header::at(&question.sql, line, &what));
        }
    }
    faults
}

#[cfg(test)]
mod tests;
