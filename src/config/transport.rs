//! By which way what people do reaches the service, and what that needs.

use crate::config::reader::Reader;
use secrecy::SecretString;

/// App-level tokens begin so; a bot's token is no use for Socket Mode.
const APP_TOKEN_BEGINS: &str = "xapp-";
const APP_TOKEN: &str = "the app-level token (xapp-…, Basic Information) with connections:write";

/// How what people do reaches this service.
#[derive(Debug)]
pub enum Transport {
    /// Slack calls it at its public address.
    Http,
    /// It holds a connection to Slack, which it opens with the app-level token.
    Socket(SecretString),
}

/// Reads which it is.
pub(super) fn transport(r: &mut Reader) -> Transport {
    match r.text_or("slack.transport", "http").as_str() {
        "http" => {
            if r.text("slack.app_token").is_some() {
                let why = "is for slack.transport = \"socket\"; set that, or leave it out";
                r.reject("slack.app_token", why);
            }
            Transport::Http
        }
        "socket" => {
            let token = r.needed("slack.app_token", APP_TOKEN);
            if !token.is_empty() && !token.starts_with(APP_TOKEN_BEGINS) {
                r.reject("slack.app_token", &format!("is not {APP_TOKEN}"));
            }
            Transport::Socket(SecretString::from(token))
        }
        _ => {
            r.reject("slack.transport", "can be \"http\" or \"socket\"");
            Transport::Http
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, read};

    const GOOD: &str = "[slack]\nWAY\nbot_token = \"xoxb-1\"\nteam_id = \"T1\"\n";

    fn with(way: &str) -> Result<Config, Vec<String>> {
        read("keyleak.toml", &GOOD.replace("WAY", way), &[]).map_err(|errors| errors.0)
    }

    #[test]
    fn socket_mode_needs_the_app_level_token_and_no_signing_secret() {
        let config = with("transport = \"socket\"\napp_token = \"xapp-hidden\"").unwrap();
        assert!(matches!(config.slack.transport, Transport::Socket(_)));
        assert!(config.slack.signing_secrets.is_empty());
        assert!(!format!("{config:?}").contains("xapp-hidden"));
        assert!(with("signing_secret = \"s\"").is_ok());
        for (way, told) in [
            ("transport = \"socket\"", "slack.app_token is missing"),
            (
                "transport = \"socket\"\napp_token = \"xoxb-1\"",
                "slack.app_token is not the app-level",
            ),
            ("transport = \"pigeon\"", "slack.transport can be"),
            ("", "slack.signing_secret is missing"),
            ("signing_secret = \"s\"\napp_token = \"xapp-1\"", "slack.app_token is for"),
        ] {
            let found = with(way).unwrap_err();
            assert!(found.iter().any(|error| error.contains(told)), "{way}: {found:?}");
        }
    }
}
