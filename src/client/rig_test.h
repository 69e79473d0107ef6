/* A client on a table: virtual time, one or more links, and the server's side played by hand. */
#ifndef LW_CLIENT_RIG_TEST_H
#define LW_CLIENT_RIG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "client/feature.h"
#include "client/server.h"
#include "coap/msg.h"
#include "lw/client.h"
#include "lw/core_objects.h"
#include "lw/objects.h"
#include "testing/fakes.h"

#define RIG_SENT_MAX   64
#define RIG_EVENTS_MAX 64
#define RIG_MEMORY     (24 * 1024)

typedef struct rig_datagram {
    lw_time at;
    uint8_t link;
    size_t len;
    uint8_t octets[1300];
    lw_coap_msg msg; /* points into octets */
} rig_datagram;

typedef struct rig {
    lw_client *client;
    lw_client_cfg cfg;
    lw_platform platform;
    lw_rng_seeded seed;
    lw_time now;
    lw_err link_answer; /* of link_open */
    unsigned opened[4], closed[4];
    size_t sent_count;
    rig_datagram sent[RIG_SENT_MAX];
    size_t event_count;
    lw_client_event events[RIG_EVENTS_MAX];
    uint16_t next_mid;
    lw_coap_params params; /* of a link that does not have those of UDP */
    int64_t wall;
    uint32_t own_address;
    bool ignore_events;
    uint8_t memory[RIG_MEMORY];
} rig;

static inline void rig_random(void *ctx, uint8_t *out, size_t len)
{
    rig *r = ctx;
    lw_rng rng = lw_rng_seeded_rng(&r->seed);
    rng.fill(rng.ctx, out, len);
}

static inline lw_err rig_link_open(void *ctx, uint8_t link, const lw_link_to *to)
{
    rig *r = ctx;
    assert_true(to->uri.len > 0);
    r->opened[link]++;
    return r->link_answer;
}

static inline void rig_link_close(void *ctx, uint8_t link)
{
    ((rig *)ctx)->closed[link]++;
}

static inline uint32_t rig_own_address(void *ctx, uint8_t link)
{
    (void)link;
    return ((rig *)ctx)->own_address;
}

static inline int64_t rig_wall_clock(void *ctx)
{
    return ((rig *)ctx)->wall;
}

static inline void rig_on_event(lw_client *client, const lw_client_event *event)
{
    rig *r = lw_client_app(client);
    if (!r->ignore_events) {
        assert_true(r->event_count < RIG_EVENTS_MAX);
        r->events[r->event_count++] = *event;
    }
}

/* Fetches what the client wants to send. */
static inline void rig_collect(rig *r)
{
    lw_client_out out;
    while (lw_client_poll(r->client, &out)) {
        assert_true(r->sent_count < RIG_SENT_MAX);
        rig_datagram *d = &r->sent[r->sent_count++];
        assert_true(out.octets.len <= sizeof d->octets);
        d->at = r->now;
        d->link = out.link;
        d->len = out.octets.len;
        memcpy(d->octets, out.octets.ptr, out.octets.len);
        assert_int_equal(lw_coap_msg_parse(lw_bytes_of(d->octets, d->len), &d->msg), LW_OK);
    }
}

/* Lets time pass, stopping at each deadline: whoever does not name his is not woken. */
static inline void rig_run(rig *r, lw_time until)
{
    for (;;) {
        lw_time wake = lw_client_step(r->client, r->now);
        rig_collect(r);
        if (wake > until) {
            break;
        }
        r->now = wake > r->now ? wake : r->now;
    }
    r->now = until;
}

static inline void rig_pass(rig *r, lw_time ms)
{
    rig_run(r, r->now + ms);
}

static inline void rig_feed(rig *r, uint8_t link, lw_bytes datagram)
{
    lw_client_feed(r->client, r->now, link, datagram);
    rig_collect(r);
}

/* The last request the client sent on a link. */
static inline rig_datagram *rig_last_request(rig *r, uint8_t link)
{
    for (size_t i = r->sent_count; i-- > 0;) {
        if (r->sent[i].link == link && lw_coap_code_is_request(r->sent[i].msg.code)) {
            return &r->sent[i];
        }
    }
    fail_msg("nothing was requested on link %u", (unsigned)link);
    return NULL;
}

/* Requests the client sent on a link, retransmissions not counted. */
static inline size_t rig_requests(const rig *r, uint8_t link)
{
    size_t count = 0;
    for (size_t i = 0; i < r->sent_count; i++) {
        const rig_datagram *d = &r->sent[i];
        bool is_new = d->link == link && lw_coap_code_is_request(d->msg.code);
        for (size_t j = 0; j < i && is_new; j++) {
            is_new = r->sent[j].link != link || r->sent[j].msg.mid != d->msg.mid;
        }
        count += is_new ? 1 : 0;
    }
    return count;
}

/* A piggybacked answer to it; location: a path such as "/rd/5a3f", or NULL. */
static inline void rig_answer(rig *r, uint8_t link, uint8_t code, const char *location)
{
    uint8_t buf[256];
    lw_writer w;
    lw_coap_out out;
    rig_datagram *request = rig_last_request(r, link);
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_ACK, code, request->msg.mid, request->msg.token);
    for (const char *s = location; s != NULL && *s == '/';) {
        size_t len = strcspn(s + 1, "/");
        lw_coap_put(&out, LW_COAP_OPT_LOCATION_PATH, lw_bytes_of(s + 1, len));
        s += 1 + len;
    }
    rig_feed(r, link, lw_writer_bytes(&w));
    rig_pass(r, 0);
}

static inline void rig_init(rig *r, const lw_client_cfg *cfg)
{
    memset(r, 0, offsetof(rig, memory));
    r->now = 1000;
    r->wall = 1700000000;
    lw_rng_seeded_init(&r->seed, 42);
    r->platform = (lw_platform){.ctx = r,
                                .random = rig_random,
                                .link_open = rig_link_open,
                                .link_close = rig_link_close,
                                .link_check = lw_fake_link_check,
                                .own_address = rig_own_address,
                                .wall_clock = rig_wall_clock};
    r->cfg = *cfg;
    r->cfg.platform = &r->platform;
    r->cfg.app = r;
    r->cfg.on_event = rig_on_event;
    assert_true(lw_client_mem_needed(&r->cfg) <= sizeof r->memory);
    assert_int_equal(lw_client_init(&r->client, &r->cfg, r->memory, lw_client_mem_needed(&r->cfg)),
                     LW_OK);
}

/* Smaller blocks on a link: 16 << szx octets. */
static inline void rig_use_blocks(rig *r, uint8_t link, uint8_t szx)
{
    r->params = lw_coap_params_udp;
    r->params.szx = szx;
    r->client->servers[link].peer.params = &r->params;
}

static inline void rig_add_server(rig *r, uint16_t ssid, uint32_t lifetime)
{
    lw_client_account account = {.uri = "coap://192.0.2.1",
                                 .ssid = ssid,
                                 .lifetime = lifetime,
                                 .security = LW_SECURITY_NOSEC};
    assert_int_equal(lw_client_add_server(r->client, &account), LW_OK);
}

static inline bool rig_has_event(const rig *r, lw_client_event_kind kind)
{
    for (size_t i = 0; i < r->event_count; i++) {
        if (r->events[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* All queries of a request as one text: "ep=x&lt=300". */
static inline const char *rig_query(const rig_datagram *d, char out[512])
{
    lw_coap_opt_iter it = lw_coap_opts(d->msg.options);
    lw_coap_opt opt;
    size_t len = 0;
    while (lw_coap_opt_next(&it, &opt)) {
        if (opt.number == LW_COAP_OPT_URI_QUERY) {
            if (len > 0) {
                out[len++] = '&';
            }
            memcpy(out + len, opt.value.ptr, opt.value.len);
            len += opt.value.len;
        }
    }
    out[len] = '\0';
    return out;
}

/* "/rd/5a3f" */
static inline const char *rig_path(const rig_datagram *d, char out[256])
{
    lw_coap_opt_iter it = lw_coap_opts(d->msg.options);
    lw_coap_opt opt;
    size_t len = 0;
    while (lw_coap_opt_next(&it, &opt)) {
        if (opt.number == LW_COAP_OPT_URI_PATH) {
            out[len++] = '/';
            memcpy(out + len, opt.value.ptr, opt.value.len);
            len += opt.value.len;
        }
    }
    out[len] = '\0';
    return out;
}

#endif
