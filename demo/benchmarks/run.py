"""`python -m demo.benchmarks.run`: build the scene and measure, in the process of a server; see `place`."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator

import django


def main() -> int:
    """Print each figure as it is known: as words, or with `--json` as an object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pupils", type=int, required=True)
    parser.add_argument("--years", type=int, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    django.setup()
    from demo.benchmarks import calls, proof, register_page, rush, saving
    from demo.benchmarks.figures import Figure
    from demo.benchmarks.scene import DAYS_OF_A_YEAR, Scene, build

    # In this order: the proof comes last and covers what the others wrote.
    sections: list[Callable[[Scene], Iterator[Figure]]] = [
        register_page.measure,
        saving.measure,
        rush.measure,
        calls.measure,
        proof.measure,
    ]
    scene = build(pupils=options.pupils, years=options.years, days=20 if options.quick else DAYS_OF_A_YEAR)
    scene.quick = options.quick
    for measure in sections:
        for figure in measure(scene):
            print(json.dumps(figure.as_json()) if options.json else figure.as_words(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
