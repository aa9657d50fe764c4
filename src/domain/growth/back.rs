//! Walks back from the exposed key to the credential behind it.

use super::{FORWARD_SLACK, Growth};
use crate::domain::growth::mints::caller_name;
use crate::domain::lineage::{Certainty, Origin};
use crate::domain::lineage_call::Calls;
use crate::domain::record_text::is_service;
use crate::domain::sighted::call;
use crate::domain::trail_row::{Sighting, parse_time};
use std::collections::BTreeSet;

/// Longer chains of roles than this are loops, or made to exhaust us.
const STEPS_MAX: usize = 32;

impl Growth<'_> {
    /// Every step from the exposed key to the first credential behind it, the nearest first.
    pub(super) fn walk_back(&self) -> Vec<Origin> {
        let mut chain: Vec<Origin> = Vec::new();
        let mut known = BTreeSet::from([self.bounds.key_id.to_owned()]);
        let mut at = self.bounds.key_id.to_owned();
        while chain.len() < STEPS_MAX {
            let Some(mut origin) = self.step_back(&at, chain.last()) else {
                break;
            };
            if chain.last().is_some_and(|last| last.certainty == Certainty::Likely) {
                origin.certainty = Certainty::Likely;
            }
            if !known.insert(origin.id.clone()) {
                break;
            }
            at.clone_from(&origin.id);
            chain.push(origin);
        }
        chain
    }

    fn step_back(&self, id: &str, nearer: Option<&Origin>) -> Option<Origin> {
        if let Some(mint) = self.index.mint_of(id) {
            return origin(mint, Certainty::Certain);
        }
        let uses = self.index.signed_by(id);
        let first = match uses.first() {
            Some(first) => first,
            None => return nearer.and_then(|nearer| self.launcher(nearer)),
        };
        self.unnamed_mint(first)
            .or_else(|| self.console_behind(first))
            .or_else(|| self.key_behind(first))
            .or_else(|| self.host_behind(first))
    }

    /// The mint that hid the key it made: the same session, begun in the same second.
    fn unnamed_mint(&self, seen: &Sighting) -> Option<Origin> {
        let (arn, start) = (seen.identity_arn.as_deref()?, seen.session_start.as_deref()?);
        let mints = self.index.unnamed_mints_of(arn).iter();
        let mint = mints.copied().find(|mint| is_start_of(mint, start))?;
        origin(mint, Certainty::Certain)
    }

    fn console_behind(&self, seen: &Sighting) -> Option<Origin> {
        let (arn, start) = (seen.identity_arn.as_deref()?, seen.session_start.as_deref()?);
        if !self.index.is_console(arn, start) {
            return None;
        }
        Some(Origin {
            id: format!("{arn}@{start}"),
            via: "ConsoleLogin".to_owned(),
            made: parse_time(start),
            certainty: Certainty::Certain,
        })
    }

    /// A service worked on a caller's behalf: with one key of that caller at work then, it was
    /// likely that key.
    fn key_behind(&self, seen: &Sighting) -> Option<Origin> {
        let start = parse_time(seen.session_start.as_deref()?)?;
        seen.invoked_by.as_deref()?;
        let arn = seen.identity_arn.as_deref()?;
        let near = |other: &&Sighting| {
            let span = parse_time(&other.first_time).zip(parse_time(&other.last_time));
            other.invoked_by.is_none()
                && span.is_some_and(|(first, last)| {
                    first - FORWARD_SLACK <= start && start <= last + FORWARD_SLACK
                })
        };
        let callers = self.index.called_as(arn).into_iter().filter(near);
        let keys: BTreeSet<&str> =
            callers.filter_map(|other| other.access_key_id.as_deref()).collect();
        let mut keys = keys.into_iter();
        let (key, None) = (keys.next()?, keys.next()) else {
            return None;
        };
        Some(Origin {
            id: key.to_owned(),
            via: "forwarded".to_owned(),
            made: Some(start),
            certainty: Certainty::Likely,
        })
    }

    /// Credentials of an instance or a function, when the trail saw it being started.
    fn host_behind(&self, seen: &Sighting) -> Option<Origin> {
        let host = seen.identity_arn.as_deref()?.rsplit('/').next()?;
        let start = parse_time(seen.session_start.as_deref()?)?;
        let launches = self.index.calls_about_host(host).iter().copied();
        let mut launches = launches.filter(|launch| {
            call(launch) == Calls::Launch
                && parse_time(&launch.first_time).is_some_and(|time| time <= start + FORWARD_SLACK)
        });
        origin(launches.next()?, Certainty::Certain)
    }

    /// Behind a service that opened a session for a host stands whoever started the host.
    fn launcher(&self, nearer: &Origin) -> Option<Origin> {
        let mint = self.index.mint_of(self.bounds.key_id)?;
        let host = mint.session_name.as_deref().filter(|_| is_service(&nearer.id))?;
        let mut launches = self.index.calls_about_host(host).iter().copied();
        let launch = launches.find(|launch| call(launch) == Calls::Launch)?;
        origin(launch, Certainty::Certain)
    }
}

/// Whether a session that began at `start` is the one a mint opened.
pub(super) fn is_start_of(mint: &Sighting, start: &str) -> bool {
    mint.first_time == start
}

fn origin(call: &Sighting, certainty: Certainty) -> Option<Origin> {
    Some(Origin {
        id: caller_name(call)?,
        via: call.event_name.clone().unwrap_or_default(),
        made: parse_time(&call.first_time),
        certainty,
    })
}
