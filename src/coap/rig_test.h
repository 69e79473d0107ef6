/* What the tests of the endpoint share: one endpoint with one peer, its handler, and datagrams as
 * hexadecimal text. The order of a test is always: something is fed or started, `expect` takes what
 * was sent, in order, and `silent` says that nothing else was.
 *
 * The generator returns octets 0x20, so tokens are 20202020, message ids begin with 2020 and the
 * jitter adds an eighth of its range.
 */
#ifndef LW_COAP_RIG_TEST_H
#define LW_COAP_RIG_TEST_H

#include "testing/lw_test.h"

#include <string.h>

#include "coap/bodies.h"
#include "coap/exchange.h"
#include "coap/later.h"
#include "coap/observe.h"
#include "coap/reply.h"
#include "coap/transfer.h"

#define RIG_SENT_MAX 64u

typedef struct rig {
    lw_coap coap;
    lw_coap_peer peer;
    lw_coap_params params;
    lw_coap_handler handler;
    lw_coap_bodies bodies;
    lw_time now;
    uint8_t buf[LW_COAP_BUF_SIZE(1024)];

    struct {
        uint8_t octets[1500];
        size_t len;
    } sent[RIG_SENT_MAX];
    size_t sent_count, sent_taken;

    /* What on_request does. */
    uint8_t code;
    const char *text;   /* the payload; NULL: none */
    size_t long_len;    /* instead: that many octets, see rig_octet */
    int content_format; /* -1: none */
    lw_err result;
    /* What it saw. */
    int requests;
    uint8_t body[8192]; /* of the request: streamed ones are put together */
    size_t body_len;
    lw_coap_token token;
    bool wants_stream;
    int streams_gone;

    lw_err notification_result;
    int notifications;
    int resets;
    uint16_t reset_mid;

    /* How exchanges and transfers ended. */
    int ends;
    lw_err err;
    bool acked;
    uint8_t answer_code;
    uint8_t answer[8192];
    size_t answer_len;
} rig;

/* The octet at `i` of every long body. */
static inline uint8_t rig_octet(size_t i)
{
    return (uint8_t)(i ^ i >> 8 ^ 0x5a);
}

static inline void rig_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    rig *r = ctx;
    (void)peer;
    assert_true(r->sent_count < RIG_SENT_MAX);
    assert_true(message.len <= sizeof r->sent[0].octets);
    memcpy(r->sent[r->sent_count].octets, message.ptr, message.len);
    r->sent[r->sent_count++].len = message.len;
}

static inline void rig_write_long(lw_writer *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        lw_write_u8(out, rig_octet(i));
    }
}

static inline void rig_fill_reply(rig *r, lw_coap_reply *reply)
{
    if (r->code != LW_COAP_EMPTY) {
        reply->code = r->code;
    }
    if (r->content_format >= 0) {
        lw_coap_put_uint(&reply->options, LW_COAP_OPT_CONTENT_FORMAT, (uint32_t)r->content_format);
    }
    if (r->text != NULL) {
        lw_write_str(&reply->payload, r->text);
    }
    rig_write_long(&reply->payload, r->long_len);
}

static inline lw_err rig_on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    rig *r = ctx;
    r->requests++;
    r->token = in->msg->token;
    assert_true(in->offset + in->msg->payload.len <= sizeof r->body);
    if (in->msg->payload.len != 0) {
        memcpy(r->body + in->offset, in->msg->payload.ptr, in->msg->payload.len);
    }
    r->body_len = in->offset + in->msg->payload.len;
    if (r->result == LW_OK && !in->more) {
        rig_fill_reply(r, reply);
    }
    if (in->stream != NULL) {
        *in->stream = r->result == LW_OK && in->more ? 7 : 0;
    }
    return r->result;
}

static inline bool rig_on_notification(void *ctx, lw_coap_peer *peer, lw_time now,
                                       const lw_coap_msg *msg)
{
    rig *r = ctx;
    (void)now;
    r->notifications++;
    return lw_coap_notified(&r->coap, peer, msg, r->notification_result);
}

static inline void rig_on_reset(void *ctx, lw_coap_peer *peer, uint16_t mid)
{
    rig *r = ctx;
    (void)peer;
    r->resets++;
    r->reset_mid = mid;
}

static inline bool rig_wants_stream(void *ctx, const lw_coap_inbound *in)
{
    rig *r = ctx;
    assert_true(in->more);
    return r->wants_stream;
}

static inline void rig_on_stream_gone(void *ctx, lw_coap_peer *peer, uint64_t stream)
{
    rig *r = ctx;
    (void)peer;
    assert_int_equal(stream, 7);
    r->streams_gone++;
}

static inline void rig_on_end(void *ctx, const lw_coap_result *result)
{
    rig *r = ctx;
    r->ends++;
    r->err = result->err;
    r->acked = result->acked;
    assert_int_equal(result->err == LW_OK || result->msg == NULL, true);
    if (result->msg != NULL) {
        r->answer_code = result->msg->code;
        r->answer_len = result->msg->payload.len;
        assert_true(r->answer_len <= sizeof r->answer);
        if (r->answer_len != 0) {
            memcpy(r->answer, result->msg->payload.ptr, r->answer_len);
        }
    }
}

static inline void rig_fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x20, len);
}

/* A peer with the parameters of UDP; change them in r->params. */
static inline void rig_init(rig *r, lw_mem mem)
{
    memset(r, 0, sizeof *r);
    r->params = lw_coap_params_udp;
    r->code = LW_COAP_CONTENT;
    r->content_format = -1;
    r->now = 1000;
    r->notification_result = LW_ENOTFOUND;
    r->handler = (lw_coap_handler){.send = rig_send,
                                   .on_request = rig_on_request,
                                   .on_notification = rig_on_notification,
                                   .on_reset = rig_on_reset,
                                   .wants_stream = rig_wants_stream,
                                   .on_stream_gone = rig_on_stream_gone};
    lw_coap_bodies_init(&r->bodies, 4096, 2, 247000);
    lw_coap_config config = {
        .mem = mem,
        .rng = {.fill = rig_fill},
        .handler = &r->handler,
        .ctx = r,
        .limits = {.max_seen = 16, .max_seen_per_peer = 8, .max_queued = 4, .max_later = 2},
        .later = &lw_coap_later_answers,
        .buf = r->buf,
        .buf_size = sizeof r->buf,
        .bodies = &r->bodies,
    };
    assert_int_equal(lw_coap_init(&r->coap, &config), LW_OK);
    lw_coap_peer_init(&r->coap, &r->peer, &r->params);
}

static inline void rig_fini(rig *r)
{
    lw_coap_peer_drop(&r->coap, &r->peer);
    lw_coap_fini(&r->coap);
    assert_int_equal(lw_coap_next_deadline(&r->coap), LW_TIME_NEVER);
    assert_int_equal(r->peer.queued, 0);
    assert_null(r->peer.exchanges);
    assert_int_equal(r->coap.seen_count, 0);
    assert_int_equal(r->bodies.count, 0);
}

static inline int rig_nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "4001 7d34 'text'" : hexadecimal octets, and text between apostrophes. */
static inline size_t rig_hex(const char *hex, uint8_t *out)
{
    size_t len = 0;
    for (const char *p = hex; *p != '\0'; p++) {
        if (*p == '\'') {
            for (p++; *p != '\''; p++) {
                out[len++] = (uint8_t)*p;
            }
        } else if (*p != ' ') {
            assert_true(rig_nibble(p[0]) >= 0 && rig_nibble(p[1]) >= 0);
            out[len++] = (uint8_t)(rig_nibble(p[0]) << 4 | rig_nibble(p[1]));
            p++;
        }
    }
    return len;
}

static inline void feed(rig *r, const char *hex)
{
    uint8_t datagram[1500];
    size_t len = rig_hex(hex, datagram);
    lw_coap_feed(&r->coap, &r->peer, r->now, lw_bytes_of(datagram, len));
}

/* As feed, followed by octets [from, from + len) of a long body. */
static inline void feed_long(rig *r, const char *hex, size_t from, size_t len)
{
    uint8_t datagram[1500];
    size_t head = rig_hex(hex, datagram);
    for (size_t i = 0; i < len; i++) {
        datagram[head + i] = rig_octet(from + i);
    }
    lw_coap_feed(&r->coap, &r->peer, r->now, lw_bytes_of(datagram, head + len));
}

static inline void expect_bytes(rig *r, const uint8_t *octets, size_t len)
{
    assert_true(r->sent_taken < r->sent_count);
    assert_int_equal(r->sent[r->sent_taken].len, len);
    assert_memory_equal(r->sent[r->sent_taken].octets, octets, len);
    r->sent_taken++;
    if (r->sent_taken == r->sent_count) {
        r->sent_taken = r->sent_count = 0;
    }
}

static inline void expect(rig *r, const char *hex)
{
    uint8_t datagram[1500];
    expect_bytes(r, datagram, rig_hex(hex, datagram));
}

static inline void expect_long(rig *r, const char *hex, size_t from, size_t len)
{
    uint8_t datagram[1500];
    size_t head = rig_hex(hex, datagram);
    for (size_t i = 0; i < len; i++) {
        datagram[head + i] = rig_octet(from + i);
    }
    expect_bytes(r, datagram, head + len);
}

static inline void silent(rig *r)
{
    assert_int_equal(r->sent_count - r->sent_taken, 0);
}

static inline void pass(rig *r, lw_time ms)
{
    r->now += ms;
    lw_coap_step(&r->coap, r->now);
}

/* Encoded options of one number, in static memory. */
static inline lw_bytes rig_path(const char *segment)
{
    static uint8_t buf[64];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin_options(&out, &w);
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, segment);
    return lw_writer_bytes(&w);
}

static inline lw_coap_exchange *rig_get(rig *r, const char *segment)
{
    lw_coap_exchange *ex = NULL;
    lw_coap_request request = {
        .code = LW_COAP_GET, .options = rig_path(segment), .on_end = rig_on_end, .ctx = r};
    assert_int_equal(lw_coap_start(&r->coap, &r->peer, r->now, &request, &ex), LW_OK);
    return ex;
}

#endif
