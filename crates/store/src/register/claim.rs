//! Who holds a code: all entries that bear it, claims that other nodes told of, and which of them were told to whom.
//!
//! Which claim wins is decided by `suyuan_domain::claim`. Rows: G-6.2.1b.

use suyuan_domain::id::ObjectId;
use suyuan_domain::record::order_number;

use super::{COLUMNS, Entry, EntryRow};
use crate::db::{Store, Tx};
use crate::{Result, sql};

/// A claim on a code by an entry that this node does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The entry.
    pub object: ObjectId,
    /// Kind of the register.
    pub kind: String,
    /// The code.
    pub code: String,
    /// Name of the entry.
    pub name: String,
    /// Node that owns it.
    pub node: String,
    /// Term and version of the entry as one number; a later one replaces an earlier one.
    pub order: u64,
    /// Whether it still claims the code.
    pub live: bool,
}

/// That a node was told of a claim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ruling {
    /// The entry that holds the code.
    pub object: ObjectId,
    /// The node that was told.
    pub node: String,
    /// Whether it was told that the claim stands.
    pub live: bool,
}

fn claimant(row: &sea_orm::QueryResult) -> Result<Claimant> {
    Ok(Claimant {
        object: sql::object(&row.try_get_by_index::<Vec<u8>>(0)?)?,
        kind: row.try_get_by_index(1)?,
        code: row.try_get_by_index(2)?,
        name: row.try_get_by_index(3)?,
        node: row.try_get_by_index(4)?,
        order: sql::uint(row.try_get_by_index(5)?),
        live: row.try_get_by_index::<i64>(6)? != 0,
    })
}

impl Tx {
    /// Lets one transaction at a time look at and take a code. SQLite has one writer anyway.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn lock_code(&self, kind: &str, code: &str) -> Result<()> {
        if !self.is_sqlite() {
            let text = "SELECT pg_advisory_xact_lock(hashtext(CAST(? AS TEXT)), hashtext(CAST(? AS TEXT)))";
            sql::rows(self.db(), text, vec![kind.into(), code.into()]).await?;
        }
        Ok(())
    }

    /// All entries of `kind` with this code, whatever their state and scope, first minted first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entries_of_code(&self, kind: &str, code: &str) -> Result<Vec<Entry>> {
        let text = format!("SELECT {COLUMNS} FROM register WHERE kind = ? AND code = ? ORDER BY object");
        let rows: Vec<EntryRow> = sql::all(self.db(), &text, vec![kind.into(), code.into()]).await?;
        rows.into_iter().map(Entry::try_from).collect()
    }

    /// Marks which entry holds the code of `object`, or that itself does.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_rival(&self, object: ObjectId, rival: Option<ObjectId>) -> Result<()> {
        let text = "UPDATE register SET rival = ? WHERE object = ?";
        let disputed = i64::from(rival.is_some());
        let rival = rival.map(|holder| holder.as_bytes().to_vec());
        sql::execute(self.db(), text, vec![rival.into(), sql::id(object)]).await?;
        let text = "UPDATE register_key SET conflict = ? WHERE object = ?";
        sql::execute(self.db(), text, vec![disputed.into(), sql::id(object)]).await?;
        Ok(())
    }

    /// Claims on a code by entries of other nodes, as they were told.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn claims_on(&self, kind: &str, code: &str) -> Result<Vec<Claimant>> {
        let text = "SELECT object, kind, code, name, node, place, live FROM register_claim WHERE kind = ? AND code = ?";
        sql::rows(self.db(), text, vec![kind.into(), code.into()]).await?.iter().map(claimant).collect()
    }

    /// Keeps a claim that was told, unless a later word on it is known.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_claim(&self, claim: &Claimant) -> Result<()> {
        let text = "INSERT INTO register_claim (object, kind, code, name, node, place, live) VALUES (?, ?, ?, ?, ?, ?, ?) \
                    ON CONFLICT (object, code) DO UPDATE SET kind = excluded.kind, name = excluded.name, \
                    node = excluded.node, place = excluded.place, live = excluded.live \
                    WHERE excluded.place >= register_claim.place";
        let values = vec![
            sql::id(claim.object),
            claim.kind.as_str().into(),
            claim.code.as_str().into(),
            claim.name.as_str().into(),
            claim.node.as_str().into(),
            sql::int(claim.order),
            i64::from(claim.live).into(),
        ];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }

    /// Who was told of which claim on a code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn rulings(&self, kind: &str, code: &str) -> Result<Vec<Ruling>> {
        let text = "SELECT object, node, live FROM claim_told WHERE kind = ? AND code = ? ORDER BY object, node";
        let read = |row: &sea_orm::QueryResult| -> Result<Ruling> {
            Ok(Ruling {
                object: sql::object(&row.try_get_by_index::<Vec<u8>>(0)?)?,
                node: row.try_get_by_index(1)?,
                live: row.try_get_by_index::<i64>(2)? != 0,
            })
        };
        sql::rows(self.db(), text, vec![kind.into(), code.into()]).await?.iter().map(read).collect()
    }

    /// Notes that a node was told of a claim.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_ruling(&self, kind: &str, code: &str, ruling: &Ruling) -> Result<()> {
        let text = "INSERT INTO claim_told (object, kind, code, node, live) VALUES (?, ?, ?, ?, ?) \
                    ON CONFLICT (object, code, node) DO UPDATE SET live = excluded.live";
        let live = i64::from(ruling.live).into();
        let values = vec![sql::id(ruling.object), kind.into(), code.into(), ruling.node.as_str().into(), live];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }
}

impl Entry {
    /// Term and version as one number.
    #[must_use]
    pub const fn order(&self) -> u64 {
        order_number(self.term, self.version)
    }
}

impl Store {
    /// The claim of an entry of another node on a code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn claim(&self, object: ObjectId, code: &str) -> Result<Option<Claimant>> {
        let text =
            "SELECT object, kind, code, name, node, place, live FROM register_claim WHERE object = ? AND code = ?";
        let row = sql::row(self.reader(), text, vec![sql::id(object), code.into()]).await?;
        row.as_ref().map(claimant).transpose()
    }
}
