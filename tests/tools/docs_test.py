#!/usr/bin/env python3
"""The pages say what the tree holds: names, files, links and programs in them exist.

A fenced block of C behind <!-- FILE --> stands in that file, line for line; one behind <!-- sketch -->
is of no file, and its names of the library exist all the same. C without either is not accepted.
"""
import pathlib
import re
import sys
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGES.md", *sorted((ROOT / "docs").glob("*.md"))]
NAME = re.compile(r"\b(?:lw|LW)_[A-Za-z0-9_]+\b(?!…|\*)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
MARK = re.compile(r"<!-- (\S+) -->\n\Z")
FOLDERS = ("include/", "src/", "tools/", "tests/", "docs/", "examples/", "objects/", "cmake/", "fuzz/", "bench/", "deps/")


def words_of_the_code():
    found = set()
    for folder in ("include", "src", "cmake", "CMakeLists.txt"):
        root = ROOT / folder
        for path in [root] if root.is_file() else root.rglob("*.*"):
            found.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return found


class Pages(unittest.TestCase):
    def test_names_of_the_library_exist(self):
        known = words_of_the_code()
        for page in PAGES:
            for name in sorted(set(NAME.findall(page.read_text(encoding="utf-8")))):
                is_prefix = name.endswith("_") and any(word.startswith(name) for word in known)
                self.assertTrue(name in known or is_prefix, f"{page.name}: {name}")

    def test_files_and_links_exist(self):
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            named = [ROOT / name for name in re.findall(r"`([\w./-]+)`", text) if name.startswith(FOLDERS)]
            linked = [page.parent / to for to in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)]
            for path in named + linked:
                is_pattern = re.search(r"(^|_)x$", path.stem)
                self.assertTrue(is_pattern or path.exists(), f"{page.name}: {path}")

    def test_tests_that_are_named_exist(self):
        tests = "".join(path.read_text(encoding="utf-8") for folder in ("src", "tests/sim")
                        for path in (ROOT / folder).rglob("*.c"))
        for page in PAGES:
            for name in sorted(set(re.findall(r"`(\w*edge_\d+_\w+)`", page.read_text(encoding="utf-8")))):
                self.assertRegex(tests, rf"\b{name}\b", page.name)

    def test_code_is_that_of_a_file(self):
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            for fence in FENCE.finditer(text):
                if fence[1] != "c":
                    continue
                mark = MARK.search(text, 0, fence.start())
                self.assertIsNotNone(mark, f"{page.name}: C without a mark:\n{fence[2]}")
                if mark[1] != "sketch":
                    source = (ROOT / mark[1]).read_text(encoding="utf-8")
                    code = textwrap.dedent(fence[2])
                    self.assertTrue(code in source or textwrap.indent(code, "    ") in source,
                                    f"{page.name}: not in {mark[1]}:\n{code}")

    def test_the_sensor_of_the_readme_is_all_of_its_program_in_40_lines(self):
        code = (ROOT / "examples/sensor.c").read_text(encoding="utf-8")
        self.assertLessEqual(len(code.splitlines()), 40)
        self.assertIn(code, (ROOT / "README.md").read_text(encoding="utf-8"))

    def test_what_the_smallest_client_takes_is_its_budget(self):
        budgets = (ROOT / "tools/size-budgets.txt").read_text(encoding="utf-8")
        octets = int(re.search(r"^ram-minimal +(\d+)", budgets, re.M)[1])
        page = (ROOT / "docs/client.md").read_text(encoding="utf-8")
        said = float(re.search(r"takes ([0-9.]+) kB: `tools/ram_client.c`", page)[1])
        self.assertAlmostEqual(said, octets / 1000, delta=0.05)


if __name__ == "__main__":
    sys.exit(unittest.main())
