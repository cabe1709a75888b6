//! Codes of subjects that the platform issues (SB/T 10680): nine digits for a node, thirteen for a merchant under it. A number
//! is never given twice; whether another node gave the same one is settled by the rule for all codes. Rows: G-6.2.1b.

use suyuan_domain::fault::Fault;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;

use super::SubjectDoc;
use crate::node::Node;
use crate::{Result, ServiceError};

/// Serial numbers that are tried before giving up: those taken by hand are skipped.
const TRIES: usize = 200;

/// What a serial number stands behind, and how many digits it has.
struct Series {
    prefix: String,
    digits: usize,
}

impl Series {
    fn code(&self, serial: u64) -> Option<String> {
        let text = format!("{serial:0width$}", width = self.digits);
        (serial > 0 && text.len() == self.digits).then(|| format!("{}{text}", self.prefix))
    }
}

/// Whether all characters are digits.
pub(crate) fn is_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// The nine digits of a node in its code or in a thirteen-digit code that begins with them.
pub(crate) fn node_code(code: &str) -> Option<&str> {
    code.get(..9).filter(|_| is_digits(code) && matches!(code.len(), 9 | 13))
}

fn series(doc: &SubjectDoc) -> std::result::Result<Series, Fault> {
    let fault = |field: &str, reason: &str, advice: &str| Fault::new("SUBJ-0138", field, reason, advice);
    if doc.is_merchant() {
        let Some(node) = node_code(&doc.parent) else {
            let advice = "请填写商户编码，或为节点登记 9 位节点编码";
            return Err(fault("code", "所在节点没有 9 位节点编码，平台不能编码", advice));
        };
        return Ok(Series { prefix: node.to_owned(), digits: 4 });
    }
    if doc.division.len() != 6 || !is_digits(&doc.division) {
        return Err(fault("division", "缺少行政区划，平台不能编码", "请选择行政区划"));
    }
    Ok(Series { prefix: doc.division.clone(), digits: 3 })
}

fn used_up(prefix: &str) -> Fault {
    Fault::new("SUBJ-0139", "code", format!("{prefix} 下的流水号已用完"), "请自行填写编码")
}

/// The next code for `doc`, or why there is none.
pub(super) async fn issue(tx: &Tx, doc: &SubjectDoc) -> Result<std::result::Result<String, Fault>> {
    let series = match series(doc) {
        Ok(series) => series,
        Err(fault) => return Ok(Err(fault)),
    };
    for _ in 0..TRIES {
        let Some(code) = series.code(tx.next_serial(&series.prefix).await?) else {
            return Ok(Err(used_up(&series.prefix)));
        };
        let taken = !tx.system_entries_of_code(kind::SUBJECT, &code).await?.is_empty()
            || !tx.claims_on(kind::SUBJECT, &code).await?.is_empty();
        if !taken {
            return Ok(Ok(code));
        }
    }
    Ok(Err(used_up(&series.prefix)))
}

/// The next number tells how many there are, so it is told of one's own divisions and markets only.
async fn withheld(node: &Node, cx: &OpContext, doc: &SubjectDoc) -> Result<()> {
    if !doc.division.is_empty() && !cx.scope.covers_division(&doc.division) {
        let advice = "请选择本辖区内的行政区划";
        return Err(ServiceError::invalid("SUBJ-0106", "division", "行政区划不在您的管辖范围内", advice));
    }
    if cx.scope.subject.is_some() && !doc.is_merchant() {
        let advice = "请填写本企业的主体编码";
        return Err(ServiceError::invalid("SUBJ-0110", "code", "只能为本企业登记", advice));
    }
    if doc.is_merchant() && node_code(&doc.parent).is_some() {
        let parent = node.store.system_entry_by_code(kind::SUBJECT, &doc.parent).await?;
        if !parent.is_some_and(|parent| parent.is_in(&cx.scope)) {
            let reason = format!("所在节点 {} 尚未登记", doc.parent);
            return Err(ServiceError::invalid("SUBJ-0136", "parent", reason, "请先登记该节点，或核对节点编码"));
        }
    }
    Ok(())
}

/// The code that `doc` would be given now. It is not kept for it.
///
/// # Errors
/// When the actor may not register subjects, or no code can be given.
pub async fn preview(node: &Node, cx: &OpContext, doc: &SubjectDoc) -> Result<String> {
    cx.authorize(Action::Create, Kind::Subject)?;
    withheld(node, cx, doc).await?;
    let series = series(doc).map_err(|fault| ServiceError::Invalid(vec![fault]))?;
    let mut serial = node.store.last_serial(&series.prefix).await?;
    for _ in 0..TRIES {
        serial += 1;
        let Some(code) = series.code(serial) else { break };
        if node.store.system_entry_by_code(kind::SUBJECT, &code).await?.is_none() {
            return Ok(code);
        }
    }
    Err(ServiceError::Invalid(vec![used_up(&series.prefix)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_1b_a_merchants_code_begins_with_its_nodes() {
        for (code, node) in [
            ("370202001", Some("370202001")),
            ("3702020010007", Some("370202001")),
            ("91350100M000100Y43", None),
            ("37020200", None),
            ("37020200A", None),
        ] {
            assert_eq!(node_code(code), node, "{code}");
        }
        let series = Series { prefix: "370202".into(), digits: 3 };
        assert_eq!(series.code(7).as_deref(), Some("370202007"));
        assert_eq!((series.code(1000), series.code(0)), (None, None));
    }
}
