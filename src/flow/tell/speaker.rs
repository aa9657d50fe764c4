//! One case's voice, for as long as this process may use it.

use crate::domain::case::Case;
use crate::domain::policy::Policy;
use crate::flow::desk::Desk;
use crate::flow::hold::Hold;
use crate::flow::lane::StepError;
use crate::ports::chat::Scene;
use jiff::Timestamp;

/// What the lane did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Something,
    Nothing,
    /// Something is owed, but not before this.
    Later(Timestamp),
}

/// Who speaks for a case.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    pub desk: &'a Desk,
    pub case: &'a Case,
    /// The rules about people as they stand now.
    pub policy: &'a Policy,
    pub hold: &'a Hold,
}

impl<'a> Speaker<'a> {
    /// Whether nobody else can have the case while the next message is under way.
    pub fn may_still_speak(&self) -> Result<(), StepError> {
        if self.hold.covers_an_effect() { Ok(()) } else { Err(StepError::MovedOn) }
    }

    /// What every view of the case is drawn from.
    pub fn scene(&self) -> Scene<'a> {
        let Self { desk, case, policy, .. } = *self;
        Scene { case, policy, now: desk.clock.now() }
    }
}
