//! `suyuan rights`: who may do what, and who sees how far, as tables.

use std::path::PathBuf;

/// Which table, and what it is made from.
#[derive(Debug, clap::Args)]
pub(super) struct RightsArgs {
    /// Which table.
    #[arg(value_enum)]
    table: Table,
    /// The text that the console's menu is built from; for the tables with screens.
    #[arg(long, default_value = "frontend/src/app/console/menu.ts")]
    menu: PathBuf,
}

/// A table.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Table {
    /// Operations × roles.
    Operations,
    /// Pages × roles.
    Screens,
    /// Accounts × data.
    Reach,
    /// Channel × resource × action × role × tier × division of account and data.
    Matrix,
}

/// Prints the table.
pub(super) async fn run(args: RightsArgs) -> anyhow::Result<()> {
    let text = match args.table {
        Table::Screens => crate::rights::screens(&std::fs::read_to_string(args.menu)?).await?,
        Table::Operations => crate::rights::operations().await?,
        Table::Reach => crate::rights::reach()?,
        Table::Matrix => crate::rights::matrix(&std::fs::read_to_string(args.menu)?).await?,
    };
    print!("{text}");
    Ok(())
}
