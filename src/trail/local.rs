//! The trail on this machine: a `Source` over files and folders of delivered objects.

use crate::domain::belonging::Belonging;
use crate::domain::lineage::Subject;
use crate::domain::query_cost::QueryCost;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use crate::trail::callers::CallerPass;
use crate::trail::marks::Marked;
use crate::trail::memo::Memo;
use crate::trail::objects::{self, Found};
use crate::trail::passes::{CutPass, DEEDS_MAX, RolePass, is_deed, may_be_in};
use crate::trail::scan::{Bounds, scan};
use async_trait::async_trait;
use std::hash::RandomState;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Files and folders that hold delivered CloudTrail objects.
#[derive(Debug, Clone)]
pub struct LocalTrail {
    paths: Vec<PathBuf>,
    memo: Arc<Memo>,
    /// What the newest pass one saw in each object.
    marked: Arc<Mutex<Option<Arc<Marked>>>>,
}

impl LocalTrail {
    /// Names the places; they are listed anew at every pass, so late deliveries count.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, memo: Arc::default(), marked: Arc::default() }
    }

    fn found(&self) -> Result<Found, TrailError> {
        objects::find(&self.paths).map_err(|error| TrailError::Unreadable {
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
        let hasher = RandomState::new();
        let make = || CallerPass::new(hasher.clone());
        let (passes, coverage, bytes) = scan(&self.found()?, window, &make);
        let mut merged = make();
        for pass in passes {
            merged.merge(pass);
        }
        let truncated = merged.full;
        let (rows, objects) = merged.finish();
        *self.marked() = Some(Arc::new(Marked { window, objects }));
        Ok(Sightings { rows, coverage, cost: cost(bytes, started), truncated })
    }

    fn marked(&self) -> MutexGuard<'_, Option<Arc<Marked>>> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pass two, on this thread.
    pub fn cut_now(&self, window: Window, subject: &Subject) -> Result<Cut, TrailError> {
        let started = Instant::now();
        let belonging = Belonging::new(subject);
        let make = || CutPass::new(&belonging);
        let mut found = self.found()?;
        let marked = self.marked().clone().filter(|marked| marked.window == window);
        if let Some(marked) = marked {
            let may_be_in = |marks: &_, hasher: &_| may_be_in(&belonging, marks, hasher);
            found.objects.retain(|object| marked.objects.is_needed(object, may_be_in));
        }
        let (passes, _, bytes) = scan(&found, window, &make);
        let truncated = passes.iter().any(|pass| pass.full);
        let mut rows: Vec<TrailRow> = passes.into_iter().flat_map(|pass| pass.rows).collect();
        rows.sort_unstable();
        Ok(Cut { rows, cost: cost(bytes, started), truncated })
    }

    fn deeds_now(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        let bounds = Bounds::of(deeds.window);
        let changes = self.memo.changes(&self.found()?);
        let wanted = |row: &&TrailRow| bounds.hold(&row.event_time) && is_deed(deeds, row);
        let rows = changes.iter().flat_map(|changes| changes.iter()).filter(wanted);
        let mut rows: Vec<TrailRow> = rows.cloned().collect();
        rows.sort_unstable();
        rows.dedup();
        let truncated = rows.len() > DEEDS_MAX;
        rows.truncate(DEEDS_MAX);
        Ok(Cut { rows, truncated, ..Cut::default() })
    }

    /// The changing calls of a role's sessions, on this thread.
    pub fn role_calls_now(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        let started = Instant::now();
        let make = || RolePass::new(role);
        let (passes, coverage, bytes) = scan(&self.found()?, window, &make);
        let truncated = passes.iter().any(|pass| pass.full);
        let mut rows: Vec<TrailRow> = passes.into_iter().flat_map(|pass| pass.rows).collect();
        rows.sort_unstable();
        Ok(RoleCalls { rows, coverage, cost: cost(bytes, started), truncated })
    }
}

#[async_trait]
impl Source for LocalTrail {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.run(move |own| own.sightings_now(window)).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut, TrailError> {
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
