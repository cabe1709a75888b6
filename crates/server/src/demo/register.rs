//! Making connected systems live the way an administrator does: application, review, token.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::client::{Client, Identity};

/// Files an application, approves it, and issues the token of the system that is then live.
pub async fn live_system(client: &Client, url: &str, who: &Identity, application: &Value) -> Result<String> {
    let record = client
        .post(url, "/api/v1/console/systems", who, application)
        .await
        .with_context(|| format!("接入系统 {} 登记失败", application["code"]))?;
    let id = record["id"].as_str().context("登记应答中没有 id")?.to_owned();
    let review = json!({ "version": record["version"], "decision": "approve", "reason": "" });
    client.post(url, &format!("/api/v1/console/systems/{id}/review"), who, &review).await?;
    let answer = client.post(url, &format!("/api/v1/console/systems/{id}/token"), who, &json!({})).await?;
    Ok(answer["token"].as_str().context("应答中没有令牌")?.to_owned())
}

/// Admits a child at its parent once it has asked.
pub async fn admit(client: &Client, parent_url: &str, who: &Identity, child: &str) -> Result<()> {
    let path = format!("/api/v1/console/exchange/children/{child}/approve");
    let mut last = None;
    for _ in 0..120 {
        match client.post(parent_url, &path, who, &json!({})).await {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    match last {
        Some(error) => Err(error).with_context(|| format!("批准下级节点 {child}")),
        None => Ok(()),
    }
}
