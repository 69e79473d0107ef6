#include "base/hash.h"

#include "testing/lw_test.h"

/* Aumasson, Bernstein: SipHash, appendix A: the key is 00 01 … 0f. */
static const lw_hash_key key = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
static const uint8_t in[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};

LW_TEST(the_vector_of_the_paper)
{
    assert_true(lw_hash(&key, lw_bytes_of(in, 15)) == 0xa129ca6149be45e5u);
}

LW_TEST(nothing_has_a_hash_as_well)
{
    /* First and ninth of the reference implementation's list of vectors. */
    assert_true(lw_hash(&key, lw_bytes_of(NULL, 0)) == 0x726fdb47dd0e0e31u);
    assert_true(lw_hash(&key, lw_bytes_of(in, 8)) == 0x93f5f5799a932462u);
}

LW_TEST(another_secret_gives_another_hash)
{
    lw_hash_key other = key;
    other.half[1]++;
    assert_true(lw_hash(&key, lw_bytes_of(in, 15)) != lw_hash(&other, lw_bytes_of(in, 15)));
}

LW_TEST(a_digest_goes_on_from_the_one_before)
{
    /* Fowler, Noll, Vo: draft-eastlake-fnv, appendix C: "" and "foobar". */
    assert_int_equal(lw_digest(LW_DIGEST_SEED, NULL, 0), 0x811c9dc5);
    assert_int_equal(lw_digest(LW_DIGEST_SEED, "foobar", 6), 0xbf9cf968);
    assert_int_equal(lw_digest(lw_digest(LW_DIGEST_SEED, "foo", 3), "bar", 3), 0xbf9cf968);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_the_paper),
        cmocka_unit_test(nothing_has_a_hash_as_well),
        cmocka_unit_test(another_secret_gives_another_hash),
        cmocka_unit_test(a_digest_goes_on_from_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
