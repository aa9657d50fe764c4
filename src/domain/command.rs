//! What people can ask of the bot in words: the text after `/keyleak`.

use crate::domain::bedrock_key::user_of;
use crate::domain::cause::Cause;
use crate::domain::ids::{AccessKeyId, CaseId, UserName};
use crate::domain::impact::ImpactWord;
use crate::domain::plan::{PlanNumber, StepAddress};
use crate::domain::recovery_step::Replacement;
use crate::domain::regime::Regime;
use crate::domain::secret::{holds_bedrock_key, holds_fragment, holds_secret};
use crate::domain::severity::Severity;
use crate::domain::task::Task;
use crate::domain::team_step::Role;
use crate::domain::wanted::Wanted;
use jiff::Timestamp;

/// One command opens at most this many cases; each is a channel, and Slack makes few a minute.
pub const KEYS_MAX: usize = 50;
/// Fifty ids with generous blanks; anything longer is a paste of something else.
const TEXT_LENGTH_MAX: usize = 4_000;
/// A reason that says something, and that fits on a card.
const REASON_LENGTH_MIN: usize = 10;
const REASON_LENGTH_MAX: usize = 300;
/// IAM's longest user name.
const USER_LENGTH_MAX: usize = 64;
const OWNER_LENGTH_MAX: usize = 80;
/// Case ids are short words; a longer one is none.
const CASE_ID_LENGTH_MAX: usize = 80;

/// Longer ones belong into a message, or a document.
const NOTE_LENGTH_MAX: usize = 2_000;

/// What `/keyleak …` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open (or join) a case for each key, in the order given.
    Open {
        keys: Vec<AccessKeyId>,
    },
    /// Ask for the key in a modal.
    Ask,
    Help,
    /// The open cases.
    List,
    /// Where a case stands; of the channel it is typed in when it names none.
    Status {
        of: Option<CaseName>,
    },
    /// Say since when the key of a case is exposed; none says that it is not known.
    Exposed {
        of: Option<CaseName>,
        since: Option<Timestamp>,
    },
    /// Let a plan run on this person's word alone; of the channel's case when they name none.
    BreakGlass {
        of: Option<CaseName>,
        plan: PlanNumber,
        reason: String,
    },
    /// Say what came of looking at a break-glass.
    Review {
        of: Option<CaseName>,
        plan: PlanNumber,
        verdict: String,
    },
    /// Say who sees to a loss.
    RotateOwner {
        of: Option<CaseName>,
        loss: u32,
        owner: String,
    },
    /// Say what takes the place of the key, and why.
    Replace {
        of: Option<CaseName>,
        with: Replacement,
        /// Whose the new key is to be, where not the leaked one's user.
        user: Option<UserName>,
        reason: String,
    },
    /// Change what a plan holds.
    Adjust {
        of: Option<CaseName>,
        wanted: Wanted,
    },
    /// Take steps of a containment back, and leave the others in force; all where none is named.
    Undo {
        of: Option<CaseName>,
        steps: Vec<StepAddress>,
    },
    /// Answer one of the nine impact questions, or hear where they stand.
    Impact {
        of: Option<CaseName>,
        word: Option<ImpactWord>,
    },
    /// Ask the trail these questions, by id or name; list all where none is named.
    AskTrail {
        of: Option<CaseName>,
        questions: Vec<String>,
    },
    /// Ask the case table in SQL of one's own.
    AskInSql {
        of: Option<CaseName>,
        sql: String,
    },
    /// Take a closed case up again, in a new channel.
    Reopen {
        of: CaseId,
        reason: String,
    },
    /// Let a reading scan more than it may by itself, by the number that the card gives it.
    Allow {
        of: Option<CaseName>,
        reading: u64,
    },
    /// Say how severe the case is, or leave it to the facts, and why.
    Grade {
        of: Option<CaseName>,
        severity: Option<Severity>,
        reason: String,
    },
    /// Start the clock of a reporting duty; since now where no time is said.
    StartClock {
        of: Option<CaseName>,
        regime: Regime,
        since: Option<Timestamp>,
        reason: String,
    },
    StopClock {
        of: Option<CaseName>,
        regime: Regime,
        reason: String,
    },
    /// Say what let the key out.
    NameCause {
        of: Option<CaseName>,
        cause: Cause,
        reason: String,
    },
    /// Take a role, or give it to a member.
    TakeRole {
        of: Option<CaseName>,
        role: Role,
        person: Option<String>,
    },
    /// Take a task, give it to a member, or say that it is done.
    Task {
        of: Option<CaseName>,
        task: Task,
        word: TaskWord,
    },
    /// Who has which task.
    Tasks {
        of: Option<CaseName>,
    },
    /// Put words into the timeline.
    Note {
        of: Option<CaseName>,
        text: String,
    },
    /// Tell the story so far; of the channel it is typed in when it names none.
    Summary {
        of: Option<CaseName>,
    },
}

/// How a person names a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseName {
    Key(AccessKeyId),
    Case(CaseId),
}

impl Command {
    /// Reads the text after `/keyleak`, with the marks that chat programs put around words.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let text = without_marks(text);
        let verb = words(&text).next().map(str::to_ascii_lowercase);
        if holds_bedrock_key(&text) {
            return Err(CommandError::BedrockKey { of: user_of(&text) });
        }
        let in_sql = questions::in_sql(&text);
        let free = verb.as_deref().is_some_and(is_reasoned) || in_sql.is_some();
        if if free { holds_secret(&text) } else { holds_fragment(&text) } {
            return Err(CommandError::Secret);
        }
        if text.chars().count() > TEXT_LENGTH_MAX {
            return Err(CommandError::TooLong);
        }
        if let Some((of, sql)) = in_sql {
            return questions::ask_in_sql(of, sql);
        }
        let words: Vec<&str> = words(&text).collect();
        match (verb.as_deref(), words.get(1..).unwrap_or_default()) {
            (None, _) | (Some("open" | "new"), []) => Ok(Self::Ask),
            (Some("help" | "?"), _) => Ok(Self::Help),
            (Some("list" | "cases"), []) => Ok(Self::List),
            (Some("status"), rest) => Ok(Self::Status { of: case_name(rest)? }),
            (Some("summary" | "timeline"), rest) => Ok(Self::Summary { of: case_name(rest)? }),
            (Some("exposed"), rest) => life::exposed(rest),
            (Some("note"), _) => noting::note(&text),
            (Some("ask"), rest) => questions::ask(rest),
            (Some("allow"), rest) => questions::allow(rest),
            (Some("break-glass" | "breakglass"), _) => {
                let (of, plan, reason) = plan_and_why(&text)?;
                Ok(Self::BreakGlass { of, plan, reason })
            }
            (Some("review"), _) => {
                let (of, plan, verdict) = plan_and_why(&text)?;
                Ok(Self::Review { of, plan, verdict })
            }
            (Some("reopen"), _) => life::reopen(&text),
            (Some("rotate-owner"), _) => recovering::rotate_owner(&text),
            (Some("replace"), _) => recovering::replace(&text),
            (Some("impact"), _) => impact::impact(&text),
            (Some("clock"), _) => clock::clock(&text),
            (Some("severity"), _) => team::severity(&text),
            (Some("cause"), _) => cause::cause(&text),
            (Some("tasks"), rest) => task::list(rest),
            (Some("task"), []) => task::list(&[]),
            (Some("task"), _) => task::task(&text),
            (Some("lead"), rest) => team::take(Role::Lead, rest),
            (Some("scribe"), rest) => team::take(Role::Scribe, rest),
            (Some(verb @ ("leave-out" | "take-in" | "contain-by")), _) => {
                changes::adjust(verb, &text)
            }
            (Some("undo"), rest) => changes::undo(rest),
            (Some("open" | "new"), rest) => keys::open(rest, 2),
            (Some(_), _) => keys::open(&words, 1),
        }
    }
}

/// Whether a reason follows: free text, in which a long word is not yet a part of a secret.
fn is_reasoned(verb: &str) -> bool {
    [
        "break-glass",
        "breakglass",
        "cause",
        "clock",
        "impact",
        "leave-out",
        "note",
        "reopen",
        "replace",
        "review",
        "rotate-owner",
        "severity",
        "take-in",
    ]
    .contains(&verb)
}

/// The text without invisible characters, and with every odd blank as a plain one.
pub fn without_marks(text: &str) -> String {
    let plain = |character: char| match character {
        // Zero-width characters, joiners, byte order mark, soft hyphen, direction marks.
        '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{AD}' => None,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => None,
        blank if blank.is_whitespace() => Some(' '),
        control if control.is_control() => None,
        other => Some(other),
    };
    text.chars().filter_map(plain).collect()
}

/// Reads a case id typed by a person or carried by a button.
pub fn case_id(text: &str) -> Option<CaseId> {
    let fits = (1..=CASE_ID_LENGTH_MAX).contains(&text.len());
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'#');
    (fits && text.bytes().all(plain)).then(|| CaseId(text.to_owned()))
}

mod cause;
mod changes;
mod clock;
pub mod error;
mod impact;
mod keys;
mod life;
mod named;
mod noting;
mod questions;
mod recovering;
pub mod task;
mod team;
mod text;

use error::CommandError;
use named::{case_and_word, case_name, plan_and_why, reason};
use task::TaskWord;
use text::{next_word, words};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::KeyIdError;
    use crate::domain::impact::{ImpactQuestion, ImpactVerdict};
    use crate::domain::way::Way;

    const A: &str = "AKIAQNZGKIQY56JQ7WML";
    const B: &str = "ASIAQNZGKIQY56JQ0189";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn key(id: &str) -> AccessKeyId {
        AccessKeyId::parse(id).unwrap()
    }

    fn opens(text: &str) -> Vec<AccessKeyId> {
        match Command::parse(text) {
            Ok(Command::Open { keys }) => keys,
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    #[test]
    fn an_id_is_read_through_the_marks_that_chat_puts_around_it() {
        for text in [
            A.to_owned(),
            format!("  {A}\n"),
            format!("`{A}`"),
            format!("“{A}”"),
            format!("‘{A}’."),
            format!("\u{A0}{A}\u{A0}"),
            format!("AKIA\u{200B}{}", &A[4..]),
            format!("\u{FEFF}{A}"),
            format!("open {A}"),
            format!("*{A}*"),
        ] {
            assert_eq!(opens(&text), [key(A)], "{text:?}");
        }
    }

    #[test]
    fn several_ids_are_read_once_each_and_in_order() {
        assert_eq!(opens(&format!("{B}, {A};{B}\n{A}")), [key(B), key(A)]);
    }

    #[test]
    fn more_keys_than_one_command_opens_are_refused_with_the_number() {
        let many: Vec<_> = (0..51).map(|n| format!("AKIAQNZGKIQY56JQ{n:04}")).collect();
        assert_eq!(Command::parse(&many.join(" ")), Err(CommandError::TooMany { given: 51 }));
        assert_eq!(opens(&many[..50].join(" ")).len(), 50);
    }

    #[test]
    fn the_words_are_read_in_any_case() {
        assert_eq!(Command::parse(""), Ok(Command::Ask));
        assert_eq!(Command::parse(" \u{200B} "), Ok(Command::Ask));
        assert_eq!(Command::parse("Help"), Ok(Command::Help));
        assert_eq!(Command::parse("LIST"), Ok(Command::List));
        assert_eq!(Command::parse("status"), Ok(Command::Status { of: None }));
        let of = Some(CaseName::Key(key(A)));
        assert_eq!(Command::parse(&format!("status {A}")), Ok(Command::Status { of }));
        let of = Some(CaseName::Case(CaseId("7wml-20261124".into())));
        assert_eq!(Command::parse("summary 7wml-20261124"), Ok(Command::Summary { of }));
    }

    #[test]
    fn a_time_of_exposure_needs_its_zone() {
        let exposed = |text: &str| Command::parse(&format!("exposed {text}"));
        let since = Some("2026-11-20T08:00:00Z".parse().unwrap());
        let here = Command::Exposed { of: None, since };
        for text in ["2026-11-20T08:00Z", "2026-11-20 08:00Z", "`2026-11-20T09:00+01:00`"] {
            assert_eq!(exposed(text), Ok(here.clone()), "{text}");
        }
        let of = Some(CaseName::Key(key(A)));
        assert_eq!(
            exposed(&format!("{A} 2026-11-20T08:00Z")),
            Ok(Command::Exposed { of: of.clone(), since })
        );
        assert_eq!(exposed(&format!("{A} Unknown")), Ok(Command::Exposed { of, since: None }));
        for text in ["", "2026-11-20", "2026-11-20T08:00", "yesterday", A] {
            assert_eq!(exposed(text), Err(CommandError::NoTime), "{text}");
        }
    }

    #[test]
    fn a_change_names_a_principal_by_kind_and_name_and_an_undo_its_steps() {
        let parsed = |text: &str| Command::parse(text);
        let adjust = |of: Option<CaseName>, wanted| Ok(Command::Adjust { of, wanted });
        let odd = "role/a,b=c@d+e._-";
        let leave = Wanted::LeaveOut(odd.to_owned());
        assert_eq!(parsed(&format!("leave-out {odd}")), adjust(None, leave));
        let key_name = Some(CaseName::Key(key(A)));
        let take = Wanted::TakeIn("user/nightly".to_owned());
        assert_eq!(parsed(&format!("take-in {A} `user/nightly`")), adjust(key_name, take));
        assert_eq!(parsed("contain-by key"), adjust(None, Wanted::Choose(Way::KeyAlone)));
        for text in ["leave-out", "leave-out a b c", "contain-by force", "contain-by"] {
            assert_eq!(parsed(text), Err(CommandError::NoAdjustment), "{text}");
        }
        let step = |step| StepAddress { plan: PlanNumber(1), step };
        let steps = vec![step(1), step(2)];
        assert_eq!(parsed("undo 1.2 1.3"), Ok(Command::Undo { of: None, steps }));
        let of = Some(CaseName::Case(CaseId("kl-1".to_owned())));
        assert_eq!(parsed("undo kl-1 all"), Ok(Command::Undo { of, steps: Vec::new() }));
        for text in ["undo", "undo 1", "undo 1.0", "undo 1.2 x", "undo kl-1", "undo all 1.2"] {
            assert_eq!(parsed(text), Err(CommandError::NoSteps), "{text}");
        }
    }

    #[test]
    fn questions_are_named_by_id_or_name_after_the_case_where_one_is_named() {
        let asks = |of: Option<CaseName>, questions: &[&str]| {
            let questions = questions.iter().map(|id| (*id).to_owned()).collect();
            Ok(Command::AskTrail { of, questions })
        };
        assert_eq!(Command::parse("ask"), asks(None, &[]));
        let named = &["Q10", "others_from_these_addresses"];
        assert_eq!(Command::parse("Ask `Q10`, others_from_these_addresses Q10"), asks(None, named));
        let of = Some(CaseName::Key(key(A)));
        assert_eq!(Command::parse(&format!("ask {A}")), asks(of.clone(), &[]));
        assert_eq!(Command::parse(&format!("ask {A} Q10")), asks(of, &["Q10"]));
        let of = Some(CaseName::Case(CaseId("kl-20261124".to_owned())));
        assert_eq!(Command::parse("ask kl-20261124 Q10"), asks(of, &["Q10"]));
        let ten: Vec<_> = (10..20).map(|n| format!("Q{n}")).collect();
        assert!(Command::parse(&format!("ask {}", ten.join(" "))).is_ok());
        let long = "x".repeat(41);
        for text in [&format!("{} Q20", ten.join(" ")), "Q10 kl-20261124", "what/now?", &long] {
            assert_eq!(Command::parse(&format!("ask {text}")), Err(CommandError::NoQuestions));
        }
        assert_eq!(Command::parse(&format!("ask {SECRET}")), Err(CommandError::Secret));
    }

    #[test]
    fn a_reading_is_allowed_by_its_number_and_never_without_one() {
        let said = |text: &str| Command::parse(text);
        assert_eq!(said("allow 18"), Ok(Command::Allow { of: None, reading: 18 }));
        let of = Some(CaseName::Key(key(A)));
        assert_eq!(said(&format!("Allow {A} `18`")), Ok(Command::Allow { of, reading: 18 }));
        let of = Some(CaseName::Case(CaseId("kl-7".to_owned())));
        assert_eq!(said("allow kl-7 18"), Ok(Command::Allow { of, reading: 18 }));
        for text in ["allow", "allow kl-7", "allow all", "allow -1", "allow a b 18"] {
            assert_eq!(said(text), Err(CommandError::NoReading), "{text}");
        }
        assert_eq!(said(&format!("allow {SECRET}")), Err(CommandError::Secret));
    }

    #[test]
    fn the_reason_of_a_break_glass_is_kept_as_it_was_typed() {
        let typed =
            "Bob, Cyn: *nobody* up; see https://acme.slack.com/archives/C0AB12CD34/p173260000012";
        let said = |of, text: &str| {
            let plan = PlanNumber(2);
            assert_eq!(
                Command::parse(text),
                Ok(Command::BreakGlass { of, plan, reason: typed.to_owned() })
            );
        };
        said(None, &format!("break-glass 2 {typed}"));
        said(Some(CaseName::Key(key(A))), &format!("Break-Glass {A} 2  {typed} "));
        let of = Some(CaseName::Case(CaseId("kl-7".to_owned())));
        said(of, &format!("breakglass `kl-7` 2 {typed}"));
        for text in ["break-glass", "break-glass 2", "review 2 short", "review none of it at all"] {
            assert_eq!(Command::parse(text), Err(CommandError::NoReason), "{text}");
        }
        let long = format!("review 2 {}", "word ".repeat(100));
        assert_eq!(Command::parse(&long), Err(CommandError::NoReason), "nothing is cut in silence");
        let secret = format!("break-glass 2 they use {SECRET} now");
        assert_eq!(Command::parse(&secret), Err(CommandError::Secret));
    }

    #[test]
    fn who_sees_to_a_loss_and_what_replaces_the_key_are_read_with_their_words() {
        let of = Some(CaseName::Key(key(A)));
        let owner = "the payments team, ask Bob".to_owned();
        let said = Command::RotateOwner { of: of.clone(), loss: 3, owner: owner.clone() };
        assert_eq!(Command::parse(&format!("rotate-owner {A} 3  {owner}")), Ok(said));
        let said = Command::RotateOwner { of: None, loss: 3, owner };
        assert_eq!(Command::parse("rotate-owner 3 the payments team, ask Bob"), Ok(said));
        let long = format!("rotate-owner 3 {}", "x".repeat(81));
        for text in ["rotate-owner", "rotate-owner 3", "rotate-owner three bob", &long] {
            assert_eq!(Command::parse(text), Err(CommandError::NoOwner), "{text}");
        }
        let reason = "it runs on Lambda anyway".to_owned();
        let with = Replacement::Role;
        let user = None;
        let said = Command::Replace { of: None, with, user, reason: reason.clone() };
        assert_eq!(Command::parse(&format!("Replace ROLE {reason}")), Ok(said));
        let with = Replacement::Key;
        let said = Command::Replace { of, with, user: None, reason: reason.clone() };
        assert_eq!(Command::parse(&format!("replace {A} key {reason}")), Ok(said));
        let user = Some(UserName("ci-deploy-2".to_owned()));
        let said = Command::Replace { of: None, with, user, reason: reason.clone() };
        let typed = format!("replace key for user `ci-deploy-2` {reason}");
        assert_eq!(Command::parse(&typed), Ok(said));
        let reason = "for users that nobody can change".to_owned();
        let said = Command::Replace { of: None, with, user: None, reason: reason.clone() };
        assert_eq!(Command::parse(&format!("replace key {reason}")), Ok(said));
        for text in [
            "replace",
            "replace role",
            "replace key short",
            "replace key for user ci short",
            "replace sword and then why",
        ] {
            assert_eq!(Command::parse(text), Err(CommandError::NoReplacement), "{text}");
        }
        let secret = format!("rotate-owner 3 {SECRET}");
        assert_eq!(Command::parse(&secret), Err(CommandError::Secret));
    }

    #[test]
    fn an_impact_question_is_answered_with_or_without_words_or_only_asked_about() {
        let of = Some(CaseName::Case(CaseId("kl-7".to_owned())));
        let word = |verdict, why: Option<&str>| {
            let (question, why) = (ImpactQuestion::Exfiltration, why.map(str::to_owned));
            Some(ImpactWord { question, verdict, why })
        };
        let why = "the bucket holds nothing but *public* pages";
        for (text, of, word) in [
            ("impact".to_owned(), None, None),
            ("impact kl-7".to_owned(), of.clone(), None),
            ("impact exfiltration no".to_owned(), None, word(ImpactVerdict::No, None)),
            ("Impact Exfiltration UNKNOWN".to_owned(), None, word(ImpactVerdict::NotKnown, None)),
            (format!("impact kl-7 exfiltration no {why}"), of, word(ImpactVerdict::No, Some(why))),
        ] {
            assert_eq!(Command::parse(&text), Ok(Command::Impact { of, word }), "{text}");
        }
        for text in
            ["impact exfiltration", "impact insider perhaps", "impact a b", "impact insider no x"]
        {
            assert_eq!(Command::parse(text), Err(CommandError::NoImpact), "{text}");
        }
        let secret = format!("impact exfiltration yes they used {SECRET} for it");
        assert_eq!(Command::parse(&secret), Err(CommandError::Secret));
    }

    #[test]
    fn a_note_is_kept_as_it_was_typed_and_may_begin_with_any_word() {
        let noted = |of, text: &str| Ok(Command::Note { of, text: text.to_owned() });
        let typed = "the page was *called* at 02:10; see https://x.example/a-b";
        assert_eq!(Command::parse(&format!("Note  {typed} ")), noted(None, typed));
        let of = Some(CaseName::Key(key(A)));
        assert_eq!(Command::parse(&format!("note {A} {typed}")), noted(of, typed));
        let of = Some(CaseName::Case(CaseId("kl-7".to_owned())));
        assert_eq!(Command::parse("note kl-7 x"), noted(of, "x"));
        let long = format!("note {}", "x ".repeat(1_100));
        for text in ["note", "note  ", "note kl-7", &long] {
            assert_eq!(Command::parse(text), Err(CommandError::NoNote), "{text}");
        }
        let secret = format!("note they use {SECRET} now");
        assert_eq!(Command::parse(&secret), Err(CommandError::Secret));
    }

    #[test]
    fn a_pasted_secret_is_refused_and_never_echoed() {
        let token = "IQoJb3JpZ2luX2VjEJr".repeat(20);
        for text in [
            SECRET.to_owned(),
            format!("{A} {SECRET}"),
            format!("{A},{SECRET}"),
            format!("{A}{SECRET}"),
            format!("status {SECRET}"),
            format!("{}\u{200B}{}", &SECRET[..20], &SECRET[20..]),
            format!("{B} {token}"),
            SECRET[..34].to_owned(),
        ] {
            let error = Command::parse(&text).unwrap_err();
            assert_eq!(error, CommandError::Secret, "{text}");
            assert!(!format!("{error} {error:?}").contains("wJalr"));
        }
    }

    #[test]
    fn a_pasted_key_of_bedrock_is_told_what_it_is_and_never_echoed() {
        let tail = "QmVkcm9ja0FQSUtleS1hYmNkLWF0LTAyOTYwODI2NDc1Mzp3SmFscl";
        for (text, names) in [
            (format!("ABSK{}", tail.repeat(2)), true),
            (format!("`ABSK{tail}`"), true),
            (format!("{A} bedrock-api-key-{tail}"), false),
            (format!("break-glass 2 they use ABSK{tail} now"), true),
        ] {
            let error = Command::parse(&text).unwrap_err();
            let CommandError::BedrockKey { of } = &error else { panic!("{text}: {error}") };
            assert_eq!(of.is_some(), names, "{text}");
            let said = format!("{error} {error:?}");
            assert!(!said.contains("QmVk") && !said.contains("wJal"), "{said}");
            let whose = "of user BedrockAPIKey-abcd of account 029608264753. In that account";
            assert_eq!(said.contains(whose), names, "{said}");
        }
        let other = Command::parse(&format!("ABCD{tail}")).unwrap_err();
        assert_eq!(other, CommandError::Secret, "by its looks it is some other secret");
    }

    #[test]
    fn a_refusal_teaches_and_does_not_repeat_what_was_typed() {
        let refused = |text: &str| Command::parse(text).unwrap_err();
        assert_eq!(refused("akiaqnzgkiqy56jq7wml"), CommandError::LowerCase { position: 1 });
        assert_eq!(
            refused("AROAQNZGKIQY56JQ7WML"),
            CommandError::OtherId { position: 1, what: "role" }
        );
        assert_eq!(
            refused("AKIAIOSFODNN7EXAMPLE"),
            CommandError::Key { position: 1, why: KeyIdError::Example }
        );
        assert_eq!(
            refused(&format!("{A} AKIA123")),
            CommandError::Key { position: 2, why: KeyIdError::Malformed }
        );
        let error = refused("<!channel> hunter2");
        assert_eq!(error, CommandError::UnknownWord { position: 1 });
        assert!(!error.to_string().contains("hunter2") && !error.to_string().contains("<!"));
        assert_eq!(refused(&"x ".repeat(3_000)), CommandError::TooLong);
    }
}
