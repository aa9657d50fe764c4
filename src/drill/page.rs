//! The page's files, which are part of the program, and the headers they are served with.

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Nothing but our own files may run, be shown or be called; no other page may frame this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
const INDEX: &str = include_str!("page/index.html");
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Every file of the page by its name, with its type.
const FILES: &[(&str, &str, &str)] = &[
    ("account.css", STYLE, include_str!("page/account.css")),
    ("account.js", SCRIPT, include_str!("page/account.js")),
    ("actions.js", SCRIPT, include_str!("page/actions.js")),
    ("blocks.css", STYLE, include_str!("page/blocks.css")),
    ("blocks.js", SCRIPT, include_str!("page/blocks.js")),
    ("channel.js", SCRIPT, include_str!("page/channel.js")),
    ("chart.js", SCRIPT, include_str!("page/chart.js")),
    ("composer.js", SCRIPT, include_str!("page/composer.js")),
    ("confirm.js", SCRIPT, include_str!("page/confirm.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("elements.js", SCRIPT, include_str!("page/elements.js")),
    ("emoji.js", SCRIPT, include_str!("page/emoji.js")),
    ("home.js", SCRIPT, include_str!("page/home.js")),
    ("faults.css", STYLE, include_str!("page/faults.css")),
    ("faults.js", SCRIPT, include_str!("page/faults.js")),
    ("inputs.js", SCRIPT, include_str!("page/inputs.js")),
    ("intro.js", SCRIPT, include_str!("page/intro.js")),
    ("links.js", SCRIPT, include_str!("page/links.js")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("menu.js", SCRIPT, include_str!("page/menu.js")),
    ("message.js", SCRIPT, include_str!("page/message.js")),
    ("modal.js", SCRIPT, include_str!("page/modal.js")),
    ("mrkdwn.js", SCRIPT, include_str!("page/mrkdwn.js")),
    ("page.css", STYLE, include_str!("page/page.css")),
    ("press.js", SCRIPT, include_str!("page/press.js")),
    ("rich_text.js", SCRIPT, include_str!("page/rich_text.js")),
    ("score.css", STYLE, include_str!("page/score.css")),
    ("score.js", SCRIPT, include_str!("page/score.js")),
    ("server.js", SCRIPT, include_str!("page/server.js")),
    ("sidebar.js", SCRIPT, include_str!("page/sidebar.js")),
    ("suggest.js", SCRIPT, include_str!("page/suggest.js")),
    ("surfaces.css", STYLE, include_str!("page/surfaces.css")),
    ("table.js", SCRIPT, include_str!("page/table.js")),
    ("text.js", SCRIPT, include_str!("page/text.js")),
    ("time.js", SCRIPT, include_str!("page/time.js")),
    ("toast.js", SCRIPT, include_str!("page/toast.js")),
    ("view.js", SCRIPT, include_str!("page/view.js")),
    ("workspace.js", SCRIPT, include_str!("page/workspace.js")),
];

/// The routes of the page itself.
pub fn page_router() -> Router {
    Router::new().route("/", get(index)).route("/page/{name}", get(file))
}

async fn index() -> Response {
    served("text/html; charset=utf-8", INDEX)
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => served(kind, text),
        None => (StatusCode::NOT_FOUND, "the page has no such file").into_response(),
    }
}

fn served(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // Two drills of different versions on one port must not mix their files.
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_no_inline_script_and_no_other_host() {
        assert!(!POLICY.contains("unsafe") && !POLICY.contains("http") && !POLICY.contains('*'));
        for inline in [" style=", " onclick=", " onload=", " onerror=", "<style", "javascript:"] {
            assert!(!INDEX.contains(inline), "{inline}");
        }
        let scripts = INDEX.matches("<script").count();
        assert_eq!(scripts, INDEX.matches("<script type=\"module\" src=\"/page/").count());
    }

    #[test]
    fn every_file_that_a_module_imports_is_served() {
        for (name, _, text) in FILES {
            let imports = text.lines().filter_map(|line| line.split_once("from \"./"));
            for (_, rest) in imports {
                let wanted = rest.split('"').next().unwrap_or_default();
                let served = FILES.iter().any(|(known, _, _)| *known == wanted);
                assert!(served, "{name} imports {wanted}");
            }
        }
    }

    #[test]
    fn no_module_writes_markup_or_reaches_another_host() {
        let forbidden =
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://"];
        // The name of a kind of markup, which nobody calls.
        let svg = "\"http://www.w3.org/2000/svg\"";
        for (name, _, text) in FILES {
            let text = text.replace(svg, "");
            for word in forbidden {
                assert!(!text.contains(word), "{name} has {word}");
            }
        }
    }
}
