//! `keyleak serve` as a process: what keeps it from starting is said at once, with what to do.

use crate::binary::keyleak;
use std::net::TcpListener;
use std::process::Output;
use tempfile::TempDir;

const GOOD: &str = r#"
[slack]
signing_secret = "a-signing-secret-of-nobody"
bot_token = "xoxb-1"
team_id = "T1"
[people]
approvers = ["U1", "U2"]
[journal]
store = "sqlite"
"#;

fn serve(text: &str) -> (Output, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("keyleak.toml"), text).unwrap();
    let arguments = ["serve", "--config", "keyleak.toml"];
    (keyleak().args(arguments).current_dir(folder.path()).output().unwrap(), folder)
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_broken_configuration_is_told_whole_each_mistake_with_its_line_and_no_secret() {
    let text = "[server]\nlisten = \"here\"\n[slack]\nbot_token = 7.5\nteam_id = \"T1\"\n\
                signing_secret = \"a-signing-secret-of-nobody\"\n[peeple]\napprovers = []\n";
    let (output, _folder) = serve(text);
    let said = complaint(&output);
    for wanted in
        ["line 2: server.listen", "line 4: slack.bot_token", "line 8: there is no setting peeple"]
    {
        assert!(said.contains(wanted), "{wanted} is missing:\n{said}");
    }
    assert!(!said.contains("a-signing-secret-of-nobody"), "{said}");
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let (output, _folder) = serve("[slack\nteam_id = \"T1\"\n");
    let said = complaint(&output);
    assert!(said.contains("line 1"), "{said}");
}

#[test]
fn a_busy_port_is_named_before_anything_is_opened() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (output, folder) = serve(&format!("{GOOD}[server]\nlisten = \"{address}\"\n"));
    let said = complaint(&output);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(said.contains("choose another address with server.listen"), "{said}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no journal was begun: {left:?}");
}
