/* GET /v1/events. */
#include "api/call.h"
#include "api/gen/routes.h"
#include "base/num.h"

static size_t read_stream(lw_http_call *http, char *out, size_t cap)
{
    api_call *call = http->user;
    return stream_read(call->stream, http->stopping, out, cap);
}

void api_serve_stream_events(api_call *call)
{
    stream_filter filter = {.device = call_text(call, "device")};
    const api_arg *header = call_arg(call, "Last-Event-ID");
    const api_arg *query = call_arg(call, "after");
    uint64_t after = query->is_given ? (uint64_t)query->number : 0;
    bool is_full;
    if (call_text(call, "type").len > 0 && !stream_types(call_text(call, "type"), &filter.types)) {
        call_problem(call, API_MALFORMED, "there is an unknown type of event among these");
        return;
    }
    /* The header is what a reader saw last; the parameter, where it began. */
    if (header->is_given && lw_num_parse_uint64(header->text, &after) != LW_OK) {
        call_problem(call, API_MALFORMED, "Last-Event-ID is no id of an event");
        return;
    }
    call->stream = stream_open(&call->api->hub, call->http, &filter,
                               header->is_given || query->is_given, after, &is_full);
    if (call->stream == NULL) {
        call_problem(call, API_BUSY, is_full ? "there are too many readers" : "out of memory");
        return;
    }
    lw_http_answer_stream(call->http, "text/event-stream", read_stream);
}
