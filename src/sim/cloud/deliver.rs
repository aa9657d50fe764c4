//! Records on their way: held for the delay, then delivered as `CloudTrail` lays its objects out.

use crate::sim::cloud::SimCloud;
use crate::sim::cloud::chance::Chance;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often due records are looked for; well below CloudTrail's own delay.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What has happened and is not delivered yet.
#[derive(Debug)]
pub(super) struct Outbox {
    folder: PathBuf,
    delay: RangeInclusive<Duration>,
    waiting: Vec<Waiting>,
    delivered: u64,
}

#[derive(Debug)]
struct Waiting {
    at: Timestamp,
    due: Timestamp,
    record: Value,
}

/// Objects ready to be written.
#[derive(Debug)]
pub(super) struct Parcel {
    path: PathBuf,
    records: Vec<Value>,
}

impl Outbox {
    pub(super) fn new(folder: PathBuf, delay: RangeInclusive<Duration>) -> Self {
        Self { folder, delay, waiting: Vec::new(), delivered: 0 }
    }

    pub(super) fn add(&mut self, at: Timestamp, record: Value, chance: &mut Chance) {
        let due = chance.after(at, &self.delay);
        self.waiting.push(Waiting { at, due, record });
    }

    /// A record of the past, due at once.
    pub(super) fn add_past(&mut self, at: Timestamp, record: Value) {
        self.waiting.push(Waiting { at, due: at, record });
    }

    /// Takes out what is due, one object per day.
    pub(super) fn due(&mut self, now: Timestamp, account: &str) -> Vec<Parcel> {
        let (due, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting: &Waiting| waiting.due <= now);
        self.waiting = waiting;
        let mut days: BTreeMap<String, Vec<Waiting>> = BTreeMap::new();
        for one in due {
            let day = one.at.strftime("%Y/%m/%d").to_string();
            days.entry(day).or_default().push(one);
        }
        days.into_iter().map(|(day, records)| self.parcel(account, &day, records)).collect()
    }

    fn parcel(&mut self, account: &str, day: &str, records: Vec<Waiting>) -> Parcel {
        self.delivered += 1;
        let last = records.iter().map(|one| one.at).max().unwrap_or_default();
        let minute = last.strftime("%Y%m%dT%H%MZ");
        let unique = self.delivered;
        let name = format!("{account}_CloudTrail_us-east-1_{minute}_{unique:016}.json.gz");
        let folder = self.folder.join("AWSLogs").join(account);
        Parcel {
            path: folder.join("CloudTrail/us-east-1").join(day).join(name),
            records: records.into_iter().map(|one| one.record).collect(),
        }
    }
}

impl Parcel {
    /// Writes the object so that a reader never sees half of it; S3 has no such thing either.
    fn write(self) -> io::Result<()> {
        let mut object = GzEncoder::new(Vec::new(), Compression::fast());
        object.write_all(json!({ "Records": self.records }).to_string().as_bytes())?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut part = tempfile::NamedTempFile::new_in(folder)?;
        part.write_all(&object.finish()?)?;
        part.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

impl SimCloud {
    /// Delivers what is due now.
    pub fn deliver_due(&self) -> io::Result<()> {
        self.deliver_until(self.clock.now())
    }

    /// Delivers everything at once, as if the delay had passed.
    pub fn deliver_all_now(&self) -> io::Result<()> {
        self.deliver_until(Timestamp::MAX)
    }

    fn deliver_until(&self, until: Timestamp) -> io::Result<()> {
        let parcels = {
            let mut state = self.lock();
            let account = state.account.0.clone();
            state.outbox.due(until, &account)
        };
        parcels.into_iter().try_for_each(Parcel::write)
    }

    /// Delivers due records again and again until it is cancelled.
    pub fn start_delivery(self: &Arc<Self>, tasks: &TaskTracker, stop: CancellationToken) {
        let cloud = Arc::clone(self);
        tasks.spawn(async move {
            while stop.run_until_cancelled(cloud.clock.sleep(LOOK_EVERY)).await.is_some() {
                if let Err(error) = cloud.deliver_due() {
                    tracing::error!(%error, "simulated CloudTrail could not deliver");
                }
            }
        });
    }
}
