//! In which fields two states of a principal differ, in words for whoever has to decide.

use crate::domain::document::fingerprint;
use crate::domain::facts::{Fact, KeyState};
use crate::domain::snapshot::{OfRole, OfUser, Own, Photograph, SideState};

/// Every field in which two states differ, each as one sentence; the field's name comes first.
pub fn differences(before: &Photograph, after: &Photograph) -> Vec<String> {
    let (before, after) = (fields(before), fields(after));
    let pairs = before.into_iter().zip(after);
    pairs
        .filter(|((_, old), (_, new))| old != new)
        .map(|((what, old), (_, new))| format!("{what}: was {old}, is {new}"))
        .collect()
}

/// Against what was left and what was there before: for each field that moved on, all three.
pub fn three_way(before: &Photograph, left: &Photograph, now: &Photograph) -> Vec<String> {
    let (before, left, now) = (fields(before), fields(left), fields(now));
    let triples = before.into_iter().zip(left).zip(now);
    triples
        .filter(|((_, (_, left)), (_, now))| left != now)
        .map(|(((what, before), (_, left)), (_, now))| {
            format!("{what}: before the plan {before}; as the plan left it {left}; now {now}")
        })
        .collect()
}

fn fields(photograph: &Photograph) -> Vec<(&'static str, String)> {
    let tags = photograph.tags.iter().map(|(name, value)| format!("{name}={value}"));
    // What AWS attaches by itself is nobody's change, and is never detached.
    let attached = photograph.attached.iter().filter(|policy| !policy.is_quarantine());
    let attached = attached.map(|policy| policy.arn.clone());
    let inline = photograph.inline.iter();
    let inline = inline.map(|(name, document)| format!("{name} {}", fingerprint(document)));
    let mut fields = vec![
        ("id", photograph.id.clone()),
        ("path", photograph.path.clone()),
        ("permissions boundary", photograph.boundary.clone().unwrap_or_else(none)),
        ("attached policies", list(attached)),
        ("inline policies", list(inline)),
    ];
    let tags = ("tags", list(tags));
    match &photograph.own {
        Own::User(user) => fields.extend([tags].into_iter().chain(of_user(user))),
        Own::Role(role) => fields.extend([tags].into_iter().chain(of_role(role))),
        // Whoever looks after it may tag it: that is no part of what keyleak changes.
        Own::Resource(resource) => fields.extend(resource.fields()),
    }
    fields
}

fn of_user(user: &OfUser) -> Vec<(&'static str, String)> {
    let password = match &user.login_profile {
        Fact::Known(Some(_)) => "set".to_owned(),
        Fact::Known(None) => none(),
        Fact::Unknown(_) => unknown(),
    };
    vec![
        ("access keys", list(user.keys.iter().map(key))),
        ("groups", list(user.groups.iter().cloned())),
        ("console password", password),
        ("MFA devices", fact(&user.mfa_devices, Clone::clone)),
        ("service-specific credentials", fact(&user.service_credentials, side)),
        ("SSH keys", fact(&user.ssh_keys, side)),
        ("signing certificates", fact(&user.signing_certificates, side)),
    ]
}

fn of_role(role: &OfRole) -> Vec<(&'static str, String)> {
    vec![
        ("trust policy", fingerprint(&role.trust)),
        ("description", role.description.clone().unwrap_or_else(none)),
        ("longest session", format!("{} s", role.session_seconds_max)),
        ("instance profiles", fact(&role.instance_profiles, Clone::clone)),
    ]
}

fn key(key: &KeyState) -> String {
    format!("{} {}", key.id, activity(key.active))
}

fn side(state: &SideState) -> String {
    format!("{} {}", state.credential.id, activity(state.active))
}

fn activity(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}

fn fact<T>(fact: &Fact<Vec<T>>, shown: impl Fn(&T) -> String) -> String {
    match fact {
        Fact::Known(items) => list(items.iter().map(shown)),
        Fact::Unknown(_) => unknown(),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { none() } else { items.join(", ") }
}

fn none() -> String {
    "none".to_owned()
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::resource::OfResource;
    use crate::domain::sample;
    use crate::domain::snapshot::AttachedPolicy;

    #[test]
    fn the_quarantine_of_aws_is_no_difference_and_a_policy_of_that_name_is_one() {
        let function = Own::Resource(OfResource::Function { reserved: None });
        let of = sample::photograph(&sample::role("deploy", "AROA1"), function);
        let with = |arn: &str| {
            let policy = AttachedPolicy { name: String::new(), arn: arn.to_owned() };
            Photograph { attached: vec![policy], ..of.clone() }
        };
        let own = with("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3");
        assert_eq!((differences(&of, &own), three_way(&of, &of, &own)), (Vec::new(), Vec::new()));
        let gov = with("arn:aws-us-gov:iam::aws:policy/AWSCompromisedKeyQuarantineV2");
        assert_eq!(differences(&of, &gov), [""; 0]);
        let forged = with("arn:aws:iam::029608264753:policy/AWSCompromisedKeyQuarantineV3");
        assert_eq!(differences(&of, &forged).len(), 1);
        assert_eq!(three_way(&of, &of, &with("arn:aws:iam::aws:policy/ReadOnlyAccess")).len(), 1);
    }

    #[test]
    fn a_tag_on_a_resource_is_no_difference_and_one_on_a_user_is() {
        let tagged = |mut photograph: Photograph| {
            photograph.tags.insert("cost".to_owned(), "7".to_owned());
            photograph
        };
        let of = |own| sample::photograph(&sample::role("deploy", "AROA1"), own);
        let function = of(Own::Resource(OfResource::Function { reserved: None }));
        assert_eq!(differences(&function, &tagged(function.clone())), Vec::<String>::new());
        let stopped = of(Own::Resource(OfResource::Function { reserved: Some(0) }));
        assert_eq!(differences(&function, &stopped).len(), 1);
        let role = of(Own::Role(OfRole {
            trust: "{}".to_owned(),
            description: None,
            session_seconds_max: 3_600,
            instance_profiles: Fact::Known(Vec::new()),
        }));
        assert_eq!(differences(&role, &tagged(role.clone())), ["tags: was none, is cost=7"]);
    }
}
