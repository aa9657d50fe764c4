//! The tasks of people, each by a name that stays; what there is to say of them is `task_list`.

use serde::{Deserialize, Serialize};

/// One task of the playbook's; the journal has it by its name, people by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    AskOwner,
    WhoseAccount,
    LastUse,
    SavePlace,
    OtherKeys,
    OtherAccounts,
    SignIns,
    ImpactQuestions,
    DataRead,
    SecretsInReach,
    Notification,
    Bill,
    ApprovePlan,
    RoleSessions,
    ByHand,
    ExportEvidence,
    MadePrincipals,
    OpenedRoles,
    Functions,
    Machines,
    ChangeSecrets,
    LeaveKey,
    Losses,
    NewPrincipal,
    NewKey,
    KeepDeny,
    BackToSnapshot,
    OwnerConfirms,
    Hardening,
    CloseCase,
    Review,
    WhyItWas,
    FollowUp,
}
