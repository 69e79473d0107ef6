#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "lw/objects.h"
#include "model/tree.h"

/* A sensor: one optional string, one call, one computed value; and an object with multiples. */
#define SENSOR(T, ONE, MANY, CALL)  \
    ONE(T, FLOAT32, min, 5601, 0)   \
    CALL(T, EXECUTE, reset, 5605)   \
    ONE(T, FLOAT32, value, 5700, 0) \
    ONE(T, STRING, unit, 5701, 8)
LW_DECLARE(sensor, lw_object_3303_v1_1, SENSOR, 3, NULL)

#define DEVICE(T, ONE, MANY, CALL)        \
    ONE(T, STRING, manufacturer, 0, 16)   \
    CALL(T, EXECUTE, reboot, 4)           \
    MANY(T, INT8, power_sources, 6, 0, 2) \
    ONE(T, UINT8, battery, 9, 0)          \
    MANY(T, INT8, errors, 11, 0, 4)       \
    CALL(T, COMPUTED, now, 13)            \
    MANY(T, OBJLNK, extra, 22, 0, 2)

/* An odd number of octets, and values that do not follow their ids without a gap. */
#define UNEVEN(T, ONE, MANY, CALL)     \
    ONE(T, STRING, manufacturer, 0, 5) \
    MANY(T, INT64, voltages, 7, 0, 2)
LW_DECLARE(uneven, lw_object_3_v1_0, UNEVEN, 1, NULL)

typedef struct fixture {
    lw_pool *pool;
    lw_mem mem;
    lw_tree tree;
    int64_t clock;
    lw_err verdict; /* of validate */
    bool has_defaults;
    unsigned told;
    lw_tree_change change[16];
    lw_path path[16];
    uint8_t block[8192];
} fixture;

static lw_err device_read(void *ctx, lw_tree *tree, lw_path path, lw_value *out)
{
    fixture *f = ctx;
    (void)tree;
    (void)path;
    *out = lw_value_time(f->clock);
    return f->clock != 0 ? LW_OK : LW_ENOTFOUND;
}

static lw_err device_write(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                           bool more)
{
    fixture *f = ctx;
    (void)path;
    (void)offset;
    (void)more;
    f->clock = value.as.integer;
    lw_tree_changed(tree, path);
    return LW_OK;
}

static lw_err device_validate(void *ctx, lw_tree *tree, lw_path instance)
{
    fixture *f = ctx;
    (void)tree;
    (void)instance;
    return f->verdict;
}

static void device_defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    fixture *f = ctx;
    if (f->has_defaults) {
        lw_tree_set(tree, lw_path_child(instance, 9), lw_value_integer(100));
    }
}

static lw_time device_step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    fixture *f = ctx;
    (void)tree;
    (void)instance;
    return f->clock != 0 ? now + 5 : LW_TIME_NEVER;
}

static const lw_object_hooks device_hooks = {.defaults = device_defaults,
                                             .read = device_read,
                                             .write = device_write,
                                             .validate = device_validate,
                                             .step = device_step};
LW_DECLARE(device, lw_object_3_v1_2, DEVICE, 1, &device_hooks)

static void note_change(void *ctx, lw_tree_change change, lw_path path)
{
    fixture *f = ctx;
    assert_true(f->told < 16);
    f->change[f->told] = change;
    f->path[f->told++] = path;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    lw_path at;
    static const lw_object *const objects[] = {&sensor_object, &device_object, NULL};
    f->pool = lw_pool_init(f->block, sizeof f->block);
    f->mem = f->pool->mem;
    assert_int_equal(lw_tree_init(&f->tree, objects, &f->mem, f), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3, LW_ID_MAX, &at), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 7, &at), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, LW_ID_MAX, &at), LW_OK);
    assert_int_equal(lw_path_id(at, LW_LEVEL_INSTANCE), 0);
    f->tree.on_change = note_change;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    lw_tree_fini(&f->tree);
    assert_int_equal(f->pool->used, 0);
    free(f);
    return 0;
}

static lw_path at(const char *text)
{
    lw_path p;
    assert_int_equal(lw_path_parse(lw_bytes_str(text), &p), LW_OK);
    return p;
}

static unsigned depth_of(fixture *f, lw_path path)
{
    lw_place place;
    return lw_tree_find(&f->tree, path, &place);
}

static void expect_told(fixture *f, unsigned index, lw_tree_change change, const char *path)
{
    assert_true(index < f->told);
    assert_int_equal(f->change[index], change);
    assert_true(lw_path_equal(f->path[index], at(path)));
}

/* Everything at `depth` below scope, as "/a /b". */
static void expect_walk(fixture *f, const char *scope, unsigned depth, const char *expected)
{
    char seen[512] = "";
    size_t len = 0;
    lw_path p = at(scope);
    while (lw_tree_next(&f->tree, &p, lw_path_depth(at(scope)), depth)) {
        seen[len++] = ' ';
        len += lw_path_format(p, seen + len);
    }
    seen[len] = '\0';
    assert_string_equal(len > 0 ? seen + 1 : "", expected);
}

static void expect_number(lw_tree *tree, const char *path, uint32_t number)
{
    assert_int_equal(lw_tree_number(tree, at(path), number + 1), number);
}

static void an_instance_starts_with_what_is_mandatory(void **state)
{
    fixture *f = *state;
    lw_value v;
    expect_walk(f, "/", 1, "/3 /3303");
    expect_walk(f, "/", 2, "/3/0 /3303/0 /3303/7");
    expect_walk(f, "/3303", 3, "/3303/0/5605 /3303/0/5700 /3303/7/5605 /3303/7/5700");
    expect_walk(f, "/3/0", 3, "/3/0/4 /3/0/11 /3/0/13");
    assert_int_equal(lw_tree_get(&f->tree, at("/3303/7/5700"), &v), LW_OK);
    assert_true(lw_value_equal(v, lw_value_single(0)));
    assert_int_equal(lw_tree_get(&f->tree, at("/3303/7/5701"), &v), LW_ENOTFOUND);
    assert_false(lw_tree_exists(&f->tree, at("/3303/7/5701")));
    assert_true(lw_tree_exists(&f->tree, at("/3303/7")));
    assert_false(lw_tree_exists(&f->tree, at("/3303/1")));
}

static void a_path_is_there_as_deep_as_it_goes(void **state)
{
    fixture *f = *state;
    assert_int_equal(depth_of(f, at("/3/0/9")), 2);
    assert_int_equal(depth_of(f, at("/3/0/4")), 3);
    assert_int_equal(depth_of(f, at("/3/1/4")), 1);
    assert_int_equal(depth_of(f, at("/9/1/4")), 0);
    assert_int_equal(depth_of(f, at("/3/0/11/0")), 3);
    assert_int_equal(lw_tree_type_of(&f->tree, at("/3/7/9")), LW_TYPE_INTEGER);
    assert_int_equal(lw_tree_type_of(&f->tree, at("/3/0/10")), LW_TYPE_NONE);
    assert_int_equal(lw_tree_type_of(&f->tree, at("/9/0/10")), LW_TYPE_NONE);
    assert_int_equal(lw_tree_type_of(&f->tree, at("/3")), LW_TYPE_NONE);
}

static void a_setter_tells_a_change_once(void **state)
{
    fixture *f = *state;
    lw_value v;
    assert_int_equal(sensor_set_value(&f->tree, 7, 21.5f), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 7, 21.5f), LW_OK);
    assert_int_equal(sensor_set_unit(&f->tree, 7, "Cel"), LW_OK);
    assert_int_equal(f->told, 2);
    expect_told(f, 0, LW_TREE_VALUE, "/3303/7/5700");
    expect_told(f, 1, LW_TREE_VALUE, "/3303/7/5701");
    assert_int_equal(lw_tree_get(&f->tree, at("/3303/7/5701"), &v), LW_OK);
    assert_true(lw_value_equal(v, lw_value_string("Cel")));
    const sensor *s = lw_tree_struct(&f->tree, at("/3303/7"));
    assert_true(s->value > 21.4f && s->value < 21.6f);
}

static void an_absent_optional_set_to_zero_is_a_change(void **state)
{
    fixture *f = *state;
    assert_int_equal(sensor_set_min(&f->tree, 7, 0), LW_OK);
    assert_int_equal(f->told, 1);
    assert_true(lw_tree_exists(&f->tree, at("/3303/7/5601")));
}

static void instances_of_an_object_come_one_by_one(void **state)
{
    fixture *f = *state;
    lw_path p = at("/3303");
    assert_true(lw_tree_next_instance(&f->tree, &p));
    assert_true(lw_path_equal(p, at("/3303/0")));
    assert_true(lw_tree_next_instance(&f->tree, &p));
    assert_true(lw_path_equal(p, at("/3303/7")));
    assert_false(lw_tree_next_instance(&f->tree, &p));
    p = at("/3");
    assert_true(lw_tree_next_instance(&f->tree, &p));
    assert_false(lw_tree_next_instance(&f->tree, &p)); /* not into /3303 */
    p = at("/4711");
    assert_false(lw_tree_next_instance(&f->tree, &p));
}

static void instances_of_a_resource_come_in_order_of_id(void **state)
{
    fixture *f = *state;
    lw_value v;
    assert_int_equal(device_set_power_sources(&f->tree, 0, 9, 1), LW_OK);
    assert_int_equal(device_set_power_sources(&f->tree, 0, 2, 5), LW_OK);
    assert_int_equal(device_set_power_sources(&f->tree, 0, 3, 5), LW_ENOMEM);
    expect_walk(f, "/3/0/6", 4, "/3/0/6/2 /3/0/6/9");
    assert_int_equal(lw_tree_count(&f->tree, at("/3/0/6")), 2);
    assert_int_equal(lw_tree_get(&f->tree, at("/3/0/6/9"), &v), LW_OK);
    assert_true(lw_value_equal(v, lw_value_integer(1)));
    assert_int_equal(lw_tree_get(&f->tree, at("/3/0/6"), &v), LW_ENOTFOUND);
    assert_int_equal(lw_tree_get(&f->tree, at("/3/0/6/4"), &v), LW_ENOTFOUND);
    assert_int_equal(lw_tree_unset(&f->tree, at("/3/0/6/2")), LW_OK);
    expect_walk(f, "/3/0/6", 4, "/3/0/6/9");
    assert_int_equal(lw_tree_empty(&f->tree, at("/3/0/6")), LW_OK);
    expect_walk(f, "/3/0/6", 4, "");
    assert_true(lw_tree_exists(&f->tree, at("/3/0/6")));
    assert_int_equal(lw_tree_unset(&f->tree, at("/3/0/6")), LW_OK);
    assert_false(lw_tree_exists(&f->tree, at("/3/0/6")));
    assert_int_equal(lw_tree_empty(&f->tree, at("/3303/7/5700")), LW_EINVAL);
    assert_int_equal(lw_tree_empty(&f->tree, at("/3303/9/5700")), LW_ENOTFOUND);
}

static void instances_of_a_resource_take_the_places_of_those_that_went(void **state)
{
    fixture *f = *state;
    const device *d = lw_tree_struct(&f->tree, at("/3/0"));
    assert_int_equal(device_set_errors(&f->tree, 0, 65534, 1), LW_OK);
    assert_int_equal(device_set_errors(&f->tree, 0, 7, 2), LW_OK);
    assert_int_equal(device_set_errors(&f->tree, 0, 0, 3), LW_OK);
    assert_int_equal(device_set_errors(&f->tree, 0, 300, 4), LW_OK);
    assert_int_equal(device_set_errors(&f->tree, 0, 1, 5), LW_ENOMEM);
    expect_walk(f, "/3/0/11", 4, "/3/0/11/0 /3/0/11/7 /3/0/11/300 /3/0/11/65534");
    assert_int_equal(lw_tree_unset(&f->tree, at("/3/0/11/7")), LW_OK);
    assert_int_equal(d->errors.numbers[1], 0);
    assert_int_equal(d->errors.values[1], 0);
    assert_int_equal(lw_tree_unset(&f->tree, at("/3/0/11/7")), LW_ENOTFOUND);
    assert_false(lw_tree_exists(&f->tree, at("/3/0/11/1")));
    assert_int_equal(device_set_errors(&f->tree, 0, 1, 5), LW_OK);
    expect_walk(f, "/3/0/11", 4, "/3/0/11/0 /3/0/11/1 /3/0/11/300 /3/0/11/65534");
    expect_number(&f->tree, "/3/0/11/0", 3);
    expect_number(&f->tree, "/3/0/11/1", 5);
    expect_number(&f->tree, "/3/0/11/300", 4);
    expect_number(&f->tree, "/3/0/11/65534", 1);
}

static void values_that_do_not_fit_are_refused(void **state)
{
    fixture *f = *state;
    assert_int_equal(sensor_set_unit(&f->tree, 7, "123456789"), LW_ETOOBIG);
    assert_int_equal(lw_tree_set(&f->tree, at("/3303/7/5700"), lw_value_string("x")), LW_ETYPE);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/9"), lw_value_integer(101)), LW_ERANGE);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/9"), lw_value_integer(-1)), LW_ERANGE);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/6"), lw_value_integer(1)), LW_EINVAL);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/9/0"), lw_value_integer(1)), LW_EINVAL);
    assert_int_equal(lw_tree_set(&f->tree, at("/3303/7/5605"), lw_value_none()), LW_EMETHOD);
    assert_int_equal(lw_tree_set(&f->tree, at("/3303/8/5700"), lw_value_float(1)), LW_ENOTFOUND);
    assert_int_equal(lw_tree_set(&f->tree, at("/3303"), lw_value_float(1)), LW_ENOTFOUND);
    assert_int_equal(f->told, 0);
}

static void computed_resources_ask_the_device(void **state)
{
    fixture *f = *state;
    lw_value v;
    assert_int_equal(lw_tree_get(&f->tree, at("/3/0/13"), &v), LW_ENOTFOUND);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/13"), lw_value_integer(1367491215)), LW_OK);
    assert_int_equal(lw_tree_get(&f->tree, at("/3/0/13"), &v), LW_OK);
    assert_true(lw_value_equal(v, lw_value_time(1367491215)));
    assert_int_equal(f->told, 1);
    assert_int_equal(lw_tree_unset(&f->tree, at("/3/0/13")), LW_EMETHOD);
}

static void mandatory_resources_stay(void **state)
{
    fixture *f = *state;
    assert_int_equal(lw_tree_unset(&f->tree, at("/3303/7/5700")), LW_EMETHOD);
    assert_int_equal(lw_tree_unset(&f->tree, at("/3303/7/5701")), LW_ENOTFOUND);
}

static void a_commit_tells_only_what_is_different_in_the_end(void **state)
{
    fixture *f = *state;
    lw_path added;
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_begin(&f->tree), LW_ESTATE);
    assert_int_equal(sensor_set_value(&f->tree, 0, 1), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 0, 0), LW_OK);
    assert_int_equal(sensor_set_unit(&f->tree, 0, "K"), LW_OK);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3303/7")), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 4, &added), LW_OK);
    assert_int_equal(f->told, 0);
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
    assert_int_equal(f->told, 3);
    expect_told(f, 0, LW_TREE_VALUE, "/3303/0/5701");
    expect_told(f, 1, LW_TREE_REMOVED, "/3303/7");
    expect_told(f, 2, LW_TREE_ADDED, "/3303/4");
}

static void a_rollback_leaves_everything_as_it_was(void **state)
{
    fixture *f = *state;
    lw_path added;
    lw_value v;
    assert_int_equal(device_set_power_sources(&f->tree, 0, 1, 1), LW_OK);
    f->told = 0;
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(device_set_power_sources(&f->tree, 0, 0, 2), LW_OK);
    assert_int_equal(lw_tree_start_with(&f->tree, at("/3303/7"), LW_TREE_CLEAR), LW_OK);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3303/0")), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 9, &added), LW_OK);
    lw_tree_rollback(&f->tree);
    expect_walk(f, "/", 2, "/3/0 /3303/0 /3303/7");
    expect_walk(f, "/3/0/6", 4, "/3/0/6/1");
    assert_int_equal(lw_tree_get(&f->tree, at("/3/0/6/1"), &v), LW_OK);
    assert_int_equal(f->told, 0);
}

static void a_device_may_refuse_the_whole_transaction(void **state)
{
    fixture *f = *state;
    f->verdict = LW_EDENIED;
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 0, 3), LW_OK);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/9"), lw_value_integer(50)), LW_OK);
    assert_int_equal(lw_tree_commit(&f->tree), LW_EDENIED);
    assert_int_equal(f->told, 0);
    lw_tree_rollback(&f->tree);
    assert_false(lw_tree_exists(&f->tree, at("/3/0/9")));
}

static void the_end_commits_what_went_well_and_takes_back_the_rest(void **state)
{
    fixture *f = *state;
    static const struct {
        lw_err done, verdict, ended;
    } cases[] = {
        {LW_EINVAL, LW_OK, LW_EINVAL}, {LW_OK, LW_EDENIED, LW_EDENIED}, {LW_OK, LW_OK, LW_OK}};
    for (size_t i = 0; i < 3; i++) {
        f->verdict = cases[i].verdict;
        assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
        assert_int_equal(lw_tree_set(&f->tree, at("/3/0/9"), lw_value_integer(50)), LW_OK);
        assert_int_equal(lw_tree_end(&f->tree, cases[i].done), cases[i].ended);
        assert_int_equal(lw_tree_exists(&f->tree, at("/3/0/9")), cases[i].ended == LW_OK);
    }
}

static void a_replace_starts_from_what_is_mandatory(void **state)
{
    fixture *f = *state;
    assert_int_equal(sensor_set_value(&f->tree, 7, 3), LW_OK);
    assert_int_equal(sensor_set_unit(&f->tree, 7, "K"), LW_OK);
    assert_int_equal(lw_tree_start_with(&f->tree, at("/3303/7"), LW_TREE_CLEAR), LW_OK);
    expect_walk(f, "/3303/7", 3, "/3303/7/5605 /3303/7/5700");
    assert_int_equal(lw_tree_start_with(&f->tree, at("/3303/5"), LW_TREE_CLEAR), LW_ENOTFOUND);
}

/* Of a Server: what is read only, what is mandatory, and what is optional. */
#define SERVER(T, ONE, MANY, CALL) \
    ONE(T, UINT16, ssid, 0, 0)     \
    ONE(T, UINT32, lifetime, 1, 0) \
    ONE(T, INT32, pmin, 2, 0)      \
    CALL(T, EXECUTE, update, 8)
LW_DECLARE(account, lw_object_1_v1_1, SERVER, 2, NULL)

static void with_server(fixture *f, lw_tree *tree, lw_path *instance)
{
    static const lw_object *const objects[] = {&account_object, NULL};
    assert_int_equal(lw_tree_init(tree, objects, &f->mem, NULL), LW_OK);
    assert_int_equal(lw_tree_add(tree, 1, 4, instance), LW_OK);
    assert_int_equal(account_set_ssid(tree, 4, 7), LW_OK);
    assert_int_equal(account_set_lifetime(tree, 4, 60), LW_OK);
    assert_int_equal(account_set_pmin(tree, 4, 5), LW_OK);
}

static void what_is_written_anew_wants_what_is_mandatory_back(void **state)
{
    fixture *f = *state;
    lw_tree tree;
    lw_path server;
    with_server(f, &tree, &server);
    assert_int_equal(lw_tree_begin(&tree), LW_OK);
    assert_int_equal(lw_tree_start_with(&tree, server, LW_TREE_REPLACE), LW_OK);
    expect_number(&tree, "/1/4/0", 7);
    assert_false(lw_tree_exists(&tree, at("/1/4/1")));
    assert_false(lw_tree_exists(&tree, at("/1/4/2")));
    assert_int_equal(lw_tree_check(&tree), LW_EINVAL);
    assert_int_equal(lw_tree_end(&tree, LW_OK), LW_EINVAL);
    expect_number(&tree, "/1/4/1", 60);
    expect_number(&tree, "/1/4/2", 5);

    assert_int_equal(lw_tree_begin(&tree), LW_OK);
    assert_int_equal(lw_tree_start_with(&tree, server, LW_TREE_REPLACE), LW_OK);
    assert_int_equal(account_set_lifetime(&tree, 4, 0), LW_OK);
    assert_int_equal(lw_tree_end(&tree, LW_OK), LW_OK);
    expect_number(&tree, "/1/4/1", 0);
    assert_false(lw_tree_exists(&tree, at("/1/4/2")));
    assert_int_equal(lw_tree_start_with(&tree, at("/1/5"), LW_TREE_REPLACE), LW_ENOTFOUND);
    lw_tree_fini(&tree);
}

/* A computed resource that is mandatory and writable: it is there again when its value goes on to
 * the device. */
#define COUNTDOWN(T, ONE, MANY, CALL) \
    ONE(T, UINT16, ssid, 0, 0)        \
    CALL(T, COMPUTED, lifetime, 1)    \
    ONE(T, BOOLEAN, storing, 6, 0)    \
    ONE(T, STRING, binding, 7, 8)     \
    CALL(T, EXECUTE, update, 8)
LW_DECLARE(countdown, lw_object_1_v1_1, COUNTDOWN, 1, NULL)

static void what_is_computed_and_written_anew_has_to_be_written_too(void **state)
{
    fixture *f = *state;
    static const lw_object *const objects[] = {&countdown_object, NULL};
    lw_tree tree;
    lw_path instance;
    lw_place place;
    assert_int_equal(lw_tree_init(&tree, objects, &f->mem, NULL), LW_OK);
    assert_int_equal(lw_tree_add(&tree, 1, 0, &instance), LW_OK);
    assert_int_equal(lw_tree_begin(&tree), LW_OK);
    assert_int_equal(lw_tree_start_with(&tree, instance, LW_TREE_REPLACE), LW_OK);
    assert_int_equal(countdown_set_storing(&tree, 0, true), LW_OK);
    assert_int_equal(countdown_set_binding(&tree, 0, "U"), LW_OK);
    assert_int_equal(lw_tree_check(&tree), LW_EINVAL);
    assert_false(lw_tree_exists(&tree, at("/1/0/1")));
    lw_tree_find(&tree, at("/1/0/1"), &place);
    assert_int_equal(lw_place_touch(&place), LW_OK);
    assert_true(lw_tree_exists(&tree, at("/1/0/1")));
    assert_int_equal(lw_tree_commit(&tree), LW_OK);
    lw_tree_fini(&tree);
}

static void what_is_zero_in_a_new_instance_has_to_be_set(void **state)
{
    fixture *f = *state;
    lw_tree tree;
    lw_path server;
    with_server(f, &tree, &server);
    assert_int_equal(lw_tree_begin(&tree), LW_OK);
    assert_int_equal(lw_tree_start_with(&tree, server, LW_TREE_DEMAND), LW_OK);
    assert_int_equal(lw_tree_add(&tree, 1, 5, &server), LW_OK);
    assert_int_equal(lw_tree_start_with(&tree, server, LW_TREE_DEMAND), LW_OK);
    assert_true(lw_tree_exists(&tree, at("/1/5/0")));
    assert_false(lw_tree_exists(&tree, at("/1/5/1")));
    assert_int_equal(lw_tree_check(&tree), LW_EINVAL);
    assert_int_equal(account_set_lifetime(&tree, 5, 30), LW_OK);
    assert_int_equal(lw_tree_end(&tree, LW_OK), LW_OK);
    expect_number(&tree, "/1/4/1", 60);
    expect_number(&tree, "/1/4/2", 5);
    lw_tree_fini(&tree);
}

static void what_is_written_into_the_struct_is_there(void **state)
{
    fixture *f = *state;
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_touch(&f->tree, at("/3/0/9")), LW_OK);
    ((device *)lw_tree_struct(&f->tree, at("/3/0/9")))->battery = 80;
    expect_number(&f->tree, "/3/0/9", 80);
    lw_tree_rollback(&f->tree);
    assert_false(lw_tree_exists(&f->tree, at("/3/0/9")));
    assert_int_equal(lw_tree_touch(&f->tree, at("/3/1/9")), LW_ENOTFOUND);
}

static void numbers_are_kept_in_the_width_of_their_fields(void **state)
{
    static const struct {
        const char *path;
        int64_t number;
        lw_err err;
    } cases[] = {{"/1/4/1", UINT32_MAX, LW_OK},
                 {"/1/4/1", (int64_t)UINT32_MAX + 1, LW_ERANGE},
                 {"/1/4/1", -1, LW_ERANGE},
                 {"/1/4/2", INT32_MIN, LW_OK},
                 {"/1/4/2", INT32_MAX, LW_OK},
                 {"/1/4/2", (int64_t)INT32_MIN - 1, LW_ERANGE},
                 {"/1/4/2", (int64_t)INT32_MAX + 1, LW_ERANGE}};
    fixture *f = *state;
    lw_tree tree;
    lw_path server;
    with_server(f, &tree, &server);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lw_path path = at(cases[i].path);
        lw_value v;
        assert_int_equal(lw_tree_set(&tree, path, lw_value_integer(cases[i].number)), cases[i].err);
        assert_int_equal(lw_tree_get(&tree, path, &v), LW_OK);
        assert_int_equal(lw_value_equal(v, lw_value_integer(cases[i].number)),
                         cases[i].err == LW_OK);
    }
    lw_tree_fini(&tree);
}

static void instances_have_their_limits(void **state)
{
    fixture *f = *state;
    lw_path p;
    assert_int_equal(lw_tree_add(&f->tree, 3303, 7, &p), LW_EEXISTS);
    assert_int_equal(lw_tree_add(&f->tree, 3303, LW_ID_MAX, &p), LW_OK);
    assert_int_equal(lw_path_id(p, LW_LEVEL_INSTANCE), 1);
    assert_int_equal(lw_tree_add(&f->tree, 3303, LW_ID_MAX, &p), LW_ENOMEM);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3/0")), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3, 1, &p), LW_ERANGE);
    assert_int_equal(lw_tree_add(&f->tree, 4, 0, &p), LW_ENOTFOUND);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3/0")), LW_ENOTFOUND);
    expect_told(f, 0, LW_TREE_ADDED, "/3303/1");
    expect_told(f, 1, LW_TREE_REMOVED, "/3/0");
}

static void what_is_made_is_known_until_the_transaction_ends(void **state)
{
    fixture *f = *state;
    lw_path added;
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 9, &added), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 7, 5.0f), LW_OK);
    assert_true(lw_tree_is_made(&f->tree, added));
    assert_false(lw_tree_is_made(&f->tree, at("/3303/7"))); /* changed, but it was there */
    assert_false(lw_tree_is_made(&f->tree, at("/3303/0")));
    assert_false(lw_tree_is_made(&f->tree, at("/3303/8")));
    assert_false(lw_tree_is_made(&f->tree, at("/4/0")));
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
    assert_false(lw_tree_is_made(&f->tree, added));
}

static void the_largest_id_is_found_and_nothing_follows_it(void **state)
{
    fixture *f = *state;
    lw_path p;
    assert_int_equal(lw_tree_add(&f->tree, 3303, 65534, &p), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 65534, 1.5f), LW_OK);
    expect_walk(f, "/3303", LW_LEVEL_INSTANCE, "/3303/0 /3303/7 /3303/65534");
    assert_int_equal(lw_tree_count(&f->tree, at("/3303")), 3);
    assert_false(lw_tree_next_instance(&f->tree, &p));
    lw_value value;
    assert_int_equal(lw_tree_get(&f->tree, at("/3303/65534/5700"), &value), LW_OK);
    assert_true(value.as.number > 1.0);
    /* No piece is unused: what is not there is not found, and cannot be added. */
    assert_false(lw_tree_exists(&f->tree, at("/3303/65533")));
    assert_false(lw_tree_exists(&f->tree, at("/3303/1")));
    assert_int_equal(lw_tree_add(&f->tree, 3303, 65533, &p), LW_ENOMEM);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3303/65534")), LW_OK);
    expect_walk(f, "/3303", LW_LEVEL_INSTANCE, "/3303/0 /3303/7");
    assert_int_equal(lw_tree_add(&f->tree, 3303, 65533, &p), LW_OK);
}

static void a_piece_that_another_instance_took_goes_back_to_the_first(void **state)
{
    fixture *f = *state;
    lw_path p;
    assert_int_equal(lw_tree_remove(&f->tree, at("/3303/0")), LW_OK);
    assert_int_equal(sensor_set_unit(&f->tree, 7, "Cel"), LW_OK);
    f->told = 0;
    for (unsigned i = 0; i < 2; i++) { /* none is kept from one to the next */
        assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
        assert_int_equal(lw_tree_remove(&f->tree, at("/3303/7")), LW_OK);
        for (uint16_t id = 1; id <= 3; id++) { /* in this piece, and two that were not used */
            assert_int_equal(lw_tree_add(&f->tree, 3303, id, &p), LW_OK);
            assert_int_equal(sensor_set_value(&f->tree, id, 1.0f), LW_OK);
        }
        assert_int_equal(lw_tree_remove(&f->tree, at("/3303/2")), LW_OK);
        lw_tree_rollback(&f->tree);
    }
    assert_int_equal(f->told, 0);
    expect_walk(f, "/3303", LW_LEVEL_INSTANCE, "/3303/7");
    assert_true(lw_bytes_is(lw_tree_octets(&f->tree, at("/3303/7/5701")), "Cel"));
    assert_int_equal(lw_tree_add(&f->tree, 3303, 1, &p), LW_OK);
    assert_false(lw_tree_exists(&f->tree, at("/3303/1/5701")));
    lw_value value;
    assert_int_equal(lw_tree_get(&f->tree, at("/3303/1/5700"), &value), LW_OK);
    assert_true(value.as.number < 0.5);
}

static void without_memory_for_the_undo_nothing_changes(void **state)
{
    fixture *f = *state;
    void *hog = NULL;
    for (size_t size = sizeof f->block; size > 0 && hog == NULL; size -= 16) {
        hog = f->mem.alloc(f->mem.ctx, size);
    }
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    lw_path p;
    assert_int_equal(sensor_set_value(&f->tree, 7, 3), LW_ENOMEM);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 5, &p), LW_ENOMEM);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3303/7")), LW_ENOMEM);
    assert_int_equal(lw_tree_start_with(&f->tree, at("/3303/7"), LW_TREE_CLEAR), LW_ENOMEM);
    assert_int_equal(lw_tree_empty(&f->tree, at("/3/0/6")), LW_ENOMEM);
    lw_tree_rollback(&f->tree);
    lw_mem_release(&f->mem, hog);
    expect_walk(f, "/", 2, "/3/0 /3303/0 /3303/7");
}

static void wrong_declarations_are_not_sound(void **state)
{
    (void)state;
    static const lw_field unordered[] = {{.id = 5700, .type = LW_TYPE_FLOAT, .size = 4},
                                         {.id = 5601, .type = LW_TYPE_FLOAT, .size = 4}};
    static const lw_field unknown[] = {{.id = 1, .type = LW_TYPE_FLOAT, .size = 4}};
    static const lw_field not_executable[] = {{.id = 5700, .type = LW_TYPE_NONE}};
    static const lw_field not_multiple[] = {
        {.id = 5700, .type = LW_TYPE_FLOAT, .count = 2, .size = 4}};
    static const lw_field no_float[] = {
        {.id = 5700, .type = LW_TYPE_STRING, .has_length = 1, .size = 10}};
    static const lw_field no_text[] = {{.id = 5701, .type = LW_TYPE_INTEGER, .size = 4}};
    static const lw_field *const wrong[] = {unordered,    unknown,  not_executable,
                                            not_multiple, no_float, no_text};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lw_object object = {.def = &lw_object_3303_v1_1,
                            .fields = wrong[i],
                            .field_count = i == 0 ? 2 : 1,
                            .instances_max = 1};
        const lw_object *const objects[] = {&object, NULL};
        assert_false(lw_objects_are_sound(objects));
    }
    lw_object no_room = sensor_object;
    no_room.instances_max = 0;
    const lw_object *const none[] = {&no_room, NULL};
    assert_false(lw_objects_are_sound(none));
    const lw_object *const twice[] = {&sensor_object, &device_object, &sensor_object, NULL};
    assert_false(lw_objects_are_sound(twice));
    assert_true(lw_objects_are_sound(twice + 1));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void an_instance_that_is_new_or_cleared_starts_with_its_defaults(void **state)
{
    fixture *f = *state;
    lw_path added;
    f->has_defaults = true;
    assert_int_equal(lw_tree_remove(&f->tree, at("/3/0")), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3, 0, &added), LW_OK);
    assert_int_equal(((device *)lw_tree_struct(&f->tree, added))->battery, 100);
    assert_int_equal(device_set_battery(&f->tree, 0, 5), LW_OK);
    assert_int_equal(lw_tree_start_with(&f->tree, added, LW_TREE_CLEAR), LW_OK);
    assert_int_equal(((device *)lw_tree_struct(&f->tree, added))->battery, 100);
}

static void a_computed_value_is_told_at_once_within_a_transaction_too(void **state)
{
    fixture *f = *state;
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/9"), lw_value_integer(5)), LW_OK);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/13"), lw_value_time(77)), LW_OK);
    assert_int_equal(f->told, 1);
    expect_told(f, 0, LW_TREE_VALUE, "/3/0/13");
    lw_tree_rollback(&f->tree);
    assert_int_equal(f->told, 1);
}

static void a_step_asks_every_instance_for_its_time(void **state)
{
    fixture *f = *state;
    assert_true(lw_tree_step(&f->tree, 10) == LW_TIME_NEVER);
    f->clock = 1;
    assert_true(lw_tree_step(&f->tree, 10) == 15);
}

/* The paths a walk finds, separated by blanks. */
static const char *walk(fixture *f, const char *scope, unsigned depth)
{
    static char text[512];
    size_t len = 0;
    lw_path p = at(scope);
    while (lw_tree_walk(&f->tree, &p, lw_path_depth(at(scope)), depth)) {
        assert_true(len + LW_PATH_TEXT_MAX + 1 < sizeof text);
        len += lw_path_format(p, text + len);
        text[len++] = ' ';
    }
    text[len > 0 ? len - 1 : 0] = '\0';
    return text;
}

static void a_walk_finds_parents_before_their_children(void **state)
{
    fixture *f = *state;
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/6/1"), lw_value_integer(1)), LW_OK);
    assert_int_equal(lw_tree_set(&f->tree, at("/3/0/6/0"), lw_value_integer(1)), LW_OK);
    assert_string_equal(walk(f, "/", 2), "/3 /3/0 /3303 /3303/0 /3303/7");
    assert_string_equal(walk(f, "/3303", 3),
                        "/3303/0 /3303/0/5605 /3303/0/5700 /3303/7 /3303/7/5605 /3303/7/5700");
    assert_string_equal(walk(f, "/3/0/6", 4), "/3/0/6/0 /3/0/6/1");
    assert_string_equal(walk(f, "/3/0/6/0", 4), "");
    assert_string_equal(walk(f, "/3/0/6", 3), "");
    assert_string_equal(walk(f, "/3/1", 4), "");
}

/* ---- Series of transactions ---- */

static void set_value(fixture *f, uint16_t instance, float value)
{
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, instance, value), LW_OK);
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
}

static float value_of(fixture *f, uint16_t instance)
{
    return ((sensor *)lw_tree_struct(&f->tree, lw_path_instance(3303, instance)))->value;
}

static void a_series_of_transactions_is_told_when_it_settles(void **state)
{
    fixture *f = *state;
    lw_path added;
    assert_int_equal(lw_tree_hold(&f->tree), LW_OK);
    set_value(f, 7, 1.0f);
    set_value(f, 7, 2.0f);
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 9, &added), LW_OK);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3303/0")), LW_OK);
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
    assert_int_equal(f->told, 0);
    assert_true(lw_tree_is_held(&f->tree, at("/3303/7")));
    assert_true(lw_tree_is_held(&f->tree, added));
    assert_false(lw_tree_is_held(&f->tree, at("/3/0")));
    assert_false(lw_tree_is_held(&f->tree, at("/3303/8")));
    assert_int_equal(lw_tree_check(&f->tree), LW_OK);
    lw_tree_settle(&f->tree);
    assert_false(lw_tree_is_holding(&f->tree));
    assert_int_equal(f->told, 3);
    assert_int_equal(f->change[0], LW_TREE_VALUE);
    assert_int_equal(f->change[1], LW_TREE_ADDED);
    assert_int_equal(f->change[2], LW_TREE_REMOVED);
}

static void a_series_of_transactions_is_reverted_as_a_whole(void **state)
{
    fixture *f = *state;
    lw_path added;
    set_value(f, 7, 1.0f);
    f->told = 0;
    assert_int_equal(lw_tree_hold(&f->tree), LW_OK);
    set_value(f, 7, 2.0f);
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_remove(&f->tree, at("/3303/7")), LW_OK);
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 8, &added), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 9, &added), LW_OK);
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 9, 3.0f), LW_OK);
    lw_tree_revert(&f->tree);
    assert_int_equal(f->told, 0);
    assert_int_equal(lw_tree_count(&f->tree, at("/3303")), 2);
    assert_true(value_of(f, 7) > 0.5f && value_of(f, 7) < 1.5f);
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    lw_tree_rollback(&f->tree);
}

static void one_transaction_of_a_series_is_rolled_back_alone(void **state)
{
    fixture *f = *state;
    assert_int_equal(lw_tree_hold(&f->tree), LW_OK);
    set_value(f, 7, 2.0f);
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 7, 5.0f), LW_OK);
    assert_int_equal(sensor_set_value(&f->tree, 0, 5.0f), LW_OK);
    lw_tree_rollback(&f->tree);
    assert_true(value_of(f, 7) < 2.5f);
    assert_true(value_of(f, 0) < 2.5f);
    assert_false(lw_tree_is_held(&f->tree, at("/3303/0")));
    lw_tree_settle(&f->tree);
    assert_int_equal(f->told, 1);
}

static void the_devices_own_values_stay_outside_of_a_series(void **state)
{
    fixture *f = *state;
    assert_int_equal(lw_tree_hold(&f->tree), LW_OK);
    assert_int_equal(lw_tree_hold(&f->tree), LW_ESTATE);
    set_value(f, 0, 2.0f);
    assert_int_equal(sensor_set_value(&f->tree, 7, 5.0f), LW_OK);
    assert_int_equal(f->told, 1);
    lw_tree_revert(&f->tree);
    assert_true(value_of(f, 7) > 4.5f);
    assert_true(value_of(f, 0) < 0.5f);
}

static void a_series_asks_the_object_again_before_it_settles(void **state)
{
    fixture *f = *state;
    assert_int_equal(lw_tree_hold(&f->tree), LW_OK);
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(device_set_battery(&f->tree, 0, 5), LW_OK);
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
    f->verdict = LW_EINVAL;
    assert_int_equal(lw_tree_check(&f->tree), LW_EINVAL);
    f->verdict = LW_OK;
    assert_int_equal(lw_tree_check(&f->tree), LW_OK);
    lw_tree_settle(&f->tree);
}

static void a_new_instance_costs_no_copy(void **state)
{
    fixture *f = *state;
    lw_path added;
    assert_int_equal(lw_tree_hold(&f->tree), LW_OK);
    size_t before = f->pool->used;
    assert_int_equal(lw_tree_begin(&f->tree), LW_OK);
    assert_int_equal(lw_tree_add(&f->tree, 3303, 9, &added), LW_OK);
    size_t of_new = f->pool->used - before;
    assert_int_equal(sensor_set_value(&f->tree, 7, 5.0f), LW_OK);
    assert_true(of_new < f->pool->used - before - of_new);
    assert_int_equal(lw_tree_commit(&f->tree), LW_OK);
    lw_tree_revert(&f->tree);
    assert_false(lw_tree_exists(&f->tree, added));
}

static void fields_of_any_size_and_alignment_hold_what_they_are_declared_for(void **state)
{
    fixture *f = *state;
    static const lw_object *const objects[] = {&uneven_object, NULL};
    lw_tree tree;
    lw_path added;
    lw_value value;
    assert_int_equal(lw_tree_init(&tree, objects, &f->mem, NULL), LW_OK);
    assert_int_equal(lw_tree_add(&tree, 3, 0, &added), LW_OK);
    assert_int_equal(uneven_set_manufacturer(&tree, 0, "12345"), LW_OK);
    assert_int_equal(uneven_set_manufacturer(&tree, 0, "123456"), LW_ETOOBIG);
    assert_int_equal(uneven_set_voltages(&tree, 0, 9, INT64_MIN), LW_OK);
    assert_int_equal(uneven_set_voltages(&tree, 0, 2, INT64_MAX), LW_OK);
    assert_int_equal(uneven_set_voltages(&tree, 0, 3, 0), LW_ENOMEM);
    assert_int_equal(lw_tree_get(&tree, at("/3/0/0"), &value), LW_OK);
    assert_true(lw_bytes_is(value.as.bytes, "12345"));
    assert_int_equal(lw_tree_get(&tree, at("/3/0/7/9"), &value), LW_OK);
    assert_true(value.as.integer == INT64_MIN);
    assert_int_equal(lw_tree_get(&tree, at("/3/0/7/2"), &value), LW_OK);
    assert_true(value.as.integer == INT64_MAX);
    lw_tree_fini(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(fields_of_any_size_and_alignment_hold_what_they_are_declared_for),
        T(an_instance_starts_with_what_is_mandatory),
        T(a_series_of_transactions_is_told_when_it_settles),
        T(a_series_of_transactions_is_reverted_as_a_whole),
        T(one_transaction_of_a_series_is_rolled_back_alone),
        T(the_devices_own_values_stay_outside_of_a_series),
        T(a_series_asks_the_object_again_before_it_settles),
        T(a_new_instance_costs_no_copy),
        T(a_path_is_there_as_deep_as_it_goes),
        T(a_setter_tells_a_change_once),
        T(an_absent_optional_set_to_zero_is_a_change),
        T(instances_of_an_object_come_one_by_one),
        T(instances_of_a_resource_come_in_order_of_id),
        T(instances_of_a_resource_take_the_places_of_those_that_went),
        T(values_that_do_not_fit_are_refused),
        T(computed_resources_ask_the_device),
        T(mandatory_resources_stay),
        T(a_commit_tells_only_what_is_different_in_the_end),
        T(a_rollback_leaves_everything_as_it_was),
        T(a_device_may_refuse_the_whole_transaction),
        T(the_end_commits_what_went_well_and_takes_back_the_rest),
        T(a_replace_starts_from_what_is_mandatory),
        T(what_is_written_anew_wants_what_is_mandatory_back),
        T(what_is_computed_and_written_anew_has_to_be_written_too),
        T(what_is_zero_in_a_new_instance_has_to_be_set),
        T(what_is_written_into_the_struct_is_there),
        T(numbers_are_kept_in_the_width_of_their_fields),
        T(instances_have_their_limits),
        T(what_is_made_is_known_until_the_transaction_ends),
        T(without_memory_for_the_undo_nothing_changes),
        T(a_walk_finds_parents_before_their_children),
        T(the_largest_id_is_found_and_nothing_follows_it),
        T(a_piece_that_another_instance_took_goes_back_to_the_first),
        T(wrong_declarations_are_not_sound),
        T(an_instance_that_is_new_or_cleared_starts_with_its_defaults),
        T(a_computed_value_is_told_at_once_within_a_transaction_too),
        T(a_step_asks_every_instance_for_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
