//! What has to be looked up in an event history to know a key, and what grew out of it.

use crate::domain::ids::{AccessKeyId, AccountId};
use crate::domain::lineage::{Lineage, Node, NodeKind};
use crate::ports::event_history::{About, Search};
use crate::ports::trail::Window;
use crate::trail::canon::Canon;
use crate::trail::flatten::{self, CallerParts};
use crate::trail::glance::{Field, Glance};
use crate::trail::scan::{Pass, scan_records};
use std::collections::BTreeSet;

const SIGN_IN: &str = "ConsoleLogin";

/// What a key did, and who made it or switched it.
pub(super) fn of_key(key_id: &str) -> Vec<Search> {
    // The account is told by the id itself, where it is not one of the older kind.
    let account = AccessKeyId::from_record(key_id).and_then(|key| key.account());
    let calls = Search { about: About::Key(key_id.to_owned()), account: account.clone() };
    vec![calls, Search { about: About::Resource(key_id.to_owned()), account }]
}

/// Everything that a lineage leads to, keys first: these are what the actor acts with.
pub(super) fn of(lineage: &Lineage) -> Vec<Search> {
    let mut all = of_key(&lineage.key_id);
    all.extend(lineage.nodes.iter().flat_map(of_credential));
    all.extend(lineage.nodes.iter().flat_map(of_principal));
    let account = lineage.account.as_deref().and_then(AccountId::parse);
    if let Some(owner) = &lineage.owner_name {
        let about = [About::Resource(owner.clone()), About::Call(SIGN_IN)];
        all.extend(about.map(|about| Search { about, account: account.clone() }));
    }
    let renamed = lineage.renamed.iter().flat_map(|user| {
        let account = AccountId::parse(&user.account);
        let names = [&user.old, &user.new].map(|name| About::Resource(name.clone()));
        names.map(|about| Search { about, account: account.clone() })
    });
    all.extend(renamed);
    let mut known = BTreeSet::new();
    all.retain(|search| known.insert(search.clone()));
    all
}

fn of_credential(node: &Node) -> Vec<Search> {
    let account = account_of(node);
    match node.kind {
        NodeKind::LongTermKey => of_key(&node.id),
        NodeKind::UserSession
        | NodeKind::RoleSession
        | NodeKind::ServiceSession
        | NodeKind::FederatedUser => of_key(&node.id).into_iter().take(1).collect(),
        // Its keys change without being made in any record; its user is always the same.
        NodeKind::ConsoleSession => {
            let name = node.arn.as_deref().and_then(last_part);
            let about = name.map(|name| About::User(name.to_owned()));
            about.map(|about| Search { about, account }).into_iter().collect()
        }
        NodeKind::ServiceCredential => {
            vec![Search { about: About::Resource(node.id.clone()), account }]
        }
        // Nobody holds it, and whoever it was used for is here.
        NodeKind::ForwardedSession | NodeKind::User | NodeKind::Role => Vec::new(),
    }
}

fn of_principal(node: &Node) -> Vec<Search> {
    if !node.kind.is_principal() {
        return Vec::new();
    }
    let name = node.user_name.as_deref().or(node.arn.as_deref().and_then(last_part));
    let mut about: Vec<About> =
        name.map(|name| About::Resource(name.to_owned())).into_iter().collect();
    if node.kind == NodeKind::Role {
        about.extend(node.arn.clone().map(About::Resource));
    } else if node.is_created() {
        about.extend(name.map(|name| About::User(name.to_owned())));
    }
    let account = account_of(node);
    about.into_iter().map(|about| Search { about, account: account.clone() }).collect()
}

/// What was done to a target, by the name it was given and by the end of that.
pub(super) fn about(target: &str) -> Vec<Search> {
    let account = target.split([':', '/']).find_map(AccountId::parse);
    let names = BTreeSet::from([target, last_part(target).unwrap_or(target)]);
    let names = names.into_iter().map(|name| About::Resource(name.to_owned()));
    names.map(|about| Search { about, account: account.clone() }).collect()
}

/// Who opened sessions of a role.
pub(super) fn of_role(role: &str) -> Vec<Search> {
    about(role)
}

/// What the sessions did that these records show being opened.
pub(super) fn of_sessions(records: &[String], scope: (Window, &Canon)) -> Vec<Search> {
    let (MintedPass(keys), _) = scan_records(records, scope, MintedPass::default());
    keys.iter().flat_map(|key| of_key(key).into_iter().take(1)).collect()
}

/// The keys of the sessions that were opened.
#[derive(Default)]
struct MintedPass(BTreeSet<String>);

impl Pass for MintedPass {
    fn take(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        if record.get(Field::EventSource) == Some("sts.amazonaws.com") {
            let caller = CallerParts::of_glance(record);
            self.0.extend(flatten::edge(&record.whole()?, time, &caller).minted_key);
        }
        Ok(0)
    }
}

fn account_of(node: &Node) -> Option<AccountId> {
    node.arn.as_deref()?.split(':').nth(4).and_then(AccountId::parse)
}

fn last_part(name: &str) -> Option<&str> {
    name.rsplit('/').next().filter(|last| !last.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_looked_up_in_the_account_that_its_id_tells_or_everywhere() {
        let [calls, changes] = of_key("ASIAQNZGKIQY56JQ7WML").try_into().unwrap();
        assert_eq!(calls.account, AccountId::parse("029608264753"));
        assert_eq!(calls.about, About::Key("ASIAQNZGKIQY56JQ7WML".to_owned()));
        assert_eq!(changes.about, About::Resource("ASIAQNZGKIQY56JQ7WML".to_owned()));
        assert_eq!(of_key("AKIAIOSFODNN7EXAMPLE")[0].account, None, "the older kind tells none");
    }

    #[test]
    fn a_target_is_looked_up_by_its_whole_name_and_by_its_last_part() {
        let told = about("arn:aws:iam::111122223333:role/path/ops");
        let names: Vec<String> = told.iter().map(|one| one.about.to_string()).collect();
        assert_eq!(
            names,
            ["the calls about arn:aws:iam::111122223333:role/path/ops", "the calls about ops"]
        );
        assert!(told.iter().all(|one| one.account == AccountId::parse("111122223333")));
        let bucket = about("AWS::S3::Bucket/111122223333/eu-west-1/loot");
        assert!(bucket.iter().any(|one| one.about == About::Resource("loot".to_owned())));
        assert_eq!(about("ci").len(), 1);
    }
}
