//! Each scenario but the first, played through the page as people would.

use crate::browser::Browser;
use crate::drill::Drill;
use crate::frame::{Missing, Outcome, trial};
use crate::parts::Parts;
use crate::story::{ALIVE, BEATEN, SPEED, ask_the_trail, close, type_the_command, undo};
use libtest_mimic::Trial;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where other people's trails are.
const REAL_TRAILS: &str = "KEYLEAK_REAL_TRAILS";
/// Four minutes of the drill: by the time that somebody hears of a leak the trail has its first
/// uses.
const HEARD_AFTER: Duration = Duration::from_secs(4);
const APPROVE: &str = "main .kit:text-is('Approve the plan')";

/// A leak that somebody uses, and what people see of it.
struct Used {
    scenario: &'static str,
    /// On the card.
    card: &'static str,
    /// Users who are denied everything, and one who is not.
    denied: &'static [&'static str],
    spared: &'static str,
    /// A plan that has to be decided on the way.
    follows_up: bool,
    /// It turns out that the containment has to be taken back.
    undoes: bool,
    /// In the report.
    report: &'static [&'static str],
}

const USED: [Used; 8] = [
    Used {
        scenario: "administrator",
        card: "of user ines-admin",
        denied: &["ines-admin", "helpdesk-7f3a"],
        spared: "payroll-batch",
        follows_up: true,
        undoes: false,
        report: &["helpdesk-7f3a", "ops-sync", "approved plan 1"],
    },
    Used {
        scenario: "federation-token",
        card: ", inactive",
        denied: &["data-export"],
        spared: "erin-oncall",
        follows_up: false,
        undoes: true,
        report: &["data-export", "approved plan 1"],
    },
    Used {
        scenario: "models-and-mail",
        card: "of user newsletter",
        denied: &["newsletter"],
        spared: "payroll-batch",
        follows_up: false,
        undoes: true,
        report: &["newsletter", "bedrock", "approved plan 1"],
    },
    Used {
        scenario: "cryptomining",
        card: "of user ci-deployer",
        denied: &["ci-deployer"],
        spared: "nobody",
        follows_up: false,
        undoes: false,
        report: &["ci-deployer", "image-resize", "approved plan 1"],
    },
    Used {
        scenario: "real-invictus",
        card: "of user bert-jan",
        denied: &["bert-jan"],
        spared: "benjamin",
        follows_up: false,
        undoes: false,
        report: &["malicious-iam-user", "approved plan 1"],
    },
    Used {
        scenario: "real-admin-user",
        card: "of user christophe",
        denied: &["christophe", "malicious-iam-user"],
        spared: "payroll-batch",
        follows_up: false,
        undoes: false,
        report: &["malicious-iam-user", "approved plan 1"],
    },
    Used {
        scenario: "real-federation-token",
        card: ", inactive",
        denied: &["stratus-red-team-user-federation-user"],
        spared: "erin-oncall",
        follows_up: false,
        undoes: true,
        report: &["742491224508", "approved plan 1"],
    },
    Used {
        scenario: "real-instance-role",
        card: "Behind it: ",
        denied: &[],
        spared: "pedro",
        follows_up: false,
        undoes: false,
        report: &["BankingWAFRole", "approved plan 1"],
    },
];

/// A key that nobody here can contain: the scenario, what the card says, and the account's users.
const NOT_OURS: [(&str, &str); 3] = [
    ("somebody-elses-key", "is not ours"),
    ("canary-token", "tripwire"),
    ("unknown-key", "owner is unknown"),
];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let used = USED.iter().map(|used| {
        let parts = Arc::clone(parts);
        trial(&format!("people_play_{}_on_the_page", used.scenario), move || contain(&parts, used))
    });
    let not_ours = NOT_OURS.map(|(scenario, says)| {
        let parts = Arc::clone(parts);
        let name = format!("people_play_{scenario}_on_the_page");
        trial(&name, move || explained(&parts, scenario, says))
    });
    let unused = Arc::clone(parts);
    let quiet = trial("people_play_quiet-exposure_on_the_page", move || contain_unused(&unused));
    used.chain(not_ours).chain([quiet]).collect()
}

/// The folder with other people's trails, where this machine has it.
fn real_trails() -> Result<PathBuf, Missing> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os(REAL_TRAILS).map_or_else(beside, PathBuf::from);
    let why =
        || format!("no real trails: {REAL_TRAILS} is not set and ../shared/data is not there");
    if folder.join("invictus").is_dir() { Ok(folder) } else { Err(Missing(why())) }
}

fn begin(parts: &Parts, scenario: &'static str) -> Result<(Drill, Browser), Missing> {
    let trails = if scenario.starts_with("real-") { Some(real_trails()?) } else { None };
    let trails = trails.as_ref().map(|trails| [OsStr::new("--trails"), trails.as_os_str()]);
    let mut further = vec![OsStr::new("--scenario"), OsStr::new(scenario)];
    further.extend(trails.iter().flatten());
    let drill = Drill::playing(SPEED, &further);
    let mut person = Browser::open(parts, scenario, &drill.url)?;
    person.click("#intro button");
    person.gone("#intro");
    Ok((drill, person))
}

/// Reported, approved by another person, beaten, asked about, closed, and told in the report.
fn contain(parts: &Parts, used: &Used) -> Outcome {
    let (_drill, mut person) = begin(parts, used.scenario)?;
    person.see(ALIVE);
    std::thread::sleep(HEARD_AFTER);
    type_the_command(&mut person, used.card);
    person.see(APPROVE);
    person.see(ALIVE);
    assert_eq!(person.texts("#account .denied"), Vec::<String>::new(), "before the approval");
    person.become_person("Bob Okafor");
    person.press_button("Approve the plan", true);
    for user in used.denied {
        person.see(&format!("#account .users li:has-text('{user}') .denied"));
    }
    if used.follows_up {
        person.press_button("Approve the plan", true);
    }
    let verdict = person.see(BEATEN);
    assert!(verdict.contains("none of them works"), "{verdict}");
    let spared = format!("#account .users li:has-text('{}') .denied", used.spared);
    assert_eq!(person.texts(&spared), Vec::<String>::new());
    person.see("main :text('Contained as of')");
    person.see(BEATEN);
    ask_the_trail(&mut person);
    if used.undoes {
        undo(&mut person);
    }
    close(&mut person, used.report);
    person.is_quiet();
    Ok(())
}

/// Nobody used it: the card says so, and up to when that is known; it is contained all the same.
fn contain_unused(parts: &Parts) -> Outcome {
    let (_drill, mut person) = begin(parts, "quiet-exposure")?;
    let verdict = person.see(".verdict[data-state=unused]");
    assert!(verdict.contains("has not used it yet"), "{verdict}");
    type_the_command(&mut person, "of user report-builder");
    person.see(".message.pinned:has-text('not known; no unlike use up to')");
    person.become_person("Bob Okafor");
    person.press_button("Approve the plan", true);
    person.see("#account .users li:has-text('report-builder') .denied");
    person.see("main :text('Contained as of')");
    assert_eq!(person.texts("#account .denied").len(), 1, "nobody else");
    ask_the_trail(&mut person);
    close(&mut person, &["report-builder", "no use so far", "looked for up to"]);
    person.is_quiet();
    Ok(())
}

/// The card says what the key is; there is nothing to approve, and nothing is changed.
fn explained(parts: &Parts, scenario: &'static str, says: &str) -> Outcome {
    let (_drill, mut person) = begin(parts, scenario)?;
    type_the_command(&mut person, says);
    person.see(".message.pinned:has-text('no plan')");
    person.become_person("Bob Okafor");
    person.see(&format!(".message.pinned:has-text('{says}')"));
    assert_eq!(person.texts(APPROVE), Vec::<String>::new(), "there is nothing to approve");
    close(&mut person, &["AKIA", says]);
    assert_eq!(person.texts("#account .denied"), Vec::<String>::new());
    assert_eq!(person.texts("#account .users .state.off"), Vec::<String>::new());
    person.is_quiet();
    Ok(())
}
