//! Import: a table of many subjects, uploaded, checked and entered by one person, until every row has become an entry.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Site, node, report};
use crate::demo::client::Identity;

/// How often is asked how far it is.
const PULSE: Duration = Duration::from_millis(200);

/// Imports `rows` rows and prints the rate of each part.
pub(super) async fn run(site: &Site, rows: usize) -> Result<()> {
    let city = node(site, "370200", None).await?;
    let url = format!("http://{}", city.address);
    site.client.allow(&url)?;
    let regulator = site.client.sign_in(&url, "regulator").await?;
    let began = Instant::now();
    let path = "/api/v1/console/imports?register=subjects&class=subject&category=agri";
    let read = site.client.upload(&url, path, &regulator, "bench.csv", &table(rows)).await?;
    report("导入：上传并读取", rows, began.elapsed(), "行/秒");
    ensure!(read["total"] == rows, "not all rows were read: {}", read["total"]);
    let own = format!("/api/v1/console/imports/{}", read["id"].as_str().context("no id")?);
    let checked = phase(site, &url, &own, &regulator, ("check", "checked"), ("导入：逐行检查", rows)).await?;
    ensure!(checked["counts"]["good"] == rows, "not all rows are good: {}", checked["codes"]);
    let done = phase(site, &url, &own, &regulator, ("start", "done"), ("导入：登记", rows)).await?;
    ensure!(done["counts"]["created"] == rows, "not all rows were entered: {}", done["counts"]);
    city.stop().await
}

/// Takes a step, waits for the state that it leads to, and prints the rate.
async fn phase(
    site: &Site,
    url: &str,
    own: &str,
    who: &Identity,
    (step, state): (&str, &str),
    (what, rows): (&str, usize),
) -> Result<Value> {
    let began = Instant::now();
    site.client.post(url, &format!("{own}/steps"), who, &json!({ "step": step })).await?;
    loop {
        let now = site.client.get(url, own, who).await?;
        if now["state"] == state {
            report(what, rows, began.elapsed(), "行/秒");
            return Ok(now);
        }
        tokio::time::sleep(PULSE).await;
    }
}

fn table(rows: usize) -> String {
    let mut text = String::from("名称,主体编码,组织形式,节点类型,产品类别,行政区划,地址,联系人,联系电话\r\n");
    for row in 0..rows {
        text.push_str(&format!(
            "青岛示范农场{row},BENCH-{row:07},企业,种植基地,食用农产品,370202,香港中路 {row} 号,张三,13800000000\r\n"
        ));
    }
    text
}
