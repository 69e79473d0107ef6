#include "base/map.h"

#include <stdlib.h>

#include "base/list.h"
#include "testing/fakes.h"
#include "testing/lw_test.h"

typedef struct item {
    lw_map_node node;
    uint64_t key;
} item;

static uint64_t hash_of(const void *ctx, const lw_map_node *node)
{
    (void)ctx;
    const item *i = (const item *)(const void *)node; /* its first member */
    return i->key;
}

static item *find(const lw_map *map, uint64_t key)
{
    for (lw_map_node *n = lw_map_first(map, key); n != NULL; n = n->next) {
        item *i = LW_CONTAINER(n, item, node);
        if (i->key == key) {
            return i;
        }
    }
    return NULL;
}

static item *make(size_t count)
{
    item *items = calloc(count, sizeof *items);
    assert_non_null(items);
    for (size_t i = 0; i < count; i++) {
        items[i].key = (uint64_t)i * 0x9e3779b97f4a7c15u;
    }
    return items;
}

LW_TEST(everything_is_found_while_the_map_grows)
{
    enum { COUNT = 5000 };
    lw_fake_mem fake = {0};
    lw_mem mem = lw_fake_mem_mem(&fake);
    lw_map map;
    assert_ok(lw_map_init(&map, &mem, hash_of, NULL));
    item *items = make(COUNT);
    assert_null(find(&map, 1));
    for (size_t i = 0; i < COUNT; i++) {
        lw_map_add(&map, &items[i].node);
        assert_ptr_equal(find(&map, items[i / 2].key), &items[i / 2]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(find(&map, items[i].key), &items[i]);
    }
    assert_null(find(&map, 1));
    assert_int_equal(map.count, COUNT);
    lw_map_fini(&map);
    assert_int_equal(fake.live, 0);
    free(items);
}

LW_TEST(what_was_removed_is_not_found_and_may_be_removed_again)
{
    enum { COUNT = 2000 };
    lw_fake_mem fake = {0};
    lw_mem mem = lw_fake_mem_mem(&fake);
    lw_map map;
    assert_ok(lw_map_init(&map, &mem, hash_of, NULL));
    item *items = make(COUNT);
    lw_map_remove(&map, &items[0].node);
    for (size_t i = 0; i < COUNT; i++) {
        lw_map_add(&map, &items[i].node);
    }
    for (size_t i = 0; i < COUNT; i += 2) {
        lw_map_remove(&map, &items[i].node);
        lw_map_remove(&map, &items[i].node);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(find(&map, items[i].key), i % 2 == 0 ? NULL : &items[i]);
    }
    assert_int_equal(map.count, COUNT / 2);
    lw_map_fini(&map);
    free(items);
}

LW_TEST(chains_stay_short)
{
    enum { COUNT = 20000 };
    lw_fake_mem fake = {0};
    lw_mem mem = lw_fake_mem_mem(&fake);
    lw_map map;
    assert_ok(lw_map_init(&map, &mem, hash_of, NULL));
    item *items = make(COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        lw_map_add(&map, &items[i].node);
    }
    size_t steps = 0;
    for (size_t i = 0; i < COUNT; i++) {
        for (lw_map_node *n = lw_map_first(&map, items[i].key); n != &items[i].node; n = n->next) {
            steps++;
        }
    }
    assert_in_range(steps, 0, COUNT);
    lw_map_fini(&map);
    free(items);
}

LW_TEST(without_memory_for_more_buckets_adding_still_succeeds)
{
    enum { COUNT = 3000 };
    lw_fake_mem fake = {.fail_at = 3, .fail_after = true}; /* the second segment */
    lw_mem mem = lw_fake_mem_mem(&fake);
    lw_map map;
    assert_ok(lw_map_init(&map, &mem, hash_of, NULL));
    item *items = make(COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        lw_map_add(&map, &items[i].node);
    }
    assert_ptr_equal(find(&map, items[COUNT - 1].key), &items[COUNT - 1]);
    assert_int_equal(map.buckets, 1024);
    fake.fail_at = 0;
    item late = {.key = 77};
    lw_map_add(&map, &late.node);
    assert_int_equal(map.buckets, 1025);
    for (size_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(find(&map, items[i].key), &items[i]);
    }
    lw_map_fini(&map);
    free(items);
}

LW_TEST(without_any_memory_there_is_no_map)
{
    for (size_t n = 1; n <= 2; n++) {
        lw_fake_mem fake = {.fail_at = n};
        lw_mem mem = lw_fake_mem_mem(&fake);
        lw_map map;
        assert_err(lw_map_init(&map, &mem, hash_of, NULL), LW_ENOMEM);
        lw_map_fini(&map);
        assert_int_equal(fake.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_found_while_the_map_grows),
        cmocka_unit_test(what_was_removed_is_not_found_and_may_be_removed_again),
        cmocka_unit_test(chains_stay_short),
        cmocka_unit_test(without_memory_for_more_buckets_adding_still_succeeds),
        cmocka_unit_test(without_any_memory_there_is_no_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
