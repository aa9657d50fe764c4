//! Questions kept as named queries of Athena: made, brought up to date and taken away, and none
//! that somebody else made or changed.

use crate::aws::athena_alone::bare;
use crate::aws::athena_table::AthenaSettings;
use crate::aws::error::call_error;
use crate::aws::listing::incomplete;
use crate::domain::digest::sha256_hex;
use crate::domain::ids::AccessKeyId;
use crate::domain::question::Question;
use crate::ports::clock::Clock;
use crate::ports::cloud::{CallClass, CallError};
use aws_config::SdkConfig;
use aws_sdk_athena::types::NamedQuery as Found;
use std::time::Duration;

const LIST: &str = "athena:ListNamedQueries";
const READ: &str = "athena:BatchGetNamedQuery";
const CREATE: &str = "athena:CreateNamedQuery";
const UPDATE: &str = "athena:UpdateNamedQuery";
const DELETE: &str = "athena:DeleteNamedQuery";

/// What whoever saves questions needs; the bot saves none, and has none of these rights.
pub const CALLS: &[&str] = &[LIST, READ, CREATE, UPDATE];
/// What taking them away needs besides listing and reading.
pub const CALLS_OF_REMOVAL: &[&str] = &[DELETE];

/// The workgroup that every account has.
const PRIMARY: &str = "primary";
/// Athena's limit for one look at queries by their ids.
const READ_MAX: usize = 50;
/// Athena's limit for the text of a query.
const TEXT_BYTES_MAX: usize = 262_144;
/// Athena's limit for a description.
const DESCRIPTION_CHARS_MAX: usize = 1_024;
/// Athena takes five of these calls in a second, for as long as one likes.
const CALL_EVERY: Duration = Duration::from_millis(220);
/// How a text of ours begins; its seal follows.
const HEAD: &str = "-- Saved by keyleak, ";
/// What the first line says after the seal.
const HEAD_END: &str = ": it replaces this text only while nobody has changed it.\n";
/// So much of a SHA-256 tells any change that somebody makes.
const SEAL_CHARS: usize = 16;
/// A token may name a query that was deleted since; so often another one is tried.
const TOKENS_MAX: u32 = 3;

/// One question about one key, as it is to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedQuery {
    pub name: String,
    pub description: String,
    text: String,
}

/// What became of a named query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    Saved,
    Updated,
    Unchanged,
    /// Somebody else made it, or changed it since, or it is of another key.
    LeftAlone,
    Removed,
}

/// What was done, by the names of the queries, and why that was not all.
#[derive(Debug, Default)]
pub struct Kept {
    pub done: Vec<(String, Became)>,
    pub failed: Option<CallError>,
}

/// The named queries of one workgroup that are about one database.
#[derive(Debug)]
pub struct NamedQueries {
    client: aws_sdk_athena::Client,
    workgroup: String,
    database: String,
    clock: Clock,
}

impl Became {
    pub const ALL: [Self; 5] =
        [Self::Saved, Self::Updated, Self::Unchanged, Self::LeftAlone, Self::Removed];

    pub fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::LeftAlone => "left alone",
            Self::Removed => "removed",
        }
    }
}

impl NamedQuery {
    /// A question with its times in it, after the cut of a key.
    pub fn new(key: &AccessKeyId, question: &Question, sql: &str, table: &str) -> Self {
        let name = format!("{}{} {}", prefix(key), question.id, question.name);
        let words = format!("{} {} Of {key}.", question.question, question.meaning);
        let description: String = words.chars().take(DESCRIPTION_CHARS_MAX).collect();
        let about = format!("{} {} of {key}", question.id, question.name);
        let body = format!("-- {about}\n{}\n{}", table.trim(), bare(sql));
        let seal = seal(&name, &description, &body);
        Self { text: format!("{HEAD}{seal}{HEAD_END}{body}"), name, description }
    }

    /// The SQL, in Athena's dialect, with its head.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why Athena would not keep it.
    pub fn fault(&self) -> Option<String> {
        let bytes = self.text.len();
        (bytes > TEXT_BYTES_MAX).then(|| {
            format!(
                "{} would have {bytes} bytes, and Athena keeps at most {TEXT_BYTES_MAX}: too much \
                 grew out of the key to be named in one text; begin later with --from",
                self.name
            )
        })
    }

    /// The same text is the same request, however often it is sent; each turn is another one.
    fn token(&self, workgroup: &str, database: &str, turn: u32) -> String {
        let parts = [workgroup, database, &self.name, &self.text, &turn.to_string()];
        sha256_hex(parts.join("\u{1e}").as_bytes())
    }
}

impl NamedQueries {
    /// Those of the workgroup and database that the settings name.
    pub fn new(config: &SdkConfig, settings: &AthenaSettings, clock: Clock) -> Self {
        Self {
            client: aws_sdk_athena::Client::new(config),
            workgroup: settings.workgroup.clone().unwrap_or_else(|| PRIMARY.to_owned()),
            database: settings.database.clone(),
            clock,
        }
    }

    pub fn place(&self) -> String {
        format!("the workgroup {}, database {}", self.workgroup, self.database)
    }

    /// Makes what is not there, and brings up to date what is there and ours.
    pub async fn save(&self, key: &AccessKeyId, wanted: &[NamedQuery]) -> Kept {
        let mut kept = Kept::default();
        let known = match self.known(key).await {
            Ok(known) => known,
            Err(error) => return Kept { failed: Some(error), ..kept },
        };
        for query in wanted {
            match self.bring(key, query, &known).await {
                Ok(became) => kept.done.push((query.name.clone(), became)),
                Err(error) => return Kept { failed: Some(error), ..kept },
            }
        }
        kept
    }

    /// Takes away whatever is of this key and ours.
    pub async fn remove(&self, key: &AccessKeyId) -> Kept {
        let mut kept = Kept::default();
        let known = match self.known(key).await {
            Ok(known) => known,
            Err(error) => return Kept { failed: Some(error), ..kept },
        };
        for found in &known {
            let mut became = Became::LeftAlone;
            if is_ours(found, key) {
                let request = self.client.delete_named_query();
                let request = request.set_named_query_id(found.named_query_id.clone());
                self.clock.sleep(CALL_EVERY).await;
                if let Err(error) = request.send().await {
                    return Kept { failed: Some(call_error(DELETE, &error)), ..kept };
                }
                became = Became::Removed;
            }
            kept.done.push((found.name.clone(), became));
        }
        kept
    }

    /// Whatever bears a name that a question about this key may have, in the order of the names.
    async fn known(&self, key: &AccessKeyId) -> Result<Vec<Found>, CallError> {
        let request = self.client.list_named_queries().work_group(&self.workgroup);
        let ids: Vec<String> =
            every_page!(LIST, request, |page| page.named_query_ids.unwrap_or_default());
        let prefix = prefix(key);
        let mut known = Vec::new();
        for ids in ids.chunks(READ_MAX) {
            let read = self.read(ids.to_vec()).await?;
            // What cannot be seen might be ours, and would be made a second time.
            if read.len() < ids.len() {
                let why = "some named queries were not told; nothing was changed, try again";
                return Err(CallError::new(CallClass::Unavailable, READ, why));
            }
            known.extend(read);
        }
        known.retain(|found| found.name.starts_with(&prefix) && found.database == self.database);
        known.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(known)
    }

    async fn read(&self, ids: Vec<String>) -> Result<Vec<Found>, CallError> {
        let request = self.client.batch_get_named_query().set_named_query_ids(Some(ids));
        let answer = request.send().await.map_err(|error| call_error(READ, &error))?;
        Ok(answer.named_queries.unwrap_or_default())
    }

    async fn bring(
        &self,
        key: &AccessKeyId,
        query: &NamedQuery,
        known: &[Found],
    ) -> Result<Became, CallError> {
        let mut became = None;
        for found in known.iter().filter(|found| found.name == query.name) {
            became = Some(self.update(key, query, found).await?);
        }
        match became {
            Some(became) => Ok(became),
            None => self.create(query).await.map(|()| Became::Saved),
        }
    }

    async fn update(
        &self,
        key: &AccessKeyId,
        query: &NamedQuery,
        found: &Found,
    ) -> Result<Became, CallError> {
        if !is_ours(found, key) {
            return Ok(Became::LeftAlone);
        }
        if found.query_string == query.text {
            return Ok(Became::Unchanged);
        }
        self.clock.sleep(CALL_EVERY).await;
        let request = self.client.update_named_query();
        let answer = request
            .set_named_query_id(found.named_query_id.clone())
            .name(&query.name)
            .description(&query.description)
            .query_string(&query.text)
            .send()
            .await;
        answer.map_err(|error| call_error(UPDATE, &error))?;
        Ok(Became::Updated)
    }

    /// Makes it, and looks whether it is there: a repeated token has the first answer, even where
    /// what that one made was deleted since.
    async fn create(&self, query: &NamedQuery) -> Result<(), CallError> {
        for turn in 0..TOKENS_MAX {
            self.clock.sleep(CALL_EVERY).await;
            let request = self.client.create_named_query();
            let answer = request
                .name(&query.name)
                .description(&query.description)
                .database(&self.database)
                .work_group(&self.workgroup)
                .query_string(&query.text)
                .client_request_token(query.token(&self.workgroup, &self.database, turn))
                .send()
                .await
                .map_err(|error| call_error(CREATE, &error))?;
            let id = answer.named_query_id;
            let id = id.ok_or_else(|| incomplete(CREATE, "no id of what it made"))?;
            if !self.read(vec![id]).await?.is_empty() {
                return Ok(());
            }
        }
        let why = format!("{} is not there after it was made; save again later", query.name);
        Err(CallError::new(CallClass::Other, CREATE, why))
    }
}

/// How the names of all questions about a key begin.
fn prefix(key: &AccessKeyId) -> String {
    format!("keyleak {} ", key.last_four())
}

/// Whether we wrote it, about this very key, and nobody changed it since.
fn is_ours(found: &Found, key: &AccessKeyId) -> bool {
    let sealed = found.query_string.strip_prefix(HEAD).and_then(|rest| rest.split_once(HEAD_END));
    let description = found.description.as_deref().unwrap_or_default();
    let of_key = found.query_string.contains(&format!("'{}'", key.reveal()));
    let is_whole = |(seal, body): (&str, &str)| seal == self::seal(&found.name, description, body);
    of_key && sealed.is_some_and(is_whole)
}

fn seal(name: &str, description: &str, body: &str) -> String {
    let whole = sha256_hex([name, description, body].join("\u{1e}").as_bytes());
    whole.chars().take(SEAL_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::question::parse;

    const TEXT: &str = "-- id: ACME1\n-- name: calls\n-- question: What was called?\n\
                        -- phase: scope\n-- impact: evidence\n-- parameters: none\n\
                        -- columns: call\n-- source: case_table\n-- meaning: One row for each.\n\
                        -- none: Nothing.\nSELECT event_name AS call FROM case_table;\n";

    fn key() -> AccessKeyId {
        AccessKeyId::from_record("AKIAQNZGKIQY56JQ7WML").unwrap()
    }

    fn query(table: &str) -> NamedQuery {
        let question = parse(TEXT).unwrap();
        NamedQuery::new(&key(), &question, &question.sql, table)
    }

    fn found(query: &NamedQuery) -> Found {
        let found = Found::builder().name(&query.name).description(&query.description);
        found.database("logs").query_string(&query.text).build().unwrap()
    }

    const TABLE: &str = "WITH case_table AS (SELECT 'AKIAQNZGKIQY56JQ7WML' AS event_name)";

    #[test]
    fn a_query_is_named_and_described_without_the_id_of_the_key() {
        let query = query(TABLE);
        assert_eq!(query.name, "keyleak 7WML ACME1 calls");
        assert_eq!(query.description, "What was called? One row for each. Of AKIA…7WML.");
        let (head, rest) = query.text().split_once("-- ACME1 calls of AKIA…7WML\n").unwrap();
        assert!(head.starts_with(HEAD) && head.ends_with(HEAD_END), "{head}");
        assert_eq!(rest, format!("{TABLE}\nSELECT event_name AS call FROM case_table"));
    }

    #[test]
    fn ours_is_what_we_wrote_about_this_key_and_nobody_changed() {
        let query = query(TABLE);
        assert!(is_ours(&found(&query), &key()));
        let other = AccessKeyId::from_record("AKIAQNZGKIQYAAAA7WML").unwrap();
        assert!(!is_ours(&found(&query), &other), "it only ends as that one");
        type Change = fn(&mut Found);
        let changes: [Change; 4] = [
            |found| found.query_string.push_str("\nLIMIT 5"),
            |found| found.query_string = found.query_string.replace(HEAD, "-- "),
            |found| found.name.push('2'),
            |found| found.description = None,
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut changed = found(&query);
            change(&mut changed);
            assert!(!is_ours(&changed, &key()), "{place}");
        }
    }

    #[test]
    fn what_athena_would_not_keep_is_told_before_anything_is_saved() {
        assert_eq!(query(TABLE).fault(), None);
        let fault = query(&format!("{TABLE}{}", " ".repeat(TEXT_BYTES_MAX) + "x")).fault().unwrap();
        assert!(fault.contains("262144") && fault.contains("--from"), "{fault}");
    }
}
