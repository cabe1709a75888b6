//! Links as people set them and as they stand: rate, batch size, hours and holds (链路设置), the heads that a peer has
//! confirmed, and what goes wrong since when.
//!
//! What the values mean and who may change them is decided in `suyuan-service`. Rows: A-8, G-6.4.1a, G-6.4.1b.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;

use crate::db::{Store, Tx};
use crate::head::{Head, HeadRow};
use crate::{Result, sql};

/// How a link is set. A link without a row is not limited in any way and has version 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct LinkRow {
    /// Code of the peer.
    pub peer: String,
    /// Records in a second at most, counted over normal and bulk; `None` without a limit.
    pub rate: Option<i64>,
    /// Records in a batch at most; `None` for the program's own size.
    pub batch: Option<i64>,
    /// Hours in which a class is sent, as JSON of the use case.
    pub windows: String,
    /// Classes that are held back, joined by commas; empty for none.
    pub held: String,
    /// Why they are held back.
    pub reason: String,
    /// Since when, milliseconds UTC.
    pub held_at: Option<i64>,
    /// Who holds them back.
    pub held_by: String,
    /// When the next batch under the rate may go, milliseconds UTC.
    pub next_at: i64,
    /// Grows with every change by a person.
    pub version: i64,
}

const COLUMNS: &str = "peer, rate, batch, windows, held, reason, held_at, held_by, next_at, version";

/// What goes wrong on a link.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct LinkFault {
    /// Code of the peer.
    pub peer: String,
    /// `sending` or `receiving`, seen from this node.
    pub side: String,
    /// Class of the data; empty where it is not known.
    pub class: String,
    /// Stable code.
    pub code: String,
    /// What is wrong, in Chinese.
    pub reason: String,
    /// What to do, in Chinese.
    pub advice: String,
    /// When it first happened without a success since, milliseconds UTC.
    pub since: i64,
    /// When it happened last, milliseconds UTC.
    pub last_at: i64,
    /// How often since then.
    pub times: i64,
}

/// Which way data goes on a link, seen from this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This node sends.
    Sending,
    /// This node receives.
    Receiving,
}

impl Side {
    /// The word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Receiving => "receiving",
        }
    }
}

/// A head that a peer has confirmed by a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The head as the peer has it.
    pub head: Head,
    /// When the receipt came.
    pub at: Timestamp,
}

impl Store {
    /// How the link to a peer is set.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn link(&self, peer: &str) -> Result<LinkRow> {
        let text = format!("SELECT {COLUMNS} FROM exchange_link WHERE peer = ?");
        let row = sql::one(self.reader(), &text, vec![peer.into()]).await?;
        Ok(row.unwrap_or_else(|| unset(peer)))
    }

    /// What goes wrong on the links, the newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn link_faults(&self) -> Result<Vec<LinkFault>> {
        let text = "SELECT peer, side, class, code, reason, advice, since, last_at, times FROM exchange_fault \
                    ORDER BY last_at DESC, class";
        sql::all(self.reader(), text, vec![]).await
    }

    /// The heads that a peer has confirmed.
    ///
    /// # Errors
    /// When the database is out of reach or a row is damaged.
    pub async fn confirmed(&self, peer: &str) -> Result<Vec<Confirmed>> {
        let text = "SELECT node, stream, epoch, seq, hash, at FROM exchange_confirmed WHERE peer = ?";
        let rows = sql::rows(self.reader(), text, vec![peer.into()]).await?;
        let read = |row: &sea_orm::QueryResult| {
            let at: i64 = row.try_get("", "at")?;
            Ok(Confirmed { head: HeadRow::from_query_result(row, "")?.try_into()?, at: Timestamp::from_millis(at) })
        };
        rows.iter().map(read).collect()
    }
}

fn unset(peer: &str) -> LinkRow {
    LinkRow { peer: peer.to_owned(), windows: "[]".to_owned(), ..LinkRow::default() }
}

impl Tx {
    /// How the link to a peer is set.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn link(&self, peer: &str) -> Result<LinkRow> {
        let text = format!("SELECT {COLUMNS} FROM exchange_link WHERE peer = ?");
        Ok(sql::one(self.db(), &text, vec![peer.into()]).await?.unwrap_or_else(|| unset(peer)))
    }

    /// Stores how a link is set, in place of the version before it. Says whether that was still the one there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_link(&self, row: &LinkRow) -> Result<bool> {
        let text = format!(
            "INSERT INTO exchange_link ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (peer) DO UPDATE \
             SET rate = excluded.rate, batch = excluded.batch, windows = excluded.windows, held = excluded.held, \
             reason = excluded.reason, held_at = excluded.held_at, held_by = excluded.held_by, \
             next_at = excluded.next_at, version = excluded.version WHERE exchange_link.version = excluded.version - 1"
        );
        let r = row.clone();
        let values = vec![
            r.peer.into(),
            r.rate.into(),
            r.batch.into(),
            r.windows.into(),
            r.held.into(),
            r.reason.into(),
            r.held_at.into(),
            r.held_by.into(),
            r.next_at.into(),
            r.version.into(),
        ];
        Ok(sql::execute(self.db(), &text, values).await? == 1)
    }

    /// Counts what was sent at `now` against the rate of a link: the next batch waits for `millis` from the later of now
    /// and what was counted before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_sent(&self, peer: &str, millis: i64, now: Timestamp) -> Result<()> {
        let text =
            "UPDATE exchange_link SET next_at = CASE WHEN next_at > ? THEN next_at ELSE ? END + ? WHERE peer = ?";
        let now = now.millis();
        sql::execute(self.db(), text, vec![now.into(), now.into(), millis.into(), peer.into()]).await?;
        Ok(())
    }

    /// Notes a head that a peer has confirmed; never an older one than is noted.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_confirmed(&self, peer: &str, head: &Head, at: Timestamp) -> Result<()> {
        let text = "INSERT INTO exchange_confirmed (peer, node, stream, epoch, seq, hash, at) VALUES (?, ?, ?, ?, ?, ?, ?) \
                    ON CONFLICT (peer, node, stream) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, \
                    hash = excluded.hash, at = excluded.at WHERE excluded.seq >= exchange_confirmed.seq";
        let values = vec![
            peer.into(),
            head.node.as_str().into(),
            head.stream.to_string().into(),
            i64::from(head.epoch).into(),
            sql::int(head.seq),
            head.hash.to_vec().into(),
            at.millis().into(),
        ];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }

    /// Notes what goes wrong on a link. The same code again keeps since when. Says whether it is news.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_link_fault(
        &self,
        (peer, side, class): (&str, Side, &str),
        fault: &Fault,
        now: Timestamp,
    ) -> Result<bool> {
        let key = || vec![peer.into(), side.as_str().into(), class.into()];
        let text = "SELECT code FROM exchange_fault WHERE peer = ? AND side = ? AND class = ?";
        let known: Option<String> = sql::scalar(self.db(), text, key()).await?;
        let text = "INSERT INTO exchange_fault (peer, side, class, code, reason, advice, since, last_at, times) \
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (peer, side, class) DO UPDATE SET \
                    since = CASE WHEN exchange_fault.code = excluded.code THEN exchange_fault.since ELSE excluded.since END, \
                    times = CASE WHEN exchange_fault.code = excluded.code THEN exchange_fault.times + 1 ELSE 1 END, \
                    code = excluded.code, reason = excluded.reason, advice = excluded.advice, last_at = excluded.last_at";
        let mut values = key();
        values.extend([
            fault.code.as_str().into(),
            fault.reason.as_str().into(),
            fault.advice.as_str().into(),
            now.millis().into(),
            now.millis().into(),
        ]);
        sql::execute(self.db(), text, values).await?;
        Ok(known.as_deref() != Some(fault.code.as_str()))
    }

    /// Forgets what went wrong on one side of a link: in one class, or in all with `None`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn clear_link_fault(&self, peer: &str, side: Side, class: Option<&str>) -> Result<()> {
        let mut values: Vec<sea_orm::Value> = vec![peer.into(), side.as_str().into()];
        let narrowed = match class {
            Some(class) => {
                values.push(class.into());
                " AND class = ?"
            }
            None => "",
        };
        let text = format!("DELETE FROM exchange_fault WHERE peer = ? AND side = ?{narrowed}");
        sql::execute(self.db(), &text, values).await?;
        Ok(())
    }
}
