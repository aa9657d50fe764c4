//! How the Slack app stands: its token, its scopes, its command, and what cannot be asked.

use crate::domain::checkup::{Line, Part};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Slack signs the time along, and keyleak takes five minutes; half of that is left for the way.
const SKEW_WARNED: SignedDuration = SignedDuration::from_secs(30);
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(150);
/// Without it no channel of a case can be made.
const MAKES_CHANNELS: &str = "groups:write";

/// Whose token it is, as `auth.test` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whoami {
    pub team_id: String,
    pub team: String,
    pub user_id: String,
    pub user: String,
    pub url: String,
    /// Slack tells it of some tokens only.
    pub app_id: Option<String>,
    /// None where the token is a person's.
    pub bot_id: Option<String>,
}

/// Why nobody knows whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// Slack's code, such as `invalid_auth`.
    Refused(String),
    Unreachable(String),
}

/// What the settings say it must be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub team_id: &'a str,
    pub app_id: Option<&'a str>,
    pub api_url: &'a str,
}

/// What came back of a request that was signed as Slack signs them, for `/keyleak help`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ping {
    /// `server.public_url` is not set.
    NoAddress,
    /// Slack is reached by Socket Mode, so that it calls no address.
    BySocket,
    /// A request that is signed now would be refused for its age.
    ClockIsWrong,
    /// keyleak's own answer.
    Answered,
    /// Something answered with this status, and it was not keyleak.
    Else(u16),
    /// Success, with other words than keyleak's.
    OtherWords,
    Tls(String),
    Unreachable(String),
}

/// The token, and whether it is the one that the settings are about.
pub fn token(seen: &Result<Whoami, NoAnswer>, expected: Expected<'_>) -> Line {
    let failed = |seen: String, fix: String| Line::failed(Part::SlackToken, seen, fix);
    let who = match seen {
        Ok(who) => who,
        Err(NoAnswer::Unreachable(why)) => {
            return failed(
                format!("{} does not answer: {why}", expected.api_url),
                "let this host reach slack.com over https (proxy, firewall, name service), or \
                 correct slack.api_url"
                    .to_owned(),
            );
        }
        Err(NoAnswer::Refused(code)) => return failed(refused(code), fix_of_token(code)),
    };
    if who.team_id != expected.team_id {
        return failed(
            format!("the token is of {} ({}), not of {}", who.team, who.team_id, expected.team_id),
            format!(
                "set slack.team_id = \"{}\" if that is the workspace, or set slack.bot_token to the \
                 token of the app that is installed in {}",
                who.team_id, expected.team_id
            ),
        );
    }
    if who.bot_id.is_none() {
        return failed(
            format!("the token is a person's ({})", who.user_id),
            "set slack.bot_token to the Bot User OAuth Token (xoxb-…) of OAuth & Permissions"
                .to_owned(),
        );
    }
    if let (Some(told), Some(wanted)) = (who.app_id.as_deref(), expected.app_id)
        && told != wanted
    {
        return failed(
            format!("the token is of the app {told}, not of {wanted}"),
            format!("set slack.app_id = \"{told}\", or use the token of the app {wanted}"),
        );
    }
    let app = match (&who.app_id, expected.app_id) {
        (Some(told), _) => format!(", app {told}"),
        (None, Some(_)) => ", slack.app_id cannot be compared: Slack does not tell it".to_owned(),
        (None, None) => String::new(),
    };
    let Whoami { user, user_id, team, team_id, url, .. } = who;
    Line::ok(Part::SlackToken, format!("bot {user} ({user_id}) in {team} ({team_id}), {url}{app}"))
}

fn refused(code: &str) -> String {
    format!("Slack refused slack.bot_token: {code}")
}

fn fix_of_token(code: &str) -> String {
    match code {
        "account_inactive" | "token_revoked" => "install the app again (OAuth & Permissions, \
            Reinstall to Workspace) and set slack.bot_token to the new token"
            .to_owned(),
        "missing_scope" => "install the app again from what `keyleak manifest slack` prints".into(),
        "ratelimited" | "rate_limited" => "ask again in a minute".to_owned(),
        _ => "copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions of the app into \
              slack.bot_token"
            .to_owned(),
    }
}

/// Whether a private channel could be made as a case makes one, and be put away again. Scopes do
/// not tell: a workspace may let nobody but its administrators make channels.
pub fn trial(name: &str, not_made: Option<&str>, not_archived: Option<&str>) -> Line {
    let line = match (not_made, not_archived) {
        (Some(why), _) => Line::failed(
            Part::SlackChannels,
            format!("no private channel can be made: {why}"),
            "have somebody who administers the workspace let this app make private channels \
             (Settings & administration, Manage members' permissions, Channel Management)",
        ),
        (None, Some(why)) => Line::warning(
            Part::SlackChannels,
            format!("a private channel was made and could not be archived: {why}"),
            format!("archive #{name} by hand"),
        ),
        (None, None) => {
            Line::ok(Part::SlackChannels, format!("made #{name}, private, and archived it"))
        }
    };
    line.about("a trial")
}

/// The scopes that the token has against those that the code uses, both ways.
pub fn scopes(granted: Option<&BTreeSet<String>>, needed: &[&str]) -> Line {
    let Some(granted) = granted else {
        return Line::not_checked(Part::SlackScopes, "Slack did not say which the token has");
    };
    let difference = Difference::of(granted, needed);
    if !difference.missing.is_empty() {
        return Line::failed(
            Part::SlackScopes,
            difference.words(),
            format!(
                "add {} under OAuth & Permissions, Bot Token Scopes (or paste what `keyleak manifest \
                 slack` prints under App Manifest), then Reinstall to Workspace",
                difference.missing.join(", ")
            ),
        );
    }
    if !difference.surplus.is_empty() {
        return Line::warning(
            Part::SlackScopes,
            difference.words(),
            format!(
                "remove {} under OAuth & Permissions and install the app again: what is not needed \
                 only helps whoever takes the token",
                difference.surplus.join(", ")
            ),
        );
    }
    Line::ok(Part::SlackScopes, format!("all {} that are needed, and no other", needed.len()))
}

/// Scopes that lack, and scopes that nothing needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub missing: Vec<String>,
    pub surplus: Vec<String>,
}

impl Difference {
    pub fn of(granted: &BTreeSet<String>, needed: &[&str]) -> Self {
        let missing = needed.iter().filter(|scope| !granted.contains(**scope));
        let surplus = granted.iter().filter(|scope| !needed.contains(&scope.as_str()));
        Self {
            missing: missing.map(|scope| (*scope).to_owned()).collect(),
            surplus: surplus.cloned().collect(),
        }
    }

    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty()
    }

    pub fn words(&self) -> String {
        let list = |what: &str, scopes: &[String]| {
            (!scopes.is_empty()).then(|| format!("{what} {}", scopes.join(", ")))
        };
        let lacks = list("the token lacks", &self.missing);
        let more = list("nothing needs", &self.surplus);
        lacks.into_iter().chain(more).collect::<Vec<_>>().join("; ")
    }
}

/// Whether channels can be made, as far as Slack lets one ask without making one.
pub fn channels(granted: Option<&BTreeSet<String>>) -> Line {
    match granted {
        Some(granted) if granted.contains(MAKES_CHANNELS) => Line::ok(
            Part::SlackChannels,
            format!(
                "{MAKES_CHANNELS} is granted; whether the workspace lets apps make private channels \
                 shows only when one is made"
            ),
        ),
        Some(_) => Line::not_checked(
            Part::SlackChannels,
            format!("without {MAKES_CHANNELS} none can be made; see Slack scopes"),
        ),
        None => Line::not_checked(Part::SlackChannels, "the token's scopes are not known"),
    }
}

/// Whether Slack's requests reach keyleak, and whether it takes them for Slack's.
pub fn command(ping: &Ping, public_url: Option<&str>) -> Line {
    let url = public_url.unwrap_or_default();
    let failed = |seen: String, fix: &str| Line::failed(Part::SlackCommand, seen, fix);
    match ping {
        Ping::NoAddress => Line::not_checked(Part::SlackCommand, "server.public_url is not set")
            .with_fix("set server.public_url to the https address at which Slack reaches keyleak"),
        Ping::BySocket => Line::ok(
            Part::SlackCommand,
            "with Socket Mode Slack calls no address; /readyz tells how the connection is",
        ),
        Ping::ClockIsWrong => Line::not_checked(
            Part::SlackCommand,
            "what is signed by this clock is refused for its age; see the clock",
        ),
        Ping::Answered => Line::ok(
            Part::SlackCommand,
            format!("{url}/slack/commands takes what is signed with slack.signing_secret"),
        ),
        Ping::Else(401) => failed(
            format!("{url}/slack/commands refuses what is signed with slack.signing_secret (401)"),
            "the service runs with another secret: set slack.signing_secret to the Signing Secret \
             of Basic Information in both, start `keyleak serve` again, and compare its clock",
        ),
        Ping::Else(status @ (404 | 405)) => failed(
            format!("there is no {url}/slack/commands ({status})"),
            "let the proxy hand /slack/commands, /slack/interactions and /slack/events on to \
             server.listen, or correct the path in server.public_url and in the app's manifest",
        ),
        Ping::Else(status @ (301 | 302 | 307 | 308)) => failed(
            format!("{url}/slack/commands redirects ({status}), and Slack follows no redirect"),
            "set server.public_url to where it redirects to, and print the app's manifest again",
        ),
        Ping::Else(status @ (502..=504)) => failed(
            format!("the proxy at {url} answers {status}: nothing runs behind it"),
            "start `keyleak serve`, and let the proxy hand requests on to server.listen",
        ),
        Ping::Else(status) => failed(
            format!("{url}/slack/commands answers {status}"),
            "look into the proxy's log and keyleak's: Slack would show an error to people",
        ),
        Ping::OtherWords => failed(
            format!("something else than keyleak answers at {url}/slack/commands"),
            "let the proxy hand /slack/commands on to server.listen, or correct server.public_url",
        ),
        Ping::Tls(why) => failed(
            format!("{url} shows no certificate that Slack would take: {why}"),
            "give the proxy a certificate of a public authority for this name, its whole chain \
             included, and serve TLS on this port",
        ),
        Ping::Unreachable(why) => failed(
            format!("{url} cannot be reached from here: {why}"),
            "start `keyleak serve` behind its proxy and open the port to Slack, or correct \
             server.public_url",
        ),
    }
}

/// How far the clock is ahead of each of the others that told theirs; the farthest counts, since
/// signatures of another time are refused on both sides.
pub fn clock(ahead_of: &[(&str, SignedDuration)]) -> Line {
    let Some((whose, ahead)) = ahead_of.iter().max_by_key(|(_, ahead)| ahead.abs()) else {
        return Line::not_checked(Part::Clock, "neither Slack nor AWS told the time");
    };
    let seconds = ahead.as_secs().unsigned_abs();
    let words = match seconds {
        0..=2 => format!("the clock here agrees with {whose}'s"),
        _ if ahead.is_positive() => format!("the clock here is {seconds} s ahead of {whose}'s"),
        _ => format!("the clock here is {seconds} s behind {whose}'s"),
    };
    let fix = "let the host keep time (systemctl enable --now systemd-timesyncd, or chrony), then \
               start keyleak again";
    if is_too_far(*ahead) {
        return Line::failed(Part::Clock, words, fix);
    }
    if ahead.abs() > SKEW_WARNED {
        return Line::warning(Part::Clock, words, fix);
    }
    Line::ok(Part::Clock, words)
}

/// Whether a request that is signed by this clock would be refused for its age.
pub fn is_too_far(ahead: SignedDuration) -> bool {
    ahead.abs() > SKEW_MAX
}
