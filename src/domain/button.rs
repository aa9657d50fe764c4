//! The buttons on the cards: stable ids, and values that are addresses and no authority.

use crate::domain::command::case_id;
use crate::domain::event::Phase;
use crate::domain::ids::CaseId;
use crate::domain::impact::{ImpactQuestion, ImpactVerdict};
use crate::domain::measure::Measure;
use crate::domain::plan::PlanNumber;
use crate::domain::principal::PrincipalName;
use crate::domain::recovery_step::Remedy;
use crate::domain::task::Task;
use crate::domain::team_step::{OwnerAnswer, Role};

/// Between the parts of a button's value; case ids and hashes hold none.
const SEPARATOR: char = '|';

/// The plan that a button was drawn for; the policy decides what the press is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanAddress {
    pub case: CaseId,
    pub plan: PlanNumber,
    /// The whole hash, so that a press on an old card is known as one.
    pub hash: String,
}

/// A button on a card. Its value says what it is about and gives no right to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ButtonAction {
    /// `phase.<slug>`, value `case`.
    Phase { case: CaseId, phase: Phase },
    /// `plan.approve`, value `case|plan|hash`.
    Approve(PlanAddress),
    /// `plan.deny`, value `case|plan|hash`.
    Deny(PlanAddress),
    /// `plan.withdraw`, value `case|plan|hash`.
    Withdraw(PlanAddress),
    /// `plan.undo`, value `case|plan|hash`.
    Undo(PlanAddress),
    /// `plan.change`, value `case|plan|hash`: opens the form that changes the plan.
    Change(PlanAddress),
    /// `plan.undo_steps`, value `case|plan|hash`: opens the form that takes steps back.
    UndoSteps(PlanAddress),
    /// `finding.contain`, value `case|principal` as `role/NAME`: take it in, whole.
    TakeIn { case: CaseId, on: PrincipalName },
    /// `question.cancel`, value `case|seq` of the press that asked.
    CancelQuestions { case: CaseId, asked: u64 },
    /// `trail.allow`, value `case|seq` of the record that asked for the reading.
    AllowReading { case: CaseId, seq: u64 },
    /// `loss.rotated`, `loss.restore`, `loss.rebuild`, `loss.drop`; value `case|loss|seq` of the
    /// last record about the loss.
    Settle { case: CaseId, loss: u32, seq: u64, remedy: Remedy },
    /// `hardening.done`, value `case|measure`.
    Harden { case: CaseId, measure: Measure },
    /// `impact.yes`, `impact.no`, `impact.not_known`; value `case|question|seq` of the last record
    /// about the question.
    Impact { case: CaseId, question: ImpactQuestion, seq: u64, verdict: ImpactVerdict },
    /// `recovery.confirm`, value `case|second` of the last use of the key after the containment
    /// that the card showed; 0 for none.
    Confirm { case: CaseId, used: i64 },
    /// `team.lead`, `team.scribe`, value `case`: take the role.
    TakeRole { case: CaseId, role: Role },
    /// `task.take`, value `case|task|seq` of the last record about the task: take it.
    TakeTask { case: CaseId, task: Task, seq: u64 },
    /// `task.done`, value `case|task|seq`: say that it is done.
    FinishTask { case: CaseId, task: Task, seq: u64 },
    /// `owner.yes`, `owner.no`, `owner.not_sure`, value `case`: whether the use was the owner's.
    OwnerSays { case: CaseId, answer: OwnerAnswer },
    /// `case.summary`, value `case`.
    Summary { case: CaseId },
    /// `case.close`, value `case`.
    Close { case: CaseId },
    /// `case.report`, value `case`.
    Report { case: CaseId },
    /// `key.respond`, value `new`: opens the form for an exposed key.
    Respond,
    /// `go`: a link; Slack tells us and nothing is to be done.
    Go,
    /// A button this version does not know; answered with "no longer active".
    Unknown,
}

impl ButtonAction {
    /// Reads a pressed button; what this version does not know is `Unknown`, not an error.
    pub fn parse(action_id: &str, value: &str) -> Self {
        Self::read(action_id, value).unwrap_or(Self::Unknown)
    }

    /// The stable, documented id of the button.
    pub fn id(&self) -> String {
        match self {
            Self::Phase { phase, .. } => format!("phase.{}", phase.slug()),
            Self::Approve(_) => "plan.approve".to_owned(),
            Self::Deny(_) => "plan.deny".to_owned(),
            Self::Withdraw(_) => "plan.withdraw".to_owned(),
            Self::Undo(_) => "plan.undo".to_owned(),
            Self::Change(_) => "plan.change".to_owned(),
            Self::UndoSteps(_) => "plan.undo_steps".to_owned(),
            Self::TakeIn { .. } => "finding.contain".to_owned(),
            Self::CancelQuestions { .. } => "question.cancel".to_owned(),
            Self::AllowReading { .. } => "trail.allow".to_owned(),
            Self::Settle { remedy: Remedy::Rotate, .. } => "loss.rotated".to_owned(),
            Self::Settle { remedy: Remedy::Restore, .. } => "loss.restore".to_owned(),
            Self::Settle { remedy: Remedy::Rebuild, .. } => "loss.rebuild".to_owned(),
            Self::Settle { remedy: Remedy::Drop, .. } => "loss.drop".to_owned(),
            Self::Harden { .. } => "hardening.done".to_owned(),
            Self::Impact { verdict: ImpactVerdict::Yes, .. } => "impact.yes".to_owned(),
            Self::Impact { verdict: ImpactVerdict::No, .. } => "impact.no".to_owned(),
            Self::Impact { verdict: ImpactVerdict::NotKnown, .. } => "impact.not_known".to_owned(),
            Self::Confirm { .. } => "recovery.confirm".to_owned(),
            Self::OwnerSays { answer: OwnerAnswer::Yes, .. } => "owner.yes".to_owned(),
            Self::OwnerSays { answer: OwnerAnswer::No, .. } => "owner.no".to_owned(),
            Self::OwnerSays { answer: OwnerAnswer::NotSure, .. } => "owner.not_sure".to_owned(),
            Self::TakeRole { role: Role::Lead, .. } => "team.lead".to_owned(),
            Self::TakeRole { role: Role::Scribe, .. } => "team.scribe".to_owned(),
            Self::TakeTask { .. } => "task.take".to_owned(),
            Self::FinishTask { .. } => "task.done".to_owned(),
            Self::Summary { .. } => "case.summary".to_owned(),
            Self::Close { .. } => "case.close".to_owned(),
            Self::Report { .. } => "case.report".to_owned(),
            Self::Respond => "key.respond".to_owned(),
            Self::Go => "go".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }

    /// What the button carries: addresses only.
    pub fn value(&self) -> String {
        match self {
            Self::Phase { case, .. }
            | Self::TakeRole { case, .. }
            | Self::OwnerSays { case, .. }
            | Self::Summary { case }
            | Self::Close { case }
            | Self::Report { case } => case.0.clone(),
            Self::Approve(at)
            | Self::Deny(at)
            | Self::Withdraw(at)
            | Self::Undo(at)
            | Self::Change(at)
            | Self::UndoSteps(at) => at.value(),
            Self::TakeIn { case, on } => format!("{case}{SEPARATOR}{}", on.slug()),
            Self::CancelQuestions { case, asked: seq } | Self::AllowReading { case, seq } => {
                format!("{case}{SEPARATOR}{seq}")
            }
            Self::Settle { case, loss, seq, .. } => {
                format!("{case}{SEPARATOR}{loss}{SEPARATOR}{seq}")
            }
            Self::Harden { case, measure } => format!("{case}{SEPARATOR}{}", measure.slug()),
            Self::Impact { case, question, seq, .. } => {
                format!("{case}{SEPARATOR}{}{SEPARATOR}{seq}", question.slug())
            }
            Self::TakeTask { case, task, seq } | Self::FinishTask { case, task, seq } => {
                format!("{case}{SEPARATOR}{}{SEPARATOR}{seq}", task.slug())
            }
            Self::Confirm { case, used } => format!("{case}{SEPARATOR}{used}"),
            Self::Respond => "new".to_owned(),
            Self::Go | Self::Unknown => String::new(),
        }
    }

    /// The case that the button is about.
    pub fn case(&self) -> Option<&CaseId> {
        match self {
            Self::Phase { case, .. }
            | Self::Summary { case }
            | Self::Close { case }
            | Self::Report { case }
            | Self::TakeIn { case, .. }
            | Self::CancelQuestions { case, .. }
            | Self::AllowReading { case, .. }
            | Self::Settle { case, .. }
            | Self::Harden { case, .. }
            | Self::Impact { case, .. }
            | Self::TakeRole { case, .. }
            | Self::OwnerSays { case, .. }
            | Self::TakeTask { case, .. }
            | Self::FinishTask { case, .. }
            | Self::Confirm { case, .. } => Some(case),
            Self::Approve(at)
            | Self::Deny(at)
            | Self::Withdraw(at)
            | Self::Undo(at)
            | Self::Change(at)
            | Self::UndoSteps(at) => Some(&at.case),
            Self::Respond | Self::Go | Self::Unknown => None,
        }
    }

    fn read(action_id: &str, value: &str) -> Option<Self> {
        if let Some(slug) = action_id.strip_prefix("phase.") {
            let phase = Phase::from_slug(slug)?;
            return Some(Self::Phase { case: case_id(value)?, phase });
        }
        match action_id {
            "plan.approve" => PlanAddress::read(value).map(Self::Approve),
            "plan.deny" => PlanAddress::read(value).map(Self::Deny),
            "plan.withdraw" => PlanAddress::read(value).map(Self::Withdraw),
            "plan.undo" => PlanAddress::read(value).map(Self::Undo),
            "plan.change" => PlanAddress::read(value).map(Self::Change),
            "plan.undo_steps" => PlanAddress::read(value).map(Self::UndoSteps),
            "finding.contain" => {
                let (case, on) = value.split_once(SEPARATOR)?;
                Some(Self::TakeIn { case: case_id(case)?, on: PrincipalName::of_slug(on)? })
            }
            "question.cancel" => {
                let (case, asked) = value.split_once(SEPARATOR)?;
                let asked = asked.parse().ok()?;
                Some(Self::CancelQuestions { case: case_id(case)?, asked })
            }
            "trail.allow" => {
                let (case, seq) = value.split_once(SEPARATOR)?;
                Some(Self::AllowReading { case: case_id(case)?, seq: seq.parse().ok()? })
            }
            "loss.rotated" => settle(value, Remedy::Rotate),
            "loss.restore" => settle(value, Remedy::Restore),
            "loss.rebuild" => settle(value, Remedy::Rebuild),
            "loss.drop" => settle(value, Remedy::Drop),
            "hardening.done" => {
                let (case, measure) = value.split_once(SEPARATOR)?;
                let measure = Measure::from_slug(measure)?;
                Some(Self::Harden { case: case_id(case)?, measure })
            }
            "impact.yes" => impact(value, ImpactVerdict::Yes),
            "impact.no" => impact(value, ImpactVerdict::No),
            "impact.not_known" => impact(value, ImpactVerdict::NotKnown),
            "recovery.confirm" => {
                let (case, used) = value.split_once(SEPARATOR)?;
                Some(Self::Confirm { case: case_id(case)?, used: used.parse().ok()? })
            }
            "task.take" => {
                let (case, task, seq) = of_task(value)?;
                Some(Self::TakeTask { case, task, seq })
            }
            "task.done" => {
                let (case, task, seq) = of_task(value)?;
                Some(Self::FinishTask { case, task, seq })
            }
            "owner.yes" => owner(value, OwnerAnswer::Yes),
            "owner.no" => owner(value, OwnerAnswer::No),
            "owner.not_sure" => owner(value, OwnerAnswer::NotSure),
            "team.lead" => Some(Self::TakeRole { case: case_id(value)?, role: Role::Lead }),
            "team.scribe" => Some(Self::TakeRole { case: case_id(value)?, role: Role::Scribe }),
            "case.summary" => Some(Self::Summary { case: case_id(value)? }),
            "case.close" => Some(Self::Close { case: case_id(value)? }),
            "case.report" => Some(Self::Report { case: case_id(value)? }),
            "key.respond" => Some(Self::Respond),
            "go" => Some(Self::Go),
            _ => None,
        }
    }
}

fn owner(value: &str, answer: OwnerAnswer) -> Option<ButtonAction> {
    Some(ButtonAction::OwnerSays { case: case_id(value)?, answer })
}

fn of_task(value: &str) -> Option<(CaseId, Task, u64)> {
    let mut parts = value.split(SEPARATOR);
    let case = case_id(parts.next()?)?;
    let (task, seq) = (Task::from_slug(parts.next()?)?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((case, task, seq))
}

fn settle(value: &str, remedy: Remedy) -> Option<ButtonAction> {
    let mut parts = value.split(SEPARATOR);
    let case = case_id(parts.next()?)?;
    let (loss, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(ButtonAction::Settle { case, loss, seq, remedy })
}

fn impact(value: &str, verdict: ImpactVerdict) -> Option<ButtonAction> {
    let mut parts = value.split(SEPARATOR);
    let case = case_id(parts.next()?)?;
    let question = ImpactQuestion::from_slug(parts.next()?)?;
    let seq = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some(ButtonAction::Impact { case, question, seq, verdict })
}

impl PlanAddress {
    /// As buttons and forms carry it.
    pub fn value(&self) -> String {
        format!("{}{SEPARATOR}{}{SEPARATOR}{}", self.case, self.plan.0, self.hash)
    }

    /// Reads what [`Self::value`] writes.
    pub fn read(value: &str) -> Option<Self> {
        let mut parts = value.split(SEPARATOR);
        let case = case_id(parts.next()?)?;
        let plan = PlanNumber(parts.next()?.parse().ok()?);
        let hash = parts.next()?.to_owned();
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        (is_hash && parts.next().is_none()).then_some(Self { case, plan, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_comes_back_as_it_was_drawn() {
        let case = CaseId("7wml-20261124-1".to_owned());
        let at = || PlanAddress { case: case.clone(), plan: PlanNumber(2), hash: "ab".repeat(32) };
        let mut buttons = vec![
            ButtonAction::Approve(at()),
            ButtonAction::Deny(at()),
            ButtonAction::Withdraw(at()),
            ButtonAction::Undo(at()),
            ButtonAction::Change(at()),
            ButtonAction::UndoSteps(at()),
            ButtonAction::CancelQuestions { case: case.clone(), asked: 17 },
            ButtonAction::TakeIn { case: case.clone(), on: PrincipalName::role("deploy") },
            ButtonAction::TakeIn { case: case.clone(), on: PrincipalName::user("a=b,c") },
            ButtonAction::AllowReading { case: case.clone(), seq: 18 },
            ButtonAction::Summary { case: case.clone() },
            ButtonAction::Close { case: case.clone() },
            ButtonAction::Report { case: case.clone() },
            ButtonAction::Respond,
            ButtonAction::Go,
        ];
        let says = |answer| ButtonAction::OwnerSays { case: case.clone(), answer };
        buttons.extend(OwnerAnswer::ALL.map(says));
        buttons.extend(Role::ALL.map(|role| ButtonAction::TakeRole { case: case.clone(), role }));
        let task = Task::Bill;
        buttons.push(ButtonAction::TakeTask { case: case.clone(), task, seq: 0 });
        buttons.push(ButtonAction::FinishTask { case: case.clone(), task, seq: 41 });
        buttons.push(ButtonAction::Harden { case: case.clone(), measure: Measure::Mfa });
        buttons.push(ButtonAction::Confirm { case: case.clone(), used: 1_790_000_000 });
        let settle = |remedy| ButtonAction::Settle { case: case.clone(), loss: 3, seq: 41, remedy };
        let question = ImpactQuestion::Exfiltration;
        let impact =
            |verdict| ButtonAction::Impact { case: case.clone(), question, seq: 41, verdict };
        let verdicts = [ImpactVerdict::Yes, ImpactVerdict::No, ImpactVerdict::NotKnown];
        buttons.extend(verdicts.map(impact));
        let remedies = [Remedy::Rotate, Remedy::Restore, Remedy::Rebuild, Remedy::Drop];
        buttons.extend(remedies.map(settle));
        buttons.extend(Phase::ALL.map(|phase| ButtonAction::Phase { case: case.clone(), phase }));
        for button in buttons {
            assert_eq!(ButtonAction::parse(&button.id(), &button.value()), button);
        }
    }

    #[test]
    fn a_strange_button_is_unknown_and_not_an_error() {
        for (id, value) in [
            ("", ""),
            ("phase.lunch", "case"),
            ("plan.approve", "case|one|00"),
            ("plan.approve", "case|1|short"),
            ("plan.approve", &format!("case|1|{}|more", "ab".repeat(32))),
            ("question.cancel", "case"),
            ("finding.contain", "case"),
            ("finding.contain", "case|deploy"),
            ("finding.contain", "case|role/a|b"),
            ("finding.contain", "case|resource/a"),
            ("loss.rotated", "case|1"),
            ("loss.rotated", "case|1|2|3"),
            ("loss.restore", "case|one|2"),
            ("hardening.done", "case|prayer"),
            ("impact.no", "case|weather|4"),
            ("impact.no", "case|alerts"),
            ("impact.yes", "case|alerts|4|5"),
            ("impact.maybe", "case|alerts|4"),
            ("recovery.confirm", "case|never"),
            ("task.take", "case|lunch|0"),
            ("task.done", "case|bill"),
            ("task.done", "case|bill|1|2"),
            ("case.close", "two words"),
            ("case.close", ""),
        ] {
            assert_eq!(ButtonAction::parse(id, value), ButtonAction::Unknown, "{id}");
        }
    }
}
