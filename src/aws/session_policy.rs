//! What the session of one ticket may do: the calls of its action, on its target alone.

use crate::domain::action::{Action, Change};
use serde_json::{Value, json};

const LAST_USED: &str = "iam:GetAccessKeyLastUsed";

/// What the session may do: this action's calls on this principal, and only these policies attached
/// or made the boundary.
pub(super) fn session_policy(action: &Action) -> Value {
    let statement = |call: &str| {
        let mut statement = json!({ "Effect": "Allow", "Action": call, "Resource": action.on.arn });
        if let Some((key, arn)) = only_with(call, &action.change) {
            statement["Condition"] = json!({ "ArnEquals": { key: arn } });
        }
        if let Change::Quarantine { tag, .. } | Change::LiftQuarantine { tag } = &action.change {
            statement["Condition"] = json!({
                "ForAllValues:StringEquals": { "aws:TagKeys": [tag] },
                "Null": { "aws:TagKeys": "false" },
            });
        }
        statement
    };
    let of_iam = || action.permissions().iter().all(|call| call.starts_with("iam:"));
    if matches!(&action.change, Change::Delete { .. } | Change::DeleteResource) && of_iam() {
        return deleting_policy(action);
    }
    if matches!(&action.change, Change::Resource { .. } | Change::DeleteResource) {
        return resource_policy(action);
    }
    if let Change::MakeKey { secret, .. } = &action.change {
        return key_policy(action, secret);
    }
    let statements: Vec<Value> = action.permissions().iter().map(|call| statement(call)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The calls that change the resource, or delete it. Cloud Control's own know no resource, and
/// neither do what EC2 and SSM describe; an instance's groups are named with it when they change.
fn resource_policy(action: &Action) -> Value {
    let is_wide = |call: &str| {
        ["cloudformation:", "ec2:D", "ssm:"].iter().any(|service| call.starts_with(service))
    };
    let (wide, own): (Vec<&str>, Vec<&str>) =
        action.permissions().iter().partition(|call| is_wide(call));
    let mut resources = vec![action.on.arn.clone()];
    if matches!(action.change, Change::Resource { .. }) {
        let instance = action.on.arn.split_once(":instance/");
        resources.extend(instance.map(|(place, _)| format!("{place}:security-group/*")));
        let service = action.on.arn.split_once(":service/");
        resources.extend(
            service.map(|(place, service)| format!("{place}:service-deployment/{service}/*")),
        );
    }
    let mut statements = vec![json!({ "Effect": "Allow", "Action": own, "Resource": resources })];
    if !wide.is_empty() {
        statements.push(json!({ "Effect": "Allow", "Action": wide, "Resource": "*" }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The calls that make a key of this user, and those about this secret. AWS adds a hyphen and six
/// characters to the name; whoever makes a secret is asked about the name without them.
fn key_policy(action: &Action, secret: &str) -> Value {
    // What a key was last used for is asked by the key alone, which names no user.
    let calls = action.permissions().iter().filter(|call| **call != LAST_USED);
    let (iam, of_secret): (Vec<&str>, Vec<&str>) = calls.partition(|call| call.starts_with("iam:"));
    let mut arn = action.on.arn.split(':');
    let partition = arn.nth(1).unwrap_or_default();
    let account = arn.nth(2).unwrap_or_default();
    let named = format!("arn:{partition}:secretsmanager:*:{account}:secret:{secret}");
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": iam, "Resource": action.on.arn },
        { "Effect": "Allow", "Action": of_secret, "Resource": [format!("{named}-??????"), named] },
        { "Effect": "Allow", "Action": LAST_USED, "Resource": "*" },
    ] })
}

/// The calls that delete the principal, in as few statements as there are things they are about: a
/// session policy has room for no more.
fn deleting_policy(action: &Action) -> Value {
    let is_principal = matches!(&action.change, Change::Delete { .. });
    let beside = |call: &str| match call {
        _ if !is_principal => None,
        "iam:RemoveUserFromGroup" => Some("group/*"),
        "iam:DeleteVirtualMFADevice" => Some("mfa/*"),
        "iam:RemoveRoleFromInstanceProfile" => Some("instance-profile/*"),
        _ => None,
    };
    let (others, own): (Vec<&str>, Vec<&str>) =
        action.permissions().iter().partition(|call| beside(call).is_some());
    let resource = action.on.arn.rsplitn(2, ':').last().unwrap_or_default();
    let mut statements = vec![json!({
        "Effect": "Allow", "Action": own, "Resource": action.on.arn,
    })];
    statements.extend(others.into_iter().map(|call| {
        let which = beside(call).unwrap_or_default();
        json!({ "Effect": "Allow", "Action": call, "Resource": format!("{resource}:{which}") })
    }));
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The one policy that a call may be about, and the condition key that says so.
fn only_with<'a>(call: &str, change: &'a Change) -> Option<(&'static str, &'a str)> {
    let policy_arn = match change {
        Change::Deny { policy_arn, .. } | Change::LiftDeny { policy_arn, .. } => policy_arn,
        Change::SetBoundary { boundary: Some(policy_arn) } => policy_arn,
        Change::SetBoundary { boundary: None }
        | Change::DeactivateKey { .. }
        | Change::DeactivateCredential { .. }
        | Change::RevokeSessions { .. }
        | Change::PutTrust { .. }
        | Change::Quarantine { .. }
        | Change::LiftQuarantine { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::Resource { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => return None,
    };
    if call.ends_with("PermissionsBoundary") {
        return Some(("iam:PermissionsBoundary", policy_arn));
    }
    let attaches = call.starts_with("iam:Attach") || call.starts_with("iam:Detach");
    attaches.then_some(("iam:PolicyARN", policy_arn.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::principal::{Principal, PrincipalKind};

    fn denying(kind: PrincipalKind) -> Action {
        Action {
            on: Principal {
                kind,
                name: "ci".to_owned(),
                id: "AIDA1".to_owned(),
                arn: format!("arn:aws-cn:iam::123456789012:{}/a/ci", kind.word()),
            },
            change: Change::Deny {
                policy_arn: "arn:aws-cn:iam::aws:policy/AWSDenyAll".to_owned(),
                inline_name: "KeyleakDeny-1".to_owned(),
            },
        }
    }

    #[test]
    fn a_session_may_attach_only_the_planned_policy_to_only_the_planned_principal() {
        for (kind, call) in [
            (PrincipalKind::User, "iam:AttachUserPolicy"),
            (PrincipalKind::Role, "iam:AttachRolePolicy"),
        ] {
            let policy = session_policy(&denying(kind));
            let attach = &policy["Statement"][0];
            assert_eq!(attach["Action"], call);
            assert_eq!(
                attach["Condition"]["ArnEquals"]["iam:PolicyARN"],
                "arn:aws-cn:iam::aws:policy/AWSDenyAll"
            );
            let arn = format!("arn:aws-cn:iam::123456789012:{}/a/ci", kind.word());
            assert_eq!(attach["Resource"], arn);
            let boundary = &policy["Statement"][2]["Condition"]["ArnEquals"];
            assert_eq!(
                boundary["iam:PermissionsBoundary"],
                "arn:aws-cn:iam::aws:policy/AWSDenyAll"
            );
        }
    }

    #[test]
    fn a_session_that_isolates_an_instance_may_change_that_one_and_stop_none() {
        use crate::domain::ids::AccountId;
        use crate::domain::resource::{ResourceName, ResourceType};
        use crate::domain::resource_change::ResourceChange;
        let name = ResourceName {
            of: ResourceType::Instance,
            account: AccountId("123456789012".to_owned()),
            region: "eu-west-1".to_owned(),
            id: "i-1".to_owned(),
        };
        let (key, arn) = (name.key(), name.arn());
        let on = Principal { kind: key.kind, name: key.name, id: arn.clone(), arn: arn.clone() };
        let change = ResourceChange::Isolate { group: "sg-1".to_owned() };
        let policy = session_policy(&Action { on, change: Change::Resource { change } });
        let own = &policy["Statement"][0];
        assert_eq!(own["Action"], json!(["ec2:ModifyInstanceAttribute"]));
        let groups = "arn:aws:ec2:eu-west-1:123456789012:security-group/*";
        assert_eq!(own["Resource"], json!([arn, groups]));
        let wide = policy["Statement"][1]["Action"].to_string();
        assert!(wide.contains("cloudformation:UpdateResource"), "{wide}");
        for never in ["Stop", "Terminate", "DeleteResource", "PassRole", "Modify"] {
            assert!(!wide.contains(never), "{never}: {wide}");
        }
    }

    #[test]
    fn a_session_that_deletes_something_of_iam_has_rights_to_that_alone() {
        use crate::domain::ids::AccountId;
        use crate::domain::resource::{ResourceName, ResourceType};
        for of in ResourceType::OF_IAM {
            let account = AccountId("123456789012".to_owned());
            let region = "us-east-1".to_owned();
            let id = "arn:aws:iam::123456789012:saml-provider/evil".to_owned();
            let name = ResourceName { of, account, region, id };
            let (key, arn) = (name.key(), name.arn());
            let on = Principal { kind: key.kind, name: key.name, id: "A1".to_owned(), arn };
            let action = Action { on, change: Change::DeleteResource };
            let policy = session_policy(&action);
            let only = json!({
                "Effect": "Allow", "Action": of.deleting(), "Resource": action.on.arn,
            });
            assert_eq!(policy["Statement"], json!([only]), "{of:?}");
        }
    }

    #[test]
    fn a_session_that_deletes_a_resource_has_rights_to_that_one_and_fits_into_a_policy() {
        use crate::domain::ids::AccountId;
        use crate::domain::resource::{ResourceName, ResourceType};
        for of in ResourceType::CONTAINED {
            let account = AccountId("123456789012".to_owned());
            let name =
                ResourceName { of, account, region: "eu-west-1".to_owned(), id: "a/b".to_owned() };
            let (key, arn) = (name.key(), name.arn());
            let on = Principal { kind: key.kind, name: key.name, id: arn.clone(), arn };
            let action = Action { on, change: Change::DeleteResource };
            let policy = session_policy(&action);
            let own = &policy["Statement"][0];
            assert_eq!(own["Resource"], json!([action.on.arn]), "{of:?}");
            let changing = |call: &Value| {
                let name = call.as_str().unwrap().split(':').nth(1).unwrap_or_default();
                (name.starts_with("Delete") || name.starts_with("Terminate"))
                    && name != "DeleteResource"
            };
            let wide = policy["Statement"][1]["Action"].as_array();
            assert_eq!(own["Action"].as_array().unwrap().iter().filter(|c| changing(c)).count(), 1);
            assert!(!wide.into_iter().flatten().any(changing), "{of:?}: {policy}");
            assert!(policy.to_string().len() <= 2_048, "{policy}");
        }
    }

    #[test]
    fn a_session_names_exactly_the_calls_its_action_says_it_needs() {
        let action = denying(PrincipalKind::User);
        let policy = session_policy(&action);
        let named: Vec<&str> = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|statement| statement["Action"].as_str())
            .collect();
        assert_eq!(named, action.permissions());
    }
}
