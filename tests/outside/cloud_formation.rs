//! The templates that people are to install, by AWS's own linter of CloudFormation.

use crate::frame::{Outcome, trial};
use crate::hostile_stages::stages;
use crate::parts::Parts;
use keyleak::aws::clients::AwsSettings;
use keyleak::aws::manifests::{preflight, tables};
use keyleak::aws::tables::TableNames;
use keyleak::domain::report::exhibit::Exhibits;
use keyleak::domain::report::whole;
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("every_template_of_cloudformation_is_right", move || every_template(&parts))]
}

fn every_template(parts: &Parts) -> Outcome {
    let mut judge = parts.cloud_formation()?.judge("cloudformation_judge.py", &[]);
    let mut faults = |template: &str| judge.ask(&json!({ "template": template }))["faults"].take();
    let (_, case) = stages("x").remove(0);
    let alarms = whole(&case, &Exhibits::default(), None).alerts.cloud_formation;
    let names = TableNames { journal: "their-journal".to_owned(), work: "their-work".to_owned() };
    for template in [&alarms, &tables(&names), &preflight(&AwsSettings::default())] {
        assert_eq!(faults(template), json!([]), "{template}");
    }
    // The control: a property that the type has not, and a type that there is not.
    for (right, wrong) in
        [("EventPattern", "EventPatern"), ("AWS::SNS::Topic\"", "AWS::SNS::Topc\"")]
    {
        assert!(alarms.contains(right));
        let found = faults(&alarms.replace(right, wrong));
        assert!(found.as_array().is_some_and(|all| !all.is_empty()), "{wrong}: {found}");
    }
    Ok(())
}
