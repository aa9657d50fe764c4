//! The report in a real browser: hostile texts run nothing and ask for nothing, it fits a phone,
//! a screen reader finds its way, and a printer gets all of it.

use crate::browser::Browser;
use crate::frame::{Outcome, trial};
use crate::look::serious;
use crate::parts::Parts;
use crate::spoiled::{hostile, spoiled};
use keyleak::domain::report::shape::Report;
use keyleak::paper::page::page;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What a page that loads something does within.
const LOADS_WITHIN: Duration = Duration::from_secs(2);
/// A phone, and a desk.
const WIDTHS: [u32; 2] = [360, 1_280];
const SPEED: &str = "200";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [hostile, fits, reader, printed] = [(); 4].map(|()| Arc::clone(parts));
    vec![
        trial("a_hostile_report_runs_nothing_and_asks_for_nothing", move || runs_nothing(&hostile)),
        trial("a_report_is_no_wider_than_a_phone_or_a_desk", move || wide(&fits)),
        trial("a_screen_reader_finds_its_way_in_a_report", move || read_out(&reader)),
        trial("a_printer_gets_every_section_of_a_report", move || print(&printed)),
    ]
}

/// The report of a drill that was played to its end, once for all trials.
fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| {
        let kept = tempfile::tempdir().expect("a folder");
        let journal = kept.path().join("journal.sqlite");
        let keyleak = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
            let done = command.args(arguments).output().expect("the binary runs");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).expect("text")
        };
        let folder = kept.path().to_str().expect("a path");
        keyleak(&["drill", "--headless", "--speed", SPEED, "--keep", folder]);
        let journal = journal.to_str().expect("a path");
        let cases = keyleak(&["cases", "--journal", journal]);
        let case = cases.split_whitespace().next().expect("a case").to_owned();
        let json = keyleak(&["report", &case, "--journal", journal, "--format", "json"]);
        serde_json::from_str(&json).expect("a report")
    })
}

/// A page on disk, as somebody opens an attachment.
fn on_disk(name: &str, page: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, page).expect("the page is written");
    let url = format!("file://{}", path.display());
    (path, url)
}

/// A server that nothing may call, and how often somebody did.
fn trap() -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    std::thread::spawn(move || {
        for _call in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, calls)
}

fn runs_nothing(parts: &Parts) -> Outcome {
    let (address, calls) = trap();
    let text = hostile(&address);
    let (_, url) = on_disk("hostile.html", &page(&spoiled(report(), &text)));
    let mut person = Browser::read(parts, "hostile", &url)?;
    std::thread::sleep(LOADS_WITHIN);
    let stolen = json!({"do": "global", "name": "stolen"});
    assert_eq!(person.step(stolen.clone()), Value::Null, "a script ran");
    assert_eq!(calls.load(Ordering::SeqCst), 0, "something was asked for");
    person.is_quiet();
    for live in ["script", "img", "iframe", "main svg svg", "main a", "object", "form"] {
        let found = person.step(json!({"do": "count", "at": live}));
        assert_eq!(found, 0, "{live} became an element");
    }
    let shown = person.texts("main li");
    assert!(shown.iter().any(|line| line.contains("<script>window.stolen=1")), "it is shown");
    // Even a script that got into it would not run.
    person.step(json!({"do": "inject", "script": "window.stolen=1"}));
    assert_eq!(person.step(stolen.clone()), Value::Null, "the policy let a script run");
    assert!(!person.problems().is_empty(), "and the browser says that it was refused");
    for width in WIDTHS {
        person.step(json!({"do": "size", "width": width, "height": 800}));
        assert_eq!(person.step(json!({"do": "wide"})), false, "too wide for {width}");
    }

    // The control: the same texts where nothing escapes them and no policy holds. What leads away
    // from the page would take with it what the script left.
    let text = text.replace("http-equiv=refresh", "");
    let (_, url) = on_disk("live.html", &format!("<!doctype html><p>{text}</p>"));
    let mut person = Browser::read(parts, "live", &url)?;
    std::thread::sleep(LOADS_WITHIN);
    assert_eq!(person.step(stolen), 1, "the payload is one");
    assert!(calls.load(Ordering::SeqCst) > 0, "and the trap is one");
    Ok(())
}

fn wide(parts: &Parts) -> Outcome {
    let (_, url) = on_disk("report.html", &page(report()));
    let mut person = Browser::read(parts, "report", &url)?;
    for width in WIDTHS {
        person.step(json!({"do": "size", "width": width, "height": 800}));
        assert_eq!(person.step(json!({"do": "wide"})), false, "too wide for {width}");
        let picture = format!("{}/report-{width}.png", env!("CARGO_TARGET_TMPDIR"));
        person.step(json!({"do": "shot", "path": picture, "whole": true}));
    }
    person.is_quiet();
    // The control: a page with something wide in it is too wide.
    let broad = page(report()).replacen("<main", "<hr width=2000><main", 1);
    let (_, url) = on_disk("broad.html", &broad);
    let mut person = Browser::read(parts, "broad", &url)?;
    person.step(json!({"do": "size", "width": WIDTHS[0], "height": 800}));
    assert_eq!(person.step(json!({"do": "wide"})), true, "the check sees nothing");
    Ok(())
}

fn read_out(parts: &Parts) -> Outcome {
    let (_, url) = on_disk("read.html", &page(report()));
    let mut person = Browser::read(parts, "read", &url)?;
    serious(&mut person, "the report");
    for (at, many) in [("h1", 1), ("main", 1), ("nav", 1), ("svg[role=img] > title", 3)] {
        let found = person.step(json!({"do": "count", "at": at})).as_u64().unwrap_or_default();
        assert!(found >= many, "{found} of {at}");
    }
    let (_, url) = on_disk("read-hostile.html", &page(&spoiled(report(), &hostile("127.0.0.1:9"))));
    let mut person = Browser::read(parts, "read-hostile", &url)?;
    serious(&mut person, "the hostile report");
    // The control: an image without a text is found.
    let planted = page(report()).replacen("<h2", "<img src=\"data:,\"><h2", 1);
    let (_, url) = on_disk("planted.html", &planted);
    let mut person = Browser::read(parts, "planted", &url)?;
    let found = person.step(json!({"do": "axe"}));
    assert!(found.to_string().contains("image-alt"), "{found}");
    Ok(())
}

fn print(parts: &Parts) -> Outcome {
    let (_, url) = on_disk("print.html", &page(report()));
    let mut person = Browser::read(parts, "print", &url)?;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.pdf");
    let bytes = person.step(json!({"do": "print", "path": path}));
    assert!(bytes.as_u64().is_some_and(|bytes| bytes > 20_000), "{bytes}");
    person.is_quiet();
    Ok(())
}
