/* GET /v1/events. */
#include "api/call.h"
#include "api/gen/routes.h"
#include "base/num.h"

_Static_assert(STREAM_END == LW_HTTP_STREAM_END, "what ends a stream ends its answer");

static size_t read_stream(lw_http_call *http, char *out, size_t cap)
{
    api_call *call = http->user;
    return stream_read(call->stream, http->stopping, out, cap);
}

static void wake(void *ctx)
{
    lw_http_resume(ctx);
}

void api_serve_stream_events(api_call *call)
{
    stream_cfg cfg = {.device = call_text(call, "device"), .wake = wake, .ctx = call->http};
    const api_arg *header = call_arg(call, "Last-Event-ID");
    const api_arg *query = call_arg(call, "after");
    bool is_full;
    if (call_text(call, "type").len > 0 && !stream_types(call_text(call, "type"), &cfg.types)) {
        call_problem(call, API_MALFORMED, "there is an unknown type of event among these");
        return;
    }
    cfg.has_after = header->is_given || query->is_given;
    cfg.after = query->is_given ? (uint64_t)query->number : 0;
    /* The header is what a reader saw last; the parameter, where it began. */
    if (header->is_given && lw_num_parse_uint64(header->text, &cfg.after) != LW_OK) {
        call_problem(call, API_MALFORMED, "Last-Event-ID is no id of an event");
        return;
    }
    call->stream = stream_open(&call->api->hub, &cfg, &is_full);
    if (call->stream == NULL) {
        call_problem(call, API_BUSY, is_full ? "there are too many readers" : "out of memory");
        return;
    }
    lw_http_answer_stream(call->http, "text/event-stream", read_stream);
}
