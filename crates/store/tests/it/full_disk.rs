//! A disk that is really full: a process of its own under a limit on file sizes, so that COMMIT itself fails half-way.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::{Outcome, World, draft, whole_journal};

const FOLDER: &str = "SUYUAN_TEST_FULL_DISK";
const ROUNDS: u64 = 100;

fn payload(n: u64) -> Vec<u8> {
    format!("{n:08}").repeat(512).into_bytes()
}

/// Runs this program's `child` where no file may pass `blocks` of the shell's own unit (512 or 1024 bytes).
fn run_limited(url: &str, blocks: u32) -> Outcome<String> {
    // With the signal ignored, a write past the limit fails like one on a full disk instead of ending the process.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe()?)
        .args(["--exact", "full_disk::child", "--ignored", "--nocapture"])
        .env(FOLDER, url)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("the child failed: {text}\n{}", String::from_utf8_lossy(&output.stderr)).into())
}

#[tokio::test]
#[ignore = "run by d_shape_a_full_disk_loses_nothing_that_was_acknowledged in a process of its own"]
async fn child() -> Outcome {
    let Ok(url) = std::env::var(FOLDER) else {
        return Ok(());
    };
    let store = suyuan_store::Store::connect(&url, "370200").await?;
    for n in 1..=ROUNDS {
        let written = async {
            let mut tx = store.begin().await?;
            tx.append(vec![
                draft("subject", n, 1, "up/normal", payload(n)),
                draft("event", n, 1, "up/bulk", payload(n)),
            ])
            .await?;
            tx.commit().await
        };
        println!("\n{} {n}", if written.await.is_ok() { "kept" } else { "refused" });
    }
    Ok(())
}

fn numbers(text: &str, word: &str) -> BTreeSet<u64> {
    text.lines().filter_map(|line| line.strip_prefix(word)?.trim().parse().ok()).collect()
}

#[tokio::test]
async fn d_shape_a_full_disk_loses_nothing_that_was_acknowledged() -> Outcome {
    let world = World::sqlite().await?;
    let url = format!("sqlite://{}", world.folder().join("node.db").display());
    world.store("370200").await?.migrate().await?;
    // Room for some of the writes behind the empty tables and what the log still holds of them, but not for all.
    let bytes = |name: &str| std::fs::metadata(world.folder().join(name)).map_or(0, |file| file.len());
    let empty = bytes("node.db").max(bytes("node.db-wal"));
    let text = run_limited(&url, u32::try_from(empty.div_ceil(512))? + 800)?;
    let (kept, refused) = (numbers(&text, "kept "), numbers(&text, "refused "));

    assert!(kept.len() > 5 && !refused.is_empty(), "{} kept, {} refused", kept.len(), refused.len());
    assert_eq!(kept.len() + refused.len(), usize::try_from(ROUNDS)?);

    let store = world.store("370200").await?;
    store.verify_chains(&[]).await?;
    let journal = whole_journal(&store, 500).await?;
    assert_eq!(journal.len(), 2 * kept.len());
    for (record, n) in journal.iter().zip(kept.iter().flat_map(|n| [n, n])) {
        assert_eq!(record.payload, payload(*n));
    }
    let mut tx = store.begin().await?;
    tx.append(vec![draft("subject", 9999, 1, "up/normal", "room again")]).await?;
    tx.commit().await?;
    store.verify_chains(&[]).await?;
    Ok(())
}
