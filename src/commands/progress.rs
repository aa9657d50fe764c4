//! What a command that takes long tells a terminal while it works; nothing where there is none.

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::time::Duration;

/// Often enough to be seen moving.
const BETWEEN: Duration = Duration::from_millis(200);

/// A line on standard error that is gone with this.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Shows how far it is, again and again.
    pub(super) fn of(words: impl Fn() -> String + Clone + Send + Sync + 'static) -> Self {
        let far = move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
            // A line that cannot be written is no reason to stop.
            let _ = line.write_str(&words());
        };
        let style = ProgressStyle::with_template("{spinner} {far}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let line = ProgressBar::new_spinner().with_style(style.with_key("far", far));
        line.enable_steady_tick(BETWEEN);
        Self(line)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
