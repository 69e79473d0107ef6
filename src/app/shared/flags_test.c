#include "app/shared/flags.h"

#include <stdlib.h>

#include "testing/lw_test.h"

static const flag rows[] = {
    {.help = "All of them"},
    {"all", 'a', NULL, "a flag without a value", 1},
    {"big", 'b', NULL, "another", 2},
    {"level", 'l', "NUMBER", "one with a value", 3},
    {"cid", 0, "[=OCTETS]", "a value that may be left out", 4},
    {NULL, 'V', NULL, "a letter alone", 5},
};

#define READ(f, ...)                                        \
    const char *args[] = {"prog", __VA_ARGS__};             \
    flags f = {.program = "prog",                           \
               .usage = "[options]\n",                      \
               .rows = rows,                                \
               .count = sizeof rows / sizeof rows[0],       \
               .argc = (int)(sizeof args / sizeof args[0]), \
               .argv = (char **)args}

static void expect_flag(flags *f, int id, const char *value)
{
    assert_int_equal(flags_next(f), FLAGS_FLAG);
    assert_int_equal(f->row->id, id);
    if (value == NULL) {
        assert_null(f->value);
    } else {
        assert_string_equal(f->value, value);
    }
}

static void expect_word(flags *f, const char *word)
{
    assert_int_equal(flags_next(f), FLAGS_WORD);
    assert_string_equal(f->value, word);
}

static void values_stand_behind_or_in_the_same_argument(void **state)
{
    (void)state;
    READ(f, "-l", "1", "-l2", "--level", "3", "--level=4", "--level=");
    expect_flag(&f, 3, "1");
    expect_flag(&f, 3, "2");
    expect_flag(&f, 3, "3");
    expect_flag(&f, 3, "4");
    expect_flag(&f, 3, "");
    assert_int_equal(flags_next(&f), FLAGS_END);
}

static void letters_may_stand_together(void **state)
{
    (void)state;
    READ(f, "-abl7", "-ba", "-V");
    expect_flag(&f, 1, NULL);
    expect_flag(&f, 2, NULL);
    expect_flag(&f, 3, "7");
    expect_flag(&f, 2, NULL);
    expect_flag(&f, 1, NULL);
    expect_flag(&f, 5, NULL);
    assert_int_equal(flags_next(&f), FLAGS_END);
}

static void a_value_may_be_optional(void **state)
{
    (void)state;
    READ(f, "--cid", "4", "--cid=8");
    expect_flag(&f, 4, NULL);
    expect_word(&f, "4");
    expect_flag(&f, 4, "8");
    assert_int_equal(flags_next(&f), FLAGS_END);
}

static void words_numbers_and_a_dash_are_no_flags(void **state)
{
    (void)state;
    READ(f, "read", "-a", "-5", "-.5", "-", "--", "-b", "--");
    expect_word(&f, "read");
    expect_flag(&f, 1, NULL);
    expect_word(&f, "-5");
    expect_word(&f, "-.5");
    expect_word(&f, "-");
    expect_word(&f, "-b");
    expect_word(&f, "--");
    assert_int_equal(flags_next(&f), FLAGS_END);
}

static void what_is_unknown_or_incomplete_is_wrong(void **state)
{
    (void)state;
    const char *const wrong[][2] = {{"-x", NULL},    {"--all=1", NULL}, {"-ax", NULL},
                                    {"--leve", "1"}, {"--level", NULL}, {"-l", NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        READ(f, wrong[i][0], wrong[i][1]);
        f.argc = wrong[i][1] != NULL ? 3 : 2;
        flags_step step = flags_next(&f);
        assert_int_equal(step == FLAGS_FLAG ? flags_next(&f) : step, FLAGS_WRONG);
    }
}

static void help_is_made_of_the_same_table(void **state)
{
    (void)state;
    READ(f, "--help");
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    flags_help(&f, out);
    fclose(out);
    assert_string_equal(text, "usage: prog [options]\n"
                              "\nAll of them\n"
                              "  -a, --all              a flag without a value\n"
                              "  -b, --big              another\n"
                              "  -l, --level NUMBER     one with a value\n"
                              "      --cid[=OCTETS]     a value that may be left out\n"
                              "  -V                     a letter alone\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_behind_or_in_the_same_argument),
        cmocka_unit_test(letters_may_stand_together),
        cmocka_unit_test(a_value_may_be_optional),
        cmocka_unit_test(words_numbers_and_a_dash_are_no_flags),
        cmocka_unit_test(what_is_unknown_or_incomplete_is_wrong),
        cmocka_unit_test(help_is_made_of_the_same_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
