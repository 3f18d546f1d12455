"""Works off a backlog of letters: ackbot and the bare loop in turns, in one run."""

import statistics
from collections.abc import Mapping

from bench.bare import bare_loop
from bench.letters import TO, letters
from bench.place import USER, Place, cpu_of, daemon, logged_at, memory_of, monotonic_of


def measured(place: Place, count: int, turns: int) -> Mapping[str, object]:
    """Letters a second of both, and what a letter costs ackbot; medians of the turns."""
    bare, ours, acked, first, ratios, cpu, peak, growth = ([] for _ in range(8))
    for turn in range(turns):
        place.empty()
        answered = place.fill(letters(count))
        done, seconds = bare_loop(place.dovecot.port, place.sink_port, USER, place.folder / f"bare{turn}.db")
        assert done == len(answered), (done, len(answered))
        bare.append(count / seconds)
        place.empty()
        answered = place.fill(letters(count))
        config = place.council()
        with daemon(config) as running:
            begun = monotonic_of(logged_at(running, "started"))
            start = cpu_of(running)
            who = {one.sender.lower() for one in answered}
            sent = place.wait_sent(2 * len(answered), of=who)
            cpu.append((cpu_of(running) - start) / count * 1_000)
            peak.append(memory_of(running)[1])
        times = [at for at, _, recipient in sent if recipient in who]
        assert len(times) == len(answered), (len(times), len(answered))
        ours.append(count / (max(at for at, _, _ in sent) - begun))
        acked.append(count / (max(times) - begun))
        first.append(min(times) - begun)
        ratios.append(ours[-1] / bare[-1])
        store = [config.parent / f"ackbot.db{end}" for end in ("", "-wal")]
        growth.append(sum(one.stat().st_size for one in store if one.exists()) / count / 1_024)
        print(f"  {TO}: bare {bare[-1]:.0f}, ackbot {ours[-1]:.0f} letters/s", flush=True)
    return {
        "letters": count,
        "bare loop, letters/s": round(statistics.median(bare), 1),
        "ackbot, letters/s": round(statistics.median(ours), 1),
        "acknowledged, letters/s": round(statistics.median(acked), 1),
        "ratio, median of turns": round(statistics.median(ratios), 3),
        "first acknowledgement, ms": round(statistics.median(first) * 1_000),
        "CPU a letter, ms": round(statistics.median(cpu), 2),
        "most memory, MB": round(max(peak), 1),
        "store, KB a letter": round(statistics.median(growth), 1),
    }
