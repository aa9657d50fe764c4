//! The parts the trials share, each made once, when the first trial asks for it.

use crate::frame::Missing;
use crate::python::Python;
use std::sync::OnceLock;

/// Everything that is costly to start; dropping it stops what was started.
#[derive(Debug)]
pub(crate) struct Parts {
    python: OnceLock<Result<Python, Missing>>,
}

impl Parts {
    pub(crate) fn new() -> Self {
        Self {
            python: OnceLock::new(),
        }
    }

    /// The virtual environment with the pinned judges in it.
    pub(crate) fn python(&self) -> Result<&Python, Missing> {
        self.python
            .get_or_init(Python::prepare)
            .as_ref()
            .map_err(Clone::clone)
    }
}
