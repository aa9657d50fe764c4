//! Every setting there is, in one struct, read once at the start and checked as a whole.

pub mod accounts;
pub mod anchors;
mod codes;
mod conduct;
mod emoji;
mod identities;
pub mod organization;
mod people;
pub mod reader;
mod shapes;
pub mod trail;
pub mod transport;
mod value;
pub mod words;

use crate::aws::athena_table::AthenaSettings;
use crate::aws::clients::{AccountSettings, AwsSettings};
use crate::aws::evidence::EvidenceSettings;
use crate::aws::tables::TableNames;
use crate::config::anchors::{AnchorConfig, AnchorPlace};
use crate::config::reader::{ConfigErrors, Reader};
use crate::config::trail::{TrailConfig, addresses, logs, questions, trail};
use crate::config::transport::{Transport, transport};
use crate::domain::agenda::Timing;
use crate::domain::caps::{CAP_MAX, Caps};
use crate::domain::checkup::people::Twice;
use crate::domain::identity::Operators;
use crate::domain::one_time_code::OneTimeCodes;
use crate::domain::other_log::OtherLog;
use crate::domain::plan::PlanRules;
use crate::flow::desk::Rules;
use crate::flow::people::VALID_FOR_DEFAULT;
use crate::slack::manifest;
use jiff::SignedDuration;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// AWS's own policy that denies everything.
const DENY_ALL_ARN: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
/// Where `serve` and `drill` listen unless they are told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7341";

/// The whole configuration of `serve`.
#[derive(Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// Where Slack reaches this service; only the printed manifest of the Slack app needs it.
    pub public_url: Option<String>,
    pub slack: SlackConfig,
    pub aws: AwsSettings,
    /// Nothing is changed anywhere, whatever roles there are.
    pub dry_run: bool,
    pub journal: JournalConfig,
    pub evidence: EvidenceConfig,
    pub anchors: Option<AnchorConfig>,
    pub trail: TrailConfig,
    /// The tables of other logs in Athena.
    pub logs: BTreeMap<OtherLog, AthenaSettings>,
    /// The folder with questions of people's own.
    pub questions: Option<PathBuf>,
    /// What the people's own databases know of addresses.
    pub addresses: Vec<PathBuf>,
    pub rules: Rules,
    /// How long what Slack said of people and groups counts.
    pub people_valid_for: SignedDuration,
    /// Where a page goes; whoever knows it can page people.
    pub webhook: Option<SecretString>,
    /// Whom a list of people names more than once.
    pub repeated: Vec<Twice>,
    /// Whom AWS identities are mapped to, for orders from the command line.
    pub operators: Operators,
}

/// How to reach Slack, and how Slack proves itself.
#[derive(Debug)]
pub struct SlackConfig {
    pub transport: Transport,
    /// For HTTP; with Socket Mode there need be none.
    pub signing_secrets: Vec<SecretString>,
    pub bot_token: SecretString,
    pub team_id: String,
    pub app_id: Option<String>,
    pub api_url: String,
}

/// Where decisions are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalConfig {
    DynamoDb(TableNames),
    Sqlite(PathBuf),
}

/// Where snapshots and answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidenceConfig {
    Bucket(EvidenceSettings),
    Folder(PathBuf),
}

/// Reads the file and the process's environment.
pub fn load(path: Option<&Path>) -> Result<Config, ConfigErrors> {
    let (config, reader) = load_with(path)?;
    reader.finish()?;
    Ok(config)
}

/// Reads as `load` does, before the set-up is done: what is still missing is empty in it.
pub fn load_for_setup(path: Option<&Path>) -> Result<Config, ConfigErrors> {
    let (config, reader) = load_with(path)?;
    reader.finish_incomplete()?;
    Ok(config)
}

fn load_with(path: Option<&Path>) -> Result<(Config, Reader), ConfigErrors> {
    let environment: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(reader::ENVIRONMENT_PREFIX))
        .filter(|(name, _)| !PROCESS_VARIABLES.contains(&name.as_str()))
        .collect();
    let (name, text) = match path {
        None => ("the environment".to_owned(), String::new()),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                ConfigErrors(vec![format!("{} cannot be read: {error}", path.display())])
            })?;
            (path.display().to_string(), text)
        }
    };
    Ok(read_all(&name, &text, &environment))
}

/// Variables of ours that are not settings of `serve`.
const PROCESS_VARIABLES: [&str; 4] =
    ["KEYLEAK_LOG", "KEYLEAK_REAL_TRAILS", "KEYLEAK_SLACK_CONTRACTS", "KEYLEAK_NO_IGNORED"];

/// What the log filter is set to, from `KEYLEAK_LOG`.
#[expect(clippy::disallowed_methods, reason = "this module is the one that reads the environment")]
pub fn log_filter() -> Option<String> {
    std::env::var("KEYLEAK_LOG").ok()
}

/// The folder of real trails, from `KEYLEAK_REAL_TRAILS`.
pub fn real_trails() -> Option<PathBuf> {
    std::env::var_os("KEYLEAK_REAL_TRAILS").map(PathBuf::from)
}

/// Reads a configuration from its text; `name` is what errors call the file.
pub fn read(
    name: &str,
    text: &str,
    environment: &[(String, String)],
) -> Result<Config, ConfigErrors> {
    let (config, reader) = read_all(name, text, environment);
    reader.finish()?;
    Ok(config)
}

/// Every setting there is, with its default: `""` for none, `needed` where there can be none.
pub fn settings() -> BTreeMap<String, String> {
    read_all("", "", &[]).1.settings().clone()
}

fn read_all(name: &str, text: &str, environment: &[(String, String)]) -> (Config, Reader) {
    let mut reader = Reader::new(name, text, environment);
    let r = &mut reader;
    let listen = listen(r);
    let public_url = public_url(r);
    let slack = slack(r);
    let aws = accounts::aws(r);
    let dry_run = dry_run(r);
    let names = identities::resolve(r);
    shapes::check(r);
    let webhook = conduct::webhook(r);
    let mut rules = rules(r, (&slack.team_id, &aws), webhook.is_some());
    let operators = operators(r);
    rules.codes = codes::codes(r, &names);
    rules.policy.step_up = codes::step_up(r, &rules.codes, !operators.is_empty());
    codes::provable(r, &rules.policy, !operators.is_empty());
    let trail = trail(r);
    let mut config = Config {
        listen,
        public_url,
        slack,
        aws,
        dry_run,
        journal: journal(r),
        evidence: evidence(r),
        anchors: anchors::anchors(r),
        questions: questions(r, &trail),
        addresses: addresses(r, &trail),
        logs: logs(r, &trail),
        trail,
        rules,
        people_valid_for: r.span("timing.people_valid_for", VALID_FOR_DEFAULT),
        webhook,
        repeated: shapes::repeated(r),
        operators,
    };
    let own = own_buckets(&config);
    config.rules.plans.protected_arns.extend(own);
    (config, reader)
}

/// The buckets that keyleak itself writes to, which no plan may close; of each, the ARN that it has
/// in whichever partition it is.
fn own_buckets(config: &Config) -> Vec<String> {
    let evidence = match &config.evidence {
        EvidenceConfig::Bucket(settings) => Some(settings.bucket.as_str()),
        EvidenceConfig::Folder(_) => None,
    };
    let anchors = config.anchors.as_ref().and_then(|anchors| match &anchors.place {
        AnchorPlace::Bucket(settings) => Some(settings.bucket.as_str()),
        AnchorPlace::Folder(_) => None,
    });
    let output = match &config.trail {
        TrailConfig::Athena(settings, _) => settings.output.as_deref(),
        TrailConfig::None | TrailConfig::Paths(_) | TrailConfig::EventHistory(_) => None,
    };
    let output = output.and_then(|to| to.strip_prefix("s3://")?.split('/').next());
    let buckets = evidence.into_iter().chain(anchors).chain(output);
    let arns = |bucket: &str| {
        ["aws", "aws-cn", "aws-us-gov"].map(|partition| format!("arn:{partition}:s3:::{bucket}"))
    };
    buckets.flat_map(arns).collect()
}

fn dry_run(r: &mut Reader) -> bool {
    match r.text_or("aws.dry_run", "false").as_str() {
        "true" => true,
        "false" => false,
        _ => {
            r.reject("aws.dry_run", "can be true or false");
            true
        }
    }
}

fn listen(r: &mut Reader) -> SocketAddr {
    let text = r.text_or("server.listen", DEFAULT_LISTEN);
    text.parse().unwrap_or_else(|_| {
        r.reject("server.listen", "must be an address and a port such as \"0.0.0.0:7341\"");
        SocketAddr::from(([127, 0, 0, 1], 0))
    })
}

fn public_url(r: &mut Reader) -> Option<String> {
    let written = r.text("server.public_url")?;
    match manifest::public_url(&written) {
        Ok(url) => Some(url),
        Err(error) => {
            r.reject("server.public_url", &error.to_string());
            None
        }
    }
}

fn slack(r: &mut Reader) -> SlackConfig {
    let transport = transport(r);
    let secret = match transport {
        Transport::Http => {
            r.needed("slack.signing_secret", "the app's signing secret (Basic Information)")
        }
        Transport::Socket(_) => r.text("slack.signing_secret").unwrap_or_default(),
    };
    let previous = r.text("slack.signing_secret_previous");
    let bot_token = r.needed("slack.bot_token", "the bot token (xoxb-…) of OAuth & Permissions");
    let api_url = r.text_or("slack.api_url", shapes::SLACK_API);
    shapes::slack(r, &bot_token, &api_url);
    let valid = url::Url::parse(&api_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !valid {
        r.reject("slack.api_url", "must be a web address such as \"https://slack.com/api\"");
    }
    SlackConfig {
        transport,
        signing_secrets: std::iter::once(secret)
            .chain(previous)
            .filter(|secret| !secret.is_empty())
            .map(SecretString::from)
            .collect(),
        bot_token: SecretString::from(bot_token),
        team_id: r.needed("slack.team_id", "the workspace's id (T…)"),
        app_id: r.text("slack.app_id"),
        api_url: api_url.trim_end_matches('/').to_owned(),
    }
}

fn rules(r: &mut Reader, (team, aws): (&str, &AwsSettings), pages: bool) -> Rules {
    let conduct = conduct::conduct(r, pages);
    let policy = people::policy(r, team, conduct);
    let approvals_reversible = r.number("people.approvals_reversible", 1, 1);
    let plans = PlanRules {
        deny_policy_arn: r.text_or("aws.deny_policy_arn", DENY_ALL_ARN),
        protected_arns: protected_arns(r, aws),
        protected_roles: aws.organization.iter().flat_map(|o| o.roles().cloned()).collect(),
        approvals_reversible,
        approvals_resources: people::approvals_resources(r, approvals_reversible),
        approvals_irreversible: r.number("people.approvals_irreversible", 2, 1),
        expires_after: r.span("timing.plan_expires_after", "60m"),
        isolation_groups: r.table("aws.isolation_groups"),
    };
    people::check_quorums(r, &policy, &plans);
    Rules {
        policy,
        plans,
        timing: timing(r),
        caps: caps(r),
        codes: OneTimeCodes::default(),
        owner_tag: r.text_or("aws.owner_tag", "owner"),
        trail_window: r.span("trail.window", "15d"),
        timeline_emoji: emoji::timeline(r),
        drill: false,
        endpoints: Vec::new(),
    }
}

/// What is configured, and the bot's own ways into the accounts.
fn protected_arns(r: &mut Reader, aws: &AwsSettings) -> Vec<String> {
    let mut arns = r.texts("aws.protected_arns").unwrap_or_default();
    let own = aws.lookup_role.iter().chain(aws.own_changing_roles());
    let others = aws.accounts.values().flat_map(AccountSettings::roles);
    arns.extend(own.chain(others).map(|role| role.arn.clone()));
    arns
}

/// Above these no change begins without an operator's proof; a brake cannot be left off.
fn caps(r: &mut Reader) -> Caps {
    let default = Caps::default();
    let mut cap = |name, default| {
        let cap = r.number(name, default, 1);
        if cap > CAP_MAX {
            r.reject(name, &format!("must be at most {CAP_MAX}"));
        }
        cap
    };
    Caps {
        cases_per_hour: cap("limits.cases_per_hour", default.cases_per_hour),
        principals_per_hour: cap("limits.principals_per_hour", default.principals_per_hour),
    }
}

fn operators(r: &mut Reader) -> Operators {
    let listed = r.table("people.operators");
    let named_by_session = r.texts("people.operators_named_by_session").unwrap_or_default();
    let read = Operators::read(&listed, &named_by_session.into_iter().collect());
    read.unwrap_or_else(|bad| {
        for (arn, why) in bad {
            r.reject("people.operators", &format!(".\"{arn}\" {why}"));
        }
        Operators::default()
    })
}

fn timing(r: &mut Reader) -> Timing {
    let read_back = r.spans("timing.read_back", &["5s", "15s", "60s", "5m"]);
    if read_back.is_empty() || !read_back.is_sorted() {
        r.reject("timing.read_back", "must hold at least one time, in rising order");
    }
    Timing {
        read_back,
        survey_every: r.span("timing.survey_every", "30s"),
        watch_for: r.span("timing.watch_for", "30m"),
        watch_every: r.span("timing.watch_every", "5m"),
        trail_complete_after: r.span("timing.trail_complete_after", "20m"),
    }
}

fn journal(r: &mut Reader) -> JournalConfig {
    let default = TableNames::default();
    let tables = TableNames {
        journal: r.text_or("journal.table", &default.journal),
        work: r.text_or("journal.work_table", &default.work),
    };
    let path = r.text_or("journal.path", "keyleak.sqlite");
    match r.text_or("journal.store", "dynamodb").as_str() {
        "dynamodb" => JournalConfig::DynamoDb(tables),
        "sqlite" => JournalConfig::Sqlite(PathBuf::from(path)),
        _ => {
            r.reject("journal.store", "can be \"dynamodb\" or \"sqlite\"");
            JournalConfig::DynamoDb(tables)
        }
    }
}

fn evidence(r: &mut Reader) -> EvidenceConfig {
    let path = r.text_or("evidence.path", "keyleak-evidence");
    let bucket = r.text("evidence.bucket");
    let prefix = r.text("evidence.prefix").unwrap_or_default();
    let kms_key = r.text("evidence.kms_key");
    match bucket {
        Some(bucket) => EvidenceConfig::Bucket(EvidenceSettings { bucket, prefix, kms_key }),
        None => EvidenceConfig::Folder(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[slack]
signing_secret = "s"
bot_token = "xoxb-1"
team_id = "T1"
[people]
approvers = ["U1", "U2"]
[people.key_owners]
"dan" = "U4"
[trail]
paths = ["/trail"]
"#;

    fn errors(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let environment: Vec<_> =
            environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        read("keyleak.toml", text, &environment).map(|_| ()).unwrap_err().0
    }

    #[test]
    fn a_short_file_is_a_whole_configuration() {
        let config = read("keyleak.toml", GOOD, &[]).unwrap();
        assert_eq!(config.rules.policy.approvers.len(), 2);
        assert_eq!(config.rules.policy.key_owners["dan"], "U4");
        assert_eq!(config.rules.timing.read_back.len(), 4);
        assert_eq!(config.listen.to_string(), DEFAULT_LISTEN);
        assert_eq!(config.aws.contain, None, "without a contain role nothing is changed");
    }

    #[test]
    fn more_approvals_than_there_are_people_to_give_them_are_refused() {
        let text = GOOD.replace("[people]", "[people]\napprovals_reversible = 3");
        let found = errors(&text, &[]);
        let wanted = "line 7: people.approvals_reversible asks for 3 approvals, and \
                      people.approvers lists 2 who may give one: list at least 4";
        assert!(found[0].contains(wanted), "{found:?}");
        let enough = GOOD.replace("[people]", "[people]\napprovals_reversible = 2");
        assert!(read("keyleak.toml", &enough, &[]).is_ok(), "if neither asks for the plan");
        let nobody = text.replace("\"U1\", \"U2\"", "");
        assert!(read("keyleak.toml", &nobody, &[]).is_ok(), "that is said when somebody tries");
    }

    #[test]
    fn questions_of_ones_own_need_a_trail_that_can_be_asked() {
        let text = GOOD.replace("[trail]", "[trail]\nquestions = \"/questions\"");
        let config = read("keyleak.toml", &text, &[]).unwrap();
        assert_eq!(config.questions, Some(PathBuf::from("/questions")));
        let found = errors(&text.replace("paths = [\"/trail\"]", ""), &[]);
        assert!(found[0].contains("trail.questions needs a trail to ask"), "{found:?}");
    }

    #[test]
    fn all_errors_come_at_once_each_with_its_line() {
        let text = r#"
[server]
listen = "here"
[slack]
bot_token = 7.5
team_id = "T1"
[people]
aprovers = ["U1"]
approvers_reversible = 1
[timing]
read_back = ["5s", "soon"]
"#;
        let errors = errors(text, &[]);
        let expected = [
            "keyleak.toml, line 3: server.listen must be an address",
            "keyleak.toml: slack.signing_secret is missing",
            "keyleak.toml, line 5: slack.bot_token is a number with a fraction",
            "keyleak.toml, line 11: timing.read_back must hold times",
            "keyleak.toml, line 8: there is no setting people.aprovers",
            "keyleak.toml, line 9: there is no setting people.approvers_reversible",
        ];
        for expected in expected {
            assert!(errors.iter().any(|e| e.starts_with(expected)), "{expected}: {errors:#?}");
        }
    }

    #[test]
    fn the_emoji_of_the_timeline_is_a_name_with_or_without_colons() {
        let set = |value: &str| [("KEYLEAK_SLACK__TIMELINE_EMOJI".to_owned(), value.to_owned())];
        let emoji = |value| read("x", GOOD, &set(value)).map(|config| config.rules.timeline_emoji);
        assert_eq!(read("x", GOOD, &[]).unwrap().rules.timeline_emoji, "pushpin");
        assert_eq!(emoji(":our-clock_2:").unwrap(), "our-clock_2");
        for wrong in ["::", "two words", "Pushpin", "📌", &"x".repeat(101)] {
            let errors = emoji(wrong).unwrap_err().0.join("\n");
            assert!(
                errors.contains("slack.timeline_emoji must be the name of an emoji"),
                "{errors}"
            );
        }
    }

    #[test]
    fn the_environment_overrides_the_file_and_is_named_in_errors() {
        let environment = [("KEYLEAK_SLACK__TEAM_ID".to_owned(), "T9".to_owned())];
        let config = read("keyleak.toml", GOOD, &environment).unwrap();
        assert_eq!(config.rules.policy.team, "T9");
        for wrong in ["long", "0s", "731d", "-5m"] {
            let errors = errors(GOOD, &[("KEYLEAK_TIMING__WATCH_FOR", wrong)]);
            assert_eq!(
                errors,
                [
                    "environment variable KEYLEAK_TIMING__WATCH_FOR: timing.watch_for must be a time \
                     such as \"90s\" or \"5m\", from 1s to 730d"
                ],
                "{wrong}"
            );
        }
    }

    #[test]
    fn no_plan_closes_a_bucket_that_keyleak_writes_to() {
        let buckets = r#"
[trail.athena]
database = "d"
output = "s3://answers/keyleak/"
[evidence]
bucket = "kept"
[anchors]
bucket = "anchored"
key = "0123456789abcdef0123456789abcdef"
"#;
        let text = GOOD.split("[trail]").next().unwrap().to_owned() + buckets;
        let config = read("keyleak.toml", &text, &[]).unwrap();
        let protected = &config.rules.plans.protected_arns;
        for bucket in ["kept", "anchored", "answers"] {
            assert!(protected.contains(&format!("arn:aws:s3:::{bucket}")), "{protected:?}");
        }
        let none = read("keyleak.toml", GOOD, &[]).unwrap().rules.plans.protected_arns;
        assert!(!none.iter().any(|arn| arn.contains(":s3:")), "{none:?}");
    }

    #[test]
    fn a_file_that_is_no_toml_names_its_line() {
        let errors = errors("[slack]\nbot_token = \n", &[]);
        assert!(errors[0].starts_with("keyleak.toml, line 2: "), "{errors:?}");
    }

    #[test]
    fn no_secret_is_printed_with_the_configuration() {
        let config = read("keyleak.toml", &GOOD.replace("xoxb-1", "xoxb-hidden"), &[]).unwrap();
        assert!(!format!("{config:?}").contains("xoxb-hidden"));
    }
}
