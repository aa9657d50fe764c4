//! The virtual environment the judges written in Python live in, and the pipe to talk to one.

use crate::frame::{Missing, trial};
use crate::parts::Parts;
use libtest_mimic::Trial;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");
/// Written last, so that an installation that was interrupted is never taken for a whole one.
const STAMP: &str = "complete";
/// How much of pip's complaint is shown as the reason.
const COMPLAINT_CHARACTERS_MAX: usize = 300;

/// An interpreter that has every pinned package.
#[derive(Debug)]
pub(crate) struct Python {
    interpreter: PathBuf,
}

/// A Python program that answers one JSON line for each JSON line it is given.
#[derive(Debug)]
pub(crate) struct Judge {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// Finds the environment of an earlier run, or makes it.
    pub(crate) fn prepare() -> Result<Self, Missing> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let name = format!("python-{}", &hex::encode(Sha256::digest(REQUIREMENTS))[..16]);
        let environment = folder.join(&name);
        fs::create_dir_all(folder).expect("the target folder can be written");
        let lock = File::create(folder.join(format!("{name}.lock"))).expect("a lock file");
        lock.lock().expect("the lock is granted");
        if !environment.join(STAMP).exists() {
            install(&environment)?;
        }
        Ok(Self { interpreter: environment.join("bin/python") })
    }

    /// A command that runs one of the programs under tests/python.
    pub(crate) fn command(&self, program: &str) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
        let mut command = Command::new(&self.interpreter);
        command.arg(folder.join(program));
        command
    }

    /// Starts one of the programs under tests/python and talks to it line by line.
    pub(crate) fn judge(&self, program: &str) -> Judge {
        let mut child = self
            .command(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter starts");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Judge { child, questions, answers }
    }
}

impl Judge {
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

/// The trials of this module.
pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("the_installed_judges_are_the_pinned_ones", move || {
        let python = parts.python()?;
        let listing = Command::new(&python.interpreter)
            .args(["-m", "pip", "freeze", "--disable-pip-version-check"])
            .output()
            .expect("pip answers");
        let listing = String::from_utf8_lossy(&listing.stdout).to_lowercase();
        for pin in pins() {
            assert!(listing.lines().any(|line| line == pin), "{pin} is not installed");
        }
        Ok(())
    })]
}

fn pins() -> impl Iterator<Item = String> {
    REQUIREMENTS
        .lines()
        .filter(|line| line.contains("=="))
        .map(|line| line.replace("[full]", "").to_lowercase())
}

fn install(environment: &Path) -> Result<(), Missing> {
    // A half-made environment of an interrupted run would only confuse pip.
    let _ = fs::remove_dir_all(environment);
    run(Command::new("python3").args(["-m", "venv"]).arg(environment), "python3 with venv")?;
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/requirements.txt");
    run(
        Command::new(environment.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(requirements),
        "pip install of tests/python/requirements.txt",
    )?;
    fs::write(environment.join(STAMP), REQUIREMENTS).expect("the stamp is written");
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
