//! The errors of this crate. Texts are for users, in Chinese; the layers above add where the row stood.

/// What can be wrong with a file, a position or a code.
#[derive(Debug, thiserror::Error)]
pub enum GisError {
    /// The boundary file is not JSON of the expected form.
    #[error("边界文件无法读取：{0}")]
    Json(#[from] serde_json::Error),
    /// The boundary file contradicts itself; the text names the place.
    #[error("边界文件内容不正确：{0}")]
    Malformed(String),
    /// Not a position: not a number, or outside ±180 and ±90 degrees.
    #[error("坐标不正确：经度 {lon}，纬度 {lat}，经度应在 -180 至 180 之间，纬度应在 -90 至 90 之间")]
    Position {
        /// Longitude as given.
        lon: f64,
        /// Latitude as given.
        lat: f64,
    },
    /// Not a box.
    #[error("地图范围不正确：西 {west}，南 {south}，东 {east}，北 {north}")]
    Extent {
        /// Least longitude as given.
        west: f64,
        /// Least latitude as given.
        south: f64,
        /// Greatest longitude as given.
        east: f64,
        /// Greatest latitude as given.
        north: f64,
    },
    /// Not a shape; the text says why.
    #[error("{0}")]
    Shape(String),
    /// No coordinate system of this name.
    #[error("坐标系“{0}”未知，应为 WGS84、CGCS2000、GCJ02 或 BD09")]
    System(String),
    /// No boundary for this code on any level.
    #[error("没有行政区划 {0} 的边界")]
    UnknownUnit(String),
}
