//! A trail on this machine of which some was fetched from S3, shown as it is called there.

use crate::aws::clients;
use crate::aws::delivered::{self, Fetching, S3Prefix};
use crate::domain::lineage::Subject;
use crate::domain::query_cost::size;
use crate::ports::trail::rows::Rows;
use crate::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Skipped, Source, TrailError, Window};
use crate::trail::listed::ReadSoFar;
use crate::trail::local::LocalTrail;
use async_trait::async_trait;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// What is fetched and read so far, for whoever waits.
#[derive(Debug, Default)]
pub(super) struct SoFar {
    fetching: Fetching,
    reading: OnceLock<Arc<ReadSoFar>>,
}

/// The trail, and the folders that are gone with it.
pub(super) struct Fetched {
    trail: LocalTrail,
    folders: Vec<Folder>,
    left_out: Vec<Skipped>,
}

/// Where a bucket's objects were put.
struct Folder {
    _kept: TempDir,
    /// As the reader names it.
    place: PathBuf,
    bucket: String,
}

impl SoFar {
    /// How far it is, in words.
    pub(super) fn words(&self) -> String {
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        match self.reading.get() {
            Some(reading) => {
                let (pass, objects) = (count(&reading.pass).max(1), count(&reading.objects));
                format!("reading the trail, pass {pass} of 2: {objects} objects")
            }
            None => {
                let Fetching { objects, bytes } = &self.fetching;
                format!("fetching the trail: {} objects, {}", count(objects), size(count(bytes)))
            }
        }
    }
}

impl Fetched {
    /// Fetches what lies in S3 of these places, for a window, and reads the others where they are.
    pub(super) async fn new(
        places: &[PathBuf],
        window: Window,
        so_far: &SoFar,
    ) -> Result<Self, TrailError> {
        let (mut folders, mut left_out, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        let sdk = OnceCell::new();
        for path in places {
            let Some(from) = path.to_str().and_then(S3Prefix::parse) else {
                paths.push(path.clone());
                continue;
            };
            let sdk = sdk.get_or_init(|| clients::load(None)).await;
            let kept = private_folder().map_err(no_room)?;
            let place = kept.path().canonicalize().map_err(no_room)?;
            left_out
                .extend(delivered::fetch(sdk, &from, window, (&place, &so_far.fetching)).await?);
            // An object that was named itself is read whatever its name.
            let named = place.join(&from.prefix);
            paths.push(if named.is_file() { named } else { place.clone() });
            folders.push(Folder { _kept: kept, place, bucket: from.bucket });
        }
        let trail = LocalTrail::new(paths);
        // It was not set before: nobody but the caller has it.
        let _ = so_far.reading.set(trail.so_far());
        Ok(Self { trail, folders, left_out })
    }

    fn shown(&self, example: &str) -> Option<String> {
        self.folders.iter().find_map(|folder| {
            let key = example.strip_prefix(folder.place.to_str()?)?;
            Some(format!("s3://{}{key}", folder.bucket))
        })
    }

    /// What was passed over, in the names of S3.
    fn told(&self, skipped: &mut [Skipped]) {
        for skipped in skipped {
            if let Some(shown) = self.shown(&skipped.example) {
                skipped.example = shown;
            }
        }
    }

    fn add_left_out(&self, skipped: &mut Vec<Skipped>) {
        for left_out in &self.left_out {
            match skipped.iter_mut().find(|skipped| skipped.reason == left_out.reason) {
                Some(skipped) => skipped.count += left_out.count,
                None => skipped.push(left_out.clone()),
            }
        }
    }
}

#[async_trait]
impl Source for Fetched {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        let mut found = self.trail.sightings(window).await?;
        self.told(&mut found.coverage.skipped);
        self.told(&mut found.coverage.skipped_objects);
        self.add_left_out(&mut found.coverage.skipped_objects);
        let left_out = self.left_out.iter().map(|skipped| skipped.count);
        found.coverage.objects_read += left_out.sum::<u64>();
        Ok(found)
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.trail.cut(window, subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.trail.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.trail.role_calls(role, window).await
    }
}

/// Nobody else of this machine is shown what was called.
fn private_folder() -> std::io::Result<TempDir> {
    let only_us = Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix("keyleak-trail-").permissions(only_us).tempdir()
}

fn no_room(error: std::io::Error) -> TrailError {
    TrailError::NoRoom { reason: error.to_string() }
}
