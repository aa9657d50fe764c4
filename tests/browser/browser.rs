//! A person at the browser: does one thing at a time, and says what they were looking for.

use crate::frame::Missing;
use crate::parts::{Parts, chromium};
use crate::python::Judge;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The slowest of these waits takes seconds; a machine under load takes several times that.
const PATIENCE: Duration = Duration::from_secs(90);

/// More steps than this to anything are no way.
const STEPS_MAX: usize = 150;

/// A browser with one page open.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Judge,
    name: &'static str,
}

impl Browser {
    /// Opens the drill as a first visit; `name` is what its pictures are called.
    pub(crate) fn open(parts: &Parts, name: &'static str, url: &str) -> Result<Self, Missing> {
        let mut browser = Self::read(parts, name, url)?;
        browser.see("#account .held li");
        Ok(browser)
    }

    /// Opens any page.
    pub(crate) fn read(parts: &Parts, name: &'static str, url: &str) -> Result<Self, Missing> {
        let chromium = chromium()?;
        let driver = parts.python()?.judge("browser.py", &[chromium.as_os_str()]);
        let mut browser = Self { driver, name };
        browser.step(json!({"do": "open", "url": url}));
        Ok(browser)
    }

    pub(crate) fn click(&mut self, at: &str) {
        self.step(json!({"do": "click", "at": at}));
    }

    pub(crate) fn fill(&mut self, at: &str, text: &str) {
        self.step(json!({"do": "fill", "at": at, "text": text}));
    }

    pub(crate) fn press(&mut self, key: &str) {
        self.step(json!({"do": "press", "key": key}));
    }

    /// Types key by key into what has the focus.
    pub(crate) fn write(&mut self, text: &str) {
        self.step(json!({"do": "type", "text": text}));
    }

    pub(crate) fn is_focused(&mut self, at: &str) -> bool {
        self.step(json!({"do": "focused", "at": at})) == true
    }

    /// Waits until it has the focus.
    pub(crate) fn has_focus(&mut self, at: &str) {
        self.see(&format!("{at}:focus"));
    }

    /// Presses this key until it is there; whoever has no mouse gets everywhere like this.
    pub(crate) fn walk(&mut self, key: &str, at: &str) {
        self.see(at);
        let there = (0..STEPS_MAX).any(|_| {
            let there = self.is_focused(at);
            if !there {
                self.press(key);
            }
            there
        });
        assert!(there, "{key} does not lead to {at}");
    }

    /// Waits until it is there, and reads it.
    pub(crate) fn see(&mut self, at: &str) -> String {
        let text = self.step(json!({"do": "see", "at": at}));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until it is not there any more.
    pub(crate) fn gone(&mut self, at: &str) {
        self.step(json!({"do": "gone", "at": at}));
    }

    /// The texts of all that fit now.
    pub(crate) fn texts(&mut self, at: &str) -> Vec<String> {
        let texts = self.step(json!({"do": "texts", "at": at}));
        serde_json::from_value(texts).expect("texts")
    }

    pub(crate) fn value(&mut self, at: &str) -> String {
        let value = self.step(json!({"do": "value", "at": at}));
        value.as_str().unwrap_or_default().to_owned()
    }

    /// The text of a file that a click downloads.
    pub(crate) fn download(&mut self, at: &str) -> String {
        let text = self.step(json!({"do": "download", "at": at}));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Acts as somebody else.
    pub(crate) fn become_person(&mut self, name: &str) {
        self.click(&format!(".persona:has-text('{name}')"));
        self.see(&format!(".persona:has(input:checked):has-text('{name}')"));
    }

    /// Presses a button of the bot, and says yes where it asks.
    pub(crate) fn press_button(&mut self, label: &str, asks: bool) {
        self.click(&format!("main .kit:text-is('{label}')"));
        if asks {
            self.click("#confirm button[value=yes]");
        }
    }

    /// Nothing went wrong in the browser so far.
    pub(crate) fn is_quiet(&mut self) {
        assert_eq!(self.problems(), Vec::<String>::new());
    }

    pub(crate) fn problems(&mut self) -> Vec<String> {
        let problems = self.step(json!({"do": "problems"}));
        serde_json::from_value(problems).expect("problems")
    }

    /// Takes a step of the driver; one that cannot be taken leaves a picture and fails the trial.
    pub(crate) fn step(&mut self, mut step: Value) -> Value {
        step["timeout_ms"] = json!(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX));
        let mut answer = self.driver.ask(&step);
        if answer["ok"] == true {
            return answer["value"].take();
        }
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.png", self.name));
        let _seen = self.driver.ask(&json!({"do": "shot", "path": picture}));
        panic!("{step}: {}; see {}", answer["why"], picture.display());
    }
}
