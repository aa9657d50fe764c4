//! Users that were there before and were renamed, and keys that were switched on again.

use super::*;
use crate::domain::lineage::Reach;

fn update_user(key: &str, old: &str, new: &str, minute: u32) -> Sighting {
    Sighting {
        target_user: Some(old.to_owned()),
        new_name: Some(new.to_owned()),
        ..call("UpdateUser", key, minute)
    }
}

fn password(user: &str, minute: u32) -> Sighting {
    Sighting { target_user: Some(user.to_owned()), ..call("UpdateLoginProfile", KEY, minute) }
}

fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

const OTHERS_KEY: &str = "AKIAZZZZADMINKEY2345";

/// The console sessions and whose they are.
fn consoles(lineage: &Lineage) -> Vec<(&str, Option<&str>)> {
    let consoles = lineage.nodes.iter().filter(|node| node.kind == NodeKind::ConsoleSession);
    consoles.map(|node| (node.id.as_str(), node.user_name.as_deref())).collect()
}

#[test]
fn a_user_that_was_opened_and_then_renamed_is_followed_under_its_new_name() {
    for renamed_by in [KEY, OTHERS_KEY] {
        let lineage = lineage(&[
            as_user("", "boss", "AIDABOSS", 1),
            password("boss", 5),
            update_user(renamed_by, "boss", "auditor", 6),
            sign_in("auditor", "AIDABOSS", 7, "Success"),
        ]);
        let boss = node(&lineage, &user_arn("boss"));
        assert_eq!(boss.principal_id.as_deref(), Some("AIDABOSS"));
        assert_eq!(boss.user_name.as_deref(), Some("auditor"));
        assert_eq!(boss.arn, Some(user_arn("auditor")), "only the name of now can be stopped");
        assert!(boss.why.ends_with("it is called auditor now"), "{}", boss.why);
        let session = format!("{}@{}", user_arn("auditor"), at(7));
        assert_eq!(consoles(&lineage), [(session.as_str(), Some("auditor"))]);
        let told = &lineage.renamed[..];
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].old.as_str(), told[0].new.as_str()), ("boss", "auditor"));
        assert_eq!(told[0].by.as_deref(), Some(renamed_by));
    }
}

#[test]
fn who_takes_the_old_name_later_is_another_user() {
    let seen = [
        as_user("", "boss", "AIDABOSS", 1),
        password("boss", 5),
        update_user(KEY, "boss", "auditor", 6),
        create_user(OTHERS_KEY, "boss", "AIDASECOND", 8),
        sign_in("boss", "AIDASECOND", 9, "Success"),
        Sighting { target_user: Some("boss".to_owned()), ..call("DeleteUser", OTHERS_KEY, 10) },
    ];
    let lineage = lineage(&seen);
    assert_eq!(ids(&lineage), [user_arn("boss")]);
    assert_eq!(node(&lineage, &user_arn("boss")).standing, Standing::Live);
    // Nothing was ever signed by the first one: then the name and its time tell them apart.
    let unsigned = super::lineage(&seen[1..]);
    assert_eq!(consoles(&unsigned), []);
    assert_eq!(node(&unsigned, &user_arn("boss")).user_name.as_deref(), Some("auditor"));
    assert_eq!(node(&unsigned, &user_arn("boss")).standing, Standing::Live);
    // It is opened as well: both are listed.
    let mut both = seen[1..4].to_vec();
    both.push(password("boss", 11));
    let both = super::lineage(&both);
    let names: Vec<_> = both.nodes.iter().map(|node| node.user_name.as_deref().unwrap()).collect();
    assert_eq!(names, ["auditor", "boss"], "{both:#?}");
}

#[test]
fn one_user_is_listed_once_however_often_it_is_renamed_and_opened() {
    let lineage = lineage(&[
        password("boss", 5),
        update_user(KEY, "boss", "a", 6),
        update_user(KEY, "a", "b", 6),
        password("b", 7),
        update_user(KEY, "b", "boss", 8),
        password("boss", 9),
    ]);
    assert_eq!(ids(&lineage), [user_arn("boss")]);
    let boss = &lineage.nodes[0];
    assert_eq!(boss.user_name.as_deref(), Some("boss"));
    assert_eq!(boss.reopened, Some(at(9).parse().unwrap()));
    assert_eq!(lineage.renamed.len(), 3);
}

#[test]
fn a_user_of_the_actors_making_is_not_taken_for_an_old_one_once_it_is_renamed() {
    let lineage = lineage(&[
        create_user(KEY, "m", "AIDAM", 5),
        update_user(KEY, "m", "n", 6),
        password("n", 7),
        Sighting { target_user: Some("n".to_owned()), ..call("DeleteUser", KEY, 8) },
    ]);
    assert_eq!(ids(&lineage), [user_arn("m")]);
    let made = &lineage.nodes[0];
    assert_eq!((made.arn.clone(), made.standing), (Some(user_arn("n")), Standing::Deleted));
}

#[test]
fn a_decoy_with_the_old_name_made_in_the_same_second_is_told_from_the_renamed_owner() {
    let key = "AKIAAAAAAAAAAAAAAA66";
    let lineage = lineage(&[
        call("", KEY, 1),
        update_user(KEY, "ci", "ci2", 6),
        create_user(KEY, "ci", "AIDADECOY", 6),
        Sighting {
            minted_key: Some(key.to_owned()),
            target_user: Some("ci2".to_owned()),
            ..call("CreateAccessKey", KEY, 7)
        },
    ]);
    assert_eq!(lineage.owner_name.as_deref(), Some("ci2"));
    assert_eq!(lineage.owner_arn, Some(user_arn("ci2")));
    assert_eq!(node(&lineage, key).user_name.as_deref(), Some("ci2"));
    let decoy = node(&lineage, OWNER);
    assert_eq!((decoy.arn.as_deref(), decoy.is_created()), (Some(OWNER), true));
}

#[test]
fn the_keys_own_user_is_known_under_every_name_it_had() {
    let key = "AKIAAAAAAAAAAAAAAA66";
    let lineage = lineage(&[
        call("", KEY, 1),
        Sighting {
            minted_key: Some(key.to_owned()),
            target_user: Some("ci".to_owned()),
            ..call("CreateAccessKey", KEY, 2)
        },
        update_user(KEY, "ci", "ci2", 3),
        sign_in("ci2", "AIDAOWNER", 4, "Success"),
    ]);
    assert_eq!(node(&lineage, key).user_name.as_deref(), Some("ci2"), "made under the old name");
    assert_eq!(node(&lineage, key).arn, Some(user_arn("ci2")));
    assert_eq!(consoles(&lineage).len(), 1, "the owner's sign-in from an address of the key");
    let targets = Subject::of(&lineage).targets;
    assert!(["ci", "ci2"].iter().all(|name| targets.contains(&(*name).to_owned())), "{targets:?}");
}

#[test]
fn another_path_alone_is_no_rename() {
    let moved = Sighting { new_name: None, ..update_user(KEY, "boss", "", 6) };
    let elsewhere = Sighting {
        identity_arn: Some(user_arn("x/ci")),
        addresses: Some("203.0.113.9".to_owned()),
        ..sign_in("ci", "AIDAOWNER", 8, "Success")
    };
    let lineage = lineage(&[call("", KEY, 1), password("boss", 5), moved, elsewhere]);
    assert_eq!(node(&lineage, &user_arn("boss")).user_name.as_deref(), Some("boss"));
    assert_eq!(consoles(&lineage).len(), 1, "the owner signs in under another path");
    assert!(lineage.renamed.is_empty());
}

#[test]
fn an_old_key_that_the_actor_switches_on_is_likely_and_its_calls_stay_its_own() {
    let old = "AKIAAAAAAAAAAAAAAA66";
    let of_boss = |name: &str, minute| Sighting {
        access_key_id: Some(old.to_owned()),
        addresses: Some("198.51.100.7".to_owned()),
        ..as_user(name, "boss", "AIDABOSS", minute)
    };
    let switch = |status: &str| Sighting {
        target_user: Some("boss".to_owned()),
        target_key: Some(old.to_owned()),
        target_status: Some(status.to_owned()),
        ..call("UpdateAccessKey", KEY, 5)
    };
    let minted = Sighting {
        minted_key: Some("ASIAAAAAAAAAAAAAAA22".to_owned()),
        target_role: Some(role_arn("one")),
        ..of_boss("AssumeRole", 7)
    };
    let off = lineage(&[call("", KEY, 1), switch("Inactive")]);
    assert!(off.nodes.is_empty(), "it was only switched off");
    let lineage = lineage(&[call("", KEY, 1), of_boss("", 2), switch("Active"), minted]);
    assert_eq!(ids(&lineage), [old]);
    let key = node(&lineage, old);
    assert_eq!((key.certainty, key.standing), (Certainty::Likely, Standing::Live));
    assert_eq!((key.kind, key.reach), (NodeKind::LongTermKey, Reach::Direct));
    assert_eq!(key.user_name.as_deref(), Some("boss"));
    assert_eq!(lineage.addresses, ["203.0.113.9"]);
    let subject = Subject::of(&lineage);
    assert!(!subject.keys.contains(&old.to_owned()), "what it signs is not the actor's by that");
    assert!(subject.targets.contains(&old.to_owned()), "what is done to it is told");
    assert_eq!(lineage.credentials().count(), 0);
}

#[test]
fn a_key_of_the_actors_own_making_is_certain_whoever_switches_it() {
    let own = "AKIAAAAAAAAAAAAAAA66";
    let made = Sighting {
        minted_key: Some(own.to_owned()),
        target_user: Some("ci".to_owned()),
        ..call("CreateAccessKey", KEY, 1)
    };
    let on = Sighting {
        target_key: Some(own.to_owned()),
        target_status: Some("Active".to_owned()),
        ..call("UpdateAccessKey", KEY, 3)
    };
    let lineage = lineage(&[made, on]);
    assert_eq!(node(&lineage, own).via, "CreateAccessKey");
    assert_eq!(node(&lineage, own).certainty, Certainty::Certain);
}
