// The form of a password as the node asks for it; the node also refuses common ones and those with the name in them.
const classes = [/\p{Lowercase}/u, /\p{Uppercase}/u, /\p{N}/u, /[^\p{Lowercase}\p{Uppercase}\p{N}]/u];

/** At least 12 characters of three of the four classes, and no more than 128 bytes. */
export function isStrong(password: string): boolean {
  const held = classes.filter((one) => one.test(password)).length;
  return [...password].length >= 12 && held >= 3 && new TextEncoder().encode(password).length <= 128;
}
