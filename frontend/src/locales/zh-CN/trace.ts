// Chain queries and events.
export const traceText = {
  title: "追溯查询", placeholder: "输入追溯码、批次号或交易凭证号", direction: { both: "来源与去向", up: "只看来源", down: "只看去向" }, run: "查询", hint: "输入追溯码后，可以看到商品经过的每个环节、流量与缺口", complete: "链条完整", truncated: "链条较长，只显示了前面的部分", gaps: (n: number) => `${n} 处缺口`,
  graph: "链条图", table: "流量流向表", map: "流向地图", gapList: "缺口清单", subject: "主体", contact: "联系人", in: "进", out: "出", rest: "余", at: "时间", basis: "依据", state: "状态", noGaps: "没有发现缺口", inferred: "推断", hops: "最多环节数", asOf: "数据截至", export: "导出流量流向表", where: "位置", events: "追溯记录数", fit: "适应画面", unit: "单位",
  states: { answered: "已答复", no_answer: "未答复", inferred: "推断", unknown: "未知", complete: "完整", gap: "有缺口" } as Record<string, string>,
  kinds: { upstream_unknown: "上一环节未知", downstream_unknown: "下一环节未知", no_answer: "未答复", time_order: "时间颠倒", quantity: "数量不符" } as Record<string, string>,
  eventsTitle: "追溯记录", type: "类型", product: "产品", batch: "批次", quantity: "数量", peer: "对方", system: "接入系统", from: "起始日期", to: "截止日期", raw: "原始报文", traceThis: "查这批的链条", step: "业务步骤", recorded: "入库时间", emptyHint: "接入系统报送或上传表格后，追溯记录会列在这里",
} as const;
export const eventTypes: Record<string, string> = { object: "对象", aggregation: "组合", transaction: "交易", transformation: "加工转换", association: "关联" };
export const bizSteps: Record<string, string> = { selling: "销售", purchasing: "采购", receiving: "收货", shipping: "发货", slaughtering: "屠宰", commissioning: "赋码", inspecting: "检验", harvesting: "采收", packing: "包装", retail_selling: "零售", processing: "加工" };
