//! `keyleak restore`: the commands that make a user or role again, from a copy of a snapshot alone.

use crate::cli::RestoreArguments;
use crate::commands::CommandError;
use crate::domain::digest::sha256_hex;
use crate::domain::restoring::script;
use crate::domain::snapshot::{Photograph, Snapshot};
use std::path::Path;

/// The script for one principal of the snapshot, or which there are.
pub fn restore(arguments: &RestoreArguments) -> Result<String, CommandError> {
    let file = &arguments.snapshot;
    let unreadable = |why: String| {
        CommandError::Setup(format!(
            "{} cannot be read as a snapshot: {why}; `keyleak export --with-snapshots` writes them",
            file.display()
        ))
    };
    let content = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let sha256 = sha256_hex(&content);
    if let Some(wanted) = arguments.sha256.clone().or_else(|| in_name(file))
        && wanted != sha256
    {
        return Err(CommandError::Found(format!(
            "{} is not the snapshot {wanted}: its SHA-256 is {sha256}, so it was altered; take \
             another copy",
            file.display()
        )));
    }
    let snapshot: Snapshot =
        serde_json::from_slice(&content).map_err(|error| unreadable(error.to_string()))?;
    let photograph = chosen(&snapshot, arguments.principal.as_deref())?;
    let script = script(photograph).map_err(CommandError::Setup)?;
    Ok(format!(
        "# Account {}, snapshot {sha256}. Read it before you run it: sh restore.sh\n{script}",
        snapshot.account
    ))
}

/// The hash that an exported snapshot has in its name.
fn in_name(file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    let is_hash = stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| stem.to_ascii_lowercase())
}

fn chosen<'a>(snapshot: &'a Snapshot, named: Option<&str>) -> Result<&'a Photograph, CommandError> {
    let all = &snapshot.principals;
    let is_it = |one: &&Photograph| named.is_none_or(|name| one.key().to_string() == name);
    let mut found = all.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (_, _) => {
            let there: Vec<String> = all.iter().map(|one| format!("\"{}\"", one.key())).collect();
            let said = format!("say which with --of; it has {}", there.join(", "));
            Err(CommandError::Setup(said))
        }
    }
}
