//! `suyuan openapi`: the document of all interfaces.

/// Prints the document.
pub(super) fn run() -> anyhow::Result<()> {
    println!("{}", suyuan_api::openapi_json()?);
    Ok(())
}
