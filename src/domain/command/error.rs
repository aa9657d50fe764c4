//! Why a command is not understood, in words that say what to type.

use super::{KEYS_MAX, NOTE_LENGTH_MAX, OWNER_LENGTH_MAX, REASON_LENGTH_MAX, REASON_LENGTH_MIN};
use crate::domain::bedrock_key::{BedrockUser, instructions};
use crate::domain::ids::KeyIdError;
use crate::domain::question::{QUESTIONS_MAX, SQL_LENGTH_MAX};

const CLOCK_HOW: &str = "say the duty (`gdpr`, `uk-gdpr`, `nis2`, `dora`, `sec`, `hipaa`), \
    where it is not now the time since when, and why, 10 to 300 characters: `/keyleak clock gdpr \
    2026-11-20T08:00Z personal data was read`; `/keyleak clock gdpr stop no personal data` ends \
    it. Outside the case's channel name the case or key first";

const CAUSE_HOW: &str = "say the cause (`phishing`, `environment`, `code`, `malware`, `ssrf`, \
    `third-party`, `insider`) and how you know, 10 to 300 characters: `/keyleak cause code it \
    stood in a public repository since May`; outside the case's channel name the case or key \
    before it";

const TASK_HOW: &str = "say which task, by its number, and whom it goes to, by the mention \
    that Slack offers or by the member id: `/keyleak task 12 @ana`, nobody to take it yourself, or \
    `done`; `/keyleak tasks` lists them. Outside the case's channel name the case or key before it";

const SEVERITY_HOW: &str = "say `P1` to `P4`, or `auto` to leave it to the facts, and \
    then why, 10 to 300 characters: `/keyleak severity P1 it can read the customers' data`; \
    outside the case's channel name the case or key before it";

const ROLE_HOW: &str = "say whom, by the mention that Slack offers or by the member id: \
    `/keyleak lead @ana`, `/keyleak scribe U0123456789`, or nobody to take it yourself; outside \
    the case's channel name the case or key before it";

/// Why a command is not understood; told to the person alone, and never with what they typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error(
        "that looks like a secret key or a session token. I did not store it, but treat it as \
         leaked twice: Slack has seen it too. Give me only the access key id (AKIA… or ASIA…)"
    )]
    Secret,
    #[error(
        "that is an API key of Amazon Bedrock, a secret. I did not store it, but treat it as \
         leaked twice: Slack has seen it too. {}",
        instructions(.of.as_ref())
    )]
    BedrockKey { of: Option<BedrockUser> },
    #[error("word {position}: {why}")]
    Key { position: usize, why: KeyIdError },
    #[error(
        "word {position} is not an access key id: AWS writes ids in capital letters. Copy it \
         again from where you found it"
    )]
    LowerCase { position: usize },
    #[error(
        "word {position} is an id of AWS, but of a {what}, not of an access key; key ids begin \
         with AKIA or ASIA"
    )]
    OtherId { position: usize, what: &'static str },
    #[error(
        "I do not know word {position}. Try `/keyleak AKIA…`, `/keyleak` alone for a form, \
         `/keyleak list`, `/keyleak status`, `/keyleak summary`, `/keyleak exposed` or `/keyleak help`"
    )]
    UnknownWord { position: usize },
    #[error(
        "give the time with its zone, as `/keyleak exposed 2026-11-20T08:00Z`, or \
         `/keyleak exposed unknown`; outside the case's channel name the case or key before it"
    )]
    NoTime,
    #[error(
        "give the plan's number and then your words, {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} \
         characters: `/keyleak break-glass 1 nobody else can be reached`, `/keyleak review 1 it \
         was right`; outside the case's channel name the case or key before the number"
    )]
    NoReason,
    #[error(
        "give the loss's number and then who sees to it, at most {OWNER_LENGTH_MAX} characters: \
         `/keyleak rotate-owner 3 the payments team`; outside the case's channel name the case or \
         key before the number"
    )]
    NoOwner,
    #[error(
        "say `role` or `key` and then why, {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} characters: \
         `/keyleak replace role it runs on Lambda anyway`; outside the case's channel name the \
         case or key before it"
    )]
    NoReplacement,
    #[error(
        "say whom: `/keyleak leave-out role/NAME`, `/keyleak take-in user/NAME`, or how: \
         `/keyleak contain-by key`; the card of the plan lists them. Outside the case's channel \
         name the case or key before it"
    )]
    NoAdjustment,
    #[error(
        "say what to note, at most {} characters: `/keyleak note the page was called at 02:10`; \
         outside the case's channel name the case or key before it",
        NOTE_LENGTH_MAX
    )]
    NoNote,
    #[error(
        "say which steps, as plan and step: `/keyleak undo 1.2 1.3`, or `/keyleak undo all`; \
         outside the case's channel name the case or key before them"
    )]
    NoSteps,
    #[error(
        "say which question and then `yes`, `no` or `unknown`, and, where words are needed, why, \
         {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} characters: `/keyleak impact exfiltration no`; \
         `/keyleak impact` lists them. Outside the case's channel name the case or key first"
    )]
    NoImpact,
    #[error(
        "name at most {QUESTIONS_MAX} questions by id or name, as `/keyleak ask Q10 Q12`; \
         `/keyleak ask` lists them. Outside the case's channel name the case or key before them"
    )]
    NoQuestions,
    #[error(
        "name the closed case and why it goes on, {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} \
         characters: `/keyleak reopen kl-20261120-7wml-1a2b3c4d the key was used again`; its id \
         stands in its report and in `keyleak cases`"
    )]
    NoReopening,
    #[error(
        "that SQL is too long; write at most {SQL_LENGTH_MAX} characters, or have whoever runs \
         keyleak drop it as a file into the folder of your own questions"
    )]
    LongSql,
    #[error(
        "say which reading, by its number on the card: `/keyleak allow 18`; outside the case's \
         channel name the case or key before the number"
    )]
    NoReading,
    #[error("{}", SEVERITY_HOW)]
    NoSeverity,
    #[error("{}", CLOCK_HOW)]
    NoClock,
    #[error("{}", ROLE_HOW)]
    NoRole,
    #[error("{}", CAUSE_HOW)]
    NoCause,
    #[error("{}", TASK_HOW)]
    NoTask,
    #[error("that is more than {KEYS_MAX} keys ({given}); give me {KEYS_MAX} at a time")]
    TooMany { given: usize },
    #[error("that is too long to be a list of key ids; give me at most {KEYS_MAX} at a time")]
    TooLong,
}
