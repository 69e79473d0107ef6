#include "testing/lw_test.h"

#include <string.h>

#include "base/rng.h"

LW_TEST(the_same_seed_gives_the_same_octets)
{
    lw_rng_seeded one, two;
    lw_rng_seeded_init(&one, 42);
    lw_rng_seeded_init(&two, 42);
    lw_rng a = lw_rng_seeded_rng(&one);
    lw_rng b = lw_rng_seeded_rng(&two);
    uint8_t x[19], y[19];
    a.fill(a.ctx, x, sizeof x);
    b.fill(b.ctx, y, sizeof y);
    assert_memory_equal(x, y, sizeof x);
    assert_int_not_equal(lw_rng_u32(&a), lw_rng_u32(&a));
}

LW_TEST(the_generator_is_splitmix64)
{
    /* the published first output for seed 1234567 is 6457827717110365317 */
    lw_rng_seeded s;
    lw_rng_seeded_init(&s, 1234567);
    lw_rng rng = lw_rng_seeded_rng(&s);
    uint64_t low = lw_rng_u32(&rng);
    assert_true(low == (6457827717110365317u & UINT32_MAX));
}

LW_TEST(a_bound_is_never_reached_and_everything_below_it_is)
{
    lw_rng_seeded s;
    lw_rng_seeded_init(&s, 3);
    lw_rng rng = lw_rng_seeded_rng(&s);
    unsigned seen[10] = {0};
    for (int i = 0; i < 10000; i++) {
        uint32_t v = lw_rng_below(&rng, 10);
        assert_in_range(v, 0, 9);
        seen[v]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(seen[i], 850, 1150);
    }
    assert_int_equal(lw_rng_below(&rng, 1), 0);
    assert_int_equal(lw_rng_below(&rng, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_octets),
        cmocka_unit_test(the_generator_is_splitmix64),
        cmocka_unit_test(a_bound_is_never_reached_and_everything_below_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
