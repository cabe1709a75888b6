// The wall screen and the one-map page.
export const cockpitText = {
  ranking: (tier: string) => `${tier}评价排名`, trend: (days: number) => `近 ${days} 日报送趋势`, stages: "各环节记录量 · 上下环节贯通率", exchange: "上下级交换", warnings: "实时预警",
  until: "数据截至", live: "实时", polling: "轮询", noWarnings: "当前没有预警", noRanking: "本期还没有评价结果", handle: "处理", full: "全屏", days: (n: number) => `近 ${n} 日`, allCategories: "全部品类",
  behind: (records: string, time: string) => `落后 ${records} 条 · ${time}`, inStep: "落后 0 条", parent: "上级", children: "下级", noParent: "没有上级平台", noChildren: "没有下级平台", childrenSummary: (good: number, all: number) => `${good} / ${all} 个同步`,
  lastReceipt: "最近回执", lastSeen: "最近联系", score: "得分", subLevel: { nation: "各省", province: "各市", city: "各县", county: "接入系统" }, notEvaluated: "未评价", mapTitle: "一张图", list: "数据表",
} as const;
