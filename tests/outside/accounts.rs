//! Two accounts: the bot lives in one, a key of the other leaks, and both have users of one name.

use crate::account::Account;
use crate::bureau::{Bureau, honest};
use crate::emulated::ground_of;
use crate::frame::{Missing, trial_async};
use crate::ground::USER;
use crate::leak::{BOT, BOT_IP, Leak, leak_delivered};
use crate::least_rights::{CONTAIN, LOOKUP, printed, restrict_the_bot_to, role_for};
use crate::parts::Parts;
use crate::served::{DELIVERY, contained_and_undone};
use crate::service::{APPROVER, Journal, Service};
use crate::story;
use keyleak::aws::accounts::accounts;
use keyleak::aws::clients::{AccountSettings, AwsSettings, ContainSettings, RoleSettings};
use keyleak::domain::ids::AccountId;
use keyleak::domain::plan::PlanKind;
use keyleak::trail::local::LocalTrail;
use libtest_mimic::Trial;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the roles of the bot's own account ask for, and what those of the other one do.
const OWN_ID: &str = "own-handshake";
const OTHER_ID: &str = "other-handshake";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, foreign, swapped] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "a_key_of_another_account_is_contained_by_the_roles_of_that_account_alone",
            move || async move { whole_story(&whole, ["510000000001", "510000000002"]).await },
        ),
        trial_async(
            "sabotage_a_contain_role_that_asks_for_another_external_id_is_refused_by_aws",
            move || async move { not_let_in(&foreign, ["510000000003", "510000000004"]).await },
        ),
        trial_async(
            "sabotage_with_the_contain_roles_swapped_nothing_is_changed_in_either_account",
            move || async move { roles_swapped(&swapped, ["510000000005", "510000000006"]).await },
        ),
    ]
}

/// The accounts of the bot and of the leaked key.
struct Two {
    own: Account,
    leak: Leak,
    /// The roles that look and contain, of each.
    own_roles: [String; 2],
    other_roles: [String; 2],
}

/// The key of the second account leaks; its contain role asks for this external id.
async fn two(parts: &Parts, [own, other]: [&str; 2], asked: &str) -> Result<Two, Missing> {
    let mut leak = leak_delivered(parts, other, DELIVERY).await?;
    let own = Account::at(leak.recorder.door(BOT_IP).await, own).await;
    own.administrator(USER).await;
    leak.bot_key = own.administrator(BOT).await;
    leak.bot = own.clone();
    let own_roles = roles(&own, &own, [OWN_ID, OWN_ID]).await;
    let other_roles = roles(&own, &leak.owner, [OTHER_ID, asked]).await;
    leak.rights = settings(&leak, &own_roles, &other_roles);
    Ok(Two { own, leak, own_roles, other_roles })
}

/// The printed policies in an account, for the bot of another.
async fn roles(bot: &Account, owner: &Account, external_ids: [&str; 2]) -> [String; 2] {
    let deny = owner.deny_all_policy().await;
    let [looks, contains] = external_ids;
    let (lookup, contain) = (printed(LOOKUP, &deny), printed(CONTAIN, &deny));
    [
        role_for((&bot.id, looks), owner, "keyleak-lookup", &lookup).await,
        role_for((&bot.id, contains), owner, "keyleak-contain", &contain).await,
    ]
}

fn settings(leak: &Leak, own: &[String; 2], other: &[String; 2]) -> String {
    let table = format!("accounts.{}", leak.owner.id);
    let [lookup, contain] = own;
    let [other_lookup, other_contain] = other;
    format!(
        "lookup_role = \"{lookup}\"\ncontain_role = \"{contain}\"\nexternal_id = \"{OWN_ID}\"\n\
         {table}.name = \"prod\"\n{table}.lookup_role = \"{other_lookup}\"\n\
         {table}.contain_role = \"{other_contain}\"\n{table}.external_id = \"{OTHER_ID}\""
    )
}

/// The bot has no right but those of the policy that is printed for its settings.
pub(crate) async fn as_printed(own: &Account, roles: &[String], service: &Service) {
    let output = service.run(&["manifest", "iam"]);
    let policies: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut policy = policies["bot"].clone();
    let statements = policy["Statement"].as_array_mut().expect("statements");
    if let Some(more) = policies["bot_organization"]["Statement"].as_array() {
        // The emulator does not know of which organization a role is.
        statements.extend(more.iter().cloned().map(|mut statement| {
            statement.as_object_mut().expect("a statement").remove("Condition");
            statement
        }));
    }
    let assume = |one: &&Value| one["Action"].to_string().contains("sts:AssumeRole");
    let assuming = statements.iter().filter(assume);
    let assumed = assuming.flat_map(|one| one["Resource"].as_array().expect("a list"));
    let mut assumed: Vec<&str> = assumed.map(|arn| arn.as_str().expect("an ARN")).collect();
    // Nobody named a role that deletes or makes keys.
    let unnamed = ["eradicate", "recover"].map(|tier| format!("::*:role/keyleak-{tier}"));
    assumed.retain(|arn| !unnamed.iter().any(|unnamed| arn.ends_with(unnamed)));
    let (assumed, roles): (BTreeSet<&str>, BTreeSet<&str>) =
        (assumed.into_iter().collect(), roles.iter().map(String::as_str).collect());
    assert_eq!(assumed, roles, "no role but these");
    restrict_the_bot_to(own, &policy).await;
}

pub(crate) async fn untouched(account: &Account) {
    let state = account.state_of(USER).await;
    assert!(!state.keys_inactive && !state.is_denied, "{}: {state:?}", account.id);
}

async fn whole_story(parts: &Parts, numbers: [&str; 2]) -> Result<(), Missing> {
    let two = two(parts, numbers, OTHER_ID).await?;
    let mut service = Service::start(&two.leak, Journal::Sqlite).await;
    let roles = [two.own_roles.clone(), two.other_roles.clone()].concat();
    as_printed(&two.own, &roles, &service).await;
    contained_and_undone(&two.leak, &mut service).await;
    untouched(&two.own).await;
    let shown: String = service.messages().iter().map(ToString::to_string).collect();
    assert!(shown.contains(&format!("{} (prod)", two.leak.owner.id)), "the card names it");
    Ok(())
}

async fn not_let_in(parts: &Parts, numbers: [&str; 2]) -> Result<(), Missing> {
    let two = two(parts, numbers, OWN_ID).await?;
    let service = Service::start(&two.leak, Journal::Sqlite).await;
    let roles = [two.own_roles.clone(), two.other_roles.clone()].concat();
    as_printed(&two.own, &roles, &service).await;
    service.slash(&two.leak.key.id).await;
    service.press(APPROVER, "plan.approve").await;
    let [_, contain] = &two.other_roles;
    let said = format!("Step 1 of plan 1 failed: sts:AssumeRole: {contain} could not be assumed");
    service.wait_for_words(&said).await;
    assert!(!service.said().iter().any(|said| said.contains("Contained as of")));
    untouched(&two.own).await;
    untouched(&two.leak.owner).await;
    Ok(())
}

/// Settings that `serve` would refuse to start with: the role of the bot's own account stands
/// under the number of the other.
async fn roles_swapped(parts: &Parts, numbers: [&str; 2]) -> Result<(), Missing> {
    let two = two(parts, numbers, OTHER_ID).await?;
    let role = |arn: &String, external_id: &str| RoleSettings {
        arn: arn.clone(),
        external_id: Some(external_id.to_owned()),
    };
    let [own_lookup, own_contain] = &two.own_roles;
    let [other_lookup, other_contain] = &two.other_roles;
    let other = AccountSettings {
        name: None,
        lookup_role: role(other_lookup, OTHER_ID),
        contain_role: Some(role(own_contain, OWN_ID)),
        eradicate_role: None,
        recover_role: None,
    };
    let settings = AwsSettings {
        lookup_role: Some(role(own_lookup, OWN_ID)),
        contain: Some(ContainSettings::Role(role(other_contain, OTHER_ID))),
        accounts: BTreeMap::from([(AccountId(two.leak.owner.id.clone()), other)]),
        ..AwsSettings::default()
    };
    let (own, owner) = (two.own, two.leak.owner.clone());
    let config = own.config_of(&two.leak.bot_key);
    let ways_in = accounts(&config, &settings).await;
    let ground = ground_of(two.leak).await;
    let trail = honest(LocalTrail::new(vec![ground.trail.clone()]));
    let bureau = Bureau::open_in(&ground, ways_in, Some(trail)).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let why = bureau.wait(&case, "the step is refused", story::step_failed).await;
    let said = format!(
        "the plan is for account {} and the roles of [aws.accounts.{}] reach {}",
        owner.id, owner.id, own.id
    );
    assert!(why.contains(&said), "{why}");
    untouched(&own).await;
    untouched(&owner).await;
    bureau.close().await;
    Ok(())
}
