//! MiniStack, an AWS emulator we did not write, started on a free port and stopped with us.

use crate::frame::{Missing, trial};
use crate::parts::Parts;
use crate::python::Python;
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A cold start compiles Python; a busy machine needs the rest.
const READY_SECONDS_MAX: u64 = 60;
/// Another process can take the free port between our look and MiniStack's.
const STARTS_MAX: usize = 3;
/// Only what we use: each further service may open ports of its own.
const SERVICES: &str =
    "iam,sts,s3,dynamodb,athena,glue,cloudtrail,organizations,cloudcontrol,secretsmanager";

/// A running MiniStack; dropping it ends it.
#[derive(Debug)]
pub(crate) struct MiniStack {
    child: Child,
    pipe: Option<ChildStdin>,
    address: SocketAddr,
    folder: TempDir,
}

impl MiniStack {
    /// Starts it with SigV4 and policies enforced, and waits until it says it is ready.
    pub(crate) fn start(python: &Python) -> Result<Self, Missing> {
        let mut last = String::new();
        for _ in 0..STARTS_MAX {
            match Self::start_once(python) {
                Ok(started) => return Ok(started),
                Err(reason) => last = reason,
            }
        }
        // The package is there (Python said so), so this is a defect and no missing part.
        panic!("MiniStack does not start: {last}");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes a database in the catalogue; its API has no SDK crate here, and the emulator's Athena
    /// does not know `CREATE DATABASE`.
    pub(crate) fn create_database(&self, account: &str, name: &str) {
        let body = format!(r#"{{"DatabaseInput":{{"Name":"{name}"}}}}"#);
        self.tell_the_catalogue(account, "CreateDatabase", &body);
    }

    /// One call of the catalogue's API.
    pub(crate) fn tell_the_catalogue(&self, account: &str, call: &str, body: &str) {
        let scope = format!("{account}/20260101/us-east-1/glue/aws4_request");
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/x-amz-json-1.1\r\n\
             X-Amz-Target: AWSGlue.{call}\r\nX-Amz-Date: 20260101T000000Z\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={scope}, \
             SignedHeaders=host, Signature=00\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = talk(self.address, &request).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn start_once(python: &Python) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder for its state");
        let address = free_port();
        let log = std::fs::File::create(folder.path().join("log")).expect("a log file");
        let mut command = python.command("ministack_serve.py");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env("S3_DATA_DIR", folder.path().join("s3"))
            .env("STATE_DIR", folder.path().join("state"))
            .env("AUTH", "true")
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", address.port().to_string())
            .env("SERVICES", SERVICES)
            .env("SFTP_ENABLED", "0")
            .env("IOT_MTLS_ENABLED", "0")
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let pipe = child.stdin.take();
        let mut started = Self { child, pipe, address, folder };
        started.wait_until_ready()?;
        Ok(started)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(READY_SECONDS_MAX);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it left with {status}: {}", self.log_tail()));
            }
            if is_ready(self.address).unwrap_or(false) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("not ready after {READY_SECONDS_MAX} s: {}", self.log_tail()))
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        // Closing the pipe makes it end its whole process group; the kill is for one that hangs.
        drop(self.pipe.take());
        for _ in 0..40 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The trials of this module.
pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [stopped, panicked] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial("a_dropped_emulator_leaves_nothing_listening", move || {
            let ministack = MiniStack::start(stopped.python()?)?;
            let address = ministack.address();
            assert!(TcpStream::connect(address).is_ok(), "it listens while it is held");
            drop(ministack);
            assert!(TcpStream::connect(address).is_err(), "it listens on after the drop");
            Ok(())
        }),
        trial("an_emulator_whose_holder_is_gone_ends_by_itself", move || {
            let mut ministack = MiniStack::start(panicked.python()?)?;
            // A killed test run drops nothing; only its end of the pipe closes.
            drop(ministack.pipe.take());
            let deadline = Instant::now() + Duration::from_secs(10);
            while TcpStream::connect(ministack.address).is_ok() {
                assert!(Instant::now() < deadline, "it listens on");
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }),
    ]
}

pub(crate) fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address")
}

fn is_ready(address: SocketAddr) -> std::io::Result<bool> {
    let request = "GET /_ministack/ready HTTP/1.1\r\n\
                   Host: localhost\r\nConnection: close\r\n\r\n";
    Ok(talk(address, request)?.starts_with("HTTP/1.1 200"))
}

fn talk(address: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
