//! `keyleak drill` as a process: says where it is, ends when it is told to, and says what is wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A page that waits for news is not waited for, so that an end takes no poll's time.
const END_PATIENCE: Duration = Duration::from_secs(10);

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
