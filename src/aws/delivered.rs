//! CloudTrail's objects where they are delivered: below a prefix in S3, fetched into a folder.

use crate::aws::clients;
use crate::aws::delivered_days::Days;
use crate::aws::error::{call_error, code, trail_error};
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::coverage::{harmless, is_named_like_an_object};
use crate::ports::trail::{Skipped, TrailError, Window};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What whoever fetches needs, on the bucket and on its objects.
pub const CALLS: &[&str] = &[LIST, GET];
const LIST: &str = "s3:ListBucket";
const GET: &str = "s3:GetObject";

const SCHEME: &str = "s3://";
/// S3 answers some thousand calls a second below a prefix; few are enough to fill a line.
const LISTING_MAX: usize = 16;
const FETCHING_MAX: usize = 32;
/// Packed. A trail that is larger belongs to Athena, and so does a window of years.
const BYTES_MAX: u64 = 64 << 30;
/// As many as are read of a folder.
const OBJECTS_MAX: u64 = 5_000_000;
/// S3 says in every answer where a bucket is, also where it refuses.
const REGION_HEADER: &str = "x-amz-bucket-region";
/// Where S3 is asked which region a bucket is in.
const ANY_REGION: &str = "us-east-1";
/// How often one object is asked for.
const ATTEMPTS_MAX: usize = 3;
const ARCHIVED: &str = "archived object; restore it first";
const GONE: &str = "object was deleted while the trail was fetched";
const REFUSED: &str = "object may not be read (s3:GetObject, or kms:Decrypt on its key)";
const UNNAMEABLE: &str = "name that no file here can have";

/// A place in S3: a bucket, and what the names in it begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Prefix {
    pub bucket: String,
    /// Ends with a slash where it is a folder, and is empty for the whole bucket.
    pub prefix: String,
}

/// How much was fetched so far.
#[derive(Debug, Default)]
pub struct Fetching {
    pub objects: AtomicU64,
    /// Packed, as they lie in S3.
    pub bytes: AtomicU64,
}

/// A page of a listing that is still to be asked for.
#[derive(Debug)]
struct Page {
    prefix: String,
    after: Option<String>,
}

/// An object, and what S3 says of its size.
#[derive(Debug)]
struct Named {
    key: String,
    size: Option<i64>,
}

/// What a page names.
#[derive(Debug, Default)]
struct Listed {
    pages: Vec<Page>,
    objects: Vec<Named>,
    /// Folders of other days.
    left_out: u64,
}

impl S3Prefix {
    /// Reads `s3://bucket/prefix`; none where it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (bucket, prefix) = match text.strip_prefix(SCHEME)?.split_once('/') {
            Some((bucket, prefix)) => (bucket, prefix),
            None => (text.strip_prefix(SCHEME)?, ""),
        };
        let is_name = !bucket.is_empty() && !bucket.contains(char::is_whitespace);
        is_name.then(|| Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl std::fmt::Display for S3Prefix {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{SCHEME}{}/{}", self.bucket, self.prefix)
    }
}

/// Fetches what lies below a prefix and may hold records of the window, under the names that it has
/// there; and says what was left out.
pub async fn fetch(
    config: &SdkConfig,
    from: &S3Prefix,
    window: Window,
    (folder, so_far): (&Path, &Fetching),
) -> Result<Vec<Skipped>, TrailError> {
    let bucket = Bucket { client: at_home(config, &from.bucket).await, from };
    let days = Days::of(window);
    let mut left_out: Vec<(&'static str, String)> = Vec::new();
    let mut any = false;
    let mut pages = bucket.first();
    while !pages.is_empty() {
        let now = pages.split_off(pages.len().saturating_sub(LISTING_MAX));
        let listed = stream::iter(now).map(|page| bucket.list(page, &days));
        let listed: Vec<Listed> = listed.buffered(LISTING_MAX).try_collect().await?;
        let mut objects = Vec::new();
        for listed in listed {
            any |= listed.left_out > 0 || !listed.objects.is_empty();
            pages.extend(listed.pages);
            objects.extend(listed.objects);
        }
        let fetched = stream::iter(objects).map(|object| bucket.fetch(object, (folder, so_far)));
        let fetched: Vec<_> = fetched.buffer_unordered(FETCHING_MAX).try_collect().await?;
        left_out.extend(fetched.into_iter().flatten());
    }
    if any { Ok(counted(left_out)) } else { Err(bucket.unreadable("no object lies there")) }
}

/// One reading of a bucket.
struct Bucket<'a> {
    client: Client,
    from: &'a S3Prefix,
}

impl Bucket<'_> {
    /// Where to begin. A prefix without a slash at its end is an object, or a folder; never one
    /// whose name only begins alike.
    fn first(&self) -> Vec<Page> {
        let page = |prefix: String| Page { prefix, after: None };
        let prefix = &self.from.prefix;
        match self.is_object(prefix) {
            true => vec![page(prefix.clone()), page(format!("{prefix}/"))],
            false => vec![page(prefix.clone())],
        }
    }

    async fn list(&self, page: Page, days: &Days) -> Result<Listed, TrailError> {
        let request = self.client.list_objects_v2().bucket(&self.from.bucket);
        // A name may hold what XML cannot.
        let request = request.prefix(&page.prefix).delimiter("/").encoding_type(EncodingType::Url);
        let request = request.set_continuation_token(page.after);
        let answer = request
            .send()
            .await
            .map_err(|error| trail_error(&call_error(LIST, &error), self.from.to_string()))?;
        let is_encoded = answer.encoding_type.is_some();
        let name = |name: String| if is_encoded { decoded(&name) } else { name };
        let objects = answer.contents.into_iter().flatten();
        let mut objects = objects.map(|object| Named {
            key: object.key.map(name).unwrap_or_default(),
            size: object.size,
        });
        let mut listed = Listed::default();
        if self.is_object(&page.prefix) {
            // Its own name comes first of all that begin with it.
            listed.objects.extend(objects.next().filter(|object| object.key == page.prefix));
            return Ok(listed);
        }
        let below = answer.common_prefixes.into_iter().flatten();
        let below = below.filter_map(|below| below.prefix.map(name));
        let (read, left_out): (Vec<_>, Vec<_>) = below.partition(|folder| days.may_hold(folder));
        listed.left_out = left_out.len() as u64;
        listed.pages.extend(read.into_iter().map(|prefix| Page { prefix, after: None }));
        if let Some(after) = answer.next_continuation_token {
            listed.pages.push(Page { prefix: page.prefix, after: Some(after) });
        }
        listed.objects = objects.collect();
        Ok(listed)
    }

    /// Whether this listing looks for the one object of this name.
    fn is_object(&self, prefix: &str) -> bool {
        prefix == self.from.prefix && !prefix.is_empty() && !prefix.ends_with('/')
    }

    /// Fetches one object, or says why it was left out.
    async fn fetch(
        &self,
        Named { key, size }: Named,
        (folder, so_far): (&Path, &Fetching),
    ) -> Result<Option<(&'static str, String)>, TrailError> {
        if key.ends_with('/') {
            return Ok(None); // what the console makes for an empty folder
        }
        let left_out = |reason| Ok(Some((reason, self.shown(&key))));
        if key != self.from.prefix && !is_named_like_an_object(key.as_bytes()) {
            return left_out(harmless::OTHER_FILE);
        }
        let Some(place) = place(folder, &key) else { return left_out(UNNAMEABLE) };
        self.within_limits(size, so_far)?;
        for _ in 1..ATTEMPTS_MAX {
            match self.get(&key, &place).await {
                Err(Unfetched::Line(_)) => {} // the SDK's retries end with the answer's head
                fetched => return self.said(fetched, key),
            }
        }
        self.said(self.get(&key, &place).await, key)
    }

    fn said(
        &self,
        fetched: Result<(), Unfetched>,
        key: String,
    ) -> Result<Option<(&'static str, String)>, TrailError> {
        match fetched {
            Ok(()) => Ok(None),
            Err(Unfetched::LeftOut(reason)) => Ok(Some((reason, self.shown(&key)))),
            Err(Unfetched::Folder(error)) => Err(TrailError::NoRoom { reason: error.to_string() }),
            Err(Unfetched::Line(reason)) => Err(TrailError::Unavailable { reason }),
            Err(Unfetched::Call(error)) => Err(trail_error(&error, self.from.to_string())),
        }
    }

    async fn get(&self, key: &str, place: &Path) -> Result<(), Unfetched> {
        let request = self.client.get_object().bucket(&self.from.bucket).key(key);
        let answer = request.send().await.map_err(|error| match code(&error) {
            Some("InvalidObjectState") => Unfetched::LeftOut(ARCHIVED),
            Some(_) | None => of_call(call_error(GET, &error)),
        })?;
        let above = place.parent().ok_or(Unfetched::LeftOut(UNNAMEABLE))?;
        fs::create_dir_all(above).map_err(of_name)?;
        let mut file = File::create(place).map_err(of_name)?;
        let mut body = answer.body;
        while let Some(part) = body.next().await {
            let part = part.map_err(|error| Unfetched::Line(error.to_string()))?;
            file.write_all(&part).map_err(Unfetched::Folder)?;
        }
        Ok(())
    }

    fn shown(&self, key: &str) -> String {
        format!("{SCHEME}{}/{key}", self.from.bucket)
    }

    fn within_limits(&self, size: Option<i64>, so_far: &Fetching) -> Result<(), TrailError> {
        let size = size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        let bytes = so_far.bytes.fetch_add(size, Ordering::Relaxed).saturating_add(size);
        let objects = so_far.objects.fetch_add(1, Ordering::Relaxed);
        if bytes > BYTES_MAX || objects >= OBJECTS_MAX {
            let gigabytes = BYTES_MAX >> 30;
            return Err(TrailError::TooCostly {
                reason: format!(
                    "{} holds more than {gigabytes} GiB or {OBJECTS_MAX} objects of this time; \
                     --from and --to name the time",
                    self.from
                ),
            });
        }
        Ok(())
    }

    fn unreadable(&self, reason: &str) -> TrailError {
        TrailError::Unreadable { place: self.from.to_string(), reason: reason.to_owned() }
    }
}

/// Why an object is not in its file.
enum Unfetched {
    LeftOut(&'static str),
    Call(CallError),
    /// The connection broke within the object.
    Line(String),
    Folder(io::Error),
}

fn of_call(error: CallError) -> Unfetched {
    match error.class {
        CallClass::NotFound => Unfetched::LeftOut(GONE),
        CallClass::Denied => Unfetched::LeftOut(REFUSED),
        CallClass::Throttled
        | CallClass::Conflict
        | CallClass::LimitExceeded
        | CallClass::Unavailable
        | CallClass::Other => Unfetched::Call(error),
    }
}

/// S3 has names that a folder cannot hold side by side, such as `a` and `a/b`.
fn of_name(error: io::Error) -> Unfetched {
    let is_of_name = matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidFilename
    );
    if is_of_name { Unfetched::LeftOut(UNNAMEABLE) } else { Unfetched::Folder(error) }
}

/// A name as S3 wrote it: a space is a plus.
fn decoded(name: &str) -> String {
    let spaced = name.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Where an object of this name belongs: never outside the folder.
fn place(folder: &Path, key: &str) -> Option<PathBuf> {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\0', '\\']);
    let mut place = folder.to_owned();
    for part in key.split('/') {
        if !is_plain(part) {
            return None;
        }
        place.push(part);
    }
    Some(place)
}

/// The client for the region that the bucket is in; what is refused is told by the listing.
async fn at_home(config: &SdkConfig, bucket: &str) -> Client {
    // Whoever names no region is told the bucket's own.
    let asking = match config.region() {
        Some(_) => config.clone(),
        None => clients::in_region(config, ANY_REGION),
    };
    let client = clients::s3(&asking);
    let region = match client.head_bucket().bucket(bucket).send().await {
        Ok(answer) => answer.bucket_region,
        Err(error) => {
            let told = error.raw_response().and_then(|raw| raw.headers().get(REGION_HEADER));
            told.map(str::to_owned)
        }
    };
    match region {
        Some(region) if config.region().is_none_or(|own| own.as_ref() != region) => {
            clients::s3(&clients::in_region(config, &region))
        }
        Some(_) | None => client,
    }
}

fn counted(left_out: Vec<(&'static str, String)>) -> Vec<Skipped> {
    let mut counted: Vec<Skipped> = Vec::new();
    for (reason, example) in left_out {
        match counted.iter_mut().find(|skipped| skipped.reason == reason) {
            Some(skipped) => skipped.count += 1,
            None => counted.push(Skipped { reason: reason.to_owned(), count: 1, example }),
        }
    }
    counted.sort_by(|one, other| one.reason.cmp(&other.reason));
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_s3_is_told_from_a_path() {
        let read = |text: &str| S3Prefix::parse(text).map(|place| (place.bucket, place.prefix));
        let pair = |bucket: &str, prefix: &str| Some((bucket.to_owned(), prefix.to_owned()));
        assert_eq!(read("s3://logs"), pair("logs", ""));
        assert_eq!(read("s3://logs/AWSLogs/1/"), pair("logs", "AWSLogs/1/"));
        for path in ["logs", "./s3:/logs", "s3://", "s3:///AWSLogs", "s3:// logs/a"] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn a_name_is_read_as_s3_encodes_it() {
        assert_eq!(decoded("a+b%2Bc/%28d%29/%C3%BC%0A.json"), "a b+c/(d)/ü\n.json");
    }

    #[test]
    fn no_object_is_put_outside_the_folder() {
        let folder = Path::new("/tmp/fetched");
        let inside = place(folder, "AWSLogs/1/a.json.gz");
        assert_eq!(inside, Some(folder.join("AWSLogs/1/a.json.gz")));
        for key in ["../a.json", "a/../../b.json", "/etc/a.json", "a//b.json", "./a.json", "a\0"] {
            assert_eq!(place(folder, key), None, "{key}");
        }
    }
}
