/* CoAP messages against libcoap's PDU functions: the four that an LwM2M server sees most.
 *
 * Parsing is taking a datagram apart, checking it, and visiting each option; encoding is putting
 * the same message together from its parts. libcoap parses into one PDU that is used again and
 * again; for encoding its interface has no such way, a PDU is made and deleted each time. The
 * fixed header, which it writes only when sending, is left out on its side.
 */
#include "bench.h"

#include <coap3/coap.h>

#include "coap/msg.h"

#define OPTIONS_MAX 8
#define MTU         1152u

typedef struct sample {
    lw_bytes wire;
    lw_coap_type type;
    uint8_t code;
    uint16_t mid;
    lw_coap_token token;
    size_t count;
    struct {
        uint16_t number;
        lw_bytes value;
    } options[OPTIONS_MAX];
    lw_bytes payload;
} sample;

/* Register and notification are those of tests/vectors/coap.txt. */
static const sample register_dev1 = {
    LW_BYTES_LIT("\x41\x02\x10\x01\xa1\xb2rd\x11\x28\x37"
                 "ep=dev1\x06lt=300\x09lwm2m=1.1\x03"
                 "b=U\xff</1/0>,</3/0>"),
    LW_COAP_CON,
    LW_COAP_POST,
    0x1001,
    {1, {0xa1}},
    6,
    {{LW_COAP_OPT_URI_PATH, LW_BYTES_LIT("rd")},
     {LW_COAP_OPT_CONTENT_FORMAT, LW_BYTES_LIT("\x28")},
     {LW_COAP_OPT_URI_QUERY, LW_BYTES_LIT("ep=dev1")},
     {LW_COAP_OPT_URI_QUERY, LW_BYTES_LIT("lt=300")},
     {LW_COAP_OPT_URI_QUERY, LW_BYTES_LIT("lwm2m=1.1")},
     {LW_COAP_OPT_URI_QUERY, LW_BYTES_LIT("b=U")}},
    LW_BYTES_LIT("</1/0>,</3/0>"),
};

static const sample update = {
    LW_BYTES_LIT("\x44\x02\x10\x02\xa1\xa2\xa3\xa4\xb2rd\x04"
                 "5a3f\x46lt=300"),
    LW_COAP_CON,
    LW_COAP_POST,
    0x1002,
    {4, {0xa1, 0xa2, 0xa3, 0xa4}},
    3,
    {{LW_COAP_OPT_URI_PATH, LW_BYTES_LIT("rd")},
     {LW_COAP_OPT_URI_PATH, LW_BYTES_LIT("5a3f")},
     {LW_COAP_OPT_URI_QUERY, LW_BYTES_LIT("lt=300")}},
    {NULL, 0},
};

static const sample read_device = {
    LW_BYTES_LIT("\x48\x01\x10\x03\x01\x02\x03\x04\x05\x06\x07\x08\xb1\x33\x01\x30\x61\x70"),
    LW_COAP_CON,
    LW_COAP_GET,
    0x1003,
    {8, {1, 2, 3, 4, 5, 6, 7, 8}},
    3,
    {{LW_COAP_OPT_URI_PATH, LW_BYTES_LIT("3")},
     {LW_COAP_OPT_URI_PATH, LW_BYTES_LIT("0")},
     {LW_COAP_OPT_ACCEPT, LW_BYTES_LIT("\x70")}},
    {NULL, 0},
};

static const sample notification = {
    LW_BYTES_LIT("\x51\x45\x00\x02\xb2\x61\x0c\x61\x70\xff\x81\xa2\x00\x66/3/0/9\x02\x18\x5f"),
    LW_COAP_NON,
    LW_COAP_CONTENT,
    2,
    {1, {0xb2}},
    2,
    {{LW_COAP_OPT_OBSERVE, LW_BYTES_LIT("\x0c")},
     {LW_COAP_OPT_CONTENT_FORMAT, LW_BYTES_LIT("\x70")}},
    LW_BYTES_LIT("\x81\xa2\x00\x66/3/0/9\x02\x18\x5f"),
};

static void parse_ours(const sample *s)
{
    lw_coap_msg m;
    BENCH_CHECK(lw_coap_msg_parse(s->wire, &m) == LW_OK && m.noted.refused == 0);
    lw_coap_opt_iter it = lw_coap_opts(m.options);
    lw_coap_opt opt;
    size_t count = 0;
    while (lw_coap_opt_next(&it, &opt)) {
        bench_keep(opt.value.ptr);
        count++;
    }
    BENCH_CHECK(count == s->count && m.payload.len == s->payload.len);
}

static void encode_ours(const sample *s)
{
    uint8_t buf[MTU];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, s->type, s->code, s->mid, s->token);
    for (size_t i = 0; i < s->count; i++) {
        lw_coap_put(&out, s->options[i].number, s->options[i].value);
    }
    lw_coap_put_payload(&out, s->payload);
    bench_keep(buf);
    BENCH_CHECK(w.err == LW_OK && w.pos == s->wire.len);
}

static void both_ours(const sample *s)
{
    parse_ours(s);
    encode_ours(s);
}

static void parse_theirs(const sample *s)
{
    static coap_pdu_t *pdu;
    if (pdu == NULL) {
        pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 0, MTU);
    }
    BENCH_CHECK(coap_pdu_parse(COAP_PROTO_UDP, s->wire.ptr, s->wire.len, pdu) != 0);
    coap_opt_iterator_t it;
    size_t count = 0;
    coap_option_iterator_init(pdu, &it, COAP_OPT_ALL);
    for (coap_opt_t *opt = coap_option_next(&it); opt != NULL; opt = coap_option_next(&it)) {
        bench_keep(coap_opt_value(opt));
        count++;
    }
    size_t len = 0;
    const uint8_t *payload;
    (void)coap_get_data(pdu, &len, &payload);
    BENCH_CHECK(count == s->count && len == s->payload.len);
}

static void encode_theirs(const sample *s)
{
    coap_pdu_t *pdu =
        coap_pdu_init((coap_pdu_type_t)s->type, (coap_pdu_code_t)s->code, s->mid, MTU);
    BENCH_CHECK(pdu != NULL);
    BENCH_CHECK(coap_add_token(pdu, s->token.len, s->token.octets) != 0);
    for (size_t i = 0; i < s->count; i++) {
        BENCH_CHECK(coap_add_option(pdu, s->options[i].number, s->options[i].value.len,
                                    s->options[i].value.ptr) != 0);
    }
    if (s->payload.len > 0) {
        BENCH_CHECK(coap_add_data(pdu, s->payload.len, s->payload.ptr) != 0);
    }
    bench_keep(pdu);
    coap_delete_pdu(pdu);
}

static void both_theirs(const sample *s)
{
    parse_theirs(s);
    encode_theirs(s);
}

/* The address of a sample that the compiler cannot know, so that it cannot know its content. */
static const sample *hide(const sample *s)
{
    __asm__ volatile("" : "+r"(s));
    return s;
}

#define BENCH_LOOP(function, operation, name) \
    static void function(size_t n)            \
    {                                         \
        for (size_t i = 0; i < n; i++) {      \
            operation(hide(&(name)));         \
        }                                     \
    }

/* Parse, encode, and both, for one sample on both sides. */
#define BENCH_SAMPLE(name)                                  \
    BENCH_LOOP(parse_##name##_ours, parse_ours, name)       \
    BENCH_LOOP(parse_##name##_theirs, parse_theirs, name)   \
    BENCH_LOOP(encode_##name##_ours, encode_ours, name)     \
    BENCH_LOOP(encode_##name##_theirs, encode_theirs, name) \
    BENCH_LOOP(both_##name##_ours, both_ours, name)         \
    BENCH_LOOP(both_##name##_theirs, both_theirs, name)

BENCH_SAMPLE(register_dev1)
BENCH_SAMPLE(update)
BENCH_SAMPLE(read_device)
BENCH_SAMPLE(notification)

int main(int argc, char **argv)
{
    static const bench_case cases[] = {
        {"parse a Register", parse_register_dev1_ours, parse_register_dev1_theirs, 0},
        {"encode a Register", encode_register_dev1_ours, encode_register_dev1_theirs, 0},
        {"parse + encode a Register", both_register_dev1_ours, both_register_dev1_theirs, 5},
        {"parse an Update", parse_update_ours, parse_update_theirs, 0},
        {"encode an Update", encode_update_ours, encode_update_theirs, 0},
        {"parse + encode an Update", both_update_ours, both_update_theirs, 5},
        {"parse a Read", parse_read_device_ours, parse_read_device_theirs, 0},
        {"encode a Read", encode_read_device_ours, encode_read_device_theirs, 0},
        {"parse + encode a Read", both_read_device_ours, both_read_device_theirs, 5},
        {"parse a notification", parse_notification_ours, parse_notification_theirs, 0},
        {"encode a notification", encode_notification_ours, encode_notification_theirs, 0},
        {"parse + encode a notification", both_notification_ours, both_notification_theirs, 4},
    };
    coap_startup();
    int status = bench_main(argc, argv, "coap", "libcoap", cases, sizeof cases / sizeof cases[0]);
    coap_cleanup();
    return status;
}
