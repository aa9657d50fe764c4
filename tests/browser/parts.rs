//! The parts: Debian's Chromium, and the Python packages that drive it.

use crate::frame::{Missing, trial};
use crate::python::{Python, Requirements};
use libtest_mimic::Trial;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

const DRIVER: Requirements = Requirements {
    file: "requirements-browser.txt",
    text: include_str!("../python/requirements-browser.txt"),
};
/// What Debian and others call it.
const NAMES: [&str; 2] = ["chromium", "chromium-browser"];

/// What every trial needs; made when the first one asks.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    python: OnceLock<Result<Python, Missing>>,
}

impl Parts {
    /// The virtual environment with the pinned driver in it.
    pub(crate) fn python(&self) -> Result<&Python, Missing> {
        self.python.get_or_init(|| Python::prepare(&DRIVER)).as_ref().map_err(Clone::clone)
    }
}

/// The browser of this machine; none is ever downloaded.
pub(crate) fn chromium() -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut all = folders.iter().flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let missing = || Missing("there is no chromium; install Debian's package chromium".to_owned());
    all.find(|file| file.is_file()).ok_or_else(missing)
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("the_installed_driver_is_the_pinned_one", move || parts.python()?.is_as_pinned())]
}
