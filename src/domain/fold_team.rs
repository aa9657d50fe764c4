//! The part of the fold that is about how people work together: severity, and who does what.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::fold::{IllegalRecord, press};
use crate::domain::grading::assess;
use crate::domain::record::Record;
use crate::domain::team::{Given, Grade, NamedCause, Pages, RunningClock, SaidGrade};
use crate::domain::team_step::{PageOutcome, TeamStep};

impl Case {
    pub(super) fn take_in_team(
        &mut self,
        record: &Record,
        step: &TeamStep,
    ) -> Result<(), IllegalRecord> {
        match step {
            TeamStep::Graded { severity, reason } => {
                let press = press(record)?;
                let derived = assess(self).severity;
                self.team.said = severity.map(|severity| {
                    let reason = reason.clone();
                    SaidGrade { press, severity, reason, derived }
                });
            }
            TeamStep::Took { role, person } => {
                let press = press(record)?;
                self.team.roles.insert(*role, (person.clone(), press));
            }
            TeamStep::PageTried { plan, attempt } => {
                self.plan_state(*plan)?;
                let pages = Pages { tried: *attempt, at: record.at, over: false };
                self.team.pages.insert(*plan, pages);
            }
            TeamStep::Paged { plan, outcome } => {
                let over = match outcome {
                    PageOutcome::Sent { .. } => true,
                    PageOutcome::Failed { last, .. } => *last,
                };
                let pages = self.team.pages.get_mut(plan).ok_or(IllegalRecord::NoSuchAttempt)?;
                pages.over = over;
            }
            TeamStep::OwnerSaid { answer } => {
                self.team.owner_said.push((press(record)?, *answer));
            }
            TeamStep::ClockStarted { regime, since, reason } => {
                let (press, reason) = (press(record)?, reason.clone());
                let clock = RunningClock { press, since: *since, reason };
                self.team.clocks.insert(*regime, clock);
            }
            TeamStep::ClockStopped { regime, .. } => {
                press(record)?;
                self.team.clocks.remove(regime).ok_or(IllegalRecord::NoClock)?;
            }
            TeamStep::CauseNamed { cause, reason } => {
                let (press, reason) = (press(record)?, reason.clone());
                self.team.cause = Some(NamedCause { press, cause: *cause, reason });
            }
            TeamStep::TaskGiven { task, person, due } => {
                let given = Given { owner: person.clone(), press: press(record)?, due: *due };
                self.team.done.remove(task);
                self.team.given.insert(*task, given);
            }
            TeamStep::TaskDone { task } => {
                self.team.done.insert(*task, press(record)?);
            }
        }
        Ok(())
    }

    /// Notes how severe the case is from this record on, where that has changed.
    pub(super) fn grade(&mut self, record: &Record) {
        if !bears_on_severity(&record.event) {
            return;
        }
        let assessed = assess(self);
        // What a person said holds until the facts are worse than they were then.
        let said =
            self.team.said.as_ref().filter(|said| {
                assessed.severity >= said.derived || said.severity <= assessed.severity
            });
        let (severity, why, by) = match said {
            Some(said) => (said.severity, said.reason.clone(), Some(said.press.name.clone())),
            None => (assessed.severity, assessed.why, None),
        };
        let last = self.team.grades.last();
        let same = last.is_some_and(|last| last.severity == severity && last.why == why);
        if !same {
            let (seq, at) = (record.seq, record.at);
            self.team.grades.push(Grade { seq, at, severity, why, by });
        }
    }
}

/// Whether the record can change what the rules look at; the others are many.
fn bears_on_severity(event: &Event) -> bool {
    matches!(
        event,
        Event::Opened(_)
            | Event::Found { .. }
            | Event::Validated
            | Event::Exposed { .. }
            | Event::Proposed { .. }
            | Event::Surveyed { .. }
            | Event::Recovery { .. }
            | Event::Impact { .. }
            | Event::Team { .. }
    )
}
