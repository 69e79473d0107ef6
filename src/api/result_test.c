/* What came of a request, as JSON: one object for each way that it may stand or end. */
#include "api/result.h"

#include <stdio.h>

#include "api/view_rig_test.h"
#include "codec/format.h"

#define AT INT64_C(1769846400000)

static lw_server_result request(lw_request_state state)
{
    return (lw_server_result){.id = 7,
                              .state = (uint8_t)state,
                              .op = LW_OP_READ,
                              .format = LW_CF_NONE,
                              .path = lw_path_resource(3, 0, 9),
                              .endpoint = lw_bytes_str("lamp"),
                              .at = AT};
}

static const char *written(const lw_server_result *r)
{
    static char text[1024];
    result q = {.r = *r};
    result_write_request(&o, NULL, &v, &q);
    assert_false(o.failed);
    snprintf(text, sizeof text, "%.*s", (int)o.len, o.text);
    out_fini(&o);
    o = (json_out){.text = NULL};
    return text;
}

#define assert_has(text, part)   assert_non_null(strstr((text), (part)))
#define assert_lacks(text, part) assert_null(strstr((text), (part)))

LW_TEST(one_that_waits_has_no_more_than_its_state)
{
    lw_server_result r = request(LW_REQUEST_QUEUED);
    r.progress.sent = 1024; /* of an attempt that is over */
    assert_string_equal(written(&r), "{\"id\":\"7\",\"device\":\"lamp\",\"operation\":\"read\","
                                     "\"path\":\"/3/0/9\",\"state\":\"queued\"}");
}

LW_TEST(one_that_is_on_its_way_says_how_far_when_its_bodies_go_in_blocks)
{
    lw_server_result r = request(LW_REQUEST_SENT);
    assert_lacks(written(&r), "progress");
    r.progress = (lw_progress){.sent = 1024, .sent_of = 3000};
    assert_has(written(&r),
               "\"state\":\"sent\",\"progress\":{\"sent\":1024,\"sent_of\":3000,\"received\":0}}");
    r.progress = (lw_progress){.received = 64, .received_of = 128};
    assert_has(written(&r), "\"progress\":{\"sent\":0,\"sent_of\":0,\"received\":64,"
                            "\"received_of\":128}}");
}

LW_TEST(one_that_is_done_has_the_answer)
{
    lw_server_result r = request(LW_REQUEST_DONE);
    r.code = 0x45;
    r.format = LW_CF_TEXT;
    r.payload = lw_bytes_str("95");
    assert_true(result_is_good(&r));
    assert_has(written(&r), "\"state\":\"done\",\"ended_at\":\"2026-01-31T08:00:00.000Z\","
                            "\"answer\":{\"code\":\"2.05\",\"path\":\"/3/0/9\",\"format\":");
    assert_has(written(&r), "\"value\":95}]}}");
}

LW_TEST(a_refusal_of_the_device_is_a_problem_with_its_code)
{
    lw_server_result r = request(LW_REQUEST_DONE);
    r.code = 0x84;
    r.payload = lw_bytes_str("no battery");
    assert_false(result_is_good(&r));
    assert_has(written(&r), "\"problem\":{\"type\":\"urn:lapwing:problem:device-refused\"");
    assert_has(written(&r), "\"coap\":{\"code\":\"4.04\",\"name\":\"Not Found\",\"text\":\"no "
                            "battery\"}");
}

static void expect_problem(lw_request_state state, lw_err err, bool acked, const char *kind,
                           const char *detail)
{
    char type[80];
    lw_server_result r = request(state);
    r.err = err;
    r.acked = acked;
    snprintf(type, sizeof type, "\"type\":\"urn:lapwing:problem:%s\"", kind);
    assert_true(result_has_ended(&r));
    assert_has(written(&r), type);
    assert_has(written(&r), detail);
    assert_lacks(written(&r), "answer\":");
}

LW_TEST(other_ends_are_problems_of_their_own)
{
    expect_problem(LW_REQUEST_FAILED, LW_ETIMEOUT, false, "device-timeout",
                   "\"timeout\":\"no-ack\"");
    expect_problem(LW_REQUEST_FAILED, LW_ETIMEOUT, true, "device-timeout",
                   "\"timeout\":\"no-response\"");
    expect_problem(LW_REQUEST_FAILED, LW_ERESET, false, "device-timeout", "rejected the message");
    expect_problem(LW_REQUEST_FAILED, LW_ECANCELED, false, "device-offline",
                   "the registration ended");
    expect_problem(LW_REQUEST_FAILED, LW_ENOMEM, false, "busy", "detail");
    expect_problem(LW_REQUEST_FAILED, LW_EIO, false, "store", "detail");
    expect_problem(LW_REQUEST_FAILED, LW_ENOTSUP, false, "not-possible", "detail");
    expect_problem(LW_REQUEST_EXPIRED, LW_OK, false, "device-timeout", "did not come in time");
    expect_problem(LW_REQUEST_CANCELED, LW_ECANCELED, false, "canceled", "it was cancelled");
    expect_problem(LW_REQUEST_UNKNOWN, LW_OK, false, "device-timeout", "is not known");
}

LW_TEST(rows_keep_errors_by_numbers_of_their_own)
{
    result r;
    lw_row_request row = {.id = 7, .op = LW_OP_READ, .path = lw_bytes_str("/3/0/9")};
    row.state = LW_REQUEST_FAILED;
    row.err = -15; /* as the first stores have it */
    assert_true(result_of_row(&row, &r));
    assert_err(r.r.err, LW_ETIMEOUT);
    assert_int_equal(lw_row_err(LW_ETIMEOUT), -15);
    assert_int_equal(lw_row_err(LW_OK), 0);
    assert_err(lw_row_err_of(0), LW_OK);
}

LW_TEST(rows_that_make_no_sense_are_not_read)
{
    result r;
    lw_row_request row = {.id = 7, .op = LW_OP_READ, .path = lw_bytes_str("/3/0/9")};
    row.endpoint = lw_bytes_str("lamp");
    assert_true(result_of_row(&row, &r));
    row.path = lw_bytes_str("/3/x");
    assert_false(result_of_row(&row, &r));
    row.path = lw_bytes_str("/3");
    row.op = 255;
    assert_false(result_of_row(&row, &r));
    row.op = LW_OP_READ;
    row.state = LW_REQUEST_UNKNOWN + 1;
    assert_false(result_of_row(&row, &r));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(one_that_waits_has_no_more_than_its_state),
        CASE(one_that_is_on_its_way_says_how_far_when_its_bodies_go_in_blocks),
        CASE(one_that_is_done_has_the_answer),
        CASE(a_refusal_of_the_device_is_a_problem_with_its_code),
        CASE(other_ends_are_problems_of_their_own),
        CASE(rows_keep_errors_by_numbers_of_their_own),
        CASE(rows_that_make_no_sense_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
