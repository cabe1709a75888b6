// Words on maps.
export const mapText = {
  source: "数据来源：天地图",
  noWebgl: "此浏览器未启用 WebGL，无法显示地图。请改用下方的数据表，或更换浏览器。",
  loading: "正在加载地图…",
  zero: "零",
  missing: "缺报",
  notConnected: "未接入",
  lowest: "本级以下没有区划边界，仅显示主体与流向",
  up: "返回上级",
  points: "主体",
  flows: "流向",
  values: "色阶",
  layers: "图层",
  print: "导出图片",
  metrics: { reporting_rate: "报送率", score: "评价得分", findings: "异常数", events: "记录量", subjects: "主体数" },
  units: { reporting_rate: "%", score: "分", findings: "条", events: "条", subjects: "家" },
} as const;
