//! What people mistype in settings that are read late: ids, names and ARNs, checked at the start.

use crate::config::accounts::OWN_ROLES;
use crate::config::reader::Reader;
use crate::domain::checkup::people::Twice;
use std::collections::BTreeSet;

/// S3's shortest and longest names.
const BUCKET_LENGTHS: std::ops::RangeInclusive<usize> = 3..=63;
/// `arn:partition:service:region:account:resource`.
const ARN_PARTS: usize = 6;

/// Slack's own address; what only looks like Slack has ids and tokens of other forms.
pub(super) const SLACK_API: &str = "https://slack.com/api";
/// Lists that may name user groups beside people.
pub(super) const LISTS_WITH_GROUPS: [&str; 8] = [
    "people.openers",
    "people.responders",
    "people.approvers",
    "people.approvers_read",
    "people.approvers_contain",
    "people.approvers_resources",
    "people.approvers_irreversible",
    "people.sql_askers",
];

/// Notes each setting that names people, ARNs or buckets in a form that nothing would ever match.
pub(super) fn check(r: &mut Reader) {
    for name in LISTS_WITH_GROUPS {
        for id in r.texts(name).unwrap_or_default() {
            if !is_id(&id, &['S']) {
                check_person(r, name, &id, "");
            }
        }
    }
    let alone = ["people.suspects", "people.legal", "escalation.people"];
    for name in alone.into_iter().chain(["severity.p1_people", "severity.p2_people"]) {
        for person in r.texts(name).unwrap_or_default() {
            check_person(r, name, &person, "");
        }
    }
    for (of, person) in r.table("people.key_owners") {
        check_person(r, "people.key_owners", &person, &format!(" for {of}"));
    }
    for arn in r.texts("aws.protected_arns").unwrap_or_default() {
        if !is_arn(&arn) {
            let why =
                format!("has {arn:?}; write whole ARNs, such as arn:aws:iam::111122223333:role/x");
            r.reject("aws.protected_arns", &why);
        }
    }
    if let Some(arn) = r.text("aws.deny_policy_arn")
        && !(is_arn(&arn) && arn.contains(":policy/"))
    {
        r.reject(
            "aws.deny_policy_arn",
            "must be a policy's ARN, such as arn:aws:iam::aws:policy/AWSDenyAll",
        );
    }
    for name in OWN_ROLES {
        if let Some(arn) = r.text(name)
            && !(is_arn(&arn) && arn.contains(":role/"))
        {
            r.reject(name, "must be a role's ARN, such as arn:aws:iam::111122223333:role/x");
        }
    }
    for name in ["evidence.bucket", "anchors.bucket"] {
        if let Some(bucket) = r.text(name)
            && !is_bucket(&bucket)
        {
            r.reject(name, "must be a bucket's name alone, without s3:// or a path");
        }
    }
    for (vpc, group) in r.table("aws.isolation_groups") {
        if !vpc.starts_with("vpc-") || !group.starts_with("sg-") {
            let why =
                format!("has {vpc} = {group:?}; write VPC = security group, vpc-… = \"sg-…\"");
            r.reject("aws.isolation_groups", &why);
        }
    }
}

/// Notes what Slack itself would never take for its workspace or its bot.
pub(super) fn slack(r: &mut Reader, bot_token: &str, api_url: &str) {
    if api_url != SLACK_API {
        return;
    }
    if let Some(team) = r.text("slack.team_id").filter(|team| !is_id(team, &['T', 'E'])) {
        let why = format!("is {team:?}, and a workspace's id is like T0123ABC");
        r.reject("slack.team_id", &why);
    }
    // A token that is rotated begins otherwise.
    if !bot_token.is_empty() && !["xoxb-", "xoxe.xoxb-"].iter().any(|is| bot_token.starts_with(is))
    {
        r.reject("slack.bot_token", "is no bot token, which begins with xoxb-");
    }
}

fn check_person(r: &mut Reader, name: &str, person: &str, of: &str) {
    if !is_id(person, &['U', 'W']) {
        let group = match LISTS_WITH_GROUPS.contains(&name) {
            true => ", those of user groups like S0123ABC",
            false => "",
        };
        let why = format!(
            "has {person:?}{of}, and Slack's ids of people are like U0123ABC{group}; where it is a \
             name of your directory, add {person:?} = \"U…\" to [people.identities]"
        );
        r.reject(name, &why);
    }
}

pub(super) fn is_id(text: &str, begins: &[char]) -> bool {
    // Slack's own have no underscore; simulators of Slack do.
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let rest = text.strip_prefix(begins);
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(fits))
}

/// Whole, and without a wildcard: it is compared as it is.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(ARN_PARTS, ':').collect();
    let named = parts.first() == Some(&"arn") && parts.last().is_some_and(|last| !last.is_empty());
    named && parts.len() == ARN_PARTS && !text.contains(['*', '?', ' '])
}

fn is_bucket(text: &str) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    BUCKET_LENGTHS.contains(&text.len()) && text.bytes().all(fits)
}

/// Who stands more than once in a list; the lists are read as sets, where that does not show.
pub(super) fn repeated(r: &mut Reader) -> Vec<Twice> {
    let mut found = Vec::new();
    for setting in LISTS_WITH_GROUPS {
        let mut seen = BTreeSet::new();
        for user in r.texts(setting).unwrap_or_default() {
            if !seen.insert(user.clone()) {
                found.push(Twice { setting, user });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let mut reader = Reader::new("keyleak.toml", text, &[]);
        check(&mut reader);
        reader.finish_incomplete().err().map(|errors| errors.0).unwrap_or_default()
    }

    #[test]
    fn what_would_match_nothing_is_told_at_the_start_and_what_is_right_is_not() {
        let good = r#"
[people]
approvers = ["U0123ABC", "W1", "U_ALICE", "S0OPS"]
suspects = ["U9"]
[people.key_owners]
dan = "U4"
[aws]
protected_arns = ["arn:aws:iam::111122223333:role/break-glass/x", "arn:aws:s3:::trail"]
deny_policy_arn = "arn:aws:iam::111122223333:policy/Deny"
[aws.isolation_groups]
vpc-0123456789abcdef0 = "sg-0123"
[evidence]
bucket = "kept.evidence-1"
"#;
        assert_eq!(errors(good), Vec::<String>::new());
        for (right, wrong, told) in [
            ("\"W1\"", "\"bob\"", "line 3: people.approvers has \"bob\""),
            ("\"U9\"", "\"S0OPS\"", "people.suspects has \"S0OPS\""),
            ("\"U4\"", "\"@dan\"", "people.key_owners has \"@dan\" for dan"),
            ("arn:aws:s3:::trail", "role/foo", "line 8: aws.protected_arns has \"role/foo\""),
            ("arn:aws:s3:::trail", "arn:aws:iam::1:role/*", "aws.protected_arns has"),
            ("arn:aws:iam::111122223333:policy/Deny", "AWSDenyAll", "must be a policy's ARN"),
            ("sg-0123", "default", "write VPC = security group"),
            (
                "deny_policy_arn",
                "lookup_role = \"not an arn\"\ndeny_policy_arn",
                "line 9: aws.lookup_role must be a role's ARN",
            ),
            ("kept.evidence-1", "s3://x", "evidence.bucket must be a bucket's name alone"),
        ] {
            let found = errors(&good.replace(right, wrong));
            assert_eq!(found.len(), 1, "{wrong}: {found:?}");
            assert!(found[0].contains(told), "{wrong}: {found:?}");
        }
    }
}
