//! People whom a siege leaves at work, and who of them is refused although no plan names them.

use crate::account::{Account, Credential, DENY_ALL, code};
use crate::moves::{SHARED, role_arn};
use crate::named::is_named;
use keyleak::domain::case::Case;

/// Somebody whom the actor does not know.
pub(crate) const BYSTANDER: &str = "bystander-01";

/// Everybody at work in an account.
pub(crate) struct Office {
    owner: Account,
    people: Vec<Person>,
}

struct Person {
    name: &'static str,
    key: Credential,
    /// Of the shared role, from before the siege.
    session: Credential,
}

/// A lawful call, and the code with which it was refused.
#[derive(Debug)]
pub(crate) struct Call {
    /// The user or role as which it was made; to assume a role takes both.
    by: Vec<&'static str>,
    what: String,
    refused: Option<String>,
}

impl Office {
    /// These people, each with a key and a session of the shared role, which is there already.
    pub(crate) async fn open(owner: Account, keys: Vec<(&'static str, Credential)>) -> Self {
        let mut people = Vec::new();
        for (name, key) in keys {
            let session = assumed(&owner, &key, name).await.expect("a session");
            people.push(Person { name, key, session });
        }
        Self { owner, people }
    }

    /// Takes everything from somebody, behind the back of every plan.
    pub(crate) async fn deny_by_hand(&self, user: &str) {
        let put = self.owner.root.iam.put_user_policy().user_name(user).policy_name("by-hand");
        put.policy_document(DENY_ALL).send().await.expect("denied");
    }

    /// Lets everybody do what they did before: as themselves, in the session that they have, and in
    /// a new one.
    pub(crate) async fn work(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        for Person { name, key, session } in &self.people {
            let mut made = |by: &[&'static str], call: &str, outcome: Result<(), String>| {
                let what = format!("{call} by {name}");
                calls.push(Call { by: by.to_vec(), what, refused: outcome.err() });
            };
            let listed = self.owner.as_holder_of(key).list_buckets().await;
            made(&[name], "ListBuckets", listed);
            let listed = self.owner.as_holder_of(session).list_buckets().await;
            made(&[SHARED], "ListBuckets in a session of the shared role", listed);
            let again = assumed(&self.owner, key, name).await.map(drop);
            made(&[name, SHARED], "AssumeRole of the shared role", again);
        }
        calls
    }
}

/// What was refused to whom although no plan names them.
pub(crate) fn wronged(calls: &[Call], case: &Case) -> Vec<String> {
    let unnamed = calls.iter().filter(|call| !call.by.iter().any(|name| is_named(case, name)));
    let told = |call: &Call| {
        call.refused.as_ref().map(|code| format!("{} was refused with {code}", call.what))
    };
    unnamed.filter_map(told).collect()
}

async fn assumed(owner: &Account, key: &Credential, name: &str) -> Result<Credential, String> {
    let assume = owner.as_holder_of(key).sts.assume_role().role_arn(role_arn(&owner.id, SHARED));
    let assumed = assume.role_session_name(name).send().await.map_err(|error| code(&error))?;
    Ok(Credential::from(assumed.credentials().expect("its credentials")))
}
