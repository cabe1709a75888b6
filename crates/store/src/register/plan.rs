//! How the rows of a list are read (查询计划): what leads, which terms are looked up beside it, what is proved on the row.
//!
//! A rare piece of a name or a rare stage leads. Other terms that every row must have are looked up in the table of terms,
//! which is compact, and columns in an index that holds nothing else; the texts of a row are read last, and only where terms
//! cannot tell. The plan changes the time that a query takes, never what it finds. Rows: G-6.2.2a, G-6.2.2b.

use sea_orm::Value;
use suyuan_domain::scope::Scope;
use suyuan_domain::search::term::{self, Need, Span, Word};

use super::key::facet_word;
use super::list::{EntryFilter, Order};
use crate::db::Store;
use crate::filter::Conditions;
use crate::{Result, sql};

/// Rows up to which a term leads a query.
const RARE: i64 = 20_000;
/// Terms that are looked up beside the first.
const MOST_BESIDE: usize = 8;

/// From which rows a query reads, with its conditions.
pub(super) struct Plan {
    from: String,
    pub(super) conditions: Conditions,
    /// Whether rows come from the terms `t`, in their order.
    pub(super) led: bool,
}

impl Plan {
    /// `FROM … WHERE …` with the values.
    pub(super) fn done(self) -> (String, Vec<Value>) {
        let (filter, values) = self.conditions.done();
        (format!("{}{filter}", self.from), values)
    }
}

/// What might lead a query, with the number of its rows up to [`RARE`].
struct Lead {
    spans: Vec<Span>,
    rows: i64,
    /// Terms that whatever it leads to has, if there is one way only to read the word.
    terms: Vec<i64>,
}

/// Terms that every row has.
#[derive(Default)]
struct Beside(Vec<i64>);

impl Beside {
    /// Takes a term, unless there are too many.
    fn take(&mut self, term: i64) -> bool {
        let known = self.0.contains(&term);
        if !known && self.0.len() < MOST_BESIDE {
            self.0.push(term);
            return true;
        }
        known
    }
}

impl Store {
    /// How the rows of a list are read; `None` where a word is nowhere at all.
    pub(super) async fn plan(&self, scope: &Scope, filter: &EntryFilter, order: Order) -> Result<Option<Plan>> {
        let mut conditions = filter.plain(scope);
        let (mut beside, mut helpful) = (Beside::default(), Vec::new());
        let mut best: Option<Lead> = None;
        let mut consider = |lead: Lead| {
            if best.as_ref().is_none_or(|best| lead.rows < best.rows) {
                best = Some(lead);
            }
        };
        for wanted in &filter.words {
            let Some(lead) = together(self.leads(wanted).await?) else { return Ok(None) };
            let told = wanted.is_told_by_its_term() && lead.terms.iter().all(|term| beside.take(*term));
            if !told {
                helpful.extend(lead.terms.iter().copied());
                self.prove(&mut conditions, wanted);
            }
            consider(lead);
        }
        for (facet, values) in &filter.facets {
            // An empty value asks for entries that have none, which no term knows.
            let terms: Vec<i64> = values.iter().map(|value| term::facet(&filter.kind, facet, value)).collect();
            if values.iter().all(|value| !value.is_empty()) {
                let spans: Vec<Span> = terms.iter().map(|term| Span { from: *term, to: *term }).collect();
                consider(Lead { rows: self.rows_of(&spans).await?, spans, terms: Vec::new() });
            }
            let told = matches!((values.as_slice(), terms.as_slice()), ([value], [term]) if !value.is_empty() && beside.take(*term));
            if !told {
                self.have(&mut conditions, facet, values);
            }
        }
        for term in helpful {
            beside.take(term);
        }
        let narrow = filter.is_narrow(scope);
        let best = best.filter(|lead| lead.rows < RARE || (!narrow && order == Order::Newest));
        Ok(Some(self.built(best, &beside, conditions, self.index(scope, filter, order))))
    }

    /// The index that SQLite is told to read where no term leads and its own choice would be a bad one.
    fn index(&self, scope: &Scope, filter: &EntryFilter, order: Order) -> &'static str {
        if !self.is_sqlite() {
            ""
        } else if filter.conflict == Some(true) {
            " INDEXED BY register_key_conflict"
        } else if order == Order::Newest && !filter.is_indexed(scope) {
            // It would take any index that begins with the register, and read the rows in its order.
            " INDEXED BY register_key_no"
        } else {
            ""
        }
    }

    /// The plan of a query that begins with the terms of `lead`, if any. A single term gives each row once and in order,
    /// several do not.
    fn built(&self, lead: Option<Lead>, beside: &Beside, plain: Conditions, index: &str) -> Plan {
        let mut conditions = Conditions::default();
        let single = |lead: &Lead| matches!(lead.spans.as_slice(), [span] if span.from == span.to);
        let lead = lead.filter(|lead| single(lead) || lead.rows < RARE);
        let first = lead.as_ref().filter(|lead| single(lead)).and_then(|lead| lead.spans.first()).map(|span| span.from);
        let no = if first.is_some() { "t.no" } else { "k.no" };
        let others: Vec<i64> = beside.0.iter().copied().filter(|term| Some(*term) != first).collect();
        let mut looked_up = String::new();
        for (at, term) in others.iter().enumerate() {
            looked_up.push_str(&format!(" CROSS JOIN register_term u{at}"));
            conditions.push(format!("u{at}.term = ? AND u{at}.no = {no}"), vec![(*term).into()]);
        }
        if let Some(first) = first {
            let narrow = if self.is_sqlite() { " INDEXED BY register_key_narrow" } else { "" };
            conditions.push("t.term = ?", vec![first.into()]);
            conditions.push("k.no = t.no", vec![]);
            conditions.join(plain);
            let from = format!("register_term t{looked_up} CROSS JOIN register_key k{narrow}");
            return Plan { from, conditions, led: true };
        }
        if let Some(lead) = &lead {
            let (text, values) = in_spans("t.term", &lead.spans);
            conditions.push(format!("k.no IN (SELECT t.no FROM register_term t WHERE {text})"), values);
        }
        conditions.join(plain);
        let index = if lead.is_some() { "" } else { index };
        Plan { from: format!("register_key k{index}{looked_up}"), conditions, led: false }
    }

    /// For each way to read a word that some entry fits, its rarest need.
    async fn leads(&self, word: &Word) -> Result<Vec<Lead>> {
        let mut all = Vec::new();
        for needs in &word.readings {
            let mut rarest: Option<Lead> = None;
            for need in needs {
                let rows = self.rows_of(need).await?;
                if rarest.as_ref().is_none_or(|known| rows < known.rows) {
                    rarest =
                        Some(Lead { spans: need.clone(), rows, terms: needs.iter().filter_map(one_term).collect() });
                }
                if rows == 0 {
                    break;
                }
            }
            all.extend(rarest.filter(|lead| lead.rows > 0));
        }
        Ok(all)
    }

    /// Rows of terms in one of these ranges, counted up to [`RARE`].
    async fn rows_of(&self, spans: &Need) -> Result<i64> {
        let (text, mut values) = in_spans("term", spans);
        values.push(RARE.into());
        let text = format!("SELECT COUNT(*) FROM (SELECT 1 FROM register_term WHERE {text} LIMIT ?) counted");
        Ok(sql::scalar(self.reader(), &text, values).await?.unwrap_or(0))
    }

    /// That `column` holds a bound text.
    fn position(&self, column: &str) -> String {
        format!("{}({column}, ?) > 0", if self.is_sqlite() { "instr" } else { "strpos" })
    }

    /// Adds that a row has one of the values of a many-valued property; an empty one stands for none at all.
    fn have(&self, conditions: &mut Conditions, facet: &str, values: &[String]) {
        let position = self.position("k.facets");
        let text = |value: &String| match value.is_empty() {
            true => position.replace("> 0", "= 0"),
            false => position.clone(),
        };
        let word = |value: &String| match value.is_empty() {
            true => Value::from(format!(" {facet}:")),
            false => Value::from(format!(" {} ", facet_word(facet, value))),
        };
        let texts: Vec<String> = values.iter().map(text).collect();
        let text = if texts.is_empty() { "1 = 0".to_owned() } else { format!("({})", texts.join(" OR ")) };
        conditions.push(text, values.iter().map(word).collect());
    }

    /// Adds that a row has the word.
    fn prove(&self, conditions: &mut Conditions, wanted: &Word) {
        let mut texts = vec![self.position("k.name")];
        let mut values: Vec<Value> = vec![wanted.text.as_str().into()];
        if wanted.field == term::Field::NameOrCode && wanted.text.chars().count() >= 3 {
            texts.push(self.position("k.code_text"));
            values.push(wanted.text.as_str().into());
        }
        if wanted.text.bytes().all(|b| b.is_ascii_lowercase()) {
            texts.push(self.position("k.initials"));
            values.push(wanted.text.as_str().into());
        }
        for spelling in &wanted.spellings {
            texts.push(self.position("k.spelling"));
            values.push(spelling.as_str().into());
        }
        conditions.push(format!("({})", texts.join(" OR ")), values);
    }
}

/// The one term of a need that asks for one.
fn one_term(need: &Need) -> Option<i64> {
    match need.as_slice() {
        [span] if span.from == span.to => Some(span.from),
        _ => None,
    }
}

/// One lead from the ways to read a word; `None` where there is no way.
fn together(mut leads: Vec<Lead>) -> Option<Lead> {
    if leads.len() <= 1 {
        return leads.pop();
    }
    let rows = leads.iter().map(|lead| lead.rows).sum();
    Some(Lead { spans: leads.into_iter().flat_map(|lead| lead.spans).collect(), rows, terms: Vec::new() })
}

fn in_spans(column: &str, spans: &[Span]) -> (String, Vec<Value>) {
    if spans.is_empty() {
        return ("1 = 0".to_owned(), vec![]);
    }
    let text = |span: &Span| match span.from == span.to {
        true => format!("{column} = ?"),
        false => format!("({column} >= ? AND {column} <= ?)"),
    };
    let values = |span: &Span| match span.from == span.to {
        true => vec![Value::from(span.from)],
        false => vec![span.from.into(), span.to.into()],
    };
    (format!("({})", spans.iter().map(text).collect::<Vec<_>>().join(" OR ")), spans.iter().flat_map(values).collect())
}
