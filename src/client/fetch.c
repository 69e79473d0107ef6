#include "client/fetch.h"

#include "client/server.h"
#include "coap/uri.h"

#define OPTIONS_MAX 300u

static void done(lw_fetching *f, lw_err outcome)
{
    f->outcome = outcome;
    f->state = LW_FETCH_DONE;
    lw_alarm_set_in(f->server.client, &f->alarm, 0);
}

static lw_err on_chunk(void *ctx, size_t offset, lw_bytes chunk)
{
    lw_fetching *f = ctx;
    lw_err err = f->job != NULL ? f->job->on_block(f->job, offset, chunk) : LW_ECANCELED;
    if (err != LW_OK) {
        f->job = NULL; /* it knows */
    }
    return err;
}

static lw_err outcome_of(const lw_coap_result *result)
{
    if (result->err != LW_OK) {
        return result->err;
    }
    switch (result->msg->code) {
    case LW_COAP_CONTENT:
        return LW_OK;
    case LW_COAP_BAD_REQUEST:
    case LW_COAP_NOT_FOUND:
        return LW_ENOTFOUND;
    default:
        return LW_EIO;
    }
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    lw_fetching *f = ctx;
    done(f, outcome_of(result));
}

static void run(lw_fetching *f)
{
    uint8_t buf[OPTIONS_MAX];
    lw_writer w;
    lw_coap_out out;
    lw_uri uri;
    lw_client *client = f->server.client;
    lw_err err = lw_uri_parse(lw_bytes_of(f->uri, f->uri_len), &uri);
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin_options(&out, &w);
    if (err == LW_OK) {
        lw_uri_put_host(&out, &uri, uri.port);
        lw_uri_put_path(&out, &uri);
        lw_uri_put_query(&out, &uri);
        err = w.err;
    }
    f->state = LW_FETCH_RUNNING;
    lw_alarm_set_in(client, &f->alarm, LW_FOREVER); /* each request has its own end */
    lw_coap_transfer_request request = {.code = LW_COAP_GET,
                                        .options = lw_writer_bytes(&w),
                                        .on_chunk = on_chunk,
                                        .on_end = on_end,
                                        .ctx = f};
    if (err == LW_OK) {
        err = lw_coap_transfer_start(&client->coap, &f->server.peer, client->now, &request, NULL);
    }
    if (err != LW_OK) {
        done(f, err);
    }
}

static void on_link(lw_server *server, lw_err err)
{
    lw_fetching *f = LW_CONTAINER(server, lw_fetching, server);
    if (f->state == LW_FETCH_CONNECTING) {
        if (err == LW_OK) {
            run(f);
        } else {
            done(f, err);
        }
    } else if (f->state == LW_FETCH_RUNNING && err != LW_OK) {
        done(f, err);
    }
}

static void connect_link(lw_fetching *f)
{
    lw_client *client = f->server.client;
    lw_link_to to = {.uri = lw_bytes_of(f->uri, f->uri_len), .security = LW_SECURITY_NOSEC};
    f->state = LW_FETCH_CONNECTING;
    lw_alarm_set_in(client, &f->alarm, LW_EXCHANGE_LIFETIME);
    lw_err err = lw_server_open_link_to(&f->server, &to);
    if (err != LW_AGAIN) {
        on_link(&f->server, err);
    }
}

static void leave(lw_fetching *f)
{
    lw_client *client = f->server.client;
    lw_fetch_job *job = f->job;
    lw_err outcome = f->outcome;
    lw_server_close_link(&f->server); /* ends a transfer that runs: on_end */
    lw_alarm_set_in(client, &f->alarm, LW_FOREVER);
    lw_alarm_set_in(client, &f->server.nap, LW_FOREVER);
    client->peers = f->server.next; /* a download is the newest */
    lw_mem_release(&client->pool->mem, f);
    if (job != NULL) {
        job->on_end(job, outcome);
    }
}

static void ring(lw_coap *coap, lw_alarm *alarm)
{
    lw_fetching *f = LW_CONTAINER(alarm, lw_fetching, alarm);
    (void)coap;
    if (f->state == LW_FETCH_WAITING) {
        connect_link(f);
    } else if (f->state == LW_FETCH_CONNECTING) {
        done(f, LW_ETIMEOUT);
    } else {
        leave(f);
    }
}

/* Of the download that runs, or NULL. */
static lw_server *running(lw_client *client)
{
    return lw_client_peer(client, client->cfg.servers_max + (unsigned)LW_OTHER_FETCH);
}

static lw_err start(lw_client *client, lw_fetch_job *job, lw_bytes text, bool with_coaps)
{
    lw_uri uri;
    lw_err err = lw_uri_parse(text, &uri);
    if (err != LW_OK) {
        return err == LW_ENOTSUP ? LW_ENOTSUP : LW_EFORMAT;
    }
    if (uri.scheme != LW_URI_COAP && !(with_coaps && uri.scheme == LW_URI_COAPS)) {
        return LW_ENOTSUP;
    }
    if (running(client) != NULL) {
        return LW_ESTATE;
    }
    lw_fetching *f = lw_mem_alloc(&client->pool->mem, sizeof *f + text.len);
    if (f == NULL) {
        return LW_ENOMEM;
    }
    lw_server_init(client, &f->server, client->cfg.servers_max + (unsigned)LW_OTHER_FETCH);
    f->server.ssid = LW_ID_MAX;
    f->server.on_link = on_link;
    f->alarm.fire = ring;
    f->job = job;
    f->uri_len = (uint16_t)text.len;
    memcpy(f->uri, text.ptr, text.len);
    lw_client_add_peer(client, &f->server);
    lw_alarm_set_in(client, &f->alarm, 0);
    return LW_OK;
}

static lw_err start_coap(void *ctx, lw_fetch_job *job, lw_bytes text)
{
    return start(ctx, job, text, false);
}

static lw_err start_coaps(void *ctx, lw_fetch_job *job, lw_bytes text)
{
    return start(ctx, job, text, true);
}

static void stop(void *ctx, lw_fetch_job *job)
{
    lw_client *client = ctx;
    lw_server *server = running(client);
    lw_fetching *f = LW_CONTAINER(server, lw_fetching, server);
    if (server != NULL && f->job == job) {
        f->job = NULL;
        done(f, LW_ECANCELED);
    }
}

const lw_fetch lw_fetch_coap = {.protocols = LW_FETCH_COAP, .start = start_coap, .stop = stop};
const lw_fetch lw_fetch_coaps = {
    .protocols = LW_FETCH_COAP | LW_FETCH_COAPS, .start = start_coaps, .stop = stop};
