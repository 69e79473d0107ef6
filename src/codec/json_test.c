/* In the spirit of the well-known collections of JSON texts that a reader must accept or refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

/* ---- Whole texts ------------------------------------------------------------------------------
 */

/* How the tokens of a text end. The text is a block of its own, so that sanitizers see a read
 * beyond it. */
static lw_err end_of(lw_bytes text)
{
    uint8_t *copy = malloc(text.len + 1);
    memcpy(copy, text.ptr, text.len);
    lw_json j;
    lw_json_init(&j, lw_bytes_of(copy, text.len), true);
    lw_err err;
    lw_json_token t;
    do {
        err = lw_json_next(&j, &t);
    } while (err == LW_OK);
    free(copy);
    return err;
}

#define MAX_TOKENS 256

typedef struct token_list {
    size_t count;
    uint8_t kinds[MAX_TOKENS];
    size_t lens[MAX_TOKENS];
    lw_err err;
} token_list;

/* The same, with a window that grows octet by octet and slides behind each token. */
static void read_in_steps(lw_bytes text, token_list *out)
{
    *out = (token_list){0};
    lw_json j;
    lw_json_init(&j, lw_bytes_of(NULL, 0), false);
    size_t begin = 0;
    size_t end = 0;
    do {
        size_t len = end - begin;
        uint8_t *window = malloc(len + 1);
        memcpy(window, text.ptr + begin, len);
        j.in = lw_bytes_of(window, len);
        j.pos = 0;
        j.last = end == text.len;
        lw_json_token t;
        while ((out->err = lw_json_next(&j, &t)) == LW_OK) {
            out->kinds[out->count] = t.kind;
            out->lens[out->count++] =
                t.kind == LW_JSON_NUMBER || t.kind == LW_JSON_STRING ? t.text.len : 0;
        }
        begin += j.pos;
        end += end < text.len ? 1 : 0;
        free(window);
    } while (out->err == LW_AGAIN);
}

static void read_at_once(lw_bytes text, token_list *out)
{
    *out = (token_list){0};
    lw_json j;
    lw_json_init(&j, text, true);
    lw_json_token t;
    while ((out->err = lw_json_next(&j, &t)) == LW_OK) {
        out->kinds[out->count] = t.kind;
        out->lens[out->count++] =
            t.kind == LW_JSON_NUMBER || t.kind == LW_JSON_STRING ? t.text.len : 0;
    }
}

static void expect_same_in_steps(lw_bytes text)
{
    static token_list whole, steps;
    read_at_once(text, &whole);
    read_in_steps(text, &steps);
    assert_int_equal(whole.err, steps.err);
    assert_int_equal(whole.count, steps.count);
    assert_memory_equal(whole.kinds, steps.kinds, sizeof whole.kinds);
    assert_memory_equal(whole.lens, steps.lens, sizeof whole.lens);
}

static void expect_all(const char *const *texts, size_t count, lw_err err)
{
    for (size_t i = 0; i < count; i++) {
        lw_bytes text = lw_bytes_str(texts[i]);
        if (end_of(text) != err) {
            fail_msg("%s ends with %s", texts[i], lw_err_name(end_of(text)));
        }
        expect_same_in_steps(text);
    }
}

static const char *const valid_texts[] = {
    "0",
    "-0",
    "1",
    "-12",
    "1.5",
    "0.1",
    "-0.0",
    "1e5",
    "1E+5",
    "1.25e-5",
    "0e1",
    "123456789012345678901234567890",
    "0.000000000000000000000000000000000000000000000000000000000000000001",
    "1e999",
    "true",
    "false",
    "null",
    "\"\"",
    "\"a\"",
    " 1 ",
    "\t\r\n [ ] \n",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "[1]",
    "[1,2]",
    "[ 1 , 2 ]",
    "[[]]",
    "[[],[]]",
    "[{}]",
    "[null,true,false]",
    "{\"a\":1}",
    "{\"a\" : 1}",
    "{\"a\":1,\"b\":2}",
    "{\"a\":{\"b\":{\"c\":[]}}}",
    "{\"a\":[],\"a\":[]}", /* twice: not our decision */
    "{\"\":0}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0000\"",
    "\"\\u00e9\\u20AC\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\uDBFF\\uDFFF\"",
    "\"\\uFFFF\"",
    "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"",
    "\"\x7F\"",
    "\"// no /* comment\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", /* 32 deep */
};

static void valid_texts_are_accepted(void **state)
{
    (void)state;
    expect_all(valid_texts, sizeof valid_texts / sizeof valid_texts[0], LW_END);
}

static const char *const invalid_texts[] = {
    "",
    " ",
    /* numbers */
    "-",
    "+1",
    "01",
    "-01",
    "00",
    ".5",
    "5.",
    "-.5",
    "1.e5",
    "1e",
    "1e+",
    "1e-",
    "1.5.5",
    "1e5.5",
    "1e5e5",
    "0x10",
    "1_000",
    "1,5",
    "1 2",
    "--1",
    "1-",
    "Infinity",
    "-Infinity",
    "NaN",
    "nan",
    "\xEF\xBC\x91", /* full-width digit one */
    /* literals */
    "tru",
    "True",
    "truee",
    "nul",
    "nil",
    "falsy",
    "t",
    "undefined",
    /* arrays */
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[,]",
    "[1,,2]",
    "[1 2]",
    "[1:2]",
    "[1}",
    "[\"a\"",
    "[[]",
    "[]]",
    "[][]",
    "[1],",
    /* objects */
    "{",
    "}",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\",1}",
    "{\"a\" 1}",
    "{:1}",
    "{1:1}",
    "{a:1}",
    "{'a':1}",
    "{null:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\":1:2}",
    "{\"a\"::1}",
    "{\"a\":1]",
    "{}{}",
    "{\"a\":1}}",
    "{[]:1}",
    /* strings */
    "\"",
    "\"a",
    "'a'",
    "a",
    "\"a\nb\"",
    "\"a\tb\"",
    "\"\x01\"",
    "\"\\\"",
    "\"\\a\"",
    "\"\\'\"",
    "\"\\x41\"",
    "\"\\0\"",
    "\"\\U0041\"",
    "\"\\u\"",
    "\"\\u004\"",
    "\"\\u004g\"",
    "\"\\u 041\"",
    "\"\\uD83D\"",
    "\"\\uD83Dx\"",
    "\"\\uD83D\\n\"",
    "\"\\uD83D\\u\"",
    "\"\\uD83D\\u0041\"",
    "\"\\uD83D\\uD83D\"",
    "\"\\uD83D\\uE000\"",
    "\"\\uD83D\\uDE0x\"",
    "\"\\uDE00\"",
    "\"\\uDE00\\uD83D\"",
    /* UTF-8 */
    "\"\x80\"",
    "\"\xC3\"",
    "\"\xC3(\"",
    "\"\xC0\x80\"",
    "\"\xE0\x80\x80\"",
    "\"\xED\xA0\x80\"",
    "\"\xF4\x90\x80\x80\"",
    "\"\xFF\"",
    "{\"\xFF\":1}",
    "\xC3\xA9",
    /* other things */
    "\xEF\xBB\xBF[]", /* a byte order mark */
    "\v1",
    "\f1",
    "\xC2\xA0[]", /* a no-break space */
    "// comment\n1",
    "/* comment */1",
    "# comment\n1",
    "[1]x",
    "*",
    ",",
    ":",
    "\\u0031",
    "<1>",
    "(1)",
};

static void invalid_texts_are_refused(void **state)
{
    (void)state;
    expect_all(invalid_texts, sizeof invalid_texts / sizeof invalid_texts[0], LW_EFORMAT);
    assert_int_equal(end_of(lw_bytes_of("1\0", 2)), LW_EFORMAT);
    assert_int_equal(end_of(lw_bytes_of("\"\0\"", 3)), LW_EFORMAT);
    assert_int_equal(end_of(lw_bytes_of("[\0]", 3)), LW_EFORMAT);
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    char text[100001];
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(end_of(lw_bytes_str(text)), LW_EDEPTH);
    for (size_t i = 0; i + 5 <= sizeof text - 1; i += 5) {
        memcpy(text + i, "{\"a\":", 5);
    }
    assert_int_equal(end_of(lw_bytes_str(text)), LW_EDEPTH);
}

/* ---- Tokens -----------------------------------------------------------------------------------
 */

static lw_json_token next(lw_json *j)
{
    lw_json_token t;
    assert_int_equal(lw_json_next(j, &t), LW_OK);
    return t;
}

static void expect_kind(lw_json *j, lw_json_kind kind)
{
    assert_int_equal(next(j).kind, kind);
}

static void expect_text(lw_json *j, lw_json_kind kind, const char *text)
{
    lw_json_token t = next(j);
    assert_int_equal(t.kind, kind);
    assert_true(lw_bytes_is(t.text, text));
}

static void tokens_come_in_the_order_of_the_text(void **state)
{
    (void)state;
    lw_json j;
    lw_json_init(&j, lw_bytes_str("{\"a\":[1,-2.5e3,\"x\"],\"b\" : {},\"c\":null,\"d\":true}"),
                 true);
    expect_kind(&j, LW_JSON_OBJECT);
    expect_text(&j, LW_JSON_NAME, "a");
    expect_kind(&j, LW_JSON_ARRAY);
    assert_int_equal(j.depth, 2);
    expect_text(&j, LW_JSON_NUMBER, "1");
    expect_text(&j, LW_JSON_NUMBER, "-2.5e3");
    expect_text(&j, LW_JSON_STRING, "x");
    expect_kind(&j, LW_JSON_ARRAY_END);
    expect_text(&j, LW_JSON_NAME, "b");
    expect_kind(&j, LW_JSON_OBJECT);
    expect_kind(&j, LW_JSON_OBJECT_END);
    expect_text(&j, LW_JSON_NAME, "c");
    expect_kind(&j, LW_JSON_NULL);
    expect_text(&j, LW_JSON_NAME, "d");
    lw_json_token t = next(&j);
    assert_int_equal(t.kind, LW_JSON_BOOLEAN);
    assert_true(t.boolean);
    expect_kind(&j, LW_JSON_OBJECT_END);
    assert_int_equal(lw_json_next(&j, &t), LW_END);
    assert_int_equal(lw_json_next(&j, &t), LW_END);
}

static void a_number_may_go_on_behind_the_window(void **state)
{
    (void)state;
    lw_json j;
    lw_json_token t;
    lw_json_init(&j, lw_bytes_str("12"), false);
    assert_int_equal(lw_json_next(&j, &t), LW_AGAIN);
    assert_int_equal(j.pos, 0);
    lw_json_init(&j, lw_bytes_str("12"), true);
    expect_text(&j, LW_JSON_NUMBER, "12");
    lw_json_init(&j, lw_bytes_str("12 "), false);
    expect_text(&j, LW_JSON_NUMBER, "12");
    assert_int_equal(lw_json_next(&j, &t), LW_AGAIN);
}

static void what_cannot_become_right_is_refused_before_the_end(void **state)
{
    (void)state;
    static const char *const texts[] = {"x", "[1}", "nx", "\"\\x", "\"\\ud800\\n", "1-x", "\"\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        lw_json j;
        lw_json_token t;
        lw_json_init(&j, lw_bytes_str(texts[i]), false);
        lw_err err;
        do {
            err = lw_json_next(&j, &t);
        } while (err == LW_OK);
        assert_int_equal(err, LW_EFORMAT);
    }
}

static void skipping_goes_behind_the_value(void **state)
{
    (void)state;
    lw_json j;
    lw_json_init(&j, lw_bytes_str("[{\"a\":[{},[]],\"b\":{}},[],7,8]"), true);
    expect_kind(&j, LW_JSON_ARRAY);
    for (unsigned i = 0; i < 3; i++) {
        lw_json_token t = next(&j);
        assert_int_equal(lw_json_skip(&j, &t), LW_OK);
        assert_int_equal(j.depth, 1);
    }
    expect_text(&j, LW_JSON_NUMBER, "8");
}

static void skipping_a_value_that_is_cut_off_needs_more(void **state)
{
    (void)state;
    lw_json j;
    lw_json_init(&j, lw_bytes_str("[{\"a\":[1,"), false);
    lw_json_token t = next(&j);
    assert_int_equal(lw_json_skip(&j, &t), LW_AGAIN);
    lw_json_init(&j, lw_bytes_str("[{\"a\":[1,"), true);
    t = next(&j);
    assert_int_equal(lw_json_skip(&j, &t), LW_EFORMAT);
}

/* ---- Values -----------------------------------------------------------------------------------
 */

static void expect_unescaped(const char *text, lw_bytes want, bool is_view)
{
    uint8_t scratch[64];
    lw_writer w;
    lw_writer_init(&w, scratch, sizeof scratch);
    lw_json j;
    lw_json_init(&j, lw_bytes_str(text), true);
    lw_json_token t = next(&j);
    lw_bytes got;
    assert_int_equal(lw_json_text(&t, &w, &got), LW_OK);
    assert_true(lw_bytes_equal(got, want));
    assert_true(is_view == (w.pos == 0));
}

static void texts_without_escapes_are_views(void **state)
{
    (void)state;
    expect_unescaped("\"\"", lw_bytes_str(""), true);
    expect_unescaped("\"plain \xC3\xA9\"", lw_bytes_str("plain \xC3\xA9"), true);
}

static void escapes_are_resolved_into_scratch(void **state)
{
    (void)state;
    expect_unescaped("\"\\n\"", lw_bytes_str("\n"), false);
    expect_unescaped("\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\"", lw_bytes_str("a\"b\\c/d\b\f\n\r\t"),
                     false);
    expect_unescaped("\"\\u0041\\u00e9\\u20ac\\uD83D\\uDE00!\"",
                     lw_bytes_str("A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80!"), false);
    expect_unescaped("\"\\u0000\"", lw_bytes_of("\0", 1), false);
}

static void scratch_that_is_full_is_told(void **state)
{
    (void)state;
    uint8_t scratch[3];
    lw_writer w;
    lw_writer_init(&w, scratch, sizeof scratch);
    lw_json j;
    lw_json_init(&j, lw_bytes_str("\"\\n12\""), true);
    lw_json_token t = next(&j);
    lw_bytes got;
    assert_int_equal(lw_json_text(&t, &w, &got), LW_OK);
    assert_int_equal(lw_json_text(&t, &w, &got), LW_ETOOBIG);
}

static void tokens_become_values(void **state)
{
    (void)state;
    lw_json j;
    lw_writer w;
    lw_writer_init(&w, NULL, 0);
    lw_json_init(&j, lw_bytes_str("[null,false,21.0,21.5,\"x\",[]]"), true);
    lw_value v;
    lw_json_token t = next(&j);
    assert_int_equal(lw_json_value(&t, &w, &v), LW_EFORMAT);
    static const lw_type types[] = {LW_TYPE_NONE, LW_TYPE_BOOLEAN, LW_TYPE_INTEGER, LW_TYPE_FLOAT,
                                    LW_TYPE_STRING};
    for (size_t i = 0; i < 5; i++) {
        t = next(&j);
        assert_int_equal(lw_json_value(&t, &w, &v), LW_OK);
        assert_int_equal(v.type, types[i]);
    }
    assert_true(lw_bytes_is(v.as.bytes, "x"));
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void expect_written(lw_bytes text, const char *want)
{
    uint8_t out[128];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    lw_json_write_string(&w, text);
    assert_int_equal(w.err, LW_OK);
    assert_true(lw_bytes_is(lw_writer_bytes(&w), want));
}

static void only_what_must_be_is_escaped(void **state)
{
    (void)state;
    expect_written(lw_bytes_str(""), "\"\"");
    expect_written(lw_bytes_str("a/b \xC3\xA9\x7F"), "\"a/b \xC3\xA9\x7F\"");
    expect_written(lw_bytes_str("\"\\"), "\"\\\"\\\\\"");
    expect_written(lw_bytes_str("a\nb\rc\td"), "\"a\\nb\\rc\\td\"");
    expect_written(lw_bytes_of("\0\x1F", 2), "\"\\u0000\\u001f\"");
}

static void text_that_is_not_utf8_is_not_written(void **state)
{
    (void)state;
    uint8_t out[16];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    lw_json_write_string(&w, lw_bytes_str("\xFF"));
    assert_int_equal(w.err, LW_EFORMAT);
}

static void members_are_separated_by_commas(void **state)
{
    (void)state;
    uint8_t out[64];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    bool first = true;
    lw_json_write_name(&w, "a", &first);
    lw_json_write_number(&w, (lw_value){.type = LW_TYPE_FLOAT, .as.number = 1.5});
    lw_json_write_name(&w, "b", &first);
    lw_json_write_number(&w, (lw_value){.type = LW_TYPE_UNSIGNED, .as.uns = UINT64_MAX});
    lw_json_write_name(&w, "c", &first);
    lw_json_write_number(&w, (lw_value){.type = LW_TYPE_TIME, .as.integer = -1});
    assert_true(lw_bytes_is(lw_writer_bytes(&w), "\"a\":1.5,\"b\":18446744073709551615,\"c\":-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts_are_accepted),
        cmocka_unit_test(invalid_texts_are_refused),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(tokens_come_in_the_order_of_the_text),
        cmocka_unit_test(a_number_may_go_on_behind_the_window),
        cmocka_unit_test(what_cannot_become_right_is_refused_before_the_end),
        cmocka_unit_test(skipping_goes_behind_the_value),
        cmocka_unit_test(skipping_a_value_that_is_cut_off_needs_more),
        cmocka_unit_test(texts_without_escapes_are_views),
        cmocka_unit_test(escapes_are_resolved_into_scratch),
        cmocka_unit_test(scratch_that_is_full_is_told),
        cmocka_unit_test(tokens_become_values),
        cmocka_unit_test(only_what_must_be_is_escaped),
        cmocka_unit_test(text_that_is_not_utf8_is_not_written),
        cmocka_unit_test(members_are_separated_by_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
