//! One connection from its hello to its end: envelopes in, acknowledgements out, pings both ways.

use crate::domain::proof::Line;
use crate::http::connection::{Connection, Up};
use crate::http::wall::bytes_max;
use crate::http::{Service, judge};
use crate::slack::envelope::{Envelope, Frame, Goodbye, acknowledgement, read};
use crate::slack::line::{NotOpened, Socket, why};
use crate::socket::Pulse;
use crate::socket::answers::{Answer, Answers, Passing};
use axum::body::to_bytes;
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Envelopes in hand; while there are so many, no more are read from the connection.
const AT_ONCE: usize = 64;
/// Our own answers are messages, which Slack bounds far below this.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// A connection that takes no frame within this time is dead.
const SEND_TIME_MAX: Duration = Duration::from_secs(5);
/// At the end, what is in hand is answered within Slack's three seconds.
const LAST_WORDS_MAX: Duration = Duration::from_secs(3);

/// Why another connection is wanted, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Slack will close this one soon; it is still listened to.
    Replace,
    /// Socket Mode is off.
    Disabled,
    Broken {
        lasted: Duration,
    },
    /// We were told to end.
    Over,
}

/// All that a connection needs.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) service: Arc<Service>,
    pub(super) connection: Arc<Connection>,
    pub(super) answers: Arc<Answers>,
    pub(super) pulse: Pulse,
    pub(super) over: CancellationToken,
    pub(super) up: Up,
    pub(super) line: Line,
}

/// Where the connection goes on, or stops.
enum Turn {
    On,
    Leave(Goodbye),
    Ended(String),
}

impl Talk {
    /// Holds the connection; `leaving` hears as soon as another one is wanted.
    pub(super) async fn hold(self, socket: Socket, leaving: oneshot::Sender<End>) {
        let (mut sink, mut stream) = socket.split();
        let (acks, mut waiting) = channel(AT_ONCE);
        let in_hand = TaskTracker::new();
        let started = Instant::now();
        let mut leaving = Some(leaving);
        let why = self
            .listen((&mut sink, &mut stream), (&acks, &mut waiting), &in_hand, &mut leaving)
            .await;
        drop(acks);
        in_hand.close();
        let mut up = Some(self.up);
        if let Some(why) = why {
            drop(up.take());
            // One that Slack had said goodbye to has a successor already.
            if let Some(leaving) = leaving.take() {
                tracing::warn!(why, "the connection to Slack has ended");
                self.connection.failed(&why);
                let _nobody_waits = leaving.send(End::Broken { lasted: started.elapsed() });
            }
        }
        let last_words = last_words(&mut sink, &mut waiting);
        if timeout(LAST_WORDS_MAX, last_words).await.is_err() {
            tracing::warn!("some answers did not reach Slack before the connection ended");
        }
        // Slack goes on counting a connection that nobody closes, and sends envelopes into it.
        let _closed = timeout(SEND_TIME_MAX, sink.close()).await;
        drop(up);
        let _nobody_waits = leaving.map(|leaving| leaving.send(End::Over));
    }

    /// Until it ends; why, or nothing where we were told to end.
    async fn listen(
        &self,
        (sink, stream): (&mut SplitSink<Socket, Message>, &mut SplitStream<Socket>),
        (acks, waiting): (&Sender<String>, &mut Receiver<String>),
        in_hand: &TaskTracker,
        leaving: &mut Option<oneshot::Sender<End>>,
    ) -> Option<String> {
        let mut ping = interval(self.pulse.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut drained = None;
        loop {
            let until = drained.unwrap_or_else(|| Instant::now() + self.pulse.drain_max);
            let sent = tokio::select! {
                () = self.over.cancelled() => return None,
                () = tokio::time::sleep_until(until), if drained.is_some() => return None,
                Some(ack) = waiting.recv() => send(sink, Message::text(ack)).await,
                _ = ping.tick() => {
                    if heard.elapsed() > self.pulse.silence_max {
                        return Some(format!("nothing was heard for {:?}", heard.elapsed()));
                    }
                    send(sink, Message::Ping(Bytes::from_static(b"keyleak"))).await
                }
                frame = stream.next(), if in_hand.len() < AT_ONCE => {
                    heard = Instant::now();
                    match self.take(frame, acks, in_hand) {
                        Turn::On => Ok(()),
                        Turn::Ended(why) => return Some(why),
                        Turn::Leave(goodbye) => {
                            drained.get_or_insert(Instant::now() + self.pulse.drain_max);
                            self.leave(goodbye, leaving);
                            Ok(())
                        }
                    }
                }
            };
            if let Err(why) = sent {
                return Some(why);
            }
        }
    }

    /// Says that another connection is wanted, while this one is still listened to.
    fn leave(&self, goodbye: Goodbye, leaving: &mut Option<oneshot::Sender<End>>) {
        let Some(leaving) = leaving.take() else { return };
        let end = match goodbye {
            Goodbye::Soon => End::Replace,
            Goodbye::Disabled => {
                tracing::error!("{}", NotOpened::Disabled);
                self.connection.failed(&NotOpened::Disabled.to_string());
                End::Disabled
            }
            Goodbye::TooMany => {
                tracing::error!("{}", NotOpened::TooMany);
                self.connection.failed(&NotOpened::TooMany.to_string());
                End::Broken { lasted: Duration::ZERO }
            }
        };
        let _nobody_waits = leaving.send(end);
    }

    fn take(
        &self,
        frame: Option<Result<Message, Error>>,
        acks: &Sender<String>,
        in_hand: &TaskTracker,
    ) -> Turn {
        let text = match frame {
            None | Some(Ok(Message::Close(_))) => return Turn::Ended("Slack closed it".to_owned()),
            Some(Err(error)) => return Turn::Ended(why(&error)),
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Turn::On,
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                self.connection.unread();
                return Turn::On;
            }
        };
        match read(&text) {
            Frame::Goodbye(goodbye) => return Turn::Leave(goodbye),
            Frame::Hello { .. } => {}
            Frame::Unreadable => {
                tracing::warn!("a frame of Slack's cannot be read");
                self.connection.unread();
            }
            Frame::Other { id } => {
                self.connection.unread();
                // Nothing is lost: whatever it is, nothing of ours would have been done for it.
                if let Some(id) = id {
                    let _full = acks.try_send(acknowledgement(&id, None));
                }
            }
            Frame::Envelope(envelope) => self.take_in(envelope, acks, in_hand),
        }
        Turn::On
    }

    /// Judges an envelope beside the others, and acknowledges it with the answer.
    fn take_in(&self, envelope: Envelope, acks: &Sender<String>, in_hand: &TaskTracker) {
        self.connection.envelope();
        let (acks, answers) = (acks.clone(), Arc::clone(&self.answers));
        let service = Arc::clone(&self.service);
        let Envelope { id, route, takes_payload, body } = envelope;
        if body.len() > bytes_max(route) {
            tracing::warn!(bytes = body.len(), "an envelope is too large, and was not taken in");
            return;
        }
        let verified = self.line.envelope(&id, body);
        in_hand.spawn(async move {
            let judging = async {
                // A decision is a large thing to keep on a stack; HTTP's side boxes it as well.
                let (answer, durable) = Box::pin(judge(&service, &verified, route)).await;
                let answer = content(answer).await;
                if durable { answer } else { Err(answer.map_or_else(|p| p, Passing::Said)) }
            };
            let answer = match answers.to(&id, judging).await {
                Ok(answer) | Err(Passing::Said(answer)) => answer,
                Err(Passing::Refused) => return,
            };
            let answer = answer.filter(|_| takes_payload);
            if acks.send(acknowledgement(&id, answer.as_ref())).await.is_err() {
                tracing::warn!("an answer did not reach Slack: the connection had ended");
            }
        });
    }
}

/// What HTTP would have answered, as an acknowledgement has it.
async fn content(answer: Response) -> Result<Answer, Passing> {
    if !answer.status().is_success() {
        return Err(Passing::Refused);
    }
    let body = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.unwrap_or_default();
    Ok(serde_json::from_slice(&body).ok())
}

async fn send(sink: &mut SplitSink<Socket, Message>, message: Message) -> Result<(), String> {
    match timeout(SEND_TIME_MAX, sink.send(message)).await {
        Ok(sent) => sent.map_err(|error| why(&error)),
        Err(_) => Err("it takes no more".to_owned()),
    }
}

/// Sends the answers of what is in hand until all of it is done.
async fn last_words(sink: &mut SplitSink<Socket, Message>, waiting: &mut Receiver<String>) {
    while let Some(ack) = waiting.recv().await {
        if send(sink, Message::text(ack)).await.is_err() {
            return;
        }
    }
}
