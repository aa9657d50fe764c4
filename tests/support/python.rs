//! The virtual environment the judges written in Python live in, and the pipe to talk to one.

use crate::frame::{Missing, Outcome};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Written last, so that an installation that was interrupted is never taken for a whole one.
const STAMP: &str = "complete";
/// How much of pip's complaint is shown as the reason.
const COMPLAINT_CHARACTERS_MAX: usize = 300;

/// A list of pinned packages under tests/python, and what stands in it.
#[derive(Debug)]
pub(crate) struct Requirements {
    pub(crate) file: &'static str,
    pub(crate) text: &'static str,
}

/// An interpreter that has every pinned package.
#[derive(Debug)]
pub(crate) struct Python {
    interpreter: PathBuf,
    requirements: &'static Requirements,
}

/// A program that answers one JSON line for each JSON line it is given.
#[derive(Debug)]
pub(crate) struct Judge {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// Finds the environment of an earlier run, or makes it.
    pub(crate) fn prepare(requirements: &'static Requirements) -> Result<Self, Missing> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let digest = hex::encode(Sha256::digest(requirements.text));
        let name = format!("python-{}", &digest[..16]);
        let environment = folder.join(&name);
        fs::create_dir_all(folder).expect("the target folder can be written");
        let lock = File::create(folder.join(format!("{name}.lock"))).expect("a lock file");
        lock.lock().expect("the lock is granted");
        if !environment.join(STAMP).exists() {
            install(&environment, requirements)?;
        }
        Ok(Self { interpreter: environment.join("bin/python"), requirements })
    }

    /// What was installed must be what was pinned.
    pub(crate) fn is_as_pinned(&self) -> Outcome {
        let listing = Command::new(&self.interpreter)
            .args(["-m", "pip", "freeze", "--disable-pip-version-check"])
            .output()
            .expect("pip answers");
        let listing = String::from_utf8_lossy(&listing.stdout).to_lowercase();
        for pin in pins(self.requirements) {
            assert!(listing.lines().any(|line| line == pin), "{pin} is not installed");
        }
        Ok(())
    }

    /// A command that runs one of the programs under tests/python.
    pub(crate) fn command(&self, program: &str) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
        let mut command = Command::new(&self.interpreter);
        command.arg(folder.join(program));
        command
    }

    /// Starts one of the programs under tests/python and talks to it line by line.
    pub(crate) fn judge(&self, program: &str, arguments: &[&OsStr]) -> Judge {
        Judge::start(self.command(program).args(arguments))
    }
}

impl Judge {
    /// Starts a program and talks to it line by line.
    pub(crate) fn start(command: &mut Command) -> Self {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.spawn().expect("the judge starts");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, questions, answers }
    }

    /// One question, one answer; a judge that falls over fails the trial.
    pub(crate) fn ask(&mut self, question: &Value) -> Value {
        let pipe = self.questions.as_mut().expect("the judge is open");
        writeln!(pipe, "{question}").expect("the judge reads");
        pipe.flush().expect("the judge reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the judge writes");
        serde_json::from_str(&answer)
            .unwrap_or_else(|error| panic!("the judge said {answer:?}: {error}"))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // End of input is how these programs are told to leave.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

fn pins(requirements: &Requirements) -> impl Iterator<Item = String> {
    requirements
        .text
        .lines()
        .filter(|line| line.contains("=="))
        .map(|line| line.replace("[full]", "").to_lowercase())
}

fn install(environment: &Path, requirements: &Requirements) -> Result<(), Missing> {
    // A half-made environment of an interrupted run would only confuse pip.
    let _ = fs::remove_dir_all(environment);
    run(Command::new("python3").args(["-m", "venv"]).arg(environment), "python3 with venv")?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    run(
        Command::new(environment.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(folder.join(requirements.file)),
        &format!("pip install of tests/python/{}", requirements.file),
    )?;
    fs::write(environment.join(STAMP), requirements.text).expect("the stamp is written");
    Ok(())
}

fn run(command: &mut Command, part: &str) -> Result<(), Missing> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Missing(format!("{part} cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let skipped = complaint.chars().count().saturating_sub(COMPLAINT_CHARACTERS_MAX);
    let complaint: String = complaint.chars().skip(skipped).collect();
    Err(Missing(format!("{part} failed: {}", complaint.replace('\n', " | "))))
}
