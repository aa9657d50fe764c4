//! A user whose every place is taken is contained, and gets everything back by undo.

use crate::ground::USER;
use crate::simulated::town;
use crate::story::contained_and_undone;
use jiff::SignedDuration;
use keyleak::domain::action::SideKind;
use keyleak::domain::snapshot::Photograph;
use keyleak::ports::clock::Clock;
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::NewUser;
use std::sync::Arc;

/// What IAM lets a user have attached.
pub(crate) const ATTACHED_MAX: usize = 10;
/// What all inline policies of a user may have together, white space not counted.
const INLINE_CHARACTERS_MAX: usize = 2_048;
/// Less than this is too little room for a deny.
const ROOM_MIN: usize = 60;

fn allow(action: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
    )
}

/// Ten attached policies, inline policies up to the limit, groups, a boundary, a password, an MFA
/// device, and a credential of every other kind.
pub(crate) fn crowded(cloud: &Arc<SimCloud>, mut user: NewUser) -> NewUser {
    while user.attached.len() < ATTACHED_MAX {
        let name = format!("team-{}", user.attached.len());
        user.attached.push(cloud.add_policy(&name, &allow("s3:ListAllMyBuckets")).unwrap());
    }
    let mut room = INLINE_CHARACTERS_MAX;
    while room > ROOM_MIN {
        let document = allow(&format!("sqs:{}", "A".repeat(room.saturating_sub(100).min(400))));
        if document.len() > room {
            break;
        }
        room -= document.len();
        user.inline.push((format!("own-{}", user.inline.len()), document));
    }
    cloud.add_group("deployers", &[ADMINISTRATOR], &[]).unwrap();
    user.groups.push("deployers".to_owned());
    user.boundary = Some(ADMINISTRATOR.to_owned());
    user.login_profile = Some(user.created);
    user.mfa.push(format!("arn:aws:iam::029608264753:mfa/{}", user.name));
    let side = SideKind::ALL.map(|kind| (kind, format!("{kind:?}1"), "codecommit".to_owned()));
    user.side.extend(side);
    user.tag("Owner", "platform")
}

fn state(cloud: &SimCloud) -> Photograph {
    cloud.user_state(USER).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_every_place_is_taken_is_contained_and_gets_everything_back() {
    let (ground, cloud) = town(21, crowded).await;
    let long_ago = Clock::real().now() - SignedDuration::from_hours(24 * 90);
    cloud.add_key(USER, long_ago).unwrap();
    let before = state(&cloud);
    assert_eq!((before.attached.len(), before.active_keys().count()), (ATTACHED_MAX, 2));
    assert_eq!(before.side_states().filter(|side| side.active).count(), SideKind::ALL.len());
    contained_and_undone(&ground).await;
    let changes = cloud.calls().into_iter().filter(|call| call.is_change);
    let to_her = changes.filter(|call| call.arguments.iter().any(|(_, value)| value == USER));
    let names: Vec<_> = to_her.map(|call| (call.name, call.refused)).collect();
    for full in ["AttachUserPolicy", "PutUserPolicy"] {
        let refused = (full, Some("LimitExceeded".to_owned()));
        assert!(names.contains(&refused), "there was room to {full}: {names:?}");
    }
    assert!(names.contains(&("PutUserPermissionsBoundary", None)), "{names:?}");
    assert_eq!(state(&cloud).boundary.as_deref(), Some(ADMINISTRATOR), "and not the deny");
}
