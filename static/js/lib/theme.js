// The theme button: system, light, dark, in turn. The choice is a cookie, so the server writes it
// into the page and nothing flashes at load.

const THEMES = ["system", "light", "dark"];
const YEAR_SECONDS = 31536000;

export function following(theme) {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
}

export function cookieFor(theme) {
  const age = theme === "system" ? 0 : YEAR_SECONDS;
  return `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
}

function show(button, theme) {
  const root = document.documentElement;
  if (theme === "system") root.removeAttribute("data-theme");
  else root.dataset.theme = theme;
  button.dataset.theme = theme;
  button.title = `Theme: ${theme}`;
  button.setAttribute("aria-label", `Theme: ${theme}. Change to ${following(theme)}`);
  // Canvases draw with colours that they have read: they draw anew.
  document.dispatchEvent(new CustomEvent("themechange", { detail: { theme } }));
}

export function startThemeButton(button) {
  show(button, document.documentElement.dataset.theme ?? "system");
  button.addEventListener("click", () => {
    const theme = following(button.dataset.theme);
    document.cookie = cookieFor(theme);
    show(button, theme);
  });
}
