//! What was deleted of IAM comes back with all that a snapshot has of it.

use crate::domain::iam_thing::{IamThing, OfIam};
use crate::domain::ids::AccountId;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::resource::{OfResource, ResourceName, ResourceType};
use crate::domain::restoring::script;
use crate::domain::sample;
use crate::domain::snapshot::{Own, Photograph};
use std::collections::BTreeMap;

fn photograph(of: ResourceType, id: &str, own: OfIam) -> Photograph {
    let account = AccountId("029608264753".to_owned());
    let name = ResourceName { of, account, region: "us-east-1".to_owned(), id: id.to_owned() };
    let on = Principal {
        kind: PrincipalKind::Resource,
        name: name.key().name,
        id: "ANPA1".to_owned(),
        arn: name.arn(),
    };
    let thing = IamThing { own, used_by: vec![PrincipalName::role("evil")] };
    sample::photograph(&on, Own::Resource(OfResource::Iam { thing }))
}

fn policy(id: &str) -> Photograph {
    let version = |id: &str| (id.to_owned(), format!(r#"{{"Id":"{id}"}}"#));
    let versions = BTreeMap::from(["v2", "v10", "v9"].map(version));
    let own = OfIam::Policy { description: None, default: "v9".to_owned(), versions };
    photograph(ResourceType::Policy, id, own)
}

fn commands(photograph: &Photograph) -> Vec<String> {
    let script = script(photograph).unwrap();
    script.lines().filter(|line| line.starts_with("aws iam ")).map(str::to_owned).collect()
}

#[test]
fn a_policy_comes_back_with_every_version_in_order_and_the_same_default() {
    let made = commands(&policy("all"));
    let [first, second, third] = made.as_slice() else { panic!("{made:?}") };
    assert!(first.starts_with("aws iam create-policy ") && first.contains("v2"), "{first}");
    assert!(second.contains("create-policy-version") && second.contains("v9"), "{second}");
    assert!(second.contains(r#""SetAsDefault":true"#), "{second}");
    assert!(third.contains("v10") && third.contains(r#""SetAsDefault":false"#), "{third}");
    assert!(script(&policy("all")).unwrap().contains("# It was used by role evil."));
}

#[test]
fn each_other_kind_comes_back_with_what_it_was_made_with() {
    let saml = "arn:aws:iam::029608264753:saml-provider/evil";
    let oidc = "arn:aws:iam::029608264753:oidc-provider/evil.example";
    let metadata = OfIam::SamlProvider { metadata: "<EntityDescriptor/>".to_owned() };
    let clients = OfIam::OidcProvider {
        url: "evil.example".to_owned(),
        clients: vec!["sts.amazonaws.com".to_owned()],
        thumbprints: vec!["9e99a48a".to_owned()],
    };
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess".to_owned();
    let inline = BTreeMap::from([("more".to_owned(), "{}".to_owned())]);
    let group = OfIam::Group { attached: vec![admin], inline };
    for (of, id, own, wanted) in [
        (ResourceType::SamlProvider, saml, metadata, &["create-saml-provider", "<Entity"][..]),
        (
            ResourceType::OidcProvider,
            oidc,
            clients,
            &["create-open-id-connect-provider", "https://evil.example", "9e99a48a", "sts.am"],
        ),
        (
            ResourceType::InstanceProfile,
            "web",
            OfIam::InstanceProfile,
            &["create-instance-profile", "add-role-to-instance-profile", "evil"],
        ),
        (
            ResourceType::Group,
            "ops",
            group,
            &["create-group", "attach-group-policy", "put-group-policy", "more"],
        ),
    ] {
        let made = commands(&photograph(of, id, own)).join("\n");
        for part in wanted {
            assert!(made.contains(part), "{part}: {made}");
        }
    }
}

#[test]
fn a_resource_and_a_name_that_iam_never_gave_are_refused() {
    for name in ["a$(id)", "a b", "-x\n"] {
        assert!(script(&policy(name)).unwrap_err().contains("is no name that IAM has"), "{name:?}");
    }
    let bucket = Own::Resource(OfResource::Bucket { policy: None });
    let stopped = script(&Photograph { own: bucket, ..policy("all") }).unwrap_err();
    assert!(stopped.contains("has only what stops it"), "{stopped}");
}
