//! Dynalite, an implementation of DynamoDB that we did not write, in memory and on a free port.
//!
//! It stands beside MiniStack, and is the stricter one: it enforces the limits of items and pages.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

const LOCK: &str = include_str!("../node/package-lock.json");
/// Written last, so that an installation that was interrupted is never taken for a whole one.
const STAMP: &str = "complete";
const SERVER: &str = "dynalite_serve.js";
/// How much of npm's complaint is shown as the reason.
const COMPLAINT_CHARACTERS_MAX: usize = 300;

/// A running dynalite; dropping it ends it, and so does the end of the process that holds it.
#[derive(Debug)]
pub(crate) struct Dynalite {
    child: Child,
    pipe: Option<ChildStdin>,
    address: SocketAddr,
}

impl Dynalite {
    /// Installs what is pinned, unless an earlier run did, and starts it; an error says which part
    /// this machine does not have.
    pub(crate) fn start() -> Result<Self, String> {
        let folder = installed()?;
        let mut child = Command::new("node")
            .arg(SERVER)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node cannot be started: {error}"))?;
        let pipe = child.stdin.take();
        let mut said = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut said).expect("it says its port");
        // npm said that all of it is there, so this is a defect and no missing part.
        let port =
            said.trim().parse().unwrap_or_else(|_| panic!("dynalite does not start: {said}"));
        Ok(Self { child, pipe, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Dynalite {
    fn drop(&mut self) {
        // End of input is how it is told to leave; the kill is for one that hangs.
        drop(self.pipe.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder with the pinned packages and the program that serves them.
fn installed() -> Result<PathBuf, String> {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = format!("node-{}", &hex::encode(Sha256::digest(LOCK))[..16]);
    let folder = parent.join(&name);
    fs::create_dir_all(parent).expect("the target folder can be written");
    let lock = File::create(parent.join(format!("{name}.lock"))).expect("a lock file");
    lock.lock().expect("the lock is granted");
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    if !folder.join(STAMP).exists() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for file in ["package.json", "package-lock.json"] {
            fs::copy(pinned.join(file), folder.join(file)).expect("a copy");
        }
        install(&folder)?;
        fs::write(folder.join(STAMP), LOCK).expect("the stamp is written");
    }
    fs::copy(pinned.join(SERVER), folder.join(SERVER)).expect("a copy");
    Ok(folder)
}

/// Runs no script of any package: nothing here has to be built.
fn install(folder: &Path) -> Result<(), String> {
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
    Err(format!("npm ci of tests/node failed: {complaint}"))
}
