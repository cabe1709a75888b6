//! The narrow row and the terms by which an entry is found (检索行): written with the entry, made anew where they are missing.
//!
//! Lists, maps and analyses read these rows and fetch documents for one page only; what stands here follows from the
//! entry and nothing else. Rows: G-6.2.2a, G-6.2.2b.

use std::collections::BTreeSet;

use sea_orm::{FromQueryResult, Value};
use suyuan_domain::cell::cell;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::search::normalise;
use suyuan_domain::search::spelling::{readings, sort_key};
use suyuan_domain::search::term::{register_number, terms};

use super::{COLUMNS, Entry, EntryRow};
use crate::db::{Store, Tx};
use crate::{Result, sql};

/// Many-valued properties that lists ask for; others stay out of the narrow row.
const FACETS: [&str; 2] = ["stage", "variety"];
/// Spellings of one name that are kept beside the commonest.
const MORE_SPELLINGS: usize = 3;
/// Entries that are indexed in one transaction.
const PIECE: u64 = 500;
/// How the rows are made; another number makes all of them anew at the next start.
const FORM: &str = "2";
/// The node's note of the form of its rows.
const FORM_NOTE: &str = "register_key";

const KEY_COLUMNS: &str = "object, register, code, division, category, state, type, class, org_form, merchant_type, parent, \
                           subject, origin_node, filed_at, registered_at, conflict, cell, lon, lat, facets, name, \
                           code_text, initials, spelling, sort_key";

/// What of an old row is needed to find its terms again.
#[derive(FromQueryResult)]
struct Old {
    no: i64,
    register: i64,
    name: String,
    code_text: String,
    facets: String,
}

/// A facet as it stands in the narrow row, between spaces.
pub(super) fn facet_word(facet: &str, value: &str) -> String {
    format!("{facet}:{value}")
}

fn listed_facets(entry: &Entry) -> BTreeSet<(String, String)> {
    let wanted = |(facet, value): &&(String, String)| FACETS.contains(&facet.as_str()) && !value.is_empty();
    let mut all: BTreeSet<(String, String)> = entry.facets.iter().filter(wanted).cloned().collect();
    if !entry.stage.is_empty() {
        all.insert(("stage".to_owned(), entry.stage.clone()));
    }
    all
}

fn facet_text(facets: &BTreeSet<(String, String)>) -> String {
    let words: Vec<String> = facets.iter().map(|(facet, value)| facet_word(facet, value)).collect();
    if words.is_empty() { String::new() } else { format!(" {} ", words.join(" ")) }
}

fn facets_of(text: &str) -> Vec<(String, String)> {
    let pair = |word: &str| word.split_once(':').map(|(facet, value)| (facet.to_owned(), value.to_owned()));
    text.split_whitespace().filter_map(pair).collect()
}

/// Initials and spelling of a normalised name, the commonest reading first, other readings on lines of their own.
fn spelled(name: &str) -> (String, String) {
    let mut ways: Vec<Vec<String>> = vec![Vec::new()];
    for c in name.chars().take(200) {
        let found = readings(c);
        let found = if found.is_empty() { vec![String::new()] } else { found };
        let before = ways.len();
        for (at, reading) in found.iter().enumerate() {
            for way in 0..before {
                if at == 0 {
                    continue;
                }
                if ways.len() <= MORE_SPELLINGS
                    && let Some(mut other) = ways.get(way).cloned()
                {
                    other.push(reading.clone());
                    ways.push(other);
                }
            }
        }
        for way in ways.iter_mut().take(before) {
            way.extend(found.first().cloned());
        }
    }
    let initials = |way: &Vec<String>| way.iter().map(|s| s.chars().next().unwrap_or(' ')).collect::<String>();
    let mut lines: Vec<String> = ways.iter().map(initials).collect();
    lines.dedup();
    let spellings: Vec<String> = ways.iter().map(|way| format!(" {} ", way.join(" "))).collect();
    (lines.join("\n"), spellings.join("\n"))
}

fn key_values(entry: &Entry) -> Vec<Value> {
    let name = normalise(&entry.name);
    let (initials, spelling) = spelled(&name);
    let registered = if entry.created_at.millis() > 0 { entry.created_at } else { entry.object.minted_at() };
    let text = |text: &str| Value::from(text);
    vec![
        sql::id(entry.object),
        register_number(&entry.kind).into(),
        text(&entry.code),
        text(&entry.division),
        text(&entry.category),
        text(&entry.state),
        text(&entry.r#type),
        text(&entry.class),
        text(&entry.org_form),
        text(&entry.merchant_type),
        text(&entry.parent),
        text(&entry.subject),
        text(&entry.origin_node),
        entry.filed_at.map_or(0, Timestamp::millis).into(),
        registered.millis().into(),
        i64::from(entry.rival.is_some()).into(),
        entry.place.and_then(|(lon, lat)| cell(lon, lat)).into(),
        entry.place.map(|(lon, _)| lon).into(),
        entry.place.map(|(_, lat)| lat).into(),
        facet_text(&listed_facets(entry)).into(),
        name.into(),
        normalise(&entry.code).into(),
        initials.into(),
        spelling.into(),
        sort_key(&entry.name).into(),
    ]
}

fn entry_terms(entry: &Entry) -> BTreeSet<i64> {
    let facets: Vec<(String, String)> = listed_facets(entry).into_iter().collect();
    terms(&entry.kind, &entry.name, &entry.code, &facets)
}

impl Tx {
    /// Writes the narrow row and the terms of an entry that was just written.
    pub(super) async fn index_entry(&self, entry: &Entry) -> Result<()> {
        let text = "SELECT no, register, name, code_text, facets FROM register_key WHERE object = ?";
        let old: Option<Old> = sql::one(self.db(), text, vec![sql::id(entry.object)]).await?;
        let wanted = entry_terms(entry);
        let Some(old) = old else {
            let no = self.add_key(entry).await?;
            return self.add_terms(no, &wanted).await;
        };
        let columns: Vec<&str> = KEY_COLUMNS.split(',').map(str::trim).skip(1).collect();
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = ?")).collect();
        let mut values = key_values(entry).split_off(1);
        values.push(old.no.into());
        let text = format!("UPDATE register_key SET {} WHERE no = ?", set.join(", "));
        sql::execute(self.db(), &text, values).await?;
        let had = if old.register == register_number(&entry.kind) {
            terms(&entry.kind, &old.name, &old.code_text, &facets_of(&old.facets))
        } else {
            BTreeSet::new()
        };
        let gone: Vec<i64> = had.difference(&wanted).copied().collect();
        for chunk in gone.chunks(100) {
            let marks = vec!["?"; chunk.len()].join(",");
            let mut values: Vec<Value> = vec![old.no.into()];
            values.extend(chunk.iter().map(|term| Value::from(*term)));
            sql::execute(self.db(), &format!("DELETE FROM register_term WHERE no = ? AND term IN ({marks})"), values)
                .await?;
        }
        self.add_terms(old.no, &wanted.difference(&had).copied().collect()).await
    }

    async fn add_key(&self, entry: &Entry) -> Result<i64> {
        let values = key_values(entry);
        let marks = vec!["?"; values.len()].join(",");
        let text = format!("INSERT INTO register_key ({KEY_COLUMNS}) VALUES ({marks}) RETURNING no");
        Ok(sql::scalar(self.db(), &text, values).await?.unwrap_or(0))
    }

    async fn add_terms(&self, no: i64, terms: &BTreeSet<i64>) -> Result<()> {
        let values: Vec<Value> = terms.iter().flat_map(|term| [Value::from(*term), no.into()]).collect();
        let head = "INSERT INTO register_term (term, no) VALUES";
        sql::insert_many(self.db(), head, 2, values, "ON CONFLICT (term, no) DO NOTHING").await?;
        Ok(())
    }

    /// Adds many new entries with their rows, numbered from `first`, without history and journal, and gives their terms
    /// with the numbers for [`Tx::fill_terms`]: for filling an empty store that is measured.
    ///
    /// # Errors
    /// When an object or number is already there, or the database refuses.
    pub async fn fill_entries(&self, entries: &[Entry], first: i64) -> Result<Vec<(i64, i64)>> {
        let Some(width) = entries.first().map(|entry| super::values(entry).len()) else { return Ok(Vec::new()) };
        let head = format!("INSERT INTO register ({COLUMNS}) VALUES");
        let values = entries.iter().flat_map(super::values).collect();
        sql::insert_many(self.db(), &head, width, values, "").await?;
        let head = format!("INSERT INTO register_key (no, {KEY_COLUMNS}) VALUES");
        let mut all: Vec<(i64, i64)> = Vec::new();
        let mut values = Vec::new();
        let mut width = 1;
        for (no, entry) in (first..).zip(entries) {
            all.extend(entry_terms(entry).into_iter().map(|term| (term, no)));
            values.push(no.into());
            let own = key_values(entry);
            width = own.len() + 1;
            values.extend(own);
        }
        sql::insert_many(self.db(), &head, width, values, "").await?;
        Ok(all)
    }

    /// Adds terms with the numbers of their rows; quickest in their order.
    ///
    /// # Errors
    /// When one is already there, or the database refuses.
    pub async fn fill_terms(&self, terms: &[(i64, i64)]) -> Result<()> {
        let values = terms.iter().flat_map(|(term, no)| [Value::from(*term), (*no).into()]).collect();
        sql::insert_many(self.db(), "INSERT INTO register_term (term, no) VALUES", 2, values, "").await?;
        Ok(())
    }

    async fn forget_keys(&self) -> Result<()> {
        sql::execute(self.db(), "DELETE FROM register_term", vec![]).await?;
        sql::execute(self.db(), "DELETE FROM register_key", vec![]).await?;
        Ok(())
    }
}

impl Store {
    /// Makes the rows and terms of entries that have none, by the piece; all of them where they are made in another way
    /// now. Says how many.
    ///
    /// # Errors
    /// When the database is out of reach; what was done stays done.
    pub async fn index_registers(&self) -> Result<u64> {
        let form = "SELECT value FROM node_state WHERE name = ?";
        let known: Option<String> = sql::scalar(self.reader(), form, vec![FORM_NOTE.into()]).await?;
        if known.as_deref() == Some(FORM) {
            return Ok(0);
        }
        if known.as_deref().is_some_and(|known| known != FORM) {
            let tx = self.begin().await?;
            tx.forget_keys().await?;
            tx.commit().await?;
        }
        let mut done = 0;
        loop {
            let tx = self.begin().await?;
            let text = format!(
                "SELECT {COLUMNS} FROM register WHERE NOT EXISTS \
                 (SELECT 1 FROM register_key k WHERE k.object = register.object) ORDER BY object LIMIT {PIECE}"
            );
            let rows: Vec<EntryRow> = sql::all(tx.db(), &text, vec![]).await?;
            let count = rows.len() as u64;
            for row in rows {
                let mut entry = Entry::try_from(row)?;
                entry.facets = tx.facets(&entry).await?;
                tx.index_entry(&entry).await?;
            }
            done += count;
            if count < PIECE {
                let note = "INSERT INTO node_state (name, value) VALUES (?, ?) \
                            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                sql::execute(tx.db(), note, vec![FORM_NOTE.into(), FORM.into()]).await?;
                tx.commit().await?;
                return Ok(done);
            }
            tx.commit().await?;
        }
    }

    /// Lets the database look at how its rows are spread, which its choice of indexes rests on.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn look_at_spread(&self) -> Result<()> {
        if self.is_sqlite() {
            // A sample of each index is enough, however large it is.
            sql::execute(self.writer(), "PRAGMA analysis_limit = 2000", vec![]).await?;
        }
        for table in ["register_key", "register_term"] {
            sql::execute(self.writer(), &format!("ANALYZE {table}"), vec![]).await?;
        }
        Ok(())
    }
}

impl Tx {
    async fn facets(&self, entry: &Entry) -> Result<Vec<(String, String)>> {
        let text = "SELECT facet, value FROM register_facet WHERE object = ? ORDER BY facet, value";
        let rows = sql::rows(self.db(), text, vec![sql::id(entry.object)]).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2b_every_usual_spelling_is_kept() {
        let (initials, spelling) = spelled("重庆肉联厂");
        assert_eq!(initials.lines().collect::<Vec<_>>(), ["zqrlc", "cqrlc"]);
        assert!(
            spelling.starts_with(" zhong qing ") && spelling.contains("\n chong qing rou lian chang "),
            "{spelling}"
        );
        let (initials, _) = spelled(&"重长行乐".repeat(25));
        assert!(initials.lines().count() <= MORE_SPELLINGS + 1);
        assert!(initials.lines().all(|line| line.chars().count() == 100));
    }

    #[test]
    fn g_6_2_2a_facets_are_read_back_as_written() {
        let facets: BTreeSet<(String, String)> =
            [("stage", "market"), ("variety", "0101")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        assert_eq!(facet_text(&facets), " stage:market variety:0101 ");
        assert_eq!(facets_of(&facet_text(&facets)), facets.into_iter().collect::<Vec<_>>());
        assert!(facets_of(&facet_text(&BTreeSet::new())).is_empty());
    }
}
