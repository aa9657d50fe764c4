//! The deny that closes a bucket: one statement of ours in a policy that is otherwise left alone.

use crate::domain::ids::CaseId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One statement that denies a bucket to everybody but a few roles.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BucketDeny {
    pub bucket_arn: String,
    /// The id of the statement, by which it is found again.
    pub sid: String,
    /// ARNs of the roles that are let through: whoever looks and gives back has to be.
    pub except: Vec<String>,
}

impl BucketDeny {
    pub fn new(case: &CaseId, bucket_arn: &str, mut except: Vec<String>) -> Self {
        // A statement id may hold letters and digits alone.
        let id: String = case.0.chars().filter(char::is_ascii_alphanumeric).collect();
        except.sort();
        except.dedup();
        Self { bucket_arn: bucket_arn.to_owned(), sid: format!("KeyleakDeny{id}"), except }
    }

    /// The policy with the statement added to what is there; none where that cannot be read.
    pub fn added_to(&self, policy: Option<&str>) -> Option<String> {
        let mut document = match policy {
            Some(text) => serde_json::from_str::<Value>(text).ok()?,
            None => json!({ "Version": "2012-10-17", "Statement": [] }),
        };
        let statements = document.as_object_mut()?.get_mut("Statement")?;
        if !statements.is_array() {
            *statements = json!([statements.take()]);
        }
        let list = statements.as_array_mut()?;
        list.retain(|one| one["Sid"] != self.sid.as_str());
        list.push(self.statement());
        Some(document.to_string())
    }

    /// Whether the policy has the statement, and has it whole.
    pub fn is_in(&self, policy: &str) -> bool {
        let document = serde_json::from_str::<Value>(policy).unwrap_or_default();
        let one = &document["Statement"];
        let statements = one.as_array().map_or(std::slice::from_ref(one), Vec::as_slice);
        let own = plain(self.statement());
        statements.iter().any(|one| plain(one.clone()) == own)
    }

    /// Whoever looks may go on reading the policy, which says nothing that is secret.
    ///
    /// Missing keys meet both conditions: a caller without credentials is denied too. Calls of
    /// AWS's own services are not, or a trail that is delivered into the bucket would end.
    pub fn statement(&self) -> Value {
        json!({
            "Sid": self.sid,
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": "s3:GetBucketPolicy",
            "Resource": [self.bucket_arn, format!("{}/*", self.bucket_arn)],
            "Condition": {
                "ArnNotLike": { "aws:PrincipalArn": self.except },
                "BoolIfExists": { "aws:PrincipalIsAWSService": "false" },
            },
        })
    }
}

/// Whether a policy lets CloudTrail write, so that the bucket may be where a trail is delivered.
pub fn takes_a_trail(policy: &str) -> bool {
    let document = serde_json::from_str::<Value>(policy).unwrap_or_default();
    let statements = plain(document["Statement"].clone());
    let many = statements.as_array().map_or(std::slice::from_ref(&statements), Vec::as_slice);
    let named = |service: &Value| service == "cloudtrail.amazonaws.com";
    many.iter().any(|statement| {
        let service = &statement["Principal"]["Service"];
        let is_named = service.as_array().map_or(named(service), |all| all.iter().any(named));
        statement["Effect"] == "Allow" && is_named
    })
}

/// S3 gives a list of one as its member, and everybody as an AWS principal.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(mut many) if many.len() == 1 => plain(many.remove(0)),
        Value::Array(many) => Value::Array(many.into_iter().map(plain).collect()),
        Value::Object(object) if object.len() == 1 && object.contains_key("AWS") => {
            object.into_iter().map(|(_, value)| plain(value)).next().unwrap_or_default()
        }
        Value::Object(object) => {
            Value::Object(object.into_iter().map(|(key, value)| (key, plain(value))).collect())
        }
        Value::Bool(flag) => Value::String(flag.to_string()),
        other @ (Value::Null | Value::Number(_) | Value::String(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::029608264753:role/keyleak-contain";
    const OLD: &str = r#"{"Version":"2012-10-17","Id":"x","Statement":{"Sid":"open",
        "Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}"#;

    fn deny() -> BucketDeny {
        let roles = vec![ROLE.to_owned(), ROLE.to_owned()];
        BucketDeny::new(&CaseId("kl-7-a".to_owned()), "arn:aws:s3:::b", roles)
    }

    #[test]
    fn what_was_in_the_policy_stays_and_the_deny_is_there_once() {
        let closed = deny().added_to(Some(OLD)).unwrap();
        let again = deny().added_to(Some(&closed)).unwrap();
        assert_eq!(closed, again);
        let document: Value = serde_json::from_str(&closed).unwrap();
        assert_eq!(
            (&document["Id"], &document["Statement"][0]["Sid"]),
            (&"x".into(), &"open".into())
        );
        assert_eq!(document["Statement"].as_array().unwrap().len(), 2);
        assert_eq!(document["Statement"][1]["Sid"], "KeyleakDenykl7a");
        assert!(deny().is_in(&closed) && !deny().is_in(OLD));
        assert!(deny().is_in(&deny().added_to(None).unwrap()));
    }

    #[test]
    fn a_deny_that_lets_somebody_else_through_is_not_ours_and_a_broken_policy_is_left_alone() {
        let closed = deny().added_to(None).unwrap();
        assert!(!deny().is_in(&closed.replace(ROLE, "arn:aws:iam::1:role/evil")));
        assert!(!deny().is_in(&closed.replace("Deny\"", "Allow\"")));
        assert!(deny().is_in(&closed.replace(r#""Principal":"*""#, r#""Principal":{"AWS":"*"}"#)));
        assert_eq!(deny().added_to(Some("not json")), None);
    }
}
