//! The one way into the account: every call is recognised, judged, carried out and recorded here.

use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::State;
use crate::sim::cloud::faults::Fault;
use crate::sim::cloud::record;
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::Caller;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// How many calls are kept for looking back; more than any drill makes.
const CALLS_KEPT_MAX: usize = 100_000;
/// How the names of calls that change nothing begin.
const READS: [&str; 4] = ["Get", "List", "Describe", "Lookup"];

/// One call, with its arguments in the spelling of a `CloudTrail` record.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// `iam`, `sts` or another service's prefix.
    pub service: &'static str,
    pub name: &'static str,
    /// The ARN that policies are asked about.
    pub resource: String,
    pub arguments: Vec<(&'static str, String)>,
    /// Where it is made; none where that follows from the service.
    pub region: Option<String>,
}

/// AWS's id of a call, as its caller is told and as `CloudTrail` records it.
pub(super) type RequestId = Option<String>;

/// What a call came to.
#[derive(Debug)]
pub(super) struct Done<T> {
    pub value: T,
    /// What the record shows as the response.
    pub response: Value,
}

/// From where a call comes.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub credential: Credential,
    pub source_ip: String,
    pub user_agent: String,
}

/// A call that was made, for tests and for the drill's console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallNote {
    pub at: Timestamp,
    pub name: &'static str,
    /// The caller's ARN, or the key id of somebody who was not recognised.
    pub by: String,
    pub arguments: Vec<(&'static str, String)>,
    /// AWS's error code, when it was refused.
    pub refused: Option<String>,
    pub is_change: bool,
}

impl Call {
    pub(super) fn iam(name: &'static str, resource: String) -> Self {
        Self::new("iam", name, resource)
    }

    pub(super) fn sts(name: &'static str, resource: String) -> Self {
        Self::new("sts", name, resource)
    }

    pub(super) fn new(service: &'static str, name: &'static str, resource: String) -> Self {
        Self { service, name, resource, arguments: Vec::new(), region: None }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    pub(super) fn argument(&self, name: &str) -> Option<&str> {
        let mut arguments = self.arguments.iter();
        arguments.find_map(|(known, value)| (*known == name).then_some(value.as_str()))
    }

    /// The IAM action that the call needs.
    pub(super) fn action(&self) -> String {
        match self.name {
            "ListBuckets" => "s3:ListAllMyBuckets".to_owned(),
            name => format!("{}:{name}", self.service),
        }
    }

    /// As `CloudTrail` sees it: minting a role's session counts as a read, the others do not, and
    /// so do a model's answers.
    pub(super) fn is_read(&self) -> bool {
        let mints = matches!(self.name, "GetSessionToken" | "GetFederationToken");
        let reads = READS.iter().any(|prefix| self.name.starts_with(prefix));
        let asks_a_model = self.service == "bedrock"
            && (self.name.starts_with("InvokeModel") || self.name == "Converse");
        self.name == "AssumeRole" || asks_a_model || (reads && !mints)
    }

    pub(super) fn parameters(&self) -> Value {
        if self.arguments.is_empty() {
            return Value::Null;
        }
        let pair = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone().into());
        Value::Object(self.arguments.iter().map(pair).collect::<Map<_, _>>())
    }
}

impl<T> Done<T> {
    /// A call whose record shows no response, as for every read.
    pub(super) fn silently(value: T) -> Self {
        Self { value, response: Value::Null }
    }
}

impl SimCloud {
    /// Makes a call: `work` does it to the account, if the caller may.
    pub(super) async fn call<T>(
        &self,
        origin: &Origin,
        call: Call,
        work: impl FnOnce(&mut State, &Caller, Timestamp) -> Result<Done<T>, Refusal>,
    ) -> Result<T, Refusal> {
        self.answered(origin, call, work).await.map(|(value, _)| value)
    }

    /// The same, with the id that AWS gave the call.
    pub(super) async fn answered<T>(
        &self,
        origin: &Origin,
        call: Call,
        work: impl FnOnce(&mut State, &Caller, Timestamp) -> Result<Done<T>, Refusal>,
    ) -> Result<(T, RequestId), Refusal> {
        let (latency, fault) = self.lock().faults.meet(origin, (call.name, !call.is_read()));
        self.clock.sleep(latency).await;
        self.call_now(origin, &call, fault, work)
    }

    /// The same, where nothing else comes of it.
    pub(super) async fn told(
        &self,
        origin: &Origin,
        call: Call,
        work: impl FnOnce(&mut State, &Caller, Timestamp) -> Result<Done<()>, Refusal>,
    ) -> Result<RequestId, Refusal> {
        self.answered(origin, call, work).await.map(|((), request_id)| request_id)
    }

    fn call_now<T>(
        &self,
        origin: &Origin,
        call: &Call,
        fault: Option<Fault>,
        work: impl FnOnce(&mut State, &Caller, Timestamp) -> Result<Done<T>, Refusal>,
    ) -> Result<(T, RequestId), Refusal> {
        let now = self.clock.now();
        let mut state = self.lock();
        let caller = match state.authenticate(&origin.credential, now) {
            Ok(caller) => caller,
            Err(refusal) => {
                state.note(call, &origin.credential.access_key_id, Some(&refusal), now);
                return Err(refusal);
            }
        };
        let outcome = match fault.as_ref().and_then(Fault::before) {
            Some(refusal) => Err(refusal),
            None => state.carry_out(&caller, call, now, work),
        };
        let recorded = outcome.as_ref().map(|done| &done.response);
        let request_id = record::keep(&mut state, origin, (&caller, call), recorded, now);
        state.note(call, &caller.arn, outcome.as_ref().err(), now);
        if outcome.is_ok() && caller.is_bot() && !call.is_read() {
            state.bot_changes += 1;
        }
        drop(state);
        match fault.as_ref().and_then(Fault::after) {
            Some(refusal) => Err(refusal),
            None => match outcome {
                Ok(done) => Ok((done.value, request_id)),
                Err(refusal) => Err(Refusal { request_id, ..refusal }),
            },
        }
    }
}

impl State {
    fn carry_out<T>(
        &mut self,
        caller: &Caller,
        call: &Call,
        now: Timestamp,
        work: impl FnOnce(&mut Self, &Caller, Timestamp) -> Result<Done<T>, Refusal>,
    ) -> Result<Done<T>, Refusal> {
        self.authorize(caller, call, now)?;
        self.note_use(caller, call, now);
        work(self, caller, now)
    }

    pub(super) fn note(
        &mut self,
        call: &Call,
        by: &str,
        refusal: Option<&Refusal>,
        now: Timestamp,
    ) {
        if self.calls.len() >= CALLS_KEPT_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(CallNote {
            at: now,
            name: call.name,
            by: by.to_owned(),
            arguments: call.arguments.clone(),
            refused: refusal.map(|refusal| refusal.code.clone()),
            is_change: !call.is_read() && call.service == "iam",
        });
    }
}
