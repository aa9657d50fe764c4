//! A file that somebody gave: what Slack knows of it, and then its content.

use crate::ports::chat::{ChatError, Fetched};
use crate::slack::web::Web;

/// The content of a file, unless it is larger than wanted.
pub(super) async fn fetch(web: &Web, id: &str, bytes_max: usize) -> Result<Fetched, ChatError> {
    // Asked first, because it names a missing scope, for which the address shows a sign-in page.
    let params = vec![("file", Some(id.to_owned()))];
    let known = web.get("files.info", &params).await.map_err(|failure| failure.error)?;
    let file = &known["file"];
    let too_large = |size: u64| usize::try_from(size).map_or(true, |size| size > bytes_max);
    if file["size"].as_u64().is_some_and(too_large) {
        return Ok(Fetched::TooLarge);
    }
    let address = file["url_private_download"].as_str().or_else(|| file["url_private"].as_str());
    let address = address.ok_or_else(no_address)?;
    web.read_bytes(address, bytes_max).await.map_err(|failure| failure.error)
}

fn no_address() -> ChatError {
    let code = "the answer lacks the file's address".to_owned();
    ChatError::Refused { method: "files.info".to_owned(), code }
}
