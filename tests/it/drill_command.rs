//! `keyleak drill` as a process: says where it is, ends when it is told to, and says what is wrong.

use keyleak::drill::scenario::{find, names};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A page that waits for news is not waited for, so that an end takes no poll's time.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// How long a scenario may take by script.
const MINUTE: Duration = Duration::from_secs(60);
/// So many play at a time.
const STAGES: usize = 2;

struct Drill {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
}

fn keyleak(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.arg("drill").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    keyleak(arguments).output().unwrap()
}

fn start() -> Drill {
    let mut child = keyleak(&["--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").unwrap().1.to_owned();
    Drill { child, out, address }
}

fn get(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_says_where_the_page_is_and_serves_it_with_a_strict_policy() {
    let mut drill = start();
    let page = answer(get(&drill.address, "/"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let policy = "content-security-policy: default-src 'none'; script-src 'self';";
    assert!(page.contains(policy) && page.contains("x-content-type-options: nosniff"), "{page}");
    assert!(answer(get(&drill.address, "/page/none.js")).starts_with("HTTP/1.1 404"));
    drill.child.kill().unwrap();
    drill.child.wait().unwrap();
}

#[test]
fn the_account_is_told_to_no_page_of_another_origin() {
    let mut drill = start();
    let state = answer(get(&drill.address, "/stage/state"));
    assert!(state.contains("\"leaked_key\":\"AKIA"), "{state}");
    let mut stream = TcpStream::connect(&drill.address).unwrap();
    let request = "GET /stage/state HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let refused = answer(stream);
    assert!(refused.starts_with("HTTP/1.1 403") && !refused.contains("AKIA"), "{refused}");
    drill.child.kill().unwrap();
    drill.child.wait().unwrap();
}

#[test]
fn an_interrupt_ends_it_at_once_although_a_page_is_waiting() {
    for signal in ["-INT", "-TERM"] {
        let mut drill = start();
        let state = answer(get(&drill.address, "/ui/state"));
        let version = state.rsplit_once("\"version\":").unwrap().1;
        let version: String = version.chars().take_while(char::is_ascii_digit).collect();
        let _waiting = get(&drill.address, &format!("/ui/events?after={version}"));
        let pid = drill.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let asked = Instant::now();
        let status = loop {
            if let Some(status) = drill.child.try_wait().unwrap() {
                break status;
            }
            assert!(asked.elapsed() < END_PATIENCE, "{signal} did not end it");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{signal}: {status}");
        let mut rest = String::new();
        drill.out.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("Ctrl-C ends it"), "{rest}");
    }
}

#[test]
fn a_busy_port_is_named_with_what_to_do() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}

#[test]
fn an_unknown_scenario_is_told_with_those_there_are() {
    let output = run(&["--headless", "--scenario", "bananas"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("bananas") && said.contains("public-repository"), "{said}");
}

/// Plays a scenario by script, and gives what it printed and what it complained about.
fn played(scenario: &str) -> (bool, String) {
    let began = Instant::now();
    let output = run(&["--headless", "--scenario", scenario]);
    let took = began.elapsed();
    assert!(took < MINUTE, "{scenario} took {took:?}");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Those on real records are played in tests/outside, where those records may be missing.
#[test]
fn every_scenario_of_our_own_making_is_played_in_under_a_minute_and_finds_what_it_expects() {
    let own: Vec<_> = names().into_iter().filter(|name| !name.starts_with("real-")).collect();
    assert!(own.len() >= 6, "{own:?}");
    let waiting = Mutex::new(own);
    let play = || {
        while let Some(name) = { waiting.lock().unwrap().pop() } {
            let (ended_well, said) = played(name);
            assert!(ended_well, "{name}: {said}");
            let verified = said.contains("intact, and anchored to its end");
            assert!(said.contains(&format!("DRILL {name}: ")) && verified, "{said}");
        }
    };
    std::thread::scope(|scope| (0..STAGES).for_each(|_| drop(scope.spawn(play))));
}

#[test]
fn a_scenario_of_ones_own_is_played_from_its_file_and_fails_where_it_expects_what_is_not_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../scenarios/canary-token.toml");
    for (says, ends_well) in [("tripwire", true), ("bananas", false)] {
        let path = folder.path().join(format!("{says}.toml"));
        std::fs::write(&path, text.replace("\"tripwire\"", &format!("{says:?}"))).unwrap();
        let (ended_well, said) = played(path.to_str().unwrap());
        assert_eq!(ended_well, ends_well, "{said}");
        let fails = "the findings are not what the scenario expects: \
             nothing in the channel says \"bananas\"";
        assert_eq!(said.contains(fails), !ends_well, "{said}");
    }
    let (ended_well, said) = played(folder.path().join("none.toml").to_str().unwrap());
    assert!(!ended_well && said.contains("none.toml cannot be read"), "{said}");
}

#[test]
fn the_list_tells_every_scenario_and_what_is_missing_for_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("invictus")).unwrap();
    let output = run(&["--list", "--trails", folder.path().to_str().unwrap()]);
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{list}");
    let after = |name: &str| {
        let mut lines = list.lines().skip_while(|line| !line.starts_with(&format!("{name} ")));
        let titled = lines.next().unwrap_or_else(|| panic!("{name} is not in {list}"));
        assert!(titled.contains(&find(name).unwrap().title), "{titled}");
        lines.next().unwrap_or_default().to_owned()
    };
    for name in names() {
        let is_missing = name.starts_with("real-") && name != "real-invictus";
        let told = after(name);
        assert_eq!(told.contains("cannot be played here"), is_missing, "{name}: {told}");
        assert_eq!(told.contains("on GitHub"), is_missing, "{name}: {told}");
    }
}

#[test]
fn without_its_records_a_scenario_says_where_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    let trails = folder.path().to_str().unwrap();
    let output = run(&["--headless", "--scenario", "real-invictus", "--trails", trails]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["real-invictus", "invictus-ir/aws_dataset", "--trails", "KEYLEAK_REAL_TRAILS"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}
