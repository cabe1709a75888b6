// Top bar, side menu and login.
export const shellText = {
  menu: "功能菜单", searchPlaceholder: "追溯码 / 批次 / 主体 / 受理编号", search: "全局查询", warnings: "预警", help: "帮助", me: "我的账号", logout: "退出登录", role: "角色", range: "管辖范围",
  helpTitle: "使用帮助", collapse: "收起菜单", expand: "展开菜单", skip: "跳到正文", toCockpit: "驾驶舱",
  helpText: [
    "列表页：条件、页码和打开的记录都在网址中，复制网址即可发给同事。",
    "审核：A 通过或确认，R 退回，J 下一条，K 上一条。",
    "数字的三种“无”：0 表示为零；— 表示缺报；斜纹“未接入”表示尚未接入平台。",
    "错误信息末尾括号内为错误编号，联系管理员时请一并提供。",
  ],
  groups: {
    cockpit: "驾驶舱", subjects: "主体与产品", data: "数据", trace: "追溯", evaluation: "评价与统计", public: "公众服务", exchange: "上下级交换", system: "系统",
  },
  entries: {
    overview: "总览", map: "一张图", subjects: "追溯主体", products: "产品", devices: "设备", systems: "接入系统", capture: "数据采集", events: "追溯记录", findings: "异常数据",
    trace: "追溯查询", evaluations: "监测评价", reports: "报告", complaints: "咨询投诉", notices: "信息发布", exchange: "上下级交换", accounts: "用户", audit: "审计",
  },
} as const;
export const loginText = {
  title: "登录管理端", username: "账号", password: "密码", submit: "登录", usernameMissing: "请输入账号", passwordMissing: "请输入密码", portal: "公众查询入口",
  slogan: "来源可查 · 去向可追 · 责任可究", tiers: ["国家", "省", "市", "县"], note: "连续输错密码，账号将被暂时锁定。",
  points: ["四级平台上下贯通，逐级备案、逐级评价", "异常数据自动发现，审核处理留痕", "一码查询来源与去向，缺口一目了然"],
} as const;
