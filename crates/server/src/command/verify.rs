//! `suyuan verify`: proofs over what is kept, from stored bytes.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use suyuan_crypto::random::OsEntropy;
use suyuan_service::proof;
use suyuan_store::Store;
use suyuan_store::segment::Archive;

use crate::config::Config;
use crate::keys;
use crate::reference;

/// What is to be proved.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Proof {
    /// Every chain of the journal, over table and segments.
    Journal,
    /// The chain of the audit trail.
    Audit,
}

/// Arguments of a proof.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// What is to be proved.
    #[arg(value_enum)]
    proof: Proof,
    /// Configuration file of the node.
    #[arg(long)]
    config: PathBuf,
}

/// Runs a proof; the first false record is an error that names it.
pub(super) async fn run(args: VerifyArgs) -> Result<()> {
    let config = Config::read(&args.config, &*reference::divisions()?)?;
    let own = keys::load_or_make(&config.node.data_dir, &OsEntropy)?.signing.verifying_key();
    let archive = Archive::new(&config.node.data_dir, own.clone());
    let store = Store::connect(&config.database.url, &config.node.code).await?.with_archive(archive);
    match args.proof {
        Proof::Journal => {
            for head in proof::everything(&store, &own).await? {
                println!("{} {} 世代 {} 共 {} 条，链条完整", head.node, head.stream, head.epoch, head.seq);
            }
        }
        Proof::Audit => println!("审计记录 {} 条，链条完整", store.verify_audit().await?),
    }
    Ok(())
}
