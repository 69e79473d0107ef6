/* One call to the interface, for those who serve it: its parameters, who calls, and how it is
 * answered. Internal to src/api.
 */
#ifndef LW_API_CALL_H
#define LW_API_CALL_H

#include <jansson.h>

#include "api/api.h"
#include "api/ask.h"
#include "api/credentials.h"
#include "api/models.h"
#include "api/out.h"
#include "api/requests.h"
#include "api/route.h"
#include "api/stream.h"
#include "api/tokens.h"
#include "http/http.h"

/* Kinds of problems: name, status, title. The table of api/openapi.yaml. */
#define API_PROBLEM_LIST(X)                                                         \
    X(MALFORMED, "malformed", 400, "The message cannot be read")                    \
    X(UNAUTHORIZED, "unauthorized", 401, "A valid token is needed")                 \
    X(FORBIDDEN, "forbidden", 403, "This is not allowed")                           \
    X(NOT_FOUND, "not-found", 404, "There is no such thing")                        \
    X(METHOD, "method-not-allowed", 405, "This method is not offered here")         \
    X(OFFLINE, "device-offline", 409, "The device is not registered")               \
    X(REFUSED, "device-refused", 409, "The device answered with an error")          \
    X(NOT_POSSIBLE, "not-possible", 409, "This is not possible")                    \
    X(EXISTS, "exists", 409, "It is there already")                                 \
    X(CANCELED, "canceled", 409, "The request was cancelled")                       \
    X(TOO_LARGE, "too-large", 413, "The body is too large")                         \
    X(MEDIA_TYPE, "unsupported-media-type", 415, "The body has another media type") \
    X(INVALID, "invalid", 422, "The body makes no sense here")                      \
    X(QUEUE_FULL, "queue-full", 429, "Too many are waiting")                        \
    X(INTERNAL, "internal", 500, "The server failed")                               \
    X(BUSY, "busy", 503, "The server has too much to do")                           \
    X(STORE, "store", 503, "Nothing can be kept at the moment")                     \
    X(TIMEOUT, "device-timeout", 504, "The device did not answer")

typedef enum api_problem {
#define API_PROBLEM_ENUM(id, name, status, title) API_##id,
    API_PROBLEM_LIST(API_PROBLEM_ENUM)
#undef API_PROBLEM_ENUM
} api_problem;

struct api_call {
    struct lw_api *api;
    lw_http_call *http;
    const api_route *route; /* NULL: none was found */
    api_arg args[API_ARGS_MAX];
    api_role role;
    char token[TOKEN_NAME_MAX + 1]; /* "" : none was needed */
    json_t *json;                   /* the body; NULL: none was sent, or it is no JSON */

    api_ask *ask;                               /* what is waited for */
    void (*resumed)(api_call *call, void *ask); /* called when it is there, or in time */
    api_stream *stream;
    watch *watch;
};

/* ---- Parameters: by name, one that the route has -------------------------------------------- */

const api_arg *call_arg(const api_call *call, const char *name);
lw_bytes call_text(const api_call *call, const char *name); /* empty: not given */
int64_t call_number(const api_call *call, const char *name, int64_t otherwise);
bool call_flag(const api_call *call, const char *name);
/* A path parameter "3/0/9". False: it is none, and that was answered. */
bool call_path(api_call *call, const char *name, lw_path *out_path);

/* ---- Answers -------------------------------------------------------------------------------- */

/* Takes the text of `o`. */
void call_answer(api_call *call, unsigned status, json_out *o);
void call_answer_empty(api_call *call); /* 204 */

__attribute__((format(printf, 3, 4))) void call_problem(api_call *call, api_problem problem,
                                                        const char *format, ...);
/* 422 with one fault. */
void call_invalid(api_call *call, const char *pointer, const char *detail);
/* With further members, which are there as "name":value, … */
void call_problem_with(api_call *call, api_problem problem, const char *detail,
                       const json_out *members);
/* The members of a problem document. */
void problem_members(json_out *o, api_problem problem, const char *detail);
/* What an error of the store or of a task means: 503 or 500. */
void call_failed(api_call *call, lw_err err);

/* ---- The store ------------------------------------------------------------------------------ */

/* Puts or removes a document and waits until that is durable. */
LW_MUST_CHECK lw_err store_put(lw_store *store, lw_row_kind kind, lw_bytes key, lw_bytes text);
LW_MUST_CHECK lw_err store_remove(lw_store *store, lw_row_kind kind, lw_bytes key);

/* ---- The whole ------------------------------------------------------------------------------ */

struct lw_api {
    lw_api_cfg cfg;
    lw_api_shard *shards;
    size_t shard_count;
    models_set **engine_models; /* what each shard's engine uses; touched on its thread */
    size_t engine_model_count;
    models models;
    tokens tokens;
    credentials credentials;
    watches watches;
    hub hub;
    api_router *router;
    lw_http *http;
    char **listen; /* ended by NULL */
    lw_time started_at;
    atomic_ullong answers[6]; /* by class of status; 0: none */
};

const lw_api_shard *api_shard_of(const lw_api *api, lw_bytes endpoint);

/* Has the engines take the definitions that are in force now. */
void api_publish_models(lw_api *api);

__attribute__((format(printf, 3, 4))) void api_log(const lw_api *api, int level, const char *format,
                                                   ...);

#endif
