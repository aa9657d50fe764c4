//! What `doctor` sees of the Slack workspace: token, scopes, command, and the people of the lists.

use crate::commands::stores;
use crate::config::Config;
use crate::config::transport::Transport;
use crate::domain::checkup::people::{self, Looked};
use crate::domain::checkup::slack::{self, Expected, Ping, Whoami};
use crate::domain::checkup::{Line, Part};
use crate::ports::chat::Chat;
use crate::ports::clock::Clock;
use crate::slack::chat::SlackChat;
use crate::slack::checkup::{Look, NEEDED, Told};
use jiff::SignedDuration;

/// What is said of people whom Slack was not asked about.
const NO_TOKEN: &str = "whether they are active members: see Slack token";

/// Everything that Slack tells, and how far the clock here is ahead of its own.
pub async fn look(config: &Config, clock: Clock) -> (Vec<Line>, Option<SignedDuration>) {
    let settings = stores::slack(&config.slack);
    let look = match Look::new(&settings, clock) {
        Ok(look) => look,
        Err(error) => {
            let fix = "correct slack.api_url, and install the ca-certificates package";
            let mut lines = vec![Line::failed(Part::SlackToken, error.to_string(), fix)];
            lines.extend(of_people(config, &Looked::NotAtAll(NO_TOKEN.to_owned())));
            return (lines, None);
        }
    };
    let told = look.token().await;
    let (ping, looked) = tokio::join!(ping(&look, config, &told), looked(&look, config, &told));
    let expected = Expected {
        team_id: &config.slack.team_id,
        app_id: config.slack.app_id.as_deref(),
        api_url: &config.slack.api_url,
    };
    let mut lines = vec![
        slack::token(&told.who, expected),
        slack::scopes(told.granted.as_ref(), NEEDED),
        slack::command(&ping, config.public_url.as_deref()),
        slack::channels(told.granted.as_ref()),
    ];
    lines.extend(of_people(config, &looked));
    (lines, told.ahead)
}

/// Makes a private channel as a case does, and archives it.
pub async fn try_channel(config: &Config, clock: Clock) -> Line {
    let name = format!("keyleak-doctor-{}", clock.now().as_millisecond());
    let chat = match SlackChat::new(&stores::slack(&config.slack), clock) {
        Ok(chat) => chat,
        Err(error) => return slack::trial(&name, Some(&error.to_string()), None),
    };
    match chat.create_channel(&name).await {
        Err(error) => slack::trial(&name, Some(&error.to_string()), None),
        Ok(channel) => {
            let left = chat.archive(&channel).await.err().map(|error| error.to_string());
            slack::trial(&name, None, left.as_deref())
        }
    }
}

fn of_people(config: &Config, looked: &Looked) -> Vec<Line> {
    let policy = &config.rules.policy;
    let mut lines = people::approvers(policy, &config.rules.plans, looked);
    lines.extend(people::each(policy, &config.operators, looked));
    lines.extend(people::step_up(policy, &config.rules.plans, &config.operators));
    lines
}

async fn ping(look: &Look<'_>, config: &Config, told: &Told) -> Ping {
    if matches!(config.slack.transport, Transport::Socket(_)) {
        return Ping::BySocket;
    }
    let Some(url) = &config.public_url else { return Ping::NoAddress };
    if told.ahead.is_some_and(slack::is_too_far) {
        return Ping::ClockIsWrong;
    }
    let Some(secret) = config.slack.signing_secrets.first() else { return Ping::NoAddress };
    let who = told.who.as_ref().ok();
    let user = who.map_or("U00000000", |who| who.user_id.as_str());
    // Slack would name the app that it is, whatever the settings say.
    let app = who.and_then(|who| who.app_id.as_deref()).or(config.slack.app_id.as_deref());
    look.ping(url, secret, (user, app)).await
}

async fn looked(look: &Look<'_>, config: &Config, told: &Told) -> Looked {
    // Another workspace knows other people.
    let is_ours = |who: &Whoami| who.team_id == config.slack.team_id;
    if !told.who.as_ref().is_ok_and(is_ours) {
        return Looked::NotAtAll(NO_TOKEN.to_owned());
    }
    let listed = people::listed(&config.rules.policy, &config.operators);
    let users: Vec<&str> = listed.into_keys().collect();
    look.people(told.granted.as_ref(), &users).await
}
