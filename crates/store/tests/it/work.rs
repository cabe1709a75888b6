//! The node's own work: schema, jobs, leases, cursors, facts about itself.

use std::collections::BTreeSet;

use suyuan_domain::record::Draft;
use suyuan_store::error::ChainFault;
use suyuan_store::job::{Job, NewJob};
use suyuan_store::{Store, StoreError};

use crate::support::{Outcome, World, at, draft, on_both, write};

fn job(unique_key: Option<&str>, max_attempts: u32) -> NewJob {
    NewJob {
        kind: "mail".into(),
        unique_key: unique_key.map(str::to_owned),
        payload: "{}".into(),
        run_at: at(0),
        max_attempts,
        actor: Some("操作员".into()),
    }
}

async fn enqueue(store: &Store, new: NewJob) -> Outcome<bool> {
    let tx = store.begin().await?;
    let new = tx.enqueue(new, at(0)).await?;
    tx.commit().await?;
    Ok(new)
}

async fn claim(store: &Store, holder: &str, now: i64) -> Outcome<Option<Job>> {
    Ok(store.claim_job(holder, at(now), at(now + 100)).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_two_nodes_may_migrate_at_once_and_again() -> Outcome {
    on_both(async |world| {
        let fresh = World::sqlite().await?;
        let world = if world.is_postgres() {
            world.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await?;
            world
        } else {
            &fresh
        };
        let stores = [world.store("370200").await?, world.store("370200").await?];
        let steps = stores[0].pending_migrations().await?;
        assert!(steps >= 5, "{steps} steps wait on an empty database");
        let both = stores.clone().map(|store| tokio::spawn(async move { store.migrate().await }));
        for one in both {
            one.await??;
        }
        stores[1].migrate().await?;
        for store in &stores {
            assert_eq!(store.pending_migrations().await?, 0);
            store.ping().await?;
        }
        write(&stores[0], vec![draft("subject", 1, 1, "up/normal", "{}")]).await?;
        assert_eq!(stores[1].last_position().await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_a_unique_key_is_taken_once_even_after_the_job_is_done() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        assert!(enqueue(&store, job(Some("月报 2026-10"), 3)).await?);
        assert!(!enqueue(&store, job(Some("月报 2026-10"), 3)).await?);
        assert!(enqueue(&store, job(None, 3)).await? && enqueue(&store, job(None, 3)).await?);
        let tx = store.begin().await?;
        tx.enqueue(job(Some("given up with its transaction"), 3), at(0)).await?;
        tx.rollback().await?;
        assert_eq!(store.unfinished_jobs().await?, 3);
        let first = claim(&store, "a", 0).await?.ok_or("no job")?;
        store.finish_job(&first, Ok(()), at(1), at(1)).await?;
        assert!(!enqueue(&store, job(Some("月报 2026-10"), 3)).await?);
        assert_eq!(store.unfinished_jobs().await?, 2);
        assert_eq!(store.jobs_of("操作员", 10).await?.len(), 3);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_many_holders_claim_every_job_once() -> Outcome {
    on_both(async |world| {
        let stores = [world.store("370200").await?, world.store("370200").await?];
        for _ in 0..60 {
            enqueue(&stores[0], job(None, 3)).await?;
        }
        let mut holders = tokio::task::JoinSet::new();
        for holder in 0..8 {
            let store = stores[holder % 2].clone();
            holders.spawn(async move {
                let mut mine = Vec::new();
                while let Some(job) = claim(&store, &format!("holder {holder}"), 0).await? {
                    mine.push(job.id);
                }
                Outcome::Ok(mine)
            });
        }
        let mut claimed = Vec::new();
        while let Some(mine) = holders.join_next().await {
            claimed.extend(mine??);
        }
        assert_eq!(claimed.len(), 60);
        assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 60);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_a_dead_holders_job_goes_to_another_and_the_late_answer_is_ignored() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        enqueue(&store, job(None, 3)).await?;
        let old = claim(&store, "old", 0).await?.ok_or("no job")?;
        assert!(claim(&store, "new", 100).await?.is_none(), "claimed while it was held");
        let new = claim(&store, "new", 101).await?.ok_or("not claimed after its time")?;
        assert_eq!((old.id, old.attempts, new.id, new.attempts), (new.id, 1, old.id, 2));
        store.finish_job(&old, Err("too late".into()), at(102), at(102)).await?;
        assert!(claim(&store, "third", 103).await?.is_none(), "the late answer took the job from its holder");
        store.finish_job(&new, Ok(()), at(104), at(104)).await?;
        store.finish_job(&old, Err("too late".into()), at(105), at(105)).await?;
        let ended = store.jobs_of("操作员", 1).await?;
        assert_eq!((ended[0].state.as_str(), ended[0].last_error.as_deref()), ("done", None));
        assert!(claim(&store, "third", 10_000).await?.is_none());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_a_job_is_given_up_after_its_last_try() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        enqueue(&store, job(None, 2)).await?;
        let first = claim(&store, "a", 0).await?.ok_or("no job")?;
        store.finish_job(&first, Err("no route".into()), at(1), at(500)).await?;
        assert!(claim(&store, "a", 499).await?.is_none(), "tried again too early");
        let second = claim(&store, "a", 500).await?.ok_or("not tried again")?;
        store.finish_job(&second, Err("refused".into()), at(501), at(600)).await?;
        assert!(claim(&store, "a", 10_000).await?.is_none(), "tried too often");
        let ended = &store.jobs_of("操作员", 1).await?[0];
        assert_eq!((ended.state.as_str(), ended.last_error.as_deref()), ("failed", Some("refused")));

        // One that takes its holder with it is not tried for ever either, and does not stand in the way of others.
        enqueue(&store, job(None, 2)).await?;
        for now in [10_000, 11_000] {
            assert!(claim(&store, "dies", now).await?.is_some());
        }
        enqueue(&store, job(None, 2)).await?;
        let next = claim(&store, "lives", 12_000).await?.ok_or("nothing else was claimed")?;
        assert_eq!(next.attempts, 1);
        let jobs = store.jobs_of("操作员", 2).await?;
        assert_eq!((jobs[0].state.as_str(), jobs[1].state.as_str()), ("running", "failed"));
        assert!(jobs[1].last_error.is_some() && jobs[1].finished_at.is_some());
        assert_eq!(store.unfinished_jobs().await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_a_lease_has_one_holder_at_a_time() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        assert!(store.take_lease("leader", "a", at(0), at(100)).await?);
        assert!(store.take_lease("leader", "a", at(50), at(150)).await?, "its holder may renew it");
        assert!(!store.take_lease("leader", "b", at(149), at(300)).await?);
        assert!(store.take_lease("other", "b", at(149), at(300)).await?, "another lease is free");
        store.release_lease("leader", "b").await?;
        assert!(!store.take_lease("leader", "b", at(149), at(300)).await?, "only its holder gives it back");
        store.release_lease("leader", "a").await?;
        assert!(store.take_lease("leader", "b", at(149), at(300)).await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_a_cursor_never_goes_back() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        assert_eq!(store.cursor("projector").await?, 0);
        for (to, stands) in [(5, 5), (3, 5), (5, 5), (9, 9), (0, 9)] {
            let tx = store.begin().await?;
            tx.move_cursor("projector", to, at(0)).await?;
            tx.commit().await?;
            assert_eq!(store.cursor("projector").await?, stands, "after {to}");
        }
        assert_eq!(store.passed_by_all(&["projector", "watcher"]).await?, 0);
        assert_eq!(store.passed_by_all(&["projector"]).await?, 9);
        assert_eq!(store.passed_by_all(&[]).await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_streams_are_found_by_prefix_however_the_database_sorts() -> Outcome {
    on_both(async |world| {
        let store = world.store("000000").await?;
        let names = ["down/370200/normal", "down/370200/urgent", "down/370000/normal", "down/common/normal", "up/bulk"];
        for to in names {
            write(&store, vec![draft("pack", 1, 1, to, "{}")]).await?;
        }
        assert_eq!(store.streams_with_prefix("down/370200/").await?, names[..2]);
        assert_eq!(store.streams_with_prefix("down/").await?.len(), 4);
        store.verify_chains(&[]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_what_does_not_continue_a_chain_is_refused_whole() -> Outcome {
    on_both(async |world| {
        let child = World::sqlite().await?;
        let (parent, city) = (world.store("370000").await?, child.store("370200").await?);
        city.migrate().await?;
        let rows: Vec<Draft> = (1..=6).map(|n| draft("subject", n, 1, "up/normal", format!("{n}"))).collect();
        write(&city, rows).await?;
        let good = city.read_streams(&["up/normal".to_owned()], 0, 10).await?;
        let refuse = async |batch: Vec<suyuan_domain::record::Record>| -> Outcome<ChainFault> {
            let mut tx = parent.begin().await?;
            let answer = tx.relay(batch).await;
            tx.rollback().await?;
            match answer {
                Err(StoreError::Chain { fault, .. }) => Ok(fault),
                other => Err(format!("expected a fault of the chain, got {other:?}").into()),
            }
        };
        let changed = |change: &dyn Fn(&mut suyuan_domain::record::Record)| {
            let mut batch = good.clone();
            change(&mut batch[3]);
            batch
        };
        let origin = |record: &mut suyuan_domain::record::Record,
                      change: &dyn Fn(&mut suyuan_domain::record::Origin)| {
            record.origin.iter_mut().for_each(change);
        };
        assert_eq!(refuse(good[1..].to_vec()).await?, ChainFault::Gap { expected: 1, got: 2 });
        assert_eq!(refuse(changed(&|r| r.payload.push(b' '))).await?, ChainFault::Hash { seq: 4 });
        assert_eq!(refuse(changed(&|r| r.version = 9)).await?, ChainFault::Hash { seq: 4 });
        assert_eq!(refuse(changed(&|r| origin(r, &|o| o.prev = [7; 32]))).await?, ChainFault::Fork { seq: 4 });
        assert_eq!(refuse(changed(&|r| origin(r, &|o| o.epoch = 0))).await?, ChainFault::Epoch { expected: 1, got: 0 });
        assert_eq!(parent.last_position().await?, 0);
        assert!(parent.heads().await?.is_empty());
        let mut tx = parent.begin().await?;
        assert_eq!(tx.relay(good.clone()).await?.applied.len(), 6);
        assert_eq!(tx.relay(good.clone()).await?.duplicates, 6);
        tx.commit().await?;
        let mut fork = good.clone();
        origin(&mut fork[5], &|o| o.hash = [7; 32]);
        assert_eq!(refuse(fork).await?, ChainFault::Fork { seq: 6 });
        parent.verify_chains(&[]).await?;
        Ok(())
    })
    .await
}
