#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/codec_vectors.h"

static void vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("opaque.txt", &lw_format_opaque, LW_CODEC_CUTTABLE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors_pass)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
