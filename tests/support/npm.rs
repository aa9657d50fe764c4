//! What is pinned for Node, installed once below the target folder.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Written last, so that an installation that was interrupted is never taken for a whole one.
const STAMP: &str = "complete";
/// How much of npm's complaint is shown as the reason.
const COMPLAINT_CHARACTERS_MAX: usize = 300;

/// A folder with `package.json` and its lock file, and the program that needs what they pin.
#[derive(Debug)]
pub(crate) struct Packages {
    pub(crate) folder: &'static str,
    pub(crate) lock: &'static str,
    pub(crate) program: &'static str,
}

/// The folder with the pinned packages and the program; an error says which part is missing.
pub(crate) fn installed(packages: &Packages) -> Result<PathBuf, String> {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = format!("node-{}", &hex::encode(Sha256::digest(packages.lock))[..16]);
    let folder = parent.join(&name);
    fs::create_dir_all(parent).expect("the target folder can be written");
    let lock = File::create(parent.join(format!("{name}.lock"))).expect("a lock file");
    lock.lock().expect("the lock is granted");
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join(packages.folder);
    if !folder.join(STAMP).exists() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for file in ["package.json", "package-lock.json"] {
            fs::copy(pinned.join(file), folder.join(file)).expect("a copy");
        }
        install(&folder, packages.folder)?;
        fs::write(folder.join(STAMP), packages.lock).expect("the stamp is written");
    }
    fs::copy(pinned.join(packages.program), folder.join(packages.program)).expect("a copy");
    Ok(folder)
}

/// Runs no script of any package: nothing here has to be built.
fn install(folder: &Path, pinned: &str) -> Result<(), String> {
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).replace('\n', " | ");
    let complaint: String = complaint.chars().take(COMPLAINT_CHARACTERS_MAX).collect();
    Err(format!("npm ci of {pinned} failed: {complaint}"))
}
