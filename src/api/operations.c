/* Operations: Read, Write, Execute, Create, Delete, Discover, attributes, composites.
 *
 * Two questions to the engine: which objects has the device (values are typed by their
 * definitions), then the operation itself. The second may end in three ways: the device answers; it
 * sleeps, and the request waits in the queue; or it is refused before it is sent.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/body.h"
#include "api/call.h"
#include "api/gen/routes.h"
#include "api/objects.h"
#include "api/result.h"
#include "codec/format.h"

#define NO_DEPTH 255u

typedef struct operation {
    api_ask ask;
    models_set *models;
    api_objects *objects;
    char endpoint[256 * 4];
    size_t endpoint_len;

    lw_server_request request; /* body and arguments point into `body` */
    body body;
    unsigned wait_s;

    /* Under ask.lock until it is done: */
    bool is_queued;
    bool wait_begun;
    uint64_t id;
    lw_err err;              /* of lw_server_submit, or of keeping it in the queue */
    bool was_refused;        /* err is the whole result */
    bool is_known;           /* the device */
    lw_server_result result; /* payload is from malloc */
} operation;

static void operation_fini(api_ask *ask)
{
    operation *w = (operation *)ask;
    models_drop(w->models);
    free(w->objects);
    body_fini(&w->body);
    union {
        const uint8_t *in;
        void *out;
    } payload = {.in = w->result.payload.ptr};
    free(payload.out);
}

/* ---- On the engine's thread ----------------------------------------------------------------- */

static void on_queued(void *ctx, uint64_t id, lw_err err)
{
    operation *w = ctx;
    pthread_mutex_lock(&w->ask.lock);
    w->is_queued = err == LW_OK;
    w->id = id;
    pthread_mutex_unlock(&w->ask.lock);
    ask_poke(&w->ask); /* if it could not be kept, on_end follows */
}

static void on_end(void *ctx, const lw_server_result *r)
{
    operation *w = ctx;
    uint8_t *copy = NULL;
    if (r->payload.len > 0) {
        copy = malloc(r->payload.len);
        if (copy != NULL) {
            memcpy(copy, r->payload.ptr, r->payload.len);
        }
    }
    pthread_mutex_lock(&w->ask.lock);
    w->result = *r;
    w->result.payload = lw_bytes_of(copy, copy != NULL ? r->payload.len : 0);
    w->result.endpoint = lw_bytes_of(w->endpoint, w->endpoint_len);
    pthread_mutex_unlock(&w->ask.lock);
    ask_done(&w->ask);
}

static void submit_run(api_ask *ask)
{
    operation *w = (operation *)ask;
    w->request.endpoint = lw_bytes_of(w->endpoint, w->endpoint_len);
    w->request.on_queued = on_queued;
    w->request.on_end = on_end;
    w->request.ctx = w;
    uint64_t id = 0;
    lw_err err =
        lw_server_submit(ask->shard->server, lw_loop_now(ask->shard->loop), &w->request, &id);
    if (err != LW_OK) {
        w->err = err;
        w->was_refused = true;
        ask_done(ask);
    }
}

static void objects_run(api_ask *ask)
{
    operation *w = (operation *)ask;
    lw_server_device device;
    w->is_known = lw_server_get(ask->shard->server, lw_bytes_of(w->endpoint, w->endpoint_len),
                                &device) == LW_OK;
    w->objects = w->is_known ? objects_of(ask->shard->server, device.row.endpoint) : NULL;
    ask_done(ask);
}

/* ---- Its end -------------------------------------------------------------------------------- */

static view view_of(const operation *w)
{
    return (view){w->models, w->objects};
}

/* What the engine misses in path and body. */
static const char *misfit_of(uint8_t op)
{
    switch (op) {
    case LW_OP_DISCOVER:
        return "a Discover goes to an object, an instance or a resource";
    case LW_OP_WRITE_ATTRIBUTES:
        return "an attribute does not go with this path or with another one: gt, lt and st are for "
               "a resource that is a number, edge for one that is a boolean; st is above 0, "
               "lt + 2 st below gt, epmin below epmax";
    case LW_OP_EXECUTE:
        return "an Execute goes to a resource that its definition has for that";
    case LW_OP_DELETE:
        return "a Delete goes to an instance, or from LwM2M 1.2 on to an instance of a resource";
    default:
        return "by the definition of the object path and values do not go with this operation: "
               "only a multiple resource has instances";
    }
}

static void answer_unsupported(api_call *call, const operation *w)
{
    if (w->request.format != LW_CF_NONE) {
        call_problem(
            call, API_NOT_POSSIBLE,
            "the device's LwM2M version does not have this format, or it cannot carry what "
            "is asked for; without `format` the server chooses");
    } else {
        call_problem(call, API_NOT_POSSIBLE,
                     "the device's LwM2M version does not have this operation on such a path, or "
                     "no format that carries the values");
    }
}

static void answer_refused(api_call *call, const operation *w)
{
    switch (w->err) {
    case LW_ENOTFOUND:
        if (w->is_known) {
            call_problem(call, API_NOT_POSSIBLE,
                         "the device does not have this object; force=true asks it all the same");
        } else {
            call_problem(call, API_NOT_FOUND, "no device of that name was ever registered here");
        }
        break;
    case LW_ETOOBIG:
        call_problem(call, API_TOO_LARGE,
                     "the values are larger than a request may be (max-body of the server)");
        break;
    case LW_ESTATE:
        call_problem(call, API_OFFLINE,
                     "it is not registered; async=true keeps the request until it comes");
        break;
    case LW_ENOTSUP:
        answer_unsupported(call, w);
        break;
    case LW_EDENIED:
        call_problem(call, API_NOT_POSSIBLE,
                     "a server must not touch this object (Security, OSCORE)");
        break;
    case LW_EMETHOD:
    case LW_EINVAL:
    case LW_ETYPE:
    case LW_ERANGE:
    case LW_EFORMAT:
        call_problem(call, API_NOT_POSSIBLE, "%s; force=true asks the device all the same",
                     misfit_of(w->request.op));
        break;
    case LW_ENOMEM:
        call_problem(call, API_QUEUE_FULL, "too many requests wait for this device");
        break;
    default:
        call_failed(call, w->err);
    }
}

typedef struct kept_request {
    json_out json;
    view view;
} kept_request;

static bool write_kept(void *ctx, const lw_row *row)
{
    kept_request *k = ctx;
    result r;
    if (result_of_row(&row->as.request, &r)) {
        result_write_request(&k->json, NULL, &k->view, &r);
    }
    return true;
}

/* As GET /v1/requests/{id} has it, from the row that is durable now. */
static void answer_queued(api_call *call, const operation *w)
{
    lw_store *store = call->api->cfg.store;
    lw_row key = {.kind = LW_ROW_REQUEST, .as.request.id = w->id};
    kept_request k = {.view = view_of(w)};
    lw_err err = store->ops->get(store, &key, write_kept, &k);
    if (err != LW_OK || k.json.len == 0) { /* it waits all the same */
        result r = {.r = {.id = w->id,
                          .state = LW_REQUEST_QUEUED,
                          .op = w->request.op,
                          .path = w->request.path,
                          .endpoint = lw_bytes_of(w->endpoint, w->endpoint_len)}};
        result_write_request(&k.json, NULL, &k.view, &r);
    }
    char location[48];
    snprintf(location, sizeof location, "/v1/requests/%llu", (unsigned long long)w->id);
    lw_http_add_header(call->http, "Location", location);
    call_answer(call, 202, &k.json);
}

static void submit_resumed(api_call *call, void *ask)
{
    operation *w = ask;
    pthread_mutex_lock(&w->ask.lock);
    bool is_done = w->ask.done;
    bool is_queued = w->is_queued;
    pthread_mutex_unlock(&w->ask.lock);
    if (is_done) {
        view v = view_of(w);
        if (w->was_refused) {
            answer_refused(call, w);
        } else {
            result_answer(call, &v, &w->result);
        }
    } else if (!is_queued && call->http->stopping) {
        call_problem(call, API_BUSY, "the server stops; the device may still do it");
    } else if (!is_queued) {
        lw_http_wait(call->http, 0);
    } else if (w->wait_s == 0 || call->http->timed_out || call->http->stopping) {
        answer_queued(call, w);
    } else {
        lw_http_wait(call->http, w->wait_s);
    }
}

/* ---- Its start ------------------------------------------------------------------------------ */

typedef bool read_body_fn(api_call *call, operation *w);

/* What is left to do once the device's objects are known. */
static void submit(api_call *call, operation *w, read_body_fn *read_body)
{
    if (!w->is_known) {
        w->err = LW_ENOTFOUND;
        answer_refused(call, w);
        return;
    }
    view v = view_of(w);
    w->body.type_of = view_type_of;
    w->body.ctx = &v;
    if (read_body != NULL && !read_body(call, w)) {
        call_invalid(call, w->body.pointer, w->body.why);
        return;
    }
    atomic_fetch_add(&w->ask.holders, 1); /* ask_leave gives back the call's, ask_start takes it */
    const lw_api_shard *shard = w->ask.shard;
    ask_leave(call);
    w->ask.run = submit_run;
    w->ask.peeks = true;
    ask_start(call, w, shard, submit_resumed);
}

/* Fills in what all operations have in common, and asks for the device's objects. NULL: that was
 * answered. The path is empty for composites. */
static operation *operation_new(api_call *call, lw_op op)
{
    operation *w = ask_new(sizeof *w, objects_run, operation_fini);
    lw_bytes endpoint = call_text(call, "endpoint");
    if (w == NULL) {
        call_failed(call, LW_ENOMEM);
        return NULL;
    }
    memcpy(w->endpoint, endpoint.ptr, endpoint.len);
    w->endpoint_len = endpoint.len;
    w->models = models_hold(&call->api->models);
    w->wait_s = (unsigned)call_number(call, "wait", 0);
    w->request = (lw_server_request){
        .op = (uint8_t)op,
        .path = lw_path_root(),
        .format = LW_CF_NONE,
        .depth = NO_DEPTH,
        .when = call_flag(call, "async") ? LW_WHEN_QUEUED : LW_WHEN_AWAKE,
        .force = call_flag(call, "force"),
        .timeout_ms = (uint32_t)call_number(call, "timeout", 0) * 1000,
        .queue_s = (uint32_t)call_number(call, "expires", 0),
    };
    return w;
}

static void start(api_call *call, operation *w, void (*resumed)(api_call *call, void *ask))
{
    ask_start(call, w, api_shard_of(call->api, lw_bytes_of(w->endpoint, w->endpoint_len)), resumed);
}

/* One with a path; NULL: that was answered. */
static operation *operation_at(api_call *call, lw_op op)
{
    lw_path path;
    operation *w = call_path(call, "path", &path) ? operation_new(call, op) : NULL;
    if (w != NULL) {
        w->request.path = path;
    }
    return w;
}

static void submit_without_body(api_call *call, void *ask)
{
    submit(call, ask, NULL);
}

void api_serve_read(api_call *call)
{
    operation *w = operation_at(call, LW_OP_READ);
    if (w != NULL) {
        w->request.format = format_of_name(call_text(call, "format"));
        start(call, w, submit_without_body);
    }
}

void api_serve_delete(api_call *call)
{
    operation *w = operation_at(call, LW_OP_DELETE);
    if (w != NULL) {
        start(call, w, submit_without_body);
    }
}

void api_serve_discover(api_call *call)
{
    operation *w = operation_at(call, LW_OP_DISCOVER);
    if (w != NULL) {
        w->request.depth = (uint8_t)call_number(call, "depth", NO_DEPTH);
        start(call, w, submit_without_body);
    }
}

/* ---- With a body ---------------------------------------------------------------------------- */

static bool read_write(api_call *call, operation *w)
{
    bool is_read = body_read_write(&w->body, call->json, w->request.path);
    w->request.body = w->body.encoded;
    return is_read;
}

static void submit_write(api_call *call, void *ask)
{
    submit(call, ask, read_write);
}

static void serve_write(api_call *call, lw_op op)
{
    operation *w = operation_at(call, op);
    if (w != NULL) {
        w->request.format = format_of_name(call_text(call, "format"));
        start(call, w, submit_write);
    }
}

void api_serve_write(api_call *call)
{
    serve_write(call, LW_OP_WRITE);
}

void api_serve_write_partial(api_call *call)
{
    serve_write(call, LW_OP_WRITE_PARTIAL);
}

static bool read_post(api_call *call, operation *w)
{
    if (w->request.op == LW_OP_EXECUTE) {
        bool is_read = call->json == NULL || body_read_arguments(&w->body, call->json);
        w->request.arguments = w->body.encoded;
        return is_read;
    }
    bool is_read = body_read_create(&w->body, call->json, w->request.path);
    w->request.body = w->body.encoded;
    /* Create goes to the object; the instance is in the values' names. Without values nothing
     * would name it, and the device chooses. */
    w->request.path = lw_path_cut(w->request.path, LW_LEVEL_OBJECT);
    return is_read;
}

static void submit_post(api_call *call, void *ask)
{
    submit(call, ask, read_post);
}

void api_serve_execute_or_create(api_call *call)
{
    lw_path path;
    if (!call_path(call, "path", &path)) {
        return;
    }
    if (lw_path_depth(path) == LW_LEVEL_RESOURCE_INSTANCE) {
        call_problem(call, API_MALFORMED, "POST goes to a resource, an object, or an instance");
        return;
    }
    bool is_execute = lw_path_depth(path) == LW_LEVEL_RESOURCE;
    if (!is_execute && call->json == NULL) {
        call_invalid(call, "", "a Create needs the resources of the instance; {} for none");
        return;
    }
    operation *w = operation_new(call, is_execute ? LW_OP_EXECUTE : LW_OP_CREATE);
    if (w != NULL) {
        w->request.path = path;
        w->request.format = format_of_name(call_text(call, "format"));
        start(call, w, submit_post);
    }
}

static bool read_attributes(api_call *call, operation *w)
{
    bool is_read = body_read_attributes(&w->body, call->json, true);
    w->request.arguments = w->body.encoded;
    return is_read;
}

static void submit_attributes(api_call *call, void *ask)
{
    submit(call, ask, read_attributes);
}

void api_serve_write_attributes(api_call *call)
{
    operation *w = operation_at(call, LW_OP_WRITE_ATTRIBUTES);
    if (w != NULL) {
        start(call, w, submit_attributes);
    }
}

static bool read_composite(api_call *call, operation *w)
{
    bool is_read = w->request.op == LW_OP_READ_COMPOSITE ? body_read_paths(&w->body, call->json)
                                                         : body_read_values(&w->body, call->json);
    w->request.body = w->body.encoded;
    return is_read;
}

static void submit_composite(api_call *call, void *ask)
{
    submit(call, ask, read_composite);
}

static void serve_composite(api_call *call, lw_op op)
{
    operation *w = operation_new(call, op);
    if (w != NULL) {
        w->request.format = format_of_name(call_text(call, "format"));
        start(call, w, submit_composite);
    }
}

void api_serve_read_composite(api_call *call)
{
    serve_composite(call, LW_OP_READ_COMPOSITE);
}

void api_serve_write_composite(api_call *call)
{
    serve_composite(call, LW_OP_WRITE_COMPOSITE);
}
