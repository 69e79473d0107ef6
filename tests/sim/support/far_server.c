#include "far_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "coap/observe.h"

const far_answer far_silence = {.code = LW_COAP_EMPTY};

/* An answer that is to be given later. */
struct far_later {
    lw_deadline at; /* first */
    far_peer *peer;
    lw_coap_token token;
    far_answer answer;
};

/* ---- Text -------------------------------------------------------------------------------------
 */

/* All options of that number, each with `mark` in front (paths) or between (queries). */
static void options_as_text(lw_bytes options, uint32_t number, char mark, char *out)
{
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_bytes value;
    size_t len = 0;
    while (lw_coap_opt_next_of(&it, number, &value)) {
        lw_assert(len + value.len + 2 < FAR_TEXT_MAX);
        if (mark == '/' || len > 0) {
            out[len++] = mark;
        }
        if (value.len > 0) {
            memcpy(out + len, value.ptr, value.len);
            len += value.len;
        }
    }
    out[len] = '\0';
}

static int64_t option_as_number(lw_bytes options, uint32_t number)
{
    uint32_t value;
    return lw_coap_opt_find_uint(&options, number, &value) ? (int64_t)value : -1;
}

static size_t copy_body(lw_bytes body, char out[FAR_BODY_MAX])
{
    lw_assert(body.len < FAR_BODY_MAX);
    if (body.len > 0) {
        memcpy(out, body.ptr, body.len);
    }
    out[body.len] = '\0';
    return body.len;
}

const char *far_parameter(const char *query, const char *name, char out[FAR_TEXT_MAX])
{
    size_t len = strlen(name);
    for (const char *at = query; at != NULL; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, len) == 0 && (at[len] == '=' || at[len] == '&' || at[len] == '\0')) {
            const char *value = at + len + (at[len] == '=');
            size_t value_len = strcspn(value, "&");
            memcpy(out, value, value_len);
            out[value_len] = '\0';
            return out;
        }
    }
    return NULL;
}

static bool has_start(const char *path, const char *start)
{
    size_t len = strlen(start);
    return strncmp(path, start, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

const far_request *far_server_last(const far_server *s, uint8_t code, const char *path)
{
    for (size_t i = s->request_count; i-- > 0;) {
        if (s->requests[i].code == code && has_start(s->requests[i].path, path)) {
            return &s->requests[i];
        }
    }
    return NULL;
}

unsigned far_server_count(const far_server *s, uint8_t code, const char *path)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->request_count; i++) {
        count += s->requests[i].code == code && has_start(s->requests[i].path, path);
    }
    return count;
}

/* ---- Requests of the device -------------------------------------------------------------------
 */

static far_peer *peer_of(lw_coap_peer *peer)
{
    return LW_CONTAINER(peer, far_peer, coap);
}

/* The record of a request; a new one unless it was met with silence before. */
static far_request *keep(far_server *s, const lw_coap_inbound *in)
{
    lw_sim_addr from = peer_of(in->peer)->addr;
    for (size_t i = s->request_count; i-- > 0;) {
        far_request *r = &s->requests[i];
        if (r->from == from && lw_coap_same_token(&r->token, &in->msg->token)) {
            r->copies++;
            return r;
        }
    }
    lw_assert(s->request_count < FAR_REQUESTS_MAX);
    far_request *r = &s->requests[s->request_count++];
    *r = (far_request){.at = in->now, .from = from, .token = in->msg->token, .copies = 1};
    r->code = in->msg->code;
    r->format = (int)option_as_number(in->msg->options, LW_COAP_OPT_CONTENT_FORMAT);
    r->len = copy_body(in->msg->payload, r->body);
    options_as_text(in->msg->options, LW_COAP_OPT_URI_PATH, '/', r->path);
    options_as_text(in->msg->options, LW_COAP_OPT_URI_QUERY, '&', r->query);
    return r;
}

static far_answer answer_register(far_server *s, const far_request *r, char location[32])
{
    far_registration *reg = &s->registration;
    char text[FAR_TEXT_MAX];
    if (far_parameter(r->query, "ep", text) == NULL || strlen(text) >= sizeof reg->endpoint ||
        r->format != 40) {
        return (far_answer){.code = LW_COAP_BAD_REQUEST};
    }
    *reg = (far_registration){.is_there = true, .from = r->from, .lifetime = 86400};
    strcpy(reg->endpoint, text);
    strcpy(reg->list, r->body);
    if (far_parameter(r->query, "lt", text) != NULL) {
        reg->lifetime = strtoull(text, NULL, 10);
    }
    snprintf(location, 32, "/rd/%u", ++s->registrations);
    return (far_answer){.code = LW_COAP_CREATED, .location = location};
}

static far_answer answer_update(far_server *s, const far_request *r)
{
    char text[FAR_TEXT_MAX];
    if (far_parameter(r->query, "lt", text) != NULL) {
        s->registration.lifetime = strtoull(text, NULL, 10);
    }
    if (r->len > 0) {
        strcpy(s->registration.list, r->body);
    }
    s->registration.from = r->from;
    return (far_answer){.code = LW_COAP_CHANGED};
}

static far_answer honest(far_server *s, const far_request *r, char location[32])
{
    bool is_known = s->registration.is_there && strcmp(s->registration.location, r->path) == 0;
    if (r->code == LW_COAP_POST && strcmp(r->path, "/rd") == 0) {
        return answer_register(s, r, location);
    }
    if (r->code == LW_COAP_POST && (strcmp(r->path, "/bs") == 0 || strcmp(r->path, "/dp") == 0)) {
        return (far_answer){.code = LW_COAP_CHANGED};
    }
    if (!is_known) {
        return (far_answer){.code = LW_COAP_NOT_FOUND};
    }
    if (r->code == LW_COAP_POST) {
        return answer_update(s, r);
    }
    s->registration.is_there = false;
    return (far_answer){.code = LW_COAP_DELETED};
}

static void put_location(lw_coap_out *out, const char *location)
{
    for (const char *at = location; at != NULL && *at == '/';) {
        size_t len = strcspn(at + 1, "/");
        lw_coap_put(out, LW_COAP_OPT_LOCATION_PATH, lw_bytes_of(at + 1, len));
        at += 1 + len;
    }
}

static void write_answer(const far_answer *a, lw_coap_reply *reply)
{
    reply->code = a->code;
    put_location(&reply->options, a->location);
}

/* A registration counts from its 2.01 on, wherever the test put it. */
static void take_location(far_server *s, const far_request *r, const far_answer *a)
{
    bool is_register = r->code == LW_COAP_POST && strcmp(r->path, "/rd") == 0;
    if (is_register && a->code == LW_COAP_CREATED && a->location != NULL) {
        s->registration.is_there = true;
        s->registration.from = r->from;
        snprintf(s->registration.location, FAR_TEXT_MAX, "%s", a->location);
    }
}

static void answer_later(far_server *s, const lw_coap_inbound *in, const far_answer *a)
{
    far_later *later = calloc(1, sizeof *later);
    lw_assert(later != NULL);
    later->peer = peer_of(in->peer);
    later->token = in->msg->token;
    later->answer = *a;
    lw_deadline_arm(&s->later, &later->at, in->now + a->after_ms);
}

static void next_of_plan(far_server *s);

/* Also in the middle of one that was begun before. */
static void begin_plan(far_server *s)
{
    if (s->plan_step != NULL) {
        lw_coap_transfer_cancel(s->plan_step, lw_sim_now(s->sim));
    }
    s->plan_pos = 0;
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    far_server *s = ctx;
    char location[32];
    far_request *r = keep(s, in);
    far_answer a;
    if (s->always != NULL) {
        a = *s->always;
    } else if (r->is_ignored) {
        return LW_END;
    } else if (s->script_pos < s->script_len) {
        a = s->script[s->script_pos++];
        r->is_ignored = a.code == LW_COAP_EMPTY;
    } else {
        a = honest(s, r, location);
    }
    if (a.code == LW_COAP_EMPTY) {
        return LW_END;
    }
    take_location(s, r, &a);
    if (strcmp(r->path, "/bs") == 0 && a.code == LW_COAP_CHANGED && s->plan != NULL) {
        begin_plan(s);
        answer_later(s, in, &(far_answer){.code = LW_COAP_EMPTY, .after_ms = 1});
    }
    if (a.after_ms > 0) {
        answer_later(s, in, &a);
        return LW_AGAIN;
    }
    write_answer(&a, reply);
    return LW_OK;
}

/* ---- Notifications ----------------------------------------------------------------------------
 */

static bool on_notification(void *ctx, lw_coap_peer *peer, lw_time now, const lw_coap_msg *msg)
{
    far_server *s = ctx;
    if (s->ignores_notifications) {
        return true; /* never acknowledged */
    }
    lw_assert(s->notification_count < FAR_NOTIFICATIONS_MAX);
    far_notification *n = &s->notifications[s->notification_count++];
    *n = (far_notification){.at = now, .code = msg->code, .token = msg->token};
    n->confirmable = msg->type == LW_COAP_CON;
    n->observe = option_as_number(msg->options, LW_COAP_OPT_OBSERVE);
    n->format = (int)option_as_number(msg->options, LW_COAP_OPT_CONTENT_FORMAT);
    n->len = copy_body(msg->payload, n->body);
    bool is_rejected = s->rejects_token != 0 && msg->token.octets[0] == s->rejects_token;
    return lw_coap_notified(&s->coap, peer, msg, is_rejected ? LW_ENOTFOUND : LW_OK);
}

/* ---- Requests of the server -------------------------------------------------------------------
 */

static void on_end(void *ctx, const lw_coap_result *result)
{
    far_reply *reply = ctx;
    if (result->err == LW_ECANCELED) {
        return; /* the server is gone, and perhaps whoever asked */
    }
    reply->is_over = true;
    reply->err = result->err;
    if (result->err == LW_OK) {
        reply->code = result->msg->code;
        reply->observe = option_as_number(result->msg->options, LW_COAP_OPT_OBSERVE);
        reply->format = (int)option_as_number(result->msg->options, LW_COAP_OPT_CONTENT_FORMAT);
        reply->len = copy_body(result->msg->payload, reply->body);
        options_as_text(result->msg->options, LW_COAP_OPT_LOCATION_PATH, '/', reply->location);
    }
}

static void put_parts(lw_coap_out *out, uint32_t number, const char **at, const char *until)
{
    while (**at != '\0' && strchr(until, **at) == NULL) {
        const char *start = *at + 1;
        size_t len = strcspn(start, number == LW_COAP_OPT_URI_PATH ? "/?" : "&");
        if (len > 0) {
            lw_coap_put(out, number, lw_bytes_of(start, len));
        }
        *at = start + len;
    }
}

static lw_bytes ask_options(const far_ask *ask, lw_writer *w)
{
    lw_coap_out out;
    const char *at = ask->target;
    lw_coap_begin_options(&out, w);
    if (ask->observe >= 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, (uint32_t)ask->observe);
    }
    put_parts(&out, LW_COAP_OPT_URI_PATH, &at, "?");
    if (ask->format >= 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, (uint32_t)ask->format);
    }
    put_parts(&out, LW_COAP_OPT_URI_QUERY, &at, "");
    if (ask->accept >= 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_ACCEPT, (uint32_t)ask->accept);
    }
    lw_assert(w->err == LW_OK);
    return lw_writer_bytes(w);
}

/* The device that was heard of last. */
static far_peer *device_of(far_server *s)
{
    lw_sim_addr addr = s->registration.is_there ? s->registration.from : 0;
    for (size_t i = s->request_count; addr == 0 && i-- > 0;) {
        addr = s->requests[i].from;
    }
    for (size_t i = 0; i < FAR_PEERS_MAX; i++) {
        if (addr != 0 && s->peers[i].addr == addr) {
            return &s->peers[i];
        }
    }
    return NULL;
}

static void ask_peer(far_server *s, const far_ask *ask, lw_coap_end_fn end, far_reply *out,
                     lw_coap_transfer **out_transfer)
{
    uint8_t octets[512];
    lw_writer w;
    lw_writer_init(&w, octets, sizeof octets);
    lw_coap_token token = {.len = 1, .octets = {ask->token}};
    lw_coap_transfer_request request = {.code = ask->code,
                                        .token = ask->token != 0 ? &token : NULL,
                                        .options = ask_options(ask, &w),
                                        .body = ask->body,
                                        .max_body = FAR_BODY_MAX - 1,
                                        .on_end = end,
                                        .ctx = end == on_end ? (void *)out : (void *)s};
    far_peer *peer = device_of(s);
    lw_assert(peer != NULL);
    *out = (far_reply){.observe = -1, .format = -1};
    lw_err err =
        lw_coap_transfer_start(&s->coap, &peer->coap, lw_sim_now(s->sim), &request, out_transfer);
    lw_assert(err == LW_OK);
}

void far_server_ask(far_server *s, const far_ask *ask, far_reply *out)
{
    ask_peer(s, ask, on_end, out, NULL);
}

static void on_plan_end(void *ctx, const lw_coap_result *result)
{
    far_server *s = ctx;
    s->plan_step = NULL;
    if (result->err != LW_ECANCELED) {
        far_reply *reply = &s->plan_replies[s->plan_pos];
        on_end(reply, result);
        bool failed = reply->err == LW_OK && lw_coap_code_class(reply->code) == 5;
        s->plan_pos += failed ? 0 : 1; /* for now: the same again */
        next_of_plan(s);
    }
}

static void next_of_plan(far_server *s)
{
    const far_ask *ask = &s->plan[s->plan_pos];
    if (ask->code == 0) {
        s->plans_done++;
    } else if (!s->is_off) {
        ask_peer(s, ask, on_plan_end, &s->plan_replies[s->plan_pos], &s->plan_step);
    }
}

void far_server_send(far_server *s, lw_bytes octets)
{
    far_peer *peer = device_of(s);
    lw_assert(peer != NULL);
    lw_sim_send(s->sim, s->node, peer->addr, octets);
}

/* ---- Behaviour --------------------------------------------------------------------------------
 */

void far_server_answers(far_server *s, const far_answer *answers, size_t count)
{
    lw_assert(count <= FAR_SCRIPT_MAX);
    for (size_t i = 0; i < count; i++) {
        s->script[i] = answers[i];
    }
    s->script_len = count;
    s->script_pos = 0;
}

void far_server_forget(far_server *s)
{
    s->registration.is_there = false;
}

static void drop_later(far_server *s)
{
    lw_deadline *d;
    while ((d = lw_deadlines_take_due(&s->later, LW_TIME_NEVER)) != NULL) {
        free(d);
    }
}

void far_server_restart(far_server *s)
{
    far_server_forget(s);
    drop_later(s);
    for (size_t i = 0; i < FAR_PEERS_MAX; i++) {
        if (s->peers[i].addr != 0) {
            lw_coap_peer_drop(&s->coap, &s->peers[i].coap);
            s->peers[i].addr = 0;
        }
    }
}

/* ---- A node of the network --------------------------------------------------------------------
 */

static void send_message(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    far_server *s = ctx;
    if (!s->is_off) {
        lw_sim_send(s->sim, s->node, peer_of(peer)->addr, message);
    }
}

/* The peer with that address; the oldest place is taken for one that is new. */
static far_peer *find_peer(far_server *s, lw_sim_addr from)
{
    far_peer *oldest = &s->peers[0];
    for (size_t i = 0; i < FAR_PEERS_MAX; i++) {
        if (s->peers[i].addr == from) {
            return &s->peers[i];
        }
        oldest = s->peers[i].addr < oldest->addr ? &s->peers[i] : oldest;
    }
    if (oldest->addr != 0) {
        lw_coap_peer_drop(&s->coap, &oldest->coap);
    }
    oldest->addr = from;
    lw_coap_peer_init(&s->coap, &oldest->coap, &s->params);
    return oldest;
}

static void receive(void *ctx, lw_time now, lw_sim_addr from, lw_bytes datagram)
{
    far_server *s = ctx;
    if (!s->is_off) {
        lw_coap_feed(&s->coap, &find_peer(s, from)->coap, now, datagram);
    }
}

static void give(far_server *s, const far_later *later, lw_time now)
{
    lw_coap_reply reply;
    if (later->answer.code == LW_COAP_EMPTY) {
        next_of_plan(s);
    } else if (lw_coap_answer_begin(&s->coap, &later->peer->coap, later->token, &reply) == LW_OK) {
        write_answer(&later->answer, &reply);
        lw_err err = lw_coap_answer_end(&s->coap, &later->peer->coap, now, &reply);
        lw_assert(err == LW_OK);
    }
}

static void step(void *ctx, lw_time now)
{
    far_server *s = ctx;
    lw_coap_step(&s->coap, now);
    far_later *later;
    while ((later = (far_later *)(void *)lw_deadlines_take_due(&s->later, now)) != NULL) {
        give(s, later, now);
        free(later);
    }
}

static lw_time next_deadline(void *ctx)
{
    far_server *s = ctx;
    lw_time coap = lw_coap_next_deadline(&s->coap);
    lw_time later = lw_deadlines_next(&s->later);
    return coap < later ? coap : later;
}

static const lw_coap_handler handler = {
    .send = send_message, .on_request = on_request, .on_notification = on_notification};

far_server *far_server_new(lw_sim *sim, const char *name)
{
    far_server *s = calloc(1, sizeof *s);
    lw_assert(s != NULL);
    s->name = name;
    s->sim = sim;
    s->params = lw_coap_params_udp;
    s->params.nstart = 8; /* an answer does not wait for a request of its own */
    lw_rng_seeded_init(&s->rng, lw_sim_seed(sim) * 31 + (uint64_t)name[0]);
    lw_deadlines_init(&s->later);
    lw_coap_bodies_init(&s->bodies, FAR_BODY_MAX - 1, 4, 247000);
    lw_coap_config config = {
        .mem = lw_fake_mem_mem(&s->mem),
        .rng = lw_rng_seeded_rng(&s->rng),
        .handler = &handler,
        .ctx = s,
        .limits = {.max_seen = 4096, .max_seen_per_peer = 1024, .max_queued = 64, .max_later = 16},
        .later = &lw_coap_later_answers,
        .buf = s->buf,
        .buf_size = sizeof s->buf,
        .bodies = &s->bodies};
    lw_err err = lw_coap_init(&s->coap, &config);
    lw_assert(err == LW_OK);
    s->node = lw_sim_add_node(
        sim, &(lw_sim_node_config){
                 .receive = receive, .step = step, .next_deadline = next_deadline, .ctx = s});
    return s;
}

void far_server_free(far_server *s)
{
    if (s == NULL) {
        return;
    }
    far_server_restart(s);
    lw_coap_fini(&s->coap);
    lw_assert(s->mem.live == 0);
    free(s);
}
