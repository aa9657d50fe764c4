//! Which records only tell of a case or ask about it, so that nothing is done anew because of them.

use crate::domain::event::Event;

impl Event {
    /// Whether it only tells of the case or asks about it, and changes nothing that is to be done.
    pub fn is_talk(&self) -> bool {
        match self {
            Self::Joined
            | Self::ChannelTried { .. }
            | Self::ChannelMade { .. }
            | Self::ChannelFailed { .. }
            | Self::Invited { .. }
            | Self::Dressed
            | Self::Posted { .. }
            | Self::PostFailed { .. }
            | Self::UploadTried { .. }
            | Self::SummaryAsked
            | Self::ReportAsked
            | Self::Refused { .. }
            | Self::Spending { .. }
            | Self::Answered { .. }
            | Self::QuestionFailed { .. }
            | Self::QuestionsDone { .. }
            | Self::QuestionsAsked { .. }
            | Self::Cancelled { .. }
            | Self::Note { .. }
            | Self::Captured { .. }
            | Self::CaptureChanged { .. }
            | Self::Recovery { .. }
            | Self::Impact { .. }
            | Self::Team { .. }
            | Self::Reconciled { .. }
            | Self::NotReconciled { .. }
            | Self::Reported { .. }
            | Self::Archived => true,
            Self::Opened(_)
            | Self::PhasePressed { .. }
            | Self::Found { .. }
            | Self::Validated
            | Self::Exposed { .. }
            | Self::Proposed { .. }
            | Self::NotProposed { .. }
            | Self::Approved { .. }
            | Self::OwnerAgreed { .. }
            | Self::Denied { .. }
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::GlassBroken { .. }
            | Self::GlassReviewed { .. }
            | Self::Voided { .. }
            | Self::Covered { .. }
            | Self::Capped { .. }
            | Self::Intent { .. }
            | Self::Outcome { .. }
            | Self::ReadBack { .. }
            | Self::Reapply { .. }
            | Self::Held { .. }
            | Self::Contained { .. }
            | Self::WatchEnded { .. }
            | Self::OpenEnds { .. }
            | Self::UndoWanted { .. }
            | Self::Adjusted { .. }
            | Self::HandedOver { .. }
            | Self::Braked { .. }
            | Self::Surveyed { .. }
            | Self::SurveyFailed { .. }
            | Self::Closed { .. }
            | Self::Reopened { .. } => false,
        }
    }
}
