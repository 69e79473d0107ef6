/* Rules BS of protocol.md, CLI-01 to CLI-04 and CLI-30 to CLI-33, rules 1 to 13 of the field notes.
 */
#include <stdio.h>

#include "client/bs_rig_test.h"
#include "client/serve.h"

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_access_control_object_1_0, &lw_device_minimal_object,
                                           NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv,
                                           &lw_format_lwm2m_cbor, &lw_format_text, NULL};
/* Hears what other features hear of servers. */
static unsigned online_events;

static void listen(void *state, lw_server *server, lw_server_event event)
{
    (void)state;
    (void)server;
    online_events += event == LW_SERVER_EV_ONLINE;
}

static const lw_client_feature listener = {.on_server = listen};
static const lw_client_feature *const features[] = {
    &lw_feature_blockwise,      &lw_feature_create, &lw_feature_bootstrap,
    &lw_feature_bootstrap_pack, &listener,          NULL};
static const lw_client_cfg plain = {.endpoint = "dev1",
                                    .version = 11,
                                    .objects = objects,
                                    .formats = formats,
                                    .features = features,
                                    .servers_max = 2,
                                    .dynamic = 6144};

static int set_up(void **state)
{
    rig *r = malloc(sizeof *r);
    rig_init(r, &plain);
    *state = r;
    return 0;
}

/* With OSCORE: 0/x/17 leads to /21. And a device without Access Control. */
#define SECURITY(T, ONE, MANY, CALL) \
    LW_SECURITY_1_0(T, ONE, MANY, CALL) ONE(T, OBJLNK, oscore, 17, 0)
LW_DECLARE(security, lw_object_0_v1_1, SECURITY, 4, NULL)
#define OSCORE(T, ONE, MANY, CALL) ONE(T, STRING, secret, 0, 16) ONE(T, STRING, sender, 1, 8)
LW_DECLARE(oscore, lw_object_21_v1_0, OSCORE, 3, NULL)
static const lw_object *const objects_with_oscore[] = {
    &security_object, &lw_server_object_1_1, &lw_device_minimal_object, &oscore_object, NULL};

/* The Bootstrap-Server's account /0/0 has /21/5. */
static int set_up_oscore(void **state)
{
    lw_path added;
    rig *r = malloc(sizeof *r);
    lw_client_cfg cfg = plain;
    cfg.objects = objects_with_oscore;
    rig_init(r, &cfg);
    add_bootstrap_server(r, 0);
    assert_int_equal(lw_tree_add(lw_client_tree(r->client), 21, 5, &added), LW_OK);
    set(r, "/0/0/17", lw_value_objlnk(21, 5));
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    *state = r;
    return 0;
}

static int set_up_1_2(void **state)
{
    rig *r = malloc(sizeof *r);
    lw_client_cfg cfg = plain;
    cfg.version = 12;
    rig_init(r, &cfg);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    rig *r = *state;
    lw_client_fini(r->client);
    free(r);
    return 0;
}

static lw_bs_state state_of(rig *r)
{
    return (lw_bs_state)bootstrap_of(r)->state;
}

static void start_with_bootstrap_server(rig *r, uint32_t hold_off)
{
    add_bootstrap_server(r, hold_off);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
}

static void expect_request(rig *r, uint8_t code, const char *path, const char *query)
{
    char text[512];
    rig_datagram *d = rig_last_request(r, BS_LINK);
    assert_int_equal(d->msg.code, code);
    assert_int_equal(d->msg.type, LW_COAP_CON);
    assert_int_equal(d->msg.payload.len, code == LW_COAP_GET ? 0 : d->msg.payload.len);
    assert_string_equal(rig_path(d, text), path);
    assert_string_equal(rig_query(d, text), query);
}

/* BS-40: nobody else knows what it can open */
static void a_platform_that_cannot_check_links_has_no_bootstrap(void **state)
{
    rig *r = *state;
    lw_client *client;
    lw_client_cfg cfg = r->cfg;
    lw_client_fini(r->client);
    r->platform.link_check = NULL;
    assert_int_equal(lw_client_init(&client, &cfg, r->memory, sizeof r->memory), LW_EINVAL);
    r->platform.link_check = lw_fake_link_check;
    assert_int_equal(lw_client_init(&r->client, &cfg, r->memory, sizeof r->memory), LW_OK);
}

/* ---- The request ------------------------------------------------------------------------------
 */

/* BS-03 (4), BS-10, BS-11, BS-12, CLI-01 */
static void a_client_without_servers_asks_the_bootstrap_server(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
    assert_int_equal(r->events[0].kind, LW_CLIENT_BOOTSTRAP_STARTED);
    assert_int_equal(r->opened[BS_LINK], 1);
    assert_int_equal(r->opened[0], 0);
}

/* BS-04, rule 3: with up to a tenth of jitter */
static void the_hold_off_is_waited_before_the_first_request(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 100);
    rig_pass(r, 99 * LW_SECOND_MS);
    assert_int_equal(r->sent_count, 0);
    rig_pass(r, 11 * LW_SECOND_MS);
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
}

/* CLI-52: a tenth of 2^30 s are more milliseconds than 32 bits hold. */
static void the_jitter_of_a_long_hold_off_is_up_to_a_tenth_of_it(void **state)
{
    rig *r = *state;
    const uint32_t hold_off = (uint32_t)1 << 30;
    start_with_bootstrap_server(r, hold_off);
    lw_time jitter = lw_client_step(r->client, r->now) - r->now - hold_off * LW_SECOND_MS;
    assert_in_range(jitter, LW_SECOND_MS, hold_off * (LW_SECOND_MS / 10));
    rig_pass(r, hold_off * LW_SECOND_MS + jitter - 1);
    assert_int_equal(r->sent_count, 0);
    rig_pass(r, 1);
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
}

/* The largest value is never. */
static void the_longest_hold_off_never_ends(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, UINT32_MAX);
    assert_int_equal(lw_client_step(r->client, r->now), LW_TIME_NEVER);
}

/* rule 3: also when a server asked for it */
static void the_hold_off_is_waited_after_a_trigger_too(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 50);
    rig_add_server(r, 101, 86400);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(lw_act_bootstrap(r->client), LW_OK);
    rig_pass(r, 49 * LW_SECOND_MS);
    assert_int_equal(r->opened[BS_LINK], 0);
    rig_pass(r, 7 * LW_SECOND_MS);
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
}

/* BS-08, CLI-31 */
static void without_an_account_there_is_no_bootstrap(void **state)
{
    rig *r = *state;
    rig_add_server(r, 101, 86400);
    lw_client_start(r->client, r->now);
    assert_int_equal(lw_client_bootstrap(r->client), LW_ESTATE);
    assert_int_equal(lw_act_bootstrap(r->client), LW_EMETHOD);
}

static void a_second_wish_changes_nothing(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, BS_LINK), 1);
}

/* The link needs time: a handshake */
static void the_request_waits_for_the_link(void **state)
{
    rig *r = *state;
    r->link_answer = LW_AGAIN;
    start_with_bootstrap_server(r, 0);
    assert_int_equal(r->sent_count, 0);
    lw_client_link_up(r->client, r->now, BS_LINK);
    rig_collect(r);
    assert_int_equal(rig_requests(r, BS_LINK), 1);
}

static void a_link_that_does_not_come_up_is_a_failed_attempt(void **state)
{
    rig *r = *state;
    r->link_answer = LW_AGAIN;
    start_with_bootstrap_server(r, 0);
    rig_pass(r, 246 * LW_SECOND_MS);
    assert_false(rig_has_event(r, LW_CLIENT_BOOTSTRAP_FAILED));
    rig_pass(r, 2 * LW_SECOND_MS);
    assert_int_equal(last_event(r, LW_CLIENT_BOOTSTRAP_FAILED)->err, LW_ETIMEOUT);
    assert_int_equal(r->closed[BS_LINK], 1);
    lw_client_link_up(r->client, r->now, BS_LINK); /* too late: nobody waits for it */
    rig_collect(r);
    assert_int_equal(r->sent_count, 0);
}

static void a_link_that_fails_or_goes_down_is_a_failed_attempt(void **state)
{
    rig *r = *state;
    r->link_answer = LW_EIO;
    start_with_bootstrap_server(r, 0);
    assert_int_equal(last_event(r, LW_CLIENT_BOOTSTRAP_FAILED)->err, LW_EIO);
    r->link_answer = LW_OK;
    rig_pass(r, 4 * LW_SECOND_MS);
    assert_int_equal(state_of(r), LW_BS_ASKING);
    lw_client_link_down(r->client, r->now, BS_LINK, LW_ERESET);
    rig_pass(r, 0);
    assert_int_equal(state_of(r), LW_BS_WAITING);
    assert_int_equal(last_event(r, LW_CLIENT_BOOTSTRAP_FAILED)->err, LW_ERESET);
}

static void an_account_that_can_never_work_is_tried_once_a_day(void **state)
{
    rig *r = *state;
    r->link_answer = LW_ENOTSUP;
    start_with_bootstrap_server(r, 0);
    const lw_client_event *e = last_event(r, LW_CLIENT_BOOTSTRAP_FAILED);
    assert_true(e->retry_at - r->now >= 86400 * LW_SECOND_MS);
    rig_pass(r, 86000 * LW_SECOND_MS);
    assert_int_equal(r->opened[BS_LINK], 1);
}

/* BS-13: the Bootstrap-Server does not know us */
static void a_refused_request_is_told_with_its_code_and_repeated(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    const lw_client_event *e = last_event(r, LW_CLIENT_BOOTSTRAP_FAILED);
    assert_int_equal(e->code, LW_COAP_BAD_REQUEST);
    assert_true(e->retry_at >= r->now + 3000 && e->retry_at <= r->now + 3300);
    rig_pass(r, 3300);
    assert_int_equal(rig_requests(r, BS_LINK), 2);
}

/* CLI-33, P-BS-20: 3, 6, 12 … 120 s, the hold-off only once; then once a day */
static void attempts_back_off_and_then_rest(void **state)
{
    rig *r = *state;
    static const int expected[] = {3, 6, 12, 24, 48, 96, 120, 120, 120, 86400, 86400};
    r->link_answer = LW_EIO;
    start_with_bootstrap_server(r, 0);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        lw_time wait = last_event(r, LW_CLIENT_BOOTSTRAP_FAILED)->retry_at - r->now;
        assert_in_range(wait, expected[i] * 1000, expected[i] * 1100);
        rig_pass(r, wait);
    }
}

/* ---- The session ------------------------------------------------------------------------------
 */

/* ETS int-0; BS-20 to BS-22, BS-25, BS-34, BS-54 */
static void a_bootstrap_ends_in_a_registration(void **state)
{
    rig *r = *state;
    char text[512];
    start_session(r);
    command(r, "DELETE /", NONE, LIT(""), "2.02");
    write_account_101(r);
    command(r, "GET /", LW_CF_LINK, LIT(""), "2.05");
    expect_payload(r, "</>;lwm2m=1.1,</0/0>,</0/1>;ssid=101;uri=\"coap://10.0.0.1\","
                      "</1/0>;ssid=101,</2>,</3>;ver=1.0,</3/0>");
    assert_int_equal(r->opened[0], 0);
    finish(r, "2.04");
    assert_int_equal(r->opened[0], 0); /* the answer first (P-BS-07) */
    rig_pass(r, 0);
    assert_true(rig_has_event(r, LW_CLIENT_BOOTSTRAPPED));
    rig_datagram *d = rig_last_request(r, 0);
    assert_string_equal(rig_path(d, text), "/rd");
    assert_string_equal(rig_query(d, text), "ep=dev1&lt=43200&lwm2m=1.1&b=U");
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_true(lw_client_is_registered(r->client, 101));
}

/* BS-51 */
static void the_written_accounts_know_when(void **state)
{
    rig *r = *state;
    bootstrap_with_101(r);
    assert_int_equal(number_at(r, "/1/0/12"), 1700000000);
}

/* P-BS-09: the silence counts from the last command */
static void silence_after_the_last_command_ends_the_session(void **state)
{
    rig *r = *state;
    start_session(r);
    rig_pass(r, 200 * LW_SECOND_MS);
    write_account_101(r);
    rig_pass(r, 246 * LW_SECOND_MS);
    assert_int_equal(state_of(r), LW_BS_RUNNING);
    rig_pass(r, 2 * LW_SECOND_MS);
    assert_int_equal(last_event(r, LW_CLIENT_BOOTSTRAP_FAILED)->err, LW_ETIMEOUT);
    assert_false(exists(r, "/0/1")); /* BS-37, P-BS-08, rule 5 */
    assert_false(exists(r, "/1/0"));
    assert_true(exists(r, "/0/0"));
    assert_int_equal(r->closed[BS_LINK], 1);
}

static void a_lost_link_takes_everything_back(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    set(r, "/3/0/11/0", lw_value_unsigned(3)); /* the device's own: stays */
    lw_client_link_down(r->client, r->now, BS_LINK, LW_EIO);
    rig_pass(r, 0);
    assert_false(exists(r, "/0/1"));
    assert_int_equal(number_at(r, "/3/0/11/0"), 3);
}

/* CLI-33 */
static void a_bootstrap_server_that_does_not_answer_is_asked_again(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    rig_pass(r, 94 * LW_SECOND_MS);
    assert_int_equal(last_event(r, LW_CLIENT_BOOTSTRAP_FAILED)->err, LW_ETIMEOUT);
    rig_pass(r, 4 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, BS_LINK), 2);
}

static void while_the_application_changes_something_commands_wait(void **state)
{
    rig *r = *state;
    start_session(r);
    assert_int_equal(lw_tree_begin(lw_client_tree(r->client)), LW_OK);
    command(r, "PUT /0", LW_CF_TLV, LIT(SECURITY_101), "5.03");
    lw_tree_rollback(lw_client_tree(r->client));
    write_account_101(r);
    assert_int_equal(lw_tree_begin(lw_client_tree(r->client)), LW_OK);
    command(r, "PUT /1/0/1", LW_CF_TEXT, LIT("60"), "5.03");
    finish(r, "4.06");
    lw_tree_rollback(lw_client_tree(r->client));
    finish(r, "2.04");
}

/* A datagram that overtook the 2.04 */
static void commands_may_arrive_before_the_answer(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    write_account_101(r);
    assert_int_equal(state_of(r), LW_BS_RUNNING);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    finish(r, "2.04");
}

static void a_lost_answer_does_not_stop_a_session_that_runs(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    write_account_101(r);
    rig_pass(r, 150 * LW_SECOND_MS); /* the request was given up meanwhile */
    assert_int_equal(state_of(r), LW_BS_RUNNING);
    finish(r, "2.04");
}

static void a_late_refusal_stops_a_session_that_runs(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    write_account_101(r);
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    assert_int_equal(state_of(r), LW_BS_WAITING);
    assert_false(exists(r, "/0/1"));
}

/* rule 11 */
static void commands_outside_of_a_session_are_refused(void **state)
{
    rig *r = *state;
    bootstrap_with_101(r);
    finish(r, "4.05");
    command(r, "DELETE /", NONE, LIT(""), "4.05");
    assert_true(exists(r, "/0/1"));
}

/* The answer to Finish may be lost: the same datagram gets the same answer */
static void a_repeated_finish_is_answered_again(void **state)
{
    rig *r = *state;
    bootstrap_with_101(r);
    r->next_mid--;
    finish(r, "2.04");
    rig_pass(r, 94 * LW_SECOND_MS);
    assert_int_equal(state_of(r), LW_BS_IDLE);
    assert_int_equal(r->closed[BS_LINK], 1);
}

/* BS-09, rule 12 */
static void servers_are_left_alone_while_a_session_runs(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 200);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    size_t before = rig_requests(r, 0);
    rig_pass(r, 150 * LW_SECOND_MS); /* an Update was due after 107 s */
    assert_int_equal(rig_requests(r, 0), before);
    assert_true(lw_client_is_registered(r->client, 101));
    online_events = 0;
    rig_pass(r, 100 * LW_SECOND_MS);    /* the session fails: the registration goes on */
    assert_int_equal(online_events, 1); /* notifications that waited may go */
    assert_true(rig_has_event(r, LW_CLIENT_BOOTSTRAP_FAILED));
    assert_int_equal(rig_requests(r, 0), before + 1);
}

/* rule 12 */
static void a_registration_in_flight_is_cancelled(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 200);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 1);
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 60 * LW_SECOND_MS);
    for (size_t i = 1; i < r->sent_count; i++) {
        assert_int_equal(r->sent[i].link, BS_LINK); /* not even retransmitted */
    }
}

/* CLI-30; P-BS-21: the same useless data again and again */
static void rounds_without_a_registration_back_off(void **state)
{
    rig *r = *state;
    lw_time at_request[4] = {0};
    start_with_bootstrap_server(r, 0);
    for (unsigned round = 0; round < 4; round++) {
        at_request[round] = r->now;
        rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
        write_account_101(r);
        finish(r, "2.04");
        rig_pass(r, 0);
        rig_answer(r, 0, LW_COAP_FORBIDDEN, NULL);
        size_t before = rig_requests(r, BS_LINK);
        while (rig_requests(r, BS_LINK) == before) {
            rig_pass(r, 100);
        }
    }
    assert_in_range(at_request[1] - at_request[0], 3000, 3400);
    assert_in_range(at_request[2] - at_request[1], 6000, 6700);
    assert_in_range(at_request[3] - at_request[2], 12000, 13300);
}

static void a_registration_ends_the_back_off(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    rig_pass(r, 4000);
    assert_int_equal(bootstrap_of(r)->rounds, 2);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_101(r);
    finish(r, "2.04");
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(bootstrap_of(r)->rounds, 0);
}

/* CLI-30: the old servers get another chance between two attempts */
static void a_server_that_comes_back_makes_the_next_attempt_needless(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 86400);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_FORBIDDEN, NULL); /* 1/x/16: bootstrap at once */
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, BS_LINK), 1);
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    assert_int_equal(rig_requests(r, 0), 2);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(state_of(r), LW_BS_IDLE);
    rig_pass(r, 60 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, BS_LINK), 1);
}

/* CLI-30: but not while another one has no other way */
static void a_server_that_waits_for_the_next_attempt_gets_it(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 86400);
    rig_add_server(r, 102, 86400);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_FORBIDDEN, NULL);
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    assert_int_equal(rig_requests(r, 0), 2);
    rig_answer(r, 0, LW_COAP_FORBIDDEN, NULL);
    rig_pass(r, 1 * LW_SECOND_MS);
    rig_answer(r, 1, LW_COAP_CREATED, "/rd/1");
    assert_true(lw_client_is_registered(r->client, 102));
    rig_pass(r, 4 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, BS_LINK), 2);
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    assert_int_equal(rig_requests(r, 0), 3);
}

/* 1/x/20 may be larger than an octet holds. */
static void the_last_of_many_sequences_comes(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 86400);
    set(r, "/1/0/17", lw_value_integer(1));
    set(r, "/1/0/19", lw_value_integer(0));
    set(r, "/1/0/20", lw_value_integer(300));
    r->link_answer = LW_EIO;
    r->ignore_events = true;
    lw_client_start(r->client, r->now);
    rig_pass(r, 299 * LW_SECOND_MS);
    assert_int_equal(bootstrap_of(r)->rounds, 0);
    rig_pass(r, 40 * LW_SECOND_MS);
    assert_int_not_equal(bootstrap_of(r)->rounds, 0);
}

/* A session runs, and the server is to be left. */
static void disable_in_a_session(rig *r)
{
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 86400);
    set(r, "/1/0/5", lw_value_integer(100));
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    assert_int_equal(state_of(r), LW_BS_ASKING);
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    rig_pass(r, 1500);
    assert_int_equal(rig_requests(r, 0), 1); /* rule 12 */
}

static void a_disable_waits_for_the_end_of_a_session(void **state)
{
    rig *r = *state;
    disable_in_a_session(r);
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    rig_pass(r, 1 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, 0), 2);
    assert_int_equal(rig_last_request(r, 0)->msg.code, LW_COAP_DELETE);
}

/* Which begins registrations anew: this one after 1/x/5. */
static void a_disable_holds_after_a_bootstrap(void **state)
{
    rig *r = *state;
    disable_in_a_session(r);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    finish(r, "2.04");
    rig_pass(r, 99 * LW_SECOND_MS);
    assert_true(rig_has_event(r, LW_CLIENT_BOOTSTRAPPED));
    assert_true(rig_has_event(r, LW_CLIENT_DISABLED));
    assert_int_equal(rig_requests(r, 0), 1);
    rig_pass(r, 2 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, 0), 2);
    assert_int_equal(rig_last_request(r, 0)->msg.code, LW_COAP_POST);
}

/* When the network is back there is no need to wait for the bootstrap. */
static void a_server_that_was_given_up_is_tried_when_asked_for(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 3600);
    rig_add_server(r, 101, 86400);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_FORBIDDEN, NULL);
    rig_pass(r, 60 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, 0), 1);
    assert_int_equal(lw_client_update(r->client, 101), LW_OK);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 2);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_true(lw_client_is_registered(r->client, 101));
}

/* rule 12: not even with another address */
static void another_address_waits_for_the_end_of_the_session(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 86400);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    size_t before = rig_requests(r, 0);
    lw_client_address_changed(r->client, r->now);
    rig_pass(r, 100 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, 0), before);
    rig_pass(r, 150 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, 0), before + 1);
}

static void stopping_takes_the_session_back(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 0);
    assert_true(lw_client_is_stopped(r->client));
    assert_false(exists(r, "/0/1"));
    assert_int_equal(r->closed[BS_LINK], 1);
    assert_int_equal(lw_client_bootstrap(r->client), LW_ESTATE);
}

/* ---- Commands ---------------------------------------------------------------------------------
 */

/* BS-27, P-BS-05: what is not given goes, other instances stay */
static void a_write_replaces_the_instances_it_names(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    command(r, "PUT /1/0/5", LW_CF_TEXT, LIT("99"), "2.04");
    write_account_102(r);
    assert_int_equal(number_at(r, "/1/0/5"), 99);
    command(r, "PUT /1/0", LW_CF_TLV, LIT("\xC1\x00\x65\xC1\x01\x3C\xC1\x06\x01\xC1\x07U"), "2.04");
    assert_false(exists(r, "/1/0/5"));
    assert_int_equal(number_at(r, "/1/0/1"), 60);
    assert_true(exists(r, "/1/1"));
}

/* formats.md section 8 */
static void a_write_takes_senml_cbor(void **state)
{
    rig *r = *state;
    start_session(r);
    command(r, "PUT /1/0", LW_CF_SENML_CBOR,
            LIT("\x84\xA3\x21\x65/1/0/\x00\x61"
                "0\x02\x18\x65\xA2\x00\x61"
                "1\x02\x1A\x00\x01\x51\x80\xA2\x00\x61"
                "6\x04\xF4\xA2\x00\x61"
                "7\x03\x61U"),
            "2.04");
    assert_int_equal(number_at(r, "/1/0/1"), 86400);
}

/* P-BS-11 */
static void keys_may_come_as_text_in_senml(void **state)
{
    rig *r = *state;
    lw_value v;
    start_session(r);
    command(r, "PUT /0/1", LW_CF_SENML_CBOR,
            LIT("\x82\xA3\x21\x65/0/1/\x00\x61"
                "3\x03\x64"
                "dev1\xA2\x00\x61"
                "5\x08\x42\x00\xFF"),
            "2.04");
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), at("/0/1/3"), &v), LW_OK);
    assert_true(v.type == LW_TYPE_OPAQUE && lw_bytes_is(v.as.bytes, "dev1"));
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), at("/0/1/5"), &v), LW_OK);
    assert_int_equal(v.as.bytes.len, 2);
    command(r, "PUT /0/1/5", LW_CF_TEXT, LIT("AP8="), "2.04"); /* text stays base64 */
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), at("/0/1/5"), &v), LW_OK);
    assert_int_equal(v.as.bytes.len, 2);
}

/* BS-28 to BS-30, P-BS-13, rule 9 */
static void a_write_that_fails_changes_nothing_and_stops_nothing(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    command(r, "PUT /9999/0", LW_CF_TLV, LIT("\xC1\x00\x65"), "4.00");
    command(r, "PUT /1/0/99", LW_CF_TEXT, LIT("1"), "4.00");
    command(r, "PUT /1/0/1", LW_CF_TEXT, LIT("abc"), "4.00");
    command(r, "PUT /1/0/1", 12345, LIT("1"), "4.15");
    command(r, "PUT /1/0", LW_CF_TLV, LIT("\xC1\x00\x65\xC1\x07X"), "4.00");
    command(r, "PUT /1/0/1/0", LW_CF_TEXT, LIT("1"), "4.05");
    command(r, "POST /1/0", LW_CF_TLV, LIT("\xC1\x01\x3C"), "4.05");
    assert_int_equal(number_at(r, "/1/0/1"), 43200);
    command(r, "PUT /1/0", LW_CF_TLV,
            LIT("\xC1\x00\x65\xC1\x01\x3C\xC1\x06\x01\xC1\x07U\xC1\x63\x01"), "2.04");
    finish(r, "2.04");
}

/* rule 8 */
static void a_second_bootstrap_server_is_refused_another_one_is_not(void **state)
{
    rig *r = *state;
    start_session(r);
    static const char account[] = "\xC8\x00\x0F"
                                  "coap://10.0.0.9"
                                  "\xC1\x01\x01\xC1\x02\x03\xC0\x03\xC0\x04\xC0\x05";
    command(r, "PUT /0/1", LW_CF_TLV, LIT(account), "4.00");
    assert_false(exists(r, "/0/1"));
    command(r, "PUT /0/0", LW_CF_TLV, LIT(account), "2.04"); /* P-BS-04 */
    write_account_101(r);
    finish(r, "2.04");
}

/* BS-41 */
static void the_bootstrap_server_may_become_a_server(void **state)
{
    rig *r = *state;
    start_session(r);
    command(r, "PUT /0/0", LW_CF_TLV,
            LIT("\xC8\x00\x0F"
                "coap://10.0.0.1"
                "\xC1\x01\x00\xC1\x02\x03\xC0\x03\xC0\x04\xC0\x05\xC1\x0A\x65"),
            "2.04");
    command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_101), "2.04");
    finish(r, "2.04");
    rig_pass(r, 4 * LW_SECOND_MS);
    assert_int_equal(rig_requests(r, 0), 1);
    assert_int_equal(lw_client_bootstrap(r->client), LW_ESTATE);
}

/* BS-31 to BS-33, rule 7, ETS int-4 */
static void a_delete_spares_the_way_back_and_the_device(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    command(r, "DELETE /0", NONE, LIT(""), "2.02");
    assert_true(exists(r, "/0/0"));
    assert_false(exists(r, "/0/1"));
    command(r, "DELETE /1", NONE, LIT(""), "2.02");
    command(r, "DELETE /1", NONE, LIT(""), "2.02");
    assert_false(exists(r, "/1/0"));
    command(r, "DELETE /", NONE, LIT(""), "2.02");
    assert_true(exists(r, "/0/0"));
    assert_true(exists(r, "/3/0"));
    command(r, "DELETE /0/0", NONE, LIT(""), "4.00");
    command(r, "DELETE /3/0", NONE, LIT(""), "4.00");
    command(r, "DELETE /3", NONE, LIT(""), "2.02");
    command(r, "DELETE /0/7", NONE, LIT(""), "2.02");
    command(r, "DELETE /9999", NONE, LIT(""), "4.00");
    command(r, "DELETE /1/0/1", NONE, LIT(""), "4.00");
}

/* BS-20, BS-23; formats.md section 11 */
static void discover_shows_one_object_too(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    write_account_102(r);
    command(r, "GET /0", LW_CF_LINK, LIT(""), "2.05");
    expect_payload(r, "</>;lwm2m=1.1,</0/0>,</0/1>;ssid=101;uri=\"coap://10.0.0.1\","
                      "</0/2>;ssid=102;uri=\"coap://10.0.0.2\"");
    command(r, "GET /1", LW_CF_LINK, LIT(""), "2.05");
    expect_payload(r, "</>;lwm2m=1.1,</1/0>;ssid=101,</1/1>;ssid=102");
    command(r, "GET /9999", LW_CF_LINK, LIT(""), "4.04");
    command(r, "GET /1/0", LW_CF_LINK, LIT(""), "4.00");
}

/* BS-24, P-BS-01; ETS int-8 */
static void read_shows_servers_and_their_rights(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    command(r, "PUT /1/0/13", LW_CF_TEXT, LIT("7"), "2.04"); /* no operations, but for bootstrap */
    command(r, "GET /1/0", LW_CF_TLV, LIT(""), "2.05");
    lw_bytes tlv = last_answer(r)->msg.payload;
    static const char expected[] =
        "\xC1\x00\x65\xC4\x01\x00\x00\xA8\xC0\xC1\x06\x00\xC1\x07U\xC1\x0D\x07";
    assert_int_equal(tlv.len, sizeof expected - 1);
    assert_memory_equal(tlv.ptr, expected, tlv.len);
    command(r, "GET /1/5", LW_CF_TLV, LIT(""), "4.04");
    command(r, "GET /2", LW_CF_TLV, LIT(""), "2.05");
    command(r, "GET /3/0", LW_CF_TLV, LIT(""), "4.05");
    command(r, "GET /1/0", 12345, LIT(""), "4.06");
}

/* P-BS-02: what the account needs is spared with it; BS-22: who it belongs to is told */
static void linked_credentials_belong_to_their_account(void **state)
{
    rig *r = *state;
    uint8_t buf[64];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_bs_write_account(r->client, &w);
    assert_true(lw_bytes_is(lw_writer_bytes(&w), "</0/0>,</21/5>")); /* BS-60 */
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_101(r);
    command(r, "PUT /0/1/17", LW_CF_TEXT, LIT("21:6"), "2.04");
    finish(r, "4.06"); /* BS-40: it leads nowhere */
    command(r, "PUT /21/6/1", LW_CF_TLV, LIT("\xC1\x01\x07"), "2.04");
    command(r, "PUT /21/7/1", LW_CF_TLV, LIT("\xC1\x01\x07"), "2.04");
    command(r, "GET /21", LW_CF_LINK, LIT(""), "2.05");
    expect_payload(r, "</>;lwm2m=1.1,</21/5>,</21/6>;ssid=101,</21/7>");
    command(r, "DELETE /21/5", NONE, LIT(""), "4.00");
    command(r, "DELETE /", NONE, LIT(""), "2.02");
    assert_true(exists(r, "/21/5"));
    assert_false(exists(r, "/21/6"));
}

/* BS-50 */
static void linked_credentials_are_purged_with_their_account(void **state)
{
    rig *r = *state;
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_101(r);
    command(r, "PUT /0/0/12", LW_CF_TEXT, LIT("100"), "2.04");
    command(r, "PUT /21/6/1", LW_CF_TLV, LIT("\xC1\x01\x07"), "2.04");
    finish(r, "2.04");
    rig_pass(r, 99 * LW_SECOND_MS);
    lw_tree *tree = lw_client_tree(r->client);
    assert_int_equal(lw_tree_begin(tree), LW_OK); /* the application is at work: later */
    rig_pass(r, 2 * LW_SECOND_MS);
    lw_tree_rollback(tree);
    assert_true(exists(r, "/0/0"));
    rig_pass(r, 60 * LW_SECOND_MS);
    assert_false(exists(r, "/0/0"));
    assert_false(exists(r, "/21/5"));
    assert_true(exists(r, "/21/6"));
}

static void a_device_without_access_control_has_one_server(void **state)
{
    rig *r = *state;
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_101(r);
    write_account_102(r);
    finish(r, "4.06");
    command(r, "DELETE /0/2", NONE, LIT(""), "2.02");
    command(r, "DELETE /1/1", NONE, LIT(""), "2.02");
    finish(r, "2.04");
}

/* ---- Finish -----------------------------------------------------------------------------------
 */

/* BS-35, rule 6: the Bootstrap-Server may repair and finish again; ETS int-9 */
static void an_inconsistent_configuration_can_be_repaired(void **state)
{
    rig *r = *state;
    start_session(r);
    finish(r, "4.06"); /* BS-05: no server */
    command(r, "PUT /1/0/5", LW_CF_TEXT, LIT("86400"), "2.04");
    finish(r, "4.06");
    command(r, "PUT /0", LW_CF_TLV, LIT(SECURITY_101), "2.04");
    finish(r, "4.06"); /* /1/0 has no Short Server ID */
    command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_101), "2.04");
    finish(r, "2.04");
}

/* BS-40, row by row: each change makes a sound configuration unsound */
static void every_inconsistency_is_seen(void **state)
{
    rig *r = *state;
    static const struct {
        const char *path, *value;
    } wrong[] = {
        {"/0/1/10", "0"},
        {"/0/1/10", "65535"},
        {"/0/1/10", "7"},
        {"/1/0/0", "7"},
        {"/0/1/0", ""},
        {"/0/1/0", "10.0.0.1"},
        {"/0/1/0", "sms://1"},
        {"/0/1/0", "coap://"},
        {"/0/1/0", "coap://[::1"},
        {"/0/1/0", "coap://10.0.0.1:0"},
        {"/0/1/0", "coap://10.0.0.1:65536"},
        {"/0/1/0", "coaps://a.b"},
        {"/0/1/0", "coap+tcp://a.b"},
        {"/0/1/2", "0"},
        {"/0/1/2", "1"},
        {"/0/1/2", "2"},
        {"/0/1/2", "4"},
        {"/1/0/1", "0"},
    };
    start_session(r);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char request[32];
        write_account_101(r);
        assert_int_equal(lw_bs_check(r->client), LW_OK);
        snprintf(request, sizeof request, "PUT %s", wrong[i].path);
        send_command(r, request, LW_CF_TEXT, lw_bytes_str(wrong[i].value));
        if (lw_coap_code_class(last_answer(r)->msg.code) == 2 &&
            lw_bs_check(r->client) != LW_ESTATE) {
            fail_msg("%s=%s was taken", wrong[i].path, wrong[i].value);
        }
        r->sent_count = 0;
    }
    write_account_101(r);
    finish(r, "2.04");
}

static void a_short_server_id_twice_is_seen(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    write_account_102(r);
    command(r, "PUT /0/2/10", LW_CF_TEXT, LIT("101"), "2.04");
    finish(r, "4.06");
    command(r, "PUT /0/2/10", LW_CF_TEXT, LIT("102"), "2.04");
    command(r, "PUT /1/1/0", LW_CF_TEXT, LIT("101"), "2.04");
    finish(r, "4.06");
    command(r, "PUT /1/1/0", LW_CF_TEXT, LIT("102"), "2.04");
    finish(r, "2.04");
}

/* BS-43, P-BS-10; formats.md section 5: a PSK account */
static void keys_must_be_those_of_the_mode(void **state)
{
    rig *r = *state;
    start_session(r);
    command(
        r, "PUT /0/1", LW_CF_TLV,
        LIT("\xC8\x00\x10"
            "coaps://10.0.0.1"
            "\xC1\x01\x00\xC1\x02\x00\xC4\x03"
            "dev1"
            "\xC0\x04\xC8\x05\x10\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF"
            "\xC1\x0A\x65"),
        "2.04");
    command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_101), "2.04");
    assert_int_equal(lw_bs_check(r->client), LW_OK);
    set(r, "/0/1/2", lw_value_integer(LW_SECURITY_X509));
    assert_int_equal(lw_bs_check(r->client), LW_ESTATE);
    set(r, "/0/1/4", lw_value_bytes(LW_TYPE_OPAQUE, LIT("certificate")));
    assert_int_equal(lw_bs_check(r->client), LW_OK);
    set(r, "/0/1/5", lw_value_bytes(LW_TYPE_OPAQUE, LIT("")));
    assert_int_equal(lw_bs_check(r->client), LW_ESTATE);
    set(r, "/0/1/2", lw_value_integer(LW_SECURITY_EST));
    assert_int_equal(lw_bs_check(r->client), LW_OK);
}

/* BS-40: more accounts than fit */
static void more_servers_than_there_is_room_for_are_refused(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    r->client->cfg.servers_max = 0;
    assert_int_equal(lw_bs_check(r->client), LW_ESTATE);
    r->client->cfg.servers_max = 2;
}

/* BS-53 */
static void a_removed_security_instance_takes_its_server_along(void **state)
{
    rig *r = *state;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 101, 86400);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    command(r, "DELETE /0/1", NONE, LIT(""), "2.02");
    write_account_102(r);
    finish(r, "2.04");
    rig_pass(r, 0);
    assert_false(exists(r, "/1/0"));
    assert_false(lw_client_is_registered(r->client, 101)); /* BS-52 */
    assert_true(exists(r, "/1/1"));
}

/* BS-45 */
static void a_server_account_names_its_server(void **state)
{
    rig *r = *state;
    start_session(r);
    write_account_101(r);
    command(r, "PUT /0/1", LW_CF_TLV,
            LIT("\xC8\x00\x0F"
                "coap://10.0.0.1"
                "\xC1\x01\x00\xC1\x02\x03"),
            "2.04");
    finish(r, "4.06");
}

/* ---- Account timeout --------------------------------------------------------------------------
 */

/* BS-50, P-BS-16, rule 10 */
static void the_account_is_purged_in_time(void **state)
{
    rig *r = *state;
    start_session(r);
    command(r, "PUT /0/0/12", LW_CF_TEXT, LIT("3600"), "2.04");
    write_account_101(r);
    rig_pass(r, 100 * LW_SECOND_MS);
    finish(r, "2.04");
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    rig_pass(r, 3599 * LW_SECOND_MS);
    assert_true(exists(r, "/0/0"));
    rig_pass(r, 2 * LW_SECOND_MS);
    assert_false(exists(r, "/0/0"));
    assert_true(exists(r, "/0/1"));
    assert_true(lw_client_is_registered(r->client, 101));
    assert_int_equal(lw_client_bootstrap(r->client), LW_ESTATE);
}

static void a_purge_waits_for_the_end_of_a_session(void **state)
{
    rig *r = *state;
    start_session(r);
    command(r, "PUT /0/0/12", LW_CF_TEXT, LIT("200"), "2.04");
    write_account_101(r);
    finish(r, "2.04");
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    rig_pass(r, 190 * LW_SECOND_MS);
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    rig_pass(r, 100 * LW_SECOND_MS);
    assert_true(exists(r, "/0/0"));
    rig_pass(r, 300 * LW_SECOND_MS);
    assert_false(exists(r, "/0/0"));
    assert_int_equal(state_of(r), LW_BS_IDLE);
}

/* BS-41: the way back may be gone before its time */
static void a_purge_finds_nothing_when_the_account_has_gone(void **state)
{
    rig *r = *state;
    start_session(r);
    command(r, "PUT /0/0/12", LW_CF_TEXT, LIT("200"), "2.04");
    write_account_101(r);
    finish(r, "2.04");
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), at("/0/0")), LW_OK);
    rig_pass(r, 201 * LW_SECOND_MS);
    assert_true(lw_client_step(r->client, r->now) > r->now + 3600 * LW_SECOND_MS);
    assert_int_equal(bootstrap_of(r)->purge_at, 0);
    assert_true(exists(r, "/0/1"));
}

static void restore(lw_bootstrap *bs, lw_bytes saved)
{
    lw_reader in;
    lw_reader_init(&in, saved);
    lw_feature_bootstrap.as.bootstrap.restore(bs, &in);
}

/* P-BS-16: the deadline survives a restart */
static void the_purge_deadline_is_kept(void **state)
{
    rig *r = *state;
    uint8_t buf[32];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_bootstrap *bs = bootstrap_of(r);
    start_session(r);
    command(r, "PUT /0/0/12", LW_CF_TEXT, LIT("1000"), "2.04");
    write_account_101(r);
    finish(r, "2.04");
    lw_feature_bootstrap.as.bootstrap.save(bs, &w);
    assert_int_equal(w.err, LW_OK);
    r->wall += 400;
    restore(bs, lw_writer_bytes(&w));
    assert_int_equal(lw_deadline_at(&bs->purge.deadline), r->now + 600 * LW_SECOND_MS);
    r->wall += 4000;
    restore(bs, lw_writer_bytes(&w));
    assert_int_equal(lw_deadline_at(&bs->purge.deadline), r->now);
    r->wall = -1; /* nobody knows the time: too late rather than too early */
    restore(bs, lw_writer_bytes(&w));
    assert_int_equal(lw_deadline_at(&bs->purge.deadline), r->now + 1000 * LW_SECOND_MS);
    restore(bs, lw_bytes_of(buf, 3)); /* none */
    assert_int_equal(lw_deadline_at(&bs->purge.deadline), LW_TIME_NEVER);
}

/* ---- Packs ------------------------------------------------------------------------------------
 */

/* formats.md section 10: /0/1 and /1/0, |74|, with NoSec instead of PSK */
#define PACK                                                                               \
    "\xA2\x82\x00\x01\xA7\x00\x6F"                                                         \
    "coap://10.0.0.1"                                                                      \
    "\x01\xF4\x02\x03\x03\x40\x04\x40\x05\x40\x0A\x18\x65\x82\x01\x00\xA4\x00\x18\x65\x01" \
    "\x1A\x00\x01\x51\x80\x06\xF4\x07\x61U"

static void answer_pack(rig *r, uint8_t code, uint16_t format, lw_bytes payload)
{
    uint8_t buf[512];
    lw_writer w;
    lw_coap_out out;
    rig_datagram *request = rig_last_request(r, BS_LINK);
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_ACK, code, request->msg.mid, request->msg.token);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, format);
    lw_coap_put_payload(&out, payload);
    rig_feed(r, BS_LINK, lw_writer_bytes(&w));
    rig_pass(r, 0);
}

/* BS-60, BS-61, BS-63; ETS int-12 */
static void a_pack_is_the_whole_bootstrap(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    expect_request(r, LW_COAP_GET, "/bspack", "ep=dev1&acc=</0/0>");
    uint32_t accept = 0;
    lw_bytes options = rig_last_request(r, BS_LINK)->msg.options;
    assert_true(lw_coap_opt_find_uint(&options, LW_COAP_OPT_ACCEPT, &accept));
    assert_int_equal(accept, LW_CF_SENML_CBOR);
    answer_pack(r, LW_COAP_CONTENT, LW_CF_LWM2M_CBOR, LIT(PACK));
    assert_true(rig_has_event(r, LW_CLIENT_BOOTSTRAPPED));
    assert_true(exists(r, "/0/0"));
    assert_true(exists(r, "/0/1"));
    assert_int_equal(rig_requests(r, 0), 1);
}

/* BS-63: all instances of the objects it names, and of no other */
static void a_pack_replaces_all_instances_of_its_objects(void **state)
{
    rig *r = *state;
    lw_path rule;
    add_bootstrap_server(r, 0);
    rig_add_server(r, 7, 86400);
    assert_int_equal(lw_tree_add(lw_client_tree(r->client), 2, 5, &rule), LW_OK);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    answer_pack(r, LW_COAP_CONTENT, LW_CF_LWM2M_CBOR, LIT(PACK));
    assert_int_equal(number_at(r, "/1/0/0"), 101);
    assert_int_equal(number_at(r, "/0/1/10"), 101);
    assert_int_equal(lw_tree_count(lw_client_tree(r->client), at("/0")), 2);
    assert_true(exists(r, "/2/5"));
    assert_null(lw_client_server(r->client, 7));
}

/* BS-62 */
static void a_refused_pack_falls_back_to_a_request(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_NOT_IMPLEMENTED, NULL);
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
    rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
    rig_pass(r, 4000);
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112"); /* not asked for again */
}

/* What BS-60 makes optional is not asked for by whom it is not named for. */
static void a_device_without_packs_requests_at_once(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const without[] = {&lw_feature_blockwise, &lw_feature_bootstrap,
                                                       NULL};
    lw_client_fini(r->client);
    r->cfg.features = without;
    assert_int_equal(lw_client_init(&r->client, &r->cfg, r->memory, sizeof r->memory), LW_OK);
    start_with_bootstrap_server(r, 0);
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
}

/* BS-63, P-BS-19 */
static void a_pack_that_does_not_hold_together_is_not_used_at_all(void **state)
{
    rig *r = *state;
    start_with_bootstrap_server(r, 0);
    answer_pack(r, LW_COAP_CONTENT, LW_CF_LWM2M_CBOR,
                LIT("\xA1\x82\x01\x00\xA4\x00\x18\x65\x01\x1A\x00\x01\x51\x80\x06\xF4\x07\x61U"));
    assert_false(exists(r, "/1/0"));
    expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
    assert_int_equal(bootstrap_of(r)->rounds, 1);
}

static void a_pack_with_what_we_do_not_have_or_cannot_read_is_not_used(void **state)
{
    rig *r = *state;
    static const struct {
        uint16_t format;
        const char *octets;
        size_t len;
    } bad[] = {
        {LW_CF_LWM2M_CBOR, "\xA1\x19\x27\x0F\xA1\x00\xA1\x00\x01", 9}, /* /9999 */
        {LW_CF_LWM2M_CBOR, "\xA1\x82", 2},
        {LW_CF_TEXT, "x", 1},
    };
    start_with_bootstrap_server(r, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        answer_pack(r, LW_COAP_CONTENT, bad[i].format, lw_bytes_of(bad[i].octets, bad[i].len));
        expect_request(r, LW_COAP_POST, "/bs", "ep=dev1&pct=112");
        rig_answer(r, BS_LINK, LW_COAP_BAD_REQUEST, NULL);
        rig_pass(r, 30 * LW_SECOND_MS);
        expect_request(r, LW_COAP_GET, "/bspack", "ep=dev1&acc=</0/0>");
    }
}

/* ---- Fault injection --------------------------------------------------------------------------
 */

typedef struct scarce {
    lw_mem real;
    size_t count, fail_at;
} scarce;

static void *scarce_alloc(void *ctx, size_t size)
{
    scarce *s = ctx;
    return ++s->count == s->fail_at ? NULL : s->real.alloc(s->real.ctx, size);
}

static void scarce_release(void *ctx, void *ptr)
{
    scarce *s = ctx;
    s->real.release(s->real.ctx, ptr);
}

/* One allocation of a session fails: the command is refused, or the session; never half of it. */
static void run_with_failing_allocation(size_t n, size_t *out_count)
{
    void *state;
    set_up(&state);
    rig *r = state;
    start_session(r);
    scarce memory = {.real = r->client->pool->mem, .fail_at = n};
    r->client->pool->mem =
        (lw_mem){.alloc = scarce_alloc, .release = scarce_release, .ctx = &memory};
    r->client->coap.config.mem = r->client->pool->mem;
    send_command(r, "PUT /0", LW_CF_TLV, LIT(SECURITY_101));
    send_command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_101));
    send_command(r, "PUT /0/0/12", LW_CF_TEXT, LIT("60"));
    send_command(r, "POST /bs", NONE, LIT(""));
    *out_count = memory.count;
    r->client->pool->mem = memory.real;
    r->client->coap.config.mem = memory.real;
    rig_pass(r, 300 * LW_SECOND_MS);
    bool committed = rig_has_event(r, LW_CLIENT_BOOTSTRAPPED);
    assert_int_equal(exists(r, "/0/1"), committed);
    assert_int_equal(exists(r, "/1/0"), committed);
    assert_true(committed || exists(r, "/0/0"));
    assert_false(lw_tree_is_holding(&r->client->tree) && state_of(r) == LW_BS_WAITING);
    tear_down(&state);
}

static void a_session_survives_any_failing_allocation(void **state)
{
    (void)state;
    size_t count = 0;
    run_with_failing_allocation(0, &count);
    assert_true(count > 4);
    for (size_t n = 1; n <= count; n++) {
        size_t ignored;
        run_with_failing_allocation(n, &ignored);
    }
}

#define T(name)        cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define T_1_2(name)    cmocka_unit_test_setup_teardown(name, set_up_1_2, tear_down)
#define T_OSCORE(name) cmocka_unit_test_setup_teardown(name, set_up_oscore, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_platform_that_cannot_check_links_has_no_bootstrap),
        T(a_client_without_servers_asks_the_bootstrap_server),
        T(the_hold_off_is_waited_before_the_first_request),
        T(the_jitter_of_a_long_hold_off_is_up_to_a_tenth_of_it),
        T(the_longest_hold_off_never_ends),
        T(the_hold_off_is_waited_after_a_trigger_too),
        T(without_an_account_there_is_no_bootstrap),
        T(a_second_wish_changes_nothing),
        T(the_request_waits_for_the_link),
        T(a_link_that_does_not_come_up_is_a_failed_attempt),
        T(a_link_that_fails_or_goes_down_is_a_failed_attempt),
        T(an_account_that_can_never_work_is_tried_once_a_day),
        T(a_refused_request_is_told_with_its_code_and_repeated),
        T(attempts_back_off_and_then_rest),
        T(a_bootstrap_ends_in_a_registration),
        T(the_written_accounts_know_when),
        T(silence_after_the_last_command_ends_the_session),
        T(a_lost_link_takes_everything_back),
        T(a_bootstrap_server_that_does_not_answer_is_asked_again),
        T(while_the_application_changes_something_commands_wait),
        T(a_server_account_names_its_server),
        T_OSCORE(linked_credentials_belong_to_their_account),
        T_OSCORE(linked_credentials_are_purged_with_their_account),
        T_OSCORE(a_device_without_access_control_has_one_server),
        T(commands_may_arrive_before_the_answer),
        T(a_lost_answer_does_not_stop_a_session_that_runs),
        T(a_late_refusal_stops_a_session_that_runs),
        T(commands_outside_of_a_session_are_refused),
        T(a_repeated_finish_is_answered_again),
        T(servers_are_left_alone_while_a_session_runs),
        T(a_registration_in_flight_is_cancelled),
        T(rounds_without_a_registration_back_off),
        T(a_registration_ends_the_back_off),
        T(a_server_that_comes_back_makes_the_next_attempt_needless),
        T(a_server_that_waits_for_the_next_attempt_gets_it),
        T(the_last_of_many_sequences_comes),
        T(a_disable_waits_for_the_end_of_a_session),
        T(a_disable_holds_after_a_bootstrap),
        T(a_server_that_was_given_up_is_tried_when_asked_for),
        T(another_address_waits_for_the_end_of_the_session),
        T(stopping_takes_the_session_back),
        T(a_write_replaces_the_instances_it_names),
        T(a_write_takes_senml_cbor),
        T(keys_may_come_as_text_in_senml),
        T(a_write_that_fails_changes_nothing_and_stops_nothing),
        T(a_second_bootstrap_server_is_refused_another_one_is_not),
        T(the_bootstrap_server_may_become_a_server),
        T(a_delete_spares_the_way_back_and_the_device),
        T(discover_shows_one_object_too),
        T(read_shows_servers_and_their_rights),
        T(an_inconsistent_configuration_can_be_repaired),
        T(every_inconsistency_is_seen),
        T(a_short_server_id_twice_is_seen),
        T(keys_must_be_those_of_the_mode),
        T(more_servers_than_there_is_room_for_are_refused),
        T(a_removed_security_instance_takes_its_server_along),
        T(the_account_is_purged_in_time),
        T(a_purge_waits_for_the_end_of_a_session),
        T(a_purge_finds_nothing_when_the_account_has_gone),
        T(the_purge_deadline_is_kept),
        T_1_2(a_pack_is_the_whole_bootstrap),
        T_1_2(a_pack_replaces_all_instances_of_its_objects),
        T_1_2(a_refused_pack_falls_back_to_a_request),
        T_1_2(a_device_without_packs_requests_at_once),
        T_1_2(a_pack_that_does_not_hold_together_is_not_used_at_all),
        T_1_2(a_pack_with_what_we_do_not_have_or_cannot_read_is_not_used),
        cmocka_unit_test(a_session_survives_any_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
