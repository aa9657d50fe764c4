//! `keyleak investigate`: in objects on this machine or in S3, or in CloudTrail's event history.

use crate::aws::clients::{self, AwsSettings};
use crate::commands::fetched::{Fetched, SoFar};
use crate::commands::progress::Progress;
use crate::commands::{CommandError, Done, trails};
use crate::ports::clock::Clock;
use crate::trail::command_line::{self, Asking, InvestigateArguments};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Investigates a key and returns what to print, and how it ended.
pub async fn investigate(arguments: &InvestigateArguments) -> Result<Done, CommandError> {
    let asking = Asking::new(arguments, Clock::real().now())?;
    if arguments.event_history {
        let _progress = Progress::of(|| "asking CloudTrail's event history".to_owned());
        let sdk = clients::load(None).await;
        let source = trails::event_history(&sdk, &AwsSettings::default(), &arguments.region).await;
        return Ok(asking.of(source).await?.into());
    }
    let so_far = Arc::new(SoFar::default());
    let told = Arc::clone(&so_far);
    let _progress = Progress::of(move || told.words());
    let asked = async {
        let trail = Fetched::new(&arguments.trail, asking.window(), &so_far).await;
        let trail = trail.map_err(command_line::CommandError::from)?;
        Ok(asking.of(trail).await?.into())
    };
    // Whoever breaks it off leaves nothing of the trail behind.
    tokio::select! {
        biased; // signals are awaited before there is anything to leave behind
        signal = broken_off() => Err(CommandError::BrokenOff(signal?)),
        done = asked => done,
    }
}

/// Waits for the signals that end a process, and tells which came.
async fn broken_off() -> Result<i32, CommandError> {
    let catch = |kind: SignalKind| {
        signal(kind).map_err(|error| {
            CommandError::Setup(format!("the signals of this process cannot be awaited ({error})"))
        })
    };
    let [interrupt, terminate, hangup] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut interrupted = catch(interrupt)?;
    let mut terminated = catch(terminate)?;
    let mut hung_up = catch(hangup)?;
    Ok(tokio::select! {
        _ = interrupted.recv() => interrupt,
        _ = terminated.recv() => terminate,
        _ = hung_up.recv() => hangup,
    }
    .as_raw_value())
}
