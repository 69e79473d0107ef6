#include "proto/endpoint.h"

#include "testing/lw_test.h"

static bool valid(const char *name)
{
    return lw_endpoint_is_valid(lw_bytes_str(name));
}

LW_TEST(ver_24_a_name_is_utf_8_and_not_empty)
{
    assert_true(valid("urn:dev:os:0023C7-000001"));
    assert_true(valid("Haus Nr. \xC3\xA4"));
    assert_false(valid(""));
    assert_false(valid("\xC3"));
    assert_false(valid("a\nb"));
    assert_false(valid("a\x7f"));
    char name[LW_ENDPOINT_MAX + 1];
    memset(name, 'x', sizeof name);
    assert_true(lw_endpoint_is_valid(lw_bytes_of(name, LW_ENDPOINT_MAX)));
    assert_false(lw_endpoint_is_valid(lw_bytes_of(name, sizeof name)));
}

static lw_endpoint_form form(const char *name)
{
    return lw_endpoint_form_of(lw_bytes_str(name));
}

LW_TEST(ver_26_the_shapes_of_urns_are_known)
{
    assert_int_equal(form("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), LW_ENDPOINT_UUID);
    assert_int_equal(form("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf"), LW_ENDPOINT_OTHER);
    assert_int_equal(form("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bfg"), LW_ENDPOINT_OTHER);
    assert_int_equal(form("urn:dev:ops:32473-Refrigerator-5002"), LW_ENDPOINT_OPS);
    assert_int_equal(form("urn:dev:ops:"), LW_ENDPOINT_OTHER);
    assert_int_equal(form("urn:dev:os:32473-123456"), LW_ENDPOINT_OS);
    assert_int_equal(form("urn:gsma:imei:90420156-025763-0"), LW_ENDPOINT_GSMA_IMEI);
    assert_int_equal(form("urn:gsma:imei:90420156-025763-00"), LW_ENDPOINT_OTHER);
    assert_int_equal(form("urn:3gpp2:meid:A04B0D56-02577F-6"), LW_ENDPOINT_3GPP2_MEID);
    assert_int_equal(form("urn:imei:904201560257630"), LW_ENDPOINT_DEPRECATED);
    assert_int_equal(form("urn:esn:80AF2c0d"), LW_ENDPOINT_DEPRECATED);
    assert_int_equal(form("urn:nai:user@example.org"), LW_ENDPOINT_DEPRECATED);
    assert_int_equal(form("dev1"), LW_ENDPOINT_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ver_24_a_name_is_utf_8_and_not_empty),
        cmocka_unit_test(ver_26_the_shapes_of_urns_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
