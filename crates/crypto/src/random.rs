//! Where randomness (随机数) comes from: the operating system in service, a seed in tests and in the simulator.
//!
//! Library code takes `&dyn Entropy` and never reaches for a source itself. A failing source is an error that stops the
//! operation; there is no fallback. Serves H-8 and G-10.

use crate::hash::sm3_parts;
use crate::{CryptoError, Result};
use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source fails; the buffer must then not be used.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}

/// The operating system's generator: the only source for a running service.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        getrandom::fill(buffer).map_err(|_| CryptoError::Random)
    }
}

/// A repeatable source for **tests and the simulator only**: whoever knows the seed knows every key made from it.
///
/// SM3 over seed and counter; one stream shared by all threads that hold it.
pub struct SeededEntropy {
    seed: u64,
    state: Mutex<Stream>,
}

#[derive(Default)]
struct Stream {
    counter: u64,
    rest: Vec<u8>,
}

impl SeededEntropy {
    /// The stream that belongs to `seed`, from its beginning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, state: Mutex::default() }
    }
}

impl fmt::Debug for SeededEntropy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SeededEntropy(..)")
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        // A poisoned stream is still a valid stream: the state is only ever replaced whole.
        let mut stream = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in buffer {
            if stream.rest.is_empty() {
                let block = sm3_parts(&[b"seeded", &self.seed.to_be_bytes(), &stream.counter.to_be_bytes()]);
                stream.counter = stream.counter.wrapping_add(1);
                stream.rest = block.to_vec();
            }
            *byte = stream.rest.pop().ok_or(CryptoError::Random)?;
        }
        Ok(())
    }
}

/// `N` random bytes, for salts and keys.
///
/// # Errors
/// [`CryptoError::Random`] when the source fails.
pub fn array<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// Draws after which a source counts as broken. One operation needs fewer than ten; rejection happens once in 2^32.
const DRAWS: u32 = 1024;

/// Lends an [`Entropy`] to the curve library and keeps a stuck source from looping for ever.
pub(crate) struct Draw<'a> {
    source: &'a dyn Entropy,
    left: u32,
    failed: bool,
}

impl<'a> Draw<'a> {
    pub(crate) fn new(source: &'a dyn Entropy) -> Self {
        Self { source, left: DRAWS, failed: false }
    }

    /// The error to report: the source's if the source was the reason, else the operation's own.
    pub(crate) fn blame(&self, otherwise: CryptoError) -> CryptoError {
        if self.failed { CryptoError::Random } else { otherwise }
    }
}

impl TryRng for Draw<'_> {
    type Error = CryptoError;

    fn try_next_u32(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<()> {
        let drawn = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.source.fill(buffer)
            }
            None => Err(CryptoError::Random),
        };
        self.failed |= drawn.is_err();
        drawn
    }
}

impl TryCryptoRng for Draw<'_> {}
