//! The part of the fold that is about how people work together: severity, and who does what.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::fold::{IllegalRecord, press};
use crate::domain::grading::assess;
use crate::domain::record::Record;
use crate::domain::team::{Grade, SaidGrade};
use crate::domain::team_step::TeamStep;

impl Case {
    pub(super) fn take_in_team(
        &mut self,
        record: &Record,
        step: &TeamStep,
    ) -> Result<(), IllegalRecord> {
        let press = press(record)?;
        match step {
            TeamStep::Graded { severity, reason } => {
                let derived = assess(self).severity;
                self.team.said = severity.map(|severity| {
                    let reason = reason.clone();
                    SaidGrade { press, severity, reason, derived }
                });
            }
            TeamStep::Took { role, person } => {
                self.team.roles.insert(*role, (person.clone(), press));
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
