//! `keyleak investigate` and `keyleak queries`: arguments in, text out; the caller prints it.

use crate::domain::ids::{AccessKeyId, KEY_LENGTH};
use crate::domain::other_log::OtherLog;
use crate::domain::question::{Question, Times};
use crate::domain::record_text::is_key_id;
use crate::domain::secret::{may_be_secret, quoted};
use crate::ports::trail::{Answer, Source, Survey, SurveyRequest, Trail, TrailError, Window};
use crate::trail::address_books::{AddressBookErrors, AddressBooks};
use crate::trail::asking::{self, Asked, Without};
use crate::trail::catalogue::Catalogue;
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use crate::trail::notes::{changed, no_records, of_survey};
use crate::trail::own_questions::{self, OwnQuestionErrors};
use crate::trail::{json, output};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::sync::Arc;

/// What is told of the exit status in the help.
pub const EXIT_STATUS: &str = "\
Exit status:
  0  every question that was asked has its whole answer
  1  nothing could be done: the trail or the questions cannot be read
  2  the command line is wrong
  3  no CloudTrail record was found to look at
  4  a question failed, or an answer is cut; the others are printed
  5  objects changed while they were read; the answers may be of two states of the trail";

/// Asks delivered CloudTrail objects what a key did and what grew out of it.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT_STATUS)]
pub struct InvestigateArguments {
    /// The access key id: AKIA or ASIA and 16 more characters; never its secret
    pub key: String,
    /// A file or folder of delivered objects, or `s3://bucket/prefix`; may be given several times
    #[arg(long, required_unless_present = "event_history", num_args = 1.., value_name = "PATH")]
    pub trail: Vec<PathBuf>,
    /// Asks CloudTrail's event history instead, with the credentials that AWS tools find
    #[arg(long, conflicts_with = "trail")]
    pub event_history: bool,
    /// A region whose event history is asked; without one every enabled region is
    #[arg(long, conflicts_with = "trail", value_name = "REGION")]
    pub region: Vec<String>,
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
    /// How it is printed; csv takes one question
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// A database of yours that knows addresses: a file that ends in .mmdb, or a list of networks
    /// with a name in each line; may be given several times
    #[arg(long, value_name = "FILE")]
    pub addresses: Vec<PathBuf>,
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

/// Why a command could not be carried out. What was typed is repeated only where it is no secret.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(
        "the key is not an access key id ({0}); an id is AKIA or ASIA followed by 16 capital \
         letters or digits, such as AKIAIOSFODNN7EXAMPLE"
    )]
    NotAKey(&'static str),
    #[error(
        "what stands where the key's id belongs looks like a secret, and is not shown. It is in \
         the history of this shell now, so treat it as leaked; give the id, which is AKIA or ASIA \
         followed by 16 capital letters or digits"
    )]
    Secret,
    #[error("{0} is not a time; write 2026-08-01 or 2026-08-01T10:00:00Z")]
    NotATime(String),
    #[error("--from is not before --to; nothing can lie between them")]
    EmptyWindow,
    #[error("--contained-at is before --exposed-since; nothing is contained before it is exposed")]
    Backwards,
    #[error("--format csv prints one question; name it with --query")]
    OneQuestion,
    #[error("there is no question {0}; `keyleak queries list` lists them")]
    NoSuchQuestion(String),
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error(transparent)]
    Questions(#[from] OwnQuestionErrors),
    #[error(transparent)]
    Addresses(#[from] AddressBookErrors),
    #[error("the answer could not be written ({0})")]
    Output(String),
}

impl CommandError {
    /// Whether the command line itself is wrong, and nothing was looked at.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NotAKey(_)
            | Self::Secret
            | Self::NotATime(_)
            | Self::EmptyWindow
            | Self::Backwards
            | Self::OneQuestion
            | Self::NoSuchQuestion(_) => true,
            Self::Trail(_) | Self::Questions(_) | Self::Addresses(_) | Self::Output(_) => false,
        }
    }
}

/// How an investigation ended that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every answer is whole.
    Whole,
    /// There was no record to look at, so that no answer says anything.
    NoRecords,
    /// A question failed, or an answer is cut.
    InPart,
    /// The trail changed while it was read, so that the answers may be of two states of it.
    Unsettled,
}

/// What an investigation prints, what it says beside that, and how it ended.
#[derive(Debug)]
pub struct Investigated {
    pub text: String,
    pub notes: Vec<String>,
    pub ending: Ending,
}

/// Investigates a key in trails on this machine.
pub async fn investigate(
    arguments: &InvestigateArguments,
    now: Timestamp,
) -> Result<Investigated, CommandError> {
    Asking::new(arguments, now)?.of(LocalTrail::new(arguments.trail.clone())).await
}

/// What is asked, checked before anything is read.
#[derive(Debug)]
pub struct Asking<'a> {
    arguments: &'a InvestigateArguments,
    request: SurveyRequest,
    contained_at: Option<Timestamp>,
    catalogue: Catalogue,
    books: Arc<AddressBooks>,
    questions: Vec<(Question, Without)>,
}

impl<'a> Asking<'a> {
    /// Reads the command line.
    pub fn new(arguments: &'a InvestigateArguments, now: Timestamp) -> Result<Self, CommandError> {
        let key_id = key_id(&arguments.key)?;
        let window = window(arguments)?;
        let exposed_since = optional_time(arguments.exposed_since.as_deref())?;
        let contained_at = optional_time(arguments.contained_at.as_deref())?;
        in_order(&Times { exposed_since, contained_at })?;
        let catalogue = arguments.own.catalogue()?;
        let books = Arc::new(AddressBooks::open(&arguments.addresses)?);
        let questions = wanted(arguments, &catalogue)?;
        let as_of = window.to.map_or(now, |to| to.min(now));
        let request = SurveyRequest { key_id, window, exposed_since, as_of };
        Ok(Self { arguments, request, contained_at, catalogue, books, questions })
    }

    /// The time whose records are asked about.
    pub fn window(&self) -> Window {
        self.request.window
    }

    /// Investigates the key in a trail.
    pub async fn of(self, source: impl Source) -> Result<Investigated, CommandError> {
        let Self { arguments, request, contained_at, catalogue, books, questions } = self;
        let is_table = arguments.format == Format::Table;
        let held = if is_table { output::SCREEN_ROWS_MAX } else { usize::MAX };
        let investigator =
            Investigator::asking(source, catalogue).holding(held).knowing(Arc::clone(&books));
        let survey = investigator.survey(&request).await?;
        let exposed_since = request.exposed_since.or(survey.exposure.since);
        let times = Times { exposed_since, contained_at };
        let asked = asking::ask(&investigator, &survey.cut, &questions, &times).await;
        let mut notes = asked.missing();
        let unsettled = &survey.coverage.unsettled;
        let ending = if !unsettled.is_settled() {
            notes.insert(0, changed(unsettled));
            Ending::Unsettled
        } else if survey.coverage.records_unique == 0 {
            notes.insert(0, no_records(&survey, arguments.event_history));
            Ending::NoRecords
        } else if asked.is_whole() && !survey.truncated {
            Ending::Whole
        } else {
            Ending::InPart
        };
        notes.extend(of_survey(&survey));
        Ok(Investigated {
            text: print(arguments.format, &survey, (&asked, &books))?,
            notes,
            ending,
        })
    }
}

/// Lists the questions, or shows one.
pub fn queries(command: &QueriesCommand) -> Result<String, CommandError> {
    match command {
        QueriesCommand::List(own) => Ok(list(&own.catalogue()?)),
        QueriesCommand::Show { id, own } => Ok(question(&own.catalogue()?, id)?.sql),
    }
}

/// The id of the key, which nothing else can be taken for: a slip of the hand would be looked for
/// in vain, and a key that does not occur looks like one that did nothing.
pub fn key_id(typed: &str) -> Result<String, CommandError> {
    let key = typed.trim();
    if AccessKeyId::from_record(key).is_some() && is_key_id(key) {
        return Ok(key.to_owned());
    }
    let upper = key.to_ascii_uppercase();
    Err(CommandError::NotAKey(if AccessKeyId::from_record(&upper).is_some() && upper != key {
        "it has small letters; write it as AWS does"
    } else if may_be_secret(key) {
        return Err(CommandError::Secret);
    } else if key.is_empty() {
        "it is empty"
    } else if !key.starts_with("AKIA") && !key.starts_with("ASIA") {
        "it begins with neither AKIA nor ASIA"
    } else if key.chars().count() < KEY_LENGTH {
        "it is too short"
    } else if key.chars().count() > KEY_LENGTH {
        "it is too long"
    } else {
        "it has other characters, or is masked"
    }))
}

fn list(catalogue: &Catalogue) -> String {
    let widest = |of: fn(&Question) -> usize| catalogue.all().iter().map(of).max().unwrap_or(0);
    let (ids, names) = (widest(|q| q.id.len()), widest(|q| q.name.len()));
    let line = |q: &Question| {
        let beside = match OtherLog::from_slug(&q.source) {
            Some(log) => format!(" (in Athena, with {})", log.setting()),
            None if q.own => " (your own)".to_owned(),
            None => String::new(),
        };
        format!("{:ids$} {:names$} {:11} {}{beside}\n", q.id, q.name, q.phase, q.question)
    };
    catalogue.all().iter().map(line).collect()
}

impl OwnQuestions {
    fn catalogue(&self) -> Result<Catalogue, OwnQuestionErrors> {
        own_questions::catalogue(self.folder.as_deref())
    }
}

fn print(
    format: Format,
    survey: &Survey,
    (asked, books): (&Asked, &AddressBooks),
) -> Result<String, CommandError> {
    match format {
        Format::Table => Ok(output::table(survey, (asked, books))),
        Format::Json => {
            let text = json::text(survey, (asked, books));
            text.map_err(|error| CommandError::Output(error.to_string()))
        }
        // Without an answer there is nothing to print; the notes say why.
        Format::Csv => Ok(asked.answers.first().map(Answer::to_csv).unwrap_or_default()),
    }
}

fn wanted(
    arguments: &InvestigateArguments,
    catalogue: &Catalogue,
) -> Result<Vec<(Question, Without)>, CommandError> {
    let mut questions: Vec<(Question, Without)> = Vec::new();
    let named = arguments.query.iter().flat_map(|ids| ids.split(','));
    for id in named.filter(|id| !id.eq_ignore_ascii_case("all")) {
        let question = question(catalogue, id)?;
        if !questions.iter().any(|(known, _)| *known == question) {
            questions.push((question, Without::Fails));
        }
    }
    let mut ids = arguments.query.iter().flat_map(|ids| ids.split(','));
    if ids.any(|id| id.eq_ignore_ascii_case("all")) {
        let named = std::mem::take(&mut questions);
        questions = catalogue.all().iter().map(|question| of_all(question, &named)).collect();
    }
    if arguments.format == Format::Csv && questions.len() != 1 {
        return Err(CommandError::OneQuestion);
    }
    Ok(questions)
}

/// One of all the questions, which may have been named besides.
fn of_all(question: &Question, named: &[(Question, Without)]) -> (Question, Without) {
    let is_named = named.iter().any(|(known, _)| known == question);
    (question.clone(), if is_named { Without::Fails } else { Without::IsLeftOut })
}

/// The question that is called so.
pub fn question(catalogue: &Catalogue, id: &str) -> Result<Question, CommandError> {
    let id = id.trim();
    catalogue.find(id).cloned().ok_or_else(|| CommandError::NoSuchQuestion(quoted(id)))
}

fn window(arguments: &InvestigateArguments) -> Result<Window, CommandError> {
    let from = optional_time(arguments.from.as_deref())?;
    let to = optional_time(arguments.to.as_deref())?;
    not_empty(Window { from, to })
}

/// The window, which has to end after it begins.
pub fn not_empty(window: Window) -> Result<Window, CommandError> {
    if matches!((window.from, window.to), (Some(from), Some(to)) if from >= to) {
        return Err(CommandError::EmptyWindow);
    }
    Ok(window)
}

/// Nothing is contained before it was exposed.
pub fn in_order(times: &Times) -> Result<(), CommandError> {
    if matches!((times.exposed_since, times.contained_at), (Some(since), Some(at)) if at < since) {
        return Err(CommandError::Backwards);
    }
    Ok(())
}

/// A time, or the beginning of a day.
pub fn optional_time(text: Option<&str>) -> Result<Option<Timestamp>, CommandError> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Some(time));
    }
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let time = midnight.ok_or_else(|| CommandError::NotATime(quoted(text)))?;
    Ok(Some(time.timestamp()))
}
