//! `keyleak investigate` and `keyleak queries`: arguments in, text out; the caller prints it.

use crate::domain::question::{Question, Times};
use crate::domain::record_text::is_key_id;
use crate::ports::trail::{Answer, Survey, SurveyRequest, Trail, TrailError, Window};
use crate::trail::catalogue::Catalogue;
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use crate::trail::own_questions::{self, OwnQuestionErrors};
use crate::trail::{json, output};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// Asks delivered CloudTrail objects what a key did and what grew out of it.
#[derive(Debug, Clone, Args)]
pub struct InvestigateArguments {
    /// The access key id
    pub key: String,
    /// A file or folder of delivered objects, plain or gzip; may be given several times
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub trail: Vec<PathBuf>,
    /// The first event time that counts: 2026-08-01 or 2026-08-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The first event time that no longer counts
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// What was made before this time is listed as older
    #[arg(long, value_name = "TIME")]
    pub exposed_since: Option<String>,
    /// When the key was contained; what was done later is asked about with this time
    #[arg(long, value_name = "TIME")]
    pub contained_at: Option<String>,
    /// A question's id or name, or `all`; may be given several times
    #[arg(long, value_name = "ID")]
    pub query: Vec<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    #[command(flatten)]
    pub own: OwnQuestions,
}

/// Where questions of people's own are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct OwnQuestions {
    /// A folder with questions of your own, each a file like those of keyleak
    #[arg(long = "questions", value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// How an investigation is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// One object
    Json,
    /// The rows of one question
    Csv,
}

/// What to do with the questions.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum QueriesCommand {
    /// Lists the questions
    List(OwnQuestions),
    /// Prints one question's SQL
    Show {
        /// The question's id or name
        id: String,
        #[command(flatten)]
        own: OwnQuestions,
    },
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{0:?} is not an access key id: expected capital letters and digits, like AKIA…")]
    NotAKey(String),
    #[error("{0:?} is not a time; write 2026-08-01 or 2026-08-01T10:00:00Z")]
    NotATime(String),
    #[error("--from is not before --to; nothing can lie between them")]
    EmptyWindow,
    #[error("--format csv prints one question; name it with --query")]
    OneQuestion,
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error(transparent)]
    Questions(#[from] OwnQuestionErrors),
    #[error("the answer could not be written ({0})")]
    Output(String),
}

/// Investigates a key in local trails and returns the text to print.
pub async fn investigate(
    arguments: &InvestigateArguments,
    now: Timestamp,
) -> Result<String, CommandError> {
    let key = arguments.key.trim();
    if !is_key_id(key) {
        return Err(CommandError::NotAKey(key.chars().take(20).collect()));
    }
    let window = window(arguments)?;
    let catalogue = arguments.own.catalogue()?;
    let questions = wanted(arguments, &catalogue)?;
    let request = SurveyRequest {
        key_id: key.to_owned(),
        window,
        exposed_since: optional_time(arguments.exposed_since.as_deref())?,
        as_of: window.to.map_or(now, |to| to.min(now)),
    };
    let source = LocalTrail::new(arguments.trail.clone());
    let investigator = Investigator::asking(source, catalogue);
    let survey = investigator.survey(&request).await?;
    let times = Times {
        exposed_since: request.exposed_since.or(survey.exposure.since),
        contained_at: optional_time(arguments.contained_at.as_deref())?,
    };
    let mut answers = Vec::new();
    for question in &questions {
        match investigator.ask(&survey.cut, &question.id, &times).await {
            // Whoever asks for all of them does not know which need a time.
            Err(TrailError::NeedsTime { .. }) if asks_all(arguments) => {}
            answer => answers.push(answer?),
        }
    }
    print(arguments.format, &survey, &answers)
}

/// Lists the questions, or shows one.
pub fn queries(command: &QueriesCommand) -> Result<String, CommandError> {
    match command {
        QueriesCommand::List(own) => Ok(list(&own.catalogue()?)),
        QueriesCommand::Show { id, own } => Ok(question(&own.catalogue()?, id)?.sql),
    }
}

fn list(catalogue: &Catalogue) -> String {
    let widest = |of: fn(&Question) -> usize| catalogue.all().iter().map(of).max().unwrap_or(0);
    let (ids, names) = (widest(|q| q.id.len()), widest(|q| q.name.len()));
    let line = |q: &Question| {
        let own = if q.own { " (your own)" } else { "" };
        format!("{:ids$} {:names$} {:11} {}{own}\n", q.id, q.name, q.phase, q.question)
    };
    catalogue.all().iter().map(line).collect()
}

impl OwnQuestions {
    fn catalogue(&self) -> Result<Catalogue, OwnQuestionErrors> {
        own_questions::catalogue(self.folder.as_deref())
    }
}

fn print(format: Format, survey: &Survey, answers: &[Answer]) -> Result<String, CommandError> {
    let failed = |error: &dyn std::fmt::Display| CommandError::Output(error.to_string());
    match (format, answers) {
        (Format::Table, answers) => Ok(output::table(survey, answers)),
        (Format::Json, answers) => {
            let value = json::object(survey, answers);
            let text = serde_json::to_string_pretty(&value).map_err(|error| failed(&error))?;
            Ok(text + "\n")
        }
        (Format::Csv, [answer]) => Ok(answer.to_csv()),
        (Format::Csv, _) => Err(CommandError::OneQuestion),
    }
}

fn asks_all(arguments: &InvestigateArguments) -> bool {
    let mut ids = arguments.query.iter().flat_map(|ids| ids.split(','));
    ids.any(|id| id.eq_ignore_ascii_case("all"))
}

fn wanted(
    arguments: &InvestigateArguments,
    catalogue: &Catalogue,
) -> Result<Vec<Question>, CommandError> {
    let mut questions: Vec<Question> = Vec::new();
    if asks_all(arguments) {
        questions = catalogue.all().to_vec();
    }
    let named = arguments.query.iter().flat_map(|ids| ids.split(','));
    for id in named.filter(|id| !id.eq_ignore_ascii_case("all")) {
        let question = question(catalogue, id)?;
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    if arguments.format == Format::Csv && questions.len() != 1 {
        return Err(CommandError::OneQuestion);
    }
    Ok(questions)
}

fn question(catalogue: &Catalogue, id: &str) -> Result<Question, CommandError> {
    let missing = || TrailError::NoSuchQuestion { id: id.to_owned() };
    Ok(catalogue.find(id.trim()).cloned().ok_or_else(missing)?)
}

fn window(arguments: &InvestigateArguments) -> Result<Window, CommandError> {
    let from = optional_time(arguments.from.as_deref())?;
    let to = optional_time(arguments.to.as_deref())?;
    if matches!((from, to), (Some(from), Some(to)) if from >= to) {
        return Err(CommandError::EmptyWindow);
    }
    Ok(Window { from, to })
}

fn optional_time(text: Option<&str>) -> Result<Option<Timestamp>, CommandError> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Some(time));
    }
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let time = midnight.ok_or_else(|| CommandError::NotATime(text.chars().take(40).collect()))?;
    Ok(Some(time.timestamp()))
}
