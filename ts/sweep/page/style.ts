/** How the page of a sweep looks, light and dark. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --faint: #59636e; --line: #d1d9e0; --ring: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf1; --paper: #14181d; --faint: #a3adb8; --line: #3a434d; --ring: #ff8a80; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; }
.facts { padding-left: 1.2rem; overflow-wrap: anywhere; }
.choices { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: center; }
fieldset { border: 1px solid var(--line); border-radius: 6px; display: flex; gap: 1rem; }
select, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--faint); border-radius: 6px; padding: 0.2rem 0.5rem; }
button { cursor: pointer; text-align: left; overflow-wrap: anywhere; }
button[aria-pressed="true"] { border-color: var(--ring); outline: 2px solid var(--ring); }
#charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; } figcaption { color: var(--faint); } .plot { position: relative; height: 20rem; }
#chosen { min-height: 3rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 16rem; }
`;
