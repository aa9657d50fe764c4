//! `keyleak investigate`: in objects on this machine, or in CloudTrail's event history.

use crate::aws::clients::{self, AwsSettings};
use crate::commands::{CommandError, Done, trails};
use crate::ports::clock::Clock;
use crate::trail::command_line::{self, InvestigateArguments};

/// Investigates a key and returns what to print, and how it ended.
pub async fn investigate(arguments: &InvestigateArguments) -> Result<Done, CommandError> {
    let now = Clock::real().now();
    if !arguments.event_history {
        return Ok(command_line::investigate(arguments, now).await?.into());
    }
    let sdk = clients::load(None).await;
    let source = trails::event_history(&sdk, &AwsSettings::default(), &arguments.region).await;
    Ok(command_line::investigate_in(source, arguments, now).await?.into())
}
