//! How the service itself stands: where it listens, whom it talks to instead of Slack and AWS.

use crate::domain::checkup::{Line, Part};
use std::net::SocketAddr;

/// What trying to listen came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listening {
    Free,
    /// Something listens there: keyleak itself, where it says so.
    Taken {
        by_keyleak: bool,
    },
    Impossible(String),
}

/// Whether `serve` could listen.
pub fn listening(at: SocketAddr, seen: &Listening, public_url: Option<&str>) -> Line {
    match seen {
        Listening::Free | Listening::Taken { by_keyleak: true } => {
            let now = match seen {
                Listening::Free => "is free",
                Listening::Taken { .. } | Listening::Impossible(_) => "is served by keyleak",
            };
            let public = public_url.map(|url| format!(", {url} to Slack")).unwrap_or_default();
            Line::ok(Part::ListenAddress, format!("{at} {now}{public}"))
        }
        Listening::Taken { by_keyleak: false } => Line::failed(
            Part::ListenAddress,
            format!("another program listens on {at}"),
            "end that program, or choose another address with server.listen",
        ),
        Listening::Impossible(why) => Line::failed(
            Part::ListenAddress,
            format!("{at} cannot be listened on: {why}"),
            "set server.listen to an address of this host, with a port above 1023",
        ),
    }
}

/// Every address that is not Slack's or AWS's own: each case shows them.
pub fn endpoints(other: &[String]) -> Line {
    if other.is_empty() {
        return Line::ok(Part::Endpoints, "Slack's and AWS's own");
    }
    Line::warning(
        Part::Endpoints,
        format!("not Slack's or AWS's own: {}", other.join("; ")),
        "unset slack.api_url and AWS_ENDPOINT_URL… unless you mean them; every card shows them",
    )
}

/// Mistakes in the settings: all of them, and nothing else can be looked at.
pub fn settings(mistakes: &[String]) -> Vec<Line> {
    let fix = "correct it; README.md has a table of all settings";
    mistakes.iter().map(|mistake| Line::failed(Part::Settings, mistake.as_str(), fix)).collect()
}

/// Delivered objects on this host instead of a table.
pub fn trail_paths(count: usize, unread: Option<&(String, String)>) -> Line {
    match unread {
        Some((path, why)) => Line::failed(
            Part::Trail,
            format!("{path} cannot be read: {why}"),
            "correct trail.paths, and let keyleak read what is there",
        ),
        None => Line::ok(Part::Trail, format!("{count} on this host can be read")),
    }
}
