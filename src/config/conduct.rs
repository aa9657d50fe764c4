//! How people are kept at a case: how often it is summed up, who is called to a plan that waits.

use crate::config::reader::Reader;
use crate::domain::conduct::{Conduct, Ladder};
use crate::domain::ids::ChannelId;
use crate::domain::severity::Severity;
use crate::pager::webhook;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};

/// As often as AWS's playbook wants it, unless it is set otherwise; `pages` says whether there is
/// a way to page anybody.
pub(super) fn conduct(r: &mut Reader, pages: bool) -> Conduct {
    let (p1, p2) = (r.span("updates.p1_every", "30m"), r.span("updates.p2_every", "2h"));
    let remind_after = r.span("escalation.remind_after", "5m");
    let next_after = r.span("escalation.next_after", "15m");
    let page_after = r.span("escalation.page_after", "30m");
    if !(remind_after <= next_after && next_after <= page_after) {
        r.reject(
            "escalation.remind_after",
            "must come first; escalation.next_after and escalation.page_after follow it",
        );
    }
    let within = [
        r.span("tasks.p1_within", "30m"),
        r.span("tasks.p2_within", "2h"),
        r.span("tasks.p3_within", "8h"),
        r.span("tasks.p4_within", "24h"),
    ];
    let next = r.texts("escalation.people").unwrap_or_default().into_iter().collect();
    Conduct {
        updates: BTreeMap::from([(Severity::P1, p1), (Severity::P2, p2)]),
        ladder: Ladder {
            remind_after: Some(remind_after),
            next_after: Some(next_after),
            next,
            page_after: pages.then_some(page_after),
        },
        tasks: Severity::ALL.into_iter().zip(within).collect(),
        summons: summons(r),
        ask_owner: ask_owner(r),
        legal: r.texts("people.legal").unwrap_or_default().into_iter().collect(),
        stakeholders: stakeholders(r),
    }
}

/// Whom a severity calls in; the lists of the milder ones are called by the worse ones too.
fn summons(r: &mut Reader) -> BTreeMap<Severity, BTreeSet<String>> {
    let p1 = r.texts("severity.p1_people").unwrap_or_default();
    let p2 = r.texts("severity.p2_people").unwrap_or_default();
    let set = |users: Vec<String>| -> BTreeSet<String> { users.into_iter().collect() };
    [(Severity::P1, set(p1)), (Severity::P2, set(p2))].into()
}

fn ask_owner(r: &mut Reader) -> bool {
    match r.text_or("people.ask_key_owner", "true").as_str() {
        "true" => true,
        "false" => false,
        _ => {
            r.reject("people.ask_key_owner", "can be true or false");
            false
        }
    }
}

/// A channel by its id: a name can be given to another one.
fn stakeholders(r: &mut Reader) -> Option<ChannelId> {
    let id = r.text("slack.stakeholder_channel")?;
    let form = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    if !(id.len() > 2 && id.starts_with(['C', 'G']) && id.bytes().all(form)) {
        r.reject(
            "slack.stakeholder_channel",
            "must be a channel's id such as \"C0123456789\"; it stands at the end of the channel's \
             details in Slack",
        );
    }
    Some(ChannelId(id))
}

/// Where a page goes.
pub(super) fn webhook(r: &mut Reader) -> Option<SecretString> {
    let address = r.text("escalation.webhook")?;
    if let Err(error) = webhook::check(&address) {
        r.reject("escalation.webhook", &error.to_string());
    }
    Some(SecretString::from(address))
}

#[cfg(test)]
mod tests {
    use crate::config::read;
    use crate::domain::severity::Severity;
    use std::collections::BTreeSet;

    const GOOD: &str =
        "[slack]\nsigning_secret = \"s\"\nbot_token = \"xoxb-1\"\nteam_id = \"T1\"\n";

    fn errors(more: &str) -> Vec<String> {
        read("keyleak.toml", &format!("{GOOD}{more}"), &[]).map(|_| ()).unwrap_err().0
    }

    #[test]
    fn tasks_have_a_time_by_severity_and_people_are_called_by_it() {
        let config = read("keyleak.toml", GOOD, &[]).unwrap();
        let conduct = &config.rules.policy.conduct;
        let minutes: Vec<i64> = conduct.tasks.values().map(|within| within.as_mins()).collect();
        assert_eq!(minutes, [30, 120, 480, 1_440]);
        assert!(conduct.summons.values().all(BTreeSet::is_empty));
        let more = "[tasks]\np1_within = \"10m\"\n[severity]\np1_people = [\"U0CISO00001\"]\n";
        let config = read("keyleak.toml", &format!("{GOOD}{more}"), &[]).unwrap();
        let conduct = &config.rules.policy.conduct;
        assert_eq!(conduct.tasks[&Severity::P1].as_mins(), 10);
        assert!(conduct.summons[&Severity::P1].contains("U0CISO00001"));
    }

    #[test]
    fn nobody_is_paged_without_a_webhook_and_a_webhook_is_a_secret() {
        let config = read("keyleak.toml", GOOD, &[]).unwrap();
        assert_eq!(config.rules.policy.conduct.ladder.page_after, None);
        let more = "[escalation]\nwebhook = \"https://pager.example.com/hidden\"\n";
        let config = read("keyleak.toml", &format!("{GOOD}{more}"), &[]).unwrap();
        assert!(config.rules.policy.conduct.ladder.page_after.is_some());
        assert!(!format!("{config:?}").contains("hidden"));
    }

    #[test]
    fn a_plain_address_elsewhere_and_a_wrong_order_are_refused() {
        let found = errors("[escalation]\nwebhook = \"http://pager.example.com/\"\n");
        let wanted = "keyleak.toml, line 6: escalation.webhook must be an https:// address";
        assert!(found[0].starts_with(wanted), "{found:?}");
        let named = GOOD.replace("team_id", "stakeholder_channel = \"#news\"\nteam_id");
        let found = read("keyleak.toml", &named, &[]).map(|_| ()).unwrap_err().0;
        assert!(found[0].contains("slack.stakeholder_channel must be a channel's id"), "{found:?}");
        let found = errors("[escalation]\nremind_after = \"20m\"\n");
        let wanted = "keyleak.toml, line 6: escalation.remind_after must come first";
        assert!(found[0].starts_with(wanted), "{found:?}");
    }
}
