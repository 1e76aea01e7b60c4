/** Light, dark, or what the system says; remembered on this machine where that is possible. */
import { effect, signal } from "@preact/signals";

type Theme = "auto" | "light" | "dark";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const KEY = "mambalite-theme";

const theme = signal<Theme>(remembered());

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

function remembered(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto"; // storage can be forbidden
  }
}

function choose(next: Theme): void {
  theme.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    /* It then holds for this visit. */
  }
}

export function ThemeSwitch() {
  return (
    <label class="theme">
      <span>Theme</span>
      <select
        name="theme"
        aria-label="Theme" // on a phone the word beside it is not shown
        value={theme.value}
        onChange={(event) => choose(event.currentTarget.value as Theme)}
      >
        {THEMES.map((name) => (
          <option key={name} value={name} selected={name === theme.value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
