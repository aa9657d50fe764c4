//! The user behind an API key of Amazon Bedrock: that key is a credential of theirs, and stops too.

use crate::bureau::{Bureau, is_contained, journal};
use crate::sim_account::SimAccount;
use crate::simulated::QUICK;
use crate::story;
use keyleak::domain::action::{Change, SideCredential, SideKind};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::principal::PrincipalName;
use keyleak::flow::photograph::photograph;
use keyleak::sim::cloud::LAG;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::NewUser;

/// As Bedrock's console names the users that it makes.
const BEDROCK_USER: &str = "BedrockAPIKey-ab12";
const CREDENTIAL: &str = "ACCAQNZGKIQY56JQ7WML";

#[tokio::test(flavor = "multi_thread")]
async fn the_long_term_bedrock_key_of_a_user_is_made_inactive_with_the_access_key() {
    let account = SimAccount::new((63, QUICK), LAG);
    let about = "bedrock.amazonaws.com".to_owned();
    let user = NewUser {
        side: vec![(SideKind::ServiceSpecific, CREDENTIAL.to_owned(), about)],
        ..NewUser::named(BEDROCK_USER, account.long_ago()).attached(ADMINISTRATOR)
    };
    let (_, key) = account.cloud.add_user(user).unwrap();
    let ground = account.leak(&key).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&key.access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;

    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let steps = now.standing_plans().flat_map(|state| &state.plan.steps);
    let steps: Vec<_> = steps.filter(|step| step.action.on.name == BEDROCK_USER).collect();
    let credential = SideCredential { kind: SideKind::ServiceSpecific, id: CREDENTIAL.to_owned() };
    let stops = Change::DeactivateCredential { credential };
    assert!(steps.iter().any(|step| step.action.change == stops), "{}", journal(&now));
    let told = |hit: &String| hit.contains("Amazon Bedrock");
    assert!(steps[0].blast_radius.iter().any(told), "{:?}", steps[0].blast_radius);
    let state = photograph(ground.lookup.as_ref(), &PrincipalName::user(BEDROCK_USER)).await;
    assert!(state.unwrap().side_states().all(|side| !side.active), "and it is inactive");
    bureau.close().await;
}
