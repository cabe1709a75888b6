// The list and record pages of the registers: subjects, merchants, products and devices.
import { PlusOutlined, UploadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { metadataQuery, place, type Noun } from "@/features/registers/api/registers";
import type { Row } from "@/features/registers/api/shapes";
import { RecordView } from "@/features/registers/components/record-view";
import { RegisterForm } from "@/features/registers/components/register-form";
import { listOf } from "@/features/registers/lists";
import { useGo, useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { registerText as t } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { ListPage } from "@/ui/list-page";
import { PageHead } from "@/ui/page";
import { Loading } from "@/ui/state-views";

const SubjectMap = lazy(() =>
  import("@/features/registers/components/subject-map").then((module) => ({ default: module.SubjectMap })),
);
const permission: Record<Noun, string> = {
  subjects: "subject",
  merchants: "subject",
  products: "product",
  devices: "device",
};
const orders = Object.entries(t.orders).map(([value, label]) => ({ value, label }));

/** Kinds of merchants are named by the node's description of the fields. */
function useMerchantTypes(enabled: boolean) {
  const query = useQuery({ ...metadataQuery("merchants", undefined), enabled });
  return useMemo(
    () =>
      (query.data?.fields.find((field) => field.code === "merchant_type")?.options ?? []).map((one) => ({
        value: one.code,
        label: one.name,
      })),
    [query.data],
  );
}

function RegisterPage({ noun }: { noun: Noun }) {
  const names = useNames();
  const types = useMerchantTypes(noun === "merchants");
  const node = useMe().node.code;
  const list = useMemo(() => listOf(noun, names, types, node), [noun, names, types, node]);
  const can = useCan();
  const [, patch] = useUrl();
  const [creating, setCreating] = useState(false);
  const right = permission[noun];
  const imports = `/console/imports?register=${place(noun)}${noun === "merchants" ? "&class=merchant" : ""}`;
  const actions = (
    <>
      {can(`${right}.review`) && (
        <AppLink href={`/console/review${noun === "subjects" ? "" : `?register=${noun}`}`} className="button-link">
          {t.reviewTitle}
        </AppLink>
      )}
      {can(`${right}.import`) && (
        <AppLink href={imports} className="button-link">
          <UploadOutlined /> {common.import}
        </AppLink>
      )}
      {can(`${right}.create`) && (
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
          {t[noun].create}
        </Button>
      )}
    </>
  );
  const step = (rows: Row[], id: string, by: number) => {
    const other = rows[rows.findIndex((row) => row.id === id) + by];
    return other ? () => patch({ record: other.id }, true) : undefined;
  };
  const subject = place(noun) === "subjects";
  return (
    <>
      <ListPage<Row>
        key={noun}
        title={t[noun].title}
        list={noun}
        resource={`/console/${place(noun)}`}
        {...(subject && { fixed: { class: noun === "merchants" ? "merchant" : "subject" } })}
        columns={list.columns}
        filters={list.filters}
        orders={orders}
        exports={right}
        rowId={(row) => row.id}
        emptyHint={t[noun].hint}
        actions={actions}
        drawerWidth={860}
        {...(subject &&
          can("map.read") && {
            map: (query) => (
              <Suspense fallback={<Loading height={480} />}>
                <SubjectMap query={query} />
              </Suspense>
            ),
          })}
        recordHref={(id) => `/console/${noun}/${id}`}
        drawer={(id, rows) => (
          <RecordView noun={noun} id={id} onNext={step(rows, id, 1)} onPrevious={step(rows, id, -1)} />
        )}
      />
      {creating && (
        <RegisterForm
          noun={noun}
          row={null}
          onClose={() => setCreating(false)}
          onSaved={(id) => {
            setCreating(false);
            patch({ record: id });
          }}
        />
      )}
    </>
  );
}
function RegisterRecordPage({ noun }: { noun: Noun }) {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const go = useGo();
  return (
    <>
      <PageHead
        title={<AppLink href={`/console/${noun}`}>{t[noun].title}</AppLink>}
        extra={<Button onClick={() => go(`/console/${noun}?record=${id}`)}>{t.inList}</Button>}
      />
      <RecordView noun={noun} id={id} wide />
    </>
  );
}
export const SubjectsPage = () => <RegisterPage noun="subjects" />;
export const MerchantsPage = () => <RegisterPage noun="merchants" />;
export const ProductsPage = () => <RegisterPage noun="products" />;
export const DevicesPage = () => <RegisterPage noun="devices" />;
export const SubjectRecordPage = () => <RegisterRecordPage noun="subjects" />;
export const MerchantRecordPage = () => <RegisterRecordPage noun="merchants" />;
export const ProductRecordPage = () => <RegisterRecordPage noun="products" />;
export const DeviceRecordPage = () => <RegisterRecordPage noun="devices" />;
