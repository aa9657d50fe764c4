//! The fold of records into a case; one match says which record may follow which state.

use crate::domain::adjustments::Adjustments;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::exposure::Exposure;
use crate::domain::facts::{Fact, Facts, Finding};
use crate::domain::plan::PlanNumber;
use crate::domain::plan_state::PlanState;
use crate::domain::reconciliation::Reconciliation;
use crate::domain::record::{Press, Record};
use crate::domain::recovery::Recovery;
use crate::domain::room::{Room, Unmade};
use crate::domain::spending::Spending;
use crate::domain::team::Team;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A record that cannot follow the ones before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalRecord {
    #[error("a case begins with its opening by a person")]
    NotOpened,
    #[error("a case is opened once")]
    OpenedTwice,
    #[error("it does not have the next sequence number")]
    OutOfOrder,
    #[error("this delivery was already taken in")]
    Repeated,
    #[error("the case is closed")]
    Closed,
    #[error("there is no plan {0}")]
    NoSuchPlan(u32),
    #[error("it is about another version of the plan")]
    OtherHash,
    #[error("only a person can do that")]
    NotAPerson,
    #[error("the requester of a plan does not approve it")]
    Requester,
    #[error("this person already approved")]
    AlreadyApproved,
    #[error("whoever broke the glass does not review it")]
    OwnGlass,
    #[error("the plan is not {0}")]
    WrongState(&'static str),
    #[error("there is no such step, or no attempt at it is open")]
    NoSuchAttempt,
    #[error("it is about another reading of the trail, or none waits")]
    OtherReading,
    #[error("there is no loss {0}")]
    NoSuchLoss(u32),
    #[error("no such clock runs")]
    NoClock,
    #[error("an answer about the impact rests on evidence of this case")]
    NoEvidence,
    #[error("the case is not closed, or was compared already")]
    NothingToReconcile,
    #[error("the case is not closed, or its channel is not put away yet")]
    NotPutAway,
}

impl Case {
    /// Folds a journal from its first record.
    pub fn fold(records: impl IntoIterator<Item = Record>) -> Result<Self, IllegalRecord> {
        let mut records = records.into_iter();
        let mut case = Self::open(records.next().ok_or(IllegalRecord::NotOpened)?)?;
        for record in records {
            case.apply(&record)?;
        }
        Ok(case)
    }

    /// The case as it was once record `seq` was written.
    pub fn as_of(&self, seq: u64) -> Result<Self, IllegalRecord> {
        let then = self.records.iter().take_while(|record| record.seq <= seq);
        Self::fold(then.map(|record| Record::clone(record)))
    }

    /// The case that an opening begins.
    pub fn open(record: Record) -> Result<Self, IllegalRecord> {
        let (Event::Opened(opening), Some(person)) = (&record.event, record.person()) else {
            return Err(IllegalRecord::NotOpened);
        };
        if record.seq != 1 {
            return Err(IllegalRecord::OutOfOrder);
        }
        let mut case = Self {
            id: record.case.clone(),
            opening: opening.clone(),
            opened_by: person.clone(),
            opened_at: record.at,
            deliveries: record.delivery.iter().cloned().collect(),
            room: Room { wanted: BTreeSet::from([person.clone()]), ..Room::default() },
            facts: Facts::default(),
            validated_at: None,
            phases: BTreeMap::new(),
            exposure: Exposure::at_opening(opening.exposed_since, press(&record)?),
            plans: BTreeMap::new(),
            not_proposed: None,
            not_eradicated: None,
            outdated: None,
            signer_told: None,
            wanted_undo: None,
            wanted_steps: Vec::new(),
            adjustments: Adjustments::default(),
            survey: None,
            survey_failed: None,
            last_survey_at: None,
            spending: Spending::default(),
            answers: Vec::new(),
            questions_failed: Vec::new(),
            inquiries: Vec::new(),
            cancelled: BTreeSet::new(),
            questions_done: BTreeSet::new(),
            recovery: Recovery::default(),
            impact_answers: Vec::new(),
            closed_at: None,
            reconciled: None,
            report_sha256: None,
            archived: false,
            brake: None,
            team: Team::default(),
            records: vec![Arc::new(record.clone())],
        };
        case.grade(&record);
        Ok(case)
    }

    /// Takes in the next record, or says why it cannot be the next; then nothing is changed.
    pub fn apply(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        if record.seq != self.seq() + 1 || record.case != self.id {
            return Err(IllegalRecord::OutOfOrder);
        }
        if record.delivery.as_ref().is_some_and(|delivery| self.has_seen(delivery)) {
            return Err(IllegalRecord::Repeated);
        }
        if self.closed_at.is_some() && !outlives_the_case(&record.event) {
            return Err(IllegalRecord::Closed);
        }
        self.take_in(record)?;
        self.grade(record);
        self.deliveries.extend(record.delivery.clone());
        self.records.push(Arc::new(record.clone()));
        Ok(())
    }

    fn take_in(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        match &record.event {
            Event::Opened(_) => return Err(IllegalRecord::OpenedTwice),
            Event::Joined
            | Event::ChannelTried { .. }
            | Event::ChannelMade { .. }
            | Event::ChannelFailed { .. }
            | Event::Invited { .. }
            | Event::Dressed
            | Event::Posted { .. }
            | Event::UploadTried { .. }
            | Event::PostFailed { .. } => self.take_in_room(record)?,
            Event::Proposed { .. }
            | Event::Approved { .. }
            | Event::OwnerAgreed { .. }
            | Event::Denied { .. }
            | Event::Withdrawn { .. }
            | Event::Expired { .. }
            | Event::GlassBroken { .. }
            | Event::GlassReviewed { .. }
            | Event::Voided { .. }
            | Event::Covered { .. } => self.take_in_decision(record)?,
            Event::Capped { .. }
            | Event::Intent { .. }
            | Event::Outcome { .. }
            | Event::ReadBack { .. }
            | Event::Reapply { .. }
            | Event::Held { .. }
            | Event::Contained { .. }
            | Event::OpenEnds { .. }
            | Event::WatchEnded { .. } => self.take_in_execution(record)?,
            Event::PhasePressed { .. } | Event::QuestionsAsked { .. } => self.asked(record)?,
            Event::Captured { .. } => drop(press(record)?),
            Event::Adjusted { adjustments } => self.take_in_adjustments(record, adjustments)?,
            Event::UndoWanted { plan, steps } => self.want_undo(record, (*plan, steps))?,
            Event::Found { finding } => self.take_in_finding(record.seq, finding),
            Event::Validated => self.validated_at = Some(record.seq),
            Event::Exposed { since, why, .. } => {
                self.take_in_exposure(record, *since, why.as_deref())?;
            }
            Event::NotProposed { why, eradication } => {
                self.take_in_no_plan((record.seq, why.clone()), *eradication);
            }
            Event::Surveyed { .. }
            | Event::SurveyFailed { .. }
            | Event::Answered { .. }
            | Event::QuestionFailed { .. }
            | Event::QuestionsDone { .. }
            | Event::Cancelled { .. } => self.take_in_reading(record),
            Event::Spending { step } => self.take_in_spending(record, step)?,
            Event::Recovery { step } => self.take_in_recovery(record, step)?,
            Event::Impact { answer } => self.take_in_impact(record, answer)?,
            Event::Team { step } => self.take_in_team(record, step)?,
            Event::Closed { .. }
            | Event::Reopened { .. }
            | Event::Reconciled { .. }
            | Event::NotReconciled { .. }
            | Event::Reported { .. }
            | Event::Archived => self.take_in_end(record)?,
            Event::Braked { brake } => self.brake = Some(brake.as_ref().clone()),
            // What it means is read from the records, by `domain::sharing` and `domain::captures`.
            Event::HandedOver { .. }
            | Event::CaptureChanged { .. }
            | Event::SummaryAsked
            | Event::ReportAsked
            | Event::Note { .. }
            | Event::Refused { .. } => {}
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "take_in sends only what ends a case")]
    fn take_in_end(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        match &record.event {
            Event::Closed { .. } => self.closed_at = Some(record.at),
            Event::Reopened { .. } => self.take_up_again()?,
            Event::Reconciled { result } => self.take_in_reconciliation(Ok(*result.clone()))?,
            Event::NotReconciled { why } => self.take_in_reconciliation(Err(why.clone()))?,
            Event::Reported { sha256, .. } => self.report_sha256 = Some(sha256.clone()),
            Event::Archived => self.archived = true,
            _ => {}
        }
        Ok(())
    }

    /// What was decided and done stands; what was said of the closed case does not any more.
    fn take_up_again(&mut self) -> Result<(), IllegalRecord> {
        if !self.archived {
            return Err(IllegalRecord::NotPutAway);
        }
        (self.closed_at, self.reconciled, self.report_sha256) = (None, None, None);
        self.archived = false;
        self.room = self.room.anew();
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "take_in sends only what people ask for")]
    fn asked(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        let press = press(record)?;
        match &record.event {
            Event::PhasePressed { phase } => self.phases.entry(*phase).or_default().push(press),
            Event::QuestionsAsked { questions, .. } => {
                self.inquiries.push((press, questions.clone()));
            }
            _ => {}
        }
        Ok(())
    }

    fn take_in_no_plan(&mut self, why: (u64, String), eradication: bool) {
        if eradication {
            self.not_eradicated = Some(why);
        } else {
            self.not_proposed = Some(why);
            self.wanted_undo = None;
            self.adjustments.reshaped = None;
        }
    }

    fn take_in_finding(&mut self, seq: u64, finding: &Finding) {
        if matches!(finding, Finding::Signer(Fact::Known(_))) {
            self.signer_told = Some(seq);
        }
        self.facts.note(finding.clone());
    }

    /// A closed case is held against AWS's own log once.
    fn take_in_reconciliation(
        &mut self,
        result: Result<Reconciliation, String>,
    ) -> Result<(), IllegalRecord> {
        if !self.awaits_reconciliation() {
            return Err(IllegalRecord::NothingToReconcile);
        }
        self.reconciled = Some(result);
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "take_in sends only the room's events")]
    fn take_in_room(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        let room = &mut self.room;
        match &record.event {
            Event::Joined => {
                let person = record.person().ok_or(IllegalRecord::NotAPerson)?;
                room.wanted.insert(person.clone());
            }
            Event::ChannelTried { name } => room.names_tried.push(name.clone()),
            Event::ChannelMade { channel, name } => {
                room.channel = Some(channel.clone());
                room.name = Some(name.clone());
                room.failed = None;
                room.unmade = None;
            }
            Event::ChannelFailed { why, for_now: false } => {
                room.failed = Some(why.clone());
                room.unmade = None;
            }
            Event::ChannelFailed { why, for_now: true } => {
                let tries = room.unmade.as_ref().map_or(0, |unmade| unmade.tries) + 1;
                let (seq, at) = (record.seq, record.at);
                room.unmade = Some(Unmade { why: why.clone(), seq, at, tries });
            }
            Event::Invited { people, .. } => room.invited.extend(people.iter().cloned()),
            Event::Dressed => room.dressed = true,
            Event::UploadTried { post } => {
                room.uploads_tried.insert(post.clone(), record.at);
            }
            Event::Posted { post, channel, message, .. } => {
                room.posted.insert(post.clone(), (channel.clone(), message.clone()));
            }
            Event::PostFailed { post, .. } => {
                room.given_up.insert(post.clone());
            }
            _ => {}
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "take_in sends only what was read")]
    fn take_in_reading(&mut self, record: &Record) {
        match &record.event {
            Event::Surveyed { survey } => {
                self.spending.add(record.at, &survey.cost);
                self.survey = Some((record.seq, survey.as_ref().clone()));
                self.survey_failed = None;
                self.last_survey_at = Some(record.at);
            }
            Event::SurveyFailed { why } => {
                self.survey_failed = Some((record.seq, why.clone()));
                self.last_survey_at = Some(record.at);
            }
            Event::Answered { answer } => {
                self.answers.push((record.seq, answer.as_ref().clone()));
            }
            Event::QuestionFailed { question, why, .. } => {
                self.questions_failed.push((record.seq, question.clone(), why.clone()));
            }
            Event::QuestionsDone { asked } => {
                self.questions_done.insert(*asked);
            }
            Event::Cancelled { asked } => {
                self.cancelled.insert(*asked);
            }
            _ => {}
        }
    }

    pub(super) fn plan_state(
        &mut self,
        number: PlanNumber,
    ) -> Result<&mut PlanState, IllegalRecord> {
        self.plans.get_mut(&number).ok_or(IllegalRecord::NoSuchPlan(number.0))
    }
}

/// What may still be written after a case is closed: its last words, and what secures the account.
fn outlives_the_case(event: &Event) -> bool {
    matches!(
        event,
        Event::Posted { .. }
            | Event::UploadTried { .. }
            | Event::PostFailed { .. }
            | Event::Reconciled { .. }
            | Event::NotReconciled { .. }
            | Event::Spending { .. }
            | Event::Reported { .. }
            | Event::Archived
            | Event::Reopened { .. }
            | Event::Refused { .. }
            | Event::Outcome { .. }
    )
}

/// A press by a person, for the record.
pub(super) fn press(record: &Record) -> Result<Press, IllegalRecord> {
    let by = record.person().ok_or(IllegalRecord::NotAPerson)?.clone();
    Ok(Press { seq: record.seq, at: record.at, by, name: record.actor_shown() })
}

#[cfg(test)]
mod tests;
