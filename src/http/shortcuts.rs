//! Shortcuts: a form for whoever may open a case, with what they pointed at in it.

use crate::domain::intake::IntakeStart;
use crate::http::Service;
use crate::http::errands::Errand;
use crate::ports::chat::Whisper;
use crate::slack::inbound::Shortcut;
use crate::slack::shortcut::Chosen;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Opens the form, and warns at once of a secret that everybody there can read.
pub fn answer(service: &Service, shortcut: Shortcut) -> (Response, bool) {
    let Shortcut { caller, chosen, place, response_url, trigger_id, .. } = shortcut;
    let whisper = |text: String| {
        service.errands.send(Errand::Whisper(Whisper {
            person: caller.person().clone(),
            channel: place.as_ref().map(|place| place.channel.clone()),
            response_url: response_url.as_ref().map(|url| url.reveal().to_owned()),
            text,
        }));
    };
    let start = match service.desk.policy().may_act(&caller) {
        Err(refusal) => {
            whisper(format!("Not done: {refusal}."));
            return (StatusCode::OK.into_response(), true);
        }
        Ok(()) => match chosen {
            Chosen::Respond => IntakeStart::default(),
            Chosen::KeyInMessage(found) => {
                // Said beside the message too, because a form is closed and forgotten.
                found.warning().into_iter().for_each(&whisper);
                found.start()
            }
        },
    };
    match trigger_id {
        Some(trigger) => {
            let trigger_id = trigger.reveal().to_owned();
            service.errands.send(Errand::OpenForm { trigger_id, start: Box::new(start) });
        }
        None => whisper("Slack sent nothing to open a form with; choose it again.".to_owned()),
    }
    (StatusCode::OK.into_response(), true)
}
