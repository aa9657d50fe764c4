//! The Slack app as Slack installs it: commands, addresses, events and scopes.

use serde_json::{Value, json};
use url::Url;

/// What `apps.manifest.create` takes; the tests hold it to what the code calls and understands.
const APP: &str = include_str!("../../manifests/slack-app.json");
/// Stands in the file for the address at which Slack reaches this service.
pub const PLACEHOLDER_URL: &str = "https://keyleak.example.com";

/// Why an address cannot be given to Slack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be the https address at which Slack reaches keyleak, such as {PLACEHOLDER_URL}")]
pub struct NoPublicUrl;

/// The app's manifest; Slack will call the three routes below this address.
pub fn app(public_url: &str) -> String {
    APP.replace(PLACEHOLDER_URL, public_url)
}

/// The app's manifest for Socket Mode: the same app, which nothing has an address of.
pub fn for_socket_mode() -> String {
    // The file is ours, and a test reads it.
    let mut app: Value = serde_json::from_str(APP).unwrap_or_default();
    let commands = app["features"]["slash_commands"].as_array_mut().into_iter().flatten();
    for command in commands.filter_map(Value::as_object_mut) {
        command.remove("url");
    }
    for name in ["event_subscriptions", "interactivity"] {
        if let Some(setting) = app["settings"][name].as_object_mut() {
            setting.remove("request_url");
        }
    }
    app["settings"]["socket_mode_enabled"] = json!(true);
    format!("{app:#}")
}

/// An address that Slack can reach, without a slash at its end.
pub fn public_url(text: &str) -> Result<String, NoPublicUrl> {
    let url = Url::parse(text).map_err(|_| NoPublicUrl)?;
    let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let good = url.scheme() == "https" && url.host_str().is_some() && bare;
    good.then(|| url.as_str().trim_end_matches('/').to_owned()).ok_or(NoPublicUrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_before_all_three_routes() {
        let printed = app("https://bot.example.org/keyleak");
        for route in ["commands", "interactions", "events"] {
            let address = format!("\"https://bot.example.org/keyleak/slack/{route}\"");
            assert_eq!(printed.matches(&address).count(), 1, "{route}");
        }
        assert!(!printed.contains(PLACEHOLDER_URL));
    }

    #[test]
    fn socket_mode_is_the_same_app_without_an_address() {
        let with: Value = serde_json::from_str(APP).unwrap();
        let without: Value = serde_json::from_str(&for_socket_mode()).unwrap();
        assert!(!for_socket_mode().contains("http"), "{without:#}");
        assert_eq!(without["settings"]["socket_mode_enabled"], true);
        assert_eq!(without["oauth_config"], with["oauth_config"], "the scopes are the same");
        let events = |app: &Value| app["settings"]["event_subscriptions"]["bot_events"].clone();
        assert_eq!(events(&without), events(&with));
        assert!(!events(&with).as_array().unwrap().is_empty());
        assert_eq!(without["settings"]["interactivity"], json!({ "is_enabled": true }));
        assert_eq!(without["features"]["slash_commands"][0]["command"], "/keyleak");
    }

    #[test]
    fn an_address_that_slack_cannot_use_is_refused() {
        assert_eq!(public_url("https://bot.example.org/").unwrap(), "https://bot.example.org");
        assert_eq!(public_url("https://b.org/keyleak/").unwrap(), "https://b.org/keyleak");
        for wrong in
            ["bot.example.org", "http://bot.example.org", "https://u@b.org", "https://b/?x"]
        {
            assert_eq!(public_url(wrong), Err(NoPublicUrl), "{wrong}");
        }
    }
}
