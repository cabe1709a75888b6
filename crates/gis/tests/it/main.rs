//! The boundary files of the checkout, read and questioned.

mod boundaries;
mod damage;
mod drawing;
mod tables;

use std::path::PathBuf;
use std::sync::LazyLock;

use suyuan_gis::Boundaries;

/// Bytes of a file in `gis/`.
fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../gis").join(name);
    std::fs::read(&path).expect("the file is part of the repository")
}

static CHINA: LazyLock<Boundaries> =
    LazyLock::new(|| Boundaries::parse_topojson(&file("china.topo.json")).expect("the file is sound"));
static WEB: LazyLock<Boundaries> =
    LazyLock::new(|| Boundaries::parse_topojson(&file("china.web.topo.json")).expect("the file is sound"));
