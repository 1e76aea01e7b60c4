/** Registers the service worker once the page has settled. Knows nothing of what it keeps. */

export function keepOffline(): void {
  if (import.meta.env.DEV || !("serviceWorker" in navigator)) return;
  const register = () => {
    navigator.serviceWorker.register("./sw.js", { scope: "./" }).catch(() => {
      /* The page works without it, online. */
    });
  };
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
