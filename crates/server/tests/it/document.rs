//! The OpenAPI document in the repository is the one that the program serves.

#[test]
fn h_8_the_committed_interface_document_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api/openapi.json");
    let committed = std::fs::read_to_string(path).expect("docs/api/openapi.json");
    let served = suyuan_api::openapi_json().expect("a document");
    let same = committed.trim() == served.trim();
    assert!(
        same,
        "docs/api/openapi.json is out of date: run `cargo run -p suyuan-server -- openapi > docs/api/openapi.json`"
    );
}
