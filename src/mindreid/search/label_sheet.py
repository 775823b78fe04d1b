"""The tracklets of an index as a list in which somebody fills in who they are.

==========  ==================================================================================
``.csv``    a table with a column ``person`` to be filled in, and the path of each one's best picture
``.html``   a page with pictures and fields, which saves the table; it works from the disk
==========  ==================================================================================

:func:`mindreid.search.labels.read_labels` reads both tables; who has no name yet is left out.
"""

from __future__ import annotations

import base64
import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Optional

from mindreid.atomic import atomic_path
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.pages.markup import Markup, element, join, note
from mindreid.pages.page_frame import Section, assemble
from mindreid.search.index.crop_places import best_picture
from mindreid.search.index.index_protocol import Index
from mindreid.search.index.tracklets import Filters, Tracklet, to_seconds
from mindreid.search.labels import HEADER

#: Pictures of a tracklet on the page.
_PICTURES = 3
_STYLE = """
.samples img { height: 160px; width: auto; }
#rows { display: flex; flex-wrap: wrap; gap: 1rem; }
#save { position: sticky; bottom: 0.5rem; }
"""
#: Names that were typed are offered again; a name may hold commas, quotes and line feeds.
_SCRIPT = """
const fields = [...document.querySelectorAll("input[data-tracklet]")];
const names = () => fields.map((field) => [field.dataset.tracklet, field.value.trim()]);
const quoted = (text) => /[",\\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const tableOf = (rows) => ["tracklet,person", ...rows.filter(([, person]) => person)
  .map((row) => row.map(quoted).join(","))].join("\\n") + "\\n";
let unsaved = false;
document.addEventListener("change", () => {
  unsaved = true;
  const known = [...new Set(names().map(([, person]) => person).filter(Boolean))].sort();
  document.getElementById("persons").replaceChildren(...known.map((name) => new Option(name, name)));
});
document.getElementById("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([tableOf(names())], { type: "text/csv" }));
  link.download = "labels.csv";
  link.click();
  unsaved = false;
});
addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
"""


def write_label_sheet(index: Index, path: Path, filters: Filters = Filters()) -> int:
    """Write the sheet, whole or not at all; only its owner can read it.

    Parameters
    ----------
    index : Index
        Holds the tracklets.
    path : Path
        Ends in ``.html`` or ``.csv``.
    filters : Filters
        Which tracklets are listed.

    Returns
    -------
    int
        How many tracklets it lists, by camera and time.

    Raises
    ------
    InvalidArgumentError
        If it ends in something else.
    DataError
        If no tracklet passes, or a picture can't be read.
    """
    writers: dict[str, Callable[[Index, list[Tracklet], Path], None]] = {
        ".html": _write_page, ".csv": _write_table,
    }  # fmt: skip
    if path.suffix.lower() not in writers:
        raise InvalidArgumentError(
            "a sheet is a page or a table", where=str(path), fix="name it .html or .csv"
        )
    tracklets = sorted(
        index.tracklets(filters), key=lambda one: (one.camera, to_seconds(one.start) or 0.0, one.id)
    )
    if not tracklets:
        raise DataError("there is no tracklet to label", where=index.location)
    # Nobody else on this machine has a business with whom it shows.
    with atomic_path(path, mode=0o600) as temporary:
        writers[path.suffix.lower()](index, tracklets, temporary)
    return len(tracklets)


def _write_table(index: Index, tracklets: Iterable[Tracklet], path: Path) -> None:
    files = {source.id: source.path for source in index.sources()}
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow((*HEADER, "camera", "from", "to", "recording", "picture"))
        for one in tracklets:
            picture = best_picture(index, one)
            times = _shown(one.start), _shown(one.end)
            writer.writerow((one.id, "", one.camera, *times, files.get(one.source, ""), picture or ""))


def _write_page(index: Index, tracklets: list[Tracklet], path: Path) -> None:
    files = {source.id: Path(source.path).name for source in index.sources()}
    rows = (_row(index, one, files.get(one.source, "")) for one in tracklets)
    body = join(
        [
            element("div", *rows, id="rows"),
            element("datalist", id="persons"),
            element("button", "Save labels.csv", id="save", type="button"),
        ]
    )
    headline = note(
        "Write the same name, or number, below everybody who is the same person, and leave out whom you "
        "don't know. What is saved is for mindreid search calibrate and eval --labels."
    )
    section = Section("tracklets", f"{len(tracklets):,} tracklets", body)
    page = assemble("Who is who", headline, [section], style=_STYLE, script=_SCRIPT)
    path.write_text(page, encoding="utf-8")


def _row(index: Index, one: Tracklet, file: str) -> Markup:
    pictures = (_picture(index.read_crop(crop)) for crop in one.crops[:_PICTURES])
    field = element(
        "input", list="persons", data_tracklet=one.id, placeholder="person", aria_label=f"person of {one.id}",
        autocomplete="off",
    )  # fmt: skip
    about = f"{one.camera} · {_shown(one.start) or 'at an unknown time'} · {file}"
    return element(
        "figure",
        element("div", *pictures, class_="samples"),
        element("figcaption", about, element("br"), element("code", one.id), element("br"), field),
    )


def _picture(content: bytes) -> Markup:
    source = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
    return element("img", src=source, alt="a picture of this tracklet", loading="lazy")


def _shown(time: Optional[datetime]) -> str:
    return "" if time is None else time.isoformat(timespec="seconds")
