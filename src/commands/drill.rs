//! `keyleak drill`: the whole job in a simulated world, by script or on a page.

use crate::cli::DrillArguments;
use crate::commands::CommandError;
use crate::config;
use crate::drill::scenario::{Scenario, ScenarioError};
use crate::drill::world::{PLANS_EXPIRE_AFTER, World, WorldOptions, production_timing};
use crate::drill::{headless, scenario, stage};
use crate::ports::clock::Clock;
use crate::telemetry::{self, Style};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpListener;

/// A script has no need to watch; five minutes of read-back become three seconds.
const HEADLESS_SPEED: u32 = 100;
/// Slow enough to read along, fast enough that five minutes of read-back do not bore.
const PAGE_SPEED: u32 = 10;
/// The same drill every time.
const SEED: u64 = 7;
/// IAM takes seconds to enforce a change; what OFFENSAI measured in 2025.
const LAG: std::ops::RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(4);

/// Plays the drill and returns what to print.
pub async fn drill(arguments: &DrillArguments) -> Result<String, CommandError> {
    let filter = config::log_filter().unwrap_or_else(|| "error".to_owned());
    telemetry::start(Style::Plain, Some(&filter));
    let setup = |error: &dyn std::fmt::Display| CommandError::Setup(error.to_string());
    let trails = arguments.trails.clone().or_else(config::real_trails);
    if arguments.list {
        return list(trails.as_deref()).map_err(|error| setup(&error));
    }
    let scenario = scenario::find(&arguments.scenario).map_err(|error| setup(&error))?;
    let scenario = scenario.with_records_below(trails.as_deref()).map_err(|error| setup(&error))?;
    let temporary = tempfile::tempdir().map_err(|error| setup(&error))?;
    let folder = match &arguments.keep {
        Some(folder) => kept(folder)?,
        None => temporary.path().to_owned(),
    };
    let options = WorldOptions {
        scenario: scenario.clone(),
        clock: clock(arguments, &scenario),
        folder,
        seed: SEED,
        lag: LAG,
        timing: production_timing(),
        plans_expire_after: PLANS_EXPIRE_AFTER,
    };
    // Whether the score can be kept shows now, and not when the drill is over.
    let scores = arguments.score.as_deref().map(kept_scores).transpose()?;
    // The port is taken first: finding it busy after the world is up would be rude.
    let listener = if arguments.headless { None } else { Some(listen(arguments).await?) };
    let world = match listener {
        None => World::start(options).await,
        // The page keeps its bot itself, so that it can be killed.
        Some(_) => World::start_empty(options).await,
    };
    let world = world.map_err(|error| setup(&error))?;
    let outcome = match listener {
        None => headless::play(&world, &scenario).await.map(|it| (it.told, Some(it.score))),
        Some(listener) => {
            invite(&listener).map_err(|error| setup(&error))?;
            let score = stage::serve(&world, listener).await.map_err(|error| setup(&error))?;
            Ok((String::new(), score))
        }
    };
    world.shut_down().await;
    let failed = |failure| CommandError::Found(format!("the drill failed: {failure}"));
    let (told, score) = outcome.map_err(failed)?;
    if let (Some((file, mut kept)), Some(score)) = (scores, score) {
        writeln!(kept, "{}", score.line()).map_err(|error| not_kept(file, &error))?;
    }
    Ok(told)
}

/// A page has a dial to change the speed with.
fn clock(arguments: &DrillArguments, scenario: &Scenario) -> Clock {
    match arguments.headless {
        true => scenario.clock(arguments.speed.unwrap_or(HEADLESS_SPEED)),
        false => scenario.clock(arguments.speed.unwrap_or(PAGE_SPEED)).with_dial(),
    }
}

/// The scores of earlier drills, to which this one's is added.
fn kept_scores(file: &Path) -> Result<(&Path, File), CommandError> {
    let kept = OpenOptions::new().append(true).create(true).open(file);
    kept.map(|kept| (file, kept)).map_err(|error| not_kept(file, &error))
}

fn not_kept(file: &Path, error: &std::io::Error) -> CommandError {
    CommandError::Setup(format!("the score cannot be added to {}: {error}", file.display()))
}

/// Every scenario with its title, and what one is missing that cannot be played.
fn list(trails: Option<&Path>) -> Result<String, ScenarioError> {
    let mut text = String::new();
    for name in scenario::names() {
        let one = scenario::find(name)?;
        let _ = writeln!(text, "{name:<24} {}", one.title);
        if let Err(missing) = one.with_records_below(trails) {
            let _ = writeln!(text, "{:<24} cannot be played here: {missing}", "");
        }
    }
    Ok(text)
}

/// Says where the page is; whoever starts the drill by a script reads the address here.
fn invite(listener: &TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let words = format!(
        "The drill is at http://{address}\n\
         Open it in a browser and report the leaked key as Ana; Ctrl-C ends it.\n"
    );
    match std::io::stdout().lock().write_all(words.as_bytes()) {
        // Whoever reads our output has read enough; the page is there all the same.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn listen(arguments: &DrillArguments) -> Result<TcpListener, CommandError> {
    TcpListener::bind(arguments.listen).await.map_err(|error| {
        CommandError::Setup(format!(
            "cannot listen on {} ({error}); choose another address with --listen",
            arguments.listen
        ))
    })
}

/// A folder to keep a drill in must be new: two drills in one journal would confuse everybody.
fn kept(folder: &PathBuf) -> Result<PathBuf, CommandError> {
    if folder.join("journal.sqlite").exists() {
        return Err(CommandError::Setup(format!(
            "{} already holds a drill; give --keep another folder",
            folder.display()
        )));
    }
    std::fs::create_dir_all(folder).map_err(|error| {
        CommandError::Setup(format!("{} cannot be made: {error}", folder.display()))
    })?;
    Ok(folder.clone())
}
