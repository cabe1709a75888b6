// The form of a password as the node asks for it; the node also refuses common ones and those that were used before.
const classes = [/\p{Lowercase}/u, /\p{Uppercase}/u, /\p{N}/u, /[^\p{Lowercase}\p{Uppercase}\p{N}]/u];

export type PasswordRule = "length" | "classes" | "name";

/** Which of the rules that can be judged here the password keeps. */
export function passwordRules(password: string, username: string): Record<PasswordRule, boolean> {
  const name = username.trim().toLowerCase();
  return {
    length: [...password].length >= 12 && new TextEncoder().encode(password).length <= 128,
    classes: classes.filter((one) => one.test(password)).length >= 3,
    name: password !== "" && (name.length < 3 || !password.toLowerCase().includes(name)),
  };
}
/** At least 12 characters of three of the four classes, and no more than 128 bytes. */
export function isStrong(password: string, username = ""): boolean {
  return Object.values(passwordRules(password, username)).every(Boolean);
}
