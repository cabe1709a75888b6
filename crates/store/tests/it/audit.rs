//! The audit trail under attack: whoever has the rights of the database alters, removes, adds, swaps and rewrites rows, and
//! the walk names the first one. Rows: G-5.4.3c, H-6.5.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::scope::Scope;
use suyuan_store::Store;
use suyuan_store::audit::figure::{By, Column};
use suyuan_store::audit::walk::{Anchor, Flaw, Verdict};
use suyuan_store::audit::{AuditEntry, AuditFilter};

use crate::support::{Outcome, World, on_both};

const ROWS: u64 = 20;

fn entry(number: u64) -> AuditEntry {
    let text = |text: &str| text.to_owned();
    AuditEntry {
        at: Timestamp::from_millis(1_700_000_000_000 + i64::try_from(number).unwrap_or(0) * 3_600_000),
        actor: text(if number.is_multiple_of(2) { "甲" } else { "乙" }),
        role: text("supervisor"),
        division: text("370200"),
        address: text("10.0.0.1"),
        action: text(if number.is_multiple_of(5) { "subject.unmask" } else { "subject.update" }),
        object_kind: text("subject"),
        object_id: format!("S{number}"),
        result: text(if number.is_multiple_of(7) { "denied" } else { "ok" }),
        reason: String::new(),
        before: Some(text("draft")),
        after: None,
        request_id: format!("R{number}"),
    }
}

async fn trail(world: &World) -> Outcome<Store> {
    let store = world.store("370200").await?;
    for number in 1..=ROWS {
        let tx = store.begin().await?;
        assert_eq!(tx.audit(&entry(number)).await?, number);
        tx.commit().await?;
    }
    world.run("CREATE TABLE kept_audit AS SELECT * FROM audit").await?;
    Ok(store)
}

async fn restore(world: &World) -> Outcome {
    world.run("DELETE FROM audit").await?;
    world.run("INSERT INTO audit SELECT * FROM kept_audit").await?;
    world.run(&format!("UPDATE counter SET value = {ROWS} WHERE name = 'audit'")).await
}

fn flaw(verdict: Verdict) -> (Flaw, u64, String, String) {
    let fault = verdict.expect_err("the attack was passed over");
    (fault.flaw, fault.seq, fault.action, fault.by)
}

/// What is done behind the store's back, and what the walk says: the flaw, the row, what the row tells of.
const ATTACKS: [(&[&str], Flaw, u64, &str); 10] = [
    (&["UPDATE audit SET object_id = 'S8' WHERE seq = 7"], Flaw::Altered, 7, "subject.update"),
    (&["UPDATE audit SET at = at + 1 WHERE seq = 1"], Flaw::Altered, 1, "subject.update"),
    (&["UPDATE audit SET after_doc = '' WHERE seq = 20"], Flaw::Altered, 20, "subject.unmask"),
    (&["DELETE FROM audit WHERE seq = 9"], Flaw::Missing, 9, "subject.update"),
    (&["DELETE FROM audit WHERE seq > 17"], Flaw::Missing, 18, "subject.update"),
    (&["DELETE FROM audit"], Flaw::Missing, 1, ""),
    (
        &[
            "UPDATE audit SET seq = 105 WHERE seq = 5",
            "UPDATE audit SET seq = 5 WHERE seq = 6",
            "UPDATE audit SET seq = 6 WHERE seq = 105",
        ],
        Flaw::Altered,
        5,
        "subject.update",
    ),
    (
        &[
            "UPDATE audit SET seq = seq + 1000 WHERE seq >= 10",
            "UPDATE audit SET seq = seq - 999 WHERE seq >= 1000",
            "CREATE TABLE one AS SELECT * FROM audit WHERE seq = 9",
            "UPDATE one SET seq = 10",
            "INSERT INTO audit SELECT * FROM one",
            "DROP TABLE one",
            "UPDATE counter SET value = 21 WHERE name = 'audit'",
        ],
        Flaw::Altered,
        10,
        "subject.update",
    ),
    (
        &[
            "CREATE TABLE one AS SELECT * FROM audit WHERE seq = 20",
            "UPDATE one SET seq = 21",
            "INSERT INTO audit SELECT * FROM one",
            "DROP TABLE one",
        ],
        Flaw::Added,
        21,
        "subject.unmask",
    ),
    (
        &[
            "CREATE TABLE one AS SELECT * FROM audit WHERE seq = 1",
            "UPDATE one SET seq = 0",
            "INSERT INTO audit SELECT * FROM one",
            "DROP TABLE one",
        ],
        Flaw::Added,
        0,
        "subject.update",
    ),
];

#[tokio::test]
async fn g_5_4_3c_every_attack_on_the_trail_is_found_and_the_row_named() -> Outcome {
    on_both(async |world| {
        let store = trail(world).await?;
        let whole = store.walk_audit(None, None, &[]).await?.expect("a whole trail");
        assert_eq!((whole.rows, whole.seq), (ROWS, ROWS));
        for (statements, expected, seq, action) in ATTACKS {
            for statement in statements {
                world.run(statement).await?;
            }
            let (found, at, told, _) = flaw(store.walk_audit(None, None, &[]).await?);
            assert_eq!((found, at, told.as_str()), (expected, seq, action), "{statements:?}");
            restore(world).await?;
            assert!(store.walk_audit(None, None, &[]).await?.is_ok(), "after {statements:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_5_4_3c_what_a_chain_alone_cannot_see_is_seen_by_what_was_signed() -> Outcome {
    on_both(async |world| {
        let store = trail(world).await?;
        let rows = store.audit_rows(&Scope::everything(), &AuditFilter::default(), None, 50).await?.items;
        let anchor = |seq: u64| {
            let row = rows.iter().find(|row| row.seq == seq).expect("a row");
            Anchor { seq, hash: row.hash, by: format!("第 {seq} 条") }
        };
        let anchors = [anchor(10), anchor(20)];
        assert!(store.walk_audit(None, None, &anchors).await?.is_ok());

        // The tail is cut and the counter set back: the chain is whole, the signed end is not.
        world.run("DELETE FROM audit WHERE seq > 17").await?;
        world.run("UPDATE counter SET value = 17 WHERE name = 'audit'").await?;
        assert!(store.walk_audit(None, None, &[]).await?.is_ok());
        assert_eq!(
            flaw(store.walk_audit(None, None, &anchors).await?),
            (Flaw::Missing, 18, "subject.update".to_owned(), "第 20 条".to_owned())
        );
        restore(world).await?;

        // A trail that was written anew from the beginning has other hashes.
        let forged = Anchor { hash: [7; 32], ..anchor(10) };
        let (found, seq, _, by) = flaw(store.walk_audit(None, None, &[forged]).await?);
        assert_eq!((found, seq, by.as_str()), (Flaw::Rewritten, 10, "第 10 条"));

        // Only a part of it, from one signed end to another.
        world.run("UPDATE audit SET reason = 'x' WHERE seq = 3").await?;
        let part = store.walk_audit(Some(&anchors[0]), Some(20), &anchors[1..]).await?.expect("a sound part");
        assert_eq!((part.rows, part.seq), (10, 20));
        assert_eq!(flaw(store.walk_audit(None, Some(10), &[]).await?).1, 3);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_5_4_3c_the_trail_is_searched_and_summed_up() -> Outcome {
    on_both(async |world| {
        let store = trail(world).await?;
        let all = Scope::everything();
        let seqs = async |filter: AuditFilter| -> Outcome<Vec<u64>> {
            let page = store.audit_rows(&all, &filter, None, 50).await?;
            Ok(page.items.iter().map(|row| row.seq).collect())
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(seqs(AuditFilter { result: text("denied"), ..AuditFilter::default() }).await?, [14, 7]);
        assert_eq!(
            seqs(AuditFilter { action: text("subject.unmask"), actor: text("甲"), ..AuditFilter::default() }).await?,
            [20, 10]
        );
        assert_eq!(seqs(AuditFilter { action: text("subject."), ..AuditFilter::default() }).await?.len(), 20);
        assert_eq!(seqs(AuditFilter { action: text("sub."), ..AuditFilter::default() }).await?, Vec::<u64>::new());
        assert_eq!(seqs(AuditFilter { object: text("S3"), ..AuditFilter::default() }).await?, [3]);
        assert_eq!(seqs(AuditFilter { words: text("s19"), ..AuditFilter::default() }).await?, [19]);
        assert_eq!(store.audit_values(Column::Action).await?, ["subject.unmask", "subject.update"]);
        assert!(store.audited_request("R5").await? && !store.audited_request("R50").await?);
        let ever = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
        let sum = |lines: &[suyuan_store::audit::figure::Tally]| lines.iter().map(|line| line.count).sum::<i64>();
        for by in [By::Day, By::Actor, By::Action, By::ActorDayAction] {
            assert_eq!(sum(&store.audit_tally(&all, ever, by, 100).await?), 20, "{by:?}");
        }
        let nights = store.audit_tally(&all, ever, By::ActorNight, 100).await?;
        let at_night = (1..=ROWS).filter(|number| {
            let hour = (entry(*number).at.millis() + 28_800_000) % 86_400_000 / 3_600_000;
            !(6..22).contains(&hour)
        });
        assert_eq!(sum(&nights), i64::try_from(at_night.count())?);
        Ok(())
    })
    .await
}
