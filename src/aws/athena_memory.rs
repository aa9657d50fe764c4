//! What was read of days that are over, so that no later reading of the case takes them again.

use crate::aws::athena_days::day_beside;
use crate::aws::athena_table::{Span, day_of, delivered_by};
use crate::domain::lineage::Subject;
use crate::domain::query_cost::{QueryCost, ReadFor};
use crate::domain::sightings::{ADDRESSES_MAX, Callers};
use crate::domain::trail_row::{Sighting, TrailRow};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// Windows, and cases, of which something is kept; more are read again.
const HELD_MAX: usize = 8;
/// Rows that are kept of them all; one is about half a kilobyte.
const ROWS_HELD_MAX: usize = 400_000;

/// Days that were read whole, of event times from `from` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) from: Timestamp,
    pub(super) first: Date,
    pub(super) through: Date,
}

/// Pass one of a window.
#[derive(Debug, Clone)]
pub(super) struct HeldCallers {
    pub(super) known: Known,
    pub(super) settled: Arc<Callers>,
    /// Of the days that may still grow; none before they were read.
    pub(super) open: Option<Arc<Callers>>,
    /// Spent by a reading that did not come to its end.
    pub(super) owed: QueryCost,
}

/// Pass two of a case's window.
#[derive(Debug, Clone)]
pub(super) struct HeldCut {
    pub(super) known: Known,
    /// Everybody whose rows were looked for on the settled days.
    pub(super) asked: Subject,
    pub(super) settled: Rows,
    pub(super) open: Option<OpenCut>,
    pub(super) owed: QueryCost,
}

/// Pass two of the days that may still grow, and what it was made of.
#[derive(Debug, Clone)]
pub(super) struct OpenCut {
    pub(super) callers: Arc<Callers>,
    pub(super) subject: Subject,
    pub(super) rows: Rows,
}

/// Rows without their reach, which depends on whom a reading is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) rows: Arc<Vec<TrailRow>>,
    pub(super) truncated: bool,
}

/// Losing it costs a reading of the windows that are asked about next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    callers: VecDeque<HeldCallers>,
    cuts: VecDeque<HeldCut>,
}

impl Known {
    /// As far as everything is known once a span was read up to its settled days.
    pub(super) fn after(span: Span, settled: Date) -> Self {
        let through = settled.max(day_beside(span.first, -1));
        Self { from: span.from, first: span.first, through }
    }

    /// The days as a reading names them.
    pub(super) fn span(self) -> Option<Span> {
        let Self { from, first, through } = self;
        Span { from, to: None, first, last: through }.on(first, through)
    }
}

/// What must be read of the settled days of a span, and what for.
pub(super) fn missing(known: Option<Known>, span: Span, settled: Date) -> Vec<(Span, ReadFor)> {
    let Some(known) = known else {
        let all = span.on(span.first, settled);
        return all.map(|span| (span, ReadFor::Window)).into_iter().collect();
    };
    let mut spans = Vec::new();
    let begins = day_of(known.from);
    if span.from < known.from {
        // Earlier events may be filed some days later, under days that were read for later ones.
        let until = Span { to: Some(known.from), ..span };
        let last = delivered_by(known.from).min(settled);
        spans.extend(until.on(span.first, last).map(|span| (span, ReadFor::Window)));
    }
    let of_known = Span { from: known.from, to: None, ..span };
    let before = of_known.on(begins, day_beside(known.first, -1));
    spans.extend(before.map(|span| (span, ReadFor::Window)));
    let since = span.on(day_beside(known.through, 1), settled);
    spans.extend(since.map(|span| (span, ReadFor::NewRecords)));
    spans
}

/// The days of a span that may still grow.
pub(super) fn open_days(span: Span, settled: Date) -> Option<Span> {
    span.on(day_beside(settled, 1).max(span.first), span.last)
}

impl Rows {
    pub(super) fn new(mut rows: Vec<TrailRow>, truncated: bool) -> Self {
        rows.iter_mut().for_each(|row| row.reach = None);
        Self { rows: Arc::new(rows), truncated }
    }

    /// These, and those of the others that are not among them: a record may be filed twice.
    pub(super) fn with(&self, other: &Self) -> Self {
        let known: HashSet<&TrailRow> = self.rows.iter().collect();
        let new = other.rows.iter().filter(|row| !known.contains(row)).cloned();
        let rows = self.rows.iter().cloned().chain(new).collect();
        Self { rows: Arc::new(rows), truncated: self.truncated || other.truncated }
    }
}

impl Memory {
    /// The window, or the nearest narrower one that was read.
    pub(super) fn callers(&self, from: Timestamp) -> Option<HeldCallers> {
        let wider = self.callers.iter().filter(|held| held.known.from >= from);
        wider.min_by_key(|held| held.known.from).cloned()
    }

    pub(super) fn cut(&self, from: Timestamp, key_id: &str) -> Option<HeldCut> {
        let own = self.cuts.iter().filter(|held| held.asked.key_id == key_id);
        let wider = own.filter(|held| held.known.from >= from);
        wider.min_by_key(|held| held.known.from).cloned()
    }

    pub(super) fn keep_callers(&mut self, held: HeldCallers) {
        self.callers.retain(|other| other.known.from != held.known.from);
        self.callers.push_back(held);
        let rows = |held: &HeldCallers| {
            held.settled.rows.len() + held.open.as_ref().map_or(0, |open| open.rows.len())
        };
        bound(&mut self.callers, rows);
    }

    /// One window of a case is kept: a wider one takes the place of the one before.
    pub(super) fn keep_cut(&mut self, held: HeldCut) {
        self.cuts.retain(|other| other.asked.key_id != held.asked.key_id);
        self.cuts.push_back(held);
        let rows = |held: &HeldCut| {
            held.settled.rows.len() + held.open.as_ref().map_or(0, |open| open.rows.rows.len())
        };
        bound(&mut self.cuts, rows);
    }
}

fn bound<T>(held: &mut VecDeque<T>, rows: impl Fn(&T) -> usize) {
    while held.len() > HELD_MAX || held.len() > 1 && sum(held, &rows) > ROWS_HELD_MAX {
        held.pop_front();
    }
}

fn sum<T>(held: &VecDeque<T>, rows: &impl Fn(&T) -> usize) -> usize {
    held.iter().map(rows).sum()
}

/// Whom a subject adds to those who were looked for, as far as settled days may tell of them.
pub(super) fn added(
    subject: &Subject,
    asked: &Subject,
    seen: Option<&HeldCallers>,
) -> Option<Subject> {
    let sights = Sights::new(seen);
    let new = |now: &[String], before: &[String], older: &dyn Fn(&str) -> bool| {
        let before: HashSet<&str> = before.iter().map(String::as_str).collect();
        let new = now.iter().filter(|text| !before.contains(text.as_str()) && older(text));
        new.cloned().collect::<Vec<_>>()
    };
    let mut added = Subject {
        key_id: subject.key_id.clone(),
        keys: new(&subject.keys, &asked.keys, &|key| sights.has(key)),
        principals: new(&subject.principals, &asked.principals, &|name| sights.has(name)),
        sessions: new(&subject.sessions, &asked.sessions, &|session| {
            sights.has(session.rsplit_once('@').map_or(session, |(arn, _)| arn))
        }),
        addresses: new(&subject.addresses, &asked.addresses, &|address| {
            sights.has_more_addresses || sights.has(address)
        }),
        targets: new(&subject.targets, &asked.targets, &|target| sights.is_older(target)),
        accounts: new(&subject.accounts, &asked.accounts, &|_| true),
    };
    if added.accounts.is_empty() {
        added.accounts.clone_from(&subject.accounts);
    } else {
        added.targets.clone_from(&subject.targets);
    }
    let lists = [&added.keys, &added.principals, &added.sessions, &added.addresses, &added.targets];
    let is_none = lists.iter().all(|list| list.is_empty());
    (!is_none).then_some(added)
}

/// Both subjects' people and places.
pub(super) fn union(one: &Subject, other: &Subject) -> Subject {
    let both = |one: &[String], other: &[String]| {
        let known: HashSet<&str> = one.iter().map(String::as_str).collect();
        let new = other.iter().filter(|text| !known.contains(text.as_str()));
        one.iter().chain(new).cloned().collect()
    };
    Subject {
        key_id: one.key_id.clone(),
        keys: both(&one.keys, &other.keys),
        principals: both(&one.principals, &other.principals),
        sessions: both(&one.sessions, &other.sessions),
        addresses: both(&one.addresses, &other.addresses),
        targets: both(&one.targets, &other.targets),
        accounts: both(&one.accounts, &other.accounts),
    }
}

/// Who was seen on settled days, and what was made on the others.
struct Sights<'a> {
    /// None where nobody can say who was seen.
    seen: Option<HashSet<&'a str>>,
    /// Whether somebody came from so many addresses that not all of them may be told.
    has_more_addresses: bool,
    made: HashSet<&'a str>,
}

impl<'a> Sights<'a> {
    fn new(held: Option<&'a HeldCallers>) -> Self {
        let complete = held.filter(|held| !held.settled.truncated);
        let told = |row: &Sighting| row.addresses.as_ref().map_or(0, |all| all.split(' ').count());
        let has_more_addresses = complete
            .is_some_and(|held| held.settled.rows.iter().any(|row| told(row) >= ADDRESSES_MAX));
        let seen = complete.map(|held| {
            let mut seen = HashSet::new();
            for row in &held.settled.rows {
                let names = [
                    &row.access_key_id,
                    &row.principal_id,
                    &row.identity_arn,
                    &row.issuer_arn,
                    &row.issuer_principal_id,
                    &row.user_name,
                    &row.target_user,
                    &row.target_role,
                    &row.target_key,
                ];
                seen.extend(names.into_iter().flatten().map(String::as_str));
                seen.extend(row.addresses.iter().flat_map(|all| all.split(' ')));
            }
            seen
        });
        let open = held.and_then(|held| held.open.as_deref());
        let mut made = HashSet::new();
        for row in open.map_or(&[][..], |open| &open.rows) {
            made.extend(row.minted_key.as_deref());
            if matches!(row.event_name.as_deref(), Some("CreateUser" | "CreateRole")) {
                let arn = row.minted_arn.as_deref();
                made.extend(arn);
                made.extend(arn.and_then(|arn| arn.rsplit('/').next()));
            }
        }
        Self { seen, has_more_addresses, made }
    }

    fn has(&self, name: &str) -> bool {
        self.seen.as_ref().is_none_or(|seen| seen.contains(name))
    }

    /// Whether something may have been changed on settled days: pass one tells of some changes
    /// only, so of what was not made since it cannot be said.
    fn is_older(&self, target: &str) -> bool {
        !self.made.contains(target) || self.has(target)
    }
}

#[cfg(test)]
mod tests;
