/* The server itself: what it is, how it is, its numbers, its own description. */
#include <stdio.h>
#include <stdlib.h>

#include "api/call.h"
#include "api/gen/routes.h"
#include "api/openapi.h"
#include "host/addr.h"

/* ---- Numbers of the engines: one after another, added up ------------------------------------ */

typedef struct numbers {
    api_ask ask;
    const lw_api *api;
    size_t shard;
    lw_server_stats sum;
} numbers;

static void add_stats(lw_server_stats *sum, const lw_server_stats *s)
{
#define ADD(member) sum->member += s->member
    ADD(received);
    ADD(sent);
    ADD(malformed);
    ADD(retransmitted);
    ADD(duplicates);
    ADD(timeouts);
    ADD(registers);
    ADD(updates);
    ADD(deregisters);
    ADD(expired);
    ADD(refused);
    ADD(notifications);
    ADD(sends);
    ADD(bad_payloads);
    ADD(unknown_tokens);
    ADD(requests);
    ADD(requests_failed);
    ADD(devices);
    ADD(registered);
    ADD(asleep);
    ADD(peers);
    ADD(waiting_requests);
    ADD(in_flight);
    ADD(wishes);
#undef ADD
}

static void numbers_run(api_ask *ask)
{
    numbers *n = (numbers *)ask;
    lw_server_stats stats = lw_server_get_stats(ask->shard->server);
    add_stats(&n->sum, &stats);
    n->shard++;
    if (n->shard < n->api->shard_count) {
        ask->shard = &n->api->shards[n->shard];
        if (lw_inbox_post(ask->shard->inbox, &ask->task) == LW_OK) {
            return;
        }
        ask->err = LW_ENOMEM;
    }
    ask_done(ask);
}

static void ask_numbers(api_call *call, void (*resumed)(api_call *call, void *ask))
{
    numbers *n = ask_new(sizeof *n, numbers_run, NULL);
    if (n == NULL) {
        call_failed(call, LW_ENOMEM);
        return;
    }
    n->api = call->api;
    ask_start(call, n, &call->api->shards[0], resumed);
}

/* ---- /v1/server ----------------------------------------------------------------------------- */

static void server_resumed(api_call *call, void *ask)
{
    const numbers *n = ask;
    const lw_api *api = call->api;
    char address[LW_ADDR_TEXT_MAX];
    char text[LW_ADDR_TEXT_MAX + 8];
    lw_store_health health = api->cfg.store->ops->health(api->cfg.store);
    hub_state events = hub_get_state(&call->api->hub);
    json_out o = {.text = NULL};
    if (n->ask.err != LW_OK) {
        call_failed(call, n->ask.err);
        return;
    }
    out_object(&o, NULL);
    out_str(&o, "version", api->cfg.version);
    out_time(&o, "started_at", api->started_at);
    out_time(&o, "now", lw_wall_clock());
    out_array(&o, "listen");
    for (size_t i = 0; api->listen[i] != NULL; i++) {
        out_str(&o, NULL, api->listen[i]);
    }
    lw_addr http = lw_api_bound(api);
    snprintf(text, sizeof text, "http %s", lw_addr_format(&http, address));
    out_str(&o, NULL, text);
    out_end(&o, ']');
    if (call->token[0] != '\0') {
        out_str(&o, "token", call->token);
    }
    out_str(&o, "role", role_name(call->role));
    out_uint(&o, "shards", api->shard_count);
    out_object(&o, "devices");
    out_uint(&o, "known", n->sum.devices);
    out_uint(&o, "registered", n->sum.registered);
    out_uint(&o, "asleep", n->sum.asleep);
    out_end(&o, '}');
    out_object(&o, "store");
    out_bool(&o, "ok", health.err == LW_OK);
    if (health.why[0] != '\0') {
        out_str(&o, "why", health.why);
    }
    out_uint(&o, "waiting", health.waiting);
    out_uint(&o, "octets", health.octets);
    out_end(&o, '}');
    out_object(&o, "events");
    out_uint(&o, "readers", events.readers);
    out_uint(&o, "newest", events.newest);
    out_uint(&o, "oldest", events.oldest);
    out_end(&o, '}');
    out_end(&o, '}');
    call_answer(call, 200, &o);
}

void api_serve_get_server(api_call *call)
{
    ask_numbers(call, server_resumed);
}

/* ---- /metrics ------------------------------------------------------------------------------- */

typedef struct metric {
    const char *name, *type, *help;
    uint64_t value;
} metric;

static void write_metric(json_out *o, const metric *m)
{
    out_format(o, "# HELP lapwing_%s %s\n# TYPE lapwing_%s %s\nlapwing_%s %llu\n", m->name, m->help,
               m->name, m->type, m->name, (unsigned long long)m->value);
}

static void write_answers(json_out *o, const lw_api *api)
{
    out_format(o, "# HELP lapwing_http_answers_total Calls to the REST interface, by class of "
                  "their status.\n# TYPE lapwing_http_answers_total counter\n");
    for (int i = 1; i < 6; i++) {
        out_format(o, "lapwing_http_answers_total{class=\"%dxx\"} %llu\n", i,
                   (unsigned long long)api->answers[i]);
    }
}

static void metrics_resumed(api_call *call, void *ask)
{
    const numbers *n = ask;
    const lw_server_stats *s = &n->sum;
    lw_api *api = call->api;
    lw_store_health health = api->cfg.store->ops->health(api->cfg.store);
    hub_state events = hub_get_state(&api->hub);
    json_out o = {.text = NULL};
    if (n->ask.err != LW_OK) {
        call_failed(call, n->ask.err);
        return;
    }
    const metric metrics[] = {
        {"devices", "gauge", "Devices that are known.", s->devices},
        {"devices_registered", "gauge", "Devices that are registered.", s->registered},
        {"devices_asleep", "gauge", "Registered devices that sleep.", s->asleep},
        {"peers", "gauge", "Addresses that are no registered device's.", s->peers},
        {"requests_waiting", "gauge", "Requests that wait for their device.", s->waiting_requests},
        {"requests_in_flight", "gauge", "Requests on their way.", s->in_flight},
        {"observations", "gauge", "Wishes to observe.", s->wishes},
        {"messages_received_total", "counter", "CoAP messages received.", s->received},
        {"messages_sent_total", "counter", "CoAP messages sent.", s->sent},
        {"messages_malformed_total", "counter", "Datagrams that are no CoAP.", s->malformed},
        {"messages_retransmitted_total", "counter", "Messages sent again.", s->retransmitted},
        {"messages_duplicate_total", "counter", "Messages received again.", s->duplicates},
        {"timeouts_total", "counter", "Messages without an answer.", s->timeouts},
        {"registers_total", "counter", "Registrations.", s->registers},
        {"updates_total", "counter", "Updates of registrations.", s->updates},
        {"deregisters_total", "counter", "De-registrations.", s->deregisters},
        {"expired_total", "counter", "Registrations that expired.", s->expired},
        {"refused_total", "counter", "Registers and Updates refused.", s->refused},
        {"notifications_total", "counter", "Notifications.", s->notifications},
        {"sends_total", "counter", "Sends.", s->sends},
        {"bad_payloads_total", "counter", "Payloads that cannot be read.", s->bad_payloads},
        {"unknown_tokens_total", "counter", "Notifications nobody asked for.", s->unknown_tokens},
        {"requests_total", "counter", "Requests to devices.", s->requests},
        {"requests_failed_total", "counter", "Requests that failed.", s->requests_failed},
        {"store_ok", "gauge", "1: changes are kept.", health.err == LW_OK},
        {"store_waiting", "gauge", "Changes that are not on disk yet.", health.waiting},
        {"store_commits_total", "counter", "Commits.", health.commits},
        {"store_rows_total", "counter", "Rows written.", health.rows},
        {"store_octets", "gauge", "Octets on disk.", health.octets},
        {"event_readers", "gauge", "Readers of /v1/events.", events.readers},
        {"event_readers_dropped_total", "counter", "Readers that were too slow.", events.dropped},
    };
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        write_metric(&o, &metrics[i]);
    }
    write_answers(&o, api);
    if (o.failed) {
        call_failed(call, LW_ENOMEM);
    } else {
        lw_http_answer(call->http, 200, "text/plain; version=0.0.4; charset=utf-8",
                       lw_bytes_of(o.text, o.len));
    }
    out_fini(&o);
}

void api_serve_get_metrics(api_call *call)
{
    ask_numbers(call, metrics_resumed);
}

/* ---- Health --------------------------------------------------------------------------------- */

void api_serve_get_health(api_call *call)
{
    lw_http_answer(call->http, 200, "text/plain", lw_bytes_str("ok\n"));
}

void api_serve_get_readiness(api_call *call)
{
    const lw_api *api = call->api;
    char why[200] = "";
    lw_store_health health = api->cfg.store->ops->health(api->cfg.store);
    bool ready = health.err == LW_OK;
    if (!ready) {
        snprintf(why, sizeof why, "%s", health.why);
    } else if (api->cfg.is_ready != NULL) {
        ready = api->cfg.is_ready(api->cfg.ctx, why, sizeof why);
    }
    json_out o = {.text = NULL};
    out_object(&o, NULL);
    out_bool(&o, "ready", ready);
    if (why[0] != '\0') {
        out_str(&o, "why", why);
    }
    out_end(&o, '}');
    call_answer(call, ready ? 200 : 503, &o);
}

void api_serve_get_openapi(api_call *call)
{
    lw_http_answer(call->http, 200, "application/yaml", openapi_document());
}
