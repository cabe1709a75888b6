//! Evidence of the exchange at both ends, written by running nodes and proved by the command line from files alone.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::json;
use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::sign::SigningKey;
use suyuan_service::housekeeping;
use suyuan_service::sync::evidence::{Haste, seal};

use crate::caller::wait_for;
use crate::exchange_link::{in_step, report};
use crate::harness::{PROGRAM, Setup, TestApp};

const SYSTEM: &str = "SYS-370200-001";

fn verify(folder: &Path, more: &[&str]) -> Output {
    let mut command = std::process::Command::new(PROGRAM);
    command.args(["verify", "exchange", "--dir"]).arg(folder).args(more);
    command.output().expect("the program")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes everything that waits into files, as an operator does before handing evidence over.
async fn sealed(app: &TestApp) {
    let operator = app.sign_in("system").await;
    wait_for("the evidence to be written", || async {
        operator.post("/api/v1/console/exchange/evidence/seal", &json!({})).await.ok();
        let kept = operator.get("/api/v1/console/exchange/evidence").await.ok();
        let rows = kept["items"].as_array().expect("chains");
        rows.iter().any(|row| row["class"] == "bulk") && rows.iter().all(|row| row["waiting"] == 0)
    })
    .await;
}

fn evidence(app: &TestApp) -> PathBuf {
    app.node().config.data_dir.join("evidence")
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|found| found == end)).collect();
    files.sort();
    files
}

/// Three files of bulk evidence at both ends.
async fn tiers() -> (TestApp, TestApp) {
    let province = TestApp::with("370000", Setup::at_noon()).await;
    let city = province.child("370200").await;
    let system = city.live_system(SYSTEM, "370202", "farming").await;
    let operator = city.sign_in("system").await;
    for round in 0..3_u32 {
        report(&city, &system, round * 20..round * 20 + 20).await;
        in_step(&operator, "bulk").await;
        sealed(&city).await;
        sealed(&province).await;
    }
    (province, city)
}

#[tokio::test(flavor = "multi_thread")]
async fn h_8_both_ends_keep_evidence_that_a_tool_proves_from_files_alone() {
    let (province, city) = tiers().await;
    for (app, peer) in [(&city, "370000"), (&province, "370200")] {
        let folder = evidence(app);
        assert_eq!(files(&folder.join(peer).join("up-bulk"), "evd").len(), 3, "{}", app.code);
        let output = verify(&folder, &[]);
        let text = told(&output);
        assert!(output.status.success(), "{}: {text}", app.code);
        assert!(text.contains(&format!("与 {peer} 的 up-bulk：第 1 至 ")), "{text}");
        assert!(text.contains("370200 的 up/bulk 世代 1：第 1 至 "), "{text}");
        assert!(text.contains("内容与各批摘要逐条相符"), "{text}");
    }
    // The same by keys that were handed over another way, and never by another key.
    let keys = tempfile::tempdir().expect("a folder");
    let given = |name: &str, key: &SigningKey| {
        let path = keys.path().join(name);
        std::fs::write(&path, key.verifying_key().to_spki_pem()).expect("a key");
        format!("{}={}", name.trim_end_matches(".pem"), path.display())
    };
    let city_key = given("370200.pem", &city.node().signing_key);
    let province_key = given("370000.pem", &province.node().signing_key);
    let folder = evidence(&province);
    let output = verify(&folder, &["--peer", &city_key, "--peer", &province_key]);
    assert!(output.status.success() && told(&output).contains("由 --peer 给出"), "{}", told(&output));
    let stranger = SigningKey::generate(&SeededEntropy::new(4)).expect("a key");
    for name in ["370200.pem", "370000.pem"] {
        let output = verify(&folder, &["--peer", &given(name, &stranger)]);
        assert!(!output.status.success(), "{name}: {}", told(&output));
    }
}

/// What is done to a folder, and what the tool has to say.
struct Case {
    name: &'static str,
    spoil: fn(&[PathBuf], &[PathBuf]),
    says: &'static [&'static str],
}

fn alter(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("a file");
    change(&mut bytes);
    std::fs::write(path, bytes).expect("a file");
}

const CASES: [Case; 8] = [
    Case {
        name: "a byte of an entry",
        spoil: |evidence, _| alter(&evidence[1], |bytes| *bytes.last_mut().expect("a byte") ^= 1),
        says: &["up-bulk", "证据第 ", "字节", "内容与已签名的索引不符"],
    },
    Case {
        name: "a byte of the index",
        spoil: |evidence, _| alter(&evidence[0], |bytes| bytes[60] ^= 1),
        says: &["000000000001.evd", "文件索引"],
    },
    Case {
        name: "a file cut short",
        spoil: |evidence, _| alter(&evidence[2], |bytes| bytes.truncate(bytes.len() - 9)),
        says: &["文件在此中断"],
    },
    Case {
        name: "a file removed from the middle",
        spoil: |evidence, _| std::fs::remove_file(&evidence[1]).expect("removed"),
        says: &["证据缺失或错位"],
    },
    Case {
        name: "two files swapped",
        spoil: |evidence, _| {
            let first = std::fs::read(&evidence[0]).expect("a file");
            std::fs::copy(&evidence[1], &evidence[0]).expect("a copy");
            std::fs::write(&evidence[1], first).expect("a file");
        },
        says: &["证据缺失或错位"],
    },
    Case {
        name: "a byte of a segment",
        spoil: |_, segments| alter(&segments[1], |bytes| *bytes.last_mut().expect("a byte") ^= 0x10),
        says: &[".seg"],
    },
    Case {
        name: "a segment removed from the middle",
        spoil: |_, segments| std::fs::remove_file(&segments[1]).expect("removed"),
        says: &[".seg", "日志第 ", "位置不连续"],
    },
    Case {
        name: "the last segment removed",
        spoil: |_, segments| std::fs::remove_file(segments.last().expect("segments")).expect("removed"),
        says: &["证据第 ", "不在日志封存文件夹"],
    },
];

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).expect("a copy");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h_8_whatever_is_altered_in_evidence_or_segments_is_named() {
    let (province, _city) = tiers().await;
    let data = province.node().config.data_dir.clone();
    for Case { name, spoil, says } in CASES {
        let place = tempfile::tempdir().expect("a folder");
        copy(&data.join("evidence"), &place.path().join("evidence"));
        copy(&data.join("segments"), &place.path().join("segments"));
        let folder = place.path().join("evidence");
        assert!(verify(&folder, &[]).status.success(), "{name}: the copy");
        let bulk = files(&folder.join("370200").join("up-bulk"), "evd");
        spoil(&bulk, &files(&place.path().join("segments"), "seg"));
        let output = verify(&folder, &[]);
        let text = told(&output);
        assert!(!output.status.success(), "{name} was passed over: {text}");
        for part in says {
            assert!(text.contains(part), "{name} says nothing of {part}: {text}");
        }
    }
    // Where there are no segments, no more is claimed than was shown.
    let output = verify(&data.join("evidence"), &["--segments", "/nowhere"]);
    assert!(!output.status.success());
    let alone = tempfile::tempdir().expect("a folder");
    copy(&data.join("evidence"), &alone.path().join("evidence"));
    let text = told(&verify(&alone.path().join("evidence"), &[]));
    assert!(text.contains("未逐条核对记录内容"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_8_few_batches_are_written_when_their_day_is_over_without_anybody_asking() {
    let province = TestApp::with("370000", Setup::at_noon()).await;
    let city = province.child("370200").await;
    let system = city.live_system(SYSTEM, "370202", "farming").await;
    report(&city, &system, 0..5).await;
    in_step(&city.sign_in("system").await, "bulk").await;
    assert_eq!(seal(city.node(), Haste::Usual).await.expect("a look"), 0);
    assert!(!evidence(&city).exists(), "a file for a handful of batches");
    city.set_clock(city.node().now().plus_millis(25 * 3_600_000));
    wait_for("the evidence of the day", || async {
        // As the loop does it every twenty seconds.
        seal(city.node(), Haste::Usual).await.expect("sealed");
        evidence(&city).join("370000").join("up-bulk").join("000000000001.evd").exists()
    })
    .await;
    assert!(verify(&evidence(&city), &[]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn h_8_evidence_goes_when_its_period_is_over_and_not_before() {
    let (province, _city) = tiers().await;
    let folder = evidence(&province).join("370200").join("up-bulk");
    let now = province.node().now();
    let years = |count: i64| now.plus_millis(count * 366 * 86_400_000);
    province.set_clock(years(9));
    housekeeping::run(province.node()).await.expect("housekeeping");
    assert_eq!(files(&folder, "evd").len(), 3);
    province.set_clock(years(11));
    housekeeping::run(province.node()).await.expect("housekeeping");
    assert_eq!(files(&folder, "evd").len(), 0);
    let rows = province.node().store.evidence_files().await.expect("files");
    assert!(rows.iter().all(|row| row.class != "bulk"), "{rows:?}");
}
