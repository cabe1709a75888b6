//! Exchange: what the city has captured goes to the province, from its admission until the last receipt is stored.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{BenchArgs, Pair, Site, report};
use crate::demo::register::admit;

/// Admits the city and prints the rate at which its records arrive.
pub(super) async fn run(site: &Site, pair: &Pair, args: &BenchArgs) -> Result<()> {
    let security = site.client.sign_in(&pair.province_url, "security").await?;
    let began = Instant::now();
    admit(&site.client, &pair.province_url, &security, "370200").await?;
    confirmed(pair).await?;
    report("上下级交换（SM2 签名、SM4 加密，回执入库）", args.events, began.elapsed(), "条/秒");
    Ok(())
}

/// Waits until every record of the city's journal that travels upward is confirmed by a receipt.
async fn confirmed(pair: &Pair) -> Result<()> {
    let city = &pair.city;
    loop {
        let (parent, _) = suyuan_service::sync::state::links(&city.node, city.node.now()).await?;
        if parent.is_some_and(|link| link.enrolment == "approved" && link.records_behind == 0) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
