//! Who may decide what: the lists of people, by tier, and how many have to agree.

use crate::config::identities::same_person;
use crate::config::reader::Reader;
use crate::domain::approvers::impossible;
use crate::domain::conduct::Conduct;
use crate::domain::plan::PlanRules;
use crate::domain::policy::Policy;
use crate::domain::tier::Tier;
use std::collections::BTreeSet;

/// The rules about people as they are written.
pub(super) fn policy(r: &mut Reader, team: &str, conduct: Conduct) -> Policy {
    let listed = |r: &mut Reader, name: &str| -> Option<BTreeSet<String>> {
        r.texts(name).map(|list| list.into_iter().collect())
    };
    let set = |r: &mut Reader, name: &str| listed(r, name).unwrap_or_default();
    let tiers = Tier::ALL.into_iter();
    Policy {
        team: team.to_owned(),
        openers: listed(r, "people.openers"),
        responders: set(r, "people.responders"),
        approvers: set(r, "people.approvers"),
        // A list that is there and empty is nobody, and one that is not there leaves it to all.
        approvers_of: tiers.filter_map(|tier| Some((tier, listed(r, tier.list())?))).collect(),
        key_owners: r.table("people.key_owners"),
        suspects: set(r, "people.suspects"),
        sql_askers: set(r, "people.sql_askers"),
        same_person: same_person(r),
        conduct,
        ..Policy::default()
    }
}

/// As many as for a containment, unless it is set.
pub(super) fn approvals_resources(r: &mut Reader, reversible: u32) -> u32 {
    let is_set = r.is_set("people.approvals_resources");
    // The default is read as 1, so that the printed one is one number.
    let set = r.number("people.approvals_resources", 1, 1);
    if is_set { set } else { set.max(reversible) }
}

/// Refuses a number that the people of its list cannot reach, and of the defaults that of
/// containments alone: where nothing is ever deleted nobody needs two.
pub(super) fn check_quorums(r: &mut Reader, policy: &Policy, plans: &PlanRules) {
    for tier in Tier::ALL {
        let quorum = tier.quorum().filter(|quorum| r.is_set(quorum));
        let own = policy.approvers_of.contains_key(&tier) || quorum.is_some();
        if tier != Tier::Contain && !own {
            continue;
        }
        if let Some(why) = impossible(policy, plans, tier) {
            r.reject(quorum.or(tier.quorum()).unwrap_or(tier.list()), &why);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::read;
    use crate::domain::tier::Tier;

    const GOOD: &str = r#"
[slack]
signing_secret = "s"
bot_token = "xoxb-1"
team_id = "T1"
[people]
approvers = ["U1", "U2", "U3"]
"#;

    fn errors(more: &str) -> Vec<String> {
        read("keyleak.toml", &format!("{GOOD}{more}"), &[]).map(|_| ()).unwrap_err().0
    }

    #[test]
    fn a_tier_without_a_list_is_left_to_all_approvers_and_an_empty_one_is_nobody() {
        let more = "approvers_irreversible = [\"U7\", \"U8\", \"U9\"]\napprovers_read = []\n\
                    approvals_reversible = 2\n";
        let rules = read("keyleak.toml", &format!("{GOOD}{more}"), &[]).unwrap().rules;
        let count = |tier| rules.policy.approvers_for(tier).len();
        assert_eq!(Tier::ALL.map(count), [0, 3, 3, 3]);
        assert!(rules.policy.approvers_for(Tier::Irreversible).contains("U9"));
        assert_eq!(Tier::ALL.map(|tier| rules.plans.approvals(tier)), [1, 2, 2, 2]);
        let environment = [("KEYLEAK_PEOPLE__APPROVERS_READ".to_owned(), "U4, U5".to_owned())];
        let rules = read("keyleak.toml", GOOD, &environment).unwrap().rules;
        assert_eq!(rules.policy.approvers_for(Tier::Read).len(), 2);
    }

    #[test]
    fn a_number_that_a_list_cannot_reach_is_refused_with_its_line() {
        for (more, said) in [
            (
                "approvers_irreversible = [\"U1\"]",
                "keyleak.toml: people.approvals_irreversible asks for 2 approvals, and \
                 people.approvers_irreversible lists 1",
            ),
            (
                "approvals_resources = 4",
                "keyleak.toml, line 8: people.approvals_resources asks for 4 approvals, and \
                 people.approvers lists 3",
            ),
            (
                "approvers_contain = [\"bob\"]",
                "keyleak.toml, line 8: people.approvers_contain has \"bob\"",
            ),
        ] {
            let found = errors(more);
            assert!(found.iter().any(|one| one.starts_with(said)), "{said}: {found:?}");
        }
        let enough = "approvals_resources = 3\napprovers_irreversible = [\"U1\", \"U2\"]\n";
        assert!(read("keyleak.toml", &format!("{GOOD}{enough}"), &[]).is_ok());
    }
}
