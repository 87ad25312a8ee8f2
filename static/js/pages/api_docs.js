// The API's pages: Swagger UI has a dark look of its own, which a class on the root turns on.

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function show() {
  const { theme } = root.dataset;
  root.classList.toggle("dark-mode", theme ? theme === "dark" : system.matches);
}

show();
system.addEventListener("change", show);
document.addEventListener("themechange", show);
