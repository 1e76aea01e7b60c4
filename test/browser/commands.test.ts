/** The two commands: one writes the site and says what it weighs, the other serves it. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./support.js";

const script = join(root, "scripts/app.mjs");
const environment = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };

describe("the page's commands", () => {
  it("npm run app:build writes the site and reports what it weighs", () => {
    const { status, stdout } = spawnSync(process.execPath, [script, "--build"], {
      encoding: "utf8",
      env: environment,
    });
    expect(stdout).toMatch(/^first load: [0-9,]+ of 153,600 bytes/m);
    expect(stdout).toMatch(/^largest core: [0-9,]+ of 98,304 bytes/m);
    expect(status).toBe(0);
    expect(existsSync(join(root, "build/app/index.html"))).toBe(true);
  });

  it("npm run app serves it", async () => {
    const child = spawn(process.execPath, [script], { env: environment });
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let text = "";
        child.stdout.on("data", (chunk) => {
          text += chunk;
          const found = /http:\/\/localhost:\d+\//.exec(text)?.[0];
          if (found !== undefined) resolve(found);
        });
        child.on("exit", () => reject(new Error(`ended: ${text}`)));
      });
      const response = await fetch(url);
      expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
      expect(await response.text()).toContain("<title>MambaLite-Micro simulator</title>");
    } finally {
      child.kill();
    }
  });
});
