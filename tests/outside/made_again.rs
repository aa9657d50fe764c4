//! What was deleted comes back by the printed script, run by AWS's own command line.

use crate::account::{Account, REGION};
use crate::bureau::{Bureau, journal};
use crate::frame::Missing;
use crate::ground::{BACKDOOR, Ground};
use crate::parts::Parts;
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::resource::ResourceName;
use keyleak::domain::snapshot::{Photograph, Snapshot};
use keyleak::flow::photograph::photograph;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What AWS never gives twice, and whoever holds it enrols anew; the script says so of each.
const LOST: [&str; 4] = ["id: ", "access keys: ", "MFA devices: ", "used by: "];
const PASSWORD: &str = "Another-Pass-word-1";

/// Makes the actor's user and role again, each from a copy of its snapshot, and compares them field
/// by field; a field that somebody changes afterwards is named.
pub(crate) async fn made_again(
    parts: &Parts,
    (bureau, case): (&Bureau, &Case),
    (ground, owner): (&Ground, &Account),
    role: &str,
) -> Result<(), Missing> {
    let tools = tools(parts)?;
    let folder = tempfile::tempdir().expect("a folder");
    let iam = &owner.root.iam;

    let user = PrincipalName::user(BACKDOOR);
    let (script, before) = script(bureau, case, (&user, folder.path())).await;
    let asked = run(&script, &tools, (owner, None));
    assert!(!asked.status.success(), "without a password nothing is begun");
    let there = photograph(ground.lookup.as_ref(), &user).await;
    assert!(there.is_err(), "nothing is made by halves: {there:?}");
    let said = std::fs::read_to_string(&script).expect("the script");
    for lost in ["another id than", "is lost for ever", "MFA device arn:"] {
        assert!(said.contains(lost), "{lost}: {said}");
    }
    comes_back(ground, &before, &run(&script, &tools, (owner, Some(PASSWORD)))).await;
    let again = run(&script, &tools, (owner, Some(PASSWORD)));
    assert!(!again.status.success(), "a user who is there is left as it is");
    iam.untag_user().user_name(BACKDOOR).tag_keys("team").send().await.expect("a tag goes");
    is_named(ground, &before, "tags: ").await;

    let role = PrincipalName::role(role);
    let (script, before) = self::script(bureau, case, (&role, folder.path())).await;
    comes_back(ground, &before, &run(&script, &tools, (owner, None))).await;
    let other = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let trust = iam.update_assume_role_policy().role_name(&role.name).policy_document(other);
    trust.send().await.expect("another trust");
    is_named(ground, &before, "trust policy: ").await;
    Ok(())
}

/// Makes a policy, provider, instance profile or group again. Those that used it are gone still.
pub(crate) async fn thing_made_again(
    parts: &Parts,
    (bureau, case): (&Bureau, &Case),
    (ground, owner): (&Ground, &Account),
    thing: &PrincipalName,
) -> Result<(), Missing> {
    let tools = tools(parts)?;
    let folder = tempfile::tempdir().expect("a folder");
    let (script, before) = script(bureau, case, (thing, folder.path())).await;
    comes_back(ground, &before, &run(&script, &tools, (owner, None))).await;
    let again = run(&script, &tools, (owner, None));
    assert!(!again.status.success(), "one that is there is left as it is: {thing}");
    Ok(())
}

async fn comes_back(ground: &Ground, before: &Photograph, made: &Output) {
    assert!(made.status.success(), "{made:?}");
    let after = photograph(ground.lookup.as_ref(), &before.key()).await.expect("it is there");
    assert_eq!(not_as_it_was(before, &after), [""; 0]);
    assert_ne!(before.id, after.id, "it is another one by that name");
}

/// The comparison can fail: the one field that was changed is told.
async fn is_named(ground: &Ground, before: &Photograph, field: &str) {
    let spoiled = photograph(ground.lookup.as_ref(), &before.key()).await.expect("it is there");
    let said = not_as_it_was(before, &spoiled);
    assert!(matches!(said.as_slice(), [one] if one.starts_with(field)), "{said:?}");
}

/// What `keyleak restore` prints for it, from nothing but the copy; and how it was.
async fn script(
    bureau: &Bureau,
    case: &Case,
    (of, folder): (&PrincipalName, &Path),
) -> (PathBuf, Photograph) {
    let (copy, before) = copied(bureau, case, (of, folder)).await;
    let printed = Command::new(env!("CARGO_BIN_EXE_keyleak"))
        .arg("restore")
        .arg(&copy)
        .args(["--of", &ResourceName::words(of)])
        .output()
        .expect("keyleak runs");
    assert!(printed.status.success(), "{printed:?}");
    let script = folder.join(format!("{}.sh", of.kind.word()));
    std::fs::write(&script, printed.stdout).expect("the script");
    (script, before)
}

/// The folder with AWS's command line.
fn tools(parts: &Parts) -> Result<PathBuf, Missing> {
    let any = parts.python()?.command("ministack_serve.py");
    let folder = Path::new(any.get_program()).parent().expect("a folder").to_owned();
    assert!(folder.join("aws").exists(), "the AWS command line is among the pinned packages");
    Ok(folder)
}

/// The first snapshot that it is in, as an export would write it.
async fn copied(
    bureau: &Bureau,
    case: &Case,
    (of, folder): (&PrincipalName, &Path),
) -> (PathBuf, Photograph) {
    for taken in case.plans().flat_map(|state| &state.snapshots) {
        let content = bureau.desk.evidence.get(&taken.sha256).await.expect("a snapshot");
        let snapshot: Snapshot = serde_json::from_slice(&content).expect("a snapshot");
        if let Some(found) = snapshot.of(of) {
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
