//! `keyleak manifest`: prints what to install, from the files that the tests hold to the code.

use crate::cli::Manifest;

const SLACK_APP: &str = include_str!("../../manifests/slack-app.json");
const LOOKUP: &str = include_str!("../../manifests/iam/lookup.json");
const CONTAIN: &str = include_str!("../../manifests/iam/contain.json");
const BOT: &str = include_str!("../../manifests/iam/bot.json");
const TABLES: &str = include_str!("../../manifests/dynamodb/tables.yaml");

/// The text of a manifest.
pub fn print(what: Manifest) -> String {
    match what {
        Manifest::Slack => SLACK_APP.to_owned(),
        Manifest::Iam => format!(
            "# lookup: the role that only reads\n{LOOKUP}\n# contain: the role that changes\n{CONTAIN}\n\
             # bot: what the service itself needs\n{BOT}"
        ),
        Manifest::Table => TABLES.to_owned(),
    }
}
