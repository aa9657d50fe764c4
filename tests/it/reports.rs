//! The report in its three forms: its figures are those of the journal and of the evidence, counted
//! here from the raw records, and nothing hostile in it is live.

use crate::answer_files::told_all;
use crate::binary;
use crate::spoiled::{hostile, spoiled};
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::digest::sha256_hex;
use keyleak::domain::event::Phase;
use keyleak::domain::ids::CaseId;
use keyleak::domain::report::shape::Report;
use keyleak::domain::report::{to_json, to_markdown};
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{approve, open, press, until};
use keyleak::drill::world::World;
use keyleak::paper::page::page;
use keyleak::sim::slack::files::File;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The drill's story to its end, and the folder that was exported of it.
async fn played(stage: &Stage) -> (CaseId, TempDir, PathBuf) {
    let world = &stage.world;
    world.let_the_actor_play();
    let id = open(world).await.unwrap();
    approve(world, &id).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    until(world, &id, "\"contained\"", contained).await.unwrap();
    press(world, &id, (REPORTER, "phase.scope")).await.unwrap();
    let answered = |case: &Case| {
        case.presses(Phase::Scope).iter().all(|press| case.is_answered(press.seq)) && told_all(case)
    };
    until(world, &id, "the answers", answered).await.unwrap();
    press(world, &id, (REPORTER, "case.close")).await.unwrap();
    until(world, &id, "the archived channel", Case::is_archived).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("export");
    keyleak(world, &["export", &id.0, "--out", out.to_str().unwrap()], true);
    (id, folder, out)
}

fn keyleak(world: &World, arguments: &[&str], live: bool) -> String {
    let mut command = binary::keyleak();
    command.args(arguments);
    if live {
        command.arg("--journal").arg(&world.journal);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn records(export: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(export.join("records.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A stored answer, with the record that it belongs to.
fn answer(export: &Path, question: &str) -> (u64, Value) {
    let files = std::fs::read_dir(export.join("queries")).unwrap();
    let ending = format!("-{question}.json");
    let path = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(&ending))
        .max()
        .unwrap();
    let seq = path.file_name().unwrap().to_str().unwrap()[..6].parse().unwrap();
    (seq, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap())
}

fn cell<'a>(answer: &'a Value, row: &'a Value, column: &str) -> &'a Value {
    let columns = answer["columns"].as_array().unwrap();
    let at = columns.iter().position(|name| name == column).unwrap();
    &row[at]
}

fn sum(answer: &Value, column: &str) -> u64 {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter().map(|row| cell(answer, row, column).as_u64().unwrap()).sum()
}

/// The sum of all bars of a chart.
fn drawn(report: &Value, id: &str) -> u64 {
    let charts = report["charts"].as_array().unwrap();
    let chart = charts.iter().find(|chart| chart["id"] == id).unwrap();
    let series = chart["figures"]["series"].as_array().unwrap();
    let values = series.iter().flat_map(|one| one["values"].as_array().unwrap());
    values.map(|value| value.as_f64().unwrap() as u64).sum()
}

fn figure(report: &Value, id: &str) -> u64 {
    let figures = report["figures"].as_array().unwrap();
    figures.iter().find(|one| one["id"] == id).unwrap()["value"].as_u64().unwrap()
}

fn kind<'a>(records: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    records.iter().filter(move |record| record["event"]["kind"] == kind)
}

fn at(record: &Value) -> jiff::Timestamp {
    record["at"].as_str().unwrap().parse().unwrap()
}

/// What is wrong with the figures of a report in JSON.
fn odd(report: &Value, export: &Path) -> Vec<String> {
    let records = records(export);
    let count = |wanted: &dyn Fn(&&Value) -> bool| records.iter().filter(wanted).count() as u64;
    let changed =
        count(&|one| one["event"]["kind"] == "outcome" && one["event"]["changed"] == true);
    let (_, sources) = answer(export, "Q12");
    let (_, services) = answer(export, "Q19");
    let (_, hours) = answer(export, "Q20");
    let (_, calls) = answer(export, "Q10");
    let since = report["exposure"]["exposed_since"].as_str();
    let since: Option<jiff::Timestamp> = since.map(|since| since.parse().unwrap());
    let is_since = |row: &&Value| {
        let time = cell(&calls, row, "event_time").as_str().unwrap();
        let time: jiff::Timestamp = time.parse().unwrap();
        since.is_none_or(|since| time.as_second() >= since.as_second())
    };
    let calls = calls["rows"].as_array().unwrap().iter().filter(is_since).count() as u64;
    let surveyed = kind(&records, "surveyed").last().unwrap();
    let nodes = surveyed["event"]["survey"]["nodes"].as_array().unwrap().len() as u64;
    let people = count(&|one| one["actor"]["who"] != "keyleak");
    let containment = |one: &&Value| one["event"]["plan"] == 1;
    let last_change = kind(&records, "outcome").filter(containment).map(at).max().unwrap();
    let action = last_change.duration_since(at(&records[0])).as_secs();
    let metrics = report["metrics"].as_array().unwrap();
    let metric = metrics.iter().find(|one| one["id"] == "time_to_contain_action").unwrap();
    [
        ("records", figure(report, "records"), records.len() as u64),
        ("decisions", figure(report, "decisions"), people),
        ("changes", figure(report, "changes"), changed),
        ("answers", figure(report, "answers"), kind(&records, "answered").count() as u64),
        ("read-backs", figure(report, "read_backs"), kind(&records, "read_back").count() as u64),
        ("lineage", report["lineage"].as_array().unwrap().len() as u64, nodes),
        ("sources", drawn(report, "sources"), sum(&sources, "calls")),
        ("services", drawn(report, "services"), sum(&services, "calls")),
        ("hours", drawn(report, "activity_by_hour"), sum(&hours, "calls")),
        ("calls since the exposure", drawn(report, "activity"), calls),
        ("time to contain", metric["seconds"].as_u64().unwrap(), action.unsigned_abs()),
    ]
    .into_iter()
    .filter(|(_, told, counted)| told != counted)
    .map(|(what, told, counted)| format!("{what}: the report says {told}, counted {counted}"))
    .collect()
}

/// What a page shows, without its tags.
fn visible(page: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for character in page.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    words.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_says_in_every_form_what_journal_and_evidence_hold() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, _folder, export) = played(&stage).await;
    let live = |format| keyleak(world, &["report", &id.0, "--format", format], true);
    let json: Value = serde_json::from_str(&live("json")).unwrap();
    assert_eq!(odd(&json, &export), Vec::<String>::new());

    // The very same from the export, offline and bundled; and a second time.
    let file = export.to_str().unwrap();
    for (format, ending) in [("md", "md"), ("html", "html"), ("json", "json")] {
        let offline = keyleak(world, &["report", "--file", file, "--format", format], false);
        let bundled = std::fs::read_to_string(export.join(format!("report.{ending}"))).unwrap();
        assert_eq!(offline, live(format), "{format}");
        assert_eq!(bundled, offline, "{format}");
    }

    // What people read has the same figures, and the chain's head.
    let (md, html) = (live("md"), visible(&live("html")));
    for figure in json["figures"].as_array().unwrap() {
        let (title, value) = (figure["title"].as_str().unwrap(), &figure["value"]);
        assert!(md.contains(&format!("| {title} | {value} |")), "{title} {value}:\n{md}");
        assert!(html.contains(&format!("{title} {value} ")), "{title} {value}");
    }
    for metric in json["metrics"].as_array().unwrap() {
        let words = metric["words"].as_str().unwrap();
        assert!(md.contains(words) && html.contains(words), "{words}");
    }
    let head = records(&export).last().unwrap()["hash"].as_str().unwrap().to_owned();
    let (_, note) = (0, kind(&records(&export), "answered").last().unwrap().clone());
    let answer = note["event"]["answer"]["answer_sha256"].as_str().unwrap().to_owned();
    for hash in [&head, &answer] {
        assert!([&md, &html, &json.to_string()].iter().all(|text| text.contains(hash)), "{hash}");
    }
    let key = &world.leaked.access_key_id;
    assert!(![&md, &live("html"), &live("json")].iter().any(|text| text.contains(key.as_str())));

    // The check can fail: a record less, another chart, a node more.
    let mut wrong = json.clone();
    wrong["figures"][0]["value"] = Value::from(1);
    wrong["charts"][2]["figures"]["series"][0]["values"][0] = Value::from(1_000_000);
    wrong["lineage"].as_array_mut().unwrap().push(Value::Null);
    assert_eq!(odd(&wrong, &export).len(), 3, "{:?}", odd(&wrong, &export));
    in_the_channel(world, &export);
    stage.strike().await;
}

/// Each form and the chart came as one file, and the journal has its hash.
fn in_the_channel(world: &World, export: &Path) {
    let records = records(export);
    let reported = &kind(&records, "reported").last().unwrap()["event"];
    let others = ["html", "json", "png"].map(|ending| (ending, &reported["others"][ending]));
    for (ending, hash) in others.into_iter().chain([("md", &reported["sha256"])]) {
        let files = world.slack.files();
        // What was brought and shown nowhere, because an answer came too late, nobody sees.
        let named = |file: &&File| file.name.ends_with(&format!("-report.{ending}"));
        let sent: Vec<&File> =
            files.iter().filter(named).filter(|file| file.shared_ts.is_some()).collect();
        assert_eq!(sent.len(), 1, "{ending}");
        assert_eq!(hash.as_str().unwrap(), sha256_hex(&sent[0].content), "{ending}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_an_altered_export_is_refused_and_one_without_its_rows_says_so() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (_id, folder, export) = played(&stage).await;
    let bare = folder.path().join("bare");
    std::fs::create_dir(&bare).unwrap();
    let records = std::fs::read_to_string(export.join("records.jsonl")).unwrap();
    std::fs::write(bare.join("records.jsonl"), &records).unwrap();
    let file = bare.to_str().unwrap();
    let said = keyleak(world, &["report", "--file", file], false);
    assert!(said.contains("(Q10) could not be read"), "{said}");
    let out = folder.path().join("report.html");
    let arguments = ["report", "--file", file, "--format", "html", "--out", out.to_str().unwrap()];
    assert!(keyleak(world, &arguments, false).contains("report.html"));
    let again = binary::keyleak().args(arguments).output().unwrap();
    assert!(!again.status.success(), "what is there stays");
    std::fs::write(bare.join("records.jsonl"), records.replace("\"ana\"", "\"eve\"")).unwrap();
    let altered = binary::keyleak().args(["report", "--file", file]).output().unwrap();
    let said = String::from_utf8_lossy(&altered.stderr).into_owned();
    assert!(!altered.status.success() && altered.stdout.is_empty(), "{said}");
    assert!(said.contains("was altered") && said.contains("no report of it"), "{said}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hostile_in_any_text_of_a_report_is_live_in_any_form() {
    let stage = Stage::set().await;
    let (id, _folder, _export) = played(&stage).await;
    let json = keyleak(&stage.world, &["report", &id.0, "--format", "json"], true);
    stage.strike().await;
    let report: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(to_json(&report), json, "what a program reads is what was drawn");
    let spoilt = spoiled(&report, &hostile("127.0.0.1:9"));
    let page = page(&spoilt);
    assert!(page.contains("&lt;script&gt;window.stolen=1"), "and nothing is hidden");
    for live in ["<script", "<img", "<iframe", "<svg onload", "<a href=\"java", "\u{202e}", "\0"] {
        assert!(!page.contains(live), "{live:?} is live in the page");
    }
    assert_eq!(page.matches("<style>").count(), 1);
    assert_eq!(page.matches("<meta ").count(), 5);
    let handlers = page.split('<').skip(1).filter(|tag| {
        let inside = tag.split('>').next().unwrap_or_default();
        // Between the quotes of an attribute a word is only a word.
        let bare = inside.split('"').step_by(2).collect::<String>();
        [" on", "javascript:", "style="].iter().any(|word| bare.contains(word))
    });
    assert_eq!(handlers.collect::<Vec<_>>(), Vec::<&str>::new());
    let md = to_markdown(&spoilt);
    // What is escaped stands behind a backslash, and here behind a blank.
    for live in [" <script>", " <img", " [y](", "\u{202e}"] {
        assert!(!md.contains(live), "{live:?} is live in the Markdown");
    }
    let json = to_json(&spoilt);
    assert!(!json.contains('\u{202e}') && json.contains("\\u202e"));
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), spoilt);
}
