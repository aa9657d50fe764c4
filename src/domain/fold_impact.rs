//! The part of the fold that is about the impact: answers of people, each on evidence of the case.

use crate::domain::case::Case;
use crate::domain::fold::{IllegalRecord, press};
use crate::domain::impact::{ImpactAnswer, ImpactVerdict};
use crate::domain::impact_evidence::at;
use crate::domain::record::Record;

impl Case {
    pub(super) fn take_in_impact(
        &mut self,
        record: &Record,
        answer: &ImpactAnswer,
    ) -> Result<(), IllegalRecord> {
        let press = press(record)?;
        let is_evidence = answer.rests_on.iter().all(|seq| at(self, *seq).is_some());
        let without = answer.verdict == ImpactVerdict::No && answer.rests_on.is_empty();
        if !is_evidence || without {
            return Err(IllegalRecord::NoEvidence);
        }
        self.impact_answers.push((press, answer.clone()));
        Ok(())
    }
}
