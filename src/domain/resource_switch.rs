//! Types of resources that one property stops without destroying what they are: the generic path.

use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::setting::Setting;
use crate::domain::shell::quoted;

/// How one type is stopped through Cloud Control, and given back.
#[derive(Debug, PartialEq, Eq)]
pub struct Switch {
    pub of: ResourceType,
    /// The property, as the type's schema calls it.
    pub property: &'static str,
    /// Its value when the resource does nothing.
    pub off: Setting,
    pub effect: &'static str,
    pub back: &'static str,
    /// What the handlers of the type call to look, with the caller's rights.
    pub reads: &'static [&'static str],
    /// Every right that the change takes; the handlers would also tag, which no step does.
    pub permissions: &'static [&'static str],
    /// The service's own calls as CloudTrail names them.
    pub calls: &'static [&'static str],
    /// The call of the command line that sets the property.
    command: (&'static str, &'static str),
}

/// Every type that is stopped so. One belongs here if off and on again leaves it as it was, but for
/// what ran at that moment; what the change would delete for good is for people.
pub const SWITCHES: [Switch; 2] = [
    Switch {
        of: ResourceType::EventSource,
        property: "Enabled",
        off: Setting::Flag(false),
        effect: "nothing of that source starts the function any more; what waits there stays",
        back: "what waited at the source starts the function again",
        reads: &["lambda:GetEventSourceMapping", "lambda:ListTags"],
        permissions: &[
            "lambda:UpdateEventSourceMapping",
            "lambda:GetEventSourceMapping",
            "lambda:ListTags",
            "cloudformation:GetResource",
            "cloudformation:UpdateResource",
            "cloudformation:GetResourceRequestStatus",
        ],
        calls: &["UpdateResource", "UpdateEventSourceMapping20150331"],
        command: ("lambda update-event-source-mapping", "--enabled"),
    },
    Switch {
        of: ResourceType::Service,
        property: "DesiredCount",
        off: Setting::Count(0),
        effect: "its tasks are stopped; what they hold in memory and on their own disks is gone",
        back: "new tasks are started, as many as before",
        reads: &["ecs:DescribeServices"],
        permissions: &[
            "ecs:UpdateService",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServices",
            "ecs:ListServiceDeployments",
            "ecs:ListTagsForResource",
            "cloudformation:GetResource",
            "cloudformation:UpdateResource",
            "cloudformation:GetResourceRequestStatus",
        ],
        calls: &["UpdateResource", "UpdateService"],
        command: ("ecs update-service", "--desired-count"),
    },
];

impl Switch {
    /// The switch of a type; none where the type has a change of its own.
    pub fn of(of: ResourceType) -> Option<&'static Self> {
        SWITCHES.iter().find(|switch| switch.of == of)
    }

    /// The command that sets the property of this one.
    pub fn command(&self, on: &ResourceName, to: Setting) -> String {
        let (call, option) = self.command;
        let region = quoted(&on.region);
        let which = match on.cluster() {
            Some((cluster, service)) => {
                format!("--cluster {} --service {}", quoted(cluster), quoted(service))
            }
            None => format!("--uuid {}", quoted(&on.id)),
        };
        let value = match to {
            Setting::Flag(true) => option.to_owned(),
            Setting::Flag(false) => option.replacen("--", "--no-", 1),
            Setting::Count(count) => format!("{option} {count}"),
        };
        format!("aws {call} --region {region} {which} {value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;

    #[test]
    fn each_switch_has_the_command_that_people_run() {
        let on = |of, id: &str| ResourceName {
            of,
            account: AccountId("029608264753".to_owned()),
            region: "eu-west-1".to_owned(),
            id: id.to_owned(),
        };
        let commands = [
            (on(ResourceType::EventSource, "0a-1"), Setting::Flag(true)),
            (on(ResourceType::Service, "farm/miner"), Setting::Count(3)),
        ];
        let commands = commands.iter().flat_map(|(on, before)| {
            let switch = Switch::of(on.of).unwrap();
            [switch.command(on, switch.off), switch.command(on, *before)]
        });
        let mapping = "aws lambda update-event-source-mapping --region 'eu-west-1' --uuid '0a-1'";
        let service = "aws ecs update-service --region 'eu-west-1' --cluster farm --service miner";
        assert_eq!(
            commands.collect::<Vec<_>>(),
            [
                format!("{mapping} --no-enabled"),
                format!("{mapping} --enabled"),
                format!("{service} --desired-count 0"),
                format!("{service} --desired-count 3"),
            ]
        );
    }

    #[test]
    fn no_switch_gives_the_right_to_delete_to_tag_or_to_hand_a_role_on() {
        for right in SWITCHES.iter().flat_map(|switch| switch.permissions) {
            let name = right.split(':').nth(1).unwrap();
            let reads_or_updates =
                ["Get", "List", "Describe", "Update"].iter().any(|verb| name.starts_with(verb));
            assert!(reads_or_updates, "{right}");
        }
    }
}
