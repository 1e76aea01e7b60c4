/**
 * Keeps the page's files, all of one build, so that it works without a network after the first visit.
 * Knows the list that the build writes into it, and nothing of what the files are.
 */

/** Replaced by the build: every file of it, and a name that changes with any of them. */
declare const __PRECACHE__: { readonly version: string; readonly files: readonly string[] };

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  skipWaiting(): Promise<void>;
}

const scope = globalThis as unknown as Scope;
const PREFIX = "mambalite-app-";
const NAME = PREFIX + __PRECACHE__.version;
const INDEX = "index.html";

scope.addEventListener("install", (event) => {
  event.waitUntil(keepAll());
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => scope.clients.claim()));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope.registration.scope)) return;
  event.respondWith(answer(request));
});

async function keepAll(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll(
    __PRECACHE__.files.map((file) => new URL(file, scope.registration.scope).href),
  );
  await scope.skipWaiting();
}

async function forgetOthers(): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(names.map((name) => caches.delete(name)));
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  const wanted = request.mode === "navigate" ? new URL(INDEX, scope.registration.scope) : request;
  const found = (await cache.match(wanted, { ignoreSearch: true })) ?? (await fetch(request));
  return isolated(found);
}

/** In a page of its own process a browser gives a clock twenty times as fine. */
function isolated(response: Response): Response {
  if (response.type === "opaque" || response.type === "error") return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
