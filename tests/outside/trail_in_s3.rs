//! A trail that is read where CloudTrail delivers it: in a bucket of an S3 that others wrote.

use crate::account::{Account, Credential, REGION};
use crate::frame::{Missing, trial_async};
use crate::leak::leak;
use crate::parts::Parts;
use aws_sdk_s3::primitives::ByteStream;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const OWNER: &str = "029608264753";

/// More than are fetched before a signal comes.
const MANY: usize = 500;

/// What one run of the binary left.
struct Run {
    status: Option<i32>,
    found: Value,
    said: String,
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [recorded, laid, refused, broken] = [(); 4].map(|()| Arc::clone(parts));
    vec![
        trial_async("a_trail_in_a_bucket_gives_what_a_copy_of_it_gives", move || async move {
            as_a_copy(&recorded).await
        }),
        trial_async(
            "only_the_days_of_the_window_are_fetched_and_what_is_left_out_is_named",
            move || async move {
                let account = Account::at(laid.ministack()?.address(), "240000000007").await;
                within_the_window(&account).await;
                Ok(())
            },
        ),
        trial_async("whoever_breaks_it_off_leaves_nothing_of_the_trail", move || async move {
            let account = Account::at(broken.ministack()?.address(), "240000000009").await;
            broken_off(&account).await;
            Ok(())
        }),
        trial_async(
            "a_bucket_that_is_not_there_empty_or_closed_is_told_and_nothing_is_made_up",
            move || async move {
                let account = Account::at(refused.ministack()?.address(), "240000000008").await;
                refused_in_words(&account).await;
                Ok(())
            },
        ),
    ]
}

async fn as_a_copy(parts: &Parts) -> Result<(), Missing> {
    let leak = leak(parts, "240000000006").await?;
    leak.recorder.flush();
    let folder = leak.recorder.folder();
    let account = Account::at(parts.ministack()?.address(), "240000000006").await;
    let bucket = bucket(&account).await;
    for file in files(folder) {
        let key = file.strip_prefix(folder).expect("below it").display().to_string();
        put(&account, &bucket, &key, std::fs::read(&file).expect("an object")).await;
    }
    let asked = |place: &str| {
        let arguments = [leak.key.id.as_str(), "--trail", place, "--query", "all"];
        run(&account, &root(&account), &arguments)
    };
    let there = asked(&format!("s3://{bucket}"));
    let here = asked(&folder.display().to_string());
    assert!(here.found["activity"]["events"].as_u64() > Some(0), "{}", here.said);
    assert_eq!(there.found, here.found);
    assert_eq!((there.status, &there.said), (here.status, &here.said));
    Ok(())
}

async fn within_the_window(account: &Account) {
    let bucket = bucket(account).await;
    let region = format!("AWSLogs/{OWNER}/CloudTrail/{REGION}");
    let record = |day: &str| object(&format!("{day}T10:00:00Z"));
    let objects = [
        (format!("{region}/2026/07/31/a.json"), b"broken".to_vec()),
        (format!("{region}/2026/08/01/b.json"), record("2026-08-01")),
        // Delivered in the morning after.
        (format!("{region}/2026/08/02/c.json"), object("2026-08-01T23:59:00Z")),
        (format!("{region}/2026/08/04/d.json"), b"broken".to_vec()),
        (format!("AWSLogs/{OWNER}/CloudTrail-Digest/{REGION}/2026/08/01/e.json.gz"), vec![0]),
        (format!("AWSLogs/{OWNER}-2/CloudTrail/{REGION}/2026/08/01/f.json"), record("2026-08-01")),
        (format!("{region}/2026/08/01/notes.txt"), b"x".to_vec()),
        (format!("{region}/2026/08/01/../../../../../../../g.json"), record("2026-08-01")),
        (format!("{region}/2026/08/01/"), Vec::new()),
        // What XML cannot hold, and what another encoding would read as a space.
        (format!("{region}/2026/08/01/h\u{1}+ü.json"), object("2026-08-01T11:00:00Z")),
    ];
    for (key, body) in objects {
        put(account, &bucket, &key, body).await;
    }
    let place = format!("s3://{bucket}/AWSLogs/{OWNER}");
    let day = ["--from", "2026-08-01", "--to", "2026-08-02"];
    let asked =
        |more: &[&str]| run(account, &root(account), &[&[KEY, "--trail", &place], more].concat());
    let found = asked(&day);
    let coverage = &found.found["coverage"];
    assert_eq!(found.found["activity"]["events"], json!(3), "{}", found.said);
    assert_eq!(coverage["objects_read"], json!(5), "{coverage}");
    let skipped = coverage["skipped"].to_string();
    assert!(skipped.contains(&format!("s3://{bucket}/{region}/2026/08/01/notes.txt")), "{skipped}");
    assert!(skipped.contains("name that no file here can have"), "{skipped}");
    assert!(!skipped.contains("tmp"), "{skipped}");
    // The control: without a window the days beside it are fetched, and are as broken as they are.
    let whole = asked(&[]);
    assert_eq!(whole.found["coverage"]["objects_read"], json!(7), "{}", whole.said);
    let skipped = whole.found["coverage"]["skipped"].to_string();
    assert!(skipped.contains(&format!("s3://{bucket}/{region}/2026/07/31/a.json")), "{skipped}");

    let one = format!("s3://{bucket}/{region}/2026/08/01/b.json");
    let one = run(account, &root(account), &[KEY, "--trail", &one]);
    assert_eq!(one.found["coverage"]["objects_read"], json!(1), "{}", one.said);
}

async fn refused_in_words(account: &Account) {
    let bucket = bucket(account).await;
    put(account, &bucket, "a/b.json", object("2026-08-01T10:00:00Z")).await;
    let as_root = |place: &str| run(account, &root(account), &[KEY, "--trail", place]);
    let gone = as_root("s3://no-such-bucket-of-ours/AWSLogs");
    assert_eq!(gone.status, Some(1), "{}", gone.said);
    assert!(gone.said.contains("NoSuchBucket"), "{}", gone.said);
    let empty = as_root(&format!("s3://{bucket}/AWSLogs/"));
    assert_eq!(empty.status, Some(1), "{}", empty.said);
    assert!(empty.said.contains("no object lies there"), "{}", empty.said);
    let made = account.root.iam.create_user().user_name("nobody").send().await;
    made.expect("a user who may do nothing");
    let key = account.root.iam.create_access_key().user_name("nobody").send().await;
    let key = key.expect("a key").access_key.expect("in the answer");
    let nobody = Credential::new(&key.access_key_id, &key.secret_access_key, None);
    let place = format!("s3://{bucket}/a/");
    let closed = run(account, &nobody, &[KEY, "--trail", &place]);
    assert_eq!(closed.status, Some(1), "{}", closed.said);
    assert!(closed.said.contains("s3:ListBucket"), "{}", closed.said);
    assert_eq!(as_root(&place).status, Some(0), "the control");
    // What is wrong in the command line is told before anything is fetched.
    let wrong = run(account, &root(account), &["AKIA", "--trail", "s3://no-such-bucket-of-ours"]);
    assert_eq!(wrong.status, Some(2), "{}", wrong.said);
}

async fn broken_off(account: &Account) {
    let bucket = bucket(account).await;
    for number in 0..MANY {
        put(account, &bucket, &format!("a/{number}.json"), object("2026-08-01T10:00:00Z")).await;
    }
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let mut command = command(account, &root(account));
    command.args([KEY, "--trail", &format!("s3://{bucket}/a/")]).env("TMPDIR", folder.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let inside = || std::fs::read_dir(folder.path()).expect("it is there").flatten().next();
    let mut running = command.spawn().expect("it runs");
    let fetched = loop {
        if let Some(fetched) = inside() {
            break fetched;
        }
        assert_eq!(running.try_wait().expect("its state"), None, "it ended before it fetched");
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    let mode = fetched.metadata().expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "nobody else may look");
    let pid = running.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there");
    assert!(sent.success());
    let ended = running.wait().expect("it ends");
    assert_eq!(ended.code(), Some(128 + 15), "by the signal, and in its own way");
    assert!(inside().is_none(), "{:?}", inside());
}

/// An object with one call of the key.
fn object(time: &str) -> Vec<u8> {
    let record = json!({
        "eventVersion": "1.08", "eventID": time, "eventName": "ListBuckets", "eventTime": time,
        "eventSource": "s3.amazonaws.com", "awsRegion": REGION, "eventType": "AwsApiCall",
        "sourceIPAddress": "198.51.100.7", "recipientAccountId": OWNER,
        "userIdentity": { "type": "IAMUser", "accessKeyId": KEY, "userName": "ci",
            "arn": format!("arn:aws:iam::{OWNER}:user/ci"), "principalId": "AIDA1",
            "accountId": OWNER },
    });
    json!({ "Records": [record] }).to_string().into_bytes()
}

async fn bucket(account: &Account) -> String {
    let bucket = format!("trail-{}", account.id);
    account.root.s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
    bucket
}

async fn put(account: &Account, bucket: &str, key: &str, body: Vec<u8>) {
    let put = account.root.s3.put_object().bucket(bucket).key(key);
    put.body(ByteStream::from(body)).send().await.expect("the object is kept");
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|one| one.expect("one").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn root(account: &Account) -> Credential {
    Credential::new(&account.id, "test", None)
}

fn command(account: &Account, who: &Credential) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.arg("investigate").env("AWS_ENDPOINT_URL", format!("http://{}", account.endpoint));
    command.env("AWS_REGION", REGION).envs(who.environment());
    command
}

fn run(account: &Account, who: &Credential, arguments: &[&str]) -> Run {
    let mut command = command(account, who);
    let output = command.args(arguments).args(["--format", "json"]).output().expect("it runs");
    Run {
        status: output.status.code(),
        found: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
