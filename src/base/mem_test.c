#include "testing/lw_test.h"

#include <stdalign.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

static alignas(max_align_t) uint8_t block[4096];

static lw_pool *fresh_pool(size_t size)
{
    memset(block, 0xAA, sizeof block);
    return lw_pool_init(block, size);
}

LW_TEST(memory_is_zeroed_and_aligned)
{
    lw_pool *pool = fresh_pool(sizeof block);
    const lw_mem mem = pool->mem;
    for (size_t size = 1; size < 40; size++) {
        uint8_t *p = lw_mem_alloc(&mem, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xFF, size);
    }
}

LW_TEST(an_exhausted_pool_says_null_and_serves_again_after_a_release)
{
    lw_pool *pool = fresh_pool(1024);
    const lw_mem mem = pool->mem;
    void *pieces[32] = {NULL};
    size_t count = 0;
    for (;;) {
        void *p = lw_mem_alloc(&mem, 100);
        if (p == NULL) {
            break;
        }
        pieces[count++] = p;
    }
    assert_in_range(count, 5, 9);
    assert_null(lw_mem_alloc(&mem, 100));
    lw_mem_release(&mem, pieces[count / 2]);
    assert_ptr_equal(lw_mem_alloc(&mem, 100), pieces[count / 2]);
}

LW_TEST(released_neighbours_become_one_piece_again)
{
    lw_pool *pool = fresh_pool(1024);
    const lw_mem mem = pool->mem;
    void *a = lw_mem_alloc(&mem, 200);
    void *b = lw_mem_alloc(&mem, 200);
    void *c = lw_mem_alloc(&mem, 200);
    void *guard = lw_mem_alloc(&mem, 200);
    assert_non_null(guard);
    assert_null(lw_mem_alloc(&mem, 600));
    lw_mem_release(&mem, b);
    lw_mem_release(&mem, a);
    lw_mem_release(&mem, c);
    assert_ptr_equal(lw_mem_alloc(&mem, 600), a);
}

LW_TEST(the_whole_block_is_there_again_after_everything_was_released)
{
    lw_pool *pool = fresh_pool(1024);
    const lw_mem mem = pool->mem;
    void *whole = lw_mem_alloc(&mem, 1024 - sizeof(lw_pool) - sizeof(max_align_t));
    assert_non_null(whole);
    lw_mem_release(&mem, whole);
    void *a = lw_mem_alloc(&mem, 10);
    void *b = lw_mem_alloc(&mem, 300);
    lw_mem_release(&mem, a);
    lw_mem_release(&mem, b);
    assert_int_equal(pool->used, 0);
    assert_ptr_equal(lw_mem_alloc(&mem, 1024 - sizeof(lw_pool) - sizeof(max_align_t)), whole);
}

LW_TEST(the_peak_is_remembered)
{
    lw_pool *pool = fresh_pool(1024);
    const lw_mem mem = pool->mem;
    lw_mem_release(&mem, lw_mem_alloc(&mem, 500));
    void *p = lw_mem_alloc(&mem, 8);
    assert_non_null(p);
    assert_true(pool->used < 100);
    assert_in_range(pool->used_peak, 500, 600);
}

LW_TEST(a_block_too_small_for_anything_serves_nothing)
{
    assert_null(fresh_pool(0));
    assert_null(fresh_pool(sizeof(lw_pool)));
    lw_pool *least = fresh_pool(lw_pool_overhead());
    assert_non_null(least);
    assert_null(lw_mem_alloc(&least->mem, 64));
}

LW_TEST(a_block_that_is_not_aligned_is_used_from_the_next_aligned_octet)
{
    lw_pool *pool = lw_pool_init(block + 1, 512);
    assert_non_null(pool);
    void *p = lw_mem_alloc(&pool->mem, 64);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
}

LW_TEST(sizes_that_would_wrap_are_refused)
{
    lw_pool *pool = fresh_pool(1024);
    const lw_mem mem = pool->mem;
    assert_null(mem.alloc(mem.ctx, SIZE_MAX));
    assert_null(lw_mem_alloc(&mem, SIZE_MAX - 8));
    assert_null(lw_mem_alloc(&mem, 1025));
}

LW_TEST(null_may_be_released)
{
    lw_pool *pool = fresh_pool(1024);
    const lw_mem mem = pool->mem;
    lw_mem_release(&mem, NULL);
    assert_int_equal(pool->used, 0);
}

LW_TEST(a_copy_is_independent_of_its_original)
{
    lw_pool *pool = fresh_pool(1024);
    const lw_mem mem = pool->mem;
    char text[] = "endpoint";
    lw_bytes copy;
    assert_ok(lw_mem_dup(&mem, lw_bytes_str(text), &copy));
    text[0] = 'X';
    assert_bytes(copy, "endpoint");
    assert_ok(lw_mem_dup(&mem, lw_bytes_of(NULL, 0), &copy));
    assert_null(copy.ptr);
    uint8_t large[2000] = {0};
    assert_err(lw_mem_dup(&mem, lw_bytes_of(large, sizeof large), &copy), LW_ENOMEM);
    assert_null(copy.ptr);
}

LW_TEST(wiping_leaves_zeros)
{
    char key[] = "0123456789abcdef!";
    lw_wipe(key, 16);
    assert_int_equal(key[0], 0);
    assert_int_equal(key[15], 0);
    assert_int_equal(key[16], '!');
}

/* Random requests and releases; each live piece is filled with a mark of its own, which must still
 * be there when it is released: pieces never overlap, whatever the fragmentation. */
LW_TEST(live_pieces_never_overlap)
{
    enum { PIECES = 40, STEPS = 20000 };
    struct {
        uint8_t *ptr;
        size_t len;
    } live[PIECES] = {{0}};
    lw_pool *pool = fresh_pool(sizeof block);
    const lw_mem mem = pool->mem;
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, 1);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t i = lw_rng_below(&rng, PIECES);
        if (live[i].ptr == NULL) {
            live[i].len = lw_rng_below(&rng, 300);
            live[i].ptr = lw_mem_alloc(&mem, live[i].len);
            if (live[i].ptr != NULL) {
                memset(live[i].ptr, (int)i + 1, live[i].len);
            }
            continue;
        }
        for (size_t at = 0; at < live[i].len; at++) {
            assert_int_equal(live[i].ptr[at], i + 1);
        }
        lw_mem_release(&mem, live[i].ptr);
        live[i].ptr = NULL;
    }
    for (size_t i = 0; i < PIECES; i++) {
        lw_mem_release(&mem, live[i].ptr);
    }
    assert_int_equal(pool->used, 0);
    assert_true(pool->used_peak <= pool->size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(an_exhausted_pool_says_null_and_serves_again_after_a_release),
        cmocka_unit_test(released_neighbours_become_one_piece_again),
        cmocka_unit_test(the_whole_block_is_there_again_after_everything_was_released),
        cmocka_unit_test(the_peak_is_remembered),
        cmocka_unit_test(a_block_too_small_for_anything_serves_nothing),
        cmocka_unit_test(a_block_that_is_not_aligned_is_used_from_the_next_aligned_octet),
        cmocka_unit_test(sizes_that_would_wrap_are_refused),
        cmocka_unit_test(null_may_be_released),
        cmocka_unit_test(a_copy_is_independent_of_its_original),
        cmocka_unit_test(wiping_leaves_zeros),
        cmocka_unit_test(live_pieces_never_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
