/* Send (OBS-30..35).
 *
 * A pack is what one call of the application sends: values that were recorded, and those of the
 * moment. It is kept until every server it is for is done with it. Servers take their packs one
 * after the other, each at its own pace (line):
 *
 *   (waiting) -- the server can be reached --> (in flight) -- 2.04, 4.xx --> told, the next
 *       ^                                          |
 *       +-- 1/x/18 * 2^n (CLI-50) ---------------- no answer, 5.xx; 1/x/17 times
 *
 * What is sent later than it was taken has its times. The body is written anew for each block from
 * the pack, so it needs no buffer. A new registration ends what waits (rule 31). */
#include <string.h>

#include "client/feature.h"
#include "client/server.h"
#include "client/snapshot.h"
#include "client/targets.h"
#include "lw/objects.h"
#include "model/access.h"

#define PACKS_MAX   8u
#define SERVERS_MAX 32u
#define RETRY_S     1u /* for want of memory */

typedef struct pack pack;
struct pack {
    pack *next;             /* the next younger one */
    uint32_t servers;       /* bit 1 << link: it is for that one */
    lw_snapshot *snapshots; /* oldest first; the values of the moment are the last */
    uint16_t target_count;
    lw_path targets[];
};

typedef struct sending sending;

/* What goes to one server: the first pack that is for it. */
typedef struct line {
    lw_alarm alarm; /* the next attempt; not armed: in flight, or waiting for the server */
    sending *all;
    lw_server *server;
    void *transfer;          /* NULL: waiting */
    const lw_format *format; /* of the transfer, as what follows */
    uint32_t attempts;       /* that failed */
    bool refused;            /* the server does not take Send (OBS-33) */
    lw_history history;
} line;

struct sending {
    lw_client *client;
    pack *packs; /* oldest first */
    lw_snapshot *records;
    line lines[]; /* parallel to client->servers */
};

/* ---- Packs ----------------------------------------------------------------------------------- */

static void drop_first(const lw_mem *mem, lw_snapshot **list)
{
    lw_snapshot *gone = *list;
    *list = gone->next;
    lw_mem_release(mem, gone);
}

static void release(sending *s, pack *p)
{
    while (p->snapshots != NULL) {
        drop_first(&s->client->pool->mem, &p->snapshots);
    }
    lw_mem_release(&s->client->pool->mem, p);
}

static lw_err take_values(sending *s, const lw_path *targets, uint16_t count, lw_snapshot **out)
{
    lw_readable readable = {.client = s->client, .targets = targets, .target_count = count};
    lw_source source = lw_readable_source(&readable);
    return lw_snapshot_take(&s->client->pool->mem, &source, s->client->now, out);
}

static bool is_covered(const lw_snapshot *record, const pack *p)
{
    lw_reader r;
    lw_entry first;
    lw_reader_init(&r, lw_bytes_of(record->octets, record->len));
    lw_entry_read(&r, &first);
    unsigned i = 0;
    while (i < p->target_count && !lw_path_contains(p->targets[i], first.path)) {
        i++;
    }
    return i < p->target_count;
}

/* Puts the records below the targets in front of the values. */
static void take_records(sending *s, pack *p)
{
    lw_snapshot **end = &p->snapshots;
    lw_snapshot **at = &s->records;
    lw_snapshot *values = p->snapshots;
    while (*at != NULL) {
        lw_snapshot *record = *at;
        if (is_covered(record, p)) {
            *at = record->next;
            *end = record;
            end = &record->next;
        } else {
            at = &record->next;
        }
    }
    *end = values;
}

static lw_err make_pack(sending *s, const lw_path *paths, size_t count, pack **out)
{
    const lw_mem *mem = &s->client->pool->mem;
    if (count == 0 || count > UINT16_MAX) {
        return LW_EINVAL;
    }
    pack *p = lw_mem_alloc(mem, sizeof *p + count * sizeof *paths);
    if (p == NULL) {
        return LW_ENOMEM;
    }
    memcpy(p->targets, paths, count * sizeof *paths);
    p->target_count = (uint16_t)lw_targets_sort(p->targets, count);
    lw_err err = take_values(s, p->targets, p->target_count, &p->snapshots);
    if (err != LW_OK) {
        lw_mem_release(mem, p);
    }
    *out = p;
    return err == LW_ENOTFOUND ? LW_EDENIED : err;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static uint32_t bit_of(const line *l)
{
    return (uint32_t)1 << l->server->link;
}

static pack *first_of(const line *l)
{
    pack *p = l->all->packs;
    while (p != NULL && (p->servers & bit_of(l)) == 0) {
        p = p->next;
    }
    return p;
}

static void leave(line *l, pack *p)
{
    pack **at = &l->all->packs;
    p->servers &= ~bit_of(l);
    l->attempts = 0;
    if (p->servers == 0) {
        while (*at != p) {
            at = &(*at)->next;
        }
        *at = p->next;
        release(l->all, p);
    }
}

static void tell(const line *l, lw_err err, uint8_t code)
{
    lw_server_report(l->server, LW_CLIENT_SENT, err, code);
}

/* Those that the application adds when it hears of it are new. */
static void give_up(line *l)
{
    unsigned count = 0;
    pack *p;
    if (l->transfer != NULL) {
        lw_coap_transfer_cancel(l->transfer, l->server->client->now);
    }
    while ((p = first_of(l)) != NULL) {
        leave(l, p);
        count++;
    }
    for (; count > 0; count--) {
        tell(l, LW_ECANCELED, LW_COAP_EMPTY);
    }
}

/* Its next attempt is now, unless it waits for the time of it. */
static void look(line *l)
{
    if (!lw_deadline_is_armed(&l->alarm.deadline)) {
        lw_alarm_set_in(l->server->client, &l->alarm, 0);
    }
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static lw_err encode(line *l, lw_writer *w)
{
    lw_source source = lw_history_source(&l->history);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    return lw_encode(l->format, &source, &cfg, w);
}

/* Octets [offset, offset + len) of the body. */
static lw_err read_body(void *ctx, size_t offset, uint8_t *out, size_t len)
{
    lw_writer w;
    lw_writer_init_window(&w, out, len, offset);
    lw_err err = encode(ctx, &w);
    bool is_whole = lw_writer_bytes(&w).len == len; /* rights may have changed meanwhile */
    return err == LW_OK && !is_whole ? LW_ESTATE : err;
}

/* A history, and what is sent later than it was taken, needs a format with times; without one only
 * the values of the last moment are sent. */
static void choose_format(line *l, const pack *p)
{
    lw_client *client = l->all->client;
    const lw_snapshot *s = p->snapshots;
    bool has_times = s->next != NULL || s->at != client->now;
    lw_format_choice choice = {
        .formats = client->cfg.formats,
        .version = (lw_version)l->server->version,
        .preferred = l->server->answers_lwm2m_cbor ? LW_CF_LWM2M_CBOR : LW_CF_NONE,
    };
    const lw_format *f = lw_op_body_format(LW_OP_SEND, &choice, NULL);
    while (has_times && (f == NULL || !lw_format_has_times(f))) {
        has_times = f != NULL; /* none is left: the first one again */
        f = lw_op_body_format(LW_OP_SEND, &choice, f);
    }
    while (!has_times && s->next != NULL) {
        s = s->next;
    }
    l->format = f;
    l->history = (lw_history){.server = l->server,
                              .first = s,
                              .has_times = has_times,
                              .offset = lw_history_offset(client)};
}

/* ---- Attempts -------------------------------------------------------------------------------- */

/* CLI-50 */
static bool may_try_again(line *l)
{
    uint32_t wait = lw_server_retry_wait(l->server, ++l->attempts);
    lw_alarm_set_in(l->server->client, &l->alarm, wait);
    return l->attempts < lw_server_retry_count(l->server);
}

static void finish(line *l, lw_err err, uint8_t code)
{
    leave(l, first_of(l));
    lw_alarm_set_in(l->server->client, &l->alarm, 0);
    tell(l, err, code);
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    line *l = ctx;
    uint8_t code = result->err == LW_OK ? result->msg->code : LW_COAP_EMPTY;
    bool is_answer = code == LW_COAP_CHANGED || lw_coap_code_class(code) == 4;
    l->transfer = NULL;
    if (result->err == LW_ECANCELED || (!is_answer && may_try_again(l))) {
        return; /* cancelled: the link was closed, and an event follows */
    }
    if (code == LW_COAP_NOT_FOUND) { /* OBS-33 */
        l->refused = true;
        finish(l, LW_ENOTSUP, code);
        give_up(l);
    } else {
        lw_err err = result->err != LW_OK ? result->err : LW_EPROTO;
        finish(l, code == LW_COAP_CHANGED ? LW_OK : err, code);
    }
}

static lw_err start(line *l, const pack *p)
{
    uint8_t buf[8];
    uint8_t none;
    lw_writer w;
    lw_coap_out options;
    choose_format(l, p);
    if (l->format == NULL) {
        return LW_ENOTSUP;
    }
    lw_writer_init_window(&w, &none, 0, 0); /* counts */
    lw_err err = encode(l, &w);
    if (err != LW_OK) {
        return err;
    }
    size_t len = w.pos;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin_options(&options, &w);
    lw_send_put(&options, l->format->id, lw_bytes_of(NULL, 0));
    lw_coap_request request = {
        .code = LW_COAP_POST, .options = lw_writer_bytes(&w), .on_end = on_end, .ctx = l};
    return lw_body_send(l->server, &request, read_body, len, &l->transfer);
}

static void ring(lw_coap *coap, lw_alarm *alarm)
{
    line *l = LW_CONTAINER(alarm, line, alarm);
    const pack *p = first_of(l);
    if (p == NULL || l->transfer != NULL || !lw_server_is_ready(l->server)) {
        return;
    }
    lw_err err = start(l, p);
    if (err == LW_ENOTSUP) {
        finish(l, err, LW_COAP_EMPTY);
    } else if (err != LW_OK) {
        lw_alarm_set_in(coap->config.ctx, alarm, RETRY_S);
    }
}

static void on_server(void *state, lw_server *server, lw_server_event event)
{
    sending *s = state;
    line *l = &s->lines[server->link];
    look(l);
    if (event == LW_SERVER_EV_REGISTERED || event == LW_SERVER_EV_ENDED ||
        event == LW_SERVER_EV_REMOVED) { /* rule 31 */
        l->refused = false;
        lw_alarm_set_in(s->client, &l->alarm, 0); /* the wait was for what goes now */
        give_up(l);
    }
}

/* ---- What the application asks --------------------------------------------------------------- */

static lw_err may_send(const line *l, const pack *p)
{
    const lw_server *server = l->server;
    lw_history history = {.server = server, .first = p->snapshots};
    lw_source source = lw_history_source(&history);
    lw_cursor cursor = {.at = {0}};
    lw_entry e;
    if (lw_server_setting(server, LW_RES_SERVER_MUTE_SEND, 1) != 0) {
        return LW_EDENIED; /* rule 40: absent is muted */
    }
    if (l->refused || !lw_version_has((lw_version)server->version, LW_FEATURE_SEND)) {
        return LW_ENOTSUP;
    }
    return source.next(source.ctx, &cursor, &e) == LW_OK ? LW_OK : LW_EDENIED;
}

/* Gives the pack to the servers meant; LW_OK when one takes it. */
static lw_err give(sending *s, uint16_t ssid, pack *p)
{
    lw_err err = LW_ESTATE;
    for (unsigned i = 0; i < s->client->cfg.servers_max; i++) {
        line *l = &s->lines[i];
        if (lw_server_is_registered(l->server) && (ssid == 0 || l->server->ssid == ssid)) {
            err = may_send(l, p);
            p->servers |= err == LW_OK ? bit_of(l) : 0;
            look(l);
        }
    }
    return p->servers != 0 ? LW_OK : err;
}

static sending *sending_of(lw_client *client)
{
    return lw_client_feature_state(client, &lw_feature_send);
}

lw_err lw_client_send(lw_client *client, uint16_t ssid, const lw_path *paths, size_t count)
{
    sending *s = sending_of(client);
    pack *p;
    lw_err err = s != NULL ? make_pack(s, paths, count, &p) : LW_ENOTSUP;
    if (err != LW_OK) {
        return err;
    }
    unsigned left = PACKS_MAX;
    pack **end = &s->packs;
    for (; *end != NULL; end = &(*end)->next) {
        left--;
    }
    err = left > 0 ? give(s, ssid, p) : LW_ENOMEM;
    if (err == LW_OK) {
        take_records(s, p);
        *end = p;
    } else {
        release(s, p);
    }
    return err;
}

lw_err lw_client_record(lw_client *client, lw_path path)
{
    sending *s = sending_of(client);
    lw_snapshot *taken;
    lw_err err = s != NULL ? take_values(s, &path, 1, &taken) : LW_ENOTSUP;
    if (err != LW_OK) {
        return err;
    }
    unsigned count = 1;
    lw_snapshot **at = &s->records;
    for (; *at != NULL; at = &(*at)->next) {
        count++;
    }
    *at = taken;
    if (count > lw_snapshots_max(&client->cfg)) {
        drop_first(&client->pool->mem, &s->records);
    }
    return LW_OK;
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

static size_t size(const lw_client_cfg *cfg)
{
    return sizeof(sending) + cfg->servers_max * sizeof(line);
}

static lw_err init(lw_client *client, void *state)
{
    sending *s = state;
    s->client = client;
    LW_EACH_SERVER (client, server) {
        line *l = &s->lines[server->link];
        l->all = s;
        l->server = server;
        l->alarm.fire = ring;
    }
    return client->cfg.servers_max <= SERVERS_MAX ? LW_OK : LW_EINVAL;
}

const lw_client_feature lw_feature_send = {.size = size, .init = init, .on_server = on_server};
