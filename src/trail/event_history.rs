//! The trail by CloudTrail's event history: a `Source` that looks up one name after another.
//!
//! The history answers about one key, user or resource at a time, and slowly. So it is asked about
//! the exposed key first, then about what grew out of that, until nobody new turns up; both passes
//! are made over what was found.

use crate::domain::belonging::Belonging;
use crate::domain::growth::{Bounds, grow};
use crate::domain::ids::AccountId;
use crate::domain::lineage::Subject;
use crate::domain::query_cost::QueryCost;
use crate::domain::trail_row::TrailRow;
use crate::ports::clock::Clock;
use crate::ports::event_history::{EventHistory, Found, Search};
use crate::ports::trail::rows::Rows;
use crate::ports::trail::{
    Coverage, Cut, Deeds, RoleCalls, Sightings, Skipped, Source, TrailError, Window,
};
use crate::trail::callers::CallerPass;
use crate::trail::canon::Canon;
use crate::trail::flatten;
use crate::trail::glance::Glance;
use crate::trail::looked_up::LookedUp;
use crate::trail::passes::{CutPass, RolePass, is_deed, of_deeds};
use crate::trail::scan::{Pass, scan_records};
use crate::trail::searches::{self, of_key};
use crate::trail::spool;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// CloudTrail keeps events of so long in its history.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Searches of one reading: two a second at best, and a person waits.
const SEARCHES_MAX: usize = 40;
/// Sessions of a role whose calls are looked up.
const SESSIONS_MAX: usize = 60;
/// Cases whose records are kept from pass one to pass two.
const READ_MAX: usize = 8;
/// What the history is not, whatever is recorded elsewhere.
const NEVER_SHOWN: [&str; 2] = [
    "CloudTrail's event history never has data events, and nothing older than 90 days",
    "the event history cannot be searched by address, so who else came from the actor's addresses \
     is not known",
];

/// CloudTrail's event history as a trail.
pub struct HistoryTrail {
    history: Arc<dyn EventHistory>,
    clock: Clock,
    canon: Canon,
    looked_up: LookedUp,
    read: Mutex<VecDeque<Arc<Reading>>>,
}

/// All that was found about a key.
#[derive(Default)]
struct Reading {
    key_id: String,
    window: Window,
    records: Vec<String>,
    regions: BTreeSet<String>,
    unread: Vec<Skipped>,
    truncated: bool,
    asked: BTreeSet<Search>,
    /// The accounts whose history could be read.
    accounts: BTreeSet<Option<AccountId>>,
}

impl HistoryTrail {
    pub fn new(history: Arc<dyn EventHistory>, clock: Clock) -> Self {
        let looked_up = LookedUp::new(Arc::clone(&history), clock);
        let (canon, read) = (Canon::default(), Mutex::default());
        Self { history, clock, canon, looked_up, read }
    }

    /// The window with a beginning: what is older is in no history.
    fn within_reach(&self, window: Window) -> Window {
        let oldest = self.clock.now().checked_sub(KEPT).unwrap_or(Timestamp::UNIX_EPOCH);
        Window { from: window.from.max(Some(oldest)), to: window.to }
    }

    /// Looks the key up, then whatever it led to.
    async fn read(&self, key_id: &str, window: Window) -> Result<Reading, TrailError> {
        let reach = self.within_reach(window);
        let mut reading = Reading { key_id: key_id.to_owned(), window, ..Reading::default() };
        let mut wanted = of_key(key_id);
        loop {
            wanted.retain(|search| !reading.asked.contains(search));
            let room = SEARCHES_MAX.saturating_sub(reading.asked.len());
            reading.truncated |= wanted.len() > room;
            wanted.truncate(room);
            if wanted.is_empty() {
                return Ok(reading);
            }
            for search in wanted {
                let found = self.looked_up.find(&search, reach).await;
                reading.take(search, found)?;
            }
            wanted = self.reached(&reading);
        }
    }

    /// What has to be looked up, by what is known so far.
    fn reached(&self, reading: &Reading) -> Vec<Search> {
        let (pass, _) = scan_records(
            &reading.records,
            (reading.window, &self.canon),
            CallerPass::new(&self.canon),
        );
        let (sightings, _) = pass.finish();
        let as_of = self.clock.now();
        let bounds = Bounds { key_id: &reading.key_id, exposed_since: None, as_of };
        searches::of(&grow(&sightings, bounds))
    }

    /// What was looked at. The newest record of a key that fell silent says nothing of how far the
    /// history is: that is asked for.
    async fn looked_at(&self, found: Coverage, reading: &Reading) -> Result<Coverage, TrailError> {
        let mut last = Some(Timestamp::MAX);
        for account in &reading.accounts {
            let delivered = self.history.delivered_to(account.as_ref()).await;
            last = last.min(delivered.unwrap_or_default());
        }
        let begun = self.within_reach(reading.window).from;
        Ok(Coverage {
            objects_read: reading.asked.len() as u64,
            objects_used: reading.asked.len() as u64,
            // Of what was cut short only the newest is here.
            first: if reading.truncated { found.first } else { begun },
            last: last.filter(|last| *last < Timestamp::MAX),
            regions: reading.regions.iter().cloned().collect(),
            skipped_objects: reading.unread.clone(),
            limits: NEVER_SHOWN.map(str::to_owned).into(),
            ..found
        })
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Reading>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, reading: Reading) -> Arc<Reading> {
        let reading = Arc::new(reading);
        let mut kept = self.kept();
        kept.retain(|known| known.key_id != reading.key_id);
        kept.push_back(Arc::clone(&reading));
        while kept.len() > READ_MAX {
            kept.pop_front();
        }
        reading
    }
}

impl Reading {
    /// Takes what a search found. The first one must find something out; of the others it is told
    /// that they could not be made.
    fn take(&mut self, search: Search, found: Result<Found, TrailError>) -> Result<(), TrailError> {
        let is_first = self.asked.is_empty();
        match found {
            Ok(found) => {
                self.records.extend(found.records);
                self.regions.extend(found.regions);
                self.truncated |= found.truncated;
                self.accounts.insert(search.account.clone());
                for unread in found.unread {
                    self.leave_out(unread);
                }
            }
            Err(error) if is_first => return Err(error),
            Err(error) => self.leave_out(Skipped {
                reason: format!("{} could not be looked up: {error}", search.about),
                count: 1,
                example: search.account.as_ref().map_or(String::new(), ToString::to_string),
            }),
        }
        self.asked.insert(search);
        Ok(())
    }

    /// Counts what was not read, once for each reason.
    fn leave_out(&mut self, unread: Skipped) {
        match self.unread.iter_mut().find(|known| known.reason == unread.reason) {
            Some(known) => known.count += unread.count,
            None => self.unread.push(unread),
        }
    }
}

#[async_trait]
impl Source for HistoryTrail {
    async fn sightings(&self, _window: Window) -> Result<Sightings, TrailError> {
        Err(TrailError::Unreadable {
            place: "CloudTrail's event history".to_owned(),
            reason: "it is read for one key at a time".to_owned(),
        })
    }

    async fn sightings_of(&self, key_id: &str, window: Window) -> Result<Sightings, TrailError> {
        let begun = self.clock.now();
        let reading = self.keep(self.read(key_id, window).await?);
        let pass = CallerPass::new(&self.canon);
        let (pass, coverage) = scan_records(&reading.records, (window, &self.canon), pass);
        let truncated = pass.full || reading.truncated;
        let (rows, _) = pass.finish();
        let coverage = self.looked_at(coverage, &reading).await?;
        Ok(Sightings { rows, coverage, cost: self.cost(begun), truncated })
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        let begun = self.clock.now();
        let is_it =
            |known: &&Arc<Reading>| known.key_id == subject.key_id && known.window == window;
        let kept = self.kept().iter().find(is_it).cloned();
        let reading = match kept {
            Some(reading) => reading,
            None => self.keep(self.read(&subject.key_id, window).await?),
        };
        let belonging = Belonging::new(subject);
        let pass = CutPass::new(&belonging, &self.canon);
        let (pass, _) = scan_records(&reading.records, (window, &self.canon), pass);
        let truncated = pass.full || reading.truncated;
        let rows = spool::rows(vec![pass.rows])?;
        Ok(Cut { rows, cost: self.cost(begun), truncated, ..Cut::default() })
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        let begun = self.clock.now();
        let reach = self.within_reach(deeds.window);
        let mut reading = Reading::default();
        for search in searches::about(&deeds.target) {
            let found = self.looked_up.find(&search, reach).await;
            reading.take(search, found)?;
        }
        let pass = DeedPass { deeds, rows: Vec::new() };
        let (DeedPass { rows, .. }, _) =
            scan_records(&reading.records, (deeds.window, &self.canon), pass);
        let cut = of_deeds(rows);
        let truncated = reading.truncated || cut.truncated;
        Ok(Cut { cost: self.cost(begun), truncated, ..cut })
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        let begun = self.clock.now();
        let reach = self.within_reach(window);
        let mut reading = Reading { window, ..Reading::default() };
        for search in searches::of_role(role) {
            let found = self.looked_up.find(&search, reach).await;
            reading.take(search, found)?;
        }
        let mut sessions = searches::of_sessions(&reading.records, (reach, &self.canon));
        reading.truncated |= sessions.len() > SESSIONS_MAX;
        sessions.truncate(SESSIONS_MAX);
        for search in sessions {
            let found = self.looked_up.find(&search, reach).await;
            reading.take(search, found)?;
        }
        let (pass, coverage) =
            scan_records(&reading.records, (window, &self.canon), RolePass::new(role));
        let truncated = pass.full || reading.truncated;
        let mut rows: Vec<TrailRow> = pass.rows().collect();
        rows.sort_unstable();
        let coverage = self.looked_at(coverage, &reading).await?;
        Ok(RoleCalls { rows, coverage, cost: self.cost(begun), truncated })
    }
}

impl HistoryTrail {
    /// It costs time and nothing else.
    fn cost(&self, begun: Timestamp) -> QueryCost {
        let elapsed = self.clock.now().duration_since(begun).as_millis();
        QueryCost { elapsed_ms: u64::try_from(elapsed).unwrap_or_default(), ..QueryCost::default() }
    }
}

/// Successful calls about one target.
struct DeedPass<'a> {
    deeds: &'a Deeds,
    rows: Vec<TrailRow>,
}

impl Pass for DeedPass<'_> {
    fn take(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        let row = flatten::row(&record.whole()?, time, "deed");
        let succeeded = row.error_code.is_none() && row.error_message.is_none();
        if succeeded && is_deed(self.deeds, &row) {
            self.rows.push(row);
        }
        Ok(0)
    }
}

impl std::fmt::Debug for HistoryTrail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryTrail").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
