//! `cases` and `status`: reading the journal without Slack.

use crate::cli::{CaseArguments, JournalArguments};
use crate::commands::CommandError;
use crate::commands::stores::{self, Stores};
use crate::config;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::report;
use crate::domain::tasks;
use crate::flow::ledger::Ledger;
use std::sync::Arc;

/// Lists every case, newest last.
pub async fn cases(at: &JournalArguments) -> Result<String, CommandError> {
    let stores = open(at).await?;
    let ids = stores.work.all_cases().await;
    let ids = ids.map_err(|error| CommandError::Setup(error.to_string()))?;
    let ledger = Ledger::new(Arc::clone(&stores.journal));
    let mut lines = Vec::new();
    for id in ids {
        let line = match ledger.find(&id).await {
            Ok(Some(case)) => {
                let drill = if case.opening().drill { "DRILL: " } else { "" };
                let (key, stands) = (&case.opening().key, report::status_words(&case));
                format!("{id}  {key}  {drill}{stands}")
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
    if !case.impact_answers().is_empty() {
        lines.push("Impact:".to_owned());
        lines.extend(report::impact_lines(&case).iter().map(|line| format!("  {line}")));
    }
    let recovery = report::recovery_lines(&case);
    if !recovery.is_empty() {
        lines.push("Recovery:".to_owned());
        lines.extend(recovery.iter().map(|line| format!("  {line}")));
    }
    let tasks = tasks::lines(&case, None);
    if !tasks.is_empty() {
        lines.push("Tasks of people:".to_owned());
        lines.extend(tasks.iter().map(|line| format!("  {line}")));
    }
    let under_way = |state: &&PlanState| {
        matches!(
            state.status(),
            PlanStatus::Proposed | PlanStatus::Approved | PlanStatus::Executing
        )
    };
    let newest = case.plans().rev().find(under_way);
    lines.extend(newest.map(|state| report::whole_plan(&case, state)));
    lines.extend(report::instructions(&case).map(str::to_owned));
    Ok(lines.join("\n"))
}

async fn load(arguments: &CaseArguments) -> Result<Case, CommandError> {
    let stores = open(&arguments.at).await?;
    let ledger = Ledger::new(stores.journal);
    Ok(ledger.load(&CaseId(arguments.case.clone())).await?)
}

async fn open(at: &JournalArguments) -> Result<Stores, CommandError> {
    if let Some(path) = &at.journal {
        return stores::kept(path);
    }
    // Reading the journal needs none of Slack's secrets.
    let config = config::load_for_setup(at.config.as_deref())?;
    let sdk = stores::sdk(config.aws.region.clone()).await;
    stores::journal(&config, &sdk)
}
