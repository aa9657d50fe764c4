//! The app's home, drawn: three short lists in which nothing is live but links of our own.

use crate::domain::button::ButtonAction;
use crate::domain::home::{Home, HomeLine, LINES_MAX};
use crate::slack::blocks::{
    Look, button, channel, context, cut, header, list, paragraph, rich, text,
};
use crate::slack::cards::DRILL;
use crate::slack::links::Links;
use serde_json::{Value, json};

/// Forty lines of more would come near what Slack takes in a view, and nobody reads them.
const LINE_LENGTH_MAX: usize = 400;

/// The view that a person gets.
pub fn view(home: &Home, links: &Links) -> Value {
    let mark = || home.drill.then(|| context(DRILL));
    let mut blocks: Vec<Value> = mark().into_iter().collect();
    match &home.refused {
        Some(why) => {
            let words = format!("You do not use keyleak here: {why}.");
            blocks.push(rich("home.refused", vec![paragraph(vec![text(&words)])]));
        }
        None => {
            blocks.extend(section(("home.due", "Waiting for you", "Nothing."), &home.due, links));
            let none = "None that you belong to. Open one with /keyleak AKIA…, or join one that \
                        somebody asks you into.";
            blocks.extend(section(("home.cases", "Open cases", none), &home.cases, links));
            blocks.push(respond());
            let health = home.health.iter().map(|line| vec![text(line)]).collect();
            blocks.push(header("keyleak itself"));
            blocks.push(rich("home.health", vec![list(health, false)]));
        }
    }
    blocks.extend(mark());
    json!({ "type": "home", "blocks": blocks })
}

/// What the global shortcut does, for whoever looks for it here.
fn respond() -> Value {
    let action = ButtonAction::Respond;
    let words = "Respond to exposed key";
    let one = button(words, &action.id(), &action.value(), Look::Primary, None);
    json!({ "type": "actions", "block_id": "home.respond", "elements": [one] })
}

fn section((id, title, none): (&str, &str, &str), lines: &[HomeLine], links: &Links) -> Vec<Value> {
    let mut items: Vec<Vec<Value>> =
        lines.iter().take(LINES_MAX).map(|line| item(line, links)).collect();
    if items.is_empty() {
        items.push(vec![text(none)]);
    }
    if let Some(more) = lines.len().checked_sub(LINES_MAX).filter(|more| *more > 0) {
        items.push(vec![text(&format!("… and {more} more; /keyleak list has them"))]);
    }
    vec![header(title), rich(id, vec![list(items, false)])]
}

fn item(line: &HomeLine, links: &Links) -> Vec<Value> {
    let mut parts = vec![text(&cut(&line.what, LINE_LENGTH_MAX))];
    if let Some(room) = &line.channel {
        parts.extend([text(" · "), channel(room)]);
    }
    if let Some((room, message)) = &line.message
        && let Some(link) = links.to((room, message), "show")
    {
        parts.extend([text(" · "), link]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ChannelId, MessageTs};
    use crate::slack::blocks::length;

    fn line(what: &str) -> HomeLine {
        let room = ChannelId("C1".to_owned());
        let message = Some((room.clone(), MessageTs("12.000034".to_owned())));
        HomeLine { what: what.to_owned(), channel: Some(room), message }
    }

    fn links() -> Links {
        Links::of("https://acme.slack.com/")
    }

    #[test]
    fn nothing_of_a_hostile_line_is_live_and_however_many_there_are_it_fits() {
        let hostile = format!("<!channel> *x* <https://evil|aws>\u{202E}{}", "é".repeat(10_000));
        let lines = vec![line(&hostile); 300];
        let home = Home { due: lines.clone(), cases: lines, ..Home::default() };
        let view = view(&home, &links());
        let blocks = view["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 10);
        assert!(view.to_string().len() < 250 * 1024, "{}", length(blocks));
        assert!(!view.to_string().contains("mrkdwn") && !view.to_string().contains('\u{202E}'));
        assert!(view.to_string().contains("and 280 more"));
        let first = &blocks[1]["elements"][0]["elements"][0]["elements"];
        assert_eq!(first[0]["type"], "text");
        assert_eq!(first[4]["url"], "https://acme.slack.com/archives/C1/p12000034");
    }

    #[test]
    fn an_empty_home_says_so_and_one_that_is_refused_says_why_and_nothing_else() {
        let empty = view(&Home::default(), &links()).to_string();
        assert!(empty.contains("Nothing.") && empty.contains("None that you belong to"));
        let refused = Home { refused: Some("go away".to_owned()), drill: true, ..Home::default() };
        let refused = view(&refused, &links());
        assert_eq!(refused["blocks"].as_array().unwrap().len(), 3);
        assert!(refused.to_string().contains("go away") && refused.to_string().contains("DRILL"));
    }
}
