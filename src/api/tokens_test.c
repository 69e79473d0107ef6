/* Tokens: who is let in, what is kept of them, and what happens when the store does not keep it. */
#include "api/tokens.h"

#include <stdlib.h>

#include "api/documents_rig_test.h"

#define NOW INT64_C(1769846400000)

static tokens *t;

static int begin(void **state)
{
    t = calloc(1, sizeof *t);
    return t != NULL ? rig_begin(state) : -1;
}

static int end(void **state)
{
    (void)state;
    tokens_fini(t);
    free(t);
    return 0;
}

static lw_err create_until(const char *name, api_role role, lw_time expires_at, char *out_secret)
{
    token fresh = {.role = (uint8_t)role, .created_at = NOW, .expires_at = expires_at};
    snprintf(fresh.name, sizeof fresh.name, "%s", name);
    return tokens_create(t, &fresh, out_secret);
}

static lw_err create(const char *name, api_role role, char *out_secret)
{
    return create_until(name, role, LW_TIME_NEVER, out_secret);
}

static bool lets_in(const char *secret, lw_time now)
{
    api_role role = API_NONE;
    char name[TOKEN_NAME_MAX + 1];
    return tokens_check(t, lw_bytes_str(secret), now, &role, name);
}

LW_TEST(a_token_lets_in_whom_it_names_until_it_is_revoked)
{
    char secret[LW_API_TOKEN_TEXT_MAX], other[LW_API_TOKEN_TEXT_MAX];
    char name[TOKEN_NAME_MAX + 1];
    api_role role;
    assert_ok(tokens_init(t, &rig.store));
    assert_ok(create("root", API_ADMIN, other));
    assert_ok(create("board", API_VIEWER, secret));
    assert_true(tokens_check(t, lw_bytes_str(secret), NOW, &role, name));
    assert_int_equal(role, API_VIEWER);
    assert_string_equal(name, "board");
    assert_string_not_equal(secret, other);
    assert_ok(tokens_delete(t, lw_bytes_str("board")));
    assert_false(lets_in(secret, NOW));
    assert_true(lets_in(other, NOW));
    assert_int_equal(tokens_count(t), 1);
}

LW_TEST(what_is_no_token_lets_nobody_in)
{
    char secret[LW_API_TOKEN_TEXT_MAX];
    assert_ok(tokens_init(t, &rig.store));
    assert_ok(create("root", API_ADMIN, secret));
    assert_false(lets_in("", NOW));
    assert_false(lets_in("lw_", NOW));
    secret[strlen(secret) - 1] ^= 1;
    assert_false(lets_in(secret, NOW));
}

LW_TEST(a_token_ends_at_its_time)
{
    char secret[LW_API_TOKEN_TEXT_MAX];
    assert_ok(tokens_init(t, &rig.store));
    assert_ok(create_until("guest", API_OPERATOR, NOW + 1000, secret));
    assert_true(lets_in(secret, NOW + 999));
    char name[TOKEN_NAME_MAX + 1];
    api_role role;
    assert_false(tokens_check(t, lw_bytes_str(secret), NOW + 1000, &role, name));
    assert_string_equal(name, "guest"); /* who it was can be told to who has the secret */
    assert_false(tokens_check(t, lw_bytes_str("lw_other"), NOW, &role, name));
    assert_string_equal(name, "");
}

LW_TEST(the_store_has_the_digest_and_not_the_secret_and_gives_tokens_back)
{
    char secret[LW_API_TOKEN_TEXT_MAX];
    assert_ok(tokens_init(t, &rig.store));
    assert_ok(create_until("guest", API_OPERATOR, NOW + 1000, secret));
    assert_int_equal(rig.count, 1);
    assert_string_equal(rig.documents[0].key, "guest");
    assert_null(strstr(rig.documents[0].text, secret));
    assert_null(strstr(rig.documents[0].text, secret + strlen("lw_")));
    tokens_fini(t);
    assert_ok(tokens_init(t, &rig.store));
    assert_true(lets_in(secret, NOW));
    assert_false(lets_in(secret, NOW + 1000));
}

LW_TEST(documents_that_make_no_sense_are_refused)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"role\":\"admin\"}",
        "{\"role\":\"king\",\"sha256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"created_"
        "at\":1}",
        "{\"role\":\"none\",\"sha256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"created_"
        "at\":1}",
        "{\"role\":\"admin\",\"sha256\":\"AAAA\",\"created_at\":1}",
        "{\"role\":\"admin\",\"sha256\":\"?\",\"created_at\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rig_keep(LW_ROW_TOKEN, "root", texts[i]);
        assert_err(tokens_init(t, &rig.store), LW_EFORMAT);
        tokens_fini(t);
    }
    rig_keep(LW_ROW_TOKEN, "root",
             "{\"role\":\"admin\",\"sha256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
             "\"created_at\":1}");
    assert_ok(tokens_init(t, &rig.store));
}

LW_TEST(a_store_that_cannot_be_read_is_told)
{
    rig.each_err = LW_EIO;
    assert_err(tokens_init(t, &rig.store), LW_EIO);
}

LW_TEST(names_and_roles_that_are_none_are_refused)
{
    char secret[LW_API_TOKEN_TEXT_MAX];
    assert_ok(tokens_init(t, &rig.store));
    assert_err(create("", API_ADMIN, secret), LW_EINVAL);
    assert_err(create("x", API_NONE, secret), LW_EINVAL);
    assert_ok(create("x", API_ADMIN, secret));
    assert_err(create("x", API_VIEWER, secret), LW_EEXISTS);
    assert_int_equal(role_of_name(lw_bytes_str("none")), API_NONE);
    assert_int_equal(role_of_name(lw_bytes_str("Admin")), API_NONE);
    assert_int_equal(role_of_name(lw_bytes_str("operator")), API_OPERATOR);
}

LW_TEST(a_token_that_was_not_kept_lets_nobody_in)
{
    char secret[LW_API_TOKEN_TEXT_MAX];
    assert_ok(tokens_init(t, &rig.store));
    rig.put_err = LW_ENOMEM;
    assert_err(create("a", API_ADMIN, secret), LW_ENOMEM);
    rig.put_err = LW_OK;
    rig.wait_err = LW_EIO;
    assert_err(create("a", API_ADMIN, secret), LW_EIO);
    assert_false(lets_in(secret, NOW));
    assert_int_equal(tokens_count(t), 0);
}

LW_TEST(a_token_whose_end_was_not_kept_is_back)
{
    char root[LW_API_TOKEN_TEXT_MAX], secret[LW_API_TOKEN_TEXT_MAX];
    assert_ok(tokens_init(t, &rig.store));
    assert_ok(create("root", API_ADMIN, root));
    assert_ok(create("board", API_VIEWER, secret));
    rig.wait_err = LW_EIO;
    assert_err(tokens_delete(t, lw_bytes_str("board")), LW_EIO);
    assert_true(lets_in(secret, NOW));
    assert_int_equal(tokens_count(t), 2);
}

LW_TEST(the_last_admin_that_does_not_expire_stays)
{
    char secret[LW_API_TOKEN_TEXT_MAX];
    assert_ok(tokens_init(t, &rig.store));
    assert_ok(create("root", API_ADMIN, secret));
    assert_ok(create_until("later", API_ADMIN, NOW + 1000, secret));
    assert_err(tokens_delete(t, lw_bytes_str("root")), LW_EDENIED);
    assert_ok(create("second", API_ADMIN, secret));
    assert_ok(tokens_delete(t, lw_bytes_str("root")));
    assert_err(tokens_delete(t, lw_bytes_str("root")), LW_ENOTFOUND);
}

LW_TEST(a_list_shows_names_in_order_and_no_secret)
{
    char secret[LW_API_TOKEN_TEXT_MAX];
    json_out o = {.text = NULL};
    assert_ok(tokens_init(t, &rig.store));
    assert_ok(create("b", API_ADMIN, secret));
    assert_ok(create_until("a", API_VIEWER, NOW + 1000, secret));
    tokens_write(t, &o);
    assert_false(o.failed);
    assert_int_equal(o.len, strlen("\"items\":[{\"name\":\"a\",\"role\":\"viewer\",\"created_at\":"
                                   "\"2026-01-31T08:00:00.000Z\",\"expires_at\":"
                                   "\"2026-01-31T08:00:01.000Z\"},{\"name\":\"b\",\"role\":"
                                   "\"admin\",\"created_at\":\"2026-01-31T08:00:00.000Z\"}]"));
    out_fini(&o);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(a_token_lets_in_whom_it_names_until_it_is_revoked),
        CASE(what_is_no_token_lets_nobody_in),
        CASE(a_token_ends_at_its_time),
        CASE(the_store_has_the_digest_and_not_the_secret_and_gives_tokens_back),
        CASE(documents_that_make_no_sense_are_refused),
        CASE(a_store_that_cannot_be_read_is_told),
        CASE(names_and_roles_that_are_none_are_refused),
        CASE(a_token_that_was_not_kept_lets_nobody_in),
        CASE(a_token_whose_end_was_not_kept_is_back),
        CASE(the_last_admin_that_does_not_expire_stays),
        CASE(a_list_shows_names_in_order_and_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
