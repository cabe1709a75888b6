//! Personal values of documents: at rest and in the journal a document holds masks and commitments, the plain values lie in
//! side-cars under a key per person. Rows: G-10.4, H-6.5, H-7.3.
//!
//! Which values are personal is what a document's mask hides. A register seals them when it says so
//! ([`Document::SEALED`]); documents written before that are read as they are and sealed with their next change.

use serde_json::{Map, Value};
use suyuan_crypto::hash::hex;
use suyuan_crypto::random;
use suyuan_domain::id::ObjectId;
use suyuan_store::side_car::SideCar;

use super::Document;
use crate::Result;
use crate::node::Node;

/// Member of a stored document with the commitments by field.
pub(super) const SEALED: &str = "sealed";

/// A document as it is stored, with the plain values that have to be kept beside it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// JSON with masks and commitments.
    pub(crate) text: String,
    /// Plain values that are new.
    pub(crate) cars: Vec<SideCar>,
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// `doc` as it is stored. `known` are the side-cars of the object so far: an unchanged value keeps its commitment.
///
/// # Errors
/// When the random source refuses.
pub(crate) fn kept<D: Document>(node: &Node, doc: &D, known: &[SideCar]) -> Result<Kept> {
    if !D::SEALED {
        return Ok(Kept { text: serde_json::to_string(doc)?, cars: Vec::new() });
    }
    let full = members(serde_json::to_value(doc)?);
    let mut stored = members(serde_json::to_value(doc.masked())?);
    let (mut commitments, mut cars) = (Map::new(), Vec::new());
    for (key, plain) in full {
        if stored.get(&key) == Some(&plain) {
            continue;
        }
        let plain = serde_json::to_vec(&plain)?;
        let car = match known.iter().find(|car| car.path == key && car.plain == plain) {
            Some(car) => car.clone(),
            None => {
                let car = SideCar { path: key.clone(), salt: random::array(&*node.entropy)?, plain };
                cars.push(car.clone());
                car
            }
        };
        commitments.insert(key, hex(&car.commitment()).into());
    }
    if !commitments.is_empty() {
        stored.insert(SEALED.to_owned(), Value::Object(commitments));
    }
    Ok(Kept { text: Value::Object(stored).to_string(), cars })
}

/// A stored document in full, as far as its plain values can be opened with `cars`; what was erased stays masked.
///
/// # Errors
/// When the text is no such document.
pub(crate) fn opened_with<D: Document>(text: &str, cars: &[SideCar]) -> Result<D> {
    let mut stored = members(serde_json::from_str(text)?);
    let commitments = stored.remove(SEALED).map(members).unwrap_or_default();
    for (key, commitment) in commitments {
        let mine = |car: &&SideCar| car.path == key && commitment.as_str() == Some(hex(&car.commitment()).as_str());
        if let Some(car) = cars.iter().find(mine) {
            stored.insert(key, serde_json::from_slice(&car.plain)?);
        }
    }
    Ok(serde_json::from_value(Value::Object(stored))?)
}

/// The side-cars of an object; none for registers that do not seal.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn cars<D: Document>(node: &Node, object: ObjectId) -> Result<Vec<SideCar>> {
    if !D::SEALED {
        return Ok(Vec::new());
    }
    Ok(node.store.side_cars(&node.sealing_key, object).await?)
}

/// A stored document of `object` in full.
///
/// # Errors
/// When the database is out of reach.
pub async fn opened<D: Document>(node: &Node, object: ObjectId, text: &str) -> Result<D> {
    opened_with(text, &cars::<D>(node, object).await?)
}

/// A form shows personal values masked; sent back unchanged, those of `stored` stay.
///
/// # Errors
/// Never for a document of this version.
pub(crate) fn keep_hidden<D: Document>(doc: &mut D, stored: &D) -> Result<()> {
    let (shown, full) = (members(serde_json::to_value(stored.masked())?), members(serde_json::to_value(stored)?));
    let mut value = members(serde_json::to_value(&*doc)?);
    for (key, masked) in shown {
        if full.get(&key) != Some(&masked) && value.get(&key) == Some(&masked) {
            value.insert(key.clone(), full.get(&key).cloned().unwrap_or_default());
        }
    }
    *doc = serde_json::from_value(Value::Object(value))?;
    Ok(())
}
