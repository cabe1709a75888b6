//! Rules of the repository that the compiler does not know, as tests: which crate may use which (`arrows`), what
//! every file keeps to (`tidy`), and which requirement rows are proven by a test (`rows`). How code should be written
//! beyond that is left to rustfmt, clippy and review.

mod arrows;
mod files;
mod rows;
mod tidy;
