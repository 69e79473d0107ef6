#include "http/target.h"

#include "testing/lw_test.h"

static char buffer[256];

static lw_target parsed(const char *text)
{
    lw_target t;
    assert_ok(lw_target_parse(lw_bytes_str(text), buffer, &t));
    return t;
}

static void refused(const char *text, lw_err expected)
{
    lw_target t;
    assert_err(lw_target_parse(lw_bytes_str(text), buffer, &t), expected);
}

LW_TEST(a_path_is_its_segments)
{
    lw_target t = parsed("/v1/devices/lamp-1");
    assert_int_equal(t.segment_count, 3);
    assert_bytes(t.segments[0], "v1");
    assert_bytes(t.segments[2], "lamp-1");
    assert_bytes(lw_target_rest(&t, 1), "devices/lamp-1");
    assert_bytes(lw_target_rest(&t, 3), "");
}

LW_TEST(an_encoded_slash_stays_inside_its_segment)
{
    lw_target t = parsed("/v1/a%2Fb/3/0%2f9");
    assert_int_equal(t.segment_count, 4);
    assert_bytes(t.segments[1], "a/b");
    assert_bytes(lw_target_rest(&t, 2), "3/0/9");
}

LW_TEST(empty_segments_are_segments)
{
    lw_target t = parsed("/");
    assert_int_equal(t.segment_count, 1);
    assert_bytes(t.segments[0], "");
    t = parsed("//a/");
    assert_int_equal(t.segment_count, 3);
    assert_bytes(t.segments[2], "");
}

LW_TEST(query_items_are_decoded)
{
    lw_target t = parsed("/x?q=a%26b+c&async&empty=&&n=1=2");
    assert_int_equal(t.item_count, 4);
    assert_bytes(*lw_target_item_of(&t, "q"), "a&b c");
    assert_bytes(*lw_target_item_of(&t, "async"), "");
    assert_bytes(*lw_target_item_of(&t, "empty"), "");
    assert_bytes(*lw_target_item_of(&t, "n"), "1=2");
    assert_null(lw_target_item_of(&t, "other"));
}

LW_TEST(a_plus_in_the_path_is_a_plus)
{
    lw_target t = parsed("/a+b");
    assert_bytes(t.segments[0], "a+b");
}

LW_TEST(an_absolute_url_is_taken_by_its_path)
{
    lw_target t = parsed("http://localhost:8080/v1/server?x=1");
    assert_int_equal(t.segment_count, 2);
    assert_bytes(t.segments[1], "server");
    assert_int_equal(t.item_count, 1);
    t = parsed("https://localhost");
    assert_int_equal(t.segment_count, 1);
    t = parsed("http://");
    assert_int_equal(t.segment_count, 1);
}

LW_TEST(what_cannot_be_decoded_is_refused)
{
    refused("", LW_EFORMAT);
    refused("*", LW_EFORMAT);
    refused("v1", LW_EFORMAT);
    refused("/%", LW_EFORMAT);
    refused("/%4", LW_EFORMAT);
    refused("/%zz", LW_EFORMAT);
    refused("/%00", LW_EFORMAT);
    refused("/%0a", LW_EFORMAT);
    refused("/a b", LW_EFORMAT);
    refused("/%ff", LW_EFORMAT);       /* not UTF-8 */
    refused("/?q=%c3%28", LW_EFORMAT); /* neither */
    refused("/a#b", LW_EFORMAT);
}

LW_TEST(too_many_pieces_are_refused)
{
    refused("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", LW_ETOOBIG);
    refused("/?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", LW_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_its_segments),
        cmocka_unit_test(an_encoded_slash_stays_inside_its_segment),
        cmocka_unit_test(empty_segments_are_segments),
        cmocka_unit_test(query_items_are_decoded),
        cmocka_unit_test(a_plus_in_the_path_is_a_plus),
        cmocka_unit_test(an_absolute_url_is_taken_by_its_path),
        cmocka_unit_test(what_cannot_be_decoded_is_refused),
        cmocka_unit_test(too_many_pieces_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
