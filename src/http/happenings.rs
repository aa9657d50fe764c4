//! What happens in the workspace: what people decide by it is durable before Slack hears 200.

use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::proof::Caller;
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::Speaker;
use crate::flow::timeline::wish::Spot;
use crate::flow::timeline::{self, Taken, Told};
use crate::http::errands::Errand;
use crate::http::{DECISION_TIME_MAX, Service};
use crate::slack::happening::WorkspaceEvent;
use crate::slack::inbound::Happening;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Takes an event in; the flag says whether a repeat of it can be ignored. What could not be kept
/// is refused, so that Slack delivers it again.
pub async fn answer(service: &Service, happening: Happening) -> (Response, bool) {
    let taking = take_in(service, happening);
    match tokio::time::timeout(DECISION_TIME_MAX, taking).await {
        Ok(Ok(())) => (StatusCode::OK.into_response(), true),
        Ok(Err(error)) => {
            tracing::error!(%error, "an event was not kept; Slack delivers it again");
            (StatusCode::SERVICE_UNAVAILABLE.into_response(), false)
        }
        Err(_) => {
            tracing::error!("an event was not kept in time; Slack delivers it again");
            (StatusCode::SERVICE_UNAVAILABLE.into_response(), false)
        }
    }
}

async fn take_in(service: &Service, happening: Happening) -> Result<(), LedgerError> {
    let Happening { event, caller, delivery } = happening;
    match event {
        WorkspaceEvent::HomeOpened => {
            if let Some(caller) = caller.map(Box::new) {
                let oldest_wait = service.worker.oldest_wait();
                service.errands.send(Errand::Home { caller, oldest_wait });
            }
        }
        WorkspaceEvent::Reacted { emoji, channel, message } => {
            if let Some(caller) = caller.filter(|_| emoji == service.desk.rules.timeline_emoji) {
                react(service, (caller, delivery), (channel, message)).await?;
            }
        }
        WorkspaceEvent::MessageEdited { channel, message, at, text, files } => {
            let told = Told::Edited { at, text: text.reveal(), files: &files };
            change(service, (channel, message), (told, delivery)).await?;
        }
        WorkspaceEvent::MessageDeleted { channel, message, at } => {
            change(service, (channel, message), (Told::Deleted { at }, delivery)).await?;
        }
        WorkspaceEvent::Talk => {}
        WorkspaceEvent::ChannelArchived(_)
        | WorkspaceEvent::ChannelUnarchived(_)
        | WorkspaceEvent::ChannelDeleted(_)
        | WorkspaceEvent::AppRemoved
        | WorkspaceEvent::RateLimited
        | WorkspaceEvent::Other(_) => {
            tracing::info!(?event, "Slack tells of the workspace");
        }
    }
    Ok(())
}

/// An emoji asks nobody: who may not act, or reacts elsewhere, only put an emoji there.
async fn react(
    service: &Service,
    (caller, delivery): (Caller, String),
    (channel, ts): (ChannelId, MessageTs),
) -> Result<(), LedgerError> {
    let speaker = Speaker { caller, delivery: Some(delivery) };
    let spot = Spot { channel, ts };
    match timeline::add(&service.desk, &speaker, (spot, None)).await? {
        Taken::Kept => service.worker.wake(),
        Taken::NoCase => tracing::debug!("an emoji in a channel that is no open case's"),
        Taken::Refused(refusal) => tracing::info!(%refusal, "an emoji adds nothing"),
    }
    Ok(())
}

async fn change(
    service: &Service,
    (channel, ts): (ChannelId, MessageTs),
    told: (Told<'_>, String),
) -> Result<(), LedgerError> {
    if timeline::changed(&service.desk, Spot { channel, ts }, told).await? {
        service.worker.wake();
    }
    Ok(())
}
