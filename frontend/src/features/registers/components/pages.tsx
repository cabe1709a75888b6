// The list and record pages of the four registers.
import { PlusOutlined } from "@ant-design/icons";
import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { RecordForm } from "@/features/registers/components/record-form";
import { RecordView } from "@/features/registers/components/record-view";
import { registerOf, type Noun, type Row } from "@/features/registers/config";
import { useGo, useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { useCan } from "@/lib/session";
import { registerText } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { ListPage } from "@/ui/list-page";
import { PageHead } from "@/ui/page";

function RegisterPage({ noun }: { noun: Noun }) {
  const names = useNames();
  const register = useMemo(() => registerOf(noun, names), [noun, names]);
  const can = useCan();
  const [, patch] = useUrl();
  const [creating, setCreating] = useState(false);
  const text = registerText[noun];
  const create = can(`${register.permission}.create`) && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
      {text.create}
    </Button>
  );
  const step = (rows: Row[], id: string, by: number) => {
    const other = rows[rows.findIndex((row) => row.id === id) + by];
    return other ? () => patch({ record: other.id }, true) : undefined;
  };
  return (
    <>
      <ListPage<Row>
        key={noun}
        title={text.title}
        resource={`/console/${noun}`}
        columns={register.columns}
        filters={register.filters}
        rowId={(row) => row.id}
        emptyHint={text.hint}
        actions={create}
        recordHref={(id) => `/console/${noun}/${id}`}
        drawer={(id, rows) => (
          <RecordView noun={noun} id={id} onNext={step(rows, id, 1)} onPrevious={step(rows, id, -1)} />
        )}
      />
      {creating && (
        <RecordForm
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
        title={<AppLink href={`/console/${noun}`}>{registerText[noun].title}</AppLink>}
        extra={<Button onClick={() => go(`/console/${noun}?record=${id}`)}>在列表中打开</Button>}
      />
      <RecordView noun={noun} id={id} wide />
    </>
  );
}
export const SubjectsPage = () => <RegisterPage noun="subjects" />;
export const ProductsPage = () => <RegisterPage noun="products" />;
export const DevicesPage = () => <RegisterPage noun="devices" />;
export const SystemsPage = () => <RegisterPage noun="systems" />;
export const SubjectRecordPage = () => <RegisterRecordPage noun="subjects" />;
export const ProductRecordPage = () => <RegisterRecordPage noun="products" />;
export const DeviceRecordPage = () => <RegisterRecordPage noun="devices" />;
export const SystemRecordPage = () => <RegisterRecordPage noun="systems" />;
