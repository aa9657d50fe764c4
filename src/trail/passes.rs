//! What one reading of the objects keeps beside the callers: the cut, or the calls of a role.

use crate::domain::belonging::{Belonging, Told};
use crate::domain::resource::is_named;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::Deeds;
use crate::trail::flatten;
use crate::trail::marks::Marks;
use crate::trail::record::{Record, Text};
use crate::trail::scan::Pass;
use std::hash::RandomState;

/// Rows of one case: above this a case belongs to Athena. One row is about half a kilobyte.
const ROWS_MAX: usize = 2_000_000;
/// Deeds one answer holds; containment is never reverted this often.
pub(super) const DEEDS_MAX: usize = 10_000;

/// How a record belongs, before it is a row.
fn reach(belonging: &Belonging<'_>, record: &Record<'_>, time: &str) -> Option<&'static str> {
    let identity = &record.user_identity;
    let session = &identity.session_context;
    let issuer = &session.session_issuer;
    let told = Told {
        key: identity.access_key_id.get(),
        names: [&identity.arn, &identity.principal_id, &issuer.arn, &issuer.principal_id]
            .map(Text::get),
        began: session.attributes.creation_date.get().unwrap_or(time),
        user_name: identity.user_name.get(),
        account: record.recipient_account_id.get(),
        source: record.event_source.get(),
        reads: record.read_only.flag() == Some(1),
        address: record.source_ip.get(),
    };
    belonging.reach_of(&told, |is_target| {
        flatten::targets(record).iter().any(|target| is_target(target))
    })
}

/// Whether an object with these marks may hold a record that belongs.
pub(super) fn may_be_in(belonging: &Belonging<'_>, marks: &Marks, hasher: &RandomState) -> bool {
    (marks.has_changes && belonging.has_targets())
        || belonging.names().any(|text| marks.hold(hasher, text))
}

/// Pass two: the rows of the subject and of its addresses.
pub(super) struct CutPass<'a> {
    belonging: &'a Belonging<'a>,
    /// How the record that is wanted belongs.
    reach: &'static str,
    pub(super) rows: Vec<TrailRow>,
    pub(super) full: bool,
}

impl<'a> CutPass<'a> {
    pub(super) fn new(belonging: &'a Belonging<'a>) -> Self {
        Self { belonging, reach: "", rows: Vec::new(), full: false }
    }
}

impl Pass for CutPass<'_> {
    fn wants(&mut self, record: &Record<'_>, time: &str) -> bool {
        let reach = reach(self.belonging, record, time);
        self.reach = reach.unwrap_or_default();
        reach.is_some()
    }

    fn take(&mut self, record: &Record<'_>, time: &str) {
        if self.rows.len() >= ROWS_MAX {
            self.full = true;
            return;
        }
        self.rows.push(flatten::row(record, time, self.reach));
    }
}

/// Whether a successful change is one of these calls, about their target.
pub(super) fn is_deed(deeds: &Deeds, row: &TrailRow) -> bool {
    let name = row.event_name.as_deref().unwrap_or_default();
    if !deeds.event_names.iter().any(|wanted| wanted == name) {
        return false;
    }
    let target = &deeds.target;
    let bare = target.rsplit('/').next().unwrap_or(target);
    let about = [
        &row.target_user,
        &row.target_role,
        &row.target_group,
        &row.target_policy,
        &row.target_key,
        &row.resource,
        // S3 names the bucket's ARN as the resource.
        &row.bucket,
    ];
    // IAM calls without a name are about the caller itself.
    let itself = match (&row.target_user, &row.target_role) {
        (None, None) => row.user_name.as_deref(),
        _ => None,
    };
    let is_resource = target.starts_with("AWS::");
    let is_target =
        |text: &str| text == target || text == bare || (is_resource && is_named(text, target));
    let named = about.into_iter().flatten().map(String::as_str);
    named.chain(itself).any(is_target)
}

/// Changing calls by the sessions of one role.
pub(super) struct RolePass<'a> {
    role: &'a str,
    pub(super) rows: Vec<TrailRow>,
    pub(super) full: bool,
}

impl<'a> RolePass<'a> {
    pub(super) fn new(role: &'a str) -> Self {
        Self { role, rows: Vec::new(), full: false }
    }
}

impl Pass for RolePass<'_> {
    fn take(&mut self, record: &Record<'_>, time: &str) {
        let issuer = &record.user_identity.session_context.session_issuer;
        // What CloudTrail does not call a read is taken for a change.
        if issuer.arn.get() != Some(self.role) || record.read_only.flag() == Some(1) {
            return;
        }
        if self.rows.len() >= DEEDS_MAX {
            self.full = true;
            return;
        }
        self.rows.push(flatten::row(record, time, "role"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::trail::Window;

    #[test]
    fn a_resource_is_found_by_its_arn_and_as_cloud_control_has_it_and_a_role_is_not() {
        let deeds = |target: &str| Deeds {
            event_names: vec!["UpdateResource".to_owned()],
            target: target.to_owned(),
            window: Window::default(),
        };
        let of = |resource: &str| TrailRow {
            event_name: Some("UpdateResource".to_owned()),
            resource: Some(resource.to_owned()),
            ..TrailRow::default()
        };
        let function = deeds("AWS::Lambda::Function/029608264753/eu-west-1/miner");
        let arn = "arn:aws:lambda:eu-west-1:029608264753:function:miner";
        assert!(is_deed(&function, &of("miner")) && is_deed(&function, &of(arn)));
        assert!(!is_deed(&function, &of(&format!("{arn}-two"))));
        let service = deeds("AWS::ECS::Service/029608264753/eu-west-1/farm/miner");
        let arn = "arn:aws:ecs:eu-west-1:029608264753:service/farm/miner";
        assert!(is_deed(&service, &of(&format!("{arn}|farm"))) && is_deed(&service, &of(arn)));
        assert!(!is_deed(&deeds("miner"), &of(arn)), "an ARN that ends alike is no user");
    }

    #[test]
    fn a_bucket_is_found_by_its_name_whatever_the_record_calls_its_resource() {
        let deeds = Deeds {
            event_names: vec!["DeleteBucketPolicy".to_owned()],
            target: "AWS::S3::Bucket/029608264753/eu-west-1/loot".to_owned(),
            window: Window::default(),
        };
        let of = |bucket: &str| TrailRow {
            event_name: Some("DeleteBucketPolicy".to_owned()),
            resource: Some(format!("arn:aws:s3:::{bucket}")),
            bucket: Some(bucket.to_owned()),
            ..TrailRow::default()
        };
        assert!(is_deed(&deeds, &of("loot")) && !is_deed(&deeds, &of("other")));
    }
}
