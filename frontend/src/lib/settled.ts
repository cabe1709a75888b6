// A value that is taken over once it has not changed for a moment.
import { useEffect, useRef, useState } from "react";

/** The value as it was when it last stood still for so many milliseconds. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  const latest = useRef(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    latest.current = value;
  });
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(latest.current), ms);
    return () => window.clearTimeout(timer);
  }, [text, ms]);
  return settled;
}
