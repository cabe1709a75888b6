//! Chinese words for what stands in the audit trail: an action is `noun.verb`, so two short tables name them all, and a
//! word that a later version adds shows as it is written. Operations of the interface are named by their address, and those
//! that only look are known here. Rows: G-5.4.3, H-6.5.

use suyuan_security::policy::{Action, Kind};

/// Nouns beyond the kinds of the permissions.
const NOUNS: &[(&str, &str)] = &[
    ("session", "登录会话"),
    ("journal", "数据日志"),
    ("audit", "审计日志"),
    ("operation", "平台操作"),
    ("client", "应用客户端"),
    ("identity", "统一身份"),
    ("sign_on", "统一登录"),
    ("grant", "应用授权"),
    ("key", "签名密钥"),
    ("setting", "系统设置"),
    ("notice", "公告"),
    ("delivery", "报告发送"),
    ("report_schedule", "报告计划"),
    ("application", "接入申请"),
    ("own", "个人中心"),
    ("profile", "个人资料"),
    ("query", "链条查询"),
    ("catalogue", "产品目录"),
    ("import", "批量导入"),
    ("export", "数据导出"),
    ("view", "查询方案"),
    ("setup", "初始化"),
    ("token", "接入令牌"),
    ("mail", "邮件"),
    ("closure", "停业申报"),
];

/// Verbs beyond the actions of the permissions.
const VERBS: &[(&str, &str)] = &[
    ("sign_in", "登录"),
    ("sign_out", "退出"),
    ("confirm", "确认"),
    ("enable", "启用"),
    ("unlock", "解除锁定"),
    ("reset", "重置"),
    ("reset_password", "重置口令"),
    ("password", "修改口令"),
    ("second_factor", "二次验证"),
    ("erase", "清除个人信息"),
    ("deletion", "注销申请"),
    ("submit", "提交"),
    ("return", "退回"),
    ("reject", "不予通过"),
    ("withdraw", "撤回"),
    ("file", "备案"),
    ("report", "报送"),
    ("suspend", "暂停"),
    ("resume", "恢复"),
    ("cancel", "注销"),
    ("change", "变更"),
    ("propose", "申请变更"),
    ("draft", "暂存"),
    ("merge", "合并"),
    ("close", "结束"),
    ("declare", "申报"),
    ("issue_token", "签发令牌"),
    ("rotate_token", "更换令牌"),
    ("revoke_token", "吊销令牌"),
    ("rotate", "更换"),
    ("quota", "调整限额"),
    ("selftest", "自测"),
    ("phase", "调整阶段"),
    ("prove", "每日核验"),
    ("verify", "完整性校验"),
    ("seal", "封存链头"),
    ("resend", "重新发送"),
    ("schedule", "设置计划"),
    ("pause", "暂停交换"),
    ("enrol", "接入登记"),
    ("query", "查询"),
    ("read_personal", "查看个人信息"),
    ("download", "下载"),
    ("upload", "上传"),
    ("accept", "受理"),
    ("transfer", "转办"),
    ("confirm_finding", "确认异常"),
    ("dismiss", "排除"),
    ("retract", "撤下"),
    ("retire", "停用"),
    ("switch", "启停"),
    ("link", "绑定"),
    ("unlink", "解除绑定"),
    ("grant", "同意授权"),
    ("refuse", "拒绝授权"),
    ("exchange", "换取令牌"),
    ("refresh", "续期"),
    ("replay", "重复使用"),
    ("end", "结束"),
    ("put", "修改"),
    ("post", "提交"),
    ("patch", "修改"),
    ("get", "查看"),
    ("delete", "删除"),
    ("send", "发送"),
    ("create", "新增"),
    ("undo_sessions", "结束登录会话"),
    ("undo_deletion", "撤销注销申请"),
    ("undo_second_factor", "停用二次验证"),
    ("undo_identities", "解除身份绑定"),
    ("identities", "绑定身份"),
    ("preferences", "调整个人偏好"),
    ("recovery_codes", "重新生成恢复码"),
    ("reset_second_factor", "重置二次验证"),
    ("enrolment", "绑定二次验证"),
    ("secret", "更换密钥"),
    ("local", "增补本地条目"),
    ("csv", "导入台账"),
    ("compute", "计算"),
    ("steps", "办理"),
    ("columns", "对应列"),
    ("faults", "故障处理"),
    ("token", "签发令牌"),
    ("tokens", "签发令牌"),
    ("settings", "链路设置"),
    ("proposals", "更正建议"),
    ("decision", "答复更正建议"),
    ("recode", "更换编码"),
    ("same_as", "标记为同一主体"),
    ("integrity", "完整性校验"),
];

/// What an address is about, by its first part.
const PLACES: &[(&str, &str)] = &[
    ("accounts", "account"),
    ("applications", "application"),
    ("audit", "audit"),
    ("authorizations", "grant"),
    ("capture", "capture"),
    ("catalogue", "catalogue"),
    ("clients", "client"),
    ("closures", "closure"),
    ("complaints", "complaint"),
    ("deliveries", "delivery"),
    ("devices", "device"),
    ("evaluations", "evaluation"),
    ("exchange", "exchange"),
    ("exports", "export"),
    ("findings", "finding"),
    ("identities", "identity"),
    ("imports", "import"),
    ("notices", "notice"),
    ("own", "own"),
    ("packs", "pack"),
    ("products", "product"),
    ("report-schedule", "report_schedule"),
    ("reports", "report"),
    ("roles", "role"),
    ("session", "session"),
    ("subjects", "subject"),
    ("systems", "access"),
    ("views", "view"),
];

/// Operations that are sent like writes because their question does not fit into an address, and only look: previews,
/// counting within a shape, likely doubles. They leave no row, as little as reading does.
const LOOKS: &[&str] = &[
    "/api/v1/console/map/measure",
    "/api/v1/console/map/select",
    "/api/v1/console/packs/{name}/preview",
    "/api/v1/console/roles/preview",
    "/api/v1/console/subjects/code",
    "/api/v1/console/subjects/similar",
];

/// Names of fields that a change may show.
const FIELDS: &[(&str, &str)] = &[
    ("name", "名称"),
    ("code", "编码"),
    ("state", "状态"),
    ("division", "行政区划"),
    ("category", "类别"),
    ("categories", "类别范围"),
    ("stage", "环节"),
    ("type", "类型"),
    ("subject", "责任主体"),
    ("contact", "联系人"),
    ("phone", "电话"),
    ("email", "邮箱"),
    ("address", "地址"),
    ("place", "位置"),
    ("role", "角色"),
    ("display_name", "姓名"),
    ("username", "用户名"),
    ("valid_until", "有效期至"),
    ("permissions", "权限"),
    ("allow", "允许"),
    ("deny", "禁止"),
    ("parent", "上级"),
    ("redirect_uris", "登录回跳地址"),
    ("logout_uris", "退出回跳地址"),
    ("scopes", "信息范围"),
    ("consent", "需用户同意"),
    ("cron", "计划"),
    ("receivers", "收件人"),
    ("enabled", "启用"),
    ("title", "标题"),
    ("text", "内容"),
    ("reason", "原因"),
    ("uscc", "统一社会信用代码"),
    ("operator", "运营单位"),
    ("url", "网址"),
    ("doc", "登记内容"),
    ("count", "数量"),
    ("format", "格式"),
    ("occurred_at", "发生时间"),
    ("kind", "种类"),
];

fn find(table: &[(&'static str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(code, _)| *code == word).map(|(_, name)| *name)
}

/// The name of a kind of object.
#[must_use]
pub fn object_kind(word: &str) -> String {
    let kind = Kind::parse(word).ok().map(Kind::label);
    kind.or_else(|| find(NOUNS, word)).map_or_else(|| word.to_owned(), str::to_owned)
}

/// The name of an action.
#[must_use]
pub fn action(code: &str) -> String {
    let (noun, verb) = code.split_once('.').unwrap_or(("", code));
    let known = find(VERBS, verb).or_else(|| Action::parse(verb).ok().map(Action::label));
    let verb = known.map_or_else(|| verb.to_owned(), str::to_owned);
    if noun.is_empty() { verb } else { format!("{}：{verb}", object_kind(noun)) }
}

/// Whether the operation at this address, with its parameters' names, only looks.
#[must_use]
pub fn is_look(path: &str) -> bool {
    LOOKS.contains(&path)
}

/// The action and the kind of object of an operation that left no row of its own, by method in small letters and address
/// with its parameters' names: `/accounts/{id}/unlock` is `account.unlock`, a deletion of something beneath an object
/// `undo_…`.
#[must_use]
pub fn operation(method: &str, path: &str) -> (String, &'static str) {
    let parts = path.strip_prefix("/api/v1/").unwrap_or(path).split('/');
    let mut parts = parts.filter(|part| !part.is_empty() && *part != "console" && !part.starts_with('{'));
    let Some(noun) = parts.next().and_then(|first| find(PLACES, first)) else {
        return (format!("operation.{method}"), "operation");
    };
    let verb = match (parts.next_back(), method) {
        (Some(part), "delete") => format!("undo_{}", part.replace('-', "_")),
        (Some(part), _) => part.replace('-', "_"),
        (None, "post") => "create".to_owned(),
        (None, "put" | "patch") => "update".to_owned(),
        (None, other) => other.to_owned(),
    };
    (format!("{noun}.{verb}"), noun)
}

/// The name of a result.
#[must_use]
pub fn result(word: &str) -> &str {
    match word {
        "ok" => "成功",
        "denied" => "拒绝",
        "failed" => "失败",
        other => other,
    }
}

/// The name of a field, by the last part of its path.
#[must_use]
pub fn field(path: &str) -> String {
    let last = path.rsplit('.').next().unwrap_or(path);
    find(FIELDS, last).map_or_else(|| path.to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_3c_an_operation_is_named_by_its_address() {
        for (method, path, code, name) in [
            ("post", "/api/v1/console/accounts/{id}/reset-password", "account.reset_password", "用户：重置口令"),
            ("delete", "/api/v1/own/second-factor", "own.undo_second_factor", "个人中心：停用二次验证"),
            ("delete", "/api/v1/console/views/{id}", "view.delete", "查询方案：删除"),
            ("put", "/api/v1/console/views/{id}", "view.update", "查询方案：修改"),
            ("post", "/api/v1/elsewhere", "operation.post", "平台操作：提交"),
        ] {
            let (got, _) = operation(method, path);
            assert_eq!((got.as_str(), action(&got).as_str()), (code, name));
        }
        assert!(is_look("/api/v1/console/map/select") && !is_look("/api/v1/console/views"));
    }

    #[test]
    fn g_5_4_3c_actions_have_chinese_names_and_unknown_words_stay() {
        for (code, name) in [
            ("subject.approve", "追溯责任主体：批准"),
            ("session.sign_in", "登录会话：登录"),
            ("journal.prove", "数据日志：每日核验"),
            ("query", "查询"),
            ("something.new_word", "something：new_word"),
        ] {
            assert_eq!(action(code), name);
        }
        assert_eq!(field("doc.phone"), "电话");
        assert_eq!(field("doc.unknown_field"), "doc.unknown_field");
        assert_eq!((result("ok"), result("denied"), result("other")), ("成功", "拒绝", "other"));
    }
}
