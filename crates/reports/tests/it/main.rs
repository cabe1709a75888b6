//! Renders whole editions through the public interface and reads the results back (G-6.8.3, G-6.6.1c).
//!
//! The fonts are looked for in `SUYUAN_FONTS_DIR`, then in `.cache/fonts` of the workspace. A test that finds none fails
//! and says so. With `SUYUAN_KEEP_REPORTS` naming a directory the rendered files are left there to be looked at.

mod html;
mod pdf;
mod sample;
mod tabular;
mod xlsx;
