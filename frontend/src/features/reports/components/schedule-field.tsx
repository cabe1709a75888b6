// When a report is made: chosen in words, or written as the five parts by those who know them.
import { Input, InputNumber, Select, Space, TimePicker } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { cronOf, simpleOf, type Rhythm, type Simple } from "@/lib/cron";
import { scheduleText as t } from "@/locales/zh-CN/evaluation";

interface Props {
  value?: string;
  onChange?: (cron: string) => void;
  id?: string;
}
const usual: Simple = { rhythm: "monthly", day: 1, hour: 8, minute: 0 };

export function ScheduleField({ value = "", onChange, id }: Props) {
  const simple = simpleOf(value);
  const [written, setWritten] = useState(false);
  const set = (patch: Partial<Simple>) => onChange?.(cronOf({ ...(simple ?? usual), ...patch }));
  const turn = (next: Rhythm | "expert") => {
    setWritten(next === "expert");
    if (next !== "expert") set({ rhythm: next, day: 1 });
  };
  const expert = simple === null || written;
  return (
    <Space wrap>
      <Select
        {...(id && { id })}
        value={expert ? "expert" : simple.rhythm}
        onChange={turn}
        options={Object.entries(t.rhythms).map(([key, label]) => ({ value: key, label }))}
        style={{ width: 110 }}
        aria-label={t.rhythm}
      />
      {expert ? (
        <Input
          className="code"
          value={value}
          onChange={(event) => onChange?.(event.target.value)}
          aria-label={t.cron}
          style={{ width: 200 }}
        />
      ) : (
        <>
          {simple.rhythm === "monthly" && (
            <InputNumber
              min={1}
              max={28}
              precision={0}
              value={simple.day}
              onChange={(day) => set({ day: day ?? 1 })}
              suffix={t.daySign}
              aria-label={t.dayOfMonth}
              style={{ width: 90 }}
            />
          )}
          {simple.rhythm === "weekly" && (
            <Select
              value={simple.day}
              onChange={(day) => set({ day })}
              options={t.weekdays.map((label, index) => ({ value: index + 1, label }))}
              style={{ width: 110 }}
              aria-label={t.dayOfWeek}
            />
          )}
          <TimePicker
            value={dayjs().hour(simple.hour).minute(simple.minute)}
            format="HH:mm"
            allowClear={false}
            needConfirm={false}
            onChange={(time) => {
              if (time && !Array.isArray(time)) set({ hour: time.hour(), minute: time.minute() });
            }}
            aria-label={t.time}
          />
        </>
      )}
    </Space>
  );
}
