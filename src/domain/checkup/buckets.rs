//! Whether the buckets of the evidence and of the anchors are there, closed, and may be written to.

use crate::domain::checkup::{Line, Part, State, Trouble};

/// What is kept in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Snapshots can hold secrets.
    Evidence,
    /// Nobody may be able to delete an anchor.
    Anchors,
}

/// What was seen of a bucket; a look that was refused is its trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub there: Result<(), Trouble>,
    /// Asked with a condition that cannot hold, so nothing is written. None where it was not asked.
    pub may_put: Option<Result<(), Trouble>>,
    pub is_closed_to_the_public: Result<bool, Trouble>,
    pub is_encrypted: Result<bool, Trouble>,
    pub keeps_versions: Result<bool, Trouble>,
    pub has_object_lock: Result<bool, Trouble>,
}

impl Holds {
    pub fn part(self) -> Part {
        match self {
            Self::Evidence => Part::Evidence,
            Self::Anchors => Part::Anchors,
        }
    }

    fn setting(self) -> &'static str {
        match self {
            Self::Evidence => "evidence.bucket",
            Self::Anchors => "anchors.bucket",
        }
    }
}

/// What stands about a bucket; one line where all is well.
pub fn bucket(holds: Holds, name: &str, seen: &Seen) -> Vec<Line> {
    let part = holds.part();
    if let Err(trouble) = &seen.there {
        return vec![gone(holds, name, trouble).about(name)];
    }
    let mut lines: Vec<Line> = put(holds, name, seen).into_iter().collect();
    lines.extend(settings(holds, name, seen));
    let unknown: Vec<&str> = looks(holds, seen)
        .iter()
        .filter_map(|look| match look {
            Err(Trouble::Denied { right, .. }) => Some(right.as_str()),
            Err(Trouble::Missing | Trouble::Silent(_)) | Ok(_) => None,
        })
        .collect();
    if !unknown.is_empty() {
        let why = format!("how it is protected: {} is not allowed", unknown.join(", "));
        let fix = "attach the policy doctor of `keyleak manifest iam` to the bot's role";
        lines.push(Line::not_checked(part, why).with_fix(fix));
    }
    if !lines.iter().any(|line| matches!(line.state, State::Failed | State::Warning)) {
        let put = match &seen.may_put {
            Some(_) => "may be written to (nothing was)",
            None => "whether it may be written to was not tried: what is written there stays",
        };
        lines.insert(0, Line::ok(part, format!("is there, {put}")));
    }
    lines.into_iter().map(|line| line.about(name)).collect()
}

fn looks(holds: Holds, seen: &Seen) -> Vec<&Result<bool, Trouble>> {
    let mut looks = vec![&seen.is_closed_to_the_public, &seen.is_encrypted];
    match holds {
        Holds::Evidence => looks.push(&seen.keeps_versions),
        Holds::Anchors => looks.push(&seen.has_object_lock),
    }
    looks
}

fn gone(holds: Holds, name: &str, trouble: &Trouble) -> Line {
    let setting = holds.setting();
    let lock = match holds {
        Holds::Evidence => "",
        Holds::Anchors => " --object-lock-enabled-for-bucket",
    };
    match trouble {
        Trouble::Missing => Line::failed(
            holds.part(),
            "there is no such bucket",
            format!("aws s3api create-bucket --bucket {name}{lock}, or correct {setting}"),
        ),
        Trouble::Denied { right, .. } => Line::failed(
            holds.part(),
            format!("{right} is refused: it may be somebody else's"),
            format!(
                "allow {right} to the bot (policy bot of `keyleak manifest iam`), or correct {setting}"
            ),
        ),
        Trouble::Silent(why) => Line::failed(
            holds.part(),
            format!("S3 gives no useful answer: {why}"),
            "check aws.region, the endpoint and the network of this host",
        ),
    }
}

fn put(holds: Holds, name: &str, seen: &Seen) -> Option<Line> {
    let trouble = seen.may_put.as_ref()?.as_ref().err()?;
    let fix = match trouble {
        Trouble::Denied { right, .. } => format!(
            "allow {right} on arn:aws:s3:::{name}/* to the bot: the policy bot of `keyleak manifest \
             iam` does"
        ),
        Trouble::Missing | Trouble::Silent(_) => "ask again, and look into S3's answer".to_owned(),
    };
    Some(Line::failed(holds.part(), format!("cannot be written to: {}", trouble.why()), fix))
}

fn settings(holds: Holds, name: &str, seen: &Seen) -> Vec<Line> {
    let part = holds.part();
    let mut lines = Vec::new();
    if seen.is_closed_to_the_public == Ok(false) {
        lines.push(Line::failed(
            part,
            "it is not closed to the public, and snapshots can hold secrets",
            format!(
                "aws s3api put-public-access-block --bucket {name} \
                 --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,\
                 BlockPublicPolicy=true,RestrictPublicBuckets=true"
            ),
        ));
    }
    if seen.is_encrypted == Ok(false) {
        lines.push(Line::warning(
            part,
            "it has no encryption of its own; keyleak asks for it with each object",
            format!("aws s3api put-bucket-encryption --bucket {name} with SSE-S3 or a KMS key"),
        ));
    }
    match holds {
        Holds::Evidence if seen.keeps_versions == Ok(false) => lines.push(Line::warning(
            part,
            "it keeps no versions: who may write can put something else in an object's place",
            format!(
                "aws s3api put-bucket-versioning --bucket {name} \
                 --versioning-configuration Status=Enabled"
            ),
        )),
        Holds::Anchors if seen.has_object_lock == Ok(false) => lines.push(Line::failed(
            part,
            "it has no Object Lock, so that whoever may delete can delete anchors",
            format!(
                "aws s3api put-object-lock-configuration --bucket {name} \
                 --object-lock-configuration ObjectLockEnabled=Enabled (versioning first)"
            ),
        )),
        Holds::Evidence | Holds::Anchors => {}
    }
    lines
}

/// A folder on this host instead of a bucket.
pub fn folder(holds: Holds, path: &str, trouble: Option<&str>) -> Line {
    let part = holds.part();
    let (setting, other) = match holds {
        Holds::Evidence => ("evidence.path", "evidence.bucket"),
        Holds::Anchors => ("anchors.path", "anchors.bucket"),
    };
    match trouble {
        Some(why) => Line::failed(
            part,
            format!("{path} cannot be used: {why}"),
            format!("set {setting} to a folder that keyleak may write to"),
        ),
        None => Line::warning(
            part,
            format!("{path} is a folder of this host"),
            format!("for more than one host, and more than a trial, set {other}"),
        ),
    }
}

/// No second place for what the journal held.
pub fn no_anchors() -> Line {
    Line::warning(
        Part::Anchors,
        "none: a journal that somebody rewrote whole would not be told from the true one",
        "set anchors.bucket (with Object Lock) and anchors.key",
    )
}
