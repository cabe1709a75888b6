//! Deliveries: one copy of an edition for each receiver, queued, posted by `suyuan-jobs`, and noted as it ended.

use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Period;
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::job::NewJob;
use suyuan_store::report::{Delivery, Edition, Receiver};

use super::{DELIVER_JOB, DELIVERY_TRIES, DeliverJob, Drawn, EVALUATION, Format, checked, drawn, visible};
use crate::{Node, Result, ServiceError, audit};

/// A delivery as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryOut {
    /// Number.
    pub id: i64,
    /// Name of the receiver.
    pub receiver: String,
    /// Mail address.
    pub email: String,
    /// State.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// Tries.
    pub attempts: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was sent, or asked for.
    pub at: Timestamp,
    /// Message-ID, by which a resent mail is recognised.
    pub message_id: String,
}

impl From<Delivery> for DeliveryOut {
    fn from(delivery: Delivery) -> Self {
        let state_name = match delivery.state.as_str() {
            "sent" => "已发送",
            "failed" => "发送失败",
            _ => "等待发送",
        };
        Self {
            id: delivery.id,
            receiver: delivery.receiver,
            email: delivery.email,
            state_name: state_name.to_owned(),
            state: delivery.state,
            attempts: delivery.attempts,
            last_error: delivery.last_error,
            at: delivery.sent_at.unwrap_or(delivery.created_at),
            message_id: delivery.message_id,
        }
    }
}

/// Queues one copy of an edition for each receiver and gives the numbers of the deliveries.
///
/// # Errors
/// For receivers with faults, or when the edition is absent.
pub async fn send(node: &Node, edition: ObjectId, receivers: &[Receiver]) -> Result<Vec<i64>> {
    let tx = node.store.begin().await?;
    let deliveries = queue(node, &tx, edition, receivers, node.now()).await?;
    tx.commit().await?;
    Ok(deliveries)
}

async fn queue(node: &Node, tx: &Tx, id: ObjectId, receivers: &[Receiver], now: Timestamp) -> Result<Vec<i64>> {
    let receivers = checked(receivers)?;
    if receivers.is_empty() {
        return Err(ServiceError::invalid("RPT-0105", "receivers", "没有收件人", "请至少填写一个收件人"));
    }
    let edition = visible(node, &Scope::everything(), id).await?;
    let message_id = |delivery: i64| format!("<{}.{delivery}@{}.suyuan>", edition.number, node.code());
    let mut deliveries = Vec::with_capacity(receivers.len());
    for receiver in &receivers {
        let delivery = tx.add_delivery(id, receiver, message_id, now).await?;
        enqueue(tx, delivery, format!("{DELIVER_JOB}:{delivery}"), now).await?;
        deliveries.push(delivery);
    }
    Ok(deliveries)
}

async fn enqueue(tx: &Tx, delivery: i64, unique_key: String, now: Timestamp) -> Result<()> {
    let job = NewJob {
        kind: DELIVER_JOB.to_owned(),
        unique_key: Some(unique_key),
        payload: serde_json::to_string(&DeliverJob { delivery })?,
        run_at: now,
        max_attempts: DELIVERY_TRIES,
        actor: None,
    };
    tx.enqueue(job, now).await?;
    Ok(())
}

/// Queues an edition for receivers that a person named; those of the schedule where none are named.
///
/// # Errors
/// Without permission, for receivers with faults, or when the edition is absent or out of scope.
pub async fn send_to(node: &Node, cx: &OpContext, id: ObjectId, receivers: Vec<Receiver>) -> Result<Vec<DeliveryOut>> {
    cx.authorize(Action::Send, Kind::Report)?;
    let edition = visible(node, &cx.scope, id).await?;
    let receivers = if receivers.is_empty() {
        node.store.report_schedule(EVALUATION).await?.map(|schedule| schedule.receivers).unwrap_or_default()
    } else {
        receivers
    };
    let tx = node.store.begin().await?;
    let queued = queue(node, &tx, id, &receivers, cx.now).await?;
    let to = format!("{} receivers", queued.len());
    audit::note(&tx, cx, "report.send", "report", &edition.number, None, Some(&to)).await?;
    tx.commit().await?;
    let all = node.store.deliveries(id).await?;
    Ok(all.into_iter().filter(|delivery| queued.contains(&delivery.id)).map(DeliveryOut::from).collect())
}

/// Deliveries of an edition, oldest first.
///
/// # Errors
/// Without permission, or when the edition is absent or out of scope.
pub async fn deliveries(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Vec<DeliveryOut>> {
    cx.authorize(Action::Read, Kind::Report)?;
    visible(node, &cx.scope, id).await?;
    Ok(node.store.deliveries(id).await?.into_iter().map(DeliveryOut::from).collect())
}

/// Sends a delivery once more, under the same Message-ID.
///
/// # Errors
/// Without permission, when it is absent, or still waiting.
pub async fn resend(node: &Node, cx: &OpContext, delivery: i64) -> Result<DeliveryOut> {
    cx.authorize(Action::Send, Kind::Report)?;
    let absent = || ServiceError::NotFound("delivery");
    let before = node.store.system_delivery(delivery).await?.ok_or_else(absent)?;
    visible(node, &cx.scope, before.edition).await.map_err(|_| absent())?;
    let tx = node.store.begin().await?;
    if !tx.requeue_delivery(delivery).await? {
        let fault = Fault::new("RPT-0201", "state", "该邮件仍在等待发送", "请稍后刷新查看结果");
        return Err(ServiceError::Conflict(fault));
    }
    enqueue(&tx, delivery, format!("{DELIVER_JOB}:{delivery}:{}", cx.now.millis()), cx.now).await?;
    audit::note(&tx, cx, "report.resend", "delivery", &delivery.to_string(), Some(&before.state), Some("queued"))
        .await?;
    tx.commit().await?;
    node.store.system_delivery(delivery).await?.map(DeliveryOut::from).ok_or_else(absent)
}

/// One copy ready for posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Message-ID, the same at every try.
    pub message_id: String,
    /// Name of the receiver; may be empty.
    pub receiver: String,
    /// Mail address.
    pub email: String,
    /// Subject.
    pub subject: String,
    /// Body for readers without HTML.
    pub text: String,
    /// Body.
    pub html: String,
    /// Attached files.
    pub files: Vec<Drawn>,
}

/// Draws what a delivery carries; `None` where it was sent already or is given up.
///
/// # Errors
/// When it is absent, or cannot be drawn.
pub async fn parcel(node: &Node, delivery: i64) -> Result<Option<Parcel>> {
    let row = node.store.system_delivery(delivery).await?.ok_or(ServiceError::NotFound("delivery"))?;
    if row.state != "queued" {
        return Ok(None);
    }
    let edition = visible(node, &Scope::everything(), row.edition).await?;
    let html = drawn(node, &edition, Format::Html).await?;
    let mut files = Vec::new();
    if node.config.fonts_dir.is_some() {
        files.push(drawn(node, &edition, Format::Pdf).await?);
    }
    files.push(drawn(node, &edition, Format::Xlsx).await?);
    let period = edition.period.parse::<Period>().map_or_else(|_| edition.period.clone(), Period::label);
    let Edition { number, title, .. } = edition;
    Ok(Some(Parcel {
        message_id: row.message_id,
        receiver: row.receiver,
        email: row.email,
        subject: format!("【{number}】{title}（{period}）"),
        text: format!("{title}（{period}），编号 {number}，请查看附件。"),
        html: String::from_utf8_lossy(&html.bytes).into_owned(),
        files,
    }))
}

/// Notes that the mail server took a delivery.
///
/// # Errors
/// When the database is out of reach.
pub async fn delivered(node: &Node, delivery: i64) -> Result<()> {
    let tx = node.store.begin().await?;
    tx.note_delivery(delivery, "sent", None, Some(node.now())).await?;
    let cx = node.own_context(DELIVER_JOB);
    audit::note(&tx, &cx, "delivery.send", "delivery", &delivery.to_string(), None, Some("sent")).await?;
    Ok(tx.commit().await?)
}

/// Notes that a try failed. Says whether the delivery is given up: it was refused for good, or was tried often enough.
///
/// # Errors
/// When the database is out of reach.
pub async fn undelivered(node: &Node, delivery: i64, error: &str, permanent: bool) -> Result<bool> {
    let row = node.store.system_delivery(delivery).await?.ok_or(ServiceError::NotFound("delivery"))?;
    let given_up = permanent || row.attempts + 1 >= u64::from(DELIVERY_TRIES);
    let tx = node.store.begin().await?;
    tx.note_delivery(delivery, if given_up { "failed" } else { "queued" }, Some(error), None).await?;
    if given_up {
        let cx = node.own_context(DELIVER_JOB);
        let place = ("delivery.send", "delivery", delivery.to_string());
        audit::note_outcome(&tx, &cx, (place.0, place.1, &place.2), "failed", error).await?;
    }
    tx.commit().await?;
    Ok(given_up)
}
