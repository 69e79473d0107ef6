#!/usr/bin/env python3
"""tools/gen_objects as its users meet it: messages, what it writes, what a compiler says to that."""
import pathlib
import re
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

    def declared(self, *options):
        """What --declare writes for declared.xml, as one text."""
        done = run("--out", self.out, "--declare", *options, VECTORS / "declared.xml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return (self.out / "app_declare.h").read_text(encoding="utf-8")

    def rows(self, *options):
        return [line.strip(" \\") for line in self.declared(*options).splitlines() if "(T, " in line
                and not line.startswith("#")]

    def test_declares_how_each_resource_is_kept(self):
        self.assertEqual(self.rows(), [
            "ONE(T, UINT16, speed, 0, 0)",
            "CALL(T, EXECUTE, start, 1)",
            "ONE(T, INT64, revolutions, 2, 0)",
            "ONE(T, INT8, trim, 3, 0)",
            "ONE(T, STRING, default_, 4, APP_PUMP_DEFAULT__MAX)",
            "MANY(T, STRING, label, 5, APP_PUMP_LABEL_MAX, APP_PUMP_LABEL_COUNT)",
            "ONE(T, FLOAT64, pressure, 6, 0)",
            "ONE(T, OPAQUE, key, 7, APP_PUMP_KEY_MAX)",
            "ONE(T, BOOLEAN, r_2nd_stage, 8, 0)",
            "MANY(T, OBJLNK, sensor, 9, 0, APP_PUMP_SENSOR_COUNT)",
            "ONE(T, UINT64, volume, 10, 0)",
            "ONE(T, TIME, label_11, 11, 0)"])

    def test_sizes_of_a_declaration_follow_the_range_or_are_small(self):
        text = self.declared()
        self.assertIn("#define APP_PUMP_LABEL_MAX 32\n", text)
        self.assertIn("#define APP_PUMP_LABEL_COUNT 4\n", text)
        self.assertIn("#define APP_PUMP_KEY_MAX 16\n", text)
        self.assertIn("#define APP_PUMP_DEFAULT__MAX 255\n", text)

    def test_only_names_the_optional_resources_that_are_declared(self):
        self.assertEqual(self.rows("--only", "32769/2", "--only", "32769/3"), [
            "ONE(T, UINT16, speed, 0, 0)",
            "CALL(T, EXECUTE, start, 1)",
            "ONE(T, INT64, revolutions, 2, 0)",
            "ONE(T, INT8, trim, 3, 0)"])

    def test_mandatory_declares_what_is_mandatory(self):
        self.assertEqual(self.rows("--mandatory"), [
            "ONE(T, UINT16, speed, 0, 0)", "CALL(T, EXECUTE, start, 1)"])

    def test_computed_resources_are_answered_by_hooks(self):
        self.assertEqual(self.rows("--mandatory", "--computed", "32769/0,5"), [
            "CALL(T, COMPUTED, speed, 0)", "CALL(T, EXECUTE, start, 1)",
            "CALL(T, COMPUTED, label, 5)"])

    def test_every_declaration_compiles_with_its_own_sizes_and_in_cxx(self):
        done = run("--out", self.out, "--declare", "--quiet", *sorted((ROOT / "objects").glob("*.xml")))
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.out / "app_declare.h").read_text(encoding="utf-8")
        calls = re.findall(r"^ \* LW_DECLARE\(\w+, (\w+), (\w+), (\d), NULL\)", text, re.M)
        self.assertGreater(len(calls), 100)
        declarations = [f"LW_DECLARE({macro.lower()}, {definition}, {macro}, {count}, NULL)"
                        for definition, macro, count in calls]
        source = '#define APP_DEVICE_1_0_MANUFACTURER_MAX 7\n#include "app_declare.h"\n' + "\n".join(
            declarations) + ("\n_Static_assert(sizeof ((app_device_1_0 *)0)->manufacturer.octets == 7, "
                             '"defined before the include");\n')
        (self.out / "all.c").write_text(source, encoding="utf-8")
        self.compile()
        types = [f"LW_DECLARE_TYPE({macro.lower()}, {macro})" for _, macro, _ in calls]
        (self.out / "all.cc").write_text('#include "app_declare.h"\n' + "\n".join(types) + "\n",
                                         encoding="utf-8")
        subprocess.run([shutil.which("c++"), "-std=c++11", "-Wall", "-Wextra", "-Werror",
                        f"-I{ROOT}/include", "-fsyntax-only", self.out / "all.cc"], check=True)

    def test_more_than_a_device_can_keep_is_refused(self):
        item = ("<Item ID='{}'><Name>N{}</Name><Operations>R</Operations><MultipleInstances>Single"
                "</MultipleInstances><Mandatory>Optional</Mandatory><Type>Boolean</Type></Item>")
        xml = (VECTORS / "good.xml").read_text(encoding="utf-8").replace(
            "</Resources>", "".join(item.format(i, i) for i in range(2, 80)) + "</Resources>")
        (self.out / "many.xml").write_text(xml, encoding="utf-8")
        done = run("--out", self.out, "--declare", self.out / "many.xml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("many.xml: error: object 32769: 80 resources are more than the 64", done.stderr)
        self.assertIn("--only 32769/", done.stderr)
        self.assertFalse((self.out / "app_declare.h").exists())

    def test_wrong_choices_are_status_2(self):
        pump = VECTORS / "declared.xml"
        for options in (["--only", "32769/0", pump], ["--declare"],
                        ["--declare", "--only", "32769", pump],
                        ["--declare", "--only", "32769/99", pump],
                        ["--declare", "--computed", "5/0", pump]):
            done = run(*(["--out", self.out] if pump in options else []), *options)
            self.assertEqual(done.returncode, 2, options)
        self.assertIn("no file has resource 5/0", done.stderr)

    def test_wrong_usage_is_status_2(self):
        self.assertEqual(run("one.xml").returncode, 2)
        self.assertEqual(run("--out", self.out).returncode, 2)
        self.assertEqual(run("--out", self.out, "--prefix", "A-b", "one.xml").returncode, 2)


if __name__ == "__main__":
    unittest.main()
