//! `suyuan migrate`: schemas up to this version, without serving.

use std::path::Path;

use anyhow::Result;
use suyuan_store::Store;
use suyuan_warehouse::Warehouse;

use crate::config::Config;
use crate::reference;

/// Migrates the databases of a configuration file.
pub(super) async fn run(path: &Path) -> Result<()> {
    let config = Config::read(path, &*reference::divisions()?)?;
    std::fs::create_dir_all(&config.node.data_dir)?;
    let store = Store::connect(&config.database.url, &config.node.code).await?;
    let pending = store.pending_migrations().await?;
    store.migrate().await?;
    println!("关系数据库：完成 {pending} 步升级");
    let (address, engine) = super::serve::warehouse(&config).await?;
    Warehouse::connect(&address.url, &config.warehouse.database, &address.key).await?.migrate().await?;
    println!("数据仓库：结构已是当前版本");
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    Ok(())
}
