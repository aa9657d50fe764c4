//! Whether each role in each account lets keyleak in, and allows what keyleak does with it.

use crate::domain::checkup::{Line, Part, Trouble};
use crate::domain::ids::AccountId;
use serde_json::Value;
use std::collections::BTreeSet;

/// More than these lacking rights are counted, not named.
const NAMED_MAX: usize = 6;

/// What a role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    Lookup,
    Contain,
    Eradicate,
    Recover,
    /// May ask AWS Organizations about an account.
    Describe,
}

/// A role as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub tier: Tier,
    pub arn: String,
    pub external_id: Option<String>,
}

/// What was seen of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub assumed: Result<(), Trouble>,
    /// Its trust policy, where somebody may read it.
    pub trust: Result<String, Trouble>,
    /// The policies that it has, as JSON, where somebody may read them.
    pub policies: Result<Vec<String>, Trouble>,
}

/// Whose credentials keyleak has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub arn: String,
    pub account: AccountId,
}

impl Tier {
    /// What the printed policies call it.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Contain => "contain",
            Self::Eradicate => "eradicate",
            Self::Recover => "recover",
            Self::Describe => "organization",
        }
    }
}

/// One role: let in or not, and why not.
pub fn role(
    wanted: &Wanted,
    bot: Option<&Identity>,
    seen: &Seen,
    needed: &BTreeSet<String>,
) -> Line {
    let line = match &seen.assumed {
        Ok(()) => rights(wanted, seen, needed),
        Err(Trouble::Silent(why)) => Line::failed(
            Part::Roles,
            format!("STS gives no useful answer: {why}"),
            "check aws.region, the endpoint and the network of this host",
        ),
        Err(Trouble::Denied { .. } | Trouble::Missing) => not_assumed(wanted, bot, seen),
    };
    line.about(format!("{} {}", wanted.tier.slug(), wanted.arn))
}

fn not_assumed(wanted: &Wanted, bot: Option<&Identity>, seen: &Seen) -> Line {
    let name = role_name(&wanted.arn);
    let slug = wanted.tier.slug();
    let failed = |seen: &str, fix: String| Line::failed(Part::Roles, seen, fix);
    let bot_arn = bot.map_or("the bot's role", |bot| bot.arn.as_str());
    let trust = match &seen.trust {
        Ok(trust) => trust,
        Err(Trouble::Missing) => {
            return failed(
                "there is no such role",
                format!(
                    "aws iam create-role --role-name {name} --assume-role-policy-document \
                     file://trust.json, with the policies trust and {slug} of `keyleak manifest iam`"
                ),
            );
        }
        Err(Trouble::Denied { .. } | Trouble::Silent(_)) => {
            return failed(
                "it cannot be assumed: AWS does not say whether it is there, asks for another \
                 external id, or trusts somebody else",
                format!(
                    "aws iam get-role --role-name {name}: its trust must name {bot_arn} and the \
                     configured external_id (trust of `keyleak manifest iam`), and the bot be \
                     allowed sts:AssumeRole on it"
                ),
            );
        }
    };
    let asked = external_ids(trust);
    let sent = wanted.external_id.as_deref();
    if !asked.is_empty() && !asked.iter().any(|id| Some(id.as_str()) == sent) {
        let seen = match sent {
            Some(_) => "its trust policy asks for another external id than the configured one",
            None => "its trust policy asks for an external id, and none is configured",
        };
        return failed(
            seen,
            format!(
                "set the external_id of this account to what the trust policy of {name} asks for, or \
                 install trust of `keyleak manifest iam` again"
            ),
        );
    }
    failed(
        "it is there, and does not let the bot in",
        format!(
            "let the trust policy of {name} name {bot_arn}, and allow sts:AssumeRole on it to the \
             bot (trust and bot of `keyleak manifest iam`)"
        ),
    )
}

fn rights(wanted: &Wanted, seen: &Seen, needed: &BTreeSet<String>) -> Line {
    let slug = wanted.tier.slug();
    let open = seen.trust.as_ref().is_ok_and(|trust| external_ids(trust).is_empty());
    let policies = match &seen.policies {
        Ok(policies) => policies,
        Err(trouble) => {
            let seen = format!("lets the bot in; what it allows is not known: {}", trouble.why());
            return Line::ok(Part::Roles, seen);
        }
    };
    let granted: Vec<String> = policies.iter().flat_map(|policy| allowed(policy)).collect();
    let lacking: Vec<&String> =
        needed.iter().filter(|action| !granted.iter().any(|glob| matches(glob, action))).collect();
    if !lacking.is_empty() {
        let named: Vec<&str> =
            lacking.iter().take(NAMED_MAX).map(|action| action.as_str()).collect();
        let more = lacking.len().saturating_sub(NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        return Line::failed(
            Part::Roles,
            format!("lets the bot in; its policies do not allow {}{more}", named.join(", ")),
            format!("attach the policy {slug} of `keyleak manifest iam` to it again"),
        );
    }
    if open {
        return Line::warning(
            Part::Roles,
            "its trust policy asks for no external id",
            "install trust of `keyleak manifest iam`, with a text of your own",
        );
    }
    let count = needed.len();
    Line::ok(Part::Roles, format!("lets the bot in and allows all {count} calls"))
}

/// That nothing can be changed somewhere, and that the log lies where all the keys are.
pub fn placement(bot: Option<&Identity>, read_only: &[String], serves_others: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = read_only
        .iter()
        .map(|account| {
            let seen = "no contain role: keyleak only reads there, and prints the commands";
            let fix = "set contain_role (policies contain and trust of `keyleak manifest iam`), \
                       unless you want that";
            Line::warning(Part::Roles, seen, fix).about(account.as_str())
        })
        .collect();
    if let Some(bot) = bot.filter(|_| !serves_others) {
        let seen = "keyleak and its journal are in the only account that it serves: who takes that \
                    account over takes the log too";
        let fix = "run keyleak, and keep its tables and buckets, in a security account of its own, \
                   and name the accounts of the keys in [aws.accounts]";
        lines.push(Line::warning(Part::AwsCredentials, seen, fix).about(bot.account.0.as_str()));
    }
    lines
}

/// Whose credentials the bot has.
pub fn identity(seen: &Result<Identity, Trouble>) -> Line {
    match seen {
        Ok(bot) => Line::ok(Part::AwsCredentials, bot.arn.as_str()),
        Err(Trouble::Silent(why)) => Line::failed(
            Part::AwsCredentials,
            format!("AWS does not say whose they are: {why}"),
            "give the host a role, or set AWS_PROFILE; set aws.region; let it reach sts over https",
        ),
        Err(Trouble::Denied { why, .. }) => Line::failed(
            Part::AwsCredentials,
            why.as_str(),
            "renew the bot's credentials, and compare the clock",
        ),
        Err(Trouble::Missing) => Line::failed(
            Part::AwsCredentials,
            "there are none",
            "give the host a role, or set AWS_PROFILE",
        ),
    }
}

/// The external ids that a trust policy lets in.
pub fn external_ids(trust: &str) -> Vec<String> {
    let trust: Value = serde_json::from_str(trust).unwrap_or_default();
    let conditions = listed(&trust["Statement"]).into_iter().flat_map(|statement| {
        let operators = statement["Condition"].as_object().cloned().unwrap_or_default();
        operators.into_iter().flat_map(|(_, keys)| keys.as_object().cloned().unwrap_or_default())
    });
    let asked = conditions.filter(|(key, _)| key.eq_ignore_ascii_case("sts:ExternalId"));
    asked.flat_map(|(_, values)| texts(&values)).collect()
}

/// The actions that a policy allows, as it writes them; what it denies again is not weighed.
pub fn allowed(policy: &str) -> Vec<String> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = listed(&policy["Statement"]).into_iter();
    let allows = statements.filter(|statement| statement["Effect"] == "Allow");
    allows.flat_map(|statement| texts(&statement["Action"])).collect()
}

fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all.clone(),
        Value::Object(_) => vec![value.clone()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// Whether a pattern of IAM's (`*`, `?`, in any case) covers an action.
fn matches(pattern: &str, action: &str) -> bool {
    let pattern: Vec<char> = pattern.to_ascii_lowercase().chars().collect();
    let action: Vec<char> = action.to_ascii_lowercase().chars().collect();
    // What the rest of the pattern covers, from each place in the action on.
    let mut covers = vec![false; action.len() + 1];
    covers[action.len()] = true;
    for part in pattern.iter().rev() {
        let mut next = vec![false; action.len() + 1];
        for at in (0..=action.len()).rev() {
            let here = action.get(at);
            next[at] = match part {
                '*' => covers[at] || (at < action.len() && next[at + 1]),
                '?' => here.is_some() && covers[at + 1],
                letter => here == Some(letter) && covers[at + 1],
            };
        }
        covers = next;
    }
    covers[0]
}

fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_iam_lets_it_cover() {
        for (pattern, action, covered) in [
            ("*", "iam:GetUser", true),
            ("iam:*", "iam:GetUser", true),
            ("IAM:get*", "iam:GetUser", true),
            ("iam:Get?ser", "iam:GetUser", true),
            ("iam:Get", "iam:GetUser", false),
            ("s3:*", "iam:GetUser", false),
            ("iam:*Key*", "iam:UpdateAccessKey", true),
            ("iam:*Key?", "iam:UpdateAccessKey", false),
            ("", "iam:GetUser", false),
        ] {
            assert_eq!(matches(pattern, action), covered, "{pattern} {action}");
        }
    }

    #[test]
    fn what_a_trust_policy_asks_for_and_what_a_policy_allows_are_read_in_either_form() {
        let trust = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"sts:ExternalId":"a"}}}}"#;
        assert_eq!(external_ids(trust), ["a"]);
        let trust = r#"{"Statement":[{"Condition":{"StringLike":{"STS:externalid":["a","b"]}}}]}"#;
        assert_eq!(external_ids(trust), ["a", "b"]);
        assert_eq!(external_ids("no JSON"), [""; 0]);
        let policy = r#"{"Statement":[{"Effect":"Allow","Action":"iam:*"},
            {"Effect":"Deny","Action":"s3:*"},{"Effect":"Allow","Action":["a:B","c:D"]}]}"#;
        assert_eq!(allowed(policy), ["iam:*", "a:B", "c:D"]);
    }
}
