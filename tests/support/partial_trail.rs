//! A trail that leaves some calls out: for good, or until they are delivered.

use async_trait::async_trait;
use keyleak::domain::lineage::Subject;
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use keyleak::trail::local::LocalTrail;

/// The trail without the calls that are left out, by name and time.
pub(crate) struct PartialTrail<F> {
    pub(crate) inner: LocalTrail,
    pub(crate) is_left_out: F,
}

#[async_trait]
impl<F: Fn(&str, &str) -> bool + Send + Sync> Source for PartialTrail<F> {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        let mut found = self.inner.sightings(window).await?;
        let left_out = &self.is_left_out;
        found
            .rows
            .retain(|row| !left_out(row.event_name.as_deref().unwrap_or_default(), &row.last_time));
        Ok(found)
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        let mut found = self.inner.cut(window, subject).await?.held()?;
        let left_out = &self.is_left_out;
        found.rows.retain(|row| {
            !left_out(row.event_name.as_deref().unwrap_or_default(), &row.event_time)
        });
        Ok(found.into())
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.inner.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.inner.role_calls(role, window).await
    }
}
