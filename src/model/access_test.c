#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lw/objects.h"
#include "model/access.h"
#include "model/tree.h"

#define R   LW_RIGHT_R
#define W   LW_RIGHT_W
#define E   LW_RIGHT_E
#define D   LW_RIGHT_D
#define C   LW_RIGHT_C
#define END 65535 /* of what a rule names */

#define SERVER(T, ONE, MANY, CALL) ONE(T, UINT16, ssid, 0, 0)
#define RULE(T, ONE, MANY, CALL)   \
    ONE(T, UINT16, object, 0, 0)   \
    ONE(T, UINT16, instance, 1, 0) \
    MANY(T, UINT16, acl, 2, 0, 4)  \
    ONE(T, UINT16, owner, 3, 0)
LW_DECLARE(server, lw_object_1_v1_1, SERVER, 3, NULL)
LW_DECLARE(rule, lw_object_2_v1_0, RULE, 6, NULL)
static const lw_object *const objects[] = {&server_object, &rule_object, NULL};

static struct {
    lw_pool *pool;
    lw_mem mem;
    lw_tree tree;
    uint8_t block[4096];
} f;

static void set(lw_path path, uint16_t resource, uint32_t value)
{
    assert_int_equal(lw_tree_set(&f.tree, lw_path_child(path, resource), lw_value_integer(value)),
                     LW_OK);
}

static void add_account(uint16_t ssid, uint16_t instance)
{
    lw_path at;
    assert_int_equal(lw_tree_add(&f.tree, 1, instance, &at), LW_OK);
    set(at, 0, ssid);
}

/* acl: pairs of Short Server ID and rights, up to END. */
static lw_path add_rule(uint16_t object, uint16_t instance, uint16_t owner, const uint16_t *acl)
{
    lw_path at;
    assert_int_equal(lw_tree_add(&f.tree, 2, LW_ID_MAX, &at), LW_OK);
    set(at, 0, object);
    set(at, 1, instance);
    set(at, 3, owner);
    for (; *acl != END; acl += 2) {
        set(lw_path_child(at, 2), acl[0], acl[1]);
    }
    return at;
}

static void start(void)
{
    f.pool = lw_pool_init(f.block, sizeof f.block);
    f.mem = f.pool->mem;
    assert_int_equal(lw_tree_init(&f.tree, objects, &f.mem, NULL), LW_OK);
}

static int tear_down(void **state)
{
    (void)state;
    lw_tree_fini(&f.tree);
    return 0;
}

static const uint16_t nobody[] = {END};

/* Three servers; 103 has the /1 instance 7. */
static int set_up(void **state)
{
    static const uint16_t of_101[] = {101, R, 102, R | W, END};
    static const uint16_t with_default[] = {0, R | E, 102, 0, END};
    static const uint16_t create_102[] = {102, C, END};
    static const uint16_t stray_create[] = {101, R | C, END};
    (void)state;
    start();
    add_account(101, 0);
    add_account(102, 1);
    add_account(103, 7);
    add_rule(10, 0, 101, of_101);
    add_rule(10, 1, 101, with_default);
    add_rule(10, LW_ID_MAX, LW_ID_MAX, create_102);
    add_rule(10, 2, LW_ID_MAX, stray_create);
    add_rule(1, 1, 101, nobody);
    return 0;
}

static unsigned rights(uint16_t ssid, uint16_t object, uint16_t instance)
{
    return lw_access_rights(&f.tree, ssid, lw_path_instance(object, instance));
}

static bool may_create(uint16_t ssid, uint16_t object)
{
    unsigned given = lw_access_rights(&f.tree, ssid, lw_path_object(object));
    assert_int_equal(given & ~C, 0);
    return given == C;
}

/* ACL-01, ACL-02 */
static void one_account_has_all_rights(void **state)
{
    (void)state;
    assert_int_equal(lw_tree_remove(&f.tree, lw_path_instance(1, 1)), LW_OK);
    assert_int_equal(lw_tree_remove(&f.tree, lw_path_instance(1, 7)), LW_OK);
    assert_int_equal(rights(101, 10, 0), R | W | E | D);
    assert_int_equal(rights(101, 10, 99), R | W | E | D);
    assert_true(may_create(101, 10));
    assert_false(may_create(101, 2)); /* ACL-11 */
    assert_int_equal(lw_tree_remove(&f.tree, lw_path_instance(1, 0)), LW_OK);
    assert_int_equal(rights(101, 3, 0), R | W | E | D);
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
    assert_true(may_create(102, 10));
    assert_false(may_create(101, 10));
    assert_false(may_create(102, 3303));
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
    static const uint16_t nothing[] = {101, 0, 102, W, END};
    add_rule(3, 0, LW_ID_MAX, nothing);
    assert_int_equal(rights(101, 3, 0), 0);
    assert_int_equal(rights(102, 3, 0), W);
    assert_int_equal(rights(103, 3, 0), 0);
}

/* DM-02 */
static void bootstrap_objects_are_closed_to_servers(void **state)
{
    (void)state;
    assert_true(lw_access_is_bootstrap_only(0));
    assert_true(lw_access_is_bootstrap_only(21));
    assert_true(lw_access_is_bootstrap_only(23));
    assert_true(lw_access_is_bootstrap_only(24));
    assert_false(lw_access_is_bootstrap_only(1));
    assert_false(lw_access_is_bootstrap_only(32));
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
    assert_false(may_create(101, 2));
}

static void rules_are_found_by_what_they_stand_for(void **state)
{
    (void)state;
    lw_path of_instance = lw_path_instance(2, 1), of_object = lw_path_instance(2, 2);
    assert_int_equal(lw_access_rule(&f.tree, lw_path_instance(10, 1)), 1);
    assert_int_equal(lw_access_rule(&f.tree, lw_path_object(10)), 2);
    assert_true(lw_path_equal(lw_access_target(&f.tree, of_instance), lw_path_instance(10, 1)));
    assert_true(lw_path_equal(lw_access_target(&f.tree, of_object), lw_path_object(10)));
    assert_int_equal(lw_access_rule(&f.tree, lw_path_instance(10, 9)), LW_ID_MAX);
}

/* Of a server whose account has gone. */
static uint16_t heir(const uint16_t *acl, uint16_t leaving)
{
    lw_path at = add_rule(10, 5, leaving, acl);
    lw_path account = lw_path_object(1);
    do {
        assert_true(lw_tree_next_instance(&f.tree, &account));
    } while (lw_tree_number(&f.tree, lw_path_child(account, 0), 0) != leaving);
    uint16_t instance = lw_path_id(account, LW_LEVEL_INSTANCE);
    assert_int_equal(lw_tree_remove(&f.tree, account), LW_OK);
    uint16_t found = lw_access_heir(&f.tree, at);
    assert_int_equal(lw_tree_remove(&f.tree, at), LW_OK);
    add_account(leaving, instance);
    return found;
}

/* BS-53 */
static void the_server_with_most_of_write_and_delete_inherits(void **state)
{
    (void)state;
    static const uint16_t more_at_103[] = {102, R | W | E, 103, W | D, END};
    assert_int_equal(heir(more_at_103, 101), 103);
    static const uint16_t more_at_102[] = {103, R | E | D, 102, W | D, END};
    assert_int_equal(heir(more_at_102, 101), 102);
    static const uint16_t only_reader[] = {103, R, END};
    assert_int_equal(heir(only_reader, 101), 103);
}

/* P-ACL-07 */
static void the_lowest_ssid_inherits_among_equals(void **state)
{
    (void)state;
    static const uint16_t equal[] = {103, W, 102, D, END};
    assert_int_equal(heir(equal, 101), 102);
    static const uint16_t everybody[] = {0, R | W, END};
    assert_int_equal(heir(everybody, 101), 102);
    assert_int_equal(heir(everybody, 102), 101);
    set(lw_path_instance(1, 0), 0, 103); /* in another order */
    set(lw_path_instance(1, 7), 0, 101);
    assert_int_equal(heir(everybody, 101), 102);
}

static void nobody_inherits_what_nobody_else_may_touch(void **state)
{
    (void)state;
    static const uint16_t only_leaving[] = {101, R | W, 102, 0, 104, R | W, END};
    assert_int_equal(heir(only_leaving, 101), 0);
    assert_int_equal(heir(nobody, 101), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_account_has_all_rights),
        T(the_owner_without_an_entry_has_all_rights),
        T(an_own_entry_wins_over_ownership_and_default),
        T(others_have_the_default_entry_or_nothing),
        T(an_instance_without_rule_gives_no_rights),
        T(create_counts_on_the_object_alone),
        T(a_server_reads_and_executes_its_own_account),
        T(a_server_never_writes_another_account),
        T(the_device_is_readable_unless_a_rule_says_otherwise),
        T(bootstrap_objects_are_closed_to_servers),
        T(only_the_owner_changes_a_rule),
        T(rules_are_found_by_what_they_stand_for),
        T(the_server_with_most_of_write_and_delete_inherits),
        T(the_lowest_ssid_inherits_among_equals),
        T(nobody_inherits_what_nobody_else_may_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
