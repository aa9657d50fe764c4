//! The commands that make again as a snapshot has it what was deleted, for people with such rights.

mod things;

use crate::domain::action::SideKind;
use crate::domain::facts::Fact;
use crate::domain::principal::PrincipalKind;
use crate::domain::resource::ResourceName;
use crate::domain::shell::quoted;
use crate::domain::snapshot::{OfRole, OfUser, Own, Photograph, SideState};
use serde_json::{Map, Value, json};

/// What the script asks for before it makes anything, where the user had a password.
pub const PASSWORD: &str = "NEW_PASSWORD";
/// What stands in a command for the id that AWS gives a credential which is uploaded again.
const NEW_ID: &str = "id";
const NAME_LENGTH_MAX: usize = 128;

/// A shell script that makes it again, and says what of it cannot come back. Rights come
/// before credentials, so that nobody acts with half of the limits that there were.
pub fn script(photograph: &Photograph) -> Result<String, String> {
    if let Own::Resource(_) = &photograph.own {
        let (name, thing) = things::read(photograph)?;
        let mut script = Script { lines: vec!["set -eu".to_owned()] };
        script.head(photograph);
        script.thing(photograph, (&name, thing));
        return Ok(script.lines.join("\n"));
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b);
    let name = photograph.name.as_str();
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.bytes().all(allowed) {
        return Err(format!(
            "{name:?} is no name that IAM has; the snapshot is not one of keyleak"
        ));
    }
    let mut script = Script { lines: vec!["set -eu".to_owned()] };
    script.head(photograph);
    match &photograph.own {
        Own::User(user) => script.user(photograph, user),
        Own::Role(role) => script.role(photograph, role),
        Own::Resource(_) => {}
    }
    Ok(script.lines.join("\n"))
}

struct Script {
    lines: Vec<String>,
}

impl Script {
    fn head(&mut self, photograph: &Photograph) {
        self.say(&format!(
            "Makes {} again. It stops where one of that name is there, and at the first refusal; \
             the lines after that can then be run alone.",
            ResourceName::words(&photograph.key())
        ));
        self.say(&format!(
            "It gets another id than {}: whatever named the old one (trust and bucket policies, \
             KMS keys) shows that id now, grants it nothing, and has to be written again.",
            photograph.id
        ));
    }

    fn user(&mut self, photograph: &Photograph, user: &OfUser) {
        let has_password = matches!(&user.login_profile, Fact::Known(Some(_)));
        if has_password {
            self.say(&format!(
                "The old password is lost. Set one first (read -rs {PASSWORD}; export {PASSWORD}); \
                 it has to be changed at the first sign-in."
            ));
            self.lines.push(format!(": \"${{{PASSWORD}:?}}\""));
        }
        self.call("create-user", created(photograph, Map::new()));
        self.policies(photograph);
        for group in &user.groups {
            let member = json!({ "GroupName": group, "UserName": photograph.name });
            self.call("add-user-to-group", member);
        }
        self.unread(&user.login_profile, "whether it had a password");
        if has_password {
            let name = quoted(&photograph.name);
            self.lines.push(format!(
                "aws iam create-login-profile --user-name={name} --password=\"${PASSWORD}\" \
                 --password-reset-required"
            ));
        }
        for list in [&user.ssh_keys, &user.signing_certificates, &user.service_credentials] {
            for one in list.known().into_iter().flatten() {
                self.credential(&photograph.name, one);
            }
        }
        self.unread(&user.ssh_keys, "its SSH keys");
        self.unread(&user.signing_certificates, "its signing certificates");
        self.unread(&user.service_credentials, "its service-specific credentials");
        self.lost(user);
    }

    fn role(&mut self, photograph: &Photograph, role: &OfRole) {
        let mut fields = Map::new();
        fields.insert("AssumeRolePolicyDocument".to_owned(), json!(role.trust));
        fields.insert("MaxSessionDuration".to_owned(), json!(role.session_seconds_max));
        if let Some(description) = &role.description {
            fields.insert("Description".to_owned(), json!(description));
        }
        self.call("create-role", created(photograph, fields));
        self.policies(photograph);
        for profile in role.instance_profiles.known().into_iter().flatten() {
            let member = json!({ "InstanceProfileName": profile, "RoleName": photograph.name });
            self.call("add-role-to-instance-profile", member);
        }
        self.unread(&role.instance_profiles, "its instance profiles");
    }

    /// The managed ones first: the deny of a containment is among them.
    fn policies(&mut self, photograph: &Photograph) {
        let (word, member) = of_kind(photograph.kind());
        for policy in &photograph.attached {
            let attach = json!({ member: photograph.name, "PolicyArn": policy.arn });
            self.call(&format!("attach-{word}-policy"), attach);
        }
        for (name, document) in &photograph.inline {
            let put = json!({
                member: photograph.name, "PolicyName": name, "PolicyDocument": document,
            });
            self.call(&format!("put-{word}-policy"), put);
        }
    }

    fn credential(&mut self, user: &str, one: &SideState) {
        let id = &one.credential.id;
        let (upload, member, answer, update) = match one.credential.kind {
            SideKind::ServiceSpecific => {
                self.say(&format!(
                    "The secret of service-specific credential {id} for {} is lost. A new one is \
                     made by aws iam create-service-specific-credential, which shows its secret \
                     once: send that into Secrets Manager, not onto a screen.",
                    one.about
                ));
                return;
            }
            SideKind::SshKey => (
                "upload-ssh-public-key",
                "SSHPublicKeyBody",
                "SSHPublicKey.SSHPublicKeyId",
                "update-ssh-public-key --ssh-public-key-id",
            ),
            SideKind::SigningCertificate => (
                "upload-signing-certificate",
                "CertificateBody",
                "Certificate.CertificateId",
                "update-signing-certificate --certificate-id",
            ),
        };
        self.say(&format!("{} {id}, under a new id:", one.credential.kind.words()));
        let input = json!({ "UserName": user, member: one.about });
        if one.active {
            return self.call(upload, input);
        }
        let upload = line(upload, &input);
        self.lines.push(format!("{NEW_ID}=$({upload} --query {answer} --output text)"));
        let name = quoted(user);
        self.lines
            .push(format!("aws iam {update}=\"${NEW_ID}\" --user-name={name} --status=Inactive"));
    }

    fn lost(&mut self, user: &OfUser) {
        for key in &user.keys {
            let status = if key.active { "active" } else { "inactive" };
            self.say(&format!(
                "Access key {} ({status}) is lost for ever, id and secret. Ask first whether a \
                 role would do; a new key goes from AWS into Secrets Manager.",
                key.id
            ));
        }
        for serial in user.mfa_devices.known().into_iter().flatten() {
            self.say(&format!(
                "MFA device {serial} cannot come back: whoever holds it enrols one anew, before \
                 anything that asks for MFA works."
            ));
        }
        self.unread(&user.mfa_devices, "its MFA devices");
    }

    fn unread<T>(&mut self, fact: &Fact<T>, what: &str) {
        if let Fact::Unknown(why) = fact {
            self.say(&format!("Not known: {what} ({why})."));
        }
    }

    fn call(&mut self, command: &str, input: impl Into<Value>) {
        self.lines.push(line(command, &input.into()));
    }

    /// A comment; whatever could end it early is no part of it.
    fn say(&mut self, words: &str) {
        let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.lines.push(format!("# {words}"));
    }
}

/// Arguments go in as JSON: of a bare one the command line would read a file, were it to begin with
/// `file://`, and tags and descriptions are for an actor to choose.
fn line(command: &str, input: &Value) -> String {
    format!("aws iam {command} --cli-input-json {}", quoted(&input.to_string()))
}

fn of_kind(kind: PrincipalKind) -> (&'static str, &'static str) {
    match kind {
        PrincipalKind::User => (kind.word(), "UserName"),
        PrincipalKind::Role | PrincipalKind::Resource => (kind.word(), "RoleName"),
    }
}

fn created(photograph: &Photograph, mut fields: Map<String, Value>) -> Map<String, Value> {
    let (_, member) = of_kind(photograph.kind());
    fields.insert(member.to_owned(), json!(photograph.name));
    fields.insert("Path".to_owned(), json!(photograph.path));
    if let Some(boundary) = &photograph.boundary {
        fields.insert("PermissionsBoundary".to_owned(), json!(boundary));
    }
    if !photograph.tags.is_empty() {
        let tag = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
        fields.insert("Tags".to_owned(), photograph.tags.iter().map(tag).collect());
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn role(description: &str) -> Photograph {
        let own = OfRole {
            trust: r#"{"Version":"2012-10-17"}"#.to_owned(),
            description: Some(description.to_owned()),
            session_seconds_max: 7_200,
            instance_profiles: Fact::Known(vec!["web".to_owned()]),
        };
        sample::photograph(&sample::role("deploy", "AROA1"), Own::Role(own))
    }

    fn commands(script: &str) -> Vec<&str> {
        script.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn a_role_comes_back_with_trust_limits_and_profiles() {
        let script = script(&role("it's ours")).unwrap();
        let [_, made, .., last] = commands(&script)[..] else { panic!("{script}") };
        for part in ["7200", "AssumeRolePolicyDocument", r"it'\''s ours"] {
            assert!(made.contains(part), "{part}: {made}");
        }
        assert!(last.contains("add-role-to-instance-profile") && last.contains("web"), "{last}");
        assert!(script.contains("another id than AROA1"), "{script}");
    }

    #[test]
    fn what_an_actor_chose_is_no_command_no_option_and_no_file() {
        let mut evil = role("file:///etc/passwd");
        evil.tags.insert("a\nrm -rf /".to_owned(), "$(id) `id` \"'".to_owned());
        evil.id = "AROA1\nrm -rf /".to_owned();
        let said = script(&evil).unwrap();
        assert!(
            said.lines().all(|line| ["#", "set", "aws iam "].iter().any(|b| line.starts_with(b)))
        );
        assert!(!said.contains(" file:///"), "only inside JSON: {said}");
        for name in ["", "a b", "-x\n", "a$(id)", "x/y"] {
            let refused = script(&Photograph { name: name.to_owned(), ..evil.clone() });
            assert!(refused.is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_said() {
        let mut blind = role("d");
        let Own::Role(own) = &mut blind.own else { panic!("a role") };
        own.instance_profiles = Fact::Unknown("denied".to_owned());
        let said = script(&blind).unwrap();
        assert!(said.contains("# Not known: its instance profiles (denied)."), "{said}");
    }
}
