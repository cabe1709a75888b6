//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The top folder of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Downloaded tools and stamps; may be removed at any time.
pub fn cache() -> PathBuf {
    root().join(".cache")
}

/// Source of the web interface.
pub fn frontend() -> PathBuf {
    root().join("frontend")
}

/// Cargo's output folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
