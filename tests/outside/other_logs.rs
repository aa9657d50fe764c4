//! The questions about other logs, over made records in the tables that Athena's guide makes of
//! them: another engine finds the actor in each, and nobody else.

use crate::frame::{Missing, trial};
use crate::parts::Parts;
use crate::sql_judge::SqlJudge;
use keyleak::domain::other_log::{Actor, OtherLog};
use keyleak::domain::question::fill;
use keyleak::trail::catalogue::log_questions;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::sync::Arc;

const ADDRESS: &str = "192.0.2.9";
const OTHER: &str = "198.51.100.1";
const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const ARN: &str = "arn:aws:iam::111122223333:user/ci";
/// The window of every question here, and a time in it and one before it.
const FROM: &str = "2026-08-01T10:00:00Z";
const TO: &str = "2026-08-02T00:00:00Z";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("each_other_log_tells_of_the_actor_and_of_nobody_else", move || {
        let mut judge = SqlJudge::start(parts.python()?);
        for log in OtherLog::ALL {
            finds_the_actor(&mut judge, log);
        }
        Ok::<(), Missing>(())
    })]
}

/// The columns of a table and its rows.
type Table = (&'static str, Vec<Value>);

/// The columns of a table that a question reads, as Athena's guide has them, and rows of it: the
/// first belong to the actor.
fn table(log: OtherLog) -> Table {
    match log {
        OtherLog::S3Access => s3_access(),
        OtherLog::VpcFlow => vpc_flow(),
        OtherLog::LoadBalancer => load_balancer(),
        OtherLog::Resolver => resolver(),
        OtherLog::GuardDuty => guard_duty(),
        OtherLog::CloudFront => cloudfront(),
    }
}

fn s3_access() -> Table {
    (
        "bucket_name VARCHAR, requestdatetime VARCHAR, remoteip VARCHAR, requester VARCHAR, \
             operation VARCHAR, key VARCHAR, request_uri VARCHAR, httpstatus VARCHAR, \
             bytessent BIGINT",
        [
            ("01/Aug/2026:11:00:00 +0000", OTHER, ARN, "GET /loot/a HTTP/1.1"),
            ("01/Aug/2026:11:00:01 +0000", ADDRESS, "-", "GET /loot/b HTTP/1.1"),
            (
                "01/Aug/2026:11:00:02 +0000",
                OTHER,
                "-",
                "GET /loot/c?X-Amz-Credential=AKIAQNZGKIQY56JQ7WML%2F20260801 HTTP/1.1",
            ),
            ("01/Aug/2026:11:00:03 +0000", OTHER, "-", "GET /loot/d HTTP/1.1"),
            ("01/Aug/2026:09:00:00 +0000", ADDRESS, ARN, "GET /loot/e HTTP/1.1"),
        ]
        .map(|(at, ip, who, uri)| {
            json!(["loot", at, ip, who, "REST.GET.OBJECT", "a", uri, "200", 10])
        })
        .to_vec(),
    )
}

fn vpc_flow() -> Table {
    (
        "interface_id VARCHAR, account_id VARCHAR, srcaddr VARCHAR, dstaddr VARCHAR, \
             srcport INTEGER, dstport INTEGER, protocol BIGINT, action VARCHAR, packets BIGINT, \
             bytes BIGINT, \"start\" BIGINT",
        [
            (ADDRESS, "10.0.0.5", 1_785_582_000),
            ("10.0.0.5", ADDRESS, 1_785_582_060),
            (OTHER, "10.0.0.5", 1_785_582_000),
            (ADDRESS, "10.0.0.5", 1_785_574_800),
        ]
        .map(|(from, to, at)| json!(["eni-1", "1", from, to, 4_000, 443, 6, "ACCEPT", 2, 100, at]))
        .to_vec(),
    )
}

fn load_balancer() -> Table {
    (
        "elb VARCHAR, client_ip VARCHAR, request_verb VARCHAR, request_url VARCHAR, \
             elb_status_code INTEGER, user_agent VARCHAR, sent_bytes BIGINT, \"time\" VARCHAR",
        [
            (ADDRESS, "2026-08-01T11:00:00.123456Z"),
            (OTHER, "2026-08-01T11:00:00.123456Z"),
            (ADDRESS, "2026-08-01T09:00:00.123456Z"),
        ]
        .map(|(ip, at)| {
            let url = "https://shop.example:443/login?token=secret";
            json!(["app/shop", ip, "GET", url, 200, "curl", 10, at])
        })
        .to_vec(),
    )
}

fn resolver() -> Table {
    (
        "query_name VARCHAR, query_type VARCHAR, vpc_id VARCHAR, query_timestamp VARCHAR, \
             answers ARRAY(ROW(rdata VARCHAR, type VARCHAR, class VARCHAR)), \
             srcids ROW(instance VARCHAR, resolver_endpoint VARCHAR)",
        [
            ("a.example.", OTHER, "i-0123456789", "2026-08-01T11:00:00Z"),
            ("b.example.", ADDRESS, "i-0000000000", "2026-08-01T11:00:01Z"),
            ("xmr.2miners.com.", OTHER, "i-0000000000", "2026-08-01T11:00:02Z"),
            ("c.example.", OTHER, "i-0000000000", "2026-08-01T11:00:03Z"),
            ("d.example.", ADDRESS, "i-0123456789", "2026-08-01T09:00:00Z"),
        ]
        .map(|(name, to, instance, at)| {
            let answer = json!({"rdata": to, "type": "A", "class": "IN"});
            let ids = json!({"instance": instance, "resolver_endpoint": null});
            json!([name, "A", "vpc-1", at, [answer], ids])
        })
        .to_vec(),
    )
}

fn guard_duty() -> Table {
    (
        "id VARCHAR, type VARCHAR, title VARCHAR, severity VARCHAR, accountid VARCHAR, \
             region VARCHAR, resource VARCHAR, service VARCHAR, createdat VARCHAR, \
             updatedat VARCHAR",
        [
            (json!({"accessKeyDetails": {"accessKeyId": KEY}}), OTHER, "11"),
            // Some readers of JSON make every name small.
            (json!({"accesskeydetails": {"username": "ci"}}), OTHER, "12"),
            (json!({}), ADDRESS, "13"),
            (json!({"accessKeyDetails": {"userName": "other"}}), OTHER, "14"),
            (json!({}), ADDRESS, "09"),
        ]
        .map(|(resource, ip, hour)| {
            let remote = json!({"remoteIpDetails": {"ipAddressV4": ip}});
            let service = json!({"action": {"awsApiCallAction": remote}}).to_string();
            let at = format!("2026-08-01T{hour}:00:00.000Z");
            let (resource, kind) = (resource.to_string(), "Recon:IAMUser/TorIPCaller");
            json!([hour, kind, "Tor", "5.0", "1", "eu-west-1", resource, service, at, at])
        })
        .to_vec(),
    )
}

fn cloudfront() -> Table {
    (
        "\"date\" DATE, \"time\" VARCHAR, x_host_header VARCHAR, c_ip VARCHAR, \
             cs_method VARCHAR, cs_uri_stem VARCHAR, sc_status INTEGER, cs_user_agent VARCHAR, \
             sc_bytes BIGINT",
        [(ADDRESS, "11:00:00"), (OTHER, "11:00:00"), (ADDRESS, "09:00:00")]
            .map(|(ip, at)| {
                json!(["2026-08-01", at, "shop.example", ip, "GET", "/", 200, "curl", 10])
            })
            .to_vec(),
    )
}

/// One column of what is found, and what it must hold.
fn expected(log: OtherLog) -> (&'static str, Vec<Value>) {
    match log {
        OtherLog::S3Access => (
            "first_seen",
            ["00", "01", "02"].map(|s| json!(format!("2026-08-01T11:00:{s}Z"))).into(),
        ),
        OtherLog::VpcFlow => ("direction", vec![json!("from the actor"), json!("to the actor")]),
        OtherLog::LoadBalancer => ("url", vec![json!("https://shop.example:443/login")]),
        OtherLog::Resolver => {
            let why = ["a mining pool", "an instance of the actor", "leads to the actor"];
            ("why", why.map(|why| json!(why)).into())
        }
        OtherLog::GuardDuty => (
            "first_seen",
            ["11", "12", "13"].map(|h| json!(format!("2026-08-01T{h}:00:00.000Z"))).into(),
        ),
        OtherLog::CloudFront => ("first_seen", vec![json!("2026-08-01T11:00:00Z")]),
    }
}

pub(crate) fn finds_the_actor(judge: &mut SqlJudge, log: OtherLog) {
    let (columns, rows) = table(log);
    let name = format!("log_{}", log.slug());
    let rows: Vec<Vec<Value>> =
        rows.iter().map(|row| row.as_array().expect("a row").clone()).collect();
    judge.load_table(&name, &format!("CREATE TABLE {name} ({columns})"), &rows);
    let one = |text: &str| vec![text.to_owned()];
    let actor = Actor {
        addresses: one(ADDRESS),
        keys: one(KEY),
        arns: one(ARN),
        users: one("ci"),
        hosts: one("i-0123456789"),
        ..Actor::default()
    };
    let (wanted, expected) = expected(log);
    let found = ask(judge, log, &name, &actor);
    let at = found.0.iter().position(|column| column == wanted).expect("the column");
    let mut told: Vec<Value> = found.1.iter().map(|row| row[at].clone()).collect();
    told.sort_by_key(Value::to_string);
    assert_eq!(told, expected, "{log:?}");
    let nobody = ask(judge, log, &name, &Actor::default());
    let pools = usize::from(log == OtherLog::Resolver);
    assert_eq!(nobody.1.len(), pools, "{log:?}: without an actor nothing but mining pools");
}

fn ask(
    judge: &mut SqlJudge,
    log: OtherLog,
    table: &str,
    actor: &Actor,
) -> (Vec<String>, Vec<Vec<Value>>) {
    let questions = log_questions().expect("the questions");
    let question = questions.iter().find(|one| one.id == log.question()).expect("the question");
    let (from, to) = ([FROM.to_owned()], [TO.to_owned()]);
    let times: [(&str, &[String]); 2] = [("from", &from), ("to", &to)];
    let lists = [times.as_slice(), &actor.lists()].concat();
    let filled = fill(&question.sql, &[("table", table), ("partitions", "1 = 1")], &lists);
    let found = judge.athena(&filled.sql, &json!(filled.values));
    assert_eq!(found.columns, question.columns, "{}", question.id);
    (found.columns, found.rows)
}
