//! The recorder's trail says who did what, as the real one would, and says it late.

use crate::account::{Account, Clients, Credential};
use crate::frame::trial_async;
use crate::parts::Parts;
use crate::recorder::Recorder;
use crate::recorder::delivery::delivered;
use aws_sdk_iam::types::StatusType;
use keyleak::ports::clock::Clock;
use libtest_mimic::Trial;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const USER: &str = "ci-deploy";
const ATTACKER_IP: &str = "198.51.100.23";
const OWNER_IP: &str = "203.0.113.7";
/// Longer than any trial takes, so that only a flush delivers.
const NEVER: Duration = Duration::from_secs(3600);

/// An attacked account and the trail of it.
struct Scene {
    recorder: Recorder,
    owner: Account,
    key: Credential,
    attacker: Account,
    _folder: tempfile::TempDir,
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    type Check = fn(Scene) -> futures_util::future::BoxFuture<'static, ()>;
    let checks: [(&'static str, &'static str, Check); 6] = [
        ("220000000001", "the_trail_names_every_session_a_key_minted", |scene| {
            Box::pin(names_minted_sessions(scene))
        }),
        ("220000000002", "the_trail_names_the_user_and_key_an_attacker_made", |scene| {
            Box::pin(names_new_principals(scene))
        }),
        ("220000000003", "a_denied_call_is_recorded_and_an_unauthenticated_one_is_not", |scene| {
            Box::pin(records_denials_only(scene))
        }),
        ("220000000004", "a_session_is_recorded_with_its_issuer", |scene| {
            Box::pin(records_issuers(scene))
        }),
        ("220000000005", "nothing_is_delivered_before_its_delay", |scene| {
            Box::pin(delivers_late(scene))
        }),
        ("220000000006", "what_passes_the_recorder_is_byte_for_byte_what_was_signed", |scene| {
            Box::pin(passes_bytes(scene))
        }),
    ];
    let parts = Arc::clone(parts);
    checks
        .into_iter()
        .map(|(account, name, check)| {
            let parts = Arc::clone(&parts);
            trial_async(name, move || async move {
                check(scene(&parts, account).await?).await;
                Ok(())
            })
        })
        .collect()
}

async fn scene(parts: &Parts, account: &str) -> Result<Scene, crate::frame::Missing> {
    let upstream = parts.ministack()?.address();
    let folder = tempfile::tempdir().expect("a folder for the trail");
    let recorder = Recorder::new(upstream, folder.path(), Clock::real(), NEVER);
    let owner = Account::at(recorder.door(OWNER_IP).await, account).await;
    let attacker = Account::at(recorder.door(ATTACKER_IP).await, account).await;
    let key = owner.administrator(USER).await;
    Ok(Scene { recorder, owner, key, attacker, _folder: folder })
}

impl Scene {
    fn stolen(&self) -> Clients {
        self.attacker.as_holder_of(&self.key)
    }

    /// All records so far, of one name, oldest first.
    fn records(&self, name: &str) -> Vec<Value> {
        self.recorder.flush();
        let mut found: Vec<Value> = delivered(self.recorder.folder())
            .into_iter()
            .filter(|record| record["eventName"] == name)
            .collect();
        found.sort_by_key(|record| record["eventTime"].to_string());
        found
    }
}

async fn names_minted_sessions(scene: Scene) {
    let stolen = scene.stolen();
    let session = stolen.session_token().await;
    let federated = stolen.federation_token("helpdesk").await;
    for (name, minted) in [("GetSessionToken", &session), ("GetFederationToken", &federated)] {
        let records = scene.records(name);
        let [record] = records.as_slice() else { panic!("one {name}: {records:?}") };
        assert_eq!(record["responseElements"]["credentials"]["accessKeyId"], minted.id.as_str());
        assert_eq!(record["userIdentity"]["accessKeyId"], scene.key.id.as_str());
        assert_eq!(record["userIdentity"]["userName"], USER);
        assert_eq!(record["sourceIPAddress"], ATTACKER_IP);
        assert_eq!(record["requestParameters"]["durationSeconds"], 900);
        assert!(!record.to_string().contains("ecretAccessKey"), "no secret: {record}");
    }
}

async fn names_new_principals(scene: Scene) {
    let iam = scene.stolen().iam;
    iam.create_user().user_name("helper").send().await.expect("a user");
    let made = iam.create_access_key().user_name("helper").send().await.expect("a key");
    let key = made.access_key().expect("a key in the answer");
    let policy = scene.owner.deny_all_policy().await;
    let attach = iam.attach_user_policy().user_name("helper").policy_arn(&policy);
    attach.send().await.expect("the policy is attached");

    let user = scene.records("CreateUser").pop().expect("a record");
    assert_eq!(user["responseElements"]["user"]["userName"], "helper");
    assert!(user["responseElements"]["user"]["userId"].as_str().unwrap().starts_with("AIDA"));
    let record = scene.records("CreateAccessKey").pop().expect("a record");
    assert_eq!(record["responseElements"]["accessKey"]["accessKeyId"], key.access_key_id());
    assert!(record["responseElements"]["accessKey"]["secretAccessKey"].is_null(), "{record}");
    let record = scene.records("AttachUserPolicy").pop().expect("a record");
    assert_eq!(record["requestParameters"]["policyArn"], policy.as_str());
    assert!(record["responseElements"].is_null(), "{record}");

    let made = Credential::new(key.access_key_id(), key.secret_access_key(), None);
    let denied = scene.attacker.as_holder_of(&made).list_buckets().await;
    assert_eq!(denied, Err("AccessDenied".into()));
    let record = scene.records("ListBuckets").pop().expect("a record");
    assert_eq!(record["userIdentity"]["userName"], "helper");
    assert_eq!(record["userIdentity"]["principalId"], user["responseElements"]["user"]["userId"]);
}

async fn records_denials_only(scene: Scene) {
    let stolen = scene.stolen();
    let policy = scene.owner.deny_all_policy().await;
    let iam = &scene.owner.root.iam;
    let attach = iam.attach_user_policy().user_name(USER).policy_arn(policy);
    attach.send().await.expect("the deny is attached");
    stolen.iam.list_users().send().await.expect_err("denied");
    let denied = scene.records("ListUsers");
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0]["errorCode"], "AccessDenied");
    assert!(denied[0]["errorMessage"].as_str().unwrap().contains("ListUsers"), "{denied:?}");

    scene.owner.set_status(USER, &scene.key.id, StatusType::Inactive).await;
    stolen.iam.list_users().send().await.expect_err("not even recognised");
    assert_eq!(scene.records("ListUsers").len(), 1, "a dead key leaves no record");

    let missing = scene.owner.root.iam.get_user().user_name("nobody").send().await;
    missing.expect_err("nobody is there");
    let record = scene.records("GetUser").pop().expect("a record");
    assert_eq!(record["errorCode"], "NoSuchEntityException");
    assert_eq!(record["requestParameters"]["userName"], "nobody");
    assert_eq!(record["userIdentity"]["type"], "Root");
}

async fn records_issuers(scene: Scene) {
    let stolen = scene.stolen();
    let session = stolen.session_token().await;
    let federated = stolen.federation_token("helpdesk").await;
    for credential in [&session, &federated] {
        let clients = scene.attacker.as_holder_of(credential);
        clients.list_buckets().await.expect("it works");
    }
    let records = scene.records("ListBuckets");
    let by = |credential: &Credential| {
        let of = |record: &&Value| record["userIdentity"]["accessKeyId"] == credential.id.as_str();
        records.iter().find(of).expect("a record")["userIdentity"].clone()
    };
    let identity = by(&session);
    assert_eq!(identity["type"], "IAMUser");
    assert!(identity["sessionContext"]["attributes"]["creationDate"].is_string(), "{identity}");
    let identity = by(&federated);
    assert_eq!(identity["type"], "FederatedUser");
    assert_eq!(identity["sessionContext"]["sessionIssuer"]["userName"], USER);

    let role = assumed(&scene, &stolen).await;
    scene.attacker.as_holder_of(&role).list_buckets().await.expect_err("it may do nothing");
    let records = scene.records("ListBuckets");
    let of = |record: &&Value| record["userIdentity"]["accessKeyId"] == role.id.as_str();
    let identity = &records.iter().find(of).expect("a record")["userIdentity"];
    assert_eq!(identity["type"], "AssumedRole");
    assert_eq!(identity["sessionContext"]["sessionIssuer"]["userName"], "deployer");
    let arn = identity["arn"].as_str().unwrap();
    assert!(arn.ends_with("assumed-role/deployer/there"), "{identity}");
}

async fn assumed(scene: &Scene, clients: &Clients) -> Credential {
    let account = &scene.owner.id;
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":
{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let role = scene.owner.root.iam.create_role().role_name("deployer");
    let made = role.assume_role_policy_document(trust).send().await.expect("a role");
    let arn = made.role().expect("a role in the answer").arn();
    let answer = clients.sts.assume_role().role_arn(arn).role_session_name("there").send().await;
    answer.expect("a session").credentials().expect("its credentials").into()
}

async fn delivers_late(scene: Scene) {
    scene.stolen().list_buckets().await.expect("it works");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(delivered(scene.recorder.folder()), Vec::<Value>::new(), "before the delay");
    scene.recorder.flush();
    let names: Vec<String> = delivered(scene.recorder.folder())
        .iter()
        .map(|record| record["eventName"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"CreateAccessKey".to_owned()), "after it: {names:?}");
    assert!(names.contains(&"ListBuckets".to_owned()), "after it: {names:?}");
}

/// A signature covers path, query and body, so that any byte changed on the way is refused.
async fn passes_bytes(scene: Scene) {
    let s3 = scene.stolen().s3;
    s3.create_bucket().bucket("odd-names").send().await.expect("a bucket");
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for key in ["plain", "with space", "a+b&c=d?e", "döner/ключ", "per%20cent/%2F", "~_-.!*'()"]
    {
        let put = s3.put_object().bucket("odd-names").key(key).body(body.clone().into());
        put.send().await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
        let got = s3.get_object().bucket("odd-names").key(key).send().await;
        let got = got.unwrap_or_else(|error| panic!("{key}: {error:?}"));
        let got = got.body.collect().await.expect("the body arrives").into_bytes();
        assert!(got == body, "{key}: the body changed");
    }
    let listed = s3.list_objects_v2().bucket("odd-names").prefix("a+b&c").send().await;
    assert_eq!(listed.expect("a listing").contents().len(), 1);
}
