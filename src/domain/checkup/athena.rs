//! Whether the trail can be read through Athena, at a bounded price.

use crate::domain::checkup::{Line, Part, Trouble};

/// A workgroup as Athena describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workgroup {
    pub is_enabled: bool,
    /// Whether its settings win over those of whoever asks.
    pub is_enforced: bool,
    pub bytes_max: Option<u64>,
    pub output: Option<String>,
}

/// The table, as far as keyleak can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Table {
    /// What no reading of it can find, in words.
    Readable { lacks: Vec<String>, limits: Vec<String>, is_divided: bool },
    /// What it lacks to be a trail.
    NoTrail(String),
}

/// What the settings say.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    pub workgroup: Option<&'a str>,
    pub output: Option<&'a str>,
    /// Database and table.
    pub table: &'a str,
    /// Who reads: the lookup role, where there is one.
    pub reader: &'a str,
}

/// The workgroup: there, in use, and with an end to what a query costs.
pub fn workgroup(named: Named<'_>, seen: Option<&Result<Workgroup, Trouble>>) -> Line {
    let (Some(name), Some(seen)) = (named.workgroup, seen) else {
        return Line::warning(
            Part::Trail,
            "no workgroup is named, so that nothing bounds what a query scans",
            "make a workgroup with a data limit per query and set trail.athena.workgroup",
        );
    };
    workgroup_of(named, (name, seen)).about(format!("workgroup {name}"))
}

fn workgroup_of(named: Named<'_>, (name, seen): (&str, &Result<Workgroup, Trouble>)) -> Line {
    let seen = match seen {
        Ok(seen) => seen,
        Err(Trouble::Missing) => {
            return Line::failed(
                Part::Trail,
                "there is no such workgroup in this account and region",
                format!(
                    "aws athena create-work-group --name {name} --configuration \
                     EnforceWorkGroupConfiguration=true,BytesScannedCutoffPerQuery=100000000000,\
                     ResultConfiguration={{OutputLocation=s3://BUCKET/}}, or correct \
                     trail.athena.workgroup"
                ),
            );
        }
        Err(Trouble::Denied { right, why }) => {
            let fix =
                format!("allow {right} to {} (policy bot of `keyleak manifest iam`)", named.reader);
            return Line::failed(Part::Trail, why.as_str(), fix);
        }
        Err(Trouble::Silent(why)) => {
            let fix = "check aws.region, the endpoint and the network of this host";
            return Line::failed(Part::Trail, format!("Athena gives no useful answer: {why}"), fix);
        }
    };
    let update = |what: &str| {
        format!("aws athena update-work-group --work-group {name} --configuration-updates {what}")
    };
    if !seen.is_enabled {
        let fix = format!("aws athena update-work-group --work-group {name} --state ENABLED");
        return Line::failed(Part::Trail, "it is disabled", fix);
    }
    if seen.output.is_none() && named.output.is_none() {
        return Line::failed(
            Part::Trail,
            "nothing says where results go: neither it nor trail.athena.output",
            update("ResultConfigurationUpdates={OutputLocation=s3://BUCKET/}"),
        );
    }
    let Some(bytes) = seen.bytes_max else {
        return Line::warning(
            Part::Trail,
            "no limit: a query may scan the whole trail, at 5 US dollars a terabyte",
            update("BytesScannedCutoffPerQuery=100000000000"),
        );
    };
    if !seen.is_enforced {
        return Line::warning(
            Part::Trail,
            "its settings are not enforced, so that whoever asks may ask without them",
            update("EnforceWorkGroupConfiguration=true"),
        );
    }
    let results = seen.output.as_deref().or(named.output).unwrap_or_default();
    let limit = bytes / 1_000_000_000;
    Line::ok(Part::Trail, format!("at most {limit} GB a query, results to {results}"))
}

/// The table of the trail: there, with the columns that keyleak reads, and cut into days.
pub fn table(named: Named<'_>, seen: &Result<Table, Trouble>) -> Vec<Line> {
    let lines = match seen {
        Ok(Table::Readable { lacks, limits, is_divided }) => {
            let mut lines = Vec::new();
            if !is_divided {
                lines.push(Line::warning(
                    Part::Trail,
                    "it is not cut into days: each reading takes the whole table",
                    "make it with projected partitions (docs/athena.md), or set \
                     trail.athena.day_columns",
                ));
            }
            if !lacks.is_empty() {
                lines.push(Line::warning(
                    Part::Trail,
                    format!("it lacks {}, so that some questions find less", lacks.join(", ")),
                    "make the table as AWS does now (docs/athena.md)",
                ));
            }
            if lines.is_empty() {
                let limits = limits.iter().map(|limit| format!("; {limit}"));
                let limits: String = limits.collect();
                lines.push(Line::ok(Part::Trail, format!("all columns, cut into days{limits}")));
            }
            lines
        }
        Ok(Table::NoTrail(lacks)) => vec![Line::failed(
            Part::Trail,
            format!("it is no table of CloudTrail: {lacks}"),
            "name the table of the trail in trail.athena.database and trail.athena.table, or make it \
             (docs/athena.md)",
        )],
        Err(Trouble::Missing) => vec![Line::failed(
            Part::Trail,
            "there is no such table in this account and region",
            "make it (docs/athena.md), or correct trail.athena.database and trail.athena.table",
        )],
        Err(Trouble::Denied { right, why }) => vec![Line::failed(
            Part::Trail,
            why.as_str(),
            format!("allow {right} to {} (policy bot of `keyleak manifest iam`)", named.reader),
        )],
        Err(Trouble::Silent(why)) => vec![Line::failed(
            Part::Trail,
            format!("Athena gives no useful answer: {why}"),
            "check aws.region, the endpoint and the network of this host",
        )],
    };
    lines.into_iter().map(|line| line.about(format!("table {}", named.table))).collect()
}

/// CloudTrail's event history, where it is read: it is slow, and needs no table.
pub fn event_history(reader: &str, seen: &Result<(), Trouble>) -> Line {
    let part = Part::EventHistory;
    match seen {
        Ok(()) => Line::ok(part, format!("{reader} may read it")),
        Err(Trouble::Denied { right, why }) => {
            let fix =
                format!("allow {right} to {reader} (policy lookup of `keyleak manifest iam`)");
            Line::failed(part, why.as_str(), fix)
        }
        Err(Trouble::Missing) => Line::failed(
            part,
            "there is none in this region",
            "correct trail.event_history.regions",
        ),
        Err(Trouble::Silent(why)) => Line::failed(
            part,
            format!("CloudTrail gives no useful answer: {why}"),
            "correct trail.event_history.regions, and check the network of this host",
        ),
    }
}

/// Nothing is configured to read the trail with.
pub fn none() -> Line {
    Line::warning(
        Part::Trail,
        "no trail: nothing is found out about what the key did, nothing is ever called contained",
        "set trail.athena.database, trail.event_history.regions or trail.paths",
    )
}
