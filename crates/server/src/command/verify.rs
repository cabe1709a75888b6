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
use suyuan_service::proof::evidence::{self, Folder};
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
    /// Kept batches and receipts of the exchange, from files alone: no configuration, no database, no network.
    Exchange,
}

/// Arguments of a proof.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// What is to be proved.
    #[arg(value_enum)]
    proof: Proof,
    /// Configuration file of the node; not for `exchange`.
    #[arg(long, required_unless_present = "dir")]
    config: Option<PathBuf>,
    /// Folder of the evidence, for `exchange`.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Folder of the journal's segments, for `exchange`; `segments` beside the folder of the evidence without it.
    #[arg(long)]
    segments: Option<PathBuf>,
    /// Public key of a node as CODE=FILE (SPKI PEM), for `exchange`; counts in place of the keys in the folder.
    #[arg(long)]
    peer: Vec<String>,
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
    if matches!(args.proof, Proof::Exchange) {
        return exchange(&args);
    }
    let config = args.config.as_deref().context("请用 --config 给出节点的配置文件")?;
    let config = Config::read(config, &*reference::divisions()?)?;
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
        Proof::Exchange => exchange(&args),
    }
}

fn exchange(args: &VerifyArgs) -> Result<()> {
    let evidence = args.dir.as_deref().context("请用 --dir 给出交换证据的文件夹")?;
    let beside = evidence.parent().map(|data| data.join("segments")).filter(|folder| folder.is_dir());
    let segments = args.segments.clone().or(beside);
    let keys = args.peer.iter().map(|given| key_of(given)).collect::<Result<Vec<_>>>()?;
    let proved = evidence::check(&Folder { evidence, segments: segments.as_deref(), keys: &keys })
        .map_err(|falsehood| anyhow::anyhow!("交换证据不成立：{falsehood}"))?;
    println!("节点 {} 的交换证据成立", proved.node);
    for chain in &proved.chains {
        println!(
            "与 {} 的 {}：第 {} 至 {} 批（{} 至 {}），文件 {} 个，批内记录 {} 条，清单与回执相符，链条无缺口",
            chain.peer,
            chain.name,
            chain.entries.0,
            chain.entries.1,
            chain.between.0,
            chain.between.1,
            chain.files,
            chain.records
        );
        for range in &chain.ranges {
            println!(
                "  {} 的 {} 世代 {}：第 {} 至 {} 条",
                range.node, range.stream, range.epoch, range.first, range.last
            );
        }
    }
    match proved.walked {
        Some((files, records)) => println!("日志封存文件 {files} 个、记录 {records} 条，内容与各批摘要逐条相符"),
        None => println!("没有日志封存文件：只证明了清单和回执，未逐条核对记录内容"),
    }
    for (code, fingerprint, given) in &proved.keys {
        println!(
            "公钥 {code} {fingerprint}（{}）",
            if *given { "由 --peer 给出" } else { "取自证据文件夹，请核对指纹" }
        );
    }
    Ok(())
}

/// Reads CODE=FILE.
fn key_of(given: &str) -> Result<(String, VerifyingKey)> {
    let (code, path) = given.split_once('=').with_context(|| format!("{given} 应写作 节点代码=公钥文件"))?;
    let text = std::fs::read_to_string(path).with_context(|| format!("无法读取 {path}"))?;
    let key = VerifyingKey::from_spki_pem(&text).map_err(|_| anyhow::anyhow!("{path} 不是有效的 SM2 公钥"))?;
    Ok((code.to_owned(), key))
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
