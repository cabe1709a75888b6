//! The words of a permission: kinds of things and actions on them.
//!
//! Enums, because a typing error in a text would only ever show as a refusal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that is no kind, no action, or no permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}”不是已知的资源或操作")]
pub struct UnknownWord(pub String);

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal, $label:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[doc = $label] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the permission matrix.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in policies, interfaces and tests.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The Chinese word for people.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }

            /// Reads the word.
            ///
            /// # Errors
            /// [`UnknownWord`] for any other text.
            pub fn parse(text: &str) -> Result<Self, UnknownWord> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(UnknownWord(text.to_owned())) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::parse(text)
            }
        }
    };
}

words! {
    /// A kind of thing that actions are allowed on.
    Kind {
        Subject = "subject", "追溯责任主体";
        Product = "product", "产品";
        Device = "device", "设备";
        Access = "access", "接入系统";
        Capture = "capture", "数据采集";
        Event = "event", "追溯事件";
        Finding = "finding", "异常数据";
        Rule = "rule", "规则";
        Trace = "trace", "追溯查询";
        Emergency = "emergency", "应急处置";
        Evaluation = "evaluation", "运行监测评价";
        Statistics = "statistics", "统计分析";
        Report = "report", "报告";
        Delivery = "delivery", "报告发送";
        Exchange = "exchange", "上下级交换";
        Complaint = "complaint", "投诉举报";
        Notice = "notice", "公告";
        Disclosure = "disclosure", "信息披露";
        Lookup = "lookup", "公众查询行为";
        Category = "category", "产品目录";
        Label = "label", "追溯码";
        Workspace = "workspace", "企业工作台";
        Account = "account", "用户";
        Role = "role", "角色";
        Audit = "audit", "审计日志";
        Map = "map", "一张图";
        Cockpit = "cockpit", "总览";
        Job = "job", "后台任务";
        Setting = "setting", "系统设置";
        Pack = "pack", "数据包";
        ReportSchedule = "report_schedule", "报告计划";
        Reference = "reference", "基础字典";
        Identifier = "identifier", "编码与标识";
        Client = "client", "应用客户端";
    }
}

words! {
    /// Something that is done to a thing.
    Action {
        Read = "read", "查看";
        Create = "create", "新增";
        Update = "update", "修改";
        Delete = "delete", "删除";
        Import = "import", "导入";
        Export = "export", "导出";
        Review = "review", "审核";
        Approve = "approve", "批准";
        Revoke = "revoke", "撤销";
        Assign = "assign", "分派";
        Resolve = "resolve", "处置";
        Answer = "answer", "答复";
        Issue = "issue", "签发";
        Publish = "publish", "发布";
        Send = "send", "发送";
        Compute = "compute", "计算";
        Unmask = "unmask", "查看完整信息";
        Authorise = "authorise", "授权";
        Disable = "disable", "停用";
    }
}

// One bit per action in a snapshot.
const _: () = assert!(Action::ALL.len() <= 32, "a snapshot keeps 32 actions");

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn g_5_4_3b_every_word_is_read_back_and_has_a_chinese_name() {
        let labels: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.label()).collect();
        assert_eq!(labels.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Ok(*kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.as_str().into()));
        }
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Ok(*action));
            assert_eq!(serde_json::to_value(action).ok(), Some(action.as_str().into()));
        }
        for text in ["", "Subject", "subject ", "*"] {
            assert_eq!(Kind::parse(text), Err(UnknownWord(text.to_owned())));
            assert!(Action::parse(text).is_err());
        }
    }
}
