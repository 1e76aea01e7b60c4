/** Which process holds something that only one may hold, for Node. Knows nothing of what that is. */
import { hostname } from "node:os";
import { kill, pid } from "node:process";

export interface Owner {
  readonly pid: number;
  readonly host: string;
}

export function thisProcess(): Owner {
  return { pid, host: hostname() };
}

/** Undefined of what is no owner as JSON. */
export function readOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text);
    return typeof owner?.pid === "number" && typeof owner.host === "string" ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it has ended. Of another machine nothing is known; in a container the same number comes back. */
export function isGone(owner: Owner): boolean {
  if (owner.host !== hostname()) return false;
  if (owner.pid === pid) return true;
  try {
    return !kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

export function ownerText(owner: Owner | undefined): string {
  return owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
}
