//! What a command that takes long tells a terminal while it works; nothing where there is none.

use indicatif::ProgressBar;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Often enough to be seen moving.
const BETWEEN: Duration = Duration::from_millis(200);

/// A line on standard error that is gone with this.
#[derive(Debug)]
pub(super) struct Progress {
    line: ProgressBar,
    telling: JoinHandle<()>,
}

impl Progress {
    /// Shows how far it is, again and again.
    pub(super) fn of(words: impl Fn() -> String + Send + 'static) -> Self {
        let line = ProgressBar::new_spinner();
        let shown = line.clone();
        let telling = tokio::spawn(async move {
            let mut turn = tokio::time::interval(BETWEEN);
            loop {
                turn.tick().await;
                shown.set_message(words());
                shown.tick();
            }
        });
        Self { line, telling }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.telling.abort();
        self.line.finish_and_clear();
    }
}
