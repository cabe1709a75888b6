// Upload of tables, batches and rejects.
export const captureText = {
  title: "数据采集", upload: "表格上传", batches: "报送批次", rejects: "退回记录", template: "下载模板", drop: "点击或拖入 CSV 文件", dropHint: "第一行为列名，UTF-8 或 GBK 编码，单个文件不超过 20 MB",
  system: "归属接入系统（可不选）", dryRun: "试运行", commit: "正式提交", steps: ["选择文件", "试运行", "提交", "完成"], result: (received: string, accepted: string, rejected: string) => `共 ${received} 行：可接收 ${accepted} 行，退回 ${rejected} 行`,
  row: "行", state: "结果", fault: "原因与处理办法", rowId: "记录编号", report: "下载逐行结果", fix: "有退回的行。可修改文件后重新试运行，也可直接提交其余各行。", again: "再传一个文件", done: "已提交", format: "格式", received: "收到", accepted: "接收", rejected: "退回", at: "时间", code: "错误编号", field: "字段", reason: "原因", advice: "处理办法", raw: "原始内容", message: "报文编号", onlyBad: "只看退回的行",
  fields: {
    event_id: "事件编号", type: "类型", biz_step: "业务步骤", category: "品类", stage: "环节", event_time: "时间", subject: "主体", subject_name: "主体名称", peer: "对方", peer_name: "对方名称", direction: "方向",
    division: "区划", product: "产品", product_name: "产品名称", batch: "批次", inputs: "投入", outputs: "产出", quantity: "数量", unit: "单位", price: "单价", voucher: "凭证", merchant: "商户", inspection: "检测",
  } as Record<string, string>,
} as const;
