// Complaints, notices, accounts and audit in the console.
export const complaintText = {
  title: "咨询投诉", number: "受理编号", kind: "类型", text: "内容", code: "追溯码", submitted: "提交时间", due: "办理期限", contact: "联系人", phone: "联系电话", steps: "办理经过", photos: "照片", act: "办理", emptyHint: "公众在查询页面提交的咨询、投诉和举报会列在这里", trace: "查看链条", overdue: "已超期",
  kinds: { complaint: "投诉", report: "举报", consult: "咨询", suggestion: "建议" } as Record<string, string>, actions: { accept: "受理", reject: "不予受理", answer: "答复", close: "办结", transfer: "转办" } as Record<string, string>, reply: "办理意见（受理、答复的内容会告知提交人）", replyRequired: "请填写办理意见",
} as const;
export const noticeText = { title: "信息发布", create: "新建", name: "标题", kind: "类别", body: "正文", state: "状态", published: "发布时间", publish: "发布", withdraw: "撤回", kinds: { notice: "通知公告", policy: "政策法规", standard: "标准规范", news: "工作动态", recall: "召回信息" } as Record<string, string>, emptyHint: "点击“新建”撰写一条，发布后公众即可看到", saved: "已保存为草稿" } as const;
export const accountText = { title: "用户", create: "新增用户", username: "账号", name: "姓名", role: "角色", division: "管辖区划", state: "状态", email: "邮箱", disable: "停用", enable: "启用", disableAsk: "停用后该账号不能登录，确定？", password: "初始密码", passwordHint: "至少 10 位，含字母和数字", edit: "修改" } as const;
export const auditText = { title: "审计", seq: "序号", at: "时间", actor: "账号", role: "角色", address: "来源地址", action: "操作", object: "对象", result: "结果", reason: "理由", request: "请求编号", from: "起始日期", to: "截止日期" } as const;
export const searchText = { title: "全局查询", subjects: "追溯主体", products: "产品", events: "追溯记录", complaints: "受理编号", trace: "按追溯码、批次查链条", none: "没有找到", hint: "请在上方输入关键词", more: "更多" } as const;
