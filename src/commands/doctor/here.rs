//! What `doctor` sees of this host: where it listens, its files, and whom the settings trust.

use crate::commands::stores;
use crate::config::anchors::AnchorPlace;
use crate::config::trail::TrailConfig;
use crate::config::{Config, EvidenceConfig, JournalConfig};
use crate::domain::checkup::buckets::{self, Holds};
use crate::domain::checkup::server::{self, Listening};
use crate::domain::checkup::{Line, athena, people, tables};
use aws_config::SdkConfig;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Our own service answers at once.
const ASK_TIME_MAX: Duration = Duration::from_secs(2);
/// Enough of an answer to know whose it is.
const ANSWER_BYTES_MAX: u64 = 4 << 10;

/// Everything that needs neither Slack nor AWS.
pub async fn look(config: &Config, sdk: &SdkConfig) -> Vec<Line> {
    let seen = listening(config.listen).await;
    let mut lines = vec![
        server::listening(config.listen, &seen, config.public_url.as_deref()),
        server::endpoints(&stores::endpoints(&config.slack, sdk)),
    ];
    let is_shared = matches!(config.journal, JournalConfig::DynamoDb(_));
    lines.extend(people::operators(&config.rules.policy, &config.operators, is_shared));
    lines.extend(people::twice(&config.repeated));
    if let JournalConfig::Sqlite(path) = &config.journal {
        lines.push(tables::sqlite(&shown(path), unwritable(path, false).as_deref()));
    }
    if let EvidenceConfig::Folder(path) = &config.evidence {
        let trouble = unwritable(path, true);
        lines.push(buckets::folder(Holds::Evidence, &shown(path), trouble.as_deref()));
    }
    match config.anchors.as_ref().map(|anchors| &anchors.place) {
        None => lines.push(buckets::no_anchors()),
        Some(AnchorPlace::Bucket(_)) => {}
        Some(AnchorPlace::Folder(path)) => {
            let trouble = unwritable(path, true);
            lines.push(buckets::folder(Holds::Anchors, &shown(path), trouble.as_deref()));
        }
    }
    match &config.trail {
        TrailConfig::None => lines.push(athena::none()),
        TrailConfig::Paths(paths) => {
            let unread = paths.iter().find_map(|path| Some((path, unreadable(path)?)));
            let unread = unread.map(|(path, why)| (shown(path), why));
            lines.push(server::trail_paths(paths.len(), unread.as_ref()));
        }
        TrailConfig::Athena(..) | TrailConfig::EventHistory(_) => {}
    }
    lines
}

/// Tries to listen, and lets go at once.
async fn listening(at: SocketAddr) -> Listening {
    match TcpListener::bind(at).await {
        Ok(_) => Listening::Free,
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let asked = tokio::time::timeout(ASK_TIME_MAX, is_keyleak(at)).await;
            Listening::Taken { by_keyleak: matches!(asked, Ok(Ok(true))) }
        }
        Err(error) => Listening::Impossible(error.to_string()),
    }
}

/// Whether the service at an address of this host tells our numbers.
async fn is_keyleak(at: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(at).await?;
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).contains("keyleak_cases_in_hand"))
}

/// Why nothing can be written there. Nothing is: what is there is opened, and of what is not the
/// folder around it is looked at.
fn unwritable(path: &Path, is_folder: bool) -> Option<String> {
    let around = path.parent().filter(|around| !around.as_os_str().is_empty());
    let around = around.unwrap_or(Path::new("."));
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() != is_folder => {
            Some(format!("it is {}", if there.is_dir() { "a folder" } else { "no folder" }))
        }
        Ok(there) if there.permissions().readonly() => Some("it may only be read".to_owned()),
        Ok(_) if is_folder => probe(path),
        Ok(_) => std::fs::OpenOptions::new().append(true).open(path).err().map(|e| e.to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound => match around.exists() {
            true => probe(around),
            // `serve` makes the folder of the evidence, with all that are around it.
            false if is_folder => around.ancestors().find(|one| one.exists()).and_then(probe),
            false => Some(format!("there is no folder {}", around.display())),
        },
        Err(error) => Some(error.to_string()),
    }
}

/// Why no file can be made in a folder; the one that is made for it has no name and is gone again.
fn probe(folder: &Path) -> Option<String> {
    tempfile::tempfile_in(folder).err().map(|error| error.to_string())
}

fn unreadable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => std::fs::read_dir(path).err().map(|e| e.to_string()),
        Ok(_) => std::fs::File::open(path).err().map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
