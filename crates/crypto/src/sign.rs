//! SM2 signatures (签名) over messages: DER, user id `1234567812345678`, keys as PKCS#8 and SPKI PEM (GB/T 35276).
//!
//! There is no way to sign or verify a hash computed elsewhere: that would allow forgeries. Keys are checked when loaded.
//! Certificates are not read here. Serves H-8 and the signed records between nodes.

use crate::hash::{hex, sm3};
use crate::random::{Draw, Entropy};
use crate::{CryptoError, Result};
use sm2::dsa::Signature;
use sm2::dsa::signature::{RandomizedSigner, Verifier};
use sm2::elliptic_curve::Generate;
use sm2::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use std::fmt;
use zeroize::Zeroizing;

/// The user id that GB/T 35276 fixes for signatures.
pub const USER_ID: &str = "1234567812345678";

/// Longest PEM text accepted, in bytes; a key has about 250.
const PEM_LIMIT: usize = 4096;

/// An SM2 private key (私钥); wiped when dropped, never shown.
#[derive(Clone)]
pub struct SigningKey {
    secret: sm2::SecretKey,
    public: VerifyingKey,
}

impl SigningKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source fails.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self> {
        // Not `SecretKey`'s own generator: that one can yield zero, on which the library panics.
        let scalar = sm2::NonZeroScalar::try_generate_from_rng(&mut Draw::new(entropy))?;
        Self::checked(sm2::SecretKey::from(scalar))
    }

    /// Reads an unencrypted PKCS#8 PEM text and checks curve, range and the public key stored with it.
    ///
    /// # Errors
    /// [`CryptoError::Key`] for anything but an SM2 key with 1 ≤ d ≤ n−2.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self> {
        if pem.len() > PEM_LIMIT {
            return Err(CryptoError::Key("文本过长"));
        }
        let secret =
            sm2::SecretKey::from_pkcs8_pem(pem).map_err(|_| CryptoError::Key("不是 SM2 的 PKCS#8 PEM 私钥"))?;
        Self::checked(secret)
    }

    /// The key as PKCS#8 PEM, for the key file of a node; wiped when dropped.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        self.secret.to_pkcs8_pem(LineEnding::LF).expect("fixed-size fields always encode")
    }

    /// The public key that belongs to this key.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// Signs a message. The nonce mixes fresh randomness with key and message, so a weak source alone does not leak the key.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source fails.
    pub fn sign(&self, message: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>> {
        let signer = sm2::dsa::SigningKey::from_nonzero_scalar(USER_ID, self.secret.to_nonzero_scalar())
            .map_err(|_| CryptoError::Sign)?;
        let mut draw = Draw::new(entropy);
        let signature: Signature =
            signer.try_sign_with_rng(&mut draw, message).map_err(|_| draw.blame(CryptoError::Sign))?;
        Ok(signature.to_der().to_vec())
    }

    pub(crate) fn secret(&self) -> &sm2::SecretKey {
        &self.secret
    }

    fn checked(secret: sm2::SecretKey) -> Result<Self> {
        // d = n-1 has no inverse of d+1, so it can never sign.
        let one = sm2::Scalar::ONE;
        if *secret.to_nonzero_scalar() + one == sm2::Scalar::ZERO {
            return Err(CryptoError::Key("私钥超出范围"));
        }
        let public = VerifyingKey::from_point(secret.public_key())?;
        Ok(Self { secret, public })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey(..)")
    }
}

/// An SM2 public key (公钥), known to be a point of the curve.
#[derive(Clone)]
pub struct VerifyingKey {
    inner: sm2::dsa::VerifyingKey,
    sec1: [u8; 65],
}

impl VerifyingKey {
    /// Reads a SubjectPublicKeyInfo PEM text.
    ///
    /// # Errors
    /// [`CryptoError::Key`] for anything but a point of the SM2 curve.
    pub fn from_spki_pem(pem: &str) -> Result<Self> {
        if pem.len() > PEM_LIMIT {
            return Err(CryptoError::Key("文本过长"));
        }
        let point =
            sm2::PublicKey::from_public_key_pem(pem).map_err(|_| CryptoError::Key("不是 SM2 的 SPKI PEM 公钥"))?;
        Self::from_point(point)
    }

    /// The key as SubjectPublicKeyInfo PEM.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        self.inner.to_public_key_pem(LineEnding::LF).expect("fixed-size fields always encode")
    }

    /// Reads `04‖X‖Y`, 65 bytes; compressed forms are refused.
    ///
    /// # Errors
    /// [`CryptoError::Key`] for another form or a point off the curve.
    pub fn from_sec1_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() != 65 || bytes.first() != Some(&4) {
            return Err(CryptoError::Key("公钥应为 04 开头的 65 字节"));
        }
        let point = sm2::PublicKey::from_sec1_bytes(bytes).map_err(|_| CryptoError::Key("公钥不在曲线上"))?;
        Self::from_point(point)
    }

    /// `04‖X‖Y`.
    #[must_use]
    pub fn to_sec1_bytes(&self) -> [u8; 65] {
        self.sec1
    }

    /// Short name of the key for people and logs (指纹): 16 hexadecimal characters, the first 8 bytes of SM3(`04‖X‖Y`).
    ///
    /// Names a key among known ones; too short to be trusted as proof of identity.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = hex(&sm3(&self.sec1));
        text.truncate(16);
        text
    }

    /// Checks a DER signature over a message. One signature has exactly one accepted encoding.
    ///
    /// # Errors
    /// [`CryptoError::Verify`] whatever the reason.
    pub fn verify(&self, message: &[u8], der: &[u8]) -> Result<()> {
        let signature = Signature::from_der(der).map_err(|_| CryptoError::Verify)?;
        // Encoding again is the plainest proof that the input was canonical.
        if signature.to_der().as_bytes() != der {
            return Err(CryptoError::Verify);
        }
        self.inner.verify(message, &signature).map_err(|_| CryptoError::Verify)
    }

    pub(crate) fn point(&self) -> sm2::PublicKey {
        sm2::PublicKey::from(&self.inner)
    }

    fn from_point(point: sm2::PublicKey) -> Result<Self> {
        let sec1 = <[u8; 65]>::try_from(&*point.to_sec1_bytes()).map_err(|_| CryptoError::Key("公钥不在曲线上"))?;
        let inner = sm2::dsa::VerifyingKey::new(USER_ID, point).map_err(|_| CryptoError::Key("公钥不在曲线上"))?;
        Ok(Self { inner, sec1 })
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.sec1 == other.sec1
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "VerifyingKey({})", self.fingerprint())
    }
}
