//! DynamoDB Local, AWS's own, in memory and on a free port; fetched by Maven and run by Java.
//!
//! It is under AWS's own terms and used for nothing but these tests.

use crate::frame::Missing;
use crate::maven::{Pinned, cut, said_by};
use crate::ministack::free_port;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FILES: Pinned = Pinned {
    name: "java",
    pom: include_str!("../java/pom.xml"),
    sums: include_str!("../java/SHA256SUMS"),
};
const SERVER: &str = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner";
/// A cold JVM on a busy machine.
const READY_SECONDS_MAX: u64 = 60;
/// Another process can take the free port between our look and Java's.
const STARTS_MAX: usize = 3;
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
        let installed = FILES.installed()?;
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
