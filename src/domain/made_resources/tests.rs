//! Which records make a resource the actor's, and which do not.

use super::*;
use crate::domain::lineage::{Certainty, Node, NodeKind};
use crate::domain::sample::{KEY, SESSION_KEY, at, minted};

fn row(second: i64, (service, call): (&str, &str), name: &str) -> TrailRow {
    TrailRow {
        event_time: at(second).to_string(),
        event_source: Some(format!("{service}.amazonaws.com")),
        event_name: Some(call.to_owned()),
        aws_region: Some("eu-west-1".to_owned()),
        identity_arn: Some("arn:aws:iam::029608264753:user/ci".to_owned()),
        resource: (service != "s3").then(|| name.to_owned()),
        bucket: (service == "s3").then(|| name.to_owned()),
        recipient_account: Some("029608264753".to_owned()),
        reach: Some("key".to_owned()),
        ..TrailRow::default()
    }
}

fn found(rows: &[TrailRow]) -> Vec<(Option<String>, String, bool)> {
    let found = made(rows, &Bounds::default()).all.into_iter();
    found.map(|one| (one.type_name, one.name, one.made)).collect()
}

fn typed(of: ResourceType, name: &str, made: bool) -> (Option<String>, String, bool) {
    (Some(of.type_name().to_owned()), name.to_owned(), made)
}

#[test]
fn what_the_actor_made_is_its_own_whatever_it_changes_there_and_the_rest_is_somebody_elses() {
    let rows = [
        row(1, ("s3", "CreateBucket"), "loot"),
        row(2, ("s3", "PutBucketPolicy"), "loot"),
        row(3, ("s3", "PutBucketPolicy"), "billing"),
        row(4, ("ec2", "RunInstances"), "i-1"),
        row(
            5,
            ("lambda", "UpdateFunctionCode20150331v2"),
            "arn:aws:lambda:eu-west-1:029608264753:function:invoice:live",
        ),
    ];
    assert_eq!(
        found(&rows),
        [
            typed(ResourceType::Bucket, "loot", true),
            typed(ResourceType::Bucket, "billing", false),
            typed(ResourceType::Instance, "i-1", true),
            typed(ResourceType::Function, "invoice", false),
        ]
    );
    let first = &made(&rows, &Bounds::default()).all[0];
    assert_eq!(
        first.containable().unwrap().key().name,
        "AWS::S3::Bucket/029608264753/eu-west-1/loot"
    );
}

#[test]
fn what_was_made_and_changed_within_one_second_was_made_first_whatever_the_records_are_called() {
    let numbered = |id: &str, row: TrailRow| TrailRow { event_id: Some(id.to_owned()), ..row };
    let rows = [
        numbered("a", row(1, ("s3", "PutBucketPolicy"), "loot")),
        numbered("b", row(1, ("s3", "CreateBucket"), "loot")),
        numbered("a", row(3, ("s3", "PutBucketPolicy"), "billing")),
        numbered("b", row(4, ("s3", "CreateBucket"), "billing")),
    ];
    let own = typed(ResourceType::Bucket, "loot", true);
    assert_eq!(found(&rows), [own, typed(ResourceType::Bucket, "billing", false)]);
}

#[test]
fn refused_calls_and_those_of_others_and_before_the_exposure_make_nothing_the_actors() {
    let run = || row(10, ("ec2", "RunInstances"), "i-1");
    let refused = TrailRow { error_code: Some("UnauthorizedOperation".into()), ..run() };
    let about = TrailRow { reach: Some("about".to_owned()), ..run() };
    let address = TrailRow { reach: Some("address".to_owned()), ..run() };
    assert_eq!(found(&[refused, about, address]), []);
    let since = |since| Bounds { since: Some(at(since)), ..Bounds::default() };
    assert_eq!(made(&[run()], &since(11)).all, []);
    assert_eq!(made(&[run()], &since(10)).all.len(), 1);
}

#[test]
fn what_the_actor_took_away_again_is_gone_and_its_namesake_in_another_region_is_not() {
    let gone = row(9, ("ec2", "TerminateInstances"), "i-1");
    let rows = |region: &str| {
        let run = row(4, ("ec2", "RunInstances"), "i-1");
        [TrailRow { aws_region: Some(region.to_owned()), ..run }, gone.clone()]
    };
    assert_eq!(found(&rows("eu-west-1")), []);
    assert_eq!(found(&rows("us-east-1")).len(), 1);
    let part = row(9, ("s3", "DeleteBucketPolicy"), "loot");
    assert_eq!(found(&[row(4, ("s3", "CreateBucket"), "loot"), part]).len(), 1, "only a part");
}

#[test]
fn what_the_table_does_not_know_is_listed_and_reads_content_and_principals_are_not() {
    let lightsail = row(1, ("lightsail", "CreateInstances"), "miner");
    let unknown = made(std::slice::from_ref(&lightsail), &Bounds::default()).all;
    assert_eq!((unknown.len(), unknown[0].containable()), (1, None));
    assert!(unknown[0].words().contains("miner"), "{}", unknown[0].words());
    let reads = TrailRow { read_only: Some(1), ..lightsail };
    let content = row(2, ("s3", "PutObject"), "loot");
    let principal = row(3, ("iam", "CreateUser"), "evil");
    assert_eq!(found(&[reads, content, principal]), []);
}

#[test]
fn a_launch_of_many_says_that_the_record_names_the_first() {
    let many = TrailRow { quantity: Some(20), ..row(1, ("ec2", "RunInstances"), "i-1") };
    let words = made(&[many], &Bounds::default()).all[0].words();
    assert!(words.contains("the first of up to 20"), "{words}");
}

#[test]
fn every_type_that_can_be_contained_is_in_the_table_and_every_row_is_one_service() {
    for of in ResourceType::CONTAINED {
        let makes = TABLE.iter().any(|row| row.2 == of.type_name() && row.3 == MADE);
        let changes = TABLE.iter().any(|row| row.2 == of.type_name() && row.3 == CHANGED);
        assert!(makes && changes, "{of:?}");
    }
    for (service, call, type_name, _) in TABLE {
        let namespace = type_name.split("::").nth(1).unwrap();
        assert!(!call.is_empty() && type_name.starts_with("AWS::"), "{call}");
        assert!(namespace.eq_ignore_ascii_case(service), "{service} {namespace}");
    }
}

/// Nodes of each kind that may have signed, each with one call of its own.
fn sure_of(node: Node, row: TrailRow) -> bool {
    let bounds = Bounds::of(&[node], KEY, None);
    let found = made(&[row], &bounds);
    found.all[0].sure
}

#[test]
fn the_actors_own_are_the_key_what_it_surely_minted_and_nothing_that_others_use_too() {
    let run = || row(4, ("ec2", "RunInstances"), "i-1");
    let by = |key: &str, issuer: &str| TrailRow {
        reach: Some("lineage".to_owned()),
        access_key_id: Some(key.to_owned()),
        issuer_arn: Some(issuer.to_owned()),
        identity_arn: Some("arn:aws:sts::029608264753:assumed-role/deploy/boto".to_owned()),
        ..run()
    };
    let session = || minted(NodeKind::RoleSession, SESSION_KEY);
    assert!(sure_of(session(), run()), "the leaked key itself");
    let by_service = TrailRow { invoked_by: Some("cloudformation.amazonaws.com".into()), ..run() };
    assert!(!sure_of(session(), by_service), "a service that acts for it");
    assert!(sure_of(session(), by(SESSION_KEY, "shared")));
    assert!(!sure_of(session(), by("ASIAOTHER", "shared")), "another session of the role");
    let likely = Node { certainty: Certainty::Likely, ..session() };
    assert!(!sure_of(likely, by(SESSION_KEY, "shared")));
    let forwarded = minted(NodeKind::ForwardedSession, SESSION_KEY);
    assert!(!sure_of(forwarded, by(SESSION_KEY, "shared")));
    let role = |via: &str| Node {
        arn: Some("arn:aws:iam::029608264753:role/deploy".to_owned()),
        via: via.to_owned(),
        ..minted(NodeKind::Role, "deploy")
    };
    let as_role = || by("ASIAOTHER", "arn:aws:iam::029608264753:role/deploy");
    assert!(sure_of(role("CreateRole"), as_role()));
    assert!(!sure_of(role("UpdateAssumeRolePolicy"), as_role()), "it was there, and others use it");
}

#[test]
fn a_launch_of_many_stays_when_the_first_is_gone_and_a_function_when_one_version_is() {
    let gone = row(9, ("ec2", "TerminateInstances"), "i-1");
    let run = |many| TrailRow { quantity: many, ..row(4, ("ec2", "RunInstances"), "i-1") };
    assert_eq!(found(&[run(Some(20)), gone.clone()]).len(), 1);
    assert_eq!(found(&[run(Some(1)), gone]), []);
    let create = row(4, ("lambda", "CreateFunction20150331"), "miner");
    let delete = row(9, ("lambda", "DeleteFunction20150331"), "miner");
    let version = TrailRow { detail: Some("3".to_owned()), ..delete.clone() };
    assert_eq!(found(&[create.clone(), version]).len(), 1);
    assert_eq!(found(&[create, delete]), []);
}

#[test]
fn a_service_is_stopped_in_its_cluster_and_one_whose_cluster_is_not_told_is_for_people() {
    let service = |arn: &str| {
        let rows = [row(1, ("ecs", "CreateService"), arn)];
        made(&rows, &Bounds::default()).all[0].containable()
    };
    let name = service("arn:aws:ecs:eu-west-1:029608264753:service/farm/miner").unwrap();
    assert_eq!((name.of, name.cluster()), (ResourceType::Service, Some(("farm", "miner"))));
    assert_eq!(ResourceName::parse(&name.key().name), Some(name));
    assert_eq!(service("arn:aws:ecs:eu-west-1:029608264753:service/miner"), None);
    assert_eq!(service("arn:aws:ecs:eu-west-1:029608264753:service/farm/miner|x"), None);
}

#[test]
fn an_event_source_is_known_by_its_id_until_it_is_deleted() {
    let call = |second, call| row(second, ("lambda", call), "0a1b-2c3d");
    let made = call(1, "CreateEventSourceMapping20150331");
    let source = typed(ResourceType::EventSource, "0a1b-2c3d", true);
    assert_eq!(found(std::slice::from_ref(&made)), [source]);
    assert_eq!(found(&[made, call(2, "DeleteEventSourceMapping20150331")]), []);
}
