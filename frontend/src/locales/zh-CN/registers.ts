// Subjects, products, devices and connected systems.
export const fieldLabels: Record<string, string> = {
  code: "编码", name: "名称", uscc: "统一社会信用代码", org_form: "组织形式", node_type: "主体类型", category: "品类", stages: "环节", stage: "环节", division: "区划", division_name: "区划",
  address: "地址", lon: "经度", lat: "纬度", contact: "联系人", phone: "联系电话", state: "状态", state_name: "状态", filed_at: "备案时间", parent_node: "上级节点", origin_node: "来源节点",
  version: "版本", updated_at: "更新时间", gtin: "商品条码", subcategory: "细类", spec: "规格", unit: "计量单位", shelf_life_days: "保质期（天）", subject: "责任主体", subject_name: "责任主体",
  device_type: "设备类型", model: "型号", mac: "MAC 地址", serial: "序列号", last_seen_at: "最近心跳", online: "在线", operator: "运营单位", url: "访问地址", token_hint: "接入凭证",
  last_report_at: "最近报送", events_total: "累计记录", q: "名称 / 编码 / 信用代码", type: "类型", place: "位置",
};
export const registerText = {
  subjects: { title: "追溯主体", create: "登记主体", hint: "可点击“登记主体”录入，或由接入系统上传" },
  products: { title: "产品", create: "登记产品", hint: "可点击“登记产品”录入，或由接入系统上传" },
  devices: { title: "设备", create: "登记设备", hint: "可点击“登记设备”录入，或由接入系统上传" },
  systems: { title: "接入系统", create: "申请接入", hint: "可点击“申请接入”登记新的追溯系统" },
  events: "查看追溯记录", findings: "查看异常数据", products_of: "查看产品", devices_of: "查看设备", token: "发放接入凭证", tokenOnce: "凭证只显示这一次，请立即交给对接人员保存。旧凭证随即失效。",
  noCode: (code: string) => `编码 ${code} 没有登记`, noCodeAdvice: "可能尚未登记，或不在您的管辖范围内", proposal: "申请变更的内容", changing: "变更正在审核，审核通过前仍按已备案内容执行", freshness: "更新于", invalid: "格式不正确", usccRule: "应为 18 位数字或大写字母", gtinRule: "应为 8 至 14 位数字", number: "应为数字", openMap: "在一张图中查看",
} as const;
