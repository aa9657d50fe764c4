//! What is asked of IAM to delete each kind, and that nobody is taken out for it.

use super::*;
use crate::aws::wire_fake::{Answer, Seen, WireFake};
use crate::domain::ids::AccountId;
use crate::domain::principal::PrincipalKind;

const AT: &str = "2026-08-01T10:00:00Z";

fn named(of: ResourceType, id: &str) -> ResourceName {
    let account = AccountId("123456789012".to_owned());
    ResourceName { of, account, region: "us-east-1".to_owned(), id: id.to_owned() }
}

async fn deleted(
    name: &ResourceName,
    answers: Vec<Answer>,
) -> (Result<Applied, CallError>, Vec<Seen>) {
    let fake = WireFake::start(answers);
    let iam = Client::new(&fake.config().await);
    let on = Principal {
        kind: PrincipalKind::Resource,
        name: name.key().name,
        id: "ANPA1".to_owned(),
        arn: name.arn(),
    };
    let outcome = delete(&iam, &on, name).await;
    (outcome, fake.seen())
}

fn ok() -> Answer {
    Answer::ok("<R><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></R>")
}

fn entities(users: &[&str]) -> Answer {
    let member =
        |name: &&str| format!("<member><UserName>{name}</UserName><UserId>AIDA1</UserId></member>");
    let users: String = users.iter().map(member).collect();
    let list = format!(
        "<PolicyUsers>{users}</PolicyUsers><PolicyRoles></PolicyRoles><PolicyGroups>\
         </PolicyGroups><IsTruncated>false</IsTruncated>"
    );
    Answer::xml("ListEntitiesForPolicy", &list)
}

fn versions() -> Answer {
    let member = |id: &str, default: bool| {
        format!(
            "<member><VersionId>{id}</VersionId><IsDefaultVersion>{default}</IsDefaultVersion>\
             </member>"
        )
    };
    let (new, old) = (member("v2", true), member("v1", false));
    let list = format!("<Versions>{new}{old}</Versions><IsTruncated>false</IsTruncated>");
    Answer::xml("ListPolicyVersions", &list)
}

fn operations(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(Seen::operation).collect()
}

#[tokio::test]
async fn of_a_policy_the_other_versions_go_before_it() {
    let name = named(ResourceType::Policy, "all");
    let (outcome, seen) = deleted(&name, vec![entities(&[]), versions(), ok(), ok()]).await;
    assert_eq!(outcome.unwrap().request_id.as_deref(), Some("request-1"));
    assert_eq!(
        operations(&seen),
        ["ListEntitiesForPolicy", "ListPolicyVersions", "DeletePolicyVersion", "DeletePolicy"]
    );
    assert_eq!(seen[2].parameter("VersionId").as_deref(), Some("v1"));
    assert_eq!(seen[3].parameter("PolicyArn").as_deref(), Some(name.arn().as_str()));
}

#[tokio::test]
async fn a_policy_that_somebody_has_by_now_loses_no_version_and_is_told_with_who_has_it() {
    let name = named(ResourceType::Policy, "all");
    let (outcome, seen) = deleted(&name, vec![entities(&["ana"]); ROUNDS_MAX]).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.class, error.call.as_str()), (CallClass::Conflict, DELETE_POLICY));
    assert!(error.message.contains("user ana uses it"), "{error}");
    assert!(operations(&seen).iter().all(|call| call == "ListEntitiesForPolicy"), "{seen:?}");
}

#[tokio::test]
async fn a_conflict_is_tried_a_few_times_and_an_end_is_made_of_it() {
    let name = named(ResourceType::Policy, "all");
    let refused = || Answer::xml_error(409, "DeleteConflict");
    let round = || vec![entities(&[]), versions(), ok(), refused()];
    let answers = (0..ROUNDS_MAX).flat_map(|_| round()).collect();
    let (outcome, _) = deleted(&name, answers).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.class, CallClass::Conflict);
    assert!(error.message.contains("still hangs on policy all after 3 rounds"), "{error}");
    let mut answers = round();
    answers.extend([entities(&[]), versions(), ok(), ok()]);
    assert!(deleted(&name, answers).await.0.is_ok(), "a second round may do");
}

#[tokio::test]
async fn a_group_with_a_member_keeps_its_policies_and_one_without_loses_them_and_goes() {
    let name = named(ResourceType::Group, "ops");
    let group = |members: &str| {
        Answer::xml(
            "GetGroup",
            &format!(
                "<Group><Path>/</Path><GroupName>ops</GroupName><GroupId>AGPA1</GroupId>\
                 <Arn>{}</Arn><CreateDate>{AT}</CreateDate></Group><Users>{members}</Users>\
                 <IsTruncated>false</IsTruncated>",
                name.arn()
            ),
        )
    };
    let ana = format!(
        "<member><Path>/</Path><UserName>ana</UserName><UserId>AIDA1</UserId><Arn>a</Arn>\
         <CreateDate>{AT}</CreateDate></member>"
    );
    let (outcome, seen) = deleted(&name, vec![group(&ana); ROUNDS_MAX]).await;
    assert!(outcome.unwrap_err().message.contains("user ana uses it"));
    assert!(operations(&seen).iter().all(|call| call == "GetGroup"), "{seen:?}");

    let attached = Answer::xml(
        "ListAttachedGroupPolicies",
        "<AttachedPolicies><member><PolicyName>p</PolicyName><PolicyArn>arn:aws:iam::aws:policy/p\
         </PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>",
    );
    let inline = Answer::xml(
        "ListGroupPolicies",
        "<PolicyNames><member>more</member></PolicyNames><IsTruncated>false</IsTruncated>",
    );
    let answers = vec![group(""), attached, ok(), inline, ok(), ok()];
    let (outcome, seen) = deleted(&name, answers).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(
        operations(&seen),
        [
            "GetGroup",
            "ListAttachedGroupPolicies",
            "DetachGroupPolicy",
            "ListGroupPolicies",
            "DeleteGroupPolicy",
            "DeleteGroup"
        ]
    );
}

#[tokio::test]
async fn a_profile_lets_its_role_go_and_providers_go_at_once() {
    let role = format!(
        "<member><Path>/</Path><RoleName>deploy</RoleName><RoleId>AROA1</RoleId><Arn>a</Arn>\
         <CreateDate>{AT}</CreateDate></member>"
    );
    let profile = format!(
        "<InstanceProfile><Path>/</Path><InstanceProfileName>web</InstanceProfileName>\
         <InstanceProfileId>AIPA1</InstanceProfileId><Arn>a</Arn><CreateDate>{AT}</CreateDate>\
         <Roles>{role}</Roles></InstanceProfile>"
    );
    let answers = vec![Answer::xml("GetInstanceProfile", &profile), ok(), ok()];
    let (outcome, seen) = deleted(&named(ResourceType::InstanceProfile, "web"), answers).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let out = ["GetInstanceProfile", "RemoveRoleFromInstanceProfile", "DeleteInstanceProfile"];
    assert_eq!(operations(&seen), out);
    assert_eq!(seen[1].parameter("RoleName").as_deref(), Some("deploy"));
    for (of, call, argument) in [
        (ResourceType::SamlProvider, "DeleteSAMLProvider", "SAMLProviderArn"),
        (ResourceType::OidcProvider, "DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn"),
    ] {
        let arn = "arn:aws:iam::123456789012:provider/evil";
        let (outcome, seen) = deleted(&named(of, arn), vec![ok()]).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(operations(&seen), [call]);
        assert_eq!(seen[0].parameter(argument).as_deref(), Some(arn));
    }
}

#[tokio::test]
async fn what_is_gone_already_is_not_found_and_what_is_not_iams_is_never_asked_about() {
    let gone = Answer::xml_error(404, "NoSuchEntity");
    let (outcome, _) = deleted(&named(ResourceType::InstanceProfile, "web"), vec![gone]).await;
    assert_eq!(outcome.unwrap_err().class, CallClass::NotFound);
    let (outcome, seen) = deleted(&named(ResourceType::Bucket, "loot"), Vec::new()).await;
    assert_eq!((outcome.unwrap_err().class, seen.len()), (CallClass::Other, 0));
}
