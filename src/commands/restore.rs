//! `keyleak restore`: the commands that make again what was deleted, from a snapshot alone.

use crate::cli::RestoreArguments;
use crate::commands::CommandError;
use crate::domain::digest::sha256_hex;
use crate::domain::ids::AccountId;
use crate::domain::resource::ResourceName;
use crate::domain::restoring::script;
use crate::domain::snapshot::{Photograph, Snapshot};
use std::path::Path;

/// What the script says where nothing told which hash the file must have.
const UNCHECKED: &str = "# NOT CHECKED: neither --sha256 nor the name of the file said what its \
hash must be, so it may have been\n# altered. Compare the hash above with the one that the journal has, \
and every policy below with what you know.\n";

/// The script for one principal of the snapshot, or which there are.
pub fn restore(arguments: &RestoreArguments) -> Result<String, CommandError> {
    let file = &arguments.snapshot;
    let unreadable = |why: String| {
        CommandError::Setup(format!(
            "{} cannot be read as a snapshot: {why}; `keyleak export --with-snapshots` writes them",
            file.display()
        ))
    };
    let content = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let sha256 = sha256_hex(&content);
    let wanted = arguments.sha256.clone().or_else(|| in_name(file));
    if let Some(wanted) = &wanted
        && *wanted != sha256
    {
        return Err(CommandError::Found(format!(
            "{} is not the snapshot {wanted}: its SHA-256 is {sha256}, so it was altered; take \
             another copy",
            file.display()
        )));
    }
    let snapshot: Snapshot =
        serde_json::from_slice(&content).map_err(|error| unreadable(error.to_string()))?;
    // The account is written into the script, and whoever altered the file chose it.
    let Some(account) = AccountId::parse(&snapshot.account.0) else {
        let why =
            format!("{:?} is no account; the snapshot is not one of keyleak", snapshot.account.0);
        return Err(unreadable(why));
    };
    let photograph = chosen(&snapshot, arguments.principal.as_deref())?;
    let script = script(photograph).map_err(CommandError::Setup)?;
    let unchecked = if wanted.is_some() { "" } else { UNCHECKED };
    Ok(format!(
        "# Account {account}, snapshot {sha256}. Read it before you run it: sh restore.sh\n\
         {unchecked}{script}"
    ))
}

/// The hash that an exported snapshot has in its name.
fn in_name(file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    let is_hash = stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| stem.to_ascii_lowercase())
}

fn chosen<'a>(snapshot: &'a Snapshot, named: Option<&str>) -> Result<&'a Photograph, CommandError> {
    let all = &snapshot.principals;
    let is_it =
        |one: &&Photograph| named.is_none_or(|name| ResourceName::words(&one.key()) == name);
    let mut found = all.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (_, _) => {
            // As a literal, so that no name can be taken for more than one.
            let there: Vec<_> =
                all.iter().map(|one| format!("{:?}", ResourceName::words(&one.key()))).collect();
            let said = format!("say which with --of; it has {}", there.join(", "));
            Err(CommandError::Setup(said))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::{SideCredential, SideKind};
    use crate::domain::facts::Fact;
    use crate::domain::sample;
    use crate::domain::snapshot::{AttachedPolicy, OfRole, OfUser, Own, SideState};
    use std::process::Command;

    /// A copy of a snapshot of an account, under a name that tells no hash.
    fn copy(folder: &Path, account: &str) -> RestoreArguments {
        let own = OfRole {
            trust: "{}".to_owned(),
            description: None,
            session_seconds_max: 3_600,
            instance_profiles: Fact::Known(Vec::new()),
        };
        let role = sample::photograph(&sample::role("deploy", "AROA1"), Own::Role(own));
        let snapshot = Snapshot { account: AccountId(account.to_owned()), principals: vec![role] };
        let file = folder.join("copy.json");
        std::fs::write(&file, serde_json::to_vec(&snapshot).unwrap()).unwrap();
        RestoreArguments { snapshot: file, principal: None, sha256: None }
    }

    #[test]
    fn an_account_that_is_none_is_in_no_script() {
        let folder = tempfile::tempdir().unwrap();
        for account in ["123456789012\nrm -rf ~", "123456789012\n", "", "$(id)", "12345678901"] {
            let refused = restore(&copy(folder.path(), account)).unwrap_err().to_string();
            assert!(refused.contains("is no account"), "{account:?}: {refused}");
            assert!(!refused.contains('\n'), "{refused}");
        }
        let script = restore(&copy(folder.path(), "123456789012")).unwrap();
        assert!(script.starts_with("# Account 123456789012, snapshot "), "{script}");
    }

    #[test]
    fn a_script_says_where_no_hash_was_checked() {
        let folder = tempfile::tempdir().unwrap();
        let unnamed = copy(folder.path(), "123456789012");
        let content = std::fs::read(&unnamed.snapshot).unwrap();
        let sha256 = sha256_hex(&content);
        let named = folder.path().join(format!("{sha256}.json"));
        std::fs::write(&named, &content).unwrap();
        let given = RestoreArguments { sha256: Some(sha256), ..unnamed.clone() };
        let named = RestoreArguments { snapshot: named, ..unnamed.clone() };
        for (arguments, says_so) in [(unnamed, true), (given, false), (named, false)] {
            let script = restore(&arguments).unwrap();
            assert_eq!(script.contains("# NOT CHECKED"), says_so, "{script}");
            let commands = script.lines().filter(|line| !line.starts_with('#'));
            assert!(commands.clone().all(|line| line == "set -eu" || line.starts_with("aws iam ")));
        }
    }

    /// A user of whom every text that a snapshot can hold is the given one.
    fn user_of(text: &str) -> Photograph {
        let evil = || text.to_owned();
        let side = |kind, active| SideState {
            credential: SideCredential { kind, id: evil() },
            active,
            created: None,
            about: evil(),
        };
        let own = OfUser {
            keys: Vec::new(),
            groups: vec![evil()],
            login_profile: Fact::Known(None),
            mfa_devices: Fact::Known(vec![evil()]),
            service_credentials: Fact::Known(vec![side(SideKind::ServiceSpecific, true)]),
            ssh_keys: Fact::Known(vec![
                side(SideKind::SshKey, true),
                side(SideKind::SshKey, false),
            ]),
            signing_certificates: Fact::Unknown(evil()),
        };
        let on = sample::user("deploy", "AIDA1");
        Photograph {
            id: evil(),
            arn: evil(),
            path: evil(),
            boundary: Some(evil()),
            tags: [(evil(), evil())].into(),
            attached: vec![AttachedPolicy { name: evil(), arn: evil() }],
            inline: [(evil(), evil())].into(),
            ..sample::photograph(&on, Own::User(own))
        }
    }

    /// The words of each command, as `sh` itself takes them apart.
    fn words(script: &str) -> Vec<String> {
        let told = "aws() { printf '<%s>' \"$@\"; echo; }\n";
        let mut sh = Command::new("/bin/sh");
        let run = sh.env_clear().arg("-c").arg(format!("{told}{script}")).output().unwrap();
        assert!(run.status.success() && run.stderr.is_empty(), "{run:?}");
        String::from_utf8(run.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn no_field_of_a_snapshot_gets_out_of_its_argument() {
        let plain = words(&script(&user_of("x")).unwrap());
        for text in [
            "'; echo OUT; '",
            "\necho OUT\n",
            "\r\necho OUT",
            "$(echo OUT >&2)`echo OUT >&2`",
            "\\'\necho OUT #",
            "\" && echo OUT && \"",
            "\u{85}\u{2028}echo OUT",
        ] {
            let said = words(&script(&user_of(text)).unwrap());
            assert_eq!(said.len(), plain.len(), "{text:?}: {said:?}");
            assert!(said.iter().all(|line| line.starts_with("<iam><")), "{text:?}: {said:?}");
            let inside = |line: &&String| line.contains("OUT");
            assert_eq!(said.iter().filter(inside).count(), plain.len(), "{text:?}: {said:?}");
        }
    }
}
