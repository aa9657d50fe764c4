//! The real binary, playing the drill on a free port.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A drill that ends with this value.
#[derive(Debug)]
pub(crate) struct Drill {
    child: Child,
    pub(crate) url: String,
}

impl Drill {
    /// Starts it, this many times faster than the wall clock.
    pub(crate) fn start(speed: u32) -> Self {
        Self::playing(speed, &[])
    }

    /// The same with further arguments, such as another scenario.
    pub(crate) fn playing(speed: u32, further: &[&OsStr]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_keyleak"))
            .args(["drill", "--listen", "127.0.0.1:0", "--speed", &speed.to_string()])
            .args(further)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("the drill says where it is");
        let at = line.find("http://").unwrap_or_else(|| panic!("no address in {line:?}"));
        Self { child, url: line[at..].trim().to_owned() }
    }
}

impl Drop for Drill {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
