//! What was answered to which envelope: one that comes again is answered alike and done once.

use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Slack sends an envelope again within seconds or minutes; at thirty thousand an hour, its own
/// ceiling, this is two minutes' worth.
const REMEMBERED_MAX: usize = 1_000;

/// What goes into an acknowledgement.
pub(super) type Answer = Option<Value>;

/// An outcome that is not durable, and is judged again when it comes again.
#[derive(Debug, Clone)]
pub(super) enum Passing {
    /// Acknowledged with this.
    Said(Answer),
    /// Not acknowledged, as HTTP would have refused it.
    Refused,
}

/// The last answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    answers: HashMap<String, Arc<OnceCell<Answer>>>,
    order: VecDeque<String>,
}

impl Answers {
    /// The answer to this envelope; who asks while it is being found waits for the same one.
    pub(super) async fn to(
        &self,
        id: &str,
        judging: impl Future<Output = Result<Answer, Passing>>,
    ) -> Result<Answer, Passing> {
        let cell = self.cell(id);
        cell.get_or_try_init(|| judging).await.cloned()
    }

    fn cell(&self, id: &str) -> Arc<OnceCell<Answer>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = known.answers.get(id) {
            return Arc::clone(cell);
        }
        if known.order.len() >= REMEMBERED_MAX
            && let Some(oldest) = known.order.pop_front()
        {
            known.answers.remove(&oldest);
        }
        known.order.push_back(id.to_owned());
        Arc::clone(known.answers.entry(id.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn an_envelope_that_comes_twice_at_once_is_judged_once() {
        let (answers, judged) = (Answers::default(), AtomicU32::new(0));
        let judging = || async {
            judged.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(Some(json!("done")))
        };
        let (one, other) = tokio::join!(answers.to("e1", judging()), answers.to("e1", judging()));
        assert_eq!((one.unwrap(), other.unwrap()), (Some(json!("done")), Some(json!("done"))));
        assert_eq!(answers.to("e1", judging()).await.unwrap(), Some(json!("done")));
        assert_eq!(judged.load(Ordering::Relaxed), 1);
        answers.to("e2", judging()).await.unwrap();
        assert_eq!(judged.load(Ordering::Relaxed), 2, "another one is another");
    }

    #[tokio::test]
    async fn what_was_not_recorded_is_judged_again() {
        let answers = Answers::default();
        let not_yet = answers.to("e1", async { Err(Passing::Said(None)) }).await;
        assert!(matches!(not_yet, Err(Passing::Said(None))));
        let then = answers.to("e1", async { Ok(Some(json!(1))) }).await;
        assert_eq!(then.unwrap(), Some(json!(1)));
    }

    #[tokio::test]
    async fn the_memory_is_bounded() {
        let answers = Answers::default();
        for number in 0..REMEMBERED_MAX + 10 {
            answers.to(&number.to_string(), async { Ok(None) }).await.unwrap();
        }
        let known = answers.known.lock().unwrap();
        assert_eq!((known.answers.len(), known.order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
