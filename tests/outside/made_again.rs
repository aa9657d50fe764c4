//! What was deleted comes back by the printed script, run by AWS's own command line.

use crate::account::{Account, REGION};
use crate::bureau::{Bureau, journal};
use crate::frame::Missing;
use crate::ground::{BACKDOOR, Ground};
use crate::parts::Parts;
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::snapshot::{Photograph, Snapshot};
use keyleak::flow::photograph::photograph;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What AWS never gives twice.
const LOST: [&str; 2] = ["id: ", "access keys: "];

/// Makes the actor's user again from a copy of the snapshot and compares it field by field; a field
/// that somebody changes afterwards is named.
pub(crate) async fn made_again(
    parts: &Parts,
    (bureau, case): (&Bureau, &Case),
    (ground, owner): (&Ground, &Account),
) -> Result<(), Missing> {
    let tools = tools(parts)?;
    let folder = tempfile::tempdir().expect("a folder");
    let (copy, before) = copied(bureau, case, folder.path()).await;
    let printed = Command::new(env!("CARGO_BIN_EXE_keyleak"))
        .arg("restore")
        .arg(&copy)
        .args(["--of", &format!("user {BACKDOOR}")])
        .output()
        .expect("keyleak runs");
    assert!(printed.status.success(), "{printed:?}");
    let script = folder.path().join("restore.sh");
    std::fs::write(&script, printed.stdout).expect("the script");

    let asked = run(&script, &tools, (owner, None));
    assert!(!asked.status.success(), "without a password nothing is begun");
    let user = PrincipalName::user(BACKDOOR);
    let there = photograph(ground.lookup.as_ref(), &user).await;
    assert!(there.is_err(), "nothing is made by halves: {there:?}");
    let made = run(&script, &tools, (owner, Some("Another-Pass-word-1")));
    assert!(made.status.success(), "{made:?}");
    let after = photograph(ground.lookup.as_ref(), &user).await.expect("the user is there");
    assert_eq!(not_as_it_was(&before, &after), [""; 0]);
    assert_ne!(before.id, after.id, "it is another user by that name");
    let again = run(&script, &tools, (owner, Some("Another-Pass-word-1")));
    assert!(!again.status.success(), "a user who is there is left as it is");

    let untag = owner.root.iam.untag_user().user_name(BACKDOOR).tag_keys("team");
    untag.send().await.expect("a tag goes");
    let spoiled = photograph(ground.lookup.as_ref(), &user).await.expect("the user is there");
    let said = not_as_it_was(&before, &spoiled);
    assert!(matches!(said.as_slice(), [one] if one.starts_with("tags: ")), "{said:?}");
    Ok(())
}

/// The folder with AWS's command line.
fn tools(parts: &Parts) -> Result<PathBuf, Missing> {
    let any = parts.python()?.command("ministack_serve.py");
    let folder = Path::new(any.get_program()).parent().expect("a folder").to_owned();
    assert!(folder.join("aws").exists(), "the AWS command line is among the pinned packages");
    Ok(folder)
}

/// The first snapshot that the user is in, as an export would write it.
async fn copied(bureau: &Bureau, case: &Case, folder: &Path) -> (PathBuf, Photograph) {
    let user = PrincipalName::user(BACKDOOR);
    for taken in case.plans().flat_map(|state| &state.snapshots) {
        let content = bureau.desk.evidence.get(&taken.sha256).await.expect("a snapshot");
        let snapshot: Snapshot = serde_json::from_slice(&content).expect("a snapshot");
        if let Some(found) = snapshot.of(&user) {
            let copy = folder.join(format!("{}.json", taken.sha256));
            std::fs::write(&copy, &content).expect("a copy");
            return (copy, found.clone());
        }
    }
    panic!("no snapshot has it\n{}", journal(case))
}

/// As a person runs it who may do everything.
fn run(script: &Path, tools: &Path, (owner, password): (&Account, Option<&str>)) -> Output {
    let path = format!("{}:/usr/bin:/bin", tools.display());
    let mut command = Command::new("sh");
    command
        .arg(script)
        .env_clear()
        .env("PATH", path)
        .env("AWS_ENDPOINT_URL", format!("http://{}", owner.endpoint))
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", &owner.id)
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    if let Some(password) = password {
        command.env("NEW_PASSWORD", password);
    }
    command.output().expect("sh runs")
}

fn not_as_it_was(before: &Photograph, after: &Photograph) -> Vec<String> {
    let mut all = differences(before, after);
    all.retain(|said| !LOST.iter().any(|lost| said.starts_with(lost)));
    all
}
