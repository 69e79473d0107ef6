#include "api/result.h"

#include "coap/code.h"
#include "codec/format.h"

static const char *const state_words[] = {
    [LW_REQUEST_QUEUED] = "queued",   [LW_REQUEST_SENT] = "sent",
    [LW_REQUEST_DONE] = "done",       [LW_REQUEST_FAILED] = "failed",
    [LW_REQUEST_EXPIRED] = "expired", [LW_REQUEST_CANCELED] = "canceled",
    [LW_REQUEST_UNKNOWN] = "unknown",
};

static const char *operation_word(uint8_t op)
{
    switch (op) {
    case LW_OP_READ:
        return "read";
    case LW_OP_DISCOVER:
        return "discover";
    case LW_OP_WRITE:
        return "write";
    case LW_OP_WRITE_PARTIAL:
        return "write_partial";
    case LW_OP_WRITE_ATTRIBUTES:
        return "write_attributes";
    case LW_OP_EXECUTE:
        return "execute";
    case LW_OP_CREATE:
        return "create";
    case LW_OP_DELETE:
        return "delete";
    case LW_OP_READ_COMPOSITE:
        return "read_composite";
    case LW_OP_WRITE_COMPOSITE:
        return "write_composite";
    default:
        return NULL;
    }
}

bool result_of_row(const lw_row_request *row, result *out_result)
{
    *out_result = (result){
        .r = {.id = row->id,
              .state = row->state,
              .op = row->op,
              .err = lw_row_err_of(row->err),
              .code = row->code,
              .format = row->answer_format,
              .payload = row->answer,
              .endpoint = row->endpoint,
              .at = row->ended_at},
        .created_at = row->created_at,
        .expires_at = row->expires_at,
    };
    return row->state <= LW_REQUEST_UNKNOWN && operation_word(row->op) != NULL &&
           lw_path_parse(row->path, &out_result->r.path) == LW_OK;
}

bool result_has_ended(const lw_server_result *r)
{
    return r->state != LW_REQUEST_QUEUED && r->state != LW_REQUEST_SENT;
}

bool result_is_good(const lw_server_result *r)
{
    return r->state == LW_REQUEST_DONE && lw_coap_code_class(r->code) == 2;
}

/* ---- Answers -------------------------------------------------------------------------------- */

/* Composites name their paths themselves. */
static lw_path base_of(const lw_server_result *r)
{
    return r->op == LW_OP_READ_COMPOSITE || r->op == LW_OP_WRITE_COMPOSITE ? lw_path_root()
                                                                           : r->path;
}

static void answer_members(json_out *o, const view *v, const lw_server_result *r)
{
    out_code(o, "code", r->code);
    out_path(o, "path", base_of(r));
    if (r->op == LW_OP_DISCOVER) {
        answer_links(o, v, r->payload);
    } else if (r->op == LW_OP_READ || r->op == LW_OP_READ_COMPOSITE) {
        answer_payload(o, v, base_of(r), r->format, r->payload, r->at);
    }
}

static api_problem problem_of(const lw_server_result *r)
{
    switch (r->state) {
    case LW_REQUEST_DONE:
        return API_REFUSED;
    case LW_REQUEST_CANCELED:
        return API_CANCELED;
    case LW_REQUEST_EXPIRED:
    case LW_REQUEST_UNKNOWN:
        return API_TIMEOUT;
    default:
        break;
    }
    switch (r->err) {
    case LW_ETIMEOUT:
    case LW_ERESET:
        return API_TIMEOUT;
    case LW_ENOTSUP:
    case LW_EINVAL:
    case LW_EDENIED:
        return API_NOT_POSSIBLE;
    case LW_ENOMEM:
        return API_BUSY;
    case LW_EIO:
        return API_STORE;
    default:
        return API_OFFLINE;
    }
}

static const char *detail_of(const lw_server_result *r)
{
    switch (r->state) {
    case LW_REQUEST_DONE:
        return "the device answered with an error";
    case LW_REQUEST_EXPIRED:
        return "the device did not come in time";
    case LW_REQUEST_CANCELED:
        return "it was cancelled";
    case LW_REQUEST_UNKNOWN:
        return "it was on its way when the server went down, the registration ended or the "
               "device moved; whether the device did it is not known";
    default:
        break;
    }
    switch (r->err) {
    case LW_ETIMEOUT:
        return r->acked ? "the device took the message and did not answer in time"
                        : "nothing came back from the device";
    case LW_ERESET:
        return "the device rejected the message";
    case LW_ECANCELED:
        return "the registration ended before the device answered";
    default:
        return lw_err_text(r->err);
    }
}

/* The members that this problem has besides. */
static void write_cause(json_out *o, const lw_server_result *r)
{
    if (r->state == LW_REQUEST_DONE) {
        out_object(o, "coap");
        out_code(o, "code", r->code);
        out_str(o, "name", lw_coap_code_name(r->code));
        lw_bytes text = answer_diagnostic(r->payload);
        if (text.len > 0 && (r->format == LW_CF_TEXT || r->format == LW_CF_NONE)) {
            out_text(o, "text", text);
        }
        out_end(o, '}');
    } else if (r->err == LW_ETIMEOUT) {
        out_str(o, "timeout", r->acked ? "no-response" : "no-ack");
    }
}

static void write_progress(json_out *o, const lw_progress *p)
{
    out_object(o, "progress");
    out_uint(o, "sent", p->sent);
    out_uint(o, "sent_of", p->sent_of);
    out_uint(o, "received", p->received);
    if (p->received_of > 0) {
        out_uint(o, "received_of", p->received_of);
    }
    out_end(o, '}');
}

void result_write_request(json_out *o, const char *name, const view *v, const result *q)
{
    const lw_server_result *r = &q->r;
    char id[24];
    snprintf(id, sizeof id, "%llu", (unsigned long long)r->id);
    out_object(o, name);
    out_str(o, "id", id);
    out_text(o, "device", r->endpoint);
    out_str(o, "operation", operation_word(r->op));
    out_path(o, "path", r->path);
    out_str(o, "state", state_words[r->state]);
    if (q->created_at != 0) {
        out_time(o, "created_at", q->created_at);
    }
    if (q->expires_at != 0 && q->expires_at != LW_TIME_NEVER) {
        out_time(o, "expires_at", q->expires_at);
    }
    if (r->state == LW_REQUEST_SENT && r->progress.sent + r->progress.received > 0) {
        write_progress(o, &r->progress);
    }
    if (result_has_ended(r)) {
        out_time(o, "ended_at", r->at);
        if (result_is_good(r)) {
            out_object(o, "answer");
            answer_members(o, v, r);
        } else {
            out_object(o, "problem");
            problem_members(o, problem_of(r), detail_of(r));
            write_cause(o, r);
        }
        out_end(o, '}');
    }
    out_end(o, '}');
}

void result_answer(api_call *call, const view *v, const lw_server_result *r)
{
    json_out o = {.text = NULL};
    if (result_is_good(r)) {
        out_object(&o, NULL);
        answer_members(&o, v, r);
        out_end(&o, '}');
        call_answer(call, 200, &o);
        return;
    }
    if (problem_of(r) == API_STORE) {
        call_failed(call, LW_EIO);
        return;
    }
    write_cause(&o, r);
    call_problem_with(call, problem_of(r), detail_of(r), &o);
    out_fini(&o);
}
