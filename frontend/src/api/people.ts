// Words of the screens of people: signing in, own profile, accounts, roles, applications, audit.
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];

export type SignedIn = Schemas["Me"];
export type PendingStep = Schemas["PendingOut"];
export type SignOnOptions = Schemas["SignOnOptions"];
export type Captcha = Schemas["CaptchaOut"];
export type OwnEnrolment = Schemas["SetUpOut"];
export type Enrolment = Schemas["EnrolmentOut"];
export type OutsideSignOn = Schemas["SignOnOffers"];
export type OutsideFault = Schemas["SignOnTrouble"];
export type Authorization = Schemas["AuthorizationOut"];
export type BrowserGoes = Schemas["BrowserGoes"];

export type OwnProfile = Schemas["ProfileOut"];
export type SessionRow = Schemas["SessionOut"];
export type IdentityRow = Schemas["IdentityOut"];
export type RecoveryCodes = Schemas["RecoveryOut"];

export type AccountOut = Schemas["AccountOut"];
export type CreatedAccount = Schemas["CreatedOut"];
export type OneTime = Schemas["OneTimeOut"];
export type Grant = Schemas["ExplainedOut"];
export type Rights = Schemas["RightsOut"];
export type AccountHistory = Schemas["AccountEventOut"];

export type PermissionWords = Schemas["PermissionsOut"];
export type RoleOut = Schemas["RoleOut"];
export type RoleUses = Schemas["RoleUsesOut"];
export type RolePreview = Schemas["PreviewOut"];

export type ClientRow = Schemas["OpenIdClientOut"];
export type ClientMade = Schemas["OpenIdClientMade"];
export type ClientSecret = Schemas["OpenIdSecretOut"];
export type ClientOptions = Schemas["OpenIdOptionsOut"];

export type AuditEntry = Schemas["AuditOut"];
export type AuditOptions = Schemas["AuditOptionsOut"];
export type AuditStatistics = Schemas["AuditStatisticsOut"];
export type AuditHead = Schemas["AuditHeadOut"];
export type AuditIntegrity = Schemas["AuditIntegrityOut"];
