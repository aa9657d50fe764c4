//! What to install in AWS, printed for this configuration.

use crate::aws::anchors::AnchorSettings;
use crate::aws::athena_table::AthenaSettings;
use crate::aws::clients::{
    AccountSettings, AwsSettings, ContainSettings, OrganizationSettings, RoleSettings,
};
use crate::aws::evidence::EvidenceSettings;
use crate::aws::tables::TableNames;
use crate::domain::checkup::roles::{self, allowed};
use crate::domain::ids::AccountId;
use crate::domain::principal::account_in;
use std::collections::BTreeSet;

/// The policy of the role that looks: only reading, and only what validation asks.
const LOOKUP: &str = include_str!("../../manifests/iam/lookup.json");
/// The policy of the role that contains.
const CONTAIN: &str = include_str!("../../manifests/iam/contain.json");
/// What the role that contains needs besides, to stop what an actor built: a policy of its own,
/// because one has room for no more.
const CONTAIN_RESOURCES: &str = include_str!("../../manifests/iam/contain_resources.json");
/// The policy of the role that deletes for good what an actor made.
const ERADICATE: &str = include_str!("../../manifests/iam/eradicate.json");
const ERADICATE_RESOURCES: &str = include_str!("../../manifests/iam/eradicate_resources.json");
/// The policy of the role that makes a key in the place of a leaked one.
const RECOVER: &str = include_str!("../../manifests/iam/recover.json");
/// The policy of the bot itself.
const BOT: &str = include_str!("../../manifests/iam/bot.json");
/// Another policy of the bot, where it assumes the roles of every account of an organization.
const BOT_ORGANIZATION: &str = include_str!("../../manifests/iam/bot_organization.json");
/// Another policy of the bot, where it may make tables of whole cuts in Athena.
const BOT_CASE_TABLES: &str = include_str!("../../manifests/iam/bot_case_tables.json");
/// The policy of the role that asks AWS Organizations about an account.
const ORGANIZATION: &str = include_str!("../../manifests/iam/organization.json");
/// Who may assume the roles.
const TRUST: &str = include_str!("../../manifests/iam/trust.json");
/// The service control policy that makes the tag a quarantine.
const QUARANTINE: &str = include_str!("../../manifests/organizations/quarantine.json");
/// The two roles that try it, for every account that it is attached to.
const PREFLIGHT: &str = include_str!("../../manifests/organizations/preflight.yaml");
const QUARANTINE_TAG: &str = "keyleak-quarantine";
const TABLES: &str = include_str!("../../manifests/dynamodb/tables.yaml");

/// What `keyleak doctor` asks for beside what the bot lives by.
const DOCTOR: &str = include_str!("../../manifests/iam/doctor.json");

/// What no configuration knows or had to know yet, and what belongs there.
const TO_FILL_IN: &[(&str, &str)] = &[
    ("arn:aws:iam::111111111111:role/keyleak-bot", "the role that `keyleak serve` runs as"),
    (EXTERNAL_ID, "a text of your own choice; the same goes into aws.external_id"),
    ("arn:aws:s3:::keyleak-trail", "the bucket that CloudTrail delivers to"),
    ("arn:aws:s3:::keyleak-athena", "the bucket of Athena's results; set trail.athena.output"),
    ("arn:aws:s3:::keyleak-evidence", "the bucket of the evidence; set evidence.bucket"),
    ("arn:aws:s3:::keyleak-anchors", "a bucket with Object Lock for anchors; set anchors.bucket"),
];
/// IAM's limit for a managed policy.
const POLICY_LENGTH_MAX: usize = 6_144;
/// So many accounts beside the bot's own fit into the policies, which name every role: this leaves
/// 24 characters for the name of each, with the roles of an organization or a deny of one's own.
pub const ACCOUNTS_MAX: usize = 12;
const EXTERNAL_ID: &str = "replace-with-your-own";

/// The names that the policies are printed with.
#[derive(Debug, Clone, Copy)]
pub struct ManifestNames<'a> {
    pub tables: &'a TableNames,
    pub deny_policy_arn: &'a str,
    pub aws: &'a AwsSettings,
    pub evidence: Option<&'a EvidenceSettings>,
    pub anchors: Option<&'a AnchorSettings>,
    pub athena: Option<&'a AthenaSettings>,
}

/// The nine policies as one JSON object, a trust policy for each account that asks for an external
/// id of its own, what an organization and tables of whole cuts take besides, and what is left for
/// a person to fill in.
pub fn policies(names: &ManifestNames<'_>) -> String {
    let all = [
        ("lookup", LOOKUP),
        ("contain", CONTAIN),
        ("contain_resources", CONTAIN_RESOURCES),
        ("eradicate", ERADICATE),
        ("eradicate_resources", ERADICATE_RESOURCES),
        ("recover", RECOVER),
        ("bot", BOT),
        ("doctor", DOCTOR),
        ("trust", TRUST),
    ];
    let mut named: Vec<(String, String)> =
        all.map(|(name, text)| (name.to_owned(), named(text, names))).into();
    if names.aws.organization.is_some() {
        for (_, text) in named.iter_mut().filter(|(name, _)| name == "bot") {
            *text = under_no_name(text, names.aws);
        }
    }
    named.extend(other_trusts(names));
    named.extend(of_the_organization(names));
    named.extend(of_case_tables(names));
    named.extend(of_the_lookup_role(names));
    let left = TO_FILL_IN.iter().filter(|(text, _)| named.iter().any(|(_, n)| n.contains(text)));
    let left = left.map(|(text, what)| format!("{text} is {what}"));
    let left: Vec<String> = left.chain(named.iter().filter_map(too_long)).collect();
    let mut members: Vec<String> =
        named.iter().map(|(name, text)| format!("\"{name}\": {}", text.trim_end())).collect();
    members.push(format!("\"fill_in\": {}", serde_json::json!(left)));
    format!("{{\n{}\n}}", members.join(",\n"))
}

/// The calls that the role of a tier must be allowed, as its printed policy has them.
pub fn calls_of(tier: roles::Tier, aws: &AwsSettings) -> BTreeSet<String> {
    let policy = match tier {
        roles::Tier::Lookup => LOOKUP,
        roles::Tier::Contain => CONTAIN,
        roles::Tier::Eradicate => ERADICATE,
        roles::Tier::Recover => RECOVER,
        roles::Tier::Describe => ORGANIZATION,
    };
    let mut calls: BTreeSet<String> = allowed(policy).into_iter().collect();
    if tier == roles::Tier::Lookup && aws.quarantine_tag.is_none() {
        // Only the race-proof mode has roles for it to assume.
        calls.remove("sts:AssumeRole");
    }
    calls
}

/// What IAM would not take, as names may be of any length: it counts no white space.
fn too_long((name, text): &(String, String)) -> Option<String> {
    let policy: serde_json::Value = serde_json::from_str(text).ok()?;
    let length = policy.to_string().chars().count();
    (length > POLICY_LENGTH_MAX).then(|| {
        format!(
            "{name} has {length} characters and IAM takes {POLICY_LENGTH_MAX}: give the roles \
             shorter names, or serve accounts by one pattern, aws.organization"
        )
    })
}

/// The tables, as one `CloudFormation` template.
pub fn tables(names: &TableNames) -> String {
    let named = |text: &str| {
        text.replace("keyleak-journal", &names.journal).replace("keyleak-work", &names.work)
    };
    named(TABLES).trim_end().to_owned()
}

/// The service control policy, with the configured tag and the roles that it does not bind.
pub fn quarantine(aws: &AwsSettings) -> String {
    let roles = tiers(aws).into_iter().flat_map(|tier| tier.roles);
    let names = roles.filter_map(|role| role.arn.split_once(":role/").map(|(_, name)| name));
    let patterns = aws.organization.iter().flat_map(OrganizationSettings::roles);
    let exempt = names
        .chain(patterns.map(String::as_str))
        .map(|name| serde_json::json!(format!("arn:aws:iam::*:role/{name}")).to_string());
    let exempt: BTreeSet<String> = exempt.collect();
    let text = tagged(QUARANTINE, aws);
    if exempt.is_empty() {
        return text.trim_end().to_owned();
    }
    let exempt = exempt.into_iter().collect::<Vec<_>>().join(", ");
    text.replace("\"arn:aws:iam::*:role/keyleak-*\"", &exempt).trim_end().to_owned()
}

/// The roles that prove the policy, as one `CloudFormation` template.
pub fn preflight(aws: &AwsSettings) -> String {
    tagged(PREFLIGHT, aws).trim_end().to_owned()
}

fn tagged(text: &str, aws: &AwsSettings) -> String {
    match &aws.quarantine_tag {
        Some(tag) => text.replace(QUARANTINE_TAG, &quoted(tag)),
        None => text.to_owned(),
    }
}

/// A tier's role among those of an account, and its name in those of an organization.
type OfAccount = fn(&AccountSettings) -> Option<&RoleSettings>;
type OfOrganization = fn(&OrganizationSettings) -> Option<&String>;

/// A tier of roles, as the policies and the settings name it.
struct Tier<'a> {
    name: &'static str,
    /// The configured ones, the bot's own account's first.
    roles: Vec<&'a RoleSettings>,
    /// What they are called in every account of the organization.
    everywhere: Option<String>,
}

impl Tier<'_> {
    /// A role of the tier in any account, as the files have it.
    fn standing(&self) -> String {
        format!("arn:aws:iam::*:role/keyleak-{}", self.name)
    }
}

/// All tiers. Their roles are out of reach of all changes, and each is one that the bot may assume.
fn tiers<'a>(aws: &'a AwsSettings) -> [Tier<'a>; 4] {
    let contain = match &aws.contain {
        Some(ContainSettings::Role(role)) => Some(role),
        Some(ContainSettings::OwnCredentials) | None => None,
    };
    let organization = aws.organization.as_ref();
    let tier = |name, own: Option<&'a RoleSettings>, of: OfAccount, pattern: OfOrganization| {
        let others = aws.accounts.values().filter_map(of);
        let everywhere = organization.and_then(|organization| {
            let role = pattern(organization)?;
            Some(format!("arn:{}:iam::*:role/{role}", organization.partition))
        });
        Tier { name, roles: own.into_iter().chain(others).collect(), everywhere }
    };
    [
        tier(
            "lookup",
            aws.lookup_role.as_ref(),
            |o| Some(&o.lookup_role),
            |o| Some(&o.lookup_role),
        ),
        tier("contain", contain, |o| o.contain_role.as_ref(), |o| o.contain_role.as_ref()),
        tier(
            "eradicate",
            aws.eradicate_role.as_ref(),
            |o| o.eradicate_role.as_ref(),
            |o| o.eradicate_role.as_ref(),
        ),
        tier(
            "recover",
            aws.recover_role.as_ref(),
            |o| o.recover_role.as_ref(),
            |o| o.recover_role.as_ref(),
        ),
    ]
}

/// The deny, as it is called in each account: a policy of our own has another ARN in each.
fn denies(names: &ManifestNames<'_>) -> String {
    let arn = names.deny_policy_arn;
    let mut all = BTreeSet::from([arn.to_owned()]);
    if let Some(of) = account_in(arn).and_then(AccountId::parse) {
        if names.aws.organization.is_some() {
            // Only a policy of its own account can be attached to anybody.
            return serde_json::json!(arn.replacen(&of.0, "*", 1)).to_string();
        }
        let accounts = names.aws.accounts.keys().cloned().chain(names.aws.own_account());
        all.extend(accounts.map(|account| arn.replacen(&of.0, &account.0, 1)));
    }
    match all.first().filter(|_| all.len() == 1) {
        Some(one) => serde_json::json!(one).to_string(),
        None => serde_json::json!(all).to_string(),
    }
}

/// What an organization takes besides: the bot's right to assume the roles of its accounts and of
/// no other organization's, the right to ask about an account, and a trust policy where its
/// accounts ask for another external id.
fn of_the_organization(names: &ManifestNames<'_>) -> Vec<(String, String)> {
    let Some(organization) = &names.aws.organization else {
        return Vec::new();
    };
    let assumed = tiers(names.aws).into_iter().filter_map(|tier| tier.everywhere);
    let asking = organization.describe_role.iter().map(|role| role.arn.clone());
    let assumed = serde_json::json!(assumed.chain(asking).collect::<Vec<_>>()).to_string();
    let standing = "[\"arn:aws:iam::*:role/keyleak-lookup\"]";
    let mut all =
        vec![("bot_organization".to_owned(), BOT_ORGANIZATION.replace(standing, &assumed))];
    if organization.describe_role.is_some() {
        all.push(("organization".to_owned(), ORGANIZATION.to_owned()));
    }
    if let Some(id) = &organization.external_id
        && own_external_id(names.aws) != Some(id.as_str())
    {
        all.push(("trust_organization".to_owned(), TRUST.replace(EXTERNAL_ID, &quoted(id))));
    }
    all
}

/// The right to make tables of whole cuts in one database, and to drop them.
fn of_case_tables(names: &ManifestNames<'_>) -> Option<(String, String)> {
    let database = names.athena?.case_tables.as_deref()?;
    let text = BOT_CASE_TABLES.replace("keyleak_cases", &quoted(database));
    Some(("bot_case_tables".to_owned(), text))
}

/// What the lookup role takes besides, where there is one: Athena is asked by it, and not by the
/// bot, so that it needs the bot's statements from the one that asks Athena on.
fn of_the_lookup_role(names: &ManifestNames<'_>) -> Option<(String, String)> {
    names.athena.filter(|_| names.aws.lookup_role.is_some())?;
    let mut policy: serde_json::Value = serde_json::from_str(&named(BOT, names)).ok()?;
    let statements = policy["Statement"].as_array_mut()?;
    let asking = statements.iter().position(|statement| statement["Sid"] == "AskAthena")?;
    statements.drain(..asking);
    Some(("lookup_athena".to_owned(), format!("{policy:#}")))
}

/// The bot's policy without the roles that nobody named: what it may assume of all accounts stands
/// in the policy about the organization, under a condition.
fn under_no_name(policy: &str, aws: &AwsSettings) -> String {
    let mut read: serde_json::Value = serde_json::from_str(policy).unwrap_or_default();
    let Some(statements) = read["Statement"].as_array_mut() else {
        return policy.to_owned();
    };
    let unnamed = tiers(aws).map(|tier| tier.standing());
    for statement in statements.iter_mut() {
        if let Some(resources) = statement["Resource"].as_array_mut() {
            resources.retain(|arn| !unnamed.iter().any(|unnamed| arn == unnamed));
        }
    }
    statements.retain(|statement| statement["Resource"] != serde_json::json!([]));
    format!("{read:#}")
}

fn own_external_id(aws: &AwsSettings) -> Option<&str> {
    let own = aws.lookup_role.iter().chain(aws.own_changing_roles()).next()?;
    own.external_id.as_deref()
}

/// The trust policy of every account that asks for another external id than the bot's own.
fn other_trusts(names: &ManifestNames<'_>) -> Vec<(String, String)> {
    let own = own_external_id(names.aws);
    let other = |(id, account): (&AccountId, &AccountSettings)| {
        let external_id = account.lookup_role.external_id.as_deref()?;
        let text = TRUST.replace(EXTERNAL_ID, &quoted(external_id));
        (Some(external_id) != own).then(|| (format!("trust_{id}"), text))
    };
    names.aws.accounts.iter().filter_map(other).collect()
}

fn named(text: &str, names: &ManifestNames<'_>) -> String {
    let is_bots = text == BOT;
    let mut text = tagged(text, names.aws)
        .replace("table/keyleak-journal", &format!("table/{}", quoted(&names.tables.journal)))
        .replace("table/keyleak-work", &format!("table/{}", quoted(&names.tables.work)))
        .replace("\"arn:aws:iam::aws:policy/AWSDenyAll\"", &denies(names));
    // What the bot may assume of an organization stands under a condition, in a policy of its own.
    for tier in tiers(names.aws) {
        let everywhere = tier.everywhere.as_ref().filter(|_| !is_bots);
        let arns = tier.roles.iter().map(|role| &role.arn).chain(everywhere);
        let arns: Vec<String> = arns.map(|arn| format!("\"{}\"", quoted(arn))).collect();
        if !arns.is_empty() {
            let standing = format!("\"{}\"", tier.standing());
            text = text.replace(&standing, &arns.join(", "));
        }
    }
    if let Some(id) = own_external_id(names.aws) {
        text = text.replace(EXTERNAL_ID, &quoted(id));
    }
    if let Some(evidence) = names.evidence {
        let bucket = quoted(&evidence.bucket);
        let prefix = match evidence.prefix.as_str() {
            "" => String::new(),
            prefix => format!("{}/", quoted(prefix)),
        };
        text = text
            .replace("keyleak-evidence/*", &format!("{bucket}/{prefix}*"))
            .replace("keyleak-evidence", &bucket);
    }
    if let Some(anchors) = names.anchors {
        text = text.replace("keyleak-anchors", &quoted(&anchors.bucket));
    }
    if let Some(workgroup) = names.athena.and_then(|athena| athena.workgroup.as_deref()) {
        text = text.replace("workgroup/keyleak", &format!("workgroup/{}", quoted(workgroup)));
    }
    if let Some(catalog) = names.athena.and_then(|athena| athena.catalog.as_deref()) {
        let named = format!("datacatalog/{}", quoted(catalog));
        text = text.replace("datacatalog/AwsDataCatalog", &named);
    }
    match names.athena.and_then(|athena| athena.output.as_deref()).and_then(bucket_of) {
        Some(bucket) => text.replace("keyleak-athena", &quoted(bucket)),
        None => text,
    }
}

/// A configured text as it stands between the quotes of a JSON text.
fn quoted(text: &str) -> String {
    let quoted = serde_json::json!(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn bucket_of(address: &str) -> Option<&str> {
    address.strip_prefix("s3://")?.split('/').next().filter(|bucket| !bucket.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::athena_days::DayColumns;
    use crate::aws::athena_table::ROWS_MAX;
    use serde_json::{Value, json};

    fn role(name: &str) -> RoleSettings {
        let arn = format!("arn:aws:iam::123456789012:role/{name}");
        RoleSettings { arn, external_id: Some("secret-handshake".to_owned()) }
    }

    fn tables_named(journal: &str, work: &str) -> TableNames {
        TableNames { journal: journal.to_owned(), work: work.to_owned() }
    }

    #[test]
    fn manifests_carry_the_configured_names_and_no_others() {
        let tables = tables_named("log", "todo");
        let names = ManifestNames {
            tables: &tables,
            deny_policy_arn: "arn:aws:iam::123456789012:policy/Deny",
            aws: &AwsSettings {
                lookup_role: Some(role("eyes")),
                contain: Some(ContainSettings::Role(role("hands"))),
                eradicate_role: Some(role("fire")),
                recover_role: Some(role("forge")),
                ..AwsSettings::default()
            },
            anchors: Some(&AnchorSettings {
                bucket: "nails".to_owned(),
                prefix: "anchors".to_owned(),
                retain_days: 30,
            }),
            evidence: Some(&EvidenceSettings {
                bucket: "proofs".to_owned(),
                prefix: "aws".to_owned(),
                kms_key: None,
            }),
            athena: Some(&AthenaSettings {
                catalog: Some("library".to_owned()),
                database: "logs".to_owned(),
                table: "trail".to_owned(),
                workgroup: Some("hunters".to_owned()),
                output: Some("s3://answers/keyleak/".to_owned()),
                days: DayColumns::None,
                region: None,
                account: None,
                lookback_days: 15,
                ask_above: 0,
                case_tables: None,
                rows_max: ROWS_MAX,
            }),
        };
        let printed = policies(&names) + &super::tables(&tables);
        for wanted in [
            "table/log",
            "table/todo",
            "s3:::proofs/aws/*",
            "s3:::proofs\"",
            "s3:::nails/*",
            "workgroup/hunters",
            "datacatalog/library",
            "s3:::answers/*",
            ":role/eyes",
            ":role/hands",
            ":role/fire",
            ":role/forge",
            "secret-handshake",
        ] {
            assert!(printed.contains(wanted), "{wanted}");
        }
        for gone in [
            "keyleak-journal",
            "keyleak-work",
            "keyleak-evidence",
            "keyleak-anchors",
            "keyleak-athena",
            "keyleak-lookup",
            "keyleak-contain",
            "keyleak-eradicate",
            "keyleak-recover",
            "AWSDenyAll",
            EXTERNAL_ID,
        ] {
            assert!(!printed.contains(gone), "{gone}");
        }
    }

    #[test]
    fn the_service_control_policy_spares_the_configured_roles_and_no_others() {
        let configured = AwsSettings {
            quarantine_tag: Some("stop".to_owned()),
            ..with_accounts(&[account("210987654321")])
        };
        let policy: Value = serde_json::from_str(&quarantine(&configured)).unwrap();
        let names = [
            "eyes",
            "hands",
            "keyleak-contains",
            "keyleak-deletes",
            "keyleak-looks",
            "keyleak-makes-keys",
        ];
        let spared = names.map(|name| format!("arn:aws:iam::*:role/{name}"));
        let statement = &policy["Statement"][0];
        assert_eq!(
            statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"],
            serde_json::json!(spared)
        );
        assert_eq!(statement["Condition"]["StringLike"]["aws:PrincipalTag/stop"], "*");
        assert!(!policy.to_string().contains(QUARANTINE_TAG), "{policy}");
        assert!(preflight(&configured).contains("Key: stop"));
        let unconfigured = quarantine(&AwsSettings::default());
        assert!(unconfigured.contains("role/keyleak-*"), "{unconfigured}");
    }

    fn printed(aws: &AwsSettings) -> Value {
        printed_with(aws, "arn:aws:iam::aws:policy/AWSDenyAll")
    }

    fn printed_with(aws: &AwsSettings, deny_policy_arn: &str) -> Value {
        let names = ManifestNames {
            tables: &tables_named("keyleak-journal", "keyleak-work"),
            deny_policy_arn,
            aws,
            anchors: None,
            evidence: None,
            athena: None,
        };
        serde_json::from_str(&policies(&names)).unwrap()
    }

    fn account(id: &str) -> AccountSettings {
        let role = |tier: &str| {
            let external_id = Some(format!("of-{id}"));
            RoleSettings { arn: format!("arn:aws:iam::{id}:role/keyleak-{tier}"), external_id }
        };
        AccountSettings {
            name: None,
            lookup_role: role("looks"),
            contain_role: Some(role("contains")),
            eradicate_role: Some(role("deletes")),
            recover_role: Some(role("makes-keys")),
        }
    }

    fn with_accounts(accounts: &[AccountSettings]) -> AwsSettings {
        let id = |number| AccountId(format!("{number:012}"));
        let accounts = accounts.iter().cloned().enumerate().map(|(at, one)| (id(at), one));
        AwsSettings {
            lookup_role: Some(role("eyes")),
            contain: Some(ContainSettings::Role(role("hands"))),
            accounts: accounts.collect(),
            ..AwsSettings::default()
        }
    }

    #[test]
    fn the_bot_may_assume_every_configured_role_and_no_plan_reaches_any() {
        let printed = printed(&with_accounts(&[account("210987654321")]));
        let other = |tier: &str| format!("arn:aws:iam::210987654321:role/keyleak-{tier}");
        let mut roles = vec![role("eyes").arn, other("looks"), role("hands").arn];
        roles.extend([other("contains"), other("deletes"), other("makes-keys")]);
        assert_eq!(printed["bot"]["Statement"][0]["Resource"], serde_json::json!(roles));
        for policy in ["contain", "eradicate"] {
            let statements = printed[policy]["Statement"].as_array().unwrap();
            let deny = statements.iter().find(|one| one["Effect"] == "Deny").unwrap();
            let out_of_reach = deny["Resource"].as_array().unwrap();
            assert!(roles.iter().all(|role| out_of_reach.contains(&Value::from(role.as_str()))));
        }
    }

    #[test]
    fn an_account_with_an_external_id_of_its_own_has_a_trust_policy_of_its_own() {
        let asked = |policy: &Value| {
            policy["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"].clone()
        };
        let own = account("210987654321");
        let mut same = own.clone();
        same.lookup_role.external_id = role("eyes").external_id;
        let printed = printed(&with_accounts(&[own, same]));
        assert_eq!(asked(&printed["trust"]), "secret-handshake");
        assert_eq!(asked(&printed["trust_000000000000"]), "of-210987654321");
        assert_eq!(printed["trust_000000000001"], Value::Null, "it is the same as `trust`");
    }

    #[test]
    fn a_deny_of_our_own_is_allowed_under_its_name_in_each_account() {
        let aws = with_accounts(&[account("000000000000")]);
        let own = "arn:aws:iam::123456789012:policy/Deny";
        let everywhere = serde_json::json!(["arn:aws:iam::000000000000:policy/Deny", own]);
        let of_aws = "arn:aws:iam::aws:policy/AWSDenyAll";
        for (configured, allowed) in [(of_aws, Value::from(of_aws)), (own, everywhere)] {
            let printed = printed_with(&aws, configured);
            let statement = &printed["contain"]["Statement"][0];
            assert_eq!(statement["Condition"]["ArnEquals"]["iam:PolicyARN"], allowed);
        }
    }

    /// With a section of its own for one account, and a pattern for all the others.
    fn with_pattern(external_id: &str) -> AwsSettings {
        let organization = OrganizationSettings {
            partition: "aws".to_owned(),
            lookup_role: "sees".to_owned(),
            contain_role: Some("security/holds".to_owned()),
            eradicate_role: None,
            recover_role: Some("forges".to_owned()),
            external_id: Some(external_id.to_owned()),
            describe_role: Some(role("asks")),
        };
        let organization = Some(organization);
        AwsSettings { organization, ..with_accounts(&[account("210987654321")]) }
    }

    #[test]
    fn of_an_organization_the_bot_assumes_its_roles_alone_and_no_plan_reaches_any() {
        let patterns =
            ["sees", "security/holds", "forges"].map(|role| format!("arn:aws:iam::*:role/{role}"));
        let own = printed(&with_pattern("secret-handshake"));
        let statement = &own["bot_organization"]["Statement"][0];
        let assumed = serde_json::json!([&patterns[..], &[role("asks").arn]].concat());
        assert_eq!(statement["Resource"], assumed);
        let inside = &statement["Condition"]["StringEquals"]["aws:ResourceOrgID"];
        assert_eq!(inside, "${aws:PrincipalOrgID}");
        let bot = own["bot"].to_string();
        assert!(!bot.contains("iam::*:role/"), "{bot}");
        assert!(!bot.contains("role/forges"), "only under a condition");
        for policy in ["contain", "eradicate"] {
            let denied = own[policy]["Statement"].as_array().unwrap().iter();
            let denied: String =
                denied.filter(|one| one["Effect"] == "Deny").map(Value::to_string).collect();
            assert!(!denied.contains("role/keyleak-recover"), "{policy}: {denied}");
            assert!(patterns.iter().all(|pattern| denied.contains(pattern)), "{policy}: {denied}");
        }
        assert_eq!(own["organization"]["Statement"][0]["Sid"], "IsItAnAccountOfOurs");
        assert_eq!(own["trust_organization"], Value::Null, "it is the same as `trust`");
        let other = printed(&with_pattern("another"))["trust_organization"].to_string();
        assert!(other.contains("another"), "{other}");
        assert!(quarantine(&with_pattern("x")).contains("arn:aws:iam::*:role/security/holds"));
        let without = printed(&with_accounts(&[]));
        assert_eq!(without["bot_organization"], Value::Null, "nothing of it without one");
    }

    #[test]
    fn a_deny_of_our_own_is_allowed_under_its_name_in_the_whole_organization() {
        let own = "arn:aws:iam::123456789012:policy/Deny";
        let printed = printed_with(&with_pattern("x"), own);
        let allowed = &printed["contain"]["Statement"][0]["Condition"]["ArnEquals"];
        let allowed = allowed["iam:PolicyARN"].to_string();
        assert!(allowed.contains("arn:aws:iam::*:policy/Deny"), "{allowed}");
    }

    /// As many accounts with four roles each, all names of this length, and what else is printed
    /// into the policies; beside an organization, or without one.
    fn crowded(accounts: usize, length: usize, organization: bool) -> Value {
        let named = |tier: &str| format!("{tier:-<length$}");
        let role = |id: &str, tier: &str| {
            let arn = format!("arn:aws:iam::{id}:role/{}", named(tier));
            Some(RoleSettings { arn, external_id: Some("ours".to_owned()) })
        };
        let own = |tier: &str| role("123456789012", tier);
        let other = |id: &str| AccountSettings {
            name: None,
            lookup_role: role(id, "lookup").unwrap(),
            contain_role: role(id, "contain"),
            eradicate_role: role(id, "eradicate"),
            recover_role: role(id, "recover"),
        };
        let of = OrganizationSettings {
            partition: "aws".to_owned(),
            lookup_role: named("lookups"),
            contain_role: Some(named("contains")),
            eradicate_role: Some(named("eradicates")),
            recover_role: Some(named("recovers")),
            external_id: Some("theirs".to_owned()),
            describe_role: own("describe"),
        };
        let all: Vec<_> = (0..accounts).map(|at| other(&format!("{at:012}"))).collect();
        let aws = AwsSettings {
            lookup_role: own("lookup"),
            contain: own("contain").map(ContainSettings::Role),
            eradicate_role: own("eradicate"),
            recover_role: own("recover"),
            organization: organization.then_some(of),
            ..with_accounts(&all)
        };
        printed_with(&aws, &format!("arn:aws:iam::123456789012:policy/{}", named("deny")))
    }

    fn longest(printed: &Value) -> usize {
        let policies = printed.as_object().unwrap().iter();
        policies.map(|(_, policy)| policy.to_string().len()).max().unwrap()
    }

    /// IAM takes 6,144 characters of a managed policy and counts no white space.
    #[test]
    fn the_most_accounts_that_can_be_configured_fit_into_the_policies() {
        for organization in [false, true] {
            let printed = crowded(ACCOUNTS_MAX, 24, organization);
            let length = longest(&printed);
            assert!(length <= 6_144, "{length} characters, organization: {organization}");
            let left = printed["fill_in"].to_string();
            assert!(!left.contains("IAM takes"), "{left}");
        }
        assert!(longest(&crowded(ACCOUNTS_MAX + 2, 24, false)) > 6_144, "it is counted");
    }

    #[test]
    fn a_policy_that_long_names_make_too_long_is_said_with_what_to_do() {
        let left = crowded(ACCOUNTS_MAX, 64, true)["fill_in"].to_string();
        for policy in ["contain", "eradicate", "bot"] {
            assert!(left.contains(&format!("\"{policy} has ")), "{policy}: {left}");
        }
        assert!(left.contains("IAM takes 6144: give the roles shorter names"), "{left}");
        assert!(!left.contains("\"lookup has "), "{left}");
    }

    /// The policies of a bot that asks Athena.
    fn asking_athena(case_tables: Option<&str>, aws: &AwsSettings) -> Value {
        let athena = AthenaSettings {
            catalog: None,
            database: "logs".to_owned(),
            table: "cloudtrail".to_owned(),
            workgroup: Some("hunters".to_owned()),
            output: None,
            days: DayColumns::None,
            region: None,
            account: None,
            lookback_days: 15,
            ask_above: 0,
            case_tables: case_tables.map(str::to_owned),
            rows_max: ROWS_MAX,
        };
        let names = ManifestNames {
            tables: &tables_named("keyleak-journal", "keyleak-work"),
            deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll",
            aws,
            anchors: None,
            evidence: None,
            athena: Some(&athena),
        };
        serde_json::from_str(&policies(&names)).unwrap()
    }

    #[test]
    fn tables_may_be_made_in_one_database_and_only_where_the_settings_name_it() {
        let printed = |case_tables| asking_athena(case_tables, &AwsSettings::default());
        assert_eq!(printed(None)["bot_case_tables"], Value::Null);
        let policy = printed(Some("hunting"))["bot_case_tables"].to_string();
        assert!(policy.contains("arn:aws:glue:*:*:table/hunting/keyleak_*"), "{policy}");
        assert!(!policy.contains("keyleak_cases"), "{policy}");
    }

    #[test]
    fn whoever_asks_athena_has_a_policy_for_it() {
        let alone = asking_athena(None, &AwsSettings::default());
        assert_eq!(alone["lookup_athena"], Value::Null, "the bot asks, and its policy has it");
        let lookup_role = Some(role("keyleak-lookup"));
        let aws = AwsSettings { lookup_role, ..AwsSettings::default() };
        let printed = asking_athena(None, &aws);
        let of_the_bot = printed["bot"]["Statement"].as_array().unwrap();
        let asking = of_the_bot.iter().position(|one| one["Sid"] == "AskAthena").unwrap();
        assert_eq!(printed["lookup_athena"]["Statement"], json!(of_the_bot[asking..]));
        let calls = allowed(&printed["lookup_athena"].to_string());
        for call in ["athena:StartQueryExecution", "glue:GetPartitions", "s3:PutObject"] {
            assert!(calls.contains(&call.to_owned()), "{call}: {calls:?}");
        }
        assert!(!calls.iter().any(|call| call.starts_with("dynamodb:")), "{calls:?}");
        assert!(printed["lookup_athena"].to_string().contains("workgroup/hunters"));
    }

    #[test]
    fn without_a_configuration_it_is_json_that_says_what_to_fill_in() {
        let tables = tables_named("keyleak-journal", "keyleak-work");
        let names = ManifestNames {
            tables: &tables,
            deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll",
            aws: &AwsSettings::default(),
            anchors: None,
            evidence: None,
            athena: None,
        };
        let printed: Value = serde_json::from_str(&policies(&names)).unwrap();
        for (name, text) in
            [("lookup", LOOKUP), ("contain", CONTAIN), ("eradicate", ERADICATE), ("bot", BOT)]
        {
            let file: Value = serde_json::from_str(text).unwrap();
            assert_eq!(printed[name], file, "{name} is the file as it stands");
        }
        let left = printed["fill_in"].as_array().unwrap();
        assert_eq!(left.len(), TO_FILL_IN.len(), "{left:?}");
    }
}
