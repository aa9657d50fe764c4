//! The parts the trials share, each made once, when the first trial asks for it.

use crate::dynamodb_local::DynamoDbLocal;
use crate::frame::{Missing, trial};
use crate::ministack::MiniStack;
use crate::python::{Python, Requirements};
use libtest_mimic::Trial;
use std::sync::{Arc, OnceLock};

const JUDGES: Requirements =
    Requirements { file: "requirements.txt", text: include_str!("../python/requirements.txt") };
const LIMITS: Requirements = Requirements {
    file: "requirements-limits.txt",
    text: include_str!("../python/requirements-limits.txt"),
};

const CLOUD_FORMATION: Requirements = Requirements {
    file: "requirements-cloudformation.txt",
    text: include_str!("../python/requirements-cloudformation.txt"),
};

/// Everything that is costly to start; dropping it stops what was started.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    ministack: OnceLock<Result<MiniStack, Missing>>,
    dynamodb_local: OnceLock<Result<DynamoDbLocal, Missing>>,
    python: OnceLock<Result<Python, Missing>>,
    limits: OnceLock<Result<Python, Missing>>,
    cloud_formation: OnceLock<Result<Python, Missing>>,
}

impl Parts {
    /// The virtual environment with the pinned judges in it.
    pub(crate) fn python(&self) -> Result<&Python, Missing> {
        self.python.get_or_init(|| Python::prepare(&JUDGES)).as_ref().map_err(Clone::clone)
    }

    /// The environment with another library's limits in it.
    pub(crate) fn limits(&self) -> Result<&Python, Missing> {
        self.limits.get_or_init(|| Python::prepare(&LIMITS)).as_ref().map_err(Clone::clone)
    }

    /// The environment with AWS's linter of templates in it.
    pub(crate) fn cloud_formation(&self) -> Result<&Python, Missing> {
        let prepared = self.cloud_formation.get_or_init(|| Python::prepare(&CLOUD_FORMATION));
        prepared.as_ref().map_err(Clone::clone)
    }

    /// The one MiniStack of this run; each trial takes an account of its own on it.
    pub(crate) fn ministack(&self) -> Result<&MiniStack, Missing> {
        let started = self.ministack.get_or_init(|| MiniStack::start(self.python()?));
        started.as_ref().map_err(Clone::clone)
    }

    /// The one DynamoDB Local of this run.
    pub(crate) fn dynamodb_local(&self) -> Result<&DynamoDbLocal, Missing> {
        self.dynamodb_local.get_or_init(DynamoDbLocal::start).as_ref().map_err(Clone::clone)
    }
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    let name = "the_installed_judges_are_the_pinned_ones";
    let all = move || {
        for part in [parts.python()?, parts.limits()?, parts.cloud_formation()?] {
            part.is_as_pinned()?;
        }
        Ok(())
    };
    vec![trial(name, all)]
}
