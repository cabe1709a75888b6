//! What can go wrong in the warehouse.

/// A fault of the warehouse. Its text is for the log; users are told that figures are not available just now.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// The engine cannot be reached, refused the statement or answered something else than the schema says.
    #[error("数据仓库访问失败：{0}")]
    Engine(#[from] clickhouse::error::Error),
    /// The name of the database holds other characters than lower-case letters, digits and `_`, or is too long.
    #[error("数据仓库的库名“{0}”不正确，只能用小写字母、数字和下划线，且以字母开头，最长 63 个字符")]
    DatabaseName(String),
    /// The database was prepared by a newer version of the program.
    #[error("数据仓库结构比本程序新（第 {0} 步不认识），请使用新版本程序")]
    SchemaNewer(u32),
    /// A step that was applied reads differently now; steps are only ever added.
    #[error("数据仓库结构第 {number} 步（{name}）与已执行的内容不一致")]
    SchemaChanged {
        /// Number of the step.
        number: u32,
        /// Name of the step.
        name: String,
    },
    /// A value from the warehouse is outside what its column may hold.
    #[error("数据仓库中 {0} 的值不正确")]
    Value(&'static str),
}

/// Result of the warehouse.
pub type WarehouseResult<T> = Result<T, WarehouseError>;
