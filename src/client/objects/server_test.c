#include "client/objects/objects_for_tests.h"
#include "lw/core_objects.h"

typedef struct versions {
    bench *v[3]; /* 1.0, 1.1, 1.2 */
} versions;

static int set_up(void **state)
{
    static const lw_object *const objects[3][4] = {
        {&lw_security_object_1_0, &lw_server_object_1_0, &lw_device_object_1_0, NULL},
        {&lw_security_object_1_1, &lw_server_object_1_1, &lw_device_object_1_1, NULL},
        {&lw_security_object_1_2, &lw_server_object_1_2, &lw_device_minimal_object, NULL},
    };
    versions *f = calloc(1, sizeof *f);
    for (unsigned i = 0; i < 3; i++) {
        f->v[i] = bench_new(objects[i]);
        bench_add(f->v[i], LW_OBJ_DEVICE, 0);
        bench_add(f->v[i], LW_OBJ_SERVER, 0);
        bench_add(f->v[i], LW_OBJ_SERVER, 1);
        f->v[i]->told[0] = '\0';
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    versions *f = *state;
    for (unsigned i = 0; i < 3; i++) {
        bench_free(f->v[i]);
    }
    free(f);
    return 0;
}

static lw_err write_binding(bench *b, const char *binding)
{
    return bench_write(b, "/1/0/7", lw_value_string(binding));
}

/* objects.md, 1/x/6: default true; 1/x/7: U always possible. */
LW_TEST(a_server_starts_with_storing_and_udp)
{
    versions *f = *state;
    for (unsigned i = 0; i < 3; i++) {
        expect_at(f->v[i], "/1/1/6", "true");
        expect_at(f->v[i], "/1/1/7", "U");
    }
}

LW_TEST(writing_an_instance_anew_starts_with_the_defaults)
{
    versions *f = *state;
    bench *b = f->v[1];
    assert_ok(bench_write(b, "/1/0/6", lw_value_boolean(false)));
    assert_ok(bench_write(b, "/1/0/5", lw_value_integer(60)));
    assert_ok(lw_tree_begin(&b->tree));
    assert_ok(lw_tree_start_with(&b->tree, at("/1/0"), LW_TREE_CLEAR));
    assert_ok(lw_tree_commit(&b->tree));
    expect_at(b, "/1/0/6", "true");
    expect_at(b, "/1/0/5", "LW_ENOTFOUND");
}

/* REG-60 */
LW_TEST(version_1_0_knows_six_bindings)
{
    versions *f = *state;
    bench *b = f->v[0];
    assert_ok(lw_device_set_bindings(&b->tree, 0, "US"));
    assert_ok(write_binding(b, "U"));
    assert_ok(write_binding(b, "UQ"));
    assert_ok(write_binding(b, "S"));
    assert_ok(write_binding(b, "SQ"));
    assert_ok(write_binding(b, "US"));
    assert_ok(write_binding(b, "UQS"));
    assert_err(write_binding(b, "USQ"), LW_EINVAL);
    assert_err(write_binding(b, "SU"), LW_EINVAL);
    assert_err(write_binding(b, "SUQ"), LW_EINVAL);
    assert_err(write_binding(b, "SQU"), LW_EINVAL);
    assert_err(write_binding(b, "Q"), LW_EINVAL);
    assert_err(write_binding(b, "UQSQ"), LW_EINVAL);
    assert_err(write_binding(b, "T"), LW_EINVAL);
    expect_at(b, "/1/0/7", "UQS");
}

/* objects.md, 1/x/7: 4.00 for unknown letters, or none that the device has. */
LW_TEST(a_binding_has_known_letters_and_one_that_the_device_supports)
{
    versions *f = *state;
    bench *b = f->v[1];
    assert_ok(write_binding(b, "UT"));
    assert_ok(write_binding(b, "TU"));
    assert_err(write_binding(b, "T"), LW_EINVAL);
    assert_ok(lw_device_set_bindings(&b->tree, 0, "UT"));
    assert_ok(write_binding(b, "T"));
    assert_ok(write_binding(b, "QT"));
    assert_err(write_binding(b, "Q"), LW_EINVAL);
    assert_err(write_binding(b, "UX"), LW_EINVAL);
    assert_err(write_binding(b, "UU"), LW_EINVAL);
    assert_err(write_binding(b, ""), LW_EINVAL);
    expect_at(b, "/1/0/7", "QT");
}

/* REG-63 */
LW_TEST(the_preferred_transport_is_one_known_letter)
{
    versions *f = *state;
    bench *b = f->v[1];
    assert_ok(bench_write(b, "/1/0/22", lw_value_string("T")));
    assert_err(bench_write(b, "/1/0/22", lw_value_string("Q")), LW_EINVAL);
    assert_err(bench_write(b, "/1/0/22", lw_value_string("UT")), LW_ETOOBIG);
    assert_ok(bench_write(b, "/1/0/22", lw_value_string("")));
    expect_at(b, "/1/0/22", "");
}

LW_TEST(executes_ask_the_engine)
{
    versions *f = *state;
    assert_ok(bench_execute(f->v[0], "/1/1/4", ""));
    assert_ok(bench_execute(f->v[0], "/1/0/8", "0='T'")); /* DM-64: 1.0 has no arguments */
    expect_asked(f->v[0], "disable 1; update 0 -; ");
    assert_ok(bench_execute(f->v[1], "/1/0/4", ""));
    assert_ok(bench_execute(f->v[1], "/1/1/8", ""));
    assert_ok(bench_execute(f->v[1], "/1/0/9", ""));
    expect_asked(f->v[1], "disable 0; update 1 -; bootstrap; ");
    f->v[2]->verdict = LW_EMETHOD;
    assert_err(bench_execute(f->v[2], "/1/0/9", ""), LW_EMETHOD);
}

/* REG-64 */
LW_TEST(an_update_over_another_binding_needs_one_that_both_name)
{
    versions *f = *state;
    bench *b = f->v[2];
    assert_ok(lw_device_set_bindings(&b->tree, 0, "UT"));
    assert_err(bench_execute(b, "/1/0/8", "0='T'"), LW_EINVAL); /* not in 1/0/7 */
    assert_ok(write_binding(b, "UTSQ"));
    assert_ok(bench_execute(b, "/1/0/8", "0='T'"));
    assert_ok(bench_execute(b, "/1/0/8", "1='T'"));
    assert_ok(bench_execute(b, "/1/0/8", "0='U'"));
    expect_asked(b, "update 0 T; update 0 -; update 0 U; ");
    assert_err(bench_execute(b, "/1/0/8", "0='S'"), LW_EINVAL); /* not in 3/0/16 */
    assert_err(bench_execute(b, "/1/0/8", "0='Q'"), LW_EINVAL); /* no transport */
    assert_err(bench_execute(b, "/1/0/8", "0='UT'"), LW_EINVAL);
    assert_err(bench_execute(b, "/1/0/8", "0"), LW_EINVAL);
    assert_err(bench_execute(b, "/1/0/8", "T"), LW_EINVAL);
    expect_asked(b, "");
}

LW_TEST(ranges_and_widths_hold)
{
    versions *f = *state;
    bench *b = f->v[2];
    assert_err(bench_write(b, "/1/0/0", lw_value_integer(65535)), LW_ERANGE);
    assert_err(bench_write(b, "/1/0/1", lw_value_integer(-1)), LW_ERANGE);
    assert_ok(bench_write(b, "/1/0/1", lw_value_integer(0))); /* infinite in 1.2 */
    assert_ok(bench_write(b, "/1/0/1", lw_value_integer(INT32_MAX)));
    assert_ok(bench_write(b, "/1/0/19", lw_value_unsigned(UINT64_MAX))); /* CLI-50: MAX */
    expect_at(b, "/1/0/19", "18446744073709551615");
    assert_err(bench_write(b, "/1/0/26", lw_value_integer(2)), LW_ERANGE);
    assert_ok(bench_write(b, "/1/0/25/0", lw_value_string("1.1")));
    assert_err(lw_tree_set(&f->v[0]->tree, at("/1/0/23"), lw_value_boolean(true)), LW_ENOTFOUND);
}

LW_TEST(there_is_room_for_the_bootstrap_server_beside_the_servers)
{
    versions *f = *state;
    lw_path path;
    for (unsigned i = 0; i < 3; i++) {
        bench_add(f->v[i], LW_OBJ_SECURITY, 0);
        bench_add(f->v[i], LW_OBJ_SECURITY, 1);
        bench_add(f->v[i], LW_OBJ_SECURITY, 2);
        assert_err(lw_tree_add(&f->v[i]->tree, LW_OBJ_SECURITY, 3, &path), LW_ENOMEM);
        assert_err(lw_tree_add(&f->v[i]->tree, LW_OBJ_SERVER, 2, &path), LW_ENOMEM);
        assert_ok(bench_write(f->v[i], "/0/0/0", lw_value_string("coaps://example.org")));
    }
}

/* What the header promises: the same list, other sizes. */
LW_DECLARE_STRUCT(big_security, LW_SECURITY_1_1)
LW_DECLARE_VERSION(big_security_object, big_security, lw_object_0_v1_1, LW_SECURITY_1_1, 8, NULL)

LW_TEST(an_application_declares_more_servers_from_the_same_list)
{
    static const lw_object *const objects[] = {&big_security_object, &lw_access_control_object_1_0,
                                               NULL};
    bench *b = bench_new(objects);
    for (uint16_t i = 0; i < 8; i++) {
        bench_add(b, LW_OBJ_SECURITY, i);
    }
    bench_add(b, LW_OBJ_ACCESS_CONTROL, 0);
    assert_ok(bench_write(b, "/2/0/1", lw_value_integer(65535)));
    assert_ok(bench_write(b, "/2/0/2/101", lw_value_integer(15)));
    assert_ok(bench_write(b, "/2/0/3", lw_value_integer(65535)));
    bench_free(b);
}

LW_TEST(the_minimal_server_has_what_1_0_had)
{
    static const lw_object *const objects[] = {&lw_security_minimal_object,
                                               &lw_server_minimal_object, NULL};
    lw_path another;
    bench *b = bench_new(objects);
    bench_add(b, LW_OBJ_SECURITY, 0);
    bench_add(b, LW_OBJ_SERVER, 0);
    expect_at(b, "/1/0/7", "U");
    expect_at(b, "/1/0/9", "LW_ENOTFOUND");
    assert_ok(bench_execute(b, "/1/0/4", ""));
    assert_ok(bench_execute(b, "/1/0/8", ""));
    expect_asked(b, "disable 0; update 0 -; ");
    assert_err(write_binding(b, "SX"), LW_EINVAL);
    assert_err(lw_tree_add(&b->tree, LW_OBJ_SERVER, 1, &another), LW_ENOMEM);
    bench_free(b);
}

LW_TEST(rights_of_access_control_1_1_have_five_bits)
{
    static const lw_object *const objects[] = {&lw_access_control_object_1_1, NULL};
    bench *b = bench_new(objects);
    bench_add(b, LW_OBJ_ACCESS_CONTROL, 0);
    assert_ok(bench_write(b, "/2/0/2/0", lw_value_integer(31)));
    assert_err(bench_write(b, "/2/0/2/0", lw_value_integer(32)), LW_ERANGE);
    bench_free(b);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_server_starts_with_storing_and_udp),
        CASE(writing_an_instance_anew_starts_with_the_defaults),
        CASE(version_1_0_knows_six_bindings),
        CASE(a_binding_has_known_letters_and_one_that_the_device_supports),
        CASE(the_preferred_transport_is_one_known_letter),
        CASE(executes_ask_the_engine),
        CASE(an_update_over_another_binding_needs_one_that_both_name),
        CASE(ranges_and_widths_hold),
        CASE(there_is_room_for_the_bootstrap_server_beside_the_servers),
        cmocka_unit_test(an_application_declares_more_servers_from_the_same_list),
        cmocka_unit_test(the_minimal_server_has_what_1_0_had),
        cmocka_unit_test(rights_of_access_control_1_1_have_five_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
