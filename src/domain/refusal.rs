//! Why a person may not do something, in words for that person.

use crate::domain::impact_state::NoAnswer;

/// Why a person may not do something; told to that person alone, and written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("you are not in the workspace that this bot serves")]
    OtherWorkspace,
    #[error(
        "Slack says that you are {0}, and I work with full members of this workspace only; tell \
         one of them"
    )]
    NotMember(&'static str),
    #[error(
        "I could not look up {0}, and nobody decides unseen; press again in a minute, or decide \
         with `keyleak approve` at the command line"
    )]
    NotLookedUp(String),
    #[error(
        "the user group {0} could not be looked up ({1}), so nobody of it counts; press again in \
         a minute, enable the group in Slack, or list people by their own ids"
    )]
    GroupLapsed(String, String),
    #[error(
        "this case's channel is shared with another organisation; end the sharing first, or \
         decide at the command line"
    )]
    SharedChannel,
    #[error(
        "this channel is shared with another organisation; tell me in one of your own, or in a \
         direct message"
    )]
    SharedPlace,
    #[error("you are not on the list of people who may do this; ask a responder")]
    NotListed,
    #[error(
        "nobody is configured as an approver, so nothing can be approved; set people.approvers"
    )]
    NobodyListed,
    #[error("nobody is configured as an approver of {1} ({0} is empty), so it cannot be approved")]
    NobodyListedFor(&'static str, &'static str),
    #[error(
        "you are not an approver (people.approvers lists them); the approvers are asked in the \
         channel"
    )]
    NotApprover,
    #[error("you are not an approver of {1}; {0} lists them, and they are asked in the channel")]
    NotApproverOf(&'static str, &'static str),
    #[error(
        "this needs a one-time code; press Approve in Slack, and type the code of your \
         authenticator app into the form"
    )]
    CodeNeeded,
    #[error(
        "approving this needs a proof of who you are, and you have no one-time code: make one with \
         `keyleak one-time-code {0}` and put it into the configuration, or approve with `keyleak \
         approve` at the command line"
    )]
    NotEnrolled(String),
    #[error(
        "plans of this tier need a one-time code (people.step_up_for), so one person's word is not \
         enough; let an approver press Approve and give their code"
    )]
    GlassNeedsCode,
    #[error("you asked for this plan, so somebody else has to approve it")]
    Requester,
    #[error(
        "you said since when the key is exposed, which this plan rests on, so somebody else has \
         to approve it"
    )]
    Shaper,
    #[error("you changed what this plan holds, so somebody else has to approve it")]
    Adjuster,
    #[error("{0}")]
    NotAdjusted(String),
    #[error("the case is not closed, so it goes on in its channel")]
    NotClosed,
    #[error("the case is still being closed; ask again in a minute")]
    StillClosing,
    #[error("{0}")]
    NotAsked(String),
    #[error(
        "you are not among those who may ask in SQL of their own (people.sql_askers); `/keyleak \
         ask` lists the questions that everybody may ask"
    )]
    NoSql,
    #[error("the key belongs to you, so you cannot decide about it")]
    KeyOwner,
    #[error("you are marked as a suspect in this investigation, so you cannot decide about it")]
    Suspect,
    #[error("this card is old: the plan on it is not the current one; use the newest card")]
    OldCard,
    #[error("this case has no plan {0}; its number stands on its card")]
    NoSuchPlan(u32),
    #[error("this plan can no longer be decided: {0}")]
    Dead(String),
    #[error("execution has already begun, so it is too late for that; use Undo afterwards")]
    Begun,
    #[error(
        "a containment rests on that time by now, so it stays; whom else to contain, say with \
         /keyleak take-in, or withdraw the approvals while it has not begun"
    )]
    Settled,
    #[error(
        "only a containment that can be undone may run on one person's word; this plan needs its \
         approvals"
    )]
    NoGlass,
    #[error(
        "this is a dry run: keyleak may change nothing in that account; the commands are on the \
         plan's card"
    )]
    DryRun,
    #[error("you broke the glass, so somebody else has to look at it")]
    OwnGlass,
    #[error("there is no break-glass of this plan that waits for a review")]
    NothingToReview,
    #[error(
        "the break-glass of plan {0} waits for a review by another approver: \
         `/keyleak review {0}` and what came of it"
    )]
    Unreviewed(u32),
    #[error(
        "plan {0} is approved and not carried out to its end; closing the case would stop it. \
         Wait for it, or deny it while it has not begun"
    )]
    UnderWay(u32),
    #[error("plan {0} waits for a decision, and an undo would take its place; decide it first")]
    Waiting(u32),
    #[error("plan {0} takes it back already: it is approved and under way")]
    BeingUndone(u32),
    #[error("you have already approved this plan")]
    AlreadyApproved,
    #[error("this case lists no loss {0}; the numbers stand on the card of the recovery")]
    NoSuchLoss(u32),
    #[error("{by} has already said of loss {loss}: {remedy}")]
    AlreadySettled { loss: u32, by: String, remedy: &'static str },
    #[error("{by} has already said that this is in place")]
    AlreadyHardened { by: String },
    #[error("{0}")]
    NotAnswered(#[from] NoAnswer),
    #[error("only the key's owner or an approver confirms that all is well")]
    NeitherOwner,
    #[error("that is confirmed already, and the key was not used since")]
    AlreadyConfirmed,
    #[error("nothing is contained, so there is nothing to confirm")]
    NeverContained,
    #[error("the trail would be read for what you asked, so somebody else has to allow it")]
    OwnReading,
    #[error("no reading of the trail waits to be allowed, or another does; see the newest card")]
    NoReading,
    #[error("{0}")]
    NotNamed(&'static str),
    #[error("you have not approved this plan, so there is nothing to withdraw")]
    NotApproved,
}
