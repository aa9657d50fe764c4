//! Accounts that no section names: the organization tells which are ours, a pattern leads in.

use crate::account::Account;
use crate::accounts::{as_printed, untouched};
use crate::frame::{Missing, trial_async};
use crate::leak::{BOT, BOT_IP, Leak, leak_delivered};
use crate::least_rights::{CONTAIN, LOOKUP, ORGANIZATION, may, printed, role_for};
use crate::parts::Parts;
use crate::served::{DELIVERY, contained_and_undone};
use crate::service::{Journal, Service};
use keyleak::domain::elsewhere::TRUST_AND_SAFETY;
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;

const EXTERNAL_ID: &str = "the-same-for-all";
/// What the organization calls the account whose key leaks.
const NAME: &str = "payments";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [member, outside, denied] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "organization_an_account_of_ours_is_contained_by_the_roles_of_the_pattern",
            move || async move { of_ours(&member, "870000000001").await },
        ),
        trial_async(
            "organization_an_account_outside_it_is_not_ours_though_its_roles_trust_us",
            move || async move { outside_of_it(&outside, ["870000000002", "870000000003"]).await },
        ),
        trial_async(
            "organization_without_the_right_to_ask_the_card_says_so_and_the_role_decides",
            move || async move { not_told(&denied, "870000000004").await },
        ),
    ]
}

/// A management account with the bot in it, and a leak in another account.
struct Two {
    own: Account,
    leak: Leak,
    assumed: Vec<String>,
}

/// The bot lives in the management account; the pattern's roles are in the account of the leak.
async fn two(parts: &Parts, own: &str, leaking: Option<&str>) -> Result<Two, Missing> {
    let management = Account::at(parts.ministack()?.address(), own).await;
    let leaking = match leaking {
        Some(outside) => outside.to_owned(),
        None => joined(&management).await,
    };
    let mut leak = leak_delivered(parts, &leaking, DELIVERY).await?;
    let own = Account::at(leak.recorder.door(BOT_IP).await, own).await;
    leak.bot_key = own.administrator(BOT).await;
    leak.bot = own.clone();
    let role = |owner: &Account, name: &str, policy: serde_json::Value| {
        let (of, owner, name) = (own.id.clone(), owner.clone(), name.to_owned());
        async move { role_for((&of, EXTERNAL_ID), &owner, &name, &policy).await }
    };
    let deny = leak.owner.deny_all_policy().await;
    role(&leak.owner, "keyleak-lookup", printed(LOOKUP, &deny)).await;
    role(&leak.owner, "keyleak-contain", printed(CONTAIN, &deny)).await;
    let looks = role(&own, "keyleak-lookup", printed(LOOKUP, &deny)).await;
    let asks = role(&own, "keyleak-organization", printed(ORGANIZATION, &deny)).await;
    leak.rights = format!(
        "lookup_role = \"{looks}\"\nexternal_id = \"{EXTERNAL_ID}\"\n\
         organization.lookup_role = \"keyleak-lookup\"\n\
         organization.contain_role = \"keyleak-contain\"\n\
         organization.describe_role = \"{asks}\""
    );
    let pattern = |tier: &str| format!("arn:aws:iam::*:role/keyleak-{tier}");
    let assumed = vec![looks, asks, pattern("lookup"), pattern("contain")];
    Ok(Two { own, leak, assumed })
}

/// A new account of the organization that this one manages; its number.
async fn joined(management: &Account) -> String {
    let organizations = aws_sdk_organizations::Client::new(management.config());
    let made = organizations.create_account().account_name(NAME).email("root@example.com");
    let made = made.send().await.expect("an account");
    let status = made.create_account_status().expect("its status");
    status.account_id().expect("its number").to_owned()
}

async fn of_ours(parts: &Parts, own: &str) -> Result<(), Missing> {
    let two = two(parts, own, None).await?;
    let mut service = Service::start(&two.leak, Journal::Sqlite).await;
    as_printed(&two.own, &two.assumed, &service).await;
    contained_and_undone(&two.leak, &mut service).await;
    let shown: String = service.messages().iter().map(ToString::to_string).collect();
    let told = format!("{} ({NAME}) – of our organization, root user root@", two.leak.owner.id);
    assert!(shown.contains(&told), "the card says whose account it is");
    Ok(())
}

/// Its roles trust the bot, as those of somebody would who wants keyleak to act for them.
async fn outside_of_it(parts: &Parts, [own, outside]: [&str; 2]) -> Result<(), Missing> {
    let two = two(parts, own, Some(outside)).await?;
    let service = Service::start(&two.leak, Journal::Sqlite).await;
    as_printed(&two.own, &two.assumed, &service).await;
    service.slash(&two.leak.key.id).await;
    service.wait_for_words(&format!("tell AWS. What to write to {TRUST_AND_SAFETY}")).await;
    // The card is drawn beside the notice, at most every two seconds.
    let told = "not of our organization";
    let shown = |service: &Service| {
        service.messages().iter().any(|message| message.to_string().contains(told)).then_some(())
    };
    service.wait(told, shown).await;
    untouched(&two.leak.owner).await;
    Ok(())
}

async fn not_told(parts: &Parts, own: &str) -> Result<(), Missing> {
    let two = two(parts, own, None).await?;
    let nothing = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Else", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"}]});
    may(&two.own, "keyleak-organization", &nothing).await;
    let mut service = Service::start(&two.leak, Journal::Sqlite).await;
    as_printed(&two.own, &two.assumed, &service).await;
    contained_and_undone(&two.leak, &mut service).await;
    let shown: String = service.messages().iter().map(ToString::to_string).collect();
    assert!(shown.contains("allow organizations:DescribeAccount"), "{shown}");
    Ok(())
}
