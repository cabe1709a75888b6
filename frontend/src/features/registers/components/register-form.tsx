// New entry or change of one, drawn from the node's description of the fields; a change of a filed entry goes to review.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Checkbox, Form, type FormInstance, Modal, Select } from "antd";
import { useRef, useState } from "react";
import type { MetaField, Metadata } from "@/api/types";
import { draftable, POINT, toDocument, toForm } from "@/features/registers/values";
import { classOf, entityOf, metadataQuery, place, type Noun } from "@/features/registers/api/registers";
import type { Row } from "@/features/registers/api/shapes";
import { FieldInput } from "@/features/registers/components/field-input";
import { SimilarEntries } from "@/features/registers/components/similar";
import { ApiError, http } from "@/lib/client";
import { common } from "@/locales/zh-CN/common";
import { registerText as t } from "@/locales/zh-CN/registers";
import { QueryView } from "@/ui/state-views";
import { errorText } from "@/ui/use-act";

type Values = Record<string, unknown>;
interface Props {
  noun: Noun;
  row: Row | null;
  onClose: () => void;
  onSaved: (id: string) => void;
}
/** Fields whose choices hang on the category. */
const followers = ["stages", "varieties", "stage", "subcategory"];

/** What is left of a chosen value once only these may be chosen. */
function fitting(value: unknown, field: MetaField | undefined): unknown {
  if (!field || field.options.length === 0) return value;
  const allowed = (one: unknown) => field.options.some((option) => option.code === one);
  if (Array.isArray(value)) return value.filter(allowed);
  return value === undefined || value === null || allowed(value) ? value : null;
}
/** Where a fault of the node belongs in the form. */
const fieldOf = (name: string): (string | number)[] => {
  const path = name
    .replace(/^extra\./, "")
    .split(/[.[\]]+/)
    .filter(Boolean);
  return path[0] === "lon" || path[0] === "lat"
    ? [POINT]
    : path.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
};

function Fields({
  metadata,
  noun,
  row,
  draft,
  form,
}: {
  metadata: Metadata;
  noun: Noun;
  row: Row | null;
  draft: () => boolean;
  form: FormInstance<Values>;
}) {
  const division = Form.useWatch("division", form) as string | undefined;
  const fields = metadata.fields;
  const groups = metadata.groups.filter((group) => fields.some((field) => field.group === group.code));
  return groups.map((group) => (
    <fieldset key={group.code} className="form-group">
      <legend>{group.name}</legend>
      <div className="form-grid">
        {fields
          .filter((field) => field.group === group.code)
          .map((field) => (
            <FieldInput
              key={field.code}
              field={field}
              draft={draft}
              division={division}
              fixed={field.code === "code" && row !== null && row.state !== "draft"}
            />
          ))}
        {group.code === "basic" && row === null && noun === "subjects" && (
          <Form.Item name="issue_code" valuePropName="checked" extra={t.issueCodeHint} className="form-wide">
            <Checkbox>{t.issueCode}</Checkbox>
          </Form.Item>
        )}
        {group.code === "place" && draftable(noun) && (
          <Form.Item name="coordinates" label={t.coordinates} extra={t.coordinatesHint}>
            <Select
              allowClear
              placeholder={t.coordinateSystems.wgs84}
              options={Object.entries(t.coordinateSystems).map(([value, label]) => ({ value, label }))}
            />
          </Form.Item>
        )}
      </div>
    </fieldset>
  ));
}

/** Looks for doubles of what is written; a component of its own, so that the form is not drawn anew with every letter. */
function WatchedSimilar({ form, noun, row }: { form: FormInstance<Values>; noun: Noun; row: Row | null }) {
  const written = (Form.useWatch([], form) ?? {}) as Values;
  const draft: Values = { class: classOf(noun) };
  for (const key of ["name", "code", "uscc", "phone", "division"]) draft[key] = written[key] ?? null;
  return <SimilarEntries draft={draft} {...(row && { id: row.id })} />;
}

export function RegisterForm({ noun, row, onClose, onSaved }: Props) {
  const [form] = Form.useForm<Values>();
  const client = useQueryClient();
  const { message, modal } = App.useApp();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState<"draft" | "submit" | null>(null);
  const asDraft = useRef(false);
  const [category, setCategory] = useState<string | undefined>(row?.["category"] as string | undefined);
  const query = useQuery({ ...metadataQuery(noun, category), placeholderData: keepPreviousData });
  const entity = entityOf(noun);
  const metadata = query.data;
  const change = (changed: Values) => {
    if (!("category" in changed)) return;
    const next = changed["category"] as string | undefined;
    setCategory(next);
    void client
      .fetchQuery(metadataQuery(noun, next))
      .then((fresh) => {
        for (const name of followers)
          form.setFieldValue(
            name,
            fitting(
              form.getFieldValue(name),
              fresh.fields.find((one) => one.code === name),
            ),
          );
      })
      .catch(() => undefined);
  };
  const showFaults = (cause: ApiError) => {
    const faults =
      cause.faults.length > 0 ? cause.faults : [{ field: cause.field, reason: cause.message, advice: null }];
    const placed = faults.flatMap((fault) => (fault.field ? [{ name: fieldOf(fault.field), fault }] : []));
    form.setFields(
      placed.map(({ name, fault }) => ({
        name: name as never,
        errors: [fault.advice ? `${fault.reason}。${fault.advice}` : fault.reason],
      })),
    );
    const first = placed[0]?.name;
    if (first) form.scrollToField(first as never, { focus: true, block: "center" });
  };
  const send = async (values: Values) => {
    if (!metadata) return;
    const draft = asDraft.current;
    setBusy(draft ? "draft" : "submit");
    setError(null);
    try {
      const body: Values = {
        ...toDocument(entity, metadata.fields, values, row),
        ...(entity === "subject" && { class: classOf(noun) }),
        ...(values["coordinates"] ? { coordinates: values["coordinates"] } : {}),
        ...(values["issue_code"] === true && { issue_code: true }),
        ...(draft && { draft: true }),
      };
      const saved = row
        ? await http.put<Row>(`/console/${place(noun)}/${row.id}`, { ...body, version: row.version })
        : await http.post<Row>(`/console/${place(noun)}`, body);
      message.success(draft ? t.draftSaved : common.submitted);
      await Promise.all([
        client.invalidateQueries({ queryKey: ["list", `/console/${place(noun)}`] }),
        client.invalidateQueries({ queryKey: ["record", place(noun)] }),
      ]);
      onSaved(saved.id);
    } catch (cause) {
      setError(errorText(cause));
      if (cause instanceof ApiError) showFaults(cause);
      setBusy(null);
    }
  };
  const save = (draft: boolean) => {
    asDraft.current = draft;
    form
      .validateFields()
      .then((values) => send({ ...values }))
      .catch((cause: { errorFields?: { name: (string | number)[] }[] }) => {
        const first = cause.errorFields?.[0]?.name;
        if (first) form.scrollToField(first as never, { focus: true, block: "center" });
      });
  };
  const leave = () => {
    if (!form.isFieldsTouched()) onClose();
    else modal.confirm({ title: t.leaveTitle, content: t.leaveText, okText: t.leave, onOk: onClose });
  };
  const mayDraft = draftable(noun) && (row === null || row.state === "draft" || row.state === "returned");
  return (
    <Modal
      open
      width={920}
      title={row ? `${common.edit}：${row.name}` : t[noun].create}
      onCancel={leave}
      mask={{ closable: false }}
      destroyOnHidden
      styles={{ body: { maxHeight: "calc(100vh - 240px)", overflowY: "auto", paddingInline: 4 } }}
      footer={[
        <Button key="close" onClick={leave}>
          {common.cancel}
        </Button>,
        mayDraft && (
          <Button
            key="draft"
            loading={busy === "draft"}
            disabled={busy !== null || !metadata}
            onClick={() => save(true)}
          >
            {t.saveDraft}
          </Button>
        ),
        <Button
          key="submit"
          type="primary"
          loading={busy === "submit"}
          disabled={busy !== null || !metadata}
          onClick={() => save(false)}
        >
          {t.handIn}
        </Button>,
      ]}
    >
      {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 12 }} role="alert" />}
      {entity === "subject" && <WatchedSimilar form={form} noun={noun} row={row} />}
      <QueryView query={query}>
        {(data) => (
          <Form form={form} layout="vertical" initialValues={row ? toForm(row) : {}} onValuesChange={change}>
            <Fields metadata={data} noun={noun} row={row} draft={() => asDraft.current} form={form} />
          </Form>
        )}
      </QueryView>
    </Modal>
  );
}
