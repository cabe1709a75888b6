// The public pages.
export const portalText = {
  codeLabel: "追溯码", codePlaceholder: "输入或扫描追溯码", query: "查询", scan: "扫描", scanHint: "把追溯码放进框内", scanFailed: "无法打开相机，请手工输入，或用微信扫一扫", codeHelp: "追溯码印在秤签、小票或包装上，只含数字和字母", codeMissing: "请先输入追溯码", notices: "公告", allNotices: "全部公告", complaint: "投诉举报", complaintNote: "反映问题，凭编号查进度", follow: "查进度", followNote: "凭受理编号和手机号后四位",
  mine: "我的查询", mineEmpty: "查过的编码会记在这台设备上", clear: "清空", noNotices: "暂无公告", loading: "正在查询…", failed: "没有查到结果", retry: "重试", back: "返回首页", console: "管理端登录", skip: "跳到正文",
  producer: "生产者", batch: "批次", category: "品类", lookups: (n: number) => `第 ${n} 次查询`, firstAt: (at: string) => `首次查询 ${at}`, path: "来源与去向", missing: "缺少的信息", inspection: { ok: "检验合格", bad: "检验不合格", unknown: "已检验，结果未上报" }, report: "举报这件商品", again: "查另一个编码", scheme: "编码体系", recall: "召回通知", followDetail: "查看办理进度", source: "以上信息由各环节经营者上报，平台如实展示。", noPath: "没有可以展示的环节",
  kinds: { complaint: "投诉", report: "举报", consult: "咨询", suggestion: "建议" }, kind: "类型", text: "请说明情况", textHint: "时间、地点、商品和经过，至少 5 个字", textShort: "请写至少 5 个字", photo: "照片（可选）", choosePhoto: "拍照或选择照片", photoHint: "照片中的拍摄位置信息会先被去除", phone: "手机号", phoneHint: "仅用于联系核实和查询进度，不公开", phoneBad: "手机号应为 11 位数字", name: "称呼（可选）", code: "追溯码（可选）", submit: "提交", submitting: "正在提交…", doneTitle: "已收到", number: "受理编号", due: "承诺办理期限", keep: "请记下编号。凭编号和手机号后四位可查进度。",
  tail: "手机号后四位", tailBad: "应为 4 位数字", numberMissing: "请输入受理编号", promised: "承诺办理期限", steps: "办理经过", copy: "复制编号", copied: "已复制", missingNote: "为什么缺", offline: "当前离线",
} as const;
