#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/tree.h"

/* ---- A tree that is a table of paths in tree order ---- */

typedef struct table {
    const char *const *paths;
    size_t count;
} table;

static const lw_resource_def device_resources[] = {
    {.id = 0, .type = LW_TYPE_STRING, .ops = LW_OP_R},
    {.id = 4, .type = LW_TYPE_NONE, .ops = LW_OP_E},
    {.id = 7, .type = LW_TYPE_INTEGER, .ops = LW_OP_R, .flags = LW_DEF_MULTIPLE},
};
static const lw_object_def device = {.id = 3, .resource_count = 3, .resources = device_resources};

static lw_path path(const char *text)
{
    lw_path p = lw_path_root();
    assert_int_equal(lw_path_parse(lw_bytes_str(text), &p), LW_OK);
    return p;
}

static lw_err child_from(void *ctx, lw_path parent, uint16_t from, uint16_t *out_id)
{
    const table *t = ctx;
    for (size_t i = 0; i < t->count; i++) {
        lw_path p = path(t->paths[i]);
        if (p.depth == parent.depth + 1 && lw_path_contains(parent, p) &&
            p.id[parent.depth] >= from) {
            *out_id = p.id[parent.depth];
            return LW_OK;
        }
    }
    return LW_END;
}

static const lw_object_def *def_of(void *ctx, uint16_t object)
{
    (void)ctx;
    return object == 3 ? &device : NULL;
}

/* Resource instances have their id as value, everything else has none now. */
static lw_err value_of(void *ctx, lw_path leaf, lw_value *out_value)
{
    (void)ctx;
    *out_value = lw_value_integer(leaf.id[3]);
    return leaf.depth == LW_LEVEL_RESOURCE_INSTANCE ? LW_OK : LW_ENOTFOUND;
}

static const char *const entities[] = {
    "/1",       "/1/0",     "/1/0/0", "/3", "/3/0",   "/3/0/0",   "/3/0/4",       "/3/0/7",
    "/3/0/7/0", "/3/0/7/3", "/3/0/9", "/5", "/65534", "/65534/0", "/65534/65534",
};
static table all = {entities, sizeof entities / sizeof entities[0]};
static const lw_tree tree = {child_from, def_of, value_of, &all};

/* ---- Tests ---- */

/* The walk of scope down to depth visits exactly `expected`, NULL-terminated. */
static void assert_walk(const char *scope, unsigned depth, const char *const *expected)
{
    lw_path at = path(scope);
    while (lw_tree_next(&tree, path(scope), depth, &at) == LW_OK) {
        assert_non_null(*expected);
        assert_true(lw_path_equal(at, path(*expected)));
        expected++;
    }
    assert_null(*expected);
}

static void a_walk_visits_everything_in_tree_order(void **state)
{
    (void)state;
    lw_path at = lw_path_root();
    for (size_t i = 0; i < all.count; i++) {
        assert_int_equal(lw_tree_next(&tree, lw_path_root(), 4, &at), LW_OK);
        assert_true(lw_path_equal(at, path(entities[i])));
    }
    assert_int_equal(lw_tree_next(&tree, lw_path_root(), 4, &at), LW_END);
}

static void a_walk_stays_within_scope_and_depth(void **state)
{
    (void)state;
    const char *const objects[] = {"/1", "/3", "/5", "/65534", NULL};
    assert_walk("/", 1, objects);
    const char *const resources[] = {"/3/0", "/3/0/0", "/3/0/4", "/3/0/7", "/3/0/9", NULL};
    assert_walk("/3", 3, resources);
    const char *const instances[] = {"/3/0/7/0", "/3/0/7/3", NULL};
    assert_walk("/3/0/7", 4, instances);
    const char *const last[] = {"/65534/0", "/65534/65534", NULL};
    assert_walk("/65534", 4, last);
    const char *const nothing[] = {NULL};
    assert_walk("/5", 4, nothing);
    assert_walk("/3/0/0", 4, nothing);
    assert_walk("/4711", 4, nothing);
    assert_walk("/3/0/7/0", 4, nothing);
    assert_walk("/3", 1, nothing);
}

static void a_walk_goes_on_behind_what_was_removed(void **state)
{
    (void)state;
    lw_path at = path("/3/0/6");
    assert_int_equal(lw_tree_next(&tree, lw_path_object(3), 3, &at), LW_OK);
    assert_true(lw_path_equal(at, path("/3/0/7")));
    at = path("/2/5/1");
    assert_int_equal(lw_tree_next(&tree, lw_path_root(), 3, &at), LW_OK);
    assert_true(lw_path_equal(at, path("/3")));
    at = path("/65535");
    assert_int_equal(lw_tree_next(&tree, lw_path_root(), 4, &at), LW_END);
}

static lw_err failing_child_from(void *ctx, lw_path parent, uint16_t from, uint16_t *out_id)
{
    (void)ctx;
    (void)parent;
    *out_id = from;
    return from > 0 ? LW_EIO : LW_OK;
}

static void a_failure_of_the_owner_ends_the_walk(void **state)
{
    (void)state;
    const lw_tree broken = {failing_child_from, def_of, value_of, NULL};
    lw_path at = lw_path_root();
    assert_int_equal(lw_tree_next(&broken, lw_path_root(), 1, &at), LW_OK);
    assert_int_equal(lw_tree_next(&broken, lw_path_root(), 1, &at), LW_EIO);
}

/* How a Read of an instance gathers what it sends (DM-11, DM-16). */
static void a_walk_reaches_the_values_there_are(void **state)
{
    (void)state;
    int64_t sum = 0;
    unsigned count = 0;
    lw_path at = path("/3/0");
    while (lw_tree_next(&tree, path("/3/0"), 4, &at) == LW_OK) {
        lw_value v;
        if (tree.value_of(tree.ctx, at, &v) == LW_OK) {
            sum += v.as.integer;
            count++;
        }
    }
    assert_int_equal(count, 2);
    assert_int_equal(sum, 3);
}

/* DM-05 */
static void the_depth_tells_which_level_is_missing(void **state)
{
    (void)state;
    assert_int_equal(lw_tree_depth_of(&tree, path("/")), 0);
    assert_int_equal(lw_tree_depth_of(&tree, path("/4/0/0")), 0);
    assert_int_equal(lw_tree_depth_of(&tree, path("/3/1/0")), 1);
    assert_int_equal(lw_tree_depth_of(&tree, path("/3/0/1")), 2);
    assert_int_equal(lw_tree_depth_of(&tree, path("/3/0/0/0")), 3);
    assert_int_equal(lw_tree_depth_of(&tree, path("/3/0/7/3")), 4);
    assert_int_equal(lw_tree_depth_of(&tree, path("/65535")), 0);
}

static void children_are_counted(void **state)
{
    (void)state;
    assert_int_equal(lw_tree_count(&tree, path("/")), 4);
    assert_int_equal(lw_tree_count(&tree, path("/3/0")), 4);
    assert_int_equal(lw_tree_count(&tree, path("/3/0/7")), 2);
    assert_int_equal(lw_tree_count(&tree, path("/5")), 0);
    assert_int_equal(lw_tree_count(&tree, path("/3/0/7/0")), 0);
}

static void resources_have_a_definition_and_a_type(void **state)
{
    (void)state;
    void *any = (void *)(uintptr_t)&tree;
    assert_ptr_equal(lw_tree_resource_def(&tree, path("/3/0/7/3")), &device_resources[2]);
    assert_null(lw_tree_resource_def(&tree, path("/3/0")));
    assert_null(lw_tree_resource_def(&tree, path("/5/0/0")));
    assert_int_equal(lw_tree_type_of(any, path("/3/0/7")), LW_TYPE_INTEGER);
    assert_int_equal(lw_tree_type_of(any, path("/3/0/9")), LW_TYPE_NONE);
    assert_int_equal(lw_tree_type_of(any, path("/5/0/0")), LW_TYPE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_visits_everything_in_tree_order),
        cmocka_unit_test(a_walk_stays_within_scope_and_depth),
        cmocka_unit_test(a_walk_goes_on_behind_what_was_removed),
        cmocka_unit_test(a_failure_of_the_owner_ends_the_walk),
        cmocka_unit_test(a_walk_reaches_the_values_there_are),
        cmocka_unit_test(the_depth_tells_which_level_is_missing),
        cmocka_unit_test(children_are_counted),
        cmocka_unit_test(resources_have_a_definition_and_a_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
