//! Editions of packs: kept once, in the order of arrival, byte for byte.

use suyuan_store::pack::{EditionHead, EditionRow};

use crate::support::{Outcome, at, object, on_both};

fn edition(node: &str, number: u64, text: &str) -> EditionRow {
    EditionRow {
        head: EditionHead {
            object: object(7),
            number,
            name: "rules.toml".into(),
            node: node.into(),
            version: format!("2026.{number}"),
            valid_from: "2026-12-01".parse().expect("a day"),
            sm3: "00".repeat(32),
            note: "节前收紧冷链温度".into(),
            published_at: at(5),
            published_by: "system".into(),
        },
        text: text.into(),
    }
}

#[tokio::test]
async fn n_tier_an_edition_is_kept_once_and_read_back_as_it_was_written() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        assert_eq!(store.last_pack_edition().await?, 0);
        let text = "version = \"2026.2\"\r\n# 注释 ‘’\n";
        let (first, other) = (edition("000000", 2, text), edition("370000", 1, "version = \"1\""));
        let tx = store.begin().await?;
        assert!(tx.keep_pack_edition(&first, at(6)).await?);
        assert!(!tx.keep_pack_edition(&edition("000000", 2, "another text"), at(7)).await?);
        assert!(tx.keep_pack_edition(&other, at(8)).await?);
        assert_eq!(tx.pack_editions().await?.len(), 2);
        tx.commit().await?;
        let kept = store.pack_editions().await?;
        assert_eq!(kept.iter().map(|row| &row.head).collect::<Vec<_>>(), [&first.head, &other.head]);
        assert_eq!(kept[0].arrived_at, at(6));
        assert_eq!(store.pack_text(kept[0].id).await?.as_deref(), Some(text));
        assert_eq!(store.last_pack_edition().await?, kept[1].id);
        assert_eq!(store.pack_text(0).await?, None);
        Ok(())
    })
    .await
}
