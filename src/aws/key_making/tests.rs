//! What is sent to make a key, and that its secret is in one request and in no words of ours.

use super::*;
use crate::aws::clients::{ContainSettings, RoleSettings};
use crate::aws::contain::AwsContain;
use crate::aws::wire_fake::{ACCOUNT, Answer, Seen, WireFake, tickets, user};
use crate::domain::action::{Action, Change};
use crate::domain::made_key::version;
use crate::ports::cloud::{Applied, Contain};
use serde_json::Value;

const NAME: &str = "keyleak/kl-1/1/ci-deploy";
const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYzEXAMPLESECRET";
const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
    <AccessKeyId>ASIAQNZGKIQY56JQ7WML</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
    <SessionToken>session-token</SessionToken><Expiration>2036-08-01T10:15:00Z</Expiration>\
    </Credentials></AssumeRoleResult></AssumeRoleResponse>";
const NO_KEYS: &str = "<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata/>\
    <IsTruncated>false</IsTruncated></ListAccessKeysResult></ListAccessKeysResponse>";
const NEW_KEY: &str = "AKIAQNZGKIQYXNEWXKEY";

fn made_key() -> Answer {
    Answer::ok(&format!(
        "<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>ci-deploy</UserName>\
         <AccessKeyId>{NEW_KEY}</AccessKeyId><Status>Active</Status><SecretAccessKey>{SECRET}\
         </SecretAccessKey></AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>"
    ))
}

/// Makes a key with these answers after the role's session was opened.
async fn made(answers: Vec<Answer>) -> (Result<Applied, CallError>, Vec<Seen>, String) {
    let mut script = vec![Answer::ok(ASSUMED)];
    script.extend(answers);
    let fake = WireFake::start(script);
    let config = fake.config().await;
    let role = RoleSettings {
        arn: format!("arn:aws:iam::{ACCOUNT}:role/keyleak-recover"),
        external_id: None,
    };
    let contain = AwsContain::new(&config, Some(&ContainSettings::OwnCredentials)).unwrap();
    let contain = contain.recovering(&config, Some(&role));
    let change = Change::MakeKey { secret: NAME.to_owned(), region: None, beside: Vec::new() };
    let ticket = tickets(vec![Action { on: user(), change }]).await.remove(0);
    let outcome = contain.apply(&ticket).await;
    (outcome, fake.seen(), ticket.plan_hash().to_owned())
}

fn before_the_key() -> Vec<Answer> {
    let none = Answer::json_error(400, "ResourceNotFoundException");
    vec![none, Answer::ok("{}"), Answer::ok(NO_KEYS), made_key()]
}

#[tokio::test]
async fn the_secret_is_there_before_the_key_and_takes_it_under_a_version_that_tells_of_it() {
    let (outcome, seen, plan_hash) =
        made([before_the_key(), vec![Answer::ok("{}")]].concat()).await;
    assert_eq!(outcome.unwrap().how.as_deref(), Some("as key AKIA…XKEY"));
    let operations: Vec<String> = seen.iter().map(Seen::operation).collect();
    let calls = operations.as_slice();
    let order =
        ["DescribeSecret", "CreateSecret", "ListAccessKeys", "CreateAccessKey", "PutSecretValue"];
    assert_eq!(calls[1..], order);
    let session: Value = serde_json::from_str(&seen[0].parameter("Policy").unwrap()).unwrap();
    let allowed = &session["Statement"];
    assert_eq!(allowed[0]["Resource"], user().arn);
    let arn = format!("arn:aws:secretsmanager:*:{ACCOUNT}:secret:{NAME}");
    assert_eq!(allowed[1]["Resource"], json!([format!("{arn}-??????"), arn]));
    assert!(!session.to_string().contains("GetSecretValue"), "it reads no secret");
    let created = seen[2].json();
    assert_eq!((created["Name"].as_str(), created.get("SecretString")), (Some(NAME), None));
    let tag = json!({ "Key": PLAN_TAG, "Value": plan_hash });
    assert!(created["Tags"].as_array().unwrap().contains(&tag), "{created}");
    let put = seen[5].json();
    let key = AccessKeyId::parse(NEW_KEY).unwrap();
    assert_eq!(put["ClientRequestToken"], version(&plan_hash, &key));
    let kept: Value = serde_json::from_str(put["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(kept, json!({ "AccessKeyId": NEW_KEY, "SecretAccessKey": SECRET }));
    let holding = seen.iter().filter(|seen| format!("{seen:?}").contains(SECRET));
    assert_eq!(holding.count(), 1, "one request has it");
}

#[tokio::test]
async fn a_secret_that_cannot_be_kept_takes_its_key_with_it_and_is_in_no_words() {
    let denied = Answer::json_error(400, "AccessDeniedException");
    let (outcome, seen, _) =
        made([before_the_key(), vec![denied, Answer::ok("<R></R>")]].concat()).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.class, CallClass::Denied);
    assert!(error.message.contains("allow secretsmanager:PutSecretValue"), "{error}");
    assert!(error.message.contains("key AKIA…XKEY, made for it, was deleted again"), "{error}");
    let last = seen.last().unwrap();
    assert_eq!(last.operation(), "DeleteAccessKey");
    assert_eq!(last.parameter("AccessKeyId").as_deref(), Some(NEW_KEY));
    let key = NewKey {
        id: AccessKeyId::parse(NEW_KEY).unwrap(),
        secret: SecretString::from(SECRET.to_owned()),
    };
    assert_eq!(key.secret.expose_secret(), SECRET);
    for words in [format!("{error:?}"), error.to_string(), format!("{key:?}")] {
        assert!(!words.contains(SECRET), "{words}");
    }
}

#[tokio::test]
async fn a_key_whose_answer_is_lost_is_not_asked_for_twice_in_one_attempt() {
    let mut answers = before_the_key();
    answers.pop();
    answers.push(Answer::HangUp);
    let (outcome, seen, _) = made(answers).await;
    assert_eq!(outcome.unwrap_err().class, CallClass::Unavailable);
    let asked = seen.iter().filter(|seen| seen.operation() == "CreateAccessKey").count();
    assert_eq!(asked, 1, "the next attempt looks first");
}

#[tokio::test]
async fn a_user_that_is_gone_by_now_is_a_failure_and_not_a_step_that_is_done() {
    let none = Answer::json_error(400, "ResourceNotFoundException");
    let gone = Answer::xml_error(404, "NoSuchEntity");
    let (outcome, _, _) = made(vec![none, Answer::ok("{}"), gone]).await;
    assert_eq!(outcome.unwrap_err().class, CallClass::Other);
}

#[tokio::test]
async fn without_a_role_of_its_own_nothing_is_called() {
    let fake = WireFake::start([]);
    let config = fake.config().await;
    let contain = AwsContain::new(&config, Some(&ContainSettings::OwnCredentials)).unwrap();
    let change = Change::MakeKey { secret: NAME.to_owned(), region: None, beside: Vec::new() };
    let ticket = tickets(vec![Action { on: user(), change }]).await.remove(0);
    let error = contain.apply(&ticket).await.unwrap_err();
    assert!(error.message.contains("set aws.recover_role"), "{error}");
    assert_eq!(fake.operations(), [""; 0]);
}
