"""``make bench``: measure, print how far each goal is, and write the record with its table and figure."""

import argparse
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from time import perf_counter

from . import GOALS, GROWTHS
from .growth import measured
from .machine import facts
from .report import table, write


def main() -> None:
    """Measure the goals that are asked for, or read a record, and report."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="goals and curves to measure, printed only (default: all)")
    parser.add_argument("--output", type=Path, default=Path("build/speed"), metavar="FOLDER", help="where to write")
    parser.add_argument("--record", type=Path, metavar="FILE", help="make table and figure of this record instead")
    options = parser.parse_args()
    known = [x.name for x in (*GOALS, *GROWTHS)]
    if wrong := sorted(set(options.names) - set(known)):
        parser.error(f"there is no {', '.join(wrong)}; there are {', '.join(known)}")
    if options.record:
        write(json.loads(options.record.read_text("utf-8")), options.record.parent)
        return
    wanted = set(options.names or known)
    record = {"date": date.today().isoformat(), "machine": facts(), "goals": [], "growth": []}
    for goal in GOALS:
        if goal.name in wanted:
            begin = perf_counter()
            found = goal.measure()
            row = {x: getattr(goal, x) for x in ("name", "what", "against", "unit", "goal")}
            record["goals"].append(row | asdict(found) | {"met": goal.is_met(found)})
            print(f"{goal.name}: {found.median:.3g} {goal.unit}, goal {goal.goal:g} ({perf_counter() - begin:.0f} s)")
    for growth in GROWTHS:
        if growth.name in wanted:
            curve = measured(growth)
            record["growth"].append({x: getattr(growth, x) for x in ("name", "what", "size")} | asdict(curve))
            powers = ", ".join(f"{quantity} ~ size^{power:.2f}" for quantity, power in curve.exponents.items())
            print(f"{growth.name}: {powers}")
    print(f"\n{table(record)}")
    if not options.names:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "speed.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        write(record, options.output)
        print(f"written to {options.output}")


main()
