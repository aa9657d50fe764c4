//! Looks at the workgroup and at the table of the trail; no query is run.

use crate::aws::athena_forecast::WORKGROUP;
use crate::aws::athena_table::{AthenaSettings, Table as Settled};
use crate::aws::athena_tables::{DEFINITION, asking_how_it_is_made, definition};
use crate::aws::checkup::trouble;
use crate::aws::error::call_error;
use crate::domain::checkup::Trouble;
use crate::domain::checkup::athena::{Table, Workgroup};
use crate::ports::clock::Clock;
use crate::ports::cloud::CallError;
use crate::ports::trail::Window;
use aws_config::SdkConfig;
use aws_sdk_athena::Client;
use aws_sdk_athena::types::WorkGroupState;

/// How Athena says that something is not there, whatever its code.
const NOT_THERE: [&str; 3] = ["not found", "EntityNotFound", "does not exist"];

/// Looks at the workgroup that the settings name; none where they name none.
pub async fn workgroup(
    config: &SdkConfig,
    settings: &AthenaSettings,
) -> Option<Result<Workgroup, Trouble>> {
    let name = settings.workgroup.as_ref()?;
    let client = Client::new(config);
    let asked = client.get_work_group().work_group(name).send().await;
    Some(match asked {
        Err(error) => Err(found_or_not(call_error(WORKGROUP, &error))),
        Ok(told) => {
            let group = told.work_group;
            let is_enabled = group.as_ref().and_then(|group| group.state.as_ref())
                != Some(&WorkGroupState::Disabled);
            let configured = group.and_then(|group| group.configuration);
            let bytes = configured.as_ref().and_then(|set| set.bytes_scanned_cutoff_per_query);
            let is_enforced =
                configured.as_ref().and_then(|set| set.enforce_work_group_configuration);
            let results = configured.and_then(|set| set.result_configuration);
            Ok(Workgroup {
                is_enabled,
                is_enforced: is_enforced.unwrap_or_default(),
                bytes_max: bytes.and_then(|bytes| u64::try_from(bytes).ok()).filter(|b| *b > 0),
                output: results.and_then(|results| results.output_location),
            })
        }
    })
}

/// Looks at the table of the trail as its catalog defines it.
pub async fn table(
    config: &SdkConfig,
    settings: &AthenaSettings,
    clock: Clock,
) -> Result<Table, Trouble> {
    let settled = match Settled::new(settings.clone()) {
        Ok(settled) => settled,
        Err(wrong) => return Ok(Table::NoTrail(wrong.to_string())),
    };
    let asked = asking_how_it_is_made(&Client::new(config), settings).send().await;
    let told = asked.map_err(|error| found_or_not(call_error(DEFINITION, &error)))?;
    let Some(found) = told.table_metadata else { return Err(Trouble::Missing) };
    Ok(match settled.defined(&definition(&found)) {
        Err(lacks) => Table::NoTrail(lacks),
        Ok(defined) => {
            let all = Window { from: None, to: None };
            Table::Readable {
                lacks: defined.missing().iter().map(|column| column.name.clone()).collect(),
                limits: defined.limits(defined.span(all, clock.now())),
                is_divided: defined.is_divided(),
            }
        }
    })
}

/// Athena has one code for whatever is wrong with a request.
fn found_or_not(error: CallError) -> Trouble {
    let told = trouble(error);
    let missing = |why: &String| NOT_THERE.iter().any(|words| why.contains(words));
    match told {
        Trouble::Silent(why) if missing(&why) => Trouble::Missing,
        Trouble::Silent(_) | Trouble::Missing | Trouble::Denied { .. } => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::athena_days::DayColumns;
    use crate::aws::wire_fake::{Answer, WireFake};
    use serde_json::json;

    fn settings() -> AthenaSettings {
        AthenaSettings {
            catalog: None,
            database: "security".to_owned(),
            table: "trail".to_owned(),
            workgroup: Some("bounded".to_owned()),
            output: None,
            days: DayColumns::None,
            region: None,
            account: None,
            lookback_days: 15,
            ask_above: 1,
            case_tables: None,
            rows_max: 1,
        }
    }

    fn refusal(code: &str, message: &str) -> Answer {
        let body = json!({ "__type": code, "Message": message, "message": message });
        Answer::Say { status: 400, body: body.to_string() }
    }

    #[tokio::test]
    async fn what_athena_does_not_have_is_missing_whatever_its_code_says() {
        let entity = "EntityNotFoundException: Entity Not Found (Service: AmazonDataCatalog)";
        for (code, message, is_missing) in [
            ("MetadataException", entity, true),
            ("InvalidRequestException", "WorkGroup is not found.", true),
            ("InvalidRequestException", "The request is not valid", false),
        ] {
            let fake = WireFake::start([refusal(code, message), refusal(code, message)]);
            let config = fake.config().await;
            let table = table(&config, &settings(), Clock::real()).await;
            assert_eq!(table == Err(Trouble::Missing), is_missing, "{message}: {table:?}");
            let workgroup = workgroup(&config, &settings()).await.unwrap();
            assert_eq!(workgroup == Err(Trouble::Missing), is_missing, "{message}: {workgroup:?}");
        }
    }
}
