//! `keyleak queries save`: the questions about a key as named queries of Athena.

use crate::aws::athena::AthenaTrail;
use crate::aws::athena_table::AthenaSettings;
use crate::aws::clients;
use crate::aws::named_queries::{Became, Kept, NamedQueries, NamedQuery};
use crate::cli::SaveArguments;
use crate::commands::{CommandError, Done, stores, trails};
use crate::config::trail::TrailConfig;
use crate::config::{self, Config};
use crate::domain::growth::{Bounds, grow};
use crate::domain::ids::{AccessKeyId, CaseId};
use crate::domain::lineage::Subject;
use crate::domain::query_cost::{dollars, size};
use crate::domain::question::{Question, Times};
use crate::flow::ask::times;
use crate::flow::ledger::Ledger;
use crate::ports::clock::Clock;
use crate::ports::coverage::lacking_words;
use crate::ports::trail::planned::Planned;
use crate::ports::trail::{Source, Window};
use crate::trail::command_line::{self, key_id, optional_time};
use crate::trail::own_questions;
use aws_config::SdkConfig;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use tokio_util::task::TaskTracker;

/// How the ids of cases begin, which no access key id does.
const CASE: &str = "kl-";
/// What the cut answers; other logs are asked about what a cut holds, which a text cannot.
const CASE_TABLE: &str = "case_table";

/// Questions, each with its times in its SQL.
type Asked = Vec<(Question, String)>;

/// What the questions are about.
struct About {
    key: AccessKeyId,
    window: Window,
    times: Times,
}

/// Saves the questions about a key, or takes them away; an error where not all of that was done.
pub async fn save(arguments: &SaveArguments) -> Result<Done, CommandError> {
    // Asking the trail needs none of Slack's secrets.
    let config = config::load_for_setup(arguments.config.as_deref())?;
    let TrailConfig::Athena(settings, _) = &config.trail else {
        let words = "named queries are Athena's, and no table in Athena is configured; set \
                     trail.athena.database, table and workgroup (docs/athena.md)";
        return Err(CommandError::Setup(words.to_owned()));
    };
    let sdk = stores::sdk(config.aws.region.clone()).await;
    let sdk = match &arguments.profile {
        Some(profile) => clients::with_profile(&sdk, profile),
        None => sdk,
    };
    let about = about(arguments, &config, (settings, &sdk)).await?;
    let named = NamedQueries::new(&sdk, settings, Clock::real());
    if arguments.remove {
        return told(&named.remove(&about.key).await, &named, Vec::new());
    }
    let (asked, mut notes) = questions(arguments, &config, &about.times)?;
    let lookup = trails::looking(&config, &sdk).await;
    let tasks = TaskTracker::new();
    let trail = trails::in_athena(&lookup, settings, &tasks)?;
    let read = read(&trail, &about, arguments.allow_reading).await;
    trails::let_go(&tasks).await;
    let (table, of_reading) = read?;
    notes.extend(of_reading);
    let query =
        |(question, sql): &(Question, String)| NamedQuery::new(&about.key, question, sql, &table);
    let wanted: Vec<NamedQuery> = asked.iter().map(query).collect();
    if let Some(fault) = wanted.iter().find_map(NamedQuery::fault) {
        return Err(CommandError::Setup(fault));
    }
    told(&named.save(&about.key, &wanted).await, &named, notes)
}

/// The key, the window and the times: those of the case, but for what the command line says.
async fn about(
    arguments: &SaveArguments,
    config: &Config,
    (settings, sdk): (&AthenaSettings, &SdkConfig),
) -> Result<About, CommandError> {
    let given = arguments.about.trim();
    let about = if given.starts_with(CASE) {
        let ledger = Ledger::new(stores::journal(config, sdk)?.journal);
        let case = ledger.load(&CaseId(given.to_owned())).await?;
        let window = Window::of_case(&case, config.rules.trail_window);
        About { key: case.opening().key.clone(), window, times: times(&case) }
    } else {
        let key = AccessKeyId::from_record(&key_id(given)?);
        let key = key.ok_or_else(|| CommandError::Setup("this is no access key id".to_owned()))?;
        let window = Window { from: Some(since(settings.lookback_days)), to: None };
        About { key, window, times: Times::default() }
    };
    let time = |text: &Option<String>| optional_time(text.as_deref());
    let (from, to) = (time(&arguments.from)?, time(&arguments.to)?);
    let window = Window { from: from.or(about.window.from), to: to.or(about.window.to) };
    let window = command_line::not_empty(window)?;
    let exposed_since = time(&arguments.exposed_since)?.or(about.times.exposed_since);
    let contained_at = time(&arguments.contained_at)?.or(about.times.contained_at);
    let times = Times { exposed_since, contained_at };
    command_line::in_order(&times)?;
    Ok(About { window, times, ..about })
}

/// So many days back, from the beginning of a day on: who saves again on that day saves the same.
fn since(days: u32) -> Timestamp {
    let now = Clock::real().now();
    let back = now.checked_sub(SignedDuration::from_hours(24 * i64::from(days)));
    let day: Date = back.unwrap_or(now).to_zoned(TimeZone::UTC).date();
    day.to_zoned(TimeZone::UTC).map_or(now, |midnight| midnight.timestamp())
}

/// The questions that were asked for, with their times in them, and those that cannot be saved.
fn questions(
    arguments: &SaveArguments,
    config: &Config,
    times: &Times,
) -> Result<(Asked, Vec<String>), CommandError> {
    let catalogue = own_questions::catalogue(config.questions.as_deref())
        .map_err(|error| CommandError::Setup(error.to_string()))?;
    let ids = || arguments.query.iter().flat_map(|ids| ids.split(','));
    // As where a key is investigated; whoever names none wants all as well.
    let names_none = ids().next().is_none();
    let wanted = if names_none || ids().any(|id| id.eq_ignore_ascii_case("all")) {
        catalogue.all().to_vec()
    } else {
        let found: Result<_, _> = ids().map(|id| command_line::question(&catalogue, id)).collect();
        found?
    };
    let mut asked: Asked = Vec::new();
    let mut without: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for question in wanted {
        if asked.iter().any(|(known, _)| known.id == question.id) {
            continue;
        }
        if question.source != CASE_TABLE {
            let why = "they are about what a case holds; ask them in its channel";
            without.entry(why.to_owned()).or_default().push(question.id);
            continue;
        }
        match question.at(times) {
            Ok(sql) => asked.push((question, sql)),
            Err(time) => {
                let why = format!("to save them too give --{} TIME", time.replace('_', "-"));
                without.entry(why).or_default().push(question.id);
            }
        }
    }
    let notes = without.iter().map(|(why, ids)| format!("not saved: {}; {why}", ids.join(", ")));
    let notes: Vec<String> = notes.collect();
    if asked.is_empty() {
        return Err(CommandError::Setup(notes.join("\n")));
    }
    Ok((asked, notes))
}

/// The cut, as SQL, of the key and of what grew out of it as the trail tells now; and what whoever
/// saves questions about that should know.
async fn read(
    trail: &AthenaTrail,
    about: &About,
    allowed: bool,
) -> Result<(String, Vec<String>), CommandError> {
    let trouble = |error| CommandError::Trail(command_line::CommandError::Trail(error));
    let key_id = about.key.reveal();
    if !allowed {
        let planned = Planned::Survey { window: about.window, key_id };
        let forecast = trail.forecast(planned, None).await.map_err(trouble)?;
        if let Some(scan) = forecast.map(|told| told.scan).filter(|scan| scan.needs_allowance()) {
            let (words, limit) = (scan.words(), size(scan.ask_above));
            return Err(CommandError::Setup(format!(
                "the trail is read first, to know what grew out of the key. A case's reading would \
                 scan {words} (this one half of it), and trail.athena.ask_above_gb lets one scan \
                 {limit}; begin later with --from, or run it with --allow-reading"
            )));
        }
    }
    let seen = trail.sightings(about.window).await.map_err(trouble)?;
    let now = Clock::real().now();
    let as_of = about.window.to.map_or(now, |to| to.min(now));
    let exposed_since = about.times.exposed_since;
    let lineage = grow(&seen.rows, Bounds { key_id, exposed_since, as_of });
    let subject = Subject::of(&lineage);
    let table = trail.case_table(about.window, &subject).await.map_err(trouble)?;
    let (bytes, cost) = (size(seen.cost.bytes_scanned), dollars(seen.cost.microdollars));
    let mut notes = vec![format!("reading what grew out of the key scanned {bytes} (${cost})")];
    if seen.truncated || lineage.truncated {
        notes.push("more grew out of the key than can be told; the queries miss some".to_owned());
    }
    notes.extend(seen.coverage.limits.iter().cloned());
    let lacking = lacking_words(&seen.coverage.missing_columns);
    notes.extend((!lacking.is_empty()).then(|| lacking.trim().to_owned()));
    Ok((table, notes))
}

/// What became of each query, and what to do next.
fn told(kept: &Kept, named: &NamedQueries, notes: Vec<String>) -> Result<Done, CommandError> {
    let is_news = |(_, became): &&(String, Became)| *became != Became::Unchanged;
    let news = kept.done.iter().filter(is_news);
    let mut lines: Vec<String> =
        news.map(|(name, became)| format!("{:10}  {name}", became.word())).collect();
    let count = |wanted| kept.done.iter().filter(|(_, became)| *became == wanted).count();
    let counts = Became::ALL.map(|became| (count(became), became.word()));
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let counts = if counts.is_empty() { "nothing to do".to_owned() } else { counts.join(", ") };
    lines.push(format!("{counts}, in {}.", named.place()));
    if let Some(error) = &kept.failed {
        lines.push(format!("Then {error}. Run this again: it goes on from there."));
        return Err(CommandError::Found(lines.join("\n")));
    }
    if count(Became::LeftAlone) > 0 {
        let words = "What is left alone is not as keyleak wrote it, or about another key; rename \
                     or delete it in Athena, and run this again.";
        lines.push(words.to_owned());
        return Err(CommandError::Found(lines.join("\n")));
    }
    Ok(Done { text: lines.join("\n"), notes, status: 0 })
}
