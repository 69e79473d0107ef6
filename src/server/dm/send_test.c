#include "codec/format.h"
#include "server/rig_test.h"

static rig *begin(bool record)
{
    lw_server_cfg cfg = {.shard = 3, .record = record};
    rig *r = rig_new(&cfg);
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=3000&lwm2m=1.1", "</1/0>,</3/0>,</3303/0>", location);
    (void)rig_told(r);
    return r;
}

static uint16_t send_as(rig *r, uint8_t type, uint16_t port, int format, lw_bytes payload)
{
    lw_hop hop = rig_hop(port);
    rig_message m = {.type = type,
                     .code = LW_COAP_POST,
                     .token = "s",
                     .target = "/dp",
                     .format = format + 1,
                     .payload = payload};
    return rig_message_from(r, &hop, &m);
}

/* The code of the answer; EMPTY: none yet. */
static uint8_t sent(rig *r, int format, const char *payload)
{
    uint16_t mid = send_as(r, LW_COAP_CON, 4000, format, lw_bytes_str(payload));
    return rig_answer(r, mid) != NULL ? rig_answer(r, mid)->msg.code : LW_COAP_EMPTY;
}

#define ONE "[{\"n\":\"/3/0/9\",\"v\":95}]"

/* OMA-TS-LightweightM2M_Core-V1_1_1 6.4.6 with the example of 7.4.4: POST /dp, Content-Format 112.
 */
LW_TEST(OBS_30_a_send_octet_by_octet)
{
    static const uint8_t octets[] = "\x42\x02\x00\x07\xab\xcd"
                                    "\xb2"
                                    "dp"
                                    "\x11\x70"
                                    "\xff"
                                    "\x81\xa2\x00\x66/3/0/9\x02\x18\x5f";
    rig *r = begin(false);
    lw_hop hop = rig_hop(4000);
    lw_server_feed(r->server, r->now, &hop, lw_bytes_of(octets, sizeof octets - 1));
    assert_int_equal(rig_last(r)->len, 6);
    assert_memory_equal(rig_last(r)->octets, "\x62\x44\x00\x07\xab\xcd", 6);
    assert_int_equal(rig_event_last(r)->format, 112);
    assert_bytes(rig_event_last(r)->payload, "\x81\xa2\x00\x66/3/0/9\x02\x18\x5f");
    assert_string_equal(rig_told(r), "SENT");
    rig_free(r);
}

LW_TEST(a_send_is_answered_when_its_values_are_durable)
{
    rig *r = begin(true);
    uint16_t mid = send_as(r, LW_COAP_CON, 4000, LW_CF_SENML_JSON, lw_bytes_str(ONE));
    assert_null(rig_answer(r, mid));
    const lw_row_value *v = &rig_row_of(r, LW_ROW_VALUE)->row.as.value;
    assert_int_equal(rig_row_of(r, LW_ROW_VALUE)->haste, LW_URGENT);
    assert_true(lw_path_equal(v->path, lw_path_resource(3, 0, 9)));
    assert_int_equal(v->value.type, LW_TYPE_INTEGER);
    assert_int_equal(v->value.as.integer, 95);
    assert_int_equal(v->source, LW_VALUE_SENT);
    assert_int_equal(v->at, RIG_WALL);
    rig_commit(r, LW_OK);
    assert_int_equal(rig_answer(r, mid)->msg.code, LW_COAP_CHANGED);
    rig_free(r);
}

LW_TEST(a_slow_store_makes_the_answer_separate)
{
    rig *r = begin(true);
    uint16_t mid = send_as(r, LW_COAP_CON, 4000, LW_CF_SENML_JSON, lw_bytes_str(ONE));
    rig_pass(r, 1500);
    assert_int_equal(rig_answer(r, mid)->msg.code, LW_COAP_EMPTY); /* acknowledged, no more */
    rig_commit(r, LW_OK);
    assert_int_equal(rig_last(r)->msg.type, LW_COAP_CON);
    assert_int_equal(rig_last(r)->msg.code, LW_COAP_CHANGED);
    assert_int_equal(rig_last(r)->msg.token.octets[0], 's');
    rig_free(r);
}

LW_TEST(what_cannot_be_stored_is_answered_with_5_03)
{
    rig *r = begin(true);
    uint16_t mid = send_as(r, LW_COAP_CON, 4000, LW_CF_SENML_JSON, lw_bytes_str(ONE));
    rig_commit(r, LW_EIO);
    assert_int_equal(rig_answer(r, mid)->msg.code, LW_COAP_SERVICE_UNAVAILABLE);
    r->put_answer = LW_ENOMEM;
    assert_int_equal(sent(r, LW_CF_SENML_JSON, ONE), LW_COAP_SERVICE_UNAVAILABLE);
    rig_free(r);
}

LW_TEST(one_commit_answers_all_sends_before_it)
{
    rig *r = begin(true);
    uint16_t first = send_as(r, LW_COAP_CON, 4000, LW_CF_SENML_JSON, lw_bytes_str(ONE));
    lw_ticket ticket = r->tickets;
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_CON,
                     .code = LW_COAP_POST,
                     .token = "u",
                     .target = "/dp",
                     .format = LW_CF_SENML_JSON + 1,
                     .payload = lw_bytes_str(ONE)};
    uint16_t second = rig_message_from(r, &hop, &m);
    lw_server_kept(r->server, r->now, ticket, LW_OK);
    assert_non_null(rig_answer(r, first));
    assert_null(rig_answer(r, second));
    rig_commit(r, LW_OK);
    assert_non_null(rig_answer(r, second));
    rig_free(r);
}

LW_TEST(OBS_32_what_is_wrong_with_a_send)
{
    rig *r = begin(true);
    assert_int_equal(sent(r, LW_CF_TEXT, "1"), LW_COAP_BAD_REQUEST);
    assert_int_equal(sent(r, -1, ONE), LW_COAP_BAD_REQUEST);
    assert_int_equal(sent(r, LW_CF_SENML_JSON, "[{"), LW_COAP_BAD_REQUEST);
    assert_int_equal(sent(r, LW_CF_SENML_JSON, "[{\"n\":\"/3/0/9\",\"v\":9.5}]"),
                     LW_COAP_BAD_REQUEST); /* not an integer */
    assert_string_equal(rig_told(r), "BAD_PAYLOAD BAD_PAYLOAD BAD_PAYLOAD BAD_PAYLOAD");
    assert_int_equal(sent(r, LW_CF_SENML_JSON, "[{\"n\":\"/4/0/2\",\"v\":1}]"),
                     LW_COAP_NOT_FOUND); /* an object that is not registered */
    assert_int_equal(rig_rows(r, LW_ROW_VALUE), 0);
    rig_free(r);
}

LW_TEST(nothing_of_a_send_that_is_malformed_at_its_end_is_kept)
{
    rig *r = begin(true);
    assert_int_equal(
        sent(r, LW_CF_SENML_JSON, "[{\"n\":\"/3/0/9\",\"v\":95},{\"n\":\"/3/0/9\",\"v\":\"x\"}]"),
        LW_COAP_BAD_REQUEST);
    assert_int_equal(rig_rows(r, LW_ROW_VALUE), 0);
    rig_free(r);
}

LW_TEST(nothing_of_a_send_with_a_time_beyond_all_calendars_is_kept)
{
    rig *r = begin(true);
    assert_int_equal(sent(r, LW_CF_SENML_JSON,
                          "[{\"n\":\"/3/0/9\",\"v\":95},{\"n\":\"/3/0/9\",\"v\":94,\"t\":1e13}]"),
                     LW_COAP_BAD_REQUEST);
    assert_int_equal(sent(r, LW_CF_SENML_JSON, "[{\"bt\":1e300,\"n\":\"/3/0/9\",\"v\":95}]"),
                     LW_COAP_BAD_REQUEST);
    assert_string_equal(rig_told(r), "BAD_PAYLOAD BAD_PAYLOAD");
    assert_int_equal(rig_rows(r, LW_ROW_VALUE), 0);
    rig_free(r);
}

LW_TEST(OBS_32_strangers_get_4_04)
{
    rig *r = begin(false);
    uint16_t mid = send_as(r, LW_COAP_CON, 4001, LW_CF_SENML_JSON, lw_bytes_str(ONE));
    assert_int_equal(rig_answer(r, mid)->msg.code, LW_COAP_NOT_FOUND);
    assert_string_equal(rig_told(r), "");
    rig_free(r);
}

LW_TEST(OBS_34_relative_times_count_from_now)
{
    rig *r = begin(true);
    send_as(r, LW_COAP_CON, 4000, LW_CF_SENML_JSON,
            lw_bytes_str("[{\"n\":\"/3303/0/5700\",\"v\":1,\"t\":-60},"
                         "{\"n\":\"/3303/0/5700\",\"v\":2,\"t\":1600000000}]"));
    size_t n = r->row_count;
    assert_int_equal(r->rows[n - 2].row.as.value.at, RIG_WALL - 60000);
    assert_int_equal(r->rows[n - 1].row.as.value.at, INT64_C(1600000000000));
    assert_int_equal(r->rows[n - 1].row.as.value.received_at, RIG_WALL);
    rig_free(r);
}

LW_TEST(OBS_30_a_send_may_be_non_and_unknown_resources_are_no_error)
{
    rig *r = begin(true);
    send_as(r, LW_COAP_NON, 4000, LW_CF_SENML_JSON,
            lw_bytes_str("[{\"n\":\"/3303/0/30000\",\"vs\":\"x\"}]"));
    rig_commit(r, LW_OK);
    assert_int_equal(rig_last(r)->msg.type, LW_COAP_NON);
    assert_int_equal(rig_last(r)->msg.code, LW_COAP_CHANGED);
    assert_string_equal(rig_told(r), "SENT");
    rig_free(r);
}

LW_TEST(OBS_35_a_send_is_a_sign_of_life_and_not_an_update)
{
    rig *r = begin(false);
    lw_time expires = rig_device(r, "a").row.expires_at;
    rig_pass(r, 5000);
    assert_int_equal(sent(r, LW_CF_SENML_JSON, ONE), LW_COAP_CHANGED);
    assert_int_equal(rig_device(r, "a").row.seen_at, RIG_WALL + 5000);
    assert_int_equal(rig_device(r, "a").row.expires_at, expires);
    rig_free(r);
}

LW_TEST(a_device_that_goes_while_its_send_becomes_durable)
{
    rig *r = begin(true);
    send_as(r, LW_COAP_CON, 4000, LW_CF_SENML_JSON, lw_bytes_str(ONE));
    rig_pass(r, 3600 * 1000); /* forgotten with all that waited for it */
    size_t before = r->sent_count;
    rig_commit(r, LW_OK);
    assert_in_range(r->sent_count, before, before + 1);
    rig_free(r);
}

LW_TEST(whichever_allocation_fails_a_send_is_answered_or_comes_again)
{
    for (size_t n = 1; n < 8; n++) {
        rig *r = begin(true);
        r->heap.fail_at = r->heap.count + n;
        uint16_t mid = send_as(r, LW_COAP_CON, 4000, LW_CF_SENML_JSON, lw_bytes_str(ONE));
        rig_commit(r, LW_OK);
        r->heap.fail_at = 0;
        const rig_datagram *answer = rig_answer(r, mid);
        assert_true(answer == NULL || answer->msg.code == LW_COAP_CHANGED ||
                    answer->msg.code == LW_COAP_SERVICE_UNAVAILABLE);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(OBS_30_a_send_octet_by_octet),
        cmocka_unit_test(a_send_is_answered_when_its_values_are_durable),
        cmocka_unit_test(a_slow_store_makes_the_answer_separate),
        cmocka_unit_test(what_cannot_be_stored_is_answered_with_5_03),
        cmocka_unit_test(one_commit_answers_all_sends_before_it),
        cmocka_unit_test(OBS_32_what_is_wrong_with_a_send),
        cmocka_unit_test(nothing_of_a_send_that_is_malformed_at_its_end_is_kept),
        cmocka_unit_test(nothing_of_a_send_with_a_time_beyond_all_calendars_is_kept),
        cmocka_unit_test(OBS_32_strangers_get_4_04),
        cmocka_unit_test(OBS_34_relative_times_count_from_now),
        cmocka_unit_test(OBS_30_a_send_may_be_non_and_unknown_resources_are_no_error),
        cmocka_unit_test(OBS_35_a_send_is_a_sign_of_life_and_not_an_update),
        cmocka_unit_test(a_device_that_goes_while_its_send_becomes_durable),
        cmocka_unit_test(whichever_allocation_fails_a_send_is_answered_or_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
