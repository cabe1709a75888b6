//! How often one address may look codes up. Counting is the use case's. Rows: H-6.3, G-6.6.2.

use std::sync::Arc;

use suyuan_service::lookup::Throttle;

/// Look-ups that an address has at once.
const BURST: u32 = 120;
/// Look-ups that it gains in a second.
const PER_SECOND: u32 = 10;
/// Addresses remembered at a time.
const ADDRESSES: usize = 20_000;

/// The limits for one way to look codes up.
pub(super) fn limits() -> Arc<Throttle> {
    Arc::new(Throttle::new(BURST, PER_SECOND, ADDRESSES))
}
