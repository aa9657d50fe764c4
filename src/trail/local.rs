//! The trail on this machine: a `Source` over files and folders of delivered objects.

use crate::domain::belonging::Belonging;
use crate::domain::lineage::Subject;
use crate::domain::query_cost::QueryCost;
use crate::domain::trail_row::TrailRow;
use crate::domain::unsettled::{Changed, How, Unsettled};
use crate::ports::trail::rows::Rows;
use crate::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use crate::trail::callers::CallerPass;
use crate::trail::canon::Canon;
use crate::trail::kept::Kept;
use crate::trail::listed::{Counted, ReadSoFar};
use crate::trail::marks::Marked;
use crate::trail::memo::Memo;
use crate::trail::passes::{CutPass, RolePass, is_deed, of_deeds};
use crate::trail::scan::{Bounds, Duplicates, Scanned, scan};
use crate::trail::spool;
use crate::trail::walk::Walk;
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Files and folders that hold delivered CloudTrail objects.
#[derive(Debug, Clone)]
pub struct LocalTrail {
    paths: Vec<PathBuf>,
    canon: Canon,
    memo: Arc<Memo>,
    /// What the newest pass one saw in each object.
    marked: Arc<Mutex<Option<Arc<Marked>>>>,
    so_far: Arc<ReadSoFar>,
}

impl LocalTrail {
    /// Names the places; they are listed anew at every pass one, so late deliveries count.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let (canon, memo, marked, so_far) = Default::default();
        Self { paths, canon, memo, marked, so_far }
    }

    /// How far the reading is that goes on.
    pub fn so_far(&self) -> Arc<ReadSoFar> {
        Arc::clone(&self.so_far)
    }

    fn walk(&self) -> Result<Walk, TrailError> {
        Walk::new(&self.paths).map_err(|error| TrailError::Unreadable {
            place: self
                .paths
                .iter()
                .map(|p| p.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
            reason: error.to_string(),
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, TrailError> + Send + 'static,
    ) -> Result<T, TrailError> {
        let own = self.clone();
        tokio::task::spawn_blocking(move || work(&own))
            .await
            .map_err(|error| TrailError::Internal { reason: error.to_string() })?
    }

    /// Pass one, on this thread.
    pub fn sightings_now(&self, window: Window) -> Result<Sightings, TrailError> {
        let started = Instant::now();
        let make = || CallerPass::new(&self.canon);
        let objects = Mutex::new(self.walk()?);
        let asked = (&self.canon, Duplicates::AtTheEnd);
        let Scanned { passes, coverage, bytes } =
            scan((&self.counted(1, &objects), window), asked, &make)
                .map_err(TrailError::no_room)?;
        let mut passes = passes.into_iter();
        let mut merged = passes.next().unwrap_or_else(make);
        passes.for_each(|pass| merged.merge(pass));
        let truncated = merged.full;
        let (rows, marking) = merged.finish();
        *self.marked() = Some(Arc::new(marking.finish(window).map_err(TrailError::no_room)?));
        Ok(Sightings { rows, coverage, cost: cost(bytes, started), truncated })
    }

    fn counted<'a, O>(&'a self, pass: u64, objects: &'a O) -> Counted<'a, O> {
        Counted::new(pass, objects, &self.so_far)
    }

    fn marked(&self) -> MutexGuard<'_, Option<Arc<Marked>>> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pass two, on this thread: over the objects that pass one found, where there was one.
    pub fn cut_now(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        let started = Instant::now();
        let belonging = Belonging::new(subject);
        let marked = self.marked().clone().filter(|marked| marked.window == window);
        let make = || CutPass::new(&belonging, &self.canon);
        let asked = (&self.canon, Duplicates::AtOnce);
        let scanned = match &marked {
            Some(marked) => {
                let mut files = marked.files.lock().unwrap_or_else(PoisonError::into_inner);
                let kept = Kept::of(&mut files).map_err(TrailError::no_room)?;
                scan((&self.counted(2, &kept), window), asked, &make)
            }
            None => scan((&Mutex::new(self.walk()?), window), asked, &make),
        };
        let Scanned { passes, bytes, .. } = scanned.map_err(TrailError::no_room)?;
        let truncated = passes.iter().any(|pass| pass.full);
        let mut changed = Vec::new();
        let mut spools = Vec::new();
        for pass in passes {
            spools.push(pass.rows);
            changed.extend(pass.changed);
        }
        if let Some(marked) = &marked {
            changed.extend(self.added(marked));
        }
        let name =
            |(how, object): (How, PathBuf)| Changed { how, object: object.display().to_string() };
        let unsettled = Unsettled::of(changed.into_iter().map(name).collect());
        Ok(Cut { rows: spool::rows(spools)?, cost: cost(bytes, started), truncated, unsettled })
    }

    /// The objects that are there now and that pass one did not find.
    fn added(&self, marked: &Marked) -> Vec<(How, PathBuf)> {
        // A folder that is gone: each of its objects was told already.
        let Ok(walk) = self.walk() else { return Vec::new() };
        let new = walk.filter_map(Result::ok).filter(|object| marked.is_new(object));
        new.map(|object| (How::Added, object)).collect()
    }

    fn deeds_now(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        let bounds = Bounds::of(deeds.window);
        let changes = self.memo.changes(self.walk()?, &self.canon).map_err(TrailError::no_room)?;
        let wanted = |row: &&TrailRow| bounds.hold(&row.event_time) && is_deed(deeds, row);
        let rows = changes.iter().flat_map(|changes| changes.iter()).filter(wanted);
        Ok(of_deeds(rows.cloned().collect()))
    }

    /// The changing calls of a role's sessions, on this thread.
    pub fn role_calls_now(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        let started = Instant::now();
        let make = || RolePass::new(role);
        let asked = (&self.canon, Duplicates::AtTheEnd);
        let Scanned { passes, coverage, bytes } =
            scan((&Mutex::new(self.walk()?), window), asked, &make).map_err(TrailError::no_room)?;
        let truncated = passes.iter().any(|pass| pass.full);
        let mut rows: Vec<TrailRow> = passes.into_iter().flat_map(RolePass::rows).collect();
        rows.sort_unstable();
        Ok(RoleCalls { rows, coverage, cost: cost(bytes, started), truncated })
    }
}

#[async_trait]
impl Source for LocalTrail {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.run(move |own| own.sightings_now(window)).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        let subject = subject.clone();
        self.run(move |own| own.cut_now(window, &subject)).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        let deeds = deeds.clone();
        self.run(move |own| own.deeds_now(&deeds)).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        let role = role.to_owned();
        self.run(move |own| own.role_calls_now(&role, window)).await
    }
}

fn cost(bytes: u64, started: Instant) -> QueryCost {
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    QueryCost { bytes_scanned: bytes, elapsed_ms, ..QueryCost::default() }
}
