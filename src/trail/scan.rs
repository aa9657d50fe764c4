//! Reads all objects once, on a few threads, and keeps account of everything that was not used.

use crate::ports::coverage::harmless;
use crate::ports::trail::{Coverage, Skipped, Window};
use crate::trail::canon::Canon;
use crate::trail::digests::{self, Digests};
use crate::trail::envelopes::{RecordSink, parse_text};
use crate::trail::flatten::event_time;
use crate::trail::glance::{Field, Glance};
use crate::trail::listed::{Object, Objects};
use crate::trail::objects;
use crate::trail::record::Record;
use crate::trail::seen::Seen;
use crate::trail::skim::Skimmer;
use crate::trail::stamp::ObjectState;
use crate::trail::unpacking::Unpacker;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// Reading is bound by unpacking and parsing; more threads than this only hold more memory.
const THREADS_MAX: usize = 4;
/// What records that lie in no object are said to come from.
const AT_HAND: &str = "the event history";

/// What a pass does with each record that is in the window.
pub trait Pass: Send {
    /// Is told of each object before its records, and says whether it has to be opened.
    fn begin(&mut self, _object: &Object) -> bool {
        true
    }
    /// Is told of each object after its records, and how it was when it was opened.
    fn end(&mut self, _object: &Object, _state: ObjectState) {}
    /// Says whether it takes a record; what it does not take is in no account.
    fn wants(&mut self, _record: &Glance<'_>, _time: &str) -> bool {
        true
    }
    /// Takes one record that it wants, and gives it a name; an error is why it cannot be used.
    fn take(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str>;
    /// Takes a record back that was there before; only where duplicates are told at the end.
    fn forget(&mut self, _name: u32) {}
}

/// When a record is told from those that were there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Before it is taken. What was taken is remembered: for passes that keep it anyway.
    AtOnce,
    /// When all were taken, by taking the duplicates back: for passes that take everything.
    AtTheEnd,
}

/// What one pass came to.
#[derive(Debug)]
pub struct Scanned<P> {
    /// The part of the pass that each thread kept.
    pub passes: Vec<P>,
    pub coverage: Coverage,
    pub bytes: u64,
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
    regions: Met,
    accounts: Met,
    skipped: Counts,
    refused: Counts,
    objects: u64,
    objects_used: u64,
    bytes: u64,
}

/// Different texts, of which the same comes many times in a row.
#[derive(Debug, Default)]
struct Met {
    all: BTreeSet<String>,
    last: String,
}

impl Met {
    fn note(&mut self, text: &str) {
        if text != self.last {
            text.clone_into(&mut self.last);
            self.all.insert(text.to_owned());
        }
    }
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

/// Runs one pass over the objects; `make` builds the part of the pass one thread keeps.
pub fn scan<P: Pass>(
    (objects, window): (&dyn Objects, Window),
    (canon, duplicates): (&Canon, Duplicates),
    make: &(dyn Fn() -> P + Sync),
) -> io::Result<Scanned<P>> {
    let shared = Shared {
        canon,
        bounds: Bounds::of(window),
        seen: (duplicates == Duplicates::AtOnce).then(Seen::default),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let results = std::thread::scope(|scope| {
        let start = |_| scope.spawn(|| work(objects, &shared, make()));
        let workers: Vec<_> = (0..cores.clamp(1, THREADS_MAX)).map(start).collect();
        workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    let mut passes = Vec::new();
    let mut all_digests = Vec::new();
    let mut account = Account::default();
    for result in results {
        let part = result.map_err(|_| io::Error::other("a thread that read it failed"))??;
        passes.push(part.0);
        account.merge(part.1);
        all_digests.push(part.2);
    }
    let count = digests::duplicates(all_digests, |thread, name| {
        if let Some(pass) = passes.get_mut(thread) {
            pass.forget(name);
        }
    })?;
    account.unique -= count;
    account.duplicates += count;
    let bytes = account.bytes;
    Ok(Scanned { passes, coverage: account.coverage(), bytes })
}

/// Runs one pass over records that are at hand, each the JSON of one.
pub(super) fn scan_records<P: Pass>(
    records: &[impl AsRef<str>],
    (window, canon): (Window, &Canon),
    mut pass: P,
) -> (P, Coverage) {
    let all = Object { path: PathBuf::from(AT_HAND), known: None };
    let (mut account, mut digests) = (Account::default(), Digests::default());
    let seen = Some(Seen::default());
    let shared = Shared { canon, bounds: Bounds::of(window), seen };
    if pass.begin(&all) {
        let (account, digests) = (&mut account, &mut digests);
        let place = all.path.as_path();
        let mut reader = Reader { pass, shared: &shared, account, digests, place };
        for record in records {
            if let Err(reason) = parse_text(record.as_ref(), &mut reader) {
                reader.refuse(reason);
            }
        }
        pass = reader.pass;
    }
    pass.end(&all, ObjectState::default());
    (pass, account.coverage())
}

/// What all threads of one pass share.
struct Shared<'a> {
    canon: &'a Canon,
    bounds: Bounds,
    seen: Option<Seen>,
}

fn work<P: Pass>(
    objects: &dyn Objects,
    shared: &Shared<'_>,
    mut pass: P,
) -> io::Result<(P, Account, Digests)> {
    let mut account = Account::default();
    let mut digests = Digests::default();
    let (mut unpacker, mut skimmer) = (Unpacker::new(), Skimmer::new(shared.canon));
    while let Some(next) = objects.next()? {
        account.objects += 1;
        let object = match next {
            Ok(object) => object,
            Err(refusal) => {
                count_one(&mut account.refused, refusal.reason, &refusal.place);
                continue;
            }
        };
        if !pass.begin(&object) {
            continue;
        }
        let (place, account) = (object.path.as_path(), &mut account);
        let mut reader = Reader { pass, shared, account, digests: &mut digests, place };
        let (state, outcome) = objects::read(place, &mut unpacker, (&mut skimmer, &mut reader));
        match outcome {
            Ok(()) => reader.account.objects_used += 1,
            Err(reason) => count_one(&mut reader.account.refused, reason, place),
        }
        reader.account.bytes += state.bytes;
        pass = reader.pass;
        pass.end(&object, state);
    }
    digests.sort();
    Ok((pass, account, digests))
}

struct Reader<'a, P> {
    pass: P,
    shared: &'a Shared<'a>,
    account: &'a mut Account,
    digests: &'a mut Digests,
    place: &'a Path,
}

impl<P: Pass> RecordSink for Reader<'_, P> {
    fn glance(&mut self, glance: &Glance<'_>) {
        self.account.records_read += 1;
        if let Err(reason) = self.weigh(glance) {
            count_one(&mut self.account.skipped, reason, self.place);
        }
    }

    fn record(&mut self, json: &str) -> bool {
        match serde_json::from_str::<Record<'_>>(json) {
            Ok(record) if record.event_name.get().is_none() => return false,
            Ok(record) => {
                let digest = self.shared.canon.digest(json);
                self.glance(&Glance::of_record(json, &record, digest));
            }
            Err(_) => self.refuse("not a record"),
        }
        true
    }

    fn refuse(&mut self, reason: &'static str) {
        self.account.records_read += 1;
        count_one(&mut self.account.skipped, reason, self.place);
    }
}

impl<P: Pass> Reader<'_, P> {
    fn weigh(&mut self, record: &Glance<'_>) -> Result<(), &'static str> {
        if record.get(Field::EventCategory) == Some("Insight")
            || record.get(Field::EventType) == Some("AwsCloudTrailInsight")
        {
            return Err(harmless::INSIGHT_RECORD);
        }
        let time = event_time(record).ok_or("no event time")?;
        if !self.shared.bounds.hold(&time) {
            return Err(harmless::OUTSIDE);
        }
        if !self.pass.wants(record, &time) {
            return Ok(());
        }
        match &self.shared.seen {
            Some(seen) if !seen.is_new(record.digest) => {
                self.account.duplicates += 1;
                return Ok(());
            }
            Some(_) => {
                self.pass.take(record, &time)?;
            }
            None => {
                let name = self.pass.take(record, &time)?;
                self.digests.push(record.digest, name);
            }
        }
        self.account.note(record, &time);
        Ok(())
    }
}

impl Account {
    fn note(&mut self, record: &Glance<'_>, time: &str) {
        self.unique += 1;
        earlier(&mut self.first, time);
        match &mut self.last {
            Some(last) if time > last.as_str() => time.clone_into(last),
            Some(_) => {}
            None => self.last = Some(time.to_owned()),
        }
        if record.get(Field::EventCategory) == Some("Data") {
            earlier(&mut self.data_from, time);
        }
        for (set, field) in
            [(&mut self.regions, Field::Region), (&mut self.accounts, Field::RecipientAccount)]
        {
            if let Some(text) = record.get(field) {
                set.note(text);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.records_read += other.records_read;
        self.unique += other.unique;
        self.duplicates += other.duplicates;
        self.objects += other.objects;
        self.objects_used += other.objects_used;
        self.bytes += other.bytes;
        if let Some(first) = &other.first {
            earlier(&mut self.first, first);
        }
        if let Some(data_from) = &other.data_from {
            earlier(&mut self.data_from, data_from);
        }
        self.last = self.last.take().max(other.last);
        self.regions.all.extend(other.regions.all);
        self.accounts.all.extend(other.accounts.all);
        for (mine, theirs) in
            [(&mut self.skipped, other.skipped), (&mut self.refused, other.refused)]
        {
            for (reason, (times, example)) in theirs {
                count(mine, reason, (times, example));
            }
        }
    }

    fn coverage(self) -> Coverage {
        let time = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Coverage {
            objects_read: self.objects,
            objects_used: self.objects_used,
            records_read: self.records_read,
            records_unique: self.unique,
            duplicates: self.duplicates,
            first: time(self.first),
            last: time(self.last),
            regions: self.regions.all.into_iter().collect(),
            accounts: self.accounts.all.into_iter().collect(),
            data_events_from: time(self.data_from),
            skipped_objects: skips(self.refused),
            skipped: skips(self.skipped),
            ..Coverage::default()
        }
    }
}

fn earlier(kept: &mut Option<String>, time: &str) {
    if kept.as_deref().is_none_or(|kept| time < kept) {
        *kept = Some(time.to_owned());
    }
}

type Counts = BTreeMap<&'static str, (u64, String)>;

fn count_one(counts: &mut Counts, reason: &'static str, place: &Path) {
    match counts.get_mut(reason) {
        // The first in order is told, whichever thread came by it first.
        Some((times, example)) if place.as_os_str() >= OsStr::new(example) => *times += 1,
        Some(_) | None => count(counts, reason, (1, place.display().to_string())),
    }
}

fn count(counts: &mut Counts, reason: &'static str, (times, example): (u64, String)) {
    let known = counts.entry(reason).or_insert_with(|| (0, example.clone()));
    known.0 += times;
    if example < known.1 {
        known.1 = example;
    }
}

fn skips(counts: Counts) -> Vec<Skipped> {
    let skip = |(reason, (count, example)): (&str, (u64, String))| Skipped {
        reason: reason.to_owned(),
        count,
        example,
    };
    counts.into_iter().map(skip).collect()
}
