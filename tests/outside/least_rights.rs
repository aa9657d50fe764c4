//! The printed policies are enough for the whole story, and whichever right lacks is named.

use crate::account::{Account, Credential};
use crate::frame::{Missing, trial_async};
use crate::ground::USER;
use crate::iam_things;
use crate::leak::{BOT, Leak, leak_delivered};
use crate::parts::Parts;
use crate::served::{DELIVERY, contained_and_undone};
use crate::service::{APPROVER, Journal, Service};
use aws_sdk_iam::error::ProvideErrorMetadata;
use keyleak::aws::clients::{AwsSettings, RoleSettings};
use keyleak::aws::lookup::AwsLookup;
use keyleak::domain::action::SideKind;
use keyleak::domain::ids::{AccessKeyId, UserName};
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::resource::ResourceType;
use keyleak::ports::cloud::{CallError, Lookup};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) const LOOKUP: &str = include_str!("../../manifests/iam/lookup.json");
pub(crate) const CONTAIN: &str = include_str!("../../manifests/iam/contain.json");
pub(crate) const CONTAIN_RESOURCES: &str =
    include_str!("../../manifests/iam/contain_resources.json");
pub(crate) const TRUST: &str = include_str!("../../manifests/iam/trust.json");
pub(crate) const OF_THE_BOT: &str = include_str!("../../manifests/iam/bot.json");
pub(crate) const BOT_ORGANIZATION: &str = include_str!("../../manifests/iam/bot_organization.json");
pub(crate) const BOT_CASE_TABLES: &str = include_str!("../../manifests/iam/bot_case_tables.json");
pub(crate) const ORGANIZATION: &str = include_str!("../../manifests/iam/organization.json");
pub(crate) const ERADICATE: &str = include_str!("../../manifests/iam/eradicate.json");
pub(crate) const ERADICATE_RESOURCES: &str =
    include_str!("../../manifests/iam/eradicate_resources.json");
pub(crate) const AWSS_DENY: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
/// What the printed trust policy asks for, until somebody replaces it.
pub(crate) const EXTERNAL_ID: &str = "replace-with-your-own";
/// A role that the lookups can look at.
const ROLE: &str = "deploy";
/// Actions of `lookup.json` that the emulator lets everybody call, or does not have; what is asked
/// with them is pinned by the requests in `src/aws/lookup.rs`, and with `sts:AssumeRole` in
/// `src/aws/guard.rs`.
const NOT_REFUSED_HERE: [&str; 5] = [
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "sts:GetAccessKeyInfo",
    "iam:GetSSHPublicKey",
    "iam:ListInstanceProfilesForRole",
];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, lacking, looking] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial_async("the_printed_policies_are_enough_for_the_whole_story", move || async move {
            whole_story(&whole, "430000000001").await
        }),
        trial_async(
            "each_right_to_contain_that_lacks_is_named_in_the_channel",
            move || async move {
                for (account, action) in [
                    ("430000000002", "iam:AttachUserPolicy"),
                    ("430000000003", "iam:UpdateAccessKey"),
                ] {
                    lacks(&lacking, account, action).await?;
                }
                Ok(())
            },
        ),
        trial_async("each_right_to_look_that_lacks_is_named", move || async move {
            each_lookup(&looking, "430000000004").await
        }),
    ]
}

/// A printed policy, with the deny that the emulator has.
pub(crate) fn printed(text: &str, deny: &str) -> Value {
    serde_json::from_str(&text.replace(AWSS_DENY, deny)).expect("JSON")
}

/// Every action that a printed policy allows.
pub(crate) fn allowed(text: &str) -> BTreeSet<String> {
    let policy = printed(text, AWSS_DENY);
    let statements = policy["Statement"].as_array().expect("statements").iter();
    statements
        .filter(|statement| statement["Effect"] == "Allow")
        .flat_map(|statement| statement["Action"].as_array().expect("a list"))
        .filter_map(|action| action.as_str().map(str::to_owned))
        .collect()
}

/// The same without one action; what is taken out was in it.
pub(crate) fn printed_without(text: &str, deny: &str, action: &str) -> Value {
    let mut policy = printed(text, deny);
    let mut taken = 0;
    let statements = policy["Statement"].as_array_mut().expect("statements");
    for statement in statements.iter_mut() {
        if statement["Effect"] == "Allow" {
            let actions = statement["Action"].as_array_mut().expect("a list");
            let before = actions.len();
            actions.retain(|known| known != action);
            taken += before - actions.len();
        }
    }
    // A statement about no action is one about every action to the emulator, and none to IAM.
    statements.retain(|statement| statement["Action"] != json!([]));
    assert_eq!(taken, 1, "{action} stands in the policy");
    policy
}

/// The bot's user with the printed policy in place of every right.
async fn restrict_the_bot(owner: &Account) {
    restrict_the_bot_to(owner, &printed(OF_THE_BOT, AWSS_DENY)).await;
}

/// The bot's user with this policy in place of every right.
pub(crate) async fn restrict_the_bot_to(owner: &Account, policy: &Value) {
    let iam = &owner.root.iam;
    let made = iam.create_policy().policy_name("keyleak-bot");
    let made = made.policy_document(policy.to_string()).send().await.expect("a policy");
    let arn = made.policy().and_then(|policy| policy.arn()).expect("its ARN");
    iam.attach_user_policy().user_name(BOT).policy_arn(arn).send().await.expect("attached");
    let all = iam.delete_user_policy().user_name(BOT).policy_name("administrator");
    all.send().await.expect("no administrator any more");
}

/// A role that the bot of the same account may assume, with these rights; its ARN.
pub(crate) async fn role(owner: &Account, name: &str, policy: &Value) -> String {
    role_for((&owner.id, EXTERNAL_ID), owner, name, policy).await
}

/// A role that the bot of an account may assume with this external id.
pub(crate) async fn role_for(
    (of_the_bot, external_id): (&str, &str),
    owner: &Account,
    name: &str,
    policy: &Value,
) -> String {
    let mut trust = printed(&TRUST.replace(EXTERNAL_ID, external_id), AWSS_DENY);
    for statement in trust["Statement"].as_array_mut().expect("statements") {
        statement["Principal"] = json!({"AWS": format!("arn:aws:iam::{of_the_bot}:user/{BOT}")});
    }
    let iam = &owner.root.iam;
    let made = iam.create_role().role_name(name).assume_role_policy_document(trust.to_string());
    let made = made.send().await.expect("a role");
    may(owner, name, policy).await;
    made.role().expect("a role in the answer").arn().to_owned()
}

/// From now on the role may do this and nothing else.
pub(crate) async fn may(owner: &Account, role: &str, policy: &Value) {
    let put = owner.root.iam.put_role_policy().role_name(role).policy_name("printed");
    put.policy_document(policy.to_string()).send().await.expect("its rights");
}

/// The roles of a leak's account, and the settings that name them.
async fn with_roles(leak: &mut Leak, contain: impl Fn(&str) -> Value) {
    let deny = leak.owner.deny_all_policy().await;
    let lookup = role(&leak.owner, "keyleak-lookup", &printed(LOOKUP, &deny)).await;
    let contain = role(&leak.owner, "keyleak-contain", &contain(&deny)).await;
    leak.rights = format!(
        "lookup_role = \"{lookup}\"\ncontain_role = \"{contain}\"\nexternal_id = \"{EXTERNAL_ID}\""
    );
    restrict_the_bot(&leak.owner).await;
}

async fn whole_story(parts: &Parts, account: &str) -> Result<(), Missing> {
    let mut leak = leak_delivered(parts, account, DELIVERY).await?;
    with_roles(&mut leak, |deny| printed(CONTAIN, deny)).await;
    let mut service = Service::start(&leak, Journal::DynamoDb).await;
    contained_and_undone(&leak, &mut service).await;
    grants_nothing(&leak).await;
    Ok(())
}

/// Whoever has the role that contains can give nobody a right with it, nor itself.
async fn grants_nothing(leak: &Leak) {
    let sts = leak.bot.as_holder_of(&leak.bot_key).sts;
    let arn = format!("arn:aws:iam::{}:role/keyleak-contain", leak.owner.id);
    let assume = sts.assume_role().role_arn(arn).role_session_name("misuse");
    let session = assume.external_id(EXTERNAL_ID).send().await.expect("a session");
    let session = Credential::from(session.credentials().expect("credentials"));
    let iam = leak.bot.as_holder_of(&session).iam;
    let all = "arn:aws:iam::aws:policy/AdministratorAccess";
    let attach = iam.attach_user_policy().user_name(USER).policy_arn(all).send().await;
    assert_eq!(attach.err().as_ref().and_then(|error| error.code()), Some("AccessDenied"));
    let put = iam.put_role_policy().role_name("keyleak-contain").policy_name("more");
    let put = put.policy_document(printed(CONTAIN, AWSS_DENY).to_string()).send().await;
    assert_eq!(put.err().as_ref().and_then(|error| error.code()), Some("AccessDenied"));
    let deny = leak.owner.deny_all_policy().await;
    let deny = iam.attach_user_policy().user_name(USER).policy_arn(deny).send().await;
    deny.expect("the deny it may attach");
}

async fn lacks(parts: &Parts, account: &str, action: &str) -> Result<(), Missing> {
    let mut leak = leak_delivered(parts, account, DELIVERY).await?;
    with_roles(&mut leak, |deny| printed_without(CONTAIN, deny, action)).await;
    let service = Service::start(&leak, Journal::DynamoDb).await;
    service.slash(&leak.key.id).await;
    service.press(APPROVER, "plan.approve").await;
    service.wait_for_words(&format!("allow {action}")).await;
    assert!(!service.said().iter().any(|said| said.contains("Contained as of")));
    Ok(())
}

/// Takes one action after the other out of the printed policy and asks everything there is to ask.
async fn each_lookup(parts: &Parts, account: &str) -> Result<(), Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    let policy = printed(LOOKUP, AWSS_DENY);
    role(&leak.owner, ROLE, &policy).await;
    iam_things::furnish(&leak.owner.root.iam, &leak.owner.id, ROLE).await;
    let looks = role(&leak.owner, "keyleak-lookup", &policy).await;
    restrict_the_bot(&leak.owner).await;
    let mut actions = allowed(LOOKUP);
    actions.retain(|action| action.starts_with("iam:") || action.starts_with("sts:"));
    actions.retain(|action| !NOT_REFUSED_HERE.contains(&action.as_str()));
    assert!(actions.len() > 15, "{actions:?}");
    let nothing_lacks = told(&leak, &looks).await;
    let refused = |told: &str| told.contains("not permitted");
    assert!(!nothing_lacks.iter().any(|told| refused(told)), "{nothing_lacks:?}");
    for action in actions {
        let lacking = printed_without(LOOKUP, AWSS_DENY, &action);
        may(&leak.owner, "keyleak-lookup", &lacking).await;
        let told = told(&leak, &looks).await;
        let wanted = format!("allow {action} ");
        assert!(told.iter().any(|told| told.contains(&wanted)), "{action}: {told:?}");
    }
    Ok(())
}

/// What is told when everything is asked as this role and something is refused.
async fn told(leak: &Leak, role: &str) -> Vec<String> {
    let config = leak.bot.config_of(&leak.bot_key);
    let lookup_role =
        Some(RoleSettings { arn: role.to_owned(), external_id: Some(EXTERNAL_ID.to_owned()) });
    let settings = AwsSettings { lookup_role, ..AwsSettings::default() };
    let lookup = AwsLookup::new(&config, &settings).await;
    let (user, of) = (UserName(USER.to_owned()), PrincipalName::user(USER));
    let key = AccessKeyId::from_record(&leak.key.id).expect("a key");
    let mut told = Vec::new();
    let mut say = |error: Option<CallError>| told.extend(error.map(|error| error.message));
    say(lookup.key_owner(&key).await.err());
    say(lookup.user(&user).await.err());
    say(lookup.root_has_keys().await.err());
    say(lookup.role(ROLE).await.err());
    say(lookup.access_keys(&user).await.err());
    for of in [of, PrincipalName::role(ROLE)] {
        say(lookup.attached_policies(&of).await.err());
        say(lookup.inline_policies(&of).await.err());
    }
    say(lookup.groups(&user).await.err());
    say(lookup.login_profile(&user).await.err());
    say(lookup.mfa_devices(&user).await.err());
    for kind in SideKind::ALL {
        say(lookup.side_credentials(&user, kind).await.err());
    }
    say(lookup.instance_profiles(ROLE).await.err());
    say(lookup.users().await.err());
    say(lookup.roles().await.err());
    for of in ResourceType::OF_IAM {
        say(lookup.resource(&iam_things::name(&leak.owner.id, of)).await.err());
    }
    let deep = iam_things::named(&leak.owner.id, ResourceType::Policy, iam_things::DEEP);
    say(lookup.resource(&deep).await.err());
    told
}
