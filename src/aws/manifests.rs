//! What to install in AWS, printed for this configuration.

use crate::aws::tables::TableNames;

/// The policy of the role that looks: only reading, and only what validation asks.
const LOOKUP: &str = include_str!("../../manifests/iam/lookup.json");
/// The policy of the role that contains.
const CONTAIN: &str = include_str!("../../manifests/iam/contain.json");
/// The policy of the bot itself.
const BOT: &str = include_str!("../../manifests/iam/bot.json");
/// Who may assume the two roles.
const TRUST: &str = include_str!("../../manifests/iam/trust.json");
const TABLES: &str = include_str!("../../manifests/dynamodb/tables.yaml");

/// The names that the manifests are printed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestNames {
    pub tables: TableNames,
    pub deny_policy_arn: String,
    pub evidence_bucket: Option<String>,
    pub athena_workgroup: Option<String>,
}

/// One document to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub name: &'static str,
    pub text: String,
}

/// The IAM policies, each under the name of the role it is for.
pub fn policies(names: &ManifestNames) -> Vec<Manifest> {
    let all = [
        ("lookup", LOOKUP),
        ("contain", CONTAIN),
        ("bot", BOT),
        ("trust of lookup and contain", TRUST),
    ];
    all.map(|(name, text)| Manifest { name, text: named(text, names) }).into()
}

/// The tables, as one `CloudFormation` template.
pub fn tables(names: &TableNames) -> String {
    TABLES.replace("keyleak-journal", &names.journal).replace("keyleak-work", &names.work)
}

fn named(text: &str, names: &ManifestNames) -> String {
    let evidence = names.evidence_bucket.as_deref().unwrap_or("keyleak-evidence");
    let workgroup = names.athena_workgroup.as_deref().unwrap_or("keyleak");
    text.replace("table/keyleak-journal", &format!("table/{}", names.tables.journal))
        .replace("table/keyleak-work", &format!("table/{}", names.tables.work))
        .replace("arn:aws:iam::aws:policy/AWSDenyAll", &names.deny_policy_arn)
        .replace("keyleak-evidence", evidence)
        .replace("workgroup/keyleak", &format!("workgroup/{workgroup}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_carry_the_configured_names_and_no_others() {
        let names = ManifestNames {
            tables: TableNames { journal: "log".to_owned(), work: "todo".to_owned() },
            deny_policy_arn: "arn:aws:iam::123456789012:policy/Deny".to_owned(),
            evidence_bucket: Some("proofs".to_owned()),
            athena_workgroup: Some("hunters".to_owned()),
        };
        let printed: String = policies(&names).into_iter().map(|one| one.text).collect();
        let printed = printed + &tables(&names.tables);
        for wanted in ["table/log", "table/todo", "s3:::proofs/*", "workgroup/hunters"] {
            assert!(printed.contains(wanted), "{wanted}");
        }
        for gone in ["keyleak-journal", "keyleak-work", "keyleak-evidence", "AWSDenyAll"] {
            assert!(!printed.contains(gone), "{gone}");
        }
    }
}
