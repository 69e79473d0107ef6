#!/usr/bin/env python3
"""tools/gen_objects as its users meet it: messages, what it writes, what a compiler says to that."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/gen_objects"
VECTORS = ROOT / "tests/vectors/ddf"


def run(*args, cwd=None):
    return subprocess.run([sys.executable, str(TOOL), *map(str, args)], cwd=cwd, text=True,
                          capture_output=True, check=False)


class GenObjects(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def compile(self, *options):
        for source in self.out.glob("*.c"):
            subprocess.run([shutil.which("cc"), "-std=c11", "-Wall", "-Wextra", "-pedantic",
                            "-Werror", f"-I{ROOT}/include", *options, "-fsyntax-only", source],
                           check=True)

    def test_says_what_the_loader_says(self):
        """messages.txt is what src/ddf/load_test.c expects of the loader in C."""
        said = ""
        for path in sorted(VECTORS.glob("*.xml")):
            said += run("--out", self.out, path.name, cwd=VECTORS).stderr
        self.assertEqual(said, (VECTORS / "messages.txt").read_text(encoding="utf-8"))

    def test_an_object_may_stand_in_one_file_only(self):
        done = run("--out", self.out, VECTORS / "good.xml", VECTORS / "two-objects.xml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("object 32769 version 1.0 stands in", done.stderr)

    def test_writes_tables_that_compile(self):
        done = run("--out", self.out, "--prefix", "acme", VECTORS / "odd-ranges.xml")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(p.name for p in self.out.iterdir()),
                         ["acme_objects.c", "acme_objects.h", "acme_objects_all.c",
                          "acme_objects_text.c"])
        header = (self.out / "acme_objects.h").read_text(encoding="utf-8")
        self.assertIn("ACME_OBJ_PUMP = 32769,", header)
        self.assertIn("ACME_RES_PUMP_SPEED = 0,", header)
        self.assertIn("extern const lw_object_def acme_object_32769_v1_0;", header)
        self.compile()

    def test_texts_with_odd_characters_compile(self):
        xml = (VECTORS / "good.xml").read_text(encoding="utf-8").replace(
            "A pump.", 'say "hi" \\ ??/ */ \t end\n  &lt;b&gt; é')
        (self.out / "odd.xml").write_text(xml, encoding="utf-8")
        done = run("--out", self.out, self.out / "odd.xml")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.compile()

    def test_check_tells_stale_from_fresh(self):
        args = ("--out", self.out, VECTORS / "good.xml")
        self.assertEqual(run(*args, "--check").returncode, 1)
        self.assertEqual(run(*args).returncode, 0)
        self.assertEqual(run(*args, "--check").returncode, 0)
        table = self.out / "app_objects.c"
        table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        done = run(*args, "--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("app_objects.c: stale", done.stderr)

    def test_a_refused_file_leaves_nothing_behind(self):
        self.assertEqual(run("--out", self.out, VECTORS / "unknown-type.xml").returncode, 1)
        self.assertEqual(list(self.out.iterdir()), [])

    def test_a_missing_file_is_named(self):
        done = run("--out", self.out, "nowhere.xml")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "nowhere.xml: error: No such file or directory\n"))

    def test_quiet_keeps_notes_back(self):
        done = run("--out", self.out, "--quiet", VECTORS / "odd-ranges.xml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_wrong_usage_is_status_2(self):
        self.assertEqual(run("one.xml").returncode, 2)
        self.assertEqual(run("--out", self.out).returncode, 2)
        self.assertEqual(run("--out", self.out, "--prefix", "A-b", "one.xml").returncode, 2)


if __name__ == "__main__":
    unittest.main()
