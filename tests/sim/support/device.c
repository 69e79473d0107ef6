#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "testing/fakes.h"

/* ---- Flash ------------------------------------------------------------------------------------
 */

static flash_record *find_record(flash *f, const char *name)
{
    for (size_t i = 0; i < FLASH_RECORDS_MAX; i++) {
        if (strcmp(f->records[i].name, name) == 0) {
            return &f->records[i];
        }
    }
    return NULL;
}

const flash_record *flash_find(const flash *f, const char *name)
{
    for (size_t i = 0; i < FLASH_RECORDS_MAX; i++) {
        if (strcmp(f->records[i].name, name) == 0) {
            return &f->records[i];
        }
    }
    return NULL;
}

/* Is the n-th operation one that does not take place? */
static bool is_hit(unsigned n, unsigned at, bool after)
{
    return at != 0 && (n == at || (after && n > at));
}

static lw_err store(void *ctx, const char *name, lw_bytes record)
{
    device *d = ctx;
    flash *f = &d->flash;
    lw_assert(strlen(name) < sizeof f->records[0].name && record.len <= FLASH_RECORD_MAX);
    unsigned n = ++f->writes;
    if (f->is_cut || is_hit(n, f->fail_at, f->fail_after)) {
        return LW_EIO;
    }
    f->is_cut = n == f->cut_at;
    if (f->is_cut && !f->cut_after) {
        return LW_EIO;
    }
    flash_record *r = find_record(f, name);
    if (r == NULL) {
        r = find_record(f, "");
        lw_assert(r != NULL);
        snprintf(r->name, sizeof r->name, "%s", name);
    }
    r->len = record.len;
    if (record.len > 0) {
        memcpy(r->octets, record.ptr, record.len);
    } else {
        r->name[0] = '\0';
    }
    return LW_OK;
}

static lw_err load(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    device *d = ctx;
    const flash_record *r = find_record(&d->flash, name);
    if (r == NULL) {
        return LW_ENOTFOUND;
    }
    *out_len = r->len;
    memcpy(out, r->octets, r->len < cap ? r->len : cap);
    return LW_OK;
}

static void erase_all(void *ctx)
{
    device *d = ctx;
    memset(d->flash.records, 0, sizeof d->flash.records);
}

/* ---- Platform ---------------------------------------------------------------------------------
 */

static void give_random(void *ctx, uint8_t *out, size_t len)
{
    device *d = ctx;
    lw_rng rng = lw_rng_seeded_rng(&d->rng);
    rng.fill(rng.ctx, out, len);
}

/* coap://NAME, with anything behind it. */
static lw_err link_open(void *ctx, uint8_t link, const lw_link_to *to)
{
    device *d = ctx;
    lw_assert(link < DEVICE_LINKS_MAX);
    d->opened[link]++;
    d->links[link] = NULL;
    if (++d->openings == d->refuse_at) {
        return LW_EIO;
    }
    if (d->link_answer != LW_OK && d->link_answer != LW_AGAIN) {
        return d->link_answer;
    }
    for (size_t i = 0; i < DEVICE_LINKS_MAX && d->servers[i].name != NULL; i++) {
        const char *name = d->servers[i].name;
        size_t len = strlen(name), scheme = to->uri.len > 5 && to->uri.ptr[4] == 's' ? 8 : 7;
        if (to->uri.len >= scheme + len && memcmp(to->uri.ptr + scheme, name, len) == 0) {
            d->links[link] = d->servers[i].node;
            return d->link_answer;
        }
    }
    return LW_EFORMAT;
}

static void link_close(void *ctx, uint8_t link)
{
    device *d = ctx;
    d->closed[link]++;
    d->links[link] = NULL;
}

static int64_t wall_clock(void *ctx)
{
    device *d = ctx;
    return d->clock_at_start >= 0 ? d->clock_at_start + lw_sim_now(d->sim) / LW_SECOND_MS : -1;
}

static void log_line(void *ctx, int level, const char *module, lw_bytes text)
{
    device *d = ctx;
    if (getenv("LW_SIM_LOG") != NULL) {
        printf("%12.3f %d %s: %.*s\n", (double)lw_sim_now(d->sim) / 1000.0, level, module,
               (int)text.len, (const char *)text.ptr);
    }
}

static void on_event(lw_client *client, const lw_client_event *event)
{
    device *d = lw_client_app(client);
    lw_assert(d->event_count < DEVICE_EVENTS_MAX);
    d->events[d->event_count++] = (device_event){.at = lw_sim_now(d->sim), .event = *event};
    if (getenv("LW_SIM_LOG") != NULL) {
        printf("%12.3f event %d ssid %d err %d code %x retry at %.3f\n",
               (double)lw_sim_now(d->sim) / 1000.0, event->kind, event->ssid, event->err,
               event->code, (double)event->retry_at / 1000.0);
    }
}

/* ---- A node of the network --------------------------------------------------------------------
 */

/* The same message id to the same server within the time it stays taken. */
static bool is_copy(const device *d, const device_sent *s)
{
    for (size_t i = d->sent_count; i-- > 0 && d->sent[i].at > s->at - 247 * LW_SECOND_MS;) {
        const device_sent *other = &d->sent[i];
        if (other->link == s->link && other->msg.mid == s->msg.mid &&
            other->msg.type == s->msg.type && other->msg.code == s->msg.code) {
            return true;
        }
    }
    return false;
}

static void send_one(device *d, const lw_client_out *out)
{
    lw_assert(d->sent_count < DEVICE_SENT_MAX && out->octets.len <= sizeof d->sent[0].octets);
    device_sent *s = &d->sent[d->sent_count];
    s->at = lw_sim_now(d->sim);
    s->link = out->link;
    s->len = out->octets.len;
    memcpy(s->octets, out->octets.ptr, s->len);
    lw_err err = lw_coap_msg_parse(lw_bytes_of(s->octets, s->len), &s->msg);
    lw_assert(err == LW_OK);
    s->is_copy = is_copy(d, s);
    d->sent_count++;
    d->datagrams++;
    const lw_sim_node *to = d->links[out->link];
    bool is_lost = d->is_silent || d->flash.is_cut || d->datagrams == d->lose_at;
    if (to != NULL && !is_lost) {
        lw_sim_send(d->sim, d->node, lw_sim_address(to), out->octets);
    }
}

static void fetch(device *d)
{
    lw_client_out out;
    while (d->client != NULL && lw_client_poll(d->client, &out)) {
        send_one(d, &out);
    }
}

static void step(void *ctx, lw_time now)
{
    device *d = ctx;
    if (d->client != NULL) {
        d->wake = lw_client_step(d->client, now);
        fetch(d);
    }
}

static void receive(void *ctx, lw_time now, lw_sim_addr from, lw_bytes datagram)
{
    device *d = ctx;
    for (uint8_t i = 0; i < DEVICE_LINKS_MAX && d->client != NULL; i++) {
        if (d->links[i] != NULL && lw_sim_address(d->links[i]) == from) {
            lw_client_feed(d->client, now, i, datagram);
            step(d, now); /* what it stores is stored before the answer leaves */
            return;
        }
    }
}

static lw_time next_deadline(void *ctx)
{
    device *d = ctx;
    return d->client != NULL ? d->wake : LW_TIME_NEVER;
}

device *device_new(lw_sim *sim, const lw_client_cfg *cfg)
{
    device *d = calloc(1, sizeof *d);
    lw_assert(d != NULL);
    d->sim = sim;
    d->clock_at_start = 1700000000;
    lw_rng_seeded_init(&d->rng, lw_sim_seed(sim) * 17 + 5);
    d->platform = (lw_platform){.ctx = d,
                                .random = give_random,
                                .link_open = link_open,
                                .link_close = link_close,
                                .link_check = lw_fake_link_check,
                                .wall_clock = wall_clock,
                                .store = store,
                                .load = load,
                                .erase_all = erase_all,
                                .log = log_line};
    d->cfg = *cfg;
    d->cfg.platform = &d->platform;
    d->cfg.app = d;
    d->cfg.on_event = on_event;
    d->node = lw_sim_add_node(
        sim, &(lw_sim_node_config){
                 .receive = receive, .step = step, .next_deadline = next_deadline, .ctx = d});
    return d;
}

void device_on(device *d)
{
    size_t needed = lw_client_mem_needed(&d->cfg);
    lw_assert(d->client == NULL && needed <= sizeof d->memory);
    memset(d->memory, 0xa5, sizeof d->memory);
    d->flash.is_cut = false;
    lw_err err = lw_client_init(&d->client, &d->cfg, d->memory, needed);
    lw_assert(err == LW_OK);
}

void device_start(device *d)
{
    if (d->is_tapped) {
        lw_mem_tap_open(&d->tap, d->memory, sizeof d->memory);
    }
    lw_client_start(d->client, lw_sim_now(d->sim));
    device_poke(d);
}

void device_off(device *d)
{
    if (d->client != NULL) {
        lw_client_fini(d->client);
        d->client = NULL;
        lw_mem_tap_close(&d->tap);
    }
    memset(d->links, 0, sizeof d->links);
}

void device_free(device *d)
{
    if (d != NULL) {
        device_off(d);
        free(d);
    }
}

void device_poke(device *d)
{
    d->wake = lw_sim_now(d->sim);
}

/* ---- What it did ------------------------------------------------------------------------------
 */

static bool is_request_on(const device_sent *s, int link)
{
    return !s->is_copy && lw_coap_code_is_request(s->msg.code) && (link < 0 || s->link == link);
}

const device_sent *device_request(const device *d, int link, size_t back)
{
    for (size_t i = d->sent_count; i-- > 0;) {
        if (is_request_on(&d->sent[i], link) && back-- == 0) {
            return &d->sent[i];
        }
    }
    return NULL;
}

size_t device_requests(const device *d, int link)
{
    size_t count = 0;
    for (size_t i = 0; i < d->sent_count; i++) {
        count += is_request_on(&d->sent[i], link);
    }
    return count;
}

static size_t as_text(const device_sent *s, uint32_t number, char mark, char out[FAR_TEXT_MAX])
{
    lw_coap_opt_iter it = lw_coap_opts(s->msg.options);
    lw_bytes value;
    size_t len = 0;
    while (lw_coap_opt_next_of(&it, number, &value)) {
        lw_assert(len + value.len + 2 < FAR_TEXT_MAX);
        if (mark == '/' || len > 0) {
            out[len++] = mark;
        }
        memcpy(out + len, value.ptr, value.len);
        len += value.len;
    }
    out[len] = '\0';
    return len;
}

bool device_sent_is(const device_sent *s, uint8_t code, const char *path)
{
    char text[FAR_TEXT_MAX];
    if (s == NULL || s->msg.code != code) {
        return false;
    }
    as_text(s, LW_COAP_OPT_URI_PATH, '/', text);
    return strcmp(text, path) == 0;
}

const char *device_sent_query(const device_sent *s, char out[FAR_TEXT_MAX])
{
    as_text(s, LW_COAP_OPT_URI_QUERY, '&', out);
    return out;
}

const device_event *device_last_event(const device *d, lw_client_event_kind kind)
{
    for (size_t i = d->event_count; i-- > 0;) {
        if (d->events[i].event.kind == kind) {
            return &d->events[i];
        }
    }
    return NULL;
}

unsigned device_events(const device *d, lw_client_event_kind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < d->event_count; i++) {
        count += d->events[i].event.kind == kind;
    }
    return count;
}
