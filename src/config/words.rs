//! The words that the process was called with, for whoever must not repeat a secret among them.

use std::path::Path;

/// All of them but for the names of files that are there, which no secret is.
pub fn typed() -> Vec<String> {
    let words = std::env::args_os().skip(1).filter(|word| !Path::new(word).exists());
    words.map(|word| word.to_string_lossy().into_owned()).collect()
}
