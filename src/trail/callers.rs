//! Pass one: lineage calls one by one, all other calls counted per caller.

use crate::domain::sightings::{ADDRESSES_MAX, Tally};
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
use crate::trail::texts::Texts;
use std::collections::HashMap;

/// Distinct callers one thread remembers; the lineage says when it was cut short by this.
const CALLERS_MAX: usize = 400_000;
/// Lineage calls one thread remembers, at about a kilobyte each; the lineage says so too.
const EDGES_MAX: usize = 1_000_000;
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
    /// By what callers are told apart by, which is less.
    by_parts: HashMap<Parts, u32>,
    marking: Marking,
    /// How many callers there is room for.
    callers_max: usize,
    pub(super) full: bool,
}

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
    marks: Vec<Mark>,
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
                self.marking.mark(&caller.marks);
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
        let addresses = self.addresses.iter().map(|number| texts.get(*number).to_owned());
        let tally = Tally {
            events: self.events,
            first: time(&self.first),
            last: time(&self.last),
            addresses: addresses.collect(),
        };
        tally.of(parts_of(&self.parts, texts).sighting())
    }
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
            by_parts: HashMap::new(),
            marking: Marking::new(canon.clone()),
            callers_max: CALLERS_MAX,
            full: false,
        }
    }

    fn take_edge(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        let caller = CallerParts::of_glance(record);
        let edge = flatten::edge(&record.whole()?, time, &caller);
        let marks = self.marks(&caller);
        self.marking.mark(&marks);
        let name = u32::try_from(self.edges.len()).unwrap_or(NOBODY);
        if self.edges.len() >= EDGES_MAX {
            self.full = true;
            return Ok(NOBODY);
        }
        self.edges.push(Some(edge));
        Ok(name | EDGE)
    }

    fn marks(&self, caller: &CallerParts<'_>) -> Vec<Mark> {
        let names = caller.names().into_iter().flatten();
        names.map(|name| Mark::of(self.canon, name)).collect()
    }

    /// The caller of a record; none where there is no room for one more.
    fn caller_of(&mut self, record: &Glance<'_>) -> Option<u32> {
        // What is told of a caller beside its identity.
        let [account, console] = [Field::RecipientAccount, Field::FromConsole]
            .map(|field| self.canon.text(record.get(field).unwrap_or_default()));
        let digest = self.canon.digest_of(record.identity ^ self.canon.member(account, console));
        let is_taken = record.identity != 0;
        if let Some(name) = self.met.get(&digest).filter(|_| is_taken) {
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
                self.marking.mark(&marks);
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
        if self.callers.len() >= self.callers_max {
            self.full = true;
            return None;
        }
        let name = u32::try_from(self.callers.len()).ok()?;
        self.by_parts.insert(key, name);
        self.callers.push(Caller {
            parts: key,
            events: 0,
            first: [u8::MAX; TIME_LENGTH],
            last: [0; TIME_LENGTH],
            addresses: Vec::new(),
            marks: self.marks(parts),
            marked: 0,
        });
        Some(name)
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.full |= other.full;
        // Whoever found room with one thread has room among all.
        self.callers_max += CALLERS_MAX;
        self.edges.extend(other.edges);
        self.marking.merge(other.marking);
        for theirs in other.callers {
            let name = self.caller(&parts_of(&theirs.parts, &other.texts));
            let Some(caller) = name.and_then(|name| self.callers.get_mut(name as usize)) else {
                continue;
            };
            caller.add((&theirs.first, &theirs.last), theirs.events);
            for address in theirs.addresses {
                caller.came_from(self.texts.number(other.texts.get(address)));
            }
        }
    }

    /// The sightings in their order, and what each object names.
    pub(super) fn finish(self) -> (Vec<Sighting>, Marking) {
        let mut rows: Vec<Sighting> = self.edges.into_iter().flatten().collect();
        // Of a caller whose records were all copies of those that another thread could not count.
        let counted = self.callers.iter().filter(|caller| caller.events > 0);
        // One is some 700 bytes: there is no room to spare.
        rows.reserve_exact(self.callers.len());
        rows.extend(counted.map(|caller| caller.sighting(&self.texts)));
        rows.sort_unstable();
        (rows, self.marking)
    }
}
