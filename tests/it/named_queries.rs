//! `keyleak queries save` against Athena's API: the questions about a key, each a text of its own.

use crate::binary::keyleak;
use crate::counting_athena::CountingAthena;
use crate::trail_table::TrailTable;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;
use tempfile::TempDir;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A drill that was told to its end: a journal, and the trail of what the actor did.
static DRILL: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let mut drill = keyleak();
    let told = drill.args(["drill", "--headless", "--keep"]).arg(&kept).output().unwrap();
    assert!(told.status.success(), "{told:?}");
    folder
});

/// A folder with settings, and an Athena that they lead to.
struct Scene {
    folder: TempDir,
    athena: CountingAthena,
    case: String,
    key: String,
}

impl Scene {
    async fn new() -> Self {
        let kept = DRILL.path().join("kept");
        let athena = CountingAthena::over(&kept.join("trail")).await;
        let folder = tempfile::tempdir().unwrap();
        let journal = kept.join("journal.sqlite");
        let scene = Self { folder, athena, case: String::new(), key: String::new() };
        scene.set(&format!("[journal]\nstore = \"sqlite\"\npath = \"{}\"\n", journal.display()));
        let listed = out(&scene.run(&["cases", "--config", "keyleak.toml"]).await);
        let case = listed.split_whitespace().next().unwrap().to_owned();
        Self { key: key_of(&kept.join("trail")), case, ..scene }
    }

    fn set(&self, more: &str) {
        let settings = format!(
            "[trail]\nquestions = \"own\"\n[trail.athena]\ndatabase = \"logs\"\n\
             table = \"cloudtrail\"\nworkgroup = \"keyleak\"\n{more}"
        );
        std::fs::create_dir_all(self.folder.path().join("own")).unwrap();
        std::fs::write(self.folder.path().join("keyleak.toml"), settings).unwrap();
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = keyleak();
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL", &self.athena.url)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAQNZGKIQY56JQ7WML")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn save(&self, about: &str, more: &[&str]) -> Output {
        let save = ["queries", "save", about, "--config", "keyleak.toml"];
        self.run(&[&save, more].concat()).await
    }

    /// The changes since somebody looked last.
    fn changes(&self) -> Vec<String> {
        std::mem::take(&mut self.athena.kept.lock().unwrap().changes)
    }

    fn name(&self, question: &str) -> String {
        format!("keyleak {} {question}", &self.key[16..])
    }

    fn text(&self, question: &str) -> Option<String> {
        self.athena.kept.lock().unwrap().text(&self.name(question)).map(str::to_owned)
    }
}

/// The id of the leaked key, which the journal masks wherever it is shown.
fn key_of(trail: &Path) -> String {
    let mut objects = vec![PathBuf::from(trail)];
    let mut calls = std::collections::BTreeMap::new();
    while let Some(path) = objects.pop() {
        if path.is_dir() {
            objects.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let file = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
        let object: serde_json::Value = serde_json::from_reader(file).unwrap();
        for record in object["Records"].as_array().unwrap() {
            if record["eventName"] == "CreateUser" || record["eventName"] == "GetSessionToken" {
                let key = record["userIdentity"]["accessKeyId"].as_str().unwrap_or_default();
                *calls.entry(key.to_owned()).or_insert(0) += 1;
            }
        }
    }
    let is_long_term = |(key, _): &(String, i32)| key.starts_with("AKIA");
    calls.into_iter().filter(is_long_term).max_by_key(|(_, calls)| *calls).unwrap().0
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_questions_of_a_case_are_saved_once_and_each_stands_alone() {
    let scene = Scene::new().await;
    let saved = scene.save(&scene.case, &[]).await;
    assert!(saved.status.success(), "{saved:?}");
    let (told, notes) = (out(&saved), err(&saved));
    assert!(told.contains("39 saved, in the workgroup keyleak, database logs."), "{told}");
    assert!(told.contains(&scene.name("Q15 minted_credentials")), "{told}");
    assert!(notes.contains("not saved: Q42, Q43, Q44, Q45, Q46, Q47;"), "{notes}");
    assert!(notes.contains("scanned") && notes.contains("The table has no"), "{notes}");
    for said in [&told, &notes] {
        assert!(!said.contains(&scene.key), "a key id is masked: {said}");
    }
    assert_eq!(scene.changes(), ["CreateNamedQuery"; 39]);
    for query in scene.athena.kept.lock().unwrap().queries.values() {
        let text = query["QueryString"].as_str().unwrap();
        // The pattern of an instance's id counts its characters in braces of its own.
        let left = text.replace("{8,17}", "");
        assert!(!left.contains(['?', '{']), "it needs nothing from outside: {text}");
        assert!(text.contains(&format!("access_key_id IN ('{}')", scene.key)), "{text}");
        assert!(text.contains("FROM \"cloudtrail\"") && text.contains("AND '9999/12/31'"));
        let description = query["Description"].as_str().unwrap();
        assert!(!description.contains(&scene.key) && description.len() > 40, "{description}");
    }
    // The credentials that grew out of the key are named, as in the case's own reading.
    let text = scene.text("Q15 minted_credentials").unwrap();
    let (_, lineage) = text.split_once("access_key_id IN ('").unwrap();
    assert!(lineage.matches("'ASIA").count() > 0, "{lineage}");
    assert!(text.trim_end().ends_with("reach ASC NULLS LAST"), "{text}");

    let again = scene.save(&scene.case, &["--query", "all"]).await;
    assert!(again.status.success(), "{again:?}");
    assert_eq!(out(&again), "39 unchanged, in the workgroup keyleak, database logs.\n");
    assert_eq!(scene.changes(), [""; 0]);
}

#[tokio::test]
async fn a_key_without_a_case_is_asked_about_as_far_as_its_times_are_known() {
    let scene = Scene::new().await;
    let saved = scene.save(&scene.key, &[]).await;
    let notes = err(&saved);
    assert!(saved.status.success(), "{saved:?}");
    assert!(notes.contains("to save them too give --exposed-since TIME"), "{notes}");
    assert!(notes.contains("to save them too give --contained-at TIME"), "{notes}");
    assert_eq!(scene.text("Q71 new_since_exposure"), None);
    let before = scene.changes().len();
    let times = ["--exposed-since", "2026-01-01", "--contained-at", "2026-01-02T00:00:00Z"];
    let rest = scene.save(&scene.key, &times).await;
    assert!(rest.status.success(), "{rest:?}");
    assert_eq!(before + scene.changes().len(), 39);
    assert!(out(&rest).contains(&format!("{before} unchanged")), "{rest:?}");
    let text = scene.text("Q71 new_since_exposure").unwrap();
    assert!(text.contains("event_time < '2026-01-01T00:00:00Z'"), "{text}");
}

#[tokio::test]
async fn what_differs_is_updated_and_what_somebody_else_wrote_is_left_alone() {
    let scene = Scene::new().await;
    let few = ["--query", "Q10,minted_credentials", "--query", "q18"];
    assert!(scene.save(&scene.case, &few).await.status.success());
    assert_eq!(scene.changes().len(), 3);
    let (ours, foreign) = (scene.text("Q18 regions").unwrap(), scene.name("Q11 activity_summary"));
    {
        let mut kept = scene.athena.kept.lock().unwrap();
        kept.put(&foreign, "SELECT 1");
        let changed = scene.name("Q10 timeline");
        let mut queries = kept.queries.values_mut();
        let query = queries.find(|query| query["Name"] == changed.as_str()).unwrap();
        query["QueryString"] =
            format!("{}\nLIMIT 5", query["QueryString"].as_str().unwrap()).into();
    }
    let from = ["--from", "2026-02-03", "--query", "Q10,Q11,Q15,Q18"];
    let saved = scene.save(&scene.case, &from).await;
    assert_eq!(saved.status.code(), Some(1), "{saved:?}");
    let told = err(&saved);
    assert!(told.contains("2 updated, 2 left alone"), "{told}");
    assert!(told.contains(&format!("left alone  {foreign}")), "{told}");
    assert!(told.contains("rename or delete it in Athena"), "{told}");
    assert_eq!(scene.changes(), ["UpdateNamedQuery"; 2]);
    let updated = scene.text("Q18 regions").unwrap();
    assert!(
        updated != ours && updated.contains("eventtime >= '2026-02-03T00:00:00Z'"),
        "{updated}"
    );
    assert_eq!(scene.text("Q11 activity_summary").as_deref(), Some("SELECT 1"));

    let removed = scene.save(&scene.key, &["--remove"]).await;
    assert!(err(&removed).contains("2 left alone, 2 removed"), "{removed:?}");
    assert_eq!(scene.changes(), ["DeleteNamedQuery"; 2]);
    assert_eq!(scene.athena.kept.lock().unwrap().queries.len(), 2);
    // A token of before is answered with what is there no more, and another one is tried.
    assert!(scene.save(&scene.case, &["--query", "Q18"]).await.status.success());
    assert_eq!(scene.text("Q18 regions").as_deref(), Some(ours.as_str()));
}

#[tokio::test]
async fn a_question_of_ones_own_is_saved_without_its_comments() {
    let scene = Scene::new().await;
    let own = "-- id: ACME1\n-- name: night_calls\n-- question: What was called at night?\n\
               -- phase: scope\n-- impact: evidence\n-- parameters: none\n\
               -- columns: event_time, event_name\n-- source: case_table\n\
               -- meaning: One row for each call by night.\n-- none: No call by night.\n\
               SELECT event_time, event_name -- is it night?\nFROM case_table\n\
               WHERE substr(event_time, 12, 2) < '06'\n\
               ORDER BY event_time ASC NULLS LAST, event_name ASC NULLS LAST;\n";
    std::fs::write(scene.folder.path().join("own/night.sql"), own).unwrap();
    let saved = scene.save(&scene.case, &["--query", "ACME1"]).await;
    assert!(saved.status.success(), "{saved:?}");
    let text = scene.text("ACME1 night_calls").unwrap();
    let ends = "SELECT event_time, event_name\nFROM case_table\n\
                WHERE substr(event_time, 12, 2) < '06'\n\
                ORDER BY event_time ASC NULLS LAST, event_name ASC NULLS LAST";
    assert!(text.ends_with(ends), "{text}");
}

#[tokio::test]
async fn whatever_is_in_the_way_is_told_with_what_to_do() {
    let scene = Scene::new().await;
    scene.athena.kept.lock().unwrap().denied.insert("CreateNamedQuery");
    let denied = scene.save(&scene.case, &["--query", "Q15"]).await;
    let said = err(&denied);
    assert_eq!(denied.status.code(), Some(1));
    assert!(said.contains("allow athena:CreateNamedQuery for"), "{said}");
    assert!(said.contains("Run this again: it goes on from there."), "{said}");

    // A table that is not cut into days, in a workgroup without a limit: nobody knows how much.
    scene.athena.limit(None);
    scene.athena.define(Some(TrailTable::current()));
    let before = scene.athena.runs().len();
    let dear = scene.save(&scene.key, &[]).await;
    assert!(err(&dear).contains("or run it with --allow-reading"), "{dear:?}");
    let unknown = scene.save(&scene.key, &["--allow-reading", "--query", "Q99"]).await;
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    assert!(err(&unknown).contains("there is no question \"Q99\""), "{unknown:?}");
    assert_eq!(scene.athena.runs().len(), before, "nothing is paid for in vain");
    let allowed = scene.save(&scene.key, &["--allow-reading", "--query", "Q15"]).await;
    assert!(err(&allowed).contains("athena:CreateNamedQuery"), "{allowed:?}");
    assert_eq!(scene.athena.runs().len(), before + 1, "one pass");

    for (about, status, says) in [
        (SECRET, 2, "looks like a secret"),
        ("kl-20260101-none-00000000", 1, "kl-20260101-none-00000000"),
        ("AKIA…7WML", 2, "is not an access key id"),
    ] {
        let refused = scene.save(about, &[]).await;
        let said = err(&refused);
        assert_eq!(refused.status.code(), Some(status), "{about}: {said}");
        assert!(said.contains(says) && !said.contains(SECRET), "{about}: {said}");
    }
    let empty = ["--from", "2026-02-02", "--to", "2026-02-01"];
    let refused = scene.save(&scene.key, &empty).await;
    assert!(err(&refused).contains("--from is not before --to"), "{refused:?}");
    std::fs::write(scene.folder.path().join("keyleak.toml"), "[trail]\npaths = [\"/t\"]\n")
        .unwrap();
    let refused = scene.save(&scene.key, &[]).await;
    assert!(
        err(&refused).contains("set trail.athena.database, table and workgroup"),
        "{refused:?}"
    );
}
