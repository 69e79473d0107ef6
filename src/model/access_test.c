#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/access.h"

#define R LW_RIGHT_R
#define W LW_RIGHT_W
#define E LW_RIGHT_E
#define D LW_RIGHT_D
#define C LW_RIGHT_C

/* Three servers; 103 has the /1 instance 7. */
static const lw_access_account accounts[] = {{101, 0}, {102, 1}, {103, 7}};

static const lw_access_entry of_101[] = {{101, R}, {102, R | W}};
static const lw_access_entry with_default[] = {{0, R | E}, {102, 0}};
static const lw_access_entry create_102[] = {{102, C}};
static const lw_access_entry stray_create[] = {{101, R | C}};

static const lw_access_rule rules[] = {
    {.id = 0, .object = 10, .instance = 0, .owner = 101, .entry_count = 2, .entries = of_101},
    {.id = 1, .object = 10, .instance = 1, .owner = 101, .entry_count = 2, .entries = with_default},
    {.id = 2,
     .object = 10,
     .instance = LW_ID_MAX,
     .owner = LW_ID_MAX,
     .entry_count = 1,
     .entries = create_102},
    {.id = 3,
     .object = 10,
     .instance = 2,
     .owner = LW_ID_MAX,
     .entry_count = 1,
     .entries = stray_create},
    {.id = 4, .object = 1, .instance = 1, .owner = 101},
};
static const lw_access access = {accounts, 3, rules, 5};

static unsigned rights(uint16_t ssid, uint16_t object, uint16_t instance)
{
    return lw_access_rights(&access, ssid, object, instance);
}

/* ACL-01, ACL-02 */
static void one_account_has_all_rights(void **state)
{
    (void)state;
    const lw_access one = {accounts, 1, rules, 5};
    const lw_access none = {NULL, 0, NULL, 0};
    assert_int_equal(lw_access_rights(&one, 101, 10, 0), R | W | E | D);
    assert_int_equal(lw_access_rights(&one, 101, 10, 99), R | W | E | D);
    assert_true(lw_access_may_create(&one, 101, 10));
    assert_int_equal(lw_access_rights(&none, 101, 3, 0), R | W | E | D);
}

/* ACL-05 (1) */
static void the_owner_without_an_entry_has_all_rights(void **state)
{
    (void)state;
    assert_int_equal(rights(101, 10, 1), R | W | E | D);
}

/* ACL-05 (2), P-ACL-02 */
static void an_own_entry_wins_over_ownership_and_default(void **state)
{
    (void)state;
    assert_int_equal(rights(101, 10, 0), R);
    assert_int_equal(rights(102, 10, 0), R | W);
    assert_int_equal(rights(102, 10, 1), 0);
}

/* ACL-05 (3), (4), P-ACL-03 */
static void others_have_the_default_entry_or_nothing(void **state)
{
    (void)state;
    assert_int_equal(rights(103, 10, 1), R | E);
    assert_int_equal(rights(103, 10, 0), 0);
}

/* ACL-09 */
static void an_instance_without_rule_gives_no_rights(void **state)
{
    (void)state;
    assert_int_equal(rights(101, 10, 9), 0);
    assert_int_equal(rights(101, 3303, 0), 0);
}

/* P-ACL-04 */
static void create_counts_on_the_object_alone(void **state)
{
    (void)state;
    assert_true(lw_access_may_create(&access, 102, 10));
    assert_false(lw_access_may_create(&access, 101, 10));
    assert_false(lw_access_may_create(&access, 102, 3303));
    assert_int_equal(rights(101, 10, 2), R);
}

/* ACL-13 */
static void a_server_reads_and_executes_its_own_account(void **state)
{
    (void)state;
    assert_int_equal(rights(101, 1, 0), R | E);
    assert_int_equal(rights(102, 1, 1), R | E);
    assert_int_equal(rights(103, 1, 7), R | E);
    assert_int_equal(rights(103, 1, 8), 0);
}

static void a_server_never_writes_another_account(void **state)
{
    (void)state;
    assert_int_equal(rights(101, 1, 1), R | E | D);
    assert_int_equal(rights(103, 1, 0), 0);
}

static void the_device_is_readable_unless_a_rule_says_otherwise(void **state)
{
    (void)state;
    assert_int_equal(rights(101, 3, 0), R);
    static const lw_access_entry nothing[] = {{101, 0}, {102, W}};
    const lw_access_rule rule = {
        .object = 3, .owner = LW_ID_MAX, .entry_count = 2, .entries = nothing};
    const lw_access with_rule = {accounts, 3, &rule, 1};
    assert_int_equal(lw_access_rights(&with_rule, 101, 3, 0), 0);
    assert_int_equal(lw_access_rights(&with_rule, 102, 3, 0), W);
    assert_int_equal(lw_access_rights(&with_rule, 103, 3, 0), 0);
}

/* DM-02 */
static void bootstrap_objects_are_closed_to_servers(void **state)
{
    (void)state;
    const lw_access one = {accounts, 1, NULL, 0};
    assert_int_equal(rights(101, 0, 0), 0);
    assert_int_equal(lw_access_rights(&one, 101, 0, 0), 0);
    assert_int_equal(lw_access_rights(&one, 101, 21, 0), 0);
    assert_int_equal(lw_access_rights(&one, 101, 23, 0), 0);
    assert_int_equal(lw_access_rights(&one, 101, 24, 0), 0);
    assert_false(lw_access_may_create(&one, 101, 0));
    assert_false(lw_access_is_bootstrap_only(1));
}

/* ACL-11 */
static void only_the_owner_changes_a_rule(void **state)
{
    (void)state;
    assert_int_equal(rights(101, 2, 0), R | W | D);
    assert_int_equal(rights(102, 2, 0), R);
    assert_int_equal(rights(103, 2, 0), 0);
    assert_int_equal(rights(102, 2, 2), R);
    assert_int_equal(rights(101, 2, 2), 0);
    assert_int_equal(rights(101, 2, 9), 0);
    assert_false(lw_access_may_create(&access, 101, 2));
}

static void rules_are_found_by_what_they_stand_for(void **state)
{
    (void)state;
    assert_ptr_equal(lw_access_find(&access, 10, 1), &rules[1]);
    assert_ptr_equal(lw_access_find(&access, 10, LW_ID_MAX), &rules[2]);
    assert_null(lw_access_find(&access, 10, 9));
}

static uint16_t heir(const lw_access_entry *entries, size_t count, uint16_t leaving)
{
    const lw_access_rule rule = {
        .object = 10, .owner = leaving, .entry_count = count, .entries = entries};
    return lw_access_heir(&access, &rule, leaving);
}

/* BS-53 */
static void the_server_with_most_of_write_and_delete_inherits(void **state)
{
    (void)state;
    static const lw_access_entry more_at_103[] = {{102, R | W | E}, {103, W | D}};
    assert_int_equal(heir(more_at_103, 2, 101), 103);
    static const lw_access_entry more_at_102[] = {{103, R | E | D}, {102, W | D}};
    assert_int_equal(heir(more_at_102, 2, 101), 102);
    static const lw_access_entry only_reader[] = {{103, R}};
    assert_int_equal(heir(only_reader, 1, 101), 103);
}

/* P-ACL-07 */
static void the_lowest_ssid_inherits_among_equals(void **state)
{
    (void)state;
    static const lw_access_entry equal[] = {{103, W}, {102, D}};
    assert_int_equal(heir(equal, 2, 101), 102);
    static const lw_access_entry everybody[] = {{0, R | W}};
    assert_int_equal(heir(everybody, 1, 101), 102);
    assert_int_equal(heir(everybody, 1, 102), 101);
    const lw_access_account unordered[] = {{103, 0}, {102, 1}, {101, 2}};
    const lw_access a = {unordered, 3, NULL, 0};
    const lw_access_rule rule = {.owner = 101, .entry_count = 1, .entries = everybody};
    assert_int_equal(lw_access_heir(&a, &rule, 101), 102);
}

static void nobody_inherits_what_nobody_else_may_touch(void **state)
{
    (void)state;
    static const lw_access_entry only_leaving[] = {{101, R | W}, {102, 0}, {104, R | W}};
    assert_int_equal(heir(only_leaving, 3, 101), 0);
    assert_int_equal(heir(NULL, 0, 101), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_account_has_all_rights),
        cmocka_unit_test(the_owner_without_an_entry_has_all_rights),
        cmocka_unit_test(an_own_entry_wins_over_ownership_and_default),
        cmocka_unit_test(others_have_the_default_entry_or_nothing),
        cmocka_unit_test(an_instance_without_rule_gives_no_rights),
        cmocka_unit_test(create_counts_on_the_object_alone),
        cmocka_unit_test(a_server_reads_and_executes_its_own_account),
        cmocka_unit_test(a_server_never_writes_another_account),
        cmocka_unit_test(the_device_is_readable_unless_a_rule_says_otherwise),
        cmocka_unit_test(bootstrap_objects_are_closed_to_servers),
        cmocka_unit_test(only_the_owner_changes_a_rule),
        cmocka_unit_test(rules_are_found_by_what_they_stand_for),
        cmocka_unit_test(the_server_with_most_of_write_and_delete_inherits),
        cmocka_unit_test(the_lowest_ssid_inherits_among_equals),
        cmocka_unit_test(nobody_inherits_what_nobody_else_may_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
