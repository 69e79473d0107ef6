/* Datagram links and streams over a session that can be read with the naked eye: its handshake is
 * HELLO and WELCOME, its records are D and the octets inverted, its end is BYE. */
#include "testing/lw_test.h"

#include <stdlib.h>
#include <string.h>

#include "coap/exchange.h"
#include "coap/later.h"
#include "coap/reply.h"
#include "net/peer.h"
#include "net/stream.h"
#include "testing/fakes.h"

/* ---- the session ----------------------------------------------------------------------------- */

typedef struct fake_session {
    lw_session base;
    bool is_client, is_established, is_destroyed;
    lw_time deadline;
    uint8_t out[8][300];
    size_t out_len[8];
    unsigned out_count, out_taken;
    uint8_t plain[300];
    size_t plain_len;
} fake_session;

static fake_session *of(const lw_session *s)
{
    return (fake_session *)(uintptr_t)s;
}

static void emit(fake_session *s, const void *octets, size_t len)
{
    assert_true(s->out_count < 8 && len <= sizeof s->out[0]);
    memcpy(s->out[s->out_count], octets, len);
    s->out_len[s->out_count++] = len;
}

static lw_err fake_start(lw_session *s, lw_time now)
{
    emit(of(s), "HELLO", 5);
    of(s)->deadline = now + 1000;
    return LW_OK;
}

static lw_err fake_feed(lw_session *base, lw_time now, lw_bytes in)
{
    fake_session *s = of(base);
    (void)now;
    if (lw_bytes_is(in, "HELLO")) {
        emit(s, "WELCOME", 7);
        s->is_established = true;
    } else if (lw_bytes_is(in, "WELCOME")) {
        s->is_established = true;
        s->deadline = LW_TIME_NEVER;
    } else if (lw_bytes_is(in, "BYE")) {
        return LW_END;
    } else if (lw_bytes_is(in, "EVIL")) {
        emit(s, "ALERT", 5);
        return LW_EDENIED;
    } else if (in.len > 0 && in.ptr[0] == 'D') {
        s->plain_len = in.len - 1;
        for (size_t i = 1; i < in.len; i++) {
            s->plain[i - 1] = (uint8_t)~in.ptr[i];
        }
    }
    return LW_OK;
}

static lw_err fake_read(lw_session *base, lw_bytes *out)
{
    fake_session *s = of(base);
    if (s->plain_len == 0) {
        return LW_END;
    }
    *out = lw_bytes_of(s->plain, s->plain_len);
    s->plain_len = 0;
    return LW_OK;
}

static lw_err fake_write(lw_session *base, lw_time now, lw_bytes plain)
{
    uint8_t record[300] = {'D'};
    (void)now;
    for (size_t i = 0; i < plain.len; i++) {
        record[i + 1] = (uint8_t)~plain.ptr[i];
    }
    emit(of(base), record, plain.len + 1);
    return LW_OK;
}

static lw_err fake_next_out(lw_session *base, lw_bytes *out)
{
    fake_session *s = of(base);
    if (s->out_taken == s->out_count) {
        s->out_taken = s->out_count = 0;
        return LW_END;
    }
    *out = lw_bytes_of(s->out[s->out_taken], s->out_len[s->out_taken]);
    s->out_taken++;
    return LW_OK;
}

static lw_err fake_step(lw_session *base, lw_time now)
{
    fake_session *s = of(base);
    if (now > 3000) {
        return LW_ETIMEOUT;
    }
    emit(s, "HELLO", 5);
    s->deadline = now + 1000;
    return LW_OK;
}

static lw_time fake_deadline(const lw_session *s)
{
    return of(s)->deadline;
}

static bool fake_is_established(const lw_session *s)
{
    return of(s)->is_established;
}

static lw_identity fake_identity(const lw_session *s)
{
    (void)s;
    return (lw_identity){.kind = LW_IDENTITY_PSK, .id = lw_bytes_str("urn:dev:1")};
}

static lw_err fake_park(lw_session *s, lw_writer *blob)
{
    (void)s;
    lw_write_str(blob, "blob");
    return blob->err;
}

static void fake_close(lw_session *s, lw_time now)
{
    (void)now;
    emit(of(s), "BYE", 3);
}

static void fake_destroy(lw_session *s)
{
    of(s)->is_destroyed = true;
}

static const lw_session_ops fake_ops = {.start = fake_start,
                                        .feed = fake_feed,
                                        .read = fake_read,
                                        .write = fake_write,
                                        .next_out = fake_next_out,
                                        .step = fake_step,
                                        .next_deadline = fake_deadline,
                                        .is_established = fake_is_established,
                                        .peer_identity = fake_identity,
                                        .park = fake_park,
                                        .close = fake_close,
                                        .destroy = fake_destroy};

/* ---- one link and what happens to it --------------------------------------------------------- */

static struct {
    lw_fake_mem mem;
    lw_coap coap;
    lw_net net;
    lw_net_link peer;
    lw_net_stream stream;
    fake_session session;
    uint8_t buf[LW_COAP_BUF_SIZE(256)];
    uint8_t sent[16][600];
    size_t sent_len[16];
    unsigned sent_count, sent_taken;
    int opened, closed, released, ends, requests;
    lw_err why, end_err;
    uint32_t hold_off_s;
} t;

static void coap_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    (void)ctx;
    lw_net_send(&t.net, peer, message);
}

static lw_err coap_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    (void)ctx;
    (void)in;
    t.requests++;
    reply->code = LW_COAP_CHANGED;
    return LW_OK;
}

static void io_send(void *ctx, lw_net_link *link, lw_bytes octets)
{
    (void)ctx;
    (void)link;
    assert_true(t.sent_count < 16 && octets.len <= sizeof t.sent[0]);
    memcpy(t.sent[t.sent_count], octets.ptr, octets.len);
    t.sent_len[t.sent_count++] = octets.len;
}

static void io_open(void *ctx, lw_net_link *link, lw_time now)
{
    (void)ctx;
    (void)link;
    (void)now;
    t.opened++;
}

static void io_closed(void *ctx, lw_net_link *link, lw_time now, lw_err why)
{
    (void)ctx;
    (void)link;
    (void)now;
    t.closed++;
    t.why = why;
}

static void io_release(void *ctx, lw_net_link *link, lw_time now, const lw_signal_release *release)
{
    (void)ctx;
    (void)link;
    (void)now;
    t.released++;
    t.hold_off_s = release->hold_off_s;
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    (void)ctx;
    t.ends++;
    t.end_err = result->err;
}

static void rng_fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x20, len);
}

static int setup(void **state)
{
    (void)state;
    static const lw_coap_handler handler = {.send = coap_send, .on_request = coap_request};
    static const lw_net_io io = {
        .send = io_send, .on_open = io_open, .on_closed = io_closed, .on_release = io_release};
    memset(&t, 0, sizeof t);
    t.session = (fake_session){.base = {&fake_ops}, .deadline = LW_TIME_NEVER};
    lw_coap_config config = {
        .mem = lw_fake_mem_mem(&t.mem),
        .rng = {.fill = rng_fill},
        .handler = &handler,
        .limits = {.max_seen = 8, .max_seen_per_peer = 8, .max_queued = 8, .max_later = 1},
        .later = &lw_coap_later_answers,
        .buf = t.buf,
        .buf_size = sizeof t.buf};
    assert_ok(lw_coap_init(&t.coap, &config));
    lw_net_init(&t.net, &t.coap, &io, NULL, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lw_coap_fini(&t.coap);
    assert_int_equal(lw_net_next_deadline(&t.net), LW_TIME_NEVER);
    assert_int_equal(t.mem.live, 0);
    return 0;
}

#define expect(literal)                                                                     \
    do {                                                                                    \
        assert_true(t.sent_taken < t.sent_count);                                           \
        assert_bytes(lw_bytes_of(t.sent[t.sent_taken], t.sent_len[t.sent_taken]), literal); \
        t.sent_taken++;                                                                     \
    } while (0)

#define feed_peer(literal) \
    lw_net_feed(&t.net, &t.peer, 0, lw_bytes_of(literal, sizeof(literal) - 1))
#define feed_stream(literal) \
    lw_net_feed(&t.net, &t.stream.link, 0, lw_bytes_of(literal, sizeof(literal) - 1))

static void silent(void)
{
    assert_int_equal(t.sent_count, t.sent_taken);
}

static lw_err start_get(lw_coap_peer *peer)
{
    lw_coap_request request = {.code = LW_COAP_GET, .on_end = on_end};
    return lw_coap_start(&t.coap, peer, 0, &request, NULL);
}

/* ---- datagrams ------------------------------------------------------------------------------- */

LW_TEST(a_plain_link_passes_datagrams_through)
{
    lw_net_peer_init(&t.net, &t.peer, &lw_coap_params_udp, NULL);
    lw_net_peer_start(&t.net, &t.peer, 0, LW_SESSION_CLIENT);
    assert_int_equal(t.opened, 1);
    assert_ok(start_get(&t.peer.coap));
    expect("\x44\x01\x20\x20\x20\x20\x20\x20");
    feed_peer("\x64\x45\x20\x20\x20\x20\x20\x20");
    assert_int_equal(t.ends, 1);
    assert_int_equal(lw_net_identity(&t.peer).kind, LW_IDENTITY_NONE);
    lw_net_peer_drop(&t.net, &t.peer, 0);
    lw_net_peer_drop(&t.net, &t.peer, 0);
    silent();
}

static void open_client(void)
{
    lw_net_peer_init(&t.net, &t.peer, &lw_coap_params_udp, &t.session.base);
    lw_net_peer_start(&t.net, &t.peer, 0, LW_SESSION_CLIENT);
    expect("HELLO");
}

LW_TEST(requests_wait_for_the_handshake_of_a_client)
{
    open_client();
    assert_ok(start_get(&t.peer.coap));
    silent();
    assert_int_equal(t.opened, 0);
    feed_peer("WELCOME");
    expect("D\xbb\xfe\xdf\xdf\xdf\xdf\xdf\xdf");
    assert_int_equal(t.opened, 1);
    feed_peer("D\x9b\xba\xdf\xdf\xdf\xdf\xdf\xdf");
    assert_int_equal(t.ends, 1);
    assert_ok(t.end_err);
    assert_true(lw_bytes_is(lw_net_identity(&t.peer).id, "urn:dev:1"));
    lw_net_peer_drop(&t.net, &t.peer, 0);
    expect("BYE");
    assert_true(t.session.is_destroyed);
}

LW_TEST(a_server_answers_the_handshake_and_then_requests)
{
    lw_net_peer_init(&t.net, &t.peer, &lw_coap_params_udp, &t.session.base);
    lw_net_peer_start(&t.net, &t.peer, 0, LW_SESSION_SERVER);
    silent();
    feed_peer("HELLO");
    expect("WELCOME");
    assert_int_equal(t.opened, 1);
    feed_peer("D\xbf\xfd\x00\x01"); /* POST */
    expect("D\x9f\xbb\x00\x01");
    assert_int_equal(t.requests, 1);
    lw_net_peer_drop(&t.net, &t.peer, 0);
}

LW_TEST(messages_beyond_the_ceiling_are_lost_while_the_handshake_runs)
{
    open_client();
    lw_coap_params eager = lw_coap_params_udp;
    eager.nstart = 8;
    t.peer.coap.params = &eager;
    for (int i = 0; i < 3; i++) {
        assert_ok(start_get(&t.peer.coap));
    }
    feed_peer("WELCOME");
    assert_int_equal(t.sent_count - t.sent_taken, 2);
    lw_net_peer_drop(&t.net, &t.peer, 0);
    assert_int_equal(t.ends, 3);
}

LW_TEST(dropping_during_the_handshake_gives_everything_back)
{
    open_client();
    assert_ok(start_get(&t.peer.coap));
    lw_net_peer_drop(&t.net, &t.peer, 0);
    assert_err(t.end_err, LW_ECANCELED);
}

LW_TEST(a_flight_of_the_handshake_is_repeated_and_given_up)
{
    open_client();
    assert_int_equal(lw_net_next_deadline(&t.net), 1000);
    lw_net_step(&t.net, 1000);
    expect("HELLO");
    lw_net_step(&t.net, 2000);
    lw_net_step(&t.net, 3000);
    assert_int_equal(t.closed, 0);
    lw_net_step(&t.net, 4000);
    assert_int_equal(t.closed, 1);
    assert_err(t.why, LW_ETIMEOUT);
    lw_net_peer_drop(&t.net, &t.peer, 0);
}

LW_TEST(a_failed_handshake_sends_its_alert_and_closes_once)
{
    open_client();
    feed_peer("EVIL");
    expect("ALERT");
    assert_int_equal(t.closed, 1);
    assert_err(t.why, LW_EDENIED);
    feed_peer("WELCOME");
    lw_net_closed(&t.net, &t.peer, 0, LW_EIO);
    assert_ok(start_get(&t.peer.coap)); /* goes nowhere, ends with the drop */
    assert_int_equal(t.closed, 1);
    lw_net_peer_drop(&t.net, &t.peer, 0);
    silent();
    assert_int_equal(t.ends, 1);
}

LW_TEST(a_peer_that_says_goodbye_closes_the_link)
{
    open_client();
    feed_peer("WELCOME");
    feed_peer("BYE");
    assert_int_equal(t.closed, 1);
    assert_err(t.why, LW_END);
    lw_net_peer_drop(&t.net, &t.peer, 0);
}

LW_TEST(an_idle_link_can_be_parked_and_takes_nothing_in_the_clear)
{
    uint8_t octets[16];
    lw_writer blob;
    lw_writer_init(&blob, octets, sizeof octets);
    open_client();
    assert_err(lw_net_park(&t.net, &t.peer, &blob), LW_ESTATE);
    feed_peer("WELCOME");
    assert_ok(start_get(&t.peer.coap));
    assert_err(lw_net_park(&t.net, &t.peer, &blob), LW_ESTATE);
    feed_peer("D\x9b\xba\xdf\xdf\xdf\xdf\xdf\xdf");
    t.sent_taken = t.sent_count;
    assert_ok(lw_net_park(&t.net, &t.peer, &blob));
    assert_bytes(lw_writer_bytes(&blob), "blob");
    assert_true(t.session.is_destroyed);
    feed_peer("\x40\x02\x00\x01");
    assert_int_equal(t.requests, 0);
    assert_ok(start_get(&t.peer.coap)); /* waits */
    silent();
    t.session =
        (fake_session){.base = {&fake_ops}, .deadline = LW_TIME_NEVER, .is_established = true};
    lw_net_unpark(&t.net, &t.peer, &t.session.base);
    expect("D\xbb\xfe\xdf\xde\xdf\xdf\xdf\xdf");
    assert_int_equal(t.opened, 1); /* it never closed */
    lw_net_peer_drop(&t.net, &t.peer, 0);
}

/* ---- streams --------------------------------------------------------------------------------- */

static const lw_net_stream_config tcp = {
    .kind = LW_STREAM_TCP, .max_message = 1152, .csm_timeout_ms = 5000};

#define CSM "\x10\xe1\x40" /* Block-Wise-Transfer */

static void open_stream(void)
{
    lw_net_stream_init(&t.net, &t.stream, &tcp, NULL);
    lw_net_stream_start(&t.net, &t.stream, 0, LW_SESSION_CLIENT);
    assert_int_equal(t.sent[0][t.sent_len[0] > 2 ? 1 : 0], LW_COAP_CSM);
    t.sent_taken = t.sent_count;
    assert_int_equal(t.opened, 0);
    feed_stream(CSM);
    assert_int_equal(t.opened, 1);
}

LW_TEST(a_stream_opens_with_the_csm_of_both)
{
    open_stream();
    assert_int_equal(lw_net_next_deadline(&t.net), LW_TIME_NEVER);
    assert_ok(start_get(&t.stream.link.coap));
    expect("\x04\x01\x20\x20\x20\x20");
    feed_stream("\x04\x45\x20\x20\x20\x20");
    assert_int_equal(t.ends, 1);
    assert_ok(t.end_err);
    lw_net_stream_drop(&t.net, &t.stream, 0);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(the_csm_of_the_peer_says_how_large_messages_may_be)
{
    open_stream();
    assert_int_equal(t.stream.link.coap.max_message, 1152);
    feed_stream("\x30\xe1\x22\x20\x00"); /* Max-Message-Size 8192 */
    assert_int_equal(t.stream.link.coap.max_message, 8192);
    assert_int_equal(t.opened, 1);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(frames_may_come_in_any_pieces)
{
    open_stream();
    const char octets[] = "\x01\x02\x53\x01\x02\x54\x00\x00\x01\x02\x55"; /* an empty one too */
    for (size_t i = 0; i + 1 < sizeof octets; i++) {
        lw_net_feed(&t.net, &t.stream.link, 0, lw_bytes_of(octets + i, 1));
    }
    expect("\x01\x44\x53");
    expect("\x01\x44\x54");
    expect("\x01\x44\x55");
    feed_stream("\x01\x02\x56\x01\x02\x57\x01");
    feed_stream("\x02\x58");
    feed_stream("");
    expect("\x01\x44\x56");
    expect("\x01\x44\x57");
    expect("\x01\x44\x58");
    assert_null(t.stream.kept.octets);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(a_message_before_the_csm_is_answered_with_abort)
{
    lw_net_stream_init(&t.net, &t.stream, &tcp, NULL);
    lw_net_stream_start(&t.net, &t.stream, 0, LW_SESSION_SERVER);
    t.sent_taken = t.sent_count;
    feed_stream("\x01\x02\x53");
    expect("\x00\xe5");
    assert_int_equal(t.requests, 0);
    assert_err(t.why, LW_EPROTO);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(a_missing_csm_closes_the_stream)
{
    lw_net_stream_init(&t.net, &t.stream, &tcp, NULL);
    lw_net_stream_start(&t.net, &t.stream, 0, LW_SESSION_SERVER);
    assert_int_equal(lw_net_next_deadline(&t.net), 5000);
    lw_net_step(&t.net, 5000);
    assert_err(t.why, LW_ETIMEOUT);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(an_unknown_critical_option_of_a_signal_is_answered_with_abort)
{
    open_stream();
    feed_stream("\x10\xe1\x10"); /* CSM option 1 */
    expect("\x20\xe5\x21\x01");  /* Bad-CSM-Option 1 */
    assert_err(t.why, LW_EPROTO);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(a_malformed_frame_is_answered_with_abort)
{
    open_stream();
    feed_stream("\x0f\x01");
    expect("\x00\xe5");
    assert_err(t.why, LW_EPROTO);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(a_frame_larger_than_our_csm_allows_is_answered_with_abort)
{
    open_stream();
    feed_stream("\xe0\x10\x00\x02");
    expect("\x00\xe5");
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(a_ping_is_answered_with_its_token_and_custody)
{
    open_stream();
    feed_stream("\x02\xe2\xab\xcd");
    expect("\x02\xe3\xab\xcd");
    feed_stream("\x11\xe2\xab\x20"); /* Custody */
    expect("\x11\xe3\xab\x20");
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(our_ping_wants_its_pong_in_time)
{
    open_stream();
    lw_net_stream_ping(&t.net, &t.stream, 0, 2000);
    expect("\x04\xe2\x20\x20\x20\x20");
    feed_stream("\x04\xe3\x20\x20\x20\x21");
    assert_int_equal(lw_net_next_deadline(&t.net), 2000);
    feed_stream("\x04\xe3\x20\x20\x20\x20");
    assert_int_equal(lw_net_next_deadline(&t.net), LW_TIME_NEVER);
    lw_net_stream_ping(&t.net, &t.stream, 0, 2000);
    lw_net_step(&t.net, 2000);
    assert_err(t.why, LW_ETIMEOUT);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(after_a_release_nothing_new_is_started_but_answers_come)
{
    open_stream();
    assert_ok(start_get(&t.stream.link.coap));
    feed_stream("\x20\xe4\x41\x0a"); /* Hold-Off 10 */
    assert_int_equal(t.released, 1);
    assert_int_equal(t.hold_off_s, 10);
    assert_err(start_get(&t.stream.link.coap), LW_ESTATE);
    feed_stream("\x04\x45\x20\x20\x20\x20");
    assert_ok(t.end_err);
    assert_int_equal(t.closed, 0);
    lw_net_closed(&t.net, &t.stream.link, 0, LW_END);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(our_release_is_sent)
{
    open_stream();
    lw_net_stream_release(&t.net, &t.stream, 0);
    expect("\x00\xe4");
    assert_err(start_get(&t.stream.link.coap), LW_ESTATE);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(an_abort_of_the_peer_closes_the_stream)
{
    open_stream();
    feed_stream("\x00\xe6"); /* not known: ignored */
    assert_int_equal(t.closed, 0);
    feed_stream("\x00\xe5\x01\x02\x53");
    assert_err(t.why, LW_ERESET);
    assert_int_equal(t.requests, 0);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(without_memory_for_half_a_frame_the_stream_is_closed)
{
    open_stream();
    t.mem.fail_at = t.mem.count + 1;
    feed_stream("\x01");
    assert_err(t.why, LW_ENOMEM);
    lw_net_stream_drop(&t.net, &t.stream, 0);
    t.closed = t.opened = 0;
    t.sent_count = t.sent_taken = 0;
    open_stream();
    feed_stream("\x01");
    t.mem.fail_at = t.mem.count + 1;
    feed_stream("\x02");
    assert_int_equal(t.closed, 1);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(a_stream_over_a_session_waits_for_both)
{
    lw_net_stream_init(&t.net, &t.stream, &tcp, &t.session.base);
    lw_net_stream_start(&t.net, &t.stream, 0, LW_SESSION_CLIENT);
    expect("HELLO");
    silent(); /* our CSM waits for the handshake */
    feed_stream("WELCOME");
    assert_int_equal(t.sent[1][0], 'D');
    assert_int_equal(t.opened, 0);
    feed_stream("D\xef\x1e\xbf"); /* CSM */
    assert_int_equal(t.opened, 1);
    feed_stream("D\xff\x1a"); /* Abort */
    assert_err(t.why, LW_ERESET);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

LW_TEST(a_websocket_message_is_one_frame)
{
    lw_net_stream_config config = tcp;
    config.kind = LW_STREAM_WEBSOCKET;
    lw_net_stream_init(&t.net, &t.stream, &config, NULL);
    lw_net_stream_start(&t.net, &t.stream, 0, LW_SESSION_SERVER);
    t.sent_taken = t.sent_count;
    feed_stream("\x00\xe1\x40");
    assert_int_equal(t.opened, 1);
    feed_stream("\x01\x02\x53");
    expect("\x01\x44\x53");
    feed_stream("\x01");
    assert_err(t.why, LW_EPROTO);
    lw_net_stream_drop(&t.net, &t.stream, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_plain_link_passes_datagrams_through),
        T(requests_wait_for_the_handshake_of_a_client),
        T(a_server_answers_the_handshake_and_then_requests),
        T(messages_beyond_the_ceiling_are_lost_while_the_handshake_runs),
        T(dropping_during_the_handshake_gives_everything_back),
        T(a_flight_of_the_handshake_is_repeated_and_given_up),
        T(a_failed_handshake_sends_its_alert_and_closes_once),
        T(a_peer_that_says_goodbye_closes_the_link),
        T(an_idle_link_can_be_parked_and_takes_nothing_in_the_clear),
        T(a_stream_opens_with_the_csm_of_both),
        T(the_csm_of_the_peer_says_how_large_messages_may_be),
        T(frames_may_come_in_any_pieces),
        T(a_message_before_the_csm_is_answered_with_abort),
        T(a_missing_csm_closes_the_stream),
        T(an_unknown_critical_option_of_a_signal_is_answered_with_abort),
        T(a_malformed_frame_is_answered_with_abort),
        T(a_frame_larger_than_our_csm_allows_is_answered_with_abort),
        T(a_ping_is_answered_with_its_token_and_custody),
        T(our_ping_wants_its_pong_in_time),
        T(after_a_release_nothing_new_is_started_but_answers_come),
        T(our_release_is_sent),
        T(an_abort_of_the_peer_closes_the_stream),
        T(without_memory_for_half_a_frame_the_stream_is_closed),
        T(a_stream_over_a_session_waits_for_both),
        T(a_websocket_message_is_one_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
