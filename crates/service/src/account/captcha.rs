//! Captchas (验证码) on this node: given out as tickets, good once and for three minutes, a wrong answer uses one up too.
//! Rows, H-9.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_security::captcha;

use super::sign_on::Origin;
use super::{at_fault, ticket};
use crate::{Node, Result, ServiceError};

pub use suyuan_security::captcha::Shown;

const PURPOSE: &str = "captcha";
/// For how long one may be answered, in milliseconds.
const HOLDS: i64 = 3 * 60_000;

/// Which sort of task is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Characters in a picture.
    #[default]
    Picture,
    /// A sum in words, for people who do not see the picture.
    Question,
}

/// A task to be shown.
#[derive(Clone, Debug)]
pub struct Captcha {
    /// Brought back with the answer.
    pub id: String,
    /// What is shown.
    pub shown: Shown,
    /// Until when it may be answered.
    pub expires_at: Timestamp,
}

/// A task with its answer, as it came back.
#[derive(Clone, Default)]
pub struct Answer {
    /// [`Captcha::id`].
    pub id: String,
    /// What was typed.
    pub answer: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// A new task.
///
/// # Errors
/// `AUTH-0107` after too many from one address.
pub fn make(node: &Node, origin: &Origin, wanted: Wanted) -> Result<Captcha> {
    node.sign_ons.admit(&node.config.sign_on, &origin.address, node.now())?;
    let task = match wanted {
        Wanted::Picture => captcha::picture(&*node.entropy),
        Wanted::Question => captcha::question(&*node.entropy),
    };
    let task = task.map_err(at_fault)?;
    let (id, expires_at) = ticket::issue(node, PURPOSE, task.answer, HOLDS)?;
    Ok(Captcha { id, shown: task.shown, expires_at })
}

/// Checks an answer and uses the task up.
pub(crate) async fn check(node: &Node, answer: Option<&Answer>) -> Result<()> {
    let Some(answer) = answer else {
        let fault = Fault::new("AUTH-0105", "captcha", "请输入验证码", "请按图片或问题填写验证码后重试");
        return Err(ServiceError::Unauthenticated(fault));
    };
    let refused = || {
        let fault = Fault::new("AUTH-0106", "captcha", "验证码不正确或已失效", "请换一个验证码后重试");
        ServiceError::Unauthenticated(fault)
    };
    let ticket = ticket::read::<String>(node, PURPOSE, &answer.id).ok_or_else(refused)?;
    let tx = node.store.begin().await?;
    let first = ticket.spend(&tx).await?;
    tx.commit().await?;
    if first && captcha::is_answer(&ticket.told, &answer.answer) { Ok(()) } else { Err(refused()) }
}
