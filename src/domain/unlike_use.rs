//! What the trail tells of a use unlike the regular ones, where no time of exposure is known.

use crate::domain::case::Case;
use crate::domain::exposure::Basis;
use jiff::Timestamp;

impl Case {
    /// Up to when the trail was looked at for such a use, where it told none.
    pub fn unlike_use_sought_upto(&self) -> Option<Timestamp> {
        let told_none = self.exposure().since.is_none();
        let by_trail = matches!(self.exposure().basis, Basis::Trail { .. });
        let survey = self.survey().filter(|_| told_none && by_trail).map(|(_, survey)| survey);
        survey.filter(|survey| survey.unlike_use.is_none()).and_then(|survey| survey.watermark)
    }

    /// The first such use, where the trail told of it only after people had approved a plan, which
    /// rests on the time that was known then.
    pub fn unlike_use_told_late(&self) -> Option<Timestamp> {
        let told_none = self.exposure().since.is_none();
        self.survey().filter(|_| told_none).and_then(|(_, survey)| survey.unlike_use)
    }
}
