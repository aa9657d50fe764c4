//! Talking with whoever sits at the terminal: saying at once, and asking for one line.

use crate::commands::CommandError;
use std::io::{BufRead, Read, Write};

/// A typed line is a word; whoever pipes a file in has mistaken the command.
const LINE_BYTES_MAX: u64 = 4_096;

/// Says something now, before the command has ended.
pub fn say(text: &str) -> Result<(), CommandError> {
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "{text}").and_then(|()| out.flush());
    said.map_err(|error| CommandError::Setup(format!("the terminal takes no text: {error}")))
}

/// Asks for one line; `None` when there is nobody to type it.
pub async fn line(question: &str) -> Result<Option<String>, CommandError> {
    let mut out = std::io::stdout().lock();
    let asked = write!(out, "{question}").and_then(|()| out.flush());
    drop(out);
    asked.map_err(|error| CommandError::Setup(format!("the terminal takes no text: {error}")))?;
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let stdin = std::io::stdin().lock();
        stdin.take(LINE_BYTES_MAX).read_line(&mut line).map(|read| (read > 0).then_some(line))
    });
    let typed = typed.await.map_err(|error| CommandError::Setup(error.to_string()))?;
    typed.map_err(|error| CommandError::Setup(format!("nothing could be read: {error}")))
}
