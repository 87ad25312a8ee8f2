// The home page: all searches.
import { byId, pageJson } from "../lib/dom.js";
import { keepCurrent } from "../lib/refresh.js";
import { searchList } from "../views/search_list.js";

const { searches, query } = pageJson("page-state");
const show = searchList(byId("searches"));
show(searches);
keepCurrent(`/api/v1/searches/?${query}`, show);
