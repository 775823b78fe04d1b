"""What was trained, how it differs from the shipped recipe, and with which software."""

from __future__ import annotations

import json
from typing import Any

from mindreid.pages.markup import Markup, definitions, element, folded, join, note, table
from mindreid.pages.page_frame import Section
from mindreid.report.recipe_differences import nearest_recipe
from mindreid.report.run_record import RunRecord
from mindreid.versions import library_versions
from mindreid.yaml_source import format_yaml


def recipe_section(run: RunRecord) -> Section:
    """Show the differences from the nearest shipped recipe, and the whole recipe folded."""
    nearest = nearest_recipe(run.recipe)
    parts: list[Markup] = []
    if nearest is None:
        parts.append(note("No shipped recipe is of this method."))
    elif not nearest.differences:
        parts.append(note("Equal to the shipped recipe ", element("code", nearest.name), "."))
    else:
        parts.append(
            note(
                "Compared with the shipped recipe that is nearest to it, ", element("code", nearest.name), "."
            )
        )
        rows = [
            (element("code", key), element("code", value_text(theirs)), element("code", value_text(own)))
            for key, theirs, own in nearest.differences
        ]
        parts.append(table(("key", nearest.name, "this run"), rows, numbers_from=3))
    whole = element("pre", format_yaml(run.recipe.as_dict()), tabindex=0)
    return Section("recipe", "Recipe", join([*parts, folded("the whole recipe", whole)]))


def environment_section(run: RunRecord) -> Section:
    """Show versions, device, and where everything lies."""
    versions = run.description.versions if run.description else library_versions()
    trained = "with which the checkpoint was written" if run.description else "installed here"
    facts = {
        "run": str(run.folder.root),
        "checkpoint": str(run.checkpoint),
        "device": f"{run.recipe.device.target}, precision {run.recipe.device.amp_level}",
        "seed": str(run.recipe.train.seed),
    }
    return Section(
        "environment",
        "Environment",
        join([definitions(facts), note(f"Versions {trained}:"), definitions(versions)]),
    )


def value_text(value: Any) -> str:
    """Write a recipe's value as it would stand behind ``--set``.

    Examples
    --------
    >>> value_text(None), value_text("O0"), value_text(0.001)
    ('null', 'O0', '0.001')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
