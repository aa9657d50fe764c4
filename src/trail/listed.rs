//! What a pass gets its objects from, one after another.

use crate::trail::known::Known;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// An object or folder that was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub place: PathBuf,
    pub reason: &'static str,
}

/// One object of a trail.
#[derive(Debug)]
pub struct Object {
    pub path: PathBuf,
    /// What an earlier pass saw in it.
    pub known: Option<Known>,
}

/// Some objects; the threads of a pass take turns.
pub trait Objects: Sync {
    /// The next object, or why the next thing is none; none once there are no more.
    fn next(&self) -> io::Result<Option<Result<Object, Refusal>>>;
}

impl<I: Iterator<Item = Result<PathBuf, Refusal>> + Send> Objects for Mutex<I> {
    fn next(&self) -> io::Result<Option<Result<Object, Refusal>>> {
        let next = self.lock().unwrap_or_else(PoisonError::into_inner).next();
        Ok(next.map(|one| one.map(|path| Object { path, known: None })))
    }
}
