"use strict";
// Fills and searches the tables. Data only ever becomes text: nothing here makes markup of it.
// What is searched for is in the address after #, so that a link can be shared: #campaign=spring&q=0042&kind=add,cancel

const PAGE = 200;

function wanted() {
  return new URLSearchParams(location.hash.slice(1));
}

function remember(campaign, q, kinds) {
  const said = new URLSearchParams();
  if (campaign) said.set("campaign", campaign);
  if (q) said.set("q", q);
  if (kinds) said.set("kind", kinds);
  history.replaceState(null, "", "#" + said.toString().replaceAll("%2C", ","));
}

function counted(n, one, many) {
  return n.toLocaleString("en-US") + " " + (n === 1 ? one : many);
}

function cell(row, name, text, className) {
  const made = document.createElement(name);
  made.setAttribute("role", name === "th" ? "rowheader" : "cell");
  if (className) made.className = className;
  made.textContent = text;
  row.append(made);
  return made;
}

function drawn(data, [group, mask, file, line, remark]) {
  const [kind, sign, words, why] = data.groups[group];
  const row = document.createElement("tr");
  row.setAttribute("role", "row");
  const head = cell(row, "th", "");
  head.scope = "row";
  const mark = document.createElement("span");
  mark.className = "sign k-" + kind;
  mark.textContent = sign;
  head.append(mark, " " + words);
  cell(row, "td", mask, "phone");
  cell(row, "td", file < 0 ? "" : data.files[file] + (line ? ":" + line : ""), "where");
  cell(row, "td", why);
  cell(row, "td", remark);
  return row;
}

function explore(section) {
  const data = JSON.parse(document.getElementById(section.dataset.rows).textContent);
  const campaign = section.closest("details").dataset.campaign;
  const form = section.querySelector("form");
  const boxes = [...form.elements.kind instanceof RadioNodeList ? form.elements.kind : [form.elements.kind]];
  const body = section.querySelector("tbody");
  const found = section.querySelector(".found");
  const more = section.querySelector(".more");
  const texts = data.rows.map(([group, mask, file, line, remark]) =>
    [...data.groups[group].slice(1), mask, file < 0 ? "" : data.files[file] + ":" + line, remark].join(" ").toLowerCase());
  let matching = [];
  let shown = 0;

  function showMore() {
    body.append(...matching.slice(shown, shown + PAGE).map((at) => drawn(data, data.rows[at])));
    shown = Math.min(matching.length, shown + PAGE);
    more.hidden = shown === matching.length;
    const which = shown < matching.length ? ", the first " + shown.toLocaleString("en-US") + " shown" : "";
    found.textContent = counted(matching.length, "call", "calls") + " found" + which;
  }

  function search() {
    const q = form.elements.q.value.trim().toLowerCase();
    const kinds = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    matching = [];
    data.rows.forEach(([group], at) => {
      if (kinds.has(data.groups[group][0]) && texts[at].includes(q)) matching.push(at);
    });
    body.replaceChildren();
    shown = 0;
    showMore();
  }

  const said = wanted();
  if (!said.has("campaign") || said.get("campaign") === campaign) {
    form.elements.q.value = said.get("q") ?? "";
    if (said.has("kind")) {
      const kinds = said.get("kind").split(",");
      for (const box of boxes) box.checked = kinds.includes(box.value);
    }
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const on = boxes.filter((box) => box.checked).map((box) => box.value);
    remember(campaign, form.elements.q.value, on.length === boxes.length ? "" : on.join(","));
    search();
  });
  more.addEventListener("click", showMore);
  form.hidden = false;
  search();
}

function exploreOnce(details) {
  const section = details.querySelector(".explorer");
  if (details.open && section && !section.dataset.isFilled) {
    section.dataset.isFilled = "true";
    explore(section);
  }
}

function goTo(name) {
  for (const details of document.querySelectorAll("details.campaign")) {
    if (details.dataset.campaign !== name) continue;
    details.open = true;
    exploreOnce(details);
    details.scrollIntoView();
    details.querySelector("summary").focus({ preventScroll: true });
  }
}

function overview(section) {
  const form = section.querySelector("form");
  const rows = [...section.querySelectorAll("tbody tr")];
  const found = section.querySelector(".found");
  function search() {
    const q = form.elements.q.value.trim().toLowerCase();
    for (const row of rows) {
      row.hidden = ![row.cells[0], row.cells[1]].some((each) => each.textContent.toLowerCase().includes(q));
    }
    found.textContent = counted(rows.filter((row) => !row.hidden).length, "campaign", "campaigns");
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", search);
  form.hidden = false;
  search();
}

for (const details of document.querySelectorAll("details.campaign")) {
  details.addEventListener("toggle", () => exploreOnce(details));
  exploreOnce(details);
}
for (const section of document.querySelectorAll("#overview")) overview(section);
for (const link of document.querySelectorAll("#overview a")) {
  link.addEventListener("click", () => goTo(new URLSearchParams(link.hash.slice(1)).get("campaign")));
}
if (wanted().has("campaign")) goTo(wanted().get("campaign"));
