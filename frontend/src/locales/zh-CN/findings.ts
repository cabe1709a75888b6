// Findings and their review.
export const findingText = {
  title: "异常数据", rule: "规则", text: "异常情况", subject: "主体", system: "接入系统", value: "实际值", limit: "界限", foundAt: "发现时间", dueAt: "处理期限", severity: "程度", high: "紧急", normal: "一般",
  proposal: "异常说明", evidence: "依据的追溯记录", raw: "原始报文", open: "待审核", handled: "已处理", emptyHint: "规则每日自动检查新到的记录，发现异常会列在这里", queue: "队列", overdue: "已超期", noEvent: "没有单条记录作为依据（按时段统计）", traceSubject: "查看主体", object: "对象", period: "时段", division: "区划", toEvent: "查看追溯记录",
} as const;
