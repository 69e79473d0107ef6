#include "testing/coap_vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coap/uri.h"

#define OPTIONS_MAX   4096u
#define NUMBERS_NAMED 300u /* the table of options ends below */
/* Truncation and mutation grow with the square of the length: longer messages are only parsed. */
#define THOROUGH_MAX 1000u

/* ---- Survival ---------------------------------------------------------------------------------
 */

static lw_err parse(lw_coap_wire wire, lw_bytes in, size_t max, lw_coap_msg *m, size_t *size)
{
    *size = in.len;
    switch (wire) {
    case LW_COAP_WIRE_TCP:
        return lw_stream_parse(in, max, m, size);
    case LW_COAP_WIRE_WEBSOCKET:
        return lw_stream_parse_websocket(in, m);
    default:
        return lw_coap_msg_parse(in, m);
    }
}

/* Writes the message with its options one by one into memory of its exact size. */
static uint8_t *rewrite(lw_coap_wire wire, const lw_coap_msg *m, size_t size, lw_writer *w)
{
    uint8_t *buf = malloc(size + 1);
    uint8_t *options = malloc(m->options.len + 1);
    lw_writer ow;
    lw_coap_out out;
    lw_writer_init(&ow, options, m->options.len);
    lw_coap_begin_options(&out, &ow);
    lw_coap_opt_iter it = lw_coap_opts(m->options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt)) {
        lw_coap_put(&out, opt.number, opt.value);
    }
    lw_coap_msg copy = *m;
    copy.options = lw_writer_bytes(&ow);
    lw_writer_init(w, buf, size);
    lw_writer_fail(w, ow.err);
    if (wire == LW_COAP_WIRE_DATAGRAM) {
        lw_coap_msg_encode(w, &copy);
    } else {
        lw_stream_kind kind = wire == LW_COAP_WIRE_TCP ? LW_STREAM_TCP : LW_STREAM_WEBSOCKET;
        lw_stream_encode(w, kind, &copy);
    }
    free(options);
    return buf;
}

bool lw_coap_survives(lw_coap_wire wire, lw_bytes in)
{
    lw_coap_msg m;
    size_t size;
    lw_err err = parse(wire, in, SIZE_MAX, &m, &size);
    if (err == LW_AGAIN) {
        return wire == LW_COAP_WIRE_TCP && size > in.len;
    }
    if (err != LW_OK) {
        return lw_err_is_failure(err);
    }
    if (size > in.len) {
        return false;
    }
    lw_writer w;
    uint8_t *buf = rewrite(wire, &m, size, &w);
    bool is_same = w.err == LW_OK && lw_bytes_equal(lw_writer_bytes(&w), lw_bytes_of(in.ptr, size));
    free(buf);
    return is_same;
}

/* Host, path and query as options; false when one is too long for them. */
static bool put_uri(lw_writer *w, const lw_uri *uri)
{
    lw_coap_out out;
    lw_coap_begin_options(&out, w);
    lw_uri_put_host(&out, uri, 0);
    lw_uri_put_path(&out, uri);
    lw_uri_put_query(&out, uri);
    return w->err == LW_OK;
}

bool lw_uri_survives(lw_bytes text)
{
    lw_uri uri;
    if (lw_uri_parse(text, &uri) != LW_OK) {
        return true;
    }
    uint8_t first[LW_URI_TEXT_MAX * 2];
    uint8_t second[LW_URI_TEXT_MAX * 2];
    uint8_t again[LW_URI_TEXT_MAX * 4];
    lw_writer w;
    lw_writer_init(&w, first, sizeof first);
    if (!put_uri(&w, &uri)) {
        return w.err == LW_ETOOBIG;
    }
    lw_bytes options = lw_writer_bytes(&w);
    lw_writer_init(&w, again, sizeof again);
    lw_write_bytes(&w, lw_bytes_of(text.ptr, (size_t)(uri.host.ptr - text.ptr) + uri.host.len));
    lw_write_str(&w, uri.host_kind == LW_URI_HOST_IPV6 ? "]:" : ":");
    for (uint16_t unit = 10000; unit > 0; unit /= 10) {
        lw_write_u8(&w, (uint8_t)('0' + uri.port / unit % 10));
    }
    lw_uri_write_path(&w, options, LW_COAP_OPT_URI_PATH);
    lw_uri_write_query(&w, options, LW_COAP_OPT_URI_QUERY);
    lw_err err = lw_uri_parse(lw_writer_bytes(&w), &uri);
    if (w.err != LW_OK || err != LW_OK) {
        return err == LW_ETOOBIG; /* escapes make it longer */
    }
    lw_writer_init(&w, second, sizeof second);
    return put_uri(&w, &uri) && lw_bytes_equal(options, lw_writer_bytes(&w));
}

/* ---- Vectors ----------------------------------------------------------------------------------
 */

typedef struct vector_option {
    uint32_t number;
    lw_bytes value;
} vector_option;

static lw_bytes uint_octets(lw_vectors *v, unsigned long value)
{
    uint8_t *octets = lw_vectors_alloc(v, 4);
    size_t n = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (n > 0 || value >> shift != 0) {
            octets[n++] = (uint8_t)(value >> shift);
        }
    }
    return lw_bytes_of(octets, n);
}

/* The number and format of a name as long as `name` says. */
static bool find_named(const char *name, size_t len, uint32_t *number, lw_coap_opt_format *format)
{
    for (*number = 0; *number < NUMBERS_NAMED; ++*number) {
        const char *candidate;
        if (lw_coap_opt_describe(*number, &candidate, format) && strlen(candidate) == len &&
            memcmp(candidate, name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* `Uri-Path "rd"`, `Accept 112`, `ETag 01 02`, or `2001 01 02` for a number without a name. */
static vector_option parse_option(lw_vectors *v, const char *line)
{
    size_t name_len = strcspn(line, " ");
    const char *rest = line[name_len] == ' ' ? line + name_len + 1 : "";
    vector_option o;
    lw_coap_opt_format format;
    char *end;
    o.number = (uint32_t)strtoul(line, &end, 10);
    if (end == line + name_len) {
        o.value = lw_vectors_parse_hex(v, rest);
        return o;
    }
    if (!find_named(line, name_len, &o.number, &format)) {
        lw_vectors_fail(v, "no option is called %s", line);
        return (vector_option){0};
    }
    if (format == LW_COAP_FORMAT_STRING) {
        o.value = lw_vectors_parse_text(v, rest + 1, strlen(rest) - 2);
    } else if (format == LW_COAP_FORMAT_UINT) {
        o.value = uint_octets(v, strtoul(rest, NULL, 10));
    } else {
        o.value = lw_vectors_parse_hex(v, rest);
    }
    return o;
}

static uint8_t parse_code(lw_vectors *v)
{
    const char *text = lw_vectors_str(v, "code");
    unsigned c = 0;
    unsigned dd = 0;
    if (sscanf(text, "%1u.%2u", &c, &dd) != 2) {
        lw_vectors_fail(v, "not a code: %s", text);
    }
    return LW_COAP_CODE(c, dd);
}

static uint8_t parse_type(lw_vectors *v)
{
    static const char *const types[] = {"CON", "NON", "ACK", "RST"};
    const char *text = lw_vectors_str(v, "type");
    for (uint8_t i = 0; i < 4; i++) {
        if (strcmp(text, types[i]) == 0) {
            return i;
        }
    }
    lw_vectors_fail(v, "not a type: %s", text);
    return 0;
}

lw_bytes lw_coap_vectors_options(lw_vectors *v)
{
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, lw_vectors_alloc(v, OPTIONS_MAX), OPTIONS_MAX);
    lw_coap_begin_options(&out, &w);
    for (size_t i = 0; i < lw_vectors_count(v, "option"); i++) {
        vector_option o = parse_option(v, lw_vectors_item(v, "option", i));
        lw_coap_put(&out, o.number, o.value);
    }
    if (w.err != LW_OK) {
        lw_vectors_fail(v, "writing the options gave %s", lw_err_name(w.err));
    }
    return lw_writer_bytes(&w);
}

/* The message that the lines of the case describe, its options written by the functions under
 * test. */
static lw_coap_msg expected_message(lw_vectors *v, bool is_stream)
{
    lw_coap_msg m = {.code = parse_code(v)};
    if (!is_stream) {
        m.type = parse_type(v);
        m.mid = (uint16_t)lw_vectors_int(v, "mid");
    }
    if (lw_vectors_has(v, "token")) {
        lw_bytes token = lw_vectors_hex(v, "token");
        m.token.len = (uint8_t)token.len;
        memcpy(m.token.octets, token.ptr, token.len);
    }
    if (lw_vectors_has(v, "payload")) {
        m.payload = lw_vectors_hex(v, "payload");
    } else if (lw_vectors_has(v, "payload-text")) {
        m.payload = lw_vectors_text(v, "payload-text");
    }
    m.options = lw_coap_vectors_options(v);
    return m;
}

/* Uints compare as numbers: a vector may hold leading zeros. */
static bool options_equal(lw_bytes a, lw_bytes b)
{
    lw_coap_opt_iter ai = lw_coap_opts(a);
    lw_coap_opt_iter bi = lw_coap_opts(b);
    for (;;) {
        lw_coap_opt ao;
        lw_coap_opt bo;
        bool has_a = lw_coap_opt_next(&ai, &ao);
        bool has_b = lw_coap_opt_next(&bi, &bo);
        if (!has_a || !has_b) {
            return has_a == has_b;
        }
        const char *name;
        lw_coap_opt_format format;
        bool is_uint = lw_coap_opt_describe(ao.number, &name, &format) &&
                       format == LW_COAP_FORMAT_UINT && ao.value.len <= 4 && bo.value.len <= 4;
        if (ao.number != bo.number ||
            (is_uint ? lw_coap_opt_uint(ao.value) != lw_coap_opt_uint(bo.value)
                     : !lw_bytes_equal(ao.value, bo.value))) {
            return false;
        }
    }
}

static void check_parsed(lw_vectors *v, const lw_coap_msg *m, const lw_coap_msg *want)
{
    if (m->type != want->type || m->code != want->code || m->mid != want->mid) {
        lw_vectors_fail(v, "header: type %d code %02x mid %d", m->type, m->code, m->mid);
    }
    if (!lw_coap_same_token(&m->token, &want->token)) {
        lw_vectors_fail(v, "another token, of %d octets", m->token.len);
    }
    if (!options_equal(m->options, want->options)) {
        lw_vectors_fail(v, "other options");
    }
    if (!lw_bytes_equal(m->payload, want->payload)) {
        lw_vectors_fail(v, "another payload, of %zu octets", m->payload.len);
    }
}

static void check_written(lw_vectors *v, lw_coap_wire wire, const lw_coap_msg *want, lw_bytes bytes)
{
    lw_writer w;
    uint8_t *buf = rewrite(wire, want, bytes.len, &w);
    if (w.err != LW_OK || !lw_bytes_equal(lw_writer_bytes(&w), bytes)) {
        lw_vectors_fail(v, "written as %zu other octets, %s", w.pos, lw_err_name(w.err));
    }
    free(buf);
    if (bytes.len > 0) {
        buf = rewrite(wire, want, bytes.len - 1, &w);
        if (w.err != LW_ETOOBIG) {
            lw_vectors_fail(v, "one octet less of room gave %s", lw_err_name(w.err));
        }
        free(buf);
    }
}

static void check_options(lw_vectors *v, const lw_coap_msg *m)
{
    long long want = lw_vectors_has(v, "refused") ? lw_vectors_int(v, "refused") : 0;
    uint32_t number = 0;
    lw_err err = lw_coap_opts_check(m->options, &number);
    if (number != want || m->noted.refused != want || (err == LW_EPROTO) != (want != 0)) {
        lw_vectors_fail(v, "refused options %u and %u, not %lld", number, m->noted.refused, want);
    }
}

static void check_survival(lw_vectors *v, lw_coap_wire wire, lw_bytes in, const char *what,
                           size_t at)
{
    if (!lw_coap_survives(wire, in)) {
        lw_vectors_fail(v, "%s at %zu: not the same octets again", what, at);
    }
}

/* In memory of its exact size, so that a read behind the end is seen. */
static void check_disturbed(lw_vectors *v, lw_coap_wire wire, lw_bytes bytes)
{
    for (size_t len = 0; len <= bytes.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1);
        memcpy(cut, bytes.ptr, len);
        check_survival(v, wire, lw_bytes_of(cut, len), "cut", len);
        free(cut);
    }
    uint8_t *changed = malloc(bytes.len > 0 ? bytes.len : 1);
    memcpy(changed, bytes.ptr, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            changed[i] = (uint8_t)(bytes.ptr[i] ^ flip);
            check_survival(v, wire, lw_bytes_of(changed, bytes.len), "changed", i);
        }
        changed[i] = bytes.ptr[i];
    }
    free(changed);
}

static void check_case(lw_vectors *v, lw_coap_wire wire, lw_bytes bytes)
{
    bool is_stream = wire != LW_COAP_WIRE_DATAGRAM;
    size_t max = lw_vectors_has(v, "max") ? (size_t)lw_vectors_int(v, "max") : SIZE_MAX;
    lw_coap_msg m;
    size_t size;
    lw_err err = parse(wire, bytes, max, &m, &size);
    if (lw_vectors_has(v, "error")) {
        if (strcmp(lw_err_name(err), lw_vectors_str(v, "error")) != 0) {
            lw_vectors_fail(v, "parsing gave %s", lw_err_name(err));
        }
        if (!is_stream && lw_vectors_has(v, "type")) {
            lw_coap_msg want = expected_message(v, is_stream);
            if (m.type != want.type || m.code != want.code || m.mid != want.mid) {
                lw_vectors_fail(v, "header: type %d code %02x mid %d", m.type, m.code, m.mid);
            }
        } else if (!is_stream && m.type != LW_COAP_ACK) {
            lw_vectors_fail(v, "no type is known, but it is %d", m.type);
        }
        return;
    }
    if (err != LW_OK || size != bytes.len) {
        lw_vectors_fail(v, "parsing gave %s, %zu octets", lw_err_name(err), size);
        return;
    }
    lw_coap_msg want = expected_message(v, is_stream);
    check_parsed(v, &m, &want);
    if (!lw_coap_code_is_signal(m.code)) {
        check_options(v, &m);
    }
    if (!lw_vectors_has(v, "decode-only")) {
        check_written(v, wire, &want, bytes);
    }
}

bool lw_coap_vectors_run(const char *file, bool is_stream)
{
    lw_vectors *v = lw_vectors_open(file);
    while (lw_vectors_next(v)) {
        lw_coap_wire wire = !is_stream                       ? LW_COAP_WIRE_DATAGRAM
                            : lw_vectors_has(v, "websocket") ? LW_COAP_WIRE_WEBSOCKET
                                                             : LW_COAP_WIRE_TCP;
        lw_bytes bytes = lw_vectors_hex(v, "bytes");
        check_case(v, wire, bytes);
        if (bytes.len <= THOROUGH_MAX) {
            check_disturbed(v, wire, bytes);
        }
    }
    return lw_vectors_close(v);
}
