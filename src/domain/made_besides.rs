//! What else of IAM the trail shows the actor making: told to people, with the commands that delete
//! it. Who else has come to use it no trail tells, so each is looked at before it goes.

use crate::domain::losses::Bounds;
use crate::domain::shell::quoted;
use crate::domain::trail_row::TrailRow;
use jiff::Timestamp;

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
    /// The region, where the kind has one.
    pub region: Option<String>,
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

    pub fn words(self) -> &'static str {
        match self {
            Self::TrustAnchor => "trust anchor",
            Self::SamlProvider => "SAML provider",
            Self::OidcProvider => "OIDC provider",
            Self::InstanceProfile => "instance profile",
            Self::Group => "group",
            Self::Policy => "policy",
        }
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

/// What the actor made since the exposure and nobody of the lineage deleted again, in the order in
/// which it may go.
pub fn made_besides(rows: &[TrailRow], bounds: &Bounds) -> Vec<MadeBesides> {
    let mut made: Vec<MadeBesides> = Vec::new();
    for (at, row) in bounds.deeds(rows) {
        let call = row.event_name.as_deref().unwrap_or_default();
        for kind in MadeKind::ALL {
            let Some(name) = kind.name_in(row) else { continue };
            if row.event_source.as_deref() != Some(kind.service()) {
                continue;
            }
            let is_it = |one: &MadeBesides| one.kind == kind && one.name == name;
            if call.strip_prefix("Create") == Some(kind.noun()) && !made.iter().any(is_it) {
                let (name, region) = (name.to_owned(), row.aws_region.clone());
                made.push(MadeBesides { kind, name, at, region });
            }
            if call.strip_prefix("Delete") == Some(kind.noun()) {
                made.retain(|one| !is_it(one));
            }
        }
    }
    made.sort();
    made
}

/// It in one line, and below that the commands which delete it. Those begin with who uses it.
pub fn line(made: &MadeBesides) -> String {
    let kind = made.kind.words();
    let told = format!("{kind} {}, made by the actor at {:.0}", made.name, made.at);
    format!("{told}; people delete it once nobody else uses it:\n{}", commands(made).join("\n"))
}

fn commands(made: &MadeBesides) -> Vec<String> {
    let name = quoted(&made.name);
    match made.kind {
        MadeKind::TrustAnchor => {
            let region = quoted(made.region.as_deref().unwrap_or("<its region>"));
            vec![format!(
                "aws rolesanywhere delete-trust-anchor --region {region} --trust-anchor-id {name}"
            )]
        }
        MadeKind::SamlProvider => {
            vec![format!("aws iam delete-saml-provider --saml-provider-arn {name}")]
        }
        MadeKind::OidcProvider => vec![format!(
            "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn {name}"
        )],
        MadeKind::InstanceProfile => vec![
            format!("aws iam get-instance-profile --instance-profile-name {name}"),
            format!(
                "aws iam remove-role-from-instance-profile --instance-profile-name {name} \
                 --role-name '<the one it names>'"
            ),
            format!("aws iam delete-instance-profile --instance-profile-name {name}"),
        ],
        MadeKind::Group => vec![
            format!("aws iam get-group --group-name {name}"),
            format!(
                "# each member, then each policy, then: aws iam delete-group --group-name {name}"
            ),
        ],
        MadeKind::Policy => vec![
            format!("policy={}", arn_of(&made.name)),
            "aws iam list-entities-for-policy --policy-arn \"$policy\"".to_owned(),
            "for one in $(aws iam list-policy-versions --policy-arn \"$policy\" --query \
             'Versions[?!IsDefaultVersion].VersionId' --output text); do aws iam \
             delete-policy-version --policy-arn \"$policy\" --version-id \"$one\"; done"
                .to_owned(),
            "aws iam delete-policy --policy-arn \"$policy\"".to_owned(),
        ],
    }
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
    fn who_uses_it_is_asked_before_anything_goes_and_a_name_that_iam_never_gave_is_no_command() {
        let told = |name: &str| {
            let rows = [policy(1, "CreatePolicy", name)];
            line(&made_besides(&rows, &Bounds::default())[0])
        };
        let said = told("all");
        let (asked, goes) = (said.find("list-entities-for-policy"), said.find("delete-policy "));
        assert!(asked.is_some() && asked < goes, "{said}");
        assert!(said.contains("PolicyName=='all'"), "{said}");
        let evil = told("a$(id)");
        assert!(evil.contains("\npolicy='<its ARN>'\n"), "{evil}");
    }
}
