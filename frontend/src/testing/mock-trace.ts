// Invented answers to a trace code: the chain for regulators, the path for the public.
import type { Chain, PublicTrace } from "@/api/types";
import { ago, NOW } from "./mock-data.ts";

const chainNodes: [
  string,
  string,
  string,
  string,
  number,
  number,
  number,
  string,
  string,
  string,
  string | null,
  number,
][] = [
  ["n1", "鲁丰养殖场", "farming", "养殖", 116.6, 35.4, 0, "370800", "济宁市", "0", "1200", 4],
  ["n2", "泰山饲料厂", "processing", "加工", 117.0, 36.1, 0, "370900", "泰安市", "0", "300", 2],
  ["n3", "沂蒙屠宰有限公司", "slaughter", "屠宰", 118.3, 35.2, 1, "371300", "临沂市", "1200", "1180", 9],
  ["n4", "泉城肉类批发市场", "wholesale", "批发", 117.1, 36.7, 2, "370100", "济南市", "780", "760", 22],
  ["n5", "城阳批发市场", "wholesale", "批发", 120.3, 36.3, 2, "370200", "青岛市", "400", "395", 14],
  ["n6", "解放路农贸市场", "retail", "零售", 117.2, 36.65, 3, "370100", "济南市", "320", "318", 61],
  ["n7", "海润生鲜超市", "retail", "零售", 120.4, 36.1, 3, "370200", "青岛市", "395", null, 18],
  ["n8", "淄博东二路市场", "retail", "零售", 118.05, 36.8, 3, "370300", "淄博市", "440", "402", 30],
];
export function chain(code: string): Chain {
  const place = (id: string) => {
    const found = chainNodes.find((one) => one[0] === id);
    return { code: found?.[7] ?? "", name: found?.[1] ?? "", lon: found?.[4] ?? 0, lat: found?.[5] ?? 0 };
  };
  const edges: [string, string, string, string, string][] = [
    ["n1", "n3", "1200", "交易凭证", "transaction"],
    ["n2", "n1", "300", "进货台账", "transaction"],
    ["n3", "n4", "780", "交易凭证", "transaction"],
    ["n3", "n5", "400", "交易凭证", "transaction"],
    ["n4", "n6", "320", "批次关联", "inferred"],
    ["n5", "n7", "395", "交易凭证", "transaction"],
    ["n4", "n8", "440", "交易凭证", "transaction"],
  ];
  return {
    code,
    as_of: NOW,
    complete: false,
    truncated: false,
    hint: null,
    product: { name: "鲜猪肉（白条）", batch: "LF20261118-03", category: "pork", category_name: "猪肉" },
    nodes: chainNodes.map(
      ([id, subject, stage, stage_name, lon, lat, layer, division, division_name, inQuantity, out, events]) => ({
        id,
        unit: `urn:${id}`,
        subject: id,
        subject_name: subject,
        division,
        division_name,
        stage,
        stage_name,
        lon,
        lat,
        contact: "李强 138****2211",
        first_at: ago(4000 - layer * 900),
        last_at: ago(3600 - layer * 900),
        in: inQuantity,
        out,
        rest: out === null ? null : String(Math.max(0, Number(inQuantity) - Number(out))),
        unit_of_measure: "千克",
        events,
        layer,
      }),
    ),
    edges: edges.map(([from, to, quantity, basis, kind], index) => ({
      from,
      to,
      kind,
      quantity,
      unit: "千克",
      at: ago(3800 - index * 400),
      event_id: `ev-${index + 1}`,
      basis,
    })),
    gaps: [
      {
        node: "n7",
        kind: "no_answer",
        text: "海润生鲜超市销售去向未答复，已逾期 6 小时",
        advice: "电话催办：李强 138****2211",
      },
      { node: "n2", kind: "upstream_unknown", text: "泰山饲料厂原料来源未登记", advice: "要求补报原料进货凭证" },
      { node: "n8", kind: "quantity", text: "进 440 千克、出 402 千克，余 38 千克未说明", advice: "核对损耗与库存" },
    ],
    table: chainNodes.map(([id, subject, , , , , layer, , , inQuantity, out]) => ({
      subject: id,
      subject_name: subject,
      contact: "李强 138****2211",
      in: inQuantity,
      out,
      rest: out === null ? null : String(Math.max(0, Number(inQuantity) - Number(out))),
      unit: "千克",
      at: ago(3600 - layer * 900),
      basis: layer === 3 ? "批次关联" : "交易凭证",
      state: id === "n7" ? "no_answer" : "answered",
    })),
    flows: edges.map(([from, to, quantity]) => ({
      from: place(from),
      to: place(to),
      quantity,
      unit: "千克",
      events: 3,
    })),
  };
}

export function publicTrace(code: string): PublicTrace {
  const base = {
    code,
    scheme: { code: "gs1", name: "商品条码体系" },
    recall: null,
    lookups: { count: 3, first_at: ago(2880) },
  };
  if (code.startsWith("0"))
    return {
      ...base,
      verdict: "unknown",
      verdict_text: "没有认出这个编码",
      advice: "请核对是否少输或多输了数字；追溯码一般印在秤签、小票或包装背面。",
      scheme: null,
      product: null,
      lookups: null,
      path: [],
      missing: [],
    };
  if (code.startsWith("9"))
    return {
      ...base,
      verdict: "out_of_scope",
      verdict_text: "该商品不在本平台追溯范围",
      advice: "目前纳入追溯的有肉类、蔬菜、水产品、中药材和酒类。",
      product: null,
      lookups: null,
      path: [],
      missing: [],
    };
  const step = (
    stage: string,
    stage_name: string,
    subject_name: string,
    division_name: string,
    minutes: number,
    biz_step_name: string,
    inspection: { item: string; passed: boolean | null } | null,
  ) => ({
    stage,
    stage_name,
    subject_name,
    division_name,
    at: ago(minutes),
    biz_step_name,
    quantity: "120",
    unit: "千克",
    inspection,
  });
  const complete = code.endsWith("8");
  return {
    ...base,
    verdict: complete ? "complete" : "gaps",
    verdict_text: complete ? "信息完整" : "缺 1 个环节",
    advice: complete ? null : "零售商尚未上报进货记录，监管部门已收到提醒。",
    product: { name: "鲜猪肉（白条）", batch: "LF20261118-03", category_name: "猪肉", producer: "济宁鲁丰养殖场" },
    path: [
      step("farming", "养殖", "济宁鲁丰养殖场", "济宁市兖州区", 4000, "出栏", { item: "动物检疫", passed: true }),
      step("slaughter", "屠宰", "沂蒙屠宰有限公司", "临沂市兰山区", 3200, "屠宰", {
        item: "肉品品质检验",
        passed: true,
      }),
      step("wholesale", "批发", "泉城肉类批发市场", "济南市槐荫区", 2500, "批发销售", null),
      ...(complete
        ? [
            step("retail", "零售", "解放路农贸市场 12 号摊", "济南市历下区", 1500, "零售上架", {
              item: "快速检测",
              passed: true,
            }),
          ]
        : []),
    ],
    missing: complete ? [] : [{ stage_name: "零售", why: "零售商尚未上报进货记录", advice: "您可以举报未上报的商户" }],
  };
}
