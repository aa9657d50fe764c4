//! Who may assume a role, and the same document without those who came from outside.
//!
//! CloudTrail shows what an edit wrote and never what it replaced, so what an actor added is told
//! by what it names: another account, everybody, or a principal the actor made. A partner's account
//! that was named before goes too; the step names it, and whoever approves sees it.

use crate::domain::principal::{PrincipalName, account_in};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What decides who stays in a trust document.
#[derive(Debug, Clone, Copy)]
pub struct Insiders<'a> {
    /// The account of the role.
    pub account: &'a str,
    /// Principals that the actor made.
    pub made_by_actor: &'a BTreeSet<PrincipalName>,
}

/// A trust document without its outsiders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    pub document: String,
    /// Whom it no longer names.
    pub removed: Vec<String>,
}

/// Takes the outsiders out; none where the document names none, or cannot be read.
pub fn without_outsiders(document: &str, insiders: Insiders<'_>) -> Option<Cleaned> {
    let mut value: Value = serde_json::from_str(document).ok()?;
    let statements = one_or_many(value.get_mut("Statement")?.take());
    let mut removed = Vec::new();
    let mut kept = Vec::new();
    for mut statement in statements {
        let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        if !allows || keep_insiders(&mut statement, insiders, &mut removed) {
            kept.push(statement);
        }
    }
    if removed.is_empty() {
        return None;
    }
    if kept.is_empty() {
        kept.push(lets_nobody_in());
    }
    value["Statement"] = Value::Array(kept);
    Some(Cleaned { document: value.to_string(), removed })
}

/// Whom the document lets in, as it names them; none where it cannot be read.
pub fn let_in(document: &str) -> Option<Vec<String>> {
    let mut value: Value = serde_json::from_str(document).ok()?;
    let mut names = Vec::new();
    for statement in one_or_many(value.get_mut("Statement")?.take()) {
        if statement.get("Effect").and_then(Value::as_str) != Some("Allow") {
            continue;
        }
        match statement.get("Principal") {
            None => names.push("everybody but a few (NotPrincipal)".to_owned()),
            Some(Value::Object(kinds)) => {
                let named = kinds.values().cloned().flat_map(one_or_many);
                names.extend(named.map(|one| one.as_str().unwrap_or("?").to_owned()));
            }
            Some(_) => names.push("everybody".to_owned()),
        }
    }
    Some(names)
}

/// Whether the document names this provider; one that cannot be read is searched as a text.
pub fn names(document: &str, provider: &str) -> bool {
    let read: Result<Value, _> = serde_json::from_str(document);
    let text = read.map_or_else(|_| document.to_owned(), |value| value.to_string());
    text.contains(&json!(provider).to_string())
}

/// A trust document that lets nobody in.
pub fn of_nobody() -> String {
    json!({ "Version": "2012-10-17", "Statement": [lets_nobody_in()] }).to_string()
}

/// A trust document needs a statement; this one allows nothing.
fn lets_nobody_in() -> Value {
    json!({ "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole" })
}

/// Whether a statement still names somebody.
fn keep_insiders(statement: &mut Value, insiders: Insiders<'_>, removed: &mut Vec<String>) -> bool {
    if statement.get("NotPrincipal").is_some() {
        removed.push("everybody but a few (NotPrincipal)".to_owned());
        return false;
    }
    let Some(principal) = statement.get_mut("Principal") else {
        return true;
    };
    if principal.is_string() {
        removed.push("everybody".to_owned());
        return false;
    }
    let Some(kinds) = principal.as_object_mut() else {
        return true;
    };
    if let Some(aws) = kinds.get_mut("AWS") {
        let named = one_or_many(aws.take());
        let is_inside = |one: &Value| one.as_str().is_some_and(|text| is_insider(text, insiders));
        let (inside, outside): (Vec<_>, Vec<_>) = named.into_iter().partition(is_inside);
        removed.extend(outside.iter().map(|one| one.as_str().unwrap_or("?").to_owned()));
        if inside.is_empty() {
            kinds.remove("AWS");
        } else {
            *aws = Value::Array(inside);
        }
    }
    !kinds.is_empty()
}

/// A list as it is, and a single value as a list of one: IAM takes both.
fn one_or_many(value: Value) -> Vec<Value> {
    if let Value::Array(list) = value { list } else { vec![value] }
}

fn is_insider(principal: &str, insiders: Insiders<'_>) -> bool {
    let is_number = principal.len() == 12 && principal.bytes().all(|b| b.is_ascii_digit());
    let account = if is_number { Some(principal) } else { account_in(principal) };
    let is_inside = |account: &str| account == insiders.account;
    let made =
        PrincipalName::of_arn(principal).is_some_and(|name| insiders.made_by_actor.contains(&name));
    // Where a principal was deleted IAM shows its bare id, which lets nobody in.
    account.is_none_or(is_inside) && principal != "*" && !made
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "111111111111";

    fn cleaned(document: &str, made: &[&str]) -> Option<Cleaned> {
        let made = made.iter().map(|name| PrincipalName::user(name)).collect();
        let insiders = Insiders { account: OWN, made_by_actor: &made };
        without_outsiders(document, insiders)
    }

    fn trusting(principal: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
            "Principal":{{"AWS":{principal}}},"Action":"sts:AssumeRole"}}]}}"#
        )
    }

    #[test]
    fn another_account_goes_and_the_own_one_stays() {
        let both = trusting(r#"["arn:aws:iam::111111111111:root","999999999999"]"#);
        let found = cleaned(&both, &[]).unwrap();
        assert_eq!(found.removed, ["999999999999"]);
        assert!(found.document.contains("111111111111:root"));
        assert!(!found.document.contains("999999999999"));
    }

    #[test]
    fn everybody_goes_however_it_is_written_and_nobody_is_left_in() {
        for everybody in [
            trusting(r#""*""#),
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#
                .to_owned(),
            r#"{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},
                "Action":"sts:AssumeRole"}]}"#
                .to_owned(),
        ] {
            let found = cleaned(&everybody, &[]).unwrap();
            assert!(found.document.contains(r#""Effect":"Deny""#), "{}", found.document);
            assert!(!found.document.contains("Allow"), "{}", found.document);
        }
    }

    #[test]
    fn a_user_that_the_actor_made_goes_and_services_stay() {
        let document = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":
            "ec2.amazonaws.com","AWS":"arn:aws:iam::111111111111:user/evil"},
            "Action":"sts:AssumeRole"}]}"#;
        let found = cleaned(document, &["evil"]).unwrap();
        assert!(found.document.contains("ec2.amazonaws.com"));
        assert!(!found.document.contains("evil"));
        assert_eq!(cleaned(document, &[]), None);
    }

    #[test]
    fn whom_a_document_lets_in_is_named_as_it_stands_there() {
        let document = r#"{"Statement":[
            {"Effect":"Allow","Principal":{"AWS":["111111111111","999999999999"]}},
            {"Effect":"Allow","Principal":{"Federated":"an oidc-provider"}},
            {"Effect":"Deny","Principal":{"AWS":"222222222222"}},
            {"Effect":"Allow","Principal":"*"},
            {"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"}}]}"#;
        let named = let_in(document).unwrap();
        let few = "everybody but a few (NotPrincipal)";
        let all = ["111111111111", "999999999999", "an oidc-provider", "everybody", few];
        assert_eq!(named, all);
        assert_eq!(let_in(&of_nobody()), Some(Vec::new()));
        assert_eq!(let_in("no json"), None);
    }

    #[test]
    fn what_cannot_be_read_is_left_to_people() {
        assert_eq!(cleaned("no json", &[]), None);
        assert_eq!(cleaned("{}", &[]), None);
    }
}
