//! The binary that was built, without the settings of whoever runs the tests.

use std::process::Command;

pub(crate) fn keyleak() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KEYLEAK_") {
            command.env_remove(name);
        }
    }
    command
}
