#include "net/stream.h"

#include "coap/exchange.h"
#include "net/link_priv.h"

#define SIGNAL_MAX 64u /* octets of options of a signal of ours */

static lw_net_stream *of_link(lw_net_link *link)
{
    return (lw_net_stream *)(void *)link;
}

/* ---- signals of ours ----------------------------------------------------------------------- */

typedef struct signal_out {
    uint8_t octets[LW_STREAM_HEADER_MAX + SIGNAL_MAX];
    lw_writer w;
    lw_coap_out out;
} signal_out;

static lw_coap_out *begin_signal(signal_out *s)
{
    lw_writer_init(&s->w, s->octets + LW_STREAM_HEADER_MAX, SIGNAL_MAX);
    lw_coap_begin_options(&s->out, &s->w);
    return &s->out;
}

static void send_signal(lw_net *net, lw_net_stream *stream, signal_out *s, uint8_t code,
                        lw_coap_token token)
{
    uint8_t head[LW_STREAM_HEADER_MAX];
    size_t len = lw_stream_header(stream->config.kind, code, token, s->w.pos, head);
    memcpy(s->w.buf - len, head, len);
    lw_net_send(net, &stream->link.coap, lw_bytes_of(s->w.buf - len, len + s->w.pos));
}

/* RFC 8323 section 5.6. The connection is closed by returning the error. The number of a critical
 * option is odd: 0 says that no option of a CSM was the reason. */
static lw_err abort_with(lw_net *net, lw_net_stream *stream, uint32_t bad_csm_option)
{
    signal_out s;
    lw_coap_out *out = begin_signal(&s);
    if (bad_csm_option != 0) {
        lw_signal_put_abort(out, bad_csm_option);
    }
    send_signal(net, stream, &s, LW_COAP_ABORT, (lw_coap_token){.len = 0});
    return LW_EPROTO;
}

/* ---- signals of the peer ------------------------------------------------------------------- */

static void on_csm(lw_net *net, lw_net_stream *stream, lw_time now, const lw_coap_msg *msg)
{
    lw_net_link *link = &stream->link;
    lw_signal_read_csm(msg->options, &stream->csm);
    link->coap.max_message = stream->csm.max_message_size;
    if (link->waits_for_csm) {
        link->waits_for_csm = false;
        link->own_deadline = LW_TIME_NEVER;
        lw_net_link_arm(net, link);
    }
    lw_net_link_open(net, link, now);
}

static void on_ping(lw_net *net, lw_net_stream *stream, const lw_coap_msg *msg)
{
    signal_out s;
    lw_coap_out *out = begin_signal(&s);
    if (lw_signal_read_custody(msg->options)) {
        lw_signal_put_custody(out); /* what came before has been processed */
    }
    send_signal(net, stream, &s, LW_COAP_PONG, msg->token);
}

static void on_pong(lw_net *net, lw_net_stream *stream, const lw_coap_msg *msg)
{
    if (lw_coap_same_token(&msg->token, &stream->ping)) {
        stream->link.own_deadline = LW_TIME_NEVER;
        lw_net_link_arm(net, &stream->link);
    }
}

static void on_release(lw_net *net, lw_net_stream *stream, lw_time now, const lw_coap_msg *msg)
{
    lw_signal_release release;
    lw_signal_read_release(msg->options, &release);
    stream->link.coap.closing = true; /* nothing new is started */
    if (net->io->on_release != NULL) {
        net->io->on_release(net->ctx, &stream->link, now, &release);
    }
}

static lw_err on_signal(lw_net *net, lw_net_stream *stream, lw_time now, const lw_coap_msg *msg)
{
    uint32_t number = 0;
    if (lw_signal_check(msg->options, &number) != LW_OK) {
        return abort_with(net, stream, msg->code == LW_COAP_CSM ? number : 0);
    }
    switch (msg->code) {
    case LW_COAP_CSM:
        on_csm(net, stream, now, msg);
        return LW_OK;
    case LW_COAP_PING:
        on_ping(net, stream, msg);
        return LW_OK;
    case LW_COAP_PONG:
        on_pong(net, stream, msg);
        return LW_OK;
    case LW_COAP_RELEASE:
        on_release(net, stream, now, msg);
        return LW_OK;
    case LW_COAP_ABORT:
        return LW_ERESET;
    default:
        return LW_OK; /* a signal that is not known yet */
    }
}

/* ---- frames -------------------------------------------------------------------------------- */

static lw_err on_message(lw_net *net, lw_net_stream *stream, lw_time now, const lw_coap_msg *msg)
{
    if (stream->link.waits_for_csm && msg->code != LW_COAP_CSM && msg->code != LW_COAP_ABORT) {
        return abort_with(net, stream, 0); /* RFC 8323 section 5.3: the CSM comes first (TRN-21) */
    }
    if (lw_coap_code_is_signal(msg->code)) {
        return on_signal(net, stream, now, msg);
    }
    lw_coap_feed_msg(net->coap, &stream->link.coap, now, msg);
    return LW_OK;
}

static lw_err take_frames(lw_net *net, lw_net_stream *stream, lw_time now, lw_bytes *in)
{
    while (in->len != 0 && !stream->link.is_closed) {
        lw_coap_msg msg;
        size_t size;
        lw_err err = lw_stream_parse(*in, stream->config.max_message, &msg, &size);
        if (err == LW_AGAIN) {
            return LW_OK;
        }
        if (err != LW_OK) {
            return abort_with(net, stream, 0);
        }
        *in = lw_bytes_from(*in, size);
        err = on_message(net, stream, now, &msg);
        if (err != LW_OK) {
            return err;
        }
    }
    return LW_OK;
}

static lw_err take_octets(lw_net *net, lw_net_link *link, lw_time now, lw_bytes plain)
{
    lw_net_stream *stream = of_link(link);
    const lw_mem *mem = &net->coap->config.mem;
    lw_bytes in = plain;
    lw_coap_gather joined = stream->kept;
    stream->kept = (lw_coap_gather){.max = SIZE_MAX};
    lw_err err = LW_OK;
    if (joined.len != 0) {
        err = lw_coap_gather_add(&joined, mem, &plain, 0);
        in = lw_bytes_of(joined.octets, joined.len);
    }
    if (err == LW_OK) {
        err = take_frames(net, stream, now, &in);
    }
    if (err == LW_OK && in.len != 0 && in.len == joined.len) {
        stream->kept = joined; /* nothing was complete: it grows in place */
        return LW_OK;
    }
    if (err == LW_OK && in.len != 0) {
        err = lw_coap_gather_add(&stream->kept, mem, &in, 0);
    }
    lw_coap_gather_release(&joined, mem);
    return err;
}

static lw_err take_websocket_message(lw_net *net, lw_net_link *link, lw_time now, lw_bytes plain)
{
    lw_net_stream *stream = of_link(link);
    lw_coap_msg msg;
    if (plain.len > stream->config.max_message || lw_stream_parse_websocket(plain, &msg) != LW_OK) {
        return abort_with(net, stream, 0);
    }
    return on_message(net, stream, now, &msg);
}

/* ---- life ---------------------------------------------------------------------------------- */

void lw_net_stream_init(lw_net *net, lw_net_stream *stream, const lw_net_stream_config *config,
                        lw_session *session)
{
    bool is_tcp = config->kind == LW_STREAM_TCP;
    *stream = (lw_net_stream){.config = *config, .csm = lw_signal_csm_base()};
    lw_net_link_init(net, &stream->link, is_tcp ? &lw_coap_params_tcp : &lw_coap_params_websocket,
                     session);
    stream->link.take = is_tcp ? take_octets : take_websocket_message;
    stream->link.waits_for_csm = true;
}

void lw_net_stream_start(lw_net *net, lw_net_stream *stream, lw_time now, lw_session_role role)
{
    stream->link.own_deadline = lw_time_add(now, stream->config.csm_timeout_ms);
    signal_out s;
    /* Block-wise together with more than the base size would promise BERT (section 5.3.2), which
     * the endpoint does not take: then bodies come whole, up to max_message. */
    uint32_t max_message = stream->config.max_message;
    lw_signal_csm csm = {.max_message_size = max_message,
                         .has_block_wise = max_message <= LW_SIGNAL_MAX_MESSAGE_SIZE_BASE};
    lw_signal_put_csm(begin_signal(&s), csm);
    send_signal(net, stream, &s, LW_COAP_CSM, (lw_coap_token){.len = 0});
    lw_net_link_start(net, &stream->link, now, role);
}

void lw_net_stream_ping(lw_net *net, lw_net_stream *stream, lw_time now, uint32_t timeout_ms)
{
    net->coap->now = now;
    lw_coap_new_token(net->coap, &stream->link.coap, &stream->ping);
    stream->link.own_deadline = lw_time_add(now, timeout_ms);
    lw_net_link_arm(net, &stream->link);
    signal_out s;
    begin_signal(&s);
    send_signal(net, stream, &s, LW_COAP_PING, stream->ping);
}

void lw_net_stream_release(lw_net *net, lw_net_stream *stream, lw_time now)
{
    net->coap->now = now;
    signal_out s;
    lw_signal_put_release(begin_signal(&s), (lw_signal_release){.hold_off_s = 0});
    send_signal(net, stream, &s, LW_COAP_RELEASE, (lw_coap_token){.len = 0});
    stream->link.coap.closing = true;
}

void lw_net_stream_drop(lw_net *net, lw_net_stream *stream, lw_time now)
{
    lw_net_link_drop(net, &stream->link, now);
    lw_coap_gather_release(&stream->kept, &net->coap->config.mem);
}
