/* Send (OBS-30..35).
 *
 * A pack is what one call of the application sends: values that were recorded, and those of the
 * moment. Every server it goes to has a job with the pack, so that each is tried again by itself:
 *
 *   (waiting) -- the server can be reached --> (in flight) -- 2.04, 4.xx --> told, gone
 *       ^                                          |
 *       +-- 1/x/18 * 2^n (CLI-50), or an event --- no answer, 5.xx; 1/x/17 times
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

#define JOBS_MAX 8u
#define RETRY_S  1u /* for want of memory */

typedef struct pack {
    lw_snapshot *snapshots; /* oldest first; the values of the moment are the last */
    uint8_t users;
    uint16_t target_count;
    lw_path targets[];
} pack;

typedef struct sending {
    lw_client *client;
    lw_alarm alarm;
    lw_link jobs; /* oldest first */
    lw_snapshot *records;
    uint8_t job_count;
    uint32_t refused; /* bit 1 << link: the server does not take Send (OBS-33) */
} sending;

typedef struct job {
    lw_link link;
    sending *all;
    lw_server *server;
    pack *pack;
    lw_coap_transfer *transfer; /* NULL: waiting */
    const lw_format *format;    /* of the transfer, as what follows */
    lw_history history;
    lw_time retry_at;
    uint32_t attempts; /* that failed */
} job;

static job *job_of(lw_link *link)
{
    return LW_CONTAINER(link, job, link);
}

/* ---- Packs ----------------------------------------------------------------------------------- */

static void drop_first(const lw_mem *mem, lw_snapshot **list)
{
    lw_snapshot *gone = *list;
    *list = gone->next;
    lw_mem_release(mem, gone);
}

static void leave(sending *s, pack *p)
{
    if (p->users > 0) {
        return;
    }
    while (p->snapshots != NULL) {
        drop_first(&s->client->mem, &p->snapshots);
    }
    lw_mem_release(&s->client->mem, p);
}

static lw_err take_values(sending *s, const lw_path *targets, uint16_t count, lw_snapshot **out)
{
    lw_readable readable = {.client = s->client, .targets = targets, .target_count = count};
    lw_source source = lw_readable_source(&readable);
    return lw_snapshot_take(&s->client->mem, &source, s->client->now, out);
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
    const lw_mem *mem = &s->client->mem;
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

/* ---- What a server may see of it (OBS-31) ---------------------------------------------------- */

static lw_err next_readable(void *ctx, lw_cursor *cursor, lw_entry *e)
{
    const job *j = ctx;
    lw_source all = lw_history_source(&j->history);
    lw_err err;
    bool visible = false;
    do {
        err = all.next(all.ctx, cursor, e);
        if (err == LW_OK) {
            visible = (lw_rights_of(j->server, e->path) & LW_RIGHT_R) != 0;
        }
    } while (err == LW_OK && !visible);
    return err;
}

static lw_source source_of(job *j)
{
    return (lw_source){.next = next_readable, .ctx = j};
}

static lw_err encode(job *j, lw_writer *w)
{
    lw_source source = source_of(j);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_err err = lw_encode(j->format, &source, &cfg, w);
    return err == LW_OK ? w->err : err;
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
static void choose_format(job *j)
{
    lw_client *client = j->all->client;
    const lw_snapshot *s = j->pack->snapshots;
    bool needs_times = s->next != NULL || s->at != client->now;
    lw_format_choice choice = {
        .formats = client->cfg.formats,
        .version = (lw_version)j->server->version,
        .preferred = j->server->answers_lwm2m_cbor ? LW_CF_LWM2M_CBOR : LW_CF_NONE,
    };
    j->format = lw_op_body_format(LW_OP_SEND, &choice, NULL);
    const lw_format *timed = j->format;
    while (needs_times && timed != NULL && !lw_format_has_times(timed)) {
        timed = lw_op_body_format(LW_OP_SEND, &choice, timed);
    }
    bool has_times = needs_times && timed != NULL;
    j->format = has_times ? timed : j->format;
    while (!has_times && s->next != NULL) {
        s = s->next;
    }
    j->history = (lw_history){
        .first = s, .count = SIZE_MAX, .has_times = has_times, .offset = lw_history_offset(client)};
}

/* ---- Jobs ------------------------------------------------------------------------------------ */

static void look(sending *s)
{
    lw_alarm_set_in(s->client, &s->alarm, 0);
}

static void end(job *j, lw_err err, uint8_t code)
{
    sending *s = j->all;
    lw_client_event event = {.kind = LW_CLIENT_SENT,
                             .ssid = j->server->ssid,
                             .err = err,
                             .code = code,
                             .retry_at = LW_TIME_NEVER};
    if (j->transfer != NULL) {
        lw_coap_transfer_cancel(j->transfer, s->client->now);
    }
    lw_list_remove(&j->link);
    s->job_count--;
    j->pack->users--;
    leave(s, j->pack);
    lw_mem_release(&s->client->mem, j);
    look(s);
    lw_client_tell(s->client, &event);
}

/* Those that the application adds when it hears of it are new. */
static void end_all_of(sending *s, const lw_server *server)
{
    lw_link *l = s->jobs.next;
    for (unsigned left = s->job_count; left > 0; left--) {
        lw_link *next = l->next;
        if (job_of(l)->server == server) {
            end(job_of(l), LW_ECANCELED, 0);
        }
        l = next;
    }
}

/* CLI-50: five attempts unless the server says otherwise. */
static bool may_try_again(job *j)
{
    j->attempts++;
    j->retry_at = lw_alarm_after(j->all->client, lw_server_retry_wait(j->server, j->attempts));
    return j->attempts < lw_server_setting(j->server, LW_RES_SERVER_COMMUNICATION_RETRY_COUNT, 5);
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    job *j = ctx;
    sending *s = j->all;
    lw_server *server = j->server;
    j->transfer = NULL;
    if (result->err == LW_ECANCELED) {
        return; /* the link was closed: an event follows */
    }
    uint8_t code = result->err == LW_OK ? result->msg->code : LW_COAP_EMPTY;
    bool is_taken = code == LW_COAP_CHANGED;
    bool is_refused = lw_coap_code_class(code) == 4;
    if (!is_taken && !is_refused && may_try_again(j)) {
        look(s);
    } else if (code == LW_COAP_NOT_FOUND) { /* OBS-33 */
        s->refused |= (uint32_t)1 << server->link;
        end(j, LW_ENOTSUP, code);
        end_all_of(s, server);
    } else {
        end(j, is_taken ? LW_OK : result->err != LW_OK ? result->err : LW_EPROTO, code);
    }
}

static lw_err start(job *j)
{
    lw_client *client = j->all->client;
    uint8_t buf[8];
    uint8_t none;
    lw_writer w;
    lw_coap_out options;
    choose_format(j);
    lw_writer_init_window(&w, &none, 0, 0); /* counts */
    lw_err err = encode(j, &w);
    if (err != LW_OK) {
        return err;
    }
    size_t len = w.pos;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin_options(&options, &w);
    lw_send_put(&options, j->format->id, lw_bytes_of(NULL, 0));
    lw_coap_transfer_request request = {.code = LW_COAP_POST,
                                        .options = lw_writer_bytes(&w),
                                        .read = read_body,
                                        .body = lw_bytes_of(NULL, len),
                                        .max_body = client->cfg.payload_max,
                                        .on_end = on_end,
                                        .ctx = j};
    return lw_coap_transfer_start(&client->coap, &j->server->peer, client->now, &request,
                                  &j->transfer);
}

/* ---- When ------------------------------------------------------------------------------------ */

/* One after the other for each server. */
static bool is_first(const job *j)
{
    for (lw_link *l = j->all->jobs.next; l != &j->link; l = l->next) {
        if (job_of(l)->server == j->server) {
            return false;
        }
    }
    return true;
}

static void ring(lw_coap *coap, lw_alarm *alarm)
{
    sending *s = LW_CONTAINER(alarm, sending, alarm);
    lw_client *client = coap->config.ctx;
    lw_time wake = LW_TIME_NEVER;
    for (lw_link *l = s->jobs.next; l != &s->jobs; l = l->next) {
        job *j = job_of(l);
        if (j->transfer != NULL || !is_first(j) || !lw_server_is_ready(j->server)) {
            continue;
        }
        if (client->now >= j->retry_at && start(j) != LW_OK) {
            j->retry_at = lw_alarm_after(client, RETRY_S);
        }
        wake = j->transfer == NULL && j->retry_at < wake ? j->retry_at : wake;
    }
    lw_alarm_set(client, &s->alarm, wake);
}

static void on_server(void *state, lw_server *server, lw_server_event event)
{
    sending *s = state;
    if (event == LW_SERVER_EV_REGISTERED || event == LW_SERVER_EV_ENDED ||
        event == LW_SERVER_EV_REMOVED) { /* rule 31 */
        s->refused &= ~((uint32_t)1 << server->link);
        end_all_of(s, server);
    }
    look(s);
}

/* ---- What the application asks --------------------------------------------------------------- */

static lw_err may_send(const sending *s, const lw_server *server)
{
    if (!lw_server_is_registered(server)) {
        return LW_ESTATE;
    }
    if (lw_server_setting(server, LW_RES_SERVER_MUTE_SEND, 1) != 0) {
        return LW_EDENIED; /* rule 40: absent is muted */
    }
    bool takes_it = lw_version_has((lw_version)server->version, LW_FEATURE_SEND) &&
                    (s->refused >> server->link & 1) == 0;
    return takes_it ? LW_OK : LW_ENOTSUP;
}

static lw_err add(sending *s, lw_server *server, pack *p)
{
    job *j = s->job_count < JOBS_MAX ? lw_mem_alloc(&s->client->mem, sizeof *j) : NULL;
    if (j == NULL) {
        return LW_ENOMEM;
    }
    j->all = s;
    j->server = server;
    j->history = (lw_history){.first = p->snapshots, .count = SIZE_MAX};
    j->pack = p;
    lw_source source = source_of(j);
    lw_cursor cursor = {{0}};
    lw_entry e;
    if (source.next(source.ctx, &cursor, &e) != LW_OK) {
        lw_mem_release(&s->client->mem, j);
        return LW_EDENIED;
    }
    p->users++;
    s->job_count++;
    lw_list_add_last(&s->jobs, &j->link);
    return LW_OK;
}

/* Gives the pack to the servers meant; LW_OK when one takes it. */
static lw_err give(sending *s, uint16_t ssid, pack *p)
{
    lw_err result = LW_ESTATE;
    bool taken = false;
    for (unsigned i = 0; i < s->client->cfg.servers_max; i++) {
        lw_server *server = &s->client->servers[i];
        if (server->state == LW_SERVER_UNUSED || (ssid != 0 && server->ssid != ssid)) {
            continue;
        }
        lw_err err = may_send(s, server);
        if (err == LW_OK) {
            err = add(s, server, p);
        }
        taken |= err == LW_OK;
        result = err;
    }
    return taken ? LW_OK : result;
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
    err = give(s, ssid, p);
    if (err == LW_OK) {
        take_records(s, p);
    }
    leave(s, p);
    look(s);
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
    if (count > client->cfg.stored_max) {
        drop_first(&client->mem, &s->records);
    }
    return LW_OK;
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

static size_t size(const lw_client_cfg *cfg)
{
    (void)cfg;
    return sizeof(sending);
}

static lw_err init(lw_client *client, void *state)
{
    sending *s = state;
    s->client = client;
    s->alarm.fire = ring;
    lw_list_init(&s->jobs);
    return LW_OK;
}

const lw_client_feature lw_feature_send = {.size = size, .init = init, .on_server = on_server};
