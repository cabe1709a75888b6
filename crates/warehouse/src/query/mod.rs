//! The finite list of questions that the warehouse answers.
//!
//! Every question takes the [`Scope`](suyuan_domain::scope::Scope) of who asks, except those of modules named
//! `system_…`, which the platform asks itself. Lists show a fact when either side lies in the scope and mask the other
//! side; figures count a fact only where it happened. Rows: G-5.4.3b, G-6.2.2c, G-6.5.3a, G-6.6, G-6.8.1, G-10.4.

mod evaluation;
mod event;
mod figure;
mod intake;
mod link;
mod lookup;
mod mask;
mod product;
mod system_equality;
mod system_key;
mod system_series;
mod system_unit;

pub use evaluation::EvaluationInputs;
pub use event::{Count, Cursor, EventFilter, EventOrder, EventPage, EventView, Page};
pub use figure::{FigureFilter, Figures, Flow, FlowSum};
pub use intake::{IntakeFigures, IntakeKey};
pub use link::{Direction, LinkRow};
pub use lookup::LookupKey;
pub use mask::MASK;
pub use product::ProductFigures;
pub use system_equality::Kind;
pub use system_key::KnownKey;
pub use system_series::{Metric, SeriesKey};

use suyuan_domain::period::{Day, Period};

use crate::row::day_number;
use crate::sql::Bound;

/// Days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl From<Period> for DayRange {
    fn from(period: Period) -> Self {
        Self { from: period.first(), to: period.last() }
    }
}

/// The condition that [`with_days`] gives its parameters.
const IN_DAYS: &str = "day >= CAST({from_day:UInt16} AS Date) AND day <= CAST({to_day:UInt16} AS Date)";

fn with_days(bound: Bound, days: DayRange) -> Bound {
    bound.uint("from_day", u64::from(day_number(days.from))).uint("to_day", u64::from(day_number(days.to)))
}
