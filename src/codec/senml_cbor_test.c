#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/codec_vectors.h"

static void packs_of_values_pass_their_vectors(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("senml_cbor.txt", &lw_format_senml_cbor, 0));
}

static void fetch_and_patch_packs_pass_their_vectors(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("etch_cbor.txt", &lw_format_etch_cbor, 0));
}

static void random_packs_come_back(void **state)
{
    (void)state;
    unsigned flags = LW_CODEC_TIMES | LW_CODEC_PREFIXES | LW_CODEC_ROOT;
    assert_true(lw_codec_random_run(&lw_format_senml_cbor, flags, 1, 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_of_values_pass_their_vectors),
        cmocka_unit_test(fetch_and_patch_packs_pass_their_vectors),
        cmocka_unit_test(random_packs_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
