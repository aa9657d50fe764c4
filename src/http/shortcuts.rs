//! Shortcuts: a form for whoever may open a case, or a message that belongs into a timeline.

use crate::domain::ids::MessageTs;
use crate::domain::intake::IntakeStart;
use crate::domain::record::Place;
use crate::flow::spoken::Speaker;
use crate::flow::timeline::wish::Spot;
use crate::flow::timeline::{self, Taken};
use crate::http::errands::{Errand, NOT_OPENED};
use crate::http::{DECISION_TIME_MAX, NOT_RECORDED, Service};
use crate::ports::chat::Whisper;
use crate::slack::inbound::Shortcut;
use crate::slack::shortcut::Chosen;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

const NO_CASE: &str = "This channel is that of no open case; only what is said in a case's own \
    channel goes into its timeline.";

/// Does what was chosen; the person hears privately whatever they do not see.
pub async fn answer(service: &Service, shortcut: Shortcut) -> (Response, bool) {
    let Shortcut { caller, chosen, place, response_url, trigger_id, delivery } = shortcut;
    let privately = |text: String| Whisper {
        person: caller.person().clone(),
        channel: place.as_ref().map(|place| place.channel.clone()),
        response_url: response_url.as_ref().map(|url| url.reveal().to_owned()),
        text,
    };
    let whisper = |text: String| service.errands.send(Errand::Whisper(privately(text)));
    let done = |durable| (StatusCode::OK.into_response(), durable);
    let channel = place.as_ref().map(|place| &place.channel);
    service.desk.bench().meet_in(&caller, channel).await;
    if let Err(refusal) = service.desk.policy().may_act_in(&caller, channel) {
        whisper(format!("Not done: {refusal}."));
        return done(true);
    }
    let start = match chosen {
        Chosen::Respond => IntakeStart::default(),
        Chosen::KeyInMessage(found) => {
            // Said beside the message too, because a form is closed and forgotten.
            found.warning().into_iter().for_each(&whisper);
            found.start()
        }
        Chosen::AddToTimeline { thread } => {
            let speaker = Speaker { caller: caller.clone(), delivery: Some(delivery) };
            let (words, durable) = add(service, &speaker, (place.as_ref(), thread)).await;
            words.into_iter().for_each(whisper);
            return done(durable);
        }
    };
    match trigger_id {
        Some(trigger) => {
            let trigger_id = trigger.reveal().to_owned();
            let (start, or_say) = (Box::new(start), privately(NOT_OPENED.to_owned()));
            service.errands.send(Errand::OpenForm { trigger_id, start, or_say });
        }
        None => whisper("Slack sent nothing to open a form with; choose it again.".to_owned()),
    }
    done(true)
}

/// What the person is told at once, and whether the outcome is durable.
async fn add(
    service: &Service,
    speaker: &Speaker,
    (place, thread): (Option<&Place>, Option<MessageTs>),
) -> (Option<String>, bool) {
    let spot = place.and_then(|place| {
        Some(Spot { channel: place.channel.clone(), ts: place.message.clone()? })
    });
    let Some(spot) = spot else {
        return (Some("Slack did not say which message that was.".to_owned()), true);
    };
    let adding = timeline::add(&service.desk, speaker, (spot, thread));
    match tokio::time::timeout(DECISION_TIME_MAX, adding).await {
        Ok(Ok(Taken::Kept)) => {
            service.worker.wake();
            (None, true)
        }
        Ok(Ok(Taken::NoCase)) => (Some(NO_CASE.to_owned()), true),
        Ok(Ok(Taken::Refused(refusal))) => (Some(format!("Not done: {refusal}.")), true),
        Ok(Err(error)) => {
            tracing::error!(%error, "a message for the timeline was not kept");
            (Some(NOT_RECORDED.to_owned()), false)
        }
        Err(_) => {
            tracing::error!("a message for the timeline was not kept in time");
            (Some(NOT_RECORDED.to_owned()), false)
        }
    }
}
