#include "testing/lw_test.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/rng.h"
#include "store/ordmap.h"

#define KEYS 1000u

LW_TEST(a_prefix_comes_before_what_it_begins)
{
    lw_ordmap map;
    lw_ordmap_init(&map);
    const char *const keys[] = {"b", "a", "ab", "", "aa"};
    for (size_t i = 0; i < 5; i++) {
        assert_non_null(lw_ordmap_put(&map, lw_bytes_str(keys[i])));
    }
    lw_ordnode *node = lw_ordmap_seek(&map, lw_bytes_str(""));
    const char *const ordered[] = {"", "a", "aa", "ab", "b"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(lw_bytes_is(lw_ordnode_key(node), ordered[i]));
        node = lw_ordnode_next(node);
    }
    assert_null(node);
    lw_ordmap_fini(&map);
}

LW_TEST(a_key_is_there_once)
{
    lw_ordmap map;
    int thing = 0;
    lw_ordmap_init(&map);
    lw_ordnode_set(lw_ordmap_put(&map, lw_bytes_str("k")), &thing);
    assert_ptr_equal(lw_ordnode_value(lw_ordmap_put(&map, lw_bytes_str("k"))), &thing);
    lw_ordmap_remove(&map, lw_bytes_str("k"));
    lw_ordmap_remove(&map, lw_bytes_str("k"));
    assert_null(lw_ordmap_find(&map, lw_bytes_str("k")));
    assert_null(lw_ordmap_seek(&map, lw_bytes_str("")));
    lw_ordmap_fini(&map);
}

static lw_bytes key_of(unsigned number, char text[8])
{
    return lw_bytes_of(text, (size_t)snprintf(text, 8, "%04u", number));
}

/* Against an array of flags, at every step. */
LW_TEST(after_any_changes_it_holds_what_it_should_in_order)
{
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, 7);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    bool there[KEYS] = {false};
    char text[8];
    lw_ordmap map;
    lw_ordmap_init(&map);
    for (unsigned step = 0; step < 20 * KEYS; step++) {
        unsigned number = lw_rng_below(&rng, KEYS);
        lw_bytes key = key_of(number, text);
        assert_true((lw_ordmap_find(&map, key) != NULL) == there[number]);
        there[number] = lw_rng_below(&rng, 2) == 0;
        if (there[number]) {
            assert_non_null(lw_ordmap_put(&map, key));
        } else {
            lw_ordmap_remove(&map, key);
        }
    }
    lw_ordnode *node = lw_ordmap_seek(&map, lw_bytes_str(""));
    for (unsigned number = 0; number < KEYS; number++) {
        if (there[number]) {
            assert_true(lw_bytes_equal(lw_ordnode_key(node), key_of(number, text)));
            assert_ptr_equal(lw_ordmap_seek(&map, key_of(number, text)), node);
            node = lw_ordnode_next(node);
        }
    }
    assert_null(node);
    lw_ordmap_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_comes_before_what_it_begins),
        cmocka_unit_test(a_key_is_there_once),
        cmocka_unit_test(after_any_changes_it_holds_what_it_should_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
