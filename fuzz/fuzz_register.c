/* Register and Update: whatever a device sends is parsed or refused with a legal code; what was
 * accepted is put and parses as the same registration with the same objects.
 *
 * Input: a mode octet, the query items separated by '&', a line feed, the object list.
 */
#include "fuzz.h"

#include "proto/register_for_tests.h"

#define STRICT     1u
#define IDENTIFIED 2u
#define UPDATE     4u
#define NO_FORMAT  8u

static uint8_t sent[1 << 16];
static uint8_t again[1 << 16];
static uint8_t list_text[1 << 16];

static const lw_registration current = {.endpoint = LW_BYTES_LIT("dev1"),
                                        .version = LW_VERSION_1_1};

static lw_bytes cut_at(lw_bytes *rest, uint8_t separator)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != separator) {
        len++;
    }
    lw_bytes first = lw_bytes_of(rest->ptr, len);
    *rest = lw_bytes_from(*rest, len + 1);
    return first;
}

/* As the endpoint hands requests on: what has an option to be refused, a Uri-Query of more than 255
 * octets for instance, does not come this far. */
static bool route(const lw_writer *w, lw_coap_msg *msg, lw_request *request)
{
    return w->err == LW_OK && lw_coap_msg_parse(lw_writer_bytes(w), msg) == LW_OK &&
           msg->noted.refused == 0 && lw_route_server(msg, request) == LW_COAP_EMPTY;
}

static lw_refusal parse(const lw_request *request, unsigned mode, lw_registration *reg,
                        lw_object_list *list)
{
    lw_register_policy policy = {.strict = (mode & STRICT) != 0,
                                 .identified = (mode & IDENTIFIED) != 0};
    return (mode & UPDATE) != 0 ? lw_update_parse(request, &policy, &current, reg, list)
                                : lw_register_parse(request, &policy, reg, list);
}

/* Writes the list as a device would: without the alternate path that some have. False when it does
 * not fit. */
static bool write_list(lw_object_list list, lw_writer *w)
{
    static const lw_format *const none[] = {NULL};
    lw_link_out out;
    lw_object_list_begin(&out, w, none, LW_VERSION_NEWEST);
    lw_object_link link;
    unsigned count = 0;
    while (lw_object_list_next(&list, &link)) {
        lw_object_list_put(&out, link.path, link.has_version ? &link.version : NULL);
        count++;
    }
    FUZZ_CHECK(count == list.count);
    return w->err == LW_OK;
}

static void check_same_list(lw_object_list a, lw_object_list b)
{
    FUZZ_CHECK(a.count == b.count);
    FUZZ_CHECK(b.alternate_path.len == 0);
    lw_object_link x;
    lw_object_link y;
    while (lw_object_list_next(&a, &x)) {
        FUZZ_CHECK(lw_object_list_next(&b, &y));
        FUZZ_CHECK(lw_path_equal(x.path, y.path) && x.has_version == y.has_version);
        FUZZ_CHECK(!x.has_version ||
                   (x.version.major == y.version.major && x.version.minor == y.version.minor));
    }
}

/* Queue mode of 1.0 is a letter of the binding: without one it is understood (P-REG-02), but has no
 * place to be written. */
static uint8_t said_again(const lw_registration *reg)
{
    bool has_no_place = lw_version_has(reg->version, LW_FEATURE_QUEUE_IN_BINDING) &&
                        (reg->given & LW_REG_BINDING) == 0;
    return (uint8_t)(reg->given & (has_no_place ? ~LW_REG_QUEUE : ~0u));
}

static void check_round_trip(lw_registration reg, lw_object_list list, unsigned mode)
{
    lw_writer w;
    lw_writer_init(&w, list_text, sizeof list_text);
    if (!write_list(list, &w) || ((reg.given & LW_REG_LIST) != 0 && list.count == 0)) {
        return;
    }
    lw_registration mine = reg;
    char letters[LW_BINDING_TEXT_MAX];
    size_t letter_count = lw_binding_format(reg.bindings, false, reg.version, letters);
    mine.binding = lw_bytes_of(letters, letter_count);
    mine.list = lw_writer_bytes(&w);
    lw_writer_init(&w, again, sizeof again);
    lw_coap_out out;
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_POST, 1, (lw_coap_token){.len = 0});
    static const lw_location location = {8, {0xB2, 'r', 'd', 4, '5', 'a', '3', 'f'}};
    put_registration(&out, (mode & UPDATE) != 0 ? &location : NULL, &mine);
    lw_coap_put_payload(&out, mine.list);
    lw_coap_msg msg;
    lw_request request;
    lw_registration read;
    lw_object_list read_list;
    FUZZ_CHECK(route(&w, &msg, &request));
    FUZZ_CHECK(parse(&request, mode, &read, &read_list) == LW_REFUSAL_NONE);
    FUZZ_CHECK(read.given == said_again(&reg) && read.bindings == reg.bindings);
    FUZZ_CHECK(read.version == reg.version && read.lifetime == reg.lifetime);
    FUZZ_CHECK(lw_bytes_equal(read.endpoint, reg.endpoint) && lw_bytes_equal(read.sms, reg.sms));
    FUZZ_CHECK(lw_bytes_equal(read.profiles, reg.profiles));
    check_same_list(list, read_list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4096) {
        return 0;
    }
    unsigned mode = data[0];
    lw_bytes payload = lw_bytes_of(data + 1, size - 1);
    lw_bytes query = cut_at(&payload, '\n');
    lw_writer w;
    lw_writer_init(&w, sent, sizeof sent);
    lw_coap_out out;
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_POST, 1, (lw_coap_token){.len = 0});
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, "rd");
    if ((mode & UPDATE) != 0) {
        lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, "5a3f");
    }
    if ((mode & NO_FORMAT) == 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_LINK);
    }
    while (query.len > 0) {
        lw_coap_put(&out, LW_COAP_OPT_URI_QUERY, cut_at(&query, '&'));
    }
    lw_coap_put_payload(&out, payload);
    lw_coap_msg msg;
    lw_request request;
    if (!route(&w, &msg, &request)) {
        return 0;
    }
    lw_registration reg;
    lw_object_list list;
    lw_refusal refusal = parse(&request, mode, &reg, &list);
    if (refusal != LW_REFUSAL_NONE) {
        FUZZ_CHECK(lw_op_may_answer((lw_op)request.op, lw_refusal_code(refusal)));
        return 0;
    }
    check_round_trip(reg, list, mode);
    return 0;
}
