//! Dynalite, an implementation of DynamoDB that we did not write, in memory and on a free port.
//!
//! It stands beside MiniStack, and is the stricter one: it enforces the limits of items and pages.

use crate::npm::{Packages, installed};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};

const SERVER: &str = "dynalite_serve.js";
const PACKAGES: Packages = Packages {
    folder: "tests/node",
    lock: include_str!("../node/package-lock.json"),
    program: SERVER,
};

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
        let folder = installed(&PACKAGES)?;
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
