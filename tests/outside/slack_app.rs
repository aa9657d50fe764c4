//! The manifest of the Slack app, judged by Slack's own schemas.

use crate::frame::trial;
use crate::parts::Parts;
use crate::python::Judge;
use crate::slack_reference::contracts;
use keyleak::slack::manifest::{PLACEHOLDER_URL, app, for_socket_mode};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// Both versions in use; a new app may be created under either.
const SCHEMAS: [&str; 2] = ["manifest.schema.1.0.0.json", "manifest.schema.2.0.0.json"];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [good, bad] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial("the_slack_app_is_as_slacks_schemas_want_it", move || {
            let folder = contracts()?;
            let mut judge = good.python()?.judge("schema_judge.py", &[]);
            for schema in SCHEMAS {
                for url in [PLACEHOLDER_URL, "https://bot.example.org/keyleak"] {
                    let app = printed(url);
                    assert_eq!(errors(&mut judge, &folder.join(schema), &app), [""; 0], "{schema}");
                }
                let app = serde_json::from_str(&for_socket_mode()).expect("it is JSON");
                let found = errors(&mut judge, &folder.join(schema), &app);
                assert_eq!(found, [""; 0], "{schema}, with Socket Mode");
            }
            Ok(())
        }),
        trial("slacks_schemas_notice_a_broken_app", move || {
            let folder = contracts()?;
            let mut judge = bad.python()?.judge("schema_judge.py", &[]);
            for schema in SCHEMAS {
                for (place, value) in [
                    ("/features/slash_commands/0/command", json!("keyleak")),
                    ("/settings/interactivity/request_url", json!("keyleak.example.com")),
                    ("/display_information/name", json!("n".repeat(36))),
                    ("/settings", json!({ "socket_mode": true })),
                ] {
                    let mut app = printed(PLACEHOLDER_URL);
                    *app.pointer_mut(place).expect("the place is there") = value;
                    let errors = errors(&mut judge, &folder.join(schema), &app);
                    assert!(!errors.is_empty(), "{schema}: {place} is not judged");
                }
            }
            Ok(())
        }),
    ]
}

fn printed(url: &str) -> Value {
    serde_json::from_str(&app(url)).expect("the manifest is JSON")
}

fn errors(judge: &mut Judge, schema: &Path, document: &Value) -> Vec<String> {
    let answer = judge.ask(&json!({ "schema": schema, "document": document }));
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{answer}"));
    errors.iter().map(|error| error.as_str().unwrap_or_default().to_owned()).collect()
}
