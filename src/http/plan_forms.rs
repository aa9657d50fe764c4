//! The forms about a plan: opened by a button, judged and journaled when they are sent.

use crate::domain::button::PlanAddress;
use crate::domain::case::Case;
use crate::domain::refusal::Refusal;
use crate::flow::adjust::{self, Ordered};
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::Speaker;
use crate::http::errands::{Errand, NOT_OPENED, WhichForm};
use crate::http::{DECISION_TIME_MAX, NOT_RECORDED, NOT_SURE, Service, json};
use crate::ports::chat::Whisper;
use crate::slack::inbound::{Click, SentForm};
use crate::slack::plan_form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Opens a form for whoever may send it; the others hear at once why not.
pub async fn open(
    service: &Service,
    click: Click,
    (at, which): (PlanAddress, WhichForm),
) -> (Response, bool) {
    let found = tokio::time::timeout(DECISION_TIME_MAX, service.desk.ledger.find(&at.case)).await;
    let whisper = |text: String| Whisper {
        person: click.caller.person().clone(),
        channel: click.place.as_ref().map(|place| place.channel.clone()),
        response_url: click.response_url.as_ref().map(|url| url.reveal().to_owned()),
        text,
    };
    let why = match found {
        Ok(Ok(Some(case))) => match may(service, &click, (&case, &at, which)) {
            Ok(()) => match &click.trigger_id {
                Some(trigger) => {
                    let trigger_id = trigger.reveal().to_owned();
                    let (case, plan) = (Box::new(case), at.plan);
                    let or_say = whisper(NOT_OPENED.to_owned());
                    let form = Errand::OpenPlanForm { trigger_id, or_say, case, plan, which };
                    service.errands.send(form);
                    return (StatusCode::OK.into_response(), true);
                }
                None => "Slack sent nothing to open a form with; press again".to_owned(),
            },
            Err(refusal) => refusal.to_string(),
        },
        Ok(Ok(None)) => "the card is from elsewhere".to_owned(),
        Ok(Err(_)) | Err(_) => "the journal did not answer; press again in a moment".to_owned(),
    };
    service.errands.send(Errand::Whisper(whisper(format!("Not done: {why}."))));
    (StatusCode::OK.into_response(), true)
}

fn may(
    service: &Service,
    click: &Click,
    (case, at, which): (&Case, &PlanAddress, WhichForm),
) -> Result<(), Refusal> {
    let policy = service.desk.policy();
    match which {
        WhichForm::Change => policy.may_adjust(&click.caller, case)?,
        WhichForm::UndoSteps => policy.may_lift(&click.caller, case, &[])?,
        // Asked for in a place of its own, by whoever lacks a code alone.
        WhichForm::Code => return Err(Refusal::OldCard),
    }
    let is_there = case.plan(at.plan).is_some_and(|state| state.hash == at.hash);
    if is_there { Ok(()) } else { Err(Refusal::OldCard) }
}

/// Judges a form and writes down what it means; what is wrong is shown in it.
pub async fn sent(service: &Service, sent: SentForm) -> (Response, bool) {
    let SentForm { caller, form, fields, delivery } = sent;
    let speaker = Speaker { caller, delivery: Some(delivery) };
    let bench = service.desk.bench();
    let judging = adjust::order(&bench, &speaker, (form.at(), Ordered::Form(&form)));
    let judged = tokio::time::timeout(DECISION_TIME_MAX, judging).await;
    let late = || LedgerError::Unsure("it took too long".to_owned());
    let refused = |why: &str| json(&plan_form::refused(&form, &fields, why));
    match judged.unwrap_or_else(|_| Err(late())) {
        Ok(None) => (json(&serde_json::json!({ "response_action": "clear" })), true),
        Ok(Some(refusal)) => (refused(&format!("Not done: {refusal}.")), true),
        Err(error @ LedgerError::Unsure(_)) => {
            tracing::error!(%error, "whether a form was recorded is not known");
            (refused(NOT_SURE), false)
        }
        Err(error) => {
            tracing::error!(%error, "a form was not recorded");
            (refused(NOT_RECORDED), false)
        }
    }
}
