/* Recorded values: what devices said and when. Read from the store, without the engine. */
#include "api/answer.h"
#include "api/call.h"
#include "api/gen/routes.h"

typedef struct reading {
    json_out *o;
    view view;
    uint32_t limit, count;
    bool more;
} reading;

static bool write_value(void *ctx, const lw_row *row)
{
    static const char *const sources[] = {
        [LW_VALUE_NOTIFIED] = "notification",
        [LW_VALUE_SENT] = "send",
        [LW_VALUE_READ] = "read",
    };
    reading *r = ctx;
    const lw_row_value *value = &row->as.value;
    if (r->count == r->limit) {
        r->more = true;
        return false;
    }
    r->count++;
    out_object(r->o, NULL);
    answer_value_members(r->o, &r->view, value->path, value->value, &value->at);
    out_time(r->o, "received_at", value->received_at);
    out_str(r->o, "source", sources[value->source <= LW_VALUE_READ ? value->source : 0]);
    out_end(r->o, '}');
    return true;
}

static bool ignore_row(void *ctx, const lw_row *row)
{
    (void)ctx, (void)row;
    return false;
}

void api_serve_get_history(api_call *call)
{
    lw_store *store = call->api->cfg.store;
    lw_path path;
    if (!call_path(call, "path", &path)) {
        return;
    }
    lw_values_query query = {
        .endpoint = call_text(call, "endpoint"),
        .path = path,
        .from = call_number(call, "from", INT64_MIN),
        .to = call_number(call, "to", INT64_MAX),
        .newest_first = lw_bytes_is(call_text(call, "order"), "newest"),
        .step = call_number(call, "step", 0) * 1000,
    };
    json_out o = {.text = NULL};
    reading r = {.o = &o, .limit = (uint32_t)call_number(call, "limit", 1000)};
    lw_row key = {.kind = LW_ROW_DEVICE, .as.device.endpoint = query.endpoint};
    query.limit = r.limit + 1;
    lw_err err = store->ops->get(store, &key, ignore_row, NULL);
    if (err == LW_ENOTFOUND) {
        call_problem(call, API_NOT_FOUND, "no device of that name was ever registered here");
        return;
    }
    r.view.models = models_hold(&call->api->models);
    out_object(&o, NULL);
    out_array(&o, "items");
    err = err == LW_OK ? store->ops->values(store, &query, write_value, &r) : err;
    out_end(&o, ']');
    out_bool(&o, "more", r.more);
    out_end(&o, '}');
    models_drop(r.view.models);
    if (err != LW_OK) {
        out_fini(&o);
        call_failed(call, err);
        return;
    }
    call_answer(call, 200, &o);
}
