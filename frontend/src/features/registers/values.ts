// Between the document of the node and the values of the form: the place is one field, unknown members lie in `extra`.
import type { MetaField } from "@/api/types";
import type { Noun } from "@/features/registers/api/registers";

type Values = Record<string, unknown>;
/** The form's name of the point that is longitude and latitude in the document. */
export const POINT = "point";

/** Members of the documents; what else the node's description of the fields names goes into `extra`. */
const members: Record<string, Set<string>> = {
  subject: new Set(
    (
      "class code name uscc id_no org_form subject_role node_type merchant_type parent category stages varieties division " +
      "address lon lat legal_person legal_id_no legal_phone contact phone email fax valid_from valid_to long_term " +
      "annual_output output_unit industry licences bases bad_records identity_code"
    ).split(" "),
  ),
};
const isExtra = (entity: string, code: string): boolean => members[entity] !== undefined && !members[entity].has(code);

/** An entry as the form shows it. */
export function toForm(row: Values): Values {
  const { lon, lat, extra, ...rest } = row;
  return {
    ...(typeof extra === "object" && extra !== null ? extra : {}),
    ...rest,
    [POINT]: { lon: (lon as number | null | undefined) ?? null, lat: (lat as number | null | undefined) ?? null },
  };
}
const empty = (value: unknown) => value === undefined || value === "";

/** The form as the node takes it; what the form did not show keeps its value. */
export function toDocument(entity: string, fields: MetaField[], values: Values, row: Values | null): Values {
  const body: Values = {};
  const extra: Values = { ...(row?.["extra"] as Values | undefined) };
  for (const field of fields) {
    const value = values[field.code];
    if (field.type === "place") {
      const place = values[POINT] as { lon: number | null; lat: number | null } | undefined;
      body["lon"] = place?.lon ?? null;
      body["lat"] = place?.lat ?? null;
    } else if (isExtra(entity, field.code)) {
      if (!empty(value) && value !== null) extra[field.code] = String(value);
      else delete extra[field.code];
    } else if (field.type === "multi" || field.type === "records") body[field.code] = value ?? [];
    else if (field.type === "bool") body[field.code] = value === true;
    else body[field.code] = empty(value) ? null : value;
  }
  for (const member of members[entity] ?? []) if (!(member in body) && row && member in row) body[member] = row[member];
  if (Object.keys(extra).length > 0) body["extra"] = extra;
  return body;
}
export const draftable = (noun: Noun): boolean => noun === "subjects" || noun === "merchants";
