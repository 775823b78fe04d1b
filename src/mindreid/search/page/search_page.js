"use strict";
const $ = (id) => document.getElementById(id);
let asked = null;
let found = null;

function make(tag, attributes = {}, ...content) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null) node.setAttribute(name, value);
  }
  node.append(...content);
  return node;
}

function say(text, problem = false) {
  $("message").textContent = text;
  $("message").classList.toggle("problem", problem);
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { credentials: "same-origin", ...options });
  if (answer.ok) return answer.json();
  throw new Error(await problemOf(answer));
}

async function problemOf(answer) {
  const text = await answer.text();
  let problem = text;
  try { problem = JSON.parse(text).error; } catch (_) { /* no JSON: said as it is */ }
  return problem || `the answer is ${answer.status}`;
}

/* An image does not tell why it can't be shown; asked again, the server does. */
async function whyNotShown(source) {
  const answer = await fetch(source, { credentials: "same-origin" });
  return answer.ok ? "This picture can't be shown." : problemOf(answer);
}

function send(path, value) {
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
}

async function attempt(text, work) {
  say(text);
  try {
    await work();
    say("");
  } catch (error) {
    say(error.message, true);
  }
}

const tracklet = (id) => `/api/tracklets/${encodeURIComponent(id)}`;
const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
const clock = (text) => text ? text.slice(0, 19).replace("T", " ") : "at an unknown time";

function filters() {
  const time = (id) => $(id).value ? `${$(id).value}Z` : null;
  const cameras = [...document.querySelectorAll("#cameras input:checked")].map((box) => box.value);
  return { cameras, after: time("after"), before: time("before") };
}

function boxes(stage, width, height, people, choose) {
  for (const person of people) {
    const [left, top, wide, high] = person.box;
    const button = make("button", { type: "button", title: "look for this person", "aria-label": "look for this person",
      class: person.own ? "own" : "", onclick: () => choose(person) });
    const share = (value, whole) => `${100 * value / whole}%`;
    Object.assign(button.style, { left: share(left, width), top: share(top, height), width: share(wide, width), height: share(high, height) });
    stage.append(button);
  }
}

async function upload(file) {
  const picture = await ask("/api/pictures", { method: "POST", body: file });
  const stage = $("picture");
  stage.replaceChildren(make("img", { src: `/api/pictures/${picture.picture}`, alt: "the photo" }));
  boxes(stage, picture.width, picture.height, picture.people.map((box) => ({ box })),
    (person) => search({ picture: picture.picture, box: person.box }));
  $("choose").textContent = picture.people.length
    ? "Choose the person, or the whole picture." : "No person was found in this photo. If it shows one from head to feet, take the whole.";
  for (const id of ["picture", "choose", "whole"]) $(id).hidden = false;
  $("whole").onclick = () => search({ picture: picture.picture });
}

function search(who) {
  if (!$("reason").reportValidity()) return;
  asked = who;
  attempt("Searching …", async () => show(await send("/api/searches", { ...who, ...filters(), reason: $("reason").value })));
}

function judged(verdict) {
  return [...document.querySelectorAll(`#hits button.${verdict}[aria-pressed=true]`)].map((button) => button.dataset.tracklet);
}

function refine() {
  const confirmed = [...judged("yes")];
  const rejected = [...new Set([...found.rejected, ...judged("no")])];
  attempt("Searching …", async () => show(await send(`/api/searches/${found.search}`, { confirmed, rejected })));
}

function show(result) {
  found = result;
  $("results").hidden = false;
  $("apply").hidden = false;
  $("again").disabled = true;
  $("report").href = `/api/searches/${result.search}/report`;
  const rated = result.hits.length && result.hits[0].verdict !== null;
  $("verdict").textContent = !result.hits.length ? "No tracklet passes these filters: there was nobody to compare with."
    : result.nobody ? "Nobody: no tracklet is likely or perhaps this person; the nearest ones are below."
    : rated ? "Solid frames are likely this person, dashed ones perhaps."
    : result.refined ? "Refined: not calibrated, for nobody knows how often hits of a refined search are right."
    : "Not calibrated: similarities say nothing of how often such a hit is right.";
  $("asked").src = `/api/searches/${result.search}/query`;
  $("hits").replaceChildren(...result.hits.map(card));
  timeline(result.hits);
  $("results").scrollIntoView({ block: "start" });
}

function card(hit, place) {
  const press = (event) => {
    const button = event.currentTarget;
    const other = button.parentNode.querySelector(button.classList.contains("yes") ? ".no" : ".yes");
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    other.setAttribute("aria-pressed", "false");
    $("again").disabled = false;
  };
  const judge = (kind, sign, label) => make("button", { type: "button", class: kind, "data-tracklet": hit.tracklet,
    "aria-label": label, "aria-pressed": String(kind === "yes" && found.confirmed.includes(hit.tracklet)), onclick: press }, sign);
  const crops = hit.crops.map((_, number) => `${tracklet(hit.tracklet)}/crops/${number}`);
  const meaning = hit.probability === null ? `similarity ${hit.score.toFixed(2)}`
    : `${Math.round(100 * hit.probability)} of 100 such hits are right`;
  return make("figure", { class: hit.verdict || "", id: `hit-${place}` },
    make("button", { type: "button", class: "shown", "aria-label": `frame of hit ${place + 1}`, onclick: () => look(hit) },
      make("img", { src: crops[0], alt: `hit ${place + 1}`, loading: "lazy" })),
    make("div", { class: "more" }, ...crops.slice(1, 4).map((src) => make("img", { src, alt: "", loading: "lazy" }))),
    make("figcaption", {}, make("b", {}, `${place + 1} · ${hit.camera}`), make("br"), clock(hit.start), make("br"), meaning),
    make("div", { class: "judge" }, judge("yes", "✓", "this is the person"), judge("no", "✗", "this is somebody else")));
}

function timeline(hits) {
  const timed = hits.filter((hit) => hit.start && hit.end);
  const at = (text) => new Date(text).getTime();
  const first = Math.min(...timed.map((hit) => at(hit.start)));
  const span = Math.max(...timed.map((hit) => at(hit.end))) - first || 1;
  const cameras = [...new Set(timed.map((hit) => hit.camera))].sort();
  const lanes = cameras.map((camera) => {
    const track = make("div", { class: "track" });
    hits.forEach((hit, place) => {
      if (hit.camera !== camera || !hit.start || !hit.end) return;
      const mark = make("button", { type: "button", class: hit.verdict || "", title: `${place + 1}: ${clock(hit.start)}`,
        "aria-label": `hit ${place + 1}, ${clock(hit.start)}`, onclick: () => $(`hit-${place}`).scrollIntoView({ block: "center" }) });
      mark.style.left = `min(${100 * (at(hit.start) - first) / span}%, calc(100% - 10px))`;
      mark.style.width = `${100 * (at(hit.end) - at(hit.start)) / span}%`;
      track.append(mark);
    });
    return make("div", { class: "lane", role: "listitem" }, make("span", {}, camera), track);
  });
  if (timed.length) {
    const ends = [first, first + span].map((time) => make("span", {}, clock(new Date(time).toISOString())));
    lanes.push(make("div", { class: "lane" }, make("span", {}, "UTC"), make("div", { class: "scale" }, ...ends)));
  }
  $("timeline").replaceChildren(...lanes);
}

async function look(hit) {
  $("place").textContent = `${hit.camera}, ${clock(hit.start)} to ${clock(hit.end)}`;
  $("clip").hidden = true;
  $("clip").removeAttribute("src");
  $("play").hidden = hit.kind !== "video";
  $("play").onclick = () => { $("clip").src = `${tracklet(hit.tracklet)}/clip`; $("clip").hidden = false; };
  $("clip").onerror = async () => { $("clip").hidden = true; $("place").textContent = await whyNotShown($("clip").src); };
  const stage = $("frame");
  const source = `${tracklet(hit.tracklet)}/frame`;
  const image = make("img", { src: source, alt: "the frame" });
  image.addEventListener("error", async () => stage.replaceChildren(await whyNotShown(source)));
  stage.replaceChildren(image);
  $("viewer").showModal();
  try {
    const { width, height, people } = await ask(`${tracklet(hit.tracklet)}/people`);
    boxes(stage, width, height, people.map((person) => ({ ...person, own: person.tracklet === hit.tracklet })),
      (person) => { $("viewer").close(); search({ tracklet: person.tracklet }); });
  } catch (error) {
    $("place").textContent = error.message;
  }
}

async function begin() {
  const held = await ask("/api/index");
  $("about").textContent = `${counted(held.tracklets, "tracklet")} of ${counted(held.recordings, "recording")}, ${clock(held.start)} to ${clock(held.end)} UTC. Every search is logged.`;
  for (const camera of held.cameras) {
    $("cameras").append(make("label", {}, make("input", { type: "checkbox", value: camera }), ` ${camera}`));
  }
}

const drop = $("drop");
drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const file = event.dataTransfer.files[0];
  if (file) attempt("Reading the photo …", () => upload(file));
});
$("file").addEventListener("change", () => {
  if ($("file").files[0]) attempt("Reading the photo …", () => upload($("file").files[0]));
});
$("query").addEventListener("submit", (event) => event.preventDefault());
$("apply").addEventListener("click", () => asked && search(asked));
$("again").addEventListener("click", refine);
attempt("", begin);
