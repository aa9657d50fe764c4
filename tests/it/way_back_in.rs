//! What deletes for good reaches neither break-glass nor what keyleak itself is made of.

use serde_json::Value;

const ERADICATE: &str = include_str!("../../manifests/iam/eradicate.json");

fn texts(value: &Value) -> Vec<&str> {
    match value.as_array() {
        Some(many) => many.iter().filter_map(Value::as_str).collect(),
        None => value.as_str().into_iter().collect(),
    }
}

/// Whether a Deny of these actions takes the call.
fn takes(denied: &[&str], call: &str) -> bool {
    denied.iter().any(|denied| match denied.strip_suffix('*') {
        Some(verb) => call.starts_with(verb),
        None => call == *denied,
    })
}

/// An actor's user is taken out of whatever group it put itself into, and a virtual device and a
/// provider have no path: these three stay allowed.
#[test]
fn the_way_back_in_is_out_of_reach_of_everything_that_deletes() {
    let policy: Value = serde_json::from_str(ERADICATE).unwrap();
    let (deny, allow): (Vec<&Value>, Vec<&Value>) =
        policy["Statement"].as_array().unwrap().iter().partition(|one| one["Effect"] == "Deny");
    let (spared, denied) = (texts(&deny[0]["Resource"]), texts(&deny[0]["Action"]));
    for (what, kept) in
        [("user", 1), ("role", 6), ("group", 1), ("policy", 2), ("instance-profile", 2)]
    {
        let of = format!("arn:aws:iam::*:{what}/");
        assert!(spared.contains(&format!("{of}break-glass/*").as_str()), "{what}");
        let all = spared.iter().filter(|arn| arn.starts_with(&of)).count();
        assert_eq!(all, kept, "{what}: break-glass, and what is ours");
        let about = allow.iter().find(|one| one["Resource"] == format!("{of}*"));
        for call in texts(&about.unwrap()["Action"]) {
            let reads = call.starts_with("iam:Get") || call.starts_with("iam:List");
            let kept = !reads && call != "iam:RemoveUserFromGroup";
            assert_eq!(takes(&denied, call), kept, "{call}");
        }
    }
}
