// Words of the screens of connected systems: applications, tokens, quotas, self-tests, monitoring, catalogue.
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];

export type JoinForm = Schemas["ApplicationIn"];
export type JoinReceipt = Schemas["ApplicationReceipt"];
export type JoinReference = Schemas["ApplicationReference"];
export type JoinFollowed = Schemas["ApplicationProgress"];
export type SelftestRun = Schemas["SelftestOut"];
export type SelftestSample = Schemas["SelftestSample"];

export type ApplicationRow = Schemas["ApplicationRow"];
export type ApplicationDetail = Schemas["ApplicationOut"];

export type SystemRow = Schemas["SystemOut"];
export type TokenRow = Schemas["TokenOut"];
export type TokenGiven = Schemas["TokenIssuedOut"];
export type Quota = Schemas["QuotaOut"];
export type SystemWarning = Schemas["SystemWarning"];
export type MonitorRow = Schemas["MonitorRow"];
export type MonitorPage = Schemas["MonitorOut"];
export type MonitorDetail = Schemas["MonitorDetail"];

export type CatalogueNode = Schemas["CatalogueNode"];
export type CatalogueCategory = Schemas["CatalogueCategory"];
export type Catalogue = Schemas["CatalogueOut"];
export type CatalogueUse = Schemas["CatalogueUse"];
export type SwitchEffects = Schemas["CategoryEffects"];
