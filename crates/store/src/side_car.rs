//! Plain values of sealed fields, beside the journal: outside hash and signature, sealed at rest under a key per person.
//!
//! The journal holds only the commitment SM3(salt‖plain). Erasing a person destroys the key; what is sealed under it can
//! never be read again, the journal's chains stay whole.

use suyuan_crypto::commit;
use suyuan_crypto::random::{self, Entropy};
use suyuan_crypto::seal::{self, SecretKey};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// The fact about the node that tells which erasure was the last.
pub const ERASED: &str = "erased";

/// A sealed field's plain value with its salt.
#[derive(Clone, PartialEq, Eq)]
pub struct SideCar {
    /// Where in the payload the commitment stands, such as `contact.phone`.
    pub path: String,
    /// Sixteen random bytes.
    pub salt: [u8; 16],
    /// The plain value.
    pub plain: Vec<u8>,
}

impl std::fmt::Debug for SideCar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SideCar").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SideCar {
    /// The commitment that stands in the payload.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        commit::commit(&self.salt, &self.plain)
    }
}

fn person_place(person: ObjectId) -> Vec<u8> {
    seal::place(&["person_key", "wrapped", &person.to_string()])
}

fn value_place(person: ObjectId, commitment: &[u8; 32]) -> Vec<u8> {
    seal::place(&["side_car", "sealed", &person.to_string(), &suyuan_crypto::hash::hex(commitment)])
}

impl Tx {
    /// Keeps side-cars of `object` under the key of `person`, which is made at first use.
    ///
    /// # Errors
    /// When the person was erased (a conflict), or the database or the random source refuses.
    pub async fn keep_side_cars(
        &self,
        node_key: &SecretKey,
        object: ObjectId,
        person: ObjectId,
        cars: &[SideCar],
        entropy: &dyn Entropy,
    ) -> Result<()> {
        if cars.is_empty() {
            return Ok(());
        }
        let key = self.person_key(node_key, person, entropy).await?;
        for car in cars {
            let commitment = car.commitment();
            let mut bytes = car.salt.to_vec();
            bytes.extend_from_slice(&car.plain);
            let sealed = seal::seal(&key, &value_place(person, &commitment), &bytes, entropy)?;
            let text = "INSERT INTO side_car (commitment, object, path, person, sealed) VALUES (?, ?, ?, ?, ?) \
                        ON CONFLICT (commitment) DO NOTHING";
            let values = vec![
                commitment.to_vec().into(),
                sql::id(object),
                car.path.as_str().into(),
                sql::id(person),
                sealed.into(),
            ];
            sql::execute(self.db(), text, values).await?;
        }
        Ok(())
    }

    async fn person_key(&self, node_key: &SecretKey, person: ObjectId, entropy: &dyn Entropy) -> Result<SecretKey> {
        let text = "SELECT wrapped FROM person_key WHERE person = ?";
        let stored: Option<Option<Vec<u8>>> = sql::scalar(self.db(), text, vec![sql::id(person)]).await?;
        match stored {
            Some(Some(wrapped)) => open_person_key(node_key, person, &wrapped),
            Some(None) => Err(StoreError::Conflict { what: "person erased" }),
            None => {
                let bytes: [u8; 16] = random::array(entropy)?;
                let wrapped = seal::seal(node_key, &person_place(person), &bytes, entropy)?;
                let text = "INSERT INTO person_key (person, wrapped) VALUES (?, ?)";
                sql::execute(self.db(), text, vec![sql::id(person), wrapped.into()]).await?;
                Ok(SecretKey::from_bytes(bytes))
            }
        }
    }

    /// Destroys the key of `person` and what was sealed under it, and notes under [`ERASED`] that something was erased.
    /// Doing it again changes nothing more.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn erase_person(&self, person: ObjectId, now: Timestamp) -> Result<()> {
        let text = "INSERT INTO person_key (person, wrapped, erased_at) VALUES (?, NULL, ?) \
                    ON CONFLICT (person) DO UPDATE SET wrapped = NULL, \
                    erased_at = COALESCE(person_key.erased_at, excluded.erased_at)";
        self.overwrite_deleted("ON").await?;
        sql::execute(self.db(), text, vec![sql::id(person), now.millis().into()]).await?;
        sql::execute(self.db(), "DELETE FROM side_car WHERE person = ?", vec![sql::id(person)]).await?;
        self.overwrite_deleted("FAST").await?;
        // Another value each time: housekeeping sees that something was erased since it looked last.
        self.set_state(ERASED, &format!("{person}/{}", now.millis())).await
    }
}

impl Tx {
    /// Seals personal data of `person` that stand in a register's row, under the person's key, which is made at first use.
    /// `name` says where the value stands.
    ///
    /// # Errors
    /// When the person was erased (a conflict), or the database or the random source refuses.
    pub async fn seal_for_person(
        &self,
        node_key: &SecretKey,
        person: ObjectId,
        name: &str,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>> {
        let key = self.person_key(node_key, person, entropy).await?;
        Ok(seal::seal(&key, &personal_place(person, name), plain, entropy)?)
    }
}

fn personal_place(person: ObjectId, name: &str) -> Vec<u8> {
    seal::place(&["personal", name, &person.to_string()])
}

/// Opens what [`Tx::seal_for_person`] sealed; `wrapped` is the person's key as it is stored.
///
/// # Errors
/// When it does not open under that key.
pub fn open_for_person(
    node_key: &SecretKey,
    person: ObjectId,
    name: &str,
    wrapped: &[u8],
    sealed: &[u8],
) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    let key = open_person_key(node_key, person, wrapped)?;
    Ok(seal::open(&key, &personal_place(person, name), sealed)?)
}

impl Tx {
    /// Whether SQLite overwrites with zeros all that is deleted (`ON`), or only where it writes anyway (`FAST`).
    pub(crate) async fn overwrite_deleted(&self, switch: &'static str) -> Result<()> {
        if self.is_sqlite() {
            sql::rows(self.db(), &format!("PRAGMA secure_delete = {switch}"), vec![]).await?;
        }
        Ok(())
    }
}

fn open_person_key(node_key: &SecretKey, person: ObjectId, wrapped: &[u8]) -> Result<SecretKey> {
    let plain = seal::open(node_key, &person_place(person), wrapped)?;
    let bytes: [u8; 16] = plain.as_slice().try_into().map_err(|_| StoreError::damaged("person key", "length"))?;
    Ok(SecretKey::from_bytes(bytes))
}

async fn side_cars<C: sea_orm::ConnectionTrait>(
    db: &C,
    node_key: &SecretKey,
    object: ObjectId,
) -> Result<Vec<SideCar>> {
    let text = "SELECT s.commitment, s.path, s.person, s.sealed, k.wrapped FROM side_car s \
                JOIN person_key k ON k.person = s.person WHERE s.object = ? AND k.wrapped IS NOT NULL ORDER BY s.path";
    let mut cars = Vec::new();
    for row in sql::rows(db, text, vec![sql::id(object)]).await? {
        let commitment = sql::digest(&row.try_get_by_index::<Vec<u8>>(0)?)?;
        let person = sql::object(&row.try_get_by_index::<Vec<u8>>(2)?)?;
        let key = open_person_key(node_key, person, &row.try_get_by_index::<Vec<u8>>(4)?)?;
        let bytes = seal::open(&key, &value_place(person, &commitment), &row.try_get_by_index::<Vec<u8>>(3)?)?;
        let Some((salt, plain)) = bytes.split_first_chunk::<16>() else {
            return Err(StoreError::damaged("side-car", "too short"));
        };
        cars.push(SideCar { path: row.try_get_by_index(1)?, salt: *salt, plain: plain.to_vec() });
    }
    Ok(cars)
}

impl Tx {
    /// The side-cars of an object that can still be opened, those of this transaction among them.
    ///
    /// # Errors
    /// As [`Store::side_cars`].
    pub async fn side_cars(&self, node_key: &SecretKey, object: ObjectId) -> Result<Vec<SideCar>> {
        side_cars(self.db(), node_key, object).await
    }
}

impl Store {
    /// The side-cars of an object that can still be opened.
    ///
    /// # Errors
    /// When the database is out of reach or a stored value does not open under its key.
    pub async fn side_cars(&self, node_key: &SecretKey, object: ObjectId) -> Result<Vec<SideCar>> {
        side_cars(self.reader(), node_key, object).await
    }
}
