//! One-time codes at the service as a process: neither its log nor its files hold one, or a secret.

use crate::binary::keyleak;
use crate::council::{BOB, CYN, Council, TEAM, plan};
use jiff::SignedDuration;
use keyleak::domain::button::PlanAddress;
use keyleak::domain::one_time_code::CodeSecret;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::policy::Policy;
use keyleak::domain::proof::sign;
use keyleak::ports::clock::Clock;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const SIGNING: &str = "a-signing-secret-of-nobody";
const PATIENCE: Duration = Duration::from_secs(60);

/// The service on the council's journal; what it logs goes into a file.
struct Served {
    process: Child,
    at: SocketAddr,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(council: &Council, secret: &CodeSecret, folder: &Path) -> Served {
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "[server]\nlisten = \"{at}\"\n[slack]\nsigning_secret = \"{SIGNING}\"\n\
         bot_token = \"xoxb-council\"\nteam_id = \"{TEAM}\"\napi_url = \"{}\"\n\
         [people]\napprovers = [\"{BOB}\", \"{CYN}\"]\nstep_up_for = [\"contain\"]\n\
         [journal]\nstore = \"sqlite\"\npath = \"{}\"\n",
        council.slack.api_url(),
        council.file().display(),
    );
    std::fs::write(folder.join("keyleak.toml"), text).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = keyleak();
    command.args(["serve", "--config", "keyleak.toml"]).current_dir(folder);
    command.env(format!("KEYLEAK_PEOPLE__ONE_TIME_CODES__{BOB}"), secret.base32());
    command.env("KEYLEAK_LOG", "trace").env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    command.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    Served { process: command.stderr(log).stdout(Stdio::null()).spawn().unwrap(), at }
}

/// What the service answers to a form that Slack signed.
fn send(at: SocketAddr, body: &str) -> std::io::Result<String> {
    let now = Clock::real().now().as_second().to_string();
    let signature = sign(SIGNING.as_bytes(), &now, body.as_bytes());
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "POST /slack/interactions HTTP/1.1\r\nHost: keyleak\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nX-Slack-Request-Timestamp: {now}\r\n\
         X-Slack-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

async fn submit(served: &Served, at: &PlanAddress, (hash, code): (&str, &str)) -> String {
    let values = json!({ "plan.code.code": { "value": { "value": code } } });
    let payload = json!({
        "type": "view_submission",
        "team": { "id": TEAM },
        "user": { "id": BOB, "team_id": TEAM },
        "view": {
            "id": "V1", "hash": hash, "callback_id": "plan.code", "private_metadata": at.value(),
            "state": { "values": values },
        },
    });
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("payload", &payload.to_string());
    let (body, to) = (form.finish(), served.at);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let body = body.clone();
        let answer = tokio::task::spawn_blocking(move || send(to, &body)).await.unwrap();
        match answer {
            Ok(answer) if !answer.is_empty() => return answer,
            _ => assert!(Instant::now() < deadline, "the service starts"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_log_of_serve_nor_its_files_hold_a_code_or_a_secret() {
    let policy = Policy { approvers: [BOB, CYN].map(str::to_owned).into(), ..Policy::default() };
    let council = Council::sit(policy, Vec::new(), SignedDuration::from_mins(15)).await;
    let (case, at) = council.case("kl-served", plan(council.clock.now())).await;
    let folder = tempfile::tempdir().unwrap();
    let secret = CodeSecret::new(b"a secret that no file may hold").unwrap();
    let served = serve(&council, &secret, folder.path());
    let right = |seconds| secret.code(Clock::real().now() + SignedDuration::from_secs(seconds));
    let wrong = right(-300);
    let said = submit(&served, &at, ("1.a", &wrong)).await;
    assert!(said.contains("errors") && said.contains("not your code of now"), "{said}");
    let code = right(0);
    let said = submit(&served, &at, ("1.b", &code)).await;
    assert!(said.contains("clear"), "{said}");
    assert_eq!(council.load(case.id()).await.plan(PlanNumber(1)).unwrap().approvals.len(), 1);
    drop(served);
    let mut kept = std::fs::read(folder.path().join("log")).unwrap();
    assert!(kept.windows(8).any(|part| part == b"keyleak:"), "the control: there is a log");
    let beside = council.file();
    for end in ["", "-wal"] {
        let file = format!("{}{end}", beside.display());
        kept.extend(std::fs::read(file).unwrap_or_default());
    }
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("proven") && holds("plan.approve"), "the control: the journal is read");
    let base32 = secret.base32();
    for text in [base32.as_str(), &base32.to_lowercase(), "a secret that no file may hold"] {
        assert!(!holds(text), "the secret is kept");
    }
    // Digits alone may be part of a hash or of a time: a code would stand as a word of its own.
    for code in [&wrong, &code] {
        for quoted in
            [format!("\"{code}\""), format!("={code}"), format!(" {code}"), format!("%22{code}")]
        {
            assert!(!holds(&quoted), "a code is kept");
        }
    }
}
