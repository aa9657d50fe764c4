//! A drill says that it is one wherever it can be seen, and counts nowhere; a real case does not.

use crate::binary;
use crate::chat_traps::limits::get;
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::page::Page;
use keyleak::drill::headless::perform;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::wait;
use keyleak::drill::world::World;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

const MARK: &str = "DRILL";
const IN_HAND: &str = "keyleak_cases_in_hand ";

/// Plays the story, and meanwhile looks for the most cases that the metrics ever tell.
async fn played(world: &World) -> (Case, u64) {
    let address = world.address().unwrap().to_string();
    let playing = perform(world, world.scenario());
    tokio::pin!(playing);
    let mut most = 0;
    loop {
        tokio::select! {
            ended = &mut playing => return (ended.unwrap().closed, most),
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                let told = get(&address, "/metrics").await;
                let count = told.lines().find_map(|line| line.strip_prefix(IN_HAND)).unwrap();
                most = most.max(count.trim().parse().unwrap());
            }
        }
    }
}

/// Everything that the bot said in any channel or to anybody directly, and to its home's reader.
async fn shown(world: &World) -> Vec<String> {
    let channels = world.slack.channels();
    let messages = channels.iter().flat_map(|channel| world.slack.messages(&channel.id));
    let ours = messages.filter(|message| message["metadata"].is_object());
    let mut all: Vec<String> = ours.map(|message| message.to_string()).collect();
    // A file that never came to be shared has no title of ours yet, and nobody sees it.
    let files = world.slack.files().into_iter().filter(|file| file.shared_ts.is_some());
    all.extend(files.map(|file| file.title));
    world.slack.open_home(REPORTER).await.unwrap();
    let home = async || {
        let home = world.slack.home(REPORTER).map(|view| view.object["blocks"].to_string());
        Ok(home.filter(|home| home.contains("None that you belong to")))
    };
    all.push(wait("the home", home).await.unwrap());
    all
}

/// What the commands print, and what they write into an export, each with the name of it.
fn written(world: &World, case: &Case, folder: &Path) -> Vec<(String, String)> {
    let run = |arguments: &[&str]| {
        let mut command = binary::keyleak();
        let output = command.args(arguments).arg("--journal").arg(&world.journal).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        (arguments[0].to_owned(), String::from_utf8(output.stdout).unwrap())
    };
    let (id, out) = (case.id().0.as_str(), folder.join("export"));
    let printed = [run(&["cases"]), run(&["status", id]), run(&["report", id])];
    run(&["export", id, "--out", out.to_str().unwrap()]);
    let files = ["NOTES.txt", "report.md", "report.html"]
        .map(|name| (name.to_owned(), std::fs::read_to_string(out.join(name)).unwrap_or_default()));
    let report = std::fs::read_to_string(out.join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let mark = if report["drill"] == true { MARK } else { "" };
    let json = ("report.json".to_owned(), mark.to_owned());
    printed.into_iter().chain(files).chain([json]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_marked_on_every_surface_and_counted_nowhere_and_a_real_case_is_the_reverse() {
    for drill in [true, false] {
        let mut stage = Stage::set().await;
        if !drill {
            stage.world.restart_bot_with(|desk| desk.rules.drill = false).await.unwrap();
        }
        let world = &stage.world;
        let (case, most) = played(world).await;
        assert_eq!(case.opening().drill, drill);
        assert_eq!(most, u64::from(!drill), "cases that the metrics counted, drill: {drill}");
        let room = world.slack.channel(&case.room().channel.as_ref().unwrap().0).unwrap();
        assert_eq!(room.name.starts_with("drill-"), drill, "{}", room.name);
        let shown = shown(world).await;
        assert!(shown.len() > 20, "{}", shown.len());
        for said in shown {
            assert_eq!(said.contains(MARK), drill, "{said}");
        }
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in written(world, &case, folder.path()) {
            let is_marked = text.contains(MARK) || text.contains("this was a drill");
            assert_eq!(is_marked, drill, "{name}: {text}");
        }
        let state = case.plans().next().unwrap();
        let page = serde_json::to_value(Page::of(&case, state, "T0SIM00001")).unwrap();
        assert_eq!(page["drill"], drill);
        stage.strike().await;
    }
}
