/* Tables on the terminal. */
#include "app/lapwing/table.h"

#include <stdlib.h>

#include "testing/lw_test.h"

static const char *const heads[] = {"NAME", "STATE", "MORE", NULL};

/* Prints into a text, which is to be freed. */
static char *print(const table *t, bool colors)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    table_print(t, out, colors);
    fclose(out);
    return text;
}

static void expect(const table *t, bool colors, const char *expected)
{
    char *text = print(t, colors);
    assert_string_equal(text, expected);
    free(text);
}

LW_TEST(columns_are_as_wide_as_they_need_and_lines_end_without_blanks)
{
    table t;
    table_init(&t, heads);
    expect(&t, false, "NAME  STATE  MORE\n");
    table_add(&t, "lamp-1");
    table_add(&t, "on");
    table_add(&t, "x");
    table_add(&t, "l");
    table_add(&t, "asleep");
    table_add(&t, NULL);
    expect(&t, false, "NAME    STATE   MORE\nlamp-1  on      x\nl       asleep\n");
    table_fini(&t);
}

LW_TEST(letters_of_several_octets_are_one_wide)
{
    table t;
    table_init(&t, heads);
    table_add(&t, "K\xc3\xbc"
                  "che");
    table_add(&t, "on");
    table_add(&t, "");
    expect(&t, false,
           "NAME   STATE  MORE\nK\xc3\xbc"
           "che  on\n");
    table_fini(&t);
}

LW_TEST(colours_are_where_they_are_wanted)
{
    table t;
    table_init(&t, heads);
    table_add(&t, "a");
    table_add_color(&t, "on", GREEN);
    table_addf(&t, "%d", 7);
    expect(&t, true,
           "\033[1mNAME\033[0m  \033[1mSTATE\033[0m  \033[1mMORE\033[0m\n"
           "a     \033[32mon\033[0m     7\n");
    expect(&t, false, "NAME  STATE  MORE\na     on     7\n");
    table_fini(&t);
}

LW_TEST(what_a_device_says_is_no_command_to_the_terminal)
{
    table t;
    table_init(&t, heads);
    table_add(&t, "\033[2Jx\n");
    table_add(&t, "\x7f");
    table_add(&t, "y");
    expect(&t, true,
           "\033[1mNAME\033[0m    \033[1mSTATE\033[0m  \033[1mMORE\033[0m\n"
           "?[2Jx?  ?      y\n");
    table_fini(&t);
}

LW_TEST(a_row_that_is_not_full_is_not_printed)
{
    table t;
    table_init(&t, heads);
    table_add(&t, "a");
    expect(&t, false, "NAME  STATE  MORE\n");
    table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_they_need_and_lines_end_without_blanks),
        cmocka_unit_test(letters_of_several_octets_are_one_wide),
        cmocka_unit_test(colours_are_where_they_are_wanted),
        cmocka_unit_test(what_a_device_says_is_no_command_to_the_terminal),
        cmocka_unit_test(a_row_that_is_not_full_is_not_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
