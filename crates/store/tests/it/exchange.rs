//! The exchange as a model: four SQLite files, a batch is a function call, and the network does what networks do.
//!
//! Each link keeps one cursor per class and moves it only when the answer to a call arrived. The meaning of records is
//! reduced to claims on objects, applied by the receiver in the transaction that relays them.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use suyuan_domain::record::{Class, Draft, Record};
use suyuan_store::error::ChainFault;
use suyuan_store::{Store, StoreError, Tx};

use crate::order::Claim;
use crate::support::{Outcome, World, at, draft, heads, object, stream, whole_journal};

const CITIES: [&str; 2] = ["370100", "370200"];

struct Node {
    code: &'static str,
    store: Store,
    _world: World,
}

struct Link<'a> {
    from: &'a Node,
    to: &'a Node,
    /// Names of the streams without their class.
    streams: Vec<&'static str>,
    /// Batches that the network still holds.
    late: Vec<Vec<Record>>,
}

async fn node(code: &'static str) -> Outcome<Node> {
    let world = World::sqlite().await?;
    let store = world.store(code).await?;
    store.migrate().await?;
    Ok(Node { code, store, _world: world })
}

/// Nation, province and two cities.
async fn nodes() -> Outcome<[Node; 4]> {
    Ok([node("000000").await?, node("370000").await?, node(CITIES[0]).await?, node(CITIES[1]).await?])
}

fn links([nation, province, first, second]: &[Node; 4]) -> Vec<Link<'_>> {
    let link = |from, to, streams| Link { from, to, streams, late: Vec::new() };
    vec![
        link(first, province, vec!["up"]),
        link(second, province, vec!["up"]),
        link(province, nation, vec!["up"]),
        link(nation, province, vec!["down/common", "down/370000", "down/370100", "down/370200"]),
        link(province, first, vec!["down/common", "down/370100"]),
        link(province, second, vec!["down/common", "down/370200"]),
    ]
}

/// What a claim says, as a draft.
fn claim_draft(object_number: u64, claim: &Claim, to: &str) -> Draft {
    let payload = json!({ "opener": claim.opener, "holder": claim.holder, "text": format!("主体{object_number}") });
    Draft { term: claim.term, ..draft("subject", object_number, claim.version, to, payload.to_string()) }
}

fn claim_of(record: &Record) -> Option<Claim> {
    let payload: Value = serde_json::from_slice(&record.payload).ok()?;
    Some(Claim {
        term: record.term,
        version: record.version,
        opener: payload["opener"].as_str()?.to_owned(),
        holder: payload["holder"].as_str()?.to_owned(),
    })
}

fn claim_name(record_object: suyuan_domain::id::ObjectId) -> String {
    format!("claim/{record_object}")
}

/// Applies a claim to what the node holds, and keeps the loser of equal terms for people to see.
async fn settle(tx: &Tx, name: &str, claim: &Claim) -> Outcome<bool> {
    let held = tx.state(name).await?.and_then(|text| Claim::from_text(&text));
    let wins = held.as_ref().is_none_or(|held| claim.wins_over(held));
    if let Some(held) = held.filter(|held| held.conflicts_with(claim)) {
        let loser = if wins { &held } else { claim };
        tx.set_state(&format!("conflict/{name}/{}/{}", loser.term, loser.opener), &loser.to_text()).await?;
    }
    if wins {
        tx.set_state(name, &claim.to_text()).await?;
    }
    Ok(wins)
}

/// The receiver's side of a call: judge, relay, apply, pass on to the other city, all in one transaction.
async fn receive(node: &Node, mut batch: Vec<Record>) -> Result<usize, StoreError> {
    for record in &mut batch {
        let readable = serde_json::from_slice::<Value>(&record.payload).is_ok();
        if !readable && record.verdict.is_none() {
            record.verdict = Some(format!("payload_unreadable at {}", node.code));
        }
    }
    let mut tx = node.store.begin().await?;
    let relayed = tx.relay(batch).await?;
    let mut onward = Vec::new();
    for record in relayed.applied.iter().filter(|record| record.verdict.is_none() && record.kind == "subject") {
        let Some(claim) = claim_of(record) else {
            continue;
        };
        settle(&tx, &claim_name(record.object), &claim)
            .await
            .map_err(|error| StoreError::damaged("claim", error.to_string()))?;
        let from = record.origin.as_ref().map_or("", |origin| origin.node.as_str());
        if node.code == "370000" && CITIES.contains(&from) {
            let other = CITIES.into_iter().find(|city| *city != from).unwrap_or_default();
            onward.push(Draft {
                kind: record.kind.clone(),
                object: record.object,
                part: record.part.clone(),
                term: record.term,
                version: record.version,
                at: record.at,
                stream: Some(stream(&format!("down/{other}/normal"))),
                payload: record.payload.clone(),
            });
        }
    }
    tx.append(onward).await?;
    tx.commit().await?;
    Ok(relayed.applied.len())
}

impl Link<'_> {
    fn cursor(&self, class: Class) -> String {
        format!("to/{}/{}", self.to.code, class.as_str())
    }

    async fn batch(&self, class: Class, after: u64, limit: usize) -> Outcome<Vec<Record>> {
        let names: Vec<String> = self.streams.iter().map(|name| format!("{name}/{}", class.as_str())).collect();
        Ok(self.from.store.read_streams(&names, after, limit).await?)
    }

    /// The answer has arrived: the cursor moves.
    async fn answered(&self, class: Class, batch_end: u64) -> Outcome {
        let tx = self.from.store.begin().await?;
        tx.move_cursor(&self.cursor(class), batch_end, at(0)).await?;
        Ok(tx.commit().await?)
    }

    /// A call whose answer nobody waits for; only a gap may keep it from being taken in.
    async fn stray(&self, batch: Vec<Record>) -> Outcome {
        match receive(self.to, batch).await {
            Ok(_) | Err(StoreError::Chain { fault: ChainFault::Gap { .. }, .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// One honest call. How many records it carried.
    async fn push(&self, class: Class, limit: usize) -> Outcome<usize> {
        let after = self.from.store.cursor(&self.cursor(class)).await?;
        let batch = self.batch(class, after, limit).await?;
        let Some(end) = batch.last().map(|record| record.position) else {
            return Ok(0);
        };
        let carried = batch.len();
        receive(self.to, batch).await?;
        self.answered(class, end).await?;
        Ok(carried)
    }

    /// One call over a bad network.
    async fn try_push(&mut self, rng: &mut ChaCha8Rng) -> Outcome {
        let class = Class::ALL[rng.random_range(0..3)];
        let after = self.from.store.cursor(&self.cursor(class)).await?;
        let batch = self.batch(class, after, rng.random_range(1..20)).await?;
        let Some(end) = batch.last().map(|record| record.position) else {
            return Ok(());
        };
        match rng.random_range(0..8) {
            0 => {}
            1 => self.stray(batch).await?,
            2 => {
                receive(self.to, batch.clone()).await?;
                assert_eq!(receive(self.to, batch).await?, 0, "a repeated batch was applied again");
                self.answered(class, end).await?;
            }
            3 => self.late.push(batch),
            4 => {
                let next = self.batch(class, end, 10).await?;
                self.stray(next).await?;
            }
            _ => {
                receive(self.to, batch).await?;
                self.answered(class, end).await?;
            }
        }
        if !self.late.is_empty() && rng.random_ratio(1, 3) {
            let stale = self.late.swap_remove(rng.random_range(0..self.late.len()));
            self.stray(stale).await?;
        }
        Ok(())
    }
}

/// Every audience of a node's own claims.
fn audiences(code: &str) -> &'static [&'static str] {
    match code {
        "000000" => &["down/common/normal"],
        "370000" => &["up/normal", "down/common/normal"],
        _ => &["up/normal"],
    }
}

/// What this node may write next on an object, by what it knows.
fn next_claim(code: &str, held: Option<Claim>, rng: &mut ChaCha8Rng) -> Option<Claim> {
    let city = CITIES.choose(rng).copied().unwrap_or(CITIES[0]).to_owned();
    let opened = |term, holder| Claim { term, version: 1, opener: code.to_owned(), holder };
    match held {
        None => Some(opened(1, code.to_owned())),
        Some(held) if held.holder == code && rng.random_ratio(4, 5) => {
            Some(Claim { version: held.version + 1, ..held })
        }
        Some(held) if held.holder == code || (code.ends_with("0000") && rng.random_ratio(1, 2)) => {
            Some(opened(held.term + 1, city))
        }
        Some(_) => None,
    }
}

/// A change on one node, as its service would write it.
async fn change(node: &Node, rng: &mut ChaCha8Rng, serial: u64) -> Outcome {
    let mut tx = node.store.begin().await?;
    if node.code.ends_with("00") && !node.code.ends_with("0000") && rng.random_ratio(1, 2) {
        let (kind, to, payload) = match rng.random_range(0..8) {
            0 => ("subject", "up/normal", "{broken".to_owned()),
            1 => ("erasure", "up/urgent", "{}".to_owned()),
            _ => ("event", "up/bulk", json!({ "serial": serial, "what": "入库" }).to_string()),
        };
        tx.append(vec![draft(kind, 1000 + serial, 1, to, payload)]).await?;
        return Ok(tx.commit().await?);
    }
    let number = rng.random_range(0..8);
    let name = claim_name(object(number));
    let held = tx.state(&name).await?.and_then(|text| Claim::from_text(&text));
    if let Some(claim) = next_claim(node.code, held, rng) {
        assert!(settle(&tx, &name, &claim).await?);
        tx.append(audiences(node.code).iter().map(|to| claim_draft(number, &claim, to)).collect()).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn drain(links: &[Link<'_>]) -> Outcome {
    loop {
        let mut carried = 0;
        for link in links {
            for class in Class::ALL {
                carried += link.push(class, 500).await?;
            }
        }
        if carried == 0 {
            return Ok(());
        }
    }
}

/// Heads are equal on both sides of every link, claims on all nodes, chains whole everywhere.
async fn check_level(nodes: &[Node; 4], links: &[Link<'_>]) -> Outcome {
    for link in links {
        let travels = |s: &suyuan_domain::record::Stream| {
            let name = s.to_string();
            link.streams.iter().any(|prefix| name.rsplit_once('/').is_some_and(|(head, _)| head == *prefix))
        };
        let sent = heads(&link.from.store, travels).await?;
        let mut got = heads(&link.to.store, travels).await?;
        // The receiver has chains of other links, and its own, on streams of the same names.
        got.retain(|(origin, _), _| sent.keys().any(|(node, _)| node == origin));
        assert_eq!(sent, got, "{} to {}", link.from.code, link.to.code);
    }
    for node in nodes {
        node.store.verify_chains(&[]).await?;
        for number in 0..8 {
            let name = claim_name(object(number));
            let (here, above) = (node.store.state(&name).await?, nodes[0].store.state(&name).await?);
            assert_eq!(here, above, "object {number} at {}", node.code);
        }
    }
    Ok(())
}

/// Poison keeps its first verdict on every tier, and is counted like any other record.
async fn check_poison(nodes: &[Node; 4]) -> Outcome<usize> {
    let mut broken = [0; 2];
    for (count, node) in broken.iter_mut().zip(&nodes[..2]) {
        for record in whole_journal(&node.store, 1000).await? {
            let unreadable = record.payload == b"{broken";
            *count += usize::from(unreadable);
            let expected = unreadable.then_some("payload_unreadable at 370000");
            assert_eq!(record.verdict.as_deref(), expected, "at {}", node.code);
        }
    }
    assert_eq!(broken[0], broken[1]);
    Ok(broken[0])
}

async fn one_world(seed: u64) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let nodes = nodes().await?;
    let mut links = links(&nodes);
    for serial in 0..260 {
        if let Some(node) = nodes.choose(&mut rng) {
            change(node, &mut rng, serial).await?;
        }
        let link = rng.random_range(0..links.len());
        links[link].try_push(&mut rng).await?;
    }
    drain(&links).await?;
    // What the network still holds arrives after all else.
    for link in &mut links {
        for stale in std::mem::take(&mut link.late) {
            assert_eq!(receive(link.to, stale).await?, 0, "a stale batch was applied again");
        }
    }
    drain(&links).await?;
    check_level(&nodes, &links).await?;
    assert!(check_poison(&nodes).await? > 0, "no poison came up");
    for link in &links {
        assert!(link.from.store.cursor(&link.cursor(Class::Normal)).await? > 0, "{} sent nothing", link.from.code);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_tiers_become_equal_over_any_network() -> Outcome {
    for seed in 1..=6 {
        one_world(seed).await.map_err(|error| format!("seed {seed}: {error}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn d_shape_a_lateral_transfer_beats_what_the_old_holder_still_writes() -> Outcome {
    let nodes = nodes().await?;
    let links = links(&nodes);
    let [_, province, first, second] = &nodes;
    let claim = |term, version, opener: &str, holder: &str| Claim {
        term,
        version,
        opener: opener.into(),
        holder: holder.into(),
    };
    let name = claim_name(object(1));
    let write = async |node: &Node, claim: &Claim| -> Outcome {
        let mut tx = node.store.begin().await?;
        settle(&tx, &name, claim).await?;
        tx.append(audiences(node.code).iter().map(|to| claim_draft(1, claim, to)).collect()).await?;
        Ok(tx.commit().await?)
    };
    write(second, &claim(1, 1, "370200", "370200")).await?;
    drain(&links).await?;
    // The province hands it to 济南 while 青岛, not knowing, writes on; then 济南 takes it up.
    write(province, &claim(2, 1, "370000", "370100")).await?;
    write(second, &claim(1, 2, "370200", "370200")).await?;
    drain(&links).await?;
    write(first, &claim(2, 2, "370000", "370100")).await?;
    drain(&links).await?;
    check_level(&nodes, &links).await?;
    assert_eq!(nodes[0].store.state(&name).await?.as_deref(), Some("2/2/370000/370100"));
    // Both cities release at once to themselves: the smaller code stands, the loser is kept to be seen.
    write(first, &claim(3, 1, "370100", "370100")).await?;
    write(second, &claim(3, 1, "370200", "370200")).await?;
    drain(&links).await?;
    check_level(&nodes, &links).await?;
    for node in &nodes {
        assert_eq!(node.store.state(&name).await?.as_deref(), Some("3/1/370100/370100"), "at {}", node.code);
        let loser = node.store.state(&format!("conflict/{name}/3/370200")).await?;
        assert_eq!(loser.as_deref(), Some("3/1/370200/370200"), "at {}", node.code);
    }
    Ok(())
}

#[tokio::test]
async fn d_shape_a_repaired_record_is_a_new_seq_that_names_the_poison() -> Outcome {
    let nodes = nodes().await?;
    let links = links(&nodes);
    let city = &nodes[2];
    let mut tx = city.store.begin().await?;
    tx.append(vec![draft("event", 5, 1, "up/bulk", "{broken"), draft("event", 6, 1, "up/bulk", "{}")]).await?;
    tx.commit().await?;
    drain(&links).await?;
    let mut tx = city.store.begin().await?;
    let repair = json!({ "repairs": { "stream": "up/bulk", "seq": 1 } });
    tx.append(vec![draft("event", 5, 2, "up/bulk", repair.to_string())]).await?;
    tx.commit().await?;
    drain(&links).await?;
    let records = whole_journal(&nodes[0].store, 100).await?;
    let seen: Vec<_> =
        records.iter().map(|r| (r.origin.as_ref().map_or(0, |o| o.seq), r.version, r.verdict.is_some())).collect();
    assert_eq!(seen, [(1, 1, true), (2, 1, false), (3, 2, false)]);
    check_level_of(&nodes[2], &nodes[0]).await
}

async fn check_level_of(lower: &Node, upper: &Node) -> Outcome {
    let up = |s: &suyuan_domain::record::Stream| s.is_up();
    let (own, mut above) = (heads(&lower.store, up).await?, heads(&upper.store, up).await?);
    above.retain(|(origin, _), _| origin == lower.code);
    assert_eq!(own, above);
    Ok(())
}

#[tokio::test]
async fn d_shape_urgent_overtakes_a_bulk_backlog() -> Outcome {
    const BACKLOG: u64 = 100_000;
    const BATCH: usize = 1000;
    let nodes = nodes().await?;
    let links = links(&nodes);
    let [nation, province, _, city] = &nodes;
    for start in (0..BACKLOG).step_by(BATCH) {
        let mut tx = city.store.begin().await?;
        let rows = start..start + BATCH as u64;
        tx.append(rows.map(|n| draft("event", n, 1, "up/bulk", format!("{{\"serial\":{n}}}"))).collect()).await?;
        tx.commit().await?;
    }
    for link in [&links[1], &links[2]] {
        assert_eq!(link.push(Class::Bulk, BATCH).await?, BATCH);
    }
    let mut tx = city.store.begin().await?;
    tx.append(vec![draft("erasure", 7, 1, "up/urgent", "{}")]).await?;
    tx.commit().await?;
    for link in [&links[1], &links[2]] {
        assert_eq!(link.push(Class::Urgent, BATCH).await?, 1);
    }
    let urgent = ("370200".to_owned(), "up/urgent".to_owned());
    let bulk = ("370200".to_owned(), "up/bulk".to_owned());
    let above = heads(&nation.store, |_| true).await?;
    assert_eq!(above[&urgent].seq, 1);
    assert_eq!(above[&bulk].seq, BATCH as u64);
    assert_eq!(city.store.backlog(&["up/bulk".to_owned()], BATCH as u64).await?.0, BACKLOG - BATCH as u64);
    drain(&links).await?;
    for upper in [nation, province] {
        check_level_of(city, upper).await?;
        assert_eq!(heads(&upper.store, |_| true).await?[&bulk].seq, BACKLOG);
    }
    nation.store.verify_chains(&[]).await?;
    Ok(())
}
