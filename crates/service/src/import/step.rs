//! The states of an import and the steps that people take with it.

use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;
use suyuan_store::import::ImportRun;

use super::{ImportView, Register, own, view, work};
use crate::node::Node;
use crate::{Result, ServiceError, audit};

/// State of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The file is being read (读取中).
    Reading,
    /// Columns are matched, nothing is checked (待检查).
    Ready,
    /// Rows are being checked (检查中).
    Checking,
    /// All rows are checked (已检查).
    Checked,
    /// Good rows are being entered (导入中).
    Running,
    /// It stands until it is told to go on (已暂停).
    Paused,
    /// All good rows are entered (已完成).
    Done,
    /// Ended before all were (已取消).
    Cancelled,
    /// What it entered is being cancelled (撤回中).
    Withdrawing,
    /// What it entered was cancelled (已撤回).
    Withdrawn,
}

/// A step of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Check every row, writing nothing (检查).
    Check,
    /// Enter the good rows (开始导入).
    Start,
    /// Stand (暂停).
    Pause,
    /// Go on (继续).
    Resume,
    /// End it; what is entered stays (取消).
    Cancel,
    /// Cancel what it entered, as far as nobody reviewed it (撤回).
    Withdraw,
}

impl State {
    const ALL: [(Self, &'static str, &'static str); 10] = [
        (Self::Reading, "reading", "读取中"),
        (Self::Ready, "ready", "待检查"),
        (Self::Checking, "checking", "检查中"),
        (Self::Checked, "checked", "已检查"),
        (Self::Running, "running", "导入中"),
        (Self::Paused, "paused", "已暂停"),
        (Self::Done, "done", "已完成"),
        (Self::Cancelled, "cancelled", "已取消"),
        (Self::Withdrawing, "withdrawing", "撤回中"),
        (Self::Withdrawn, "withdrawn", "已撤回"),
    ];

    fn row(self) -> (&'static str, &'static str) {
        let found = Self::ALL.iter().find(|(state, _, _)| *state == self);
        found.map_or(("", ""), |(_, word, label)| (word, label))
    }

    /// The word in databases and interfaces.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The Chinese word.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.row().1
    }

    /// Reads the word.
    ///
    /// # Errors
    /// For a word that this version does not write.
    pub fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, word, _)| *word == text).map(|(state, _, _)| *state);
        found.ok_or_else(|| ServiceError::Internal(format!("unknown state of an import {text}")))
    }

    /// Whether work goes on in this state without anybody's doing.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Checking | Self::Running | Self::Withdrawing)
    }

    /// The steps that may be taken; what was entered can be withdrawn if there is any.
    #[must_use]
    pub fn steps(self, entered: bool) -> Vec<Step> {
        match self {
            Self::Ready => vec![Step::Check, Step::Cancel],
            Self::Checked => vec![Step::Check, Step::Start, Step::Cancel],
            Self::Checking => vec![Step::Pause, Step::Cancel],
            Self::Running => vec![Step::Pause, Step::Cancel],
            Self::Paused => vec![Step::Resume, Step::Cancel],
            Self::Done | Self::Cancelled if entered => vec![Step::Withdraw],
            Self::Reading | Self::Withdrawing | Self::Withdrawn | Self::Done | Self::Cancelled => vec![],
        }
    }
}

impl Step {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Check, "check", "检查"),
        (Self::Start, "start", "开始导入"),
        (Self::Pause, "pause", "暂停"),
        (Self::Resume, "resume", "继续"),
        (Self::Cancel, "cancel", "取消"),
        (Self::Withdraw, "withdraw", "撤回"),
    ];

    /// The word in interfaces.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(step, _, _)| *step == self).map_or("", |(_, word, _)| word)
    }

    /// The Chinese word.
    #[must_use]
    pub fn label(self) -> &'static str {
        Self::ALL.iter().find(|(step, _, _)| *step == self).map_or("", |(_, _, label)| label)
    }

    /// Reads the word.
    ///
    /// # Errors
    /// `IMP-0111` for any other.
    pub fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, word, _)| *word == text).map(|(step, _, _)| *step);
        found.ok_or_else(|| {
            ServiceError::invalid("IMP-0111", "step", format!("没有操作 {text}"), "请从可办理的操作中选择")
        })
    }
}

/// How the good rows are entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Begin {
    /// Whether entries that exist are changed; else they are skipped.
    pub changes: bool,
    /// Whether new entries are filed at once, for who may review them.
    pub filed: bool,
}

/// Takes a step.
///
/// # Errors
/// `IMP-0112` where the state does not allow it, `IMP-0113` where no row can be entered; when the actor may not.
pub async fn step(node: &Node, cx: &OpContext, id: ObjectId, step: Step, begin: Begin) -> Result<ImportView> {
    let before = own(node, cx, id).await?;
    let state = State::parse(&before.state)?;
    let counts = node.store.import_counts(id).await?;
    let rows = |status: &str| counts.iter().find(|(word, _)| word == status).map_or(0, |(_, count)| *count);
    if !state.steps(rows("created") > 0).contains(&step) {
        let reason = format!("当前状态“{}”不能{}", state.label(), step.label());
        let fault = Fault::new("IMP-0112", "step", reason, "请刷新后查看可办理的操作");
        return Err(ServiceError::Conflict(fault));
    }
    if step == Step::Start && rows("good") == 0 {
        let fault = Fault::new("IMP-0113", "step", "没有可以导入的行", "请下载检查报告，修改后重新上传");
        return Err(ServiceError::Conflict(fault));
    }
    let mut after = ImportRun { address: cx.address.clone(), reason: String::new(), ..before.clone() };
    let place = change(cx, &mut after, step, begin)?;
    let next = State::parse(&after.state)?;
    let tx = node.store.begin().await?;
    if step == Step::Check {
        tx.reset_import_rows(id).await?;
    }
    if step == Step::Cancel && before.started_at.is_none() {
        tx.delete_import_rows(id).await?;
    }
    tx.change_import(&after, place).await?;
    after.version += 1;
    after.place = place.unwrap_or(after.place);
    if next.works() {
        tx.enqueue(work::job(&after, node.now()), node.now()).await?;
    }
    note(&tx, cx, &after, step).await?;
    tx.commit().await?;
    let run = own(node, cx, id).await?;
    view(node, cx, run).await
}

/// What the step does to the order; the place to begin at, where the work begins anew.
fn change(cx: &OpContext, run: &mut ImportRun, step: Step, begin: Begin) -> Result<Option<u64>> {
    let mut place = None;
    let state = match step {
        Step::Check | Step::Withdraw | Step::Start => {
            place = Some(0);
            run.resumed_place = 0;
            run.resumed_at = Some(cx.now);
            match step {
                Step::Check => phase(run, "check", State::Checking),
                Step::Withdraw => phase(run, "withdraw", State::Withdrawing),
                _ => {
                    allowed(cx, Register::parse(&run.register)?, begin)?;
                    (run.changes, run.filed) = (begin.changes, begin.filed);
                    run.started_at = Some(cx.now);
                    phase(run, "run", State::Running)
                }
            }
        }
        Step::Pause => State::Paused,
        Step::Resume => {
            run.resumed_at = Some(cx.now);
            run.resumed_place = run.place;
            work::working(&run.phase)
        }
        Step::Cancel => {
            run.finished_at = Some(cx.now);
            State::Cancelled
        }
    };
    state.as_str().clone_into(&mut run.state);
    Ok(place)
}

fn phase(run: &mut ImportRun, phase: &str, state: State) -> State {
    phase.clone_into(&mut run.phase);
    state
}

/// Whether the actor may enter rows like this.
pub(super) fn allowed(cx: &OpContext, register: Register, begin: Begin) -> Result<()> {
    let kind = register.policy();
    cx.authorize(Action::Import, kind)?;
    cx.authorize(Action::Create, kind)?;
    if begin.changes {
        cx.authorize(Action::Update, kind)?;
    }
    if begin.filed {
        cx.authorize(Action::Review, kind)?;
    }
    Ok(())
}

/// One row of the audit trail for a step, with what the import is.
async fn note(tx: &suyuan_store::Tx, cx: &OpContext, run: &ImportRun, step: Step) -> Result<()> {
    let action = format!("import.{}", step.as_str());
    let told = serde_json::json!({
        "register": run.register, "file": run.file, "rows": run.total, "state": run.state,
        "changes": run.changes, "filed": run.filed,
    });
    audit::note(tx, cx, &action, "import", &run.id.to_string(), None, Some(&told.to_string())).await
}
