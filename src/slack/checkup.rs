//! What Slack tells about our app, and what our own address tells somebody who signs as Slack does.

use crate::domain::checkup::people::{Found, Looked, Profile};
use crate::domain::checkup::slack::{NoAnswer, Ping, Whoami};
use crate::domain::proof::sign;
use crate::domain::roster::is_group;
use crate::ports::clock::Clock;
use crate::slack::chat::SCOPES;
use crate::slack::web::{SlackSetUpError, SlackSettings, tls};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

/// Slack answers within a second or two; keyleak itself within three.
const CALL_TIME_MAX: Duration = Duration::from_secs(10);
/// An answer about one person is some KB.
const BODY_BYTES_MAX: usize = 256 << 10;
/// Slack lets an app ask about a hundred people a minute.
const PEOPLE_MAX: usize = 80;
const PEOPLE_AT_ONCE: usize = 8;
/// Causes behind causes; there are three or four.
const CAUSES_MAX: usize = 8;
const FORM: &str = "application/x-www-form-urlencoded";
/// Tells which scopes the token has, in every answer.
const SCOPES_HEADER: &str = "x-oauth-scopes";
/// What looking people up takes.
const SEES_PEOPLE: &str = "users:read";

/// What the Web API told of our token.
#[derive(Debug, Clone)]
pub struct Told {
    pub who: Result<Whoami, NoAnswer>,
    /// The scopes that the token has; none where Slack did not say.
    pub granted: Option<BTreeSet<String>>,
    /// How far the clock here is ahead of Slack's.
    pub ahead: Option<SignedDuration>,
}

/// The scopes that the code needs, as `doctor` and `serve` compare them.
pub const NEEDED: &[&str] = SCOPES;

/// Looks at Slack without the pace and the repairs of the client that works there: what does not
/// answer is what is to be told.
pub struct Look<'a> {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    settings: &'a SlackSettings,
    clock: Clock,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

enum Silence {
    Tls(String),
    Else(String),
}

impl std::fmt::Debug for Look<'_> {
    /// The token must not be printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Look")
    }
}

impl<'a> Look<'a> {
    pub fn new(settings: &'a SlackSettings, clock: Clock) -> Result<Self, SlackSetUpError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(settings.api_url.starts_with("https"))?)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, settings, clock })
    }

    /// Whose token it is, what it may, and what time it is at Slack.
    pub async fn token(&self) -> Told {
        let nothing = |why| Told { who: Err(why), granted: None, ahead: None };
        let answer = match self.call(Method::POST, "auth.test", "").await {
            Ok(answer) => answer,
            Err(why) => return nothing(why),
        };
        let granted = answer.headers.get(SCOPES_HEADER).and_then(|list| list.to_str().ok());
        let granted = granted.map(|list| {
            let scopes = list.split(',').map(str::trim).filter(|scope| !scope.is_empty());
            scopes.map(str::to_owned).collect()
        });
        let ahead = told_at(&answer.headers).map(|theirs| self.clock.now().duration_since(theirs));
        let who = accepted(&answer).map(|told| whoami(&told));
        // Of a token that Slack does not know nothing is granted, and nothing is to be compared.
        let granted = granted.filter(|_| who.is_ok());
        Told { who, granted, ahead }
    }

    /// Everybody of these, as Slack describes them.
    pub async fn people(&self, granted: Option<&BTreeSet<String>>, users: &[&str]) -> Looked {
        match granted {
            Some(granted) if granted.contains(SEES_PEOPLE) => {}
            Some(_) => {
                return Looked::NotAtAll(format!(
                    "whether they are active members: the token lacks {SEES_PEOPLE}"
                ));
            }
            None => return Looked::NotAtAll("the token's scopes are not known".to_owned()),
        }
        let asked = users.iter().take(PEOPLE_MAX).map(|user| (*user).to_owned());
        let each = stream::iter(asked).map(|user| async {
            let found =
                if is_group(&user) { self.group(&user).await } else { self.person(&user).await };
            (user, found)
        });
        Looked::Up(each.buffer_unordered(PEOPLE_AT_ONCE).collect().await)
    }

    async fn group(&self, id: &str) -> Found {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("usergroup", id).finish();
        let answer = self.call(Method::GET, "usergroups.users.list", &query).await;
        match answer.and_then(|answer| accepted(&answer)) {
            Ok(told) => {
                let users = told["users"].as_array().into_iter().flatten();
                Found::Group(users.filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Err(NoAnswer::Refused(code)) if code == "no_such_subteam" => Found::Nobody,
            Err(NoAnswer::Refused(code)) => Found::NotTold(code),
            Err(NoAnswer::Unreachable(why)) => Found::NotTold(why),
        }
    }

    async fn person(&self, user: &str) -> Found {
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("user", user).finish();
        let answer = self.call(Method::GET, "users.info", &query).await;
        match answer.and_then(|answer| accepted(&answer)) {
            Ok(told) => Found::Somebody(profile(&told["user"])),
            Err(NoAnswer::Refused(code)) if code == "user_not_found" => Found::Nobody,
            Err(NoAnswer::Refused(code)) => Found::NotTold(code),
            Err(NoAnswer::Unreachable(why)) => Found::NotTold(why),
        }
    }

    /// Types `/keyleak help` at our own address as Slack would: that is told to nobody, recorded
    /// nowhere, and changes nothing.
    pub async fn ping(
        &self,
        public_url: &str,
        secret: &SecretString,
        (user, app): (&str, Option<&str>),
    ) -> Ping {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("command", "/keyleak").append_pair("text", "help");
        form.append_pair("team_id", &self.settings.team_id).append_pair("user_id", user);
        if let Some(app) = app {
            form.append_pair("api_app_id", app);
        }
        // The same request within the same second would be one that was answered before.
        form.append_pair("asked_at", &self.clock.now().as_nanosecond().to_string());
        let body = form.finish();
        let timestamp = self.clock.now().as_second().to_string();
        let signature = sign(secret.expose_secret().as_bytes(), &timestamp, body.as_bytes());
        let request = Request::post(format!("{public_url}/slack/commands"))
            .header(CONTENT_TYPE, FORM)
            .header("x-slack-request-timestamp", timestamp)
            .header("x-slack-signature", signature)
            .body(Full::from(body));
        match self.send(request).await {
            Err(Silence::Tls(why)) => Ping::Tls(why),
            Err(Silence::Else(why)) => Ping::Unreachable(why),
            Ok(answer) if answer.status != StatusCode::OK => Ping::Else(answer.status.as_u16()),
            Ok(answer) => {
                let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let ours = said["response_type"] == "ephemeral";
                if ours { Ping::Answered } else { Ping::OtherWords }
            }
        }
    }

    async fn call(&self, how: Method, method: &str, query: &str) -> Result<Answer, NoAnswer> {
        let token = self.settings.bot_token.expose_secret();
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut bearer =
            bearer.map_err(|_| NoAnswer::Refused("it holds what no token holds".to_owned()))?;
        bearer.set_sensitive(true);
        let base = self.settings.api_url.trim_end_matches('/');
        let mark = if query.is_empty() { "" } else { "?" };
        let request = Request::builder()
            .method(how)
            .uri(format!("{base}/{method}{mark}{query}"))
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, FORM)
            .body(Full::default());
        self.send(request).await.map_err(|silence| match silence {
            Silence::Tls(why) | Silence::Else(why) => NoAnswer::Unreachable(why),
        })
    }

    async fn send(
        &self,
        request: Result<Request<Full<Bytes>>, http::Error>,
    ) -> Result<Answer, Silence> {
        let request = request.map_err(|error| Silence::Else(error.to_string()))?;
        let sending = async {
            let answer = self.client.request(request).await;
            let answer = answer.map_err(|error| silence(&error))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
            let body = body.map_err(|_| Silence::Else("the answer broke off".to_owned()))?;
            let body = body.to_bytes().to_vec();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        match tokio::time::timeout(CALL_TIME_MAX, sending).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let seconds = CALL_TIME_MAX.as_secs();
                Err(Silence::Else(format!("no answer within {seconds} s")))
            }
        }
    }
}

/// What an answer of the Web API says, or its code.
fn accepted(answer: &Answer) -> Result<Value, NoAnswer> {
    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        return Err(NoAnswer::Refused("ratelimited".to_owned()));
    }
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (told["ok"].as_bool(), told["error"].as_str()) {
        (Some(true), _) => Ok(told),
        (Some(false), code) => {
            Err(NoAnswer::Refused(code.unwrap_or("without a reason").to_owned()))
        }
        (None, _) => {
            let status = answer.status.as_u16();
            Err(NoAnswer::Unreachable(format!("HTTP {status}, and no answer of Slack's")))
        }
    }
}

fn whoami(told: &Value) -> Whoami {
    let field = |name: &str| told[name].as_str().map(str::to_owned);
    let text = |name: &str| field(name).unwrap_or_default();
    Whoami {
        team_id: text("team_id"),
        team: text("team"),
        user_id: text("user_id"),
        user: text("user"),
        url: text("url"),
        app_id: field("app_id"),
        bot_id: field("bot_id"),
    }
}

fn profile(user: &Value) -> Profile {
    let is = |name: &str| user[name].as_bool().unwrap_or_default();
    let text = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
    Profile {
        name: text("name"),
        team_id: text("team_id"),
        is_deactivated: is("deleted"),
        is_guest: is("is_restricted") || is("is_ultra_restricted"),
        is_bot: is("is_bot") || is("is_workflow_bot"),
        is_stranger: is("is_stranger"),
    }
}

fn told_at(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(date).ok()
}

fn silence(error: &(dyn Error + 'static)) -> Silence {
    let mut words: Vec<String> = Vec::new();
    let mut is_tls = false;
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| words.len() < CAUSES_MAX) {
        is_tls = is_tls || error.is::<rustls::Error>();
        words.push(error.to_string());
        // An error of input and output hides the one that it was made of.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    let why = words.pop().unwrap_or_default();
    if is_tls { Silence::Tls(why) } else { Silence::Else(why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_answer_is_read_as_http_writes_it() {
        let mut headers = HeaderMap::new();
        assert_eq!(told_at(&headers), None);
        headers.insert(DATE, HeaderValue::from_static("Tue, 01 Dec 2026 02:27:19 GMT"));
        assert_eq!(told_at(&headers), Some("2026-12-01T02:27:19Z".parse().unwrap()));
    }
}
