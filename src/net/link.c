#include "net/link.h"

#include "net/link_priv.h"

/* A message that waits for the handshake. */
typedef struct lw_net_waiting lw_net_waiting;
struct lw_net_waiting {
    lw_net_waiting *next;
    size_t len;
    uint8_t octets[];
};

void lw_net_init(lw_net *net, lw_coap *coap, const lw_net_io *io, void *ctx, uint16_t max_waiting)
{
    *net = (lw_net){.coap = coap, .io = io, .ctx = ctx, .max_waiting = max_waiting};
    lw_deadlines_init(&net->deadlines);
}

void lw_net_link_init(lw_net *net, lw_net_link *link, const lw_coap_params *params,
                      lw_session *session)
{
    *link = (lw_net_link){
        .session = session, .own_deadline = LW_TIME_NEVER, .is_established = session == NULL};
    lw_coap_peer_init(net->coap, &link->coap, params);
}

void lw_net_link_arm(lw_net *net, lw_net_link *link)
{
    lw_time at = link->own_deadline;
    if (link->session != NULL) {
        lw_time session_at = link->session->ops->next_deadline(link->session);
        at = session_at < at ? session_at : at;
    }
    lw_deadline_arm(&net->deadlines, &link->deadline, link->is_closed ? LW_TIME_NEVER : at);
}

/* ---- outwards ------------------------------------------------------------------------------ */

static void flush(lw_net *net, lw_net_link *link)
{
    lw_bytes out;
    while (link->session != NULL && link->session->ops->next_out(link->session, &out) == LW_OK) {
        net->io->send(net->ctx, link, out);
    }
}

static void keep(lw_net *net, lw_net_link *link, lw_bytes message)
{
    unsigned count = 0;
    lw_net_waiting **at = &link->waiting;
    for (; *at != NULL; at = &(*at)->next) {
        count++;
    }
    lw_net_waiting *w = NULL;
    if (count < net->max_waiting) {
        w = lw_mem_alloc(&net->coap->config.mem, sizeof *w + message.len);
    }
    if (w != NULL) { /* else as if the network had lost it */
        w->len = message.len;
        memcpy(w->octets, message.ptr, message.len);
        *at = w;
    }
}

static void release_waiting(lw_net *net, lw_net_link *link, bool send)
{
    while (link->waiting != NULL) {
        lw_net_waiting *w = link->waiting;
        link->waiting = w->next;
        if (send) {
            lw_net_send(net, &link->coap, lw_bytes_of(w->octets, w->len));
        }
        lw_wipe(w->octets, w->len);
        lw_mem_release(&net->coap->config.mem, w);
    }
}

void lw_net_send(lw_net *net, lw_coap_peer *peer, lw_bytes message)
{
    lw_net_link *link = lw_net_link_of(peer);
    if (link->is_closed) {
        return;
    }
    if (!link->is_established) {
        keep(net, link, message);
        return;
    }
    if (link->session == NULL) {
        net->io->send(net->ctx, link, message);
        return;
    }
    if (link->session->ops->write(link->session, net->coap->now, message) == LW_OK) {
        flush(net, link);
    }
}

/* ---- open and closed ----------------------------------------------------------------------- */

void lw_net_link_open(lw_net *net, lw_net_link *link, lw_time now)
{
    if (link->is_open || !link->is_established || link->waits_for_csm) {
        return;
    }
    link->is_open = true;
    if (net->io->on_open != NULL) {
        net->io->on_open(net->ctx, link, now);
    }
}

void lw_net_closed(lw_net *net, lw_net_link *link, lw_time now, lw_err why)
{
    if (link->is_closed) {
        return;
    }
    flush(net, link); /* an alert */
    link->is_closed = true;
    lw_net_link_arm(net, link);
    net->io->on_closed(net->ctx, link, now, why);
}

/* After anything that may have moved the session on. */
static void settle(lw_net *net, lw_net_link *link, lw_time now, lw_err err)
{
    if (err != LW_OK && err != LW_AGAIN) {
        lw_net_closed(net, link, now, err);
        return;
    }
    flush(net, link);
    if (!link->is_established && link->session->ops->is_established(link->session)) {
        link->is_established = true;
        release_waiting(net, link, true);
    }
    lw_net_link_arm(net, link);
    lw_net_link_open(net, link, now);
}

void lw_net_link_start(lw_net *net, lw_net_link *link, lw_time now, lw_session_role role)
{
    net->coap->now = now;
    lw_err err = LW_OK;
    if (link->session != NULL && role == LW_SESSION_CLIENT) {
        err = link->session->ops->start(link->session, now);
    }
    settle(net, link, now, err);
}

void lw_net_link_drop(lw_net *net, lw_net_link *link, lw_time now)
{
    net->coap->now = now;
    lw_coap_peer_drop(net->coap, &link->coap);
    release_waiting(net, link, false);
    if (link->session != NULL) {
        if (!link->is_closed) {
            link->session->ops->close(link->session, now);
            flush(net, link);
        }
        link->session->ops->destroy(link->session);
        link->session = NULL;
    }
    link->is_closed = true;
    lw_net_link_arm(net, link);
    lw_deadline_disarm(&link->deadline);
}

/* ---- inwards ------------------------------------------------------------------------------- */

void lw_net_feed(lw_net *net, lw_net_link *link, lw_time now, lw_bytes octets)
{
    bool is_parked = link->session == NULL && !link->is_established;
    if (link->is_closed || is_parked) {
        return; /* a parked link takes nothing in the clear */
    }
    net->coap->now = now;
    if (link->session == NULL) {
        lw_err err = link->take(net, link, now, octets);
        if (err != LW_OK) {
            lw_net_closed(net, link, now, err);
        }
        return;
    }
    lw_err err = link->session->ops->feed(link->session, now, octets);
    if (err == LW_OK) {
        settle(net, link, now, LW_OK); /* before the first message: its answer must not wait */
    }
    lw_bytes plain;
    while (!link->is_closed && link->session->ops->read(link->session, &plain) == LW_OK) {
        lw_err taken = link->take(net, link, now, plain);
        if (taken != LW_OK) {
            lw_net_closed(net, link, now, taken);
        }
    }
    if (!link->is_closed) {
        settle(net, link, now, err);
    }
}

/* ---- time ---------------------------------------------------------------------------------- */

void lw_net_step(lw_net *net, lw_time now)
{
    net->coap->now = now;
    lw_deadline *d;
    while ((d = lw_deadlines_take_due(&net->deadlines, now)) != NULL) {
        lw_net_link *link = (lw_net_link *)(void *)d; /* its first member */
        if (link->own_deadline <= now) {
            lw_net_closed(net, link, now, LW_ETIMEOUT);
        } else {
            settle(net, link, now, link->session->ops->step(link->session, now));
        }
    }
    lw_coap_step(net->coap, now);
}

lw_time lw_net_next_deadline(const lw_net *net)
{
    lw_time links = lw_deadlines_next(&net->deadlines);
    lw_time coap = lw_coap_next_deadline(net->coap);
    return links < coap ? links : coap;
}

/* ---- sessions ------------------------------------------------------------------------------ */

lw_identity lw_net_identity(const lw_net_link *link)
{
    return link->session != NULL ? link->session->ops->peer_identity(link->session)
                                 : (lw_identity){.kind = LW_IDENTITY_NONE};
}

lw_err lw_net_park(lw_net *net, lw_net_link *link, lw_writer *blob)
{
    if (link->session == NULL || !link->is_open || link->is_closed ||
        link->coap.exchanges != NULL) {
        return LW_ESTATE;
    }
    lw_err err = link->session->ops->park(link->session, blob);
    if (err == LW_OK) {
        link->session->ops->destroy(link->session);
        link->session = NULL;
        link->is_established = false; /* what is written meanwhile waits */
        lw_net_link_arm(net, link);
    }
    return err;
}

void lw_net_unpark(lw_net *net, lw_net_link *link, lw_session *session)
{
    link->session = session;
    settle(net, link, net->coap->now, LW_OK);
}
