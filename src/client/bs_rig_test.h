/* A Bootstrap-Server played by hand, for a client on the table of rig_test.h.
 *
 *   command(r, "PUT /1/0", LW_CF_TLV, octets(r, "C1 00 65"), "2.04");
 *
 * The client has room for two servers (links 0 and 1); the Bootstrap-Server is on link 2. */
#ifndef LW_CLIENT_BS_RIG_TEST_H
#define LW_CLIENT_BS_RIG_TEST_H

#include <stdio.h>

#include "client/bootstrap.h"
#include "client/rig_test.h"

#define BS_LINK 2
#define NONE    LW_CF_NONE

/* formats.md section 5, Bootstrap-Write: a NoSec account and its server, ssid 101 */
#define SECURITY_101           \
    "\x08\x01\x21\xC8\x00\x0F" \
    "coap://10.0.0.1"          \
    "\xC1\x01\x00\xC1\x02\x03\xC0\x03\xC0\x04\xC0\x05\xC1\x0A\x65"
#define SERVER_101 "\x08\x00\x0F\xC1\x00\x65\xC4\x01\x00\x00\xA8\xC0\xC1\x06\x00\xC1\x07U"
/* Another one, ssid 102, in instance 2 of /0 and 1 of /1 */
#define SECURITY_102           \
    "\x08\x02\x21\xC8\x00\x0F" \
    "coap://10.0.0.2"          \
    "\xC1\x01\x00\xC1\x02\x03\xC0\x03\xC0\x04\xC0\x05\xC1\x0A\x66"
#define SERVER_102 "\x08\x01\x0F\xC1\x00\x66\xC4\x01\x00\x00\xA8\xC0\xC1\x06\x00\xC1\x07U"

#define LIT(s) lw_bytes_of((s), sizeof(s) - 1)

static inline void add_bootstrap_server(rig *r, uint32_t hold_off)
{
    lw_client_account account = {.uri = "coap://192.0.2.9",
                                 .bootstrap = true,
                                 .security = LW_SECURITY_NOSEC,
                                 .hold_off = hold_off};
    assert_int_equal(lw_client_add_server(r->client, &account), LW_OK);
}

static inline lw_bootstrap *bootstrap_of(rig *r)
{
    return lw_client_feature_state(r->client, &lw_feature_bootstrap);
}

static inline uint8_t method_of(const char *request)
{
    return request[0] == 'G'   ? LW_COAP_GET
           : request[0] == 'D' ? LW_COAP_DELETE
           : request[1] == 'U' ? LW_COAP_PUT
                               : LW_COAP_POST;
}

/* The last answer that went out on the link. */
static inline const rig_datagram *last_answer(const rig *r)
{
    const rig_datagram *d = &r->sent[r->sent_count - 1];
    assert_int_equal(d->link, BS_LINK);
    return d;
}

/* What the Bootstrap-Server sends; `format` is the Content-Format, of a GET the Accept. */
static inline void send_command(rig *r, const char *request, uint16_t format, lw_bytes payload)
{
    uint8_t buf[1300];
    lw_writer w;
    lw_coap_out out;
    lw_coap_token token = {2, {0xB5, 0x01}};
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, method_of(request), ++r->next_mid, token);
    for (const char *s = strchr(request, ' ') + 1; *s == '/' && s[1] != '\0';) {
        size_t len = strcspn(s + 1, "/");
        lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_of(s + 1, len));
        s += 1 + len;
    }
    bool is_get = method_of(request) == LW_COAP_GET;
    if (format != NONE) {
        lw_coap_put_uint(&out, is_get ? LW_COAP_OPT_ACCEPT : LW_COAP_OPT_CONTENT_FORMAT, format);
    }
    lw_coap_put_payload(&out, payload);
    assert_int_equal(w.err, LW_OK);
    rig_feed(r, BS_LINK, lw_writer_bytes(&w));
}

static inline void command(rig *r, const char *request, uint16_t format, lw_bytes payload,
                           const char *code)
{
    char text[8];
    size_t before = r->sent_count;
    send_command(r, request, format, payload);
    assert_true(r->sent_count > before);
    const rig_datagram *answer = last_answer(r);
    snprintf(text, sizeof text, "%u.%02u", (unsigned)lw_coap_code_class(answer->msg.code),
             (unsigned)answer->msg.code & 31u);
    assert_string_equal(text, code);
}

static inline void expect_payload(const rig *r, const char *text)
{
    lw_bytes payload = last_answer(r)->msg.payload;
    assert_int_equal(payload.len, strlen(text));
    assert_memory_equal(payload.ptr, text, payload.len);
}

/* From the start to the 2.04 of the Bootstrap-Request. */
static inline void start_session(rig *r)
{
    add_bootstrap_server(r, 0);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    assert_int_equal(bootstrap_of(r)->state, LW_BS_RUNNING);
}

static inline void write_account_101(rig *r)
{
    command(r, "PUT /0", LW_CF_TLV, LIT(SECURITY_101), "2.04");
    command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_101), "2.04");
}

static inline void write_account_102(rig *r)
{
    command(r, "PUT /0", LW_CF_TLV, LIT(SECURITY_102), "2.04");
    command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_102), "2.04");
}

static inline void finish(rig *r, const char *code)
{
    command(r, "POST /bs", NONE, LIT(""), code);
}

static inline void bootstrap_with_101(rig *r)
{
    start_session(r);
    write_account_101(r);
    finish(r, "2.04");
    rig_pass(r, 0);
}

static inline lw_path at(const char *text)
{
    lw_path p;
    assert_int_equal(lw_path_parse(lw_bytes_str(text), &p), LW_OK);
    return p;
}

static inline bool exists(rig *r, const char *path)
{
    return lw_tree_exists(lw_client_tree(r->client), at(path));
}

static inline void set(rig *r, const char *path, lw_value value)
{
    assert_int_equal(lw_tree_set(lw_client_tree(r->client), at(path), value), LW_OK);
}

static inline int64_t number_at(rig *r, const char *path)
{
    lw_value v, n;
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), at(path), &v), LW_OK);
    assert_int_equal(lw_value_convert(&v, LW_TYPE_INTEGER, &n), LW_OK);
    return n.as.integer;
}

static inline const lw_client_event *last_event(const rig *r, lw_client_event_kind kind)
{
    for (size_t i = r->event_count; i-- > 0;) {
        if (r->events[i].kind == kind) {
            return &r->events[i];
        }
    }
    fail_msg("no such event");
    return NULL;
}

#endif
