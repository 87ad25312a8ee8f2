// The list of final trainings.
import { byId, pageJson } from "../lib/dom.js";
import { keepList, rowsOf } from "../lib/list_page.js";
import { connectionView } from "../views/connection.js";
import { finalList } from "../views/final_list.js";

const { trainings, page } = pageJson("page-state");
const show = finalList(byId("trainings"));
show(trainings);
keepList("final-trainings", {
  rows: trainings,
  read: rowsOf("/api/v1/final-trainings/", `page_size=50&page=${page}`),
  show,
  onConnection: connectionView(),
});
