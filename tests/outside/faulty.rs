//! A DynamoDB that fails on demand: a proxy that refuses, stays silent, hangs up, or lies.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longer than any caller waits, so that its own limit ends the wait.
const SILENCE: Duration = Duration::from_secs(20);
/// The largest request that is forwarded; nothing the trials send comes near.
const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The largest answer that is forwarded.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Refused with this status and code, and not carried out.
    Refused(u16, &'static str),
    /// Carried out, and answered with this status and code all the same.
    DoneAndRefused(u16, &'static str),
    /// Carried out, and never answered.
    DoneAndSilent,
    /// Never answered, and not carried out.
    Silent,
    /// Carried out, and the connection is dropped.
    DoneAndCut,
    /// The connection is dropped, and nothing is carried out.
    Cut,
    /// Sabotage: not carried out, and answered as if it were.
    Lied,
}

/// Which requests have a fault: all whose operation and text fit.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// Such as `PutItem`; empty for every operation.
    pub(crate) operation: &'static str,
    /// All of these stand in the request: the table, and whatever else tells it from others.
    pub(crate) holding: Vec<String>,
    pub(crate) fault: Fault,
}

/// The proxy; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Faulty {
    address: SocketAddr,
    troubles: Arc<Mutex<Vec<Trouble>>>,
    met: Arc<Mutex<usize>>,
    stop: CancellationToken,
}

/// A request as it came, whole.
struct Asked {
    head: String,
    body: Vec<u8>,
}

impl Faulty {
    /// Stands in front of a server, and does nothing to it yet.
    pub(crate) async fn before(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let faulty = Self {
            address: listener.local_addr().expect("its address"),
            troubles: Arc::default(),
            met: Arc::default(),
            stop: CancellationToken::new(),
        };
        let (troubles, met) = (Arc::clone(&faulty.troubles), Arc::clone(&faulty.met));
        let (tasks, stop) = (TaskTracker::new(), faulty.stop.clone());
        let passing = tasks.clone();
        tasks.spawn(stop.run_until_cancelled_owned(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (troubles, met) = (Arc::clone(&troubles), Arc::clone(&met));
                passing.spawn(async move { pass(stream, upstream, (&troubles, &met)).await });
            }
        }));
        faulty
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on these requests fail.
    pub(crate) fn begin(&self, trouble: Trouble) {
        self.troubles.lock().expect("nobody panicked").push(trouble);
    }

    /// Ends every trouble that holds these words.
    pub(crate) fn end(&self, word: &str) {
        let mut troubles = self.troubles.lock().expect("nobody panicked");
        troubles.retain(|trouble| !trouble.holding.iter().any(|held| held == word));
    }

    /// How many requests had a fault.
    pub(crate) fn met(&self) -> usize {
        *self.met.lock().expect("nobody panicked")
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One request a connection: the answer says that the connection ends, so the caller takes a new
/// one for the next.
async fn pass(
    mut caller: TcpStream,
    upstream: SocketAddr,
    (troubles, met): (&Mutex<Vec<Trouble>>, &Mutex<usize>),
) -> Option<()> {
    let asked = read(&mut caller).await?;
    let fault = fault_of(&asked, &troubles.lock().expect("nobody panicked"));
    *met.lock().expect("nobody panicked") += usize::from(fault.is_some());
    let answer = match fault {
        None => forward(&asked, upstream).await?,
        Some(Fault::Refused(status, code)) => refusal(status, code),
        Some(Fault::DoneAndRefused(status, code)) => {
            forward(&asked, upstream).await?;
            refusal(status, code)
        }
        Some(Fault::DoneAndSilent) => {
            forward(&asked, upstream).await?;
            return silent(caller).await;
        }
        Some(Fault::Silent) => return silent(caller).await,
        Some(Fault::DoneAndCut) => {
            forward(&asked, upstream).await?;
            return None;
        }
        Some(Fault::Cut) => return None,
        Some(Fault::Lied) => answer(200, "{}"),
    };
    caller.write_all(&answer).await.ok()
}

/// Holds the connection until the caller has had enough.
async fn silent(mut caller: TcpStream) -> Option<()> {
    let _ = tokio::time::timeout(SILENCE, caller.read_u8()).await;
    None
}

fn fault_of(asked: &Asked, troubles: &[Trouble]) -> Option<Fault> {
    let body = String::from_utf8_lossy(&asked.body);
    let operation = asked.head.lines().find_map(|line| line.rsplit_once("DynamoDB_20120810."));
    let operation = operation.map(|(_, operation)| operation.trim())?;
    let fits = |trouble: &&Trouble| {
        (trouble.operation.is_empty() || trouble.operation == operation)
            && trouble.holding.iter().all(|word| body.contains(word))
    };
    troubles.iter().find(fits).map(|trouble| trouble.fault)
}

async fn read(caller: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        more(caller, &mut bytes).await?;
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while bytes.len() < head_end + length.unwrap_or(0) {
        more(caller, &mut bytes).await?;
    }
    Some(Asked { head, body: bytes.split_off(head_end) })
}

async fn more(caller: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = caller.read_buf(bytes).await.ok()?;
    (read > 0 && bytes.len() <= REQUEST_BYTES_MAX).then_some(())
}

/// What the server says; the path and all signed headers go on as they came.
async fn forward(asked: &Asked, upstream: SocketAddr) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await.ok()?;
    let head = asked.head.trim_end_matches("\r\n");
    server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await.ok()?;
    server.write_all(&asked.body).await.ok()?;
    let mut answer = Vec::new();
    server.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await.ok()?;
    Some(answer)
}

fn refusal(status: u16, code: &str) -> Vec<u8> {
    let kind = "com.amazonaws.dynamodb.v20120810";
    answer(status, &format!(r#"{{"__type":"{kind}#{code}","message":"as ordered"}}"#))
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} As Ordered\r\ncontent-type: application/x-amz-json-1.0\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
