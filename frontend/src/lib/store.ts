// Small things that a browser remembers: chosen columns, saved views, own look-ups. Never needed to work.

/** What was remembered, or the given value where storage is refused or holds nonsense. */
export function recall<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`suyuan.${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}
/** Remembers a value; silently does nothing where storage is refused. */
export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`suyuan.${key}`, JSON.stringify(value));
  } catch {
    // Private windows refuse storage; the page works without.
  }
}
