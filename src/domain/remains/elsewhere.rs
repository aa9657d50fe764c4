//! What the actor holds in another account: named with it, and where to go on.

use super::{Served, named};
use crate::domain::ids::{AccessKeyId, AccountId};
use crate::domain::lineage::{Certainty, Node};

/// A plan changes one account only, so this is for another case or for other people.
pub(super) fn open_end(node: &Node, place: &str, served: &Served) -> String {
    let known = served.get(&AccountId(place.to_owned()));
    let place = match known.and_then(Option::as_deref) {
        Some(name) => format!("{place} ({name})"),
        None => place.to_owned(),
    };
    let key = AccessKeyId::from_record(&node.id).filter(|_| node.kind.is_long_term());
    let way_on = match (known, key) {
        (None, _) => "out of our reach; tell its owners".to_owned(),
        (Some(_), Some(key)) => {
            format!("which keyleak serves: open a case for {key} with /keyleak and its whole id")
        }
        (Some(_), None) => "which keyleak serves, but this plan is for one account: revoke it \
                            there by hand, and open a case there for each key that it made"
            .to_owned(),
    };
    let seems = if node.certainty == Certainty::Likely { "as it seems, " } else { "" };
    named(node, &format!("{seems}it is in account {place}, {way_on}"))
}
