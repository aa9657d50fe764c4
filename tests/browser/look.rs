//! How the page looks and behaves: every block drawn, nothing hostile live, readable by everybody.

use crate::browser::Browser;
use crate::drill::Drill;
use crate::frame::{Outcome, trial};
use crate::parts::Parts;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::sync::Arc;

const SPEED: u32 = 10;
pub(crate) const HOSTILE: &str = "<img src=x onerror=alert(1)> <!channel> &lt;b&gt;";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [policy, blocks, modal, given, narrow, axe, below] = [(); 7].map(|()| Arc::clone(parts));
    vec![
        trial("a_script_that_is_not_ours_does_not_run_and_is_seen", move || foreign(&policy)),
        trial("every_kind_of_block_is_drawn_and_nothing_hostile_is_live", move || kinds(&blocks)),
        trial("a_form_says_what_is_wrong_and_can_be_closed", move || form(&modal)),
        trial("a_form_below_another_keeps_what_was_typed", move || stacked(&below)),
        trial("a_file_of_ids_is_taken_by_the_form", move || file(&given)),
        trial("nothing_is_wider_than_a_phone", move || phone(&narrow)),
        trial("a_screen_reader_finds_nothing_serious", move || reader(&axe)),
    ]
}

pub(crate) fn visit(
    parts: &Parts,
    name: &'static str,
) -> Result<(Drill, Browser), crate::frame::Missing> {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, name, &drill.url)?;
    person.click("#intro button");
    Ok((drill, person))
}

/// The check that the stories rest on can fail: a foreign script is refused, and is a problem.
fn foreign(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "foreign")?;
    person.is_quiet();
    person.step(json!({"do": "inject", "script": "document.title = 'stolen'"}));
    person.step(json!({"do": "inject", "script": "fetch('http://127.0.0.1:9/')"}));
    let problems = person.problems();
    assert!(problems.iter().any(|said| said.contains("Content Security Policy")), "{problems:?}");
    assert_eq!(person.step(json!({"do": "texts", "at": "title"}))[0], "keyleak drill");
    Ok(())
}

fn kinds(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "kinds")?;
    let blocks = every_kind();
    let count = blocks.as_array().map(Vec::len).unwrap_or_default();
    let message = json!({"type": "message", "user": "U0BOT00000", "bot_id": "B0SIM00001",
        "text": HOSTILE, "ts": "9999999999.000001", "blocks": blocks});
    let plain = json!({"type": "message", "user": "U0BOB00002", "text": HOSTILE,
        "ts": "9999999999.000002"});
    person.step(json!({"do": "add", "channel": "general", "messages": [message, plain]}));
    person.fill("#composer-text", "hello");
    person.press("Enter");
    person.see("[data-ts='9999999999.000001'] .header:text-is('A header')");
    assert_eq!(person.texts("[data-ts='9999999999.000001'] .block").len(), count);
    for (at, text) in [
        (".not-drawn", "not drawn here: a block of the type “hologram”"),
        (".not-drawn", "not drawn here: sparkle"),
        ("strong", "bold"),
        ("em", "slanted"),
        ("code", "code"),
        (".mention", "@bob"),
        (".mention", "#general"),
        ("time", "2001"),
        ("li", "first"),
        ("th", "head"),
        ("td", "cell"),
        ("a[href='https://example.com/']", "label"),
        ("button.danger", "Danger"),
        ("option", "Two"),
        (".mass-mention", "@channel (rings everybody)"),
    ] {
        let seen = person.texts(&format!("[data-ts='9999999999.000001'] {at}"));
        assert!(seen.iter().any(|it| it.contains(text)), "{text} is not in {at}: {seen:?}");
    }
    let said = person.see("[data-ts='9999999999.000002'] .text");
    assert!(said.contains("<img src=x onerror=alert(1)>") && said.contains("<b>"), "{said}");
    assert_eq!(person.texts("main img").len(), 0, "no markup of a message becomes an element");
    person.is_quiet();
    Ok(())
}

fn every_kind() -> Value {
    let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
    let button = |style: &str| {
        let text = plain("Danger");
        json!({"type": "button", "action_id": style, "text": text, "style": style})
    };
    let option = |name: &str| json!({"text": plain(name), "value": name});
    let select = json!({"type": "static_select", "action_id": "pick", "placeholder": plain("Pick"),
        "options": [option("One"), option("Two")]});
    let text =
        |text: &str, style: &str| json!({"type": "text", "text": text, "style": {style: true}});
    let spans = json!([text("bold", "bold"), text("slanted", "italic"), text("code", "code"),
        {"type": "user", "user_id": "U0BOB00002"}, {"type": "channel", "channel_id": "C0GENERAL1"},
        {"type": "link", "url": "https://example.com/", "text": "label"},
        {"type": "link", "url": "javascript:alert(1)", "text": "no link"},
        {"type": "date", "timestamp": 1_000_000_000, "format": "{date_num}", "fallback": "then"},
        {"type": "emoji", "name": "eyes"}, {"type": "broadcast", "range": "channel"},
        {"type": "sparkle"}]);
    let list = json!({"type": "rich_text_list", "style": "ordered", "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]}]});
    let cell = |text: &str| json!({"type": "raw_text", "text": text});
    json!([
        {"type": "header", "text": plain("A header")},
        {"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE},
            "fields": [plain("left"), plain("right")], "accessory": button("primary")},
        {"type": "divider"},
        {"type": "context", "elements": [plain("small"), {"type": "image", "image_url":
            "https://example.com/x.png", "alt_text": "a picture"}]},
        {"type": "actions", "elements": [button("danger"), select]},
        {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "far away"},
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": spans}, list,
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "as is"}]}]},
        {"type": "table", "rows": [[cell("head"), cell("two")], [cell("cell"), cell(HOSTILE)]]},
        {"type": "markdown", "text": "# as it is"},
        {"type": "hologram"},
    ])
}

fn form(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "form")?;
    person.fill("#composer-text", "/keyleak");
    person.press("Enter");
    person.see("#modal h2:text-is('Exposed AWS key')");
    person.click("#modal button[type=submit]");
    person.see("#modal .error:has-text('or a file with ids')");
    person.fill("#modal textarea >> nth=0", "AKIAIOSFODNN7EXAMPLE");
    person.click("#modal button[type=submit]");
    person.see("#modal .error:has-text('documentation example')");
    assert_eq!(person.value("#modal textarea >> nth=0"), "AKIAIOSFODNN7EXAMPLE", "it is kept");
    person.press("Escape");
    person.gone("#modal");
    person.is_quiet();
    Ok(())
}

/// A modal on a modal, which the bot does not push today and Slack can.
fn stacked(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "stacked")?;
    let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
    let form = |name: &str| {
        let field = json!({"type": "plain_text_input", "action_id": "a"});
        let block =
            json!({"type": "input", "block_id": "b", "label": plain("Field"), "element": field});
        let object = json!({"type": "modal", "id": name, "hash": "1", "title": plain(name),
            "submit": plain("Send"), "blocks": [block], "state": {"values": {}}});
        json!({"user": "U0ANA00001", "object": object, "errors": {}})
    };
    let open = |person: &mut Browser, views: &[Value]| {
        person.step(json!({"do": "add", "channel": "general", "messages": [], "views": views}));
        // Whatever somebody says elsewhere makes the page look again.
        let said = json!({"user": "U0BOB00002", "channel": "general", "text": "hello"});
        assert_eq!(person.step(json!({"do": "post", "path": "/ui/say", "body": said})), 200);
        if let Some(top) = views.last().and_then(|view| view["object"]["id"].as_str()) {
            person.see(&format!("#modal h2:text-is('{top}')"));
        }
    };
    let [first, second] = ["First", "Second"].map(form);
    open(&mut person, std::slice::from_ref(&first));
    person.fill("#modal input", "typed in the first");
    open(&mut person, &[first.clone(), second]);
    assert_eq!(person.value("#modal input"), "", "another form has a field of its own");
    open(&mut person, &[first]);
    assert_eq!(person.value("#modal input"), "typed in the first");
    open(&mut person, &[]);
    person.gone("#modal");
    person.has_focus("#composer-text");
    person.is_quiet();
    Ok(())
}

fn file(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "file")?;
    person.fill("#composer-text", "/keyleak");
    person.press("Enter");
    person.see("#modal h2:text-is('Exposed AWS key')");
    let text = "user,key\nci,AKIAQNZGKIQY56JQ7WML\n";
    let field = "#modal input[type=file]";
    person.step(json!({"do": "choose", "at": field, "name": "leaked.csv", "text": text}));
    person.click("#modal button[type=submit]");
    person.gone("#modal");
    person.see("nav :text('keyleak-7wml-')");
    person.is_quiet();
    Ok(())
}

fn phone(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "phone")?;
    person.step(json!({"do": "size", "width": 360, "height": 740}));
    for (tab, shown) in [("Account", "#account"), ("Channels", "#sidebar"), ("Messages", "main")] {
        person.click(&format!("#tabs button:text-is('{tab}')"));
        person.see(shown);
        assert_eq!(person.step(json!({"do": "wide"})), false, "{tab} is wider than the phone");
    }
    person.click("#leaked button");
    person.press("Enter");
    person.click(".toast button:text-is('Go there')");
    person.see(".message.pinned:has-text('Exposed key')");
    assert_eq!(person.step(json!({"do": "wide"})), false, "the card is wider than the phone");
    Ok(())
}

fn reader(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "reader")?;
    serious(&mut person, "the first view");
    person.click("#leaked button");
    person.press("Enter");
    person.click(".toast button:text-is('Go there')");
    person.see("main .kit:text-is('Approve the plan')");
    serious(&mut person, "a case");
    person.click("main .kit:text-is('Approve the plan')");
    person.see("#confirm");
    serious(&mut person, "a question");
    Ok(())
}

/// By day and by night.
pub(crate) fn serious(person: &mut Browser, place: &str) {
    for dark in [false, true] {
        person.step(json!({"do": "light", "dark": dark}));
        let found = person.step(json!({"do": "axe"}));
        assert_eq!(found, json!([]), "in {place}, dark: {dark}");
    }
}
