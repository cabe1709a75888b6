// When somebody last touched the page: what a page asks for by itself must not keep a session alive.

const IDLE_MS = 60_000;
let touched = Date.now();

if (typeof window !== "undefined")
  for (const event of ["pointerdown", "keydown", "wheel", "touchstart"])
    window.addEventListener(event, () => (touched = Date.now()), { capture: true, passive: true });

/** True where nobody has touched the page for a minute. */
export function unattended(): boolean {
  return Date.now() - touched > IDLE_MS;
}
/** When the page was last touched, in milliseconds since 1970. */
export const lastTouch = (): number => touched;
