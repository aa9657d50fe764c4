//! Pass one: lineage calls one by one, all other calls counted per caller.

use crate::domain::sightings::ADDRESSES_MAX;
use crate::domain::trail_row::Sighting;
use crate::trail::canon::Canon;
use crate::trail::flatten::{self, CALLER_TEXTS, CallerParts, TIME_LENGTH};
use crate::trail::glance::{Field, Glance};
use crate::trail::known::Mark;
use crate::trail::listed::Object;
use crate::trail::marks::Marking;
use crate::trail::scan::Pass;
use crate::trail::seen::ByItself;
use crate::trail::stamp::ObjectState;
use crate::trail::texts::{Texts, Translation};
use foldhash::fast::RandomState;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::num::NonZero;
use std::thread;

/// Distinct callers one thread remembers; the lineage says when it was cut short by this.
const CALLERS_MAX: usize = 400_000;
/// Lineage calls one thread remembers, at about a kilobyte each; the lineage says so too.
const EDGES_MAX: usize = 1_000_000;
/// Callers that are found at once when they call again; others are looked for among all.
const LATELY: usize = 1_024;
/// Threads that put the callers in order; more of them only hold more memory.
const THREADS_MAX: usize = 4;
/// What a record is called that was counted for nobody.
const NOBODY: u32 = u32::MAX;
/// Marks the name of a lineage call; without it, it is that of a caller.
const EDGE: u32 = 1 << 31;

/// An event time; as bytes they compare as the times do.
type Time = [u8; TIME_LENGTH];

/// What one thread saw.
pub(super) struct CallerPass<'c> {
    canon: &'c Canon,
    edges: Vec<Option<Sighting>>,
    callers: Vec<Caller>,
    texts: Texts,
    /// By the digest of all that records say of a caller: it is met a thousand times and made once.
    met: HashMap<u128, u32, ByItself>,
    /// The same of those that were met last: the whole of it lies far away in memory.
    lately: Vec<(u128, u32)>,
    /// By what callers are told apart by, which is less.
    by_parts: HashMap<Parts, u32, RandomState>,
    marking: Marking,
    /// How many callers there is room for.
    callers_max: usize,
    pub(super) full: bool,
}

/// Texts that a subject may name a caller by.
const NAMES: usize = 5;

/// The numbers of a caller's texts, and whether it came from the console.
type Parts = ([u32; CALLER_TEXTS], Option<i64>);

/// One caller, what is counted of it, and how an object that names it is marked.
struct Caller {
    parts: Parts,
    events: i64,
    first: Time,
    last: Time,
    /// The numbers of where it came from, up to a number.
    addresses: Vec<u32>,
    marks: [Option<Mark>; NAMES],
    /// The number of the last object that was marked so.
    marked: u64,
}

impl Pass for CallerPass<'_> {
    fn begin(&mut self, _object: &Object) -> bool {
        self.marking.begin();
        true
    }

    fn end(&mut self, object: &Object, state: ObjectState) {
        self.marking.end(&object.path, state);
    }

    fn take(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        self.marking.note(record);
        if flatten::is_lineage_call(record) {
            return self.take_edge(record, time);
        }
        let time = time.as_bytes().first_chunk().ok_or("no event time")?;
        let Some(name) = self.caller_of(record) else { return Ok(NOBODY) };
        if let Some(caller) = self.callers.get_mut(name as usize) {
            if caller.marked != self.marking.number() {
                caller.marked = self.marking.number();
                self.marking.mark(caller.marks.into_iter().flatten());
            }
            caller.add((time, time), 1);
            if caller.addresses.len() < ADDRESSES_MAX
                && let Some(address) = record.get(Field::SourceIp)
                && let Some(hash) = record.source_ip_hash(self.canon)
            {
                caller.came_from(self.texts.number_of(address, hash));
            }
        }
        Ok(name)
    }

    fn forget(&mut self, name: u32) {
        if name == NOBODY {
            return;
        }
        if name & EDGE != 0 {
            if let Some(edge) = self.edges.get_mut((name & !EDGE) as usize) {
                *edge = None;
            }
        } else if let Some(caller) = self.callers.get_mut(name as usize) {
            caller.events -= 1;
        }
    }
}

impl Caller {
    fn add(&mut self, (first, last): (&Time, &Time), events: i64) {
        self.first = self.first.min(*first);
        self.last = self.last.max(*last);
        self.events = self.events.saturating_add(events);
    }

    fn came_from(&mut self, address: Option<u32>) {
        if let Some(address) = address
            && self.addresses.len() < ADDRESSES_MAX
            && !self.addresses.contains(&address)
        {
            self.addresses.push(address);
        }
    }

    fn sighting(&self, texts: &Texts) -> Sighting {
        let time = |time: &Time| String::from_utf8_lossy(time).into_owned();
        let addresses = self.addresses.iter().map(|number| texts.get(*number));
        let mut addresses: Vec<&str> = addresses.collect();
        addresses.sort_unstable();
        Sighting {
            events: Some(self.events),
            first_time: time(&self.first),
            last_time: time(&self.last),
            addresses: (!addresses.is_empty()).then(|| addresses.join(" ")),
            ..parts_of(&self.parts, texts).sighting()
        }
    }
}

/// The order of the sightings of two callers. Texts have numbers, so that most are not looked at.
fn order(texts: &Texts, (one, one_console): &Parts, (other, other_console): &Parts) -> Ordering {
    let differs = |at: &usize| one.get(*at) != other.get(*at);
    let by_text = |at: usize| {
        let text = |numbers: &[u32]| numbers.get(at).map_or("", |number| texts.get(*number));
        text(one).cmp(text(other))
    };
    let account = CALLER_TEXTS - 1;
    match (0..account).find(differs) {
        Some(at) => by_text(at),
        None => one_console.cmp(other_console).then_with(|| by_text(account)),
    }
}

/// How many threads put so many callers in order, a thousand or more each.
fn threads_for(callers: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    cores.min(THREADS_MAX).min(callers / 1_000).max(1)
}

fn parts_of<'t>((numbers, from_console): &Parts, texts: &'t Texts) -> CallerParts<'t> {
    let text = |number| Some(texts.get(number)).filter(|text| !text.is_empty());
    CallerParts::of_texts(numbers.map(text), *from_console)
}

impl<'c> CallerPass<'c> {
    pub(super) fn new(canon: &'c Canon) -> Self {
        Self {
            canon,
            edges: Vec::new(),
            callers: Vec::new(),
            texts: Texts::new(canon.clone()),
            met: HashMap::default(),
            lately: vec![(0, NOBODY); LATELY],
            by_parts: HashMap::default(),
            marking: Marking::new(canon.clone()),
            callers_max: CALLERS_MAX,
            full: false,
        }
    }

    fn take_edge(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        let caller = CallerParts::of_glance(record);
        let edge = flatten::edge(&record.whole()?, time, &caller);
        let marks = self.marks(&caller);
        self.marking.mark(marks.into_iter().flatten());
        let name = u32::try_from(self.edges.len()).unwrap_or(NOBODY);
        if self.edges.len() >= EDGES_MAX {
            self.full = true;
            return Ok(NOBODY);
        }
        self.edges.push(Some(edge));
        Ok(name | EDGE)
    }

    fn marks(&self, caller: &CallerParts<'_>) -> [Option<Mark>; NAMES] {
        caller.names().map(|name| Some(Mark::of(self.canon, name?)))
    }

    /// The caller of a record; none where there is no room for one more.
    fn caller_of(&mut self, record: &Glance<'_>) -> Option<u32> {
        // What is told of a caller beside its identity.
        let [account, console] = [Field::RecipientAccount, Field::FromConsole]
            .map(|field| self.canon.text(record.get(field).unwrap_or_default()));
        let digest = self.canon.digest_of(record.identity ^ self.canon.member(account, console));
        let is_taken = record.identity != 0;
        let place = digest as usize % LATELY;
        if let Some((_, name)) = self.lately.get(place).filter(|(met, _)| *met == digest)
            && is_taken
        {
            return Some(*name);
        }
        if let Some(name) = self.met.get(&digest).filter(|_| is_taken) {
            if let Some(lately) = self.lately.get_mut(place) {
                *lately = (digest, *name);
            }
            return Some(*name);
        }
        let parts = CallerParts::of_glance(record);
        let name = self.caller(&parts);
        match name {
            Some(name) if is_taken && self.met.len() < CALLERS_MAX => {
                self.met.insert(digest, name);
            }
            Some(_) => {}
            // Whoever is not counted may still be looked for.
            None => {
                let marks = self.marks(&parts);
                self.marking.mark(marks.into_iter().flatten());
            }
        }
        name
    }

    /// The caller with these parts; none where there is no room for one more.
    fn caller(&mut self, parts: &CallerParts<'_>) -> Option<u32> {
        let mut numbers = [0; CALLER_TEXTS];
        for (number, text) in numbers.iter_mut().zip(parts.texts()) {
            let known = self.texts.number(text.unwrap_or_default());
            self.full |= known.is_none();
            *number = known?;
        }
        let key = (numbers, parts.has_from_console());
        if let Some(name) = self.by_parts.get(&key) {
            return Some(*name);
        }
        let marks = self.marks(parts);
        self.add(Caller {
            parts: key,
            events: 0,
            first: [u8::MAX; TIME_LENGTH],
            last: [0; TIME_LENGTH],
            addresses: Vec::new(),
            marks,
            marked: 0,
        })
    }

    /// One more caller; none where there is no room for it.
    fn add(&mut self, caller: Caller) -> Option<u32> {
        if self.callers.len() >= self.callers_max {
            self.full = true;
            return None;
        }
        let name = u32::try_from(self.callers.len()).ok()?;
        self.by_parts.insert(caller.parts, name);
        self.callers.push(caller);
        Some(name)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.full |= other.full;
        // Whoever found room with one thread has room among all.
        self.callers_max += CALLERS_MAX;
        self.edges.extend(other.edges);
        self.marking.merge(other.marking);
        let mut own = Translation::of(&other.texts);
        for theirs in other.callers {
            self.merge_caller(theirs, &mut own);
        }
    }

    fn merge_caller(&mut self, mut theirs: Caller, own: &mut Translation<'_>) {
        let (numbers, _) = &mut theirs.parts;
        for number in numbers {
            let Some(known) = own.number(*number, &mut self.texts) else {
                self.full = true;
                return;
            };
            *number = known;
        }
        let addresses = theirs.addresses.iter();
        let addresses = addresses.filter_map(|address| own.number(*address, &mut self.texts));
        theirs.addresses = addresses.collect();
        let name = self.by_parts.get(&theirs.parts);
        match name.and_then(|name| self.callers.get_mut(*name as usize)) {
            Some(caller) => {
                caller.add((&theirs.first, &theirs.last), theirs.events);
                theirs.addresses.iter().for_each(|address| caller.came_from(Some(*address)));
            }
            None => {
                self.add(theirs);
            }
        }
    }

    /// The sightings in their order, and what each object names.
    pub(super) fn finish(self) -> (Vec<Sighting>, Marking) {
        let Self { edges, callers, texts, marking, .. } = self;
        let mut edges: Vec<Sighting> = edges.into_iter().flatten().collect();
        edges.sort_unstable();
        // Of a caller whose records were all copies of those that another thread could not count.
        let counted = callers.iter().filter(|caller| caller.events > 0);
        let mut counted: Vec<&Caller> = counted.collect();
        let threads = threads_for(counted.len());
        let share = counted.len().div_ceil(threads).max(1);
        let by_parts = |one: &&Caller, other: &&Caller| order(&texts, &one.parts, &other.parts);
        thread::scope(|scope| {
            for part in counted.chunks_mut(share) {
                scope.spawn(|| part.sort_unstable_by(by_parts));
            }
        });
        // Merges what is in order by parts.
        counted.sort_by(by_parts);
        // Those without a call come first. One is some 700 bytes: each is made where it lies.
        let mut rows = Vec::new();
        rows.reserve_exact(counted.len() + edges.len());
        rows.resize_with(counted.len(), Sighting::default);
        thread::scope(|scope| {
            for (rows, callers) in rows.chunks_mut(share).zip(counted.chunks(share)) {
                let texts = &texts;
                let made = move || {
                    let pairs = rows.iter_mut().zip(callers);
                    pairs.for_each(|(row, caller)| *row = caller.sighting(texts));
                };
                scope.spawn(made);
            }
        });
        rows.append(&mut edges);
        debug_assert!(rows.is_sorted(), "the order of callers is that of their sightings");
        (rows, marking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts() -> impl Strategy<Value = Parts> {
        // Most are alike in most.
        let text = prop_oneof![4 => Just(1_u32), 1 => 0_u32..4];
        let texts = proptest::collection::vec(text, CALLER_TEXTS);
        let console = prop_oneof![Just(None), Just(Some(0)), Just(Some(1))];
        (texts, console).prop_map(|(texts, console)| {
            let mut numbers = [0; CALLER_TEXTS];
            numbers.copy_from_slice(&texts);
            (numbers, console)
        })
    }

    proptest! {
        #[test]
        fn callers_are_in_the_order_of_their_sightings(one in parts(), other in parts()) {
            let mut texts = Texts::new(Canon::default());
            // The numbers are in another order than the texts.
            for text in ["b", "c", "a"] {
                texts.number(text);
            }
            let seen = |parts: &Parts| parts_of(parts, &texts).sighting();
            prop_assert_eq!(order(&texts, &one, &other), seen(&one).cmp(&seen(&other)));
        }
    }
}
