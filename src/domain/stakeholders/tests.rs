//! News for people outside: told once each, and nothing in it that anybody chose.

use super::*;
use crate::domain::event::Phase;
use crate::domain::facts::{Alert, Fact, Finding};
use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::lineage::{Node, NodeKind};
use crate::domain::plan::PlanKind;
use crate::domain::record::Actor;
use crate::domain::sample::{self, KEY, add, at, minted, opened, own, person, plan, run, survey};
use crate::domain::team_step::TeamStep;

const EVIL: &str = "evil-<!channel>-name";

/// A case in which everything that somebody may choose is hostile.
fn story() -> Case {
    let mut case = opened();
    add(&mut case, Actor::Keyleak, Event::Found { finding: own(EVIL) });
    let title = EVIL.to_owned();
    let alert = Alert { source: EVIL.to_owned(), title, severity: Some(EVIL.to_owned()), at: None };
    let finding = Finding::GuardDuty(Fact::Known(vec![alert]));
    add(&mut case, Actor::Keyleak, Event::Found { finding });
    let ana = || Actor::Person { person: person("ana"), name: Some(EVIL.to_owned()) };
    let reason = format!("{EVIL} 203.0.113.66 {KEY}");
    let step = Box::new(TeamStep::Graded { severity: Some(Severity::P3), reason: reason.clone() });
    add(&mut case, ana(), Event::Team { step });
    let containment = plan(&case, PlanKind::Containment);
    let number = containment.number;
    run(&mut case, containment);
    let arn = Some(format!("arn:aws:iam::029608264753:user/{EVIL}"));
    let node = Node { arn, why: EVIL.to_owned(), ..minted(NodeKind::RoleSession, EVIL) };
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey: Box::new(survey(vec![node])) });
    add(&mut case, Actor::Keyleak, Event::Held { plan: number });
    add(&mut case, Actor::Keyleak, Event::Contained { plan: number, as_of: at(40) });
    sample::press(&mut case, Phase::Scope);
    add(&mut case, ana(), Event::Note { text: reason.clone() });
    add(&mut case, ana(), Event::Closed { reason: Some(reason) });
    case
}

#[test]
fn opening_severity_contained_and_close_are_told_once_each() {
    let case = story();
    let told: Vec<News> = digests(&case).iter().map(|digest| digest.news).collect();
    let wanted = [
        News::Opened,
        News::Severity,
        News::Severity,
        News::Severity,
        News::Contained,
        News::Closed,
    ];
    assert_eq!(told, wanted, "P3, P2 by GuardDuty, P3 by a person, P1 by what grew");
    let keys: std::collections::BTreeSet<_> = digests(&case).iter().map(|d| d.key()).collect();
    assert_eq!(keys.len(), wanted.len());
    assert!(keys.iter().all(crate::domain::outside_key::is_digest));
}

#[test]
fn a_case_that_is_taken_up_again_is_news_and_what_was_told_before_is_none() {
    let mut case = story();
    let before = digests(&case);
    let told = |case: &mut Case, key: PostKey| {
        let (channel, message) = ("C0NEWS".to_owned(), "1.000001".to_owned());
        let (channel, message) = (ChannelId(channel), MessageTs(message));
        let post = Event::Posted { post: key, channel, message, repeat_possible: false };
        add(case, Actor::Keyleak, post);
    };
    before.iter().for_each(|digest| told(&mut case, digest.key()));
    told(&mut case, PostKey("card".to_owned()));
    add(&mut case, Actor::Keyleak, Event::Archived);
    let ana = Actor::Person { person: person("ana"), name: Some(EVIL.to_owned()) };
    add(&mut case, ana, Event::Reopened { reason: format!("{EVIL} again") });
    let now = digests(&case);
    assert_eq!(now[..before.len()], before[..]);
    let last = now.last().unwrap();
    assert_eq!((last.news, now.len()), (News::Reopened, before.len() + 1));
    let said = lines(&case, *last).join("\n");
    assert!(said.contains("the case is open again") && said.contains("look at it again"), "{said}");
    assert!(!said.contains("evil"), "{said}");
    let posted = &case.room().posted;
    assert!(before.iter().all(|digest| posted.contains_key(&digest.key())), "told is told");
    assert!(!posted.contains_key(&last.key()) && posted.len() == before.len(), "{posted:?}");
}

#[test]
fn a_digest_holds_no_name_no_typed_word_no_address_and_no_more_of_the_key_than_four() {
    let case = story();
    for digest in digests(&case) {
        let said = lines(&case, digest).join("\n");
        for secret in ["evil", "channel>", "203.0.113", &KEY[..12], "AKIA", "029608264753", "ana"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        assert!(said.contains("…7WML"), "{said}");
    }
}

#[test]
fn a_digest_says_what_was_so_then_and_says_the_same_later() {
    let case = story();
    let all = digests(&case);
    let first = lines(&case, all[0]);
    let wanted = "Exposed AWS key …7WML: a case is open\nSeverity P3, because it is reported as \
                  exposed, and not validated yet\nNot contained yet; people are at work on it\n\
                  Opened at 2026-09-21 14:13:21 UTC\nMore is known in the case's own channel, to \
                  the people in it.";
    assert_eq!(first.join("\n"), wanted);
    let last = lines(&case, *all.last().unwrap()).join("\n");
    assert!(
        last.contains("the case is closed") && last.contains("It was contained as of"),
        "{last}"
    );
    assert_eq!(lines(&opened(), all[0]), first);
}
