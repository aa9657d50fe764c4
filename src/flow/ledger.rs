//! Reading and growing the journal of a case: fold, judge, append, and on a conflict judge again.

use crate::domain::case::Case;
use crate::domain::digest::canonical;
use crate::domain::fold::IllegalRecord;
use crate::domain::ids::CaseId;
use crate::domain::record::{Entry, GENESIS, Record, Tampering};
use crate::ports::journal::{AppendError, Journal, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{broadcast, watch};

/// Conflicts mean that others write to the same case; more than this in a row is a fault.
const CONFLICTS_MAX: u32 = 64;
/// Cases whose fold is kept; the others are read again from their first record.
const CASES_KEPT_MAX: usize = 512;

/// New cases that wait to be taken up; who is further behind reads the list of open cases.
const BEGUN_WAITING_MAX: usize = 256;

/// Why a case could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("there is no case {0}")]
    NoSuchCase(CaseId),
    #[error("{0}")]
    Unreachable(String),
    /// The journal did not answer: what was to be recorded may or may not be there.
    #[error("{0}")]
    Unsure(String),
    #[error("the journal of {case} was tampered with: {problem}; run keyleak verify {case}")]
    Tampered { case: CaseId, problem: Tampering },
    #[error("too many others write to this case at once")]
    Contended,
}

/// Why an entry was not appended: its judge said so, or the journal could not take it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAppended<E> {
    #[error("{0}")]
    Judged(E),
    #[error("{0}")]
    Illegal(IllegalRecord),
    #[error("{0}")]
    Ledger(LedgerError),
}

/// The journal, with the folds of the cases that are in use.
pub struct Ledger {
    journal: Arc<dyn Journal>,
    cases: Mutex<BTreeMap<CaseId, Case>>,
    /// Names every case that this process begins.
    begun: broadcast::Sender<CaseId>,
    /// For each case that somebody waits for: the last record that this process knows.
    grown: Mutex<BTreeMap<CaseId, watch::Sender<u64>>>,
    /// Appends of this process to one case take turns; only other processes cause conflicts.
    turns: Mutex<BTreeMap<CaseId, Arc<tokio::sync::Mutex<()>>>>,
}

/// The right to append to a case before every other lane of this process.
#[derive(Debug)]
pub struct Turn {
    pub case: Case,
    _taken: tokio::sync::OwnedMutexGuard<()>,
}

impl Ledger {
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        Self {
            journal,
            cases: Mutex::default(),
            begun: broadcast::Sender::new(BEGUN_WAITING_MAX),
            grown: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    pub fn journal(&self) -> &dyn Journal {
        self.journal.as_ref()
    }

    /// Names every case that this process begins from now on; who lags behind lists the open ones.
    pub fn begun(&self) -> broadcast::Receiver<CaseId> {
        self.begun.subscribe()
    }

    /// Changes whenever this process has appended to the case, or seen that another did. Each case
    /// has its own, so that a busy one wakes nobody who works on another.
    pub fn growth(&self, id: &CaseId) -> watch::Receiver<u64> {
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        grown.retain(|_, waiting| waiting.receiver_count() > 0);
        grown.entry(id.clone()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// The case as this process knows it, else as the journal has it; what another process has
    /// written since is seen by [`Ledger::find`].
    pub async fn at_hand(&self, id: &CaseId) -> Result<Option<Case>, LedgerError> {
        match self.kept(id) {
            Some(case) => Ok(Some(case)),
            None => self.find(id).await,
        }
    }

    /// The case as the journal has it now; `None` when it has no records.
    pub async fn find(&self, id: &CaseId) -> Result<Option<Case>, LedgerError> {
        let known = self.kept(id);
        let after = known.as_ref().map_or(0, Case::seq);
        let newer = self.journal.read(id, after).await.map_err(|e| unreachable(&e))?;
        if newer.is_empty() {
            return Ok(known);
        }
        let case = extend(id, known, &newer)?;
        self.keep(case.clone());
        Ok(Some(case))
    }

    /// The case, which must exist.
    pub async fn load(&self, id: &CaseId) -> Result<Case, LedgerError> {
        self.find(id).await?.ok_or_else(|| LedgerError::NoSuchCase(id.clone()))
    }

    /// Begins a case; `Ok(None)` when it was begun already.
    pub async fn open(&self, id: &CaseId, opening: Entry) -> Result<Option<Case>, LedgerError> {
        let record = opening.chained(id.clone(), None);
        match self.journal.append(&record).await {
            Ok(()) => {}
            Err(AppendError::Conflict) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let case = Case::open(record).map_err(|error| illegal(id, 1, &error))?;
        self.keep(case.clone());
        // Nobody listening is no fault: open cases are listed too.
        let _ = self.begun.send(id.clone());
        Ok(Some(case))
    }

    /// Appends what `judge` makes of the newest state; `Ok` with the case as it is afterwards.
    /// The judge may decide that nothing is to be written.
    pub async fn append<E>(
        &self,
        id: &CaseId,
        mut judge: impl FnMut(&Case) -> Result<Option<Entry>, E>,
    ) -> Result<Case, NotAppended<E>> {
        let turn = self.turn(id);
        let _turn = turn.lock().await;
        // The fold at hand saves a read; only a yes may rest on it, and a stale one conflicts.
        let mut at_hand = self.kept(id);
        for _ in 0..CONFLICTS_MAX {
            let quick = at_hand.take().and_then(|case| Some((judge(&case).ok()??, case)));
            let (entry, case) = match quick {
                Some(judged) => judged,
                None => {
                    let case = self.load(id).await.map_err(NotAppended::Ledger)?;
                    match judge(&case).map_err(NotAppended::Judged)? {
                        Some(entry) => (entry, case),
                        None => return Ok(case),
                    }
                }
            };
            let record = entry.chained(id.clone(), case.last_record());
            let mut after = case;
            after.apply(&record).map_err(NotAppended::Illegal)?;
            match self.journal.append(&record).await {
                Ok(()) => {
                    self.keep(after.clone());
                    return Ok(after);
                }
                Err(AppendError::Conflict) => {}
                Err(error) => return Err(NotAppended::Ledger(error.into())),
            }
        }
        Err(NotAppended::Ledger(LedgerError::Contended))
    }

    /// The newest state that this process knows, while no other lane here appends to the case: for
    /// a record that is written elsewhere. What another process wrote meanwhile conflicts with it.
    pub async fn take_turn(&self, id: &CaseId) -> Result<Turn, LedgerError> {
        let taken = self.turn(id).lock_owned().await;
        let case = self.at_hand(id).await?.ok_or_else(|| LedgerError::NoSuchCase(id.clone()))?;
        Ok(Turn { case, _taken: taken })
    }

    /// Takes in the record that was written in this turn.
    pub fn learn(&self, turn: Turn, record: &Record) {
        let mut after = turn.case;
        // What cannot follow is found by the next reader, who checks the whole chain.
        if after.apply(record).is_ok() {
            self.keep(after);
        }
    }

    /// Appends an entry whatever the state, as long as the fold allows it.
    pub async fn note(&self, id: &CaseId, entry: Entry) -> Result<Case, NotAppended<LedgerError>> {
        self.append(id, |_| Ok(Some(entry.clone()))).await
    }

    fn kept(&self, id: &CaseId) -> Option<Case> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, case: Case) {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        if cases.get(case.id()).is_some_and(|kept| kept.seq() >= case.seq()) {
            return;
        }
        if cases.len() >= CASES_KEPT_MAX && !cases.contains_key(case.id()) {
            cases.pop_first();
        }
        let (id, seq) = (case.id().clone(), case.seq());
        cases.insert(id.clone(), case);
        drop(cases);
        let grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = grown.get(&id) {
            waiting.send_replace(seq);
        }
    }

    fn turn(&self, id: &CaseId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= CASES_KEPT_MAX {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(id.clone()).or_default())
    }
}

impl From<AppendError> for LedgerError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict => Self::Contended,
            AppendError::Refused(why) => Self::Unreachable(why),
            AppendError::Unavailable(why) => Self::Unsure(why),
        }
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ledger")
    }
}

/// Folds newer records onto a case, checking the chain link by link.
fn extend(id: &CaseId, known: Option<Case>, newer: &[String]) -> Result<Case, LedgerError> {
    let tampered = |problem| LedgerError::Tampered { case: id.clone(), problem };
    let mut case = known;
    for line in newer {
        let seq = case.as_ref().map_or(0, Case::seq) + 1;
        let record: Record = serde_json::from_str(line)
            .map_err(|error| tampered(Tampering::unreadable(seq, &error)))?;
        let previous = case
            .as_ref()
            .and_then(Case::last_record)
            .map_or(GENESIS, |record| record.hash.as_str());
        if record.seq != seq {
            return Err(tampered(Tampering::Missing { seq }));
        }
        if record.computed_hash() != record.hash || canonical(&record) != line.as_bytes() {
            return Err(tampered(Tampering::Altered { seq }));
        }
        if record.previous != previous {
            return Err(tampered(Tampering::Forked { seq }));
        }
        case = Some(match case {
            None => Case::open(record).map_err(|error| illegal(id, seq, &error))?,
            Some(mut case) => {
                case.apply(&record).map_err(|error| illegal(id, seq, &error))?;
                case
            }
        });
    }
    case.ok_or_else(|| LedgerError::NoSuchCase(id.clone()))
}

fn illegal(id: &CaseId, seq: u64, error: &IllegalRecord) -> LedgerError {
    let problem = Tampering::Illegal { seq, why: error.to_string() };
    LedgerError::Tampered { case: id.clone(), problem }
}

fn unreachable(error: &StoreError) -> LedgerError {
    LedgerError::Unreachable(error.0.clone())
}
