#include "api/body.h"

#include "testing/lw_test.h"

static body b;
static json_t *json;

/* 3/0/13 time, 3/0/7 integer, 3/0/14 string, 9/0/1 opaque, 9/0/2 unsigned, 9/0/3 float, 9/0/4
 * boolean, 9/0/5 objlnk; others are not known. */
static lw_type type_of(void *ctx, lw_path path)
{
    (void)ctx;
    switch (lw_path_id(path, LW_LEVEL_OBJECT) * 100 + lw_path_id(path, LW_LEVEL_RESOURCE)) {
    case 313:
        return LW_TYPE_TIME;
    case 307:
        return LW_TYPE_INTEGER;
    case 314:
        return LW_TYPE_STRING;
    case 901:
        return LW_TYPE_OPAQUE;
    case 902:
        return LW_TYPE_UNSIGNED;
    case 903:
        return LW_TYPE_FLOAT;
    case 904:
        return LW_TYPE_BOOLEAN;
    case 905:
        return LW_TYPE_OBJLNK;
    default:
        return LW_TYPE_NONE;
    }
}

static void parse(const char *text)
{
    json_decref(json);
    body_fini(&b);
    b = (body){.type_of = type_of};
    json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
}

static int end(void **state)
{
    (void)state;
    body_fini(&b);
    json_decref(json);
    json = NULL;
    return 0;
}

#define assert_wrong(call, where, part)          \
    do {                                         \
        assert_false(call);                      \
        assert_string_equal(b.pointer, (where)); \
        assert_non_null(strstr(b.why, (part)));  \
    } while (0)

/* ---- Values --------------------------------------------------------------------------------- */

static lw_value value_of(const char *text, lw_type type)
{
    lw_value v;
    parse(text);
    assert_null(body_value(&b, json, type, &v));
    return v;
}

static void no_value(const char *text, lw_type type, const char *part)
{
    lw_value v;
    parse(text);
    const char *why = body_value(&b, json, type, &v);
    assert_non_null(why);
    assert_non_null(strstr(why, part));
}

LW_TEST(values_have_the_type_of_their_resource)
{
    assert_bytes(value_of("\"text\"", LW_TYPE_STRING).as.bytes, "text");
    assert_true(value_of("-5", LW_TYPE_INTEGER).as.integer == -5);
    assert_true(value_of("5.0", LW_TYPE_INTEGER).as.integer == 5);
    assert_true(value_of("\"-9223372036854775808\"", LW_TYPE_INTEGER).as.integer == INT64_MIN);
    assert_true(value_of("\"18446744073709551615\"", LW_TYPE_UNSIGNED).as.uns == UINT64_MAX);
    assert_true(value_of("3", LW_TYPE_FLOAT).as.number == 3);
    assert_true(value_of("\"-Infinity\"", LW_TYPE_FLOAT).as.number < -1e308);
    assert_true(value_of("true", LW_TYPE_BOOLEAN).as.boolean);
    assert_bytes(value_of("\"AAEC\"", LW_TYPE_OPAQUE).as.bytes, "\x00\x01\x02");
    assert_true(value_of("\"2026-01-31T08:00:00Z\"", LW_TYPE_TIME).as.integer == 1769846400);
    assert_true(value_of("1769846400", LW_TYPE_TIME).as.integer == 1769846400);
    assert_int_equal(value_of("\"3:1\"", LW_TYPE_OBJLNK).as.link.instance, 1);
    assert_int_equal(value_of("\"</3>\"", LW_TYPE_CORELNK).type, LW_TYPE_CORELNK);
}

LW_TEST(values_of_another_type_are_refused)
{
    no_value("5", LW_TYPE_STRING, "string");
    no_value("5.5", LW_TYPE_INTEGER, "whole number");
    no_value("\"5x\"", LW_TYPE_INTEGER, "whole number");
    no_value("1e30", LW_TYPE_INTEGER, "whole number");
    no_value("-1", LW_TYPE_UNSIGNED, "not negative");
    no_value("\"warm\"", LW_TYPE_FLOAT, "number");
    no_value("1", LW_TYPE_BOOLEAN, "true or false");
    no_value("\"no base64!\"", LW_TYPE_OPAQUE, "base64");
    no_value("7", LW_TYPE_OPAQUE, "base64");
    no_value("\"noon\"", LW_TYPE_TIME, "a time");
    no_value("\"3\"", LW_TYPE_OBJLNK, "object link");
    no_value("null", LW_TYPE_NONE, "a value");
    no_value("[1]", LW_TYPE_NONE, "a value");
}

LW_TEST(without_a_definition_json_decides)
{
    assert_int_equal(value_of("\"x\"", LW_TYPE_NONE).type, LW_TYPE_STRING);
    assert_int_equal(value_of("1", LW_TYPE_NONE).type, LW_TYPE_INTEGER);
    assert_int_equal(value_of("1.5", LW_TYPE_NONE).type, LW_TYPE_FLOAT);
    assert_int_equal(value_of("false", LW_TYPE_NONE).type, LW_TYPE_BOOLEAN);
}

LW_TEST(a_value_may_say_its_type)
{
    lw_value v = value_of("{\"type\":\"opaque\",\"value\":\"AAEC\"}", LW_TYPE_NONE);
    assert_int_equal(v.type, LW_TYPE_OPAQUE);
    no_value("{\"type\":\"opaque\"}", LW_TYPE_NONE, "must have a type");
    no_value("{\"type\":\"blob\",\"value\":\"\"}", LW_TYPE_NONE, "must have a type");
    no_value("{\"type\":\"string\",\"value\":\"\",\"x\":1}", LW_TYPE_NONE, "must have a type");
}

/* ---- Bodies --------------------------------------------------------------------------------- */

LW_TEST(a_resource_is_a_value)
{
    parse("\"+02:00\"");
    assert_true(body_read_write(&b, json, lw_path_resource(3, 0, 14)));
    /* [{0: "/3/0/14", 3: "+02:00"}] */
    assert_bytes(b.encoded, "\x81\xa2\x00\x67/3/0/14\x03\x66+02:00");
}

LW_TEST(a_multiple_resource_is_values_by_id)
{
    parse("{\"1\":5000,\"0\":3800}");
    assert_true(body_read_write(&b, json, lw_path_resource(3, 0, 7)));
    /* In tree order, with a base name: "/3/0/7/" */
    assert_bytes(b.encoded, "\x82\xa3\x21\x67/3/0/7/\x00\x61\x30\x02\x19\x0e\xd8"
                            "\xa2\x00\x61\x31\x02\x19\x13\x88");
}

LW_TEST(an_instance_is_resources_by_id)
{
    parse("{\"14\":\"x\",\"7\":{\"0\":1}}");
    assert_true(body_read_write(&b, json, lw_path_instance(3, 0)));
    assert_int_equal(b.count, 2);
    assert_true(lw_path_equal(b.entries[0].path, lw_path_resource_instance(3, 0, 7, 0)));
    assert_true(lw_path_equal(b.entries[1].path, lw_path_resource(3, 0, 14)));
}

LW_TEST(what_is_wrong_is_pointed_at)
{
    parse("{\"13\":\"noon\"}");
    assert_wrong(body_read_write(&b, json, lw_path_instance(3, 0)), "/13",
                 "/3/0/13 must be a time");
    parse("{\"7\":{\"0\":\"x\"}}");
    assert_wrong(body_read_write(&b, json, lw_path_instance(3, 0)), "/7/0", "/3/0/7/0 must be");
    parse("{\"a/b~c\":1}");
    assert_wrong(body_read_write(&b, json, lw_path_instance(3, 0)), "/a~1b~0c", "ids of resources");
    parse("{\"65535\":1}");
    assert_wrong(body_read_write(&b, json, lw_path_instance(3, 0)), "/65535", "up to 65534");
    parse("{\"07\":1}");
    assert_wrong(body_read_write(&b, json, lw_path_instance(3, 0)), "/07", "ids of resources");
    parse("5");
    assert_wrong(body_read_write(&b, json, lw_path_instance(3, 0)), "", "resources by id");
    parse("{}");
    assert_wrong(body_read_write(&b, json, lw_path_object(3)), "", "POST creates");
}

LW_TEST(a_long_name_is_cut_where_a_character_ends)
{
    char text[400] = "{\"";
    for (int i = 0; i < 100; i++) {
        strcat(text, "\xc3\xa4");
    }
    strcat(text, "\":1}");
    parse(text);
    assert_false(body_read_write(&b, json, lw_path_instance(3, 0)));
    assert_true(strlen(b.pointer) % 2 == 1); /* a slash, then whole characters */
}

LW_TEST(a_create_leaves_the_instance_to_the_device_or_names_it)
{
    parse("{\"1\":true}");
    assert_true(body_read_create(&b, json, lw_path_object(77)));
    assert_true(lw_path_equal(b.entries[0].path, lw_path_resource(77, 65535, 1)));
    parse("{\"1\":true}");
    assert_true(body_read_create(&b, json, lw_path_instance(77, 4)));
    assert_true(lw_path_equal(b.entries[0].path, lw_path_resource(77, 4, 1)));
    parse("{}");
    assert_true(body_read_create(&b, json, lw_path_object(77)));
    assert_bytes(b.encoded, "\x80");
    parse("[]");
    assert_wrong(body_read_create(&b, json, lw_path_object(77)), "", "resources by id");
}

LW_TEST(composite_values_stand_by_path)
{
    parse("{\"values\":{\"/3/0/14\":\"x\",\"/9/0/4\":true}}");
    assert_true(body_read_values(&b, json));
    assert_int_equal(b.count, 2);
    parse("{\"values\":{\"/3/0\":1}}");
    assert_wrong(body_read_values(&b, json), "/values/~13~10", "paths of resources");
    parse("{\"values\":{}}");
    assert_wrong(body_read_values(&b, json), "/values", "values by path");
    parse("{\"value\":{}}");
    assert_wrong(body_read_values(&b, json), "", "\"values\"");
}

LW_TEST(null_removes_a_resource_instance)
{
    parse("{\"values\":{\"/3/0/7/1\":null}}");
    assert_true(body_read_values(&b, json));
    assert_int_equal(b.entries[0].kind, LW_ENTRY_REMOVE);
    parse("{\"values\":{\"/3/0/7\":null}}");
    assert_wrong(body_read_values(&b, json), "/values/~13~10~17", "resource instance");
}

LW_TEST(paths_are_a_list)
{
    parse("{\"paths\":[\"/3/0/9\",\"/\"]}");
    assert_true(body_read_paths(&b, json));
    assert_int_equal(b.count, 2);
    parse("{\"paths\":[\"/3\",\"3\"]}");
    assert_wrong(body_read_paths(&b, json), "/paths/1", "must be a path");
    parse("{\"paths\":[]}");
    assert_wrong(body_read_paths(&b, json), "/paths", "1 to 256 paths");
}

LW_TEST(arguments_become_the_text_of_execute)
{
    parse("{\"arguments\":{\"2\":\"10.3\",\"5\":null}}");
    assert_true(body_read_arguments(&b, json));
    assert_bytes(b.encoded, "2='10.3',5");
    parse("{\"arguments\":{\"0\":\"it's\"}}");
    assert_wrong(body_read_arguments(&b, json), "/arguments/0", "printable ASCII");
    parse("{\"arguments\":{\"10\":null}}");
    assert_wrong(body_read_arguments(&b, json), "/arguments/10", "digits");
    parse("{\"arguments\":{\"1\":1}}");
    assert_wrong(body_read_arguments(&b, json), "/arguments/1", "string or null");
}

LW_TEST(attributes_become_a_query)
{
    parse("{\"pmin\":10,\"gt\":21.5,\"con\":true,\"lt\":null}");
    assert_true(body_read_attributes(&b, json, true));
    assert_bytes(b.encoded, "pmin=10&gt=21.5&con=1&lt");
    parse("{\"pmin\":null}");
    assert_wrong(body_read_attributes(&b, json, false), "/pmin", "whole number below 2^32");
    parse("{\"pmin\":-1}");
    assert_wrong(body_read_attributes(&b, json, true), "/pmin", "whole number below 2^32");
    parse("{\"pmin\":4294967296}");
    assert_wrong(body_read_attributes(&b, json, true), "/pmin", "whole number below 2^32");
    parse("{\"gt\":\"1\"}");
    assert_wrong(body_read_attributes(&b, json, true), "/gt", "a number");
    parse("{\"con\":1}");
    assert_wrong(body_read_attributes(&b, json, true), "/con", "true or false");
    parse("{\"pmn\":1}");
    assert_wrong(body_read_attributes(&b, json, true), "/pmn", "no such attribute");
    parse("{}");
    assert_wrong(body_read_attributes(&b, json, true), "", "at least one");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, end)
    const struct CMUnitTest tests[] = {
        CASE(values_have_the_type_of_their_resource),
        CASE(values_of_another_type_are_refused),
        CASE(without_a_definition_json_decides),
        CASE(a_value_may_say_its_type),
        CASE(a_resource_is_a_value),
        CASE(a_multiple_resource_is_values_by_id),
        CASE(an_instance_is_resources_by_id),
        CASE(what_is_wrong_is_pointed_at),
        CASE(a_long_name_is_cut_where_a_character_ends),
        CASE(a_create_leaves_the_instance_to_the_device_or_names_it),
        CASE(composite_values_stand_by_path),
        CASE(null_removes_a_resource_instance),
        CASE(paths_are_a_list),
        CASE(arguments_become_the_text_of_execute),
        CASE(attributes_become_a_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
