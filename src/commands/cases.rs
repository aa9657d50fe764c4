//! `cases`, `status`, `verify` and `report`: reading the journal without Slack.

use crate::cli::{CaseArguments, Store};
use crate::commands::CommandError;
use crate::commands::stores::{self, Stores};
use crate::config;
use crate::domain::case::{Case, PlanState, PlanStatus};
use crate::domain::ids::CaseId;
use crate::domain::record::{Record, Tampering, check_chain};
use crate::domain::report;
use crate::flow::ledger::Ledger;
use std::path::Path;
use std::sync::Arc;

/// Lists every case, newest last.
pub async fn cases(store: &Store) -> Result<String, CommandError> {
    let stores = open(store.config.as_deref(), None).await?;
    let ids = stores.work.all_cases().await;
    let ids = ids.map_err(|error| CommandError::Setup(error.to_string()))?;
    let ledger = Ledger::new(Arc::clone(&stores.journal));
    let mut lines = Vec::new();
    for id in ids {
        let line = match ledger.find(&id).await {
            Ok(Some(case)) => {
                format!("{id}  {}  {}", case.opening().key, report::status_words(&case))
            }
            Ok(None) => continue,
            Err(error) => format!("{id}  cannot be read: {error}"),
        };
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push("There is no case.".to_owned());
    }
    let brake = stores.work.brake().await;
    let brake = brake.map_err(|error| CommandError::Setup(error.to_string()))?;
    lines.extend(brake.filter(|brake| brake.frozen).map(|brake| brake.words()));
    Ok(lines.join("\n"))
}

/// Says where a case stands, in the words of its summary.
pub async fn status(arguments: &CaseArguments) -> Result<String, CommandError> {
    let case = load(arguments).await?;
    let mut lines = vec![format!("{} {}", case.id(), report::status_words(&case))];
    lines.extend(report::summary(&case, case.seq()));
    let under_way = |state: &&PlanState| {
        matches!(
            state.status(),
            PlanStatus::Proposed | PlanStatus::Approved | PlanStatus::Executing
        )
    };
    let newest = case.plans().rev().find(under_way);
    lines.extend(newest.map(|state| report::whole_plan(&case, state)));
    Ok(lines.join("\n"))
}

/// The report as Markdown.
pub async fn report(arguments: &CaseArguments) -> Result<String, CommandError> {
    Ok(report::markdown(&load(arguments).await?))
}

/// Checks a case's journal; an error when a record is not as it was written.
pub async fn verify(arguments: &CaseArguments) -> Result<String, CommandError> {
    let stores = open(arguments.config.as_deref(), arguments.journal.as_deref()).await?;
    let id = CaseId(arguments.case.clone());
    let lines = stores.journal.read(&id, 0).await;
    let lines = lines.map_err(|error| CommandError::Setup(error.to_string()))?;
    if lines.is_empty() {
        return Err(CommandError::Found(format!("there is no case {id} in this journal")));
    }
    match check(&id, &lines) {
        Ok(records) => Ok(good(&id, &records, arguments.json)),
        Err(problem) => Err(CommandError::Found(bad(&id, &problem, arguments.json))),
    }
}

/// Checks the chain, and that each record could follow the ones before it.
pub fn check(id: &CaseId, lines: &[String]) -> Result<Vec<Record>, Tampering> {
    let records = check_chain(id, lines)?;
    let mut records_left = records.iter();
    let illegal = |seq: u64, why: String| Tampering::Illegal { seq, why };
    let Some(first) = records_left.next() else {
        return Ok(records);
    };
    let mut case =
        Case::open(first.clone()).map_err(|error| illegal(first.seq, error.to_string()))?;
    for record in records_left {
        case.apply(record).map_err(|error| illegal(record.seq, error.to_string()))?;
    }
    Ok(records)
}

fn good(id: &CaseId, records: &[Record], json: bool) -> String {
    let head = records.last().map(|record| record.hash.as_str()).unwrap_or_default();
    if json {
        let verdict = serde_json::json!({
            "case": id, "intact": true, "records": records.len(), "head": head, "anchored": false,
        });
        return verdict.to_string();
    }
    format!("{id}: {} records, internally consistent, not anchored\nhead {head}", records.len())
}

fn bad(id: &CaseId, problem: &Tampering, json: bool) -> String {
    if json {
        let verdict = serde_json::json!({ "case": id, "intact": false, "first_bad": problem });
        return verdict.to_string();
    }
    format!("{id}: {problem}")
}

async fn load(arguments: &CaseArguments) -> Result<Case, CommandError> {
    let stores = open(arguments.config.as_deref(), arguments.journal.as_deref()).await?;
    let ledger = Ledger::new(stores.journal);
    Ok(ledger.load(&CaseId(arguments.case.clone())).await?)
}

async fn open(config: Option<&Path>, journal: Option<&Path>) -> Result<Stores, CommandError> {
    if let Some(path) = journal {
        if !path.exists() {
            return Err(CommandError::Setup(format!("there is no journal {}", path.display())));
        }
        return stores::sqlite(path);
    }
    // Reading the journal needs none of Slack's secrets.
    let config = config::load_for_setup(config)?;
    let sdk = stores::sdk(config.aws.region.clone()).await;
    stores::journal(&config, &sdk)
}
