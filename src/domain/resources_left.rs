//! What of the actor's resources is stopped, what is to be, and what only people can stop.

use crate::domain::case::Case;
use crate::domain::eradicating::deleted;
use crate::domain::key_use::network;
use crate::domain::made_resources::{MadeResource, MadeResources};
use crate::domain::plan::{Plan, PlanKind};
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::principal::{Principal, PrincipalName};
use crate::domain::remains::asked_of_people;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::resource_by_hand::command;
use crate::domain::resource_change::ResourceChange;

/// How one resource of the actor's stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Stopped,
    /// It was deleted with an eradication.
    Deleted,
    /// A step for it is planned, waits, or failed; the plan's card says which.
    InPlan,
    /// People were asked and decided to leave it, or took its step back.
    Left,
    /// keyleak has a change for it, and has not proposed it yet.
    Due,
    /// keyleak has no change for it.
    ByHand,
}

/// What is to be stopped now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DueResources {
    /// The actor made it: the standing approval covers it.
    pub covered: Vec<(ResourceName, MadeResource)>,
    /// It was there before, or somebody else may have made it: people decide.
    pub asked: Vec<(ResourceName, MadeResource)>,
}

/// What the last reading of the trail shows that no plan has a step for yet.
pub fn due(case: &Case) -> DueResources {
    let mut due = DueResources::default();
    for one in found(case) {
        let Some(name) = one.containable().filter(|_| stands(case, one) == Stands::Due) else {
            continue;
        };
        let whose = match doubt(case, one) {
            None => &mut due.covered,
            Some(_) => &mut due.asked,
        };
        whose.push((name, one.clone()));
    }
    due
}

/// Every resource that the actor made or changed, and how it stands.
pub fn standing(case: &Case) -> Vec<(&MadeResource, Stands)> {
    found(case).map(|one| (one, stands(case, one))).collect()
}

/// What is not stopped, one line each, with why; none where all is.
pub fn not_stopped(case: &Case) -> Vec<String> {
    let lines = standing(case).into_iter().filter_map(|(one, stands)| {
        let why = match stands {
            Stands::Stopped | Stands::Deleted => return None,
            Stands::InPlan => "see the plan's step".to_owned(),
            Stands::Left => "people decided to leave it".to_owned(),
            Stands::Due => format!("no step stops it, and it may be gone by now; {}", by_hand(one)),
            Stands::ByHand => match command(one) {
                Some(command) => format!("not contained by keyleak, by hand: {command}"),
                None => "not contained by keyleak: by hand".to_owned(),
            },
        };
        Some(format!("{}: {why}", one.words()))
    });
    let more = case.survey().is_some_and(|(_, survey)| survey.resources.more);
    let more = more.then(|| "more than a list holds: the rest is in the cut".to_owned());
    lines.chain(more).collect()
}

/// The command, where no plan has a step for it: no snapshot, or no isolation group.
fn by_hand(one: &MadeResource) -> String {
    let Some(name) = one.containable() else { return "by hand".to_owned() };
    let change = match name.of {
        ResourceType::Bucket => {
            return "by hand: a deny in its policy to everybody but the responders".to_owned();
        }
        ResourceType::Instance => {
            ResourceChange::Isolate { group: "<a group of its VPC without rules>".to_owned() }
        }
        ResourceType::Function => ResourceChange::StopFunction,
        ResourceType::EventSource | ResourceType::Service => {
            ResourceChange::SwitchOff { of: name.of }
        }
        // Nothing of IAM's is contained: it is deleted, or left.
        ResourceType::SamlProvider
        | ResourceType::OidcProvider
        | ResourceType::InstanceProfile
        | ResourceType::Group
        | ResourceType::Policy => return "by hand".to_owned(),
    };
    format!("by hand: {}", change.commands(&name).join("; "))
}

fn found(case: &Case) -> impl Iterator<Item = &MadeResource> {
    let own = case.account().map(|account| account.0.as_str());
    let none = const { &MadeResources { all: Vec::new(), more: false } };
    let found = case.survey().map_or(none, |(_, survey)| &survey.resources);
    // What lies in another account is that account's to stop.
    let is_here = move |one: &&MadeResource| {
        own.is_none() || one.account.is_none() || one.account.as_deref() == own
    };
    found.all.iter().filter(is_here)
}

fn stands(case: &Case, one: &MadeResource) -> Stands {
    let Some(name) = one.containable() else { return Stands::ByHand };
    let key = name.key();
    let is_on = |on: &PrincipalName| *on == key;
    if deleted(case).iter().any(|on| is_on(&on.key())) {
        return Stands::Deleted;
    }
    let steps = || case.standing_plans().flat_map(PlanState::all_steps);
    let mut own = steps().filter(|(_, step, _)| is_on(&step.action.on.key())).peekable();
    if own.peek().is_some() {
        // One that people took back alone is theirs to let be, unless another holds.
        let mut is_lifted = false;
        for (_, _, state) in own {
            if state.is_in_force() {
                return Stands::Stopped;
            }
            is_lifted |= state.lifted.is_some();
        }
        return if is_lifted { Stands::Left } else { Stands::InPlan };
    }
    if case.adjustments().left_out(&key).is_some() {
        return Stands::Left;
    }
    let asked = asked_of_people(case)
        .rev()
        .find(|state| state.plan.steps.iter().any(|step| is_on(&step.action.on.key())));
    match asked.map(PlanState::status) {
        Some(PlanStatus::Denied) => Stands::Left,
        Some(_) => Stands::InPlan,
        None => Stands::Due,
    }
}

/// The follow-up that waits for people about what the trail proves to be the actor's own by now,
/// while the standing approval covers that: its making was told later than its change.
pub fn needless(case: &Case) -> Option<&PlanState> {
    let is_own = |on: &Principal| {
        ResourceName::about(on).is_some_and(|name| doubt_about(case, &name).is_none())
    };
    case.covering_plan()?;
    case.pending_plan().filter(|state| {
        let Plan { kind, owners, steps, .. } = &state.plan;
        let asks = *kind == PlanKind::FollowUp && !owners.is_empty();
        asks && steps.iter().all(|step| is_own(&step.action.on))
    })
}

/// The same of a resource by its name; what the trail no longer lists may be anybody's.
pub fn doubt_about(case: &Case, name: &ResourceName) -> Option<&'static str> {
    let is_it = |one: &&MadeResource| one.containable().as_ref() == Some(name);
    match found(case).find(is_it) {
        Some(one) => doubt(case, one),
        None => Some("the trail as last read does not show that the actor made it"),
    }
}

/// Why people are asked before it is stopped; none where nobody but the actor can have made it. Who
/// uses the key day after day makes things with it too: what comes from such an address is left to
/// people, and so is all where not every such address is remembered.
pub fn doubt(case: &Case, one: &MadeResource) -> Option<&'static str> {
    if !one.made {
        return Some("it was there before");
    }
    if one.may_be_older() {
        return Some(
            "it may have been there before, as S3 answers CreateBucket in us-east-1 with success \
             on a bucket that the account has already",
        );
    }
    whose(case, one.sure, one.from.as_deref())
}

/// Why it is not certain that the actor made it: nobody proves it, or somebody else who uses the
/// key may have made it `from` there.
pub fn whose(case: &Case, sure: bool, from: Option<&str>) -> Option<&'static str> {
    if !sure {
        return Some("the trail does not prove that the actor made it");
    }
    if case.exposed_since().is_none() {
        return Some(
            "it may be older than the leak, as nobody knows since when the key is exposed",
        );
    }
    let regular = case.survey().and_then(|(_, survey)| survey.regular.as_ref());
    let (Some(regular), Some(from)) = (regular, from) else {
        return Some("it is not known whether it comes from where the key is used regularly");
    };
    let from = network(from);
    let is_usual = regular.sources.iter().any(|known| known.address == from);
    match (is_usual, regular.more) {
        (true, _) => Some("it was made from where the key is used day after day"),
        (false, 0) => None,
        (false, _) => Some("not every address that uses the key day after day is remembered"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::{Action, Change};
    use crate::domain::bucket_policy::BucketDeny;
    use crate::domain::event::Event;
    use crate::domain::plan::{PlanNumber, StepAddress};
    use crate::domain::record::{Actor, Entry};
    use crate::domain::regular::{RegularSource, RegularUse};
    use crate::domain::resource_owner::{ResourceOwner, Word};
    use crate::domain::sample::{at, opened, person, plan, propose, survey};
    use crate::domain::step_result::StepResult;

    fn bucket(made: bool, from: &str) -> MadeResource {
        MadeResource {
            type_name: Some(ResourceType::Bucket.type_name().to_owned()),
            name: "loot".to_owned(),
            region: "eu-west-1".to_owned(),
            made,
            service: "s3.amazonaws.com".to_owned(),
            call: "CreateBucket".to_owned(),
            by: "arn:aws:iam::029608264753:user/ci".to_owned(),
            from: Some(from.to_owned()),
            at: at(3),
            account: Some("029608264753".to_owned()),
            asked_for: None,
            sure: true,
        }
    }

    fn add(case: &mut Case, actor: Actor, event: Event) {
        let entry = Entry { at: at(9), actor, place: None, delivery: None, event };
        case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
    }

    fn case(one: MadeResource, more: u64) -> Case {
        let mut case = opened();
        let exposed = Event::Exposed {
            since: Some(at(2)),
            why: Some("first use unlike the others".to_owned()),
            event_id: None,
        };
        add(&mut case, Actor::Keyleak, exposed);
        surveyed(case, one, more)
    }

    fn surveyed(mut case: Case, one: MadeResource, more: u64) -> Case {
        let source = RegularSource {
            address: "192.0.2.7".to_owned(),
            agent: "terraform".to_owned(),
            services: Vec::new(),
            calls: 9,
            days: 5,
            last: at(0),
        };
        let mut survey = survey(Vec::new());
        survey.regular = Some(RegularUse { sources: vec![source], more, stray_calls: 0 });
        survey.resources = MadeResources { all: vec![one], more: false };
        add(&mut case, Actor::Keyleak, Event::Surveyed { survey: Box::new(survey) });
        case
    }

    /// Carries out a plan of this one step.
    fn run(case: &mut Case, (kind, lifts): (PlanKind, Vec<StepAddress>), change: ResourceChange) {
        let name = bucket(true, "").containable().unwrap();
        let on = name.key();
        let on = Principal { kind: on.kind, name: on.name, id: name.arn(), arn: name.arn() };
        let mut plan = plan(case, kind);
        plan.steps.truncate(1);
        plan.steps[0].action = Action { on, change: Change::Resource { change } };
        plan.lifts = lifts;
        let (number, hash) = (plan.number, plan.hash());
        let proposed = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
        add(case, Actor::Keyleak, proposed);
        let bob = Actor::Person { person: person("bob"), name: None };
        add(case, bob, Event::Approved { plan: number, hash: hash.clone() });
        let (plan, step, attempt, plan_hash) = (number, 0, 1, hash);
        add(case, Actor::Keyleak, Event::Intent { plan, step, attempt, plan_hash });
        let result = StepResult::Done { changed: true, how: None, request_id: None };
        add(case, Actor::Keyleak, Event::Outcome { plan, step, attempt, result });
    }

    #[test]
    fn a_step_that_people_took_back_is_theirs_and_no_longer_stopped() {
        let mut case = case(bucket(true, "203.0.113.66"), 0);
        let deny = BucketDeny::new(case.id(), "arn:aws:s3:::loot", Vec::new());
        let closed = ResourceChange::CloseBucket { deny };
        run(&mut case, (PlanKind::Containment, Vec::new()), closed);
        assert_eq!(standing(&case)[0].1, Stands::Stopped);
        let lifts = vec![StepAddress { plan: PlanNumber(1), step: 0 }];
        let back = ResourceChange::PutBucketPolicy { document: None };
        run(&mut case, (PlanKind::Undo, lifts), back);
        assert_eq!(standing(&case)[0].1, Stands::Left);
        assert_eq!(due(&case), DueResources::default(), "it is not stopped again unasked");
        assert!(not_stopped(&case)[0].ends_with("people decided to leave it"));
    }

    #[test]
    fn what_may_not_be_the_actors_is_asked_about_with_the_reason() {
        let sure = || bucket(true, "203.0.113.66");
        let asked = |case: &Case| {
            let due = due(case);
            assert_eq!((due.covered.len(), due.asked.len()), (0, 1));
            doubt(case, &due.asked[0].1).unwrap()
        };
        let virginia = MadeResource { region: "us-east-1".to_owned(), ..sure() };
        assert!(asked(&case(virginia.clone(), 0)).contains("us-east-1"));
        let ran = MadeResource { call: "RunInstances".to_owned(), ..virginia };
        assert_eq!(doubt(&case(ran.clone(), 0), &ran), None, "only a bucket is answered for so");
        let unsure = MadeResource { sure: false, ..sure() };
        assert!(asked(&case(unsure, 0)).contains("does not prove"));
        assert!(asked(&surveyed(opened(), sure(), 0)).contains("nobody knows since when"));
    }

    #[test]
    fn an_old_note_says_nothing_of_who_is_sure() {
        let mut old = serde_json::to_value(bucket(true, "203.0.113.66")).unwrap();
        assert_eq!(old.as_object_mut().unwrap().remove("sure"), Some(true.into()));
        let read: MadeResource = serde_json::from_value(old.clone()).unwrap();
        assert!(!read.sure);
        assert_eq!(serde_json::to_value(read).unwrap(), old, "and is written as it was");
    }

    #[test]
    fn what_the_actor_made_is_covered_and_what_was_there_before_is_asked_about() {
        let made = due(&case(bucket(true, "203.0.113.66"), 0));
        assert_eq!((made.covered.len(), made.asked.len()), (1, 0));
        let changed = due(&case(bucket(false, "203.0.113.66"), 0));
        assert_eq!((changed.covered.len(), changed.asked.len()), (0, 1));
    }

    #[test]
    fn what_comes_from_where_the_key_is_used_regularly_is_nobodys_to_stop_unasked() {
        let usual = due(&case(bucket(true, "192.0.2.7"), 0));
        assert_eq!((usual.covered.len(), usual.asked.len()), (0, 1));
        let unknown = due(&case(bucket(true, "203.0.113.66"), 1));
        assert_eq!((unknown.covered.len(), unknown.asked.len()), (0, 1), "not all are known");
    }

    #[test]
    fn what_only_people_can_stop_comes_with_the_command_where_there_is_one() {
        let group = MadeResource {
            type_name: Some("AWS::AutoScaling::AutoScalingGroup".to_owned()),
            name: "miners; rm".to_owned(),
            ..bucket(true, "203.0.113.66")
        };
        let said = not_stopped(&case(group, 0));
        let command = "aws autoscaling suspend-processes --region 'eu-west-1' \
                       --auto-scaling-group-name 'miners; rm' --scaling-processes Launch";
        assert!(said[0].ends_with(command), "{said:?}");
    }

    #[test]
    fn a_question_is_needless_once_the_making_is_told_and_only_while_an_approval_covers_it() {
        let (before, after) = (bucket(false, "203.0.113.66"), bucket(true, "203.0.113.66"));
        let name = after.containable().unwrap();
        let asked = |case: &mut Case, owners: Vec<ResourceOwner>| {
            let plan = plan(case, PlanKind::FollowUp);
            let on = Principal {
                kind: name.key().kind,
                name: name.key().name,
                id: name.arn(),
                arn: name.arn(),
            };
            let deny = BucketDeny::new(case.id(), &on.arn, Vec::new());
            let change = Change::Resource { change: ResourceChange::CloseBucket { deny } };
            let steps = vec![crate::domain::sample::step(on, change)];
            propose(case, Plan { steps, owners, ..plan });
        };
        let owner = || ResourceOwner {
            resource: name.clone(),
            tag: None,
            word: Word::Another("it has no owner tag".to_owned()),
        };
        let mut covering = case(before.clone(), 0);
        let contained = plan(&covering, PlanKind::Containment);
        crate::domain::sample::run(&mut covering, contained);
        asked(&mut covering, vec![owner()]);
        assert!(needless(&covering).is_none(), "the control: it was there before");
        let mut told = surveyed(covering, after.clone(), 0);
        assert!(needless(&told).is_some());
        asked(&mut told, Vec::new());
        assert!(needless(&told).is_none(), "what was reverted is asked about all the same");
        let mut uncovered = case(before, 0);
        asked(&mut uncovered, vec![owner()]);
        assert!(needless(&surveyed(uncovered, after, 0)).is_none(), "nothing covers it");
    }

    #[test]
    fn what_keyleak_has_no_change_for_is_said_and_never_due() {
        let queue = MadeResource { type_name: None, ..bucket(true, "203.0.113.66") };
        let case = case(queue, 0);
        assert_eq!(due(&case), DueResources::default());
        let said = not_stopped(&case);
        assert!(said[0].ends_with("not contained by keyleak: by hand"), "{said:?}");
    }
}
