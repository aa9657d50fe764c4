//! Whether the people whom the settings list can decide: enough of them, and each a real one.

use crate::domain::checkup::{Line, Part};
use crate::domain::identity::Operators;
use crate::domain::plan::PlanRules;
use crate::domain::policy::Policy;
use crate::domain::roster::is_group;
use crate::domain::step_up::StepUpRules;
use crate::domain::tier::Tier;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer approvers than this cannot decide what one of them asks for.
const APPROVERS_MIN: usize = 2;

/// Somebody as Slack describes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub team_id: String,
    pub is_deactivated: bool,
    pub is_guest: bool,
    pub is_bot: bool,
    /// Of another workspace.
    pub is_stranger: bool,
}

/// What became of looking somebody up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Somebody(Profile),
    /// A user group, and who is in it.
    Group(BTreeSet<String>),
    Nobody,
    /// Slack did not say.
    NotTold(String),
}

/// The people of the settings, as far as they could be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// Nobody was, and why.
    NotAtAll(String),
    Up(BTreeMap<String, Found>),
}

/// A list of the settings that names somebody more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice {
    pub setting: &'static str,
    pub user: String,
}

/// Everybody whom a list names, with the lists.
pub fn listed<'a>(policy: &'a Policy, operators: &'a Operators) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut add = |user: &'a str, list: &'static str| all.entry(user).or_default().push(list);
    policy.approvers.iter().for_each(|user| add(user, "people.approvers"));
    for (tier, list) in &policy.approvers_of {
        list.iter().for_each(|user| add(user, tier.list()));
    }
    policy.responders.iter().for_each(|user| add(user, "people.responders"));
    policy.openers.iter().flatten().for_each(|user| add(user, "people.openers"));
    policy.key_owners.values().for_each(|user| add(user, "people.key_owners"));
    operators.users().into_iter().for_each(|user| add(user, "people.operators"));
    all
}

/// Whether enough distinct people may approve, of those who can: first containments, then each tier
/// that has a list of its own.
pub fn approvers(policy: &Policy, rules: &PlanRules, looked: &Looked) -> Vec<Line> {
    let own = policy.approvers_of.keys().filter(|tier| **tier != Tier::Contain);
    let own = own.map(|tier| of_tier(policy, (rules, *tier), looked));
    [of_containments(policy, rules, looked)].into_iter().chain(own).collect()
}

/// How many people of a tier's list can approve; none where Slack does not tell.
fn able(policy: &Policy, tier: Tier, looked: &Looked) -> Option<usize> {
    let listed = policy.approvers_for(tier);
    let mut able: BTreeSet<&str> = BTreeSet::new();
    for id in listed {
        match group(looked, id) {
            Some(members) => able.extend(members.iter().map(String::as_str)),
            None if is_group(id) => return None,
            None if can_decide(looked, id, policy) => drop(able.insert(id)),
            None => {}
        }
    }
    let can = able.into_iter().filter(|user| !policy.is_suspect(user));
    Some(can.map(|user| policy.person_of(user)).collect::<BTreeSet<_>>().len())
}

fn of_tier(policy: &Policy, (rules, tier): (&PlanRules, Tier), looked: &Looked) -> Line {
    let (list, what, needed) = (tier.list(), tier.words(), rules.approvals(tier) as usize);
    let fix = |more: usize| format!("list {more} more in {list}, and start keyleak again");
    let Some(can) = able(policy, tier, looked) else {
        let why = format!("{list}: Slack did not tell who is in the user groups");
        return Line::not_checked(Part::Approvers, why);
    };
    let seen = format!("{can} of those in {list} can approve {what}");
    if can == 0 {
        return Line::failed(Part::Approvers, format!("nobody can: {seen}"), fix(needed + 1));
    }
    if can < needed {
        let seen = format!("{seen}; it takes {needed} besides whoever asks for it");
        return Line::failed(Part::Approvers, seen, fix(needed + 1 - can));
    }
    if can == needed {
        let seen = format!("{seen}, just as many as it takes besides whoever asks for it");
        return Line::warning(Part::Approvers, seen, fix(1));
    }
    Line::ok(Part::Approvers, seen)
}

fn of_containments(policy: &Policy, rules: &PlanRules, looked: &Looked) -> Line {
    let setting = policy.list_for(Tier::Contain);
    let needed = APPROVERS_MIN.max(rules.approvals(Tier::Contain) as usize + 1);
    let list = |more: usize| {
        format!("list {more} more in {setting}, by Slack member id, and start keyleak again")
    };
    if policy.approvers_for(Tier::Contain).is_empty() {
        let seen = format!("{setting} is empty: nobody can approve, and nothing is ever changed");
        return Line::failed(Part::Approvers, seen, list(needed));
    }
    let Some(can) = able(policy, Tier::Contain, looked) else {
        let why = "how many there are: Slack did not tell who is in the user groups";
        return Line::not_checked(Part::Approvers, why);
    };
    if can < needed {
        let seen = format!(
            "{can} of those in {setting} can approve; it takes {needed}, since whoever asks for a \
             plan does not approve it"
        );
        return Line::failed(Part::Approvers, seen, list(needed - can));
    }
    let for_good = rules.approvals_irreversible;
    let has_own = policy.approvers_of.contains_key(&Tier::Irreversible);
    if can <= for_good as usize && !has_own {
        let seen = format!(
            "{can} can approve, and an eradication needs {for_good} besides whoever asks for it"
        );
        return Line::warning(Part::Approvers, seen, list(for_good as usize + 1 - can));
    }
    Line::ok(Part::Approvers, format!("{can} people can approve"))
}

/// Who is in a user group; nobody where Slack did not say.
fn group<'a>(looked: &'a Looked, id: &str) -> Option<&'a BTreeSet<String>> {
    match looked {
        Looked::NotAtAll(_) => None,
        Looked::Up(found) => match found.get(id) {
            Some(Found::Group(members)) => Some(members),
            Some(Found::Somebody(_) | Found::Nobody | Found::NotTold(_)) | None => None,
        },
    }
}

fn can_decide(looked: &Looked, user: &str, policy: &Policy) -> bool {
    match looked {
        Looked::NotAtAll(_) => true,
        Looked::Up(found) => match found.get(user) {
            Some(Found::Somebody(profile)) => wrong_with(profile, &policy.team).is_none(),
            Some(Found::Nobody) => false,
            Some(Found::NotTold(_) | Found::Group(_)) | None => true,
        },
    }
}

/// Each person whom a list names: a real one, of this workspace, who can still act.
pub fn each(policy: &Policy, operators: &Operators, looked: &Looked) -> Vec<Line> {
    let listed = listed(policy, operators);
    let found = match looked {
        Looked::NotAtAll(why) => return vec![Line::not_checked(Part::People, why.as_str())],
        Looked::Up(found) => found,
    };
    let mut lines = Vec::new();
    for (user, lists) in &listed {
        let lists = lists.join(" and ");
        let gone = |what: &str| {
            let fix = format!("take {user} out of {lists}, or correct the id");
            Line::failed(Part::People, format!("{what} ({lists})"), fix).about(*user)
        };
        match found.get(*user) {
            Some(Found::Nobody) => lines.push(gone("Slack knows nobody of this id")),
            Some(Found::Group(members)) if members.is_empty() => {
                lines.push(gone("nobody is in this user group"));
            }
            Some(Found::Group(_)) => {}
            Some(Found::Somebody(profile)) => {
                lines.extend(wrong_with(profile, &policy.team).map(|what| gone(&what)));
            }
            Some(Found::NotTold(why)) => {
                let why = format!("Slack did not say who that is: {why}");
                lines.push(Line::not_checked(Part::People, why).about(*user));
            }
            None => {
                let why = "not looked up: so many are listed that it would take too long";
                lines.push(Line::not_checked(Part::People, why).about(*user));
            }
        }
    }
    if lines.is_empty() {
        let count = listed.len();
        lines.push(Line::ok(Part::People, format!("{count} listed, all active members")));
    }
    lines
}

/// Lists that name somebody more than once: a person counts once.
pub fn twice(repeated: &[Twice]) -> Vec<Line> {
    let line = |twice: &Twice| {
        let Twice { setting, user } = twice;
        let seen = format!("{setting} names them more than once; each person counts once");
        let fix = format!("name {user} once, and somebody else beside them");
        Line::warning(Part::People, seen, fix).about(user.as_str())
    };
    repeated.iter().map(line).collect()
}

/// Who can prove once more who they are, and what that is needed for.
pub fn step_up(policy: &Policy, rules: &PlanRules, operators: &Operators) -> Vec<Line> {
    let StepUpRules { tiers, enrolled } = &policy.step_up;
    let able: BTreeSet<&str> =
        enrolled.iter().map(String::as_str).chain(operators.users()).collect();
    let enrol = "run `keyleak one-time-code USER` for each approver and put what it prints into \
                 the configuration (people.one_time_codes)";
    if able.is_empty() {
        let seen = "nobody can prove who they are: an eradication needs no second proof, and what \
                    a cap per hour holds up waits for the hour to end";
        return vec![Line::warning(Part::StepUp, seen, enrol)];
    }
    if !tiers.contains(&Tier::Irreversible) {
        let seen = "people.step_up_for is set without irreversible: an eradication needs no second \
                    proof";
        let fix = "put irreversible into people.step_up_for, or leave the setting out";
        return vec![Line::warning(Part::StepUp, seen, fix)];
    }
    let listed = |tier: &Tier| {
        let approvers = policy.approvers_for(*tier);
        let unknown = approvers.iter().any(|id| is_group(id));
        let can = approvers.iter().filter(|user| able.contains(user.as_str()));
        (can.count() + usize::from(unknown) * able.len(), rules.approvals(*tier) as usize)
    };
    // Too few approvers at all are told elsewhere.
    let few = tiers.iter().filter(|tier| {
        let (can, needed) = listed(tier);
        can < needed && can < policy.approvers_for(**tier).len()
    });
    let mut lines: Vec<Line> = few
        .map(|tier| {
            let (can, needed) = listed(tier);
            let seen = format!(
                "{can} of those in {} can prove who they are, and {} needs {needed}",
                policy.list_for(*tier),
                tier.words()
            );
            Line::warning(Part::StepUp, seen, enrol)
        })
        .collect();
    if lines.is_empty() {
        let named: Vec<&str> = tiers.iter().map(|tier| tier.slug()).collect();
        let seen = format!(
            "{} can prove who they are; needed above the caps and for {}",
            able.len(),
            named.join(", ")
        );
        lines.push(Line::ok(Part::StepUp, seen));
    }
    lines
}

/// Who can decide while Slack is down.
pub fn operators(policy: &Policy, operators: &Operators, is_shared: bool) -> Vec<Line> {
    if !is_shared {
        let why = "with journal.store = \"sqlite\" no orders are taken from the command line";
        return vec![Line::not_checked(Part::Operators, why)];
    }
    if operators.is_empty() {
        let seen = "people.operators is empty: while Slack is down nobody can approve or freeze";
        let fix = "map the AWS identity of at least two approvers to their Slack ids in \
                   [people.operators]";
        return vec![Line::warning(Part::Operators, seen, fix)];
    }
    let users = operators.users();
    let may = |user: &&str| policy.works_here(user);
    let idle = users.iter().copied().filter(|user| !may(user));
    let mut lines: Vec<Line> = idle
        .map(|user| {
            let seen = "is mapped to an AWS identity and is on no list, so may order nothing";
            let fix =
                format!("list {user} in people.approvers or people.responders, or correct it");
            Line::warning(Part::Operators, seen, fix).about(user)
        })
        .collect();
    if lines.is_empty() {
        let approvers = policy.all_approvers();
        let deciding = users.iter().filter(|user| approvers.contains(&(**user).to_owned())).count();
        let seen = format!("{} mapped, {deciding} of them approvers", users.len());
        lines.push(Line::ok(Part::Operators, seen));
    }
    lines
}

fn wrong_with(profile: &Profile, team: &str) -> Option<String> {
    let Profile { name, team_id, is_deactivated, is_guest, is_bot, is_stranger } = profile;
    let what = if *is_deactivated {
        "is deactivated".to_owned()
    } else if *is_bot {
        "is a bot, and no bot decides".to_owned()
    } else if *is_stranger || (!team_id.is_empty() && team_id != team) {
        format!("is of another workspace ({team_id}), and is refused")
    } else if *is_guest {
        "is a guest, and guests are refused".to_owned()
    } else {
        return None;
    };
    Some(format!("{name} {what}"))
}
