//! Surveys a trail in two passes and answers questions from the cut.

use crate::domain::event::Phase;
use crate::domain::exposure::{Uses, first_unlike};
use crate::domain::growth::{Bounds, grow};
use crate::domain::key_use::KeyUses;
use crate::domain::lineage::{Lineage, Subject};
use crate::domain::losses::{Bounds as LossBounds, Losses, losses};
use crate::domain::made_resources::{MadeResources, made};
use crate::domain::makers::Makers;
use crate::domain::other_log::{Actor, OtherLog};
use crate::domain::query_cost::QueryCost;
use crate::domain::question::{Question, Times};
use crate::domain::regular::{RegularUse, regular_use};
use crate::domain::scan::Forecast;
use crate::domain::trail_row::TrailRow;
use crate::ports::coverage::looked_at;
use crate::ports::missing_column::MissingColumn;
use crate::ports::other_logs::OtherLogs;
use crate::ports::trail::planned::Planned;
use crate::ports::trail::rows::Rows;
use crate::ports::trail::{
    Answer, Cut, CutReference, Deeds, RoleCalls, Sightings, Source, Survey, SurveyRequest, Trail,
    TrailError, Window,
};
use crate::ports::whole_cut::WholeCuts;
use crate::trail::address_books::AddressBooks;
use crate::trail::catalogue::Catalogue;
use crate::trail::evidence_file::{EvidenceHash, Lines, evidence};
use crate::trail::in_sql;
use crate::trail::loaded::{Loaded, blocking, internal};
use crate::trail::log_answers;
use crate::trail::table::{CaseTable, sha256};
use crate::trail::told::Told;
use crate::trail::whole_cuts::Remembered;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Cuts kept ready; a survey takes seconds to repeat, and a cut may take gigabytes of the disk.
const CUTS_MAX: usize = 8;

/// A `Trail` over any source of records.
#[derive(Debug)]
pub struct Investigator<S> {
    source: S,
    catalogue: Catalogue,
    logs: Option<Arc<dyn OtherLogs>>,
    cuts: Mutex<VecDeque<Arc<Loaded>>>,
    /// Rows that an answer holds.
    held: usize,
    whole: Remembered,
    books: Arc<AddressBooks>,
}

impl<S: Source> Investigator<S> {
    /// Investigates what the source holds, with the questions that come with the program.
    pub fn new(source: S) -> Self {
        Self::asking(source, Catalogue::built_in().unwrap_or_default())
    }

    /// Investigates what the source holds, with these questions.
    pub fn asking(source: S, catalogue: Catalogue) -> Self {
        let (cuts, whole, books) = Default::default();
        Self { source, catalogue, logs: None, cuts, held: usize::MAX, whole, books }
    }

    /// The same, telling with each answer what these databases know of its addresses.
    #[must_use]
    pub fn knowing(self, books: Arc<AddressBooks>) -> Self {
        Self { books, ..self }
    }

    fn with_addresses(&self, answer: Answer) -> Answer {
        Answer { addresses: self.books.notes(&answer), ..answer }
    }

    /// The same, asking all of a cut where it lies when only a part of it was read.
    #[must_use]
    pub fn asking_whole_cuts(self, place: Arc<dyn WholeCuts>) -> Self {
        Self { whole: Remembered::of(place), ..self }
    }

    /// The same, asking these tables of other logs too.
    #[must_use]
    pub fn beside(self, logs: Arc<dyn OtherLogs>) -> Self {
        Self { logs: Some(logs), ..self }
    }

    /// The same for who shows no more than so many rows of an answer.
    #[must_use]
    pub fn holding(self, held: usize) -> Self {
        Self { held, ..self }
    }

    fn loaded(&self, cut: &CutReference) -> Result<Arc<Loaded>, TrailError> {
        let cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cuts.iter().find(|loaded| loaded.reference.sha256 == cut.sha256);
        known.cloned().ok_or(TrailError::CutGone)
    }

    fn keep(&self, loaded: Loaded) {
        let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        cuts.retain(|known| known.reference.sha256 != loaded.reference.sha256);
        cuts.push_back(Arc::new(loaded));
        while cuts.len() > CUTS_MAX {
            cuts.pop_front();
        }
    }

    /// What comes of the rows of a cut, in their order, of which nobody holds all.
    async fn fold<T: Send + 'static>(
        &self,
        cut: &CutReference,
        fold: impl FnOnce(&mut dyn Iterator<Item = TrailRow>) -> T + Send + 'static,
    ) -> Result<T, TrailError> {
        let loaded = self.loaded(cut)?;
        blocking(move || {
            Ok(loaded.table.lock().unwrap_or_else(PoisonError::into_inner).fold(fold)?)
        })
        .await
    }

    /// Whom other logs are asked about.
    async fn actor(&self, cut: &CutReference, times: &Times) -> Result<Actor, TrailError> {
        let since = times.exposed_since;
        self.fold(cut, move |rows| Actor::of(rows, since)).await
    }

    async fn read(&self, request: &SurveyRequest) -> Result<Read, TrailError> {
        let sightings = self.source.sightings_of(&request.key_id, request.window).await?;
        let bounds = Bounds {
            key_id: &request.key_id,
            exposed_since: request.exposed_since,
            as_of: request.as_of,
        };
        let mut lineage = grow(&sightings.rows, bounds);
        lineage.truncated |= sightings.truncated;
        let subject = Subject::of(&lineage);
        let cut = self.source.cut(request.window, &subject).await?;
        Ok(Read { sightings, lineage, subject, cut })
    }

    /// Loads a cut, and tells what is told of its rows on the way.
    async fn load(
        &self,
        (rows, truncated): (Rows, bool),
        (looked_at, missing_columns): (String, Vec<MissingColumn>),
        mut told: Told,
    ) -> Result<(CutReference, Told), TrailError> {
        let (loaded, told) = blocking(move || {
            let mut hash = EvidenceHash::default();
            let table = CaseTable::fill(rows.map(|row| {
                let row = row?;
                told.see(&row);
                hash.see(&row).map_err(|error| internal(&error))?;
                Ok::<_, TrailError>(row)
            }))?;
            let reference = CutReference { sha256: hash.finish(), rows: table.rows(), truncated };
            let table = Mutex::new(table);
            Ok((Loaded { reference, looked_at, missing_columns, table }, told))
        })
        .await?;
        let reference = loaded.reference.clone();
        self.keep(loaded);
        Ok((reference, told))
    }

    /// The regular use of the key, before the time that its own uses told.
    async fn regular(
        &self,
        cut: &CutReference,
        (uses, since): (&KeyUses, Option<Timestamp>),
    ) -> Result<RegularUse, TrailError> {
        if since.is_none() {
            return Ok(regular_use(uses));
        }
        self.fold(cut, move |rows| {
            let mut before = KeyUses::before(since);
            rows.for_each(|row| before.see(&row));
            regular_use(&before)
        })
        .await
    }
}

/// Both passes over the trail.
struct Read {
    sightings: Sightings,
    lineage: Lineage,
    subject: Subject,
    cut: Cut<Rows>,
}

impl Read {
    fn cost(&self) -> QueryCost {
        self.sightings.cost.clone() + self.cut.cost.clone()
    }
}

#[async_trait]
impl<S: Source> Trail for Investigator<S> {
    fn catalogue(&self) -> &[Question] {
        self.catalogue.all()
    }

    fn lacks(&self, question: &Question) -> Option<String> {
        log_answers::lacks(question, self.logs.as_deref())
    }

    fn questions(&self, phase: Phase, times: &Times) -> Vec<String> {
        let serves = |question: &&Question| question.phase == phase.slug();
        let serving = self.catalogue.all().iter().filter(serves);
        let can_be_asked =
            serving.filter(|question| question.at(times).is_ok() && self.lacks(question).is_none());
        can_be_asked.map(|question| question.id.clone()).collect()
    }

    async fn survey(&self, request: &SurveyRequest) -> Result<Survey, TrailError> {
        let mut read = self.read(request).await?;
        let mut cost = read.cost();
        if !read.cut.unsettled.is_settled() {
            // Once more: it may have been one delivery.
            read = self.read(request).await?;
            cost = cost + read.cost();
        }
        let Read { mut sightings, mut lineage, subject, cut } = read;
        sightings.coverage.unsettled = cut.unsettled.clone();
        let makers = Makers::new(&sightings.rows, &lineage);
        let (made_by_others, keys_by_others) = (makers.principals(), makers.keys());
        let sessions_of_others = makers.sessions();
        let looked_at = looked_at(&sightings.coverage, request.window);
        let missing_columns = sightings.coverage.missing_columns.clone();
        let cut = (cut.rows, cut.truncated);
        let told = Told::of(&request.key_id);
        let (reference, told) = self.load(cut, (looked_at, missing_columns), told).await?;
        self.whole.remember(&reference, (request.window, &sightings.coverage), subject);
        lineage.complete_signer(told.source_identity.clone(), &sessions_of_others);
        let looked_from = request.window.from.max(sightings.coverage.first);
        let exposure = first_unlike(Uses {
            all: &told.uses,
            truncated: reference.truncated,
            looked_from: looked_from.unwrap_or(Timestamp::MIN),
        });
        Ok(Survey {
            regular: self.regular(&reference, (&told.uses, exposure.since)).await?,
            exposure,
            activity: told.activity(),
            watermark: sightings.coverage.last,
            made_by_others,
            keys_by_others,
            sessions_of_others,
            coverage: sightings.coverage,
            truncated: lineage.truncated || reference.truncated,
            lineage,
            cut: reference,
            cost,
        })
    }

    async fn ask(
        &self,
        cut: &CutReference,
        question: &str,
        times: &Times,
    ) -> Result<Answer, TrailError> {
        let (wanted, sql) = self.catalogue.asked(question, times)?;
        let is_of_log = OtherLog::from_slug(&wanted.source).is_some();
        if !cut.truncated || is_of_log {
            return self.ask_rows(cut, question, times).await;
        }
        let loaded = self.loaded(cut)?;
        let why = match self.whole.ask(cut, (&wanted, &sql)).await {
            Ok((found, asked)) => {
                let answer = asked.told(loaded.answer((&wanted, &sql), found));
                return Ok(self.with_addresses(answer));
            }
            Err(why) => why,
        };
        let read = self.ask_rows(cut, question, times).await?;
        Ok(if why.is_empty() { read } else { read.of_part(&why) })
    }

    async fn ask_rows(
        &self,
        cut: &CutReference,
        question: &str,
        times: &Times,
    ) -> Result<Answer, TrailError> {
        let loaded = self.loaded(cut)?;
        let (wanted, sql) = self.catalogue.asked(question, times)?;
        if let Some(needs) = self.lacks(&wanted) {
            return Err(TrailError::NotAvailable { id: wanted.id, needs });
        }
        if let (Some(log), Some(logs)) = (OtherLog::from_slug(&wanted.source), &self.logs) {
            let actor = self.actor(cut, times).await?;
            let answer = log_answers::ask(logs.as_ref(), log, &wanted, &actor).await?;
            return Ok(self.with_addresses(answer));
        }
        Ok(self.with_addresses(loaded.ask((wanted, sql), self.held).await?))
    }

    fn check_sql(&self, sql: &str) -> Result<(), String> {
        in_sql::check(sql)
    }

    async fn ask_in_sql(
        &self,
        cut: &CutReference,
        (id, sql): (&str, &str),
    ) -> Result<Answer, TrailError> {
        let failed = |reason| TrailError::Question { id: id.to_owned(), reason };
        // What is in the journal may be from another program's version, whose walls were others.
        in_sql::check(sql).map_err(failed)?;
        let wanted = (in_sql::question(id, sql), sql.to_owned());
        Ok(self.with_addresses(self.loaded(cut)?.ask(wanted, self.held).await?))
    }

    async fn let_go(&self, key_id: &str) -> Result<(), TrailError> {
        self.whole.let_go(key_id).await
    }

    async fn losses(&self, cut: &CutReference, bounds: LossBounds) -> Result<Losses, TrailError> {
        self.fold(cut, move |rows| losses(rows, &bounds)).await
    }

    async fn resources(
        &self,
        cut: &CutReference,
        bounds: LossBounds,
    ) -> Result<MadeResources, TrailError> {
        self.fold(cut, move |rows| made(rows, &bounds)).await
    }

    async fn evidence(&self, cut: &CutReference) -> Result<Vec<u8>, TrailError> {
        self.fold(cut, |rows| evidence(rows)).await?.map_err(|error| internal(&error))
    }

    async fn restore(&self, file: Vec<u8>, looked_at: &str) -> Result<CutReference, TrailError> {
        let (hash, file) = blocking(move || Ok((sha256(&file), file))).await?;
        let rows = (Rows::new(Lines::of(file)), false);
        let looked_at = (looked_at.to_owned(), Vec::new());
        let (reference, _) = self.load(rows, looked_at, Told::default()).await?;
        if reference.sha256 != hash {
            return Err(TrailError::Internal { reason: "the evidence file changed form".into() });
        }
        Ok(reference)
    }

    async fn who_did(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.source.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.source.role_calls(role, window).await
    }

    async fn forecast(
        &self,
        planned: Planned<'_>,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        let Planned::Question { cut, question, times } = planned else {
            return self.source.forecast(planned, bytes_a_day).await;
        };
        let asked = self.catalogue.find(question).filter(|asked| self.lacks(asked).is_none());
        let log = asked.and_then(|asked| Some((asked, OtherLog::from_slug(&asked.source)?)));
        let (Some((asked, log)), Some(logs)) = (log, &self.logs) else {
            return self.whole.forecast(cut, asked, bytes_a_day).await;
        };
        let actor = self.actor(cut, times).await?;
        log_answers::forecast(logs.as_ref(), log, (asked, &actor), bytes_a_day).await
    }
}
