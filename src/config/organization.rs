//! The pattern by which every account of an organization is reached without a section of its own.

use crate::aws::clients::{OrganizationSettings, RoleSettings};
use crate::config::reader::Reader;
use crate::domain::principal::account_in;

const TABLE: &str = "aws.organization";
/// IAM's longest name of a role.
const NAME_LENGTH_MAX: usize = 64;
/// IAM's longest path, its slashes included.
const PATH_LENGTH_MAX: usize = 512;
/// Where the ARNs of commercial accounts lie.
const PARTITION: &str = "aws";

/// The pattern, where there is one; `own` is what the bot's own account has for it.
pub fn organization(
    r: &mut Reader,
    (own_role, external_id): (Option<&str>, Option<&str>),
) -> Option<OrganizationSettings> {
    let lookup_role = name(r, "lookup_role");
    let contain_role = name(r, "contain_role");
    let eradicate_role = name(r, "eradicate_role");
    let recover_role = name(r, "recover_role");
    let own_external_id = r.text(&format!("{TABLE}.external_id"));
    let shared = own_external_id.as_deref().or(external_id).map(str::to_owned);
    let describe_role = describe_role(r, shared.clone());
    let named = [&lookup_role, &contain_role, &eradicate_role, &recover_role];
    let is_meant = named.iter().any(|role| role.is_some())
        || own_external_id.is_some()
        || describe_role.is_some();
    if !is_meant {
        return None;
    }
    let Some(lookup_role) = lookup_role else {
        let why = "has no lookup_role; without one keyleak cannot even look into these accounts";
        r.reject(TABLE, why);
        return None;
    };
    if eradicate_role.is_some() && contain_role.is_none() {
        let why = "needs a contain_role beside it: only what is contained is deleted";
        r.reject(&format!("{TABLE}.eradicate_role"), why);
    }
    if recover_role.is_some() && contain_role.is_none() {
        let why = "needs a contain_role beside it: a key is replaced once it is contained";
        r.reject(&format!("{TABLE}.recover_role"), why);
    }
    if shared.is_none() {
        let why = "needs an external_id, there or in [aws]: without one anybody's account could \
                   have keyleak act for it";
        r.reject(TABLE, why);
    }
    let partition = own_role.and_then(|arn| arn.split(':').nth(1)).unwrap_or(PARTITION);
    Some(OrganizationSettings {
        partition: partition.to_owned(),
        lookup_role,
        contain_role,
        eradicate_role,
        recover_role,
        external_id: shared,
        describe_role,
    })
}

/// A role's name with its path, as it is after `:role/` in the ARN of each account.
fn name(r: &mut Reader, tier: &str) -> Option<String> {
    let setting = format!("{TABLE}.{tier}");
    let written = r.text(&setting)?;
    if !is_name(&written) {
        let role = tier.replace("_role", "");
        let why = format!(
            "must be the name of a role, the same in every account, such as keyleak-{role} or \
             security/keyleak-{role}; an ARN names one account alone and goes into \
             [aws.accounts.<number>]"
        );
        r.reject(&setting, &why);
    }
    Some(written)
}

/// IAM's characters of names and paths, none of which a policy would take for a wildcard.
fn is_name(written: &str) -> bool {
    let (path, name) = written.rsplit_once('/').unwrap_or(("", written));
    let plain = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    let named = !name.is_empty() && name.len() <= NAME_LENGTH_MAX && name.chars().all(plain);
    let parts = || path.split('/').filter(|_| written.contains('/'));
    named
        && path.len() + 2 <= PATH_LENGTH_MAX
        && parts().all(|part| !part.is_empty() && part.chars().all(plain))
}

fn describe_role(r: &mut Reader, external_id: Option<String>) -> Option<RoleSettings> {
    let setting = format!("{TABLE}.describe_role");
    let arn = r.text(&setting)?;
    let is_role = arn.starts_with("arn:") && arn.contains(":role/") && account_in(&arn).is_some();
    if !is_role {
        let why = "must be an ARN such as arn:aws:iam::111111111111:role/keyleak-organization, in \
                   the management account or a delegated administrator's";
        r.reject(&setting, why);
    }
    Some(RoleSettings { arn, external_id })
}

#[cfg(test)]
mod tests {
    use crate::aws::clients::AwsSettings;
    use crate::config::read;
    use crate::domain::ids::AccountId;

    const SLACK: &str = "slack.signing_secret = \"s\"\nslack.bot_token = \"xoxb-1\"\n\
                         slack.team_id = \"T1\"\n";
    const OWN: &str = "[aws]\nlookup_role = \"arn:aws-us-gov:iam::123456789012:role/looks\"\n\
                       external_id = \"ours\"\n";
    const PATTERN: &str = "[aws.organization]\nlookup_role = \"security/looks\"\n\
                           contain_role = \"contains\"\n";

    fn aws(text: &str) -> Result<AwsSettings, Vec<String>> {
        let read = read("keyleak.toml", &format!("{SLACK}{text}"), &[]);
        read.map(|config| config.aws).map_err(|errors| errors.0)
    }

    fn errors(text: &str) -> Vec<String> {
        aws(text).map(drop).unwrap_err()
    }

    fn id(number: &str) -> AccountId {
        AccountId(number.to_owned())
    }

    #[test]
    fn every_account_has_roles_of_the_same_names_in_the_partition_of_our_own() {
        let read = aws(&format!("{OWN}{PATTERN}")).unwrap();
        let roles = read.organization.as_ref().unwrap().of(&id("210987654321"));
        let looks = "arn:aws-us-gov:iam::210987654321:role/security/looks";
        assert_eq!(roles.lookup_role.arn, looks);
        assert_eq!(roles.lookup_role.external_id.as_deref(), Some("ours"));
        assert_eq!(roles.eradicate_role, None, "what is not named is not done there");
        let changing = |number: &str| -> Vec<String> {
            read.changing_roles(Some(&id(number))).into_iter().map(|role| role.arn).collect()
        };
        let contains = "arn:aws-us-gov:iam::210987654321:role/contains";
        assert_eq!(changing("210987654321"), [contains]);
        assert_eq!(changing("123456789012"), [""; 0], "the bot's own is only looked at");
        assert_eq!(aws(OWN).unwrap().organization, None, "without a pattern there is none");
    }

    #[test]
    fn a_section_of_its_own_wins_over_the_pattern() {
        let section = "[aws.accounts.210987654321]\n\
                       lookup_role = \"arn:aws:iam::210987654321:role/other\"\n\
                       contain_role = \"arn:aws:iam::210987654321:role/special\"\n";
        let read = aws(&format!("{OWN}{PATTERN}{section}")).unwrap();
        let changing = read.changing_roles(Some(&id("210987654321")));
        assert_eq!(changing[0].arn, "arn:aws:iam::210987654321:role/special");
    }

    #[test]
    fn its_roles_are_never_touched_by_a_plan_in_any_account() {
        let text = format!("{SLACK}{OWN}{PATTERN}");
        let rules = read("keyleak.toml", &text, &[]).unwrap().rules;
        assert_eq!(rules.plans.protected_roles, ["security/looks", "contains"]);
    }

    #[test]
    fn a_bad_pattern_is_refused_with_what_to_write_instead() {
        let found = errors(
            "[aws.organization]\nlookup_role = \"arn:aws:iam::210987654321:role/looks\"\n\
             eradicate_role = \"keyleak-*\"\ndescribe_role = \"keyleak-organization\"\n",
        );
        for expected in [
            "line 5: aws.organization.lookup_role must be the name of a role, the same in every",
            "line 6: aws.organization.eradicate_role must be the name of a role",
            "line 6: aws.organization.eradicate_role needs a contain_role",
            "line 7: aws.organization.describe_role must be an ARN such as arn:aws:iam::1111",
            "line 4: aws.organization needs an external_id",
        ] {
            let expected = format!("keyleak.toml, {expected}");
            assert!(found.iter().any(|e| e.starts_with(&expected)), "{expected}: {found:#?}");
        }
        assert_eq!(found.len(), 5, "{found:#?}");
        let nothing = errors("[aws.organization]\ncontain_role = \"contains\"\n");
        assert!(nothing[0].contains("aws.organization has no lookup_role"), "{nothing:?}");
    }

    #[test]
    fn names_are_as_iam_takes_them() {
        for good in ["keyleak-lookup", "a/b/c", "x+=,.@_-1"] {
            assert!(super::is_name(good), "{good}");
        }
        let long = "x".repeat(65);
        for bad in ["", "/", "/a", "a//b", "a/", "keyleak-?", "keyleak-${x}", "a b", &long] {
            assert!(!super::is_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_trail_of_which_some_accounts_are_not_read_is_refused_beside_it() {
        let trail = "[trail.athena]\ndatabase = \"logs\"\naccount_column = \"account\"\n\
                     accounts = [\"123456789012\"]\n";
        let found = errors(&format!("{OWN}{PATTERN}{trail}"));
        assert!(found[0].contains("trail.athena.accounts lists accounts, and"), "{found:?}");
        assert!(aws(&format!("{OWN}{trail}")).is_ok());
    }
}
