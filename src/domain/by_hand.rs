//! Each change as the commands that a person would type, for when the bot cannot act.

use crate::domain::action::{Action, Change, DENY_ALL_DOCUMENT, SideCredential, SideKind};
use crate::domain::made_besides;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::resource::ResourceName;
use crate::domain::resource_end::Ending;
use crate::domain::revocation::Revocation;
use crate::domain::shell::quoted;
use jiff::Timestamp;

/// The commands in their order; `now` is when they are written down.
pub fn commands(action: &Action, now: Timestamp) -> Vec<String> {
    let on = &action.on;
    match &action.change {
        Change::Deny { policy_arn, inline_name } => vec![
            format!("{} --policy-arn {policy_arn}", aws(on, "attach-KIND-policy")),
            format!(
                "# only if no more can be attached: {}",
                put_inline(on, inline_name, DENY_ALL_DOCUMENT)
            ),
        ],
        Change::LiftDeny { policy_arn, inline_name } => vec![
            format!("{} --policy-arn {policy_arn}", aws(on, "detach-KIND-policy")),
            format!("{} --policy-name {inline_name}", aws(on, "delete-KIND-policy")),
        ],
        Change::DeactivateKey { key } => vec![key_status(on, key.last_four(), "Inactive")],
        Change::ActivateKey { key } => vec![key_status(on, key.last_four(), "Active")],
        Change::DeactivateCredential { credential } => {
            vec![side_status(on, credential, "Inactive")]
        }
        Change::ActivateCredential { credential } => vec![side_status(on, credential, "Active")],
        Change::RevokeSessions { sessions, until, inline_name } => {
            let revocation = Revocation::at(sessions.clone(), *until, now);
            let document = revocation.document();
            let later = "# put half a minute from now into aws:TokenIssueTime, where it stands";
            vec![put_inline(on, inline_name, &document), later.to_owned()]
        }
        Change::LiftRevocation { inline_name } => {
            vec![format!("{} --policy-name {inline_name}", aws(on, "delete-KIND-policy"))]
        }
        Change::PutTrust { document } => vec![format!(
            "{} --policy-document {}",
            aws(on, "update-assume-role-policy"),
            quoted(document)
        )],
        Change::Quarantine { tag, value } => {
            let tags = quoted(&format!("Key={tag},Value={value}"));
            vec![format!("{} --tags {tags}", aws(on, "tag-KIND"))]
        }
        Change::LiftQuarantine { tag } => {
            vec![format!("{} --tag-keys {}", aws(on, "untag-KIND"), quoted(tag))]
        }
        Change::SetBoundary { boundary: Some(arn) } => {
            vec![format!(
                "{} --permissions-boundary {arn}",
                aws(on, "put-KIND-permissions-boundary")
            )]
        }
        Change::SetBoundary { boundary: None } => {
            vec![aws(on, "delete-KIND-permissions-boundary")]
        }
        Change::DeleteResource => ResourceName::about(on)
            .map(|name| match Ending::of(name.of) {
                Some(ending) => ending.commands(&name),
                None => made_besides::deleting(name.of, &name.id, Some(&on.arn)),
            })
            .unwrap_or_default(),
        Change::Delete { policy_arn, inline_name } => deleting(on, (policy_arn, inline_name)),
        Change::Resource { change } => {
            ResourceName::about(on).map(|name| change.commands(&name)).unwrap_or_default()
        }
        Change::MakeKey { secret, region, .. } => making(on, secret, region.as_deref()),
    }
}

/// A failed attempt mostly leaves the empty secret, and may leave a key that nobody has.
fn making(on: &Principal, secret: &str, region: Option<&str>) -> Vec<String> {
    let region = region.map(|region| format!(" --region {}", quoted(region)));
    let region = region.unwrap_or_default();
    let (user, secret) = (quoted(&on.name), quoted(secret));
    let look = format!("aws secretsmanager describe-secret --secret-id {secret}{region}");
    vec![
        aws(on, "list-access-keys"),
        format!(
            "# first delete a key that a failed attempt left: {} --access-key-id <its id>",
            aws(on, "delete-access-key")
        ),
        format!("{look} --query Tags || aws secretsmanager create-secret --name {secret}{region}"),
        "# go on only if you made it just now, or its tag keyleak:plan is the hash of this plan"
            .to_owned(),
        format!("{look} --query ARN && {}", new_key(&user, &format!("{secret}{region}"))),
    ]
}

/// The command that makes a key and puts it into a secret that is there. It goes from AWS into
/// Secrets Manager through a pipe: it is on no screen, in no history and in no list of processes.
pub fn new_key(user: &str, secret: &str) -> String {
    format!(
        "(set -o pipefail; aws iam create-access-key --user-name {user} --query \
         'AccessKey.{{AccessKeyId:AccessKeyId,SecretAccessKey:SecretAccessKey}}' --output json | \
         aws secretsmanager put-secret-value --secret-id {secret} \
         --secret-string file:///dev/stdin)"
    )
}

/// What hangs on a principal, in the order in which it may go: how it is listed, the member of the
/// list, how one of it is removed, and the option that names it.
const OF_USER: [[&str; 4]; 8] = [
    ["list-access-keys", "AccessKeyMetadata[].AccessKeyId", "delete-access-key", "access-key-id"],
    [
        "list-signing-certificates",
        "Certificates[].CertificateId",
        "delete-signing-certificate",
        "certificate-id",
    ],
    [
        "list-ssh-public-keys",
        "SSHPublicKeys[].SSHPublicKeyId",
        "delete-ssh-public-key",
        "ssh-public-key-id",
    ],
    [
        "list-service-specific-credentials",
        "ServiceSpecificCredentials[].ServiceSpecificCredentialId",
        "delete-service-specific-credential",
        "service-specific-credential-id",
    ],
    ["list-mfa-devices", "MFADevices[].SerialNumber", "deactivate-mfa-device", "serial-number"],
    ["list-groups-for-user", "Groups[].GroupName", "remove-user-from-group", "group-name"],
    ["list-user-policies", "PolicyNames[?@!='NAME']", "delete-user-policy", "policy-name"],
    [
        "list-attached-user-policies",
        "AttachedPolicies[?PolicyArn!='ARN'].PolicyArn",
        "detach-user-policy",
        "policy-arn",
    ],
];
const OF_ROLE: [[&str; 4]; 3] = [
    [
        "list-instance-profiles-for-role",
        "InstanceProfiles[].InstanceProfileName",
        "remove-role-from-instance-profile",
        "instance-profile-name",
    ],
    ["list-role-policies", "PolicyNames[?@!='NAME']", "delete-role-policy", "policy-name"],
    [
        "list-attached-role-policies",
        "AttachedPolicies[?PolicyArn!='ARN'].PolicyArn",
        "detach-role-policy",
        "policy-arn",
    ],
];

/// The deny is left out of the lists, and goes last.
fn deleting(on: &Principal, (policy_arn, inline_name): (&str, &str)) -> Vec<String> {
    let (first, hanging) = match on.kind {
        PrincipalKind::User => (Some(aws(on, "delete-login-profile")), &OF_USER[..]),
        PrincipalKind::Role | PrincipalKind::Resource => (None, &OF_ROLE[..]),
    };
    let each = hanging.iter().map(|[list, member, remove, option]| {
        let (list, remove) = (aws(on, list), aws(on, remove));
        let member = member.replace("NAME", inline_name).replace("ARN", policy_arn);
        format!(
            "for one in $({list} --query \"{member}\" --output text); do \
             {remove} --{option} \"$one\"; done"
        )
    });
    let last = [
        aws(on, "delete-KIND-permissions-boundary"),
        format!("{} --policy-name {inline_name}", aws(on, "delete-KIND-policy")),
        format!("{} --policy-arn {policy_arn}", aws(on, "detach-KIND-policy")),
        aws(on, "delete-KIND"),
    ];
    first.into_iter().chain(each).chain(last).collect()
}

fn aws(on: &Principal, command: &str) -> String {
    let kind = on.kind.word();
    let command = command.replace("KIND", kind);
    format!("aws iam {command} --{kind}-name {}", quoted(&on.name))
}

fn put_inline(on: &Principal, name: &str, document: &str) -> String {
    let put = aws(on, "put-KIND-policy");
    format!("{put} --policy-name {name} --policy-document {}", quoted(document))
}

/// The id is masked: a card is no place for it, and the responder can list the user's keys.
fn key_status(on: &Principal, last_four: &str, status: &str) -> String {
    let update = aws(on, "update-access-key");
    format!("{update} --access-key-id <the one ending in {last_four}> --status {status}")
}

fn side_status(on: &Principal, credential: &SideCredential, status: &str) -> String {
    let (command, option) = match credential.kind {
        SideKind::ServiceSpecific => {
            ("update-service-specific-credential", "service-specific-credential-id")
        }
        SideKind::SshKey => ("update-ssh-public-key", "ssh-public-key-id"),
        SideKind::SigningCertificate => ("update-signing-certificate", "certificate-id"),
    };
    format!("{} --{option} {} --status {status}", aws(on, command), quoted(&credential.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccessKeyId;
    use crate::domain::sample::{KEY, at, role, user};

    fn first(on: Principal, change: Change) -> String {
        commands(&Action { on, change }, at(0)).remove(0)
    }

    #[test]
    fn commands_name_the_kind_of_principal() {
        let deny =
            || Change::Deny { policy_arn: "arn:deny".to_owned(), inline_name: "d".to_owned() };
        assert_eq!(
            first(user("ci", "AIDA1"), deny()),
            "aws iam attach-user-policy --user-name ci --policy-arn arn:deny"
        );
        assert_eq!(
            first(role("deploy", "AROA1"), deny()),
            "aws iam attach-role-policy --role-name deploy --policy-arn arn:deny"
        );
    }

    #[test]
    fn of_a_policy_that_is_deleted_the_path_is_known_and_who_has_it_is_asked_first() {
        let name = "AWS::IAM::ManagedPolicy/029608264753/us-east-1/all".to_owned();
        let arn = "arn:aws:iam::029608264753:policy/a/all".to_owned();
        let on = Principal { kind: PrincipalKind::Resource, name, id: "ANPA1".to_owned(), arn };
        let said = commands(&Action { on, change: Change::DeleteResource }, at(0));
        assert_eq!(said[0], "policy=arn:aws:iam::029608264753:policy/a/all");
        assert!(said[1].contains("list-entities-for-policy"), "{said:?}");
        assert!(said[3].starts_with("aws iam delete-policy "), "{said:?}");
    }

    #[test]
    fn no_command_holds_a_whole_key_id() {
        let key = AccessKeyId::parse(KEY).unwrap();
        let command = first(user("ci", "AIDA1"), Change::DeactivateKey { key });
        assert!(!command.contains(KEY) && command.contains("7WML"), "{command}");
    }

    /// What a shell calls of these commands, where this call of `aws` fails.
    fn called(commands: &[String], failing: &str) -> Vec<String> {
        let aws = "aws() { echo \"$1 $2\" >&2; [ \"$1 $2\" != \"$FAILING\" ]; }";
        let script = format!("{aws}\n{}", commands.join("\n"));
        let mut bash = std::process::Command::new("bash");
        let ran = bash.args(["-c", &script]).env("FAILING", failing).output().unwrap();
        String::from_utf8(ran.stderr).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn by_hand_a_key_is_made_only_once_its_secret_is_there_and_goes_into_that_one() {
        let secret = "keyleak/kl-1/2/ci".to_owned();
        let region = Some("eu-west-1".to_owned());
        let change = Change::MakeKey { secret, region, beside: Vec::new() };
        let all = commands(&Action { on: user("ci", "AIDA1"), change }, at(0));
        assert!(all.iter().any(|one| one.starts_with('#') && one.contains("delete-access-key")));
        let in_region = |one: &&String| one.contains("secretsmanager");
        assert!(all.iter().filter(in_region).all(|one| one.contains("--region 'eu-west-1'")));
        let look = "secretsmanager describe-secret";
        let make = ["iam create-access-key", "secretsmanager put-secret-value"];
        let mut there = called(&all, "");
        // Both ends of the pipe begin at once.
        there[3..].sort();
        assert_eq!(there, [&["iam list-access-keys", look, look][..], &make].concat());
        let missing = called(&all, look);
        let create = "secretsmanager create-secret";
        assert_eq!(missing, ["iam list-access-keys", look, create, look], "and no key is made");
    }

    #[test]
    fn a_name_that_a_shell_would_read_is_one_word() {
        let change = Change::SetBoundary { boundary: None };
        let command = first(user("a;b=$(x)'y", "AIDA2"), change);
        assert!(command.ends_with(r"--user-name 'a;b=$(x)'\''y'"), "{command}");
    }
}
