// The home page: all searches.
import { byId, pageJson } from "../lib/dom.js";
import { keepList, rowsOf } from "../lib/list_page.js";
import { connectionView } from "../views/connection.js";
import { searchList } from "../views/search_list.js";

const { searches, query } = pageJson("page-state");
const show = searchList(byId("searches"));
show(searches);
keepList("searches", {
  rows: searches,
  read: rowsOf("/api/v1/searches/", query),
  show,
  onConnection: connectionView(),
});
