"""What a scenario's README shows as the output of its commands is what they print.

Every `./tandem get … --at T` of a README must appear there as printed, line by line; of `./tandem utilisation` the tables that are
shown must be whole: each line of the README under a heading of the output must be a line of the output.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile


def fenced(text):
    """The lines of each fenced block."""
    return [block.split("\n") for block in re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def paragraphs(text):
    return ["\n".join(part.rstrip() for part in piece.split("\n")).strip("\n") for piece in text.strip("\n").split("\n\n")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--tandem", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    failures, compared = [], 0
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "scenarios").symlink_to(arguments.source / "scenarios")
        (pathlib.Path(folder) / "runs").mkdir()
        ran = set()
        tandem = lambda words: subprocess.run([arguments.tandem, *words], cwd=folder, capture_output=True, text=True)
        for readme in sorted((arguments.source / "scenarios").glob("*/README.md")):
            text = readme.read_text(encoding="utf-8")
            shown = [piece for block in fenced(text) for piece in paragraphs("\n".join(block))]
            commands = [shlex.split(line) for line in re.findall(r"^    \./tandem ([^#\n]+)", text, re.MULTILINE)]
            asks = [words for words in commands if (words[0] == "get" and "--at" in words) or words[0] == "utilisation"]
            if not asks:
                continue
            for words in commands:
                if words[0] == "run" and words[1].startswith("scenarios/") and len(words) == 2 and words[1] not in ran:
                    ran.add(words[1])
                    done = tandem(words)
                    if done.returncode != 0:
                        failures.append(f"{readme}: tandem {' '.join(words)} ends with {done.returncode}: {done.stderr}")
            for words in asks:
                # Runs with options of their own (another policy, another profile) are not made here.
                if not all((pathlib.Path(folder) / word).exists() for word in words if word.startswith("runs/")):
                    continue
                done = tandem(words)
                if done.returncode != 0:
                    failures.append(f"{readme}: tandem {' '.join(words)} ends with {done.returncode}: {done.stderr}")
                    continue
                printed = paragraphs(done.stdout)
                compared += 1
                # A view is one table. Of several tables a page may show some, each whole.
                found = [piece for piece in printed if piece in shown]
                if (words[0] == "get" and found != printed) or not found:
                    failures.append(f"{readme}: tandem {' '.join(words)} prints\n{done.stdout}")
    print(f"{compared} answers compared")
    if compared < 5:
        failures.append("too few answers for the test to mean anything")
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
