//! The table of the trail as its catalog defines it: asked for once per window of a case.

use crate::aws::athena_days::DayColumns;
use crate::aws::athena_run::Runner;
use crate::aws::athena_shape::Shape;
use crate::aws::athena_table::{AthenaSettings, Table, TableDefinition};
use crate::aws::error::call_error;
use crate::ports::cloud::CallClass;
use crate::ports::trail::TrailError;
use aws_sdk_athena::Client;
use aws_sdk_athena::operation::get_table_metadata::builders::GetTableMetadataFluentBuilder;
use aws_sdk_athena::types::{Column, TableMetadata};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Mutex;

pub(super) const DEFINITION: &str = "athena:GetTableMetadata";

/// The catalog that every account has.
pub(super) const CATALOG: &str = "AwsDataCatalog";
/// Windows for which a definition is known; for one that is forgotten it is asked for again.
const WINDOWS_MAX: usize = 64;
/// Glue lets a table have fewer.
const COLUMNS_MAX: usize = 2_000;

/// The table, as far as it is known.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    runner: Runner,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    table: Option<Arc<Table>>,
    /// The windows that began to be read since it was asked for.
    windows: VecDeque<Option<Timestamp>>,
}

/// The question to the catalog how the table of these settings is made.
pub(super) fn asking_how_it_is_made(
    client: &Client,
    settings: &AthenaSettings,
) -> GetTableMetadataFluentBuilder {
    client
        .get_table_metadata()
        .catalog_name(settings.catalog.as_deref().unwrap_or(CATALOG))
        .database_name(&settings.database)
        .table_name(&settings.table)
        .set_work_group(settings.workgroup.clone())
}

impl Tables {
    pub(super) fn new(runner: Runner) -> Self {
        Self { runner, known: Arc::default() }
    }

    /// The table for whatever goes with a window that is being read.
    pub(super) async fn table(&self) -> Result<Arc<Table>, TrailError> {
        let mut known = self.known.lock().await;
        match &known.table {
            Some(table) => Ok(Arc::clone(table)),
            None => self.asked(&mut known).await,
        }
    }

    /// The table for a window from here on; a new one is read from the table as it is now.
    pub(super) async fn table_from(
        &self,
        from: Option<Timestamp>,
    ) -> Result<Arc<Table>, TrailError> {
        let mut known = self.known.lock().await;
        if let Some(table) = known.table.as_ref().filter(|_| known.windows.contains(&from)) {
            return Ok(Arc::clone(table));
        }
        let table = match (self.asked(&mut known).await, &known.table) {
            // It was there a moment ago, and each query will say if it is there no more.
            (Err(TrailError::Unavailable { reason }), Some(before)) => {
                tracing::warn!(reason, "the trail's table is taken as it was");
                Arc::clone(before)
            }
            (asked, _) => asked?,
        };
        known.windows.push_back(from);
        while known.windows.len() > WINDOWS_MAX {
            known.windows.pop_front();
        }
        Ok(table)
    }

    /// Forgets what it was: a query found something else.
    pub(super) async fn forget(&self) {
        *self.known.lock().await = Known::default();
    }

    async fn asked(&self, known: &mut Known) -> Result<Arc<Table>, TrailError> {
        let configured = &self.runner.table;
        let table = match self.definition().await {
            Ok(definition) => configured
                .defined(&definition)
                .map_err(|lacks| TrailError::NotATrail { place: self.runner.place(), lacks })?,
            // Who told how it is cut into days needs no more to read AWS's own table.
            Err(TrailError::Denied { action })
                if configured.settings().days != DayColumns::None =>
            {
                tracing::warn!(action, "the trail's table is taken to be as AWS makes it");
                configured.clone()
            }
            Err(error) => return Err(error),
        };
        let table = Arc::new(table);
        known.table = Some(Arc::clone(&table));
        known.windows.clear();
        Ok(table)
    }

    async fn definition(&self) -> Result<TableDefinition, TrailError> {
        let settings = self.runner.table.settings();
        let answer = asking_how_it_is_made(&self.runner.client, settings).send().await;
        let answer = answer.map_err(|error| {
            let error = call_error(DEFINITION, &error);
            match error.class {
                CallClass::Denied => TrailError::Denied {
                    action: format!(
                        "{DEFINITION}: {}; or set trail.athena.day_columns",
                        error.message
                    ),
                },
                CallClass::Throttled
                | CallClass::Conflict
                | CallClass::Unavailable
                | CallClass::NotFound
                | CallClass::LimitExceeded
                | CallClass::Other => self.runner.refused(&error),
            }
        })?;
        let found = answer.table_metadata.ok_or_else(|| TrailError::Unreadable {
            place: self.runner.place(),
            reason: "Athena answered with no definition of it".to_owned(),
        })?;
        Ok(definition(&found))
    }
}

pub(super) fn definition(found: &TableMetadata) -> TableDefinition {
    let shaped = |columns: &[Column]| {
        let columns = columns.iter().take(COLUMNS_MAX);
        let shape = |column: &Column| Shape::parse(column.r#type().unwrap_or_default());
        columns.map(|column| (column.name().to_ascii_lowercase(), shape(column))).collect()
    };
    TableDefinition {
        columns: shaped(found.columns()),
        keys: shaped(found.partition_keys()),
        parameters: found.parameters().cloned().unwrap_or_default(),
    }
}
