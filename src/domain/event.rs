//! What the journal holds: every decision, what it rested on, and what came of it.

use crate::domain::action::Action;
use crate::domain::adjustment::Adjustment;
use crate::domain::brake::Brake;
use crate::domain::capture::{Capture, CaptureChange};
use crate::domain::drift::Drift;
use crate::domain::facts::Finding;
use crate::domain::ids::{AccessKeyId, CaseId, ChannelId, MessageTs, PersonId};
use crate::domain::impact::ImpactAnswer;
use crate::domain::plan::{Plan, PlanNumber, Step, StepAddress};
use crate::domain::reading::{AnswerNote, SurveyNote};
use crate::domain::reconciliation::Reconciliation;
use crate::domain::recovery_step::RecoveryStep;
use crate::domain::snapshot::SnapshotRef;
use crate::domain::spending_step::SpendingStep;
use crate::domain::step_result::StepResult;
use crate::domain::team_step::TeamStep;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The seven phases of the playbook, in its order; they may be walked in any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Validation,
    Scope,
    Impact,
    Containment,
    Eradication,
    Recovery,
    PostIncident,
}

/// What opens a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub key: AccessKeyId,
    /// Where the key was found, in the requester's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_where: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposed_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// A drill is marked on every surface, for life.
    pub drill: bool,
    /// Endpoints other than AWS's and Slack's own, shown on the card.
    pub endpoints: Vec<String>,
    /// The case whose channel this one shares, when several ids were given at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares_channel_of: Option<CaseId>,
}

/// A Slack message that the case posts once, by the key that makes it so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostKey(pub String);

/// An event of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    Opened(Opening),
    /// Somebody asked for the same key again and is invited.
    Joined,
    /// A name is about to be tried, so that a crash after Slack made the channel finds it again.
    ChannelTried {
        name: String,
    },
    ChannelMade {
        channel: ChannelId,
        name: String,
    },
    ChannelFailed {
        why: String,
        /// It is tried again: somebody can put right what was in the way.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        for_now: bool,
    },
    Invited {
        people: Vec<PersonId>,
        failed: Vec<String>,
    },
    Dressed,
    Posted {
        post: PostKey,
        channel: ChannelId,
        message: MessageTs,
        /// An earlier try may have got through unseen, because the channel cannot be read back;
        /// the message says so too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        repeat_possible: bool,
    },
    PostFailed {
        post: PostKey,
        why: String,
    },
    /// A file is about to be sent, so that a crash after Slack took it does not send it again.
    UploadTried {
        post: PostKey,
    },
    PhasePressed {
        phase: Phase,
    },
    SummaryAsked,
    ReportAsked,
    Found {
        finding: Finding,
    },
    Validated,
    /// Since when the key is exposed: said by a person, or by the bot from the trail and why.
    Exposed {
        since: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// The record of the trail that it rests on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_id: Option<String>,
    },
    Proposed {
        plan: Box<Plan>,
        hash: String,
    },
    NotProposed {
        why: String,
        /// Somebody wanted what the actor made deleted, and not a containment or an undo.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        eradication: bool,
    },
    Approved {
        plan: PlanNumber,
        hash: String,
    },
    OwnerAgreed {
        plan: PlanNumber,
        hash: String,
    },
    Denied {
        plan: PlanNumber,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Withdrawn {
        plan: PlanNumber,
    },
    Refused {
        what: String,
        why: String,
    },
    Expired {
        plan: PlanNumber,
    },
    /// One person let the plan run without the approvals it needs, and said why.
    GlassBroken {
        plan: PlanNumber,
        hash: String,
        reason: String,
    },
    /// Somebody else looked at it afterwards, and says what came of that.
    GlassReviewed {
        plan: PlanNumber,
        verdict: String,
    },
    Voided {
        plan: PlanNumber,
        why: String,
    },
    /// Steps for what the actor took after the approval; it covers them, and people are told.
    Covered {
        plan: PlanNumber,
        steps: Vec<Step>,
        snapshot: SnapshotRef,
    },
    Intent {
        plan: PlanNumber,
        step: u32,
        attempt: u32,
        plan_hash: String,
    },
    /// A cap per hour is reached: no further principal before `until`, unless an approver proves
    /// who they are at the command line.
    Capped {
        plan: PlanNumber,
        why: String,
        until: Timestamp,
    },
    Outcome {
        plan: PlanNumber,
        step: u32,
        attempt: u32,
        #[serde(flatten)]
        result: StepResult,
    },
    ReadBack {
        plan: PlanNumber,
        check: u32,
        drifts: Vec<Drift>,
    },
    /// Reverted steps that may be re-applied without asking: the reverter is in the lineage.
    Reapply {
        plan: PlanNumber,
        steps: Vec<u32>,
        reverter: String,
        /// The actor is being run down: it was put back before the trail could say who it was.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        racing: bool,
    },
    Held {
        plan: PlanNumber,
    },
    Contained {
        plan: PlanNumber,
        as_of: Timestamp,
    },
    WatchEnded {
        plan: PlanNumber,
    },
    /// What the actor still holds that this plan cannot end; while there is any, it is not
    /// contained.
    OpenEnds {
        plan: PlanNumber,
        ends: Vec<String>,
    },
    UndoWanted {
        plan: PlanNumber,
        /// These alone; none means all of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<StepAddress>,
    },
    /// A person changed what the plans hold; one that waits is void, and made again.
    Adjusted {
        adjustments: Vec<Adjustment>,
    },
    /// Another case was undone while this one needs the same on the same principal, and left it to
    /// the undo of this one.
    HandedOver {
        from: CaseId,
        action: Action,
    },
    Surveyed {
        survey: Box<SurveyNote>,
    },
    SurveyFailed {
        why: String,
    },
    Spending {
        step: Box<SpendingStep>,
    },
    Answered {
        answer: Box<AnswerNote>,
    },
    QuestionFailed {
        asked: u64,
        question: String,
        why: String,
    },
    /// All questions of a press have their answer or their reason.
    QuestionsDone {
        asked: u64,
    },
    /// Somebody asks the trail these questions, by their ids.
    QuestionsAsked {
        questions: Vec<String>,
        /// Their own SQL, where that is what they ask; the one id is made of its hash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sql: Option<String>,
    },
    /// The queries that were pressed by record `asked` are not to go on.
    Cancelled {
        asked: u64,
    },
    Note {
        text: String,
    },
    /// A person put a message of the channel, or words of their own, into the timeline.
    Captured {
        capture: Box<Capture>,
    },
    /// A message in the timeline was edited or deleted in Slack.
    CaptureChanged {
        change: Box<CaptureChange>,
    },
    Recovery {
        step: Box<RecoveryStep>,
    },
    /// A person answered one of the nine impact questions.
    Impact {
        answer: Box<ImpactAnswer>,
    },
    /// How people work together: how severe it is, who does what.
    Team {
        step: Box<TeamStep>,
    },
    /// The brake on all changes was put on or taken off while this case had work to do.
    Braked {
        brake: Box<Brake>,
    },
    Closed {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A person takes the closed case up again, in a new channel.
    Reopened {
        reason: String,
    },
    /// The journal of a closed case was held against AWS's own log.
    Reconciled {
        result: Box<Reconciliation>,
    },
    NotReconciled {
        why: String,
    },
    Reported {
        /// As Markdown, in the evidence store.
        sha256: String,
        /// The other forms, by how their files end; older records have none.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        others: BTreeMap<String, String>,
    },
    Archived,
}
