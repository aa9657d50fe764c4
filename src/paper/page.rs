//! The page around the report: its head with the policy, its table of contents, its sections.

use crate::domain::report::sections::{Section, sections};
use crate::domain::report::shape::Report;
use crate::paper::blocks::block;
use crate::paper::text::shown;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

/// All that the page looks like; its hash is the one exception in the page's policy.
const STYLE: &str = include_str!("page.css");

/// The whole report as one HTML page. Equal reports give equal bytes.
pub fn page(report: &Report) -> String {
    let sections = sections(report);
    let drill = if report.drill { "DRILL: " } else { "" };
    let title = format!("{drill}Exposed key {}, case {}", report.key, report.case);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (shown(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#report" { "Skip to the report" }
                header {
                    h1 { (drill) "Exposed key " (shown(&report.key)) }
                    p.status { (shown(&report.header.status)) }
                    @if report.drill { p.drill { "This was practice; nothing here is real." } }
                }
                (contents(&sections))
                main id="report" tabindex="-1" {
                    @for one in &sections { (section(one)) }
                }
            }
        }
    };
    page.into_string() + "\n"
}

/// Nothing may run, be loaded, sent or embedded; one style sheet is known by its hash.
fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

fn contents(sections: &[Section<'_>]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul { @for one in sections { li { a href={ "#" (one.id) } { (shown(&one.title)) } } } }
        }
    }
}

fn section(one: &Section<'_>) -> Markup {
    let heading = format!("{}-heading", one.id);
    html! {
        section id=(one.id) aria-labelledby=(heading) {
            h2 id=(heading) { (shown(&one.title)) }
            @for (place, part) in one.blocks.iter().enumerate() {
                (block(part, (&one.id, place)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::exhibit::Exhibits;
    use crate::domain::report::whole;
    use crate::domain::sample::opened;

    #[test]
    fn the_style_is_the_one_that_the_policy_knows_and_equal_reports_give_equal_bytes() {
        let report = whole(&opened(), &Exhibits::new(), None);
        let drawn = page(&report);
        assert_eq!(drawn, page(&report.clone()));
        let style = drawn.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(drawn.contains(&format!("style-src 'sha256-{hash}'")));
        for loose in ["unsafe", "http:", "https:", "script-src", "*;"] {
            assert!(!policy().contains(loose), "{loose}");
        }
    }

    #[test]
    fn what_nobody_knows_is_said_to_be_not_known() {
        let drawn = page(&whole(&opened(), &Exhibits::new(), None));
        for said in ["nobody asked Q10", "not determined", "the trail was not read", "nothing."] {
            assert!(drawn.contains(said), "{said}");
        }
    }
}
