//! Maps (一张图): boundaries, placing points, coordinate systems, shapes and flow geometry.
//!
//! Pure: it works on bytes it is given (the files of `gis/`) and reads nothing itself. All positions are degrees of
//! WGS 84, longitude first; other systems are converted at intake by [`coordinates`]. Codes and their dates are the
//! business of the domain's table of divisions, drawing is the browser's. Rows: G-6.2.2a, G-6.5.3c.

pub mod boundaries;
pub mod coordinates;
pub mod flow;
pub mod shape;

mod error;

pub use boundaries::{Boundaries, BoundaryLine, LineKind, NATION, Plausibility, Unit};
pub use error::GisError;

use serde::{Deserialize, Serialize};

/// The source line that every map shows (数据来源).
pub const SOURCE_LINE: &str = "数据来源：天地图";

/// What a national map shows at least, the islands of the South China Sea included.
pub const NATIONAL_EXTENT: Extent = Extent { west: 73.0, south: 3.0, east: 135.5, north: 54.0 };

/// Level of a division (行政级别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Provinces, autonomous regions, municipalities, special administrative regions (省级).
    Province,
    /// Cities and prefectures; also what stands in their place where a province has none (地级).
    City,
    /// Counties and districts (县级).
    County,
}

impl Level {
    /// All levels, the highest first.
    pub const ALL: [Self; 3] = [Self::Province, Self::City, Self::County];

    /// The word used in files and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
        }
    }
}

/// A box of degrees (地图范围); west is less than east, since nothing here crosses the date line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Least longitude.
    pub west: f64,
    /// Least latitude.
    pub south: f64,
    /// Greatest longitude.
    pub east: f64,
    /// Greatest latitude.
    pub north: f64,
}

impl Extent {
    /// The box, checked.
    ///
    /// # Errors
    /// [`GisError::Extent`] when a corner is no position or the corners are the wrong way round.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, GisError> {
        let extent = Self { west, south, east, north };
        let corners = coordinates::check(west, south).and(coordinates::check(east, north));
        if corners.is_err() || west > east || south > north {
            return Err(GisError::Extent { west, south, east, north });
        }
        Ok(extent)
    }

    /// Whether the position is in the box or on its edge; never for positions that are no numbers.
    #[must_use]
    pub fn contains(&self, lon: f64, lat: f64) -> bool {
        (self.west..=self.east).contains(&lon) && (self.south..=self.north).contains(&lat)
    }
}
