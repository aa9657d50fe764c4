//! The stage as a workspace: the app's home, what one does with a message, names, and all of it
//! without a mouse.

use crate::browser::Browser;
use crate::drill::Drill;
use crate::frame::{Outcome, trial};
use crate::look::{serious, visit};
use crate::parts::Parts;
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const SPEED: u32 = 60;
const APP: &str = "#sidebar button.app";
const NEW_CASE: &str = "#sidebar button[aria-label*='drill-keyleak']";
const FORM: &str = "#modal h2:text-is('Exposed AWS key')";
const KEYS: &str = "#modal textarea >> nth=0";
/// Long enough for the bot to say something, were it to.
const WATCHED: Duration = Duration::from_secs(3);

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [home, key, own, emoji, anywhere] = [(); 5].map(|()| Arc::clone(parts));
    let [names, keyboard, thread, reader, plain] = [(); 5].map(|()| Arc::clone(parts));
    vec![
        trial("the_home_of_the_app_is_each_ones_own_and_works", move || app_home(&home)),
        trial("a_message_that_holds_a_key_becomes_a_case", move || key_in_message(&key)),
        trial("ones_own_message_is_edited_and_deleted_and_no_others", move || own_message(&own)),
        trial("the_emoji_of_the_timeline_puts_a_message_there", move || timeline(&emoji)),
        trial("a_shortcut_opens_the_form_and_a_closed_one_opens_nothing", move || {
            shortcut(&anywhere)
        }),
        trial("a_name_that_is_typed_is_a_mention", move || mention(&names)),
        trial("the_keyboard_alone_opens_a_case_and_approves_the_plan", move || {
            without_a_mouse(&keyboard)
        }),
        trial("a_thread_is_entered_answered_and_left_by_keyboard", move || in_a_thread(&thread)),
        trial("a_screen_reader_finds_nothing_serious_on_any_surface", move || surfaces(&reader)),
        trial("each_message_shows_what_a_notification_says", move || fallback(&plain)),
    ]
}

/// A message of the channel that holds these words.
fn message(words: &str) -> String {
    format!("main article:has-text('{words}')")
}

/// Opens the menu of the message with these words, and chooses.
fn choose(person: &mut Browser, words: &str, item: &str) {
    person.click(&format!("{} [aria-label='More actions']", message(words)));
    person.click(&format!("[role=menu] .label:text-is('{item}')"));
}

fn say(person: &mut Browser, words: &str) {
    person.fill("#composer-text", words);
    person.press("Enter");
    person.see(&message(words));
}

/// Ana sends the command, and goes into the channel that is made.
fn report_the_key(person: &mut Browser) {
    person.click("#leaked button");
    person.press("Enter");
    person.click(NEW_CASE);
    person.see("main .kit:text-is('Approve the plan')");
}

fn app_home(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "home", &drill.url)?;
    person.click("#intro button");
    person.click(APP);
    let empty = person.see(".home:has-text('Waiting for you')");
    assert!(empty.contains("None that you belong to"), "{empty}");
    person.click("#sidebar button[aria-label=general]");
    report_the_key(&mut person);
    person.click(APP);
    let requester = person.see(".home:has-text('containment (plan 1)')");
    assert!(!requester.contains("Approve or deny"), "{requester}");

    person.become_person("Bob Okafor");
    let approver = person.see(".home:has-text('Approve or deny plan 1')");
    // Each opening draws it anew, as it then is.
    person.click("#tab-messages");
    person.see(".closed:has-text('has been turned off')");
    std::thread::sleep(WATCHED);
    person.click("#tab-home");
    let drawn = |home: &str| home.lines().find(|it| it.contains("Drawn at")).map(str::to_owned);
    let before = drawn(&approver).expect("it says when");
    person.see(&format!(".home:has-text('Drawn at'):not(:has-text('{before}'))"));
    person.click(".home .kit:text-is('Respond to exposed key')");
    person.see(FORM);
    person.press("Escape");
    person.gone("#modal");
    person.click(".home a:text-is('show') >> nth=0");
    person.see("main article.gone-to .kit:text-is('Approve the plan')");

    // Another company's workspace has no such app, whatever a page asks for.
    person.become_person("Eve Novak");
    assert_eq!(person.texts(APP), Vec::<String>::new());
    person.is_quiet();
    for (user, status) in [("U0BOB00002", 200), ("U0EVE00005", 422)] {
        let enter = json!({"user": user, "tab": "home"});
        let answer = person.step(json!({"do": "post", "path": "/ui/home", "body": enter}));
        assert_eq!(answer, status, "{user}");
    }
    Ok(())
}

fn key_in_message(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "message")?;
    say(&mut person, "dinner at eight?");
    choose(&mut person, "dinner at eight?", "This message holds a key");
    person.see(FORM);
    assert_eq!(person.value(KEYS), "", "there is none in it");
    person.press("Escape");
    person.gone("#modal");

    let key = person.see("#leaked code");
    choose(&mut person, "can you take it?", "This message holds a key");
    person.see(FORM);
    assert_eq!(person.value(KEYS).trim(), key);
    assert_eq!(person.texts(NEW_CASE).len(), 0, "a form that is not sent opens nothing");
    person.click("#modal button[type=submit]");
    person.gone("#modal");
    person.click(NEW_CASE);
    person.see(".message.pinned:has-text('Exposed key')");
    person.is_quiet();
    Ok(())
}

fn own_message(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "own")?;
    say(&mut person, "the proxy was open");
    choose(&mut person, "the proxy was open", "Edit message");
    person.fill(".edit-box", "the proxy was SHUT");
    person.press("Escape");
    person.see(&message("the proxy was open"));
    choose(&mut person, "the proxy was open", "Edit message");
    person.fill(".edit-box", "the proxy was SHUT");
    person.press("Enter");
    person.see(&format!("{}:has-text('(edited)')", message("the proxy was SHUT")));

    person.become_person("Bob Okafor");
    person.click(&format!("{} [aria-label='More actions']", message("SHUT")));
    let others = person.texts("[role=menu] .label");
    assert!(others.iter().any(|item| item == "Add to timeline"), "{others:?}");
    for own in ["Edit message", "Delete message…"] {
        assert!(!others.iter().any(|item| item == own), "{others:?}");
    }
    person.press("Escape");
    person.gone("[role=menu]");

    person.become_person("Ana Ruiz");
    choose(&mut person, "SHUT", "Delete message…");
    person.click("#confirm button[value=no]");
    person.see(&message("SHUT"));
    choose(&mut person, "SHUT", "Delete message…");
    person.click("#confirm button[value=yes]");
    person.gone(&message("SHUT"));
    person.is_quiet();
    Ok(())
}

fn timeline(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "timeline", &drill.url)?;
    person.click("#intro button");
    report_the_key(&mut person);
    say(&mut person, "the proxy was open");
    say(&mut person, "dinner at eight?");
    let added = ".ephemeral:has-text('Added to the timeline')";
    let react = |person: &mut Browser, words: &str, emoji: &str| {
        person.click(&format!("{} [aria-label='Add reaction']", message(words)));
        person.click(&format!("[role=menu] [data-action='{emoji}']"));
        person.see(&format!("{} .reaction[data-emoji='{emoji}']", message(words)))
    };
    assert!(react(&mut person, "dinner at eight?", "eyes").contains('1'));
    std::thread::sleep(WATCHED);
    assert_eq!(person.texts(added).len(), 0, "another emoji means nothing");
    react(&mut person, "the proxy was open", "pushpin");
    person.see(added);

    // Somebody else's is counted with it, and one's own can be taken away.
    let pill = format!("{} .reaction", message("the proxy was open"));
    person.become_person("Bob Okafor");
    person.click(&pill);
    person
        .see(&format!("{pill}[aria-label='pushpin, 2: Ana Ruiz, Bob Okafor'][aria-pressed=true]"));
    person.click(&pill);
    person.see(&format!("{pill}[aria-label='pushpin, 1: Ana Ruiz'][aria-pressed=false]"));

    person.fill("#composer-text", "/keyleak summary");
    person.press("Enter");
    let told = person.see("main article:has-text('wrote a message')");
    assert_eq!(told.matches("wrote a message").count(), 1, "{told}");
    person.is_quiet();
    Ok(())
}

fn shortcut(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "shortcut")?;
    person.click("[aria-label=Shortcuts]");
    assert_eq!(person.texts("[role=menu] .label"), ["Respond to exposed key"]);
    person.press("Escape");
    person.gone("[role=menu]");
    person.has_focus("[aria-label=Shortcuts]");
    assert_eq!(person.texts(FORM).len(), 0);
    person.press("Enter");
    person.see("[role=menu]");
    person.press("Enter");
    person.see(FORM);
    person.press("Escape");
    person.gone("#modal");
    person.has_focus("[aria-label=Shortcuts]");
    person.is_quiet();
    Ok(())
}

fn mention(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "mention")?;
    person.click("#composer-text");
    person.write("@bo");
    assert!(person.see("[role=option][aria-selected=true]").contains("Bob Okafor"));
    person.press("Enter");
    person.write("and @nobody, see #gen");
    person.see("[role=option]:has-text('#general')");
    person.press("Tab");
    person.press("Shift+Enter");
    person.write("@here twice");
    assert_eq!(person.value("#composer-text"), "@bob and @nobody, see #general \n@here twice");
    person.press("Enter");
    let said = message("twice");
    person.see(&said);
    assert_eq!(person.texts(&format!("{said} .mention")), ["@bob", "#general"]);
    assert_eq!(person.texts(&format!("{said} .mention.mine")).len(), 0);
    assert!(person.see(&format!("{said} .mass-mention")).contains("rings everybody"));
    assert!(person.see(&said).contains("@nobody"));
    person.become_person("Bob Okafor");
    assert_eq!(person.see(&format!("{said} .mention.mine")), "@bob");

    person.click("#composer-text");
    person.write("/");
    assert!(person.see("[role=option]").contains("/keyleak"));
    person.write("keyleak st");
    assert_eq!(person.texts("[role=option] strong"), ["/keyleak status"]);
    person.press("ArrowDown");
    person.press("Tab");
    assert_eq!(person.value("#composer-text"), "/keyleak status ");
    person.fill("#composer-text", "/keylock");
    person.press("Enter");
    person.see(".toast:has-text('/keylock is not a valid command')");
    person.is_quiet();
    Ok(())
}

fn without_a_mouse(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "keyboard", &drill.url)?;
    person.walk("Tab", "#intro button");
    person.press("Enter");
    person.has_focus("#composer-text");
    let key = person.see("#leaked code");
    person.write(&format!("/keyleak {key}"));
    person.press("Enter");
    person.walk("Shift+Tab", NEW_CASE);
    person.press("Enter");
    let approve = "main .kit:text-is('Approve the plan')";
    person.see(approve);
    person.walk("Shift+Tab", "#sidebar input[name=as]:checked");
    person.press("ArrowDown");
    person.see(".persona:has(input:checked):has-text('Bob Okafor')");
    person.walk("Tab", approve);
    person.press("Enter");
    person.see("#confirm");
    person.has_focus("#confirm button[value=no]");
    person.press("Escape");
    person.gone("#confirm");
    person.has_focus(approve);
    person.press("Enter");
    person.see("#confirm");
    person.press("Tab");
    person.press("Enter");
    person.see(".verdict[data-state=refused]");
    assert!(!person.is_focused("body"), "the button is gone, and the focus is not lost");
    person.is_quiet();
    Ok(())
}

fn in_a_thread(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "thread")?;
    say(&mut person, "who was at the desk?");
    let more = format!("{} [aria-label='More actions']", message("who was at the desk?"));
    person.walk("Shift+Tab", &more);
    person.press("Enter");
    person.see("[role=menu]");
    person.press("Escape");
    person.gone("[role=menu]");
    person.has_focus(&more);
    person.press("Enter");
    person.press("Enter");
    person.see("#thread");
    person.walk("Tab", "#composer-thread");
    person.write("/keyleak list");
    person.press("Enter");
    person.see(".toast:has-text('not supported in threads')");
    person.fill("#composer-thread", "I was");
    person.press("Enter");
    person.see("#thread article:has-text('I was')");
    assert_eq!(person.texts(&message("I was")).len(), 0, "it stands in the thread alone");
    person.press("Escape");
    person.gone("#thread");
    let replies = "main .replies:has-text('1 reply')";
    person.has_focus(replies);
    choose(&mut person, "who was at the desk?", "Delete message…");
    person.click("#confirm button[value=yes]");
    person.see("main .system:has-text('This message was deleted.') .replies");
    person.is_quiet();
    Ok(())
}

fn surfaces(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "surfaces")?;
    say(&mut person, "@bob who was at the desk? see #general");
    let said = message("at the desk");
    person.click(&format!("{said} [aria-label='Add reaction']"));
    serious(&mut person, "the emoji");
    person.press("Enter");
    person.see(&format!("{said} .reaction"));
    person.click(&format!("{said} [aria-label='More actions']"));
    serious(&mut person, "a message's menu");
    person.press("Enter");
    person.see("#thread");
    serious(&mut person, "a thread");
    person.press("Escape");
    choose(&mut person, "at the desk", "Edit message");
    serious(&mut person, "a message that is edited");
    person.press("Escape");
    person.click("#composer-text");
    person.write("@");
    person.see("[role=option]");
    serious(&mut person, "the names");
    person.fill("#composer-text", "");
    person.click("[aria-label=Shortcuts]");
    person.press("Enter");
    person.see(FORM);
    serious(&mut person, "a form");
    person.press("Escape");
    person.gone("#modal");
    person.click(".toggle");
    serious(&mut person, "the view of a screen reader");
    person.click("[aria-label='New message']");
    person.click("[role=menu] .label:text-is('Bob Okafor')");
    person.see(".empty:has-text('very beginning')");
    serious(&mut person, "a conversation");
    person.click(APP);
    person.see(".home .kit");
    serious(&mut person, "the home");
    person.click("#tab-messages");
    person.see(".closed");
    serious(&mut person, "the messages of the app");
    // The control: what is hidden from a screen reader and takes the focus is found.
    person.step(json!({"do": "spoil", "at": "#sidebar"}));
    let found = person.step(json!({"do": "axe"}));
    assert!(found.to_string().contains("aria-hidden-focus"), "{found}");
    Ok(())
}

fn fallback(parts: &Parts) -> Outcome {
    let drill = Drill::start(SPEED);
    let mut person = Browser::open(parts, "fallback", &drill.url)?;
    person.click("#intro button");
    report_the_key(&mut person);
    assert_eq!(person.texts(".plain").len(), 0);
    person.click(".toggle");
    let card = person.see("main .message.pinned .plain");
    assert!(card.starts_with("DRILL") && card.contains("Exposed key"), "{card}");
    assert_eq!(person.texts("main article .kit").len(), 0, "blocks are not read out");
    assert_eq!(person.texts("main .not-drawn"), Vec::<String>::new(), "none is silent");
    person.click(".toggle");
    person.see("main .kit:text-is('Approve the plan')");

    // What comes is said, and what one wrote oneself is not.
    say(&mut person, "I know what I wrote");
    person.fill("#composer-text", "/keyleak summary");
    person.press("Enter");
    person.see("#news:has-text('keyleak: DRILL')");
    assert!(!person.see("#news").contains("I know what I wrote"));
    person.is_quiet();
    Ok(())
}
