//! `approve`, `deny`, `withdraw`, `undo`, `allow`, `freeze` and `thaw`: deciding without Slack.

use crate::aws::clients;
use crate::aws::operator::{Pen, StsWitness};
use crate::cli::{
    AdjustmentArguments, AllowArguments, BrakeArguments, DecisionArguments, UndoArguments,
};
use crate::commands::stores::{self, Stores};
use crate::commands::{CommandError, ask};
use crate::config::{self, Config, JournalConfig};
use crate::domain::brake::{Brake, next_number};
use crate::domain::button::PlanAddress;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::operator::{Order, Verb};
use crate::domain::plan::{PlanNumber, StepAddress};
use crate::domain::plan_state::PlanState;
use crate::domain::report;
use crate::domain::wanted::Wanted;
use crate::domain::way::Way;
use crate::flow::desk::Bench;
use crate::flow::ledger::Ledger;
use crate::flow::operator::{Counter, carry_out};
use crate::flow::people::People;
use crate::ports::clock::Clock;
use aws_config::SdkConfig;
use std::path::Path;
use std::sync::Arc;

/// So much of the hash has to be typed: nobody types it without having it before their eyes.
const HASH_TYPED_MIN: usize = 8;
/// A reason is a sentence; Slack shows no more of a notice.
const REASON_CHARS_MAX: usize = 500;

/// The parts that an order needs.
struct Office {
    config: Config,
    stores: Stores,
    ledger: Ledger,
    sdk: SdkConfig,
}

/// Decides about a plan after showing all of it.
pub async fn decide(verb: Verb, arguments: &DecisionArguments) -> Result<String, CommandError> {
    let order = |at, reason| Order::Decide { verb, at, reason };
    let number = arguments.plan;
    give((verb.word(), &past(verb, number)), arguments, order).await
}

/// Asks for the undo of all that stands, or of these steps.
pub async fn undo(arguments: &UndoArguments) -> Result<String, CommandError> {
    let decision = &arguments.decision;
    if arguments.step.is_empty() {
        return decide(Verb::Undo, decision).await;
    }
    let steps: Option<Vec<_>> =
        arguments.step.iter().map(|step| StepAddress::parse(step)).collect();
    let steps = steps.ok_or_else(|| {
        CommandError::Setup("--step takes a plan and a step, such as 1.2".to_owned())
    })?;
    let past = format!("the undo of {} asked for", arguments.step.join(", "));
    give(("undo steps of", &past), decision, |at, _| Order::UndoSteps { at, steps }).await
}

/// Leaves a principal out of the plans, or takes one in.
pub async fn adjust(
    wanted: fn(String) -> Wanted,
    arguments: &AdjustmentArguments,
) -> Result<String, CommandError> {
    change(wanted(arguments.what.clone()), &arguments.decision).await
}

/// Chooses the way in which the key's principal is contained.
pub async fn contain_by(arguments: &AdjustmentArguments) -> Result<String, CommandError> {
    let ways: Vec<&str> = Way::ALL.into_iter().map(Way::slug).collect();
    let way = Way::from_slug(&arguments.what).ok_or_else(|| {
        CommandError::Setup(format!("there is no such way; these are: {}", ways.join(", ")))
    })?;
    change(Wanted::Choose(way), &arguments.decision).await
}

async fn change(wanted: Wanted, decision: &DecisionArguments) -> Result<String, CommandError> {
    let past = format!("{}; what waited for approval is void", wanted.words());
    let order = |at, _| Order::Adjust { at, wanted: vec![wanted] };
    give(("change", &past), decision, order).await
}

/// Shows a plan, wants its hash, and gives the order about it.
async fn give(
    (verb, past): (&str, &str),
    arguments: &DecisionArguments,
    order: impl FnOnce(PlanAddress, Option<String>) -> Order,
) -> Result<String, CommandError> {
    let office = Office::to_decide(verb, arguments.config.as_deref()).await?;
    let id = CaseId(arguments.case.clone());
    let case = office.ledger.load(&id).await?;
    let state = plan(&case, arguments.plan)?;
    let reason = reason(arguments.reason.as_deref())?;
    ask::say(&report::whole_plan(&case, state))?;
    let whose = format!("plan {}", state.plan.number.0);
    confirm(verb, (&whose, &state.hash), arguments.hash.as_deref()).await?;
    let at = PlanAddress { case: id.clone(), plan: state.plan.number, hash: state.hash.clone() };
    let order = order(at, reason);
    let who = office.order(order, arguments.profile.as_deref()).await?;
    let after = office.ledger.load(&id).await?;
    let became = after.plan(PlanNumber(arguments.plan)).map(report::plan_words);
    let mut lines = vec![
        format!("Recorded: {past} {who}. {}", became.unwrap_or_default()),
        "The channel hears of it as soon as Slack can be reached.".to_owned(),
    ];
    lines.extend(
        office.newest_brake().await?.filter(|brake| brake.frozen).map(|brake| {
            format!("Nothing is carried out before `keyleak thaw`. {}", brake.words())
        }),
    );
    Ok(lines.join("\n"))
}

/// Lets a reading scan more than it may by itself.
pub async fn allow(arguments: &AllowArguments) -> Result<String, CommandError> {
    let office = Office::to_decide("allow", arguments.config.as_deref()).await?;
    let case = CaseId(arguments.case.clone());
    let now = office.ledger.load(&case).await?;
    let reading = arguments.reading;
    let waiting = now.spending().not_allowed().find(|waiting| waiting.seq == reading);
    let scan = &waiting.ok_or_else(|| no_reading(&now, reading))?.scan;
    ask::say(&format!(
        "Reading {reading} of case {case}: {} would scan {}.\nThe hash of its SQL: {}",
        scan.what(),
        scan.words(),
        scan.sql_sha256
    ))?;
    let whose = format!("the SQL of reading {reading}");
    confirm("allow", (&whose, &scan.sql_sha256), arguments.hash.as_deref()).await?;
    let order = Order::Allow { case, reading, sql_sha256: scan.sql_sha256.clone() };
    let who = office.order(order, arguments.profile.as_deref()).await?;
    Ok(format!("Recorded: reading {reading} allowed {who}. It is read once, and begins now."))
}

fn no_reading(case: &Case, number: u64) -> CommandError {
    let waits: Vec<_> =
        case.spending().not_allowed().map(|waiting| waiting.seq.to_string()).collect();
    let there = if waits.is_empty() { "none".to_owned() } else { waits.join(", ") };
    CommandError::Found(format!(
        "no reading {number} of case {} waits to be allowed; these do: {there}",
        case.id()
    ))
}

/// Stops every change by every replica, or lets them go on.
pub async fn move_brake(frozen: bool, arguments: &BrakeArguments) -> Result<String, CommandError> {
    let office = Office::open(arguments.config.as_deref()).await?;
    office.need_operators()?;
    let why = reason(Some(&arguments.reason))?.unwrap_or_default();
    let newest = office.newest_brake().await?;
    let order = Order::MoveBrake { number: next_number(newest.as_ref()), frozen, why };
    let who = office.order(order, arguments.profile.as_deref()).await?;
    Ok(if frozen {
        format!(
            "Frozen {who}. No replica begins another change; one that is being made at this moment \
             comes to its end. Deciding, reading and talking go on. `keyleak thaw` lifts it."
        )
    } else {
        format!("Thawed {who}. What was decided meanwhile is carried out now.")
    })
}

impl Office {
    /// For a decision about a case, which needs a journal that not everybody can write.
    async fn to_decide(verb: &str, config: Option<&Path>) -> Result<Self, CommandError> {
        let office = Self::open(config).await?;
        if matches!(office.config.journal, JournalConfig::Sqlite(_)) {
            return Err(CommandError::Setup(format!(
                "`keyleak {verb}` is off while journal.store is \"sqlite\": whoever can write \
                 that file could decide as anybody. Decide in Slack, or keep the journal in \
                 DynamoDB"
            )));
        }
        office.need_operators()?;
        Ok(office)
    }

    async fn open(config: Option<&Path>) -> Result<Self, CommandError> {
        // An operator needs none of Slack's secrets.
        let config = config::load_for_setup(config)?;
        let sdk = stores::sdk(config.aws.region.clone()).await;
        let stores = stores::journal(&config, &sdk)?;
        let ledger = Ledger::new(Arc::clone(&stores.journal));
        Ok(Self { config, stores, ledger, sdk })
    }

    async fn newest_brake(&self) -> Result<Option<Brake>, CommandError> {
        let newest = self.stores.work.brake().await;
        newest.map_err(|error| CommandError::Setup(error.to_string()))
    }

    fn need_operators(&self) -> Result<(), CommandError> {
        if self.config.rules.policy.team.is_empty() {
            return Err(CommandError::Setup(
                "slack.team_id is missing; set the workspace's id (T…)".to_owned(),
            ));
        }
        if self.config.operators.is_empty() {
            return Err(CommandError::Setup(
                "nobody may order from the command line: map AWS identities to people under \
                 [people.operators], such as \"arn:aws:iam::<account>:role/<name>/*\" = \"U…\""
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Signs the order, has it proven and judged; the words say as whom.
    async fn order(&self, order: Order, profile: Option<&str>) -> Result<String, CommandError> {
        let own = match profile {
            Some(name) => clients::with_profile(&self.sdk, name),
            None => self.sdk.clone(),
        };
        let signature = Pen::new(&own).sign(&order).await.map_err(|error| {
            CommandError::Setup(format!("the order could not be signed: {error}"))
        })?;
        let witness = StsWitness::new(&self.sdk);
        let counter = Counter {
            bench: Bench {
                ledger: &self.ledger,
                written: &self.config.rules.policy,
                people: &People::nobody_to_ask(),
                plans: &self.config.rules.plans,
                clock: Clock::real(),
            },
            work: self.stores.work.as_ref(),
            witness: &witness,
            operators: &self.config.operators,
        };
        let caller = carry_out(&counter, order, &signature).await;
        let caller = caller.map_err(|error| CommandError::Found(error.to_string()))?;
        let arn = caller.identity().map(|identity| identity.arn.as_str()).unwrap_or_default();
        Ok(format!("as {}, proven by {arn}", caller.person().user))
    }
}

fn plan(case: &Case, number: u32) -> Result<&PlanState, CommandError> {
    case.plan(PlanNumber(number)).ok_or_else(|| {
        let plans: Vec<_> = case.plans().map(|state| state.plan.number.0.to_string()).collect();
        let there = if plans.is_empty() { "none yet".to_owned() } else { plans.join(", ") };
        CommandError::Found(format!("case {} has no plan {number}; it has: {there}", case.id()))
    })
}

/// Nothing is decided on what was not read: part of its hash has to be given.
async fn confirm(
    word: &str,
    (whose, hash): (&str, &str),
    given: Option<&str>,
) -> Result<(), CommandError> {
    let given = match given {
        Some(given) => given.to_owned(),
        None => {
            let question =
                format!("To {word} it, type the first {HASH_TYPED_MIN} characters of the hash: ");
            ask::line(&question).await?.ok_or_else(|| {
                CommandError::Found(format!(
                    "nothing was typed, so nothing is done; with no terminal give --hash <the \
                     first {HASH_TYPED_MIN} characters>"
                ))
            })?
        }
    };
    let given = given.trim().to_lowercase();
    if given.len() >= HASH_TYPED_MIN && hash.starts_with(&given) {
        return Ok(());
    }
    Err(CommandError::Found(format!(
        "\"{given}\" is not how the hash of {whose} begins (give at least {HASH_TYPED_MIN} \
         characters of it), so nothing is done; read what stands above again"
    )))
}

fn reason(given: Option<&str>) -> Result<Option<String>, CommandError> {
    let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) else {
        return Ok(None);
    };
    if given.chars().count() > REASON_CHARS_MAX || given.chars().any(char::is_control) {
        return Err(CommandError::Setup(format!(
            "--reason takes one line of at most {REASON_CHARS_MAX} characters"
        )));
    }
    Ok(Some(given.to_owned()))
}

fn past(verb: Verb, plan: u32) -> String {
    match verb {
        Verb::Approve => format!("plan {plan} approved"),
        Verb::Deny => format!("plan {plan} denied"),
        Verb::Withdraw => format!("the approval of plan {plan} taken back"),
        Verb::Undo => format!("the undo of plan {plan} asked for"),
    }
}
