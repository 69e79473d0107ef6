#include "codec/format.h"
#include "server/dm/observation.h"
#include "server/rig_test.h"

#define REGISTER "/rd?ep=a&lt=3000&lwm2m=1.1&b=U"
#define LINKS    "</1/0>,</3/0>,</3303/0>"

/* ---- The operator ---- */

typedef struct outcome {
    unsigned calls;
    lw_err err;
} outcome;

static void on_kept(void *ctx, lw_err err)
{
    outcome *o = ctx;
    o->calls++;
    o->err = err;
}

static lw_row_wish wish_for(const char *target)
{
    return (lw_row_wish){.endpoint = lw_bytes_str("a"),
                         .target = lw_bytes_str(target),
                         .composite = strchr(target, ' ') != NULL,
                         .format = LW_CF_NONE};
}

static void observe(rig *r, const char *target)
{
    outcome o = {.calls = 0};
    lw_row_wish wish = wish_for(target);
    assert_ok(lw_server_observe(r->server, r->now, &wish, on_kept, &o));
    assert_int_equal(o.calls, 0); /* not before it is durable */
    rig_commit(r, LW_OK);
    assert_int_equal(o.calls, 1);
    assert_ok(o.err);
    rig_step(r);
}

static void unobserve(rig *r, const char *target)
{
    outcome o = {.calls = 0};
    assert_ok(lw_server_unobserve(r->server, r->now, lw_bytes_str("a"), lw_bytes_str(target),
                                  on_kept, &o));
    rig_commit(r, LW_OK);
    assert_int_equal(o.calls, 1);
    assert_ok(o.err);
    rig_step(r);
}

static lw_server_wish seen_wish;
static unsigned seen_wishes;

static void see_wish(void *ctx, const lw_server_wish *wish)
{
    (void)ctx;
    seen_wish = *wish;
    seen_wishes++;
}

/* The wishes of the device; the last is in seen_wish. */
static unsigned wishes(rig *r)
{
    seen_wishes = 0;
    assert_ok(lw_server_wishes(r->server, lw_bytes_str("a"), see_wish, NULL));
    return seen_wishes;
}

static int wish_state(rig *r)
{
    assert_int_equal(wishes(r), 1);
    return seen_wish.state;
}

/* ---- The device ---- */

/* The newest request of the server, and that there is no newer one later on. */
static const rig_datagram *asked(rig *r)
{
    for (size_t i = r->sent_count; i > 0; i--) {
        const lw_coap_msg *m = &r->sent[i - 1].msg;
        if (m->type == LW_COAP_CON && lw_coap_code_is_request(m->code)) {
            return &r->sent[i - 1];
        }
    }
    return NULL;
}

static size_t asks(const rig *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->sent_count; i++) {
        const lw_coap_msg *m = &r->sent[i].msg;
        count += m->type == LW_COAP_CON && lw_coap_code_is_request(m->code);
    }
    return count;
}

/* Its target, "/3/0/9?pmin=5", and the value of Observe; -1: none. */
static const char *target_of(const rig_datagram *d)
{
    static char text[256];
    size_t len = 0;
    lw_coap_opt_iter it = lw_coap_opts(d->msg.options);
    lw_coap_opt o;
    char before_query = '?';
    while (lw_coap_opt_next(&it, &o)) {
        if (o.number == LW_COAP_OPT_URI_PATH || o.number == LW_COAP_OPT_URI_QUERY) {
            char mark = before_query;
            if (o.number == LW_COAP_OPT_URI_PATH) {
                mark = '/';
            }
            text[len++] = mark;
            before_query = o.number == LW_COAP_OPT_URI_QUERY ? '&' : '?';
            memcpy(text + len, o.value.ptr, o.value.len);
            len += o.value.len;
        }
    }
    text[len] = '\0';
    return text;
}

static int observe_of(const rig_datagram *d)
{
    uint32_t value;
    return lw_coap_opt_find_uint(&d->msg.options, LW_COAP_OPT_OBSERVE, &value) ? (int)value : -1;
}

typedef struct answer {
    uint8_t code;
    int observe;     /* value + 1; 0: none */
    int format;      /* + 1; 0: none */
    uint32_t block2; /* + 1 */
    lw_bytes payload;
} answer;

/* Piggybacked on the acknowledgement of what was asked last. */
static void reply(rig *r, const answer *a)
{
    const rig_datagram *d = asked(r);
    assert_non_null(d);
    lw_coap_token token = d->msg.token;
    lw_hop hop = d->to;
    rig_message m = {.type = LW_COAP_ACK,
                     .code = a->code,
                     .mid = d->msg.mid,
                     .token = (const char *)token.octets,
                     .token_len = token.len,
                     .observe = a->observe,
                     .format = a->format,
                     .block2 = a->block2,
                     .payload = a->payload};
    rig_message_from(r, &hop, &m);
}

static void reply_text(rig *r, int observe, const char *value)
{
    answer a = {
        .code = LW_COAP_CONTENT, .observe = observe, .format = 1, .payload = lw_bytes_str(value)};
    reply(r, &a);
}

static uint16_t notify(rig *r, lw_coap_type type, lw_coap_token token, int sequence, int format,
                       lw_bytes payload)
{
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = (uint8_t)type,
                     .code = LW_COAP_CONTENT,
                     .token = (const char *)token.octets,
                     .token_len = token.len,
                     .observe = sequence + 1,
                     .format = format + 1,
                     .payload = payload};
    return rig_message_from(r, &hop, &m);
}

static uint16_t notify_text(rig *r, lw_coap_token token, int sequence, const char *value)
{
    return notify(r, LW_COAP_CON, token, sequence, LW_CF_TEXT, lw_bytes_str(value));
}

/* How the message with that id was met: its type, or -1 when not at all. */
static int met(const rig *r, uint16_t mid)
{
    for (size_t i = r->sent_count; i > 0; i--) {
        const lw_coap_msg *m = &r->sent[i - 1].msg;
        if ((m->type == LW_COAP_ACK || m->type == LW_COAP_RST) && m->mid == mid) {
            return m->type;
        }
    }
    return -1;
}

static char location[32];

/* A rig with a registered device. */
static rig *begin(const lw_server_cfg *cfg)
{
    rig *r = rig_new(cfg);
    rig_register(r, 4000, REGISTER, LINKS, location);
    (void)rig_told(r);
    return r;
}

/* … that was asked to be told of a target, and has not answered. */
static rig *observing(const char *target)
{
    rig *r = begin(NULL);
    observe(r, target);
    return r;
}

/* Asks and has it answered; returns the token. */
static lw_coap_token establish(rig *r, const char *target)
{
    observe(r, target);
    reply_text(r, 1, "0");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    (void)rig_told(r);
    return asked(r)->msg.token;
}

static lw_server_cfg recording(void)
{
    return (lw_server_cfg){.shard = 3, .record = true};
}

/* ---- Establishing -----------------------------------------------------------------------------
 */

LW_TEST(OBS_01_a_wish_is_asked_and_established)
{
    rig *r = observing("/3/0/9");
    const rig_datagram *d = asked(r);
    assert_int_equal(d->msg.code, LW_COAP_GET);
    assert_string_equal(target_of(d), "/3/0/9");
    assert_int_equal(observe_of(d), 0);
    assert_int_equal(d->msg.token.len, 8);
    assert_int_equal(d->msg.token.octets[0], 3); /* the shard */
    assert_int_equal(wish_state(r), LW_WISH_ASKED);
    reply_text(r, 13, "95");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_int_equal(r->events[0].event.kind, LW_SERVER_OBSERVED);
    assert_bytes(r->events[1].event.payload, "95");
    assert_bytes(r->events[1].event.target, "/3/0/9");
    assert_int_equal(r->events[1].event.format, LW_CF_TEXT);
    assert_string_equal(rig_told(r), "OBSERVED NOTIFIED");
    notify_text(r, asked(r)->msg.token, 13, "94");
    assert_bytes(rig_event_last(r)->payload, "94");
    assert_string_equal(rig_told(r), "NOTIFIED");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_int_equal(seen_wish.notifications, 2);
    rig_free(r);
}

LW_TEST(wishes_are_asked_one_after_another)
{
    rig *r = observing("/3/0/9");
    observe(r, "/3303/0");
    assert_int_equal(asks(r), 1);
    reply_text(r, 1, "0");
    assert_int_equal(asks(r), 2);
    assert_string_equal(target_of(asked(r)), "/3303/0");
    rig_free(r);
}

LW_TEST(OBS_06_wishes_are_asked_again_after_a_register_and_not_after_an_update)
{
    rig *r = begin(NULL);
    lw_coap_token old = establish(r, "/3/0/9");
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(asks(r), 1);
    rig_register(r, 4000, REGISTER, LINKS, location);
    assert_int_equal(asks(r), 2);
    assert_false(lw_coap_same_token(&old, &asked(r)->msg.token));
    assert_int_equal(wish_state(r), LW_WISH_ASKED);
    reply_text(r, 1, "1");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    /* What still comes with the old token is not wanted. */
    assert_int_equal(met(r, notify_text(r, old, 9, "x")), LW_COAP_RST);
    rig_free(r);
}

LW_TEST(a_wish_for_a_device_that_is_not_there_waits)
{
    rig *r = begin(NULL);
    assert_int_equal(rig_request(r, 4000, LW_COAP_DELETE, location, NULL), LW_COAP_DELETED);
    observe(r, "/3/0/9");
    assert_int_equal(asks(r), 0);
    assert_int_equal(wish_state(r), LW_WISH_WAITING);
    rig_register(r, 4000, REGISTER, LINKS, location);
    assert_int_equal(asks(r), 1);
    rig_free(r);
}

LW_TEST(edge_07_a_late_answer_after_de_register_leaves_no_orphan)
{
    rig *r = observing("/3/0/9");
    assert_int_equal(rig_request(r, 4000, LW_COAP_DELETE, location, NULL), LW_COAP_DELETED);
    reply_text(r, 1, "0");
    assert_int_equal(wish_state(r), LW_WISH_WAITING);
    assert_int_equal(met(r, notify_text(r, asked(r)->msg.token, 2, "1")), LW_COAP_RST);
    assert_string_equal(rig_told(r), "DEREGISTERED");
    rig_free(r);
}

LW_TEST(OBS_04_an_answer_without_observe_is_only_a_read)
{
    rig *r = observing("/3/0/9");
    reply_text(r, 0, "0");
    assert_int_equal(wish_state(r), LW_WISH_REFUSED);
    assert_int_equal(seen_wish.code, LW_COAP_CONTENT);
    assert_string_equal(rig_told(r), "UNOBSERVED");
    rig_free(r);
}

LW_TEST(OBS_08_a_refused_wish_is_asked_again_after_the_next_register_or_list)
{
    rig *r = observing("/3/0/9");
    reply(r, &(answer){.code = LW_COAP_NOT_FOUND});
    assert_int_equal(wish_state(r), LW_WISH_REFUSED);
    assert_int_equal(seen_wish.code, LW_COAP_NOT_FOUND);
    assert_int_equal(rig_event_last(r)->code, LW_COAP_NOT_FOUND);
    assert_string_equal(rig_told(r), "UNOBSERVED");
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(asks(r), 1);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, "</3/0>,</5/0>"),
                     LW_COAP_CHANGED);
    assert_int_equal(asks(r), 2);
    rig_free(r);
}

LW_TEST(an_object_that_the_device_does_not_list_is_not_asked_for)
{
    rig *r = observing("/4/0/2");
    assert_int_equal(asks(r), 0);
    assert_int_equal(wish_state(r), LW_WISH_REFUSED);
    assert_err(rig_event_last(r)->err, LW_ENOTFOUND);
    assert_string_equal(seen_wish.why, "the device does not have this object");
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, "</3/0>,</4/0>"),
                     LW_COAP_CHANGED);
    assert_string_equal(target_of(asked(r)), "/4/0/2");
    rig_free(r);
}

LW_TEST(a_device_that_does_not_answer_is_asked_again_when_it_is_heard_of)
{
    rig *r = observing("/3/0/9");
    rig_pass(r, 100000);
    assert_int_equal(wish_state(r), LW_WISH_WAITING);
    size_t before = asks(r);
    rig_pass(r, 100000);
    assert_int_equal(asks(r), before);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(asks(r), before + 1);
    assert_int_equal(wish_state(r), LW_WISH_ASKED);
    rig_free(r);
}

LW_TEST(a_reset_is_a_refusal)
{
    rig *r = observing("/3/0/9");
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_RST, .mid = asked(r)->msg.mid};
    rig_message_from(r, &hop, &m);
    assert_int_equal(wish_state(r), LW_WISH_REFUSED);
    assert_err(rig_event_last(r)->err, LW_ERESET);
    rig_free(r);
}

LW_TEST(a_separate_answer_will_do)
{
    rig *r = observing("/3/0/9");
    const rig_datagram *d = asked(r);
    lw_coap_token token = d->msg.token;
    lw_hop hop = rig_hop(4000);
    rig_message_from(r, &hop, &(rig_message){.type = LW_COAP_ACK, .mid = d->msg.mid});
    assert_int_equal(met(r, notify_text(r, token, 5, "1")), LW_COAP_ACK);
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    rig_free(r);
}

LW_TEST(OBS_02_attributes_go_with_the_observe_of_1_2)
{
    rig *r = rig_new(NULL);
    rig_register(r, 4000, "/rd?ep=a&lt=3000&lwm2m=1.2&b=U", LINKS, location);
    lw_row_wish wish = wish_for("/3303/0/5700");
    wish.attributes = lw_bytes_str("pmin=5&pmax=60");
    assert_ok(lw_server_observe(r->server, r->now, &wish, NULL, NULL));
    rig_commit(r, LW_OK);
    assert_string_equal(target_of(asked(r)), "/3303/0/5700?pmin=5&pmax=60");
    assert_bytes(rig_row_of(r, LW_ROW_WISH)->row.as.wish.attributes, "pmin=5&pmax=60");
    rig_free(r);

    r = begin(NULL); /* 1.1 */
    assert_ok(lw_server_observe(r->server, r->now, &wish, NULL, NULL));
    rig_commit(r, LW_OK);
    assert_int_equal(asks(r), 0);
    assert_int_equal(wish_state(r), LW_WISH_REFUSED);
    assert_err(rig_event_last(r)->err, LW_ENOTSUP);
    rig_free(r);
}

LW_TEST(OBS_23_a_composite_is_one_fetch)
{
    rig *r = observing("/3303/0/5700 /3/0/9 /3/0/9"); /* in any order */
    const rig_datagram *d = asked(r);
    assert_int_equal(d->msg.code, LW_COAP_FETCH);
    assert_int_equal(observe_of(d), 0);
    assert_string_equal(target_of(d), "");
    assert_bytes(d->msg.payload, "\x82\xa1\x00\x66/3/0/9\xa1\x00\x6c/3303/0/5700");
    assert_bytes(rig_row_of(r, LW_ROW_WISH)->row.as.wish.target, "/3/0/9 /3303/0/5700");
    answer a = {.code = LW_COAP_CONTENT,
                .observe = 1,
                .format = LW_CF_SENML_CBOR + 1,
                .payload = LW_BYTES_LIT("\x81\xa2\x00\x66/3/0/9\x02\x18\x5f")};
    reply(r, &a);
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_true(seen_wish.row.composite);
    assert_string_equal(rig_told(r), "OBSERVED NOTIFIED");
    rig_free(r);
}

LW_TEST(edge_20_a_composite_that_names_what_was_not_asked_for_is_rejected)
{
    lw_server_cfg cfg = recording();
    rig *r = begin(&cfg);
    observe(r, "/3/0/9 /3303/0/5700");
    answer a = {.code = LW_COAP_CONTENT,
                .observe = 1,
                .format = LW_CF_SENML_CBOR + 1,
                .payload = LW_BYTES_LIT("\x82\xa2\x00\x66/3/0/9\x02\x18\x5f"
                                        "\xa2\x00\x67/3/0/13\x02\x01")};
    reply(r, &a);
    assert_string_equal(rig_told(r), "OBSERVED BAD_PAYLOAD");
    assert_int_equal(rig_rows(r, LW_ROW_VALUE), 0); /* nothing of it */
    rig_free(r);
}

LW_TEST(another_format_is_asked_for_after_4_06)
{
    rig *r = observing("/3303/0");
    uint32_t first;
    uint32_t second = 0;
    assert_true(lw_coap_opt_find_uint(&asked(r)->msg.options, LW_COAP_OPT_ACCEPT, &first));
    reply(r, &(answer){.code = LW_COAP_NOT_ACCEPTABLE});
    assert_int_equal(asks(r), 2);
    (void)lw_coap_opt_find_uint(&asked(r)->msg.options, LW_COAP_OPT_ACCEPT, &second);
    assert_int_not_equal(first, second);
    rig_free(r);
}

/* ---- Wishes -----------------------------------------------------------------------------------
 */

LW_TEST(edge_16_observing_again_replaces_the_token_and_the_old_ends_passively)
{
    rig *r = begin(NULL);
    lw_coap_token old = establish(r, "/3/0/9");
    lw_coap_token new = establish(r, "/3/0/9");
    assert_false(lw_coap_same_token(&old, &new));
    assert_int_equal(wishes(r), 1);
    assert_int_equal(met(r, notify_text(r, old, 9, "1")), LW_COAP_RST);
    assert_int_equal(met(r, notify_text(r, new, 9, "1")), LW_COAP_ACK);
    rig_free(r);
}

LW_TEST(edge_16_withdrawing_cancels_actively_when_the_device_is_there)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    unobserve(r, "/3/0/9");
    const rig_datagram *d = asked(r);
    assert_int_equal(asks(r), 2);
    assert_int_equal(observe_of(d), 1);
    assert_string_equal(target_of(d), "/3/0/9");
    assert_true(lw_coap_same_token(&d->msg.token, &token));
    assert_int_equal(wishes(r), 0);
    assert_string_equal(rig_told(r), "UNOBSERVED");
    assert_true(rig_row_of(r, LW_ROW_WISH)->is_removal);
    reply_text(r, 0, "5");
    assert_string_equal(rig_told(r), "");
    rig_free(r);
}

LW_TEST(edge_16_withdrawing_from_a_device_that_sleeps_is_passive)
{
    rig *r = rig_new(NULL);
    rig_register(r, 4000, "/rd?ep=a&lt=3000&lwm2m=1.1&b=U&Q", LINKS, location);
    lw_coap_token token = establish(r, "/3/0/9");
    rig_pass(r, 100000);
    assert_string_equal(rig_told(r), "ASLEEP");
    unobserve(r, "/3/0/9");
    assert_int_equal(asks(r), 1);
    assert_int_equal(met(r, notify_text(r, token, 9, "1")), LW_COAP_RST);
    rig_free(r);
}

LW_TEST(OBS_27_a_composite_is_cancelled_with_the_same_list)
{
    rig *r = observing("/3/0/9 /3303/0/5700");
    size_t len = asked(r)->msg.payload.len;
    answer a = {.code = LW_COAP_CONTENT,
                .observe = 1,
                .format = LW_CF_SENML_CBOR + 1,
                .payload = LW_BYTES_LIT("\x80")};
    reply(r, &a);
    unobserve(r, "/3303/0/5700 /3/0/9");
    assert_int_equal(asked(r)->msg.code, LW_COAP_FETCH);
    assert_int_equal(observe_of(asked(r)), 1);
    assert_int_equal(asked(r)->msg.payload.len, len);
    rig_free(r);
}

LW_TEST(a_wish_that_is_not_durable_is_not_kept)
{
    rig *r = begin(NULL);
    outcome o = {.calls = 0};
    lw_row_wish wish = wish_for("/3/0/9");
    assert_ok(lw_server_observe(r->server, r->now, &wish, on_kept, &o));
    assert_int_equal(wishes(r), 0);
    assert_err(lw_server_unobserve(r->server, r->now, wish.endpoint, wish.target, NULL, NULL),
               LW_ESTATE);
    rig_commit(r, LW_EIO);
    assert_int_equal(o.calls, 1);
    assert_err(o.err, LW_EIO);
    assert_int_equal(lw_server_get_stats(r->server).wishes, 0);
    r->put_answer = LW_EIO;
    assert_err(lw_server_observe(r->server, r->now, &wish, on_kept, &o), LW_EIO);
    assert_int_equal(asks(r), 0);
    rig_free(r);
}

LW_TEST(a_wish_that_cannot_be_withdrawn_stays)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    outcome o = {.calls = 0};
    assert_ok(lw_server_unobserve(r->server, r->now, lw_bytes_str("a"), lw_bytes_str("/3/0/9"),
                                  on_kept, &o));
    rig_commit(r, LW_EIO);
    assert_err(o.err, LW_EIO);
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_int_equal(met(r, notify_text(r, token, 9, "1")), LW_COAP_ACK);
    rig_free(r);
}

LW_TEST(wishes_that_make_no_sense_are_refused)
{
    lw_server_cfg cfg = {.limits.wishes_per_device = 2};
    rig *r = begin(&cfg);
    static const char *const bad[] = {"", "/", "3/0", "/3/0/9/1/1", "/a", "/3 /x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lw_row_wish wish = wish_for(bad[i]);
        assert_err(lw_server_observe(r->server, r->now, &wish, NULL, NULL), LW_EINVAL);
    }
    lw_row_wish wish = wish_for("/3/0/9");
    wish.attributes = lw_bytes_str("x=1");
    assert_err(lw_server_observe(r->server, r->now, &wish, NULL, NULL), LW_EINVAL);
    wish = wish_for("/3/0/9");
    wish.format = 7;
    assert_err(lw_server_observe(r->server, r->now, &wish, NULL, NULL), LW_EINVAL);
    wish = wish_for("/3/0/9");
    wish.endpoint = lw_bytes_str("b");
    assert_err(lw_server_observe(r->server, r->now, &wish, NULL, NULL), LW_ENOTFOUND);
    assert_err(
        lw_server_unobserve(r->server, r->now, lw_bytes_str("a"), lw_bytes_str("/3"), NULL, NULL),
        LW_ENOTFOUND);
    char many[2000] = "/3/0/0";
    for (unsigned i = 1; i <= LW_WISH_PATHS_MAX; i++) {
        sprintf(many + strlen(many), " /3/0/%u", i);
    }
    wish = wish_for(many);
    assert_err(lw_server_observe(r->server, r->now, &wish, NULL, NULL), LW_EINVAL);
    assert_err(lw_server_wishes(r->server, lw_bytes_str("b"), see_wish, NULL), LW_ENOTFOUND);
    observe(r, "/3/0/9");
    observe(r, "/3/0/10");
    wish = wish_for("/3/0/11");
    assert_err(lw_server_observe(r->server, r->now, &wish, NULL, NULL), LW_ENOMEM);
    rig_free(r);
}

LW_TEST(removing_a_device_ends_its_wishes_and_tells_who_waits)
{
    rig *r = begin(NULL);
    establish(r, "/3/0/9");
    outcome wish_end = {.calls = 0};
    outcome removed = {.calls = 0};
    assert_ok(lw_server_remove(r->server, r->now, lw_bytes_str("a"), on_kept, &removed));
    lw_row_wish wish = wish_for("/3/0/1");
    assert_err(lw_server_observe(r->server, r->now, &wish, on_kept, &wish_end), LW_ENOTFOUND);
    assert_err(lw_server_unobserve(r->server, r->now, wish.endpoint, lw_bytes_str("/3/0/9"),
                                   on_kept, &wish_end),
               LW_ENOTFOUND);
    /* Until it is durable the device is not heard. */
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, REGISTER, LINKS), LW_COAP_EMPTY);
    rig_commit(r, LW_OK);
    assert_int_equal(removed.calls, 1);
    assert_string_equal(rig_told(r), "REMOVED");
    assert_int_equal(lw_server_get_stats(r->server).wishes, 0);
    assert_int_equal(lw_server_get_stats(r->server).devices, 0);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, REGISTER, LINKS), LW_COAP_CREATED);
    assert_int_equal(asks(r), 1);
    rig_free(r);
}

/* ---- Notifications ----------------------------------------------------------------------------
 */

LW_TEST(OBS_11_unknown_tokens_get_a_reset)
{
    rig *r = begin(NULL);
    lw_coap_token token = {.len = 2, .octets = {9, 9}};
    assert_int_equal(met(r, notify_text(r, token, 1, "1")), LW_COAP_RST);
    assert_int_equal(met(r, notify(r, LW_COAP_NON, token, 1, LW_CF_TEXT, lw_bytes_str("1"))),
                     LW_COAP_RST);
    assert_int_equal(lw_server_get_stats(r->server).unknown_tokens, 2);
    rig_free(r);
}

LW_TEST(OBS_13_edge_17_an_error_notification_ends_it)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3303/0/5700");
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_CON,
                     .code = LW_COAP_NOT_FOUND,
                     .token = (const char *)token.octets,
                     .token_len = token.len};
    assert_int_equal(met(r, rig_message_from(r, &hop, &m)), LW_COAP_ACK);
    assert_int_equal(rig_event_last(r)->code, LW_COAP_NOT_FOUND);
    assert_string_equal(rig_told(r), "UNOBSERVED");
    assert_int_equal(wish_state(r), LW_WISH_REFUSED);
    assert_int_equal(met(r, notify_text(r, token, 9, "1")), LW_COAP_RST);
    rig_free(r);
}

LW_TEST(edge_17_deletion_below_an_observed_object_is_a_normal_notification)
{
    rig *r = observing("/3303");
    answer a = {.code = LW_COAP_CONTENT,
                .observe = 1,
                .format = LW_CF_TLV + 1,
                .payload = lw_bytes_of(NULL, 0)}; /* no instance left */
    reply(r, &a);
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_string_equal(rig_told(r), "OBSERVED NOTIFIED");
    rig_free(r);
}

LW_TEST(edge_18_what_cannot_be_read_is_told_and_the_observation_goes_on)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    uint16_t mid = notify(r, LW_COAP_CON, token, 5, 12345, lw_bytes_str("?"));
    assert_int_equal(met(r, mid), LW_COAP_ACK);
    assert_err(rig_event_last(r)->err, LW_ENOTSUP);
    assert_string_equal(rig_told(r), "BAD_PAYLOAD");
    notify(r, LW_COAP_CON, token, 6, LW_CF_SENML_CBOR, lw_bytes_of("\x81\xa2", 2));
    assert_string_equal(rig_told(r), "BAD_PAYLOAD");
    notify_text(r, token, 7, "not a number");
    assert_string_equal(rig_told(r), "BAD_PAYLOAD");
    notify_text(r, token, 8, "7");
    assert_string_equal(rig_told(r), "NOTIFIED");
    assert_int_equal(lw_server_get_stats(r->server).bad_payloads, 3);
    rig_free(r);
}

LW_TEST(OBS_14_stale_notifications_are_acknowledged_and_not_told)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    notify_text(r, token, 20, "2");
    assert_int_equal(met(r, notify_text(r, token, 19, "1")), LW_COAP_ACK);
    assert_string_equal(rig_told(r), "NOTIFIED");
    r->now += 129000;
    notify_text(r, token, 19, "3"); /* 128 s later any number is fresh */
    assert_string_equal(rig_told(r), "NOTIFIED");
    rig_free(r);
}

/* [{"bn":"/3303/0/","n":"5700","t":…,"v":…}, …] */
#define HISTORY                                                         \
    "[{\"bn\":\"/3303/0/\",\"n\":\"5700\",\"t\":1600000000,\"v\":1.5}," \
    "{\"n\":\"5700\",\"t\":1600000060,\"v\":2.5},{\"n\":\"5700\",\"v\":3.5}]"

static const lw_row_value *value_at(const rig *r, size_t index)
{
    for (size_t i = 0; i < r->row_count; i++) {
        if (r->rows[i].kind == LW_ROW_VALUE && index-- == 0) {
            return &r->rows[i].row.as.value;
        }
    }
    return NULL;
}

LW_TEST(OBS_19_edge_19_time_stamped_values_are_kept_with_their_times)
{
    lw_server_cfg cfg = recording();
    rig *r = begin(&cfg);
    lw_coap_token token = establish(r, "/3303/0/5700");
    size_t before = rig_rows(r, LW_ROW_VALUE);
    notify(r, LW_COAP_CON, token, 5, LW_CF_SENML_JSON, lw_bytes_str(HISTORY));
    assert_int_equal(rig_rows(r, LW_ROW_VALUE), before + 3);
    assert_int_equal(value_at(r, before)->at, INT64_C(1600000000000));
    assert_int_equal(value_at(r, before + 1)->at, INT64_C(1600000060000));
    assert_int_equal(value_at(r, before + 2)->at, RIG_WALL); /* none: now */
    assert_true(value_at(r, before + 2)->value.as.number == 3.5);
    assert_int_equal(value_at(r, before)->source, LW_VALUE_NOTIFIED);
    rig_free(r);
}

LW_TEST(OBS_19_a_notification_that_was_overtaken_still_gives_its_history)
{
    lw_server_cfg cfg = recording();
    rig *r = begin(&cfg);
    lw_coap_token token = establish(r, "/3303/0/5700");
    notify_text(r, token, 20, "9");
    size_t before = rig_rows(r, LW_ROW_VALUE);
    (void)rig_told(r);
    notify(r, LW_COAP_CON, token, 19, LW_CF_SENML_JSON, lw_bytes_str(HISTORY));
    assert_int_equal(rig_rows(r, LW_ROW_VALUE), before + 2); /* those with a time */
    assert_string_equal(rig_told(r), "");
    rig_free(r);
}

LW_TEST(a_clock_that_jumps_changes_no_order_of_notifications)
{
    lw_server_cfg cfg = recording();
    rig *r = begin(&cfg);
    lw_coap_token token = establish(r, "/3/0/9");
    size_t before = rig_rows(r, LW_ROW_VALUE);
    (void)rig_told(r);
    notify_text(r, token, 20, "2");
    lw_server_set_clock(r->server, r->now, RIG_WALL + INT64_C(315360000000)); /* ten years */
    notify_text(r, token, 19, "1"); /* stale all the same: 128 s have not passed */
    notify_text(r, token, 21, "3");
    lw_server_set_clock(r->server, r->now, RIG_WALL - 1000);
    notify_text(r, token, 20, "2");
    notify_text(r, token, 22, "4");
    assert_string_equal(rig_told(r), "NOTIFIED NOTIFIED NOTIFIED");
    assert_int_equal(rig_rows(r, LW_ROW_VALUE),
                     before + 3); /* as they came, by the clock there was */
    assert_int_equal(value_at(r, before)->at, RIG_WALL);
    assert_int_equal(value_at(r, before + 1)->at, RIG_WALL + INT64_C(315360000000));
    assert_int_equal(value_at(r, before + 2)->at, RIG_WALL - 1000);
    rig_free(r);
}

LW_TEST(a_confirmable_notification_is_acknowledged_when_it_is_durable)
{
    lw_server_cfg cfg = recording();
    rig *r = begin(&cfg);
    lw_coap_token token = establish(r, "/3/0/9");
    uint16_t mid = notify_text(r, token, 5, "50");
    assert_int_equal(met(r, mid), -1);
    rig_commit(r, LW_OK);
    assert_int_equal(met(r, mid), LW_COAP_ACK);
    rig_free(r);
}

LW_TEST(what_could_not_be_stored_is_not_acknowledged_and_taken_when_it_comes_again)
{
    lw_server_cfg cfg = recording();
    rig *r = begin(&cfg);
    lw_coap_token token = establish(r, "/3/0/9");
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_CON,
                     .code = LW_COAP_CONTENT,
                     .mid = 77,
                     .token = (const char *)token.octets,
                     .token_len = token.len,
                     .observe = 6,
                     .format = 1,
                     .payload = LW_BYTES_LIT("50")};
    r->put_answer = LW_EIO; /* refused at once */
    rig_message_from(r, &hop, &m);
    assert_int_equal(met(r, 77), -1);
    r->put_answer = LW_OK; /* taken, but the commit fails */
    rig_message_from(r, &hop, &m);
    rig_commit(r, LW_EIO);
    assert_int_equal(met(r, 77), -1);
    rig_message_from(r, &hop, &m);
    rig_commit(r, LW_OK);
    assert_int_equal(met(r, 77), LW_COAP_ACK);
    rig_free(r);
}

LW_TEST(OBS_20_the_rest_of_a_large_notification_is_fetched)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/1");
    static const char whole[] = "a model number that is longer than a block";
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_CON,
                     .code = LW_COAP_CONTENT,
                     .token = (const char *)token.octets,
                     .token_len = token.len,
                     .observe = 6,
                     .format = 1,
                     .block2 = (0 << 4 | 8 | 1) + 1, /* 32 octets, more */
                     .payload = lw_bytes_of(whole, 32)};
    assert_int_equal(met(r, rig_message_from(r, &hop, &m)), LW_COAP_ACK);
    const rig_datagram *d = asked(r);
    uint32_t block2;
    assert_int_equal(asks(r), 2);
    assert_string_equal(target_of(d), "/3/0/1");
    assert_int_equal(observe_of(d), -1);
    assert_true(lw_coap_opt_find_uint(&d->msg.options, LW_COAP_OPT_BLOCK2, &block2));
    assert_int_equal(block2, 1 << 4 | 1);
    assert_false(lw_coap_same_token(&d->msg.token, &token));
    answer a = {.code = LW_COAP_CONTENT,
                .format = 1,
                .block2 = (1 << 4 | 1) + 1,
                .payload = lw_bytes_of(whole + 32, sizeof whole - 1 - 32)};
    reply(r, &a);
    assert_int_equal(rig_event_last(r)->payload.len, sizeof whole - 1);
    assert_memory_equal(rig_event_last(r)->payload.ptr, whole, sizeof whole - 1);
    assert_string_equal(rig_told(r), "NOTIFIED");
    rig_free(r);
}

LW_TEST(OBS_20_a_large_first_answer_is_fetched_and_establishes)
{
    rig *r = observing("/3/0/1");
    lw_coap_token token = asked(r)->msg.token;
    answer a = {.code = LW_COAP_CONTENT,
                .observe = 1,
                .format = 1,
                .block2 = (0 << 4 | 8 | 0) + 1,
                .payload = LW_BYTES_LIT("0123456789abcdef")};
    reply(r, &a);
    assert_int_equal(observe_of(asked(r)), -1);
    a = (answer){.code = LW_COAP_CONTENT,
                 .format = 1,
                 .block2 = (1 << 4 | 0) + 1,
                 .payload = LW_BYTES_LIT("gh")};
    reply(r, &a);
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_bytes(rig_event_last(r)->payload, "0123456789abcdefgh");
    assert_string_equal(rig_told(r), "OBSERVED NOTIFIED");
    assert_int_equal(met(r, notify_text(r, token, 5, "x")), LW_COAP_ACK);
    rig_free(r);
}

LW_TEST(OBS_20_a_first_answer_whose_rest_does_not_come_establishes_all_the_same)
{
    rig *r = observing("/3/0/1");
    answer a = {.code = LW_COAP_CONTENT,
                .observe = 1,
                .format = 1,
                .block2 = (0 << 4 | 8 | 0) + 1,
                .payload = LW_BYTES_LIT("0123456789abcdef")};
    reply(r, &a);
    rig_pass(r, 100000);
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_err(rig_event_last(r)->err, LW_ETIMEOUT);
    assert_string_equal(rig_told(r), "BAD_PAYLOAD");
    rig_free(r);
}

LW_TEST(OBS_20_a_rest_that_is_gone_is_told)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/1");
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_NON,
                     .code = LW_COAP_CONTENT,
                     .token = (const char *)token.octets,
                     .token_len = token.len,
                     .observe = 6,
                     .format = 1,
                     .block2 = (0 << 4 | 8 | 0) + 1,
                     .payload = LW_BYTES_LIT("0123456789abcdef")};
    rig_message_from(r, &hop, &m);
    reply(r, &(answer){.code = LW_COAP_NOT_FOUND});
    assert_string_equal(rig_told(r), "BAD_PAYLOAD");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    rig_free(r);
}

LW_TEST(a_notification_without_observe_is_the_last)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    lw_hop hop = rig_hop(4000);
    rig_message m = {.type = LW_COAP_CON,
                     .code = LW_COAP_CONTENT,
                     .token = (const char *)token.octets,
                     .token_len = token.len,
                     .format = 1,
                     .payload = LW_BYTES_LIT("7")};
    assert_int_equal(met(r, rig_message_from(r, &hop, &m)), LW_COAP_ACK);
    assert_string_equal(rig_told(r), "NOTIFIED UNOBSERVED");
    assert_int_equal(wish_state(r), LW_WISH_REFUSED);
    rig_free(r);
}

/* ---- Addresses and restarts -------------------------------------------------------------------
 */

LW_TEST(edge_09_a_notification_from_another_address_is_not_believed)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    lw_hop elsewhere = rig_hop(4001);
    rig_message m = {.type = LW_COAP_CON,
                     .code = LW_COAP_CONTENT,
                     .token = (const char *)token.octets,
                     .token_len = token.len,
                     .observe = 9,
                     .format = 1,
                     .payload = LW_BYTES_LIT("1")};
    assert_int_equal(met(r, rig_message_from(r, &elsewhere, &m)), LW_COAP_RST);
    assert_string_equal(rig_told(r), "");
    /* SRV-06: the observation moves with the registration. */
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(asks(r), 2); /* and is made sure of: we have just rejected it */
    assert_true(lw_coap_same_token(&asked(r)->msg.token, &token));
    m.observe = 10;
    assert_int_equal(met(r, rig_message_from(r, &elsewhere, &m)), LW_COAP_ACK);
    reply_text(r, 11, "1");
    assert_string_equal(rig_told(r), "UPDATED OBSERVED NOTIFIED");
    rig_free(r);
}

LW_TEST(an_observe_that_was_asked_at_the_old_address_is_asked_at_the_new_one)
{
    rig *r = observing("/3/0/9");
    assert_int_equal(asked(r)->to.peer.port, 4000);
    assert_int_equal(rig_request(r, 4001, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(asked(r)->to.peer.port, 4001);
    reply_text(r, 1, "0");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    rig_free(r);
}

LW_TEST(after_a_restart_notifications_go_on_with_the_same_token)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    lw_row wish = rig_row_of(r, LW_ROW_WISH)->row;
    lw_row device = rig_row_of(r, LW_ROW_DEVICE)->row;
    rig_restart(r, 3000);
    assert_err(lw_server_load(r->server, &wish), LW_EFORMAT); /* of a device that is not there */
    assert_ok(lw_server_load(r->server, &device));
    assert_ok(lw_server_load(r->server, &wish));
    assert_err(lw_server_load(r->server, &wish), LW_EEXISTS);
    assert_int_equal(met(r, notify_text(r, token, 50, "42")), LW_COAP_ACK);
    assert_string_equal(rig_told(r), "NOTIFIED");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    assert_int_equal(asks(r), 0);
    unobserve(r, "/3/0/9"); /* the same request as before the restart */
    assert_int_equal(observe_of(asked(r)), 1);
    assert_true(lw_coap_same_token(&asked(r)->msg.token, &token));
    rig_free(r);
}

LW_TEST(after_a_restart_a_device_that_only_updates_is_asked_again)
{
    rig *r = begin(NULL);
    lw_coap_token token = establish(r, "/3/0/9");
    lw_row wish = rig_row_of(r, LW_ROW_WISH)->row;
    lw_row device = rig_row_of(r, LW_ROW_DEVICE)->row;
    rig_restart(r, 3000);
    assert_ok(lw_server_load(r->server, &device));
    assert_ok(lw_server_load(r->server, &wish));
    assert_int_equal(wish_state(r), LW_WISH_WAITING);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(observe_of(asked(r)), 0);
    assert_true(lw_coap_same_token(&asked(r)->msg.token, &token)); /* replaces the old (OBS-03) */
    reply_text(r, 1, "0");
    assert_int_equal(wish_state(r), LW_WISH_ESTABLISHED);
    rig_free(r);
}

LW_TEST(whichever_allocation_fails_a_wish_is_kept_or_refused)
{
    for (size_t n = 1; n < 12; n++) {
        rig *r = begin(NULL);
        lw_row_wish wish = wish_for("/3/0/9 /3303/0/5700");
        r->heap.fail_at = r->heap.count + n;
        lw_err err = lw_server_observe(r->server, r->now, &wish, NULL, NULL);
        rig_commit(r, LW_OK);
        r->heap.fail_at = 0;
        assert_true(err == LW_OK || err == LW_ENOMEM);
        assert_int_equal(wishes(r), err == LW_OK ? 1 : 0);
        assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
        assert_int_equal(asks(r), err == LW_OK ? 1 : 0);
        rig_free(r);
    }
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(OBS_01_a_wish_is_asked_and_established),
        TEST(wishes_are_asked_one_after_another),
        TEST(OBS_06_wishes_are_asked_again_after_a_register_and_not_after_an_update),
        TEST(a_wish_for_a_device_that_is_not_there_waits),
        TEST(edge_07_a_late_answer_after_de_register_leaves_no_orphan),
        TEST(OBS_04_an_answer_without_observe_is_only_a_read),
        TEST(OBS_08_a_refused_wish_is_asked_again_after_the_next_register_or_list),
        TEST(an_object_that_the_device_does_not_list_is_not_asked_for),
        TEST(a_device_that_does_not_answer_is_asked_again_when_it_is_heard_of),
        TEST(a_reset_is_a_refusal),
        TEST(a_separate_answer_will_do),
        TEST(OBS_02_attributes_go_with_the_observe_of_1_2),
        TEST(OBS_23_a_composite_is_one_fetch),
        TEST(edge_20_a_composite_that_names_what_was_not_asked_for_is_rejected),
        TEST(another_format_is_asked_for_after_4_06),
        TEST(edge_16_observing_again_replaces_the_token_and_the_old_ends_passively),
        TEST(edge_16_withdrawing_cancels_actively_when_the_device_is_there),
        TEST(edge_16_withdrawing_from_a_device_that_sleeps_is_passive),
        TEST(OBS_27_a_composite_is_cancelled_with_the_same_list),
        TEST(a_wish_that_is_not_durable_is_not_kept),
        TEST(a_wish_that_cannot_be_withdrawn_stays),
        TEST(wishes_that_make_no_sense_are_refused),
        TEST(removing_a_device_ends_its_wishes_and_tells_who_waits),
        TEST(OBS_11_unknown_tokens_get_a_reset),
        TEST(OBS_13_edge_17_an_error_notification_ends_it),
        TEST(edge_17_deletion_below_an_observed_object_is_a_normal_notification),
        TEST(edge_18_what_cannot_be_read_is_told_and_the_observation_goes_on),
        TEST(OBS_14_stale_notifications_are_acknowledged_and_not_told),
        TEST(OBS_19_edge_19_time_stamped_values_are_kept_with_their_times),
        TEST(OBS_19_a_notification_that_was_overtaken_still_gives_its_history),
        TEST(a_clock_that_jumps_changes_no_order_of_notifications),
        TEST(a_confirmable_notification_is_acknowledged_when_it_is_durable),
        TEST(what_could_not_be_stored_is_not_acknowledged_and_taken_when_it_comes_again),
        TEST(OBS_20_the_rest_of_a_large_notification_is_fetched),
        TEST(OBS_20_a_large_first_answer_is_fetched_and_establishes),
        TEST(OBS_20_a_first_answer_whose_rest_does_not_come_establishes_all_the_same),
        TEST(OBS_20_a_rest_that_is_gone_is_told),
        TEST(a_notification_without_observe_is_the_last),
        TEST(edge_09_a_notification_from_another_address_is_not_believed),
        TEST(an_observe_that_was_asked_at_the_old_address_is_asked_at_the_new_one),
        TEST(after_a_restart_notifications_go_on_with_the_same_token),
        TEST(after_a_restart_a_device_that_only_updates_is_asked_again),
        TEST(whichever_allocation_fails_a_wish_is_kept_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
