"""A page that follows a run."""

import json
import threading
import time

from mindreid.cli import main
from mindreid.config import load_recipe
from mindreid.folder_lock import folder_lock
from mindreid.report.page.run_page import PageOptions
from mindreid.report.page.watching import watch_run
from tests.pages.page_reading import check_page


def reload_seconds(page):
    (body,) = page.find("body")
    return body.attributes.get("data-reload-seconds")


def test_the_page_grows_with_the_run_and_stops_when_it_ends(stored_run, tmp_path):
    folder, output = stored_run("live"), tmp_path / "live.html"
    losses = folder / "metrics.jsonl"
    lines = losses.read_text().splitlines(keepends=True)
    losses.write_text(lines[0])
    seen = []
    lock = folder_lock(folder)
    lock.__enter__()

    def go_on(seconds):
        """What happens between two looks: half a line, the rest of it, the end."""
        assert seconds == 2.5
        page = check_page(output)
        seen.append(
            (reload_seconds(page), page.find("section", id="curves")[0].text, output.stat().st_mtime_ns)
        )
        half = len(lines[1]) // 2
        if len(seen) == 1:
            losses.write_text(lines[0] + lines[1][:half])
        elif len(seen) == 2:
            losses.write_text("".join(lines))
        else:
            lock.__exit__(None, None, None)

    options = PageOptions(queries=2, top=2, network=False)
    watch_run(folder, output, options, every=2.5, sleep=go_on)
    first, same, later = seen
    assert [state for state, *_ in seen] == ["2.5"] * 3
    assert first == same
    assert f"{json.loads(lines[0])['loss']:.4g}" in first[1]
    assert f"{json.loads(lines[-1])['loss']:.4g}" in later[1]
    page = check_page(output)
    assert reload_seconds(page) is None
    assert not page.find("span", class_="live")
    assert load_recipe(str(folder / "config.yaml")).dataset.name in page.find("header")[0].text


def test_the_command_follows_a_run_until_it_ends(stored_run, tmp_path):
    folder, output = stored_run("live"), tmp_path / "live.html"
    command = ["report", "run", str(folder), "-o", str(output), "--without-network"]
    watch, seen = ["--watch", "--every", "0.25"], []
    with folder_lock(folder):
        # Without the option it is written once, although the run goes on.
        assert main(command) == 0
        assert reload_seconds(check_page(output)) is None
        output.unlink()
        following = threading.Thread(target=lambda: seen.append(main([*command, *watch])))
        following.start()
        end = time.monotonic() + 60
        while not output.exists() and time.monotonic() < end:
            time.sleep(0.01)
        assert reload_seconds(check_page(output)) == "0.25"
        assert following.is_alive()
    following.join(60)
    assert seen == [0]
    assert reload_seconds(check_page(output)) is None
