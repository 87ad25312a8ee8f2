// The page of workers: ages go on between the answers.
import { byId, pageJson } from "../lib/dom.js";
import { keepList, rowsOf } from "../lib/list_page.js";
import { connectionView } from "../views/connection.js";
import { workerList } from "../views/worker_list.js";

const show = workerList(byId("workers"));
let state = { workers: pageJson("page-state").workers, at: Date.now() };
const draw = () => show(state.workers, (Date.now() - state.at) / 1000);
draw();
setInterval(draw, 1_000);

keepList("workers", {
  rows: state.workers,
  read: rowsOf("/api/v1/workers/", "page_size=200"),
  show: (workers) => {
    state = { workers, at: Date.now() };
    draw();
  },
  onConnection: connectionView(),
});
