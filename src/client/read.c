#include "client/serve.h"

/* Computed values may change while they are encoded, which the encoder notices. */
#define ENCODE_TRIES 3

lw_err lw_reply_values(lw_coap_reply *reply, const lw_format *format, const lw_readable *readable)
{
    lw_source source = lw_readable_source(readable);
    lw_encode_cfg cfg = {.base = lw_readable_base(readable)};
    lw_writer *out = &reply->payload;
    lw_err err = LW_ESTATE;
    for (int i = 0; i < ENCODE_TRIES && err == LW_ESTATE; i++) {
        lw_writer_init_window(out, out->buf, out->cap, out->from); /* from the start */
        err = lw_encode(format, &source, &cfg, out);
    }
    lw_coap_put_uint(&reply->options, LW_COAP_OPT_CONTENT_FORMAT, format->id);
    if (err == LW_OK || err == LW_ENOTSUP) {
        return err;
    }
    return err == LW_ESTATE ? LW_ENOMEM : LW_EIO;
}

/* DM-16: one value is asked for, and there is none now. */
static lw_err check_value(const lw_call *call)
{
    lw_value value;
    return call->single ? lw_place_get(&call->target, &value) : LW_OK;
}

lw_err lw_answer_values(const lw_call *call)
{
    lw_err err = check_value(call);
    return err == LW_OK ? lw_reply_values(call->reply, call->answer, &call->values) : err;
}

lw_err lw_serve_read(const lw_call *call)
{
    return lw_answer_values(call);
}
