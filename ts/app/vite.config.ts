/**
 * How the page is built: into a static site with relative addresses, so that it works from any path,
 * with a service worker that knows every file. Knows nothing of what the page does.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const repository = fileURLToPath(new URL("../..", import.meta.url));
const SERVICE_WORKER = "sw.js";
const PLACEHOLDER = "__PRECACHE__";
const CONTENT_SECURITY_POLICY = /<meta\s+http-equiv="Content-Security-Policy"[^>]*>/;
/** What gives a page the finer of a browser's two clocks. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
/** Writes the list of the build's files into the service worker. */
function precache(): Plugin {
  return {
    name: "mambalite-precache",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const worker = bundle[SERVICE_WORKER];
      if (worker?.type !== "chunk") throw new Error(`the build has no ${SERVICE_WORKER}`);
      const publicFiles = readdirSync(join(root, "public"));
      const hash = createHash("sha256");
      for (const name of publicFiles) hash.update(readFileSync(join(root, "public", name)));
      for (const output of Object.values(bundle)) {
        hash.update(output.type === "chunk" ? output.code : output.source);
      }
      const files = [...publicFiles, ...Object.keys(bundle)]
        .filter((name) => name !== SERVICE_WORKER)
        .sort();
      const version = hash.digest("hex").slice(0, 16);
      worker.code = worker.code.replaceAll(PLACEHOLDER, JSON.stringify({ version, files }));
    },
  };
}

/** The development server puts styles and its own client into the page, which the policy forbids. */
function withoutPolicyInDevelopment(): Plugin {
  return {
    name: "mambalite-development-policy",
    apply: "serve",
    transformIndexHtml: (html) => html.replace(CONTENT_SECURITY_POLICY, ""),
  };
}

export default defineConfig({
  root,
  base: "./",
  publicDir: join(root, "public"),
  plugins: [precache(), withoutPolicyInDevelopment()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  server: { fs: { allow: [repository] }, headers: ISOLATION },
  preview: { headers: ISOLATION },
  build: {
    outDir: join(repository, "build/app"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { index: join(root, "index.html"), sw: join(root, "service-worker.ts") },
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? SERVICE_WORKER : "assets/[name]-[hash].js"),
      },
    },
  },
});
