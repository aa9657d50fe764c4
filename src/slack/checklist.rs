//! What people do in a phase besides what the bot does: a short list, with the commands for it.

use crate::domain::event::Phase;
use crate::domain::recovering;
use crate::domain::replacing::user_in_command;
use crate::ports::chat::Scene;
use crate::slack::blocks::{context, header, list, paragraph, preformatted, rich, text};
use crate::slack::sketch::Sketch;
use serde_json::Value;

/// A thing to do, and the command for it where there is one.
struct Item {
    what: &'static str,
    command: Option<&'static str>,
}

const VALIDATION: &[Item] = &[
    doing(
        "Ask the owner out of band whether they made the use that is seen; an answer in chat is a \
         hint, not proof.",
    ),
    by("See whose account the id belongs to.", "aws sts get-access-key-info --access-key-id <id>"),
    by(
        "See when and for what it was last used.",
        "aws iam get-access-key-last-used --access-key-id <id>",
    ),
    doing("Find where it leaked, and save a copy of that place before it is taken down."),
];
const SCOPE: &[Item] = &[
    by("List the user's other keys.", "aws iam list-access-keys --user-name USER"),
    doing(
        "Check every region and every account that trusts this one; trails of others are not read.",
    ),
    doing("Check for console sign-ins and for sessions that began before the trail does."),
];
const IMPACT: &[Item] = &[
    doing("Decide whether data was read: without data events the trail does not show reads."),
    doing("List every secret the key could read, and treat it as read until shown otherwise."),
    doing(
        "Ask whoever decides about notification whether a deadline runs, and write down since \
         when.",
    ),
    doing("Look at the bill and at the quotas of all regions."),
];
const CONTAINMENT: &[Item] = &[
    doing("Have the plan on its card approved; read whom it hits before you press."),
    doing(
        "Sessions of roles outlive the key that made them; contain the roles in the lineage too.",
    ),
    by(
        "If the bot cannot act: deny first, then the keys.",
        "aws iam attach-user-policy --user-name USER \
         --policy-arn arn:aws:iam::aws:policy/AWSDenyAll",
    ),
];
const ERADICATION: &[Item] = &[
    doing("Export the evidence first: what is deleted cannot be asked any more."),
    doing(
        "Users and roles the actor made: keyleak proposes to delete them once the case is \
         contained. Its policies and identity providers are deleted by hand.",
    ),
    by(
        "Roles somebody may have opened to the outside.",
        "aws iam list-roles --query 'Roles[].[RoleName,AssumeRolePolicyDocument]'",
    ),
    by("Functions that can act for the actor.", "aws lambda list-functions --region <each region>"),
    by(
        "Machines, keys and images the actor left.",
        "aws ec2 describe-instances --region <each region>",
    ),
    doing("Change every secret the actor read; Recovery lists what the trail shows of them."),
    doing("Leave the leaked key inactive until the report is closed; its id is needed to search."),
];
const RECOVERY: &[Item] = &[
    doing(
        "Give the workload a new principal; while the deny is on the user, a new key is denied \
         too.",
    ),
    doing(
        "A user has at most two keys, inactive ones too. `/keyleak replace key` and why shows \
         commands that put a new one into Secrets Manager unseen; never send it through Slack.",
    ),
    doing("Keep a deny on a user for 36 hours and on a role for 12, or sessions wake up again."),
    doing("Undo on the plan's card brings back the snapshot, with the same approvals."),
    doing("Have the owner confirm that the workload runs, and that the old key is silent."),
    doing(
        "Work through what would have made this case smaller: the card of Recovery has it, with a \
         button for what is in place.",
    ),
];
const POST_INCIDENT: &[Item] = &[
    doing("Close the case to have its report; what is in force stays in force."),
    doing("Hold the review within five working days: what was slow, what was missing."),
    doing(
        "Why did the key exist, why could it do so much, how long was it exposed, where are \
         others?",
    ),
    doing("Write down who does what by when; delete the leaked key when nobody needs its id."),
];

const BY_PEOPLE: &str = "The bot does none of this by itself; note in the channel what you did.";
const DELETES: &str = "The bot deletes nothing without its approvals, and does none of the rest; \
    note in the channel what you did.";

/// The checklist of a phase.
pub(super) fn sketch(scene: &Scene<'_>, phase: Phase) -> Sketch {
    let key = &scene.case.opening().key;
    let user = user_in_command(scene.case);
    let items = items(phase);
    let lines: Vec<Vec<Value>> = items.iter().map(|item| vec![text(item.what)]).collect();
    let commands: Vec<String> = items
        .iter()
        .filter_map(|item| item.command)
        .map(|command| command.replace("USER", &user))
        .collect();
    let mut parts = vec![list(lines, true)];
    let lost = recovering::tally(scene.case).words();
    if phase == Phase::Eradication && !lost.is_empty() {
        parts.push(paragraph(vec![text(&format!("Of the losses: {}.", lost.join("; ")))]));
    }
    if !commands.is_empty() {
        parts.push(paragraph(vec![text("Commands:")]));
        parts.push(preformatted(&commands));
    }
    let title = format!("{}: what people do", phase.title());
    Sketch {
        text: format!("{title}, key {key}"),
        blocks: vec![
            header(&title),
            rich("checklist", parts),
            context(if phase == Phase::Eradication { DELETES } else { BY_PEOPLE }),
        ],
        tail: Vec::new(),
    }
}

const fn doing(what: &'static str) -> Item {
    Item { what, command: None }
}

const fn by(what: &'static str, command: &'static str) -> Item {
    Item { what, command: Some(command) }
}

fn items(phase: Phase) -> &'static [Item] {
    match phase {
        Phase::Validation => VALIDATION,
        Phase::Scope => SCOPE,
        Phase::Impact => IMPACT,
        Phase::Containment => CONTAINMENT,
        Phase::Eradication => ERADICATION,
        Phase::Recovery => RECOVERY,
        Phase::PostIncident => POST_INCIDENT,
    }
}
