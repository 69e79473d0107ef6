#include "server/rig_test.h"

LW_TEST(register_update_deregister)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=urn:dev1&lt=300&lwm2m=1.1&b=U", RIG_LINKS, location);
    assert_string_equal(rig_told(r), "REGISTERED");
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_string_equal(rig_told(r), "UPDATED");
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_ONLINE);
    assert_int_equal(rig_request(r, 4000, LW_COAP_DELETE, location, NULL), LW_COAP_DELETED);
    assert_string_equal(rig_told(r), "DEREGISTERED");
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_OFFLINE);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_NOT_FOUND);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_update_deregister),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
