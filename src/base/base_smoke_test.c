#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/writer.h"

static void windowed_writer_keeps_its_share(void **state)
{
    (void)state;
    uint8_t buf[4];
    lw_writer w;
    lw_writer_init_window(&w, buf, sizeof buf, 3);
    lw_write_str(&w, "ab");
    lw_write_str(&w, "cdefghij");
    assert_int_equal(w.pos, 10);
    assert_memory_equal(buf, "defg", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(windowed_writer_keeps_its_share)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
