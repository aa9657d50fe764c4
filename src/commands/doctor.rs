//! `keyleak doctor`: looks at every part of the set-up, side by side, and tells each on one line.

pub mod cloud;
pub mod here;
pub mod workspace;

use crate::cli::{CheckupFormat, DoctorArguments};
use crate::commands::{CommandError, Done, stores};
use crate::config::{self, Config};
use crate::domain::checkup::{Checkup, Line, Part, server, slack};
use crate::ports::clock::Clock;
use aws_config::SdkConfig;
use std::future::Future;
use std::time::Duration;

/// Each call has its own limit; what adds up to more than this is told as not checked.
const LOOK_TIME_MAX: Duration = Duration::from_secs(60);

/// Looks at everything and tells it; the exit status says whether anything failed.
pub async fn doctor(arguments: &DoctorArguments) -> Result<Done, CommandError> {
    let checkup = match config::load(arguments.config.as_deref()) {
        Ok(config) => {
            let sdk = stores::sdk(config.aws.region.clone()).await;
            let mut checkup = examine(&config, &sdk, Clock::real()).await;
            if arguments.try_channel {
                checkup.lines.push(workspace::try_channel(&config, Clock::real()).await);
                checkup = Checkup::of(checkup.lines);
            }
            checkup
        }
        Err(mistakes) => {
            let mut lines = server::settings(&mistakes.0);
            let why = "everything else, until the settings can be read";
            lines.push(Line::not_checked(Part::Settings, why));
            Checkup::of(lines)
        }
    };
    let text = match arguments.format {
        CheckupFormat::Text => checkup.text(),
        CheckupFormat::Json => serde_json::to_string_pretty(&checkup)
            .map_err(|error| CommandError::Setup(error.to_string()))?,
    };
    Ok(Done { text, notes: Vec::new(), status: u8::from(checkup.failed > 0) })
}

/// What is seen of the set-up that these settings describe.
pub async fn examine(config: &Config, sdk: &SdkConfig, clock: Clock) -> Checkup {
    let (mut lines, (slacks, at_slack), (awss, at_aws)) = tokio::join!(
        here::look(config, sdk),
        workspace::look(config, clock),
        Box::pin(cloud::look(config, sdk, clock)),
    );
    lines.push(Line::ok(Part::Settings, "read, without a mistake"));
    let clocks = [("Slack", at_slack), ("AWS", at_aws)];
    let told: Vec<_> =
        clocks.into_iter().filter_map(|(whose, ahead)| Some((whose, ahead?))).collect();
    lines.push(slack::clock(&told));
    lines.extend(slacks.into_iter().chain(awss));
    Checkup::of(lines)
}

/// A look with an end to it, on the heap: AWS's clients call themselves deep.
async fn bounded(part: Part, look: impl Future<Output = Vec<Line>>) -> Vec<Line> {
    match tokio::time::timeout(LOOK_TIME_MAX, Box::pin(look)).await {
        Ok(lines) => lines,
        Err(_) => {
            let seconds = LOOK_TIME_MAX.as_secs();
            vec![Line::not_checked(part, format!("it took longer than {seconds} s; ask again"))]
        }
    }
}
