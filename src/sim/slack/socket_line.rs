//! The connections of Socket Mode on the simulated side: who is let in, greeted, heard and judged.

use futures_util::{SinkExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Slack allows an app so many at a time.
const LINES_MAX: usize = 10;
/// Frames that wait for one connection; a reader that is slower loses them.
const WAITING_MAX: usize = 1_000;
/// Envelopes whose acknowledgement is remembered; older ones are forgotten.
const KNOWN_MAX: usize = 10_000;

/// A ticket is used within this time or never.
const TICKET_LIFE: SignedDuration = SignedDuration::from_secs(30);

/// The tickets that were given out, and where they are good.
#[derive(Debug)]
pub(super) struct Tickets {
    address: SocketAddr,
    given: BTreeMap<String, Timestamp>,
}

impl Default for Tickets {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), given: BTreeMap::new() }
    }
}

impl Tickets {
    pub(super) fn serve_at(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// Gives a ticket out: where it is good.
    pub(super) fn give(&mut self, ticket: &str, app_id: &str, now: Timestamp) -> String {
        self.given.insert(ticket.to_owned(), now);
        format!("ws://{}/link/?ticket={ticket}&app_id={app_id}", self.address)
    }

    /// Whether this ticket lets somebody in; it does so once.
    pub(super) fn take(&mut self, ticket: &str, speed: u32, now: Timestamp) -> bool {
        let life = TICKET_LIFE.saturating_mul(i32::try_from(speed).unwrap_or(i32::MAX));
        let given = self.given.remove(ticket);
        given.is_some_and(|given| now.duration_since(given) <= life)
    }
}

/// What a connection is told.
#[derive(Debug, Clone)]
pub(super) enum Out {
    Text(String),
    Bytes(Vec<u8>),
    /// Hold the connection, and neither read nor write any more.
    Mute,
    Close,
    /// Break it without a word.
    Cut,
}

/// Every connection there is.
#[derive(Debug, Default)]
pub(super) struct Hub {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    lines: Vec<Line>,
    opened: u64,
    envelopes: BTreeMap<String, Envelope>,
}

#[derive(Debug)]
struct Line {
    number: u64,
    out: mpsc::Sender<Out>,
    is_leaving: bool,
    is_mute: bool,
}

#[derive(Debug)]
struct Envelope {
    takes_payload: bool,
    /// Who waits for an acknowledgement: one for each time that it was sent.
    waiting: Vec<oneshot::Sender<Option<Value>>>,
}

impl Hub {
    pub(super) fn open(&self) -> usize {
        self.known().lines.iter().filter(|line| !line.is_mute).count()
    }

    pub(super) fn opened(&self) -> u64 {
        self.known().opened
    }

    pub(super) fn leave(&self) {
        self.known().lines.iter_mut().for_each(|line| line.is_leaving = true);
    }

    pub(super) fn tell_all(&self, out: &Out) {
        for line in &mut self.known().lines {
            line.is_mute |= matches!(out, Out::Mute);
            let _gone = line.out.try_send(out.clone());
        }
    }

    pub(super) fn tell_left(&self, out: &Out) {
        for line in self.known().lines.iter().filter(|line| line.is_leaving) {
            let _gone = line.out.try_send(out.clone());
        }
    }

    /// Sends an envelope over the newest connection that is not about to end.
    pub(super) fn send(
        &self,
        id: &str,
        takes_payload: bool,
        text: String,
    ) -> Option<oneshot::Receiver<Option<Value>>> {
        let mut known = self.known();
        let line = known.lines.iter().filter(|line| !line.is_mute);
        let line = line.max_by_key(|line| (!line.is_leaving, line.number))?;
        line.out.try_send(Out::Text(text)).ok()?;
        let (waiting, answer) = oneshot::channel();
        if known.envelopes.len() >= KNOWN_MAX {
            known.envelopes.clear();
        }
        let new = || Envelope { takes_payload, waiting: Vec::new() };
        known.envelopes.entry(id.to_owned()).or_insert_with(new).waiting.push(waiting);
        Some(answer)
    }

    fn add(&self, out: mpsc::Sender<Out>) -> (u64, usize) {
        let mut known = self.known();
        known.opened += 1;
        let number = known.opened;
        known.lines.push(Line { number, out, is_leaving: false, is_mute: false });
        (number, known.lines.len())
    }

    fn remove(&self, number: u64) {
        self.known().lines.retain(|line| line.number != number);
    }

    /// Takes an acknowledgement; what is wrong with it, if anything is.
    fn acknowledged(&self, text: &str) -> Result<(), String> {
        let said: Value = serde_json::from_str(text).map_err(|_| "it is no JSON".to_owned())?;
        let fields = said.as_object().ok_or("it is no object")?;
        if let Some(stray) =
            fields.keys().find(|key| !matches!(key.as_str(), "envelope_id" | "payload"))
        {
            return Err(format!("unknown field {stray}"));
        }
        let id = said["envelope_id"].as_str().ok_or("it names no envelope")?;
        let payload = fields.get("payload").cloned();
        if payload.as_ref().is_some_and(|payload| !payload.is_object()) {
            return Err("its payload is no object".to_owned());
        }
        let mut known = self.known();
        let envelope = known.envelopes.get_mut(id).ok_or("there was no such envelope")?;
        if payload.is_some() && !envelope.takes_payload {
            return Err("a payload for an envelope that takes none".to_owned());
        }
        let waiting = envelope.waiting.pop().ok_or("it was acknowledged before")?;
        // Whoever waited may have given up.
        let _late = waiting.send(payload);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the door to the connections needs of the workspace.
pub(super) struct Door {
    pub(super) hub: Arc<Hub>,
    pub(super) stop: CancellationToken,
    pub(super) app_id: String,
    /// Whether a ticket lets somebody in.
    pub(super) admits: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Where what a client does wrong is noted.
    pub(super) violate: Box<dyn Fn(String) + Send + Sync>,
}

/// Lets connections in until the workspace stops.
pub(super) async fn accept(door: Door, listener: TcpListener, tracker: TaskTracker) {
    let door = Arc::new(door);
    loop {
        tokio::select! {
            () = door.stop.cancelled() => return,
            came = listener.accept() => {
                let Ok((stream, _)) = came else { continue };
                tracker.spawn(welcome(Arc::clone(&door), stream));
            }
        }
    }
}

async fn welcome(door: Arc<Door>, stream: TcpStream) {
    let judging = Arc::clone(&door);
    #[expect(clippy::result_large_err, reason = "the handshake wants a whole response")]
    let judge = move |request: &Request, response: Response| {
        let query = request.uri().query().unwrap_or_default();
        let ticket = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ticket");
        let ticket = ticket.map(|(_, ticket)| ticket.into_owned()).unwrap_or_default();
        let known = request.uri().path() == "/link/" && (judging.admits)(&ticket);
        if known { Ok(response) } else { Err(refused()) }
    };
    let Ok(socket) = accept_hdr_async(stream, judge).await else { return };
    let (out, told) = mpsc::channel(WAITING_MAX);
    let (number, count) = door.hub.add(out);
    hold(&door, socket, told, count).await;
    door.hub.remove(number);
}

fn refused() -> ErrorResponse {
    let mut response = ErrorResponse::new(None);
    *response.status_mut() = axum::http::StatusCode::FORBIDDEN;
    response
}

async fn hold(
    door: &Door,
    socket: WebSocketStream<TcpStream>,
    mut told: mpsc::Receiver<Out>,
    count: usize,
) {
    let (mut sink, mut stream) = socket.split();
    let greeting = match count > LINES_MAX {
        true => json!({ "type": "disconnect", "reason": "too_many_websockets" }),
        false => json!({
            "type": "hello",
            "num_connections": count,
            "debug_info": { "host": "applink-1", "approximate_connection_time": 18060 },
            "connection_info": { "app_id": door.app_id },
        }),
    };
    if sink.send(Message::text(greeting.to_string())).await.is_err() || count > LINES_MAX {
        return;
    }
    loop {
        let sent = tokio::select! {
            () = door.stop.cancelled() => return,
            out = told.recv() => match out {
                Some(Out::Text(text)) => sink.send(Message::text(text)).await,
                Some(Out::Bytes(bytes)) => sink.send(Message::Binary(Bytes::from(bytes))).await,
                Some(Out::Mute) => return door.stop.cancelled().await,
                Some(Out::Close) => {
                    let _closed = sink.close().await;
                    return;
                }
                Some(Out::Cut) | None => return,
            },
            frame = stream.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    if let Err(why) = door.hub.acknowledged(&text) {
                        (door.violate)(format!("an acknowledgement: {why}"));
                    }
                    Ok(())
                }
                Some(Ok(Message::Binary(_))) => {
                    (door.violate)("bytes on a connection".to_owned());
                    Ok(())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let (mut tickets, now) = (Tickets::default(), Timestamp::UNIX_EPOCH);
        let url = tickets.give("t1", "A1", now);
        assert!(url.ends_with("/link/?ticket=t1&app_id=A1"), "{url}");
        assert!(!tickets.take("t2", 1, now));
        assert!(tickets.take("t1", 1, now));
        assert!(!tickets.take("t1", 1, now), "once");
        tickets.give("t3", "A1", now);
        assert!(!tickets.take("t3", 1, now + SignedDuration::from_secs(31)));
    }

    #[tokio::test]
    async fn an_acknowledgement_is_judged_strictly() {
        let hub = Hub::default();
        assert!(hub.send("e0", true, String::new()).is_none(), "nobody is connected");
        let (out, _told) = mpsc::channel(WAITING_MAX);
        hub.add(out);
        let answer = hub.send("e1", true, "{}".to_owned()).unwrap();
        for (wrong, why) in [
            ("", "no JSON"),
            ("[]", "no object"),
            (r#"{"envelope_id":"e1","text":"x"}"#, "unknown field text"),
            (r#"{"payload":{}}"#, "names no envelope"),
            (r#"{"envelope_id":"e2"}"#, "no such envelope"),
            (r#"{"envelope_id":"e1","payload":"x"}"#, "payload is no object"),
        ] {
            let said = hub.acknowledged(wrong).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
        assert_eq!(hub.acknowledged(r#"{"envelope_id":"e1","payload":{"a":1}}"#), Ok(()));
        assert_eq!(answer.await.unwrap(), Some(json!({ "a": 1 })));
        let twice = hub.acknowledged(r#"{"envelope_id":"e1"}"#).unwrap_err();
        assert!(twice.contains("before"), "{twice}");
        let _answer = hub.send("e3", false, "{}".to_owned()).unwrap();
        let said = hub.acknowledged(r#"{"envelope_id":"e3","payload":{}}"#).unwrap_err();
        assert!(said.contains("takes none"), "{said}");
    }

    #[tokio::test]
    async fn a_mute_connection_gets_nothing_and_one_that_leaves_only_what_no_other_can_take() {
        let hub = Hub::default();
        let (first, mut to_first) = mpsc::channel(WAITING_MAX);
        hub.add(first);
        hub.leave();
        assert!(hub.send("e1", true, "one".to_owned()).is_some());
        assert!(matches!(to_first.try_recv(), Ok(Out::Text(text)) if text == "one"));
        let (second, mut to_second) = mpsc::channel(WAITING_MAX);
        let (number, count) = hub.add(second);
        assert_eq!((number, count, hub.open()), (2, 2, 2));
        assert!(hub.send("e2", true, "two".to_owned()).is_some());
        assert!(to_first.try_recv().is_err());
        assert!(matches!(to_second.try_recv(), Ok(Out::Text(text)) if text == "two"));
        hub.tell_all(&Out::Mute);
        assert!(hub.send("e3", true, "three".to_owned()).is_none());
        hub.remove(number);
        assert_eq!((hub.open(), hub.opened()), (0, 2));
    }
}
