#include "proto/request.h"

#include "base/apart.h"
#include "base/num.h"
#include "model/access.h"
#include "model/id.h"
#include "proto/query.h"

/* ---- Routing -------------------------------------------------------------------------------- */

#define OP_BIT(op) ((uint32_t)1 << LW_OP_##op)

/* What comes to ids. */
#define OF_BOOTSTRAP (OP_BIT(BS_DISCOVER) | OP_BIT(BS_READ) | OP_BIT(BS_WRITE) | OP_BIT(BS_DELETE))
#define OF_SERVERS   (OP_BIT(SEND) - OP_BIT(READ))

lw_request lw_request_of(lw_op op, lw_path path)
{
    return (lw_request){.op = (uint8_t)op,
                        .path = path,
                        .depth = LW_DEPTH_DEFAULT,
                        .content_format = LW_CF_NONE,
                        .accept = LW_CF_NONE};
}

static uint16_t format_in(const lw_coap_msg *msg, lw_coap_note note)
{
    return lw_coap_has(&msg->noted, note) ? (uint16_t)msg->noted.value[note] : LW_CF_NONE;
}

uint16_t lw_content_format_of(const lw_coap_msg *msg)
{
    return format_in(msg, LW_COAP_NOTE_CONTENT_FORMAT);
}

/* Everything the options say, except the path; and what tells the operations of a method apart: the
 * modes that will do. What is observed is read by who does not serve that. */
static unsigned read_options(const lw_coap_msg *msg, lw_request *request)
{
    lw_bytes query;
    uint32_t observe = msg->noted.value[LW_COAP_NOTE_OBSERVE];
    memset(request, 0, sizeof *request);
    request->op = LW_OP_COUNT;
    request->content_format = lw_content_format_of(msg);
    request->accept = format_in(msg, LW_COAP_NOTE_ACCEPT);
    request->has_query = lw_coap_opt_find(&msg->options, LW_COAP_OPT_URI_QUERY, &query);
    request->options = msg->options;
    request->payload = msg->payload;
    if (msg->code == LW_COAP_PUT) { /* P-DM-22 */
        bool has_body = request->payload.len > 0 || request->content_format != LW_CF_NONE;
        return request->has_query && !has_body ? LW_OP_ATTRIBUTED : LW_OP_PLAIN;
    }
    if (msg->code == LW_COAP_GET && request->accept == LW_CF_LINK) {
        return LW_OP_LINKED;
    }
    bool observes = lw_coap_has(&msg->noted, LW_COAP_NOTE_OBSERVE) && observe <= 1;
    return observes ? LW_OP_PLAIN | (unsigned)LW_OP_OBSERVED << observe : LW_OP_PLAIN;
}

static bool next_segment(lw_coap_opt_iter *it, lw_bytes *out_segment)
{
    return lw_coap_opt_next_of(it, LW_COAP_OPT_URI_PATH, out_segment);
}

static void skip_alternate_path(lw_bytes alternate, lw_coap_opt_iter *it)
{
    lw_coap_opt_iter at = *it;
    while (alternate.len > 0) {
        lw_bytes expected = lw_bytes_cut(&alternate, '/');
        lw_bytes segment;
        if (!next_segment(&at, &segment) || !lw_bytes_equal(segment, expected)) {
            return;
        }
    }
    *it = at;
}

static bool is_number(lw_bytes segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        if (!lw_num_is_digit(segment.ptr[i])) {
            return false;
        }
    }
    return segment.len > 0;
}

static lw_err append(lw_path *path, lw_bytes segment)
{
    uint16_t id;
    size_t pos = 0;
    lw_err err = lw_id_read(segment, &pos, &id);
    return err == LW_OK ? lw_path_append(path, id) : err;
}

/* GW-03, GW-09 */
static bool is_prefix(lw_bytes segment)
{
    return segment.len > 0 && !is_number(segment) && memchr(segment.ptr, '/', segment.len) == NULL;
}

void lw_route_front(const lw_route *route, lw_coap_opt_iter *it, lw_request *request)
{
    skip_alternate_path(route->alternate_path, it);
    lw_coap_opt_iter at = *it;
    lw_bytes segment;
    if (route->gateway && next_segment(&at, &segment) && is_prefix(segment)) {
        request->prefix = segment;
        *it = at;
    }
}

/* DM-03: not a number 4.04, a wrong number or a fifth 4.05. */
LW_APART static uint8_t read_path(lw_coap_opt_iter *it, lw_request *request)
{
    lw_bytes segment;
    bool more = next_segment(it, &segment);
    if (more && segment.len == 0) { /* DM-98: one empty segment is "/" */
        return next_segment(it, &segment) ? LW_COAP_NOT_FOUND : LW_COAP_EMPTY;
    }
    for (; more; more = next_segment(it, &segment)) {
        if (!is_number(segment)) {
            return LW_COAP_NOT_FOUND;
        }
        if (append(&request->path, segment) != LW_OK) {
            return LW_COAP_METHOD_NOT_ALLOWED;
        }
    }
    return LW_COAP_EMPTY;
}

/* What is asked for: of these operations, a bit each, the last one with this method, one of these
 * modes and that level of path. LW_OP_COUNT: none. */
static lw_op find_op(uint32_t ops, uint8_t method, unsigned modes, lw_path path, lw_version version)
{
    unsigned depth = lw_path_depth(path);
    for (unsigned op = LW_OP_COUNT; op-- > 0;) {
        const lw_op_rule *rule = lw_op_rule_of((lw_op)op);
        if ((ops >> op & 1u) != 0 && rule->method == method && (rule->mode & modes) != 0 &&
            lw_op_has_level((lw_op)op, depth, version)) {
            return (lw_op)op;
        }
    }
    return LW_OP_COUNT;
}

bool lw_request_is_forbidden(const lw_path *path)
{
    return lw_access_is_bootstrap_only(lw_path_id(*path, LW_LEVEL_OBJECT));
}

uint8_t lw_route_device(const lw_route *route, const lw_coap_msg *msg, lw_request *out_request)
{
    unsigned modes = read_options(msg, out_request);
    lw_coap_opt_iter it = lw_coap_opts(msg->options);
    if (route->front != NULL) {
        route->front(route, &it, out_request);
    }
    uint8_t code = read_path(&it, out_request);
    if (code != LW_COAP_EMPTY) {
        return code;
    }
    lw_op op =
        find_op(route->ops & OF_SERVERS, msg->code, modes, out_request->path, route->version);
    out_request->op = op;
    if (op == LW_OP_COUNT) {
        return LW_COAP_METHOD_NOT_ALLOWED;
    }
    return lw_request_is_forbidden(&out_request->path) ? LW_COAP_UNAUTHORIZED : LW_COAP_EMPTY;
}

/* ---- Of the Bootstrap-Server ---------------------------------------------------------------- */

/* The path of Bootstrap-Finish, and of nothing else on a device. */
static bool is_finish_path(lw_bytes options)
{
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_bytes segment;
    return next_segment(&it, &segment) && lw_bytes_is(segment, lw_op_path(LW_OP_BS_FINISH)) &&
           !next_segment(&it, &segment);
}

uint8_t lw_route_bootstrap(lw_version version, const lw_coap_msg *msg, lw_request *out_request)
{
    unsigned modes = read_options(msg, out_request);
    if (is_finish_path(msg->options)) {
        out_request->op = LW_OP_BS_FINISH;
        return msg->code == LW_COAP_POST ? LW_COAP_EMPTY : LW_COAP_METHOD_NOT_ALLOWED;
    }
    lw_coap_opt_iter it = lw_coap_opts(msg->options); /* VER-33, GW-03: nothing stands in front */
    uint8_t code = read_path(&it, out_request);
    if (code != LW_COAP_EMPTY) {
        return code;
    }
    bool is_root = !lw_path_reaches(out_request->path, LW_LEVEL_OBJECT);
    bool is_discover = msg->code == LW_COAP_GET && ((modes & LW_OP_LINKED) != 0 || is_root);
    lw_op op = find_op(OF_BOOTSTRAP, msg->code, is_discover ? LW_OP_LINKED : LW_OP_PLAIN,
                       out_request->path, version);
    out_request->op = op;
    if (op == LW_OP_COUNT) { /* BS-20 and BS-31 against BS-24 and BS-25 */
        return is_discover || msg->code == LW_COAP_DELETE ? LW_COAP_BAD_REQUEST
                                                          : LW_COAP_METHOD_NOT_ALLOWED;
    }
    bool is_account = lw_path_id(out_request->path, LW_LEVEL_OBJECT) == 1 ||
                      lw_path_id(out_request->path, LW_LEVEL_OBJECT) == 2; /* BS-24 */
    return op == LW_OP_BS_READ && !is_account ? LW_COAP_METHOD_NOT_ALLOWED : LW_COAP_EMPTY;
}

/* ---- Of devices ----------------------------------------------------------------------------- */

uint8_t lw_route_server(const lw_coap_msg *msg, lw_request *out_request)
{
    static const struct {
        uint8_t op;
        bool has_location;
    } up[] = {
        {LW_OP_BS_REQUEST, false}, {LW_OP_BS_PACK_REQUEST, false}, {LW_OP_REGISTER, false},
        {LW_OP_UPDATE, true},      {LW_OP_DEREGISTER, true},       {LW_OP_SEND, false},
    };
    (void)read_options(msg, out_request);
    lw_coap_opt_iter it = lw_coap_opts(msg->options);
    lw_bytes first;
    lw_bytes more;
    if (!next_segment(&it, &first)) {
        return LW_COAP_NOT_FOUND;
    }
    bool has_location = next_segment(&it, &out_request->location);
    if (next_segment(&it, &more)) {
        return LW_COAP_NOT_FOUND;
    }
    uint8_t code = LW_COAP_NOT_FOUND;
    for (size_t i = 0; i < sizeof up / sizeof up[0]; i++) {
        const lw_op_rule *rule = lw_op_rule_of((lw_op)up[i].op);
        if (has_location != up[i].has_location ||
            !lw_bytes_is(first, lw_op_path((lw_op)up[i].op))) {
            continue;
        }
        if (msg->code == rule->method) {
            out_request->op = up[i].op;
            return LW_COAP_EMPTY;
        }
        code = LW_COAP_METHOD_NOT_ALLOWED;
    }
    return code;
}

lw_err lw_request_attrs(const lw_request *request, lw_attrs_change *change)
{
    lw_coap_opt_iter it = lw_coap_opts(request->options);
    lw_query query;
    while (lw_query_next(&it, &query)) {
        lw_err err = lw_attrs_take(change, query.name, query.value);
        if (err != LW_OK) {
            return err;
        }
    }
    return LW_OK;
}

unsigned lw_request_depth(const lw_request *request, unsigned otherwise)
{
    unsigned depth = otherwise;
    lw_coap_opt_iter it = lw_coap_opts(request->options);
    lw_query query;
    while (lw_query_next(&it, &query)) {
        if (lw_bytes_is(query.name, "depth")) {
            depth = query.value.len == 1 ? query.value.ptr[0] - (unsigned)'0' : LW_DEPTH_MAX + 1;
        }
    }
    return depth;
}

/* ---- Formats -------------------------------------------------------------------------------- */

/* DM-08, DM-50: queries where none belong. */
static bool query_is_wrong(const lw_request *request)
{
    uint32_t without = OP_BIT(READ) | OP_BIT(WRITE) | OP_BIT(WRITE_PARTIAL);
    return request->has_query && (without >> request->op & 1u) != 0;
}

/* DM-07, and DM-77: Create may have no body. DM-60, P-DM-16: arguments are text. */
static bool format_is_wrong(const lw_request *request, unsigned uses)
{
    uint32_t cf = request->content_format;
    if (uses == LW_FORMAT_ARGS) {
        return cf != LW_CF_NONE && cf != LW_CF_TEXT && cf != LW_CF_TEXT_DRAFT;
    }
    bool may_lack = request->op == LW_OP_CREATE && request->payload.len == 0;
    return cf == LW_CF_NONE && uses != 0 && !may_lack;
}

uint8_t lw_request_formats(const lw_request *request, const lw_format_choice *choice,
                           const lw_format **out_body, const lw_format **out_answer)
{
    lw_op op = (lw_op)request->op;
    const lw_op_rule *rule = lw_op_rule_of(op);
    *out_body = NULL;
    *out_answer = NULL;
    if ((rule->body & LW_FORMAT_REAL) != 0 && request->content_format != LW_CF_NONE) {
        *out_body = lw_op_find_body_format(op, choice, request->content_format);
        if (*out_body == NULL) {
            return LW_COAP_UNSUPPORTED_CONTENT_FORMAT;
        }
    }
    if ((rule->answer & LW_FORMAT_REAL) != 0) {
        *out_answer = request->accept == LW_CF_NONE
                          ? lw_op_answer_format(op, choice, NULL)
                          : lw_op_find_answer_format(op, choice, request->accept);
        if (*out_answer == NULL) {
            return LW_COAP_NOT_ACCEPTABLE;
        }
    }
    bool wrong = format_is_wrong(request, rule->body) || query_is_wrong(request);
    return wrong ? LW_COAP_BAD_REQUEST : LW_COAP_EMPTY;
}

/* ---- Building ------------------------------------------------------------------------------- */

static void put_text_path(lw_coap_out *out, lw_bytes text)
{
    while (text.len > 0) {
        lw_coap_put(out, LW_COAP_OPT_URI_PATH, lw_bytes_cut(&text, '/'));
    }
}

static void put_ids(lw_coap_out *out, uint32_t option, lw_path path)
{
    for (unsigned level = LW_LEVEL_OBJECT; level <= lw_path_depth(path); level++) {
        char text[LW_ID_TEXT_MAX];
        lw_coap_put(out, option, lw_bytes_of(text, lw_id_format(lw_path_id(path, level), text)));
    }
}

static bool is_bootstrap(lw_op op)
{
    return op <= LW_OP_BS_FINISH;
}

static void put_path(lw_coap_out *out, const lw_request *request)
{
    const char *fixed = lw_op_path((lw_op)request->op);
    if (fixed[0] != '\0') {
        lw_coap_put_str(out, LW_COAP_OPT_URI_PATH, fixed);
        return;
    }
    if (!is_bootstrap((lw_op)request->op)) { /* VER-33 */
        put_text_path(out, request->alternate_path);
    }
    if (request->prefix.len > 0) {
        lw_coap_put(out, LW_COAP_OPT_URI_PATH, request->prefix);
    }
    put_ids(out, LW_COAP_OPT_URI_PATH, request->path);
}

static void put_query(lw_coap_out *out, lw_bytes items)
{
    while (items.len > 0) {
        lw_coap_put(out, LW_COAP_OPT_URI_QUERY, lw_bytes_cut(&items, '&'));
    }
}

void lw_request_put(lw_coap_out *out, const lw_request *request)
{
    lw_op op = (lw_op)request->op;
    if (op == LW_OP_OBSERVE || op == LW_OP_OBSERVE_COMPOSITE) {
        lw_coap_put_uint(out, LW_COAP_OPT_OBSERVE, 0);
    } else if (op == LW_OP_CANCEL || op == LW_OP_CANCEL_COMPOSITE) {
        lw_coap_put_uint(out, LW_COAP_OPT_OBSERVE, 1);
    }
    put_path(out, request);
    if (request->content_format != LW_CF_NONE) {
        lw_coap_put_uint(out, LW_COAP_OPT_CONTENT_FORMAT, request->content_format);
    }
    put_query(out, request->query);
    if (op == LW_OP_DISCOVER && request->depth != LW_DEPTH_DEFAULT) {
        lw_query_put_number(out, "depth=", request->depth);
    }
    if (lw_op_rule_of(op)->answer == LW_FORMAT_LINKS) {
        lw_coap_put_uint(out, LW_COAP_OPT_ACCEPT, LW_CF_LINK);
    } else if (request->accept != LW_CF_NONE) {
        lw_coap_put_uint(out, LW_COAP_OPT_ACCEPT, request->accept);
    }
    lw_coap_put_payload(out, request->payload);
}

void lw_send_put(lw_coap_out *out, uint16_t content_format, lw_bytes payload)
{
    lw_op_put_path(out, LW_OP_SEND);
    lw_coap_put_uint(out, LW_COAP_OPT_CONTENT_FORMAT, content_format);
    lw_coap_put_payload(out, payload);
}

void lw_created_put(lw_coap_out *out, lw_path instance)
{
    put_ids(out, LW_COAP_OPT_LOCATION_PATH, instance);
}

lw_err lw_created_read(lw_bytes options, lw_path *out_instance)
{
    lw_path path = lw_path_root();
    bool found = false;
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt)) {
        if (opt.number != LW_COAP_OPT_LOCATION_PATH) {
            continue;
        }
        found = true;
        if (!is_number(opt.value)) {
            if (lw_path_reaches(path, LW_LEVEL_OBJECT)) {
                return LW_EFORMAT;
            }
        } else if (lw_path_depth(path) == LW_LEVEL_INSTANCE || append(&path, opt.value) != LW_OK) {
            return LW_EFORMAT;
        }
    }
    if (!found) {
        return LW_ENOTFOUND;
    }
    *out_instance = path;
    return lw_path_depth(path) == LW_LEVEL_INSTANCE ? LW_OK : LW_EFORMAT;
}
