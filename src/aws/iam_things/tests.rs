//! What is asked of IAM to see each kind whole, and who uses it.

use super::*;
use crate::aws::wire_fake::{Answer, Seen, WireFake};
use crate::domain::ids::AccountId;
use crate::ports::cloud::CallClass;

const AT: &str = "2026-08-01T10:00:00Z";
const SAML: &str = "arn:aws:iam::123456789012:saml-provider/evil";

fn named(of: ResourceType, id: &str) -> ResourceName {
    let account = AccountId("123456789012".to_owned());
    ResourceName { of, account, region: "us-east-1".to_owned(), id: id.to_owned() }
}

async fn seen_of(
    name: &ResourceName,
    answers: Vec<Answer>,
) -> (Result<ResourceDetail, CallError>, Vec<Seen>) {
    let fake = WireFake::start(answers);
    let found = read(&Client::new(&fake.config().await), name).await;
    (found, fake.seen())
}

fn thing(detail: &ResourceDetail) -> &IamThing {
    let OfResource::Iam { thing } = &detail.state else { panic!("{detail:?}") };
    thing
}

fn policy(path: &str) -> String {
    format!(
        "<PolicyName>all</PolicyName><PolicyId>ANPA1</PolicyId><Arn>arn:aws:iam::123456789012:\
         policy{path}all</Arn><Path>{path}</Path><DefaultVersionId>v2</DefaultVersionId>\
         <CreateDate>{AT}</CreateDate>"
    )
}

/// What is asked once the policy is found.
fn rest() -> Vec<Answer> {
    let version = |id: &str| format!("<member><VersionId>{id}</VersionId></member>");
    let versions = format!("<Versions>{}{}</Versions>", version("v2"), version("v1"));
    let document = |text: &str| {
        let version = format!("<PolicyVersion><Document>{text}</Document></PolicyVersion>");
        Answer::xml("GetPolicyVersion", &version)
    };
    let used_by = "<PolicyUsers><member><UserName>evil</UserName></member></PolicyUsers>\
        <PolicyRoles><member><RoleName>evil</RoleName></member></PolicyRoles>\
        <PolicyGroups><member><GroupName>ops</GroupName></member></PolicyGroups>";
    vec![
        Answer::xml("ListPolicyVersions", &versions),
        document("%7B%22Id%22%3A2%7D"),
        document("%7B%22Id%22%3A1%7D"),
        Answer::xml("ListEntitiesForPolicy", used_by),
    ]
}

#[tokio::test]
async fn a_policy_is_read_with_every_version_and_everybody_who_has_it() {
    let name = named(ResourceType::Policy, "all");
    let found = format!("<Policy>{}</Policy>", policy("/"));
    let mut answers = vec![Answer::xml("GetPolicy", &found)];
    answers.extend(rest());
    let found = seen_of(&name, answers).await.0.unwrap();
    assert_eq!((found.detail.id.as_str(), found.detail.arn), ("ANPA1", name.arn()));
    assert!(found.detail.created.is_some());
    let group = named(ResourceType::Group, "ops").key();
    let all = [PrincipalName::user("evil"), PrincipalName::role("evil"), group];
    let OfResource::Iam { thing } = found.state else { panic!("a policy") };
    assert_eq!(thing.used_by, all);
    let document = |text: &str| text.to_owned();
    let versions = BTreeMap::from([
        ("v1".to_owned(), document(r#"{"Id":1}"#)),
        ("v2".to_owned(), document(r#"{"Id":2}"#)),
    ]);
    assert_eq!(thing.own, OfIam::Policy { description: None, default: "v2".to_owned(), versions });
}

#[tokio::test]
async fn a_policy_with_a_path_is_found_by_its_name_and_one_that_is_gone_is_not_found() {
    let name = named(ResourceType::Policy, "all");
    let gone = || Answer::xml_error(404, "NoSuchEntity");
    let listed = format!("<Policies><member>{}</member></Policies>", policy("/a/b/"));
    let found = format!("<Policy>{}</Policy>", policy("/a/b/"));
    let mut answers =
        vec![gone(), Answer::xml("ListPolicies", &listed), Answer::xml("GetPolicy", &found)];
    answers.extend(rest());
    let (found, seen) = seen_of(&name, answers).await;
    assert!(found.unwrap().detail.arn.ends_with(":policy/a/b/all"));
    assert_eq!(seen[1].parameter("Scope").as_deref(), Some("Local"));

    let other =
        format!("<Policies><member>{}</member></Policies>", policy("/").replace("all", "b"));
    let (found, _) = seen_of(&name, vec![gone(), Answer::xml("ListPolicies", &other)]).await;
    assert_eq!(found.unwrap_err().class, CallClass::NotFound);
}

fn roles(trust: &str) -> Answer {
    let role = |name: &str, trust: &str| {
        format!(
            "<member><Path>/</Path><RoleName>{name}</RoleName><RoleId>AROA1</RoleId><Arn>a</Arn>\
             <CreateDate>{AT}</CreateDate><AssumeRolePolicyDocument>{trust}\
             </AssumeRolePolicyDocument></member>"
        )
    };
    let (one, other) = (role("sso", trust), role("deploy", "{}"));
    Answer::xml("ListRoles", &format!("<Roles>{one}{other}</Roles>"))
}

#[tokio::test]
async fn a_provider_is_read_with_the_roles_that_trust_it_and_another_of_its_name_is_another() {
    let trust = format!(r#"{{"Statement":[{{"Principal":{{"Federated":"{SAML}"}}}}]}}"#);
    let provider = |at: &str| {
        let members = format!(
            "<SAMLMetadataDocument>metadata</SAMLMetadataDocument><CreateDate>{at}</CreateDate>"
        );
        Answer::xml("GetSAMLProvider", &members)
    };
    let name = named(ResourceType::SamlProvider, SAML);
    let (found, _) = seen_of(&name, vec![provider(AT), roles(&trust)]).await;
    let found = found.unwrap();
    assert_eq!(thing(&found).used_by, [PrincipalName::role("sso")]);
    assert_eq!(thing(&found).own, OfIam::SamlProvider { metadata: "metadata".to_owned() });
    let later = "2026-08-01T10:00:01Z";
    let again = seen_of(&name, vec![provider(later), roles("{}")]).await.0.unwrap();
    assert_ne!(again.detail.id, found.detail.id, "made again");
    assert!(thing(&again).used_by.is_empty(), "the control");

    let members = format!(
        "<Url>evil.example</Url><ClientIDList><member>aud</member></ClientIDList><ThumbprintList>\
         <member>9e99</member></ThumbprintList><CreateDate>{AT}</CreateDate>"
    );
    let arn = "arn:aws:iam::123456789012:oidc-provider/evil.example";
    let answers = vec![Answer::xml("GetOpenIDConnectProvider", &members), roles(&trust)];
    let found = seen_of(&named(ResourceType::OidcProvider, arn), answers).await.0.unwrap();
    let own = OfIam::OidcProvider {
        url: "evil.example".to_owned(),
        clients: vec!["aud".to_owned()],
        thumbprints: vec!["9e99".to_owned()],
    };
    assert_eq!(*thing(&found), IamThing { own, used_by: Vec::new() });
}

#[tokio::test]
async fn a_group_is_read_with_members_and_policies_and_a_profile_with_its_role() {
    let member = format!(
        "<member><Path>/</Path><UserName>evil</UserName><UserId>AIDA1</UserId><Arn>a</Arn>\
         <CreateDate>{AT}</CreateDate></member>"
    );
    let group = format!(
        "<Group><Path>/</Path><GroupName>ops</GroupName><GroupId>AGPA1</GroupId><Arn>a</Arn>\
         <CreateDate>{AT}</CreateDate></Group><Users>{member}</Users>"
    );
    let document = "<GroupName>ops</GroupName><PolicyName>more</PolicyName><PolicyDocument>{}\
        </PolicyDocument>";
    let attached = "<AttachedPolicies><member><PolicyArn>arn:aws:iam::aws:policy/p</PolicyArn>\
        </member></AttachedPolicies>";
    let answers = vec![
        Answer::xml("GetGroup", &group),
        Answer::xml("ListGroupPolicies", "<PolicyNames><member>more</member></PolicyNames>"),
        Answer::xml("GetGroupPolicy", document),
        Answer::xml("ListAttachedGroupPolicies", attached),
    ];
    let found = seen_of(&named(ResourceType::Group, "ops"), answers).await.0.unwrap();
    assert_eq!(found.detail.id, "AGPA1");
    let own = OfIam::Group {
        attached: vec!["arn:aws:iam::aws:policy/p".to_owned()],
        inline: BTreeMap::from([("more".to_owned(), "{}".to_owned())]),
    };
    assert_eq!(*thing(&found), IamThing { own, used_by: vec![PrincipalName::user("evil")] });

    let role = format!(
        "<member><Path>/</Path><RoleName>deploy</RoleName><RoleId>AROA1</RoleId><Arn>a</Arn>\
         <CreateDate>{AT}</CreateDate></member>"
    );
    let profile = format!(
        "<InstanceProfile><Path>/</Path><InstanceProfileName>web</InstanceProfileName>\
         <InstanceProfileId>AIPA1</InstanceProfileId><Arn>a</Arn><CreateDate>{AT}</CreateDate>\
         <Roles>{role}</Roles></InstanceProfile>"
    );
    let answers = vec![Answer::xml("GetInstanceProfile", &profile)];
    let found = seen_of(&named(ResourceType::InstanceProfile, "web"), answers).await.0.unwrap();
    assert_eq!(found.detail.id, "AIPA1");
    assert_eq!(thing(&found).used_by, [PrincipalName::role("deploy")]);
}
