//! The node's own secrets: signing key, sealing key and instance id, made at the first start and kept in files that only
//! the node's user can read. The instance id is outside backups, so that a copied installation is noticed.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use suyuan_crypto::random::Entropy;
use suyuan_crypto::seal::SecretKey;
use suyuan_crypto::sign::SigningKey;

/// The node's own secrets.
pub struct Keys {
    /// For signatures.
    pub signing: SigningKey,
    /// For what is sealed at rest.
    pub sealing: SecretKey,
    /// This installation.
    pub instance: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// Reads the secrets from `data_dir`, or makes them.
///
/// # Errors
/// When a file cannot be read or written, or holds something else.
pub fn load_or_make(data_dir: &Path, entropy: &dyn Entropy) -> Result<Keys> {
    let folder = data_dir.join("keys");
    std::fs::create_dir_all(&folder).with_context(|| format!("无法创建目录 {}", folder.display()))?;
    let signing = kept(&folder.join("node.pem"), || Ok(SigningKey::generate(entropy)?.to_pkcs8_pem().to_string()))?;
    let sealing =
        kept(&folder.join("seal.hex"), || Ok(suyuan_crypto::hash::hex(SecretKey::generate(entropy)?.as_bytes())))?;
    let instance = kept(&data_dir.join("instance"), || {
        Ok(suyuan_crypto::hash::hex(&suyuan_crypto::random::array::<16>(entropy)?))
    })?;
    Ok(Keys {
        signing: SigningKey::from_pkcs8_pem(&signing).context("keys/node.pem 不是有效的 SM2 私钥")?,
        sealing: SecretKey::from_bytes(sealing_bytes(sealing.trim()).context("keys/seal.hex 不是有效的密钥")?),
        instance: instance.trim().to_owned(),
    })
}

fn sealing_bytes(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0u8; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// The text of a file, which is first made where it is missing.
fn kept(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(text);
    }
    let text = make()?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("无法写入 {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}
