//! Buttons and the form: judged and journaled before Slack hears 200.

use crate::domain::button::ButtonAction;
use crate::domain::intake::GivenFile;
use crate::domain::proof::Caller;
use crate::flow::decide::{self, Pressed};
use crate::flow::file_intake;
use crate::flow::intake::{self, NotOpened, OpenRequest};
use crate::flow::ledger::LedgerError;
use crate::http::errands::{Errand, Unsettled, WhichForm};
use crate::http::{
    DECISION_TIME_MAX, NOT_RECORDED, NOT_SURE, Service, codes, json, plan_forms, shortcuts,
};
use crate::ports::chat::Whisper;
use crate::slack::inbound::{Click, Shortcut, Submit};
use crate::slack::intake_modal;
use crate::slack::shortcut::Chosen;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

/// Takes a press in, in the log under the case that the button names.
pub async fn click(service: &Service, click: Click) -> (Response, bool) {
    let case = click.action.case().map(|case| case.0.clone()).unwrap_or_default();
    let span = tracing::info_span!("press", case.id = case, button = click.action.id());
    match &click.action {
        ButtonAction::Change(at) => {
            let asked = (at.clone(), WhichForm::Change);
            plan_forms::open(service, click, asked).instrument(span).await
        }
        ButtonAction::UndoSteps(at) => {
            let asked = (at.clone(), WhichForm::UndoSteps);
            plan_forms::open(service, click, asked).instrument(span).await
        }
        ButtonAction::Respond => {
            let Click { caller, place, response_url, trigger_id, delivery, .. } = click;
            let chosen = Chosen::Respond;
            let same = Shortcut { caller, chosen, place, response_url, trigger_id, delivery };
            shortcuts::answer(service, same).instrument(span).await
        }
        ButtonAction::Approve(at) => {
            let judged = async {
                match codes::ask(service, &click, at).await {
                    Some(asked) => asked,
                    None => judge(service, click.clone()).await,
                }
            };
            judged.instrument(span).await
        }
        ButtonAction::Phase { .. }
        | ButtonAction::Deny(_)
        | ButtonAction::Withdraw(_)
        | ButtonAction::Undo(_)
        | ButtonAction::TakeIn { .. }
        | ButtonAction::CancelQuestions { .. }
        | ButtonAction::AllowReading { .. }
        | ButtonAction::Settle { .. }
        | ButtonAction::Harden { .. }
        | ButtonAction::Impact { .. }
        | ButtonAction::Confirm { .. }
        | ButtonAction::TakeRole { .. }
        | ButtonAction::TakeTask { .. }
        | ButtonAction::FinishTask { .. }
        | ButtonAction::OwnerSays { .. }
        | ButtonAction::Summary { .. }
        | ButtonAction::Close { .. }
        | ButtonAction::Report { .. }
        | ButtonAction::Go
        | ButtonAction::Unknown => judge(service, click).instrument(span).await,
    }
}

/// Judges a press; the person hears privately whatever the channel does not show.
async fn judge(service: &Service, click: Click) -> (Response, bool) {
    let pressed = Pressed {
        caller: click.caller,
        button: click.action,
        place: click.place,
        delivery: Some(click.delivery),
        reason: None,
    };
    let judged =
        tokio::time::timeout(DECISION_TIME_MAX, decide::press(&service.desk.bench(), &pressed))
            .await;
    let late = || LedgerError::Unsure("it took too long".to_owned());
    let (answer, durable) = match judged.unwrap_or_else(|_| Err(late())) {
        Ok(answer) => (answer, true),
        Err(error @ LedgerError::Unsure(_)) => {
            tracing::error!(%error, "whether a press was recorded is not known");
            (Some(NOT_SURE.to_owned()), false)
        }
        Err(error) => {
            tracing::error!(%error, "a press was not recorded");
            (Some(NOT_RECORDED.to_owned()), false)
        }
    };
    let Some(text) = answer else {
        return (StatusCode::OK.into_response(), durable);
    };
    let is_unsure = text == NOT_SURE;
    let whisper = Whisper {
        person: pressed.caller.person().clone(),
        channel: pressed.place.map(|place| place.channel),
        response_url: click.response_url.map(|url| url.reveal().to_owned()),
        text,
    };
    if let (true, Some(case), Some(delivery)) =
        (is_unsure, pressed.button.case().cloned(), pressed.delivery)
    {
        let at = service.desk.clock.now();
        service.errands.settle(Unsettled { case, delivery, at, whisper: whisper.clone() });
    }
    service.errands.send(Errand::Whisper(whisper));
    (StatusCode::OK.into_response(), durable)
}

/// Opens cases from the form; what is wrong is shown under its field.
pub async fn submit(service: &Service, submit: Submit) -> (Response, bool) {
    let intake = match submit.form.check(service.desk.clock.now()) {
        Ok(intake) => intake,
        Err(wrong) => return (json(&intake_modal::errors(&wrong)), false),
    };
    let request = OpenRequest {
        keys: intake.keys,
        found_where: intake.found_where,
        exposed_since: intake.exposed_since,
        note: intake.note,
        delivery: Some(submit.delivery),
        place: None,
    };
    let opening = take_in(service, &submit.caller, (&request, intake.file.as_ref()));
    match tokio::time::timeout(DECISION_TIME_MAX, opening).await {
        Ok(Ok(())) => (json(&serde_json::json!({ "response_action": "clear" })), true),
        Ok(Err(NotOpened::Refused(refusal))) => (under_keys(&refusal.to_string()), true),
        Ok(Err(NotOpened::Ledger(error @ LedgerError::Unsure(_)))) => {
            tracing::error!(%error, "whether a form was recorded is not known");
            (under_keys(NOT_SURE), false)
        }
        Ok(Err(NotOpened::Ledger(error))) => {
            tracing::error!(%error, "a form was not recorded");
            (under_keys(NOT_RECORDED), false)
        }
        Err(_) => (under_keys(NOT_SURE), false),
    }
}

/// Opens a case for each key that was typed, and keeps the file, whose keys the worker opens.
async fn take_in(
    service: &Service,
    caller: &Caller,
    (request, file): (&OpenRequest, Option<&GivenFile>),
) -> Result<(), NotOpened> {
    if !request.keys.is_empty() {
        intake::open(&service.desk, caller, request).await?;
    }
    if let Some(file) = file {
        file_intake::take_in(&service.desk, caller, (request, file)).await?;
        service.worker.wake();
    }
    Ok(())
}

fn under_keys(text: &str) -> Response {
    json(&intake_modal::under_keys(text))
}
