/* What the tests of observations share: a device of two servers, observed and told by hand.
 *
 *   observe(r, 1, "/3/0/9?pmin=10");       token 1; answered with 2.05 and Observe
 *   set(r, "/3/0/9", lw_value_integer(95));
 *   expect_told(r, 1, "95");               a notification with that token and that text
 *   expect_silence(r);
 */
#ifndef LW_CLIENT_OBSERVE_RIG_TEST_H
#define LW_CLIENT_OBSERVE_RIG_TEST_H

#include "client/observe.h"
#include "client/rig_test.h"

#define TEXT    0
#define NOTHING (-1)
#define SECOND  LW_SECOND_MS
#define IS(f)                          \
    {                                  \
#f, f, set_up, tear_down, NULL \
    }

/* ---- The device ---- */

static const lw_resource_def box_resources[] = {
    {0, LW_TYPE_INTEGER, LW_OP_R | LW_OP_W, LW_DEF_MANDATORY, 0},
    {1, LW_TYPE_FLOAT, LW_OP_R, 0, 0},
    {2, LW_TYPE_BOOLEAN, LW_OP_R, 0, 0},
    {3, LW_TYPE_STRING, LW_OP_W, 0, 0},
    {4, LW_TYPE_INTEGER, LW_OP_R, LW_DEF_MULTIPLE, 0},
    {5, LW_TYPE_OPAQUE, LW_OP_R, 0, 0},
    {6, LW_TYPE_INTEGER, LW_OP_R, 0, 0},
};
static const lw_object_def box_def = {42769, 1, 0, 1, 0, LW_DEF_MULTIPLE, 7, box_resources, NULL};
#define BOX(T, ONE, MANY, CALL)      \
    ONE(T, INT32, number, 0, 0)      \
    ONE(T, FLOAT64, real, 1, 0)      \
    ONE(T, BOOLEAN, flag, 2, 0)      \
    ONE(T, STRING, secret, 3, 8)     \
    MANY(T, INT32, numbers, 4, 0, 4) \
    ONE(T, OPAQUE, octets, 5, 600)   \
    CALL(T, COMPUTED, computed, 6)

static int64_t computed;

static lw_err box_read(void *ctx, lw_tree *tree, lw_path path, lw_value *out)
{
    (void)ctx;
    (void)tree;
    (void)path;
    *out = lw_value_integer(computed);
    return computed != 0 ? LW_OK : LW_ENOTFOUND;
}

static const lw_object_hooks box_hooks = {.read = box_read};
LW_DECLARE(box, box_def, BOX, 3, &box_hooks)

static const lw_object *const objects[] = {&lw_security_object_1_2, &lw_server_object_1_2,
                                           &lw_device_object_1_2, &box_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_senml_json,
                                           &lw_format_text,       &lw_format_tlv,
                                           &lw_format_etch_cbor,  NULL};

/* Rights of server 2, which a test takes away. */
static unsigned rights_of_2 = 31;

static unsigned rights(const lw_server *server, lw_path target)
{
    (void)target;
    return server->ssid == 2 ? rights_of_2 : 31;
}

static lw_err created(const lw_server *server, lw_path instance)
{
    (void)server;
    (void)instance;
    return LW_OK;
}

static const lw_client_feature feature_rights = {
    .part = LW_PART_ACCESS, .as.access = {.rights = rights, .created = created}};

/* ---- Time and values ---- */

static size_t seen; /* datagrams sent that a test has looked at */

static inline void set(rig *r, const char *path, lw_value value)
{
    lw_path p;
    assert_int_equal(lw_path_parse(lw_bytes_str(path), &p), LW_OK);
    assert_int_equal(lw_tree_set(lw_client_tree(r->client), p, value), LW_OK);
}

static inline void set_number(rig *r, const char *path, int64_t number)
{
    set(r, path, lw_value_integer(number));
}

static inline void forget_sent(rig *r)
{
    r->sent_count = 0;
    seen = 0;
}

static inline void register_at(rig *r, uint8_t link)
{
    rig_answer(r, link, LW_COAP_CREATED, link == 0 ? "/rd/a" : "/rd/b");
    assert_true(lw_client_is_registered(r->client, (uint16_t)(link + 1)));
}

static inline void rig_start(rig *r, const lw_client_cfg *cfg)
{
    rig_init(r, cfg);
    computed = 0;
    rights_of_2 = 31;
    lw_path at;
    lw_tree *tree = lw_client_tree(r->client);
    rig_add_server(r, 1, 4000000);
    rig_add_server(r, 2, 4000000);
    assert_int_equal(lw_device_set_battery_level(tree, 0, 100), LW_OK);
    assert_int_equal(lw_tree_add(tree, 42769, 0, &at), LW_OK);
    assert_int_equal(lw_tree_add(tree, 42769, 1, &at), LW_OK);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    register_at(r, 0);
    register_at(r, 1);
    forget_sent(r);
}

/* Instances come and go with an Update to every server. */
static inline void answer_updates(rig *r)
{
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rig_answer(r, 1, LW_COAP_CHANGED, NULL);
}

/* ---- Requests ---- */

typedef struct ask {
    uint8_t link;
    uint8_t code;
    uint8_t token;
    int observe;
    const char *target; /* "/3/0/9?pmin=10&pmax=60" */
    int accept, format;
    lw_bytes payload;
    int block2;
} ask;

static inline void put_parts(lw_coap_out *out, uint32_t number, const char **at, const char *end)
{
    while (**at != '\0' && strchr(end, **at) == NULL) {
        const char *start = *at + 1;
        size_t len = strcspn(start, "/?&");
        lw_coap_put(out, number, lw_bytes_of(start, len));
        *at = start + len;
    }
}

/* Asks, and returns the answer. */
static inline rig_datagram *request(rig *r, const ask *a)
{
    uint8_t buf[512];
    lw_writer w;
    lw_coap_out out;
    lw_coap_token token = {.len = 1, .octets = {a->token}};
    const char *at = a->target;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, a->code, r->next_mid++, token);
    if (a->observe != NOTHING) {
        lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, (uint32_t)a->observe);
    }
    put_parts(&out, LW_COAP_OPT_URI_PATH, &at, "?");
    if (a->format != NOTHING) {
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, (uint32_t)a->format);
    }
    put_parts(&out, LW_COAP_OPT_URI_QUERY, &at, "");
    if (a->accept != NOTHING) {
        lw_coap_put_uint(&out, LW_COAP_OPT_ACCEPT, (uint32_t)a->accept);
    }
    if (a->block2 != NOTHING) {
        lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK2, (uint32_t)a->block2);
    }
    lw_coap_put_payload(&out, a->payload);
    assert_int_equal(w.err, LW_OK);
    size_t before = r->sent_count;
    rig_feed(r, a->link, lw_writer_bytes(&w));
    assert_int_equal(r->sent_count, before + 1);
    rig_datagram *answer = &r->sent[before];
    assert_int_equal(answer->msg.type, LW_COAP_ACK);
    if (seen == before) {
        seen++;
    }
    return answer;
}

static inline bool has_observe(const rig_datagram *d, uint32_t *out_sequence)
{
    return lw_coap_opt_find_uint(&d->msg.options, LW_COAP_OPT_OBSERVE, out_sequence);
}

static inline void expect_text(const rig_datagram *d, const char *text)
{
    char got[512] = {0};
    assert_true(d->msg.payload.len < sizeof got);
    if (d->msg.payload.len > 0) {
        memcpy(got, d->msg.payload.ptr, d->msg.payload.len);
    }
    assert_string_equal(got, text);
}

static inline int ask_observe(rig *r, uint8_t link, uint8_t token, const char *target, int accept)
{
    rig_datagram *d = request(r, &(ask){.link = link,
                                        .code = LW_COAP_GET,
                                        .token = token,
                                        .target = target,
                                        .accept = accept,
                                        .format = NOTHING,
                                        .block2 = NOTHING});
    return d->msg.code;
}

/* Observes as server 1 in text/plain, or what the target has instead. */
static inline void observe(rig *r, uint8_t token, const char *target)
{
    assert_int_equal(ask_observe(r, 0, token, target, NOTHING), LW_COAP_CONTENT);
    uint32_t sequence;
    assert_true(has_observe(&r->sent[r->sent_count - 1], &sequence));
}

static inline void observe_text(rig *r, uint8_t token, const char *target)
{
    assert_int_equal(ask_observe(r, 0, token, target, TEXT), LW_COAP_CONTENT);
    uint32_t sequence;
    assert_true(has_observe(&r->sent[r->sent_count - 1], &sequence));
}

static inline rig_datagram *get(rig *r, uint8_t link, uint8_t token, const char *target,
                                int observe_option)
{
    return request(r, &(ask){.link = link,
                             .code = LW_COAP_GET,
                             .token = token,
                             .observe = observe_option,
                             .target = target,
                             .accept = NOTHING,
                             .format = NOTHING,
                             .block2 = NOTHING});
}

static inline uint8_t write_attributes(rig *r, uint8_t link, const char *target)
{
    return request(r, &(ask){.link = link,
                             .code = LW_COAP_PUT,
                             .token = 0xee,
                             .observe = NOTHING,
                             .target = target,
                             .accept = NOTHING,
                             .format = NOTHING,
                             .block2 = NOTHING})
        ->msg.code;
}

static inline void attach(rig *r, const char *target)
{
    assert_int_equal(write_attributes(r, 0, target), LW_COAP_CHANGED);
}

/* ---- Notifications ---- */

static inline void answer_empty(rig *r, const rig_datagram *d, lw_coap_type type)
{
    uint8_t buf[4];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, type, LW_COAP_EMPTY, d->msg.mid, (lw_coap_token){.len = 0});
    rig_feed(r, d->link, lw_writer_bytes(&w));
}

static inline void acknowledge(rig *r, const rig_datagram *d)
{
    answer_empty(r, d, LW_COAP_ACK);
}

/* The next notification that was sent, acknowledged or not; NULL when there is none. */
static inline rig_datagram *next_told(rig *r)
{
    rig_pass(r, 0);
    while (seen < r->sent_count) {
        rig_datagram *d = &r->sent[seen++];
        if (lw_coap_code_is_response(d->msg.code) && d->msg.type != LW_COAP_ACK) {
            return d;
        }
    }
    return NULL;
}

#define expect_silence(r) assert_null(next_told(r))

static inline rig_datagram *expect_told(rig *r, uint8_t token, const char *text)
{
    rig_datagram *d = next_told(r);
    assert_non_null(d);
    assert_int_equal(d->msg.code, LW_COAP_CONTENT);
    assert_int_equal(d->msg.token.octets[0], token);
    if (text != NULL) {
        expect_text(d, text);
    }
    return d;
}

static inline rig_datagram *expect_end(rig *r, uint8_t token, uint8_t code)
{
    uint32_t sequence;
    rig_datagram *d = next_told(r);
    assert_non_null(d);
    assert_int_equal(d->msg.code, code);
    assert_int_equal(d->msg.token.octets[0], token);
    assert_false(has_observe(d, &sequence));
    acknowledge(r, d);
    return d;
}

#endif
