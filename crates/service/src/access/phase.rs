//! The phases of an access after filing (接入阶段): filed, on trial, live. What a system sends on trial is checked and
//! answered like everything else and kept apart: no journal, no statistics, no evaluation. Rows: G-6.7.2.

use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};

use super::{AccessDoc, selftest};
use crate::node::Node;
use crate::register::{self, Decision, Item, Verb};
use crate::{Result, ServiceError};

/// Phase of an access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Filed, not yet admitted to the trial (已备案): it may test itself.
    Filed,
    /// On trial (试运行): its data are checked and kept apart.
    Trial,
    /// Live (正式运行): its data count.
    #[default]
    Live,
}

/// The steps between phases, each with whether it has to be justified.
const STEPS: &[(Phase, Phase, bool)] =
    &[(Phase::Filed, Phase::Trial, false), (Phase::Trial, Phase::Live, false), (Phase::Live, Phase::Trial, true)];

impl Phase {
    /// The word in documents and interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::Trial => "trial",
            Self::Live => "live",
        }
    }

    /// Reads the word of a document; anything else is live, which is what older documents mean by saying nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::parse_step(text).unwrap_or_default()
    }

    /// Reads the word of a step.
    #[must_use]
    pub fn parse_step(text: &str) -> Option<Self> {
        [Self::Filed, Self::Trial, Self::Live].into_iter().find(|phase| phase.as_str() == text)
    }

    /// Whether what the system sends counts.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Live)
    }
}

/// The one word that lists show for a system: state of the register and phase together (接入状态).
#[must_use]
pub fn status(state: &str, phase: Phase) -> &'static str {
    match state {
        "draft" => "draft",
        "submitted" => "submitted",
        "returned" => "returned",
        "cancelled" => "cancelled",
        "suspended" => "suspended",
        "revoked" => "ended",
        _ => phase.as_str(),
    }
}

/// Moves a system to another phase. To live without a passed self-test only with a reason.
///
/// # Errors
/// Without permission; `ACC-0301` for a step that is not allowed, `ACC-0302` where the self-test is not passed and no reason
/// is given, `ACC-0303` where the step needs one.
pub async fn advance(
    node: &Node,
    cx: &OpContext,
    (id, version): (ObjectId, u64),
    to: Phase,
    reason: &str,
) -> Result<Item<AccessDoc>> {
    cx.authorize(Action::Review, Kind::Access)?;
    let reason = reason.trim();
    if reason.chars().count() > 500 {
        return Err(ServiceError::invalid("ACC-0304", "reason", "原因过长", "请控制在 500 字以内"));
    }
    let stored = register::get::<AccessDoc>(node, cx, id).await?.item;
    let from = stored.doc.phase();
    let step = STEPS.iter().find(|(before, after, _)| (*before, *after) == (from, to));
    let Some((_, _, justify)) = step else { return Err(not_allowed(node, from, to)) };
    if *justify && reason.is_empty() {
        return Err(ServiceError::invalid("ACC-0303", "reason", "转回试运行需要说明原因", "请填写原因"));
    }
    if to == Phase::Live && reason.is_empty() && !selftest::is_ready(node, &stored.doc).await? {
        let advice = "请待系统通过接入自测，或填写仍准予正式运行的理由";
        let fault = Fault::new("ACC-0302", "reason", "该系统尚未通过接入自测", advice);
        return Err(ServiceError::Conflict(fault));
    }
    let alter = |doc: &mut AccessDoc| {
        to.as_str().clone_into(&mut doc.phase);
        doc.phase_since = Some(cx.now);
        doc.live_since = (to == Phase::Live).then_some(cx.now);
        Ok(())
    };
    let item = register::advance(node, cx, (id, version), (to.as_str(), reason), alter).await?;
    super::application::told(node, &item.doc.code, to, reason).await?;
    Ok(item)
}

/// Decides on a system as on every entry of a register, and tells an applicant when it is put out of force or back.
///
/// # Errors
/// As [`register::review`].
pub async fn review(node: &Node, cx: &OpContext, id: ObjectId, decision: Decision) -> Result<Item<AccessDoc>> {
    let (verb, reason) = (decision.verb, decision.reason.trim().to_owned());
    let item = register::review::<AccessDoc>(node, cx, id, decision).await?;
    if matches!(verb, Verb::Suspend | Verb::Resume | Verb::Revoke) {
        let now_is = status(&item.state, item.doc.phase());
        super::application::note_status(node, &item.doc.code, now_is, &reason).await?;
    }
    Ok(item)
}

fn not_allowed(node: &Node, from: Phase, to: Phase) -> ServiceError {
    let packs = node.packs();
    let (from, to) = (packs.name_in("access_status", from.as_str()), packs.name_in("access_status", to.as_str()));
    let fault = Fault::new("ACC-0301", "phase", format!("“{from}”的系统不能转为“{to}”"), "请刷新后查看可办理的操作");
    ServiceError::Conflict(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_7_2_an_access_goes_from_filing_by_trial_to_live() {
        assert_eq!(Phase::parse(""), Phase::Live, "older documents say nothing and are live");
        assert!(
            !STEPS.iter().any(|(from, to, _)| *from == Phase::Filed && *to == Phase::Live),
            "no way past the trial"
        );
        for phase in [Phase::Filed, Phase::Trial, Phase::Live] {
            assert_eq!(Phase::parse(phase.as_str()), phase);
            assert_eq!(status("filed", phase), phase.as_str());
            assert_eq!(status("suspended", phase), "suspended");
            assert_eq!(status("revoked", phase), "ended");
        }
        assert!(!Phase::Trial.counts() && !Phase::Filed.counts());
    }
}
