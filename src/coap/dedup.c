/* Message ids of peers, remembered for EXCHANGE_LIFETIME or NON_LIFETIME (RFC 7252 section 4.5).
 *
 * An entry is on two lists: that of its peer, newest first, in which it is looked up, and that of
 * the endpoint, oldest first, from which memory is reclaimed. The walk along a peer's list is
 * bounded by max_seen_per_peer and finds a retransmission within the first few. The list of all is
 * in order of arrival, not of expiry: a NON behind a CON gives its memory back up to 102 s late,
 * which costs less than keeping it sorted; whether an entry still counts is decided when it is
 * looked up, so late reclaim never makes a new message a duplicate.
 */
#include "coap/endpoint_priv.h"

static void forget(lw_coap *coap, lw_coap_seen *s)
{
    lw_list_remove(&s->of_peer);
    lw_list_remove(&s->of_all);
    s->peer->seen_count--;
    coap->seen_count--;
    lw_mem_release(&coap->config.mem, (void *)(uintptr_t)s->reply.ptr);
    lw_mem_release(&coap->config.mem, s);
}

static lw_coap_seen *oldest(const lw_coap *coap)
{
    return LW_CONTAINER(coap->seen.next, lw_coap_seen, of_all);
}

void lw_coap_seen_expire(lw_coap *coap)
{
    while (!lw_list_is_empty(&coap->seen) && oldest(coap)->expires <= coap->now) {
        forget(coap, oldest(coap));
    }
}

static lw_coap_seen *find_mid(lw_coap_peer *peer, uint16_t mid)
{
    for (lw_link *l = peer->seen.next; l != &peer->seen; l = l->next) {
        lw_coap_seen *s = LW_CONTAINER(l, lw_coap_seen, of_peer);
        if (s->mid == mid) {
            return s;
        }
    }
    return NULL;
}

lw_coap_seen *lw_coap_seen_find(lw_coap *coap, lw_coap_peer *peer, uint16_t mid, uint32_t digest)
{
    lw_coap_seen *s = find_mid(peer, mid);
    if (s != NULL && (s->digest != digest || s->expires <= coap->now)) {
        forget(coap, s);
        s = NULL;
    }
    return s;
}

bool lw_coap_seen_add(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg, uint32_t digest)
{
    const lw_coap_limits *limits = &coap->config.limits;
    lw_coap_seen_expire(coap); /* the message and its answer may need the memory */
    if (peer->seen_count >= limits->max_seen_per_peer) {
        forget(coap, LW_CONTAINER(peer->seen.prev, lw_coap_seen, of_peer));
    } else if (coap->seen_count >= limits->max_seen) {
        forget(coap, oldest(coap));
    }
    lw_coap_seen *s = lw_mem_alloc(&coap->config.mem, sizeof *s);
    if (s != NULL) {
        s->peer = peer;
        s->expires = coap->now + (msg->type == LW_COAP_CON ? peer->params->exchange_lifetime_ms
                                                           : peer->params->non_lifetime_ms);
        s->digest = digest;
        s->mid = msg->mid;
        lw_list_add_first(&peer->seen, &s->of_peer);
        lw_list_add_last(&coap->seen, &s->of_all);
        peer->seen_count++;
        coap->seen_count++;
    }
    return s != NULL;
}

void lw_coap_seen_answered(lw_coap *coap, lw_coap_peer *peer, uint16_t mid, uint8_t answer,
                           const lw_bytes *reply)
{
    lw_coap_seen *s = find_mid(peer, mid);
    if (s == NULL) {
        return;
    }
    s->answer = answer;
    if (reply != NULL && s->reply.ptr == NULL) { /* else it was for one that had the id before */
        (void)(lw_mem_dup(&coap->config.mem, *reply, &s->reply) == LW_OK);
    }
}

void lw_coap_seen_forget(lw_coap *coap, lw_coap_peer *peer, uint16_t mid)
{
    lw_coap_seen *s = find_mid(peer, mid);
    if (s != NULL) {
        forget(coap, s);
    }
}

void lw_coap_seen_drop(lw_coap *coap, lw_coap_peer *peer)
{
    while (!lw_list_is_empty(&peer->seen)) {
        forget(coap, LW_CONTAINER(peer->seen.next, lw_coap_seen, of_peer));
    }
}
