"""The benchmark runs against the code beside it: moved rules had left it broken, and no test saw it."""

from pathlib import Path

from bench import stages


def test_the_stages_are_measured_for_every_shape_of_letter(tmp_path: Path) -> None:
    found = stages.measured(tmp_path, 2)

    assert set(found) == {"plain", "HTML beside text", "photo of 200 KB"}
    assert all(span > 0 for spans in found.values() for span in spans.values())
