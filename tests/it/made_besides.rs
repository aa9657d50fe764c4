//! What else of IAM the actor made is told to people beside the plan that deletes users and roles.

use crate::bureau::Bureau;
use crate::eradicated::{contained, press, proposed};
use crate::ground::BACKDOOR;
use crate::simulated::town;
use keyleak::domain::case::Case;
use keyleak::domain::principal::PrincipalName;
use keyleak::sim::attacker::Credential;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::{Deed, NewUser};
use serde_json::json;

const PROVIDER: &str = "arn:aws:iam::029608264753:oidc-provider/evil.example";

#[tokio::test(flavor = "multi_thread")]
async fn policies_and_providers_of_the_actor_are_told_with_commands_and_those_of_others_are_not() {
    let mut colleague = None;
    let (ground, cloud) = town(25, |cloud, user| {
        let ops = NewUser::named("ops", user.created).attached(ADMINISTRATOR);
        colleague = Some(cloud.add_user(ops).unwrap().1);
        user
    })
    .await;
    let at = ground.clock.now();
    let deed = |credential: &Credential, call: &str, (parameters, response)| Deed {
        at,
        credential: credential.clone(),
        source_ip: "198.51.100.7".to_owned(),
        user_agent: "aws-cli/2.31.0".to_owned(),
        service: "iam".to_owned(),
        call: call.to_owned(),
        parameters,
        response,
        is_read: false,
        refused: None,
    };
    let policy = |name: &str| (json!({ "policyName": name }), json!({}));
    let provider = json!({ "openIDConnectProviderArn": PROVIDER });
    let provider = (json!({ "url": "https://evil.example" }), provider);
    cloud
        .history(&[
            deed(ground.key(), "CreatePolicy", policy("all-of-it")),
            deed(ground.key(), "CreateOpenIDConnectProvider", provider),
            deed(&colleague.unwrap(), "CreatePolicy", policy("theirs")),
        ])
        .unwrap();
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    press(&bureau, &case).await;
    proposed(&bureau, &case, &[PrincipalName::user(BACKDOOR)]).await;
    let said = |case: &Case| case.not_eradicated().map(|(_, why)| why.to_owned());
    let said = bureau.wait(&case, "what is left to people", said).await;
    let provider = said.find(&format!("OIDC provider {PROVIDER}, made by the actor at "));
    let policy = said.find("policy all-of-it, made by the actor at ");
    assert!(provider.is_some() && provider < policy, "the trust first: {said}");
    for command in ["list-entities-for-policy", "delete-policy ", "delete-open-id-connect-provider"]
    {
        assert!(said.contains(command), "{command}: {said}");
    }
    assert!(!said.contains("theirs"), "{said}");
    bureau.close().await;
}
