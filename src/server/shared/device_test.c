#include "server/shared/device.h"

#include "server/rig_test.h"
#include "server/shared/links.h"

/* What a registration costs, in all: the promise of engine.h. */
LW_TEST(a_registration_with_a_name_of_13_characters_takes_300_octets)
{
    size_t places = 3 * sizeof(void *) + sizeof(void *); /* buckets of three maps; of its page */
    size_t heap = 2 * sizeof(void *);                    /* what a heap adds and rounds up to */
    size_t device = offsetof(lw_device, name) + 13;
    assert_in_range(device + places + heap, 0, 300);
}

LW_TEST(thousands_of_devices_are_found_by_all_they_are_known_by)
{
    enum { COUNT = 3000 };
    rig *r = rig_new(NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        char target[64];
        sprintf(target, "/rd?ep=dev%u&lt=300&lwm2m=1.1", i);
        r->sent_count = r->event_count = r->row_count = 0;
        assert_int_equal(rig_request(r, (uint16_t)(1000 + i), LW_COAP_POST, target, RIG_LINKS),
                         LW_COAP_CREATED);
    }
    uint64_t after = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        char name[16];
        sprintf(name, "dev%u", i);
        lw_device *d = lw_device_after(r->server, after);
        lw_hop hop = rig_hop((uint16_t)(1000 + i));
        assert_non_null(d);
        assert_true(lw_bytes_is(lw_device_name(d), name));
        assert_ptr_equal(lw_device_find(r->server, lw_bytes_str(name)), d);
        assert_ptr_equal(lw_device_at(r->server, &hop), d);
        assert_ptr_equal(lw_device_located(r->server, lw_bytes_of(d->location, LW_LOCATION_TEXT)),
                         d);
        after = d->number;
    }
    assert_null(lw_device_after(r->server, after));
    rig_free(r);
}

LW_TEST(an_address_belongs_to_the_device_that_came_last)
{
    rig *r = rig_new(NULL);
    lw_device *a;
    lw_device *b;
    lw_hop here = rig_hop(4000);
    assert_ok(lw_device_add(r->server, lw_bytes_str("a"), 0, &a));
    assert_ok(lw_device_add(r->server, lw_bytes_str("b"), 0, &b));
    lw_device_move(r->server, a, &here);
    assert_non_null(lw_peer_reach(r->server, a));
    lw_device_move(r->server, b, &here);
    assert_ptr_equal(lw_device_at(r->server, &here), b);
    assert_null(lw_peer_reach(r->server, a)); /* edge case 10: nothing of a's goes there */
    assert_ptr_equal(lw_peer_reach(r->server, b)->device, b);
    lw_device_move(r->server, a, NULL);
    assert_ptr_equal(lw_device_at(r->server, &here), b);
    rig_free(r);
}

LW_TEST(numbers_that_are_not_ours_to_give_are_refused)
{
    rig *r = rig_new(NULL);
    uint64_t first = (UINT64_C(3) << 56) + 1;
    lw_device *d;
    assert_err(lw_device_add(r->server, lw_bytes_str("a"), 1, &d), LW_ERANGE);
    assert_err(lw_device_add(r->server, lw_bytes_str("a"), first - 1, &d), LW_ERANGE);
    assert_err(lw_device_add(r->server, lw_bytes_str("a"), first + UINT32_MAX, &d), LW_ERANGE);
    assert_ok(lw_device_add(r->server, lw_bytes_str("a"), first + 5000, &d));
    assert_err(lw_device_add(r->server, lw_bytes_str("b"), first + 5000, &d), LW_EEXISTS);
    assert_ok(lw_device_add(r->server, lw_bytes_str("b"), first + 7, &d));
    assert_ok(lw_device_add(r->server, lw_bytes_str("far"), first + 100000, &d));
    assert_true(lw_device_after(r->server, first + 5000) == d);
    assert_ok(lw_device_add(r->server, lw_bytes_str("c"), 0, &d));
    assert_true(d->number == first + 100001);
    rig_free(r);
}

LW_TEST(numbers_go_on_after_a_restart_where_they_ended)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1", RIG_LINKS, location);
    uint64_t number = rig_device(r, "a").row.number;
    rig_restart(r, 0); /* the row of a is gone */
    rig_register(r, 4000, "/rd?ep=b&lt=300&lwm2m=1.1", RIG_LINKS, location);
    assert_true(rig_device(r, "b").row.number == number + 1);
    rig_free(r);
}

/* ---- Object lists -----------------------------------------------------------------------------
 */

LW_TEST(VER_13_an_object_has_the_version_that_was_announced_or_is_implied)
{
    rig *r = rig_new(NULL);
    lw_links *l;
    assert_ok(lw_links_borrow(r->server,
                              lw_bytes_str("</3303/1>,</55/0>;ver=1.2,</55>;ver=1.9,</3/0>"),
                              LW_VERSION_1_2, &l));
    assert_int_equal(l->count, 3);
    assert_int_equal(l->objects[0].id, 3);                    /* ascending */
    assert_int_equal(lw_links_find(l, 55)->version.minor, 9); /* VER-14: the object link wins */
    assert_int_equal(lw_links_find(l, 3)->version.minor, 2);  /* implied by 1.2 */
    assert_int_equal(lw_links_find(l, 3303)->version.minor, 0);
    assert_null(lw_links_find(l, 4));
    lw_links_types types = {.server = r->server, .links = l};
    assert_int_equal(lw_links_type_of(&types, lw_path_resource(3303, 1, 5700)), LW_TYPE_FLOAT);
    assert_int_equal(lw_links_type_of(&types, lw_path_resource(55, 0, 1)), LW_TYPE_NONE);
    assert_int_equal(lw_links_type_of(&types, lw_path_instance(3, 0)), LW_TYPE_NONE);
    lw_links_release(r->server, l);
    rig_free(r);
}

LW_TEST(the_same_text_under_another_enabler_version_is_another_list)
{
    rig *r = rig_new(NULL);
    lw_links *a;
    lw_links *b;
    lw_links *c;
    assert_ok(lw_links_borrow(r->server, lw_bytes_str("</3/0>"), LW_VERSION_1_0, &a));
    assert_ok(lw_links_borrow(r->server, lw_bytes_str("</3/0>"), LW_VERSION_1_1, &b));
    assert_ok(lw_links_borrow(r->server, lw_bytes_str("</3/0>"), LW_VERSION_1_0, &c));
    assert_ptr_equal(a, c);
    assert_ptr_not_equal(a, b);
    assert_int_equal(a->objects[0].version.minor, 0);
    assert_int_equal(b->objects[0].version.minor, 1);
    lw_links_release(r->server, a);
    lw_links_release(r->server, b);
    lw_links_release(r->server, c);
    lw_links_release(r->server, NULL);
    assert_err(lw_links_borrow(r->server, lw_bytes_str("</3/0"), LW_VERSION_1_0, &a), LW_EFORMAT);
    rig_free(r);
}

LW_TEST(other_definitions_hold_from_the_next_question_on)
{
    static const lw_registry none = {.count = 0};
    rig *r = rig_new(NULL);
    lw_links *l;
    assert_ok(lw_links_borrow(r->server, lw_bytes_str("</3/0>"), LW_VERSION_1_1, &l));
    assert_non_null(lw_links_definition(r->server, l, 3));
    lw_server_set_registry(r->server, &none);
    assert_null(lw_links_definition(r->server, l, 3));
    lw_server_set_registry(r->server, NULL);
    assert_null(lw_links_definition(r->server, l, 3));
    lw_links_release(r->server, l);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registration_with_a_name_of_13_characters_takes_300_octets),
        cmocka_unit_test(thousands_of_devices_are_found_by_all_they_are_known_by),
        cmocka_unit_test(an_address_belongs_to_the_device_that_came_last),
        cmocka_unit_test(numbers_that_are_not_ours_to_give_are_refused),
        cmocka_unit_test(numbers_go_on_after_a_restart_where_they_ended),
        cmocka_unit_test(VER_13_an_object_has_the_version_that_was_announced_or_is_implied),
        cmocka_unit_test(the_same_text_under_another_enabler_version_is_another_list),
        cmocka_unit_test(other_definitions_hold_from_the_next_question_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
