/* The line that tells how far a transfer is. */
#include "app/lapwing/progress.h"

#include "testing/lw_test.h"

static progress p;
static char text[PROGRESS_TEXT_MAX];

static void take(const char *id, const char *members, int64_t now)
{
    json_t *request = json_pack("{s:s,s:s,s:s}", "id", id, "operation", "write", "path", "/5/0/0");
    json_t *how_far = json_loads(members, 0, NULL);
    assert_non_null(how_far);
    json_object_set_new(request, "progress", how_far);
    progress_take(&p, request, now);
    json_decref(request);
}

LW_TEST(a_line_has_octets_percent_and_rate)
{
    p = (progress){.octets = 0};
    assert_string_equal(progress_text(&p, text), "");
    take("1", "{\"sent\":1024,\"sent_of\":120021,\"received\":0}", 1000);
    assert_string_equal(progress_text(&p, text), "write /5/0/0: 1024 of 120021 octets, 0 %");
    take("1", "{\"sent\":61440,\"sent_of\":120021,\"received\":0}", 2000);
    assert_string_equal(progress_text(&p, text),
                        "write /5/0/0: 61440 of 120021 octets, 51 %, 60.4 kB/s");
    take("1", "{\"sent\":120021,\"sent_of\":120021,\"received\":0}", 2500);
    assert_string_equal(progress_text(&p, text),
                        "write /5/0/0: 120021 of 120021 octets, 100 %, 79.3 kB/s");
}

LW_TEST(what_comes_of_unknown_size_has_no_percent)
{
    p = (progress){.octets = 0};
    take("1", "{\"sent\":0,\"sent_of\":0,\"received\":2048}", 1000);
    take("1", "{\"sent\":0,\"sent_of\":0,\"received\":402048}", 3000);
    assert_string_equal(progress_text(&p, text), "write /5/0/0: 402048 octets, 200 kB/s");
}

LW_TEST(a_rate_begins_anew_with_another_request_another_way_or_another_try)
{
    p = (progress){.octets = 0};
    take("1", "{\"sent\":1024,\"sent_of\":4096,\"received\":0}", 1000);
    take("1", "{\"sent\":3072,\"sent_of\":4096,\"received\":0}", 2000);
    take("1", "{\"sent\":1024,\"sent_of\":4096,\"received\":0}", 3000);
    assert_string_equal(progress_text(&p, text), "write /5/0/0: 1024 of 4096 octets, 25 %");
    take("1", "{\"sent\":4096,\"sent_of\":4096,\"received\":1024}", 4000);
    assert_string_equal(progress_text(&p, text), "write /5/0/0: 1024 octets");
    take("2", "{\"sent\":2048,\"sent_of\":4096,\"received\":0}", 5000);
    assert_string_equal(progress_text(&p, text), "write /5/0/0: 2048 of 4096 octets, 50 %");
}

LW_TEST(a_request_without_progress_says_nothing)
{
    json_t *request = json_pack("{s:s}", "id", "1");
    p = (progress){.octets = 0};
    progress_take(&p, request, 1000);
    assert_string_equal(progress_text(&p, text), "");
    assert_string_equal(progress_octets(request, text), "");
    progress_take(&p, NULL, 1000);
    assert_string_equal(progress_text(&p, text), "");
    json_decref(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_octets_percent_and_rate),
        cmocka_unit_test(what_comes_of_unknown_size_has_no_percent),
        cmocka_unit_test(a_rate_begins_anew_with_another_request_another_way_or_another_try),
        cmocka_unit_test(a_request_without_progress_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
