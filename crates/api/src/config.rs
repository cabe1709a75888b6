//! What the HTTP server is told by configuration.

use std::path::PathBuf;
use std::sync::Arc;

use suyuan_domain::clock::SystemClock;

/// Settings of the HTTP server.
#[derive(Clone, Debug, Default)]
pub struct ApiConfig {
    /// Folder with the built pages; `None` serves interfaces only.
    pub frontend_dir: Option<PathBuf>,
    /// The clock that a demonstration may move; `None` in life.
    pub demo_clock: Option<Arc<SystemClock>>,
}
