"""The benchmark runs against the code beside it: moved rules had left it broken, and no test saw it."""

from pathlib import Path

from bench import rounds, stages
from bench.place import Place


def test_the_stages_are_measured_for_every_shape_of_letter(tmp_path: Path) -> None:
    found = stages.measured(tmp_path, 2)

    assert set(found) == {"plain", "HTML beside text", "photo of 200 KB"}
    assert all(span > 0 for spans in found.values() for span in spans.values())


def test_the_rounds_that_are_measured_do_their_work(tmp_path: Path) -> None:
    """They had written no mail since promises wait for the first sweep, and their figures looked splendid."""
    found = rounds.measured(Place(tmp_path), (1_000,))

    assert found["1,000 open cases"]["mails written"]
