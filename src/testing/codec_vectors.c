#include "testing/codec_vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "codec/front.h"
#include "codec/times.h"
#include "testing/vectors.h"

#define SCRATCH_LEN 131072u
#define OUT_MAX     262144u
/* Truncation and mutation grow with the square of the length: longer payloads are only decoded. */
#define THOROUGH_MAX 512u

/* ---- Decoding into a list ---------------------------------------------------------------------
 */

void lw_decoded_free(lw_decoded *d)
{
    free(d->list);
    free(d->bytes);
    *d = (lw_decoded){0};
}

static lw_bytes keep(lw_decoded *d, lw_bytes b)
{
    if (b.len == 0) {
        return b;
    }
    if (b.len > d->bytes_cap - d->bytes_len) {
        __builtin_trap(); /* the estimate of lw_decoded_read was wrong */
    }
    uint8_t *at = d->bytes + d->bytes_len;
    memcpy(at, b.ptr, b.len);
    d->bytes_len += b.len;
    return lw_bytes_of(at, b.len);
}

static bool has_bytes(const lw_value *v)
{
    return v->type == LW_TYPE_STRING || v->type == LW_TYPE_OPAQUE || v->type == LW_TYPE_CORELNK;
}

static void collect(lw_decoded *d, lw_entry e)
{
    if (has_bytes(&e.value)) {
        e.value.as.bytes = keep(d, e.value.as.bytes);
    }
    /* the prefix stays the same for many */
    const lw_entry *last = d->count > 0 ? &d->list[d->count - 1] : NULL;
    bool same = last != NULL && lw_bytes_equal(last->prefix, e.prefix);
    e.prefix = same ? last->prefix : keep(d, e.prefix);
    if ((d->count & (d->count - 1)) == 0) { /* full at each power of two */
        d->list = realloc(d->list, (d->count > 0 ? 2 * d->count : 1) * sizeof *d->list);
    }
    if (d->list == NULL) {
        __builtin_trap();
    }
    d->list[d->count++] = e;
}

/* The next entry, whose time makes sense. */
static lw_err read_entry(lw_decoder *d, lw_entry *out_entry)
{
    lw_time at;
    lw_err err = lw_decoder_next(d, out_entry);
    return err == LW_OK ? lw_entry_time(out_entry, 0, &at) : err;
}

void lw_decoded_read(lw_decoded *out, const lw_format *format, const lw_decode_cfg *cfg,
                     lw_bytes payload, size_t chunk)
{
    lw_decoded_free(out);
    /* prefixes may come from a sticky base name: each record then adds one */
    out->bytes_cap = 64 * payload.len + 256;
    out->bytes = malloc(out->bytes_cap);
    size_t begin = 0;
    size_t end = chunk == 0 || chunk > payload.len ? payload.len : chunk;
    lw_decoder d;
    lw_decoder_init(&d, format, cfg);
    lw_err err;
    do {
        size_t len = end - begin;
        uint8_t *part = malloc(len > 0 ? len : 1);
        if (part == NULL || out->bytes == NULL || (len > 0 && payload.ptr == NULL)) {
            __builtin_trap();
        }
        if (len > 0) {
            memcpy(part, payload.ptr + begin, len);
        }
        lw_decoder_feed(&d, lw_bytes_of(part, len), end == payload.len);
        lw_entry e;
        while ((err = read_entry(&d, &e)) == LW_OK && out->count < LW_DECODED_MAX) {
            collect(out, e);
        }
        begin += lw_decoder_consumed(&d);
        end = chunk < payload.len - end ? end + chunk : payload.len;
        free(part);
    } while (err == LW_AGAIN);
    out->err = err == LW_OK ? LW_ENOMEM : err;
}

static lw_entries entries_of(const lw_decoded *d)
{
    return (lw_entries){d->list, d->count};
}

static bool same_value(lw_value a, lw_value b)
{
    double x;
    double y;
    if (a.type != b.type && lw_value_to_number(&a, &x) && lw_value_to_number(&b, &y)) {
        return lw_value_equal(lw_value_float(x), lw_value_float(y)) || (x == 0 && y == 0);
    }
    return lw_value_equal(a, b);
}

/* As it stands: absolute, or relative to 0. */
static lw_time time_of(const lw_entry *e)
{
    lw_time at = 0;
    if (lw_entry_time(e, 0, &at) != LW_OK) {
        __builtin_trap(); /* read_entry lets none through */
    }
    return at;
}

bool lw_entry_equal(const lw_entry *a, const lw_entry *b)
{
    return a->kind == b->kind && lw_path_equal(a->path, b->path) &&
           lw_entry_has_time(a) == lw_entry_has_time(b) && time_of(a) == time_of(b) &&
           same_value(a->value, b->value) && lw_bytes_equal(a->prefix, b->prefix);
}

bool lw_entries_equal(lw_entries a, lw_entries b)
{
    if (a.count != b.count) {
        return false;
    }
    for (size_t i = 0; i < a.count; i++) {
        if (!lw_entry_equal(&a.list[i], &b.list[i])) {
            return false;
        }
    }
    return true;
}

/* Times as a source tells them: several since the first one. */
static void set_times(lw_entry *list, size_t count)
{
    bool is_history = count > 1;
    for (size_t i = 0; i < count; i++) {
        is_history = is_history && lw_entry_has_time(&list[i]);
    }
    lw_time first = is_history ? time_of(&list[0]) : 0;
    for (size_t i = 0; i < count; i++) {
        if (lw_entry_has_time(&list[i])) {
            lw_time at = time_of(&list[i]);
            list[i].base_time = list[i].time = lw_value_none();
            lw_entry_set_time(&list[i], at, first);
        }
    }
}

static lw_err encode(const lw_format *format, lw_entries entries, const lw_decode_cfg *cfg,
                     lw_writer *w)
{
    lw_entry *list = calloc(entries.count + 1, sizeof *list);
    if (list == NULL) {
        __builtin_trap();
    }
    if (entries.count > 0) {
        memcpy(list, entries.list, entries.count * sizeof *list);
    }
    set_times(list, entries.count);
    lw_entries timed = {list, entries.count};
    lw_source source = lw_entries_source(&timed);
    lw_encode_cfg out = {.base = cfg->base, .front = cfg->front};
    lw_err err = lw_encode(format, &source, &out, w);
    free(list);
    return err;
}

bool lw_codec_survives(const lw_format *format, const lw_decode_cfg *cfg, lw_bytes payload)
{
    lw_decoded whole = {0};
    lw_decoded parts = {0};
    lw_decoded again = {0};
    lw_decoded_read(&whole, format, cfg, payload, 0);
    bool same = true;
    for (size_t chunk = 1; chunk <= 5; chunk += 4) {
        lw_decoded_read(&parts, format, cfg, payload, chunk);
        same = same && parts.err == whole.err &&
               lw_entries_equal(entries_of(&whole), entries_of(&parts));
    }
    if (same && whole.err == LW_END) {
        size_t cap = 16 * payload.len + 256u * (whole.count + 1);
        uint8_t *out = malloc(cap);
        lw_writer w;
        lw_writer_init(&w, out, cap);
        if (encode(format, entries_of(&whole), cfg, &w) == LW_OK) {
            lw_decoded_read(&again, format, cfg, lw_writer_bytes(&w), 0);
            same = again.err == LW_END && lw_entries_equal(entries_of(&whole), entries_of(&again));
        }
        free(out);
    }
    lw_decoded_free(&whole);
    lw_decoded_free(&parts);
    lw_decoded_free(&again);
    return same;
}

/* ---- Cases ------------------------------------------------------------------------------------
 */

typedef struct type_at {
    lw_path path;
    lw_type type;
} type_at;

typedef struct codec_case {
    lw_vectors *v;
    const lw_format *format;
    unsigned flags;
    lw_decode_cfg cfg;
    lw_front front;
    lw_bytes bytes;   /* to be decoded */
    lw_bytes encoded; /* what encoding gives */
    lw_entry list[64];
    lw_entries entries;
    type_at types[96];
    size_t type_count;
} codec_case;

/* As an object definition would say: the type belongs to the resource, whatever the instance. */
static lw_type type_in_case(void *ctx, lw_path path)
{
    const codec_case *c = ctx;
    lw_path resource = lw_path_cut(path, LW_LEVEL_RESOURCE);
    for (size_t i = 0; i < c->type_count; i++) {
        if (lw_path_equal(lw_path_cut(c->types[i].path, LW_LEVEL_RESOURCE), resource)) {
            return c->types[i].type;
        }
    }
    return LW_TYPE_NONE;
}

/* Takes the next word off *text. */
static const char *word(codec_case *c, const char **text)
{
    const char *start = *text + strspn(*text, " ");
    size_t len = strcspn(start, " ");
    *text = start + len;
    char *copy = lw_vectors_alloc(c->v, len + 1);
    memcpy(copy, start, len);
    copy[len] = 0;
    return copy;
}

static lw_path parse_path(codec_case *c, const char *text)
{
    lw_path path = lw_path_root();
    if (lw_path_parse(lw_bytes_str(text), &path) != LW_OK) {
        lw_vectors_fail(c->v, "'%s' is not a path", text);
    }
    return path;
}

static const char *const type_names[] = {"none",    "string", "integer", "unsigned", "float",
                                         "boolean", "opaque", "time",    "objlnk",   "corelnk"};

/* The type of that name; "single" is a FLOAT. */
static bool type_by_name(const char *name, lw_type *out)
{
    if (strcmp(name, "single") == 0) {
        *out = LW_TYPE_FLOAT;
        return true;
    }
    for (size_t i = 1; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *out = (lw_type)i;
            return true;
        }
    }
    return false;
}

static lw_bytes parse_quoted(codec_case *c, const char **text)
{
    const char *start = *text + strspn(*text, " ");
    if (*start != '"') {
        lw_vectors_fail(c->v, "'%s' is not in quotes", start);
        return lw_bytes_of(NULL, 0);
    }
    start++;
    size_t len = 0;
    while (start[len] != 0 && start[len] != '"') {
        len += start[len] == '\\' && start[len + 1] != 0 ? 2 : 1;
    }
    *text = start + len + (start[len] == '"' ? 1 : 0);
    return lw_vectors_parse_text(c->v, start, len);
}

/* Hex octets up to the attributes behind them. */
static lw_bytes parse_octets(codec_case *c, const char **text)
{
    const char *end = strstr(*text, " at ");
    const char *prefix = strstr(*text, " prefix ");
    if (end == NULL || (prefix != NULL && prefix < end)) {
        end = prefix;
    }
    size_t len = end == NULL ? strlen(*text) : (size_t)(end - *text);
    char *hex = lw_vectors_alloc(c->v, len + 1);
    memcpy(hex, *text, len);
    hex[len] = 0;
    *text += len;
    return lw_vectors_parse_hex(c->v, hex);
}

static lw_value parse_value(codec_case *c, lw_type type, bool single, const char **text)
{
    switch (type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        return lw_value_bytes(type, parse_quoted(c, text));
    case LW_TYPE_OPAQUE:
        return lw_value_bytes(type, parse_octets(c, text));
    case LW_TYPE_INTEGER:
        return lw_value_integer(strtoll(word(c, text), NULL, 10));
    case LW_TYPE_TIME:
        return lw_value_time(strtoll(word(c, text), NULL, 10));
    case LW_TYPE_UNSIGNED:
        return lw_value_unsigned(strtoull(word(c, text), NULL, 10));
    case LW_TYPE_FLOAT:
        return single ? lw_value_single(strtof(word(c, text), NULL))
                      : lw_value_float(strtod(word(c, text), NULL));
    case LW_TYPE_BOOLEAN:
        return lw_value_boolean(strcmp(word(c, text), "true") == 0);
    default:
        break;
    }
    unsigned object = 0;
    unsigned instance = 0;
    if (sscanf(word(c, text), "%u:%u", &object, &instance) != 2) {
        lw_vectors_fail(c->v, "not an object link");
    }
    return lw_value_objlnk((uint16_t)object, (uint16_t)instance);
}

static void parse_what(codec_case *c, const char **text, lw_entry *e)
{
    const char *what = word(c, text);
    lw_type type;
    if (strcmp(what, "path") == 0) {
        e->kind = LW_ENTRY_PATH;
    } else if (strcmp(what, "empty") == 0) {
        e->kind = LW_ENTRY_EMPTY;
    } else if (strcmp(what, "remove") == 0) {
        e->kind = LW_ENTRY_REMOVE;
    } else if (type_by_name(what, &type)) {
        e->value = parse_value(c, type, strcmp(what, "single") == 0, text);
        c->types[c->type_count++] = (type_at){e->path, type};
    } else {
        lw_vectors_fail(c->v, "'%s' is no type", what);
    }
}

static lw_entry parse_entry(codec_case *c, const char *text)
{
    lw_entry e = {.kind = LW_ENTRY_VALUE};
    e.path = parse_path(c, word(c, &text));
    parse_what(c, &text, &e);
    for (const char *key = word(c, &text); *key != 0; key = word(c, &text)) {
        if (strcmp(key, "at") == 0) {
            double seconds = strtod(word(c, &text), NULL);
            lw_entry_set_time(&e, (lw_time)(seconds * 1000.0 + (seconds < 0 ? -0.5 : 0.5)), 0);
        } else if (strcmp(key, "prefix") == 0) {
            e.prefix = lw_bytes_str(word(c, &text));
        } else {
            lw_vectors_fail(c->v, "'%s' behind an entry", key);
        }
    }
    return e;
}

static void parse_types(codec_case *c)
{
    for (size_t i = 0; i < lw_vectors_count(c->v, "type"); i++) {
        const char *text = lw_vectors_item(c->v, "type", i);
        lw_path path = parse_path(c, word(c, &text));
        lw_type type;
        const char *name = word(c, &text);
        if (!type_by_name(name, &type)) {
            lw_vectors_fail(c->v, "'%s' is no type", name);
            continue;
        }
        c->types[c->type_count++] = (type_at){path, type};
    }
}

static lw_bytes payload_of(codec_case *c, const char *hex_key, const char *text_key)
{
    return lw_vectors_has(c->v, hex_key) ? lw_vectors_hex(c->v, hex_key)
                                         : lw_vectors_text(c->v, text_key);
}

static void parse_case(codec_case *c)
{
    lw_vectors *v = c->v;
    c->type_count = 0;
    c->cfg = (lw_decode_cfg){.type_of = type_in_case, .type_ctx = c, .scratch_len = SCRATCH_LEN};
    c->front = lw_front_of(lw_bytes_of(NULL, 0));
    c->cfg.scratch = lw_vectors_alloc(v, SCRATCH_LEN);
    if (lw_vectors_has(v, "untyped")) {
        c->cfg.type_of = NULL;
    }
    if (lw_vectors_has(v, "base")) {
        c->cfg.base = parse_path(c, lw_vectors_str(v, "base"));
    }
    if (lw_vectors_has(v, "alternate")) {
        c->front.alternate_path = lw_bytes_str(lw_vectors_str(v, "alternate"));
    }
    if (!lw_vectors_has(v, "device")) {
        c->cfg.front = &c->front;
    }
    if (lw_vectors_has(v, "use")) {
        bool fetch = strcmp(lw_vectors_str(v, "use"), "fetch") == 0;
        c->cfg.use = fetch ? LW_FORMAT_FETCH : LW_FORMAT_PATCH;
    }
    parse_types(c);
    c->entries = (lw_entries){c->list, lw_vectors_count(v, "entry")};
    for (size_t i = 0; i < c->entries.count && i < 64; i++) {
        c->list[i] = parse_entry(c, lw_vectors_item(v, "entry", i));
    }
    c->bytes = lw_bytes_of(NULL, 0);
    if (!lw_vectors_has(v, "encode-error")) {
        c->bytes = payload_of(c, "bytes", "text");
    }
    c->encoded = c->bytes;
    if (lw_vectors_has(v, "encodes") || lw_vectors_has(v, "encodes-text")) {
        c->encoded = payload_of(c, "encodes", "encodes-text");
    }
}

static void print_entry(const lw_entry *e)
{
    static const char *const kinds[] = {"value", "path", "empty", "remove"};
    char path[LW_PATH_TEXT_MAX];
    size_t len = lw_path_format(e->path, path);
    (void)fprintf(stderr, "    %.*s %s %s", (int)len, path, kinds[e->kind],
                  type_names[e->value.type]);
    double number;
    if (lw_value_to_number(&e->value, &number)) {
        (void)fprintf(stderr, " %.17g", number);
    }
    if (has_bytes(&e->value)) {
        (void)fprintf(stderr, " |%zu| \"%.*s\"", e->value.as.bytes.len, (int)e->value.as.bytes.len,
                      (const char *)e->value.as.bytes.ptr);
    }
    if (lw_entry_has_time(e)) {
        (void)fprintf(stderr, " at %.3f", (double)time_of(e) / 1000.0);
    }
    (void)fprintf(stderr, " prefix \"%.*s\"\n", (int)e->prefix.len, (const char *)e->prefix.ptr);
}

static void print_entries(const char *title, lw_entries entries)
{
    (void)fprintf(stderr, "  %s:\n", title);
    for (size_t i = 0; i < entries.count; i++) {
        print_entry(&entries.list[i]);
    }
}

static void print_bytes(const char *title, lw_bytes b)
{
    (void)fprintf(stderr, "  %s |%zu|", title, b.len);
    for (size_t i = 0; i < b.len && i < 2000; i++) {
        (void)fprintf(stderr, " %02X", b.ptr[i]);
    }
    (void)fprintf(stderr, "\n       %.*s\n", (int)b.len, (const char *)b.ptr);
}

static lw_err expected_error(codec_case *c, const char *key)
{
    const char *name = lw_vectors_str(c->v, key);
#define ERR_OF_NAME(err, value, text) \
    if (strcmp(name, #err) == 0) {    \
        return err;                   \
    }
    LW_ERR_LIST(ERR_OF_NAME)
#undef ERR_OF_NAME
    lw_vectors_fail(c->v, "'%s' is no error", name);
    return LW_OK;
}

static void check_decode(codec_case *c)
{
    lw_err expected = lw_vectors_has(c->v, "error") ? expected_error(c, "error") : LW_END;
    const size_t chunks[] = {0, c->bytes.len > THOROUGH_MAX ? 997 : 1, 7};
    lw_decoded d = {0};
    for (size_t i = 0; i < 3; i++) {
        lw_decoded_read(&d, c->format, &c->cfg, c->bytes, chunks[i]);
        if (d.err != expected) {
            lw_vectors_fail(c->v, "decoding in chunks of %zu ends with %s, not %s", chunks[i],
                            lw_err_name(d.err), lw_err_name(expected));
        }
        if (!lw_entries_equal(entries_of(&d), c->entries)) {
            lw_vectors_fail(c->v, "decoding in chunks of %zu gives other entries", chunks[i]);
            print_entries("decoded", entries_of(&d));
            print_entries("expected", c->entries);
        }
    }
    lw_decoded_free(&d);
}

static void check_cuts(codec_case *c)
{
    bool single = c->format->uses == LW_FORMAT_SINGLE;
    lw_decoded d = {0};
    for (size_t len = 0; len < c->bytes.len; len++) {
        lw_decoded_read(&d, c->format, &c->cfg, lw_bytes_of(c->bytes.ptr, len), 0);
        bool cuttable = (c->flags & LW_CODEC_CUTTABLE) != 0 || lw_vectors_has(c->v, "error");
        if (d.err == LW_END && !cuttable) {
            lw_vectors_fail(c->v, "cut off to %zu octets it still decodes", len);
        }
        lw_entries first = {c->list, d.count};
        if (!single && (d.count > c->entries.count || !lw_entries_equal(entries_of(&d), first))) {
            lw_vectors_fail(c->v, "cut off to %zu octets it gives other entries", len);
            print_entries("decoded", entries_of(&d));
        }
    }
    lw_decoded_free(&d);
}

/* Each bit turned over, all cleared, all set. */
static uint8_t changed(uint8_t octet, unsigned change)
{
    if (change < 8) {
        return (uint8_t)(octet ^ (1u << change));
    }
    return change == 8 ? 0 : UINT8_MAX;
}

static void check_mutations(codec_case *c)
{
    uint8_t *copy = lw_vectors_alloc(c->v, c->bytes.len + 1);
    for (size_t i = 0; i < c->bytes.len; i++) {
        for (unsigned change = 0; change < 10; change++) {
            memcpy(copy, c->bytes.ptr, c->bytes.len);
            copy[i] = changed(copy[i], change);
            lw_bytes mutated = lw_bytes_of(copy, c->bytes.len);
            if (!lw_codec_survives(c->format, &c->cfg, mutated)) {
                lw_vectors_fail(c->v, "octet %zu as %02x: chunks or round trip differ", i, copy[i]);
                print_bytes("mutated", mutated);
            }
        }
    }
}

static void check_windows(codec_case *c, lw_bytes expected)
{
    static const size_t sizes[] = {1, 7, 16, 64, 1024};
    uint8_t *joined = lw_vectors_alloc(c->v, expected.len + 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i] > expected.len / 64 ? sizes[i] : expected.len / 64;
        for (size_t from = 0; from < expected.len; from += size) {
            size_t room = expected.len - from < size ? expected.len - from : size;
            lw_writer w;
            lw_writer_init_window(&w, joined + from, room, from);
            if (encode(c->format, c->entries, &c->cfg, &w) != LW_OK || w.pos != expected.len) {
                lw_vectors_fail(c->v, "the window of %zu at %zu fails", size, from);
                return;
            }
        }
        if (!lw_bytes_equal(lw_bytes_of(joined, expected.len), expected)) {
            lw_vectors_fail(c->v, "windows of %zu give other octets", size);
        }
    }
}

static void check_room(codec_case *c, lw_bytes expected)
{
    uint8_t *out = lw_vectors_alloc(c->v, expected.len + 1);
    for (size_t cap = 0; cap < expected.len && cap < THOROUGH_MAX; cap++) {
        lw_writer w;
        lw_writer_init(&w, out, cap);
        lw_err err = encode(c->format, c->entries, &c->cfg, &w);
        if (err != LW_ETOOBIG) {
            lw_vectors_fail(c->v, "into %zu octets: %s", cap, lw_err_name(err));
        }
    }
}

static void check_encode(codec_case *c)
{
    uint8_t *out = lw_vectors_alloc(c->v, OUT_MAX);
    lw_writer w;
    lw_writer_init(&w, out, OUT_MAX);
    lw_err err = encode(c->format, c->entries, &c->cfg, &w);
    lw_err expected = LW_OK;
    if (lw_vectors_has(c->v, "encode-error")) {
        expected = expected_error(c, "encode-error");
    }
    if (err != expected) {
        lw_vectors_fail(c->v, "encoding gives %s", lw_err_name(err));
        return;
    }
    if (err != LW_OK) {
        return;
    }
    if (!lw_bytes_equal(lw_writer_bytes(&w), c->encoded)) {
        lw_vectors_fail(c->v, "encoding gives other octets");
        print_bytes("encoded ", lw_writer_bytes(&w));
        print_bytes("expected", c->encoded);
        return;
    }
    check_windows(c, c->encoded);
    check_room(c, c->encoded);
}

static void check_case(codec_case *c)
{
    bool fails = lw_vectors_has(c->v, "encode-error");
    if (!fails && !lw_vectors_has(c->v, "encode-only")) {
        check_decode(c);
        if (c->bytes.len <= THOROUGH_MAX) {
            check_cuts(c);
            check_mutations(c);
        }
    }
    if (!lw_vectors_has(c->v, "decode-only") && !lw_vectors_has(c->v, "error")) {
        check_encode(c);
    }
}

bool lw_codec_vectors_run(const char *file, const lw_format *format, unsigned flags)
{
    codec_case *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return false;
    }
    c->v = lw_vectors_open(file);
    c->format = format;
    c->flags = flags;
    while (lw_vectors_next(c->v)) {
        parse_case(c);
        check_case(c);
    }
    bool passed = lw_vectors_close(c->v);
    free(c);
    return passed;
}

/* ---- Random round trips -----------------------------------------------------------------------
 */

#define RANDOM_MAX 64u

typedef struct random_list {
    lw_rng rng;
    unsigned flags;
    bool single;
    lw_path base;
    lw_entry list[RANDOM_MAX];
    size_t count;
    uint8_t octets[RANDOM_MAX][320];
    bool absolute;
} random_list;

static uint32_t below(random_list *r, uint32_t bound)
{
    return lw_rng_below(&r->rng, bound);
}

/* All widths as likely. */
static uint64_t random_u64(random_list *r)
{
    uint64_t v;
    r->rng.fill(r->rng.ctx, (uint8_t *)&v, sizeof v);
    return v >> below(r, 64);
}

static double random_double(random_list *r)
{
    double d = 0;
    switch (below(r, 3)) {
    case 0:
        return (double)((int)below(r, 4000) - 2000) / 4; /* fits half */
    case 1:
        return (double)(float)((double)below(r, 1000000) / 7.0);
    default:
        do {
            r->rng.fill(r->rng.ctx, (uint8_t *)&d, sizeof d);
        } while (!(d - d == 0)); /* finite */
        return d;
    }
}

/* Mostly short, across the borders of length encodings now and then. Text in ASCII with some of the
 * characters that texts must escape. */
static lw_bytes random_octets(random_list *r, bool text)
{
    size_t len = below(r, 8) == 0 ? below(r, 320) : below(r, 24);
    uint8_t *out = r->octets[r->count];
    r->rng.fill(r->rng.ctx, out, len);
    for (size_t i = 0; text && i < len; i++) {
        out[i] = (uint8_t)(below(r, 16) == 0 ? "\"\\/\n\t\x01"[out[i] % 6] : ' ' + out[i] % 95);
    }
    return lw_bytes_of(out, len);
}

static lw_value random_value(random_list *r)
{
    switch (below(r, 9)) {
    case 0:
        return lw_value_bytes(LW_TYPE_STRING, random_octets(r, true));
    case 1:
        return lw_value_bytes(LW_TYPE_OPAQUE, random_octets(r, false));
    case 2:
        return lw_value_bytes(LW_TYPE_CORELNK, random_octets(r, true));
    case 3:
        return lw_value_integer((int64_t)random_u64(r));
    case 4:
        return lw_value_unsigned(random_u64(r));
    case 5:
        return lw_value_float(random_double(r));
    case 6:
        return lw_value_boolean(below(r, 2) == 1);
    case 7:
        return lw_value_time((int64_t)random_u64(r));
    default:
        return lw_value_objlnk((uint16_t)below(r, 65536), (uint16_t)below(r, 65536));
    }
}

static void add_entry(random_list *r, lw_path path, lw_entry_kind kind)
{
    if (r->count == RANDOM_MAX) {
        return;
    }
    lw_entry e = {.kind = (uint8_t)kind, .path = path};
    if (kind == LW_ENTRY_VALUE) {
        e.value = random_value(r);
    }
    if ((r->flags & LW_CODEC_TIMES) != 0 && (r->absolute || below(r, 4) == 0)) {
        lw_time at = r->absolute ? 1700000000000 + below(r, 100000) : -(lw_time)below(r, 1000000);
        lw_entry_set_time(&e, at, 0);
    }
    r->list[r->count++] = e;
}

/* Ascending ids with gaps, across the border of 8 bits. */
static uint16_t next_id(random_list *r, unsigned id)
{
    return (uint16_t)(id + 1 + (below(r, 6) == 0 ? below(r, 400) : below(r, 3)));
}

static void add_resource(random_list *r, lw_path path)
{
    bool multiple = !r->single && below(r, 3) == 0;
    if (!multiple) {
        add_entry(r, path, LW_ENTRY_VALUE);
        return;
    }
    if ((r->flags & LW_CODEC_EMPTY) != 0 && below(r, 4) == 0) {
        add_entry(r, path, LW_ENTRY_EMPTY);
        return;
    }
    uint16_t id = (uint16_t)below(r, 3);
    for (unsigned left = 1 + below(r, 4); left > 0; left--) {
        add_entry(r, lw_path_child(path, id), LW_ENTRY_VALUE);
        id = next_id(r, id);
    }
}

static void add_instance(random_list *r, lw_path path)
{
    bool asked_for = lw_path_equal(path, r->base); /* then its emptiness is an empty payload */
    if ((r->flags & LW_CODEC_EMPTY) != 0 && !asked_for && below(r, 6) == 0) {
        add_entry(r, path, LW_ENTRY_EMPTY);
        return;
    }
    uint16_t id = (uint16_t)below(r, 3);
    for (unsigned left = 1 + below(r, 6); left > 0; left--) {
        add_resource(r, lw_path_child(path, id));
        id = next_id(r, id);
    }
}

static void add_object(random_list *r, lw_path path)
{
    uint16_t id = (uint16_t)below(r, 2);
    for (unsigned left = 1 + below(r, 3); left > 0; left--) {
        add_instance(r, lw_path_child(path, id));
        id = next_id(r, id);
    }
}

static void add_all(random_list *r)
{
    r->count = 0;
    r->absolute = (r->flags & LW_CODEC_TIMES) != 0 && below(r, 3) == 0;
    lw_path object = lw_path_object((uint16_t)below(r, 65535));
    lw_path resource = lw_path_child(lw_path_child(object, (uint16_t)below(r, 300)), 7);
    unsigned first = r->single ? 3 : (r->flags & LW_CODEC_ROOT) != 0 ? 0 : 1;
    unsigned depth = first + below(r, 5 - first);
    r->base = depth == 4 ? lw_path_child(resource, 3) : lw_path_cut(resource, depth);
    switch (depth) {
    case 0:
        for (uint16_t id = 0; below(r, 4) != 0; id = next_id(r, id)) {
            add_object(r, lw_path_object(id));
        }
        break;
    case 1:
        add_object(r, r->base);
        break;
    case 2:
        add_instance(r, r->base);
        break;
    case 3:
        add_resource(r, r->base);
        break;
    default:
        add_entry(r, r->base, LW_ENTRY_VALUE);
        break;
    }
    bool prefixed = (r->flags & LW_CODEC_PREFIXES) != 0 && below(r, 4) == 0;
    for (size_t i = 0; prefixed && i < r->count; i++) {
        r->list[i].prefix = lw_bytes_str("d01");
    }
}

static lw_type type_in_list(void *ctx, lw_path path)
{
    const random_list *r = ctx;
    for (size_t i = 0; i < r->count; i++) {
        if (lw_path_equal(r->list[i].path, path)) {
            return (lw_type)r->list[i].value.type;
        }
    }
    return LW_TYPE_NONE;
}

bool lw_codec_random_run(const lw_format *format, unsigned flags, uint64_t seed, unsigned rounds)
{
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, seed);
    random_list *r = calloc(1, sizeof *r);
    uint8_t *buf = malloc(OUT_MAX);
    if (r == NULL || buf == NULL) {
        __builtin_trap();
    }
    r->rng = lw_rng_seeded_rng(&seeded);
    r->flags = flags;
    r->single = format->uses == LW_FORMAT_SINGLE;
    lw_decoded d = {0};
    bool passed = true;
    for (unsigned round = 0; round < rounds && passed; round++) {
        add_all(r);
        lw_front front = lw_front_of(lw_bytes_of(NULL, 0));
        lw_decode_cfg cfg = {.base = r->base,
                             .front = &front,
                             .type_of = type_in_list,
                             .type_ctx = r,
                             .scratch = buf + OUT_MAX / 2,
                             .scratch_len = OUT_MAX / 2};
        lw_entries entries = {r->list, r->count};
        lw_writer w;
        lw_writer_init(&w, buf, OUT_MAX / 2);
        lw_err err = encode(format, entries, &cfg, &w);
        if (err == LW_OK) {
            lw_decoded_read(&d, format, &cfg, lw_writer_bytes(&w), below(r, 40));
        }
        passed = err == LW_OK && d.err == LW_END && lw_entries_equal(entries, entries_of(&d));
        if (!passed) {
            (void)fprintf(stderr, "seed %llu, round %u: encoded %s, decoded %s\n",
                          (unsigned long long)seed, round, lw_err_name(err), lw_err_name(d.err));
            print_entries("list", entries);
            print_entries("decoded", entries_of(&d));
            print_bytes("bytes", lw_writer_bytes(&w));
        }
    }
    lw_decoded_free(&d);
    free(r);
    free(buf);
    return passed;
}
