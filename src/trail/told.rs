//! What the rows of a cut tell of its key while they are loaded, so that nobody holds them for it.

use crate::domain::key_use::KeyUses;
use crate::domain::record_text::is_outside;
use crate::domain::trail_row::{TrailRow, is_denied};
use crate::ports::activity::Activity;
use std::collections::BTreeSet;

/// What was told so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    key_id: String,
    pub(super) uses: KeyUses,
    /// What whoever opened the key's session said of itself.
    pub(super) source_identity: Option<String>,
    activity: Activity,
    first: Option<String>,
    last: Option<String>,
    last_success: Option<String>,
    addresses: BTreeSet<String>,
}

impl Told {
    pub(super) fn of(key_id: &str) -> Self {
        Self { key_id: key_id.to_owned(), ..Self::default() }
    }

    /// Takes the next row in order.
    pub(super) fn see(&mut self, row: &TrailRow) {
        if self.source_identity.is_none() && row.access_key_id.as_ref() == Some(&self.key_id) {
            self.source_identity.clone_from(&row.source_identity);
        }
        if row.reach.as_deref() == Some("key") {
            self.uses.see(row);
            self.count(row);
        }
    }

    fn count(&mut self, row: &TrailRow) {
        let activity = &mut self.activity;
        activity.events += 1;
        let failed = row.error_code.is_some() || row.error_message.is_some();
        activity.failed += u64::from(failed);
        activity.succeeded += u64::from(!failed);
        activity.denied += u64::from(row.error_code.as_deref().is_some_and(is_denied));
        if self.first.is_none() {
            self.first = Some(row.event_time.clone());
        }
        let note = |last: &mut Option<String>| match last {
            Some(last) => last.clone_from(&row.event_time),
            None => *last = Some(row.event_time.clone()),
        };
        note(&mut self.last);
        if !failed {
            note(&mut self.last_success);
        }
        if let Some(address) = row.source_ip.as_deref().filter(|text| is_outside(text))
            && !self.addresses.contains(address)
        {
            self.addresses.insert(address.to_owned());
        }
    }

    /// What the key itself signed.
    pub(super) fn activity(&self) -> Activity {
        let time = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        Activity {
            first: time(&self.first),
            last: time(&self.last),
            last_success: time(&self.last_success),
            source_ips: self.addresses.iter().cloned().collect(),
            ..self.activity.clone()
        }
    }
}
