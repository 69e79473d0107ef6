/* Which endpoint a PSK identity belongs to, read from the store. */
#include "api/credentials.h"

#include "api/documents_rig_test.h"

static credentials c;

static int end(void **state)
{
    (void)state;
    credentials_fini(&c);
    return 0;
}

LW_TEST(identities_are_those_of_psk_credentials)
{
    rig_keep(LW_ROW_CREDENTIAL, "lamp", "{\"mode\":\"psk\",\"identity\":\"me\",\"key\":\"AAEC\"}");
    rig_keep(LW_ROW_CREDENTIAL, "kettle", "{\"mode\":\"x509\"}");
    rig_keep(LW_ROW_TOKEN, "other", "{\"identity\":\"not this\"}");
    assert_ok(credentials_init(&c, &rig.store));
    assert_false(lw_list_is_empty(&c.all));
    assert_ptr_equal(c.all.next->next, &c.all); /* one */
}

LW_TEST(a_document_that_is_no_json_has_no_identity)
{
    rig_keep(LW_ROW_CREDENTIAL, "lamp", "nonsense");
    rig_keep(LW_ROW_CREDENTIAL, "kettle", "{\"identity\":7}");
    assert_ok(credentials_init(&c, &rig.store));
    assert_true(lw_list_is_empty(&c.all));
}

LW_TEST(a_store_that_cannot_be_read_is_told)
{
    rig_keep(LW_ROW_CREDENTIAL, "lamp", "{\"identity\":\"me\"}");
    rig.each_err = LW_EIO;
    assert_err(credentials_init(&c, &rig.store), LW_EIO);
}

LW_TEST(what_never_began_can_be_ended)
{
    c = (credentials){.store = NULL};
    credentials_fini(&c);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_begin, end)
    const struct CMUnitTest tests[] = {
        CASE(identities_are_those_of_psk_credentials),
        CASE(a_document_that_is_no_json_has_no_identity),
        CASE(a_store_that_cannot_be_read_is_told),
        CASE(what_never_began_can_be_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
