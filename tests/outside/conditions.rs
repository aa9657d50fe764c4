//! Each condition and deny of the printed policies, held to on the emulator or said not to be.

use crate::account::{Credential, code};
use crate::bot_rights::Desk;
use crate::each_right::TAG;
use crate::frame::{Missing, trial, trial_async};
use crate::least_rights::{
    AWSS_DENY, BOT_ORGANIZATION, CONTAIN, CONTAIN_RESOURCES, ERADICATE, ERADICATE_RESOURCES,
    EXTERNAL_ID, LOOKUP, OF_THE_BOT, ORGANIZATION, TRUST, printed, role,
};
use crate::parts::Parts;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::Tag;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

/// Every condition of the printed policies: statement, condition, and whether it is held to here.
const CONDITIONS: [(&str, &str, bool); 7] = [
    (
        "AttachAndDetachTheDenyAndNoOtherPolicy",
        r#"{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/AWSDenyAll"}}"#,
        true,
    ),
    (
        "TheTagThatTheOrganizationDenies",
        concat!(
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"keyleak-quarantine"},"#,
            r#""Null":{"aws:TagKeys":"false"}}"#
        ),
        true,
    ),
    // Violated in resource_rights.rs.
    (
        "ClosesBucketsOfThisAccountAndOpensThem",
        r#"{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}"#,
        true,
    ),
    // Violated in resource_ends.rs.
    (
        "EmptyBucketsOfThisAccount",
        r#"{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}"#,
        true,
    ),
    // The emulator has no KMS here, so that the text alone is pinned.
    ("EvidenceUnderItsOwnKey", r#"{"StringLike":{"kms:ViaService":"s3.*.amazonaws.com"}}"#, false),
    // The emulator does not know of which organization a resource is, so the text alone is pinned.
    (
        "AssumeTheRolesOfEveryAccountOfOurOrganization",
        r#"{"StringEquals":{"aws:ResourceOrgID":"${aws:PrincipalOrgID}"}}"#,
        false,
    ),
    (
        "OnlyTheBotAndOnlyWithTheExternalId",
        r#"{"StringEquals":{"sts:ExternalId":"replace-with-your-own"}}"#,
        true,
    ),
];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let conditions = Arc::clone(parts);
    vec![
        trial_async("rights_each_condition_is_held_to", move || async move {
            each_condition(&conditions, "550000000004").await
        }),
        trial("rights_no_condition_is_in_a_policy_that_no_trial_holds_to", || {
            no_condition_is_untried();
            Ok(())
        }),
    ]
}

fn no_condition_is_untried() {
    let mut found = BTreeSet::new();
    let of_resources = [CONTAIN_RESOURCES, ERADICATE_RESOURCES];
    let of_roles = [LOOKUP, CONTAIN, ERADICATE, ORGANIZATION, TRUST];
    let of_roles = of_roles.into_iter().chain(of_resources);
    for policy in of_roles.chain([OF_THE_BOT, BOT_ORGANIZATION]) {
        let policy: Value = serde_json::from_str(policy).expect("JSON");
        for statement in policy["Statement"].as_array().expect("statements") {
            if let Some(condition) = statement.get("Condition") {
                let sid = statement["Sid"].as_str().expect("a name").to_owned();
                found.insert((sid, condition.to_string()));
            }
        }
    }
    let known = CONDITIONS.map(|(sid, condition, _)| (sid.to_owned(), condition.to_owned()));
    assert_eq!(found, known.into_iter().collect());
    assert_eq!(CONDITIONS.iter().filter(|(.., held)| *held).count(), 5);
}

/// A request that violates a condition, or meets a deny of the policies, is refused, and the same
/// without the violation is not.
async fn each_condition(parts: &Parts, account: &str) -> Result<(), Missing> {
    let (desk, key) = Desk::new(parts, account).await?;
    let (iam, sts) = (&desk.owner.root.iam, desk.owner.as_holder_of(&key).sts);
    let deny = desk.owner.deny_all_policy().await;
    let arn = role(&desk.owner, "keyleak-contain", &printed(CONTAIN, &deny)).await;
    let assume = |external: Option<&str>| {
        let assume = sts.assume_role().role_arn(&arn).role_session_name("trial");
        assume.set_external_id(external.map(str::to_owned)).send()
    };
    for wrong in [None, Some("somebody-elses")] {
        let refused = assume(wrong).await.expect_err("without our external id");
        assert_eq!(code(&refused), "AccessDenied", "{wrong:?}");
    }
    let session = assume(Some(EXTERNAL_ID)).await.expect("a session");
    let session = Credential::from(session.credentials().expect("its credentials"));
    let contain = desk.owner.as_holder_of(&session).iam;
    iam.create_user().user_name("somebody").send().await.expect("a user");
    let other = "arn:aws:iam::aws:policy/AdministratorAccess".to_owned();
    for (policy, allowed) in [(&other, false), (&deny, true)] {
        let user = || contain.attach_user_policy().user_name("somebody").policy_arn(policy);
        judged(allowed, "attached to a user", user().send().await);
        let off = contain.detach_user_policy().user_name("somebody").policy_arn(policy);
        judged(allowed, "detached from a user", off.send().await);
        let on = contain.attach_role_policy().role_name("nobody").policy_arn(policy);
        judged(allowed, "attached to a role", on.send().await);
        let off = contain.detach_role_policy().role_name("nobody").policy_arn(policy);
        judged(allowed, "detached from a role", off.send().await);
    }
    for (key, allowed) in [("owner", false), (TAG, true)] {
        let tag = Tag::builder().key(key).value("x").build().expect("a tag");
        let on = contain.tag_user().user_name("somebody").tags(tag.clone());
        judged(allowed, key, on.send().await);
        judged(allowed, key, contain.tag_role().role_name("nobody").tags(tag).send().await);
        judged(allowed, key, contain.untag_user().user_name("somebody").tag_keys(key).send().await);
        judged(allowed, key, contain.untag_role().role_name("nobody").tag_keys(key).send().await);
    }
    for own in ["lookup", "contain", "eradicate", "recover", "bot"] {
        let own = &format!("keyleak-{own}");
        let put = contain.put_role_policy().role_name(own).policy_name("more");
        judged(false, own, put.policy_document(json!({}).to_string()).send().await);
    }
    let put = contain.put_role_policy().role_name("nobody").policy_name("more");
    judged(true, "another role", put.policy_document(json!({}).to_string()).send().await);
    never_on_the_journal(&desk).await;
    Ok(())
}

/// Whatever else the bot is allowed, it changes nothing that stands in the journal.
async fn never_on_the_journal(desk: &Desk) {
    let mut policy = printed(OF_THE_BOT, AWSS_DENY);
    let all = json!({"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"});
    policy["Statement"].as_array_mut().expect("statements").push(all);
    desk.may(&policy).await;
    let tables = aws_sdk_dynamodb::Client::new(&desk.config);
    for (table, allowed) in [(&desk.names.journal, false), (&desk.names.work, true)] {
        let delete = tables.delete_item().table_name(table);
        judged(allowed, table, delete.send().await);
        let update = tables.update_item().table_name(table);
        judged(allowed, table, update.send().await);
    }
}

/// Whether it was refused for want of the right; what else is wrong with it is no matter.
pub(crate) fn judged<T, E, R>(allowed: bool, what: &str, answer: Result<T, SdkError<E, R>>)
where
    E: ProvideErrorMetadata + Debug,
    R: Debug,
{
    let said = answer.err().map(|error| code(&error));
    let denied = said.as_ref().is_some_and(|code| code.starts_with("AccessDenied"));
    assert_eq!(denied, !allowed, "{what}: {said:?}");
}
