//! Links of our own into the workspace: the address of a message, as Slack itself makes it.

use crate::domain::announce::card_key;
use crate::domain::ids::{ChannelId, MessageTs};
use crate::ports::chat::{Scene, View};
use crate::slack::blocks::{paragraph, rich, text};
use serde_json::{Value, json};
use url::Url;

/// Where the workspace is, where it told; without that there are no links, and nothing else lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    base: Option<String>,
}

impl Links {
    /// The links of the workspace at this address, as `auth.test` tells it.
    pub fn of(address: &str) -> Self {
        let known = Url::parse(address).ok().filter(|url| {
            let bare = url.username().is_empty() && url.password().is_none();
            url.scheme() == "https" && url.host_str().is_some() && bare
        });
        Self { base: known.and_then(|url| url.join("/archives/").ok()).map(String::from) }
    }

    /// A link to a message, for rich text.
    pub fn to(&self, (room, message): (&ChannelId, &MessageTs), words: &str) -> Option<Value> {
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
        };
        if !plain(&room.0) || !plain(&message.0) {
            return None;
        }
        let base = self.base.as_ref()?;
        let url = format!("{base}{}/p{}", room.0, message.0.replace('.', ""));
        Some(json!({ "type": "link", "url": url, "text": words }))
    }

    /// The line under a message that leads back to the card of its case; the card has none.
    pub(super) fn back_to_card(&self, view: &View<'_>) -> Option<Value> {
        let case = scene(view)?.case;
        let (room, message) = case.room().posted.get(&card_key())?;
        let link = self.to((room, message), "the card")?;
        let line = paragraph(vec![text("Where the case stands: "), link]);
        Some(rich("back", vec![line]))
    }
}

/// The scene of a view that is read away from its card, by people of its channel.
fn scene<'a>(view: &View<'a>) -> Option<Scene<'a>> {
    match view {
        // What stands in the thread of the card, or of its plan, is beside it.
        View::Card(_) | View::Details(_) | View::Ways(..) | View::Digest(..) | View::Owner(_) => {
            None
        }
        View::Plan(scene, _)
        | View::Summary(scene, _)
        | View::Update(scene, _)
        | View::Rung(scene, _)
        | View::Legal(scene, _)
        | View::Checklist(scene, _)
        | View::Task(scene, _)
        | View::Letter(scene)
        | View::Recovery(scene)
        | View::Impact(scene)
        | View::Progress(scene, ..)
        | View::Answer(scene, ..)
        | View::Reply(scene, _)
        | View::Notice(scene, _)
        | View::Alarm(scene, _) => Some(*scene),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(address: &str, room: &str, ts: &str) -> Option<Value> {
        let place = (ChannelId(room.to_owned()), MessageTs(ts.to_owned()));
        Links::of(address).to((&place.0, &place.1), "x")
    }

    #[test]
    fn a_link_is_made_of_the_workspaces_address_and_of_ids_and_of_nothing_else() {
        let good = link("https://acme.slack.com/", "C1", "12.000034").unwrap();
        assert_eq!(good["url"], "https://acme.slack.com/archives/C1/p12000034");
        for (address, room, ts) in [
            ("http://acme.slack.com/", "C1", "1.2"),
            ("https://u:p@acme.slack.com/", "C1", "1.2"),
            ("", "C1", "1.2"),
            ("https://acme.slack.com/", "C1/../x", "1.2"),
            ("https://acme.slack.com/", "C1", "1.2?x"),
            ("https://acme.slack.com/", "", "1.2"),
        ] {
            assert_eq!(link(address, room, ts), None, "{address} {room} {ts}");
        }
    }
}
