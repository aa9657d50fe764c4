//! Who may do what: workspace, lists, two people, the key's owner; only here is an approval made.

use crate::domain::case::Case;
use crate::domain::conduct::Conduct;
use crate::domain::facts::Fact;
use crate::domain::identity::AwsIdentity;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::known::{Known, OPENERS, SQL_ASKERS};
use crate::domain::plan::{PlanKind, PlanNumber};
use crate::domain::plan_state::PlanState;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::domain::step_up::StepUpRules;
use crate::domain::tier::Tier;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The rules about people, from configuration. An empty list is nobody, and a list may name user
/// groups of Slack, which are nobody either until they are looked up ([`Policy::as_of`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The one workspace whose people may do anything.
    pub team: String,
    /// Who may open cases and press buttons; `None` means everybody in the workspace.
    pub openers: Option<BTreeSet<String>>,
    /// Who is invited to every case.
    pub responders: BTreeSet<String>,
    /// Who may approve, deny and withdraw, where a tier has no list of its own.
    pub approvers: BTreeSet<String>,
    /// Who may for a tier; a list that is there and empty is nobody.
    pub approvers_of: BTreeMap<Tier, BTreeSet<String>>,
    /// Accounts of one person, each with the account that stands for all of them.
    pub same_person: BTreeMap<String, String>,
    /// From the value of a user's owner tag, or a user's name, to a person.
    pub key_owners: BTreeMap<String, String>,
    /// People whom an investigation has marked; they decide nothing.
    pub suspects: BTreeSet<String>,
    /// Who may ask the case table in SQL of their own.
    pub sql_askers: BTreeSet<String>,
    /// What a person proves themselves for once more, and who can in Slack.
    pub step_up: StepUpRules,
    /// How people are kept informed.
    pub conduct: Conduct,
    /// What Slack said of all these people; none in the settings as they are written.
    pub known: Option<Known>,
}

/// Proof that enough people approved one plan, or one broke the glass; only [`recorded`] makes it,
/// from the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    case: CaseId,
    plan: PlanNumber,
    plan_hash: String,
}

/// What a person wants to decide about a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Approve,
    Deny,
    Withdraw,
}

/// A person's decision that is not yet judged.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub caller: &'a Caller,
    pub choice: Choice,
    pub now: Timestamp,
}

impl Policy {
    /// Whether this person may open a case, press a phase or ask a question.
    pub fn may_act(&self, caller: &Caller) -> Result<(), Refusal> {
        self.is_ours(caller)?;
        self.may_report(caller)?;
        // What is known of a case is nothing for whoever may be the actor.
        self.is_no_suspect(caller)?;
        match &self.openers {
            None => Ok(()),
            Some(listed) if listed.contains(&caller.person().user) => Ok(()),
            Some(_) if self.is_staff(caller) => Ok(()),
            Some(_) => {
                let lists: Vec<_> = [OPENERS].into_iter().chain(self.staff_lists()).collect();
                Err(self.not_on(&lists, Refusal::NotListed))
            }
        }
    }

    /// Whether this person may ask the case table in SQL of their own.
    pub fn may_ask_in_sql(&self, caller: &Caller) -> Result<(), Refusal> {
        self.may_act(caller)?;
        self.is_member(caller)?;
        self.is_no_suspect(caller)?;
        let listed = self.sql_askers.contains(&caller.person().user);
        if listed { Ok(()) } else { Err(self.not_on(&[SQL_ASKERS], Refusal::NoSql)) }
    }

    /// Whether this person may stop every change: anybody on the lists, because it can be lifted.
    pub fn may_freeze(&self, caller: &Caller) -> Result<(), Refusal> {
        self.is_ours(caller)?;
        self.is_member(caller)?;
        self.is_no_suspect(caller)?;
        self.is_listed_staff(caller)
    }

    /// Whether this person may let changes go on: an approver of containments.
    pub fn may_thaw(&self, caller: &Caller) -> Result<(), Refusal> {
        self.is_approver(caller, Tier::Contain)?;
        self.is_no_suspect(caller)
    }

    /// Whether this person's decision about the plan counts, and may be written.
    pub fn may_decide(
        &self,
        wish: &Wish<'_>,
        case: &Case,
        state: &PlanState,
    ) -> Result<(), Refusal> {
        let Wish { caller, choice, now } = *wish;
        self.is_approver(caller, state.plan.tier())?;
        self.is_disinterested(caller, case)?;
        is_open(state, now)?;
        // Accounts of one person count once; each takes back what it gave itself.
        let approved_before = state.approvals.iter().any(|press| self.is_own(caller, &press.by));
        let approved_here = state.approvals.iter().any(|press| press.by == *caller.person());
        let is_held = state.awaits_step_up().is_some();
        let lacks_proof = self.wants_proof(state) && !caller.is_proven();
        match choice {
            Choice::Approve if state.plan.dry_run => Err(Refusal::DryRun),
            Choice::Approve if self.is_own(caller, &state.plan.requested_by) => {
                Err(Refusal::Requester)
            }
            Choice::Approve if self.adjusted(state, caller.person()) => Err(Refusal::Adjuster),
            Choice::Approve if self.shaped(case, state, caller.person()) => Err(Refusal::Shaper),
            // Whoever approved before approves once more to lift a cap, and counts once: from the
            // same account.
            Choice::Approve if approved_before && !(is_held && approved_here) => {
                Err(Refusal::AlreadyApproved)
            }
            Choice::Approve if lacks_proof => Err(self.unproven(caller)),
            Choice::Approve => Ok(()),
            Choice::Deny | Choice::Withdraw if state.has_begun() => Err(Refusal::Begun),
            Choice::Withdraw if !approved_here => Err(Refusal::NotApproved),
            Choice::Deny | Choice::Withdraw => Ok(()),
        }
    }

    /// Whether this person may say since when the key is exposed: it bounds what is contained.
    pub fn may_correct(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_disinterested_staff(caller, case)?;
        if case.exposure_is_settled() { Err(Refusal::Settled) } else { Ok(()) }
    }

    /// Whether this person may close the case: then nothing more is done about the key.
    pub fn may_close(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_disinterested_staff(caller, case)?;
        if let Some(state) = case.plans().find(|state| state.is_under_way()) {
            return Err(Refusal::UnderWay(state.plan.number.0));
        }
        match case.plans().find(|state| state.awaits_review()) {
            Some(state) => Err(Refusal::Unreviewed(state.plan.number.0)),
            None => Ok(()),
        }
    }

    /// Whether a plan may be made because this person asks for it: an undo or an eradication. It
    /// can void another that people have approved already.
    pub fn may_ask_for_changes(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.may_act(caller)?;
        self.is_disinterested(caller, case)
    }

    /// Whether this person may ask for the containment to be taken back; a follow-up that waits
    /// for its approvals must not be lost by that.
    pub fn may_undo(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.may_ask_for_changes(caller, case)?;
        let undoes = |state: &&PlanState| state.plan.kind == PlanKind::Undo && state.is_under_way();
        if let Some(state) = case.plans().find(undoes) {
            return Err(Refusal::BeingUndone(state.plan.number.0));
        }
        match case.pending_plan() {
            Some(state) if state.plan.kind != PlanKind::Undo => {
                Err(Refusal::Waiting(state.plan.number.0))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether this person may let the plan run alone, in an emergency; the requester may, too.
    pub fn may_break_glass(
        &self,
        (caller, now): (&Caller, Timestamp),
        case: &Case,
        state: &PlanState,
    ) -> Result<(), Refusal> {
        self.is_approver(caller, state.plan.tier())?;
        self.is_disinterested(caller, case)?;
        is_open(state, now)?;
        if state.plan.dry_run {
            return Err(Refusal::DryRun);
        }
        // A command has no place for a code, and must not be the way around one.
        let needs_code = self.step_up.tiers.contains(&state.plan.tier());
        match (state.is_approved(), state.plan.may_break_glass() && !needs_code) {
            (true, _) => Err(Refusal::Begun),
            (false, false) if needs_code => Err(Refusal::GlassNeedsCode),
            (false, false) => Err(Refusal::NoGlass),
            (false, true) => Ok(()),
        }
    }

    /// Whether this person may say that a break-glass was looked at.
    pub fn may_review(
        &self,
        caller: &Caller,
        case: &Case,
        state: &PlanState,
    ) -> Result<(), Refusal> {
        self.is_approver(caller, state.plan.tier())?;
        self.is_disinterested(caller, case)?;
        match &state.glass {
            Some(_) if !state.awaits_review() => Err(Refusal::NothingToReview),
            Some((breaker, _)) if self.is_own(caller, &breaker.by) => Err(Refusal::OwnGlass),
            Some(_) => Ok(()),
            None => Err(Refusal::NothingToReview),
        }
    }

    /// The Slack user who owns the key, when configuration can tell.
    pub fn key_owner(&self, case: &Case) -> Option<&str> {
        let owner = case.facts().owner.as_ref().and_then(Fact::known)?;
        let by_tag = owner.owner_tag.as_ref().and_then(|tag| self.key_owners.get(tag));
        by_tag.or_else(|| self.key_owners.get(&owner.user.0)).map(String::as_str)
    }

    /// The people whom a new case invites besides its requester.
    pub fn invited(&self) -> impl Iterator<Item = PersonId> {
        let people: BTreeSet<_> = self.responders.iter().chain(self.all_approvers()).collect();
        people.into_iter().map(|user| PersonId { team: self.team.clone(), user: user.clone() })
    }

    pub(super) fn is_ours(&self, caller: &Caller) -> Result<(), Refusal> {
        if caller.person().team == self.team { Ok(()) } else { Err(Refusal::OtherWorkspace) }
    }

    fn is_staff(&self, caller: &Caller) -> bool {
        self.works_here(&caller.person().user)
    }

    pub(super) fn is_no_suspect(&self, caller: &Caller) -> Result<(), Refusal> {
        let suspected = self.is_suspect(&caller.person().user);
        if suspected { Err(Refusal::Suspect) } else { Ok(()) }
    }

    pub(super) fn is_disinterested_staff(
        &self,
        caller: &Caller,
        case: &Case,
    ) -> Result<(), Refusal> {
        self.is_ours(caller)?;
        self.is_member(caller)?;
        self.is_listed_staff(caller)?;
        self.is_disinterested(caller, case)
    }

    fn is_listed_staff(&self, caller: &Caller) -> Result<(), Refusal> {
        match self.is_staff(caller) {
            true => Ok(()),
            false => Err(self.not_on(&self.staff_lists(), Refusal::NotListed)),
        }
    }

    pub(super) fn is_disinterested(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_member(caller)?;
        self.is_among_us(caller, case)?;
        self.is_no_suspect(caller)?;
        let user = caller.person().user.as_str();
        if self.owns_key(user, case) {
            return Err(Refusal::KeyOwner);
        }
        Ok(())
    }

    /// Whether an account of this person is the key's owner.
    pub fn owns_key(&self, user: &str, case: &Case) -> bool {
        self.key_owner(case).is_some_and(|owner| self.is_one(owner, user))
    }

    /// Whether the plan is as it is by this person's word: the time of exposure that it was made
    /// with, or what it leaves out, takes in or does otherwise.
    pub fn shaped(&self, case: &Case, state: &PlanState, person: &PersonId) -> bool {
        let by = case.exposure().said_by().map(|press| &press.by);
        let said = by.is_some_and(|by| self.is_one(&by.user, &person.user));
        (state.plan.kind != PlanKind::Undo && said) || self.adjusted(state, person)
    }

    fn adjusted(&self, state: &PlanState, person: &PersonId) -> bool {
        let mut adjusted = state.plan.adjusted.iter();
        adjusted.any(|one| self.is_one(&one.by.user, &person.user))
    }
}

/// Whether the plan can still be decided about.
pub(super) fn is_open(state: &PlanState, now: Timestamp) -> Result<(), Refusal> {
    if let Some(why) = state.dead_because() {
        return Err(Refusal::Dead(why));
    }
    match now >= state.plan.expires_at && !state.is_approved() {
        true => Err(Refusal::Dead(state.plan.kind.expired().to_owned())),
        false => Ok(()),
    }
}

impl Approval {
    pub fn case(&self) -> &CaseId {
        &self.case
    }

    pub fn plan(&self) -> PlanNumber {
        self.plan
    }

    pub fn plan_hash(&self) -> &str {
        &self.plan_hash
    }
}

/// Whether a credential owns, is, or grew from the exposed key of a case.
pub fn is_part_of(case: &Case, identity: &AwsIdentity, key_id: &str) -> bool {
    let owns = case.facts().owner_known().is_some_and(|owner| identity.belongs_to(&owner.arn));
    let is_the_key = case.opening().key.reveal() == key_id;
    // Of a role that many use, only who goes by the name of the exposed session.
    let signs = case.facts().signer_known().is_some_and(|signer| signer.arn == identity.arn);
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    let grew = nodes.iter().filter(|node| !node.older).any(|node| {
        node.id == key_id || node.arn.as_deref().is_some_and(|arn| identity.belongs_to(arn))
    });
    owns || is_the_key || signs || grew
}

/// The approval that the journal holds for a plan, if it holds enough of them.
pub fn recorded(case: &Case, plan: PlanNumber) -> Option<Approval> {
    let state = case.plan(plan)?;
    let dead = state.denied.is_some() || (state.voided.is_some() && !state.has_begun());
    let dead = dead || state.plan.dry_run;
    let people: BTreeSet<_> = state
        .approvals
        .iter()
        .filter(|press| press.by != state.plan.requested_by)
        .map(|press| &press.by)
        .collect();
    let broken = state.glass.is_some() && state.plan.may_break_glass();
    let agreed = state.owners_missing().next().is_none();
    let enough = broken || (agreed && people.len() as u32 >= state.plan.approvals_needed.max(1));
    (enough && !dead).then(|| Approval {
        case: case.id().clone(),
        plan,
        plan_hash: state.hash.clone(),
    })
}
