//! A strict AWS of a few scripted answers over real HTTP: what is not expected is refused.

use crate::domain::action::Action;
use crate::domain::brake::Brake;
use crate::domain::caps::{Caps, Tally};
use crate::domain::event::{Event, Opening};
use crate::domain::ids::{AccessKeyId, AccountId, CaseId, PersonId};
use crate::domain::plan::{Plan, PlanKind, PlanNumber, Step};
use crate::domain::policy::recorded;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::record::{Actor, Entry, Record};
use crate::domain::snapshot::SnapshotRef;
use crate::ports::journal::{AppendError, Brakes, Journal, StoreError};
use crate::ports::ticket::{Books, StepAttempt, Ticket, begin};
use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the fake does with the next request.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Say {
        status: u16,
        body: String,
    },
    /// Takes the request and goes away without a word.
    HangUp,
    /// Takes the request and keeps silent for so long.
    Stall(Duration),
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

/// The fake; dropping it fails the test if an expected request never came.
#[derive(Debug)]
pub(super) struct WireFake {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Answer>,
    seen: Vec<Seen>,
    surplus: usize,
}

impl Answer {
    pub(super) fn ok(body: &str) -> Self {
        Self::Say { status: 200, body: body.to_owned() }
    }

    /// What a call of the query protocol yields.
    pub(super) fn xml(call: &str, members: &str) -> Self {
        Self::ok(&format!(
            "<{call}Response><{call}Result>{members}</{call}Result></{call}Response>"
        ))
    }

    /// An error of the query protocol, which IAM and STS speak.
    pub(super) fn xml_error(status: u16, code: &str) -> Self {
        Self::Say {
            status,
            body: format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>about AKIAQNZGKIQY56JQ7WML</Message></Error>\
                 <RequestId>request-1</RequestId></ErrorResponse>"
            ),
        }
    }

    /// An error of the JSON protocols, which DynamoDB and Athena speak.
    pub(super) fn json_error(status: u16, code: &str) -> Self {
        Self::Say {
            status,
            body: format!(r#"{{"__type":"com.amazonaws#{code}","message":"as scripted"}}"#),
        }
    }
}

impl Seen {
    /// A parameter of the query protocol, percent-decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// The operation: of the query protocol, or of the JSON protocols.
    pub(super) fn operation(&self) -> String {
        let target = self.headers.get("x-amz-target");
        let target = target.and_then(|target| target.rsplit('.').next());
        let named = target.map(str::to_owned).or(self.parameter("Action"));
        named.unwrap_or_else(|| self.line.clone())
    }
}

impl WireFake {
    pub(super) fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(Mutex::new(State {
            answers: answers.into_iter().collect(),
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, state }
    }

    /// A configuration that reaches only this fake; the SDK does not repeat by itself.
    pub(super) async fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIAQNZGKIQY56JQ7WML", "secret", None, None, "test");
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(format!("http://{}", self.address))
            .region(Region::new("eu-central-1"))
            .retry_config(RetryConfig::disabled())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .load()
            .await
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    pub(super) fn operations(&self) -> Vec<String> {
        self.seen().iter().map(Seen::operation).collect()
    }
}

impl Drop for WireFake {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let state = self.state.lock().unwrap();
        assert!(state.answers.is_empty(), "not asked for: {:?}", state.answers);
        assert_eq!(state.surplus, 0, "requests too many: {:?}", state.seen.last());
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let Some(seen) = read_request(&stream) else {
        return;
    };
    let answer = {
        let mut state = state.lock().unwrap();
        state.seen.push(seen);
        let answer = state.answers.pop_front();
        state.surplus += usize::from(answer.is_none());
        answer
    };
    match answer.unwrap_or_else(|| Answer::json_error(400, "NotScripted")) {
        Answer::Say { status, body } => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} Scripted\r\ncontent-length: {length}\r\n\
                 content-type: text/plain\r\nx-amzn-requestid: request-1\r\n\
                 connection: close\r\n\r\n"
            );
            let _ = (&stream).write_all(format!("{head}{body}").as_bytes());
        }
        Answer::HangUp => {}
        Answer::Stall(span) => std::thread::sleep(span),
    }
}

fn read_request(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length");
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen {
        line: line.trim_end().to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// A journal that takes everything, for the intents of tickets.
struct Willing;

#[async_trait]
impl Journal for Willing {
    async fn append(&self, _record: &Record) -> Result<(), AppendError> {
        Ok(())
    }

    async fn read(&self, _case: &CaseId, _after: u64) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Brakes for Willing {
    async fn brake(&self) -> Result<Option<Brake>, StoreError> {
        Ok(None)
    }

    async fn move_brake(&self, _brake: &Brake) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        Ok(Tally::default())
    }

    async fn count(&self, _tally: &Tally) -> Result<bool, StoreError> {
        Ok(true)
    }
}

const BOOKS: Books<'static> = Books { journal: &Willing, brakes: &Willing, caps: CAPS };
const CAPS: Caps = Caps { cases_per_hour: 1, principals_per_hour: 1 };

/// The account that tickets are for.
pub(super) const ACCOUNT: &str = "123456789012";

/// Tickets for the steps of one approved plan, in order.
pub(super) async fn tickets(actions: Vec<Action>) -> Vec<Ticket> {
    let now: Timestamp = "2026-08-01T10:00:00Z".parse().unwrap();
    let count = actions.len();
    let opened = entry("U1", Event::Opened(opening()), now).chained(case_id(), None);
    let plan = plan(actions, now);
    let hash = plan.hash();
    let number = plan.number;
    let proposed = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
    let proposed = entry("U1", proposed, now).chained(case_id(), Some(&opened));
    let approved = Event::Approved { plan: number, hash };
    let approved = entry("U2", approved, now).chained(case_id(), Some(&proposed));
    let records = [opened, proposed, approved];
    let mut case = crate::domain::case::Case::fold(records).expect("a legal case");
    let approval = recorded(&case, number).expect("an approval");
    let mut tickets = Vec::new();
    for step in 0..u32::try_from(count).unwrap() {
        let which = StepAttempt { plan: number, step, attempt: 1 };
        let ticket = begin(BOOKS, &case, &approval, which, now);
        let ticket = ticket.await.expect("a ticket");
        case.apply(ticket.record()).expect("the intent");
        tickets.push(ticket);
    }
    tickets
}

pub(super) fn case_id() -> CaseId {
    CaseId("keyleak-7wml-20260801".to_owned())
}

pub(super) fn user() -> Principal {
    Principal {
        kind: PrincipalKind::User,
        name: "ci-deploy".to_owned(),
        id: "AIDAQNZGKIQY5EXAMPLE1".to_owned(),
        arn: format!("arn:aws:iam::{ACCOUNT}:user/ci-deploy"),
    }
}

pub(super) fn deploy_role() -> Principal {
    Principal {
        kind: PrincipalKind::Role,
        name: "deploy".to_owned(),
        id: "AROAQNZGKIQY5EXAMPLE1".to_owned(),
        arn: format!("arn:aws:iam::{ACCOUNT}:role/deploy"),
    }
}

pub(super) fn leaked_key() -> AccessKeyId {
    AccessKeyId::parse("AKIAQNZGKIQY56JQ7WML").unwrap()
}

/// The first record of a case, and what follows it.
pub(super) fn record(note: &str, previous: Option<&Record>) -> Record {
    let now: Timestamp = "2026-08-01T10:00:00Z".parse().unwrap();
    let opening = Opening { note: Some(note.to_owned()), ..opening() };
    entry("U1", Event::Opened(opening), now).chained(case_id(), previous)
}

fn entry(person: &str, event: Event, at: Timestamp) -> Entry {
    let person = PersonId { team: "T1".to_owned(), user: person.to_owned() };
    Entry { actor: Actor::Person { person, name: None }, ..Entry::own(at, event) }
}

fn opening() -> Opening {
    Opening {
        key: leaked_key(),
        found_where: None,
        exposed_since: None,
        note: None,
        drill: false,
        endpoints: Vec::new(),
        shares_channel_of: None,
    }
}

fn plan(actions: Vec<Action>, now: Timestamp) -> Plan {
    let step = |action| Step {
        action,
        blast_radius: Vec::new(),
        because: "a test".to_owned(),
        provisional: false,
    };
    Plan {
        case: case_id(),
        number: PlanNumber(1),
        kind: PlanKind::Containment,
        account: AccountId(ACCOUNT.to_owned()),
        exposed_since: None,
        snapshot: SnapshotRef { sha256: "0".repeat(64), taken_at: now },
        steps: actions.into_iter().map(step).collect(),
        about: None,
        requested_by: PersonId { team: "T1".to_owned(), user: "U1".to_owned() },
        approvals_needed: 1,
        expires_at: now + Duration::from_secs(3_600),
        adjusted: Vec::new(),
        lifts: Vec::new(),
        owners: Vec::new(),
        dry_run: false,
        covers: Vec::new(),
        notes: Vec::new(),
    }
}
