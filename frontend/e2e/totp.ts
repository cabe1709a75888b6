// The code that an authenticator shows for a secret (RFC 6238, SHA-1, six digits, thirty seconds).
import { createHmac } from "node:crypto";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_MS = 30_000;

function bytes(secret: string): Buffer {
  let bits = "";
  for (const letter of secret.toUpperCase().replace(/[^A-Z2-7]/g, ""))
    bits += letters.indexOf(letter).toString(2).padStart(5, "0");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((one) => parseInt(one, 2)));
}

/** The code of the step that lies `later` steps after the given time. */
export function totp(secret: string, later = 0, now = Date.now()): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / STEP_MS) + later));
  const mac = createHmac("sha1", bytes(secret)).update(counter).digest();
  const from = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
