//! Questions of people's own: every `*.sql` file of a folder, checked before anybody can ask it.

use crate::domain::event::Phase;
use crate::domain::inquiry::ASKING;
use crate::domain::question::{Question, QuestionError, Times, is_word, parse};
use crate::trail::catalogue::Catalogue;
use crate::trail::dialect::{self, Fault};
use crate::trail::table::{CaseTable, NAME};
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
/// A sentence that stands on a card.
const SENTENCE_LENGTH_MAX: usize = 300;
/// Our own questions have fourteen at most.
const COLUMNS_MAX: usize = 40;
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
    let own = read(folder, &built_in)?;
    Ok(built_in.with(own))
}

/// Reads the folder: all of it, or everything that is wrong.
fn read(folder: &Path, built_in: &Catalogue) -> Result<Vec<Question>, OwnQuestionErrors> {
    let table = CaseTable::load(&[]).map_err(|error| {
        OwnQuestionErrors(vec![format!("an empty case table could not be made ({error})")])
    })?;
    let mut own: Vec<(PathBuf, Question)> = Vec::new();
    let mut errors = Vec::new();
    for path in files(folder).map_err(|error| OwnQuestionErrors(vec![error]))? {
        let checked = text(&path).and_then(|text| check(&text, &table));
        let unique = checked.and_then(|question| {
            alone(&question, built_in, &own)?;
            Ok(question)
        });
        match unique {
            Ok(question) => own.push((path, question)),
            Err(fault) => {
                let line = fault.line.map_or(String::new(), |line| format!(", line {line}"));
                errors.push(format!("{}{line}: {}", path.display(), fault.what));
            }
        }
    }
    if !errors.is_empty() {
        return Err(OwnQuestionErrors(errors));
    }
    own.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    Ok(own.into_iter().map(|(_, question)| question).collect())
}

/// The question files of the folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| {
        format!("the folder {} cannot be read ({error}); check its path", folder.display())
    };
    let mut files = Vec::new();
    for (looked_at, entry) in std::fs::read_dir(folder).map_err(unreadable)?.enumerate() {
        let path = entry.map_err(unreadable)?.path();
        if looked_at >= ENTRIES_MAX {
            return Err(format!(
                "the folder {} holds more than {ENTRIES_MAX} files; give the questions a folder \
                 of their own",
                folder.display()
            ));
        }
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql")) {
            files.push(path);
        }
    }
    if files.len() > FILES_MAX {
        return Err(format!(
            "the folder {} holds {} questions; at most {FILES_MAX} can be listed, so take some out",
            folder.display(),
            files.len()
        ));
    }
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> Result<String, Fault> {
    let unreadable = |error: std::io::Error| whole(format!("it cannot be read ({error})"));
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

/// Reads one file, and checks it as ours are checked before they are shipped.
fn check(text: &str, table: &CaseTable) -> Result<Question, Fault> {
    let mut question = parse(text).map_err(|error| unread(text, &error))?;
    question.own = true;
    header(text, &question)?;
    let some_time = Some(Timestamp::UNIX_EPOCH);
    let times = Times { exposed_since: some_time, contained_at: some_time };
    let sql = question.at(&times).map_err(|missing| whole(format!("{missing} is no time")))?;
    dialect::check(&sql)?;
    let found = table.ask(&sql).map_err(|error| {
        whole(format!(
            "SQLite does not run it ({error}); docs/queries.md has the columns of {NAME}"
        ))
    })?;
    if found.columns != question.columns {
        let returned = found.columns.join(", ");
        let what = format!("it returns other columns than the header says: {returned}");
        return Err(at(text, "columns", &what));
    }
    Ok(question)
}

fn unread(text: &str, error: &QuestionError) -> Fault {
    let line = match error {
        QuestionError::Missing(_) => Some(FIRST_LINE),
        QuestionError::Parameter(_) => line_of(text, "parameters"),
        QuestionError::Impact(_) => line_of(text, "impact"),
        QuestionError::Technique(_) => line_of(text, "attack"),
        QuestionError::Empty => None,
    };
    Fault { what: error.to_string(), line }
}

/// What a header must say beside what every question's does.
fn header(text: &str, question: &Question) -> Result<(), Fault> {
    if !is_word(&question.id) || !question.id.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(at(text, "id", "must be a word of letters and digits, such as ACME1"));
    }
    if is_ours(&question.id) {
        let what = "a Q with a number is the name of one of keyleak's; call it ACME1, for example";
        return Err(at(text, "id", what));
    }
    if !is_word(&question.name) || is_ours(&question.name) {
        let what = "must be one word of letters, digits and underscores, such as night_calls";
        return Err(at(text, "name", what));
    }
    let phase = Phase::from_slug(&question.phase);
    if !phase.is_some_and(|phase| phase == Phase::Validation || ASKING.contains(&phase)) {
        let what = "must be validation, scope, impact or eradication: the others ask nothing";
        return Err(at(text, "phase", what));
    }
    if question.source != NAME {
        return Err(at(text, "source", "must be case_table, the only table there is"));
    }
    if question.columns.len() > COLUMNS_MAX {
        return Err(at(text, "columns", &format!("are more than {COLUMNS_MAX}; name fewer")));
    }
    let sentences = [
        ("question", &question.question),
        ("meaning", &question.meaning),
        ("none", &question.none),
    ];
    for (name, sentence) in sentences {
        let fits = sentence.chars().count() <= SENTENCE_LENGTH_MAX;
        if !fits || sentence.chars().any(char::is_control) {
            let what =
                format!("must be one plain sentence of at most {SENTENCE_LENGTH_MAX} characters");
            return Err(at(text, name, &what));
        }
    }
    Ok(())
}

/// Whether an id is one that keyleak has or may have in its next version.
fn is_ours(id: &str) -> bool {
    let number = id.strip_prefix(['Q', 'q']).unwrap_or_default();
    number.starts_with(|c: char| c.is_ascii_digit()) || id.eq_ignore_ascii_case("all")
}

/// Whoever types a word means one question by it.
fn alone(
    question: &Question,
    built_in: &Catalogue,
    own: &[(PathBuf, Question)],
) -> Result<(), Fault> {
    for word in [&question.id, &question.name] {
        if let Some(ours) = built_in.find(word) {
            let what =
                format!("{word} is what keyleak's own {} is called; choose another", ours.id);
            return Err(whole(what));
        }
        if let Some((path, _)) = own.iter().find(|(_, other)| other.is_called(word)) {
            let what = format!("{word} is taken by {}; choose another", path.display());
            return Err(whole(what));
        }
    }
    Ok(())
}

fn at(text: &str, name: &str, what: &str) -> Fault {
    Fault { what: format!("`-- {name}:` {what}"), line: line_of(text, name) }
}

fn line_of(text: &str, name: &str) -> Option<u64> {
    let begins = format!("-- {name}:");
    let index = text.lines().position(|line| line.starts_with(&begins))?;
    u64::try_from(index).ok().map(|index| index + FIRST_LINE)
}

#[cfg(test)]
mod tests;
