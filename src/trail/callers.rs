//! Pass one: lineage calls one by one, all other calls counted per caller.

use crate::domain::sightings::{ADDRESSES_MAX, Tally};
use crate::domain::trail_row::Sighting;
use crate::trail::flatten::{self, CallerParts};
use crate::trail::marks::{Marking, ObjectMarks};
use crate::trail::record::Record;
use crate::trail::scan::Pass;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

/// Distinct callers one thread remembers; the lineage says when it was cut short by this.
const CALLERS_MAX: usize = 400_000;

/// What one thread saw.
pub(super) struct CallerPass {
    edges: Vec<Sighting>,
    hasher: RandomState,
    /// By the hash of what they are told by: a caller is met a thousand times and made once.
    callers: HashMap<u64, Vec<(Sighting, Tally)>>,
    callers_known: usize,
    marking: Marking,
    pub(super) full: bool,
}

/// Remembers where a caller came from, up to a number.
fn note_address(tally: &mut Tally, address: &str) {
    if tally.addresses.len() < ADDRESSES_MAX && !tally.addresses.contains(address) {
        tally.addresses.insert(address.to_owned());
    }
}

impl Pass for CallerPass {
    fn begin(&mut self, object: &Path) {
        self.marking.begin(object);
    }

    fn end(&mut self) {
        self.marking.end();
    }

    fn wants(&mut self, record: &Record<'_>, _time: &str) -> bool {
        self.marking.note(record);
        true
    }

    fn take(&mut self, record: &Record<'_>, time: &str) {
        if flatten::is_lineage_call(record) {
            self.edges.push(flatten::edge(record, time));
            return;
        }
        let parts = CallerParts::of_record(record);
        let Some(tally) = self.tally(&parts) else { return };
        tally.add((time, time), 1);
        if let Some(address) = record.source_ip.get() {
            note_address(tally, address);
        }
    }
}

impl CallerPass {
    pub(super) fn new(hasher: RandomState) -> Self {
        Self {
            edges: Vec::new(),
            marking: Marking::new(hasher.clone()),
            hasher,
            callers: HashMap::new(),
            callers_known: 0,
            full: false,
        }
    }

    /// What is counted of a caller; none where there is no room for one more.
    fn tally(&mut self, parts: &CallerParts<'_>) -> Option<&mut Tally> {
        let alike = self.callers.entry(self.hasher.hash_one(parts)).or_default();
        let known = alike.iter().position(|(caller, _)| CallerParts::of_sighting(caller) == *parts);
        if known.is_none() {
            if self.callers_known >= CALLERS_MAX {
                self.full = true;
                return None;
            }
            self.callers_known += 1;
            alike.push((parts.sighting(), Tally::default()));
        }
        let at = known.unwrap_or(alike.len() - 1);
        alike.get_mut(at).map(|(_, tally)| tally)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.full |= other.full;
        self.edges.extend(other.edges);
        self.marking.merge(other.marking);
        for (caller, theirs) in other.callers.into_values().flatten() {
            let Some(tally) = self.tally(&CallerParts::of_sighting(&caller)) else { continue };
            tally.add((&theirs.first, &theirs.last), theirs.events);
            theirs.addresses.iter().for_each(|address| note_address(tally, address));
        }
    }

    /// The sightings in their order, and what each object names.
    pub(super) fn finish(self) -> (Vec<Sighting>, ObjectMarks) {
        let mut rows = self.edges;
        let callers = self.callers.into_values().flatten();
        rows.extend(callers.map(|(caller, tally)| tally.of(caller)));
        rows.sort_unstable();
        (rows, self.marking.finish())
    }
}
