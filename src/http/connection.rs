//! What is known of the connection of Socket Mode, for operators and for whoever scrapes figures.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connection as it stands; one a process, and two for the moments of a change.
#[derive(Debug, Default)]
pub struct Connection {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    open: u32,
    opened: u64,
    failed: u64,
    envelopes: u64,
    unread: u64,
    /// How many connections Slack counted for the app when it last said hello.
    counted: Option<u64>,
    trouble: Option<String>,
}

/// An open connection; dropping it says that it is closed.
#[derive(Debug)]
pub struct Up(Arc<Connection>);

impl Connection {
    /// A connection has come up.
    pub fn up(self: &Arc<Self>, counted: Option<u64>) -> Up {
        let mut known = self.known();
        known.open += 1;
        known.opened += 1;
        known.counted = counted.or(known.counted);
        known.trouble = None;
        Up(Arc::clone(self))
    }

    /// None could be opened, or one has ended, and why.
    pub fn failed(&self, why: &str) {
        let mut known = self.known();
        known.failed += 1;
        known.trouble = Some(why.to_owned());
    }

    pub fn envelope(&self) {
        self.known().envelopes += 1;
    }

    /// A frame that means nothing to us.
    pub fn unread(&self) {
        self.known().unread += 1;
    }

    /// Why Slack cannot reach us, when it cannot.
    pub fn trouble(&self) -> Option<String> {
        let known = self.known();
        let why = || known.trouble.clone().unwrap_or_else(|| "it is being opened".to_owned());
        (known.open == 0).then(why)
    }

    /// Prometheus' text format.
    pub fn metrics(&self) -> String {
        let known = self.known();
        let mut body = String::new();
        let mut figure = |name: &str, kind: &str, help: &str, value: u64| {
            // Writing into a string cannot fail.
            let _ = writeln!(body, "# HELP keyleak_socket_{name} {help}");
            let _ = writeln!(body, "# TYPE keyleak_socket_{name} {kind}");
            let _ = writeln!(body, "keyleak_socket_{name} {value}");
        };
        figure("connections", "gauge", "Open connections to Slack", known.open.into());
        figure("opened_total", "counter", "Connections that came up", known.opened);
        figure("failed_total", "counter", "Connections that failed or broke", known.failed);
        figure("envelopes_total", "counter", "Envelopes that were taken in", known.envelopes);
        figure("unread_total", "counter", "Frames that mean nothing to us", known.unread);
        if let Some(counted) = known.counted {
            figure("counted_by_slack", "gauge", "Connections that Slack counts", counted);
        }
        drop(known);
        body
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let mut known = self.0.known();
        known.open = known.open.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_hear_whether_slack_can_reach_us_and_why_not() {
        let connection = Arc::new(Connection::default());
        assert_eq!(connection.trouble().as_deref(), Some("it is being opened"));
        connection.failed("Slack does not say where");
        assert_eq!(connection.trouble().as_deref(), Some("Slack does not say where"));
        let first = connection.up(Some(1));
        let second = connection.up(Some(2));
        assert_eq!(connection.trouble(), None);
        drop(first);
        assert_eq!(connection.trouble(), None, "the other one is there");
        connection.envelope();
        let metrics = connection.metrics();
        for line in ["connections 1", "opened_total 2", "failed_total 1", "counted_by_slack 2"] {
            assert!(metrics.contains(&format!("\nkeyleak_socket_{line}\n")), "{metrics}");
        }
        drop(second);
        assert!(connection.trouble().is_some());
    }
}
