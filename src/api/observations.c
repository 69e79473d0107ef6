/* Wishes to observe: what an operator wants to be told of, kept until it is withdrawn. */
#include <stdio.h>
#include <stdlib.h>

#include "api/answer.h"
#include "api/body.h"
#include "api/call.h"
#include "api/gen/routes.h"
#include "base/num.h"
#include "codec/format.h"
#include "model/attr.h"

#define TARGET_MAX 4096u
#define PATHS_MAX  64u

typedef struct wishes {
    api_ask ask;
    char endpoint[256 * 4];
    size_t endpoint_len;
    char target[TARGET_MAX + PATHS_MAX]; /* as lw_row_wish says it */
    size_t target_len;                   /* 0: all of the device */
    bool composite;
    body body; /* attributes */
    uint16_t format;
    bool found;
    json_out json;
} wishes;

static void wishes_fini(api_ask *ask)
{
    wishes *w = (wishes *)ask;
    body_fini(&w->body);
    out_fini(&w->json);
}

static lw_bytes endpoint_of(const wishes *w)
{
    return lw_bytes_of(w->endpoint, w->endpoint_len);
}

static lw_bytes target_of(const wishes *w)
{
    return lw_bytes_of(w->target, w->target_len);
}

/* ---- As JSON -------------------------------------------------------------------------------- */

/* "pmin=5&gt=1.5" with the values as they are: numbers, but flags are true and false. */
static void write_attributes(json_out *o, lw_bytes text)
{
    out_object(o, "attributes");
    while (text.ptr != NULL) {
        lw_bytes value = lw_bytes_cut(&text, '&');
        lw_bytes name = lw_bytes_cut(&value, '=');
        for (size_t i = 0; i < LW_ATTR_COUNT; i++) {
            const lw_attr_info *info = &lw_attr_table[i];
            if (!lw_bytes_is(name, info->name) || value.ptr == NULL) {
                continue;
            }
            if (info->syntax == LW_ATTR_SYNTAX_FLAG) {
                out_bool(o, info->name, lw_bytes_is(value, "1"));
            } else {
                lw_value number;
                if (lw_num_parse_value(value, &number) == LW_OK) {
                    out_value(o, info->name, number);
                }
            }
        }
    }
    out_end(o, '}');
}

static void write_wish(json_out *o, const lw_server_wish *wish)
{
    static const char *const states[] = {
        [LW_WISH_WAITING] = "waiting",
        [LW_WISH_ASKED] = "asked",
        [LW_WISH_ESTABLISHED] = "established",
        [LW_WISH_REFUSED] = "refused",
    };
    const lw_row_wish *row = &wish->row;
    lw_bytes target = row->target;
    const char *media_type = format_media_type(row->format);
    out_object(o, NULL);
    out_array(o, "paths");
    while (target.ptr != NULL) {
        out_text(o, NULL, lw_bytes_cut(&target, ' '));
    }
    out_end(o, ']');
    out_bool(o, "composite", row->composite);
    out_str(o, "state", states[wish->state]);
    if (wish->code != 0) {
        out_code(o, "code", wish->code);
    }
    if (wish->why != NULL) {
        out_str(o, "error", wish->why);
    }
    if (row->attributes.len > 0) {
        write_attributes(o, row->attributes);
    }
    if (media_type != NULL) {
        out_str(o, "format", media_type);
    }
    out_time(o, "created_at", row->created_at);
    if (wish->notified_at != 0) {
        out_time(o, "notified_at", wish->notified_at);
    }
    out_uint(o, "notifications", wish->notifications);
    out_end(o, '}');
}

/* ---- On the engine's thread ----------------------------------------------------------------- */

static void add_wish(void *ctx, const lw_server_wish *wish)
{
    wishes *w = ctx;
    if (w->target_len == 0 || lw_bytes_equal(wish->row.target, target_of(w))) {
        write_wish(&w->json, wish);
        w->found = true;
    }
}

static void look_run(api_ask *ask)
{
    wishes *w = (wishes *)ask;
    ask->err = lw_server_wishes(ask->shard->server, endpoint_of(w), add_wish, w);
    ask_done(ask);
}

static void kept(void *ctx, lw_err err)
{
    wishes *w = ctx;
    w->ask.err = err;
    if (err == LW_OK) {
        w->ask.err = lw_server_wishes(w->ask.shard->server, endpoint_of(w), add_wish, w);
    }
    ask_done(&w->ask);
}

static void observe_run(api_ask *ask)
{
    wishes *w = (wishes *)ask;
    lw_row_wish wish = {.endpoint = endpoint_of(w),
                        .target = target_of(w),
                        .composite = w->composite,
                        .attributes = w->body.encoded,
                        .format = w->format};
    lw_err err =
        lw_server_observe(ask->shard->server, lw_loop_now(ask->shard->loop), &wish, kept, w);
    if (err != LW_OK) {
        kept(w, err);
    }
}

static void withdrawn(void *ctx, lw_err err)
{
    wishes *w = ctx;
    w->ask.err = err;
    ask_done(&w->ask);
}

static void unobserve_run(api_ask *ask)
{
    wishes *w = (wishes *)ask;
    lw_err err = lw_server_unobserve(ask->shard->server, lw_loop_now(ask->shard->loop),
                                     endpoint_of(w), target_of(w), withdrawn, w);
    if (err != LW_OK) {
        withdrawn(w, err);
    }
}

/* ---- Answers -------------------------------------------------------------------------------- */

static void answer_failed(api_call *call, lw_err err)
{
    switch (err) {
    case LW_ENOTFOUND:
        call_problem(call, API_NOT_FOUND, "there is no such device, or no such observation");
        break;
    case LW_EINVAL:
    case LW_ENOTSUP:
        call_invalid(call, "", "these paths or attributes cannot be observed");
        break;
    case LW_ESTATE:
        call_problem(call, API_BUSY, "this observation is being changed; ask again in a moment");
        break;
    case LW_ENOMEM:
        call_problem(call, API_QUEUE_FULL, "there are too many observations of this device");
        break;
    default:
        call_failed(call, err);
    }
}

static void list_resumed(api_call *call, void *ask)
{
    wishes *w = ask;
    json_out o = {.text = NULL};
    if (w->ask.err != LW_OK) {
        answer_failed(call, w->ask.err);
        return;
    }
    out_object(&o, NULL);
    out_array(&o, "items");
    if (w->json.len > 0) {
        out_raw(&o, NULL, lw_bytes_of(w->json.text, w->json.len));
    }
    out_end(&o, ']');
    out_end(&o, '}');
    o.failed = o.failed || w->json.failed;
    call_answer(call, 200, &o);
}

static void one_resumed(api_call *call, void *ask)
{
    wishes *w = ask;
    if (w->ask.err != LW_OK || !w->found) {
        answer_failed(call, w->ask.err != LW_OK ? w->ask.err : LW_ENOTFOUND);
    } else {
        call_answer(call, 200, &w->json);
    }
}

static void gone_resumed(api_call *call, void *ask)
{
    lw_err err = ((wishes *)ask)->ask.err;
    if (err != LW_OK) {
        answer_failed(call, err);
    } else {
        call_answer_empty(call);
    }
}

/* ---- Targets -------------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
    return lw_path_compare(*(const lw_path *)a, *(const lw_path *)b);
}

/* "3/0/9,3/0/13" as the engine wants it: sorted, with slashes in front and blanks between. False:
 * that was answered. */
static bool read_target(api_call *call, wishes *w)
{
    lw_bytes text = call_text(call, "paths");
    lw_path paths[PATHS_MAX];
    size_t count = 0;
    while (text.ptr != NULL) {
        char path[LW_PATH_TEXT_MAX + 1] = "/";
        lw_bytes part = lw_bytes_cut(&text, ',');
        if (count == PATHS_MAX || part.len >= LW_PATH_TEXT_MAX) {
            call_problem(call, API_MALFORMED, "there may be %u paths", PATHS_MAX);
            return false;
        }
        memcpy(path + 1, part.ptr, part.len);
        if (lw_path_parse(lw_bytes_of(path, part.len + 1), &paths[count++]) != LW_OK) {
            call_problem(call, API_MALFORMED, "%.*s is no path", (int)part.len,
                         (const char *)part.ptr);
            return false;
        }
    }
    qsort(paths, count, sizeof *paths, by_path);
    w->composite = count > 1;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            w->target[w->target_len++] = ' ';
        }
        w->target_len += lw_path_format(paths[i], w->target + w->target_len);
    }
    return true;
}

/* What all have in common; NULL: that was answered. */
static wishes *wishes_new(api_call *call, bool has_target, void (*run)(api_ask *ask))
{
    wishes *w = ask_new(sizeof *w, run, wishes_fini);
    lw_bytes endpoint = call_text(call, "endpoint");
    if (w == NULL) {
        call_failed(call, LW_ENOMEM);
        return NULL;
    }
    memcpy(w->endpoint, endpoint.ptr, endpoint.len);
    w->endpoint_len = endpoint.len;
    w->format = LW_CF_NONE;
    if (has_target && !read_target(call, w)) {
        ask_drop(&w->ask);
        return NULL;
    }
    return w;
}

static void start(api_call *call, wishes *w, void (*resumed)(api_call *call, void *ask))
{
    if (w != NULL) {
        ask_start(call, w, api_shard_of(call->api, endpoint_of(w)), resumed);
    }
}

/* ---- Routes --------------------------------------------------------------------------------- */

void api_serve_list_observations(api_call *call)
{
    start(call, wishes_new(call, false, look_run), list_resumed);
}

void api_serve_get_observation(api_call *call)
{
    start(call, wishes_new(call, true, look_run), one_resumed);
}

void api_serve_unobserve(api_call *call)
{
    start(call, wishes_new(call, true, unobserve_run), gone_resumed);
}

/* The wish's body: attributes, format. False: that was answered. */
static bool read_wish(api_call *call, wishes *w)
{
    const char *name;
    json_t *item;
    if (call->json == NULL) {
        return true;
    }
    if (!json_is_object(call->json)) {
        call_invalid(call, "", "must be an object");
        return false;
    }
    json_object_foreach(call->json, name, item)
    {
        if (strcmp(name, "attributes") == 0) {
            if (!body_read_attributes(&w->body, item, false)) {
                char pointer[128];
                snprintf(pointer, sizeof pointer, "/attributes%s", w->body.pointer);
                call_invalid(call, pointer, w->body.why);
                return false;
            }
        } else if (strcmp(name, "format") == 0) {
            w->format =
                format_of_name(lw_bytes_str(json_is_string(item) ? json_string_value(item) : ""));
            if (w->format == LW_CF_NONE) {
                call_invalid(call, "/format", "must be the name of a format, such as senml-cbor");
                return false;
            }
        } else {
            call_invalid(call, "", "may have attributes and format, and nothing else");
            return false;
        }
    }
    return true;
}

void api_serve_observe(api_call *call)
{
    wishes *w = wishes_new(call, true, observe_run);
    if (w != NULL && !read_wish(call, w)) {
        ask_drop(&w->ask);
        return;
    }
    start(call, w, one_resumed);
}
