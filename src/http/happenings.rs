//! What happens in the workspace: what needs an answer is handed on, the rest is noted in the log.

use crate::http::Service;
use crate::http::errands::Errand;
use crate::slack::happening::WorkspaceEvent;
use crate::slack::inbound::Happening;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Takes an event in; the flag says whether a repeat of it can be ignored.
pub fn answer(service: &Service, happening: Happening) -> (Response, bool) {
    match happening.event {
        WorkspaceEvent::HomeOpened => {
            if let Some(caller) = happening.caller.map(Box::new) {
                let oldest_wait = service.worker.oldest_wait();
                service.errands.send(Errand::Home { caller, oldest_wait });
            }
        }
        WorkspaceEvent::ChannelArchived(_)
        | WorkspaceEvent::ChannelUnarchived(_)
        | WorkspaceEvent::ChannelDeleted(_)
        | WorkspaceEvent::AppRemoved
        | WorkspaceEvent::RateLimited
        | WorkspaceEvent::Other(_) => {
            tracing::info!(event = ?happening.event, "Slack tells of the workspace");
        }
    }
    (StatusCode::OK.into_response(), true)
}
