#include "testing/lw_test.h"

#include "coap/msg.h"

LW_TEST(register_is_written_and_read)
{
    static const char wire[] =
        "\x41\x02\x10\x01\xA1\xB2\x72\x64\x11\x28\x37\x65\x70\x3D\x64\x65\x76"
        "\x31\x06\x6C\x74\x3D\x33\x30\x30\x09\x6C\x77\x6D\x32\x6D\x3D\x31\x2E"
        "\x31\x03\x62\x3D\x55\xFF\x3C\x2F\x31\x2F\x30\x3E\x2C\x3C\x2F\x33\x2F"
        "\x30\x3E";
    uint8_t buf[64];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_POST, 0x1001, (lw_coap_token){1, {0xa1}});
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, "rd");
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 40);
    lw_coap_put_str(&out, LW_COAP_OPT_URI_QUERY, "ep=dev1");
    lw_coap_put_str(&out, LW_COAP_OPT_URI_QUERY, "lt=300");
    lw_coap_put_str(&out, LW_COAP_OPT_URI_QUERY, "lwm2m=1.1");
    lw_coap_put_str(&out, LW_COAP_OPT_URI_QUERY, "b=U");
    lw_coap_put_payload(&out, lw_bytes_str("</1/0>,</3/0>"));
    assert_ok(w.err);
    assert_bytes(lw_writer_bytes(&w), wire);

    lw_coap_msg m;
    assert_ok(lw_coap_msg_parse(lw_writer_bytes(&w), &m));
    assert_int_equal(m.type, LW_COAP_CON);
    assert_int_equal(m.code, LW_COAP_POST);
    assert_int_equal(m.mid, 0x1001);
    assert_int_equal(m.token.len, 1);
    assert_int_equal(m.token.octets[0], 0xa1);
    assert_bytes(m.payload, "</1/0>,</3/0>");
    uint32_t v;
    assert_true(lw_coap_opt_find_uint(m.options, LW_COAP_OPT_CONTENT_FORMAT, &v));
    assert_int_equal(v, 40);
    assert_ok(lw_coap_opts_check(m.options, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(register_is_written_and_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
