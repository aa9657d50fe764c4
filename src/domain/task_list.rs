//! What people do in each phase beside what the bot does: the words, number and phase of each task.

use crate::domain::event::Phase;
use crate::domain::task::Task;

/// What there is to say of a task.
struct Row {
    task: Task,
    phase: Phase,
    /// In a word or two, where the whole of it would be too long.
    title: &'static str,
    /// What is to be done.
    words: &'static str,
    /// The command for it, with `USER` where the user's name stands.
    command: Option<&'static str>,
}

const fn doing(task: Task, phase: Phase, title: &'static str, words: &'static str) -> Row {
    Row { task, phase, title, words, command: None }
}

const fn by(row: Row, command: &'static str) -> Row {
    Row { command: Some(command), ..row }
}

/// In the order of the phases; the place in it is the number.
const TABLE: [Row; 33] = [
    doing(
        Task::AskOwner,
        Phase::Validation,
        "ask the owner",
        "Ask the owner out of band whether they made the use that is seen; an answer in chat is a \
         hint, not proof.",
    ),
    by(
        doing(
            Task::WhoseAccount,
            Phase::Validation,
            "whose account",
            "See whose account the id belongs to.",
        ),
        "aws sts get-access-key-info --access-key-id <id>",
    ),
    by(
        doing(
            Task::LastUse,
            Phase::Validation,
            "last use",
            "See when and for what it was last used.",
        ),
        "aws iam get-access-key-last-used --access-key-id <id>",
    ),
    doing(
        Task::SavePlace,
        Phase::Validation,
        "where it leaked",
        "Find where it leaked, and save a copy of that place before it is taken down.",
    ),
    by(
        doing(
            Task::OtherKeys,
            Phase::Scope,
            "the user's other keys",
            "List the user's other keys.",
        ),
        "aws iam list-access-keys --user-name USER",
    ),
    doing(
        Task::OtherAccounts,
        Phase::Scope,
        "regions and accounts",
        "Check every region and every account that trusts this one; trails of others are not read.",
    ),
    doing(
        Task::SignIns,
        Phase::Scope,
        "console sign-ins",
        "Check for console sign-ins and for sessions that began before the trail does.",
    ),
    doing(
        Task::ImpactQuestions,
        Phase::Impact,
        "the impact questions",
        "Answer the nine impact questions; the card of Impact has them with their evidence.",
    ),
    doing(
        Task::DataRead,
        Phase::Impact,
        "data that was read",
        "Decide whether data was read: without data events the trail does not show reads.",
    ),
    doing(
        Task::SecretsInReach,
        Phase::Impact,
        "secrets in reach",
        "List every secret the key could read, and treat it as read until shown otherwise.",
    ),
    doing(
        Task::Notification,
        Phase::Impact,
        "reporting duties",
        "Ask whoever decides about notification whether a deadline runs, and write down since \
         when.",
    ),
    doing(
        Task::Bill,
        Phase::Impact,
        "bill and quotas",
        "Look at the bill and at the quotas of all regions.",
    ),
    doing(
        Task::ApprovePlan,
        Phase::Containment,
        "approve the plan",
        "Have the plan on its card approved; read whom it hits before you press.",
    ),
    doing(
        Task::RoleSessions,
        Phase::Containment,
        "sessions of roles",
        "Sessions of roles outlive the key that made them; contain the roles in the lineage too.",
    ),
    by(
        doing(
            Task::ByHand,
            Phase::Containment,
            "by hand, if need be",
            "If the bot cannot act: deny first, then the keys.",
        ),
        "aws iam attach-user-policy --user-name USER \
         --policy-arn arn:aws:iam::aws:policy/AWSDenyAll",
    ),
    doing(
        Task::ExportEvidence,
        Phase::Eradication,
        "export the evidence",
        "Export the evidence first: what is deleted cannot be asked any more.",
    ),
    doing(
        Task::MadePrincipals,
        Phase::Eradication,
        "what the actor made of IAM",
        "Users, roles, policies, groups, instance profiles and identity providers the actor made: \
         keyleak proposes to delete them once the case is contained.",
    ),
    by(
        doing(
            Task::OpenedRoles,
            Phase::Eradication,
            "opened roles",
            "Roles somebody may have opened to the outside.",
        ),
        "aws iam list-roles --query 'Roles[].[RoleName,AssumeRolePolicyDocument]'",
    ),
    by(
        doing(
            Task::Functions,
            Phase::Eradication,
            "functions",
            "Functions that can act for the actor.",
        ),
        "aws lambda list-functions --region <each region>",
    ),
    by(
        doing(
            Task::Machines,
            Phase::Eradication,
            "machines, keys, images",
            "Machines, keys and images the actor left.",
        ),
        "aws ec2 describe-instances --region <each region>",
    ),
    doing(
        Task::ChangeSecrets,
        Phase::Eradication,
        "change what was read",
        "Change every secret the actor read; Recovery lists what the trail shows of them.",
    ),
    doing(
        Task::LeaveKey,
        Phase::Eradication,
        "leave the key inactive",
        "Leave the leaked key inactive until the report is closed; its id is needed to search.",
    ),
    doing(
        Task::Losses,
        Phase::Recovery,
        "work through the losses",
        "Work through the losses: what was read is rotated, what was destroyed has a choice; the \
         card of Recovery has them.",
    ),
    doing(
        Task::NewPrincipal,
        Phase::Recovery,
        "a new principal",
        "Give the workload a new principal; while the deny is on the user, a new key is denied \
         too.",
    ),
    doing(
        Task::NewKey,
        Phase::Recovery,
        "a new key, unseen",
        "A user has at most two keys, inactive ones too. `/keyleak replace key` and why shows \
         commands that put a new one into Secrets Manager unseen; never send it through Slack.",
    ),
    doing(
        Task::KeepDeny,
        Phase::Recovery,
        "keep the deny",
        "Keep a deny on a user for 36 hours and on a role for 12, or sessions wake up again.",
    ),
    doing(
        Task::BackToSnapshot,
        Phase::Recovery,
        "back to the snapshot",
        "Undo on the plan's card brings back the snapshot, with the same approvals.",
    ),
    doing(
        Task::OwnerConfirms,
        Phase::Recovery,
        "the owner confirms",
        "Have the owner confirm that the workload runs, and that the old key is silent.",
    ),
    doing(
        Task::Hardening,
        Phase::Recovery,
        "hardening",
        "Work through what would have made this case smaller: the card of Recovery has it, with a \
         button for what is in place.",
    ),
    doing(
        Task::CloseCase,
        Phase::PostIncident,
        "close the case",
        "Close the case to have its report; what is in force stays in force.",
    ),
    doing(
        Task::Review,
        Phase::PostIncident,
        "hold the review",
        "Hold the review within five working days: what was slow, what was missing.",
    ),
    doing(
        Task::WhyItWas,
        Phase::PostIncident,
        "why it could happen",
        "Why did the key exist, why could it do so much, how long was it exposed, where are \
         others?",
    ),
    doing(
        Task::FollowUp,
        Phase::PostIncident,
        "who does what by when",
        "Write down who does what by when; delete the leaked key when nobody needs its id.",
    ),
];

impl Task {
    /// All of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.task)
    }

    /// The number by which people know it.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    pub fn of_number(number: usize) -> Option<Self> {
        TABLE.get(number.checked_sub(1)?).map(|row| row.task)
    }

    /// The tasks of a phase, in their order.
    pub fn of(phase: Phase) -> impl Iterator<Item = Self> {
        Self::all().filter(move |task| task.phase() == phase)
    }

    /// Its name in the journal and in a button.
    pub fn slug(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
    }

    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::all().find(|task| task.slug() == slug)
    }

    pub fn phase(self) -> Phase {
        self.row().phase
    }

    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// What is to be done.
    pub fn words(self) -> &'static str {
        self.row().words
    }

    /// The command for it, with `USER` where the user's name stands; none where there is none.
    pub fn command(self) -> Option<&'static str> {
        self.row().command
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_task_has_one_number_one_name_and_a_place_in_the_order_of_the_phases() {
        let mut names = BTreeSet::new();
        for (at, task) in Task::all().enumerate() {
            assert_eq!((task.number(), task.row().task), (at + 1, task));
            assert_eq!(Task::of_number(at + 1), Some(task));
            assert_eq!(Task::from_slug(&task.slug()), Some(task));
            assert!(names.insert(task.slug()), "{task:?}");
        }
        assert_eq!((Task::of_number(0), Task::of_number(TABLE.len() + 1)), (None, None));
        assert_eq!(Task::from_slug("lunch"), None);
        assert_eq!(serde_json::json!(Task::AskOwner), "ask_owner");
        let by_phase: Vec<Task> = Phase::ALL.into_iter().flat_map(Task::of).collect();
        let all: Vec<Task> = Task::all().collect();
        assert_eq!(by_phase, all, "every phase has its own, and all are of a phase");
        assert!(Phase::ALL.iter().all(|phase| Task::of(*phase).count() <= 8), "one message each");
    }
}
