//! `keyleak reconcile`: holds a case's journal against AWS's own log, and keeps what came of it.

use crate::aws::contain::AwsContain;
use crate::cli::ReconcileArguments;
use crate::commands::{CommandError, stores, trails};
use crate::config;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::record::Entry;
use crate::domain::report;
use crate::flow::ledger::Ledger;
use crate::flow::reconcile::{Witnesses, held_against};
use crate::ports::clock::Clock;
use crate::ports::cloud::Contain;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Prints what the two witnesses say; an error when they differ.
pub async fn reconcile(arguments: &ReconcileArguments) -> Result<String, CommandError> {
    let config = config::load_for_setup(arguments.config.as_deref())?;
    let sdk = stores::sdk(config.aws.region.clone()).await;
    let stores = stores::journal(&config.journal, &sdk)?;
    let trail = trails::configured(&config, &sdk, &TaskTracker::new()).await?;
    let contain = AwsContain::new(&sdk, config.aws.contain.as_ref());
    let ledger = Ledger::new(Arc::clone(&stores.journal));
    let case = ledger.load(&CaseId(arguments.case.clone())).await?;
    let witnesses = Witnesses {
        work: stores.work.as_ref(),
        contain: contain.as_ref().map(|contain| contain as &dyn Contain),
        trail: trail.as_deref(),
        complete_after: config.rules.timing.trail_complete_after,
    };
    let now = Clock::real().now();
    let result = held_against(&witnesses, &case, now).await;
    let result = result.map_err(|error| CommandError::Setup(error.to_string()))?;
    let event = Event::Reconciled { result: Box::new(result.clone()) };
    let kept = ledger.note(case.id(), Entry::own(now, event)).await;
    let text = if arguments.json {
        serde_json::json!({ "case": case.id(), "agrees": result.agrees(), "result": result })
            .to_string()
    } else {
        report::witness_lines(&result).join("\n")
    };
    if let Err(error) = kept {
        return Err(CommandError::Found(format!("{text}\nThis was not recorded: {error}")));
    }
    if result.agrees() { Ok(text) } else { Err(CommandError::Found(text)) }
}
