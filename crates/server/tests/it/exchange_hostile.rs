//! Bad input at the interface between nodes: a running city and a running province, and a hand on the line between them
//! that alters batches, in part with the city's own key. Rows: H-8, D-shape.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use suyuan_crypto::hash::{sm3, sm3_parts};
use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::seal::{SecretKey, place, seal};
use suyuan_crypto::sign::SigningKey;
use suyuan_crypto::wrap::wrap_key;
use suyuan_domain::clock::Clock;
use suyuan_domain::record::{Class, Stream};
use suyuan_exchange::wire::{BatchManifest, Envelope, Limits, WireRecord, open_batch, seal_batch};
use suyuan_server::config::ParentSection;
use suyuan_store::journal::hash_of;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::caller::{Caller, wait_for};
use crate::exchange_link::{flow, in_step, link, reached, report};
use crate::harness::{Setup, TestApp};

const SYSTEM: &str = "SYS-370200-001";

/// The keys of both nodes, so that a batch can be opened and signed anew.
struct Hands {
    city: SigningKey,
    province: SigningKey,
}

type Tamper = fn(&Hands, Vec<u8>) -> Vec<u8>;

/// What happens to bulk batches on the line now.
type Orders = Arc<Mutex<Option<(Arc<Hands>, Tamper)>>>;

/// A line to `target` that may alter bulk batches.
async fn line(target: String) -> (String, Orders) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let orders = Orders::default();
    let given = orders.clone();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(carry(stream, target.clone(), http.clone(), given.clone()));
        }
    });
    (url, orders)
}

/// One request, passed on.
async fn carry(mut stream: TcpStream, target: String, http: reqwest::Client, orders: Orders) {
    let Some((head, mut body)) = request(&mut stream).await else { return };
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let kind = header(&head, "content-type").unwrap_or_default();
    let order = orders.lock().expect("a lock").clone();
    if let Some((hands, tamper)) = order.filter(|_| is_bulk(&body)) {
        body = tamper(&hands, body);
    }
    let sent = http.post(format!("{target}{path}")).header("content-type", kind).body(body).send().await;
    // A node that does not answer is a line that breaks.
    let Ok(answer) = sent else { return };
    let status = answer.status();
    let kind =
        answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let Ok(body) = answer.bytes().await else { return };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _gone = stream.write_all(&[head.as_bytes(), &body].concat()).await;
}

async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length: usize = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes.split_off(end + 4)));
            }
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let found = head.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().to_owned())
}

fn is_bulk(body: &[u8]) -> bool {
    let envelope = Envelope::parse(body, &Limits::default());
    envelope.is_ok_and(|envelope| {
        serde_json::from_slice::<Value>(envelope.manifest).is_ok_and(|manifest| manifest["class"] == "bulk")
    })
}

/// Opens a batch, lets `change` alter it, and signs it with the city's key.
fn again(hands: &Hands, bytes: &[u8], change: impl FnOnce(&mut BatchManifest, &mut Vec<WireRecord>)) -> Vec<u8> {
    let limits = Limits::default();
    let opened = open_batch(bytes, &limits, &hands.city.verifying_key(), &hands.province);
    let (mut manifest, mut records) = opened.expect("an honest batch");
    change(&mut manifest, &mut records);
    let receiver = hands.province.verifying_key();
    seal_batch(&manifest, &records, &hands.city, &receiver, &SeededEntropy::new(1)).expect("sealed")
}

/// Writes a batch whose manifest says what it is told, over a body of any bytes.
fn craft(hands: &Hands, bytes: &[u8], body: Option<&[u8]>, change: impl FnOnce(&mut BatchManifest)) -> Vec<u8> {
    let limits = Limits::default();
    let envelope = Envelope::parse(bytes, &limits).expect("an honest batch");
    let mut manifest: BatchManifest = serde_json::from_slice(envelope.manifest).expect("a manifest");
    let entropy = SeededEntropy::new(2);
    let (mut wrapped, mut sealed) = (envelope.wrapped.to_vec(), envelope.sealed.to_vec());
    if let Some(body) = body {
        let secret = SecretKey::generate(&entropy).expect("a key");
        wrapped = wrap_key(&hands.province.verifying_key(), &secret, &entropy).expect("wrapped");
        let aad = place(&["batch/1", &manifest.from_node, &manifest.to_node, &manifest.instance]);
        sealed = seal(&secret, &aad, body, &entropy).expect("sealed");
        manifest.body_sm3 = sm3(body);
        manifest.sealed_sm3 = sm3_parts(&[&(wrapped.len() as u64).to_be_bytes(), &wrapped, &sealed]);
    }
    change(&mut manifest);
    let manifest = serde_json::to_vec(&manifest).expect("json");
    let signature = hands.city.sign(&[b"suyuan/batch/1\n", manifest.as_slice()].concat(), &entropy).expect("signed");
    let long = |bytes: &[u8]| u32::try_from(bytes.len()).expect("short").to_be_bytes().to_vec();
    let short = |bytes: &[u8]| u16::try_from(bytes.len()).expect("short").to_be_bytes().to_vec();
    [
        b"SYXB\x00\x01".to_vec(),
        long(&manifest),
        manifest,
        short(&signature),
        signature,
        short(&wrapped),
        wrapped,
        long(&sealed),
        sealed,
    ]
    .concat()
}

/// 128 MiB of zeros as a zstd frame of 4 KiB: blocks that say "one byte, 131,072 times".
fn bomb() -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for block in 0..1024_u32 {
        let header: u32 = u32::from(block == 1023) | (1 << 1) | (131_072 << 3);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

/// Gives the first record another place and makes its hash right again; the others are dropped.
fn first_as(records: &mut Vec<WireRecord>, change: impl FnOnce(&mut WireRecord)) {
    records.truncate(1);
    for record in records.iter_mut().take(1) {
        record.side_cars.clear();
    }
    let Some(first) = records.first_mut() else { return };
    change(first);
    let hash = hash_of(&first.record).expect("it has an origin");
    if let Some(origin) = first.record.origin.as_mut() {
        origin.hash = hash;
    }
}

/// What is done to a batch, the code on both sides, and whether the receiver can tell whose link it is.
const CASES: [(&str, &str, bool, Tamper); 18] = [
    ("a byte of the signature", "XCH-0107", true, |_, mut bytes| {
        let manifest = Envelope::parse(&bytes, &Limits::default()).map_or(0, |envelope| envelope.manifest.len());
        bytes[10 + manifest + 2 + 12] ^= 1;
        bytes
    }),
    ("signed by another key", "XCH-0107", true, |hands, bytes| {
        let other = SigningKey::generate(&SeededEntropy::new(8)).expect("a key");
        let (manifest, records) =
            open_batch(&bytes, &Limits::default(), &hands.city.verifying_key(), &hands.province).expect("honest");
        let receiver = hands.province.verifying_key();
        seal_batch(&manifest, &records, &other, &receiver, &SeededEntropy::new(1)).expect("sealed")
    }),
    ("wrapped for another node", "XCH-0109", true, |hands, bytes| {
        let (manifest, records) =
            open_batch(&bytes, &Limits::default(), &hands.city.verifying_key(), &hands.province).expect("honest");
        let other = SigningKey::generate(&SeededEntropy::new(8)).expect("a key").verifying_key();
        seal_batch(&manifest, &records, &hands.city, &other, &SeededEntropy::new(1)).expect("sealed")
    }),
    ("a byte of the sealed body", "XCH-0108", true, |_, mut bytes| {
        *bytes.last_mut().expect("a byte") ^= 1;
        bytes
    }),
    ("cut in the middle of the body", "XCH-0104", true, |_, mut bytes| {
        bytes.truncate(bytes.len() - 20);
        bytes
    }),
    ("something behind the end", "XCH-0105", true, |_, mut bytes| {
        bytes.push(0);
        bytes
    }),
    ("something else altogether", "XCH-0102", false, |_, _| vec![7; 500]),
    ("a version of the future", "XCH-0103", false, |_, mut bytes| {
        bytes[5] = 9;
        bytes
    }),
    ("more bytes than a batch may have", "XCH-0101", false, |_, mut bytes| {
        bytes.resize(33 << 20, 0);
        bytes
    }),
    ("an epoch that is over", "XCH-0314", true, |hands, bytes| {
        again(hands, &bytes, |_, records| {
            first_as(records, |first| {
                if let Some(origin) = first.record.origin.as_mut() {
                    origin.epoch = 0;
                }
            });
        })
    }),
    ("a gap", "XCH-0311", true, |hands, bytes| {
        again(hands, &bytes, |_, records| {
            records.remove(0);
        })
    }),
    ("another record at a place that is taken", "XCH-0312", true, |hands, bytes| {
        again(hands, &bytes, |_, records| {
            first_as(records, |first| {
                if let Some(origin) = first.record.origin.as_mut() {
                    origin.seq -= 1;
                }
            });
        })
    }),
    ("an overlap with a record that was altered", "XCH-0312", true, |hands, bytes| {
        again(hands, &bytes, |_, records| {
            // Two places back: the head is not touched by it, only the record that follows in the batch.
            let mut old = records[0].clone();
            let mut one = vec![old.clone()];
            first_as(&mut one, |first| {
                if let Some(origin) = first.record.origin.as_mut() {
                    origin.seq -= 2;
                }
            });
            old = one.remove(0);
            let mut next = records[0].clone();
            if let Some(origin) = next.record.origin.as_mut() {
                origin.seq -= 1;
            }
            *records = vec![old, next];
        })
    }),
    ("a payload that does not have its hash", "XCH-0313", true, |hands, bytes| {
        again(hands, &bytes, |_, records| records[0].record.payload.push(b' '))
    }),
    ("records of another province", "XCH-0305", true, |hands, bytes| {
        again(hands, &bytes, |_, records| {
            first_as(records, |first| {
                if let Some(origin) = first.record.origin.as_mut() {
                    "410000".clone_into(&mut origin.node);
                }
            });
        })
    }),
    ("ten million records", "XCH-0114", true, |hands, bytes| {
        craft(hands, &bytes, None, |manifest| manifest.records = 10_000_000)
    }),
    ("ten gigabytes after unpacking", "XCH-0112", true, |hands, bytes| {
        craft(hands, &bytes, Some(&bomb()), |manifest| manifest.plain_bytes = 10 << 30)
    }),
    ("a bomb that says it is small", "XCH-0113", true, |hands, bytes| {
        craft(hands, &bytes, Some(&bomb()), |manifest| manifest.plain_bytes = 1 << 20)
    }),
];

struct Line {
    province: TestApp,
    city: TestApp,
    system: Caller,
    operator: Caller,
    orders: Orders,
    hands: Arc<Hands>,
}

async fn tiers() -> Line {
    let province = TestApp::with("370000", Setup::at_noon()).await;
    let (url, orders) = line(province.url.clone()).await;
    let parent = Some(ParentSection { code: "370000".to_owned(), url });
    let offset_millis = province.clock.offset_millis();
    let city = TestApp::with("370200", Setup { parent, offset_millis, ..Setup::default() }).await;
    province.sign_in("security").await.admit("370200", &city.sign_in("security").await).await;
    let system = city.live_system(SYSTEM, "370202", "farming").await;
    let operator = city.sign_in("system").await;
    report(&city, &system, 0..5).await;
    in_step(&operator, "bulk").await;
    let hands = Hands { city: city.node().signing_key.clone(), province: province.node().signing_key.clone() };
    Line { province, city, system, operator, orders, hands: Arc::new(hands) }
}

#[tokio::test(flavor = "multi_thread")]
async fn h_8_bad_batches_are_refused_with_a_code_on_both_sides_and_nothing_is_applied_or_lost() {
    let Line { province, city, system, operator, orders, hands } = tiers().await;
    let above = province.sign_in("system").await;
    let bulk = Stream::Up(Class::Bulk);
    for (number, (name, code, attributable, tamper)) in (1_u32..).zip(CASES) {
        let before = reached(&province, &bulk).await;
        *orders.lock().expect("a lock") = Some((hands.clone(), tamper));
        report(&city, &system, number * 10..number * 10 + 5).await;
        wait_for(&format!("{name}: {code} at the sender"), || async {
            flow(&link(&operator).await, "bulk")["fault"]["code"] == code
        })
        .await;
        let seen = link(&operator).await;
        let fault = &flow(&seen, "bulk")["fault"];
        assert!(fault["reason"].as_str().is_some_and(|text| text.starts_with("对方拒绝：")), "{name}: {seen}");
        assert!(fault["advice"].as_str().is_some_and(|text| !text.is_empty()), "{name}: {seen}");
        let told = above.get("/api/v1/console/exchange/links/370200").await.ok();
        let codes: Vec<_> = told["receiving"].as_array().expect("faults").iter().map(|row| &row["code"]).collect();
        assert_eq!(codes, if attributable { vec![code] } else { Vec::new() }, "{name}: {told}");
        assert_eq!(reached(&province, &bulk).await, before, "{name}: something was applied");

        *orders.lock().expect("a lock") = None;
        // Past the pause before the next attempt.
        for app in [&province, &city] {
            app.set_clock(app.clock.now().plus_millis(60_000));
        }
        in_step(&operator, "bulk").await;
        assert_eq!(reached(&province, &bulk).await, reached(&city, &bulk).await, "{name}: something was lost");
        let told = above.get("/api/v1/console/exchange/links/370200").await.ok();
        assert_eq!(told["receiving"], serde_json::json!([]), "{name}: {told}");
    }
    let events = above_events(&province).await;
    assert_eq!(events, 5 + 5 * u64::try_from(CASES.len()).expect("few"));
}

async fn above_events(province: &TestApp) -> u64 {
    let regulator = province.sign_in("regulator").await;
    let count = || async { regulator.get("/api/v1/console/events?limit=1").await.ok()["count"]["value"].as_u64() };
    let all = 5 + 5 * CASES.len() as u64;
    wait_for("the events in the province", || async { count().await == Some(all) }).await;
    count().await.unwrap_or(0)
}
