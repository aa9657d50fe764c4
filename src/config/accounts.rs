//! The bot's own account and those beside it, each with roles that are checked against its number.

use crate::aws::clients::{AccountSettings, AwsSettings, ContainSettings, RoleSettings};
use crate::aws::manifests::ACCOUNTS_MAX;
use crate::config::organization::organization;
use crate::config::reader::Reader;
use crate::domain::ids::AccountId;
use crate::domain::principal::account_in;
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = "aws.accounts";
/// A card has room for a word or two.
const NAME_LENGTH_MAX: usize = 40;
/// IAM's longest tag key.
const TAG_LENGTH_MAX: usize = 128;
pub(super) const OWN_ROLES: [&str; 4] =
    ["aws.lookup_role", "aws.contain_role", "aws.eradicate_role", "aws.recover_role"];

/// With whose rights AWS is asked and changed, in each account.
pub fn aws(r: &mut Reader) -> AwsSettings {
    let external_id = r.text("aws.external_id");
    let accounts = accounts(r, external_id.as_deref());
    let role = |arn: String| RoleSettings { arn, external_id: external_id.clone() };
    let contain_role = r.text("aws.contain_role").map(role);
    let own = r.text("aws.contain");
    let contain = match (contain_role, own.as_deref()) {
        (Some(role), None) => Some(ContainSettings::Role(role)),
        (None, Some("own-credentials")) => Some(ContainSettings::OwnCredentials),
        (None, None) => None,
        (Some(_), Some(_)) => {
            r.reject("aws.contain", "and aws.contain_role exclude each other");
            None
        }
        (None, Some(_)) => {
            r.reject(
                "aws.contain",
                "can only be \"own-credentials\"; a role goes in aws.contain_role",
            );
            None
        }
    };
    let lookup_role = r.text("aws.lookup_role");
    let own = (lookup_role.as_deref(), external_id.as_deref());
    let organization = organization(r, own);
    AwsSettings {
        region: r.text("aws.region"),
        lookup_role: lookup_role.map(role),
        contain,
        eradicate_role: r.text("aws.eradicate_role").map(role),
        recover_role: r.text("aws.recover_role").map(role),
        guard_duty_regions: r.texts("aws.guard_duty_regions").unwrap_or_default(),
        quarantine_tag: quarantine_tag(r),
        accounts,
        organization,
    }
}

/// IAM's tag keys, without what JSON or a shell would have to quote.
fn quarantine_tag(r: &mut Reader) -> Option<String> {
    let tag = r.text("aws.quarantine_tag")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    if tag.len() > TAG_LENGTH_MAX || tag.starts_with("aws:") || !tag.chars().all(plain) {
        let why =
            "must be a tag key of up to 128 letters, digits and -_.:/, and not begin with aws:";
        r.reject("aws.quarantine_tag", why);
    }
    Some(tag)
}

/// An account whose partitions are not read would look as if nothing had happened in it.
pub fn check_trail(r: &mut Reader, setting: &str, read: &[String]) {
    for number in r.tables(TABLE) {
        if !read.contains(&number) {
            let why = format!("lacks {number}, an account that [{TABLE}.{number}] says is served");
            r.reject(setting, &why);
        }
    }
    if r.text("aws.organization.lookup_role").is_some() {
        let why = "lists accounts, and [aws.organization] serves all of them: take it and \
                   trail.athena.account_column out, so that the records of every account are read";
        r.reject(setting, why);
    }
}

/// Reads every table under `aws.accounts`; what is wrong with any of them is noted.
fn accounts(r: &mut Reader, external_id: Option<&str>) -> BTreeMap<AccountId, AccountSettings> {
    let own = own_accounts(r);
    let mut accounts = BTreeMap::new();
    let tables = r.tables(TABLE);
    if tables.len() > ACCOUNTS_MAX {
        let why = format!(
            "has {} accounts; at most {ACCOUNTS_MAX}: serve more of them by one pattern, \
             aws.organization",
            tables.len()
        );
        r.reject(TABLE, &why);
    }
    for number in tables {
        let table = format!("{TABLE}.{number}");
        let settings = account(r, &table, external_id);
        match AccountId::parse(&number) {
            None => r.reject(&table, "is not named by an account number of twelve digits"),
            Some(id) if own.contains(&id) => {
                let why = "is the account of aws.lookup_role, aws.contain_role, \
                           aws.eradicate_role or aws.recover_role; name its roles there and \
                           take this table out";
                r.reject(&table, why);
            }
            Some(id) => {
                check_roles(r, &table, &id);
                accounts.extend(settings.map(|settings| (id, settings)));
            }
        }
    }
    accounts
}

/// The accounts that the bot's own roles are of: there should be one.
fn own_accounts(r: &mut Reader) -> BTreeSet<AccountId> {
    let mut own = BTreeSet::new();
    for setting in OWN_ROLES {
        let arn = r.text(setting);
        let account = arn.as_deref().and_then(account_in).and_then(AccountId::parse);
        let Some(account) = account else { continue };
        if let Some(first) = own.iter().find(|first| **first != account) {
            let why = format!(
                "is of account {account}, and the other roles are of {first}; the roles of \
                 {account} go into [{TABLE}.{account}]"
            );
            r.reject(setting, &why);
        } else {
            own.insert(account);
        }
    }
    own
}

fn account(r: &mut Reader, table: &str, external_id: Option<&str>) -> Option<AccountSettings> {
    let name = r.text(&format!("{table}.name"));
    let too_long = |name: &String| name.trim().is_empty() || name.chars().count() > NAME_LENGTH_MAX;
    if name.as_ref().is_some_and(too_long) {
        let why = format!("must be 1 to {NAME_LENGTH_MAX} characters");
        r.reject(&format!("{table}.name"), &why);
    }
    let external_id = r.text(&format!("{table}.external_id")).or(external_id.map(str::to_owned));
    let role = |arn: String| RoleSettings { arn, external_id: external_id.clone() };
    let lookup_role = r.text(&format!("{table}.lookup_role")).map(&role);
    let contain_role = r.text(&format!("{table}.contain_role")).map(&role);
    let eradicate_role = r.text(&format!("{table}.eradicate_role")).map(&role);
    let recover_role = r.text(&format!("{table}.recover_role")).map(&role);
    if lookup_role.is_none() {
        let why = "has no lookup_role; without one keyleak cannot even look there";
        r.reject(table, why);
    }
    if eradicate_role.is_some() && contain_role.is_none() {
        let why = "needs a contain_role beside it: only what is contained is deleted";
        r.reject(&format!("{table}.eradicate_role"), why);
    }
    if recover_role.is_some() && contain_role.is_none() {
        let why = "needs a contain_role beside it: a key is made once the leaked one is contained";
        r.reject(&format!("{table}.recover_role"), why);
    }
    let lookup_role = lookup_role?;
    Some(AccountSettings { name, lookup_role, contain_role, eradicate_role, recover_role })
}

/// A role of another account would look, or change something, where nobody asked for it.
fn check_roles(r: &mut Reader, table: &str, id: &AccountId) {
    for tier in ["lookup", "contain", "eradicate", "recover"] {
        let setting = format!("{table}.{tier}_role");
        let Some(arn) = r.text(&setting) else { continue };
        let is_role = arn.starts_with("arn:") && arn.contains(":role/");
        match account_in(&arn).filter(|_| is_role) {
            Some(account) if account == id.0 => {}
            Some(account) => {
                r.reject(&setting, &format!("is of account {account}, and the table is of {id}"));
            }
            None => {
                let why = format!("must be an ARN such as arn:aws:iam::{id}:role/keyleak-{tier}");
                r.reject(&setting, &why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::aws::clients::AwsSettings;
    use crate::config::read;

    const OWN: &str = r#"
slack.signing_secret = "s"
slack.bot_token = "xoxb-1"
slack.team_id = "T1"
[aws]
lookup_role = "arn:aws:iam::123456789012:role/looks"
external_id = "ours"
"#;
    const OTHER: &str = r#"
[aws.accounts.210987654321]
name = "prod"
lookup_role = "arn:aws:iam::210987654321:role/looks"
contain_role = "arn:aws:iam::210987654321:role/contains"
external_id = "theirs"
"#;

    fn aws(text: &str, environment: &[(&str, &str)]) -> Result<AwsSettings, Vec<String>> {
        let environment: Vec<_> =
            environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let read = read("keyleak.toml", text, &environment);
        read.map(|config| config.aws).map_err(|errors| errors.0)
    }

    fn errors(more: &str) -> Vec<String> {
        aws(&format!("{OWN}{more}"), &[]).map(drop).unwrap_err()
    }

    #[test]
    fn an_account_has_roles_of_its_own_and_an_external_id_where_it_names_one() {
        let read = aws(&format!("{OWN}{OTHER}"), &[]).unwrap();
        assert_eq!(read.own_account().unwrap().0, "123456789012");
        let (id, account) = read.accounts.first_key_value().unwrap();
        assert_eq!((id.0.as_str(), account.name.as_deref()), ("210987654321", Some("prod")));
        assert_eq!(account.lookup_role.external_id.as_deref(), Some("theirs"));
        assert_eq!(account.eradicate_role, None, "what is not named is not done there");
        let arns: Vec<String> =
            read.changing_roles(Some(id)).into_iter().map(|role| role.arn).collect();
        assert_eq!(arns, ["arn:aws:iam::210987654321:role/contains"]);
        assert!(read.changing_roles(None).is_empty(), "the bot's own account is only looked at");
        let without = OTHER.replace("external_id = \"theirs\"\n", "");
        let read = aws(&format!("{OWN}{without}"), &[]).unwrap();
        let account = read.accounts.values().next().unwrap();
        assert_eq!(account.lookup_role.external_id.as_deref(), Some("ours"));
    }

    #[test]
    fn its_roles_are_never_touched_by_a_plan() {
        let text = format!("{OWN}{OTHER}");
        let config = read("keyleak.toml", &text, &[]).unwrap();
        for role in ["looks", "contains"] {
            let arn = format!("arn:aws:iam::210987654321:role/{role}");
            assert!(config.rules.plans.protected_arns.contains(&arn), "{arn}");
        }
    }

    #[test]
    fn the_environment_overrides_a_role_of_one_account() {
        let variable = "KEYLEAK_AWS__ACCOUNTS__210987654321__CONTAIN_ROLE";
        let arn = "arn:aws:iam::210987654321:role/other";
        let read = aws(&format!("{OWN}{OTHER}"), &[(variable, arn)]).unwrap();
        let account = read.accounts.values().next().unwrap();
        assert_eq!(account.contain_role.as_ref().unwrap().arn, arn);
    }

    #[test]
    fn all_mistakes_come_at_once_each_with_its_line() {
        let found = errors(
            r#"
[aws.accounts.210987654321]
lookup_role = "arn:aws:iam::333333333333:role/looks"
contain_role = "keyleak-contain"
lokup_role = "x"
[aws.accounts.12345]
lookup_role = "arn:aws:iam::12345:role/looks"
[aws.accounts.123456789012]
lookup_role = "arn:aws:iam::123456789012:role/looks"
[aws.accounts.444444444444]
[aws.accounts.555555555555]
name = ""
lookup_role = "arn:aws:iam::555555555555:role/looks"
eradicate_role = "arn:aws:iam::555555555555:role/deletes"
"#,
        );
        let expected = [
            "line 10: aws.accounts.210987654321.lookup_role is of account 333333333333, and the",
            "line 11: aws.accounts.210987654321.contain_role must be an ARN such as arn:aws:iam::2",
            "line 12: there is no setting aws.accounts.210987654321.lokup_role",
            "line 13: aws.accounts.12345 is not named by an account number of twelve digits",
            "line 15: aws.accounts.123456789012 is the account of aws.lookup_role",
            "line 17: aws.accounts.444444444444 has no lookup_role",
            "line 19: aws.accounts.555555555555.name must be 1 to 40 characters",
            "line 21: aws.accounts.555555555555.eradicate_role needs a contain_role",
        ];
        for expected in expected {
            let expected = format!("keyleak.toml, {expected}");
            assert!(found.iter().any(|e| e.starts_with(&expected)), "{expected}: {found:#?}");
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
    }

    #[test]
    fn an_account_that_is_there_twice_is_named_with_its_line() {
        let twice = errors(&format!("{OTHER}{OTHER}"));
        assert!(twice[0].starts_with("keyleak.toml, line 1"), "{twice:?}");
        assert!(twice[0].contains("duplicate"), "{twice:?}");
    }

    #[test]
    fn what_is_no_table_of_accounts_is_refused() {
        let text = errors("accounts = \"210987654321\"\n");
        assert!(text[0].contains("aws.accounts must be tables such as"), "{text:?}");
        let inner = errors("[aws.accounts]\n210987654321 = \"prod\"\n");
        assert!(inner.iter().any(|e| e.contains("no setting aws.accounts.2109")), "{inner:?}");
    }

    #[test]
    fn own_roles_of_two_accounts_are_told_where_they_belong() {
        let contain = "contain_role = \"arn:aws:iam::210987654321:role/contains\"\n";
        let found = errors(contain);
        let wanted = "keyleak.toml, line 8: aws.contain_role is of account 210987654321";
        assert!(found[0].starts_with(wanted), "{found:?}");
        assert!(found[0].ends_with("go into [aws.accounts.210987654321]"), "{found:?}");
    }

    #[test]
    fn a_trail_of_which_an_account_is_not_read_is_refused() {
        let trail = |accounts: &str| {
            format!(
                "{OWN}{OTHER}[trail.athena]\ndatabase = \"logs\"\naccount_column = \"account\"\n\
                 accounts = [{accounts}]\n"
            )
        };
        let found = aws(&trail("\"123456789012\""), &[]).map(drop).unwrap_err();
        assert!(
            found[0].contains("line 17: trail.athena.accounts lacks 210987654321"),
            "{found:?}"
        );
        assert!(aws(&trail("\"123456789012\", \"210987654321\""), &[]).is_ok());
    }

    #[test]
    fn more_accounts_than_a_policy_has_room_for_are_refused() {
        let table = |n: usize| {
            let lookup = format!("lookup_role = \"arn:aws:iam::{n:012}:role/looks\"");
            format!("[aws.accounts.{n:012}]\n{lookup}\n")
        };
        let tables = |count| (1..=count).map(table).collect::<String>();
        assert!(aws(&format!("{OWN}{}", tables(12)), &[]).is_ok());
        assert!(errors(&tables(13))[0].contains("aws.accounts has 13 accounts; at most 12"));
    }
}
