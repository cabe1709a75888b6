// The words of the screens for what the node answers. Every shape is generated from its interface document
// (`npm run generate`); here it only gets a short name. Instants are RFC 3339 in UTC, quantities are decimal strings,
// and null means missing.
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];

export type Fault = Schemas["FaultOut"];
/** What an error tells; answers that did not come from the node have only code and message. */
export type ErrorBody = Pick<Schemas["ErrorBody"], "code" | "message"> & Partial<Schemas["ErrorBody"]>;
export type Page<T> = Omit<Schemas["Listing_NoticeRow"], "items"> & { items: T[] };
export type Named = Schemas["NamedOut"];

export type NodeInfo = Schemas["NodeOut"];
export type Account = Schemas["MyAccount"];
export type Me = Schemas["Me"];

export type Grade = Schemas["GradeOut"];
export type Reference = Schemas["ReferenceOut"];
export type Division = Schemas["DivisionOut"];
export type Divisions = Schemas["DivisionsOut"];
export type DivisionDetail = Schemas["DivisionDetail"];

export type FigureState = Schemas["ValueState"];
export type LinkState = Schemas["LinkStateOut"];
export type Figure = Schemas["CockpitFigure"];
export type Warning = Schemas["CockpitWarning"];
export type Cockpit = Schemas["CockpitOut"];
export type MapValue = Schemas["MapValue"];
export type MapValues = Schemas["MapValues"];
export type MapPoints = Schemas["MapPoints"];
export type MapFlows = Schemas["MapFlows"];
export type Flow = Schemas["MapFlow"];

export type Subject = Schemas["SubjectOut"];
export type Product = Schemas["ProductOut"];
export type Device = Schemas["DeviceOut"];
export type ConnectedSystem = Schemas["SystemOut"];
export type SystemToken = Schemas["SystemTokenOut"];
export type HistoryEntry = Schemas["HistoryOut"];
export type ReviewAction = Schemas["RegisterAction"];
/** A record with its history; `Row` is one of the registers' records. */
export type Detail<Row> = Row & {
  proposal: Partial<Row> | null;
  history: HistoryEntry[];
  actions: ReviewAction[];
};

export type ImportRun = Schemas["ImportOut"];
export type ImportRow = Schemas["ImportRowOut"];

export type CsvResult = Schemas["CaptureAnswer"];
export type Batch = Schemas["BatchOut"];
export type Reject = Schemas["RejectOut"];

export type TraceEvent = Schemas["EventOut"];
export type TraceEventDetail = Schemas["EventDetailOut"];
export type Chain = Schemas["ChainOut"];
export type ChainNode = Schemas["ChainNode"];
export type ChainEdge = Schemas["ChainEdge"];
export type ChainRow = Schemas["ChainRow"];

export type Finding = Schemas["FindingRow"];
export type FindingDetail = Schemas["FindingFull"];
export type FindingDecision = Schemas["FindingDecision"];
export type FindingSummary = Schemas["FindingSums"];

export type Evaluations = Schemas["EvaluationRanking"];
export type EvaluationRow = Schemas["EvaluationRow"];
export type ScoreTrend = Schemas["EvaluationTrend"];

export type Edition = Schemas["ReportEdition"];
export type ReportSchedule = Schemas["ReportSchedule"];
export type Delivery = Schemas["ReportDelivery"];

export type Exchange = Schemas["ExchangeOut"];
export type ExchangeParent = Schemas["ParentOut"];
export type ExchangeChild = Schemas["ChildOut"];
export type Link = Schemas["LinkDetailOut"];
export type Links = Schemas["LinkListOut"];
export type LinkFlow = Schemas["LinkFlowOut"];
export type LinkFault = Schemas["LinkFaultOut"];
export type LinkChain = Schemas["LinkChainOut"];
export type LinkSettings = Schemas["LinkSettingsOut"];
export type LinkWindow = Schemas["LinkWindow"];
export type Receipt = Schemas["ReceiptOut"];
export type Poison = Schemas["PoisonOut"];

export type ComplaintKind = Schemas["ComplaintWish"];
export type Complaint = Schemas["ComplaintRow"];
export type ComplaintDetail = Schemas["ComplaintFull"];
export type ComplaintAction = Schemas["ComplaintAction"];
export type ComplaintStep = Schemas["ComplaintStepOut"];
export type ComplaintPublic = Schemas["ComplaintProgress"];
export type ComplaintReceipt = Schemas["ComplaintReceipt"];
export type Notice = Schemas["NoticeRow"];

export type PublicTrace = Schemas["PublicTraceOut"];

export type AccountRow = Schemas["AccountOut"];
export type AuditRow = Schemas["AuditOut"];

/** Packs in force and their editions. */
export type PackRow = Schemas["PackRow"];
export type PackRows = Schemas["PackRows"];
export type PackWithHistory = Schemas["PackWithHistory"];
export type PackEdition = Schemas["PackEdition"];
export type PackEditionText = Schemas["PackEditionText"];
export type PackDifference = Schemas["PackDifference"];
export type PackChange = PackDifference["changes"][number];

export type SavedView = Schemas["ViewOut"];
export type ExportColumns = Schemas["ExportColumnsOut"];
export type ExportJob = Schemas["ExportOut"];
export type AnalysisCell = Schemas["AnalysisCell"];
export type Analysis = Schemas["AnalysisOut"];
export type Metadata = Schemas["MetadataOut"];
export type MetaField = Schemas["MetaFieldOut"];
export type MetaColumn = Schemas["MetaColumnOut"];
export type MetaOption = Schemas["MetaOption"];
export type Similar = Schemas["SimilarOut"];
export type Closure = Schemas["ClosureOut"];
export type Area = Schemas["SelectOut"];
export type AreaSubject = Schemas["SubjectBrief"];
