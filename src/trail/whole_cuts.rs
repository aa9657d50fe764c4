//! Questions to all of a cut, where more rows belong to it than were read.

use crate::domain::lineage::Subject;
use crate::domain::query_cost::QueryCost;
use crate::domain::question::Question;
use crate::domain::scan::{Forecast, Scan};
use crate::ports::trail::{Answer, Coverage, CutReference, TrailError, Window};
use crate::ports::whole_cut::{WholeCut, WholeCuts, WholeQuestion, WholeRows};
use crate::trail::table::{Found, Limits};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Cuts whose making is remembered: as many as are kept ready, and some.
const CUTS_MAX: usize = 16;

/// How each cut is made that was not read to its end, and the place that can ask all of it.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    place: Option<Arc<dyn WholeCuts>>,
    cuts: Mutex<VecDeque<Arc<Made>>>,
}

/// What makes a cut.
#[derive(Debug)]
struct Made {
    sha256: String,
    state: String,
    window: Window,
    subject: Subject,
}

/// Where all of a cut was asked, and for what.
pub(super) struct Asked {
    place: String,
    cost: QueryCost,
    truncated: bool,
}

impl Made {
    fn cut(&self) -> WholeCut<'_> {
        WholeCut { state: &self.state, window: self.window, subject: &self.subject }
    }
}

impl Remembered {
    pub(super) fn of(place: Arc<dyn WholeCuts>) -> Self {
        Self { place: Some(place), ..Self::default() }
    }

    /// Keeps in mind how a cut is made, where not all of it was read.
    pub(super) fn remember(
        &self,
        cut: &CutReference,
        (window, seen): (Window, &Coverage),
        subject: Subject,
    ) {
        if !cut.truncated || self.place.is_none() {
            return;
        }
        let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        cuts.retain(|known| known.sha256 != cut.sha256);
        let sha256 = cut.sha256.clone();
        // The rows that were read may end before the newest ones.
        let state = format!("{sha256} {:?} {}", seen.last, seen.records_unique);
        cuts.push_back(Arc::new(Made { sha256, state, window, subject }));
        while cuts.len() > CUTS_MAX {
            cuts.pop_front();
        }
    }

    /// Asks all of it, or says why not; nothing where nothing could.
    pub(super) async fn ask(
        &self,
        cut: &CutReference,
        (question, sql): (&Question, &str),
    ) -> Result<(Found, Asked), String> {
        let (place, made) = self.known(cut)?;
        let limits = if question.own { Limits::OWN } else { Limits::HOUSE };
        let asked = WholeQuestion {
            sql,
            columns: &question.columns,
            rows_max: limits.rows,
            bytes_max: limits.bytes,
        };
        let found = place.ask(made.cut(), asked).await.map_err(|error| error.to_string())?;
        let WholeRows { rows, truncated, place, cost } = found;
        let found = Found { columns: question.columns.clone(), rows, more: 0, truncated };
        Ok((found, Asked { place, cost, truncated }))
    }

    /// What that would scan; none where it was made before, or cannot be.
    pub(super) async fn forecast(
        &self,
        cut: &CutReference,
        question: Option<&Question>,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        let (Some(question), Ok((place, made))) = (question, self.known(cut)) else {
            return Ok(None);
        };
        let forecast = place.forecast(made.cut(), bytes_a_day).await?;
        let scan = |scan| Scan { question: Some(question.id.clone()), ..scan };
        Ok(forecast.map(|forecast| Forecast { scan: scan(forecast.scan), ..forecast }))
    }

    pub(super) async fn let_go(&self, key_id: &str) -> Result<(), TrailError> {
        match &self.place {
            Some(place) => place.let_go(key_id).await,
            None => Ok(()),
        }
    }

    fn known(&self, cut: &CutReference) -> Result<(&dyn WholeCuts, Arc<Made>), String> {
        let place = self.place.as_deref().filter(|_| cut.truncated).ok_or_else(String::new)?;
        if let Some(lacks) = place.lacks() {
            return Err(lacks);
        }
        let cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cuts.iter().find(|known| known.sha256 == cut.sha256).cloned();
        let known = known.ok_or_else(|| "it was read by another process; ask again".to_owned())?;
        Ok((place, known))
    }
}

impl Asked {
    /// The answer as one of all rows, and where it was asked.
    pub(super) fn told(self, answer: Answer) -> Answer {
        let Self { place, cost, truncated } = self;
        let sentence = format!(
            "{} More rows belong to the case than were read here; all of them were asked, in \
             Athena.",
            answer.sentence
        );
        Answer { sentence, truncated, whole_cut: Some(place), cost, ..answer }
    }
}
