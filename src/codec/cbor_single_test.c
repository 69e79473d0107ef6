#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/codec_vectors.h"

static void vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("cbor.txt", &lw_format_cbor, 0));
}

static void random_values_come_back(void **state)
{
    (void)state;
    assert_true(lw_codec_random_run(&lw_format_cbor, 0, 4, 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_pass),
        cmocka_unit_test(random_values_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
