//! EPCIS 2.0: the official documents go in, are stored, and come out as they were written.
//!
//! They are not ours to keep in the repository; where they do not lie beside the checkout, the test says so and ends.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{TestApp, wait_for};

const SYSTEM: &str = "SYS-370200-001";

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|kind| kind == "jsonld" || kind == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_the_official_epcis_documents_are_accepted_stored_and_found_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/gs1/given/epcis-json");
    let documents = documents(&folder);
    if documents.is_empty() {
        eprintln!("skipped: the official EPCIS documents do not lie at {}", folder.display());
        return;
    }
    let app = TestApp::alone("370200").await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    let mut accepted = 0;
    for path in &documents {
        let body = std::fs::read(path).expect("a document");
        let reply = system.post_bytes("/epcis/v2/capture", "application/ld+json", body).await;
        assert_eq!(reply.status, 202, "{}: {}", path.display(), reply.body);
        assert_eq!(reply.body["rejected"], 0, "{}: {}", path.display(), reply.body["errors"]);
        accepted += reply.body["accepted"].as_u64().expect("a count");
    }
    wait_for("all events by query", || async {
        let found: Value = system.get("/epcis/v2/events?perPage=1000").await.ok();
        let list = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"].as_array().map_or(0, Vec::len);
        list as u64 == accepted
    })
    .await;
}
