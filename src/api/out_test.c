#include "api/out.h"

#include <math.h>

#include "testing/lw_test.h"

static json_out o;

static int begin(void **state)
{
    (void)state;
    o = (json_out){.text = NULL};
    return 0;
}

static int end(void **state)
{
    (void)state;
    out_fini(&o);
    return 0;
}

#define assert_out(literal)                                \
    do {                                                   \
        assert_false(o.failed);                            \
        assert_bytes(lw_bytes_of(o.text, o.len), literal); \
        o.len = 0;                                         \
        o.comma = false;                                   \
    } while (0)

LW_TEST(commas_stand_between_items_and_nowhere_else)
{
    out_object(&o, NULL);
    out_array(&o, "a");
    out_end(&o, ']');
    out_array(&o, "b");
    out_int(&o, NULL, 1);
    out_object(&o, NULL);
    out_end(&o, '}');
    out_bool(&o, NULL, true);
    out_end(&o, ']');
    out_null(&o, "c");
    out_end(&o, '}');
    assert_out("{\"a\":[],\"b\":[1,{},true],\"c\":null}");
}

LW_TEST(texts_are_escaped)
{
    out_text(&o, NULL, lw_bytes_str("a\"b\\c\n\x01\xc3\xa4"));
    assert_out("\"a\\\"b\\\\c\\n\\u0001\xc3\xa4\"");
}

LW_TEST(octets_that_are_no_utf8_become_replacements)
{
    out_text(&o, NULL, lw_bytes_str("a\xff\"b"));
    assert_out("\"a\xef\xbf\xbd\\\"b\"");
}

LW_TEST(integers_that_json_readers_round_are_strings)
{
    out_value(&o, NULL, lw_value_integer(9007199254740992));
    out_value(&o, NULL, lw_value_integer(9007199254740993));
    out_value(&o, NULL, lw_value_integer(INT64_MIN));
    out_value(&o, NULL, lw_value_unsigned(UINT64_MAX));
    out_value(&o, NULL, lw_value_unsigned(7));
    assert_out("9007199254740992,\"9007199254740993\",\"-9223372036854775808\","
               "\"18446744073709551615\",7");
}

LW_TEST(floats_have_their_shortest_text)
{
    out_value(&o, NULL, lw_value_float(0.1));
    out_value(&o, NULL, lw_value_single(21.3f));
    out_value(&o, NULL, lw_value_float(1e300));
    out_value(&o, NULL, lw_value_float(36893488147419103232.0));
    out_value(&o, NULL, lw_value_float((double)NAN));
    out_value(&o, NULL, lw_value_float((double)-INFINITY));
    assert_out("0.1,21.3,1e300,36893488147419103000.0,\"NaN\",\"-Infinity\"");
}

LW_TEST(other_values_have_the_texts_of_the_interface)
{
    out_value(&o, NULL, lw_value_boolean(false));
    out_value(&o, NULL, lw_value_time(1769846400));
    out_value(&o, NULL, lw_value_objlnk(3, 0));
    out_value(&o, NULL, lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of("\x00\x01\x02", 3)));
    out_value(&o, NULL, lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(NULL, 0)));
    out_value(&o, NULL, lw_value_none());
    assert_out("false,\"2026-01-31T08:00:00Z\",\"3:0\",\"AAEC\",\"\",null");
}

LW_TEST(times_have_milliseconds_also_before_1970)
{
    out_time(&o, NULL, 1769846400250);
    out_time(&o, NULL, -1);
    assert_out("\"2026-01-31T08:00:00.250Z\",\"1969-12-31T23:59:59.999Z\"");
}

LW_TEST(years_that_rfc_3339_cannot_say_are_numbers)
{
    out_date(&o, NULL, INT64_MAX);
    assert_out("9223372036854775807");
}

LW_TEST(codes_and_paths)
{
    out_code(&o, NULL, 0x84);
    out_path(&o, NULL, lw_path_resource(3, 0, 9));
    out_path(&o, NULL, lw_path_root());
    assert_out("\"4.04\",\"/3/0/9\",\"/\"");
}

LW_TEST(a_text_that_would_grow_too_long_fails_for_good)
{
    out_text(&o, NULL, lw_bytes_of("", 0));
    o.len = OUT_MAX - 4; /* as if that much had been written */
    o.cap = OUT_MAX - 4;
    out_str(&o, NULL, "four");
    assert_true(o.failed);
    out_int(&o, NULL, 1);
    assert_true(o.failed);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(commas_stand_between_items_and_nowhere_else),
        CASE(texts_are_escaped),
        CASE(octets_that_are_no_utf8_become_replacements),
        CASE(integers_that_json_readers_round_are_strings),
        CASE(floats_have_their_shortest_text),
        CASE(other_values_have_the_texts_of_the_interface),
        CASE(times_have_milliseconds_also_before_1970),
        CASE(years_that_rfc_3339_cannot_say_are_numbers),
        CASE(codes_and_paths),
        CASE(a_text_that_would_grow_too_long_fails_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
