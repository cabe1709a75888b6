//! The only crate that touches SM2, SM3 and SM4 (国密算法): hashes, signatures, sealed fields, wrapped keys, commitments, tokens.
//!
//! Nothing here panics on input from outside, every decryption failure is the one [`CryptoError::Open`], signatures are made
//! over messages and never over foreign hashes, and key material shows in no `Debug` text. Randomness is always handed in
//! as [`random::Entropy`]; its failure stops the operation.
//!
//! Left to others: naming, storing and rotating keys (`service`), transport (`exchange`), passwords (`security`). Software
//! only: a certified device can later stand behind the same functions.
//!
//! Algorithms: GB/T 32918 (SM2), GB/T 32905 (SM3), GB/T 32907 (SM4); wire forms after GB/T 35276 (DER, PKCS#8, SPKI,
//! user id `1234567812345678`); SM4-GCM after RFC 8998. One exception: ID tokens for other offices' software are signed
//! with ECDSA on P-256 ([`es256`]). Serves rows H-8, H-7.3, H-9.4 and G-10.

pub mod commit;
pub mod es256;
pub mod hash;
pub mod random;
pub mod seal;
pub mod sign;
pub mod token;
pub mod wrap;

/// Everything that can go wrong in this crate; deliberately says nothing about the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The source of randomness failed; nothing was produced.
    #[error("随机数源不可用，操作已停止")]
    Random,
    /// A key was refused when loaded; the text names the kind of fault, never the key.
    #[error("密钥无效：{0}")]
    Key(&'static str),
    /// A signature could not be made with this key.
    #[error("签名失败")]
    Sign,
    /// A signature is malformed or does not belong to this message and key.
    #[error("签名验证未通过")]
    Verify,
    /// The plaintext could not be sealed or the key not be wrapped (plaintext beyond the limit of the mode).
    #[error("加密失败")]
    Seal,
    /// A sealed value or wrapped key could not be opened, for whatever reason.
    #[error("解密失败")]
    Open,
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, CryptoError>;
