//! The report in the order in which people read it: sections of few kinds of blocks, drawn alike
//! everywhere.

use crate::domain::report::shape::{Drawing, Metric, Report, TimelineEntry};
use crate::domain::report::shape_parts::{LineageNode, PhaseFindings, PlanStory};
use crate::domain::time_words::utc;
use jiff::Timestamp;

/// One section.
#[derive(Debug, Clone, PartialEq)]
pub struct Section<'a> {
    /// Its anchor: a word of ours.
    pub id: String,
    pub title: String,
    pub blocks: Vec<Block<'a>>,
}

/// What a section is made of; texts may be foreign, and every drawing escapes them.
#[derive(Debug, Clone, PartialEq)]
pub enum Block<'a> {
    Text(String),
    List(Vec<String>),
    Table(Table),
    Chart(&'a Drawing),
    Timeline(&'a [TimelineEntry]),
    /// What grew from the key, whose masked id comes first.
    Lineage(&'a str, &'a [LineageNode]),
    Code(&'a str),
    /// Questions, with room for an answer.
    ToFillIn(&'a [String]),
}

/// Rows below named columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// The whole report.
pub fn sections(report: &Report) -> Vec<Section<'_>> {
    let listed = |id: &str, title: &str, lines: &[String]| {
        section(id, title, vec![Block::List(lines.to_vec())])
    };
    let mut all = vec![
        section("case", "The case", vec![Block::List(head(report))]),
        listed("summary", "Summary", &report.summary),
        section("activity", "Activity", report.charts.iter().map(Block::Chart).collect()),
        section("metrics", "Metrics", vec![metrics(&report.metrics), figures(report)]),
        section("exposure", "Exposure window", vec![Block::List(exposure(report))]),
    ];
    all.extend(five(report));
    all.push(root_cause(report));
    all.push(listed("severity", "Severity over time", &report.severity_over_time));
    all.push(listed("owner", "The key's owner", &report.owner));
    all.push(listed("duties", "Clocks of reporting duties", &report.reporting_duties));
    all.push(listed("tasks", "Tasks of people", &report.tasks));
    all.push(section("phases", "Phases", vec![Block::List(phases(report))]));
    all.push(section("timeline", "Timeline (UTC)", vec![Block::Timeline(&report.timeline)]));
    all.extend(report.plans.iter().map(plan));
    all.push(section("actions", "Actions and their state", vec![actions(report)]));
    all.push(found(report));
    let lineage = Block::Lineage(&report.key, &report.lineage);
    all.push(section("lineage", "What grew from the key", vec![lineage]));
    all.push(section("indicators", "Indicators to share", vec![indicators(report)]));
    all.push(section("attack", "MITRE ATT&CK", vec![attack(report)]));
    let impact = vec![impact(report), Block::List(report.impact.lines.clone())];
    all.push(section("impact", "Impact", impact));
    all.push(section("rotation", "Secrets to rotate, things to restore", vec![rotation(report)]));
    all.push(listed("recovery", "Recovery", &report.recovery));
    all.push(section("hardening", "So that it cannot happen like this again", vec![gaps(report)]));
    all.push(section("inventory", "Other long-term keys", inventory(report)));
    all.push(listed("in-force", "Still in force", &report.in_force));
    all.push(listed("not-known", "What could not be done", &report.not_known));
    all.push(listed("witness", "AWS as the second witness", &report.second_witness));
    all.extend(last(report));
    all
}

fn last(report: &Report) -> Vec<Section<'_>> {
    let open = report.open_items.iter().map(|item| format!("{}: {}", item.area, item.what));
    let alerts = vec![
        Block::List(report.alerts.covers.clone()),
        Block::Code(&report.alerts.cloud_formation),
    ];
    let chain = &report.journal;
    let journal = vec![
        format!(
            "{} records; the last one, {}, has the hash {}",
            chain.records, chain.records, chain.head
        ),
        format!("Check it with: {}", chain.verify),
    ];
    vec![
        section("open", "Still waiting", vec![Block::List(open.collect())]),
        section(
            "lessons",
            "Lessons learned, to be filled in",
            vec![Block::ToFillIn(&report.lessons)],
        ),
        section(
            "review",
            "Review",
            vec![Block::Text(format!("The review is due {}.", report.review.words))],
        ),
        section("alerts", "Alarms to install", alerts),
        section("journal", "Journal", vec![Block::List(journal)]),
    ]
}

fn section<'a>(id: &str, title: &str, blocks: Vec<Block<'a>>) -> Section<'a> {
    Section { id: id.to_owned(), title: title.to_owned(), blocks }
}

fn table<'a>(caption: &str, columns: &[&'static str], rows: Vec<Vec<String>>) -> Block<'a> {
    Block::Table(Table { caption: caption.to_owned(), columns: columns.to_vec(), rows })
}

fn head(report: &Report) -> Vec<String> {
    let header = &report.header;
    let mut lines = vec![
        format!("Case: {}", report.case),
        format!("Status: {}", header.status),
        format!("Severity: {}", header.severity),
        header.subject.clone(),
        header.opened.clone(),
    ];
    lines.extend(header.roles.iter().cloned());
    let people = |what: &str, names: &[String]| match names.is_empty() {
        true => format!("{what}: nobody"),
        false => format!("{what}: {}", names.join(", ")),
    };
    lines.push(people("Handled by", &header.handlers));
    lines.push(people("Approved by", &header.approvers));
    lines.extend(header.closed_at.map(|closed| format!("Closed at {}", utc(closed))));
    lines.extend(header.time_to_contain.iter().cloned());
    lines.extend(header.found_where.iter().map(|at| format!("Found: {at}")));
    lines.extend(header.note.iter().map(|note| format!("Note: {note}")));
    lines.extend(
        header
            .endpoints
            .iter()
            .map(|at| format!("Worked against an endpoint that is not the provider's own: {at}")),
    );
    lines
}

fn metrics<'a>(metrics: &[Metric]) -> Block<'a> {
    let row = |metric: &Metric| {
        let seconds = metric.seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
        vec![
            metric.title.clone(),
            metric.words.clone(),
            seconds,
            time(metric.from),
            time(metric.to),
        ]
    };
    let rows = metrics.iter().map(row).collect();
    table("How long it took", &["span", "length", "seconds", "from", "to"], rows)
}

fn figures<'a>(report: &Report) -> Block<'a> {
    let row = |figure: &crate::domain::report::shape::Figure| {
        vec![figure.title.clone(), figure.value.to_string()]
    };
    table("What was counted", &["what", "how many"], report.figures.iter().map(row).collect())
}

fn exposure(report: &Report) -> Vec<String> {
    let window = &report.exposure;
    let known = |at: Option<Timestamp>, or: &str| at.map_or_else(|| or.to_owned(), utc);
    vec![
        format!(
            "Exposed since: {} ({})",
            known(window.exposed_since, "not known"),
            window.how_known
        ),
        format!("Detected: {}", utc(window.detected_at)),
        format!("Contained, by the last change: {}", known(window.contained_at, "not yet")),
        format!("Contained, as the trail proves: {}", known(window.proven_at, "not yet")),
    ]
}

fn five(report: &Report) -> Vec<Section<'_>> {
    let of_finding = |finding: &crate::domain::report::shape::Finding| {
        let confidence =
            format!("Confidence: {}, because {}.", finding.confidence.word(), finding.why);
        let not_known = finding.not_known.iter().map(|line| format!("Not known: {line}"));
        let lines = finding.known.iter().cloned().chain(not_known).collect();
        let id = finding.id.replace('_', "-");
        section(&id, &finding.title, vec![Block::Text(confidence), Block::List(lines)])
    };
    report.findings.iter().map(of_finding).collect()
}

fn root_cause(report: &Report) -> Section<'_> {
    let cause = &report.root_cause;
    let said = match &cause.word {
        Some(word) => format!("{word}: {}.", cause.said),
        None => format!("{}. One of:", cause.said),
    };
    section("root-cause", "Root cause", vec![Block::Text(said), Block::List(cause.choices.clone())])
}

fn phases(report: &Report) -> Vec<String> {
    let line = |phase: &PhaseFindings| {
        let found = match phase.found.is_empty() {
            true => String::new(),
            false => format!(": {}", phase.found),
        };
        let pressed = match phase.pressed.is_empty() {
            true => String::new(),
            false => format!(" (pressed by {})", phase.pressed.join(", ")),
        };
        format!("{}, {}{found}{pressed}", phase.title, phase.progress)
    };
    report.phases.iter().map(line).collect()
}

fn plan(plan: &PlanStory) -> Section<'_> {
    let mut lines = vec![
        format!("Hash: {}", plan.hash),
        format!("Account: {}", plan.account),
        format!("Snapshot before it: {}", plan.snapshot_sha256),
        format!("Asked for by {}", plan.asked_for_by),
        format!("Became: {}", plan.became),
    ];
    lines.extend(plan.decisions.iter().cloned());
    lines.extend(plan.steps.iter().map(|step| {
        format!("Step {}: {} — {}. Undo: {}", step.number, step.action, step.result, step.undo)
    }));
    let (number, kind) = (plan.number, &plan.kind);
    section(&format!("plan-{number}"), &format!("Plan {number} ({kind})"), vec![Block::List(lines)])
}

fn actions<'a>(report: &Report) -> Block<'a> {
    let rows = report.plans.iter().flat_map(|plan| {
        plan.steps.iter().map(|step| {
            let in_force = if step.in_force { "yes" } else { "no" };
            let reversible = if step.reversible { "yes" } else { "no" };
            vec![
                format!("{}.{}", plan.number, step.number),
                step.action.clone(),
                step.result.clone(),
                time(step.done_at),
                in_force.to_owned(),
                reversible.to_owned(),
                step.request_id.clone().unwrap_or_default(),
            ]
        })
    });
    let columns =
        ["step", "action", "result", "at", "in force", "can be undone", "AWS's request id"];
    table("Every step of every plan", &columns, rows.collect())
}

fn found(report: &Report) -> Section<'_> {
    let mut blocks = Vec::new();
    if let Some(trail) = &report.trail {
        let mut lines = vec![format!(
            "The trail from {} to {}: {} records read{}, {} rows kept (SHA-256 {})",
            utc(trail.from),
            utc(trail.to),
            trail.records_read,
            trail.cost,
            trail.rows,
            trail.cut_sha256
        )];
        lines.extend(trail.queries.iter().map(|run| {
            let days = run.days.as_deref().map(|days| format!(" over {days}")).unwrap_or_default();
            let bytes =
                run.bytes_scanned.map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
            let (id, sql) = (&run.id, &run.sql_sha256);
            format!("Query {id}{days}, for {}{bytes} (SQL SHA-256 {sql})", run.read_for)
        }));
        lines.extend(trail.spent.iter().map(|spent| format!("Reading the trail: {spent}")));
        blocks.push(Block::List(lines));
    } else {
        blocks.push(Block::Text("Nothing: the trail was not read.".to_owned()));
    }
    for phase in report.phases.iter().filter(|phase| !phase.answers.is_empty()) {
        let lines = phase.answers.iter().map(|answer| {
            let attack = answer.attack.as_ref().map(|line| format!("; {line}"));
            format!(
                "{}: {} ({} rows; record {}; answer SHA-256 {}; SQL SHA-256 {}{})",
                answer.question,
                answer.sentence,
                answer.rows,
                answer.record,
                answer.answer_sha256,
                answer.sql_sha256,
                attack.unwrap_or_default()
            )
        });
        blocks.push(Block::Text(format!("{}:", phase.title)));
        blocks.push(Block::List(lines.collect()));
    }
    section("found", "What was found", blocks)
}

fn indicators<'a>(report: &Report) -> Block<'a> {
    let rows = report.indicators.iter();
    let rows = rows.map(|one| vec![one.kind.clone(), one.value.clone(), one.source.clone()]);
    table("What others can look for", &["kind", "value", "from"], rows.collect())
}

fn attack<'a>(report: &Report) -> Block<'a> {
    let rows = report.attack.iter().map(|one| vec![one.words.clone(), one.questions.join(", ")]);
    table("Techniques that rows may be signs of", &["technique", "questions"], rows.collect())
}

fn impact<'a>(report: &Report) -> Block<'a> {
    let rows = report.impact.answers.iter().map(|row| {
        let rests_on: Vec<String> = row.rests_on.iter().map(u64::to_string).collect();
        let answer = match (&row.answer, row.look_again) {
            (None, _) => "OPEN".to_owned(),
            (Some(answer), true) => format!("{answer}; LOOK AGAIN"),
            (Some(answer), false) => answer.clone(),
        };
        let by = row.by.clone().unwrap_or_else(|| "nobody".to_owned());
        vec![row.asked.clone(), answer, by, rests_on.join(", "), row.proposed.clone()]
    });
    let columns = ["question", "answer", "said by", "rests on records", "keyleak proposes"];
    table("The nine questions", &columns, rows.collect())
}

fn rotation<'a>(report: &Report) -> Block<'a> {
    let rows = report.rotation.iter().map(|item| {
        let owner = item.owner.clone().unwrap_or_else(|| "nobody".to_owned());
        let lost = if item.read { "read" } else { "destroyed" };
        vec![
            item.number.to_string(),
            item.what.clone(),
            lost.to_owned(),
            owner,
            item.became.clone(),
        ]
    });
    table(
        "What the actor read or destroyed",
        &["no.", "what", "lost by being", "owner", "became"],
        rows.collect(),
    )
}

fn gaps<'a>(report: &Report) -> Block<'a> {
    let rows = report.hardening.iter().map(|gap| {
        let done = gap.done.clone().unwrap_or_else(|| "open".to_owned());
        vec![format!("{} ({})", gap.fix, gap.gap), done, "to be filled in".to_owned()]
    });
    table(
        "Gaps, and what closes them",
        &["measure (and the gap)", "state", "owner and date"],
        rows.collect(),
    )
}

fn inventory<'a>(report: &Report) -> Vec<Block<'a>> {
    let rows = report.inventory.keys.iter().map(|key| {
        let age = key.age_days.map_or_else(|| "not known".to_owned(), |days| days.to_string());
        vec![key.key.clone(), key.whose.clone(), key.state.clone(), age, key.replace_with.clone()]
    });
    let columns = ["key", "whose", "state", "age in days", "to be replaced with"];
    let not = report.inventory.not_looked_at.iter().map(|what| format!("Not looked at: {what}"));
    vec![
        table("Keys that the case knows of, the exposed one among them", &columns, rows.collect()),
        Block::List(not.collect()),
    ]
}

fn time(at: Option<Timestamp>) -> String {
    at.map(utc).unwrap_or_default()
}
