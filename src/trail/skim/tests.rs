//! The glance is held to the parser, over records as CloudTrail writes them and as nobody should.

mod pen;

use crate::trail::canon::Canon;
use crate::trail::glance::{Field, Glance};
use crate::trail::record::Record;
use crate::trail::skim::Skimmer;
use pen::Pen;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Who<'a> {
    #[serde(borrow, rename = "userIdentity")]
    user_identity: Option<&'a RawValue>,
}

/// How many records were taken at a glance, and how many were not; each as the parser has it.
fn held(text: &str) -> (usize, usize) {
    held_by(&mut Skimmer::new(&Canon::default()), text)
}

fn held_by(skimmer: &mut Skimmer<'_>, text: &str) -> (usize, usize) {
    let canon = skimmer.canon;
    let Some(skimmed) = skimmer.records(text) else { return (0, 1) };
    let list: List<'_> = serde_json::from_str(text).expect("what is skimmed is JSON");
    assert_eq!(list.records.len(), skimmed.len());
    let mut counts = (0, 0);
    for (one, raw) in skimmed.iter().zip(list.records) {
        assert_eq!(one.json, raw.get());
        let Some(glance) = &one.glance else {
            counts.1 += 1;
            continue;
        };
        counts.0 += 1;
        let record: Record<'_> = serde_json::from_str(one.json).expect("a record");
        let mut parsed = Glance::of_record(one.json, &record, canon.digest(one.json));
        assert!(parsed.get(Field::EventName).is_some());
        let who: Who<'_> = serde_json::from_str(one.json).expect("a record");
        let who = who.user_identity.map(RawValue::get).filter(|who| who.starts_with('{'));
        parsed.identity = who.map_or(0, |who| canon.digest(who));
        assert_eq!(glance.source_ip_hash(canon), parsed.source_ip_hash(canon), "{}", one.json);
        parsed.source_ip = glance.source_ip;
        assert_eq!(*glance, parsed, "{}", one.json);
    }
    skimmer.done_with(skimmed);
    counts
}

fn object(seed: u64, oddness: u64) -> String {
    Pen { state: seed | 1, oddness }.object()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn what_is_taken_at_a_glance_is_what_the_parser_takes(seed: u64, oddness in 0_u64..4) {
        held(&object(seed, oddness));
    }

    #[test]
    fn what_was_met_before_is_taken_as_it_was_then(
        seeds in proptest::collection::vec((1_u64..9, 0_u64..3), 2..6),
    ) {
        let canon = Canon::default();
        let mut skimmer = Skimmer::new(&canon);
        for (seed, oddness) in seeds {
            held_by(&mut skimmer, &object(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), oddness));
        }
    }

    #[test]
    fn what_the_parser_refuses_is_not_taken(
        seed: u64,
        wrong in proptest::collection::vec((any::<u32>(), 0_u8..128), 1..4),
    ) {
        let mut bytes = object(seed, 1).into_bytes();
        for (at, byte) in wrong {
            let at = at as usize % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            held(&text);
        }
    }

    #[test]
    fn a_copy_in_another_spelling_has_the_same_digest(seed: u64) {
        let canon = Canon::default();
        let digests = |text: &str| -> Vec<u128> {
            let skimmed = Skimmer::new(&canon).records(text).expect("as CloudTrail writes it");
            skimmed.iter().map(|one| canon.digest(one.json)).collect()
        };
        let text = object(seed, 0);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(digests(&text), digests(&pretty));
    }
}

/// The control of all the above: were nothing taken at a glance, nothing could differ.
#[test]
fn ordinary_records_are_taken_at_a_glance() {
    let (mut taken, mut left) = (0, 0);
    for seed in 1_u64..300 {
        let counts = held(&object(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), 0));
        taken += counts.0;
        left += counts.1;
    }
    assert!(taken > 500 && left * 2 < taken, "{taken} taken, {left} left to the parser");
}

#[test]
fn look_alikes_in_other_places_and_names_in_escapes_fool_nobody() {
    let canon = Canon::default();
    let hidden = r#"{"Records":[{"eventName":"A","requestParameters":{"userIdentity":
        {"accessKeyId":"AKIAFALSE"},"text":"\",\"accessKeyId\":\"AKIAFALSE"},
        "userIdentity":{"accessKeyId":"AKIATRUE"},"accessKeyId":"AKIAFALSE"}]}"#;
    let skimmed = Skimmer::new(&canon).records(hidden).unwrap();
    let glance = skimmed[0].glance.as_ref().unwrap();
    assert_eq!(glance.get(Field::AccessKeyId), Some("AKIATRUE"));
    let escaped = r#"{"Records":[{"eventName":"A",
        "userIdentity":{"access\u004beyId":"AKIATRUE"}}]}"#;
    assert!(
        Skimmer::new(&canon).records(escaped).unwrap()[0].glance.is_none(),
        "left to the parser"
    );
    for other in [
        r#"{"Records":[{"eventName":"A"}],"Records":[]}"#,
        r#"{"Records":[{"eventName":"A"}],"more":1}"#,
        r#"[{"eventName":"A"}]"#,
        r#"{"Records":[{"eventName":"A"}]} x"#,
        r#"{"Records":[{"eventName":"A"},]}"#,
        r#"{"Records":[{"eventName":"A"}"#,
        "{\"Records\":[{\"eventName\":\"A\u{1}\"}]}",
    ] {
        assert!(Skimmer::new(&canon).records(other).is_none(), "{other}");
    }
}

#[test]
fn a_caller_that_begins_like_another_is_gone_through_by_itself() {
    let canon = Canon::default();
    let mut skimmer = Skimmer::new(&canon);
    let of = |key: &str, more: &str| {
        let arn = "arn:aws:iam::029608264753:user/one-and-the-same";
        format!(
            r#"{{"eventName":"A","userIdentity":{{"type":"IAMUser","principalId":"AIDA2","arn":"{arn}",
            "accountId":"029608264753","accessKeyId":"{key}"{more}}}}}"#
        )
    };
    let all =
        [of("AKIA1", ""), of("AKIA2", ""), of("AKIA1", r#","userName":"a""#), of("AKIA1", "")];
    let text = format!(r#"{{"Records":[{},{}]}}"#, all.join(","), all[0]);
    assert_eq!(held_by(&mut skimmer, &text), (5, 0));
    assert_eq!(held_by(&mut skimmer, &text), (5, 0));
    // What is left to the parser is not remembered.
    let twice = of("AKIA1", r#","userName":"a","userName":"b""#);
    let text = format!(r#"{{"Records":[{twice},{twice}]}}"#);
    let skimmed = skimmer.records(&text).unwrap();
    assert!(skimmed.iter().all(|one| one.glance.is_none()));
}

#[test]
fn a_name_is_known_by_its_place_and_a_text_that_is_said_again_by_all_of_it() {
    let canon = Canon::default();
    let mut skimmer = Skimmer::new(&canon);
    let of = |call: &str, address: &str| {
        format!(
            r#"{{"eventName":"{call}","sourceIPAddress":"{address}","userIdentity":{{"arn":"a",
            "sessionContext":{{"sessionIssuer":{{"arn":"b"}}}}}},"requestParameters":{{"arn":"c",
            "eventName":"d"}}}}"#
        )
    };
    let texts = ["1.2.3.4", "1.2.3.4", "1.2.3.4", "1.2.3.45", "1.2.3.4", "1.2.3.", "1.2.3.4"];
    for call in ["A", "B", "A"] {
        let all = texts.map(|address| of(call, address)).join(",");
        assert_eq!(held_by(&mut skimmer, &format!(r#"{{"Records":[{all}]}}"#)), (7, 0));
    }
}

#[test]
fn more_names_than_are_kept_are_taken_as_well() {
    let canon = Canon::default();
    let mut skimmer = Skimmer::new(&canon);
    let member = |number: usize| format!(r#""name-{number}":{{"arn":"{number}"}}"#);
    let members: Vec<String> = (0..3_000).map(member).collect();
    let record = format!(
        r#"{{"requestParameters":{{{}}},"eventName":"A","userIdentity":{{"arn":"a"}}}}"#,
        members.join(",")
    );
    let text = format!(r#"{{"Records":[{record},{record}]}}"#);
    assert_eq!(held_by(&mut skimmer, &text), (2, 0));
    assert!(skimmer.names.len() <= 1_024, "what is kept has an end");
}
