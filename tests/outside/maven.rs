//! Java libraries that Maven brings, pinned by what each file holds.

use crate::frame::Missing;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Written last, so that a download that was interrupted is never taken for a whole one.
const STAMP: &str = "complete";
/// How much of a tool's complaint is shown as the reason.
const COMPLAINT_CHARACTERS_MAX: usize = 300;

/// What a project needs to run.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) name: &'static str,
    pub(crate) pom: &'static str,
    /// Every file that Maven brings, so that what runs here is what was looked at.
    pub(crate) sums: &'static str,
}

impl Pinned {
    /// The folder with the pinned files, which are fetched unless an earlier run did.
    pub(crate) fn installed(&self) -> Result<PathBuf, Missing> {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let pinned = hex::encode(Sha256::digest(format!("{}{}", self.pom, self.sums)));
        let name = format!("{}-{}", self.name, &pinned[..16]);
        let folder = parent.join(&name);
        fs::create_dir_all(parent).expect("the target folder can be written");
        let lock = File::create(parent.join(format!("{name}.lock"))).expect("a lock file");
        lock.lock().expect("the lock is granted");
        let files = folder.join("files");
        if !folder.join(STAMP).exists() {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("pom.xml"), self.pom).expect("the project");
            fetch(&folder, &files)?;
            as_pinned(&files, self.sums)
                .unwrap_or_else(|why| panic!("Maven brought something else: {why}"));
            fs::write(folder.join(STAMP), &pinned).expect("the stamp is written");
        }
        Ok(files)
    }
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
fn as_pinned(files: &Path, sums: &str) -> Result<(), String> {
    let there = fs::read_dir(files).map_err(|error| error.to_string())?.count();
    let wanted: Vec<(&str, &str)> = sums.lines().filter_map(|line| line.split_once("  ")).collect();
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

pub(crate) fn said_by(command: &mut Command, name: &str) -> Result<(), Missing> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Missing(format!("{name} cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Missing(format!("{name} failed: {}", cut(&String::from_utf8_lossy(&said)))))
}

pub(crate) fn cut(complaint: &str) -> String {
    complaint.replace('\n', " | ").chars().take(COMPLAINT_CHARACTERS_MAX).collect()
}
