//! What one reading of the objects keeps beside the callers: the cut, or the calls of a role.

use crate::domain::belonging::{Belonging, Told, began};
use crate::domain::resource::is_named;
use crate::domain::trail_row::TrailRow;
use crate::domain::unsettled::How;
use crate::ports::trail::{Cut, Deeds};
use crate::trail::canon::Canon;
use crate::trail::flatten;
use crate::trail::glance::{Field, Glance};
use crate::trail::known::{Mark, WantedMarks};
use crate::trail::listed::Object;
use crate::trail::scan::Pass;
use crate::trail::spool::Spool;
use crate::trail::stamp::ObjectState;
use std::path::PathBuf;

/// Rows of a case that one thread keeps: above this a case belongs to Athena. A row takes some two
/// kilobytes of the temporary folder, one while it is put in order and one in its table, and of
/// memory the digest that tells its copies.
const ROWS_MAX: usize = 2_000_000;
/// Deeds one answer holds; containment is never reverted this often.
const DEEDS_MAX: usize = 10_000;

/// What was found of some deeds as one answer: in order, each once, and not without end.
pub(super) fn of_deeds(mut rows: Vec<TrailRow>) -> Cut {
    rows.sort_unstable();
    rows.dedup();
    let truncated = rows.len() > DEEDS_MAX;
    rows.truncate(DEEDS_MAX);
    Cut { rows, truncated, ..Cut::default() }
}

/// How a record belongs, before it is a row.
fn reach(belonging: &Belonging<'_>, record: &Glance<'_>, time: &str) -> Option<&'static str> {
    let names =
        [Field::IdentityArn, Field::PrincipalId, Field::IssuerArn, Field::IssuerPrincipalId];
    let told = Told {
        key: record.get(Field::AccessKeyId),
        names: names.map(|name| record.get(name)),
        began: began(record.get(Field::SessionStart), record.get(Field::AccessKeyId), time),
        user_name: record.get(Field::UserName),
        account: record.get(Field::RecipientAccount),
        source: record.get(Field::EventSource),
        reads: record.get(Field::ReadOnly) == Some("true"),
        address: record.get(Field::SourceIp),
    };
    belonging.reach_of(&told, |is_target| {
        let whole = record.whole();
        whole.is_ok_and(|whole| flatten::targets(&whole).iter().any(|target| is_target(target)))
    })
}

/// Pass two: the rows of the subject and of its addresses.
pub(super) struct CutPass<'a> {
    belonging: &'a Belonging<'a>,
    wanted: WantedMarks,
    /// How the record that is wanted belongs.
    reach: &'static str,
    pub(super) rows: Spool,
    pub(super) full: bool,
    /// Objects that are not what they were in pass one.
    pub(super) changed: Vec<(How, PathBuf)>,
}

impl<'a> CutPass<'a> {
    pub(super) fn new(belonging: &'a Belonging<'a>, canon: &Canon) -> Self {
        let marks = belonging.names().map(|name| Mark::of(canon, name));
        Self {
            belonging,
            wanted: WantedMarks::new(marks, belonging.has_targets()),
            reach: "",
            rows: Spool::default(),
            full: false,
            changed: Vec::new(),
        }
    }
}

impl Pass for CutPass<'_> {
    fn begin(&mut self, object: &Object) -> bool {
        // Where there was no pass one, all of it is read.
        object.known.as_ref().is_none_or(|known| known.is_needed(&object.path, &self.wanted))
    }

    fn end(&mut self, object: &Object, state: ObjectState) {
        let changed = object.known.as_ref().and_then(|known| known.changed(&object.path, state));
        self.changed.extend(changed.map(|how| (how, object.path.clone())));
    }

    fn wants(&mut self, record: &Glance<'_>, time: &str) -> bool {
        let reach = reach(self.belonging, record, time);
        self.reach = reach.unwrap_or_default();
        // Beyond what is kept, no digest is kept either.
        let has_room = self.rows.len() < ROWS_MAX;
        self.full |= reach.is_some() && !has_room;
        reach.is_some() && has_room
    }

    fn take(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        self.rows.push(&flatten::row(&record.whole()?, time, self.reach));
        Ok(0)
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
    /// None where it turned out to be a copy.
    rows: Vec<Option<TrailRow>>,
    pub(super) full: bool,
}

/// What a record of another caller is called.
const OF_OTHERS: u32 = u32::MAX;

impl<'a> RolePass<'a> {
    pub(super) fn new(role: &'a str) -> Self {
        Self { role, rows: Vec::new(), full: false }
    }

    pub(super) fn rows(self) -> impl Iterator<Item = TrailRow> {
        self.rows.into_iter().flatten()
    }
}

impl Pass for RolePass<'_> {
    fn take(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        // What CloudTrail does not call a read is taken for a change.
        if record.get(Field::IssuerArn) != Some(self.role)
            || record.get(Field::ReadOnly) == Some("true")
        {
            return Ok(OF_OTHERS);
        }
        if self.rows.len() >= DEEDS_MAX {
            self.full = true;
            return Ok(OF_OTHERS);
        }
        self.rows.push(Some(flatten::row(&record.whole()?, time, "role")));
        Ok(u32::try_from(self.rows.len() - 1).unwrap_or(OF_OTHERS))
    }

    fn forget(&mut self, name: u32) {
        if let Some(row) = self.rows.get_mut(name as usize) {
            *row = None;
        }
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
