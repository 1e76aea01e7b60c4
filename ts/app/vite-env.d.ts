/** What Vite adds to modules: globs, raw text, and the address of a worklet's own chunk. */
/// <reference types="vite/client" />

declare module "*?worker&url" {
  const url: string;
  export default url;
}
