//! DynamoDB Local, AWS's own, in memory and on a free port; fetched by Maven and run by Java.
//!
//! It is under AWS's own terms and used for nothing but these tests.

use crate::frame::Missing;
use crate::ministack::free_port;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const POM: &str = include_str!("../java/pom.xml");
/// Every file that Maven brings, so that what runs here is what was looked at.
const SUMS: &str = include_str!("../java/SHA256SUMS");
/// Written last, so that a download that was interrupted is never taken for a whole one.
const STAMP: &str = "complete";
const SERVER: &str = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner";
/// A cold JVM on a busy machine.
const READY_SECONDS_MAX: u64 = 60;
/// Another process can take the free port between our look and Java's.
const STARTS_MAX: usize = 3;
/// How much of a tool's complaint is shown as the reason.
const COMPLAINT_CHARACTERS_MAX: usize = 300;
/// Java itself would live on when the tests are killed; the end of this pipe ends it.
const UNTIL_THE_PIPE_ENDS: &str = "java \"$@\" & read -r _; kill $!; wait $!";

/// A running DynamoDB Local; dropping it ends it, and so does the end of the process that holds it.
#[derive(Debug)]
pub(crate) struct DynamoDbLocal {
    child: Child,
    pipe: Option<ChildStdin>,
    address: SocketAddr,
    folder: TempDir,
}

impl DynamoDbLocal {
    /// Fetches what is pinned, unless an earlier run did, and starts it.
    pub(crate) fn start() -> Result<Self, Missing> {
        said_by(Command::new("java").arg("-version"), "java")?;
        let installed = installed()?;
        let mut last = String::new();
        for _ in 0..STARTS_MAX {
            match Self::start_once(&installed) {
                Ok(started) => return Ok(started),
                Err(reason) => last = reason,
            }
        }
        if cfg!(not(target_arch = "x86_64")) {
            return Err(Missing(format!("its native part is for x86_64: {last}")));
        }
        panic!("DynamoDB Local does not start: {last}");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn start_once(installed: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let log = File::create(folder.path().join("log")).expect("a log file");
        let address = free_port();
        let mut child = Command::new("sh")
            .args(["-c", UNTIL_THE_PIPE_ENDS, "sh"])
            .arg(format!("-Djava.library.path={}", installed.display()))
            .args(["-cp", &format!("{}/*", installed.display()), SERVER])
            .args(["-inMemory", "-disableTelemetry", "-port", &address.port().to_string()])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .map_err(|error| error.to_string())?;
        let pipe = child.stdin.take();
        let started = Self { child, pipe, address, folder };
        let deadline = Instant::now() + Duration::from_secs(READY_SECONDS_MAX);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline || started.log().contains("Exception") {
                return Err(cut(&started.log()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(started)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for DynamoDbLocal {
    fn drop(&mut self) {
        // The shell ends Java and then itself.
        drop(self.pipe.take());
        let _ = self.child.wait();
    }
}

/// The folder with the pinned files.
fn installed() -> Result<PathBuf, Missing> {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let pinned = hex::encode(Sha256::digest(format!("{POM}{SUMS}")));
    let name = format!("java-{}", &pinned[..16]);
    let folder = parent.join(&name);
    fs::create_dir_all(parent).expect("the target folder can be written");
    let lock = File::create(parent.join(format!("{name}.lock"))).expect("a lock file");
    lock.lock().expect("the lock is granted");
    let files = folder.join("files");
    if !folder.join(STAMP).exists() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("pom.xml"), POM).expect("the project");
        fetch(&folder, &files)?;
        as_pinned(&files).unwrap_or_else(|why| panic!("Maven brought something else: {why}"));
        fs::write(folder.join(STAMP), &pinned).expect("the stamp is written");
    }
    Ok(files)
}

/// Maven's own cache goes beside the files, so that nothing is left elsewhere.
fn fetch(folder: &Path, files: &Path) -> Result<(), Missing> {
    let mut maven = Command::new("mvn");
    maven
        .args(["--batch-mode", "--quiet", "dependency:copy-dependencies"])
        .arg(format!("-Dmaven.repo.local={}", folder.join("repository").display()))
        .arg("-DincludeScope=runtime")
        .arg(format!("-DoutputDirectory={}", files.display()))
        .current_dir(folder);
    said_by(&mut maven, "mvn")?;
    let _ = fs::remove_dir_all(folder.join("repository"));
    Ok(())
}

/// Exactly the files of the list, each with its SHA-256.
fn as_pinned(files: &Path) -> Result<(), String> {
    let there = fs::read_dir(files).map_err(|error| error.to_string())?.count();
    let wanted: Vec<(&str, &str)> = SUMS.lines().filter_map(|line| line.split_once("  ")).collect();
    if there != wanted.len() {
        return Err(format!("{there} files instead of {}", wanted.len()));
    }
    for (sum, name) in wanted {
        let content = fs::read(files.join(name)).map_err(|error| format!("{name}: {error}"))?;
        if hex::encode(Sha256::digest(&content)) != sum {
            return Err(format!("{name} has another SHA-256"));
        }
    }
    Ok(())
}

fn said_by(command: &mut Command, name: &str) -> Result<(), Missing> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Missing(format!("{name} cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Missing(format!("{name} failed: {}", cut(&String::from_utf8_lossy(&said)))))
}

fn cut(complaint: &str) -> String {
    complaint.replace('\n', " | ").chars().take(COMPLAINT_CHARACTERS_MAX).collect()
}
