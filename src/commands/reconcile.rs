//! `keyleak reconcile`: holds a case's journal against AWS's own log, and changes nothing.

use crate::aws::clients::{AwsSettings, RoleSettings};
use crate::cli::ReconcileArguments;
use crate::commands::stores::{self, Stores};
use crate::commands::{CommandError, trails};
use crate::config;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::reconciliation::comparison::Comparison;
use crate::domain::reconciliation::{Reconciliation, Verdict};
use crate::domain::report::witness_lines;
use crate::drill::world::production_timing;
use crate::flow::ledger::Ledger;
use crate::flow::purse::Purse;
use crate::flow::reconcile::{Witness, held_against};
use crate::ports::trail::Trail;
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use serde_json::json;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Where journal and trail are, whose calls are looked for, and when a trail is complete.
struct Sources {
    stores: Stores,
    trail: Option<Arc<dyn Trail>>,
    /// The settings that name the roles of each account, where the command line names none.
    settings: AwsSettings,
    complete_after: jiff::SignedDuration,
}

/// Prints what the two witnesses say; an error unless they agree in everything.
pub async fn reconcile(arguments: &ReconcileArguments) -> Result<String, CommandError> {
    let sources = sources(arguments).await?;
    let ledger = Ledger::new(Arc::clone(&sources.stores.journal));
    let case = ledger.load(&CaseId(arguments.case.clone())).await?;
    let trail = sources.trail.ok_or_else(|| {
        let words = "no trail is configured, so nothing was compared; name the folder with \
                     delivered CloudTrail objects with --trail, or set trail.athena";
        CommandError::Setup(words.to_owned())
    })?;
    let roles = roles(arguments, &sources.settings, &case);
    if roles.is_empty() {
        return Err(CommandError::Setup(unknown_role(&case)));
    }
    let listed = sources.stores.work.all_cases().await;
    let listed = listed.map_err(|error| CommandError::Setup(error.to_string()))?;
    let (journal, complete_after) = (sources.stores.journal.as_ref(), sources.complete_after);
    let (trail, purse) = (trail.as_ref(), &Purse::default());
    let witness = Witness { trail, journal, roles: &roles, complete_after, purse };
    let compared = held_against(witness, &case, listed).await;
    let compared = compared.map_err(|error| CommandError::Setup(error.to_string()))?;
    let text = if arguments.json { as_json(&case, &compared) } else { as_words(&case, &compared) };
    match compared.result.verdict() {
        Verdict::Agrees => Ok(text),
        Verdict::Differs | Verdict::NotYetDelivered => Err(CommandError::Found(text)),
    }
}

async fn sources(arguments: &ReconcileArguments) -> Result<Sources, CommandError> {
    let local = || -> Option<Arc<dyn Trail>> {
        let trail = LocalTrail::new(arguments.trail.clone());
        let given = !arguments.trail.is_empty();
        given.then(|| Arc::new(Investigator::new(trail)) as Arc<dyn Trail>)
    };
    if let Some(journal) = &arguments.journal {
        return Ok(Sources {
            stores: stores::kept(journal)?,
            trail: local(),
            settings: AwsSettings::default(),
            // A journal alone names no settings.
            complete_after: production_timing().trail_complete_after,
        });
    }
    // Reading what was kept needs none of Slack's secrets.
    let config = config::load_for_setup(arguments.config.as_deref())?;
    let sdk = stores::sdk(config.aws.region.clone()).await;
    let trail = match local() {
        Some(trail) => Some(trail),
        None => trails::configured(&config, &sdk, &TaskTracker::new()).await?,
    };
    Ok(Sources {
        stores: stores::journal(&config, &sdk)?,
        trail,
        complete_after: config.rules.timing.trail_complete_after,
        settings: config.aws,
    })
}

/// The roles that change the case's account, by the command line, else by the settings.
fn roles(arguments: &ReconcileArguments, settings: &AwsSettings, case: &Case) -> Vec<String> {
    let ReconcileArguments { contain_role, eradicate_role, recover_role, .. } = arguments;
    let named: Vec<&String> =
        contain_role.iter().chain(eradicate_role).chain(recover_role).collect();
    if !named.is_empty() {
        return named.into_iter().cloned().collect();
    }
    let arn = |role: RoleSettings| role.arn;
    settings.changing_roles(case.account()).into_iter().map(arn).collect()
}

fn unknown_role(case: &Case) -> String {
    let account = case.plans().next().map_or("ACCOUNT", |state| state.plan.account.0.as_str());
    format!(
        "whose calls to look for is not known, so nothing was compared; name the role that changes \
         the account, such as --contain-role arn:aws:iam::{account}:role/keyleak-contain. Changes \
         with own credentials (aws.contain) name neither case nor plan, and cannot be compared"
    )
}

fn as_json(case: &Case, compared: &Comparison) -> String {
    let verdict = compared.result.verdict();
    let Comparison { result, matched, awaited } = compared;
    json!({
        "case": case.id(), "verdict": verdict, "result": result, "matched": matched,
        "awaited": awaited,
    })
    .to_string()
}

fn as_words(case: &Case, compared: &Comparison) -> String {
    let mut lines = vec![format!("Case {}", case.id())];
    lines.extend(witness_lines(&compared.result));
    if !compared.matched.is_empty() {
        lines.push("Step   Time                  Call and what it is about".to_owned());
    }
    lines.extend(compared.matched.iter().map(|matched| {
        let seen = &matched.seen;
        let refused = seen.error.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
        let step = format!("{}.{}", matched.plan.0, matched.step + 1);
        format!("{step:<6} {:<21} {} about {}{refused}", seen.at, seen.call, seen.about)
    }));
    lines.extend(compared.awaited.iter().map(|said| {
        let step = format!("{}.{}", said.plan.0, said.step + 1);
        format!("{step:<6} not in the trail yet  {}", said.what)
    }));
    lines.push(next_step(&compared.result).to_owned());
    lines.join("\n")
}

fn next_step(result: &Reconciliation) -> &'static str {
    match result.verdict() {
        Verdict::Agrees => "Next: nothing. keyleak verify checks that the journal is as written.",
        Verdict::NotYetDelivered if result.looked.unread > 0 => {
            "Next: some objects of the trail could not be read, and may hide a call; get them again \
             (keyleak investigate names them), and run this once more."
        }
        Verdict::NotYetDelivered => {
            "Next: run this again once CloudTrail has delivered, which takes it up to 20 minutes."
        }
        Verdict::Differs if result.calls == 0 => {
            "Next: no call for the case is in the trail at all. Check that this is the role that \
             changes the account (--contain-role), and that the trail has IAM's region, us-east-1. \
             If both are right, run keyleak verify."
        }
        Verdict::Differs => {
            "Next: find out who acts as the role; keyleak freeze stops the bot itself, and denying \
             the role's sessions in IAM stops everybody else. Then keyleak verify."
        }
    }
}
