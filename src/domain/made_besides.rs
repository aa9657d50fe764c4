//! What else of IAM the trail shows the actor making, and the commands that delete it. Who else has
//! come to use it no trail tells, so each is looked at before it goes.

use crate::domain::ids::AccountId;
use crate::domain::losses::Bounds;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::shell::quoted;
use crate::domain::trail_row::TrailRow;
use jiff::Timestamp;
use std::borrow::Borrow;

/// A kind of thing that is neither user nor role, in the order in which they may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MadeKind {
    TrustAnchor,
    SamlProvider,
    OidcProvider,
    InstanceProfile,
    Group,
    Policy,
}

/// One of them that is still there, as far as the trail tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MadeBesides {
    pub kind: MadeKind,
    /// Its name, or the ARN or id where it has no name of its own.
    pub name: String,
    pub at: Timestamp,
    /// The region of the record: that of IAM's trail, except where the kind has one.
    pub region: Option<String>,
    pub account: Option<String>,
    /// The address that the call came from.
    pub from: Option<String>,
    /// Nobody but the actor can have made the call.
    pub sure: bool,
}

impl MadeKind {
    const ALL: [Self; 6] = [
        Self::TrustAnchor,
        Self::SamlProvider,
        Self::OidcProvider,
        Self::InstanceProfile,
        Self::Group,
        Self::Policy,
    ];

    fn noun(self) -> &'static str {
        match self {
            Self::TrustAnchor => "TrustAnchor",
            Self::SamlProvider => "SAMLProvider",
            Self::OidcProvider => "OpenIDConnectProvider",
            Self::InstanceProfile => "InstanceProfile",
            Self::Group => "Group",
            Self::Policy => "Policy",
        }
    }

    fn service(self) -> &'static str {
        match self {
            Self::TrustAnchor => "rolesanywhere.amazonaws.com",
            Self::SamlProvider
            | Self::OidcProvider
            | Self::InstanceProfile
            | Self::Group
            | Self::Policy => "iam.amazonaws.com",
        }
    }

    /// What keyleak can delete; Roles Anywhere has an API of its own, which it does not call.
    fn resource_type(self) -> Option<ResourceType> {
        match self {
            Self::TrustAnchor => None,
            Self::SamlProvider => Some(ResourceType::SamlProvider),
            Self::OidcProvider => Some(ResourceType::OidcProvider),
            Self::InstanceProfile => Some(ResourceType::InstanceProfile),
            Self::Group => Some(ResourceType::Group),
            Self::Policy => Some(ResourceType::Policy),
        }
    }

    pub fn words(self) -> &'static str {
        self.resource_type().map_or("trust anchor", ResourceType::word)
    }

    /// What the record calls it. A policy is made by name and deleted by ARN.
    fn name_in(self, row: &TrailRow) -> Option<&str> {
        let (arn, resource) = (row.origin_arn.as_deref(), row.resource.as_deref());
        let named = match self {
            Self::SamlProvider | Self::OidcProvider => arn.or(resource),
            Self::TrustAnchor | Self::InstanceProfile => resource,
            Self::Group => row.target_group.as_deref(),
            Self::Policy => row.target_policy.as_deref(),
        };
        let whole = matches!(self, Self::SamlProvider | Self::OidcProvider);
        named.map(|name| if whole { name } else { name.rsplit('/').next().unwrap_or(name) })
    }
}

impl MadeBesides {
    pub fn is_anchor(&self) -> bool {
        self.kind == MadeKind::TrustAnchor
    }

    /// The resource that keyleak can delete; none where it cannot, or the record does not name it.
    pub fn resource(&self) -> Option<ResourceName> {
        let of = self.kind.resource_type()?;
        let account = self.account.as_deref().and_then(AccountId::parse)?;
        let region = self.region.clone().unwrap_or_default();
        let named = !self.name.is_empty() && !region.is_empty() && !region.contains('/');
        named.then(|| ResourceName { of, account, region, id: self.name.clone() })
    }
}

/// What the actor made since the exposure and nobody of the lineage deleted again, from the rows in
/// their order, in the order in which it may go. What IAM allows an account bounds how many.
pub fn made_besides<R: Borrow<TrailRow>>(
    rows: impl IntoIterator<Item = R>,
    bounds: &Bounds,
) -> Vec<MadeBesides> {
    let mut made: Vec<MadeBesides> = Vec::new();
    for row in rows {
        let row: &TrailRow = row.borrow();
        let Some(at) = bounds.deed(row) else { continue };
        let call = row.event_name.as_deref().unwrap_or_default();
        for kind in MadeKind::ALL {
            let Some(name) = kind.name_in(row) else { continue };
            if row.event_source.as_deref() != Some(kind.service()) {
                continue;
            }
            let is_it = |one: &MadeBesides| one.kind == kind && one.name == name;
            if call.strip_prefix("Create") == Some(kind.noun()) && !made.iter().any(is_it) {
                made.push(MadeBesides {
                    kind,
                    name: name.to_owned(),
                    at,
                    region: row.aws_region.clone(),
                    account: row.recipient_account.clone(),
                    from: row.source_ip.clone(),
                    sure: bounds.is_sure(row),
                });
            }
            if call.strip_prefix("Delete") == Some(kind.noun()) {
                made.retain(|one| !is_it(one));
            }
        }
    }
    made.sort();
    made
}

/// It in one line with why keyleak leaves it alone, and below that the commands which delete it.
/// Those begin with who uses it.
pub fn line(made: &MadeBesides, why: &str) -> String {
    let kind = made.kind.words();
    let told = format!("{kind} {}, made by the actor at {:.0}", made.name, made.at);
    let commands = commands(made).join("\n");
    format!("{told}: {why}; people delete it once nobody else uses it:\n{commands}")
}

fn commands(made: &MadeBesides) -> Vec<String> {
    if let Some(of) = made.kind.resource_type() {
        return deleting(of, &made.name, None);
    }
    let region = quoted(made.region.as_deref().unwrap_or("<its region>"));
    let id = quoted(&made.name);
    vec![format!("aws rolesanywhere delete-trust-anchor --region {region} --trust-anchor-id {id}")]
}

/// The commands that delete something of IAM; the ARN is of a policy, where it is known.
pub fn deleting(of: ResourceType, name: &str, arn: Option<&str>) -> Vec<String> {
    let quoted_name = quoted(name);
    let one = |command: &str, option: &str| format!("aws iam {command} --{option} {quoted_name}");
    match of {
        ResourceType::SamlProvider => vec![one("delete-saml-provider", "saml-provider-arn")],
        ResourceType::OidcProvider => {
            vec![one("delete-open-id-connect-provider", "open-id-connect-provider-arn")]
        }
        ResourceType::InstanceProfile => {
            let profile = |command| one(command, "instance-profile-name");
            vec![
                profile("get-instance-profile"),
                format!(
                    "{} --role-name '<the one it names>'",
                    profile("remove-role-from-instance-profile")
                ),
                profile("delete-instance-profile"),
            ]
        }
        ResourceType::Group => deleting_group(&|command| one(command, "group-name")),
        ResourceType::Policy => vec![
            format!("policy={}", arn.map_or_else(|| arn_of(name), quoted)),
            "aws iam list-entities-for-policy --policy-arn \"$policy\"".to_owned(),
            "for one in $(aws iam list-policy-versions --policy-arn \"$policy\" --query \
             'Versions[?!IsDefaultVersion].VersionId' --output text); do aws iam \
             delete-policy-version --policy-arn \"$policy\" --version-id \"$one\"; done"
                .to_owned(),
            "aws iam delete-policy --policy-arn \"$policy\"".to_owned(),
        ],
        ResourceType::Bucket
        | ResourceType::Instance
        | ResourceType::Function
        | ResourceType::EventSource
        | ResourceType::Service => Vec::new(),
    }
}

/// Whoever is still in it is somebody's to ask, so nobody is taken out here.
fn deleting_group(group: &dyn Fn(&str) -> String) -> Vec<String> {
    vec![
        group("get-group"),
        format!(
            "for one in $({} --query 'AttachedPolicies[].PolicyArn' --output text); do \
             {} --policy-arn \"$one\"; done",
            group("list-attached-group-policies"),
            group("detach-group-policy")
        ),
        format!(
            "for one in $({} --query 'PolicyNames[]' --output text); do \
             {} --policy-name \"$one\"; done",
            group("list-group-policies"),
            group("delete-group-policy")
        ),
        group("delete-group"),
    ]
}

/// Its ARN has a path that the record does not name, so IAM is asked. A name that IAM never gave
/// is no part of a command.
fn arn_of(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b);
    if !name.bytes().all(plain) {
        return "'<its ARN>'".to_owned();
    }
    format!(
        "$(aws iam list-policies --scope Local --query \"Policies[?PolicyName=='{name}'].Arn\" \
         --output text)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OIDC: &str = "arn:aws:iam::029608264753:oidc-provider/evil.example";

    fn row(second: u32, call: &str) -> TrailRow {
        TrailRow {
            event_time: format!("2026-11-20T10:00:{second:02}Z"),
            event_id: Some(format!("{second}-{call}")),
            event_source: Some("iam.amazonaws.com".to_owned()),
            event_name: Some(call.to_owned()),
            reach: Some("lineage".to_owned()),
            ..TrailRow::default()
        }
    }

    fn policy(second: u32, call: &str, name: &str) -> TrailRow {
        TrailRow { target_policy: Some(name.to_owned()), ..row(second, call) }
    }

    fn names(rows: &[TrailRow], since: Option<&str>) -> Vec<String> {
        let since = since.map(|since| since.parse().unwrap());
        let bounds = Bounds { since, ..Bounds::default() };
        made_besides(rows, &bounds).into_iter().map(|made| made.name).collect()
    }

    #[test]
    fn what_the_actor_made_and_did_not_delete_is_listed_in_the_order_in_which_it_may_go() {
        let provider =
            TrailRow { origin_arn: Some(OIDC.to_owned()), ..row(2, "CreateOpenIDConnectProvider") };
        let group = TrailRow { target_group: Some("ops".to_owned()), ..row(3, "CreateGroup") };
        let gone = "arn:aws:iam::029608264753:policy/gone";
        let rows = [
            policy(1, "CreatePolicy", "all"),
            provider,
            group,
            policy(4, "CreatePolicy", "gone"),
            policy(5, "DeletePolicy", gone),
        ];
        assert_eq!(names(&rows, None), [OIDC, "ops", "all"]);
        assert_eq!(names(&rows[..4], None), [OIDC, "ops", "all", "gone"], "the control");
    }

    #[test]
    fn others_deeds_refused_ones_and_those_before_the_exposure_are_not() {
        let others = TrailRow { reach: None, ..policy(1, "CreatePolicy", "theirs") };
        let refused = TrailRow {
            error_code: Some("AccessDenied".to_owned()),
            ..policy(2, "CreatePolicy", "refused")
        };
        let elsewhere = TrailRow {
            event_source: Some("organizations.amazonaws.com".to_owned()),
            ..policy(3, "CreatePolicy", "scp")
        };
        let rows = [others, refused, elsewhere, policy(4, "CreatePolicy", "all")];
        assert_eq!(names(&rows, None), ["all"]);
        assert_eq!(names(&rows, Some("2026-11-20T10:00:05Z")), [""; 0]);
    }

    #[test]
    fn what_keyleak_deletes_has_a_name_of_its_own_in_the_account_and_region_of_the_record() {
        let at_home = |row: TrailRow| TrailRow {
            recipient_account: Some("029608264753".to_owned()),
            aws_region: Some("us-east-1".to_owned()),
            reach: Some("key".to_owned()),
            ..row
        };
        let named = |row: TrailRow| {
            let made = made_besides(&[row], &Bounds::default()).remove(0);
            made.resource().map(|name| name.to_string())
        };
        let all = at_home(policy(1, "CreatePolicy", "all"));
        assert_eq!(named(all.clone()).as_deref(), Some("policy all"));
        let nowhere = TrailRow { recipient_account: None, ..all };
        assert_eq!(named(nowhere), None);
        let anchor = TrailRow {
            event_source: Some("rolesanywhere.amazonaws.com".to_owned()),
            resource: Some("ta-1".to_owned()),
            ..at_home(row(1, "CreateTrustAnchor"))
        };
        assert_eq!(named(anchor), None, "it has an API of its own");
    }

    #[test]
    fn who_uses_it_is_asked_before_anything_goes_and_a_name_that_iam_never_gave_is_no_command() {
        let told = |name: &str| {
            let rows = [policy(1, "CreatePolicy", name)];
            line(&made_besides(&rows, &Bounds::default())[0], "it is used")
        };
        let said = told("all");
        let (asked, goes) = (said.find("list-entities-for-policy"), said.find("delete-policy "));
        assert!(asked.is_some() && asked < goes, "{said}");
        assert!(said.contains("PolicyName=='all'"), "{said}");
        let evil = told("a$(id)");
        assert!(evil.contains("\npolicy='<its ARN>'\n"), "{evil}");
    }
}
