// The list of final trainings.
import { byId, pageJson } from "../lib/dom.js";
import { keepCurrent } from "../lib/refresh.js";
import { finalList } from "../views/final_list.js";

const { trainings, page } = pageJson("page-state");
const show = finalList(byId("trainings"));
show(trainings);
keepCurrent(`/api/v1/final-trainings/?page_size=50&page=${page}`, show);
