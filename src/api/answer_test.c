/* What devices send, as JSON: what can be read and what cannot. */
#include "api/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/view_rig_test.h"
#include "codec/format.h"

#define NOW INT64_C(1769846400000)

static void expect(const char *members)
{
    assert_false(o.failed);
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)o.len, o.text);
    assert_string_equal(text, members);
    out_fini(&o);
    o = (json_out){.text = NULL};
}

static lw_path at(const char *path)
{
    lw_path p;
    assert_ok(lw_path_parse(lw_bytes_str(path), &p));
    return p;
}

LW_TEST(a_value_has_its_name_unit_and_type)
{
    answer_payload(&o, &v, at("/3303/0/5700"), LW_CF_TEXT, lw_bytes_str("21.5"), NOW);
    expect("\"format\":\"text/plain;charset=utf-8\",\"values\":[{\"path\":\"/3303/0/5700\","
           "\"name\":\"Sensor Value\",\"type\":\"float\",\"value\":21.5}]");
    answer_payload(&o, &v, at("/3/0/9"), LW_CF_TEXT, lw_bytes_str("95"), NOW);
    expect("\"format\":\"text/plain;charset=utf-8\",\"values\":[{\"path\":\"/3/0/9\","
           "\"name\":\"Battery Level\",\"unit\":\"/100\",\"type\":\"integer\",\"value\":95}]");
}

LW_TEST(values_of_objects_that_nobody_defined_have_the_type_that_they_say)
{
    answer_payload(&o, &v, lw_path_root(), LW_CF_SENML_JSON,
                   lw_bytes_str("[{\"n\":\"/30000/0/1\",\"v\":7}]"), NOW);
    expect("\"format\":\"application/senml+json\",\"values\":[{\"path\":\"/30000/0/1\","
           "\"type\":\"integer\",\"value\":7}]");
}

LW_TEST(times_are_absolute_or_count_from_when_it_came)
{
    answer_payload(&o, &v, lw_path_root(), LW_CF_SENML_JSON,
                   lw_bytes_str("[{\"n\":\"/30000/0/1\",\"vb\":true,\"t\":-60},"
                                "{\"n\":\"/30000/0/1\",\"vb\":false,\"t\":1600000000}]"),
                   NOW);
    expect("\"format\":\"application/senml+json\",\"values\":[{\"path\":\"/30000/0/1\","
           "\"type\":\"boolean\",\"value\":true,\"at\":\"2026-01-31T07:59:00.000Z\"},"
           "{\"path\":\"/30000/0/1\",\"type\":\"boolean\",\"value\":false,"
           "\"at\":\"2020-09-13T12:26:40.000Z\"}]");
}

LW_TEST(a_payload_that_breaks_off_is_told_as_it_is_and_nothing_of_it_as_a_value)
{
    o.comma = false;
    out_str(&o, "before", "x");
    answer_payload(&o, &v, lw_path_root(), LW_CF_SENML_JSON,
                   lw_bytes_str("[{\"n\":\"/3/0/9\",\"v\":95},{\"n\":"), NOW);
    const char *whole =
        "\"before\":\"x\",\"format\":\"application/senml+json\",\"raw\":{\"why\":\"";
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)o.len, o.text);
    assert_ptr_equal(strstr(text, whole), text);
    assert_null(strstr(text, "values"));
}

LW_TEST(a_payload_with_a_time_beyond_all_calendars_is_raw)
{
    answer_payload(&o, &v, lw_path_root(), LW_CF_SENML_JSON,
                   lw_bytes_str("[{\"n\":\"/30000/0/1\",\"v\":1},{\"n\":\"/30000/0/1\",\"v\":2,"
                                "\"t\":1e13}]"),
                   NOW);
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)o.len, o.text);
    assert_non_null(strstr(text, "\"raw\":{\"why\":"));
    assert_null(strstr(text, "values"));
}

LW_TEST(a_format_that_is_not_known_or_not_named_is_raw)
{
    answer_payload(&o, &v, at("/3/0/9"), 9999, lw_bytes_str("abc"), NOW);
    expect("\"raw\":{\"why\":\"its format is not known\",\"payload\":\"YWJj\"}");
    answer_payload(&o, &v, at("/3/0/9"), LW_CF_NONE, lw_bytes_str(""), NOW);
    expect("\"raw\":{\"why\":\"it names no format\",\"payload\":\"\"}");
}

LW_TEST(links_have_paths_names_and_attributes)
{
    answer_links(&o, &v, lw_bytes_str("</3/0>;pmin=10,</3/0/9>;dim=\"2\";x,</30000>"));
    expect("\"links\":[{\"path\":\"/3/0\",\"name\":\"Device\",\"attributes\":{\"pmin\":\"10\"}},"
           "{\"path\":\"/3/0/9\",\"name\":\"Battery Level\",\"unit\":\"/100\","
           "\"attributes\":{\"dim\":\"2\",\"x\":null}},{\"path\":\"/30000\"}]");
}

LW_TEST(what_is_no_link_format_is_raw)
{
    answer_links(&o, &v, lw_bytes_str("</3/0>,</3"));
    expect("\"raw\":{\"why\":\"it is no link-format\",\"payload\":\"PC8zLzA+LDwvMw==\"}");
    answer_links(&o, &v, lw_bytes_str("</3/x>"));
    expect("\"raw\":{\"why\":\"it is no link-format\",\"payload\":\"PC8zL3g+\"}");
}

LW_TEST(a_devices_version_decides_which_definition_holds)
{
    api_objects *objects = calloc(1, sizeof *objects + sizeof objects->list[0]);
    assert_non_null(objects);
    objects->count = 1;
    objects->list[0] = (struct api_object){.id = 5, .version = {1, 0}};
    assert_true(view_def(&v, 5)->minor > 0); /* nothing known of the device: the newest */
    v.objects = objects;
    assert_int_equal(view_def(&v, 5)->minor, 0);
    assert_null(view_def(&v, 30000));
    assert_int_equal(view_type_of(&v, at("/30000/0/1")), LW_TYPE_NONE);
    assert_int_equal(view_type_of(&v, at("/5/0")), LW_TYPE_NONE);
    assert_int_equal(view_type_of(&v, at("/5/0/0")), LW_TYPE_OPAQUE);
    free(objects);
}

LW_TEST(formats_have_names)
{
    assert_int_equal(format_of_name(lw_bytes_str("senml-cbor")), LW_CF_SENML_CBOR);
    assert_int_equal(format_of_name(lw_bytes_str("tlv")), LW_CF_TLV);
    assert_int_equal(format_of_name(lw_bytes_str("xml")), LW_CF_NONE);
    assert_int_equal(format_of_name(lw_bytes_str("")), LW_CF_NONE);
    assert_string_equal(format_media_type(LW_CF_LINK), "application/link-format");
    assert_null(format_media_type(9999));
}

LW_TEST(a_diagnostic_that_is_no_text_is_left_out)
{
    assert_bytes(answer_diagnostic(lw_bytes_str("no such thing")), "no such thing");
    assert_int_equal(answer_diagnostic(lw_bytes_of("\xff", 1)).len, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(a_value_has_its_name_unit_and_type),
        CASE(values_of_objects_that_nobody_defined_have_the_type_that_they_say),
        CASE(times_are_absolute_or_count_from_when_it_came),
        CASE(a_payload_that_breaks_off_is_told_as_it_is_and_nothing_of_it_as_a_value),
        CASE(a_payload_with_a_time_beyond_all_calendars_is_raw),
        CASE(a_format_that_is_not_known_or_not_named_is_raw),
        CASE(links_have_paths_names_and_attributes),
        CASE(what_is_no_link_format_is_raw),
        CASE(a_devices_version_decides_which_definition_holds),
        CASE(formats_have_names),
        CASE(a_diagnostic_that_is_no_text_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
