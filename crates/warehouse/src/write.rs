//! The writer: facts become rows, in an order that leaves nothing wrong wherever it stops.
//!
//! The caller repeats a batch until it succeeds; a batch may be written any number of times and in parts. What decides
//! about equality of journal and warehouse is [`crate::query`]'s reading of identifiers, not this module.

use clickhouse::{RowOwned, RowWrite};
use suyuan_domain::id::ObjectId;

use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::fact::{EventFact, IntakeFact, LookupFact};
use crate::row::{
    EventKeyRow, EventRow, IntakeRow, LinkLine, LookupRow, MarkRow, SeriesRow, SupersededRow, link_lines, series_rows,
};
use crate::sql::{Bound, IDS, chunks};

/// The steps of a projection, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProjectStep {
    /// Buckets of old and new versions are marked for rebuilding.
    Marks,
    /// Earlier versions are declared not current.
    Superseded,
    /// Links, series and keys of the new versions are stored.
    Links,
    /// The events themselves are stored.
    Events,
}

impl ProjectStep {
    /// All steps in their order.
    pub const ALL: [Self; 4] = [Self::Marks, Self::Superseded, Self::Links, Self::Events];
}

impl Warehouse {
    /// Stores versions of events. After a fault the same batch is handed over again.
    ///
    /// # Errors
    /// When the engine fails; part of the batch may then be stored.
    pub async fn project(&self, batch: &[EventFact]) -> WarehouseResult<()> {
        self.project_until(batch, None).await
    }

    /// [`Warehouse::project`] that stops after a step, as a process that is killed there would. For tests.
    ///
    /// # Errors
    /// As [`Warehouse::project`].
    #[doc(hidden)]
    pub async fn project_until(&self, batch: &[EventFact], stop_after: Option<ProjectStep>) -> WarehouseResult<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let generation = self.begin_generation().await?;
        for step in ProjectStep::ALL {
            match step {
                ProjectStep::Marks => self.write_marks(generation.number, batch).await?,
                ProjectStep::Superseded => self.write_superseded(batch).await?,
                ProjectStep::Links => self.write_links(batch).await?,
                ProjectStep::Events => {
                    let rows = batch.iter().map(EventRow::of).collect();
                    self.insert("event", rows).await?;
                }
            }
            if stop_after == Some(step) {
                break;
            }
        }
        drop(generation);
        Ok(())
    }

    /// Stores what batches of connected systems held. May be repeated.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn project_intake(&self, batch: &[IntakeFact]) -> WarehouseResult<()> {
        self.insert("intake", batch.iter().map(IntakeRow::of).collect()).await
    }

    /// Stores hourly sums of look-ups. May be repeated.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn project_lookups(&self, batch: &[LookupFact]) -> WarehouseResult<()> {
        self.insert("lookup_hour", batch.iter().map(LookupRow::of).collect()).await
    }

    async fn write_marks(&self, generation: u64, batch: &[EventFact]) -> WarehouseResult<()> {
        let mut marks: Vec<MarkRow> = batch.iter().map(|fact| MarkRow::of(generation, fact)).collect();
        let later: Vec<ObjectId> =
            batch.iter().filter(|fact| !fact.key.is_first()).map(|fact| fact.key.object).collect();
        for ids in chunks(&later, 2_500, |_| 16) {
            let sql = format!(
                "SELECT DISTINCT {{generation:UInt64}} AS generation, month, day, division, category, stage, system \
                 FROM event WHERE object IN {IDS}"
            );
            marks.extend(self.fetch::<MarkRow>(Bound::new(sql).uint("generation", generation).ids("ids", ids)).await?);
        }
        marks.sort_unstable();
        marks.dedup();
        self.insert("mark", marks).await
    }

    async fn write_superseded(&self, batch: &[EventFact]) -> WarehouseResult<()> {
        let later = batch.iter().map(|fact| &fact.key).filter(|key| !key.is_first());
        self.insert("superseded", later.map(SupersededRow::of).collect()).await
    }

    async fn write_links(&self, batch: &[EventFact]) -> WarehouseResult<()> {
        let lines: Vec<LinkLine> = batch.iter().flat_map(link_lines).collect();
        // An empty unit is the end of a chain, not a unit: it would make one endless key.
        let up = lines.iter().filter(|line| !line.up_unit.is_empty()).cloned().collect();
        let down = lines.into_iter().filter(|line| !line.down_unit.is_empty()).collect();
        futures::try_join!(
            self.insert::<LinkLine>("link_up", up),
            self.insert::<LinkLine>("link_down", down),
            self.insert::<SeriesRow>("series", batch.iter().flat_map(series_rows).collect()),
            self.insert::<EventKeyRow>("event_key", batch.iter().filter_map(EventKeyRow::of).collect()),
        )?;
        Ok(())
    }

    /// Inserts rows as one statement, answered when they are durable.
    pub(crate) async fn insert<T>(&self, table: &str, rows: Vec<T>) -> WarehouseResult<()>
    where
        T: RowOwned + RowWrite,
        for<'a> T: clickhouse::Row<Value<'a> = T>,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let mut insert = self.client().insert::<T>(table).await?;
        for row in &rows {
            insert.write(row).await?;
        }
        insert.end().await?;
        Ok(())
    }
}
