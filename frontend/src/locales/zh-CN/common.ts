// Words that every page uses.
export const common = {
  platform: "重要产品追溯管理平台",
  loading: "正在加载…", retry: "重试", back: "返回", home: "回到首页", close: "关闭", cancel: "取消", ok: "确定", save: "保存",
  search: "查询", reset: "清空", more: "更多条件", less: "收起条件", export: "导出本页", columns: "显示列", create: "新增", edit: "变更",
  refresh: "刷新", open: "打开完整页", firstPage: "首页", previous: "上一页", next: "下一页", page: (n: number) => `第 ${n} 页`,
  count: (text: string, exact: boolean) => (exact ? `共 ${text} 条` : `约 ${text} 条`), perPage: "条/页",
  empty: "没有符合条件的记录", emptyFiltered: "可减少条件后再查", clearFilters: "清空条件",
  errorTitle: "没有完成", notFound: "没有这个页面", notFoundText: "地址可能有误，或内容已移走。",
  forbiddenTitle: "没有权限", forbiddenText: "您的账号没有开通此项功能，请联系本级平台管理员。",
  requestId: "请求编号", copied: "已复制", copy: "复制", all: "全部", division: "区划", category: "品类", stage: "环节", state: "状态",
  asOf: "数据截至", none: "无", yes: "是", no: "否", unit: "单位", time: "时间", actor: "操作人", reason: "理由", required: "必填",
  saved: "已保存", submitted: "已提交，等待审核", done: "已完成", view: "查看", savedViews: "常用视图", saveView: "把当前条件存为视图",
  viewName: "视图名称", deleteView: "删除", history: "变更记录", historyEmpty: "还没有变更", before: "原", after: "新", facts: "基本信息",
  related: "相关", traces: "追溯记录", map: "位置", noPlace: "没有登记位置", actions: "操作", online: "在线", offline: "离线", tier: "层级",
} as const;
export const review = {
  title: "审核", submit: "提交审核", cancel: "撤回申请", approve: "通过", return: "退回", suspend: "暂停", resume: "恢复", revoke: "注销", confirm: "确认异常", dismiss: "排除",
  reasonTitle: "填写理由", reasonHint: "选择或填写理由，将告知对方", next: "下一条", previous: "上一条",
  keys: "快捷键：A 通过或确认，R 退回，J 下一条，K 上一条", reasonRequired: "请填写理由",
  reasons: ["证照信息与填报不一致", "地址不完整", "联系方式有误", "缺少必填材料", "数据重复上报", "计量单位有误"],
} as const;
export const actionNames: Record<string, string> = {
  submit: "提交", create: "登记", approve: "审核通过", return: "退回", change: "变更", suspend: "暂停", resume: "恢复", revoke: "注销",
  confirm: "确认异常", dismiss: "排除", cancel: "撤回申请", restore: "恢复", upload: "上传", update: "修改",
};
