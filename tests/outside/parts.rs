//! The parts the trials share, each made once, when the first trial asks for it.

use crate::frame::Missing;
use crate::ministack::MiniStack;
use crate::python::Python;
use std::sync::OnceLock;

/// Everything that is costly to start; dropping it stops what was started.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    ministack: OnceLock<Result<MiniStack, Missing>>,
    python: OnceLock<Result<Python, Missing>>,
}

impl Parts {
    /// The virtual environment with the pinned judges in it.
    pub(crate) fn python(&self) -> Result<&Python, Missing> {
        self.python.get_or_init(Python::prepare).as_ref().map_err(Clone::clone)
    }

    /// The one MiniStack of this run; each trial takes an account of its own on it.
    pub(crate) fn ministack(&self) -> Result<&MiniStack, Missing> {
        let started = self.ministack.get_or_init(|| MiniStack::start(self.python()?));
        started.as_ref().map_err(Clone::clone)
    }
}
