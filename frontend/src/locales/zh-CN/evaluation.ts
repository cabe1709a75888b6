// Evaluation, reports and exchange.
export const evaluationText = {
  title: "监测评价", division: "按区划", system: "按接入系统", rank: "名次", name: "名称", score: "得分", grade: "等级", change: "较上期", distribution: "等级分布", period: "时段", formula: "公式版本", computed: "计算于", indicators: "指标", trend: "得分趋势", value: "实际值", weight: "权重", points: "得分", basis: "计算依据",
  notApplicable: "不适用，权重由其余指标分摊", notEvaluated: "未评价", compute: "重新计算", computeStarted: "已开始计算，完成后自动更新", empty: "本期还没有评价结果", emptyHint: "可点击“重新计算”开始评价", state: { final: "正式", draft: "试算", running: "计算中" } as Record<string, string>, veto: "一票否决", of: (rank: number, all: number) => `第 ${rank} 名，共 ${all} 个`,
} as const;
export const reportText = {
  title: "报告", editions: "报告期次", schedule: "定时编制与发送", number: "文号", name: "名称", period: "时段", created: "编制时间", formats: "格式", make: "编制报告", makeTitle: "选择时段", started: "已开始编制，完成后列入期次", preview: "预览", deliveries: "发送记录", receiver: "收件单位", email: "邮箱", state: "状态", attempts: "次数", error: "失败原因", at: "时间", resend: "重新发送", send: "发送", enabled: "启用", cron: "定时表达式（秒 分 时 日 月 周）", next: "下次", receivers: "收件人", add: "增加收件人", noDeliveries: "还没有发送过", choose: "选择左侧的一期报告", queued: "已排入发送",
} as const;
export const exchangeText = {
  title: "上下级交换", parent: "上级", children: "下级", receipts: "回执与核对", poison: "待修记录", noParent: "本平台没有上级", noChildren: "没有下级平台申请接入", noPoison: "没有待修记录", url: "地址", behind: "落后", lag: "滞后", lastReceipt: "最近回执", lastError: "最近错误", streams: "数据流", stream: "数据流", origin: "来源", seq: "已产生", receipted: "已回执", gap: "差额",
  pause: "暂停上报", resume: "恢复上报", approve: "同意接入", revoke: "取消接入", revokeAsk: "取消后该下级不能再上报，确定？", fingerprint: "公钥指纹", fingerprintHint: "同意前请与对方电话核对指纹", applied: "已接收记录", lastBatch: "最近批次", link: "连接", state: "接入状态", peer: "对方", direction: "方向", range: "位置区间", records: "记录数", hash: "摘要", up: "上报", down: "下发", reason: "原因", advice: "处理办法", kind: "类别", code: "错误编号",
} as const;
