//! Evidence in a folder: one encrypted file per content, named by the SHA-256 of what is inside.

use crate::domain::digest::sha256_hex;
use crate::ports::evidence::{Evidence, EvidenceError};
use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One piece of evidence is at most this big; a cut of a few million rows stays below it.
const CONTENT_BYTES_MAX: usize = 2 << 30;
/// AES-256 takes 32 bytes of key.
const KEY_LENGTH: usize = 32;
/// GCM's nonce stands before the sealed content.
const NONCE_LENGTH: usize = 12;

/// The folder and the key its files are sealed with.
#[derive(Clone)]
pub struct Folder {
    path: PathBuf,
    key: Arc<RandomizedNonceKey>,
}

impl Folder {
    /// Uses a folder and its key file `evidence.key`, making both if they are not there.
    pub fn open(path: &Path) -> Result<Self, EvidenceError> {
        std::fs::create_dir_all(path).map_err(|error| unavailable(path, &error))?;
        let key = sealing_key(&path.join("evidence.key"))?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key)
            .map_err(|_| EvidenceError::Unavailable("the evidence key is unusable".to_owned()))?;
        Ok(Self { path: path.to_owned(), key: Arc::new(key) })
    }

    fn store(&self, content: &[u8]) -> Result<String, EvidenceError> {
        if content.len() > CONTENT_BYTES_MAX {
            return Err(EvidenceError::Unavailable("the content is over 2 GiB".to_owned()));
        }
        let name = sha256_hex(content);
        let target = self.path.join(&name);
        if target.exists() {
            return Ok(name);
        }
        let mut sealed = content.to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut sealed)
            .map_err(|_| EvidenceError::Unavailable("sealing failed".to_owned()))?;
        write_durably(&target, &[nonce.as_ref(), &sealed])
            .map_err(|error| unavailable(&target, &error))?;
        Ok(name)
    }

    fn load(&self, sha256: &str) -> Result<Vec<u8>, EvidenceError> {
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(EvidenceError::Missing(sha256.to_owned()));
        }
        let target = self.path.join(sha256);
        let mut file = match std::fs::read(&target) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(EvidenceError::Missing(sha256.to_owned()));
            }
            Err(error) => return Err(unavailable(&target, &error)),
        };
        let altered = || EvidenceError::Altered(sha256.to_owned());
        let (nonce, sealed) = file.split_at_mut_checked(NONCE_LENGTH).ok_or_else(altered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| altered())?;
        let content = self
            .key
            .open_in_place(nonce, Aad::from(sha256.as_bytes()), sealed)
            .map_err(|_| altered())?;
        if sha256_hex(content) == sha256 { Ok(content.to_vec()) } else { Err(altered()) }
    }
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Folder({})", self.path.display())
    }
}

#[async_trait]
impl Evidence for Folder {
    async fn put(&self, content: &[u8]) -> Result<String, EvidenceError> {
        let (folder, content) = (self.clone(), content.to_vec());
        on_a_thread(move || folder.store(&content)).await
    }

    async fn get(&self, sha256: &str) -> Result<Vec<u8>, EvidenceError> {
        let (folder, sha256) = (self.clone(), sha256.to_owned());
        on_a_thread(move || folder.load(&sha256)).await
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EvidenceError> + Send + 'static,
) -> Result<T, EvidenceError> {
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.map_err(|error| EvidenceError::Unavailable(error.to_string()))?
}

fn unavailable(path: &Path, error: &std::io::Error) -> EvidenceError {
    EvidenceError::Unavailable(format!("{}: {error}", path.display()))
}

/// Reads the key, or makes one that only its owner may read.
fn sealing_key(path: &Path) -> Result<[u8; KEY_LENGTH], EvidenceError> {
    if !path.exists() {
        let mut key = [0_u8; KEY_LENGTH];
        aws_lc_rs::rand::fill(&mut key)
            .map_err(|_| EvidenceError::Unavailable("no randomness for a key".to_owned()))?;
        // Another process may make the key at the same moment: the first one stands.
        write_durably(path, &[&key]).map_err(|error| unavailable(path, &error))?;
    }
    let key = std::fs::read(path).map_err(|error| unavailable(path, &error))?;
    key.try_into()
        .map_err(|_| EvidenceError::Unavailable(format!("{} is not a 32-byte key", path.display())))
}

/// Writes a file under another name, syncs it, and links it into place if nothing is there.
fn write_durably(target: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let folder = target.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.as_file().sync_all()?;
    match file.persist_noclobber(target) {
        Ok(_) => {}
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error.error),
    }
    std::fs::File::open(folder)?.sync_all()
}
