//! Published trails of one attack technique each, told by its questions and by no other.

use crate::frame::{Missing, trial};
use crate::sql_judge::real_trails;
use keyleak::domain::question::Times;
use keyleak::ports::trail::{Answer, Cell, SurveyRequest, Trail, Window};
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use libtest_mimic::Trial;
use std::collections::BTreeSet;
use std::path::Path;

/// The questions that are each about one kind of deed; the others list whatever was done.
const ABOUT_ONE: &[&str] = &[
    "Q04", "Q17", "Q22", "Q23", "Q30", "Q31", "Q32", "Q33", "Q34", "Q35", "Q36", "Q37", "Q38",
    "Q39", "Q40", "Q41",
];
/// A question, and the calls in its answer.
type Told = (&'static str, &'static [&'static str]);

/// Techniques are published under their tactic and name, with the key that was leaked; then the
/// call of each answer that there must be, by question.
const TECHNIQUES: &[(&str, &str, &[Told])] = &[
    (
        "credential-access.ec2-get-password-data",
        "AKIAWOGXN38MFN92ING5",
        &[("Q33", &["GetPasswordData"])],
    ),
    (
        "credential-access.ec2-steal-instance-credentials",
        "AKIAAM80VXLJF8NPK4VC",
        &[("Q22", &["SendCommand"])],
    ),
    (
        "credential-access.secretsmanager-batch-retrieve-secrets",
        "AKIALK3Q0HKBKZJ2XBYP",
        &[("Q33", &["BatchGetSecretValue"])],
    ),
    (
        "credential-access.secretsmanager-retrieve-secrets",
        "AKIA1JMTHE9ZMZMWG0MG",
        &[("Q33", &["GetSecretValue"])],
    ),
    (
        "credential-access.ssm-retrieve-securestring-parameters",
        "AKIAY964QRZ7YSGWGVUH",
        &[("Q33", &["GetParameters"])],
    ),
    ("defense-evasion.cloudtrail-delete", "AKIAFBJ48BV9CGRBRKGM", &[("Q40", &["DeleteTrail"])]),
    (
        "defense-evasion.cloudtrail-event-selectors",
        "AKIA2I0BSXU5LNRWIN0K",
        &[("Q40", &["PutEventSelectors"])],
    ),
    ("defense-evasion.cloudtrail-stop", "AKIAGGWFBBHBE7D3M9WI", &[("Q40", &["StopLogging"])]),
    (
        "defense-evasion.dns-delete-logs",
        "AKIADT99GZBZR7NVDT0D",
        &[("Q40", &["DeleteResolverQueryLogConfig"])],
    ),
    (
        "defense-evasion.organizations-leave",
        "AKIADVISM0T50G52IF0D",
        &[("Q40", &["LeaveOrganization"]), ("Q41", &["LeaveOrganization"])],
    ),
    (
        "defense-evasion.vpc-remove-flow-logs",
        "AKIA5Q8Z0GHOBYSEN9D6",
        &[("Q40", &["DeleteFlowLogs"])],
    ),
    (
        "discovery.ec2-download-user-data",
        "AKIAMJ2320ZAXACWCPJI",
        &[("Q33", &["DescribeInstanceAttribute"])],
    ),
    (
        "execution.ec2-launch-unusual-instances",
        "AKIAR7ISFR69YWROPYAN",
        &[("Q37", &["RunInstances"])],
    ),
    (
        "execution.ec2-user-data",
        "AKIAZI86ACIZ2J9CV86Z",
        &[
            ("Q22", &["ModifyInstanceAttribute"]),
            ("Q37", &["ModifyInstanceAttribute", "StartInstances"]),
        ],
    ),
    ("execution.ssm-send-command", "AKIAW9X2Q2U25SK79UCX", &[("Q22", &["SendCommand"])]),
    ("execution.ssm-start-session", "AKIA4HNRH6OJUWNZ893Z", &[("Q22", &["StartSession"])]),
    (
        "exfiltration.ec2-security-group-open-port-22-ingress",
        "AKIAXW7UJ577KFYIAHIM",
        &[("Q22", &["AuthorizeSecurityGroupIngress"])],
    ),
    ("exfiltration.ec2-share-ami", "AKIA40XZ2OQU8R4QKTAC", &[("Q35", &["ModifyImageAttribute"])]),
    (
        "exfiltration.ec2-share-ebs-snapshot",
        "AKIAYLJU0B35TFSNKCS2",
        &[("Q35", &["ModifySnapshotAttribute"])],
    ),
    (
        "exfiltration.rds-share-snapshot",
        "AKIAIYTVC64GTXUFCS2X",
        &[("Q35", &["ModifyDBSnapshotAttribute"])],
    ),
    (
        "impact.bedrock-invoke-model",
        "ASIA6FTSFH98XNF7DFZB",
        &[(
            "Q38",
            &[
                "CreateFoundationModelAgreement",
                "GetFoundationModelAvailability",
                "InvokeModel",
                "ListFoundationModelAgreementOffers",
                "PutFoundationModelEntitlement",
                "PutUseCaseForModelAccess",
            ],
        )],
    ),
    (
        "lateral-movement.ec2-instance-connect",
        "AKIAGM9ZC9KUL0AYEVUM",
        &[("Q22", &["SendSSHPublicKey"])],
    ),
    (
        "lateral-movement.ec2-serial-console-send-ssh-public-key",
        "ASIA2HJRQF0DHNYEE9N1",
        &[("Q22", &["EnableSerialConsoleAccess", "SendSerialConsoleSSHPublicKey"])],
    ),
    (
        "persistence.iam-backdoor-role",
        "AKIAMUV7B57OZM0RV05D",
        &[("Q23", &["UpdateAssumeRolePolicy"])],
    ),
    ("persistence.iam-backdoor-user", "AKIA30BEZSJBVKOFKZW0", &[("Q23", &["CreateAccessKey"])]),
    (
        "persistence.iam-create-admin-user",
        "AKIAOZUDECYXYM4ONAN4",
        &[("Q23", &["AttachUserPolicy", "CreateAccessKey"])],
    ),
    (
        "persistence.iam-create-backdoor-role",
        "AKIA0W5KI69TY8X86BGT",
        &[("Q23", &["AttachRolePolicy"])],
    ),
    (
        "persistence.iam-create-user-login-profile",
        "AKIAE18PGYHCY2CYMTFK",
        &[("Q23", &["CreateLoginProfile"])],
    ),
    (
        "persistence.lambda-backdoor-function",
        "AKIAYALJGCQ7J893JO5I",
        &[("Q22", &["AddPermission20150331v2"])],
    ),
    (
        "persistence.lambda-layer-extension",
        "AKIAUBN5AMJF3I0EG996",
        &[("Q22", &["UpdateFunctionConfiguration20150331v2"])],
    ),
    (
        "persistence.lambda-overwrite-code",
        "AKIAKHYV6FI4F4CJQMDV",
        &[("Q22", &["UpdateFunctionCode20150331v2"])],
    ),
    (
        "persistence.rolesanywhere-create-trust-anchor",
        "AKIA3SBEM4QSKES6Z5F9",
        &[("Q22", &["CreateProfile", "CreateTrustAnchor"]), ("Q23", &["CreateProfile"])],
    ),
    ("persistence.sts-federation-token", "AKIA6V1GNZTT65XQH36M", &[]),
    (
        "privilege-escalation.iam-update-user-login-profile",
        "AKIAV1MIS7NGMDMR83FC",
        &[("Q23", &["UpdateLoginProfile"])],
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("each_published_technique_is_told_by_its_questions_and_by_no_other", || {
        let folder = real_trails()?.join("stratus");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let mut wrong = Vec::new();
        for (technique, key, expected) in TECHNIQUES {
            let told = runtime.block_on(told(&folder.join(format!("aws.{technique}")), key));
            let expected = expected.iter().flat_map(|(question, calls)| {
                calls.iter().map(|call| (question.to_string(), call.to_string()))
            });
            let expected: BTreeSet<_> = expected.collect();
            if told != expected {
                wrong.push(format!("{technique}: told {told:?}, expected {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok::<(), Missing>(())
    })]
}

/// Which of the questions have answers about a key, and about which calls.
async fn told(trail: &Path, key: &str) -> BTreeSet<(String, String)> {
    assert!(trail.is_dir(), "{}", trail.display());
    let investigator = Investigator::new(LocalTrail::new(vec![trail.to_owned()]));
    let request = SurveyRequest {
        key_id: key.to_owned(),
        window: Window::default(),
        exposed_since: None,
        as_of: "2026-08-01T00:00:00Z".parse().expect("a time"),
    };
    let survey = investigator.survey(&request).await.expect("a survey");
    assert!(survey.activity.events > 0, "{key} signed nothing in {}", trail.display());
    let mut told = BTreeSet::new();
    for question in ABOUT_ONE {
        let answer =
            investigator.ask(&survey.cut, question, &Times::default()).await.expect("an answer");
        told.extend(calls(&answer).into_iter().map(|call| (question.to_string(), call)));
    }
    told
}

fn calls(answer: &Answer) -> BTreeSet<String> {
    let at = answer.columns.iter().position(|column| column == "call");
    let call = |row: &Vec<Cell>| match at.and_then(|at| row.get(at)) {
        Some(Cell::Text(call)) => call.clone(),
        other => format!("{other:?}"),
    };
    answer.rows.iter().map(call).collect()
}
