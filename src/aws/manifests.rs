//! What to install in AWS, printed for this configuration.

use crate::aws::anchors::AnchorSettings;
use crate::aws::athena_table::AthenaSettings;
use crate::aws::clients::{AwsSettings, ContainSettings};
use crate::aws::evidence::EvidenceSettings;
use crate::aws::tables::TableNames;

/// The policy of the role that looks: only reading, and only what validation asks.
const LOOKUP: &str = include_str!("../../manifests/iam/lookup.json");
/// The policy of the role that contains.
const CONTAIN: &str = include_str!("../../manifests/iam/contain.json");
/// The policy of the role that deletes for good what an actor made.
const ERADICATE: &str = include_str!("../../manifests/iam/eradicate.json");
/// The policy of the bot itself.
const BOT: &str = include_str!("../../manifests/iam/bot.json");
/// Who may assume the three roles.
const TRUST: &str = include_str!("../../manifests/iam/trust.json");
const TABLES: &str = include_str!("../../manifests/dynamodb/tables.yaml");

/// What no configuration knows or had to know yet, and what belongs there.
const TO_FILL_IN: &[(&str, &str)] = &[
    ("arn:aws:iam::111111111111:role/keyleak-bot", "the role that `keyleak serve` runs as"),
    (EXTERNAL_ID, "a text of your own choice; the same goes into aws.external_id"),
    ("arn:aws:s3:::keyleak-trail", "the bucket that CloudTrail delivers to"),
    ("arn:aws:s3:::keyleak-athena", "the bucket of Athena's results; set trail.athena.output"),
    ("arn:aws:s3:::keyleak-evidence", "the bucket of the evidence; set evidence.bucket"),
    ("arn:aws:s3:::keyleak-anchors", "a bucket with Object Lock for anchors; set anchors.bucket"),
];
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

/// The five policies as one JSON object, and what is left for a person to fill in.
pub fn policies(names: &ManifestNames<'_>) -> String {
    let all = [
        ("lookup", LOOKUP),
        ("contain", CONTAIN),
        ("eradicate", ERADICATE),
        ("bot", BOT),
        ("trust", TRUST),
    ];
    let named = all.map(|(name, text)| (name, named(text, names)));
    let left = TO_FILL_IN.iter().filter(|(text, _)| named.iter().any(|(_, n)| n.contains(text)));
    let left: Vec<String> = left.map(|(text, what)| format!("{text} is {what}")).collect();
    let mut members: Vec<String> =
        named.iter().map(|(name, text)| format!("\"{name}\": {}", text.trim_end())).collect();
    members.push(format!("\"fill_in\": {}", serde_json::json!(left)));
    format!("{{\n{}\n}}", members.join(",\n"))
}

/// The tables, as one `CloudFormation` template.
pub fn tables(names: &TableNames) -> String {
    let named = |text: &str| {
        text.replace("keyleak-journal", &names.journal).replace("keyleak-work", &names.work)
    };
    named(TABLES).trim_end().to_owned()
}

fn named(text: &str, names: &ManifestNames<'_>) -> String {
    let mut text = text
        .replace("table/keyleak-journal", &format!("table/{}", quoted(&names.tables.journal)))
        .replace("table/keyleak-work", &format!("table/{}", quoted(&names.tables.work)))
        .replace("arn:aws:iam::aws:policy/AWSDenyAll", &quoted(names.deny_policy_arn));
    let lookup = names.aws.lookup_role.as_ref();
    let contain = match &names.aws.contain {
        Some(ContainSettings::Role(role)) => Some(role),
        Some(ContainSettings::OwnCredentials) | None => None,
    };
    let eradicate = names.aws.eradicate_role.as_ref();
    for (role, name) in [(lookup, "lookup"), (contain, "contain"), (eradicate, "eradicate")] {
        if let Some(role) = role {
            text = text.replace(&format!("arn:aws:iam::*:role/keyleak-{name}"), &quoted(&role.arn));
        }
    }
    if let Some(id) = lookup.or(contain).and_then(|role| role.external_id.as_deref()) {
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
    use crate::aws::athena_table::DayColumns;
    use crate::aws::clients::RoleSettings;
    use serde_json::Value;

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
                catalog: None,
                database: "logs".to_owned(),
                table: "trail".to_owned(),
                workgroup: Some("hunters".to_owned()),
                output: Some("s3://answers/keyleak/".to_owned()),
                days: DayColumns::None,
                region: None,
                account: None,
                lookback_days: 15,
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
            "s3:::answers/*",
            ":role/eyes",
            ":role/hands",
            ":role/fire",
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
            "AWSDenyAll",
            EXTERNAL_ID,
        ] {
            assert!(!printed.contains(gone), "{gone}");
        }
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
