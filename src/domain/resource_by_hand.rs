//! The command that stops what keyleak has no change for, for people to weigh and run.

use crate::domain::made_resources::MadeResource;
use crate::domain::shell::quoted;

/// The type, the call of the command line, how it names the resource, and what more it takes.
const COMMANDS: &[(&str, &str, &str, &str)] = &[
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "autoscaling suspend-processes",
        "--auto-scaling-group-name",
        " --scaling-processes Launch",
    ),
    ("AWS::RDS::DBInstance", "rds stop-db-instance", "--db-instance-identifier", ""),
    (
        "AWS::SageMaker::NotebookInstance",
        "sagemaker stop-notebook-instance",
        "--notebook-instance-name",
        "",
    ),
    ("AWS::Events::Rule", "events disable-rule", "--name", ""),
    (
        "AWS::CloudFormation::Stack",
        "cloudformation describe-stack-resources",
        "--stack-name",
        "  # what it made has to be stopped one by one",
    ),
];

/// The command for one of these types; none for any other.
pub(super) fn command(one: &MadeResource) -> Option<String> {
    let of = one.type_name.as_deref()?;
    let (_, call, option, more) = COMMANDS.iter().find(|known| known.0 == of)?;
    let name = if one.name.is_empty() { "<its name>".to_owned() } else { quoted(&one.name) };
    let region = quoted(&one.region);
    Some(format!("aws {call} --region {region} {option} {name}{more}"))
}
