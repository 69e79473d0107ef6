/* DM-61; P-DM-17, P-DM-18; the error of formats.md section 12. */
#include "proto/execute.h"

#include <stdlib.h>

#include "testing/lw_test.h"

/* Reads all arguments and writes them again; the verdict of the reader. */
static lw_err rewrite(lw_bytes payload, lw_writer *w)
{
    lw_exec_args args = lw_exec_args_of(payload);
    lw_exec_arg arg;
    uint16_t seen = 0;
    lw_err err;
    while ((err = lw_exec_args_next(&args, &arg)) == LW_OK) {
        lw_exec_args_put(w, &seen, arg);
    }
    assert_ok(w->err);
    return err;
}

static void expect_both_ways(const char *payload)
{
    uint8_t text[64];
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    assert_err(rewrite(lw_bytes_str(payload), &w), LW_END);
    assert_true(lw_bytes_is(lw_writer_bytes(&w), payload));
}

LW_TEST(dm_61_arguments_are_read_and_written)
{
    expect_both_ways("");
    expect_both_ways("5");
    expect_both_ways("2='10.3'");
    expect_both_ways("7,0='https://www.oma.org'");
    expect_both_ways("0,1,2,3,4");
    expect_both_ways("0=''");
    expect_both_ways("0='U'");
    expect_both_ways("9='!#[]~<>=,'");
}

LW_TEST(what_the_grammar_does_not_have_is_refused)
{
    static const char *const wrong[] = {
        "a",
        "10",
        ",",
        "0,",
        "0,,1",
        "0=",
        "0=1",
        "0='",
        "0='a",
        "0='a b'",
        "0='a\"'",
        "0='a\\'",
        "0='\xC3\xA4'",
        "0='a'x",
        "0 ,1",
        " 0",
        "0='a''b'",
        "7,0=' <http://x>'",
        "1,1",
        "3='a',3='b'", /* P-DM-18 */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t text[64];
        lw_writer w;
        lw_writer_init(&w, text, sizeof text);
        print_message("%s\n", wrong[i]);
        assert_err(rewrite(lw_bytes_str(wrong[i]), &w), LW_EFORMAT);
    }
}

LW_TEST(one_argument_is_found_in_a_well_formed_list)
{
    lw_exec_arg arg;
    assert_ok(lw_exec_args_find(lw_bytes_str("1,0='T'"), 0, &arg));
    assert_bytes(arg.value, "T");
    assert_ok(lw_exec_args_find(lw_bytes_str("1,0='T'"), 1, &arg));
    assert_null(arg.value.ptr);
    assert_err(lw_exec_args_find(lw_bytes_str("1,0='T'"), 2, &arg), LW_ENOTFOUND);
    assert_err(lw_exec_args_find(lw_bytes_str(""), 2, &arg), LW_ENOTFOUND);
    assert_err(lw_exec_args_find(lw_bytes_str("0='T',"), 0, &arg), LW_EFORMAT);
}

LW_TEST(p_dm_17_what_cannot_be_expressed_fails_the_writer)
{
    static const lw_exec_arg wrong[] = {
        {.digit = 10}, {.digit = 1, .value = LW_BYTES_LIT("a b")}, {.digit = 0}};
    for (size_t i = 0; i < 3; i++) {
        uint8_t text[64];
        lw_writer w;
        lw_writer_init(&w, text, sizeof text);
        uint16_t seen = 0;
        lw_exec_args_put(&w, &seen, (lw_exec_arg){.digit = 0});
        lw_exec_args_put(&w, &seen, wrong[i]);
        assert_err(w.err, LW_EINVAL);
    }
}

LW_TEST(every_truncation_and_mutation_is_read_or_refused)
{
    static const char whole[] = "0,2='10.3',7='x'";
    for (size_t len = 0; len < sizeof whole; len++) {
        for (unsigned flip = 0; flip < 256; flip++) {
            uint8_t *copy = malloc(len + 1);
            assert_non_null(copy);
            memcpy(copy + 1, whole, len);
            if (len > 0) {
                copy[len] = (uint8_t)(copy[len] ^ flip);
            }
            uint8_t text[64];
            lw_writer w;
            lw_writer_init(&w, text, sizeof text);
            lw_err err = rewrite(lw_bytes_of(copy + 1, len), &w);
            assert_true(err == LW_END || err == LW_EFORMAT);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dm_61_arguments_are_read_and_written),
        cmocka_unit_test(what_the_grammar_does_not_have_is_refused),
        cmocka_unit_test(one_argument_is_found_in_a_well_formed_list),
        cmocka_unit_test(p_dm_17_what_cannot_be_expressed_fails_the_writer),
        cmocka_unit_test(every_truncation_and_mutation_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
