#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/addr.h"

static void expect_round_trip(const char *text, const char *printed)
{
    lw_addr a;
    char out[LW_ADDR_TEXT_MAX];
    assert_int_equal(lw_addr_parse(text, 5683, &a), LW_OK);
    assert_string_equal(lw_addr_format(&a, out), printed);
}

static void addresses_are_read_with_and_without_port(void **state)
{
    (void)state;
    expect_round_trip("127.0.0.1", "127.0.0.1:5683");
    expect_round_trip("127.0.0.1:1", "127.0.0.1:1");
    expect_round_trip("::1", "[::1]:5683");
    expect_round_trip("[::1]", "[::1]:5683");
    expect_round_trip("[2001:db8::7]:65535", "[2001:db8::7]:65535");
    expect_round_trip("0.0.0.0:0", "0.0.0.0:0");
}

static void bad_addresses_are_refused(void **state)
{
    (void)state;
    lw_addr a;
    assert_int_equal(lw_addr_parse("", 1, &a), LW_EFORMAT);
    assert_int_equal(lw_addr_parse("localhost", 1, &a), LW_EFORMAT);
    assert_int_equal(lw_addr_parse("1.2.3", 1, &a), LW_EFORMAT);
    assert_int_equal(lw_addr_parse("1.2.3.4:", 1, &a), LW_EFORMAT);
    assert_int_equal(lw_addr_parse("1.2.3.4:-1", 1, &a), LW_EFORMAT);
    assert_int_equal(lw_addr_parse("1.2.3.4:65536", 1, &a), LW_ERANGE);
    assert_int_equal(lw_addr_parse("[::1", 1, &a), LW_EFORMAT);
    assert_int_equal(lw_addr_parse("[::1]5683", 1, &a), LW_EFORMAT);
    assert_int_equal(lw_addr_parse("fe80::1%no-such-interface", 1, &a), LW_EFORMAT);
}

static void ipv4_and_its_mapped_form_are_one_address(void **state)
{
    (void)state;
    lw_addr a, b;
    assert_int_equal(lw_addr_parse("127.9.8.7:10", 0, &a), LW_OK);
    assert_int_equal(lw_addr_parse("[::ffff:127.9.8.7]:10", 0, &b), LW_OK);
    assert_true(lw_addr_equal(&a, &b));
    assert_true(lw_addr_is_v4(&b));
    assert_true(lw_addr_is_loopback(&a));
    b.port = 11;
    assert_false(lw_addr_equal(&a, &b));
}

static void socket_addresses_survive_the_trip(void **state)
{
    (void)state;
    struct sockaddr_storage sa;
    lw_addr v4, v6, back;
    assert_int_equal(lw_addr_parse("10.1.2.3:4", 0, &v4), LW_OK);
    assert_int_equal(lw_addr_parse("[2001:db8::1]:4", 0, &v6), LW_OK);
    assert_int_not_equal(lw_addr_to_sockaddr(&v4, AF_INET, &sa), 0);
    assert_true(lw_addr_from_sockaddr((struct sockaddr *)&sa, &back));
    assert_true(lw_addr_equal(&v4, &back));
    assert_int_not_equal(lw_addr_to_sockaddr(&v4, AF_INET6, &sa), 0);
    assert_true(lw_addr_from_sockaddr((struct sockaddr *)&sa, &back));
    assert_true(lw_addr_equal(&v4, &back));
    assert_int_equal(lw_addr_to_sockaddr(&v6, AF_INET, &sa), 0);
    sa.ss_family = AF_UNIX;
    assert_false(lw_addr_from_sockaddr((struct sockaddr *)&sa, &back));
}

static void loopback_and_any_are_recognised(void **state)
{
    (void)state;
    lw_addr a;
    assert_int_equal(lw_addr_parse("::1", 1, &a), LW_OK);
    assert_true(lw_addr_is_loopback(&a));
    assert_int_equal(lw_addr_parse("::", 1, &a), LW_OK);
    assert_true(lw_addr_is_any(&a));
    assert_false(lw_addr_is_loopback(&a));
    assert_int_equal(lw_addr_parse("0.0.0.0", 1, &a), LW_OK);
    assert_true(lw_addr_is_any(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_with_and_without_port),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(ipv4_and_its_mapped_form_are_one_address),
        cmocka_unit_test(socket_addresses_survive_the_trip),
        cmocka_unit_test(loopback_and_any_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
