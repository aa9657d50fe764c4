//! What takes the place of the exposed key: what to ask first, and the commands, without a secret.

use crate::domain::action::Change;
use crate::domain::by_hand;
use crate::domain::case::Case;
use crate::domain::plan::Step;
use crate::domain::plan_state::PlanState;
use crate::domain::principal::PrincipalName;
use crate::domain::recovery_step::Replacement;

/// AWS gives a user no more access keys, inactive ones counted.
pub const KEYS_MAX: usize = 2;
/// What stands in a command where the user is not known, or has a name that a shell would read.
const SOME_USER: &str = "<user>";

/// A name that nobody could have taken beforehand is for people to choose.
const NEW_USER: &str = "<new user>";

/// The question that comes first.
pub const QUESTION: &str = "Would a role do? On EC2, ECS, EKS and Lambda one needs no key at all; \
    CI signs in by OIDC, machines elsewhere by IAM Roles Anywhere. Say /keyleak replace role or \
    /keyleak replace key, and why.";

/// Whether the key's own user could get another key, in words.
pub fn limits(case: &Case) -> Vec<String> {
    let mut said = Vec::new();
    match case.facts().keys.as_ref().map(|fact| fact.known()) {
        Some(Some(keys)) if keys.len() >= KEYS_MAX => said.push(format!(
            "the user has {} keys, and {KEYS_MAX} are the most that AWS allows, inactive ones too: \
             another one needs a new user",
            keys.len()
        )),
        Some(Some(keys)) => said.push(format!(
            "the user has {} of the {KEYS_MAX} keys that AWS allows, inactive ones too",
            keys.len()
        )),
        Some(None) | None => said.push(format!(
            "how many keys the user has is not known; AWS allows {KEYS_MAX}, inactive ones too"
        )),
    }
    if is_denied(case) {
        said.push(
            "the containment denies the user everything, and a new key of it too: give the \
             workload a new user"
                .to_owned(),
        );
    }
    said
}

/// The commands that make the replacement.
pub fn commands(case: &Case, with: Replacement) -> Vec<String> {
    match with {
        Replacement::Role => vec![
            "aws iam create-role --role-name '<role>' --assume-role-policy-document \
             file://trust.json"
                .to_owned(),
            "aws iam attach-role-policy --role-name '<role>' --policy-arn '<only what it needs>'"
                .to_owned(),
        ],
        Replacement::Key => new_key(case),
    }
}

fn new_key(case: &Case) -> Vec<String> {
    let own = user_in_command(case);
    let full = match case.facts().keys.as_ref().and_then(|fact| fact.known()) {
        Some(keys) => keys.len() >= KEYS_MAX,
        None => true,
    };
    let user = if is_denied(case) || full { NEW_USER.to_owned() } else { own };
    let new_user = [
        format!("aws iam create-user --user-name '{user}' &&"),
        format!(
            "aws iam attach-user-policy --user-name '{user}' --policy-arn '<only what it needs>' &&"
        ),
    ];
    // Joined, so that no key is made for a user of that name that was there before.
    let mut commands: Vec<String> = if user == NEW_USER { new_user.to_vec() } else { Vec::new() };
    let secret = format!("'keyleak/{user}'");
    // A secret of that name that was there before may be read by whoever made it.
    commands.push(format!("aws secretsmanager create-secret --name {secret} &&"));
    commands.push(by_hand::new_key(&format!("'{user}'"), &secret));
    commands.push(format!(
        "# if only the last part failed, the key is lost: aws iam list-access-keys --user-name \
         '{user}', delete it, and repeat the last command alone"
    ));
    commands
}

/// Whether a containment that stands denies the key's user.
fn is_denied(case: &Case) -> bool {
    let Some(owner) = case.facts().owner_known() else {
        return case.standing_containment().is_some();
    };
    let on = PrincipalName::user(&owner.user.0);
    denied(case).any(|step| step.action.on.key() == on)
}

/// The steps in force by which a containment denies a principal everything.
pub fn denied(case: &Case) -> impl Iterator<Item = &Step> {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    let denies =
        |change: &Change| matches!(change, Change::Deny { .. } | Change::Quarantine { .. });
    steps.map(|(_, step, _)| step).filter(move |step| denies(&step.action.change))
}

/// The user's name, if a shell would take it as one word and as no option.
pub fn user_in_command(case: &Case) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'@' | b'-');
    let owner = case.facts().owner_known();
    let name = owner.map(|owner| owner.user.0.as_str()).filter(|name| {
        (1..=64).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(plain)
    });
    name.unwrap_or(SOME_USER).to_owned()
}
