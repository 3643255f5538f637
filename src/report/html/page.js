"use strict";
// Lists, filters and opens the incidents of the JSON document in this page. What it reads becomes text nodes and nothing else.
(() => {
  const BATCH = 100, MOST_PLACES = 20, MOST_REFS = 3, SHORT_ID = 12, MOST_AUTHORS = 500, DAY = 864e5;
  const $ = id => document.getElementById(id);
  const report = JSON.parse($("data").textContent);
  const now = Date.parse($("now").dateTime) || 0;
  const form = $("filters"), list = $("list"), more = $("more");

  // What does something other than being seen, as `escape::hostile` has it, is shown as an escape.
  const HOSTILE = /[\x00-\x1f\x7f-\x9f\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{3164}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{fff0}-\u{fffb}\u{e0000}-\u{e0fff}]/gu;
  const visible = text => String(text).replace(HOSTILE, c => (c === "\t" ? " " : `\\u{${c.codePointAt(0).toString(16)}}`));

  const add = (node, children) => {
    for (const child of children.flat(Infinity)) {
      if (child instanceof Node) node.append(child);
      else if (child !== undefined && child !== "") node.append(visible(child));
    }
    return node;
  };
  const set = (node, attributes) => {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const el = (name, attributes, ...children) => add(set(document.createElement(name), attributes), children);
  const svg = (name, attributes, ...children) =>
    add(set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes), children);
  const code = text => el("code", {}, text);
  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const date = time => new Date(time).toISOString().slice(0, 10);

  // There may be more of them than a function takes arguments.
  const least = numbers => numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const most = numbers => numbers.reduce((a, b) => Math.max(a, b), -Infinity);

  // How long ago it was, in days and more as `report::time` says it.
  function age(time) {
    const days = Math.floor((now - time) / DAY);
    if (days === 0) return "today";
    if (days <= 60) return counted(days, "day");
    if (days <= 730) return counted(Math.floor(days / 30.44), "month");
    return counted(Math.floor(days / 365.25), "year");
  }

  // An incident, with what filters ask for: `since` and `until` are when it came to a file and when it was last in one.
  function item(incident) {
    const places = incident.occurrences, commits = places.flatMap(place => place.introduced ?? []);
    const times = commits.map(commit => Date.parse(commit.at)).filter(time => time <= now);
    const isThere = places.some(place => place.in_head || place.source !== "git");
    const last = places.map(place => Date.parse(place.last?.at)).filter(time => time <= now);
    const people = commits.map(commit => `${commit.author} <${commit.email}>`);
    const texts = [incident.id, incident.name, incident.rule, incident.provider, incident.class, incident.secret.masked, incident.verdict.reason,
      Object.values(incident.access ?? {}).map(value => JSON.stringify(value)), incident.notes, (incident.parts ?? []).map(part => part.value),
      places.map(place => place.path), commits.map(commit => commit.commit), people];
    return {
      incident, people,
      severity: incident.severity, verdict: incident.verdict.status, class: incident.class, provider: incident.provider,
      paths: places.map(place => place.path ?? ""),
      since: times.length ? least(times) : undefined,
      until: isThere ? now : Math.max(most(last), most(times)),
      text: texts.flat(2).join("\n").toLowerCase(),
      by: people.join("\n").toLowerCase(),
    };
  }
  const items = report.incidents.map(item);
  const first = Math.max(items.reduce((time, { since }) => Math.min(time, since ?? time), now - DAY), now - 3653 * DAY);

  // From when it was introduced to the present, on a scale that all incidents share: ten years at most.
  function timeline({ since, until }) {
    const at = time => (100 * (Math.max(time, first) - first)) / (now - first);
    const bar = (kind, from, to) => svg("rect", { class: kind, x: from, width: Math.max(to - from, 0), height: 1 });
    const left = Math.min(at(since), 98.5), middle = Math.max(at(until), left + 1.5);
    return svg("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
      bar("there", left, middle), bar("past", middle, 100));
  }

  function row(item) {
    if (item.row) return item.row;
    const { incident } = item, [place] = incident.occurrences, others = incident.occurrences.length - 1;
    const where = place ? [code(position(place)), others ? ` and ${counted(others, "more place")}` : ""] : [];
    const summary = el("summary", {},
      el("span", { class: `tag ${incident.severity}` }, incident.severity),
      el("span", { class: "what" }, el("b", {}, incident.name), code(incident.secret.masked), el("span", { class: "where" }, where)),
      el("span", { class: `verdict ${item.verdict}` }, item.verdict),
      el("span", { class: "since" }, item.since === undefined ? "" : [age(item.since), timeline(item)]));
    item.details = el("details", { id: `i${incident.id}` }, summary);
    item.details.addEventListener("toggle", () => open(item));
    return (item.row = el("li", {}, item.details));
  }

  const position = place => {
    const name = (place.repository ? `${place.repository}: ` : "") + (place.path ?? (place.source === "stdin" ? "standard input" : `blob ${place.blob?.slice(0, SHORT_ID) ?? "without a name"}`));
    return `${name}:${place.line}:${place.column}`;
  };

  function open(item) {
    if (item.body) return;
    item.body = el("div", { class: "body" }, exposure(item), places(item.incident), access(item.incident), steps(item.incident), facts(item.incident));
    item.details.append(item.body);
  }

  function exposure(item) {
    if (item.since === undefined) return [];
    const until = item.until < now ? `last in the files ${date(item.until)}, still in the repository` : "in the files to this day";
    return [el("h3", {}, `Exposed for ${age(item.since)}`), timeline(item),
      el("p", { class: "ends" }, el("span", {}, `introduced ${date(item.since)}`), el("span", {}, until))];
  }

  const STANDING = {
    head: "still at HEAD", ref: "not in the files at HEAD, but still in the history", stash: "only in a stash", reflog: "only in the reflog",
    index: "only in the index", unreachable: "unreachable, but still in the object store",
  };
  function place(found) {
    const lines = [], refs = found.refs ?? [], rest = (found.refs_count ?? 0) - Math.min(refs.length, MOST_REFS);
    const named = refs.slice(0, MOST_REFS).map(name => name.replace(/^refs\/(heads|tags|remotes)\//, "")).join(", ");
    const of = named && !found.in_head ? ` of ${named}${rest > 0 ? ` (+${counted(rest, "ref")})` : ""}` : "";
    if (found.source === "file" && !found.in_head) lines.push(["in the working tree"]);
    if (found.reach) lines.push([STANDING[found.reach] ?? found.reach, of, found.versions > 1 ? `, in ${counted(found.versions, "version")}` : ""]);
    if (found.introduced) {
      const { commit, author, email, at } = found.introduced;
      lines.push(["introduced ", at ? `${at.slice(0, 10)} ` : "", `by ${author} <${email}> in `, code(commit.slice(0, SHORT_ID))]);
    }
    if (found.last && !found.in_head) lines.push(["last in ", code(found.last.commit.slice(0, SHORT_ID)), found.last.at ? `, ${found.last.at.slice(0, 10)}` : ""]);
    if (found.confidence) lines.push([`of ${found.confidence} confidence there`]);
    if (found.owner) lines.push([`probably of ${found.owner}`]);
    if (found.allowed_by) lines.push([`allowed by ${found.allowed_by}`]);
    return el("li", {}, code(position(found)), lines.map(line => el("div", {}, line)));
  }
  function places({ occurrences }) {
    const all = el("ol", { class: "places" }, occurrences.slice(0, MOST_PLACES).map(place));
    const rest = occurrences.slice(MOST_PLACES);
    const nodes = [el("h3", {}, counted(occurrences.length, "place")), all];
    if (rest.length) {
      const button = el("button", { type: "button" }, `Show ${counted(rest.length, "more place")}`);
      button.addEventListener("click", () => (add(all, rest.map(place)), button.remove()));
      nodes.push(button);
    }
    return nodes;
  }

  const terms = pairs => {
    const said = pairs.filter(([, value]) => value !== undefined && value.length !== 0);
    return said.length ? el("dl", {}, said.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])) : [];
  };
  function access({ access }) {
    if (!access) return [];
    const reached = (access.resources ?? []).map(({ kind, count, names }) =>
      [kind, `${count === undefined ? "" : `${count.toLocaleString("en")}: `}${names.join(", ")}${count > names.length ? ", …" : ""}`]);
    return [el("h3", {}, "What its provider says"), terms([["Owner", access.owner], ["Account", access.account], ["May", access.scopes],
      ["Which comes to", access.powers?.join(", ")], ["Good until", access.expires], ...reached])];
  }
  function steps({ rule }) {
    const playbook = [...document.querySelectorAll("#playbooks .playbook")].find(node => node.dataset.rule === rule);
    return playbook ? [el("h3", {}, "What to do"), playbook.querySelector(".steps").cloneNode(true)] : [];
  }
  function facts(incident) {
    const { claims = {}, parts = [], notes = [], verdict } = incident;
    const id = el("span", { class: "copied" }, code(incident.id));
    return [el("h3", {}, "Details"), terms([
      ["Verdict", verdict.status + (verdict.reason ? `: ${verdict.reason}` : "")],
      ["Note", notes.join("; ")], ["Class", incident.class], ["Confidence", incident.confidence],
      ...parts.map(part => [part.name, part.value ?? part.masked]),
      ["Signed with", claims.algorithm], ["Issued by", claims.issuer], ["For", claims.audience?.join(", ")], ["Issued", claims.issued],
      ["Claims to expire", claims.expires], ["SHA-256", incident.secret.sha256], ["Checksum", incident.checksum],
      ["Rule", `${incident.rule}, of ${incident.provider}`], ["Incident", copyable(id)], ["Key", incident.key],
    ])];
  }

  function copyable(node) {
    node.append(el("button", { type: "button", class: "copy" }, "Copy"));
    return node;
  }
  document.addEventListener("click", async ({ target }) => {
    if (!target.matches(".copy")) return;
    const source = target.parentNode.querySelector("code");
    try {
      await navigator.clipboard.writeText(source.textContent);
      target.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      target.textContent = "Selected";
    }
    setTimeout(() => (target.textContent = "Copy"), 2000);
  });

  let matches = [], listed = 0;
  function apply() {
    const asked = Object.fromEntries(new FormData(form));
    const words = asked.text.toLowerCase().split(/\s+/).filter(Boolean), by = asked.author.trim().toLowerCase();
    const [young, old] = asked.age.split("-").map(days => now - days * DAY);
    const isOfAge = ({ since }) => !asked.age || (asked.age === "unknown" ? since === undefined : since <= young && (asked.age.endsWith("-") || since >= old));
    matches = items.filter(item =>
      ["severity", "verdict", "class", "provider"].every(name => !asked[name] || item[name] === asked[name]) &&
      words.every(word => item.text.includes(word)) && item.by.includes(by) && isOfAge(item) &&
      (!asked.path || item.paths.some(path => path.startsWith(asked.path))));
    if (asked.order) {
      const sign = asked.order === "old" ? 1 : -1, key = ({ since }) => since ?? sign * Infinity;
      matches.sort((a, b) => sign * (key(a) - key(b)) || 0);
    }
    list.replaceChildren();
    listed = 0;
    show(BATCH);
    $("count").textContent = matches.length === items.length ? `all ${counted(items.length, "incident")}` :
      `${matches.length.toLocaleString("en")} of ${counted(items.length, "incident")}`;
  }
  function clear() {
    form.reset();
    apply();
  }
  function show(count) {
    add(list, matches.slice(listed, listed + count).map(row));
    listed = Math.min(listed + count, matches.length);
    more.hidden = listed === matches.length;
    more.textContent = `Show ${Math.min(BATCH, matches.length - listed)} more of ${(matches.length - listed).toLocaleString("en")}`;
  }
  more.addEventListener("click", () => {
    const next = matches[listed];
    show(BATCH);
    next.details.firstChild.focus();
  });

  // An incident that the address names is shown, whatever the filters.
  function follow() {
    const named = items.find(({ incident }) => `#i${incident.id}` === location.hash);
    if (!named) return;
    if (!matches.includes(named)) clear();
    show(Math.max(matches.indexOf(named) + 1 - listed, 0));
    named.details.open = true;
    named.details.scrollIntoView();
    named.details.firstChild.focus();
  }

  function choices(name) {
    const counts = new Map();
    for (const item of items) counts.set(item[name], (counts.get(item[name]) ?? 0) + 1);
    const options = [...counts].map(([value, count]) => el("option", { value }, `${value} (${count.toLocaleString("en")})`));
    $(name).append(el("option", { value: "" }, "any"), ...options);
  }
  const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = $("theme");
  const label = () => (theme.textContent = isDark() ? "Light colours" : "Dark colours");
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    label();
  });
  label();
  theme.hidden = false;
  document.querySelectorAll("#playbooks .copied").forEach(copyable);
  if (!items.length) return;
  ["severity", "verdict", "class", "provider"].forEach(choices);
  const people = [...new Set(items.flatMap(item => item.people))].sort().slice(0, MOST_AUTHORS);
  $("authors").append(...people.map(person => el("option", { value: visible(person) })));
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  $("clear").addEventListener("click", clear);
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => show(items.length));
  apply();
  follow();
})();
