//! Two trails as one: a fast one that shows less for the first look, and a whole one for the rest.

use crate::domain::event::Phase;
use crate::domain::losses::{Bounds, Losses};
use crate::domain::made_resources::MadeResources;
use crate::domain::question::{Question, Times};
use crate::domain::scan::Forecast;
use crate::ports::trail::planned::Planned;
use crate::ports::trail::{
    Answer, Cut, CutReference, Deeds, RoleCalls, Survey, SurveyRequest, Trail, TrailError, Window,
};
use async_trait::async_trait;

/// A first look that does not wait for the whole trail.
#[derive(Debug)]
pub struct QuickFirst<Q, W> {
    quick: Q,
    whole: W,
}

impl<Q: Trail, W: Trail> QuickFirst<Q, W> {
    pub fn new(quick: Q, whole: W) -> Self {
        Self { quick, whole }
    }
}

#[async_trait]
impl<Q: Trail, W: Trail> Trail for QuickFirst<Q, W> {
    fn catalogue(&self) -> &[Question] {
        self.whole.catalogue()
    }

    fn lacks(&self, question: &Question) -> Option<String> {
        self.whole.lacks(question)
    }

    fn questions(&self, phase: Phase, times: &Times) -> Vec<String> {
        self.whole.questions(phase, times)
    }

    async fn survey(&self, request: &SurveyRequest) -> Result<Survey, TrailError> {
        self.whole.survey(request).await
    }

    async fn first_look(&self, request: &SurveyRequest) -> Option<Survey> {
        match self.quick.survey(request).await {
            // What shows no call of the key at all may not be where it is used.
            Ok(survey) => Some(survey).filter(|survey| survey.activity.events > 0),
            Err(error) => {
                tracing::warn!(%error, "the first look waits for the whole trail");
                None
            }
        }
    }

    async fn ask(
        &self,
        cut: &CutReference,
        question: &str,
        times: &Times,
    ) -> Result<Answer, TrailError> {
        match self.whole.ask(cut, question, times).await {
            Err(TrailError::CutGone) => self.quick.ask(cut, question, times).await,
            answer => answer,
        }
    }

    async fn ask_rows(
        &self,
        cut: &CutReference,
        question: &str,
        times: &Times,
    ) -> Result<Answer, TrailError> {
        match self.whole.ask_rows(cut, question, times).await {
            Err(TrailError::CutGone) => self.quick.ask_rows(cut, question, times).await,
            answer => answer,
        }
    }

    async fn let_go(&self, key_id: &str) -> Result<(), TrailError> {
        self.whole.let_go(key_id).await
    }

    async fn losses(&self, cut: &CutReference, bounds: Bounds) -> Result<Losses, TrailError> {
        match self.whole.losses(cut, bounds.clone()).await {
            Err(TrailError::CutGone) => self.quick.losses(cut, bounds).await,
            losses => losses,
        }
    }

    async fn resources(
        &self,
        cut: &CutReference,
        bounds: Bounds,
    ) -> Result<MadeResources, TrailError> {
        match self.whole.resources(cut, bounds.clone()).await {
            Err(TrailError::CutGone) => self.quick.resources(cut, bounds).await,
            resources => resources,
        }
    }

    async fn evidence(&self, cut: &CutReference) -> Result<Vec<u8>, TrailError> {
        match self.whole.evidence(cut).await {
            Err(TrailError::CutGone) => self.quick.evidence(cut).await,
            evidence => evidence,
        }
    }

    async fn restore(&self, file: Vec<u8>, looked_at: &str) -> Result<CutReference, TrailError> {
        self.whole.restore(file, looked_at).await
    }

    async fn who_did(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.whole.who_did(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.whole.role_calls(role, window).await
    }

    async fn forecast(
        &self,
        planned: Planned<'_>,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        match self.whole.forecast(planned, bytes_a_day).await {
            Err(TrailError::CutGone) => self.quick.forecast(planned, bytes_a_day).await,
            forecast => forecast,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::investigator::Investigator;
    use crate::trail::local::LocalTrail;
    use serde_json::json;
    use std::path::Path;

    const KEY: &str = "AKIAAAAAAAAAAAAAAA22";

    /// A trail in which the key called so often.
    fn trail(folder: &Path, calls: u32) -> Investigator<LocalTrail> {
        let call = |n: u32| {
            json!({
                "eventTime": format!("2026-08-01T10:{n:02}:00Z"), "eventName": "ListUsers",
                "eventID": n.to_string(), "userIdentity": {"type": "IAMUser", "accessKeyId": KEY},
            })
        };
        std::fs::create_dir_all(folder).unwrap();
        let records = json!({"Records": (0..calls).map(call).collect::<Vec<_>>()});
        std::fs::write(folder.join("a.json"), records.to_string()).unwrap();
        Investigator::new(LocalTrail::new(vec![folder.to_owned()]))
    }

    fn request() -> SurveyRequest {
        SurveyRequest {
            key_id: KEY.to_owned(),
            window: Window::default(),
            exposed_since: None,
            as_of: "2026-08-02T00:00:00Z".parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn the_first_look_is_the_quick_one_and_every_later_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let [quick, whole] = ["quick", "whole"].map(|name| folder.path().join(name));
        let both = QuickFirst::new(trail(&quick, 1), trail(&whole, 3));
        let first = both.first_look(&request()).await.unwrap();
        assert_eq!(first.activity.events, 1);
        assert!(!both.evidence(&first.cut).await.unwrap().is_empty(), "its cut is there to keep");
        let answer = both.ask(&first.cut, "Q01", &Times::default()).await.unwrap();
        assert_eq!(answer.rows.len(), 1);
        let later = both.survey(&request()).await.unwrap();
        assert_eq!(later.activity.events, 3);
        assert!(!both.evidence(&later.cut).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn where_the_quick_one_shows_nothing_or_fails_there_is_no_first_look() {
        let folder = tempfile::tempdir().unwrap();
        let [empty, whole] = ["empty", "whole"].map(|name| folder.path().join(name));
        let both = QuickFirst::new(trail(&empty, 0), trail(&whole, 3));
        assert!(both.first_look(&request()).await.is_none());
        let gone = Investigator::new(LocalTrail::new(vec![folder.path().join("gone")]));
        let both = QuickFirst::new(gone, trail(&whole, 3));
        assert!(both.first_look(&request()).await.is_none());
    }
}
