//! What the header of a question must say, and what may not stand in it.

use crate::domain::event::Phase;
use crate::domain::inquiry::ASKING;
use crate::domain::question::{Question, QuestionError, Times, is_word};
use crate::trail::dialect::Fault;
use crate::trail::table::NAME;

/// The lines of a header, each once.
const LINES: [&str; 13] = [
    "id",
    "name",
    "question",
    "phase",
    "impact",
    "attack",
    "parameters",
    "columns",
    "contain",
    "chart",
    "source",
    "meaning",
    "none",
];
/// A sentence that stands on a card.
const SENTENCE_LENGTH_MAX: usize = 300;
/// Our own questions have fourteen at most.
const COLUMNS_MAX: usize = 40;
/// The first line of a file, where a fault is about the whole of it.
const FIRST_LINE: u64 = 1;

/// Everything that is wrong with the header of this text, which was read as this question.
pub(super) fn faults(text: &str, question: &Question, errors: &[QuestionError]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = errors.iter().map(|error| unread(text, error)).collect();
    faults.extend(strange_lines(text));
    faults.extend(unlike_names(text, question));
    faults.extend(unlike_sentences(text, question));
    faults.extend(unlike_times(text, question));
    let phase = Phase::from_slug(&question.phase);
    let asks = phase.is_some_and(|phase| phase == Phase::Validation || ASKING.contains(&phase));
    if !asks && !question.phase.is_empty() {
        let what = "must be validation, scope, impact or eradication: the others ask nothing";
        faults.push(at(text, "phase", what));
    }
    if question.source != NAME && !question.source.is_empty() {
        faults.push(at(text, "source", "must be case_table, the only table there is"));
    }
    if question.columns.len() > COLUMNS_MAX {
        faults.push(at(text, "columns", &format!("are more than {COLUMNS_MAX}; name fewer")));
    }
    let twice = |index: usize| question.columns[..index].contains(&question.columns[index]);
    if let Some(index) = (0..question.columns.len()).find(|index| twice(*index)) {
        let what = format!("name {} twice; rename one", question.columns[index]);
        faults.push(at(text, "columns", &what));
    }
    faults
}

/// A fault of one line of the header.
pub(super) fn at(text: &str, name: &str, what: &str) -> Fault {
    Fault { what: format!("`-- {name}:` {what}"), line: line_of(text, name) }
}

fn line_of(text: &str, name: &str) -> Option<u64> {
    let begins = format!("-- {name}:");
    let index = text.lines().position(|line| line.starts_with(&begins))?;
    u64::try_from(index).ok().map(|index| index + FIRST_LINE)
}

fn unread(text: &str, error: &QuestionError) -> Fault {
    let line = match error {
        QuestionError::Missing(name) => line_of(text, name).or(Some(FIRST_LINE)),
        QuestionError::Parameter(_) => line_of(text, "parameters"),
        QuestionError::Impact(_) => line_of(text, "impact"),
        QuestionError::Technique(_) => line_of(text, "attack"),
        QuestionError::Contain(_) => line_of(text, "contain"),
        QuestionError::Chart(_) => line_of(text, "chart"),
        QuestionError::Empty => u64::try_from(text.lines().count()).ok(),
    };
    Fault { what: error.to_string(), line }
}

/// Lines that say nothing, as a misspelt name does, or what another says already.
fn strange_lines(text: &str) -> Vec<Fault> {
    let mut said: Vec<&str> = Vec::new();
    let mut faults = Vec::new();
    let header = text.lines().take_while(|line| line.starts_with("--"));
    for (line, text) in (FIRST_LINE..).zip(header) {
        let name = text.strip_prefix("-- ").and_then(|text| text.split_once(':'));
        let what = match name.map(|(name, _)| name) {
            Some(name) if said.contains(&name) => format!("`-- {name}:` stands here again"),
            Some(name) if LINES.contains(&name) => {
                said.push(name);
                continue;
            }
            Some(name) if is_word(name) => {
                format!("the header has no line `-- {name}:`; it has {}", LINES.join(", "))
            }
            Some(_) | None => "a header has only lines such as `-- id: ACME1`, each sentence on \
                               one line; a comment may stand after an empty line"
                .to_owned(),
        };
        faults.push(Fault { line: Some(line), what });
    }
    faults
}

fn unlike_names(text: &str, question: &Question) -> Vec<Fault> {
    let mut faults = Vec::new();
    let begins = question.id.starts_with(|c: char| c.is_ascii_alphabetic());
    let shapes = [
        ("id", &question.id, begins, "must be a word of letters and digits, such as ACME1"),
        (
            "name",
            &question.name,
            true,
            "must be one word of letters, digits and underscores, such as night_calls",
        ),
    ];
    for (line, word, begins, shape) in shapes {
        let what = if word.is_empty() {
            continue;
        } else if !begins || !is_word(word) {
            shape
        } else if is_ours(word) {
            "a Q with a number is the name of one of keyleak's; call it ACME1, for example"
        } else if word.eq_ignore_ascii_case("all") {
            "all is what stands for every question; choose another"
        } else {
            continue;
        };
        faults.push(at(text, line, what));
    }
    faults
}

/// Whether an id is one that keyleak has or may have in its next version.
fn is_ours(id: &str) -> bool {
    let number = id.strip_prefix(['Q', 'q']).unwrap_or_default();
    number.starts_with(|c: char| c.is_ascii_digit())
}

fn unlike_sentences(text: &str, question: &Question) -> Vec<Fault> {
    let sentences = [
        ("question", &question.question),
        ("meaning", &question.meaning),
        ("none", &question.none),
    ];
    let long = sentences.iter().filter(|(_, said)| said.chars().count() > SENTENCE_LENGTH_MAX);
    let what = format!("must be one plain sentence of at most {SENTENCE_LENGTH_MAX} characters");
    long.map(|(name, _)| at(text, name, &what)).collect()
}

/// A time that is used and not announced could not be put in; one that is announced and not used
/// keeps the question from being asked for nothing.
fn unlike_times(text: &str, question: &Question) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in Times::NAMES {
        let mark = format!("{{{name}}}");
        let holds = |line: &str| !line.starts_with("--") && line.contains(&mark);
        let used = text.lines().position(holds).and_then(|index| u64::try_from(index).ok());
        let announced = question.parameters.iter().any(|parameter| parameter == name);
        match used {
            Some(index) if !announced => faults.push(Fault {
                line: Some(index + FIRST_LINE),
                what: format!("{mark} stands here and {name} not in `-- parameters:`"),
            }),
            None if announced => {
                let what = format!("name {name}, and {mark} stands nowhere in the SQL");
                faults.push(at(text, "parameters", &what));
            }
            Some(_) | None => {}
        }
    }
    faults
}
