// The life line of a matter that can be followed: what happened to it, and when.
import type { ReactNode } from "react";
import { dateTime } from "@/lib/format";

interface Step {
  at: string;
  state_name: string;
  text: string | null;
}

/** One stage of a life line: what it is called, what it says, and the line of small print below. */
export function Stage({ name, text, children }: { name: string; text: ReactNode; children: ReactNode }) {
  return (
    <>
      <div>
        <span className="stage">{name}</span>
        {text}
      </div>
      {children && <div className="place">{children}</div>}
    </>
  );
}

export function Steps({ title, steps }: { title: string; steps: Step[] }) {
  return (
    <>
      <h2>{title}</h2>
      <ol className="life">
        {steps.map((step, index) => (
          <li key={index}>
            <Stage name={step.state_name} text={step.text}>
              <time dateTime={step.at}>{dateTime(step.at)}</time>
            </Stage>
          </li>
        ))}
      </ol>
    </>
  );
}
