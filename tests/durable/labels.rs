//! What a record is called when somebody has to die at it: its kind, and what it is about.

use keyleak::domain::event::{Event, PostKey};
use serde_json::Value;

/// The label of an event; records of one label are told apart by counting.
pub(crate) fn label(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    let kind = value["kind"].as_str().unwrap_or("?").replace('_', " ");
    let about = about(event, &value);
    if about.is_empty() { kind } else { format!("{kind} {about}") }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most kinds are about nothing but themselves")]
fn about(event: &Event, value: &Value) -> String {
    match event {
        Event::Posted { post, .. } | Event::UploadTried { post } => stem(post),
        Event::Found { .. } => value["finding"]["about"].as_str().unwrap_or_default().to_owned(),
        Event::PhasePressed { phase } => phase.slug().to_owned(),
        Event::Team { .. } => value["step"]["what"].as_str().unwrap_or_default().to_owned(),
        Event::Approved { plan, .. } | Event::Held { plan } => format!("plan {}", plan.0),
        Event::Proposed { plan, .. } => format!("plan {}", plan.number.0),
        Event::Intent { plan, step, .. } | Event::Outcome { plan, step, .. } => {
            format!("{}.{}", plan.0, step + 1)
        }
        Event::ReadBack { plan, check, .. } => format!("{}.{}", plan.0, check + 1),
        Event::Reconciled { result } => format!("{:?}", result.verdict()),
        _ => String::new(),
    }
}

/// Plans are numbered alike in every run; the other messages carry a sequence number, which is not.
fn stem(post: &PostKey) -> String {
    match post.0.split_once('-') {
        Some(("plan", number)) => format!("plan {number}"),
        Some((stem, _)) => stem.to_owned(),
        None => post.0.clone(),
    }
}
