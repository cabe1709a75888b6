// Shapes of the HTTP contract, written by hand until they are generated from the OpenAPI file of the node.
// Instants are RFC 3339 in UTC, quantities are decimal strings, and null means missing.

export type Tier = "nation" | "province" | "city" | "county";
export type FigureState = "value" | "zero" | "missing" | "not_connected";
export type GradeCode = "excellent" | "good" | "pass" | "fail";

export interface Fault {
  code: string;
  field: string | null;
  reason: string;
  advice: string | null;
}
export interface ErrorBody {
  code: string;
  message: string;
  field?: string | null;
  advice?: string | null;
  request_id?: string | null;
  faults?: Fault[];
}
export interface Page<T> {
  items: T[];
  next: string | null;
  count: { value: number; exact: boolean } | null;
}
export interface Named {
  code: string;
  name: string;
}

export interface NodeInfo extends Named {
  tier: Tier;
  tier_label: string;
  division: string;
  division_name: string;
  platform_name: string;
  parent: Named | null;
  version: string;
}
export interface Account {
  id: string;
  username: string;
  display_name: string;
  role: string;
  role_name: string;
  division: string;
  division_name: string;
  permissions: string[];
}
export interface Me {
  account: Account;
  node: NodeInfo;
  divisions_in_scope_root: string;
}

export interface Grade {
  code: GradeCode;
  name: string;
  symbol: string;
  colour: string;
  from: string | null;
}
export interface Reference {
  categories: { code: string; name: string; stages: string[]; children: Named[] }[];
  stages: { code: string; name: string; order: number }[];
  rules: { code: string; name: string; kind: string }[];
  indicators: { code: string; name: string; unit: string | null; weight: string; description: string }[];
  grades: Grade[];
  roles: Named[];
  subject_states: Named[];
  system_states: Named[];
  node_types: Named[];
  org_forms: Named[];
  device_types: Named[];
  biz_steps: Named[];
  rule_kinds: Named[];
  finding_states: Named[];
  complaint_kinds: Named[];
}
export interface Division {
  code: string;
  name: string;
  short: string;
  tier: Tier;
  has_children: boolean;
  lon: number | null;
  lat: number | null;
}
export interface DivisionDetail extends Division {
  path: Named[];
}

export interface Figure {
  key: string;
  label: string;
  value: string | null;
  unit: string | null;
  change: string | null;
  state: FigureState;
  link: string;
}
export interface MapValue {
  code: string;
  value: string | null;
  state: FigureState;
}
export interface MapValues {
  parent: string;
  metric: string;
  values: MapValue[];
}
export interface Warning {
  at: string;
  kind: string;
  text: string;
  link: string;
  severity: "high" | "normal";
}
export type LinkState = "in_step" | "behind" | "broken" | "none";
export interface Cockpit {
  scope: { division: string; division_name: string; category: string | null; category_name: string | null };
  position: number;
  as_of: string;
  data_until: string | null;
  figures: Figure[];
  trend: { date: string; events: number; received: number; rejected: number }[];
  ranking: {
    rank: number | null;
    code: string;
    name: string;
    kind: "division" | "system";
    score: string | null;
    grade: GradeCode | null;
    change: string | null;
  }[];
  warnings: Warning[];
  stages: { stage: string; name: string; events: number; link_rate: string | null }[];
  exchange: {
    parent:
      | (Named & { state: LinkState; records_behind: number; seconds_behind: number; last_receipt_at: string | null })
      | null;
    children: (Named & {
      state: LinkState;
      records_behind: number;
      seconds_behind: number;
      last_seen_at: string | null;
    })[];
  };
  map: MapValues;
}
export interface MapPoints {
  clusters: {
    lon: number;
    lat: number;
    count: number;
    subject: { id: string; code: string; name: string; stage: string } | null;
  }[];
}
export interface Place {
  code: string;
  name: string;
  lon: number;
  lat: number;
}
export interface Flow {
  from: Place;
  to: Place;
  quantity: string | null;
  unit: string | null;
  events: number;
}

export interface HistoryEntry {
  version: number;
  at: string;
  actor: string;
  action: string;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}
export type ReviewAction = "submit" | "approve" | "return" | "change" | "suspend" | "resume" | "revoke" | "cancel";
export interface RegisterItem {
  id: string;
  code: string;
  state: string;
  state_name?: string;
  version: number;
  updated_at: string;
  name?: string;
}
export interface Subject extends RegisterItem {
  name: string;
  uscc: string | null;
  org_form: string;
  node_type: string;
  category: string;
  stages: string[];
  division: string;
  division_name: string;
  address: string | null;
  lon: number | null;
  lat: number | null;
  contact: string | null;
  phone: string | null;
  filed_at: string | null;
  parent_node: string | null;
  origin_node: string | null;
}
export interface Product extends RegisterItem {
  name: string;
  gtin: string | null;
  category: string;
  subcategory: string | null;
  spec: string | null;
  unit: string;
  shelf_life_days: number | null;
  subject: string;
  subject_name: string;
}
export interface Device extends RegisterItem {
  name: string;
  device_type: string;
  model: string | null;
  mac: string | null;
  serial: string | null;
  subject: string;
  division: string;
  last_seen_at: string | null;
  online: boolean;
}
export interface ConnectedSystem extends RegisterItem {
  name: string;
  operator: string;
  category: string;
  stage: string;
  division: string;
  subject: string | null;
  url: string | null;
  contact: string | null;
  phone: string | null;
  token_hint: string | null;
  last_report_at: string | null;
  online: boolean;
  events_total: number;
}
export type Detail<T> = T & { proposal?: Partial<T> | null; history: HistoryEntry[]; actions: ReviewAction[] };

export interface CsvResult {
  message_id: string;
  received: number;
  accepted: number;
  rejected: number;
  rows: { row: number; status: "accepted" | "rejected" | "duplicate"; id: string | null; faults: Fault[] }[];
}
export interface Batch {
  message_id: string;
  system: string | null;
  system_name?: string | null;
  duplicate?: number;
  format: string;
  received_at: string;
  received: number;
  accepted: number;
  rejected: number;
}
export interface Reject {
  id: string | number;
  at: string;
  system: string | null;
  system_name?: string | null;
  message_id: string;
  row: number;
  code: string;
  field: string | null;
  reason: string;
  advice: string | null;
  raw: string;
}

export interface TraceEvent {
  id: string;
  event_id?: string;
  type?: string;
  biz_step?: string;
  category?: string;
  stage?: string;
  event_time: string;
  recorded_at?: string;
  subject?: string;
  subject_name?: string;
  peer?: string | null;
  peer_name?: string | null;
  product_name?: string | null;
  batch?: string | null;
  quantity?: string | null;
  unit?: string | null;
  system?: string | null;
  system_name?: string | null;
  biz_step_name?: string;
  stage_name?: string;
  category_name?: string;
  division_name?: string;
  [key: string]: unknown;
}
export interface Finding {
  id: string;
  rule: string;
  rule_name: string;
  kind: string;
  severity: string;
  period: string | null;
  subject: string | null;
  subject_name: string | null;
  system: string | null;
  system_name: string | null;
  division: string;
  division_name: string;
  object_id: string | null;
  overdue?: boolean;
  actions?: ("confirm" | "dismiss" | "return")[];
  text: string;
  value: string | null;
  limit: string | null;
  state: "open" | "confirmed" | "dismissed" | "returned";
  state_name: string;
  found_at: string;
  due_at: string | null;
  version: number;
  origin_node: string | null;
}
export interface FindingDetail extends Finding {
  event: TraceEvent | null;
  raw: unknown;
  history: ReviewStep[];
}
export interface ReviewStep {
  version: number;
  at: string;
  actor: string;
  action: string;
  state?: string;
  reason: string | null;
}
export interface FindingSummary {
  by_rule: { rule: string; name: string; open: number; handled: number }[];
  by_state: { state: string; name?: string; count: number }[];
}

export interface ChainNode {
  id: string;
  unit: string;
  subject: string | null;
  subject_name: string | null;
  division: string | null;
  division_name: string | null;
  stage: string;
  stage_name: string;
  lon: number | null;
  lat: number | null;
  contact: string | null;
  first_at: string | null;
  last_at: string | null;
  in: string | null;
  out: string | null;
  rest: string | null;
  unit_of_measure: string | null;
  events: number;
  layer: number;
}
export interface ChainEdge {
  from: string;
  to: string;
  kind: string;
  quantity: string | null;
  unit: string | null;
  at: string | null;
  event_id: string | null;
  basis: string;
}
export interface ChainGap {
  node: string;
  kind: string;
  text: string;
  advice: string | null;
}
export interface ChainRow {
  subject: string;
  subject_name: string | null;
  contact: string | null;
  in: string | null;
  out: string | null;
  rest: string | null;
  at: string | null;
  basis: string;
  state: string;
  unit?: string | null;
}
export interface Chain {
  code: string;
  as_of: string;
  complete: boolean;
  truncated?: boolean;
  hint?: string | null;
  product: { name: string; batch: string | null; category: string; category_name: string } | null;
  nodes: ChainNode[];
  edges: ChainEdge[];
  gaps: ChainGap[];
  table: ChainRow[];
  flows: Flow[];
}

export interface IndicatorValue {
  code: string;
  name: string;
  value: string | null;
  unit: string | null;
  score: string | null;
  weight: string | number;
  numerator: string | number | null;
  denominator: string | number | null;
  applicable: boolean;
  warning?: boolean;
}
export interface EvaluationRow {
  rank: number | null;
  code: string;
  name: string;
  kind: "system" | "division";
  veto?: string | null;
  node?: string;
  division_name?: string;
  stage: string | null;
  stage_name: string | null;
  division: string;
  score: string | null;
  grade: GradeCode | null;
  change: string | null;
  indicators: IndicatorValue[];
}
export interface Evaluations {
  period: string;
  period_name?: string;
  not_applicable?: number;
  formula_version: string;
  state: string;
  computed_at: string | null;
  periods: string[];
  rows: EvaluationRow[];
  distribution: { grade: GradeCode; count: number }[];
  from_above?: EvaluationRow | null;
}
export interface ScoreTrend {
  code: string;
  name: string;
  points: { period: string; score: string | null; grade: GradeCode | null; rank: number | null; of: number | null }[];
}

export interface Edition {
  id: string;
  number: string;
  title: string;
  period: string;
  node: string;
  created_at: string;
  formats: ("pdf" | "html" | "xlsx")[];
}
export interface ReportSchedule {
  enabled: boolean;
  cron: string;
  receivers: { name: string; email: string }[];
  next_at: string | null;
}
export interface Delivery {
  id: string | number;
  state_name?: string;
  receiver: string;
  email: string;
  state: "queued" | "sent" | "failed";
  attempts: number;
  last_error: string | null;
  at: string;
}

export interface ExchangeParent extends Named {
  url: string;
  state: LinkState;
  records_behind: number;
  seconds_behind: number;
  last_receipt_at: string | null;
  last_error: string | null;
  paused?: boolean;
  streams?: { stream: string; origin: string; seq: number; receipted_seq: number }[];
}
export interface ExchangeChild extends Named {
  url: string | null;
  state: "requested" | "approved" | "revoked";
  link_state: LinkState;
  fingerprint: string;
  applied_records?: number;
  records_behind?: number;
  last_batch_at: string | null;
  last_error: string | null;
}
export interface Receipt {
  at: string;
  peer: string;
  direction: string;
  from_position: number;
  to_position: number;
  records: number;
  hash: string;
  state: string;
}
export interface Poison {
  id: string;
  kind: string;
  origin: string;
  seq: number;
  code: string;
  reason: string;
  advice: string | null;
  at: string;
}
export interface Exchange {
  parent: ExchangeParent | null;
  children: ExchangeChild[];
  receipts: Receipt[];
  poison: Poison[];
}

export type ComplaintKind = "complaint" | "report" | "consult" | "suggestion";
export interface ComplaintStep {
  at: string;
  state: string;
  state_name: string;
  text: string | null;
}
export interface Complaint {
  id: string;
  number: string;
  kind: ComplaintKind;
  state: string;
  state_name: string;
  submitted_at: string;
  due_at: string | null;
  text: string;
  code: string | null;
  name: string | null;
  phone: string | null;
  version: number;
  overdue?: boolean;
  actions?: string[];
  division_name?: string;
}
export interface ComplaintDetail extends Complaint {
  steps: ComplaintStep[];
  photos: string[];
}
export interface ComplaintPublic {
  number: string;
  kind: ComplaintKind;
  state: string;
  state_name: string;
  submitted_at: string;
  due_at: string | null;
  steps: ComplaintStep[];
}
export interface Notice {
  id: string;
  kind_name?: string;
  state_name?: string;
  version?: number;
  origin_node?: string;
  title: string;
  kind: string;
  published_at: string | null;
  body: string;
  state?: string;
}

export interface PublicTrace {
  code: string;
  verdict: "complete" | "gaps" | "out_of_scope" | "unknown";
  verdict_text: string;
  advice: string | null;
  scheme: Named | null;
  product: { name: string; batch: string | null; category_name: string; producer: string | null } | null;
  lookups: { count: number; first_at: string | null } | null;
  recall: { title: string; text: string; at: string } | null;
  path: {
    stage: string;
    stage_name: string;
    subject_name: string;
    division_name: string | null;
    at: string;
    biz_step_name: string;
    quantity: string | null;
    unit: string | null;
    inspection: { item: string; passed: boolean | null } | null;
  }[];
  missing: { stage_name: string; why: string; advice: string | null }[];
}

export interface AccountRow {
  id: string;
  username: string;
  display_name: string;
  role: string;
  role_name: string;
  division: string;
  division_name: string;
  state?: string;
  disabled?: boolean;
  email?: string;
  version?: number;
  updated_at?: string;
  locked_until?: string | null;
}
export interface AuditRow {
  seq: number;
  at: string;
  actor: string;
  role: string;
  address: string;
  action: string;
  object_kind: string;
  object_id: string;
  result: string;
  reason: string | null;
  request_id: string;
}
export interface Job {
  id: string;
  kind: string;
  state: string;
  done: number;
  total: number;
  message: string | null;
}
