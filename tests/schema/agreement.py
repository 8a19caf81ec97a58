"""The JSON Schemas against the loader (conventions §3): an editor that knows only the schema must never refuse what the
loader takes, and must refuse whatever a schema can say.

good     every shipped scenario, the base of tests/bad and a written calibration: both accept.
bad      every case of tests/bad: both refuse, but for the cases of loader_only.txt, each with its reason.
mutants  seeded random changes of good files: where the schema refuses, the loader refuses.
"""

import argparse
import copy
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import yaml


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it; SafeLoader alone is YAML 1.1."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+.0123456789"),
]:
    CoreLoader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))


def core_int(loader, node):
    text = node.value
    if text.startswith("0o"):
        return int(text[2:], 8)
    return int(text, 16) if text.startswith("0x") else int(text, 10)


CoreLoader.add_constructor("tag:yaml.org,2002:int", core_int)


class Agreement:
    def __init__(self, source, loader):
        self.source = pathlib.Path(source)
        self.loader = loader
        self.failures = []
        self.validators = {}
        for kind in ("scenario", "calibration"):
            schema = json.loads((self.source / "schema" / f"{kind}.schema.json").read_text())
            jsonschema.Draft7Validator.check_schema(schema)
            self.validators[kind] = jsonschema.Draft7Validator(schema)

    def expect(self, holds, what):
        if not holds:
            self.failures.append(what)

    def schema_accepts(self, kind, path):
        """False too for text that is no YAML: an editor shows that as an error as well."""
        try:
            documents = list(yaml.load_all(path.read_bytes(), CoreLoader))
        except Exception:
            return False
        return len(documents) == 1 and self.validators[kind].is_valid(documents[0])

    def loader_verdicts(self, questions):
        lines = "".join(f"{kind} {path}\n" for kind, path in questions)
        answer = subprocess.run([self.loader], input=lines, capture_output=True, text=True, check=True)
        verdicts = answer.stdout.splitlines()
        assert len(verdicts) == len(questions), answer.stderr
        return verdicts

    def good_files(self, folder):
        """Copies in a folder: (kind, path). A scenario keeps the files beside it."""
        files = []
        for scenario in sorted((self.source / "scenarios").iterdir()):
            if (scenario / "scenario.yaml").exists():
                shutil.copytree(scenario, folder / scenario.name)
                files.append(("scenario", folder / scenario.name / "scenario.yaml"))
        shutil.copytree(self.source / "tests/bad/base", folder / "base")
        files.append(("scenario", folder / "base/scenario.yaml"))
        calibration = folder / "calibration.yaml"
        calibration.write_text(subprocess.run([self.loader, "--calibration"], capture_output=True, text=True, check=True).stdout)
        files.append(("calibration", calibration))
        return files

    # ------------------------------------------------------------ good

    def good(self, folder):
        files = self.good_files(folder)
        for (kind, path), verdict in zip(files, self.loader_verdicts(files)):
            name = path.relative_to(folder)
            self.expect(verdict == "accepts", f"{name}: the loader {verdict}")
            for error in self.validators[kind].iter_errors(yaml.load(path.read_bytes(), CoreLoader)):
                self.expect(False, f"{name}: the schema refuses {error.json_path}: {error.message}")
        print(f"{len(files)} good files")

    # ------------------------------------------------------------ bad

    def bad(self, folder):
        reasons = {}
        for line in (self.source / "tests/schema/loader_only.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                case, reason = line.split(": ", 1)
                reasons[case] = reason
        questions, cases = [], []
        for case in sorted((self.source / "tests/bad").iterdir()):
            if not (case / "expected.txt").exists():
                continue
            mixed = folder / case.name
            shutil.copytree(self.source / "tests/bad/base", mixed)
            shutil.copytree(case, mixed, dirs_exist_ok=True)
            wrong_files = set(re.findall(r"^\w+ ([^:\n]+)", (case / "expected.txt").read_text(), re.M))
            for name, kind in (("scenario.yaml", "scenario"), ("cal.yaml", "calibration")):
                if (case / name).exists():
                    cases.append((f"{case.name}/{name}", name in wrong_files))
                    questions.append((kind, mixed / name))
        refused_by_both = 0
        for (case, wrong), (kind, path), verdict in zip(cases, questions, self.loader_verdicts(questions)):
            accepted = self.schema_accepts(kind, path)
            if not wrong:
                self.expect(accepted, f"{case}: the fault lies in another file, and yet the schema refuses this one")
                continue
            self.expect(verdict.startswith("refuses"), f"{case}: the loader {verdict}")
            if case in reasons:
                self.expect(accepted, f"{case}: loader_only.txt says that no schema sees this, but the schema refuses it")
                reasons.pop(case)
            else:
                self.expect(not accepted, f"{case}: only the loader refuses it; say why in loader_only.txt ({verdict})")
                refused_by_both += not accepted
        for case in reasons:
            self.expect(False, f"{case}: stands in loader_only.txt, but there is no such case")
        print(f"{refused_by_both} bad files refused by both")

    # ------------------------------------------------------------ mutants

    NOTATIONS = [
        "5s", "0s", "0", "1m30s", ".5h", "-3s", "5", "1d", "200/s", "0.5/m", "/s", "120Mi", "1e3", "1.5.2", "+4", "4.", ".5", "Mi", "1G", "10MB",
        "100Mbit/s", "1GiB/s", "500m", "web:1.0.0", "Web:1", "localhost:5000/a/b:t", "a@sha256:0", "a//b", "service/web", "service/a/b", "service/",
        "deployment/web.available >= 3", "rate<0.01", "p(95)<500ms", "http_req_failed{traffic:users}", "app=web,tier!=db", "10.244.0.0/16",
        "300.1.1.1/16", "10.0.0.0/33", "/", "/chat/*", "/a*b", "a b", "", " ", "-x", "x-", "a.b", "a_b", "UPPER", "example.org/key", "/key", "key/",
        "../up.yaml", "/abs.yaml", "a/./b", "a//b", "web.yaml", "kind.yaml", "x" * 63, "x" * 64, "x" * 300, "true", "null", "é", "a\tb", "a\nb",
        "NoSchedule", "nginx", "round_robin", "least_conn", "fifo", "all", "one", "fixed", "instant", "GET", "POST", "tandem/v1",
    ]
    NUMBERS = [0, 1, -1, 2, 63, 64, 100, 599, 600, 65535, 10**6, 10**6 + 1, 2**31, 2**53, 2**63 - 1, 2**63, 10**30, 0.5, -0.5, 1e-9, 1e9, 1.0, 2.5, 1e300]

    def mutate(self, document, rng, keys):
        """One random change somewhere in a copy of the document."""
        holder = {"": copy.deepcopy(document)}
        spots = []

        def collect(container, key):
            spots.append((container, key))
            value = container[key]
            if isinstance(value, dict):
                for name in value:
                    collect(value, name)
            elif isinstance(value, list):
                for index in range(len(value)):
                    collect(value, index)

        collect(holder, "")
        container, key = rng.choice(spots)
        value = container[key]
        scalars = self.NOTATIONS + self.NUMBERS + [True, False, None]
        change = rng.randrange(9)
        if change == 0 and isinstance(container, dict) and key != "":
            del container[key]
        elif change == 1 and isinstance(container, dict) and key != "":
            container[rng.choice(keys + [key + "x", key.upper()])] = container.pop(key)
        elif change == 2:
            container[key] = copy.deepcopy(self.value_at(rng.choice(spots)))
        elif change == 3:
            container[key] = [value] if rng.random() < 0.5 else {rng.choice(keys): value}
        elif change == 4:
            container[key] = rng.choice([[], {}])
        elif change == 5 and isinstance(value, dict):
            value[rng.choice(keys + self.NOTATIONS)] = rng.choice(scalars)
        elif change == 6 and isinstance(value, list):
            value.append(copy.deepcopy(rng.choice(value)) if value and rng.random() < 0.5 else rng.choice(scalars))
        elif change == 7 and isinstance(value, str) and value:
            at = rng.randrange(len(value))
            container[key] = value[:at] + rng.choice(["", "x", " ", "-", "0", ".", "/", ":", "é"]) + value[at + rng.randrange(2) :]
        else:
            container[key] = rng.choice(scalars)
        return holder[""]

    @staticmethod
    def value_at(spot):
        return spot[0][spot[1]]

    @staticmethod
    def property_names(schema, found):
        if isinstance(schema, dict):
            found.update(schema.get("properties", {}))
            for part in schema.values():
                Agreement.property_names(part, found)
        elif isinstance(schema, list):
            for part in schema:
                Agreement.property_names(part, found)
        return found

    def mutants(self, folder, count=250):
        rng = random.Random(20261121)
        questions, by_schema = [], []
        for kind, path in self.good_files(folder):
            document = yaml.load(path.read_bytes(), CoreLoader)
            keys = sorted(self.property_names(self.validators[kind].schema, set()))
            for number in range(count):
                mutant = document
                for _ in range(rng.choice([1, 1, 1, 2, 3])):
                    mutant = self.mutate(mutant, rng, keys)
                file = path.parent / f"{path.stem}-{number}.json"
                file.write_text(json.dumps(mutant, ensure_ascii=False))
                questions.append((kind, file))
                by_schema.append(self.validators[kind].is_valid(json.loads(file.read_text())))
        seen_by_schema, refused = 0, 0
        for (kind, file), accepted, verdict in zip(questions, by_schema, self.loader_verdicts(questions)):
            refused += verdict != "accepts"
            seen_by_schema += not accepted
            if not accepted and verdict == "accepts":
                error = next(self.validators[kind].iter_errors(json.loads(file.read_text())))
                self.expect(False, f"the loader takes what the schema refuses: {error.json_path}: {error.message[:300]}")
        print(f"{len(questions)} mutants: the loader refused {refused}, the schema {seen_by_schema} of them")
        # Both ways are taken, or the test would show nothing.
        self.expect(seen_by_schema > len(questions) // 3, "the schema refused too few mutants for the test to mean anything")
        self.expect(len(questions) - refused > len(questions) // 50, "nearly no mutant was still good")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["good", "bad", "mutants"])
    parser.add_argument("--source", required=True)
    parser.add_argument("--loader", required=True)
    arguments = parser.parse_args()
    agreement = Agreement(arguments.source, arguments.loader)
    with tempfile.TemporaryDirectory(prefix="tandem-schema-") as folder:
        getattr(agreement, arguments.part)(pathlib.Path(folder))
    for failure in agreement.failures[:40]:
        print("FAILED", failure)
    return 1 if agreement.failures else 0


if __name__ == "__main__":
    sys.exit(main())
