//! A report with something hostile in every text of it, whoever wrote that text.

use keyleak::domain::report::shape::Report;
use serde_json::Value;

/// What would run, load, redirect, turn or break a page if it came through as it is.
pub(crate) fn hostile(address: &str) -> String {
    let payload = "window.stolen=1";
    [
        format!("<script>{payload}</script>"),
        format!("<img src=\"http://{address}/i\" onerror=\"{payload}\">"),
        format!("<svg onload=\"{payload}\"><style>@import url(http://{address}/s)</style></svg>"),
        format!("\"><a href=\"javascript:{payload}\" autofocus onfocus={payload}>x</a>"),
        format!("</style></title></textarea></pre><iframe src=\"http://{address}/f\"></iframe>"),
        format!("<meta http-equiv=refresh content=\"0;url=http://{address}/r\">"),
        "\u{202e}desrever\u{2066}\u{200b}\0]]>--><!-- `x` | [y](javascript:0) {{7*7}}".to_owned(),
        "A".repeat(10_000),
    ]
    .join(" ")
}

/// The report with that in the place of every text but times, ids and the template of ours, and
/// words of a closed list.
pub(crate) fn spoiled(report: &Report, text: &str) -> Report {
    let mut value = serde_json::to_value(report).expect("a report is JSON");
    let spoilt = spoil(&mut value, text);
    assert!(spoilt > 100, "a report has more texts than {spoilt}");
    serde_json::from_value(value).expect("a spoiled report is a report")
}

fn spoil(value: &mut Value, text: &str) -> usize {
    match value {
        Value::String(said) => {
            let is_time = said.parse::<jiff::Timestamp>().is_ok();
            if !is_time {
                text.clone_into(said);
            }
            usize::from(!is_time)
        }
        Value::Array(all) => all.iter_mut().map(|one| spoil(one, text)).sum(),
        Value::Object(fields) => fields
            .iter_mut()
            .filter(|(name, _)| !matches!(name.as_str(), "id" | "confidence" | "cloud_formation"))
            .map(|(_, one)| spoil(one, text))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
