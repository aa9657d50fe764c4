//! Asks one server over and over, with so many at once, and counts what that takes on both sides.

use bytes::Bytes;
use keyleak::sim::slack::deliver::Sent;
use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections that are open all the time; on each the next request follows the answer.
pub(crate) const CONNECTIONS: usize = 32;
/// An answer is a status and a text.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The kernel's unit of a process's times.
const TICKS_PER_SECOND: f64 = 100.0;

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Of the processor's time that both took, the share of whoever asks.
    pub(crate) asking_share: f64,
    pub(crate) resident_mb: f64,
    /// Of that, what is no page of the program's file.
    pub(crate) own_mb: f64,
    /// Answers that were not 200.
    pub(crate) refused: usize,
}

/// A request as it goes over the wire.
pub(crate) fn wire(sent: &Sent) -> Bytes {
    let mut text = format!(
        "POST {} HTTP/1.1\r\nhost: bot\r\ncontent-type: {}\r\ncontent-length: {}\r\n",
        sent.path,
        sent.content_type,
        sent.body.len()
    );
    for (name, value) in &sent.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Bytes::from(format!("{text}\r\n{}", sent.body))
}

/// Asks for a while; `next` is the request with this number.
pub(crate) async fn load(
    (server, process): (SocketAddr, u32),
    lasting: Duration,
    next: impl Fn(usize) -> Bytes,
) -> Measured {
    let (own, theirs) = (processor("self"), processor(&process.to_string()));
    let (number, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let begun = Instant::now();
    let asking = (0..CONNECTIONS).map(|_| async {
        let mut line = TcpStream::connect(server).await.expect("it listens");
        line.set_nodelay(true).expect("a socket");
        let (mut times, mut room) = (Vec::new(), vec![0; ANSWER_BYTES_MAX]);
        while begun.elapsed() < lasting {
            let request = next(number.fetch_add(1, Ordering::Relaxed));
            let asked = Instant::now();
            line.write_all(&request).await.expect("it reads");
            if answer(&mut line, &mut room).await != 200 {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            times.push(asked.elapsed());
        }
        times
    });
    let all = futures_util::future::join_all(asking).await;
    let took = begun.elapsed().as_secs_f64();
    let own = processor("self") - own;
    let theirs = processor(&process.to_string()) - theirs;
    let mut times: Vec<Duration> = all.into_iter().flatten().collect();
    times.sort_unstable();
    Measured {
        per_second: times.len() as f64 / took,
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
        asking_share: own / (own + theirs),
        resident_mb: memory_mb(process, "VmRSS:"),
        own_mb: memory_mb(process, "RssAnon:"),
        refused: refused.into_inner(),
    }
}

/// Reads one whole answer and gives its status.
async fn answer(line: &mut TcpStream, room: &mut [u8]) -> u16 {
    let mut have = 0;
    loop {
        let read = line.read(&mut room[have..]).await.expect("it answers");
        assert!(read > 0, "it hung up after {:?}", String::from_utf8_lossy(&room[..have]));
        have += read;
        let Some(head) = memchr::memmem::find(&room[..have], b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&room[..head]).to_ascii_lowercase();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let length = field("content-length:").map(|value| value.trim().parse::<usize>());
        let whole = match length {
            Some(length) => have >= head + 4 + length.expect("a number"),
            None => room[..have].ends_with(b"0\r\n\r\n"),
        };
        if whole {
            return text.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        }
    }
}

/// The seconds of the processor that a process has taken, on all cores.
fn processor(process: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("ticks");
    (ticks(11) + ticks(12)) / TICKS_PER_SECOND
}

fn memory_mb(process: u32, field: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("its memory");
    let kilobytes = line.trim().trim_end_matches(" kB");
    kilobytes.trim().parse::<f64>().expect("a number") / 1_000.0
}
