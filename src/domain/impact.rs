//! The nine impact questions of the playbook, and a person's answer to one as the journal keeps it.

use serde::{Deserialize, Serialize};

/// One of the nine, in the playbook's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImpactQuestion {
    Alerts,
    Classification,
    Services,
    Configuration,
    Guardrails,
    Insider,
    Evidence,
    Business,
    Exfiltration,
}

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImpactVerdict {
    Yes,
    No,
    /// Said where neither can be shown: it is an answer, and no "no".
    NotKnown,
}

/// What a person wants to answer, before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpactWord {
    pub question: ImpactQuestion,
    pub verdict: ImpactVerdict,
    /// In their own words.
    pub why: Option<String>,
}

/// An answer as it was judged; a later one takes its place, and both stay in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactAnswer {
    pub question: ImpactQuestion,
    pub verdict: ImpactVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The records of this case that were there as evidence: answers to questions, and alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests_on: Vec<u64>,
    /// What keyleak proposed then, and why.
    pub proposed: ImpactVerdict,
    pub because: String,
}

impl ImpactQuestion {
    pub const ALL: [Self; 9] = [
        Self::Alerts,
        Self::Classification,
        Self::Services,
        Self::Configuration,
        Self::Guardrails,
        Self::Insider,
        Self::Evidence,
        Self::Business,
        Self::Exfiltration,
    ];

    /// Its name in commands, buttons and the headers of questions.
    pub fn slug(self) -> &'static str {
        self.told().0
    }

    /// What is asked.
    pub fn words(self) -> &'static str {
        self.told().1
    }

    /// Reads what [`Self::slug`] gives.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.slug() == slug)
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Alerts => ("alerts", "Are there related alerts?"),
            Self::Classification => {
                ("classification", "Was data touched that is classified? Say of which class.")
            }
            Self::Services => {
                ("services", "Were services used that are not on the list of approved ones?")
            }
            Self::Configuration => {
                ("configuration", "Was the configuration of services or resources changed?")
            }
            Self::Guardrails => ("guardrails", "Were guardrails switched off or changed?"),
            Self::Insider => ("insider", "Was it an insider?"),
            Self::Evidence => ("evidence", "Is there evidence that the use was malicious?"),
            Self::Business => ("business", "Is there an impact on the business?"),
            Self::Exfiltration => ("exfiltration", "Was data exfiltrated?"),
        }
    }
}

impl ImpactVerdict {
    pub fn words(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotKnown => "not known",
        }
    }

    /// Reads what a person typed.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "yes" => Some(Self::Yes),
            "no" => Some(Self::No),
            "unknown" | "not-known" => Some(Self::NotKnown),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_one_name_in_journal_command_and_header() {
        for question in ImpactQuestion::ALL {
            assert_eq!(serde_json::json!(question), question.slug());
            assert_eq!(ImpactQuestion::from_slug(question.slug()), Some(question));
        }
        assert_eq!(ImpactQuestion::from_slug("weather"), None);
    }

    #[test]
    fn an_answer_without_words_and_evidence_is_read_back() {
        let line = r#"{"question":"insider","verdict":"not_known","proposed":"not_known",
            "because":"nobody looked"}"#;
        let answer: ImpactAnswer = serde_json::from_str(line).unwrap();
        assert_eq!((answer.verdict, answer.why.as_deref()), (ImpactVerdict::NotKnown, None));
        assert!(answer.rests_on.is_empty());
        let again: ImpactAnswer =
            serde_json::from_value(serde_json::to_value(&answer).unwrap()).unwrap();
        assert_eq!(again, answer);
    }
}
