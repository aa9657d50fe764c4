//! Names of the corporate directory in place of Slack ids, and the accounts that are one person's.

use crate::config::reader::Reader;
use crate::config::shapes::{LISTS_WITH_GROUPS, is_id};
use std::collections::BTreeMap;

const IDENTITIES: &str = "people.identities";
const SAME_PERSON: &str = "people.same_person";
/// An e-mail address has at most 254 characters.
const NAME_LENGTH_MAX: usize = 254;
/// Settings whose texts, or the values of whose table, are people; besides the lists with groups.
const NAMING: [&str; 6] = [
    "people.suspects",
    "people.key_owners",
    "people.operators",
    "people.legal",
    "escalation.people",
    SAME_PERSON,
];

/// Puts the Slack ids in the place of names, before any list is read; the names in lower case, with
/// whom each is.
pub(super) fn resolve(r: &mut Reader) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (name, user) in r.table(IDENTITIES) {
        if let Some(why) = wrong_with(&name, &user) {
            r.reject(IDENTITIES, &format!(".{name:?} {why}"));
            continue;
        }
        let twice = known.insert(name.to_lowercase(), user.clone());
        if twice.is_some_and(|other| other != user) {
            r.reject(IDENTITIES, &format!("names {name:?} twice, for two people; keep one"));
        }
    }
    for setting in LISTS_WITH_GROUPS.into_iter().chain(NAMING) {
        r.replace(setting, &|text| known.get(&text.to_lowercase()).cloned());
    }
    known
}

fn wrong_with(name: &str, user: &str) -> Option<&'static str> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == ',';
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || name.contains(odd) {
        return Some(
            "is no name; write an e-mail address or a user name, without spaces or commas",
        );
    }
    if is_id(name, &['U', 'W', 'S']) {
        return Some("looks like an id of Slack, which would mean two; write it in small letters");
    }
    (!is_id(user, &['U', 'W'])).then_some("must be a person's Slack id, such as U0123ABC")
}

/// Each account of somebody who has several, with the one that stands for all of them.
pub(super) fn same_person(r: &mut Reader) -> BTreeMap<String, String> {
    let mut accounts: BTreeMap<String, String> = BTreeMap::new();
    for list in r.lists(SAME_PERSON) {
        let Some(first) = list.first().filter(|_| list.len() > 1) else {
            r.reject(SAME_PERSON, "has a list of one account; write two or more, or none");
            continue;
        };
        for account in &list {
            if !is_id(account, &['U', 'W']) {
                let why = format!(
                    "has {account:?}; write Slack ids of people, or names of [people.identities]"
                );
                r.reject(SAME_PERSON, &why);
            } else if accounts.insert(account.clone(), first.clone()).is_some() {
                let why = format!("names {account} twice; all accounts of a person are one list");
                r.reject(SAME_PERSON, &why);
            }
        }
    }
    accounts
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, read};
    use crate::domain::tier::Tier;

    const GOOD: &str = r#"
[slack]
signing_secret = "s"
bot_token = "xoxb-1"
team_id = "T1"
[people]
approvers = ["alice@corp.example", "U2", "S0OPS"]
approvers_irreversible = ["Alice@Corp.example", "bob", "U2"]
suspects = ["mallory@corp.example"]
legal = ["bob"]
same_person = [["bob", "U22"], ["U9", "U99"]]
identities."alice@corp.example" = "U1"
identities."bob" = "U3"
identities."mallory@corp.example" = "U9"
[people.key_owners]
payments = "alice@corp.example"
[people.operators]
"arn:aws:iam::123456789012:user/bob" = "bob"
[escalation]
people = ["bob"]
"#;

    fn config(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let environment: Vec<_> =
            environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        read("keyleak.toml", text, &environment).map_err(|errors| errors.0)
    }

    #[test]
    fn every_list_may_name_people_by_the_directory() {
        let config = config(GOOD, &[("KEYLEAK_PEOPLE__RESPONDERS", "bob, U5")]).unwrap();
        let policy = &config.rules.policy;
        let all = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(policy.approvers, all(&["S0OPS", "U1", "U2"]));
        assert_eq!(*policy.approvers_for(Tier::Irreversible), all(&["U1", "U2", "U3"]));
        assert_eq!(policy.responders, all(&["U3", "U5"]));
        assert_eq!(policy.suspects, all(&["U9"]));
        assert_eq!(policy.key_owners["payments"], "U1");
        assert_eq!(policy.conduct.legal, all(&["U3"]));
        assert_eq!(policy.conduct.ladder.next, all(&["U3"]));
        assert_eq!(config.operators.users(), ["U3"].into());
        assert!(policy.is_one("U3", "U22") && policy.is_suspect("U99"));
        assert!(!policy.is_one("U3", "U9") && !policy.is_suspect("U3"));
    }

    #[test]
    fn a_name_that_nobody_has_and_an_entry_that_means_nobody_are_refused_with_their_line() {
        for (right, wrong, told) in [
            (
                "\"bob\", \"U2\"]",
                "\"rob\", \"U2\"]",
                "line 8: people.approvers_irreversible has \"rob\"",
            ),
            ("legal = [\"bob\"]", "legal = [\"rob\"]", "line 10: people.legal has \"rob\""),
            ("people = [\"bob\"]", "people = [\"rob\"]", "escalation.people has \"rob\""),
            ("= \"U3\"", "= \"S3\"", "people.identities .\"bob\" must be a person's Slack id"),
            ("identities.\"bob\"", "identities.\"UBOB\"", "looks like an id of Slack"),
            ("identities.\"bob\"", "identities.\"bob smith\"", "is no name"),
            ("identities.\"bob\"", "identities.\"ALICE@corp.example\"", "twice, for two people"),
            ("[\"U9\", \"U99\"]", "[\"U9\"]", "has a list of one account"),
            ("[\"U9\", \"U99\"]", "[\"U9\", \"U22\"]", "people.same_person names U22 twice"),
            ("[\"U9\", \"U99\"]", "\"U9\"", "must be a list of lists"),
            ("[\"U9\", \"U99\"]", "[\"U9\", \"S9\"]", "people.same_person has \"S9\""),
        ] {
            assert!(GOOD.contains(right), "{right}");
            let found = config(&GOOD.replacen(right, wrong, 1), &[]).map(|_| ()).unwrap_err();
            assert!(found.iter().any(|one| one.contains(told)), "{wrong}: {found:?}");
        }
        let found = config(&GOOD.replacen("\"U2\", \"S0OPS\"", "\"eve@corp.example\"", 1), &[]);
        let found = found.map(|_| ()).unwrap_err().join("\n");
        assert!(
            found.contains("add \"eve@corp.example\" = \"U…\" to [people.identities]"),
            "{found}"
        );
    }
}
