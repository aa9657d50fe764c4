//! `keyleak report`: the report of a case, live or exported, in each of its forms.

use crate::cli::{ReportArguments, ReportFormat};
use crate::commands::archive::{Archive, Kept, read_key};
use crate::commands::exported_evidence::ExportedEvidence;
use crate::commands::verify::exported;
use crate::commands::{CommandError, captured};
use crate::domain::capture::AllWords;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::record::Record;
use crate::domain::report::shape::Report;
use crate::domain::report::whole;
use crate::flow::exhibits;
use crate::paper::form::Form;
use crate::ports::evidence::Evidence;
use secrecy::SecretString;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Where a report is drawn from.
struct Source {
    id: CaseId,
    kept: Kept,
    key: Option<SecretString>,
    evidence: Option<Arc<dyn Evidence>>,
}

/// Draws the report, and prints it or writes it into a new file.
pub async fn report(arguments: &ReportArguments) -> Result<String, CommandError> {
    let source = source(arguments).await?;
    // Of a journal that is not as it was written nothing is told: its report would look like one.
    if let Err(problem) = source.kept.judged(&source.id, source.key.as_ref()) {
        let words = format!("{}: {problem}; there is no report of it", source.id);
        return Err(CommandError::Found(words));
    }
    let case = folded(&source.kept.lines).map_err(CommandError::Setup)?;
    let words = captured::words(&case, source.evidence.as_deref()).await;
    let drawn = drawn(&case, source.evidence.as_deref(), &words).await;
    let text = form(arguments.format).of(&drawn);
    let Some(out) = &arguments.out else { return Ok(text) };
    write(out, &text).map_err(|error| {
        CommandError::Setup(format!(
            "{} cannot be written: {error}; give --out the name of a new file",
            out.display()
        ))
    })?;
    Ok(format!("the report of case {} is in {}", source.id, out.display()))
}

async fn source(arguments: &ReportArguments) -> Result<Source, CommandError> {
    match (&arguments.file, &arguments.case) {
        (Some(file), _) => {
            let (id, kept) = exported(file)?;
            let key = arguments.at.anchor_key.as_deref().map(read_key).transpose()?;
            let evidence = ExportedEvidence::open(file).map_err(|error| {
                let file = file.display();
                CommandError::Setup(format!("{file} cannot be read as an export: {error}"))
            })?;
            Ok(Source { id, kept, key, evidence: Some(Arc::new(evidence)) })
        }
        (None, Some(case)) => {
            let archive = Archive::open(&arguments.at).await?;
            let id = CaseId(case.clone());
            let kept = archive.read(&id).await?;
            Ok(Source { id, kept, key: archive.key, evidence: archive.evidence })
        }
        (None, None) => {
            Err(CommandError::Setup("name a case, or an export with --file".to_owned()))
        }
    }
}

/// The case that these lines of a journal tell, or why they tell none.
pub(super) fn folded(lines: &[String]) -> Result<Case, String> {
    let mut records = Vec::with_capacity(lines.len());
    for line in lines {
        records.push(serde_json::from_str::<Record>(line).map_err(|error| error.to_string())?);
    }
    Case::fold(records).map_err(|error| error.to_string())
}

/// The report with the words that people added and the rows that it draws, as far as they are here.
pub(super) async fn drawn(
    case: &Case,
    evidence: Option<&dyn Evidence>,
    words: &AllWords,
) -> Report {
    let rows = match evidence {
        None => exhibits::none(case, "there is no evidence store here"),
        Some(evidence) => match exhibits::exhibits(case, evidence).await {
            Ok(rows) => rows,
            Err(error) => exhibits::none(case, &error.to_string()),
        },
    };
    whole(case, &rows, Some(words))
}

fn form(format: ReportFormat) -> Form {
    match format {
        ReportFormat::Md => Form::Markdown,
        ReportFormat::Html => Form::Page,
        ReportFormat::Json => Form::Json,
    }
}

/// Writes beside the target and moves into place; what is there stays.
fn write(out: &Path, text: &str) -> std::io::Result<()> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or_else(|| Path::new("."));
    let mut draft = tempfile::NamedTempFile::new_in(parent)?;
    draft.write_all(text.as_bytes())?;
    draft.persist_noclobber(out).map_err(|error| error.error)?;
    Ok(())
}
