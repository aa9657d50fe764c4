//! What the commands that prepare an installation are given.

use clap::ValueEnum;
use std::path::PathBuf;

/// Whose codes.
#[derive(Debug, Clone, clap::Args)]
pub struct OneTimeCodeArguments {
    /// Their Slack user id
    #[arg(value_name = "USER")]
    pub user: String,
}

/// What is printed, and with whose names.
#[derive(Debug, Clone, clap::Args)]
pub struct ManifestArguments {
    #[arg(value_enum)]
    pub what: Manifest,
    /// The configuration file, as far as it is written; without it, the environment and defaults
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where Slack reaches keyleak, over https; otherwise as configured
    #[arg(long, value_name = "ADDRESS")]
    pub url: Option<String>,
}

/// What can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Manifest {
    /// The Slack app
    Slack,
    /// The IAM policies, one per role, as one JSON object
    Iam,
    /// The DynamoDB tables, as CloudFormation
    Table,
    /// The service control policy of the race-proof mode
    Scp,
    /// The two roles that prove that policy, as CloudFormation
    Preflight,
}
