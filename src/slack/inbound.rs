//! From a verified request to what a person wants; nothing is decided here.

use crate::domain::adjusting::PlanForm;
use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::digest::sha256_hex;
use crate::domain::ids::{ChannelId, MessageTs, PersonId};
use crate::domain::intake::IntakeForm;
use crate::domain::proof::{Caller, Verified};
use crate::domain::record::Place;
use crate::slack::code_form;
use crate::slack::guarded::{OneTime, Typed};
use crate::slack::happening::{self, WorkspaceEvent, shown};
use crate::slack::intake_modal;
use crate::slack::plan_form;
use crate::slack::shortcut::{self, Chosen};
use crate::slack::wire::{Delivery, Interaction, SlashForm};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Slack's names have at most 80 characters; more is cut, because names are only for readers.
const NAME_LENGTH_MAX: usize = 80;

/// Which of the three addresses a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Commands,
    Interactions,
    Events,
}

/// What Slack tells us.
#[derive(Debug)]
pub enum Inbound {
    Slash(Slash),
    Click(Click),
    Submit(Submit),
    Shortcut(Shortcut),
    PlanForm(SentForm),
    Code(SentCode),
    Event(Happening),
    /// Slack asks whether this address is ours: answer with the challenge.
    UrlVerification {
        challenge: String,
    },
    /// Slack checks the certificate: answer 200 and do nothing.
    SslCheck,
    /// Nothing that we use; answer 200.
    Ignored(String),
}

/// Somebody typed the command.
#[derive(Debug)]
pub struct Slash {
    pub caller: Caller,
    /// What they typed after it; may hold a secret, so it is for `Command::parse` only.
    pub text: Typed,
    pub channel: Option<ChannelId>,
    pub response_url: Option<OneTime>,
    pub trigger_id: Option<OneTime>,
    pub delivery: String,
}

/// Somebody pressed a button.
#[derive(Debug, Clone)]
pub struct Click {
    pub caller: Caller,
    pub action: ButtonAction,
    pub place: Option<Place>,
    pub response_url: Option<OneTime>,
    pub trigger_id: Option<OneTime>,
    pub delivery: String,
}

/// Somebody chose a shortcut of ours.
#[derive(Debug)]
pub struct Shortcut {
    pub caller: Caller,
    pub chosen: Chosen,
    /// The message that they chose it for.
    pub place: Option<Place>,
    pub response_url: Option<OneTime>,
    pub trigger_id: Option<OneTime>,
    pub delivery: String,
}

/// Somebody sent the form that opens a case.
#[derive(Debug)]
pub struct Submit {
    pub caller: Caller,
    pub form: IntakeForm,
    pub delivery: String,
}

/// Somebody sent a form about a plan.
#[derive(Debug)]
pub struct SentForm {
    pub caller: Caller,
    pub form: PlanForm,
    /// The fields that it had.
    pub fields: BTreeSet<String>,
    pub delivery: String,
}

/// Somebody approves a plan with a one-time code.
#[derive(Debug)]
pub struct SentCode {
    pub caller: Caller,
    pub at: PlanAddress,
    pub code: Typed,
    pub delivery: String,
}

/// Something happened in the workspace.
#[derive(Debug)]
pub struct Happening {
    pub event: WorkspaceEvent,
    /// Whoever caused it, where Slack names one. A channel that other companies share does not
    /// tell of which company they are, so that nobody is named there.
    pub caller: Option<Caller>,
    pub delivery: String,
}

/// Why a request that Slack signed is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InboundError {
    #[error("the request cannot be read: {0}")]
    Unreadable(&'static str),
    #[error("the request does not say who made it, so it is not acted on")]
    NoUser,
    #[error("the request is for another app; check slack.app_id and the signing secret")]
    OtherApp,
}

/// Reads a verified request; `app_id` is the configured one, when there is one.
pub fn read(
    verified: &Verified,
    route: Route,
    app_id: Option<&str>,
) -> Result<Inbound, InboundError> {
    match route {
        Route::Commands => slash(verified, app_id),
        Route::Interactions => interaction(verified, app_id),
        Route::Events => event(verified, app_id),
    }
}

/// Whether a body is Slack's certificate check, which may be unsigned and must cause nothing.
pub fn is_ssl_check(body: &[u8]) -> bool {
    form_urlencoded::parse(body).any(|(name, value)| name == "ssl_check" && value == "1")
}

fn slash(verified: &Verified, app_id: Option<&str>) -> Result<Inbound, InboundError> {
    if is_ssl_check(verified.body()) {
        return Ok(Inbound::SslCheck);
    }
    let fields: Map<String, Value> = form(verified.body())
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    let form: SlashForm = serde_json::from_value(Value::Object(fields))
        .map_err(|_| InboundError::Unreadable("it is no slash command"))?;
    is_for_us(form.api_app_id.as_deref(), app_id)?;
    let team = form.team_id.or(form.enterprise_id);
    let caller = caller(verified, team, form.user_id, form.user_name)?;
    let delivery = match filled(form.trigger_id.clone()) {
        Some(trigger) => format!("slash:{trigger}"),
        None => format!("slash:{}", fingerprint(verified)),
    };
    Ok(Inbound::Slash(Slash {
        caller,
        text: Typed::new(form.text.unwrap_or_default()),
        channel: filled(form.channel_id).map(ChannelId),
        response_url: filled(form.response_url).map(OneTime::new),
        trigger_id: filled(form.trigger_id).map(OneTime::new),
        delivery,
    }))
}

fn interaction(verified: &Verified, app_id: Option<&str>) -> Result<Inbound, InboundError> {
    if is_ssl_check(verified.body()) {
        return Ok(Inbound::SslCheck);
    }
    let mut fields = form(verified.body());
    let payload = fields.remove("payload").ok_or(InboundError::Unreadable("it has no payload"))?;
    let interaction: Interaction = serde_json::from_str(&payload)
        .map_err(|_| InboundError::Unreadable("its payload is no interaction"))?;
    is_for_us(interaction.api_app_id.as_deref(), app_id)?;
    match interaction.kind.as_deref().unwrap_or_default() {
        "block_actions" => click(verified, interaction),
        "view_submission" => submit(verified, interaction),
        "shortcut" | "message_action" => point(verified, interaction, &payload),
        other => Ok(Inbound::Ignored(format!("interaction {}", shown(other)))),
    }
}

fn click(verified: &Verified, mut interaction: Interaction) -> Result<Inbound, InboundError> {
    let caller = interacting(verified, &mut interaction)?;
    let Some(action) = interaction.actions.unwrap_or_default().into_iter().next() else {
        return Ok(Inbound::Ignored("a press without a button".to_owned()));
    };
    let container = interaction.container.unwrap_or_default();
    let channel = filled(container.channel_id)
        .or_else(|| interaction.channel.and_then(|channel| filled(channel.id)));
    let message = filled(container.message_ts);
    let on = message.clone().or(filled(container.view_id));
    let on = on.or(interaction.view.and_then(|view| view.id));
    let action_id = action.action_id.unwrap_or_default();
    let who = caller.person();
    let delivery = match (on, filled(action.action_ts)) {
        (Some(on), Some(at)) => format!("click:{}:{}:{on}:{action_id}:{at}", who.team, who.user),
        _ => format!("click:{}", fingerprint(verified)),
    };
    Ok(Inbound::Click(Click {
        action: ButtonAction::parse(&action_id, &action.value.unwrap_or_default()),
        place: channel
            .map(|channel| Place { channel: ChannelId(channel), message: message.map(MessageTs) }),
        response_url: filled(interaction.response_url).map(OneTime::new),
        trigger_id: filled(interaction.trigger_id).map(OneTime::new),
        caller,
        delivery,
    }))
}

fn point(
    verified: &Verified,
    mut interaction: Interaction,
    payload: &str,
) -> Result<Inbound, InboundError> {
    let caller = interacting(verified, &mut interaction)?;
    let channel = interaction.channel.and_then(|channel| filled(channel.id)).map(ChannelId);
    let name = interaction.callback_id.unwrap_or_default();
    let Some((chosen, place)) = shortcut::read((&name, payload), channel.as_ref()) else {
        return Ok(Inbound::Ignored(format!("shortcut {}", shown(&name))));
    };
    let who = caller.person();
    let delivery = match filled(interaction.action_ts) {
        Some(at) => format!("shortcut:{}:{}:{name}:{at}", who.team, who.user),
        None => format!("shortcut:{}", fingerprint(verified)),
    };
    Ok(Inbound::Shortcut(Shortcut {
        chosen,
        place,
        response_url: filled(interaction.response_url).map(OneTime::new),
        trigger_id: filled(interaction.trigger_id).map(OneTime::new),
        caller,
        delivery,
    }))
}

fn submit(verified: &Verified, mut interaction: Interaction) -> Result<Inbound, InboundError> {
    let caller = interacting(verified, &mut interaction)?;
    let view = interaction.view.unwrap_or_default();
    let name = view.callback_id.unwrap_or_default();
    let is_code = name == code_form::CALLBACK_ID;
    if name != intake_modal::CALLBACK_ID && !plan_form::is_ours(&name) && !is_code {
        return Ok(Inbound::Ignored("a form that is not ours".to_owned()));
    }
    let delivery = match (filled(view.id), filled(view.hash)) {
        (Some(id), Some(hash)) => format!("submit:{id}:{hash}:{}", caller.person().user),
        _ => format!("submit:{}", fingerprint(verified)),
    };
    let state = view.state.unwrap_or_default();
    if is_code {
        let read = code_form::read(&view.private_metadata.unwrap_or_default(), &state);
        let (at, code) = read.ok_or(InboundError::Unreadable("its form names no plan"))?;
        return Ok(Inbound::Code(SentCode { caller, at, code, delivery }));
    }
    if plan_form::is_ours(&name) {
        let form = plan_form::read(&name, &view.private_metadata.unwrap_or_default(), &state);
        let form = form.ok_or(InboundError::Unreadable("its form names no plan"))?;
        let fields = state["values"].as_object().into_iter().flatten();
        let fields = fields.map(|(field, _)| field.clone()).collect();
        return Ok(Inbound::PlanForm(SentForm { caller, form, fields, delivery }));
    }
    let form = intake_modal::read_state(&state);
    Ok(Inbound::Submit(Submit { caller, form, delivery }))
}

fn event(verified: &Verified, app_id: Option<&str>) -> Result<Inbound, InboundError> {
    let delivery: Delivery = serde_json::from_slice(verified.body())
        .map_err(|_| InboundError::Unreadable("it is no event"))?;
    let kind = delivery.kind.unwrap_or_default();
    if kind == "url_verification" {
        let challenge = delivery.challenge.unwrap_or_default();
        return Ok(Inbound::UrlVerification { challenge });
    }
    is_for_us(delivery.api_app_id.as_deref(), app_id)?;
    let id = match filled(delivery.event_id) {
        Some(id) => id,
        None => fingerprint(verified),
    };
    let team = delivery.team_id.or(delivery.enterprise_id);
    let about = delivery.event.unwrap_or_default();
    let is_ours = delivery.is_ext_shared_channel != Some(true);
    let user = about["user"].as_str().filter(|_| is_ours).map(str::to_owned);
    let caller = caller(verified, team.clone(), user, None).ok();
    let event = match kind.as_str() {
        "event_callback" => happening::read(&about, delivery.api_app_id.as_deref()),
        "app_rate_limited" => WorkspaceEvent::RateLimited,
        other => return Ok(Inbound::Ignored(format!("delivery {}", shown(other)))),
    };
    Ok(Inbound::Event(Happening {
        event,
        caller,
        delivery: format!("event:{}:{id}", team.unwrap_or_default()),
    }))
}

fn interacting(verified: &Verified, from: &mut Interaction) -> Result<Caller, InboundError> {
    let user = from.user.take().ok_or(InboundError::NoUser)?;
    let workspace = from.team.take().and_then(|team| team.id);
    let enterprise = from.enterprise.take().and_then(|named| named.id);
    // A visitor from a shared channel has a team of their own, and that is the one that counts.
    let team = filled(user.team_id).or(workspace).or(enterprise);
    caller(verified, team, user.id, user.username.or(user.name))
}

fn caller(
    verified: &Verified,
    team: Option<String>,
    user: Option<String>,
    name: Option<String>,
) -> Result<Caller, InboundError> {
    let user = filled(user).ok_or(InboundError::NoUser)?;
    let team = team.unwrap_or_default();
    let name = filled(name).map(|name| name.chars().take(NAME_LENGTH_MAX).collect());
    Ok(Caller::of(verified, PersonId { team, user }, name))
}

fn is_for_us(theirs: Option<&str>, ours: Option<&str>) -> Result<(), InboundError> {
    match (theirs, ours) {
        (Some(theirs), Some(ours)) if theirs != ours => Err(InboundError::OtherApp),
        _ => Ok(()),
    }
}

/// The fields of a form; of a field given twice the first counts.
fn form(body: &[u8]) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    fields
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Names a delivery that carries no id of its own; the signature itself must not be kept.
fn fingerprint(verified: &Verified) -> String {
    sha256_hex(verified.delivery().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Phase;
    use crate::domain::ids::CaseId;
    use crate::domain::proof::{SignedHeaders, sign};
    use jiff::Timestamp;
    use serde_json::json;

    fn verified(body: &str) -> Verified {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let signature = sign(b"secret", "1800000000", body.as_bytes());
        SignedHeaders::read(Some(b"1800000000"), Some(signature.as_bytes()), at)
            .unwrap()
            .verify(&[b"secret"], body.as_bytes().to_vec())
            .unwrap()
    }

    fn form(fields: &[(&str, &str)]) -> Verified {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        verified(&form.finish())
    }

    fn interaction(payload: Value) -> Result<Inbound, InboundError> {
        let body = form(&[("payload", &payload.to_string())]);
        read(&body, Route::Interactions, Some("A1"))
    }

    fn press() -> Value {
        json!({
            "type": "block_actions", "api_app_id": "A1", "team": { "id": "T1" },
            "user": { "id": "U1", "username": "ana", "team_id": "T1" },
            "container": { "type": "message", "message_ts": "1.2", "channel_id": "C1" },
            "actions": [{ "action_id": "phase.scope", "value": "case-1", "action_ts": "3.4" }],
            "response_url": "https://hooks.slack.com/actions/x", "trigger_id": "9.9.f",
            "message": { "metadata": { "event_payload": { "n": 1, "deep": { "a": [] } } } },
        })
    }

    fn clicked(payload: Value) -> Click {
        let read = interaction(payload).unwrap();
        let Inbound::Click(click) = read else { panic!("{read:?}") };
        click
    }

    #[test]
    fn a_command_is_read_and_its_text_is_not_printed() {
        let body = form(&[
            ("team_id", "T1"),
            ("user_id", "U1"),
            ("user_name", "ana"),
            ("channel_id", "D1"),
            ("text", "AKIA hunter2"),
            ("text", "second"),
            ("response_url", "https://hooks.slack.com/commands/secret-part"),
            ("trigger_id", "1.2.abc"),
        ]);
        let Inbound::Slash(slash) = read(&body, Route::Commands, None).unwrap() else {
            panic!("no command");
        };
        assert_eq!(slash.text.reveal(), "AKIA hunter2");
        assert_eq!(slash.delivery, "slash:1.2.abc");
        assert_eq!(slash.caller.person().team, "T1");
        let printed = format!("{slash:?}");
        assert!(!printed.contains("hunter2") && !printed.contains("secret-part"), "{printed}");
    }

    #[test]
    fn a_press_names_its_person_place_and_delivery() {
        let click = clicked(press());
        let case = CaseId("case-1".to_owned());
        assert_eq!(click.action, ButtonAction::Phase { case, phase: Phase::Scope });
        assert_eq!(click.delivery, "click:T1:U1:1.2:phase.scope:3.4");
        assert_eq!(click.place.unwrap().channel.0, "C1");
        assert_eq!(click.caller.name(), Some("ana"));
    }

    #[test]
    fn the_team_of_the_person_counts_and_not_that_of_the_channel() {
        let mut foreign = press();
        foreign["user"]["team_id"] = json!("T9");
        assert_eq!(clicked(foreign).caller.person().team, "T9");
        let mut org_wide = press();
        org_wide["team"] = Value::Null;
        assert_eq!(clicked(org_wide).caller.person().team, "T1");
        let mut bare = press();
        bare["user"] = json!({ "id": "U1" });
        assert_eq!(clicked(bare).caller.person().team, "T1");
    }

    #[test]
    fn a_press_without_a_person_or_for_another_app_is_refused() {
        let mut nobody = press();
        nobody["user"] = Value::Null;
        assert_eq!(interaction(nobody).unwrap_err(), InboundError::NoUser);
        let mut blank = press();
        blank["user"]["id"] = json!("");
        assert_eq!(interaction(blank).unwrap_err(), InboundError::NoUser);
        let mut other = press();
        other["api_app_id"] = json!("A2");
        assert_eq!(interaction(other).unwrap_err(), InboundError::OtherApp);
    }

    #[test]
    fn what_we_do_not_use_is_ignored_and_not_an_error() {
        for payload in [
            json!({ "type": "workflow_step_edit", "user": { "id": "U1" } }),
            json!({ "type": "view_closed", "user": { "id": "U1" } }),
            json!({ "type": "view_submission", "user": { "id": "U1" }, "view": {} }),
            json!({ "type": "block_actions", "user": { "id": "U1" }, "actions": [] }),
            json!({}),
        ] {
            let read = interaction(payload);
            assert!(matches!(read, Ok(Inbound::Ignored(_))), "{read:?}");
        }
        let mut unknown = press();
        unknown["actions"][0]["action_id"] = json!("buy");
        unknown["container"]["type"] = json!("hologram");
        assert_eq!(clicked(unknown).action, ButtonAction::Unknown);
    }

    #[test]
    fn a_form_is_read_and_missing_fields_are_empty() {
        let submission = |state: Value| {
            json!({
                "type": "view_submission", "user": { "id": "U1", "team_id": "T1" },
                "view": { "id": "V1", "hash": "1.x", "callback_id": "intake", "state": state },
            })
        };
        let state = json!({ "values": {
            "intake.keys": { "value": { "type": "plain_text_input", "value": "AKIA" } },
            "intake.exposed_since": { "value": { "selected_date_time": 1_800_000_000 } },
            "intake.note": { "value": { "value": null } },
        }});
        let Ok(Inbound::Submit(submit)) = interaction(submission(state)) else {
            panic!("no form");
        };
        assert_eq!(submit.form.keys, "AKIA");
        assert_eq!(submit.form.exposed_since.unwrap().as_second(), 1_800_000_000);
        assert_eq!((&submit.form.note, &submit.form.found_where), (&None, &None));
        assert_eq!(submit.delivery, "submit:V1:1.x:U1");
        assert!(matches!(interaction(submission(json!({}))), Ok(Inbound::Submit(_))));
    }

    #[test]
    fn events_are_read_by_what_they_are_about() {
        let event = |value: Value| read(&verified(&value.to_string()), Route::Events, Some("A1"));
        let challenge = event(json!({ "type": "url_verification", "challenge": "c" })).unwrap();
        assert!(matches!(challenge, Inbound::UrlVerification { challenge } if challenge == "c"));
        let archived = event(json!({
            "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "api_app_id": "A1",
            "event": { "type": "group_archive", "channel": "G1" },
        }));
        let Ok(Inbound::Event(happening)) = archived else {
            panic!("{archived:?}");
        };
        assert_eq!(happening.event, WorkspaceEvent::ChannelArchived(ChannelId("G1".to_owned())));
        assert_eq!(happening.delivery, "event:T1:Ev1");
        let strange = event(json!({ "type": "event_callback", "event": { "type": 7 } })).unwrap();
        assert!(matches!(strange, Inbound::Event(_)));
    }

    #[test]
    fn a_certificate_check_causes_nothing_even_with_a_command_inside() {
        let body = form(&[("ssl_check", "1"), ("text", "AKIAQNZGKIQY56JQ7WML"), ("user_id", "U1")]);
        assert!(matches!(read(&body, Route::Commands, None), Ok(Inbound::SslCheck)));
        assert!(is_ssl_check(body.body()));
        assert!(!is_ssl_check(b"ssl_check=0"));
    }

    #[test]
    fn no_bytes_make_the_reader_panic() {
        for body in ["", "payload=", "payload=[]", "payload=%FF", "\u{0}", "{", "null"] {
            let body = verified(body);
            for route in [Route::Commands, Route::Interactions, Route::Events] {
                drop(read(&body, route, None));
            }
        }
    }
}
