//! The schema runner.

use suyuan_warehouse::{Warehouse, WarehouseError};

use crate::support::{Outcome, Place};

#[tokio::test]
async fn the_schema_is_applied_once_and_twice() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("schema_twice").await?;
    assert_eq!(warehouse.migrate().await?, 0);
    place.run("schema_twice", "TRUNCATE TABLE schema_step").await?;
    assert_eq!(warehouse.migrate().await?, 13, "what was not recorded is applied again without harm");
    Ok(())
}

#[tokio::test]
async fn a_newer_or_changed_schema_is_refused() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("schema_other").await?;
    place.run("schema_other", "INSERT INTO schema_step VALUES (2, '002_event', 'other')").await?;
    assert!(matches!(warehouse.migrate().await, Err(WarehouseError::SchemaChanged { number: 2, .. })));
    place.run("schema_other", "INSERT INTO schema_step VALUES (900, '900_later', 'SELECT 1')").await?;
    assert!(matches!(warehouse.migrate().await, Err(WarehouseError::SchemaNewer(900))));
    Ok(())
}

#[tokio::test]
async fn a_bad_name_and_a_silent_engine_are_told_apart() -> Outcome {
    let bad = Warehouse::connect("http://127.0.0.1:9", "a; DROP", "").await;
    assert!(matches!(bad, Err(WarehouseError::DatabaseName(_))));
    let silent = Warehouse::connect("http://127.0.0.1:9", "good", "").await;
    assert!(matches!(silent, Err(WarehouseError::Engine(_))));
    Ok(())
}
