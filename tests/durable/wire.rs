//! The account at the end of a wire: it lives on when the process of a bot does not.

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use keyleak::domain::action::{Action, SideKind};
use keyleak::domain::facts::{Alert, KeyState, LastUse};
use keyleak::domain::guard::Guard;
use keyleak::domain::ids::{AccessKeyId, AccountId, CaseId, UserName};
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::reconciliation::session_name;
use keyleak::domain::resource::ResourceName;
use keyleak::domain::snapshot::{AttachedPolicy, SideState};
use keyleak::drill::scenario::find;
use keyleak::flow::ledger::Ledger;
use keyleak::ports::cloud::{
    Applied, CallClass, CallError, Contain, Detail, KeyOwner, Lookup, ResourceDetail, RoleDetail,
};
use keyleak::ports::journal::Work;
use keyleak::ports::ticket::Ticket;
use keyleak::sim::cloud::{SimCloud, contain_role};
use keyleak::store::sqlite::Sqlite;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A change that some bot made, in the order in which the account took them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) by: String,
    pub(crate) action: Action,
    pub(crate) done: bool,
    /// The intent that the journal held open for it when the account was asked.
    pub(crate) intent: Option<Intent>,
}

/// One attempt at one step, as its intent names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Intent {
    pub(crate) case: CaseId,
    pub(crate) plan: u32,
    pub(crate) step: u32,
    pub(crate) attempt: u32,
}

/// The near end of the wire, as the parent sees it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) url: String,
    changes: Arc<Mutex<Vec<Made>>>,
}

/// What goes over the wire.
#[derive(Debug, Serialize, Deserialize)]
enum Ask {
    OwnAccount,
    KeyAccount(AccessKeyId),
    KeyOwner(AccessKeyId),
    RootHasKeys,
    User(UserName),
    AccessKeys(UserName),
    AttachedPolicies(PrincipalName),
    InlinePolicies(PrincipalName),
    Groups(UserName),
    LoginProfile(UserName),
    MfaDevices(UserName),
    SideCredentials(UserName, SideKind),
    Role(String),
    InstanceProfiles(String),
    Users,
    Roles,
    GuardDuty(AccessKeyId, Option<UserName>),
    Health(AccessKeyId),
    Resource(ResourceName),
    Change { by: String, session: (String, String), action: Action, intended: Timestamp },
}

#[derive(Debug, Serialize, Deserialize)]
struct Failure {
    class: usize,
    call: String,
    message: String,
    request_id: Option<String>,
}

/// In an order of our own, since the port's type need not travel.
const CLASSES: [CallClass; 7] = [
    CallClass::Denied,
    CallClass::NotFound,
    CallClass::Throttled,
    CallClass::Conflict,
    CallClass::LimitExceeded,
    CallClass::Unavailable,
    CallClass::Other,
];

impl Account {
    /// Serves the account until `stop`.
    pub(crate) async fn serve(
        (cloud, journal): (&Arc<SimCloud>, &Sqlite),
        (tracker, stop): (&TaskTracker, &CancellationToken),
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let account = Self { url, changes: Arc::default() };
        let ledger = Arc::new(Ledger::new(Arc::new(journal.clone())));
        let books = Arc::new(Books { ledger, store: journal.clone() });
        let state = (Arc::clone(cloud), Arc::clone(&account.changes), books);
        let router = axum::Router::new().route("/", post(answer)).with_state(state);
        let over = stop.clone();
        tracker.spawn(async move {
            let serving = axum::serve(listener, router);
            serving.with_graceful_shutdown(over.cancelled_owned()).await.unwrap();
        });
        account
    }

    pub(crate) fn changes(&self) -> Vec<Made> {
        self.changes.lock().unwrap().clone()
    }
}

type Far = (Arc<SimCloud>, Arc<Mutex<Vec<Made>>>, Arc<Books>);

/// What is in the journal, for the account that wants to know what it is asked for.
struct Books {
    ledger: Arc<Ledger>,
    store: Sqlite,
}

impl Books {
    /// The step that has begun and not ended and is this action.
    async fn intent(&self, action: &Action) -> Option<Intent> {
        for id in self.store.all_cases().await.unwrap() {
            let Ok(case) = self.ledger.load(&id).await else { continue };
            let open = case.plans().find_map(|state| {
                let plan = state.plan.number.0;
                let mut steps = state.all_steps().filter(|(_, step, _)| step.action == *action);
                steps.find_map(|(step, _, state)| Some((plan, step, state.open_attempt?)))
            });
            if let Some((plan, step, attempt)) = open {
                return Some(Intent { case: id, plan, step, attempt });
            }
        }
        None
    }
}

async fn answer(State((cloud, changes, books)): State<Far>, Json(ask): Json<Ask>) -> Json<Value> {
    Json(match look(&cloud, (&changes, &books), ask).await {
        Ok(value) => json!({ "ok": value }),
        Err(error) => {
            let class = CLASSES.iter().position(|class| *class == error.class).unwrap();
            let CallError { call, message, request_id, .. } = error;
            json!({ "failed": Failure { class, call, message, request_id } })
        }
    })
}

async fn look(
    cloud: &SimCloud,
    (changes, books): (&Mutex<Vec<Made>>, &Books),
    ask: Ask,
) -> Result<Value, CallError> {
    Ok(match ask {
        Ask::OwnAccount => json!(cloud.own_account().await?),
        Ask::RootHasKeys => json!(cloud.root_has_keys().await?),
        Ask::KeyAccount(key) => json!(cloud.key_account(&key).await?),
        Ask::KeyOwner(key) => {
            let owner = cloud.key_owner(&key).await?;
            json!((owner.user, owner.last_use))
        }
        Ask::User(user) => json!(cloud.user(&user).await?),
        Ask::AccessKeys(user) => json!(cloud.access_keys(&user).await?),
        Ask::AttachedPolicies(user) => json!(cloud.attached_policies(&user).await?),
        Ask::InlinePolicies(user) => json!(cloud.inline_policies(&user).await?),
        Ask::Groups(user) => json!(cloud.groups(&user).await?),
        Ask::LoginProfile(user) => json!(cloud.login_profile(&user).await?),
        Ask::MfaDevices(user) => json!(cloud.mfa_devices(&user).await?),
        Ask::SideCredentials(user, kind) => json!(cloud.side_credentials(&user, kind).await?),
        Ask::Role(role) => json!(Lookup::role(cloud, &role).await?),
        Ask::InstanceProfiles(role) => json!(cloud.instance_profiles(&role).await?),
        Ask::Users => json!(cloud.users().await?),
        Ask::Roles => json!(cloud.roles().await?),
        Ask::GuardDuty(key, user) => json!(cloud.guard_duty(&key, user.as_ref()).await?),
        Ask::Health(key) => json!(cloud.health(&key).await?),
        Ask::Resource(name) => json!(cloud.resource(&name).await?),
        Ask::Change { by, session: (name, plan_hash), action, intended: at } => {
            let intent = books.intent(&action).await;
            let applied = cloud.carry_out((&name, &plan_hash), &action, at).await;
            let change = Made { by, action, done: applied.is_ok(), intent };
            changes.lock().unwrap().push(change);
            let applied = applied?;
            json!((applied.how, applied.request_id))
        }
    })
}

/// The far end, as a bot's process sees it.
#[derive(Debug)]
pub(crate) struct Wire {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    /// Who asks.
    by: String,
    role: String,
}

impl Wire {
    pub(crate) fn new(url: String, by: String) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let account = find("public-repository").unwrap().account.id;
        let role = contain_role(&AccountId(account));
        Self { client, url, by, role }
    }

    async fn ask<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, CallError> {
        let silent = || CallError::new(CallClass::Unavailable, "the wire", "no answer");
        let request = axum::http::Request::post(&self.url)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(serde_json::to_vec(&ask).unwrap())))
            .unwrap();
        let answer = self.client.request(request).await.map_err(|_| silent())?;
        let body = answer.into_body().collect().await.map_err(|_| silent())?.to_bytes();
        let mut answer: Value = serde_json::from_slice(&body).map_err(|_| silent())?;
        if answer["failed"].is_null() {
            return Ok(serde_json::from_value(answer["ok"].take()).unwrap());
        }
        let failure: Failure = serde_json::from_value(answer["failed"].take()).unwrap();
        let Failure { class, call, message, request_id } = failure;
        Err(CallError { class: CLASSES[class], call, message, request_id })
    }
}

#[async_trait]
impl Contain for Wire {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        let action = ticket.action().clone();
        let (by, intended) = (self.by.clone(), ticket.record().at);
        let session = (session_name(ticket.case()), ticket.plan_hash().to_owned());
        let change = Ask::Change { by, session, action, intended };
        let (how, request_id) = self.ask(change).await?;
        Ok(Applied { how, request_id })
    }

    fn role(&self) -> Option<String> {
        Some(self.role.clone())
    }

    fn eradicate_role(&self) -> Option<String> {
        None
    }

    fn recover_role(&self) -> Option<String> {
        None
    }
}

#[async_trait]
impl Lookup for Wire {
    /// The town is under no organization.
    async fn guard(&self) -> Guard {
        Guard::None
    }

    async fn own_account(&self) -> Result<AccountId, CallError> {
        self.ask(Ask::OwnAccount).await
    }

    async fn key_account(&self, key: &AccessKeyId) -> Result<AccountId, CallError> {
        self.ask(Ask::KeyAccount(key.clone())).await
    }

    async fn key_owner(&self, key: &AccessKeyId) -> Result<KeyOwner, CallError> {
        let (user, last_use): (Option<UserName>, LastUse) =
            self.ask(Ask::KeyOwner(key.clone())).await?;
        Ok(KeyOwner { user, last_use })
    }

    async fn root_has_keys(&self) -> Result<bool, CallError> {
        self.ask(Ask::RootHasKeys).await
    }

    async fn user(&self, user: &UserName) -> Result<Detail, CallError> {
        self.ask(Ask::User(user.clone())).await
    }

    async fn access_keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError> {
        self.ask(Ask::AccessKeys(user.clone())).await
    }

    async fn attached_policies(
        &self,
        of: &PrincipalName,
    ) -> Result<Vec<AttachedPolicy>, CallError> {
        self.ask(Ask::AttachedPolicies(of.clone())).await
    }

    async fn inline_policies(
        &self,
        of: &PrincipalName,
    ) -> Result<BTreeMap<String, String>, CallError> {
        self.ask(Ask::InlinePolicies(of.clone())).await
    }

    async fn role(&self, role: &str) -> Result<RoleDetail, CallError> {
        self.ask(Ask::Role(role.to_owned())).await
    }

    async fn side_credentials(
        &self,
        user: &UserName,
        kind: SideKind,
    ) -> Result<Vec<SideState>, CallError> {
        self.ask(Ask::SideCredentials(user.clone(), kind)).await
    }

    async fn instance_profiles(&self, role: &str) -> Result<Vec<String>, CallError> {
        self.ask(Ask::InstanceProfiles(role.to_owned())).await
    }

    async fn resource(&self, name: &ResourceName) -> Result<ResourceDetail, CallError> {
        self.ask(Ask::Resource(name.clone())).await
    }

    async fn groups(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        self.ask(Ask::Groups(user.clone())).await
    }

    async fn login_profile(&self, user: &UserName) -> Result<Option<Timestamp>, CallError> {
        self.ask(Ask::LoginProfile(user.clone())).await
    }

    async fn mfa_devices(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        self.ask(Ask::MfaDevices(user.clone())).await
    }

    async fn users(&self) -> Result<Vec<Detail>, CallError> {
        self.ask(Ask::Users).await
    }

    async fn roles(&self) -> Result<Vec<RoleDetail>, CallError> {
        self.ask(Ask::Roles).await
    }

    async fn guard_duty(
        &self,
        key: &AccessKeyId,
        user: Option<&UserName>,
    ) -> Result<Vec<Alert>, CallError> {
        self.ask(Ask::GuardDuty(key.clone(), user.cloned())).await
    }

    async fn health(&self, key: &AccessKeyId) -> Result<Vec<Alert>, CallError> {
        self.ask(Ask::Health(key.clone())).await
    }
}
