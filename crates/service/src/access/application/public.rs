//! What the applicant does himself: applying, following, mending, taking back, testing. The number is no secret; the query
//! code is, and wrong guesses are limited.

use suyuan_crypto::hash::{constant_time_eq, sm3_parts};
use suyuan_crypto::random;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::pack::access::APPLICATIONS_PER_HOUR;
use suyuan_domain::period::Day;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::access::application::{Application, ApplicationStep};

use super::{Followed, Form, Verb, due, form, step, view};
use crate::access::selftest::{self, Sample, SelftestRun, Tested};
use crate::account::captcha::{self, Answer};
use crate::capture::Reporter;
use crate::complaint::guard;
use crate::node::Node;
use crate::{Result, ServiceError, letter};

/// Letters and digits that are not mistaken for one another when read aloud.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Characters of a query code: 60 bits.
const CODE_LENGTH: usize = 12;

/// The answer to an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Number.
    pub number: String,
    /// Code with which it is followed; shown once.
    pub query_code: String,
    /// When the decision is due.
    pub due_at: Option<Timestamp>,
}

fn code_hash(number: &str, code: &str) -> [u8; 32] {
    let usual: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    sm3_parts(&[b"application code", number.as_bytes(), &[0], usual.as_bytes()])
}

/// The refusal of the guard in the words of applications.
fn limited(result: Result<()>) -> Result<()> {
    result.map_err(|error| match error {
        ServiceError::TooMany { retry_after, mut fault } => {
            "JOIN-0301".clone_into(&mut fault.code);
            ServiceError::TooMany { retry_after, fault }
        }
        other => other,
    })
}

/// Asks for the captcha after several applications of one address, and says whether one was answered. Nobody signs in here,
/// so what is missing is a fault of the form.
async fn proved(node: &Node, address: &str, answer: Option<&Answer>) -> Result<bool> {
    let free = node.packs().quota(APPLICATIONS_PER_HOUR);
    if free.is_none_or(|free| u64::from(node.applied.counted(address, node.now())) < free) {
        return Ok(false);
    }
    match captcha::check(node, answer).await {
        Ok(()) => Ok(true),
        Err(ServiceError::Unauthenticated(fault)) => Err(ServiceError::Invalid(vec![fault])),
        Err(other) => Err(other),
    }
}

/// Takes an application and gives its number and query code.
///
/// # Errors
/// For a form with faults, when one address sends too many, and after several of one address within an hour `AUTH-0105`
/// without and `AUTH-0106` with a wrong answer to a captcha.
pub async fn submit(node: &Node, address: &str, form: Form, answer: Option<&Answer>) -> Result<Submitted> {
    let now = node.now();
    let key = [format!("apply|{}|{address}", node.code())];
    limited(guard::admit(&guard::SUBMISSIONS, &key, now))?;
    let form = form.tidied(node);
    let faults = form.faults(node);
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    if !proved(node, address, answer).await? {
        guard::count(&guard::SUBMISSIONS, &key, now);
    }
    node.applied.count(address, now);
    let bytes: [u8; CODE_LENGTH] = random::array(&*node.entropy)?;
    let query_code: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let tx = node.store.begin().await?;
    let day = Day::of(now).to_string().replace('-', "");
    let running = tx.next_number(&format!("application.{day}")).await?;
    let number = format!("{}-{day}-{running:06}-J", node.code());
    let object = node.mint();
    let row = Application {
        object,
        query_hash: code_hash(&number, &query_code),
        name: form.name.clone(),
        operator: form.operator.clone(),
        category: form.category.clone(),
        stage: form.stage.clone(),
        division: form.division.clone(),
        state: "submitted".to_owned(),
        doc: form::kept(node, object, form)?,
        system: String::new(),
        filing_no: String::new(),
        version: 1,
        submitted_at: now,
        due_at: due(node, "submitted", now),
        updated_at: now,
        number,
    };
    let first = ApplicationStep {
        version: 1,
        at: now,
        actor: String::new(),
        action: "submit".to_owned(),
        state: row.state.clone(),
        text: "已提交，等待受理".to_owned(),
    };
    tx.add_application(&row, &first).await?;
    let subject = format!("新的接入申请 {}", row.number);
    let text = format!("{}申请接入“{}”，请及时受理。", row.operator, row.name);
    for reader in letter::readers(node, (Action::Review, Kind::Access), (&row.division, &row.category)).await? {
        let key = format!("application/{}/1", row.number);
        letter::post(node, &tx, reader, (&subject, &text), &key, now).await?;
    }
    tx.commit().await?;
    Ok(Submitted { number: row.number, query_code, due_at: row.due_at })
}

/// The application that a number and a query code open.
async fn opened(node: &Node, address: &str, number: &str, code: &str) -> Result<Application> {
    let now = node.now();
    let number = number.trim();
    let keys = [format!("join|{}|{address}", node.code()), format!("join number|{}|{number}", node.code())];
    limited(guard::admit(&guard::GUESSES, &keys, now))?;
    let row = node.store.system_application(number).await?;
    let right = row.filter(|row| constant_time_eq(&row.query_hash, &code_hash(number, code)));
    right.ok_or_else(|| {
        guard::count(&guard::GUESSES, &keys, now);
        ServiceError::NotFound("该申请，或查询码不正确")
    })
}

/// What an applicant may see of his application.
///
/// # Errors
/// Not found for a wrong number or code; too many after ten wrong guesses.
pub async fn follow(node: &Node, address: &str, number: &str, code: &str) -> Result<Followed> {
    let row = opened(node, address, number, code).await?;
    view::followed(node, row).await
}

/// Mends an application that was returned, or not yet looked at.
///
/// # Errors
/// As [`follow`]; for a form with faults, when the state does not allow it, or it was changed meanwhile.
pub async fn amend(
    node: &Node,
    address: &str,
    (number, code): (&str, &str),
    version: u64,
    form: Form,
) -> Result<Followed> {
    let row = opened(node, address, number, code).await?;
    if row.version != version {
        return Err(ServiceError::changed_meanwhile());
    }
    let form = form.tidied(node);
    let faults = form.faults(node);
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let changed = Application {
        name: form.name.clone(),
        operator: form.operator.clone(),
        category: form.category.clone(),
        stage: form.stage.clone(),
        division: form.division.clone(),
        doc: form::kept(node, row.object, form)?,
        ..row
    };
    let tx = node.store.begin().await?;
    let row = step(node, &tx, changed, Verb::Amend, ("", "申请人已补正，等待受理"), node.now()).await?;
    tx.commit().await?;
    view::followed(node, row).await
}

/// Takes an application back.
///
/// # Errors
/// As [`follow`]; when the state does not allow it, or it was changed meanwhile.
pub async fn withdraw(
    node: &Node,
    address: &str,
    (number, code): (&str, &str),
    version: u64,
    reason: &str,
) -> Result<Followed> {
    let row = opened(node, address, number, code).await?;
    if row.version != version {
        return Err(ServiceError::changed_meanwhile());
    }
    let reason: String = reason.trim().chars().take(500).collect();
    let said =
        if reason.is_empty() { "申请人已撤回".to_owned() } else { format!("申请人已撤回：{reason}") };
    let tx = node.store.begin().await?;
    let row = step(node, &tx, row, Verb::Withdraw, ("", &said), node.now()).await?;
    tx.commit().await?;
    view::followed(node, row).await
}

/// Runs the self-test for an application.
///
/// # Errors
/// As [`follow`]; when the application has ended, or the samples are no samples.
pub async fn test(
    node: &Node,
    address: &str,
    (number, code): (&str, &str),
    samples: Vec<Sample>,
) -> Result<SelftestRun> {
    let row = opened(node, address, number, code).await?;
    let keys = [format!("join test|{}|{}", node.code(), row.number)];
    limited(guard::admit(&guard::SUBMISSIONS, &keys, node.now()))?;
    guard::count(&guard::SUBMISSIONS, &keys, node.now());
    let (state, _) = super::status_of(node, &row).await?;
    if !view::may_test(&state) {
        let fault = suyuan_domain::fault::Fault::new(
            super::NOT_NOW,
            "",
            format!("申请当前为“{}”，不能自测", view::state_name(node, &state)),
            "请重新提交申请",
        );
        return Err(ServiceError::Conflict(fault));
    }
    let tested = Tested {
        owner: &row.number,
        actor: "申请人",
        reporter: Reporter {
            system: row.number.clone(),
            division: row.division.clone(),
            category: row.category.clone(),
            stage: row.stage.clone(),
        },
        subject: "",
        token: None,
    };
    selftest::run(node, &tested, samples, None).await
}
