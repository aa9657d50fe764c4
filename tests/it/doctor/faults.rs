//! Faults of a set-up, and the one line that must tell each.

use crate::doctor::town::{SECRET, TOKEN, Town, free};
use keyleak::config::Config;
use keyleak::domain::checkup::{Part, State};
use keyleak::sim::slack::faults::Fault;
use keyleak::sim::slack::server::SimSlack;
use std::net::SocketAddr;

/// A fault, where it is planted, and the one line that must tell it.
pub(crate) struct Planted {
    pub(crate) name: &'static str,
    /// Words of the settings, and what stands in their place.
    pub(crate) settings: &'static [(&'static str, &'static str)],
    pub(crate) slack: fn(&SimSlack),
    /// Changes what no file of settings can say.
    pub(crate) config: fn(&mut Config, &Town),
    pub(crate) told: (Part, State, &'static str, &'static str),
}

pub(crate) const NOTHING: fn(&SimSlack) = |_| {};
pub(crate) const AS_IT_IS: fn(&mut Config, &Town) = |_, _| {};
/// Instead of Dan, somebody who cannot decide.
const fn instead(of: &'static str) -> (&'static str, &'static str) {
    ("U0DAN00004", of)
}

pub(super) fn faults_of_slack() -> Vec<Planted> {
    let of = |name, slack, told| Planted { name, settings: &[], slack, config: AS_IT_IS, told };
    let set =
        |name, settings, told| Planted { name, settings, slack: NOTHING, config: AS_IT_IS, told };
    vec![
        set(
            "a token that Slack does not know",
            &[(TOKEN, "xoxb-another")],
            (Part::SlackToken, State::Failed, "invalid_auth", "copy the Bot User OAuth Token"),
        ),
        of(
            "an app that was removed",
            |slack| slack.script("auth.test", &Fault::Error("account_inactive".into()), 1),
            (Part::SlackToken, State::Failed, "account_inactive", "Reinstall to Workspace"),
        ),
        of(
            "a Slack that is down",
            |slack| slack.script("auth.test", &Fault::Page(503), 1),
            (Part::SlackToken, State::Failed, "HTTP 503", "let this host reach slack.com"),
        ),
        set(
            "a token of another workspace",
            &[("T0SIM00001", "T0REAL0001")],
            (
                Part::SlackToken,
                State::Failed,
                "not of T0REAL0001",
                "set slack.team_id = \"T0SIM00001\"",
            ),
        ),
        set(
            "a token of another app",
            &[("A0SIM00001", "A0REAL0001")],
            (
                Part::SlackToken,
                State::Failed,
                "not of A0REAL0001",
                "set slack.app_id = \"A0SIM00001\"",
            ),
        ),
        of(
            "a scope that was not granted",
            |slack| slack.revoke("pins:write"),
            (
                Part::SlackScopes,
                State::Failed,
                "the token lacks pins:write",
                "add pins:write under",
            ),
        ),
        of(
            "a scope that nothing needs",
            |slack| slack.grant("channels:join"),
            (Part::SlackScopes, State::Warning, "channels:join", "channels:join"),
        ),
    ]
}

pub(super) fn faults_of_the_address() -> Vec<Planted> {
    let at = |name, config, told| Planted { name, settings: &[], slack: NOTHING, config, told };
    let set =
        |name, settings, told| Planted { name, settings, slack: NOTHING, config: AS_IT_IS, told };
    let part = Part::SlackCommand;
    vec![
        set(
            "another signing secret than the service's",
            &[(SECRET, "a-secret-that-was-rotated")],
            (part, State::Failed, "(401)", "set slack.signing_secret to the Signing Secret"),
        ),
        at(
            "an address at which nobody listens",
            |config, _| config.public_url = Some(format!("http://{}", free())),
            (part, State::Failed, "cannot be reached from here", "start `keyleak serve` behind"),
        ),
        at(
            "a path that the proxy does not hand on",
            |config, town| config.public_url = Some(format!("http://{}/bot", town.at)),
            (part, State::Failed, "(404)", "let the proxy hand /slack/commands"),
        ),
        at(
            "a port that speaks no TLS",
            |config, town| config.public_url = Some(format!("https://{}", town.at)),
            (part, State::Failed, "no certificate that Slack would take", "give the proxy a cert"),
        ),
    ]
}

pub(super) fn faults_of_people() -> Vec<Planted> {
    let set =
        |name, settings, told| Planted { name, settings, slack: NOTHING, config: AS_IT_IS, told };
    let people = |said, fix| (Part::People, State::Failed, said, fix);
    vec![
        set(
            "an approver whom Slack does not know",
            const { &[instead("U0NOBODY99")] },
            people("Slack knows nobody of this id", "take U0NOBODY99 out of people.approvers"),
        ),
        set(
            "a user group that is not there",
            const { &[instead("S0NOWHERE1")] },
            people("Slack knows nobody of this id", "take S0NOWHERE1 out of people.approvers"),
        ),
        set(
            "an approver who has left",
            const { &[instead("U0GONE0005")] },
            people("gone is deactivated", "take U0GONE0005 out of people.approvers"),
        ),
        set(
            "an approver who is a guest",
            const { &[instead("U0GUEST006")] },
            people("guest is a guest", "take U0GUEST006 out of people.approvers"),
        ),
        set(
            "an approver who is a bot",
            const { &[instead("U0ROBOT007")] },
            people("robot is a bot", "take U0ROBOT007 out of people.approvers"),
        ),
        set(
            "an approver of another workspace",
            const { &[instead("U0OTHER008")] },
            people("other is of another workspace", "take U0OTHER008 out of people.approvers"),
        ),
        set(
            "one person twice",
            const { &[("\"U0DAN00004\"]", "\"U0DAN00004\", \"U0DAN00004\"]")] },
            (
                Part::People,
                State::Warning,
                "people.approvers names them more",
                "name U0DAN00004 once",
            ),
        ),
        set(
            "nobody who approves",
            &[(
                "approvers = [\"U0ANA00001\", \"U0BOB00002\", \"U0CYN00003\", \"U0DAN00004\"]",
                "approvers = []",
            )],
            (
                Part::Approvers,
                State::Failed,
                "nobody can approve",
                "list 2 more in people.approvers",
            ),
        ),
        set(
            "one who approves alone",
            &[("\"U0ANA00001\", \"U0BOB00002\", \"U0CYN00003\", \"U0DAN00004\"", "\"U0ANA00001\"")],
            (Part::Approvers, State::Failed, "it takes 2", "list 1 more in people.approvers"),
        ),
        set(
            "too few for what cannot be undone",
            &[(", \"U0CYN00003\", \"U0DAN00004\"]", "]")],
            (Part::Approvers, State::Warning, "an eradication needs 2", "list 1 more"),
        ),
    ]
}

pub(super) fn faults_of_tiers() -> Vec<Planted> {
    let set =
        |name, settings, told| Planted { name, settings, slack: NOTHING, config: AS_IT_IS, told };
    vec![
        set(
            "a second proof that was turned off",
            &[("[aws]\n", "step_up_for = []\n[aws]\n")],
            (
                Part::StepUp,
                State::Warning,
                "an eradication needs no second proof",
                "put irreversible into people.step_up_for",
            ),
        ),
        set(
            "too few who can prove who they are",
            &[("one_time_codes.U0BOB00002", "one_time_codes.U0GONE0005")],
            (
                Part::StepUp,
                State::Warning,
                "1 of those in people.approvers can prove",
                "keyleak one-t",
            ),
        ),
        set(
            "nobody for a tier",
            &[("[aws]\n", "approvers_irreversible = []\n[aws]\n")],
            (
                Part::Approvers,
                State::Failed,
                "nobody can: 0 of those in people.approvers_irreversible",
                "list 3 more in people.approvers_irreversible",
            ),
        ),
        set(
            "just as many as a tier needs",
            &[("[aws]\n", "approvers_resources = [\"U0ANA00001\"]\n[aws]\n")],
            (Part::Approvers, State::Warning, "just as many", "list 1 more in people.approvers_r"),
        ),
    ]
}

pub(super) fn faults_of_the_host() -> Vec<Planted> {
    let set =
        |name, settings, told| Planted { name, settings, slack: NOTHING, config: AS_IT_IS, told };
    vec![
        Planted {
            name: "an address of another host",
            settings: &[],
            slack: NOTHING,
            config: |config, _| config.listen = SocketAddr::from(([203, 0, 113, 9], 7341)),
            told: (
                Part::ListenAddress,
                State::Failed,
                "cannot be listened on",
                "set server.listen",
            ),
        },
        Planted {
            name: "a port that another program has",
            settings: &[],
            slack: NOTHING,
            config: |config, town| config.listen = town.aws,
            told: (Part::ListenAddress, State::Failed, "another program listens", "choose another"),
        },
        set(
            "a journal in a folder that is not there",
            &[("keyleak.sqlite", "nowhere/keyleak.sqlite")],
            (Part::Journal, State::Failed, "there is no folder", "set journal.path to a file"),
        ),
        set(
            "a file where the folder of the evidence should be",
            &[("/evidence\"", "/serve.toml\"")],
            (Part::Evidence, State::Failed, "it is no folder", "set evidence.path to a folder"),
        ),
        set(
            "a trail that is not there",
            &[("/trail\"", "/trial\"")],
            (Part::Trail, State::Failed, "cannot be read", "correct trail.paths"),
        ),
        set(
            "no second place for the journal",
            &[("[anchors]\npath", "[anchors]\n# path")],
            (
                Part::Anchors,
                State::Warning,
                "none: a journal that somebody rewrote",
                "set anchors.bucket",
            ),
        ),
    ]
}
