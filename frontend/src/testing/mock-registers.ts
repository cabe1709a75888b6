// What a node in memory says about fields, likely doubles, views, exports, areas and counts.
const option = ([code, name]: [string, string]) => ({ code, name });
const field = (code: string, name: string, group: string, more: object = {}) => ({
  code,
  name,
  group,
  type: "text",
  list: null,
  need: "may",
  max: 100,
  hint: null,
  example: null,
  personal: false,
  editable: true,
  by: "anyone",
  tiers: [],
  std_ref: null,
  synonyms: [],
  columns: [],
  options: [],
  ...more,
});
type Codes = { code: string; name: string }[];
interface Lists {
  categories: (Codes[number] & { children: Codes; stages: string[] })[];
  stages: Codes;
  node_types: Codes;
  org_forms: Codes;
  device_types: Codes;
}

/** The description of the fields of one register for a class and a category. */
export function metadata(entity: string, kind: string, category: string | null, lists: Lists) {
  const chosen = lists.categories.find((one) => one.code === category);
  const stages = lists.stages.filter((one) => !chosen || chosen.stages.includes(one.code));
  const list = (options: Codes, more: object = {}) => ({ type: "list", need: "must", options, ...more });
  const categories = lists.categories.map(({ code, name }) => ({ code, name }));
  const fields: Record<string, object[]> = {
    subject: [
      field("name", "名称", "basic", { need: "must" }),
      field("code", "主体编码", "basic", { type: "code", max: 64 }),
      field("uscc", "统一社会信用代码", "basic", { type: "uscc", need: "should", max: 18 }),
      field("org_form", "组织形式", "basic", list(lists.org_forms)),
      ...(kind === "merchant"
        ? [
            field(
              "merchant_type",
              "经营者类型",
              "basic",
              list([["retail", "肉菜零售商"] as [string, string]].map(option)),
            ),
            field("parent", "所在节点编码", "basic", { type: "code", need: "must" }),
          ]
        : [field("node_type", "节点类型", "basic", list(lists.node_types))]),
      field("category", "产品类别", "basic", list(categories)),
      field("stages", "追溯环节", "basic", { type: "multi", need: "must", options: stages }),
      field("licences", "许可证", "licence", {
        type: "records",
        columns: [
          {
            code: "kind",
            name: "类型",
            type: "list",
            list: "licence_kind",
            need: "must",
            options: [{ code: "sc", name: "食品生产许可" }],
          },
          { code: "number", name: "编号", type: "code", list: null, need: "must", options: [] },
          { code: "expires", name: "有效期至", type: "date", list: null, need: "may", options: [] },
        ],
      }),
      field("contact", "联系人", "contact", { need: "should" }),
      field("phone", "联系电话", "contact", { type: "phone", need: "should" }),
      field("division", "所在区划", "place", { type: "division", need: "must" }),
      field("address", "地址", "place", { max: 200 }),
      field("place", "位置", "place", { type: "place" }),
    ],
    product: [
      field("name", "产品名称", "basic", { need: "must" }),
      field("gtin", "商品条码", "basic", { type: "code" }),
      field("code", "产品编码", "basic", { type: "code" }),
      field("category", "产品类别", "basic", list(categories)),
      field("subject", "责任主体", "basic", { type: "code", need: "must" }),
      field("unit", "计量单位", "basic", { need: "must" }),
    ],
    device: [
      field("name", "设备名称", "basic", { need: "must" }),
      field("device_type", "设备类型", "basic", list(lists.device_types)),
      field("mac", "MAC 地址", "basic"),
      field("serial", "序列号", "basic", { type: "code" }),
      field("subject", "责任主体", "basic", { type: "code", need: "must" }),
      field("division", "所在区划", "place", { type: "division", need: "must" }),
    ],
  };
  return {
    entity,
    class: kind,
    category: category ?? "",
    version: "2026.1",
    groups: [
      ["basic", "基本信息"],
      ["licence", "许可证照"],
      ["contact", "联系方式"],
      ["place", "地址与位置"],
    ].map((pair) => option(pair as [string, string])),
    fields: fields[entity] ?? [],
  };
}

const counted = [
  { code: "filed", name: "已备案", count: 12 },
  { code: "suspended", name: "已暂停", count: 1 },
];
/** The subjects within an area, whatever the area is. */
export const area = (items: object[]) => ({
  items: items.slice(0, 13),
  next: null,
  count: { value: 13, exact: true },
  by_state: counted,
  by_category: [],
  by_division: [{ code: "370100", name: "济南市", count: 13 }],
  area_km2: 321.5,
});
/** Counts by the first characteristic; one that is a zero, one that nobody filled in, one not connected. */
export function analysis(by: string, then: string | null, codes: Codes) {
  const columns = then
    ? [
        { code: "filed", name: "已备案" },
        { code: "submitted", name: "待审核" },
      ]
    : [];
  const rows = codes.map(({ code, name }, index) => ({
    code,
    name,
    count: index === 3 ? 0 : 40 - index * 3,
    share: "7.5",
    state: index === 3 ? "zero" : "value",
    query: `${by}=${code}`,
    before: null,
    change: null,
    year_before: null,
    year_change: null,
    cells: columns.map((column, at) => ({ code: column.code, count: at === 0 ? 30 : 5, share: null, query: "" })),
  }));
  return {
    of: "subject",
    by,
    by_name: "环节",
    then,
    then_name: then ? "状态" : null,
    total: 136,
    total_exact: true,
    several: by === "stage",
    rows,
    columns,
  };
}
export const exportColumns = {
  register: "subject",
  columns: [
    { code: "name", name: "名称", default: true },
    { code: "code", name: "编码", default: true },
    { code: "uscc", name: "统一社会信用代码", default: false },
  ],
};
export const exportJob = {
  id: "x-1",
  register: "subject",
  register_name: "追溯主体",
  format: "xlsx",
  state: "done",
  done: 136,
  total: 136,
  rows: 136,
  bytes: 20_480,
  file_name: "追溯主体-20261121.xlsx",
  error: null,
  query: "",
  created_at: "2026-11-21T02:30:00Z",
  finished_at: "2026-11-21T02:30:01Z",
  expires_at: "2026-11-28T02:30:00Z",
};
