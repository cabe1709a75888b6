//! Complaints and enquiries (咨询投诉): what the public sends, its number, its clock, its steps, and following it up.
//!
//! The node that took a complaint handles it; tiers above read it without personal data. Working days come from the packs.
//! Rows: G-6.9b, G-6.9c, G-10.4.

pub(crate) mod guard;
mod picture;
mod words;

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::{constant_time_eq, hex, sm3, sm3_parts};
use suyuan_crypto::random;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::{Draft, Record, kind};
use suyuan_domain::search::{mask_name, mask_phone};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::complaint::{Complaint, ComplaintFilter, ComplaintStep};
use suyuan_store::side_car::SideCar;

use crate::listing::Listed;
use crate::quality::misplaced;
use crate::record::{Route, draft};
use crate::register::within;
use crate::{Node, Result, ServiceError, audit};

pub use picture::{MAX_BYTES, Picture};
pub use words::{ComplaintKind, StepAction, is_ended, state_name, without_numbers};

/// What the public sends.
#[derive(Clone, Debug, Deserialize)]
pub struct ComplaintIn {
    /// What is wanted.
    pub kind: ComplaintKind,
    /// What happened.
    pub text: String,
    /// Trace code that it is about.
    #[serde(default)]
    pub code: Option<String>,
    /// Telephone for the answer.
    #[serde(default)]
    pub phone: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
}

/// The answer to a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Submitted {
    /// Number for following it up.
    pub number: String,
    /// When the first decision is due.
    pub due_at: Timestamp,
}

/// A step as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepOut {
    /// When.
    pub at: Timestamp,
    /// State after it.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// What was said.
    pub text: String,
    /// Who did it; empty for the public.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub actor: String,
}

/// What the sender of a complaint may see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// Number.
    pub number: String,
    /// Kind.
    pub kind: String,
    /// State.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// When it came.
    pub submitted_at: Timestamp,
    /// When the next decision is due.
    pub due_at: Timestamp,
    /// Whether that has passed.
    pub overdue: bool,
    /// Who is responsible.
    pub handler_name: String,
    /// What was done.
    pub steps: Vec<StepOut>,
}

/// A complaint as regulators see it.
#[derive(Clone, Debug, Serialize)]
pub struct ComplaintOut {
    /// Identity.
    pub id: ObjectId,
    /// Number.
    pub number: String,
    /// Kind.
    pub kind: String,
    /// Name of the kind.
    pub kind_name: String,
    /// What happened.
    pub text: String,
    /// Trace code.
    pub code: String,
    /// Name of the sender, masked.
    pub name: String,
    /// Telephone of the sender, masked.
    pub phone: String,
    /// Whether there is a picture.
    pub has_photo: bool,
    /// Division.
    pub division: String,
    /// Name of the division.
    pub division_name: String,
    /// Node that handles it.
    pub handler: String,
    /// State.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// When it came.
    pub submitted_at: Timestamp,
    /// When the next decision is due.
    pub due_at: Timestamp,
    /// Whether that has passed.
    pub overdue: bool,
    /// Version.
    pub version: u64,
    /// Node that took it.
    pub origin_node: String,
    /// Steps that the reader may take now.
    pub actions: Vec<StepAction>,
}

/// A complaint with its steps.
#[derive(Clone, Debug, Serialize)]
pub struct ComplaintDetail {
    /// The complaint.
    #[serde(flatten)]
    pub complaint: ComplaintOut,
    /// What was done, oldest first.
    pub steps: Vec<StepOut>,
    /// Addresses of its pictures.
    pub photos: Vec<String>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ComplaintQuery {
    /// State.
    pub state: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Division with everything below it.
    pub division: Option<String>,
    /// Words in number, trace code or text.
    pub q: Option<String>,
    /// Cursor.
    pub after: Option<String>,
    /// Rows, 1 to 200.
    pub limit: Option<usize>,
}

/// A step that a handler sends.
#[derive(Clone, Debug, Deserialize)]
pub struct StepIn {
    /// Version that the handler saw.
    pub version: u64,
    /// The step.
    pub action: StepAction,
    /// What the sender reads.
    #[serde(default)]
    pub text: String,
}

/// The journal's body: head, steps, and commitments to what is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ComplaintBody {
    complaint: Complaint,
    steps: Vec<ComplaintStep>,
    #[serde(default)]
    contact: std::collections::BTreeMap<String, String>,
}

/// Takes a complaint of the public and gives its number.
///
/// # Errors
/// For input with faults, or when one address sends too many.
pub async fn submit(node: &Node, address: &str, input: ComplaintIn, photo: Option<&[u8]>) -> Result<Submitted> {
    let now = node.now();
    let key = [format!("submit|{}|{address}", node.code())];
    guard::admit(&guard::SUBMISSIONS, &key, now)?;
    let input = checked(input)?;
    let picture = photo.map(picture::clean).transpose().map_err(|fault| ServiceError::Invalid(vec![fault]))?;
    guard::count(&guard::SUBMISSIONS, &key, now);
    let photo = match &picture {
        Some(picture) => Some(keep_file(node, picture).await?),
        None => None,
    };
    let cars = side_cars(node, &input)?;
    let mut tx = node.store.begin().await?;
    let day = Day::of(now).to_string().replace('-', "");
    let running = tx.next_number(&format!("complaint.{day}")).await?;
    let complaint = head(node, &input, format!("{}-{day}-{running:06}-C", node.code()), photo.clone(), now);
    let steps = [first_step(node, now)];
    if let (Some(id), Some(picture)) = (&photo, &picture) {
        tx.note_attachment(id, picture.media_type, picture.bytes.len() as u64, now).await?;
    }
    tx.add_complaint(&complaint, &steps).await?;
    let object = complaint.object;
    tx.keep_side_cars(&node.sealing_key, object, object, &cars, &*node.entropy).await?;
    tx.append(vec![record_of(&complaint, &steps, &cars, now)?]).await?;
    tx.commit().await?;
    Ok(Submitted { number: complaint.number, due_at: complaint.due_at })
}

fn checked(input: ComplaintIn) -> Result<ComplaintIn> {
    let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let input = ComplaintIn {
        kind: input.kind,
        text: input.text.trim().to_owned(),
        code: trimmed(input.code),
        phone: trimmed(input.phone),
        name: trimmed(input.name),
    };
    let mut faults = Vec::new();
    let mut fault =
        |code: &str, field: &str, reason: &str, advice: &str| faults.push(Fault::new(code, field, reason, advice));
    let length = input.text.chars().count();
    if !(5..=2_000).contains(&length) {
        fault("CMP-0101", "text", "内容应为 5 至 2000 字", "请说明时间、地点和经过");
    }
    if input.code.as_ref().is_some_and(|code| code.len() > 256) {
        fault("CMP-0102", "code", "追溯码过长", "请扫码或核对后重新填写");
    }
    let digits = |phone: &String| phone.chars().filter(char::is_ascii_digit).count();
    let odd = |phone: &String| phone.chars().any(|c| !(c.is_ascii_digit() || matches!(c, '+' | '-' | ' ')));
    if input.phone.as_ref().is_some_and(|phone| odd(phone) || !(7..=15).contains(&digits(phone))) {
        fault("CMP-0103", "phone", "联系电话格式不正确", "请填写手机号或带区号的座机号");
    }
    if input.name.as_ref().is_some_and(|name| name.chars().count() > 50) {
        fault("CMP-0104", "name", "姓名超过 50 字", "请核对后重新填写");
    }
    if faults.is_empty() { Ok(input) } else { Err(ServiceError::Invalid(faults)) }
}

fn head(node: &Node, input: &ComplaintIn, number: String, photo: Option<String>, now: Timestamp) -> Complaint {
    let tail = input.phone.as_deref().map(last_four);
    Complaint {
        object: node.mint(),
        kind: input.kind.as_str().to_owned(),
        text: input.text.clone(),
        code: input.code.clone().unwrap_or_default(),
        name: input.name.as_deref().map(mask_name).unwrap_or_default(),
        phone: input.phone.as_deref().map(mask_phone).unwrap_or_default(),
        phone_tail: tail.map(|tail| tail_hash(&number, &tail)).unwrap_or_default(),
        number,
        photo,
        division: node.code().to_owned(),
        handler: node.code().to_owned(),
        state: "submitted".to_owned(),
        origin_node: node.code().to_owned(),
        term: 1,
        version: 1,
        submitted_at: now,
        due_at: node.packs().due(input.kind.first_limit(), now).unwrap_or(now),
        closed_at: None,
    }
}

fn first_step(node: &Node, now: Timestamp) -> ComplaintStep {
    ComplaintStep {
        version: 1,
        at: now,
        actor: String::new(),
        node: node.code().to_owned(),
        action: "submit".to_owned(),
        state: "submitted".to_owned(),
        text: "已提交，等待受理".to_owned(),
        public: true,
    }
}

fn last_four(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(4)..].iter().collect()
}

fn tail_hash(number: &str, tail: &str) -> String {
    hex(&sm3_parts(&[b"complaint tail", number.as_bytes(), &[0], tail.as_bytes()]))
}

fn side_cars(node: &Node, input: &ComplaintIn) -> Result<Vec<SideCar>> {
    let plain = [("contact.name", &input.name), ("contact.phone", &input.phone)];
    let mut cars = Vec::new();
    for (path, value) in plain {
        if let Some(value) = value {
            let salt = random::array(&*node.entropy)?;
            cars.push(SideCar { path: path.to_owned(), salt, plain: value.as_bytes().to_vec() });
        }
    }
    Ok(cars)
}

/// The journal record: no plain personal data, in the head, in what was written, or in what was answered.
fn record_of(complaint: &Complaint, steps: &[ComplaintStep], cars: &[SideCar], now: Timestamp) -> Result<Draft> {
    let hidden = |step: &ComplaintStep| ComplaintStep { text: without_numbers(&step.text), ..step.clone() };
    let body = ComplaintBody {
        complaint: Complaint { text: without_numbers(&complaint.text), ..complaint.clone() },
        steps: steps.iter().map(hidden).collect(),
        contact: cars.iter().map(|car| (car.path.clone(), hex(&car.commitment()))).collect(),
    };
    draft(kind::COMPLAINT, complaint.object, (complaint.term, complaint.version), now, Route::Up, &body)
}

async fn keep_file(node: &Node, picture: &Picture) -> Result<String> {
    let id = hex(&sm3(&picture.bytes));
    let folder = node.config.data_dir.join("attachments").join(&id[..2]);
    let failed = |error: std::io::Error| ServiceError::Store(error.into());
    tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
    let (temporary, path) = (folder.join(format!("{id}.{}.part", node.mint())), folder.join(&id));
    tokio::fs::write(&temporary, &picture.bytes).await.map_err(failed)?;
    tokio::fs::rename(&temporary, &path).await.map_err(failed)?;
    Ok(id)
}

/// What the sender may see who knows the number and the last four digits of the telephone; the telephone is not asked for
/// where none was given.
///
/// # Errors
/// [`ServiceError::NotFound`] whatever does not fit, and too many guesses.
pub async fn follow(node: &Node, address: &str, number: &str, phone_tail: &str) -> Result<Followed> {
    let now = node.now();
    let keys = [format!("follow|{}|{address}", node.code()), format!("number|{}|{number}", node.code())];
    guard::admit(&guard::GUESSES, &keys, now)?;
    let found = node.store.system_complaint_by_number(number).await?;
    let fits = |complaint: &Complaint| {
        let given = if complaint.phone_tail.is_empty() { String::new() } else { tail_hash(number, phone_tail.trim()) };
        complaint.origin_node == node.code() && constant_time_eq(given.as_bytes(), complaint.phone_tail.as_bytes())
    };
    let Some((complaint, steps)) = found.filter(|(complaint, _)| fits(complaint)) else {
        guard::count(&guard::GUESSES, &keys, now);
        return Err(ServiceError::NotFound("complaint"));
    };
    let overdue = !is_ended(&complaint.state) && complaint.state != "answered" && complaint.due_at < now;
    let shown = |step: ComplaintStep| StepOut { actor: String::new(), ..step_out(step) };
    Ok(Followed {
        number: complaint.number,
        kind: complaint.kind,
        state_name: state_name(&complaint.state).to_owned(),
        state: complaint.state,
        submitted_at: complaint.submitted_at,
        due_at: complaint.due_at,
        overdue,
        handler_name: node.divisions.name(&complaint.handler).to_owned(),
        steps: steps.into_iter().filter(|step| step.public).map(shown).collect(),
    })
}

/// A page of complaints in the reader's scope, newest first.
///
/// # Errors
/// Without permission, or when the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, query: &ComplaintQuery) -> Result<Listed<ComplaintOut>> {
    cx.authorize(Action::Read, Kind::Complaint)?;
    let filter = ComplaintFilter {
        state: query.state.clone(),
        kind: query.kind.clone(),
        divisions: within(node, cx, query.division.as_deref())?,
        words: query.q.clone(),
    };
    let after = query.after.as_deref().and_then(|text| text.parse().ok());
    let page = node.store.complaints(&cx.scope, &filter, after, query.limit.unwrap_or(50).clamp(1, 200)).await?;
    Ok(Listed::of_page(page, |row| row.object.to_string()).map(|row| out(node, cx, row)))
}

/// One complaint with its steps.
///
/// # Errors
/// Without permission, or when it is absent or out of scope.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId) -> Result<ComplaintDetail> {
    cx.authorize(Action::Read, Kind::Complaint)?;
    let (complaint, steps) = node.store.complaint(&cx.scope, id).await?.ok_or(ServiceError::NotFound("complaint"))?;
    let photos = complaint.photo.iter().map(|_| format!("/api/v1/console/complaints/{id}/photo")).collect();
    Ok(ComplaintDetail {
        complaint: out(node, cx, complaint),
        steps: steps.into_iter().map(step_out).collect(),
        photos,
    })
}

/// The picture of a complaint.
///
/// # Errors
/// Without permission, or when there is none.
pub async fn photo(node: &Node, cx: &OpContext, id: ObjectId) -> Result<(String, Vec<u8>)> {
    cx.authorize(Action::Read, Kind::Complaint)?;
    let absent = || ServiceError::NotFound("photo");
    let (complaint, _) = node.store.complaint(&cx.scope, id).await?.ok_or_else(absent)?;
    let name = complaint.photo.ok_or_else(absent)?;
    let attachment = node.store.system_attachment(&name).await?.ok_or_else(absent)?;
    let path = node.config.data_dir.join("attachments").join(name.get(..2).ok_or_else(absent)?).join(&name);
    let bytes = tokio::fs::read(path).await.map_err(|_| absent())?;
    Ok((attachment.media_type, bytes))
}

const fn needed(action: StepAction) -> Action {
    match action {
        StepAction::Accept | StepAction::Reject => Action::Review,
        StepAction::Transfer => Action::Assign,
        StepAction::Answer => Action::Answer,
        StepAction::Close => Action::Resolve,
    }
}

/// Takes a step on a complaint that this node handles.
///
/// # Errors
/// Without permission or words, where the state does not allow it, or when it was changed meanwhile.
pub async fn step(node: &Node, cx: &OpContext, id: ObjectId, input: &StepIn) -> Result<ComplaintDetail> {
    cx.authorize(needed(input.action), Kind::Complaint)?;
    let text = input.text.trim();
    let text = if text.is_empty() { input.action.default_text().unwrap_or_default() } else { text };
    if text.is_empty() || text.chars().count() > 2_000 {
        return Err(ServiceError::invalid("CMP-0201", "text", "说明应为 1 至 2000 字", "请填写给当事人的说明"));
    }
    node.store.complaint(&cx.scope, id).await?.ok_or(ServiceError::NotFound("complaint"))?;
    let cars = node.store.side_cars(&node.sealing_key, id).await?;
    let mut tx = node.store.begin().await?;
    let (before, mut steps) = tx.system_complaint(id).await?.ok_or(ServiceError::NotFound("complaint"))?;
    if before.version != input.version {
        return Err(ServiceError::changed_meanwhile());
    }
    let after = stepped(node, &before, input.action, cx.now)?;
    steps.push(ComplaintStep {
        version: after.version,
        at: cx.now,
        actor: cx.actor.username.clone(),
        node: node.code().to_owned(),
        action: input.action.as_str().to_owned(),
        state: after.state.clone(),
        text: text.to_owned(),
        public: true,
    });
    tx.change_complaint(&after, (before.term, before.version), &steps).await?;
    tx.append(vec![record_of(&after, &steps, &cars, cx.now)?]).await?;
    let action = format!("complaint.{}", input.action.as_str());
    audit::note(&tx, cx, &action, "complaint", &after.number, Some(&before.state), Some(&after.state)).await?;
    tx.commit().await?;
    get(node, cx, id).await
}

fn stepped(node: &Node, before: &Complaint, action: StepAction, now: Timestamp) -> Result<Complaint> {
    if before.handler != node.code() {
        let fault = Fault::new("CMP-0202", "", "该事项由其他平台办理", "请联系办理平台");
        return Err(ServiceError::Conflict(fault));
    }
    let Some(state) = action.from(&before.state) else {
        let reason = format!("当前状态“{}”不能执行该操作", state_name(&before.state));
        return Err(ServiceError::Conflict(Fault::new("CMP-0203", "action", reason, "请刷新后按办理顺序操作")));
    };
    let mut after = before.clone();
    after.version += 1;
    after.state = state.to_owned();
    after.closed_at = is_ended(state).then_some(now);
    if action == StepAction::Accept {
        after.due_at = node.packs().due(words::next_limit(&before.kind), now).unwrap_or(before.due_at);
    }
    Ok(after)
}

/// Takes in a complaint of a lower node. Gives what is wrong with the record, if something is.
///
/// # Errors
/// When the database refuses.
pub async fn take(_node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let body: ComplaintBody = match serde_json::from_slice(&record.payload) {
        Ok(body) => body,
        Err(error) => return Ok(Some(crate::sync::apply::unreadable(&error))),
    };
    let ComplaintBody { complaint, steps, .. } = body;
    let origin = record.origin.as_ref().map(|origin| origin.node.as_str());
    let order = (complaint.term, complaint.version);
    if let Some(fault) = misplaced(record, complaint.object, order, origin, &complaint.origin_node) {
        return Ok(Some(fault));
    }
    if let Some((present, _)) = tx.system_complaint(complaint.object).await?
        && present.origin_node != complaint.origin_node
    {
        return Ok(Some(crate::quality::not_the_owner(&present.origin_node)));
    }
    tx.take_complaint(&complaint, &steps).await?;
    Ok(None)
}

fn step_out(step: ComplaintStep) -> StepOut {
    StepOut {
        at: step.at,
        state_name: state_name(&step.state).to_owned(),
        state: step.state,
        text: step.text,
        actor: step.actor,
    }
}

fn out(node: &Node, cx: &OpContext, complaint: Complaint) -> ComplaintOut {
    let mine = complaint.handler == node.code();
    let may = |action: &StepAction| {
        mine && action.from(&complaint.state).is_some() && cx.may(needed(*action), Kind::Complaint)
    };
    ComplaintOut {
        id: complaint.object,
        actions: StepAction::ALL.into_iter().filter(may).collect(),
        number: complaint.number,
        kind_name: node.packs().name_in("complaint_kind", &complaint.kind).to_owned(),
        kind: complaint.kind,
        text: complaint.text,
        code: complaint.code,
        name: complaint.name,
        phone: complaint.phone,
        has_photo: complaint.photo.is_some(),
        division_name: node.divisions.name(&complaint.division).to_owned(),
        division: complaint.division,
        handler: complaint.handler,
        state_name: state_name(&complaint.state).to_owned(),
        overdue: !is_ended(&complaint.state) && complaint.due_at < cx.now,
        state: complaint.state,
        submitted_at: complaint.submitted_at,
        due_at: complaint.due_at,
        version: complaint.version,
        origin_node: complaint.origin_node,
    }
}
