//! The questions: those that come with the program, each one file in `queries/`, and others.

use crate::domain::question::{Question, QuestionError, Times, parse};
use crate::ports::trail::TrailError;

/// The question files, in the order of their ids.
const FILES: &[&str] = &[
    include_str!("../../queries/Q01_first_and_last_use.sql"),
    include_str!("../../queries/Q02_owner_from_trail.sql"),
    include_str!("../../queries/Q03_key_lifecycle.sql"),
    include_str!("../../queries/Q04_quarantine.sql"),
    include_str!("../../queries/Q10_timeline.sql"),
    include_str!("../../queries/Q11_activity_summary.sql"),
    include_str!("../../queries/Q12_sources_and_agents.sql"),
    include_str!("../../queries/Q13_others_from_these_addresses.sql"),
    include_str!("../../queries/Q14_denied_calls.sql"),
    include_str!("../../queries/Q15_minted_credentials.sql"),
    include_str!("../../queries/Q16_activity_by_credential.sql"),
    include_str!("../../queries/Q17_console_sign_ins.sql"),
    include_str!("../../queries/Q18_regions.sql"),
    include_str!("../../queries/Q19_services.sql"),
    include_str!("../../queries/Q20_activity_by_hour.sql"),
    include_str!("../../queries/Q21_new_principals_and_keys.sql"),
    include_str!("../../queries/Q22_footholds_outside_iam.sql"),
    include_str!("../../queries/Q23_privilege_escalation.sql"),
    include_str!("../../queries/Q24_changed_resources.sql"),
    include_str!("../../queries/Q25_who_touched.sql"),
    include_str!("../../queries/Q30_objects_touched.sql"),
    include_str!("../../queries/Q31_bytes_out.sql"),
    include_str!("../../queries/Q32_storage_destroyed.sql"),
    include_str!("../../queries/Q33_secrets_read.sql"),
    include_str!("../../queries/Q34_keys_of_kms.sql"),
    include_str!("../../queries/Q35_shared_out.sql"),
    include_str!("../../queries/Q36_databases.sql"),
    include_str!("../../queries/Q37_compute_abuse.sql"),
    include_str!("../../queries/Q38_model_abuse.sql"),
    include_str!("../../queries/Q39_mail_and_messages.sql"),
    include_str!("../../queries/Q40_guardrails.sql"),
    include_str!("../../queries/Q41_account_moves.sql"),
    include_str!("../../queries/Q50_after_containment.sql"),
    include_str!("../../queries/Q51_containment_reverted.sql"),
    include_str!("../../queries/Q52_broken_by_containment.sql"),
    include_str!("../../queries/Q60_new_key_used.sql"),
    include_str!("../../queries/Q61_old_key_silent.sql"),
    include_str!("../../queries/Q70_sources_before_and_since.sql"),
    include_str!("../../queries/Q71_new_since_exposure.sql"),
];

/// The questions about other logs, in the order of their ids; they are asked in Athena alone.
const LOG_FILES: &[&str] = &[
    include_str!("../../queries/logs/Q42_s3_server_log.sql"),
    include_str!("../../queries/logs/Q43_network_flows.sql"),
    include_str!("../../queries/logs/Q44_load_balancers.sql"),
    include_str!("../../queries/logs/Q45_name_lookups.sql"),
    include_str!("../../queries/logs/Q46_guard_duty.sql"),
    include_str!("../../queries/logs/Q47_cloudfront.sql"),
];

/// Pass one over Athena: returns the columns of `Sighting`. Placeholders: `{table}`, `{partitions}`
/// (a predicate on the partition columns), `{from}` and `{to}` (one event time each).
pub const ATHENA_SIGHTINGS: &str = include_str!("../../queries/athena/mint_edges.sql");

/// Pass two over Athena: returns the columns of `TrailRow`. Placeholders as in pass one, and the
/// lists `{key}`, `{keys}`, `{principals}`, `{sessions}`, `{addresses}`, `{targets}` and
/// `{accounts}` of a `Subject`.
pub const ATHENA_CUT: &str = include_str!("../../queries/athena/cut.sql");

/// All questions about other logs, in the order of their ids.
pub fn log_questions() -> Result<Vec<Question>, QuestionError> {
    LOG_FILES.iter().map(|text| parse(text)).collect()
}

/// All questions of the case table, in the order of their ids.
pub fn questions() -> Result<Vec<Question>, QuestionError> {
    FILES.iter().map(|text| parse(text)).collect()
}

/// The questions that can be asked: those that came with the program, then people's own.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    questions: Vec<Question>,
}

impl Catalogue {
    /// Those that came with the program.
    pub fn built_in() -> Result<Self, QuestionError> {
        let mut questions = questions()?;
        questions.extend(log_questions()?);
        questions.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Self { questions })
    }

    /// These too.
    #[must_use]
    pub fn with(mut self, own: Vec<Question>) -> Self {
        self.questions.extend(own);
        self
    }

    /// All of them, in the order in which they are listed.
    pub fn all(&self) -> &[Question] {
        &self.questions
    }

    /// The question with this id or name, whatever the case of its letters.
    pub fn find(&self, wanted: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.is_called(wanted))
    }

    /// The same, and its SQL with the times in it.
    pub fn asked(&self, wanted: &str, times: &Times) -> Result<(Question, String), TrailError> {
        let question = self.find(wanted).cloned();
        let question =
            question.ok_or_else(|| TrailError::NoSuchQuestion { id: wanted.to_owned() })?;
        let sql = question.at(times).map_err(|parameter| TrailError::NeedsTime {
            id: question.id.clone(),
            parameter: parameter.to_owned(),
        })?;
        Ok((question, sql))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attack::TECHNIQUES;
    use crate::domain::event::Phase;
    use crate::domain::impact::ImpactQuestion;
    use crate::domain::impact_evidence::needed;
    use crate::domain::other_log::OtherLog;

    /// What the table of needed questions and the headers say of each other that is not so.
    fn odd(questions: &[Question]) -> Vec<String> {
        let mut odd = Vec::new();
        for impact in ImpactQuestion::ALL {
            for needed in needed(impact) {
                let Some(question) = questions.iter().find(|one| one.id == needed.id) else {
                    odd.push(format!("{} is there no question", needed.id));
                    continue;
                };
                if !question.impact.contains(&impact) {
                    odd.push(format!("{} does not say that it serves {impact:?}", needed.id));
                }
                let phase = match question.phase.as_str() {
                    // Its questions are asked with those of Scope.
                    "validation" => Some(Phase::Scope),
                    other => Phase::from_slug(other),
                };
                if phase != Some(needed.phase) {
                    odd.push(format!("{} is asked by {}", needed.id, question.phase));
                }
                let rests = [&question.meaning, &question.none];
                let rests = rests.iter().any(|said| said.contains("data events"));
                if rests != needed.data_events {
                    odd.push(format!("{} and data events", needed.id));
                }
            }
        }
        odd
    }

    #[test]
    fn what_a_no_needs_is_what_the_headers_say_serves_it() {
        let all = questions().unwrap();
        assert_eq!(odd(&all), [""; 0]);
        for (from, to, said) in [
            ("impact: guardrails", "impact: business", "Q40 does not say that it serves"),
            ("phase: impact", "phase: scope", "Q40 is asked by scope"),
            ("touching a control.", "a control; data events.", "Q40 and data events"),
        ] {
            let changed = all.iter().map(|one| match one.id == "Q40" {
                true => parse(&one.sql.replace(from, to)).unwrap(),
                false => one.clone(),
            });
            let odd = odd(&changed.collect::<Vec<_>>());
            assert!(odd.iter().any(|line| line.contains(said)), "{said}: {odd:?}");
        }
    }

    #[test]
    fn each_other_log_has_its_question_and_each_such_question_its_log() {
        let all = log_questions().unwrap();
        let logs: Vec<_> = all.iter().map(|one| OtherLog::from_slug(&one.source)).collect();
        assert_eq!(logs, OtherLog::ALL.map(Some));
        for (question, log) in all.iter().zip(OtherLog::ALL) {
            assert_eq!(question.id, log.question());
            for part in ["{table}", "{partitions}", "{from}", "{to}", "ORDER BY"] {
                assert!(question.sql.contains(part), "{} lacks {part}", question.id);
            }
        }
        assert!(questions().unwrap().iter().all(|one| OtherLog::from_slug(&one.source).is_none()));
    }

    #[test]
    fn every_technique_of_the_table_is_named_by_a_header() {
        let all = questions().unwrap();
        for technique in TECHNIQUES {
            let named = all.iter().any(|question| question.attack.contains(&technique));
            assert!(named, "{} is in the table and in no header", technique.id);
        }
    }
}
