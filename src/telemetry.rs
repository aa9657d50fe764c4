//! Structured logs on standard error: one span per case, never a body, a token or an id unmasked.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged when nothing else is asked for; the SDKs' own detail stays out.
const DEFAULT_FILTER: &str = "warn,keyleak=info";

/// What would print the address of a connection, which holds a ticket, whatever is asked for.
const QUIET: [&str; 2] = ["tungstenite=off", "tokio_tungstenite=off"];

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// One JSON object a line, for machines.
    Json,
    /// For a person at a terminal.
    Plain,
}

/// Starts logging; a second start is ignored, so that tests may call it too.
pub fn start(style: Style, filter: Option<&str>) {
    let mut filter = EnvFilter::new(filter.unwrap_or(DEFAULT_FILTER));
    for quiet in QUIET.iter().filter_map(|quiet| quiet.parse().ok()) {
        filter = filter.add_directive(quiet);
    }
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match style {
        Style::Json => base.json().finish().try_init(),
        Style::Plain => base.finish().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was already started");
    }
}
