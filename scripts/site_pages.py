"""What the site has beside ``docs``: the README by section, cards of the models, pages of the reference.

MkDocs calls the functions below while it builds the site; see ``mkdocs.yml``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
#: Pages made of the README's sections; what comes before the first of them is the front page.
SECTIONS = {
    "install.md": "Install",
    "reproduce.md": "Reproduce a table",
    "devices.md": "Ascend, GPU, CPU; several devices",
    "export.md": "Export and inference",
    "wrong.md": "When something goes wrong",
    "python.md": "From Python",
    "people.md": "Data and people",
}
REFERENCE = {
    "mindreid": "mindreid.zoo",
    "metrics": "mindreid.metrics",
    "losses": "mindreid.losses",
    "objective": "mindreid.objective",
    "convert": "mindreid.convert",
    "records": "mindreid.data.records",
    "errors": "mindreid.errors",
}
#: What a command needs that the site's reader may not have, by what gives it away.
NEEDS = (
    (r"\b(Ascend|GPU)\b", "a device: Ascend, or say GPU or CPU instead"),
    (r"\bdata/(?!\w*walkers)|\bgt\.txt|\.pth\b|\.pt\b", "data or weights from their authors"),
    (r"\b(photos|my_images|folder|holiday)\b|\bvideo\.|\bhall\.mp4\b", "images or videos of your own"),
    (r"\bruns/|\.ckpt\b|\.mindir\b|\.onnx\b|\b(hall|other|film)-index\b", "what an earlier command wrote"),
    (r"\bbenchmarks/", "minutes to hours"),
)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made of other files of the repository."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {"index.md": readme[: readme.index(f"\n## {SECTIONS['install.md']}\n")]}
    pages |= {page: f"# {title}\n{_section(readme, title)}" for page, title in SECTIONS.items()}
    pages["contributing.md"] = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    pages |= {f"api/{page}.md": f"::: {module}\n" for page, module in REFERENCE.items()}
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    for card in sorted((ROOT / "models").glob("*/README.md")):
        for path in (card, *card.parent.glob("*.png")):
            name = f"models/{card.parent.name}/{path.name.replace('README', 'index')}"
            files.append(File.generated(config, name, abs_src_path=str(path)))
    for picture in sorted((ROOT / "results").glob("*.png")):
        files.append(File.generated(config, f"results/{picture.name}", abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001
    """Lead links to where the site has their targets, and say what commands need."""
    up = "../" * page.file.src_uri.count("/")
    return _mark_commands(_lead_links(markdown, up))


def needs(command: str) -> str:
    """Say what a command needs, empty if it runs as it stands."""
    return "; ".join(text for pattern, text in NEEDS if re.search(pattern, command))


def _section(text: str, title: str) -> str:
    begin = text.index(f"\n## {title}\n") + len(f"\n## {title}\n")
    end = text.find("\n## ", begin)
    return text[begin:end] if end >= 0 else text[begin:]


def _lead_links(text: str, up: str) -> str:
    """Point what was relative to the checkout's root, ``docs`` or a model's folder to the site's pages."""
    pages = {re.sub(r"[^\w ]", "", title.lower()): page for page, title in SECTIONS.items()}

    def target(match: re.Match[str]) -> str:
        path, _, anchor = match[2].partition("#")
        if "://" in path or (not path and anchor):
            same = pages.get(anchor.replace("-", " "))
            return match[0] if same is None else f"{match[1]}{up}{same})"
        name = re.sub(r"^(\.\./)+", "", path)
        name = re.sub(r"^docs/", "", name)
        name = re.sub(r"^(models/\w+/)README\.md$", r"\1index.md", name)
        name = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md"}.get(name, name)
        sibling = re.fullmatch(r"(\w+)/README\.md", name)
        if sibling:
            name = f"models/{sibling[1]}/index.md"
        if name == "index.md" and anchor.replace("-", " ") in pages:
            name, anchor = pages[anchor.replace("-", " ")], ""
        in_place = name == path and up
        return f"{match[1]}{'' if in_place else up}{name}{'#' + anchor if anchor else ''})"

    return re.sub(r"(\]\()([^)\s]+)\)", target, text)


def _mark_commands(text: str) -> str:
    """Add a line below every block of commands that says what they need."""

    def marked(match: re.Match[str]) -> str:
        wanted = needs(match[1].replace("\\\n", " "))
        return f"{match[0]}\n*Needs {wanted}.*\n" if wanted else match[0]

    return re.sub(r"```bash\n(.*?)```\n", marked, text, flags=re.DOTALL)
