//! `suyuan verify`: proofs over what is kept, from stored bytes. Rows: G-5.4.3c, H-8.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use suyuan_crypto::random::OsEntropy;
use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::period::Day;
use suyuan_service::audit::head::{self, HeadFile};
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
    /// The chain of the audit trail, compared with the signed ends of days.
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
    /// First day of the audit trail, as 2026-11-21; the beginning without it.
    #[arg(long)]
    from: Option<Day>,
    /// Last day of the audit trail; the present end without it.
    #[arg(long)]
    to: Option<Day>,
    /// Ends of days as the tier above has kept them: the answer of `/api/v1/console/audit/heads` there.
    #[arg(long)]
    heads: Option<PathBuf>,
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
            Ok(())
        }
        Proof::Audit => audit(&config, &store, &own, &args).await,
    }
}

async fn audit(config: &Config, store: &Store, own: &VerifyingKey, args: &VerifyArgs) -> Result<()> {
    let copies = args.heads.as_deref().map(copies).transpose()?.unwrap_or_default();
    let check = head::Check {
        node: &config.node.code,
        key: own,
        data_dir: &config.node.data_dir,
        from: args.from,
        to: args.to,
        copies: &copies,
    };
    match head::check(store, &check).await? {
        Ok(walked) => {
            println!("审计记录 {} 条，至第 {} 条，链条完整", walked.rows, walked.seq);
            Ok(())
        }
        Err(fault) => bail!("审计日志不完整：{fault}"),
    }
}

/// Reads heads kept elsewhere: a list, or an answer of the interface that holds one.
fn copies(path: &Path) -> Result<Vec<HeadFile>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Saved {
        Answer { items: Vec<HeadFile> },
        List(Vec<HeadFile>),
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("无法读取 {}", path.display()))?;
    let saved = serde_json::from_str(&text).with_context(|| format!("{} 不是链头清单", path.display()))?;
    Ok(match saved {
        Saved::Answer { items } | Saved::List(items) => items,
    })
}
