// Holds the state, and tells views of it once per animation frame, however many events came.

export function createStore(initial, { schedule = nextFrame } = {}) {
  const views = [];
  let state = initial;
  let waiting = false;
  const render = () => {
    waiting = false;
    for (const view of views) view(state);
  };
  return {
    get state() {
      return state;
    },
    set(next) {
      if (next === state) return;
      state = next;
      if (!waiting) {
        waiting = true;
        schedule(render);
      }
    },
    /** Add a view: a function of the state. It is drawn at once. */
    add(view) {
      views.push(view);
      view(state);
    },
  };
}

/** A page that is not seen gets no frames; it is drawn once a second, for its title. */
function nextFrame(render) {
  if (document.hidden) setTimeout(render, 1000);
  else requestAnimationFrame(render);
}

/**
 * A view whose script is loaded when it is first needed.
 * @param needed (state) -> whether it is
 * @param load () -> a promise of the view
 * @param details an element whose opening may make it needed
 */
export function later(needed, load, details = null) {
  let [view, last] = [null, null];
  const draw = (state) => {
    last = state;
    if (needed(state)) view ??= load();
    return view?.then((tell) => tell(last));
  };
  details?.addEventListener("toggle", () => last && draw(last));
  return draw;
}
