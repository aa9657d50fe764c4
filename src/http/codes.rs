//! Approving with a one-time code: the form that asks for it, and what is sent in it.

use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::one_time_code::is_code;
use crate::flow::decide::Pressed;
use crate::flow::ledger::LedgerError;
use crate::flow::step_up::{self, Booth, lacks_code};
use crate::http::errands::{Errand, NOT_OPENED, WhichForm};
use crate::http::{DECISION_TIME_MAX, NOT_RECORDED, NOT_SURE, Service, json};
use crate::ports::chat::Whisper;
use crate::slack::code_form;
use crate::slack::inbound::{Click, SentCode};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// Whether a code is asked for must be known while the trigger still opens a form.
const ASKS_WITHIN: Duration = Duration::from_millis(1_200);

const NO_CODE: &str =
    "Not done: a code is six digits. Nothing was counted; type the one shown now.";

/// Opens the form where a code is all that is missing; none where the press is judged as it is.
pub(super) async fn ask(
    service: &Service,
    click: &Click,
    at: &PlanAddress,
) -> Option<(Response, bool)> {
    // Where nobody has a code none is asked for, and the press is answered as soon as ever.
    if service.desk.rules.policy.step_up.enrolled.is_empty() {
        return None;
    }
    let bench = service.desk.bench();
    let looked = async {
        bench.meet(&click.caller, Some(&at.case)).await.ok()?;
        let case = bench.ledger.find(&at.case).await.ok()??;
        lacks_code(&bench, &click.caller, (&case, at)).then_some(case)
    };
    let case = tokio::time::timeout(ASKS_WITHIN, looked).await.ok()??;
    let trigger_id = click.trigger_id.as_ref()?.reveal().to_owned();
    let or_say = Whisper {
        person: click.caller.person().clone(),
        channel: click.place.as_ref().map(|place| place.channel.clone()),
        response_url: click.response_url.as_ref().map(|url| url.reveal().to_owned()),
        text: NOT_OPENED.to_owned(),
    };
    let (case, plan, which) = (Box::new(case), at.plan, WhichForm::Code);
    service.errands.send(Errand::OpenPlanForm { trigger_id, or_say, case, plan, which });
    Some((StatusCode::OK.into_response(), true))
}

/// Judges a code and the approval; what is wrong is shown under the field.
pub(super) async fn sent(service: &Service, sent: SentCode) -> (Response, bool) {
    let SentCode { caller, at, code, delivery } = sent;
    // A slip of the hand is no guess, and does not count as one.
    if !is_code(code.reveal()) {
        return (json(&code_form::refused(NO_CODE)), false);
    }
    let desk = &service.desk;
    let booth = Booth { bench: desk.bench(), books: desk.work.as_ref(), codes: &desk.rules.codes };
    let pressed = Pressed {
        caller,
        button: ButtonAction::Approve(at.clone()),
        place: None,
        delivery: Some(delivery),
        reason: None,
    };
    let judging = step_up::approve(&booth, pressed, (&at, code.reveal()));
    let judged = tokio::time::timeout(DECISION_TIME_MAX, judging).await;
    let late = || LedgerError::Unsure("it took too long".to_owned());
    let refused = |why: &str| json(&code_form::refused(why));
    match judged.unwrap_or_else(|_| Err(late())) {
        Ok(None) => (json(&serde_json::json!({ "response_action": "clear" })), true),
        Ok(Some(why)) => (refused(&why), true),
        Err(error @ LedgerError::Unsure(_)) => {
            tracing::error!(%error, "whether an approval was recorded is not known");
            (refused(NOT_SURE), false)
        }
        Err(error) => {
            tracing::error!(%error, "an approval was not recorded");
            (refused(NOT_RECORDED), false)
        }
    }
}
