//! The actor's user with everything that can hang on one: contained, deleted, and made again from a
//! second copy of its snapshot, after the evidence store itself is gone.

use crate::binary::keyleak;
use crate::bureau::{Bureau, journal};
use crate::crowded::{ATTACHED_MAX, crowded};
use crate::eradicated::{approved, contained, deleted, only_the_actors_are_gone, press, proposed};
use crate::ground::{BACKDOOR, Ground};
use crate::simulated::town;
use keyleak::domain::action::SideKind;
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::snapshot::{Photograph, Snapshot};
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::setup::NewUser;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use tempfile::TempDir;

/// What no copy of a snapshot brings back as it was; the script says so of each.
const LOST: [&str; 6] = [
    "id: ",
    "access keys: ",
    "MFA devices: ",
    "service-specific credentials: ",
    "SSH keys: ",
    "signing certificates: ",
];

/// The user as it was, the account in which it is no more, and the only copy of its snapshot.
struct Gone {
    before: Photograph,
    cloud: Arc<SimCloud>,
    _ground: Ground,
    folder: TempDir,
    copy: PathBuf,
}

/// The story up to the point where everything is gone, the evidence store too.
async fn gone(seed: u64) -> Gone {
    let (ground, cloud) = town(seed, |_, user| user).await;
    let everything = crowded(&cloud, NewUser::named(BACKDOOR, ground.clock.now()));
    cloud.furnish(everything).unwrap();
    cloud.add_key(BACKDOOR, ground.clock.now()).unwrap();
    let before = cloud.user_state(BACKDOOR).unwrap();
    assert_eq!((before.attached.len(), before.active_keys().count()), (ATTACHED_MAX, 2));
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    assert!(is_denied_by_boundary(&cloud), "there was no other place for the deny");
    press(&bureau, &case).await;
    let at = proposed(&bureau, &case, &[PrincipalName::user(BACKDOOR)]).await;
    approved(&bureau, &ground, &at).await;
    let now = deleted(&bureau, &at).await;
    only_the_actors_are_gone(&ground, &now).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = copied(&bureau, &now, folder.path()).await;
    bureau.close().await;
    Gone { before, cloud, _ground: ground, folder, copy }
}

fn is_denied_by_boundary(cloud: &SimCloud) -> bool {
    let boundary = cloud.user_state(BACKDOOR).and_then(|state| state.boundary);
    boundary.is_some_and(|arn| arn.ends_with("AWSDenyAll"))
}

/// The first snapshot that the user is in, as an export would write it.
async fn copied(bureau: &Bureau, case: &Case, folder: &Path) -> PathBuf {
    for taken in case.plans().flat_map(|state| &state.snapshots) {
        let content = bureau.desk.evidence.get(&taken.sha256).await.unwrap();
        let snapshot: Snapshot = serde_json::from_slice(&content).unwrap();
        if snapshot.of(&PrincipalName::user(BACKDOOR)).is_some() {
            let copy = folder.join(format!("{}.json", taken.sha256));
            std::fs::write(&copy, content).unwrap();
            return copy;
        }
    }
    panic!("no snapshot has it\n{}", journal(case))
}

fn restore(file: &Path) -> Output {
    let mut command = keyleak();
    command.arg("restore").arg(file).args(["--of", &format!("user {BACKDOOR}")]);
    command.output().unwrap()
}

/// The script for the user.
fn script(file: &Path) -> String {
    let output = restore(file);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a person who runs these commands makes. A command that is not known here is a surprise.
fn run(script: &str, cloud: &SimCloud, gone: &Photograph) -> Photograph {
    let mut user = NewUser::named(BACKDOOR, gone.created.unwrap());
    let lines = script.lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        if let Some(("create-login-profile", _)) = call(line) {
            user.login_profile = Some(user.created);
            continue;
        }
        match call(line).map(|(name, rest)| (name, input(rest))) {
            Some((name, input)) => carry_out(&mut user, name, &input),
            None => assert!(line.starts_with(": \"${NEW_PASSWORD") || line == "set -eu", "{line}"),
        }
    }
    // A further run of the sabotaged script finds the user of the one before.
    if cloud.user_state(BACKDOOR).is_some() {
        cloud.furnish(user).unwrap();
    } else {
        cloud.add_user(user).unwrap();
    }
    cloud.user_state(BACKDOOR).unwrap()
}

fn call(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("aws iam ")?.split_once(' ')
}

/// The input as a shell would hand it on.
fn input(rest: &str) -> Value {
    let quoted = rest.strip_prefix("--cli-input-json '").unwrap().strip_suffix('\'').unwrap();
    serde_json::from_str(&quoted.replace(r"'\''", "'")).unwrap()
}

fn carry_out(user: &mut NewUser, name: &str, input: &Value) {
    let text = |field: &str| input[field].as_str().unwrap().to_owned();
    assert_eq!(text("UserName"), BACKDOOR);
    match name {
        "create-user" => {
            user.path = text("Path");
            user.boundary = input["PermissionsBoundary"].as_str().map(str::to_owned);
            for tag in input["Tags"].as_array().unwrap() {
                let field = |of: &str| tag[of].as_str().unwrap().to_owned();
                user.tags.insert(field("Key"), field("Value"));
            }
        }
        "attach-user-policy" => user.attached.push(text("PolicyArn")),
        "put-user-policy" => user.inline.push((text("PolicyName"), text("PolicyDocument"))),
        "add-user-to-group" => user.groups.push(text("GroupName")),
        "upload-ssh-public-key" => {
            let key = (SideKind::SshKey, "again-1".to_owned(), text("SSHPublicKeyBody"));
            user.side.push(key);
        }
        "upload-signing-certificate" => {
            let kind = SideKind::SigningCertificate;
            user.side.push((kind, "again-2".to_owned(), text("CertificateBody")));
        }
        other => panic!("{other} {input}"),
    }
}

/// The public texts of what was uploaded again.
fn uploaded(state: &Photograph) -> Vec<String> {
    let secret = |kind| kind == SideKind::ServiceSpecific;
    let open = state.side_states().filter(|side| !secret(side.credential.kind));
    open.map(|side| side.about.clone()).collect()
}

/// The fields that came back otherwise, besides what is lost.
fn not_as_it_was(before: &Photograph, after: &Photograph) -> Vec<String> {
    let mut all = differences(before, after);
    all.retain(|said| !LOST.iter().any(|lost| said.starts_with(lost)));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_everything_is_contained_deleted_and_made_again_from_a_second_copy() {
    let Gone { before, cloud, copy, folder, _ground } = gone(23).await;
    let script = script(&copy);
    let after = run(&script, &cloud, &before);
    assert_eq!(not_as_it_was(&before, &after), [""; 0]);
    assert_eq!(uploaded(&after), uploaded(&before));
    assert_eq!(uploaded(&after).len(), 2, "an SSH key and a certificate");
    for said in ["password is lost", "MFA device arn:", "is lost for ever", "another id than AIDA"]
    {
        assert!(script.contains(said), "{said}: {script}");
    }
    assert!(script.contains("service-specific credential ServiceSpecific1"), "{script}");
    let whole: Vec<_> = before.keys().iter().map(|key| key.id.reveal()).collect();
    assert!(!whole.iter().any(|id| script.contains(id)), "no whole key id: {script}");

    // A copy of which one letter was changed is told by its name, or by the hash that is given.
    let text = std::fs::read_to_string(&copy).unwrap();
    let altered = text.replacen("platform", "Platform", 1);
    assert_ne!(altered, text);
    let sha256 = copy.file_stem().unwrap().to_str().unwrap().to_owned();
    std::fs::write(&copy, &altered).unwrap();
    let refused = restore(&copy);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("it was altered"), "{refused:?}");
    let elsewhere = folder.path().join("copy.json");
    std::fs::write(&elsewhere, &altered).unwrap();
    let mut command = keyleak();
    command.arg("restore").arg(&elsewhere).args(["--sha256", &sha256]);
    assert!(!command.output().unwrap().status.success(), "the hash is another one");
}

/// The comparison above can fail: a line of the script left out is a field that is named.
#[tokio::test(flavor = "multi_thread")]
async fn sabotage_a_line_of_the_script_left_out_is_a_field_that_differs() {
    let Gone { before, cloud, copy, folder: _folder, _ground } = gone(24).await;
    let whole = script(&copy);
    let without = |call: &str| {
        let kept = whole.lines().filter(|line| !line.starts_with(&format!("aws iam {call} ")));
        kept.collect::<Vec<_>>().join("\n")
    };
    for (call, field) in [
        ("attach-user-policy", "attached policies: "),
        ("put-user-policy", "inline policies: "),
        ("add-user-to-group", "groups: "),
        ("create-login-profile", "console password: "),
        ("create-user", "permissions boundary: "),
    ] {
        let after = run(&without(call), &cloud, &before);
        let said = not_as_it_was(&before, &after);
        assert!(said.iter().any(|said| said.starts_with(field)), "{call}: {said:?}");
    }
}
