//! The command line: what it offers, and nothing of how it is done.

pub mod setup;

use crate::cli::setup::{ManifestArguments, OneTimeCodeArguments};
use crate::trail::command_line::{InvestigateArguments, QueriesCommand};
use clap::{Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Responds to exposed AWS access keys: a channel per key, an approved plan, a log that proves it
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

/// What keyleak does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole job in a simulated world; needs nothing
    Drill(DrillArguments),
    /// The service
    Serve(Store),
    /// Checks every part of the set-up, one line each, with its fix; changes nothing by itself
    Doctor(DoctorArguments),
    /// Asks CloudTrail what a key did and what grew out of it
    Investigate(InvestigateArguments),
    /// Lists the questions, shows one, or saves them in Athena
    #[command(subcommand)]
    Queries(Queries),
    /// Lists the cases
    Cases(JournalArguments),
    /// Says where a case stands
    Status(CaseArguments),
    /// Approves a plan after showing it; for when Slack is down
    Approve(DecisionArguments),
    /// Denies a plan after showing it
    Deny(DecisionArguments),
    /// Takes an approval back, as long as nothing was changed
    Withdraw(DecisionArguments),
    /// Asks for a plan to be undone; the undo needs its own approval
    Undo(UndoArguments),
    /// Leaves a principal out of a plan after showing it; the plan is made again
    LeaveOut(AdjustmentArguments),
    /// Contains a principal whole that a plan only lists; the plan is made again
    TakeIn(AdjustmentArguments),
    /// Chooses another way of containing the key's principal; the plan is made again
    ContainBy(AdjustmentArguments),
    /// Lets a reading of a log scan more than it may by itself, after showing it
    Allow(AllowArguments),
    /// Stops every change by every replica, at once; deciding and reading go on
    Freeze(BrakeArguments),
    /// Lets changes go on after a freeze
    Thaw(BrakeArguments),
    /// Holds the journal of a case against AWS's own log, and names every difference
    Reconcile(ReconcileArguments),
    /// Checks the journal of a case, and names the first record that is not as it was written
    Verify(VerifyArguments),
    /// Writes everything that was kept of a case into a new folder
    Export(ExportArguments),
    /// Prints the commands that make a deleted user or role again, from an exported snapshot alone
    Restore(RestoreArguments),
    /// Draws the report of a case, live or exported: Markdown, one HTML page, or JSON
    Report(ReportArguments),
    /// Makes the secret of somebody's one-time codes, and shows it once
    OneTimeCode(OneTimeCodeArguments),
    /// Prints what to install
    Manifest(ManifestArguments),
}

/// What to do with the questions.
#[derive(Debug, Clone, Subcommand)]
pub enum Queries {
    #[command(flatten)]
    Read(QueriesCommand),
    /// Saves the questions about a key as named queries of Athena, to be run in its console
    Save(SaveArguments),
}

/// Which questions are saved, and about what. Exit status: 0 all are there and up to date, 1 not.
#[derive(Debug, Clone, clap::Args)]
pub struct SaveArguments {
    /// The case, as its card names it; or an access key id, never its secret
    #[arg(value_name = "CASE|KEY")]
    pub about: String,
    /// The first event time that counts: 2026-08-01 or 2026-08-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The first event time that no longer counts; without it the questions have no end
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// What was made before this time is older; otherwise as the case says
    #[arg(long, value_name = "TIME")]
    pub exposed_since: Option<String>,
    /// When the key was contained; otherwise as the case says
    #[arg(long, value_name = "TIME")]
    pub contained_at: Option<String>,
    /// A question's id or name; may be given several times, and without it all are saved
    #[arg(long, value_name = "ID")]
    pub query: Vec<String>,
    /// Reads the trail even where that scans more than the settings let one reading
    #[arg(long)]
    pub allow_reading: bool,
    /// Takes away what was saved about the key, and reads no trail
    #[arg(long, conflicts_with_all = ["from", "to", "query", "allow_reading"])]
    pub remove: bool,
    /// The AWS profile that saves; without it the credentials that AWS tools find
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The configuration file of the service; Slack's secrets are not needed in it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How the drill is run.
#[derive(Debug, Clone, clap::Args)]
pub struct DrillArguments {
    /// Plays the story with scripted people and prints what happened
    #[arg(long)]
    pub headless: bool,
    /// The scenario, by its name or as a file NAME.toml
    #[arg(long, default_value = "public-repository")]
    pub scenario: String,
    /// Lists the scenarios, and says of each whether it can be played here
    #[arg(long)]
    pub list: bool,
    /// The folder of real trails that some scenarios are played on; otherwise as in
    /// `KEYLEAK_REAL_TRAILS`
    #[arg(long, value_name = "FOLDER")]
    pub trails: Option<PathBuf>,
    /// Where the page is served
    #[arg(long, default_value = crate::config::DEFAULT_LISTEN)]
    pub listen: SocketAddr,
    /// How much faster than the wall clock the drill's clock runs
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub speed: Option<u32>,
    /// Adds the score as a line of JSON to this file; with the page, when the drill ends
    #[arg(long, value_name = "FILE")]
    pub score: Option<PathBuf>,
    /// Keeps the journal, evidence and trail in this folder instead of a temporary one
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
}

/// Where the journal is.
#[derive(Debug, Clone, clap::Args)]
pub struct Store {
    /// The configuration file; without it everything comes from the environment
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What is checked, and how that is told. Exit status: 0 nothing failed, 1 something did.
#[derive(Debug, Clone, clap::Args)]
pub struct DoctorArguments {
    /// The configuration file of the service; without it everything comes from the environment
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Lines for people, or one JSON object
    #[arg(long, value_enum, default_value_t = CheckupFormat::Text)]
    pub format: CheckupFormat,
    /// Makes a private channel and archives it: no other way tells whether the app may
    #[arg(long)]
    pub try_channel: bool,
}

/// How a check-up is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckupFormat {
    Text,
    Json,
}

/// Which journal is read.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalArguments {
    /// The configuration file of the service
    #[arg(long, value_name = "FILE", conflicts_with = "journal")]
    pub config: Option<PathBuf>,
    /// A SQLite journal, such as the one that `drill --keep` leaves
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

/// A decision about a plan, and whose it is.
#[derive(Debug, Clone, clap::Args)]
pub struct DecisionArguments {
    /// The case, as its card names it
    pub case: String,
    /// The number of the plan
    pub plan: u32,
    /// The beginning of the plan's hash, instead of typing it: at least 8 characters
    #[arg(long, value_name = "HASH")]
    pub hash: Option<String>,
    /// Why; goes into the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The AWS profile that proves who decides; without it the credentials that AWS tools find
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The configuration file of the service; Slack's secrets are not needed in it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which reading is allowed, and who allows it.
#[derive(Debug, Clone, clap::Args)]
pub struct AllowArguments {
    /// The case, as its card names it
    pub case: String,
    /// The number of the reading, as the card and `keyleak status` give it
    pub reading: u64,
    /// The beginning of the SQL's hash, instead of typing it: at least 8 characters
    #[arg(long, value_name = "HASH")]
    pub hash: Option<String>,
    /// The AWS profile that proves who decides; without it the credentials that AWS tools find
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The configuration file of the service; Slack's secrets are not needed in it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// An undo, and of what.
#[derive(Debug, Clone, clap::Args)]
pub struct UndoArguments {
    #[command(flatten)]
    pub decision: DecisionArguments,
    /// Takes this step back and leaves the others in force, as plan and step: 1.2
    #[arg(long, value_name = "STEP")]
    pub step: Vec<String>,
}

/// A change of a plan, and whose it is.
#[derive(Debug, Clone, clap::Args)]
pub struct AdjustmentArguments {
    #[command(flatten)]
    pub decision: DecisionArguments,
    /// The principal, as role/NAME or user/NAME; or the way, by its word
    pub what: String,
}

/// Why the brake is moved, and by whom.
#[derive(Debug, Clone, clap::Args)]
pub struct BrakeArguments {
    /// Why; every open case is told
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The AWS profile that proves who orders it; without it the credentials that AWS tools find
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The configuration file of the service; Slack's secrets are not needed in it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which case, and where its journal is.
#[derive(Debug, Clone, clap::Args)]
pub struct CaseArguments {
    /// The case, as its card names it
    pub case: String,
    #[command(flatten)]
    pub at: JournalArguments,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Where a case's journal, evidence and anchors are.
#[derive(Debug, Clone, clap::Args)]
pub struct Whereabouts {
    /// The configuration file of the service
    #[arg(long, value_name = "FILE", conflicts_with = "journal")]
    pub config: Option<PathBuf>,
    /// A SQLite journal, such as the one that `drill --keep` leaves, with what lies beside it
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// The file with the key that anchors are signed with; otherwise as configured
    #[arg(long, value_name = "FILE")]
    pub anchor_key: Option<PathBuf>,
}

/// Which case is held against AWS's own log. Exit status: 0 both agree in everything, 1 not.
#[derive(Debug, Clone, clap::Args)]
pub struct ReconcileArguments {
    /// The case, as its card names it
    pub case: String,
    /// Files and folders with delivered CloudTrail objects, instead of the configured trail
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub trail: Vec<PathBuf>,
    /// The ARN of the role that changes the account; otherwise as configured
    #[arg(long, value_name = "ARN")]
    pub contain_role: Option<String>,
    /// The ARN of the role that deletes what an actor made; otherwise as configured
    #[arg(long, value_name = "ARN")]
    pub eradicate_role: Option<String>,
    /// The ARN of the role that makes keys in the place of leaked ones; otherwise as configured
    #[arg(long, value_name = "ARN")]
    pub recover_role: Option<String>,
    /// The configuration file of the service
    #[arg(long, value_name = "FILE", conflicts_with = "journal")]
    pub config: Option<PathBuf>,
    /// A SQLite journal, such as the one that `drill --keep` leaves
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which journal is checked. Exit status: 0 intact, 1 not intact or not to be read.
#[derive(Debug, Clone, clap::Args)]
pub struct VerifyArguments {
    /// The case, as its card names it
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub case: Option<String>,
    #[command(flatten)]
    pub at: Whereabouts,
    /// An export (its folder, or its records.jsonl), checked offline
    #[arg(long, value_name = "EXPORT")]
    pub file: Option<PathBuf>,
    /// Fails too where no anchor of the given key vouches for any record
    #[arg(long)]
    pub require_anchors: bool,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which case is exported, and where to.
#[derive(Debug, Clone, clap::Args)]
pub struct ExportArguments {
    /// The case, as its card names it
    pub case: String,
    #[command(flatten)]
    pub at: Whereabouts,
    /// The folder to write, which must not be there yet
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Brings the snapshots along, which can hold secrets (environments of functions, policies)
    #[arg(long)]
    pub with_snapshots: bool,
}

/// Which case is reported, in which form. Exit status: 1 too where the journal was altered.
#[derive(Debug, Clone, clap::Args)]
pub struct ReportArguments {
    /// The case, as its card names it
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub case: Option<String>,
    #[command(flatten)]
    pub at: Whereabouts,
    /// An export (its folder), read offline
    #[arg(long, value_name = "EXPORT")]
    pub file: Option<PathBuf>,
    /// For people, for a browser or a printer, or for programs
    #[arg(long, value_enum, default_value_t = ReportFormat::Md)]
    pub format: ReportFormat,
    /// The file to write, which must not be there yet; otherwise it is printed
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// How a report is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Md,
    Html,
    Json,
}

/// Which snapshot a principal comes back from. Exit status: 1 too where the copy was altered.
#[derive(Debug, Clone, clap::Args)]
pub struct RestoreArguments {
    /// The file, as `export --with-snapshots` wrote it, or any copy of that
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: PathBuf,
    /// Which of those in it, such as "user ci-deploy"; not needed where there is one
    #[arg(long = "of", value_name = "PRINCIPAL")]
    pub principal: Option<String>,
    /// The SHA-256 that it must have; where its name is one, that
    #[arg(long, value_name = "HASH")]
    pub sha256: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
