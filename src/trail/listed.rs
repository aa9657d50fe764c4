//! What a pass gets its objects from, one after another.

use crate::trail::known::Known;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
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

/// How far a reading has come, for whoever waits for it.
#[derive(Debug, Default)]
pub struct ReadSoFar {
    /// The pass that is being read; none is, before the first.
    pub pass: AtomicU64,
    /// Its objects so far.
    pub objects: AtomicU64,
}

/// Objects that are counted as they are taken.
pub(super) struct Counted<'a, O> {
    objects: &'a O,
    so_far: &'a ReadSoFar,
}

impl<'a, O> Counted<'a, O> {
    pub(super) fn new(pass: u64, objects: &'a O, so_far: &'a ReadSoFar) -> Self {
        so_far.pass.store(pass, Ordering::Relaxed);
        so_far.objects.store(0, Ordering::Relaxed);
        Self { objects, so_far }
    }
}

impl<O: Objects> Objects for Counted<'_, O> {
    fn next(&self) -> io::Result<Option<Result<Object, Refusal>>> {
        let next = self.objects.next()?;
        self.so_far.objects.fetch_add(u64::from(next.is_some()), Ordering::Relaxed);
        Ok(next)
    }
}
