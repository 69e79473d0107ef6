#include "api/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "api/call.h"
#include "api/definitions.h"
#include "api/gen/routes.h"
#include "host/addr.h"

#define MODULE "api"

void api_log(const lw_api *api, int level, const char *format, ...)
{
    char text[300];
    va_list args;
    if (api->cfg.log == NULL) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    api->cfg.log(api->cfg.ctx, level, MODULE, lw_bytes_str(text));
}

const lw_api_shard *api_shard_of(const lw_api *api, lw_bytes endpoint)
{
    size_t i = api->cfg.shard_of != NULL ? api->cfg.shard_of(api->cfg.ctx, endpoint) : 0;
    return &api->shards[i < api->shard_count ? i : 0];
}

/* ---- Who may call --------------------------------------------------------------------------- */

static bool is_loopback_name(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (strncasecmp(host, names[i], len) == 0 && (host[len] == '\0' || host[len] == ':')) {
            return true;
        }
    }
    return false;
}

/* Without tokens, whoever reaches the loopback address may do all: a page of some other site in the
 * operator's browser must not be among them, neither by a name that leads here (DNS rebinding) nor
 * by a form that is sent here. */
static bool is_from_here(const lw_http_call *http)
{
    const char *host = lw_http_header(http, "Host");
    const char *origin = lw_http_header(http, "Origin");
    if (host == NULL || !is_loopback_name(host)) {
        return false;
    }
    return origin == NULL ||
           (strncasecmp(origin, "http://", 7) == 0 && strcasecmp(origin + 7, host) == 0);
}

/* False: it was answered that this caller may not. */
static bool authorize(api_call *call)
{
    const char *header = lw_http_header(call->http, "Authorization");
    if (call->route->role == API_NONE) {
        return true;
    }
    if (call->api->cfg.open) {
        call->role = API_ADMIN;
        if (!is_from_here(call->http)) {
            call_problem(call, API_FORBIDDEN,
                         "without tokens only calls to localhost are served, and none of other "
                         "sites");
            return false;
        }
        return true;
    }
    if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0 ||
        !tokens_check(&call->api->tokens, lw_bytes_str(header + 7), lw_wall_clock(), &call->role,
                      call->token)) {
        if (call->token[0] != '\0') {
            call_problem(call, API_UNAUTHORIZED, "the token %s has expired", call->token);
        } else {
            call_problem(call, API_UNAUTHORIZED, "%s",
                         header == NULL ? "there is no Authorization header"
                                        : "the Authorization header holds no valid token");
        }
        return false;
    }
    if (call->role < call->route->role) {
        call_problem(call, API_FORBIDDEN, "this needs the role %s; the token %s has %s",
                     role_name((api_role)call->route->role), call->token, role_name(call->role));
        return false;
    }
    return true;
}

/* ---- A call --------------------------------------------------------------------------------- */

static const char *header_of(const void *ctx, const char *name)
{
    return lw_http_header(ctx, name);
}

static void refuse_route(api_call *call, unsigned allowed)
{
    static const char *const names[] = {"GET, HEAD", "PUT", "POST", "PATCH", "DELETE"};
    char text[64] = "";
    if (allowed == 0) {
        call_problem(call, API_NOT_FOUND, "there is no such path; see /v1/openapi.yaml");
        return;
    }
    for (unsigned i = 0; i < LW_HTTP_OTHER; i++) {
        if ((allowed & 1u << i) != 0) {
            size_t len = strlen(text);
            snprintf(text + len, sizeof text - len, "%s%s", len > 0 ? ", " : "", names[i]);
        }
    }
    lw_http_add_header(call->http, "Allow", text);
    call_problem(call, API_METHOD, "this path has %s", text);
}

static api_call *call_new(lw_api *api, lw_http_call *http)
{
    api_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        lw_http_answer(http, 500, NULL, lw_bytes_of(NULL, 0));
        return NULL;
    }
    call->api = api;
    call->http = http;
    http->user = call;
    return call;
}

static void on_head(void *ctx, lw_http_call *http)
{
    char why[400];
    unsigned allowed;
    api_call *call = call_new(ctx, http);
    if (call == NULL) {
        return;
    }
    call->route = api_route_find(http->method, &http->target, &allowed);
    if (call->route == NULL) {
        refuse_route(call, allowed);
        return;
    }
    http->body_max = call->route->body_max;
    if (!authorize(call)) {
        return;
    }
    if (api_route_args(call->api->router, call->route, &http->target, header_of, http, call->args,
                       why, sizeof why) != NULL) {
        call_problem(call, API_MALFORMED, "%s", why);
    }
}

/* "application/json; charset=utf-8" is application/json. */
static bool has_type(const char *header, const char *type)
{
    size_t len = strlen(type);
    return header != NULL && strncasecmp(header, type, len) == 0 &&
           (header[len] == '\0' || header[len] == ';' || header[len] == ' ');
}

/* Checks the body's type and reads it if it is JSON. False: that was answered. */
static bool read_body(api_call *call)
{
    const api_route *route = call->route;
    lw_bytes body = call->http->body;
    json_error_t error;
    if (body.len == 0) {
        if (route->needs_body) {
            call_problem(call, API_MALFORMED, "a body is missing: %s", route->body_type);
        }
        return !route->needs_body;
    }
    if (!has_type(lw_http_header(call->http, "Content-Type"), route->body_type)) {
        call_problem(call, API_MEDIA_TYPE, "the Content-Type must be %s", route->body_type);
        return false;
    }
    if (strcmp(route->body_type, "application/json") != 0) {
        return true;
    }
    call->json = json_loadb((const char *)body.ptr, body.len,
                            JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (call->json == NULL) {
        call_problem(call, API_MALFORMED, "line %d, column %d: %s", error.line, error.column,
                     error.text);
    }
    return call->json != NULL;
}

static void on_call(void *ctx, lw_http_call *http)
{
    api_call *call = http->user;
    (void)ctx;
    if (call->ask != NULL) {
        bool is_done = ask_is_done(call->ask);
        if (is_done || call->ask->peeks) {
            call->resumed(call, call->ask);
        } else if (http->stopping) {
            call_problem(call, API_BUSY, "the server stops");
        } else {
            lw_http_wait(http, 0);
        }
    } else if (call->json != NULL || read_body(call)) {
        call->route->serve(call);
    }
}

static void on_end(void *ctx, lw_http_call *http)
{
    lw_api *api = ctx;
    api_call *call = http->user;
    api->answers[http->status / 100 < 6 ? http->status / 100 : 0]++;
    if (api->cfg.on_access != NULL) {
        lw_api_access access = {.peer = &http->peer,
                                .token = call != NULL ? call->token : "",
                                .method = http->method_name,
                                .target = http->text,
                                .status = http->status,
                                .octets = http->octets,
                                .microseconds = http->microseconds};
        api->cfg.on_access(api->cfg.ctx, &access);
    }
    if (call != NULL) {
        ask_leave(call);
        stream_close(call->stream);
        watch_close(call->watch);
        json_decref(call->json);
        free(call);
    }
}

static void on_refuse(void *ctx, lw_http_call *http, unsigned status, const char *why)
{
    api_call *call = http->user != NULL ? http->user : call_new(ctx, http);
    if (call != NULL) {
        call_problem(call, status == 413 ? API_TOO_LARGE : API_MALFORMED, "%s", why);
    }
}

static void on_http_log(void *ctx, const char *text)
{
    api_log(ctx, 3, "http: %s", text);
}

/* ---- Definitions in force ------------------------------------------------------------------- */

typedef struct publishing {
    lw_task task;
    lw_api *api;
    size_t shard;
    models_set *set;
} publishing;

static void take_models(lw_task *task)
{
    publishing *p = LW_CONTAINER(task, publishing, task);
    models_set *old = p->api->engine_models[p->shard];
    lw_server_set_registry(p->api->shards[p->shard].server, &p->set->registry);
    p->api->engine_models[p->shard] = p->set;
    models_drop(old);
    free(p);
}

/* An inbox that is full now has room in a moment. */
static bool post_patiently(lw_inbox *inbox, lw_task *task)
{
    for (int i = 0; i < 50; i++) {
        lw_err err = lw_inbox_post(inbox, task);
        if (err != LW_ENOMEM) {
            return err == LW_OK;
        }
        usleep(10 * 1000);
    }
    return false;
}

void api_publish_models(lw_api *api)
{
    for (size_t i = 0; i < api->shard_count; i++) {
        publishing *p = calloc(1, sizeof *p);
        if (p != NULL) {
            *p = (publishing){{NULL, take_models}, api, i, models_hold(&api->models)};
        }
        if (p == NULL || !post_patiently(api->shards[i].inbox, &p->task)) {
            api_log(api, 0, "shard %zu goes on with the definitions it had", i);
            models_drop(p != NULL ? p->set : NULL);
            free(p);
        }
    }
}

const lw_registry *lw_api_registry(lw_api *api, size_t shard)
{
    if (shard >= api->engine_model_count) {
        models_set **grown = realloc(api->engine_models, (shard + 1) * sizeof(void *));
        if (grown == NULL) {
            return NULL;
        }
        for (size_t i = api->engine_model_count; i <= shard; i++) {
            grown[i] = NULL;
        }
        api->engine_models = grown;
        api->engine_model_count = shard + 1;
    }
    models_drop(api->engine_models[shard]);
    api->engine_models[shard] = models_hold(&api->models);
    return &api->engine_models[shard]->registry;
}

/* ---- Life ----------------------------------------------------------------------------------- */

static void on_hub_log(void *ctx, int level, const char *text)
{
    api_log(ctx, level, "%s", text);
}

static lw_err load(lw_api *api, const char **out_what)
{
    hub_cfg cfg = {.models = &api->models, .store = api->cfg.store, .ctx = api, .log = on_hub_log};
    *out_what = "the built-in definitions";
    lw_err err = models_init(&api->models);
    if (err == LW_OK) {
        *out_what = "the definitions of objects";
        err = definitions_load(&api->models, api->cfg.store);
    }
    if (err == LW_OK) {
        *out_what = "the tokens";
        err = tokens_init(&api->tokens, api->cfg.store);
    }
    if (err == LW_OK) {
        *out_what = "the credentials";
        err = credentials_init(&api->credentials, api->cfg.store);
    }
    if (err == LW_OK) {
        *out_what = "the ids of events";
        err = hub_init(&api->hub, &cfg);
    }
    return err;
}

lw_api *lw_api_new(const lw_api_cfg *cfg, char *why, size_t why_len)
{
    const char *what = "the routes";
    if (cfg->open && !lw_addr_is_loopback(&cfg->http)) {
        snprintf(why, why_len, "without tokens HTTP must listen on a loopback address");
        return NULL;
    }
    lw_api *api = calloc(1, sizeof *api);
    if (api == NULL) {
        snprintf(why, why_len, "out of memory");
        return NULL;
    }
    api->cfg = *cfg;
    api->started_at = lw_wall_clock();
    watches_init(&api->watches);
    api->router = api_router_new();
    lw_err err = api->router != NULL ? load(api, &what) : LW_ENOMEM;
    if (err != LW_OK) {
        snprintf(why, why_len, "%s: %s", what, lw_err_text(err));
        lw_api_free(api);
        return NULL;
    }
    return api;
}

static bool copy_listen(lw_api *api, const char *const *listen)
{
    size_t count = 0;
    while (listen[count] != NULL) {
        count++;
    }
    api->listen = calloc(count + 1, sizeof *api->listen);
    for (size_t i = 0; api->listen != NULL && i < count; i++) {
        api->listen[i] = strdup(listen[i]);
        if (api->listen[i] == NULL) {
            return false;
        }
    }
    return api->listen != NULL;
}

bool lw_api_start(lw_api *api, const lw_api_shard *shards, size_t count, const char *const *listen,
                  char *why, size_t why_len)
{
    lw_http_cfg http = {.bind = api->cfg.http,
                        .threads = api->cfg.threads,
                        .ctx = api,
                        .on_head = on_head,
                        .on_call = on_call,
                        .on_end = on_end,
                        .on_refuse = on_refuse,
                        .log = on_http_log};
    snprintf(why, why_len, "out of memory");
    api->shards = calloc(count, sizeof *api->shards);
    if (api->shards == NULL || !copy_listen(api, listen)) {
        return false;
    }
    lw_err err = hub_start(&api->hub);
    if (err != LW_OK) {
        snprintf(why, why_len, "the ids of events: %s", lw_err_text(err));
        return false;
    }
    memcpy(api->shards, shards, count * sizeof *shards);
    api->shard_count = count;
    api->http = lw_http_open(&http, why, why_len);
    return api->http != NULL;
}

lw_addr lw_api_bound(const lw_api *api)
{
    return lw_http_bound(api->http);
}

void lw_api_event(lw_api *api, const lw_server *server, const lw_server_event *event)
{
    if (event->kind == LW_SERVER_REQUEST) {
        watches_tell(&api->watches, server, event->request);
    }
    hub_add(&api->hub, server, event);
}

size_t lw_api_token_count(lw_api *api)
{
    return tokens_count(&api->tokens);
}

lw_err lw_api_create_token(lw_api *api, const char *name, const char *role, char *out_token)
{
    token fresh = {.role = (uint8_t)role_of_name(lw_bytes_str(role)),
                   .created_at = lw_wall_clock(),
                   .expires_at = LW_TIME_NEVER};
    if (strlen(name) > TOKEN_NAME_MAX) {
        return LW_EINVAL;
    }
    memcpy(fresh.name, name, strlen(name));
    return tokens_create(&api->tokens, &fresh, out_token);
}

void lw_api_stop(lw_api *api)
{
    lw_http_close(api->http);
    api->http = NULL;
    hub_stop(&api->hub);
}

void lw_api_free(lw_api *api)
{
    if (api == NULL) {
        return;
    }
    lw_api_stop(api);
    hub_fini(&api->hub);
    credentials_fini(&api->credentials);
    tokens_fini(&api->tokens);
    for (size_t i = 0; i < api->engine_model_count; i++) {
        models_drop(api->engine_models[i]);
    }
    models_fini(&api->models);
    watches_fini(&api->watches);
    for (size_t i = 0; api->listen != NULL && api->listen[i] != NULL; i++) {
        free(api->listen[i]);
    }
    free(api->listen);
    free(api->engine_models);
    free(api->shards);
    api_router_free(api->router);
    free(api);
}
