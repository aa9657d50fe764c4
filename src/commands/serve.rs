//! `keyleak serve`: the service against real parts, until it is told to stop.

use crate::aws::accounts;
use crate::cli::Store;
use crate::commands::{CommandError, stores, trails};
use crate::config::transport::Transport;
use crate::config::{self, Config, SlackConfig};
use crate::domain::approvers;
use crate::domain::checkup::slack::Difference;
use crate::flow::desk::{Desk, Rules};
use crate::flow::ledger::Ledger;
use crate::flow::people::People;
use crate::flow::purse::Purse;
use crate::flow::seen::Seen;
use crate::pager::webhook::Webhook;
use crate::ports::clock::Clock;
use crate::ports::directory::Directory;
use crate::ports::pager::Pager;
use crate::running::{Bot, Gate};
use crate::slack::chat::SlackChat;
use crate::slack::checkup::{Look, NEEDED};
use crate::slack::line::{LineSettings, Lines};
use crate::slack::web::SlackSettings;
use crate::socket::{Pulse, Way};
use crate::telemetry::{self, Style};
use aws_config::SdkConfig;
use secrecy::SecretString;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::TaskTracker;

/// Serves until SIGTERM or an interrupt, then lets the work in hand come to its next record.
pub async fn serve(store: &Store) -> Result<(), CommandError> {
    telemetry::start(Style::Json, config::log_filter().as_deref());
    let config = config::load(store.config.as_deref())?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        CommandError::Setup(format!(
            "cannot listen on {} ({error}); choose another address with server.listen",
            config.listen
        ))
    })?;
    let sdk = stores::sdk(config.aws.region.clone()).await;
    let tasks = TaskTracker::new();
    let gate = Gate {
        signing_secrets: config.slack.signing_secrets.clone(),
        app_id: config.slack.app_id.clone(),
        socket: socket(&config.slack)?,
    };
    let listen = config.listen;
    tasks.spawn(compare_scopes(stores::slack(&config.slack)));
    let desk = desk(config, &sdk, &tasks).await?;
    if !desk.accounts.may_change() {
        tracing::warn!(
            "no contain role, or a dry run: keyleak changes nothing, and plans are for people"
        );
    }
    if desk.rules.policy.step_up.tiers.is_empty() {
        tracing::warn!(
            "approving an eradication needs no second proof: nobody is enrolled, or \
             people.step_up_for is empty"
        );
    }
    for warning in approvers::warnings(&desk.rules.policy, &desk.rules.plans) {
        tracing::warn!("{warning}");
    }
    let bot = Bot::start(desk, gate, listener, holder());
    tracing::info!(%listen, "keyleak is listening");
    if let Err(error) = bot.desk.probe().await {
        tracing::error!(%error, "no decision can be recorded yet");
    }
    wait_for_the_end().await?;
    tracing::info!("stopping: taking no more requests, finishing the work in hand");
    bot.shut_down().await;
    trails::let_go(&tasks).await;
    Ok(())
}

async fn desk(config: Config, sdk: &SdkConfig, tasks: &TaskTracker) -> Result<Desk, CommandError> {
    let stores = stores::journal(&config, sdk)?;
    let endpoints = stores::endpoints(&config.slack, sdk);
    let chat = Arc::new(chat(&config.slack)?);
    let trail = trails::configured(&config, sdk, tasks).await?;
    // Without a way to change anything there is none that a mistake could take.
    let aws = if config.dry_run { config.aws.changing_nothing() } else { config.aws };
    Ok(Desk {
        ledger: Ledger::new(stores.journal),
        work: stores.work,
        brake: Seen::default(),
        purse: Purse::default(),
        evidence: stores::evidence(&config.evidence, sdk)?,
        notary: stores::notary(config.anchors.as_ref(), sdk)?,
        accounts: accounts::accounts(sdk, &aws).await,
        trail,
        people: People::asking(Arc::clone(&chat) as Arc<dyn Directory>, config.people_valid_for),
        chat,
        pager: pager(config.webhook.as_ref())?,
        clock: Clock::real(),
        rules: Rules { endpoints, ..config.rules },
    })
}

fn pager(address: Option<&SecretString>) -> Result<Option<Arc<dyn Pager>>, CommandError> {
    let Some(address) = address else { return Ok(None) };
    let webhook = Webhook::new(address)
        .map_err(|error| CommandError::Setup(format!("escalation.webhook {error}")))?;
    Ok(Some(Arc::new(webhook)))
}

fn chat(config: &SlackConfig) -> Result<SlackChat, CommandError> {
    let settings = stores::slack(config);
    SlackChat::new(&settings, Clock::real()).map_err(|error| CommandError::Setup(error.to_string()))
}

/// Says at the start what the token may not do, before somebody meets it at 03:00.
async fn compare_scopes(settings: SlackSettings) {
    let Ok(look) = Look::new(&settings, Clock::real()) else {
        // The client of the service says why.
        return;
    };
    match look.token().await.granted.map(|granted| Difference::of(&granted, NEEDED)) {
        Some(difference) if !difference.is_none() => tracing::warn!(
            "Slack scopes: {}; install the app again from what `keyleak manifest slack` prints",
            difference.words()
        ),
        Some(_) => {}
        None => tracing::warn!("Slack did not say which scopes the token has; see keyleak doctor"),
    }
}

/// The way to Socket Mode, where that is how what people do arrives.
fn socket(config: &SlackConfig) -> Result<Option<Way>, CommandError> {
    let Transport::Socket(app_token) = &config.transport else { return Ok(None) };
    let settings = LineSettings {
        api_url: config.api_url.clone(),
        app_token: app_token.clone(),
        app_id: config.app_id.clone(),
    };
    let lines = Lines::new(&settings).map_err(|error| CommandError::Setup(error.to_string()))?;
    Ok(Some(Way { lines, pulse: Pulse::default() }))
}

/// Names this process among replicas: host and process are not enough in containers, so time too.
fn holder() -> String {
    let started = Clock::real().now().as_nanosecond();
    format!("{}-{started}", std::process::id())
}

async fn wait_for_the_end() -> Result<(), CommandError> {
    let mut term = signal(SignalKind::terminate())
        .map_err(|error| CommandError::Setup(format!("SIGTERM cannot be awaited: {error}")))?;
    tokio::select! {
        _ = term.recv() => {}
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.map_err(|error| CommandError::Setup(error.to_string()))?;
        }
    }
    Ok(())
}
