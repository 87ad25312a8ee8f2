// A click that comes before the page's scripts have run would be lost: the last one is done again
// when they have, before DOMContentLoaded. A classic script: it must be there first.
{
  let early = null;
  const remember = ({ target }) => {
    early = target.closest?.("button[type=button]:not([popovertarget])") ?? null;
  };
  document.addEventListener("click", remember, true);
  document.addEventListener("DOMContentLoaded", () => {
    document.removeEventListener("click", remember, true);
    if (early?.isConnected) early.click();
  });
}
