//! Reads all objects once, on a few threads, and keeps account of everything that was not used.

use crate::ports::trail::harmless;
use crate::ports::trail::{Coverage, Skipped, Window};
use crate::trail::envelopes::{RecordSink, read_text};
use crate::trail::flatten::event_time;
use crate::trail::objects::{self, Found};
use crate::trail::record::Record;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Reading is bound by unpacking and parsing; more threads than this only hold more memory.
const THREADS_MAX: usize = 4;
/// The set of seen records is split so that threads rarely wait for one another.
const SHARDS: usize = 64;
/// What records that lie in no object are said to come from.
const AT_HAND: &str = "the event history";

/// What a pass does with each record that is in the window and not a duplicate.
pub trait Pass: Send {
    /// Is told of each object before its records.
    fn begin(&mut self, _object: &Path) {}
    /// Is told of each object after its records.
    fn end(&mut self) {}
    /// Sees each record before its duplicates are left out, and says whether it takes it; what it
    /// does not take is in no account.
    fn wants(&mut self, _record: &Record<'_>, _time: &str) -> bool {
        true
    }
    /// Takes one record that it wants.
    fn take(&mut self, record: &Record<'_>, time: &str);
}

/// What one thread, then all, counted.
#[derive(Debug, Default)]
pub struct Account {
    records_read: u64,
    unique: u64,
    duplicates: u64,
    first: Option<String>,
    last: Option<String>,
    data_from: Option<String>,
    regions: BTreeSet<String>,
    accounts: BTreeSet<String>,
    skipped: BTreeMap<&'static str, (u64, String)>,
    refused: BTreeMap<&'static str, (u64, String)>,
    objects_used: u64,
    bytes: u64,
}

/// The window as texts that compare with event times.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    from: Option<String>,
    to: Option<String>,
}

impl Bounds {
    pub(super) fn of(window: Window) -> Self {
        let text = crate::domain::trail_row::format_time;
        Self { from: window.from.map(text), to: window.to.map(text) }
    }

    pub(super) fn hold(&self, time: &str) -> bool {
        self.from.as_deref().is_none_or(|from| time >= from)
            && self.to.as_deref().is_none_or(|to| time < to)
    }
}

/// Records seen before, by keyed hash of their bytes: 8 bytes a record instead of the record, and
/// nobody can make two records collide without knowing the key.
struct Seen {
    keys: RandomState,
    shards: Vec<Mutex<HashSet<u64>>>,
}

impl Seen {
    fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashSet::new())).collect();
        Self { keys: RandomState::new(), shards }
    }

    fn is_new(&self, json: &str) -> bool {
        let hash = self.keys.hash_one(json);
        let shard = &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)];
        shard.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(hash)
    }
}

/// Runs one pass over the objects; `make` builds the part of the pass one thread keeps.
pub fn scan<P: Pass>(
    found: &Found,
    window: Window,
    make: &(dyn Fn() -> P + Sync),
) -> (Vec<P>, Coverage, u64) {
    let seen = Seen::new();
    let bounds = Bounds::of(window);
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.clamp(1, THREADS_MAX).min(found.objects.len().max(1));
    let results = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| work(&found.objects, &next, &seen, (&bounds, make()))))
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect::<Vec<_>>()
    });
    let mut passes = Vec::new();
    let mut account = Account::default();
    for (pass, part) in results {
        passes.push(pass);
        account.merge(part);
    }
    for refusal in &found.refused {
        count(&mut account.refused, refusal.reason, &refusal.place.display().to_string());
    }
    let objects = (found.objects.len() + found.refused.len()) as u64;
    let bytes = account.bytes;
    (passes, account.coverage(objects), bytes)
}

/// Runs one pass over records that are at hand, each the JSON of one.
pub(super) fn scan_records<P: Pass>(
    records: &[impl AsRef<str>],
    window: Window,
    mut pass: P,
) -> (P, Coverage) {
    pass.begin(Path::new(AT_HAND));
    let (seen, bounds) = (Seen::new(), Bounds::of(window));
    let (account, place) = (Account::default(), AT_HAND.to_owned());
    let mut reader = Reader { pass, seen: &seen, bounds: &bounds, account, place };
    for record in records {
        if let Err(reason) = read_text(record.as_ref(), &mut reader) {
            reader.refuse(reason);
        }
    }
    reader.pass.end();
    (reader.pass, reader.account.coverage(0))
}

fn work<P: Pass>(
    objects: &[PathBuf],
    next: &AtomicUsize,
    seen: &Seen,
    (bounds, pass): (&Bounds, P),
) -> (P, Account) {
    let mut reader =
        Reader { pass, seen, bounds, account: Account::default(), place: String::new() };
    let mut room = Vec::new();
    while let Some(path) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
        reader.place = path.display().to_string();
        reader.pass.begin(path);
        reader.account.bytes += std::fs::metadata(path).map_or(0, |meta| meta.len());
        match objects::read(path, &mut room, &mut reader) {
            Ok(()) => reader.account.objects_used += 1,
            Err(reason) => count(&mut reader.account.refused, reason, &reader.place),
        }
        reader.pass.end();
    }
    (reader.pass, reader.account)
}

struct Reader<'a, P> {
    pass: P,
    seen: &'a Seen,
    bounds: &'a Bounds,
    account: Account,
    place: String,
}

impl<P: Pass> RecordSink for Reader<'_, P> {
    fn record(&mut self, json: &str) -> bool {
        let weighed = match serde_json::from_str::<Record<'_>>(json) {
            Ok(record) if record.event_name.get().is_none() => return false,
            Ok(record) => self.weigh(json, &record),
            Err(_) => Err("not a record"),
        };
        self.account.records_read += 1;
        if let Err(reason) = weighed {
            count(&mut self.account.skipped, reason, &self.place);
        }
        true
    }

    fn refuse(&mut self, reason: &'static str) {
        self.account.records_read += 1;
        count(&mut self.account.skipped, reason, &self.place);
    }
}

impl<P: Pass> Reader<'_, P> {
    fn weigh(&mut self, json: &str, record: &Record<'_>) -> Result<(), &'static str> {
        if record.event_category.get() == Some("Insight")
            || record.event_type.get() == Some("AwsCloudTrailInsight")
        {
            return Err(harmless::INSIGHT_RECORD);
        }
        let time = event_time(record).ok_or("no event time")?;
        if !self.bounds.hold(&time) {
            return Err(harmless::OUTSIDE);
        }
        if !self.pass.wants(record, &time) {
            return Ok(());
        }
        if !self.seen.is_new(json) {
            self.account.duplicates += 1;
            return Ok(());
        }
        self.account.note(record, &time);
        self.pass.take(record, &time);
        Ok(())
    }
}

impl Account {
    fn note(&mut self, record: &Record<'_>, time: &str) {
        self.unique += 1;
        earlier(&mut self.first, time);
        if self.last.as_deref().is_none_or(|last| time > last) {
            self.last = Some(time.to_owned());
        }
        if record.event_category.get() == Some("Data") {
            earlier(&mut self.data_from, time);
        }
        for (set, text) in [
            (&mut self.regions, &record.aws_region),
            (&mut self.accounts, &record.recipient_account_id),
        ] {
            if let Some(text) = text.get().filter(|text| !set.contains(*text)) {
                set.insert(text.to_owned());
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.records_read += other.records_read;
        self.unique += other.unique;
        self.duplicates += other.duplicates;
        self.objects_used += other.objects_used;
        self.bytes += other.bytes;
        if let Some(first) = &other.first {
            earlier(&mut self.first, first);
        }
        if let Some(data_from) = &other.data_from {
            earlier(&mut self.data_from, data_from);
        }
        self.last = self.last.take().max(other.last);
        self.regions.extend(other.regions);
        self.accounts.extend(other.accounts);
        for (mine, theirs) in
            [(&mut self.skipped, other.skipped), (&mut self.refused, other.refused)]
        {
            for (reason, (times, example)) in theirs {
                mine.entry(reason).or_insert((0, example)).0 += times;
            }
        }
    }

    fn coverage(self, objects: u64) -> Coverage {
        let time = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Coverage {
            objects_read: objects,
            objects_used: self.objects_used,
            records_read: self.records_read,
            records_unique: self.unique,
            duplicates: self.duplicates,
            first: time(self.first),
            last: time(self.last),
            regions: self.regions.into_iter().collect(),
            accounts: self.accounts.into_iter().collect(),
            data_events_from: time(self.data_from),
            skipped_objects: skips(self.refused),
            skipped: skips(self.skipped),
            never_shown: Vec::new(),
        }
    }
}

fn earlier(kept: &mut Option<String>, time: &str) {
    if kept.as_deref().is_none_or(|kept| time < kept) {
        *kept = Some(time.to_owned());
    }
}

fn count(counts: &mut BTreeMap<&'static str, (u64, String)>, reason: &'static str, place: &str) {
    counts.entry(reason).or_insert_with(|| (0, place.to_owned())).0 += 1;
}

fn skips(counts: BTreeMap<&'static str, (u64, String)>) -> Vec<Skipped> {
    let skip = |(reason, (count, example)): (&str, (u64, String))| Skipped {
        reason: reason.to_owned(),
        count,
        example,
    };
    counts.into_iter().map(skip).collect()
}
