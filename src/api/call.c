#include "api/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

/* ---- Parameters ----------------------------------------------------------------------------- */

const api_arg *call_arg(const api_call *call, const char *name)
{
    size_t i = 0;
    while (strcmp(call->route->params[i].name, name) != 0) {
        i++;
        lw_assert(i < call->route->param_count);
    }
    return &call->args[i];
}

lw_bytes call_text(const api_call *call, const char *name)
{
    return call_arg(call, name)->text;
}

int64_t call_number(const api_call *call, const char *name, int64_t otherwise)
{
    const api_arg *arg = call_arg(call, name);
    return arg->is_given ? arg->number : otherwise;
}

bool call_flag(const api_call *call, const char *name)
{
    return call_number(call, name, 0) != 0;
}

bool call_path(api_call *call, const char *name, lw_path *out_path)
{
    char text[LW_PATH_TEXT_MAX + 1] = "/";
    lw_bytes given = call_text(call, name);
    lw_err err = given.len < LW_PATH_TEXT_MAX ? LW_OK : LW_EFORMAT;
    if (err == LW_OK) {
        memcpy(text + 1, given.ptr, given.len);
        err = lw_path_parse(lw_bytes_of(text, given.len + 1), out_path);
    }
    if (err != LW_OK || lw_path_is_chosen(*out_path)) {
        call_problem(call, API_MALFORMED,
                     "%s must be ids up to 65534 without leading zeros, such as 3/0/9", name);
        return false;
    }
    return true;
}

/* ---- Answers -------------------------------------------------------------------------------- */

void call_answer(api_call *call, unsigned status, json_out *o)
{
    if (o->failed) {
        out_fini(o);
        lw_http_answer(call->http, 500, NULL, lw_bytes_of(NULL, 0));
        return;
    }
    lw_http_answer_take(call->http, status, "application/json", o->text, o->len);
    *o = (json_out){.text = NULL};
}

void call_answer_empty(api_call *call)
{
    lw_http_answer(call->http, 204, NULL, lw_bytes_of(NULL, 0));
}

static const struct {
    const char *name;
    unsigned status;
    const char *title;
} problems[] = {
#define API_PROBLEM_ROW(id, name, status, title) {name, status, title},
    API_PROBLEM_LIST(API_PROBLEM_ROW)
#undef API_PROBLEM_ROW
};

void problem_members(json_out *o, api_problem problem, const char *detail)
{
    char type[64];
    snprintf(type, sizeof type, "urn:lapwing:problem:%s", problems[problem].name);
    out_str(o, "type", type);
    out_str(o, "title", problems[problem].title);
    out_uint(o, "status", problems[problem].status);
    if (detail[0] != '\0') {
        out_str(o, "detail", detail);
    }
}

void call_problem_with(api_call *call, api_problem problem, const char *detail,
                       const json_out *members)
{
    json_out o = {.text = NULL};
    unsigned status = problems[problem].status;
    out_object(&o, NULL);
    problem_members(&o, problem, detail);
    if (members->len > 0) {
        out_raw(&o, NULL, lw_bytes_of(members->text, members->len));
    }
    out_end(&o, '}');
    if (o.failed || members->failed) {
        out_fini(&o);
        lw_http_answer(call->http, 500, NULL, lw_bytes_of(NULL, 0));
        return;
    }
    if (status == 401) {
        lw_http_add_header(call->http, "WWW-Authenticate", "Bearer realm=\"lapwing\"");
    } else if (status == 429 || status == 503) {
        lw_http_add_header(call->http, "Retry-After", "1");
    }
    lw_http_answer_take(call->http, status, "application/problem+json", o.text, o.len);
}

void call_problem(api_call *call, api_problem problem, const char *format, ...)
{
    char detail[400];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    call_problem_with(call, problem, detail, &(json_out){.text = NULL});
}

void call_invalid(api_call *call, const char *pointer, const char *detail)
{
    json_out o = {.text = NULL};
    out_array(&o, "errors");
    out_object(&o, NULL);
    out_str(&o, "detail", detail);
    out_str(&o, "pointer", pointer);
    out_end(&o, '}');
    out_end(&o, ']');
    call_problem_with(call, API_INVALID, "", &o);
    out_fini(&o);
}

void call_failed(api_call *call, lw_err err)
{
    lw_store *store = call->api->cfg.store;
    lw_store_health health;
    switch (err) {
    case LW_EIO:
        health = store->ops->health(store);
        call_problem(call, API_STORE, "nothing can be kept: %s",
                     health.why != NULL && health.why[0] != '\0' ? health.why : lw_err_text(err));
        break;
    case LW_ENOMEM:
        call_problem(call, API_BUSY, "%s", lw_err_text(err));
        break;
    default:
        call_problem(call, API_INTERNAL, "%s", lw_err_text(err));
    }
}

/* ---- The store ------------------------------------------------------------------------------ */

static lw_err wait_for(lw_store *store, lw_err err, lw_ticket ticket)
{
    return err == LW_OK ? store->ops->wait(store, ticket) : err;
}

lw_err store_put(lw_store *store, lw_row_kind kind, lw_bytes key, lw_bytes text)
{
    lw_row row = {.kind = (uint8_t)kind, .as.document = {key, text}};
    lw_ticket ticket = 0;
    lw_err err = store->ops->put(store, &row, LW_URGENT, &ticket);
    return wait_for(store, err, ticket);
}

lw_err store_remove(lw_store *store, lw_row_kind kind, lw_bytes key)
{
    lw_row row = {.kind = (uint8_t)kind, .as.document.key = key};
    lw_ticket ticket = 0;
    lw_err err = store->ops->remove(store, &row, LW_URGENT, &ticket);
    return wait_for(store, err, ticket);
}
